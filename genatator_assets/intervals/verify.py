"""Stored sets against what they are made from, by code of its own: rows of the HDF5 file and of the Parquet files
against the sequence, read base by base, and against the table of regions."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.catalogue.values import SPLITS
from genatator_assets.errors import DatasetError, optional_import
from genatator_assets.sources.sequence import local_fasta, read_dna
from genatator_assets.work.layout import Layout
from genatator_assets.work.layout_intervals import IntervalLayout
from genatator_assets.work.tables import read_table

_NAMES: Mapping[str, str] = dict(zip(SPLITS, ("training", "validation", "test"), strict=True))
_COMPLEMENT = str.maketrans("ACGT", "TGCA")


def verify_set(root: Path, genome: str, name: str, sample: int | None = None, seed: int = 1) -> list[str]:
    """Compare a set's HDF5 file, and its rows in Parquet, with its table of regions, and of a `sample` of the rows
    (None: of all of them) the bases, labels and coordinates with the sequence and the table; return a line for each
    that differs.

    Raises:
        DatasetError: a file is missing or damaged.
    """
    with optional_import("h5py", "intervals"):
        import h5py  # noqa: PLC0415 - an extra
    layout = IntervalLayout(root)
    regions = read_table(layout.regions(name))
    kept = regions.filter(regions["kept"])
    path = layout.hdf5(name)
    if not path.is_file():
        raise DatasetError(f"{path} does not exist; build the intervals")
    chosen = np.sort(np.random.RandomState(seed).permutation(len(kept))[:sample])
    fasta = local_fasta(Layout(root).sequence(genome))
    lengths = {one["chrom"]: one["length"] for one in read_table(Layout(root).chromosomes(genome)).to_pylist()}
    with h5py.File(path) as file:
        tables = {split: read_table(layout.rows(name) / f"{split}.parquet") for split in _splits_of(kept)}
        differences = [*_totals(file, kept), *_totals_of_rows(tables, kept)]
        names = [str(label) for label in file.attrs["labels"].tolist()]
        if not differences:
            for region in kept.take(pa.array(chosen)).to_pylist():
                bases = _bases(fasta, region, lengths[region["chrom"]])
                differences += _row(file, region, bases)
                differences += _parquet_row(tables[region["split"]], region, bases, names)
    return [f"{name}: {difference}" for difference in differences]


def _totals(file: Any, kept: pa.Table) -> Iterator[str]:
    """Compare how many rows each part has, and how many of them each label."""
    for split, part in _NAMES.items():
        rows = kept.filter(pc.equal(kept["split"].cast(pa.string()), split))
        for table in ("sequences", "labels", "coords"):
            if len(file[f"{part}_{table}"]) != len(rows):
                yield f"{part}_{table} has {len(file[f'{part}_{table}']):,} rows, expected {len(rows):,}"
        sums = file[f"{part}_labels"][:].sum(axis=0, dtype=np.int64)
        expected = np.bincount(pc.list_flatten(rows["labels"]).to_numpy(), minlength=len(sums))
        if sums.tolist() != expected.tolist():
            yield f"the columns of {part}_labels have the sums {sums.tolist()}, expected {expected.tolist()}"


def _splits_of(kept: pa.Table) -> list[str]:
    return sorted(set(kept["split"].to_pylist()))


def _totals_of_rows(tables: Mapping[str, pa.Table], kept: pa.Table) -> Iterator[str]:
    """Compare how many rows each Parquet file has."""
    for split, table in tables.items():
        expected = pc.sum(pc.equal(kept["split"].cast(pa.string()), split)).as_py()
        if len(table) != expected:
            yield f"{split}.parquet has {len(table):,} rows, expected {expected:,}"


def _parquet_row(table: pa.Table, region: Mapping[str, Any], bases: str, names: list[str]) -> Iterator[str]:
    found = table.slice(region["place"], 1).to_pylist()[0]
    found["sequence"] = "".join(base if base in "ACGT" else "N" for base in found["sequence"])
    expected = {name: region[name] for name in ("chrom", "start", "end", "strand")}
    expected |= {"labels": [names[column] for column in region["labels"]], "sequence": bases}
    for name, value in expected.items():
        if found[name] != value:
            yield f"row {region['place']} of {region['split']}.parquet: {name} is {found[name]!r}, expected {value!r}"


def _bases(fasta: Path, region: Mapping[str, Any], chrom_length: int) -> str:
    """Return a region's bases as they must be; what lies past the chromosome's end as N."""
    start, end = region["start"], region["end"]
    dna = read_dna(fasta, region["chrom"], start, min(end, chrom_length)).ljust(end - start, "N")
    return dna.translate(_COMPLEMENT)[::-1] if region["strand"] == "-" else dna


def _row(file: Any, region: Mapping[str, Any], expected: str) -> Iterator[str]:
    part, place = _NAMES[region["split"]], region["place"]
    where = f"{part} {place} ({region['chrom']}:{region['start']}-{region['end']})"
    chrom, start, end = file[f"{part}_coords"][place].tolist()
    if (chrom.decode(), start, end) != (region["chrom"], region["start"], region["end"]):
        yield f"{where}: has the coordinates {chrom.decode()}:{start}-{end}"
    labels = np.flatnonzero(file[f"{part}_labels"][place]).tolist()
    if labels != region["labels"]:
        yield f"{where}: has the labels {labels}, expected {region['labels']}"
    alphabet = file.attrs["alphabet"]
    found = "".join(
        alphabet[row.index(1)] if sum(row) == 1 else "N" for row in file[f"{part}_sequences"][place].tolist()
    )
    if found != expected:
        first = next(offset for offset, pair in enumerate(zip(found, expected, strict=True)) if pair[0] != pair[1])
        yield f"{where}: base {first} is {found[first]}, expected {expected[first]}"
