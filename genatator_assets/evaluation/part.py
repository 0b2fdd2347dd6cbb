"""What the evaluation kit is to the platform: its assets, its check, and its page of the card."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.part import (
    PREPARE,
    Asset,
    Check,
    Finding,
    Part,
    Partitions,
    ReleasedFile,
    Shown,
    Stage,
)
from genatator_assets.catalogue.values import SPLITS
from genatator_assets.evaluation.publish import TRANSCRIPTS_SCHEMA
from genatator_assets.evaluation.round_trip import round_trip
from genatator_assets.evaluation.scores import SCHEMA, rows_table
from genatator_assets.evaluation.section import Evaluation
from genatator_assets.evaluation.tasks import (
    EvaluationTask,
    TruthTask,
    build_evaluation,
    build_truth,
    evaluation_tasks,
    prediction_names,
    truth_tasks,
)
from genatator_assets.work.layout import Layout
from genatator_assets.work.manifest import Manifest
from genatator_assets.work.tables import read_table
from genatator_assets.work.text import Markdown, TextTable

_LEVELS = ("gene", "interval", "site", "base", "nucleotide")
_KINDS = {"gene": ("overlap", "cds_chain"), "interval": ("transcript",), "site": ("tss", "polya")}
_ABOUT_K = 50


def page(catalogue: Catalogue, root: Path) -> Sequence[str | TextTable]:
    """Return the scores of all predictions that are finished, side by side, at one k."""
    layout = Layout(root)
    files = [layout.evaluation(name) / "scores.parquet" for name in prediction_names(catalogue, root)]
    tables = [read_table(file) for file in files if file.is_file()]
    if not tables:
        return []
    k = min(catalogue.section(Evaluation).k, key=lambda one: abs(one - _ABOUT_K))
    rows = [
        row
        for row in pa.concat_tables(tables).to_pylist()
        if row["subset"] == "all" and row["k"] in (None, k) and row["kind"] in _KINDS.get(row["level"], (row["kind"],))
    ]
    found = (rows_table(f"Scores: {level}", [row for row in rows if row["level"] == level], level) for level in _LEVELS)
    return [table for table in found if table.rows]


def targets_give_the_truth_back(_: Catalogue, root: Path) -> Finding:
    """Score the dataset's own targets as if they were predictions, on every split that has targets."""
    layout = Layout(root)
    found = []
    for split in SPLITS:
        if (layout.truth(split) / "transcripts.parquet").is_file():
            found += [(split, one) for one in round_trip(layout, split)]
    columns = ("split", "genome", "chrom", "channels", "right", "predicted", "true")
    rows = tuple(
        (split, one.genome, one.chrom, one.channels, one.right, one.predicted, one.true) for split, one in found[:20]
    )
    return Finding(len(found), columns, rows)


def _released(catalogue: Catalogue, root: Path) -> list[ReleasedFile]:
    """Return the truth of every split, and the scores."""
    layout = Layout(root)
    folders = [layout.truth(split) for split in SPLITS]
    folders += [layout.evaluation(name) for name in prediction_names(catalogue, root)]
    files = [file for folder in folders if folder.is_dir() for file in sorted(folder.rglob("*")) if file.is_file()]
    kept = (file for file in files if file.suffix not in (".json", ".made"))
    return [ReleasedFile(file.relative_to(root).as_posix(), file) for file in kept]


def _shown_truth(task: TruthTask, manifests: Mapping[str, Manifest]) -> Mapping[str, Shown]:
    counts = manifests["truth"].facts["transcripts"]
    shown = {f"transcripts of {split}": count for split, count in counts.items()}
    return {"truth": {"uri": Layout(task.root).truth(task.splits[0]).parent, "rows": sum(counts.values()), **shown}}


def _shown_scores(task: EvaluationTask, manifests: Mapping[str, Manifest]) -> Mapping[str, Shown]:
    folder = Layout(task.root).evaluation(task.key)
    rows = [row for row in read_table(folder / "scores.parquet").to_pylist() if row["subset"] == "all"]
    picture = base64.b64encode((folder / "curves.svg").read_bytes()).decode()
    tables = {level: rows_table("", [row for row in rows if row["level"] == level], level) for level in _LEVELS}
    shown: dict[str, int | Path | TextTable | Markdown] = {
        "uri": folder,
        "rows": manifests["evaluation"].facts["rows"],
        "precision and recall": Markdown(f"![precision and recall](data:image/svg+xml;base64,{picture})"),
        **{level: table for level, table in tables.items() if table.rows},
    }
    return {"evaluation": shown}


_FROM = {"gene": "gene_id", "transcript": "transcript_id", "tss": "start", "polya": "end"}

PART = Part(
    name="evaluation",
    title="Evaluation",
    stages=(
        Stage(
            (
                Asset(
                    "truth",
                    "What predictions of each split are compared with: gene models, transcripts, sites, regions.",
                    after=("selected_isoforms",),
                    schema=TRANSCRIPTS_SCHEMA,
                    columns_from={
                        name: f"selected_isoforms.{_FROM.get(name, name)}" for name in TRANSCRIPTS_SCHEMA.names
                    },
                ),
            ),
            truth_tasks,
            build_truth,
            job=PREPARE,
            show=_shown_truth,
        ),
        Stage(
            (
                Asset(
                    "evaluation",
                    "The scores of a prediction against its split, at every level, with matches and mistakes.",
                    after=("truth",),
                    schema=SCHEMA,
                    columns_from=dict.fromkeys(SCHEMA.names, "the prediction, truth"),
                ),
            ),
            evaluation_tasks,
            build_evaluation,
            Partitions("predictions", prediction_names),
            show=_shown_scores,
        ),
    ),
    checks=(
        Check(
            "round_trip",
            "truth",
            "The targets, taken as predictions, give all sites and spans of the annotation back, to the base.",
            targets_give_the_truth_back,
        ),
    ),
    page=page,
    release=_released,
)
