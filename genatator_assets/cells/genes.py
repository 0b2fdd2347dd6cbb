"""Symbols of genes: which word stands for each gene of a matrix, where it is from, or why there is none."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from genatator_assets.errors import CatalogueError

SymbolSource = Literal["hgnc", "table", "assembly", "feature_name", "var_name"]
NoSymbol = Literal["spike_in", "ensembl_id", "whitespace", "empty"]

SCHEMA = pa.schema(
    [
        ("gene", pa.int32()),
        ("var_name", pa.string()),
        ("ensembl_id", pa.string()),
        ("symbol", pa.string()),
        ("source", pa.string()),
        ("reason", pa.string()),
    ]
)
"""A row per gene of the matrix, in its order: `gene` counts from 0; `source` says where its symbol is from, `reason`
why it has none."""

_ENSEMBL = r"ENS[A-Z]*[GTPE]\d{6,}(\.\d+)?"
_ENSEMBL_ID = re.compile(_ENSEMBL)
_ENSEMBL_TAIL = re.compile(rf"_{_ENSEMBL}$")
_SPIKE_IN = "ERCC-"
_MISSING = {"", "nan"}
_ID_COLUMNS = ("ensembl_id", "ensembl_gene_id", "gene_id", "feature_id")
_SYMBOL_COLUMNS = ("symbol", "gene_symbol", "gene_name", "feature_name")


@dataclass(frozen=True)
class SymbolTable:
    """Symbols by Ensembl id without version. `source` is their kind, `about` what is recorded of them."""

    source: SymbolSource
    symbols: Mapping[str, str]
    about: Mapping[str, str]


@dataclass(frozen=True)
class Gene:
    """A gene of a matrix, with a symbol and its source, or a reason."""

    var_name: str
    ensembl_id: str | None
    symbol: str | None
    source: SymbolSource | None = None
    reason: NoSymbol | None = None


def hgnc() -> SymbolTable:
    """Return the shipped table of approved human symbols.

    >>> hgnc().symbols["ENSG00000143420"], hgnc().about["date"]
    ('ENSA', '2025-11')
    """
    with (files("genatator_assets.cells") / "tables" / "hgnc.parquet").open("rb") as handle:
        table = pq.read_table(handle)
    about = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
    return SymbolTable("hgnc", _pairs(table), about)


def own_table(path: Path, sha256: str, id_column: str | None, symbol_column: str | None) -> SymbolTable:
    """Read a user's table: Parquet, or text with tabs or commas and a header.

    Raises:
        CatalogueError: it lacks a column for ids or for symbols.
    """
    if path.suffix == ".parquet":
        table = pq.read_table(path)
    else:
        with path.open(newline="", encoding="utf-8") as handle:
            delimiter = "\t" if "\t" in handle.readline() else ","
            handle.seek(0)
            rows = list(csv.DictReader(handle, delimiter=delimiter))
        table = pa.Table.from_pylist(rows)
    ids = _column(path, table.column_names, id_column, _ID_COLUMNS, "id")
    symbols = _column(path, table.column_names, symbol_column, _SYMBOL_COLUMNS, "symbol")
    return SymbolTable("table", _pairs(table.select([ids, symbols])), {"source": path.name, "sha256": sha256})


def _column(path: Path, present: Sequence[str], named: str | None, usual: Sequence[str], key: str) -> str:
    for name in (named,) if named is not None else usual:
        if name in present:
            return name
    expected = repr(named) if named is not None else f"one of {', '.join(usual)}, or genes.{key} to name another"
    raise CatalogueError(f"{path}: no column for {key}s; found {', '.join(present)}; expected {expected}")


def _pairs(table: pa.Table) -> dict[str, str]:
    ids, symbols = (column.cast(pa.string()).to_pylist() for column in table.columns)
    return {_without_version(one): symbol for one, symbol in zip(ids, symbols, strict=True) if one and symbol}


def _without_version(ensembl_id: str) -> str:
    return ensembl_id.partition(".")[0]


def name_genes(
    var_names: Sequence[str],
    tables: Sequence[SymbolTable],
    *,
    ids: Sequence[str | None] | None = None,
    feature_names: Sequence[str | None] | None = None,
    biotypes: Sequence[str | None] | None = None,
) -> list[Gene]:
    """Return the symbol of each gene: by its id from the first of `tables` that has it, else its own name.

    `ids` are Ensembl ids where var's names are something else. A name that is an Ensembl id, or has white space, is no
    symbol; nor do spike-ins have one.
    """
    nothing: list[None] = [None] * len(var_names)
    columns = zip(var_names, ids or var_names, feature_names or nothing, biotypes or nothing, strict=True)
    return [_named(*of_gene, tables) for of_gene in columns]


def _named(
    var_name: str, gene_id: str | None, feature_name: str | None, biotype: str | None, tables: Sequence[SymbolTable]
) -> Gene:
    ensembl_id = _without_version(gene_id) if gene_id and _ENSEMBL_ID.fullmatch(gene_id) else None
    if biotype == "spike-in" or var_name.startswith(_SPIKE_IN):
        return Gene(var_name, ensembl_id, None, reason="spike_in")
    for table in tables:
        if symbol := table.symbols.get(_without_version(gene_id or "")):
            return _checked(var_name, ensembl_id, symbol, table.source)
    if feature_name is not None and feature_name not in _MISSING:
        return _checked(var_name, ensembl_id, _ENSEMBL_TAIL.sub("", feature_name), "feature_name")
    return _checked(var_name, ensembl_id, var_name, "var_name")


def _checked(var_name: str, ensembl_id: str | None, symbol: str, source: SymbolSource) -> Gene:
    """Return a gene with a symbol, unless a reader of sentences could not tell it as one."""
    reason: NoSymbol | None = None
    if not symbol:
        reason = "empty"
    elif _ENSEMBL_ID.fullmatch(symbol):
        reason = "ensembl_id"
    elif any(letter.isspace() for letter in symbol):
        reason = "whitespace"
    return Gene(var_name, ensembl_id, None, reason=reason) if reason else Gene(var_name, ensembl_id, symbol, source)


def count_symbols(genes: Iterable[Gene]) -> dict[str, int]:
    """Count genes by the source of their symbol, or by the reason why they have none."""
    counts = Counter(str(gene.source or gene.reason) for gene in genes)
    return dict(sorted(counts.items()))


def gene_table(genes: Sequence[Gene]) -> pa.Table:
    """Return genes as a table of `SCHEMA`."""
    columns = {
        "gene": range(len(genes)),
        **{name: [getattr(gene, name) for gene in genes] for name in SCHEMA.names if name != "gene"},
    }
    return pa.table(columns, SCHEMA)


@dataclass(frozen=True)
class Vocabulary:
    """The different symbols of a matrix, sorted, and which of them each gene has.

    `of_gene` int32 [genes] is the number of a gene's symbol, -1 where it has none.
    """

    symbols: tuple[str, ...]
    of_gene: NDArray[np.int32]

    @classmethod
    def of(cls, symbols: Sequence[str | None], upper_case: bool = False) -> "Vocabulary":
        """Number the symbols of a matrix's genes.

        >>> Vocabulary.of(["B", None, "a", "B"]).of_gene.tolist(), Vocabulary.of(["B", "a", "b"], True).symbols
        ([0, -1, 1, 0], ('A', 'B'))
        """
        used = [symbol.upper() if symbol and upper_case else symbol for symbol in symbols]
        ordered = tuple(sorted({symbol for symbol in used if symbol is not None}))
        numbers: dict[str | None, int] = {symbol: number for number, symbol in enumerate(ordered)}
        return cls(ordered, np.array([numbers.get(symbol, -1) for symbol in used], np.int32))

    @cached_property
    def named(self) -> NDArray[np.bool_]:
        """Which genes have a symbol: bool [genes]."""
        return self.of_gene >= 0

    @cached_property
    def shared(self) -> NDArray[np.bool_]:
        """Which symbols several genes have: bool [vocabulary]."""
        return np.bincount(self.of_gene[self.named], minlength=len(self)) > 1

    def __len__(self) -> int:
        """Return the number of different symbols."""
        return len(self.symbols)
