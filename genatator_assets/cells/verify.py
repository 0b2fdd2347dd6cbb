"""Verifying: cells ranked again from their h5ad files, by code of its own, and compared with what the chunks hold.

Nothing of how chunks are made is used here: files are read with plain h5py, cells are sorted with Python's `sorted`,
and symbols, ages and splits follow from the rules as docs/cells.md states them.
"""

import csv
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from genatator_assets.catalogue import Catalogue
from genatator_assets.cells.layout import CellsLayout
from genatator_assets.cells.section import Cells
from genatator_assets.errors import optional_import
from genatator_assets.work.manifest import Manifest, read_manifest

_COLUMNS = ("cell_id", "cell_sentence", "n_genes", "age", "donor", "split")
_SHOWN = 60
_TABLES = files("genatator_assets.cells") / "tables"
_ENSEMBL = re.compile(r"ENS[A-Z]*[GTPE]\d{6,}(?:\.\d+)?")
_AGED_BY = ("development_stage_ontology_term_id", "development_stage", "organism", "organism_ontology_term_id")
_DONORS = ("donor_id", "donor", "subject_id", "individual")


def verify(catalogue: Catalogue, root: Path, sample: int | None) -> list[str]:
    """Compare cells of all datasets that are built with their files; return what differs, a line for each.

    `sample` is about how many cells are compared, drawn anew for each build; None compares all, and finds cells that
    are missing.
    """
    layout, cells = CellsLayout(root), catalogue.section(Cells)
    built = {file.name: manifest for file in cells.files() if (manifest := read_manifest(layout.manifest(file.name)))}
    wanted = None if sample is None else -(-sample // max(1, len(built)))
    return [line for name, manifest in built.items() for line in _differences(cells, layout, name, manifest, wanted)]


def _differences(
    cells: Cells, layout: CellsLayout, dataset: str, manifest: Manifest, wanted: int | None
) -> Iterator[str]:
    told = read_manifest(layout.source(dataset))
    if told is None:
        yield f"{dataset}: its file has no record in {layout.source(dataset)}"
        return
    stored = _stored(layout.root, manifest, wanted)
    with ExitStack() as stack:
        file = stack.enter_context(_opened(Path(told.facts["path"]), told.facts["matrix"]))
        rows = {cell_id: row for row, cell_id in enumerate(file.ids)}
        repeated = len(rows) < len(file.ids)
        expected = _Expected(cells, file)
        if wanted is not None:
            file.wanted = {rows[cell["cell_id"]] for cell in stored.values() if cell["cell_id"] in rows}
        for cell in stored.values() if not repeated else ():
            if cell["cell_id"] not in rows:
                yield f"{dataset} {cell['cell_id']}: there is no such cell in {file.path}"
                continue
            for what, should in expected.of_row(rows[cell["cell_id"]]).items():
                if not _same(cell[what], should):
                    yield f"{dataset} {cell['cell_id']}: {what}: expected {_short(should)}, found {_short(cell[what])}"
        if wanted is None:
            yield from _missing(dataset, file, expected, {cell["cell_id"] for cell in stored.values()})
    yield from _of_donors(layout, dataset, stored.values())


def _missing(dataset: str, file: "_File", expected: "_Expected", there: set[str]) -> Iterator[str]:
    for row, cell_id in enumerate(file.ids):
        if cell_id not in there and expected.keeps(row):
            yield f"{dataset} {cell_id}: expected in a chunk, found in none"


def _same(found: Any, expected: Any) -> bool:
    if isinstance(expected, float) and isinstance(found, float):
        return abs(found - expected) < 1e-6
    return bool(found == expected)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text):,} letters)"


def _stored(root: Path, manifest: Manifest, wanted: int | None) -> dict[int, dict[str, Any]]:
    """Return cells of a dataset's chunks by their place among all of them."""
    groups = []
    for path in manifest.facts["chunks"]:
        metadata = pq.read_metadata(root / path)
        groups += [(path, number, metadata.row_group(number).num_rows) for number in range(metadata.num_row_groups)]
    total = sum(rows for _, _, rows in groups)
    drawn = random.Random(manifest.fingerprint)  # noqa: S311 - a sample that can be drawn again
    places = set(range(total) if wanted is None else drawn.sample(range(total), min(wanted, total)))
    found, first = {}, 0
    for path, number, rows in groups:
        here = [place for place in range(first, first + rows) if place in places]
        if here:
            table = pq.ParquetFile(root / path).read_row_group(number, columns=list(_COLUMNS))
            folder = Path(path).parent.name
            for place in here:
                cell = table.slice(place - first, 1).to_pylist()[0]
                found[place] = {**cell, "folder": folder if cell["split"] is not None else None}
        first += rows
    return found


def _of_donors(layout: CellsLayout, dataset: str, stored: Any) -> Iterator[str]:
    """Compare splits with the table of donors, and with the folders that chunks lie in."""
    donors = pq.read_table(layout.donors, filters=[("dataset", "=", dataset)]).to_pylist()
    splits = {donor["unit"]: donor["split"] for donor in donors}
    by_cell = bool(donors) and donors[0]["kind"] == "cell"
    for cell in stored:
        unit = cell["cell_id"] if by_cell else cell["donor"]
        should = splits.get(unit, "train") if cell["split"] is not None else None
        for what in ("split", "folder"):
            if cell[what] != should:
                yield f"{dataset} {cell['cell_id']}: {what}: expected {should!r}, found {cell[what]!r}"


@dataclass(frozen=True)
class _Expected:
    """What must come of the rows of a file."""

    cells: Cells
    file: "_File"

    @cached_property
    def _symbols(self) -> list[str | None]:
        return [symbol.upper() if symbol and self.cells.sentence.upper_case else symbol for symbol in self.file.symbols]

    @property
    def _ranks_symbols(self) -> bool:
        """Whether symbols come from the shipped table and the file alone, which is all that this looks at."""
        genes = self.cells.genes
        return genes.table == "hgnc" and genes.assembly is None and genes.id is None

    @property
    def _knows_ages(self) -> bool:
        return self.cells.age.rule == "ontology" and self.cells.age.column is None and self.cells.age.ranges == "none"

    def of_row(self, row: int) -> dict[str, Any]:
        """Return the columns of a cell that can be told from its file."""
        expected: dict[str, Any] = {"donor": self.file.donor(row)}
        if self._ranks_symbols:
            words = self._words(row)
            expected |= {"cell_sentence": " ".join(words[: self.cells.sentence.top_genes]), "n_genes": len(words)}
        if self._knows_ages:
            expected["age"] = self.file.age(row)
        return expected

    def keeps(self, row: int) -> bool:
        """Return whether a cell must be in a chunk; False where that can't be told."""
        aged = not self.cells.age.required or (self._knows_ages and self.file.age(row) is not None)
        primary = not self.cells.primary_only or self.file.text("is_primary_data", row) == "True"
        return aged and primary and self._ranks_symbols and bool(self._words(row))

    def _words(self, row: int) -> list[str]:
        values = self.file.values(row)
        ranked = sorted((gene for gene in values if values[gene] > 0), key=lambda gene: (-values[gene], gene))
        return list(dict.fromkeys(symbol for gene in ranked if (symbol := self._symbols[gene]) is not None))


class _File:
    """An h5ad file, read plainly."""

    def __init__(self, path: Path, handle: Any, matrix: str) -> None:
        self.path, self._handle = path, handle
        self._columns: dict[str, Callable[[int], str | None]] = {}
        self.wanted: set[int] | None = None
        raw = matrix == "raw"
        self._node = next(handle[name] for name in (["raw/X", "raw.X"] if raw else [matrix]) if name in handle)
        self._var = next(handle[name] for name in (["raw/var", "raw.var"] if raw else ["var"]) if name in handle)

    @cached_property
    def ids(self) -> list[str]:
        """The ids of cells."""
        return self._index(self._handle["obs"])

    def _index(self, table: Any) -> list[str]:
        if hasattr(table, "dtype"):
            return [_text(name) for name in table[table.dtype.names[0]]]
        node = table[_text(table.attrs.get("_index", "_index"))]
        return [_text(name) for name in (node["values"] if hasattr(node, "keys") else node)[()]]

    def text(self, name: str, row: int) -> str | None:
        """Return a cell's text in a column of obs, None where it is missing or there is no such column."""
        if name not in self._columns:
            self._columns[name] = _column(self._handle["obs"], name)
        return self._columns[name](row)

    def donor(self, row: int) -> str | None:
        """Return the donor of a cell."""
        obs = self._handle["obs"]
        column = next((name for name in _DONORS if not hasattr(obs, "dtype") and name in obs), "")
        name = self.text(column, row)
        nobody = name is None or name.strip().lower() in ("", "unknown", "na", "nan", "pooled")
        return None if nobody else name

    def age(self, row: int) -> float | None:
        """Return the age of a cell in years."""
        stage, label, organism, organism_id = (self.text(name, row) for name in _AGED_BY)
        by_id, by_label = _stages()
        if stage and stage.lower() not in ("na", "nan"):
            return by_id.get(stage)
        in_file = self._handle.get("uns/organism_ontology_term_id", self._handle.get("uns/organism"))
        name = organism or organism_id or (None if in_file is None else _text(np.asarray(in_file[()]).reshape(-1)[0]))
        ontology = {"homo sapiens": "HsapDv", "ncbitaxon:9606": "HsapDv", "mus musculus": "MmusDv"}
        ontology["ncbitaxon:10090"] = "MmusDv"
        return by_label.get((ontology.get((name or "").lower(), ""), (label or "").lower()))

    @cached_property
    def symbols(self) -> list[str | None]:
        """The symbol of each gene."""
        names = self._index(self._var)
        feature, biotype = _column(self._var, "feature_name"), _column(self._var, "feature_biotype")
        return [_symbol(name, feature(gene), biotype(gene)) for gene, name in enumerate(names)]

    def values(self, row: int) -> Mapping[int, float]:
        """Return what is stored of a cell, by gene."""
        node = self._node
        if not hasattr(node, "keys"):
            return dict(enumerate(node[row].tolist()))
        kind = _text(node.attrs.get("encoding-type", node.attrs.get("h5sparse_format", "")))
        if kind.startswith("csr"):
            start, end = node["indptr"][row : row + 2].tolist()
            return dict(zip(node["indices"][start:end].tolist(), node["data"][start:end].tolist(), strict=True))
        rows, genes, values = self._by_rows
        start, end = np.searchsorted(rows, [row, row + 1]).tolist()
        return dict(zip(genes[start:end].tolist(), values[start:end].tolist(), strict=True))

    @cached_property
    def _by_rows(self) -> tuple[Any, Any, Any]:
        """Return the rows that are wanted of a CSC matrix: row, gene and value of each entry, ordered by row."""
        pointers, found = self._node["indptr"][()].tolist(), []
        for gene, (start, end) in enumerate(pairwise(pointers)):
            rows, values = self._node["indices"][start:end], self._node["data"][start:end]
            kept = np.ones(len(rows), bool) if self.wanted is None else np.isin(rows, list(self.wanted))
            found.append((rows[kept], np.full(kept.sum(), gene), values[kept]))
        rows, genes, values = (np.concatenate(parts) for parts in zip(*found, strict=True))
        order = np.argsort(rows, kind="stable")
        return rows[order], genes[order], values[order]


def _column(table: Any, name: str) -> Callable[[int], str | None]:
    """Return what looks up the text of a row."""
    if hasattr(table, "dtype") or name not in table:
        return lambda _: None
    node = table[name]
    if "categories" in node.attrs or (hasattr(node, "keys") and "codes" in node):
        old = "categories" in node.attrs
        codes, words = (node, node.file[node.attrs["categories"]]) if old else (node["codes"], node["categories"])
        of_row, texts = codes[()], (words["values"] if hasattr(words, "keys") else words)[()]
        return lambda row: None if of_row[row] < 0 else _text(texts[of_row[row]])
    values = (node["values"] if hasattr(node, "keys") else node)[()]
    missing = node["mask"][()] if hasattr(node, "keys") else np.zeros(len(values), bool)
    return lambda row: None if missing[row] else _text(values[row])


def _opened(path: Path, matrix: str) -> Any:
    with optional_import("h5py", "cells"):
        import h5py  # noqa: PLC0415 - an extra

    class Opened(h5py.File):  # type: ignore[misc]
        def __enter__(self) -> _File:
            return _File(path, super().__enter__(), matrix)

    return Opened(path, "r")


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _symbol(name: str, feature: str | None, biotype: str | None) -> str | None:
    if biotype == "spike-in" or name.startswith("ERCC-"):
        return None
    chosen = _hgnc().get(name.split(".", maxsplit=1)[0])
    if chosen is None:
        chosen = name if feature in (None, "", "nan") else re.sub(rf"_{_ENSEMBL.pattern}$", "", str(feature))
    return None if _ENSEMBL.fullmatch(chosen) or not chosen or chosen.split() != [chosen] else chosen


@cache
def _hgnc() -> dict[str, str]:
    with (_TABLES / "hgnc.parquet").open("rb") as handle:
        return dict(zip(*pq.read_table(handle).to_pydict().values(), strict=True))


@cache
def _stages() -> tuple[dict[str, float | None], dict[tuple[str, str], float | None]]:
    """Return the age of each stage by its id, and by its ontology and label; an ambiguous label has none."""
    with (_TABLES / "development_stages.csv").open(encoding="utf-8") as handle:
        rows: Sequence[Mapping[str, str]] = list(csv.DictReader(handle))
    by_id = {row["ontology_id"]: float(row["age_years"]) if row["age_years"] else None for row in rows}
    by_label = {
        (row["ontology_id"].split(":")[0], label.lower()): by_id[row["ontology_id"]]
        for row in rows
        for label in (row["label"], row["label_2024"])
        if label
    }
    return by_id, by_label
