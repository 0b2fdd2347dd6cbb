"""The tables of a set: what its intervals come from, and its regions."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from genatator_assets.catalogue.values import SPLITS
from genatator_assets.intervals.beds import RowCount, Source
from genatator_assets.intervals.labels import LabelColumns
from genatator_assets.intervals.regions import REASONS, Ragged, Regions
from genatator_assets.intervals.splits import PARTS, LabelledRegions

_NAME = pa.dictionary(pa.int32(), pa.string())

SOURCES_SCHEMA = pa.schema(
    [
        ("set", pa.string()),
        ("source", pa.int32()),
        ("kind", pa.string()),
        ("name", pa.string()),
        ("sha256", pa.string()),
        ("label", pa.string()),
        ("label_column", pa.int32()),
        ("rows", pa.int64()),
        ("malformed", pa.int64()),
        ("passed_over", pa.list_(pa.struct([("chrom", pa.string()), ("rows", pa.int64())]))),
        ("outside", pa.int64()),
        ("past_end", pa.int64()),
    ]
)
"""A row per source, such as a BED file: its label and that one's column; rows that were read, and beside them malformed
ones; of those read, rows passed over by the name of their chromosome, rows outside of theirs, rows past its end."""

REGIONS_SCHEMA = pa.schema(
    [
        ("set", _NAME),
        ("genome", _NAME),
        ("chrom", _NAME),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("strand", _NAME),
        ("hull_start", pa.int64()),
        ("hull_end", pa.int64()),
        ("labels", pa.list_(pa.int32())),
        ("sources", pa.list_(pa.int32())),
        ("rows", pa.list_(pa.int32())),
        ("negative", pa.bool_()),
        ("kept", pa.bool_()),
        ("reason", _NAME),
        ("split", _NAME),
        ("place", pa.int64()),
    ]
)
"""A row per region, ordered by chromosome, start and strand; 0-based half-open. hull: of the intervals that it is made
of. labels: columns of its labels. sources: what its intervals come from, and in `rows` how many from each. reason: why
it is left out; split and place: in which part of the HDF5 file it is, and in which row there, from 0."""


def sources_table(name: str, sources: Sequence[Source], columns: LabelColumns, counts: Sequence[RowCount]) -> pa.Table:
    """Return the table of what a set's intervals come from."""
    rows = [
        {
            "set": name,
            "source": number,
            "kind": source.kind,
            "name": source.name,
            "sha256": source.sha256,
            "label": str(columns.names[column]),
            "label_column": column,
            "rows": count.read,
            "malformed": count.malformed,
            "passed_over": [{"chrom": chrom, "rows": n} for chrom, n in count.passed_over.items()],
            "outside": count.outside,
            "past_end": count.past_end,
        }
        for number, (source, column, count) in enumerate(zip(sources, columns.of, counts, strict=True))
    ]
    return pa.Table.from_pylist(rows, SOURCES_SCHEMA)


def regions_table(name: str, genome: str, regions: Regions, dataset: LabelledRegions) -> pa.Table:
    """Return the table of a set's regions: those of `dataset`, and those of `regions` that are left out."""
    kept, out = dataset.regions, regions.only(~regions.kept)
    place = np.empty(len(kept), np.int64)
    for split in range(len(PARTS)):
        of_split = dataset.splits == split
        place[of_split] = np.arange(np.count_nonzero(of_split))
    chrom, start, strand = (np.r_[getattr(kept, one), getattr(out, one)] for one in ("chrom", "start", "strand"))
    order = np.lexsort((-strand, start, chrom))
    is_kept = np.r_[np.ones(len(kept), bool), np.zeros(len(out), bool)]
    columns = {
        "set": _constant(name, len(order)),
        "genome": _constant(genome, len(order)),
        "chrom": _named(chrom, dataset.chromosomes.names),
        "start": pa.array(start),
        "end": pa.array(np.r_[kept.end, out.end]),
        "strand": _named(1 - strand, ("+", ".", "-")),
        "hull_start": pa.array(np.r_[kept.hull_start, out.hull_start]),
        "hull_end": pa.array(np.r_[kept.hull_end, out.hull_end]),
        "labels": _lists(kept.labels, out.labels, "values"),
        "sources": _lists(kept.sources, out.sources, "values"),
        "rows": _lists(kept.sources, out.sources, "count"),
        "negative": pa.array(np.r_[kept.sources.lengths == 0, np.zeros(len(out), bool)]),
        "kept": pa.array(is_kept),
        "reason": _named(np.r_[kept.reason, out.reason], ("", *map(str, REASONS[1:])), ~is_kept),
        "split": _named(np.r_[dataset.splits, np.zeros(len(out), np.int8)], SPLITS, is_kept),
        "place": pa.array(np.r_[place, np.zeros(len(out), np.int64)], mask=~is_kept),
    }
    return pa.table(columns, REGIONS_SCHEMA).take(pa.array(order))


def _constant(value: str, count: int) -> pa.DictionaryArray:
    return _named(np.zeros(count, np.int32), (value,))


def _named(
    numbers: npt.NDArray[np.integer], names: Sequence[str], there: npt.NDArray[np.bool_] | None = None
) -> pa.DictionaryArray:
    """Return numbered names as an Arrow array, null where there is none."""
    mask = None if there is None else ~there
    return pa.DictionaryArray.from_arrays(pa.array(numbers.astype(np.int32), mask=mask), pa.array(names, pa.string()))


def _lists(first: Ragged, second: Ragged, what: str) -> pa.ListArray:
    offsets = np.r_[first.offsets, first.offsets[-1] + second.offsets[1:]].astype(np.int32)
    return pa.ListArray.from_arrays(offsets, np.r_[getattr(first, what), getattr(second, what)])
