"""Ages from developmental stages: the shipped table of all HsapDv and MmusDv terms, by id, else by label.

A stage has an age only if it names one completed unit ("22-year-old stage", "8-month-old stage"). A range has bounds
and the reason `range`; nothing is guessed.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from genatator_assets.errors import H5adError
from genatator_assets.sources.h5ad import H5ad

if TYPE_CHECKING:
    from genatator_assets.cells.section import AgeRules

STAGE_ID, STAGE_LABEL = "development_stage_ontology_term_id", "development_stage"
_ORGANISM, _ORGANISM_ID = "organism", "organism_ontology_term_id"

Reason = Literal[
    "range",
    "open_range",
    "prenatal",
    "no_age_in_stage",
    "unknown",
    "no_stage",
    "unknown_stage",
    "ambiguous_label",
    "unsupported_ontology",
    "no_organism",
    "not_a_number",
]
"""Why a cell has no age."""

_PER_YEAR = {"years": 1.0, "months": 12.0, "weeks": 365.25 / 7, "days": 365.25}
_ONTOLOGIES = {"homo sapiens": "HsapDv", "ncbitaxon:9606": "HsapDv"} | {
    "mus musculus": "MmusDv",
    "ncbitaxon:10090": "MmusDv",
}
_MISSING = {"", "na", "nan"}
_DOCUMENTS_RULE = re.compile(r"(\d+(?:\.\d+)?)[- ]year-old(?: human| mouse)? stage", re.IGNORECASE)


@dataclass(frozen=True)
class Age:
    """The age of a stage in years and months, its bounds [low, high) in years, or the reason why it has none."""

    years: float | None = None
    months: float | None = None
    low: float | None = None
    high: float | None = None
    reason: Reason | None = None


@dataclass(frozen=True)
class Ages:
    """The ages of a file's cells: cell `i` has `kinds[codes[i]]`. `codes` int32 [cells]."""

    codes: NDArray[np.int32]
    kinds: tuple[Age, ...]

    def of_each(self, name: str) -> NDArray[Any]:
        """Return a field of each cell's age, None as NaN."""
        of_kinds = np.array([getattr(age, name) for age in self.kinds], np.float64)
        return of_kinds[self.codes] if len(self.kinds) else np.empty(0)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which cells have an age."""
        known: NDArray[np.bool_] = np.isfinite(self.of_each("years"))
        return known


@dataclass(frozen=True)
class Stages:
    """The terms of the ontologies: ages by id, and by (ontology, label in lower case)."""

    by_id: Mapping[str, Age]
    by_label: Mapping[tuple[str, str], Age]

    def age(self, stage_id: str | None, label: str | None, organism: str | None) -> Age:
        """Return the age of a stage; `organism` is a name or NCBITaxon id, and decides what a label means.

        >>> stages().age("HsapDv:0000116", None, None).years, stages().age(None, "8 weeks", "Mus musculus").years
        (22.0, 0.15332)
        >>> stages().age(None, "middle aged stage", "Homo sapiens").reason
        'ambiguous_label'
        """
        if stage_id is not None and stage_id.casefold() not in _MISSING:
            return self._by_id(stage_id)
        if label is None or label.casefold() in _MISSING:
            return Age(reason="no_stage")
        if label.casefold() == "unknown":
            return Age(reason="unknown")
        if organism is None:
            return Age(reason="no_organism")
        ontology = _ONTOLOGIES.get(organism.casefold())
        if ontology is None:
            return Age(reason="unsupported_ontology")
        return self.by_label.get((ontology, label.casefold()), Age(reason="unknown_stage"))

    def _by_id(self, stage_id: str) -> Age:
        if stage_id.casefold() == "unknown":
            return Age(reason="unknown")
        if stage_id.partition(":")[0] not in _ONTOLOGIES.values():
            return Age(reason="unsupported_ontology")
        return self.by_id.get(stage_id, Age(reason="unknown_stage"))


@cache
def stages() -> Stages:
    """Return the shipped table."""
    with (files("genatator_assets.cells") / "tables" / "development_stages.csv").open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    by_id = {row["ontology_id"]: _age_of(row) for row in rows}
    meanings: dict[tuple[str, str], set[Age]] = defaultdict(set)
    for row in rows:
        ontology = row["ontology_id"].partition(":")[0]
        for label in {row["label"], row["label_2024"]} - {""}:
            meanings[ontology, label.casefold()].add(by_id[row["ontology_id"]])
    ambiguous = Age(reason="ambiguous_label")
    return Stages(by_id, {label: ages.pop() if len(ages) == 1 else ambiguous for label, ages in meanings.items()})


def _age_of(row: Mapping[str, str]) -> Age:
    years, months, low, high = (
        float(row[name]) if row[name] else None
        for name in ("age_years", "age_months", "age_low_years", "age_high_years")
    )
    reason: Any = row["reason"] or None
    return Age(years, months, low, high, reason)


def ages_of(file: H5ad, rules: AgeRules) -> Ages:
    """Return the ages of all cells of a file, from obs alone.

    Raises:
        H5adError: the column that the rules name is not in obs.
    """
    if rules.column is not None:
        return _ages_of_column(file, rules.column, rules.unit)
    names = {STAGE_ID, STAGE_LABEL, _ORGANISM, _ORGANISM_ID} & set(file.obs.names)
    columns = {name: _coded(file.obs.column(name)) for name in names}
    in_file = file.uns(_ORGANISM_ID) or file.uns(_ORGANISM)
    codes, combinations = _combined(columns, file.obs.length)
    kinds = []
    for told in combinations:
        label = told.get(STAGE_LABEL)
        if rules.rule == "document":
            kinds.append(_by_document(label))
            continue
        organism = told.get(_ORGANISM) or told.get(_ORGANISM_ID) or in_file
        kinds.append(_with_ranges(stages().age(told.get(STAGE_ID), label, organism), rules))
    return Ages(codes, tuple(kinds))


def _with_ranges(age: Age, rules: AgeRules) -> Age:
    if rules.ranges == "none" or age.reason != "range" or age.low is None or age.high is None:
        return age
    middle = (age.low + age.high) / 2
    return replace(age, years=middle, months=middle * _PER_YEAR["months"])


def _by_document(label: str | None) -> Age:
    """Return the age by the document's rule: "N-year-old stage" is N years, and nothing else has an age."""
    if label is None or label.casefold() in _MISSING:
        return Age(reason="no_stage")
    found = _DOCUMENTS_RULE.fullmatch(label.strip())
    if found is None:
        return Age(reason="no_age_in_stage")
    years = float(found[1])
    return Age(years, years * _PER_YEAR["months"], years, years + 1)


def _ages_of_column(file: H5ad, name: str, unit: str) -> Ages:
    if name not in file.obs.names:
        raise H5adError(
            f"{file.path}: obs has no column {name!r}, which 'age' in the catalogue names; it has"
            f" {', '.join(file.obs.names)}"
        )
    codes, values = _coded(file.obs.column(name))
    kinds = [_from_number(value, _PER_YEAR[unit]) for value in values]
    return Ages(np.where(codes < 0, len(kinds), codes).astype(np.int32), (*kinds, Age(reason="no_stage")))


def _from_number(value: Any, per_year: float) -> Age:
    try:
        years = float(value) / per_year
    except ValueError:
        return Age(reason="not_a_number")
    if not 0 <= years < float("inf"):
        return Age(reason="not_a_number")
    return Age(years, years * _PER_YEAR["months"])


def _coded(column: pa.Array) -> tuple[NDArray[np.int32], list[Any]]:
    """Return the different values of a column and the number of each cell's value, -1 for null."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    codes = pc.fill_null(column.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32)
    return codes, column.dictionary.to_pylist()


def _combined(
    columns: Mapping[str, tuple[NDArray[np.int32], list[Any]]], cells: int
) -> tuple[NDArray[np.int32], list[dict[str, Any]]]:
    """Return the different combinations of values, by column, and the number of each cell's combination."""
    mixed = np.zeros(cells, np.int64)
    for codes, values in columns.values():
        mixed = mixed * (len(values) + 1) + codes + 1
    different, numbers = np.unique(mixed, return_inverse=True)
    combinations: list[dict[str, Any]] = [{} for _ in different]
    for name, (codes, values) in columns.items():
        of_combination = np.empty(len(different), np.int32)
        of_combination[numbers] = codes
        for told, code in zip(combinations, of_combination.tolist(), strict=True):
            told[name] = None if code < 0 else str(values[code])
    return numbers.astype(np.int32), combinations
