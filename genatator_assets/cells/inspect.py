"""What would come of an h5ad file: its matrices, genes, ages, donors, and which cells would be left out."""

from collections import Counter
from pathlib import Path

import pyarrow as pa

from genatator_assets.cells.ages import STAGE_ID, STAGE_LABEL, Ages, ages_of
from genatator_assets.cells.donors import donor_column, donors_of
from genatator_assets.cells.genes import count_symbols
from genatator_assets.cells.section import AgeRules
from genatator_assets.cells.sentences import fault_of
from genatator_assets.cells.survey import some_values
from genatator_assets.cells.symbols import SymbolRules, genes_of
from genatator_assets.sources.h5ad import H5ad, open_h5ad
from genatator_assets.work.text import TextTable, format_bytes

# Measured by benchmarks/cells.py: 13 million values of 20,000 cells.
_VALUES_PER_S = 7e6
_BYTES_PER_VALUE = 2.1


def inspect_file(path: Path, matrix: str = "X") -> list[TextTable]:
    """Return what a file holds and what would come of it, as tables.

    Raises:
        H5adError: it is not an h5ad file, has no such matrix, or is damaged.
    """
    with open_h5ad(path) as file:
        found, column = ages_of(file, AgeRules()), donor_column(file.obs)
        reasons = _by_reason(found)
        kept = int(found.known.sum())
        names = [] if column is None else donors_of(file.obs.column(column)).drop_null().unique().to_pylist()
        chosen = file.matrix(matrix)
        values = chosen.stored * kept / max(1, chosen.shape[0])
        genes = genes_of(file, matrix, SymbolRules((), hgnc=True, ids=None, id_column=None, symbol_column=None))
        about = {
            "cells": f"{chosen.shape[0]:,}",
            "genes": f"{chosen.shape[1]:,}",
            "title": file.uns("title") or "-",
            "publication": file.uns("citation") or "-",
            "donors": f"{len(names):,} in obs.{column}" if column else "none: each cell is split by its own id",
            "cells with an age": f"{kept:,}; the others would be left out, unless age: {{required: false}}",
            "time": f"about {values / _VALUES_PER_S:,.0f} s on one core",
            "disk": f"about {format_bytes(round(values * _BYTES_PER_VALUE))}",
        }
        return [
            TextTable(path.name, ("", "found"), tuple(about.items())),
            TextTable("Matrices", ("matrix", "layout", "type", "stored values", "can be ranked"), _matrices(file)),
            _counted("Symbols of genes", "source, or why none", "genes", count_symbols(genes)),
            _counted("Cells by age", "age", "cells", reasons),
            TextTable("Columns of obs", ("column", "type"), _columns(file)),
        ]


def ages_in_file(path: Path) -> TextTable:
    """Return the stages of a file's cells, with the age of each or the reason why it has none."""
    with open_h5ad(path) as file:
        found = ages_of(file, AgeRules())
        names = [name for name in (STAGE_ID, STAGE_LABEL) if name in file.obs.names]
        columns = [file.obs.column(name).to_pylist() for name in names]
    stages = Counter(zip(*columns, found.codes.tolist(), strict=True))
    rows = []
    for (*stage, code), cells in sorted(stages.items(), key=lambda one: -one[1]):
        age = found.kinds[code]
        bounds = "-" if age.low is None else f"{age.low:g} - {'' if age.high is None else f'{age.high:g}'}"
        told = "-" if age.years is None else f"{age.years:g}"
        rows.append((*(str(name or "-") for name in stage), told, bounds, age.reason or "-", f"{cells:,}"))
    header = (*("stage id" if name == STAGE_ID else "stage" for name in names), "years", "from - to", "reason", "cells")
    return TextTable("Ages", header, tuple(rows))


def _by_reason(found: Ages) -> dict[str, int]:
    named = [age.reason or "exact" for age in found.kinds]
    return dict(Counter(named[code] for code in found.codes.tolist()))


def _matrices(file: H5ad) -> tuple[tuple[str, ...], ...]:
    rows = []
    for name in file.matrices:
        matrix = file.matrix(name)
        faults = {fault for values in some_values(matrix) if (fault := fault_of(values))}
        verdict = f"no: {', '.join(sorted(faults))} values" if faults else "yes"
        rows.append((name, matrix.layout, matrix.dtype.name, f"{matrix.stored:,}", verdict))
    return tuple(rows)


def _columns(file: H5ad) -> tuple[tuple[str, str], ...]:
    kinds = {name: file.obs.column(name, 0, 0).type for name in file.obs.names}
    return tuple((name, "categories" if pa.types.is_dictionary(kind) else str(kind)) for name, kind in kinds.items())


def _counted(title: str, of: str, what: str, counts: dict[str, int]) -> TextTable:
    rows = sorted(counts.items(), key=lambda one: -one[1])
    return TextTable(title, (of, what), tuple((name, f"{count:,}") for name, count in rows))
