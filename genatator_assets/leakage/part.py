"""What the leakage report is to the platform: its assets, its check, and its page of the card."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.part import (
    FINISH,
    GENOMES,
    PREPARE,
    Asset,
    Check,
    Finding,
    Part,
    ReleasedFile,
    Shown,
    Stage,
)
from genatator_assets.leakage.report import (
    LEAKED,
    STATISTICS_SCHEMA,
    WINDOWS_SCHEMA,
)
from genatator_assets.leakage.section import Leakage
from genatator_assets.leakage.sketch import SCHEMA as SKETCH_SCHEMA
from genatator_assets.leakage.sketch import SketchTask, build_sketches
from genatator_assets.leakage.tasks import (
    LeakageTask,
    StatisticsTask,
    build_leakage,
    build_statistics,
    report_tasks,
    sketch_tasks,
    statistics_tasks,
)
from genatator_assets.work.layout import Layout
from genatator_assets.work.manifest import Manifest
from genatator_assets.work.tables import read_table
from genatator_assets.work.text import TextTable

WARN_OVER = 0.01
"""Unless the catalogue states a limit, the check fails if more windows of test than this share are leaked."""


def page(_: Catalogue, root: Path) -> Sequence[str | TextTable]:
    """Return what the card says: a sentence for each judged split, and the table."""
    path = Layout(root).statistics("leakage")
    if not path.is_file():
        return []
    rows = read_table(path).to_pylist()
    sentences = [
        f"**Leakage.** {row['share']:.1%} of the windows of {row['split']} that could be judged ({row['leaked']:,} of"
        f" {row['judged']:,}) have at least half of their k-mers in train: a model has seen them, or a close copy."
        for row in rows
        if (row["unit"], row["relation"], row["threshold"]) == ("window", "any", LEAKED) and row["share"] is not None
    ]
    return [*sentences, _table(rows)]


def _table(rows: Sequence[Mapping[str, object]]) -> TextTable:
    header = ("split", "unit", "relation", "rule", "threshold", "judged", "leaked", "share")
    cells = tuple(tuple(_cell(name, row[name]) for name in header) for row in rows if row["judged"])
    return TextTable("Homologous sequence in train", header, cells)


def _cell(name: str, value: object) -> str:
    if name == "share":
        return f"{value:.4f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def leaked_windows_of_test(catalogue: Catalogue, root: Path) -> Finding:
    """Find the windows of test that are leaked, if they are more than the limit."""
    limit = catalogue.section(Leakage).fail_over or WARN_OVER
    windows = read_table(Layout(root).leakage("windows"))
    judged = windows.filter(pc.and_(windows["judged"], pc.equal(windows["split"], "test")))
    leaked = judged.filter(pc.greater_equal(judged["score"], LEAKED))
    share = len(leaked) / len(judged) if len(judged) else 0.0
    note = f"{share:.2%} of {len(judged):,} judged windows of test, at most {limit:.2%} are allowed"
    if share <= limit:
        return Finding(0, note=note)
    columns = ("genome", "chrom", "start", "end", "score", "best_genome")
    worst = leaked.take(np.argsort(-leaked["score"].to_numpy(), kind="stable")[:20]).select(columns)
    return Finding(len(leaked), columns, tuple(tuple(row.values()) for row in worst.to_pylist()), note)


def _released(_: Catalogue, root: Path) -> list[ReleasedFile]:
    layout = Layout(root)
    files = [layout.leakage(name) for name in ("windows", "genes", "blocks", "masked")]
    files += [layout.train_mask, layout.statistics("leakage")]
    return [ReleasedFile(file.relative_to(root).as_posix(), file) for file in files if file.is_file()]


def _shown_sketches(task: SketchTask, manifests: Mapping[str, Manifest]) -> Mapping[str, Shown]:
    facts = manifests["kmer_sketches"].facts
    return {"kmer_sketches": {"uri": task.unit.manifest.parent, "rows": facts["hashes"], **facts}}


def _shown_report(task: LeakageTask, manifests: Mapping[str, Manifest]) -> Mapping[str, Shown]:
    facts = manifests["leakage"].facts
    counts = {name.replace("_", " "): value for name, value in facts.items() if isinstance(value, int)}
    uri = Layout(task.judging.root).leakage("windows")
    return {"leakage": {"uri": uri, "rows": facts["windows"], **counts}}


def _shown_statistics(task: StatisticsTask, manifests: Mapping[str, Manifest]) -> Mapping[str, Shown]:
    path = Layout(task.root).statistics("leakage")
    rows = manifests["leakage_statistics"].facts["rows"]
    return {"leakage_statistics": {"uri": path, "rows": rows, "leakage": _table(read_table(path).to_pylist())}}


PART = Part(
    name="leakage",
    title="Leakage",
    stages=(
        Stage(
            (
                Asset(
                    "kmer_sketches",
                    "The sampled k-mers of a genome's chromosomes, so that a new test set need not read train again.",
                    after=("assembly",),
                    schema=SKETCH_SCHEMA,
                    columns_from={"hash": "assembly.sequence", "copies": "assembly.sequence"},
                ),
            ),
            sketch_tasks,
            build_sketches,
            GENOMES,
            job=PREPARE,
            show=_shown_sketches,
        ),
        Stage(
            (
                Asset(
                    "leakage",
                    "How much of each window and gene of validation and test occurs in train.",
                    after=("kmer_sketches", "selected_isoforms"),
                    schema=WINDOWS_SCHEMA,
                    columns_from={
                        name: "kmer_sketches.hash" if name.startswith(("score", "best")) else "assembly"
                        for name in WINDOWS_SCHEMA.names
                    },
                ),
            ),
            report_tasks,
            build_leakage,
            show=_shown_report,
        ),
        Stage(
            (
                Asset(
                    "leakage_statistics",
                    "How many windows, nucleotides, genes and blocks of each judged split are leaked.",
                    after=("leakage", "block_index"),
                    schema=STATISTICS_SCHEMA,
                    columns_from=dict.fromkeys(STATISTICS_SCHEMA.names, "leakage, block_index"),
                ),
            ),
            statistics_tasks,
            build_statistics,
            job=FINISH,
            show=_shown_statistics,
        ),
    ),
    checks=(
        Check(
            "test_is_not_in_train",
            "leakage",
            "Few windows of test have half or more of their k-mers in train: 1 %, or what the catalogue allows.",
            leaked_windows_of_test,
        ),
    ),
    page=page,
    release=_released,
)
