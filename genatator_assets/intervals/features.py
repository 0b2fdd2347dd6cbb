"""Regions as text: BED with their label columns, and Basset's features and table of activities."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.intervals.splits import LabelledRegions
from genatator_assets.work.files import whole_file


def write_bed(path: Path, dataset: LabelledRegions) -> None:
    """Write regions as BED: chromosome, start, end, and the columns of their labels with commas between (`.`: none).

    Regions with strands have seven columns, as Basset's features have: the label columns are the last.
    """
    regions, labels = dataset.regions, _label_texts(dataset)
    stranded, tab = bool(regions.strand.any()), _text("\t")[0]
    behind_end = pa.concat_arrays([_text(f".\t1\t{sign}") for sign in "-.+"])
    with whole_file(path) as temporary, temporary.open("wb") as handle:
        for chrom, numbers in dataset.by_chromosome():
            here = slice(int(numbers[0]), int(numbers[-1]) + 1)
            columns = [_text(chrom)[0], *(_arrow(of[here]).cast(pa.string()) for of in (regions.start, regions.end))]
            if stranded:
                columns.append(behind_end.take(_arrow(regions.strand[here] + np.int8(1))))
            rows = pc.binary_join_element_wise(*columns, labels[here], tab)
            lines = pc.binary_join_element_wise(rows, _text("")[0], _text("\n")[0])  # each with its newline
            handle.write(lines.buffers()[2])


def _label_texts(dataset: LabelledRegions) -> pa.Array:
    """Return each region's label columns, with commas between; a full stop where it has none."""
    labels = dataset.regions.labels
    columns = _arrow(labels.values).cast(pa.string())
    texts = pc.binary_join(pa.LargeListArray.from_arrays(_arrow(labels.offsets), columns), _text(",")[0])
    return pc.if_else(pc.equal(texts, _text("")[0]), _text(".")[0], texts)


# pa.array, pa.scalar and texts given to pyarrow.compute import pandas first, which takes longer than all the rest.


def _arrow(numbers: npt.NDArray[np.integer]) -> pa.Array:
    return pa.Array.from_buffers(pa.from_numpy_dtype(numbers.dtype), len(numbers), [None, pa.py_buffer(numbers)])


def _text(text: str) -> pa.StringArray:
    data = text.encode()
    return pa.StringArray.from_buffers(1, pa.py_buffer(np.array([0, len(data)], np.int32)), pa.py_buffer(data))


def rows_of(dataset: LabelledRegions) -> Iterator[tuple[str, int, int, int, list[int]]]:
    """Return chromosome, start, end, strand and label columns of each region."""
    regions = dataset.regions
    columns = [numbers.tolist() for numbers in (regions.start, regions.end, regions.strand, regions.chrom)]
    offsets, values = regions.labels.offsets.tolist(), regions.labels.values.tolist()
    for start, end, strand, chrom, first, last in zip(*columns, offsets, offsets[1:], strict=False):
        yield dataset.chromosomes.names[chrom], start, end, strand, values[first:last]
