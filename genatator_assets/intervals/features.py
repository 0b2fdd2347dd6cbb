"""Regions as text: BED with their label columns, and Basset's features and table of activities."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from genatator_assets.intervals.splits import LabelledRegions
from genatator_assets.work.files import whole_file

_STRANDS = {1: "+", -1: "-", 0: "."}


def write_bed(path: Path, dataset: LabelledRegions) -> None:
    """Write regions as BED: chromosome, start, end, and the columns of their labels with commas between (`.`: none).

    Regions with strands have seven columns, as Basset's features have: the label columns are the last.
    """
    regions, labels = dataset.regions, _label_texts(dataset)
    stranded = bool(regions.strand.any())
    behind = {sign: f"\t.\t1\t{name}" if stranded else "" for sign, name in _STRANDS.items()}
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8") as handle:
        for chrom, numbers in dataset.by_chromosome():
            columns = [array[numbers].tolist() for array in (regions.start, regions.end, regions.strand, labels)]
            rows = zip(*columns, strict=True)
            handle.writelines([f"{chrom}\t{start}\t{end}{behind[sign]}\t{label}\n" for start, end, sign, label in rows])


def _label_texts(dataset: LabelledRegions) -> npt.NDArray[np.object_]:
    """Return each region's label columns, with commas between."""
    labels = dataset.regions.labels
    words = np.array([*map(str, range(len(dataset.labels))), "."], object)
    texts: npt.NDArray[np.object_] = words[np.append(labels.values, -1)[labels.offsets[:-1]]]
    texts[labels.lengths == 0] = "."
    for number in np.flatnonzero(labels.lengths > 1).tolist():
        texts[number] = ",".join(words[labels.values[labels.offsets[number] : labels.offsets[number + 1]]])
    return texts


def rows_of(dataset: LabelledRegions) -> Iterator[tuple[str, int, int, int, list[int]]]:
    """Return chromosome, start, end, strand and label columns of each region."""
    regions = dataset.regions
    columns = [numbers.tolist() for numbers in (regions.start, regions.end, regions.strand, regions.chrom)]
    offsets, values = regions.labels.offsets.tolist(), regions.labels.values.tolist()
    for start, end, strand, chrom, first, last in zip(*columns, offsets, offsets[1:], strict=False):
        yield dataset.chromosomes.names[chrom], start, end, strand, values[first:last]
