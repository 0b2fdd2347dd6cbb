"""The table of donors: all units of all datasets, each with its median age and its split."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from genatator_assets.cells.donors import STEP, UnitKind, held_out
from genatator_assets.cells.layout import CellsLayout
from genatator_assets.cells.publications import PublicationTable
from genatator_assets.cells.survey import Surveyed
from genatator_assets.work.files import Measured
from genatator_assets.work.tables import read_table, table_writer
from genatator_assets.work.unit import Provenance

if TYPE_CHECKING:
    from genatator_assets.cells.section import CellSplit

SCHEMA = pa.schema(
    [
        ("dataset", pa.dictionary(pa.int32(), pa.string())),
        ("scope", pa.dictionary(pa.int32(), pa.string())),
        ("kind", pa.dictionary(pa.int32(), pa.string())),
        ("unit", pa.string()),
        ("cells", pa.int64()),
        ("age", pa.float64()),
        ("split", pa.dictionary(pa.int32(), pa.string())),
    ]
)
"""A row per dataset and unit. `kind` is donor, or cell where obs names no donors; `cells` counts those of this dataset
that pass the filters on obs; `age` is the unit's median age in its whole scope; `split` is null if there is none."""


@dataclass(frozen=True)
class Scoped:
    """A dataset and the scope in which its units are split."""

    dataset: str
    scope: str
    kind: UnitKind

    @classmethod
    def of(cls, dataset: str, surveyed: Surveyed, publications: PublicationTable, rules: CellSplit | None) -> Scoped:
        """Return the scope of a dataset: its collection if that is known, else itself."""
        collection = publications.find(dataset, surveyed.citation).collection_id
        whole = rules is None or rules.scope == "collection"
        kind: UnitKind = "cell" if surveyed.donor_column is None else "donor"
        return cls(dataset, collection if whole and collection is not None else dataset, kind)


def write_donors(datasets: Sequence[Scoped], rules: CellSplit | None, layout: CellsLayout) -> Measured:
    """Decide the split of every unit of all datasets and write the table; `rules` is None where nothing is held out."""
    scopes: dict[tuple[str, UnitKind], list[Scoped]] = defaultdict(list)
    for one in datasets:
        scopes[one.scope, one.kind].append(one)
    made_from = {"split": rules.model_dump(mode="json") if rules else None, "step": STEP}
    scoped = [asdict(one) for one in datasets]
    with table_writer(layout.donors, SCHEMA, Provenance({}, {**made_from, "datasets": scoped})) as writer:
        for (scope, _), members in sorted(scopes.items()):
            tables = {one.dataset: read_table(layout.units(one.dataset)) for one in members}
            units, ages = _median_ages(pa.concat_tables(tables.values()))
            split = _splits(units, ages, scope, rules) if rules else None
            for one in members:
                writer.write(_rows(one, tables[one.dataset], units, ages, split))
    return writer.measured


def _splits(units: pa.Array, ages: NDArray[np.float64], scope: str, rules: CellSplit) -> pa.Array:
    test = held_out(units.to_pylist(), ages, scope, rules)
    return pa.array(["train", "test"]).take(pa.array(test.astype(np.int8)))


def _rows(
    one: Scoped, counts: pa.Table, units: pa.Array, ages: NDArray[np.float64], split: pa.Array | None
) -> pa.Table:
    totals = counts.group_by("unit").aggregate([("cells", "sum")]).sort_by("unit")
    places = pc.index_in(totals["unit"].combine_chunks(), units)
    same = {name: pa.repeat(pa.scalar(getattr(one, name)), len(totals)) for name in ("dataset", "scope", "kind")}
    columns = {
        **same,
        "unit": totals["unit"],
        "cells": totals["cells_sum"],
        "age": pa.array(ages, mask=np.isnan(ages)).take(places),
        "split": pa.nulls(len(totals), pa.string()) if split is None else split.take(places),
    }
    return pa.table(columns).cast(SCHEMA)


def _median_ages(counts: pa.Table) -> tuple[pa.Array, NDArray[np.float64]]:
    """Return the units of a table of `UNITS` in the order of their names, and the median age of each one's cells.

    Cells without an age do not count; a unit of which none has one gets NaN.
    """
    by = ["unit", "age"]
    ordered = counts.group_by(by).aggregate([("cells", "sum")]).sort_by([(name, "ascending") for name in by])
    names = ordered["unit"].combine_chunks().dictionary_encode()
    age = ordered["age"].to_numpy(zero_copy_only=False)
    cells = np.where(np.isnan(age), 0, ordered["cells_sum"].to_numpy())
    begins = np.searchsorted(names.indices.to_numpy(), np.arange(len(names.dictionary) + 1))
    medians = age[begins[:-1]].astype(np.float64)
    for unit in np.flatnonzero(np.diff(begins) > 1).tolist():
        part = slice(begins[unit], begins[unit + 1])
        medians[unit] = np.median(np.repeat(age[part], cells[part]))
    return names.dictionary, medians


def held_out_units(layout: CellsLayout, dataset: str) -> pa.Array:
    """Return the units of a dataset that are held out."""
    filters = [("dataset", "=", dataset), ("split", "=", "test")]
    return read_table(layout.donors, columns=["unit"], filters=filters)["unit"].combine_chunks()
