"""Regions as text: BED with their label columns, and Basset's features and table of activities."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.intervals.splits import LabelledRegions
from genatator_assets.work.files import whole_file

_STRANDS = {1: "+", -1: "-", 0: "."}
_SIGNS = np.array(sorted(_STRANDS), np.int8)


def write_bed(path: Path, dataset: LabelledRegions) -> None:
    """Write regions as BED: chromosome, start, end, and the columns of their labels with commas between (`.`: none).

    Regions with strands have seven columns, as Basset's features have: the label columns are the last.
    """
    regions, labels = dataset.regions, _label_texts(dataset)
    stranded = bool(regions.strand.any())
    before_labels = pa.array([f".\t1\t{_STRANDS[sign]}" for sign in _SIGNS])
    with whole_file(path) as temporary, temporary.open("wb") as handle:
        for chrom, numbers in dataset.by_chromosome():
            here = slice(int(numbers[0]), int(numbers[-1]) + 1)
            columns = [pa.scalar(chrom), *(pa.array(of[here]).cast(pa.string()) for of in (regions.start, regions.end))]
            if stranded:
                columns.append(before_labels.take(pa.array(np.searchsorted(_SIGNS, regions.strand[here]))))
            rows = pc.binary_join_element_wise(*columns, labels[here], "\t")
            lines = pc.binary_join_element_wise(rows, "", "\n")  # each with its newline
            handle.write(lines.buffers()[2])


def _label_texts(dataset: LabelledRegions) -> pa.Array:
    """Return each region's label columns, with commas between; a full stop where it has none."""
    labels = dataset.regions.labels
    words = pa.array(list(map(str, range(len(dataset.labels)))), pa.string())
    lists = pa.LargeListArray.from_arrays(labels.offsets, words.take(pa.array(labels.values)))
    texts = pc.binary_join(lists, ",")
    return pc.if_else(pa.array(labels.lengths > 0), texts, ".")


def rows_of(dataset: LabelledRegions) -> Iterator[tuple[str, int, int, int, list[int]]]:
    """Return chromosome, start, end, strand and label columns of each region."""
    regions = dataset.regions
    columns = [numbers.tolist() for numbers in (regions.start, regions.end, regions.strand, regions.chrom)]
    offsets, values = regions.labels.offsets.tolist(), regions.labels.values.tolist()
    for start, end, strand, chrom, first, last in zip(*columns, offsets, offsets[1:], strict=False):
        yield dataset.chromosomes.names[chrom], start, end, strand, values[first:last]
