"""Regions as text: BED with their label columns, and Basset's features and table of activities."""

from collections.abc import Iterator
from pathlib import Path

from genatator_assets.intervals.splits import LabelledRegions
from genatator_assets.work.files import whole_file

_STRANDS = {1: "+", -1: "-", 0: "."}


def write_bed(path: Path, dataset: LabelledRegions) -> None:
    """Write regions as BED: chromosome, start, end, and the columns of their labels with commas between (`.`: none).

    Regions with strands have seven columns, as Basset's features have: the label columns are the last.
    """
    stranded = bool(dataset.regions.strand.any())
    behind = {sign: f".\t1\t{name}\t" if stranded else "" for sign, name in _STRANDS.items()}
    lines = (
        f"{chrom}\t{start}\t{end}\t{behind[strand]}{','.join(map(str, columns)) or '.'}\n"
        for chrom, start, end, strand, columns in rows_of(dataset)
    )
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8") as handle:
        handle.writelines(lines)


def rows_of(dataset: LabelledRegions) -> Iterator[tuple[str, int, int, int, list[int]]]:
    """Return chromosome, start, end, strand and label columns of each region."""
    regions = dataset.regions
    columns = [numbers.tolist() for numbers in (regions.start, regions.end, regions.strand, regions.chrom)]
    offsets, values = regions.labels.offsets.tolist(), regions.labels.values.tolist()
    for start, end, strand, chrom, first, last in zip(*columns, offsets, offsets[1:], strict=False):
        yield dataset.chromosomes.names[chrom], start, end, strand, values[first:last]
