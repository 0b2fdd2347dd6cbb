"""The scores of predictions as a table, the questions that are put to it, and what is shown of it."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.catalogue.values import nearest
from genatator_assets.errors import EvaluationError
from genatator_assets.evaluation.mistakes import MATCHES_SCHEMA, Mistake
from genatator_assets.evaluation.scoring import Score
from genatator_assets.work.text import TextTable

SCHEMA = pa.schema(
    [
        ("dataset", pa.string()),
        ("split", pa.string()),
        ("prediction", pa.string()),
        ("sha256", pa.string()),
        ("level", pa.string()),
        ("kind", pa.string()),
        ("k", pa.int32()),
        ("stranded", pa.bool_()),
        ("subset", pa.string()),
        ("tp_pred", pa.int64()),
        ("n_pred", pa.int64()),
        ("tp_true", pa.int64()),
        ("n_true", pa.int64()),
        ("precision", pa.float64()),
        ("recall", pa.float64()),
        ("f1", pa.float64()),
        ("extra", pa.string()),
    ]
)
"""A row per prediction, level, kind, k and subset. Precision is tp_pred / n_pred, recall tp_true / n_true, null where
nothing is divided; `extra` is JSON: further counts, bootstrap intervals (`ci95`), and what only one level has."""

_METRIC = re.compile(r"(?P<level>[a-z]+)(?:\.(?P<kind>[A-Za-z_+-]+))?(?:@(?P<k>\d+))?\.(?P<what>[a-z_0-9]+)")
_KINDS = {
    "gene": "overlap",
    "interval": "transcript",
    "structure": "transcript",
    "chain": "intron",
    "part": "exon",
    "base": "exon",
    "nucleotide": "mean",
}
_RATIOS = ("precision", "recall", "f1")

Curves = Mapping[str, tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]
"""Recall and precision by channel."""


@dataclass(frozen=True, eq=False)
class Scored:
    """One prediction's scores, and what they were computed from."""

    name: str
    sha256: str
    scores: Sequence[Score]
    matches: pa.Table
    mistakes: Sequence[Mistake]
    curves: Curves
    dropped: Mapping[str, int]
    distances: Mapping[str, Sequence[int]]


@dataclass(frozen=True, eq=False, repr=False)
class Scores:
    """Scores of one or several predictions against one truth.

    `table` has the columns of SCHEMA, `matches` those of MATCHES_SCHEMA. `about` says what decides the numbers.
    """

    table: pa.Table
    matches: pa.Table
    predictions: tuple[Scored, ...]
    about: Mapping[str, str] = field(default_factory=dict)

    def value(self, metric: str, prediction: str | None = None) -> float | None:
        """Return one number, of everything: `level[.kind][@k].what`, such as interval@50.f1 or site.tss@100.recall.

        Also nucleotide.average_precision (the mean) and what else `extra` has. None where it is not defined.

        Raises:
            EvaluationError: there is no such number.
        """
        found = _METRIC.fullmatch(metric)
        if not found:
            raise EvaluationError(f"{metric!r} is not a metric; expected level[.kind][@k].what, such as interval@50.f1")
        level, kind, what = found["level"], found["kind"] or _KINDS.get(found["level"]), found["what"]
        k = int(found["k"]) if found["k"] else None
        rows = [row for row in self.rows(prediction) if row["subset"] == "all"]
        for key, value in (("level", level), ("kind", kind), ("k", k)):
            known = list(dict.fromkeys(row[key] for row in rows))
            rows = [row for row in rows if row[key] == value]
            if not rows:
                hint = nearest(str(value), [str(one) for one in known])
                raise EvaluationError(
                    f"{metric!r}: no {key} {value!r}{hint}; there are {', '.join(map(str, known)) or 'none'}"
                )
        values = rows[0] if what in _RATIOS else json.loads(rows[0]["extra"])
        if not isinstance(values.get(what, ""), float | int | None):
            numbers = [name for name, value in json.loads(rows[0]["extra"]).items() if isinstance(value, float | int)]
            raise EvaluationError(f"{metric!r}: no number {what!r}; there are {', '.join((*_RATIOS, *numbers))}")
        value = values[what]
        return None if value is None else float(value)

    def rows(self, prediction: str | None = None) -> list[dict[str, Any]]:
        """Return the rows of the table as dictionaries: all, or those of one prediction."""
        table = self.table
        wanted = table if prediction is None else table.filter(pc.equal(table["prediction"], prediction))
        return list(wanted.to_pylist())

    def save(self, folder: str | Path) -> list[Path]:
        """Write scores.parquet, matches.parquet, errors.gff3, scores.md and curves.svg; return their paths."""
        from genatator_assets.evaluation.report import write_report  # noqa: PLC0415 - it needs this module

        return list(write_report(self, Path(folder)))

    def __repr__(self) -> str:
        """Return a short summary."""
        names = ", ".join(one.name for one in self.predictions)
        return f"<scores of {names} against {self.about.get('truth', 'a truth')}: {len(self.table):,} rows>"


def table_of(scored: Sequence[Scored], dataset: str, split: str, stranded: bool) -> pa.Table:
    """Return the scores of predictions as a table (SCHEMA)."""
    rows = [
        {
            "dataset": dataset,
            "split": split,
            "prediction": one.name,
            "sha256": one.sha256,
            "stranded": stranded,
            "extra": json.dumps(row.more, sort_keys=True),
            **{name: getattr(row, name) for name in SCHEMA.names if hasattr(row, name)},
        }
        for one in scored
        for row in one.scores
    ]
    return pa.Table.from_pylist(rows, SCHEMA)


def matches_of(scored: Sequence[Scored]) -> pa.Table:
    """Return the matches of all predictions."""
    return pa.concat_tables([MATCHES_SCHEMA.empty_table(), *(one.matches for one in scored)])


def text_tables(scores: Scores, subset: str = "all") -> Iterator[TextTable]:
    """Return a table for each level, predictions below each other, of what was counted in a subset."""
    rows = [row for row in scores.rows() if row["subset"] == subset]
    for level in dict.fromkeys(row["level"] for row in rows):
        table = rows_table(level, [row for row in rows if row["level"] == level], level)
        if table.rows:
            yield table


def rows_table(title: str, rows: Sequence[Mapping[str, Any]], level: str) -> TextTable:
    """Return rows of one level as text; without those where there is nothing to be counted."""
    if level == "nucleotide":
        return TextTable(title, _NUCLEOTIDE, tuple(map(_nucleotide, rows)))
    return TextTable(title, _COUNTED, tuple(_counted(row) for row in rows if row["n_pred"] or row["n_true"]))


_COUNTED = ("prediction", "kind", "k", "right", "predicted", "found", "true", "precision", "recall", "F1", "F1, 95 %")
_NUCLEOTIDE = ("prediction", "channel", "AP", "base rate", "ROC-AUC", "best F1", "threshold", "F1 at 0.5", "left out")


def _counted(row: Mapping[str, Any]) -> tuple[str, ...]:
    counts = (f"{row[name]:,}" for name in ("tp_pred", "n_pred", "tp_true", "n_true"))
    interval = json.loads(row["extra"])["ci95"]["f1"]
    shown = f"{interval[0]:.3f}-{interval[1]:.3f}" if interval else ""
    ratios = (_ratio(row[name]) for name in _RATIOS)
    return (row["prediction"], row["kind"], "" if row["k"] is None else str(row["k"]), *counts, *ratios, shown)


def _nucleotide(row: Mapping[str, Any]) -> tuple[str, ...]:
    extra = json.loads(row["extra"])
    numbers = (extra.get(name) for name in ("average_precision", "base_rate", "roc_auc", "best_f1", "best_threshold"))
    dropped = extra.get("dropped")
    return (
        row["prediction"],
        row["kind"],
        *map(_ratio, numbers),
        _ratio(row["f1"]),
        "" if dropped is None else f"{dropped:,}",
    )


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
