"""What an h5ad file holds, before its matrix is read: layout, obs, ages, donors, and which cells are kept.

Everything here is decided by obs alone. The resulting plan has a row for each cell that passes the filters, and a row
group for each range of rows that is built at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from genatator_assets.cells import ages, donors
from genatator_assets.cells.layout import CellsLayout
from genatator_assets.cells.sentences import Fault, fault_of
from genatator_assets.errors import H5adError
from genatator_assets.sources.h5ad import H5ad, Matrix
from genatator_assets.work.files import Measured
from genatator_assets.work.manifest import read_manifest
from genatator_assets.work.tables import table_writer, write_table
from genatator_assets.work.unit import Provenance, Step

if TYPE_CHECKING:
    from genatator_assets.cells.section import AgeRules

STEP = Step("cell_survey", 1)

Written = dict[Path, Measured]
"""Files that were written."""

PLAN = pa.schema(
    [
        ("row", pa.int64()),
        ("unit", pa.dictionary(pa.int32(), pa.string())),
        ("age", pa.float64()),
        ("age_months", pa.float64()),
        ("age_low", pa.float64()),
        ("age_high", pa.float64()),
        ("age_reason", pa.dictionary(pa.int32(), pa.string())),
    ]
)
"""A row per cell that passes the filters, in the order of obs: `row` counts from 0; `unit` is its donor, null if that
is not known, or the cell's own id where obs names no donors. Row group `k` is the range of rows `k`."""

UNITS = pa.schema([("unit", pa.string()), ("age", pa.float64()), ("cells", pa.int64())])
"""How many of the planned cells each unit has at each age."""

_OURS = {
    *("cell_id", "cell_sentence", "n_genes", "age", "age_months", "age_low", "age_high", "age_reason"),
    *("donor", "split", "dataset_id", "dataset_version_id", "collection_id"),
    *("publication_title", "publication_doi", "publication_description"),
    *("publication_contact_name", "publication_contact_email"),
}
_PRIMARY = "is_primary_data"
_SAMPLE_ROWS = 64
_AGE_FIELDS = {"age": "years", "age_months": "months", "age_low": "low", "age_high": "high"}


@dataclass(frozen=True)
class SurveyRules:
    """What decides the plan of a file, beside its content; `lists` are names of gene lists, which become columns."""

    matrix: str
    ages: AgeRules
    chunk_cells: int
    primary_only: bool
    lists: tuple[str, ...]

    @property
    def recorded(self) -> dict[str, Any]:
        """The rules as values for provenance."""
        return {**vars(self), "ages": self.ages.model_dump(mode="json")}


@dataclass(frozen=True)
class Surveyed:
    """What was found in a file.

    `columns` are those of obs with the names and Arrow types that they have in chunks, `renamed` what obs calls some of
    them. `dropped` counts cells by the reason why they are left out, `ranges` those parts of the rest that are built at
    once. `donor_column` is None where each cell is split by its own id. `plan` is the fingerprint of the plan.
    """

    path: str
    sha256: str
    bytes: int
    modified_ns: int
    matrix: str
    matrices: tuple[str, ...]
    layout: str
    dtype: str
    stored: int
    cells: int
    genes: int
    columns: Mapping[str, str]
    renamed: Mapping[str, str]
    donor_column: str | None
    units: int
    cells_without_unit: int
    planned: int
    dropped: Mapping[str, int]
    ages: Mapping[str, int]
    ranges: int
    uns: Mapping[str, str]
    plan: str

    @property
    def citation(self) -> str | None:
        """What the file says of its publication."""
        return self.uns.get("citation")


def read_surveyed(layout: CellsLayout, dataset: str) -> Surveyed | None:
    """Read what was found in a dataset's file; None if it has not been surveyed."""
    manifest = read_manifest(layout.source(dataset))
    return None if manifest is None else Surveyed(**{**manifest.facts, "matrices": tuple(manifest.facts["matrices"])})


def survey(file: H5ad, dataset: str, sha256: str, rules: SurveyRules, layout: CellsLayout) -> tuple[Surveyed, Written]:
    """Look at an open file and write its plan and its units; return what was found, and the files.

    Raises:
        H5adError: the file lacks what the rules need, or its values are not expression.
    """
    matrix, stat = file.matrix(rules.matrix), file.path.stat()
    require_expression(file, matrix)
    found, column = ages.ages_of(file, rules.ages), donors.donor_column(file.obs)
    reasons = _reasons(rules, file, found)
    rows = np.flatnonzero(reasons == "")
    units = file.obs.index() if column is None else donors.donors_of(file.obs.column(column))
    planned = _Planned(rows, units.take(pa.array(rows)), found)
    provenance = Provenance({"source": sha256}, rules.recorded, STEP)
    written = {
        layout.plan(dataset): _write_plan(layout.plan(dataset), provenance, planned, rules.chunk_cells),
        layout.units(dataset): _write_units(layout.units(dataset), provenance, planned),
    }
    names = columns_of(file, rules.lists)
    uns = {key: text for key in ("title", "citation", "schema_version") if (text := file.uns(key)) is not None}
    surveyed = Surveyed(
        path=str(file.path),
        sha256=sha256,
        bytes=stat.st_size,
        modified_ns=stat.st_mtime_ns,
        matrix=rules.matrix,
        matrices=file.matrices,
        layout=matrix.layout,
        dtype=matrix.dtype.name,
        stored=matrix.stored,
        cells=matrix.shape[0],
        genes=matrix.shape[1],
        columns={ours: _type_name(file, name) for name, ours in names.items()},
        renamed={ours: name for name, ours in names.items() if ours != name},
        donor_column=column,
        units=len(planned.units.unique()) - (planned.units.null_count > 0),
        cells_without_unit=planned.units.null_count,
        planned=len(rows),
        dropped=_counted(reasons[reasons != ""]),
        ages=_counted(_age_reasons(found)),
        ranges=-(-len(rows) // rules.chunk_cells),
        uns=uns,
        plan=provenance.fingerprint,
    )
    return surveyed, written


@dataclass(frozen=True)
class _Planned:
    """The cells that pass the filters: their rows, the unit of each, and the ages of all cells."""

    rows: NDArray[np.int64]
    units: pa.Array
    ages: ages.Ages


def _counted(words: NDArray[Any]) -> dict[str, int]:
    return dict(sorted(Counter(words.tolist()).items()))


def _age_reasons(found: ages.Ages) -> NDArray[Any]:
    """Return why each cell has no age, `exact` where it has one."""
    of_kinds = np.array([age.reason if age.reason and age.years is None else "exact" for age in found.kinds], "U32")
    return of_kinds[found.codes]


def _reasons(rules: SurveyRules, file: H5ad, found: ages.Ages) -> NDArray[Any]:
    """Return why each cell is left out, "" where it is kept."""
    reasons = np.full(file.obs.length, "", "U32")
    if rules.ages.required:
        known = found.known
        reasons[~known] = _age_reasons(found)[~known]
    if rules.primary_only:
        reasons[~_primary(file)] = "not_primary"
    return reasons


def _primary(file: H5ad) -> NDArray[np.bool_]:
    if _PRIMARY not in file.obs.names:
        raise H5adError(
            f"{file.path}: obs has no column {_PRIMARY!r}, which 'primary_only: true' needs; leave that key out, or"
            " build this file by a catalogue of its own"
        )
    stored = file.obs.column(_PRIMARY)
    flags = stored if pa.types.is_boolean(stored.type) else pc.equal(pc.utf8_lower(stored.cast(pa.string())), "true")
    primary: NDArray[np.bool_] = pc.fill_null(flags, False).to_numpy(zero_copy_only=False)
    return primary


def _write_plan(path: Path, provenance: Provenance, planned: _Planned, chunk_cells: int) -> Measured:
    reasons = pa.array([age.reason for age in planned.ages.kinds], pa.string())
    settings = {"use_dictionary": ["unit", "age_reason"], "column_encoding": {"row": "DELTA_BINARY_PACKED"}}
    with table_writer(path, PLAN, provenance, **settings) as writer:
        for start in range(0, len(planned.rows), chunk_cells):
            part = planned.rows[start : start + chunk_cells]
            codes = planned.ages.codes[part]
            columns = {
                "row": pa.array(part),
                "unit": planned.units.slice(start, len(part)).cast(PLAN.field("unit").type),
                **{name: _of_kinds(planned.ages, field, codes) for name, field in _AGE_FIELDS.items()},
                "age_reason": reasons.take(pa.array(codes)).dictionary_encode(),
            }
            writer.write(pa.table(columns, PLAN))
    return writer.measured


def _of_kinds(found: ages.Ages, field: str, codes: NDArray[np.int32]) -> pa.Array:
    return pa.array([getattr(age, field) for age in found.kinds], pa.float64()).take(pa.array(codes))


def _write_units(path: Path, provenance: Provenance, planned: _Planned) -> Measured:
    age = _of_kinds(planned.ages, "years", planned.ages.codes[planned.rows])
    cells = pa.table({"unit": planned.units.cast(pa.string()), "age": age}).filter(pc.is_valid(planned.units))
    counted = cells.group_by(["unit", "age"]).aggregate([([], "count_all")])
    ordered = counted.sort_by([("unit", "ascending"), ("age", "ascending")])
    return write_table(path, ordered.rename_columns(UNITS.names).cast(UNITS), provenance)


def columns_of(file: H5ad, lists: Sequence[str]) -> dict[str, str]:
    """Return the columns of obs by their names there, with the names that they have in chunks.

    A column that is named like one of ours gets the prefix `obs_`, as often as needed.
    """
    taken = _OURS | {f"cell_sentence_{name}" for name in lists}
    names: dict[str, str] = {name: name for name in file.obs.names if name not in taken}
    taken |= set(names)
    for name in file.obs.names:
        if name not in names:
            ours = f"obs_{name}"
            while ours in taken:
                ours = f"obs_{ours}"
            names[name] = ours
            taken.add(ours)
    return {name: names[name] for name in file.obs.names}


def _type_name(file: H5ad, name: str) -> str:
    kind = file.obs.column(name, 0, 0).type
    return str(kind.value_type if pa.types.is_dictionary(kind) else kind)


def require_expression(file: H5ad, matrix: Matrix) -> None:
    """Ensure that the values of a matrix can be ranked, by a look at some of its first, middle and last rows.

    Raises:
        H5adError: some are negative or not finite.
    """
    for values in some_values(matrix):
        if fault := fault_of(values):
            raise H5adError(fault_text(file.path, matrix.name, fault, file.matrices))


def some_values(matrix: Matrix) -> list[NDArray[Any]]:
    """Return stored values of some of a matrix's rows, or of some columns if it is in CSC."""
    if matrix.layout == "csc":
        return [values for _, (_, _, values) in zip(range(1), matrix.by_columns(), strict=False)]
    begins = sorted({0, matrix.shape[0] // 2, max(0, matrix.shape[0] - _SAMPLE_ROWS)})
    looks = [np.arange(begin, min(begin + _SAMPLE_ROWS, matrix.shape[0])) for begin in begins]
    return [rows.values for look in looks for rows in matrix.rows(look)]


def fault_text(path: Path, name: str, fault: Fault, matrices: Sequence[str]) -> str:
    """Return what is wrong with a matrix, and which other one to take."""
    others = [other for other in matrices if other != name]
    remedy = f"set 'matrix' to {' or '.join(others)}" if others else "it has no other matrix: write counts into X"
    why = "such as scaled ones" if fault == "negative" else "NaN or infinity"
    return f"{path}: {name} holds values that are {fault} ({why}), which can't be ranked as expression; {remedy}"
