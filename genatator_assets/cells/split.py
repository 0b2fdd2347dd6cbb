"""The table of donors: all units of all datasets, each with its median age and its split."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from genatator_assets.cells.donors import UnitKind, held_out
from genatator_assets.cells.layout import CellsLayout
from genatator_assets.cells.publications import PublicationTable
from genatator_assets.cells.survey import Surveyed
from genatator_assets.work.made import recorded
from genatator_assets.work.outcome import Outcome, guarded
from genatator_assets.work.tables import read_table, table_writer
from genatator_assets.work.unit import OnlyTask, Provenance, Step, Unit

if TYPE_CHECKING:
    from genatator_assets.cells.section import CellSplit

STEP = Step("donors", 1)
ASSET = "donors"

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


@dataclass(frozen=True)
class DonorsTask(OnlyTask):
    """All units of all datasets that could be surveyed, and how they are split; `rules` is None where they are not.

    `plans` are the fingerprints of the datasets' plans.
    """

    root: Path
    datasets: tuple[Scoped, ...]
    plans: Mapping[str, str]
    rules: CellSplit | None
    run_id: str | None = None

    @property
    def layout(self) -> CellsLayout:
        """Where its files stand."""
        return CellsLayout(self.root)

    @cached_property
    def units(self) -> dict[str, Unit]:
        """The table."""
        rules = self.rules.model_dump(mode="json") if self.rules else None
        scopes = {one.dataset: [one.scope, one.kind] for one in self.datasets}
        provenance = Provenance(dict(self.plans), {"split": rules, "scopes": scopes}, STEP)
        return {ASSET: Unit(self.root, self.layout.donors_manifest, provenance)}


def build_donors(tasks: Sequence[DonorsTask]) -> list[Outcome]:
    """Decide the split of every unit of all datasets and write the table."""
    return [guarded(_build, task) for task in tasks]


def _build(task: DonorsTask) -> Outcome:
    unit, layout = task.units[ASSET], task.layout
    if unit.finished():
        return Outcome(task.key, "intact")
    scopes: dict[tuple[str, UnitKind], list[Scoped]] = defaultdict(list)
    for one in task.datasets:
        scopes[one.scope, one.kind].append(one)
    unit.begin()
    rows = 0
    with recorded(unit.manifest, task.run_id), table_writer(layout.donors, SCHEMA, unit.provenance) as writer:
        for (scope, _), members in sorted(scopes.items()):
            tables = {one.dataset: read_table(layout.units(one.dataset)) for one in members}
            units, ages = _median_ages(pa.concat_tables(tables.values()))
            split = _splits(units, ages, scope, task.rules) if task.rules else None
            for one in members:
                writer.write(table := _rows(one, tables[one.dataset], units, ages, split))
                rows += len(table)
    facts = {"rows": rows, "scopes": len(scopes), "datasets": len(task.datasets)}
    unit.finish({layout.donors: writer.measured}, facts)
    return Outcome(task.key, "built")


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
