"""The tables over all datasets: chunks, what was left out, the vocabulary, what became of each file, the preview."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from genatator_assets.cells.layout import CellsLayout
from genatator_assets.cells.outcomes import read_failure
from genatator_assets.cells.preview import preview_of
from genatator_assets.cells.survey import read_surveyed
from genatator_assets.cells.symbols import read_named
from genatator_assets.work.made import recorded
from genatator_assets.work.manifest import Manifest, read_manifest
from genatator_assets.work.outcome import Outcome, guarded
from genatator_assets.work.tables import read_table, write_table
from genatator_assets.work.unit import OnlyTask, Provenance, Step, Unit

CHUNKS = pa.schema(
    [
        ("dataset", pa.string()),
        ("split", pa.string()),
        ("path", pa.string()),
        ("cells", pa.int64()),
        ("bytes", pa.int64()),
        ("sha256", pa.string()),
    ]
)
"""A row per chunk; `path` is relative to the root, `split` null where there is none."""

DROPPED = pa.schema([("dataset", pa.string()), ("reason", pa.string()), ("cells", pa.int64())])
"""How many cells of each dataset were left out, by reason."""

VOCABULARY = pa.schema([("symbol", pa.string()), ("cells", pa.int64()), ("datasets", pa.int32())])
"""All symbols, and how many of the cells with a sentence express each, before sentences are cut."""

FITS = pa.schema(
    [
        ("dataset", pa.string()),
        ("cells", pa.int64()),
        ("points", pa.int64()),
        ("scale", pa.string()),
        *((name, pa.float64()) for name in ("slope", "intercept", "r2", "pearson", "spearman")),
    ]
)
"""How well the rank tells expression in some cells of each dataset; `fits.py` says how it is computed."""

SUMMARY = pa.schema(
    [
        ("dataset", pa.string()),
        ("status", pa.string()),
        *((name, pa.int64()) for name in ("cells", "kept", "dropped", "train", "test", "donors", "bytes")),
        *((name, pa.string()) for name in ("matrix", "layout", "dataset_id", "collection_id", "publication_doi")),
        ("symbols_share", pa.float64()),
        ("file", pa.string()),
        ("sha256", pa.string()),
        ("error", pa.string()),
    ]
)
"""A row per dataset of the catalogue. `status` is built, failed, or absent where a step was not run; `error` names the
step that failed and why. `symbols_share` is the share of genes that have a symbol."""


STEP = Step("cell_tables", 2)
AGE_YEARS = 10
"""Cells are counted by age in stretches of so many years."""

ASSET = "cell_dataset"


@dataclass(frozen=True)
class GatherTask(OnlyTask):
    """The tables over all datasets of a catalogue, and the units of those that are built."""

    root: Path
    datasets: tuple[str, ...]
    run_id: str | None = None

    @property
    def layout(self) -> CellsLayout:
        """Where its files stand."""
        return CellsLayout(self.root)

    @cached_property
    def built(self) -> dict[str, Manifest]:
        """The manifests of the datasets that are built."""
        found = {name: read_manifest(self.layout.manifest(name)) for name in self.datasets}
        return {name: manifest for name, manifest in found.items() if manifest is not None}

    @cached_property
    def units(self) -> dict[str, Unit]:
        """All the tables."""
        inputs = {name: manifest.fingerprint for name, manifest in self.built.items()}
        failures = {name: dict(read_failure(self.layout, name)) for name in self.datasets}
        return {ASSET: Unit(self.root, self.layout.gathered, Provenance(inputs, {"failures": failures}, STEP))}


def build_tables(tasks: Sequence[GatherTask]) -> list[Outcome]:
    """Write the tables over all datasets that are built."""
    return [guarded(_build, task) for task in tasks]


def _build(task: GatherTask) -> Outcome:
    unit, layout, built = task.units[ASSET], task.layout, task.built
    if unit.finished():
        return Outcome(task.key, "intact")
    unit.begin()
    summary = [_summary(name, built.get(name), layout) for name in task.datasets]
    chunks = [row for name, manifest in built.items() for row in _chunks(name, manifest)]
    fits = [{"dataset": name, **one.facts["rank_fit"]} for name, one in built.items() if one.facts["rank_fit"]]
    tables = {
        layout.summary: pa.Table.from_pylist(summary, SUMMARY),
        layout.chunks: pa.Table.from_pylist(chunks, CHUNKS),
        layout.dropped: pa.Table.from_pylist([row for one in built.items() for row in _dropped(*one)], DROPPED),
        layout.fits: pa.Table.from_pylist(fits, FITS),
        layout.vocabulary: _vocabulary(built, layout),
        **{layout.preview(split): cells for split, cells in preview_of(task.root, chunks).items()},
    }
    for path in layout.preview(None).parent.glob("*.parquet"):
        if path not in tables:  # the splits of an earlier build
            path.unlink()
    with recorded(unit.manifest, task.run_id):
        written = {path: write_table(path, table, unit.provenance) for path, table in tables.items()}
    facts = {
        "datasets": len(built),
        "chunks": len(chunks),
        "cells": sum(row["cells"] for row in chunks),
        "bytes": sum(row["bytes"] for row in chunks),
        "symbols": len(tables[layout.vocabulary]),
        **_distributions([task.root / row["path"] for row in chunks]),
        "absent": [name for name in task.datasets if name not in built],
    }
    unit.finish(written, facts)
    return Outcome(task.key, "built")


def _distributions(paths: Sequence[Path]) -> dict[str, Any]:
    """Count cells by decade of age and split, and by tissue, as far as their datasets tell it."""
    ages: dict[str, Counter[str]] = defaultdict(Counter)
    tissues = Counter[str]()
    for path in paths:
        wanted = [name for name in ("age", "split", "tissue") if name in pq.read_schema(path).names]
        table = pq.read_table(path, columns=wanted, partitioning=None)
        if "tissue" in wanted:
            counted = pc.value_counts(table["tissue"].cast(pa.string())).to_pylist()
            tissues.update({one["values"]: one["counts"] for one in counted if one["values"] is not None})
        decades = pc.multiply(pc.floor(pc.divide(table["age"], float(AGE_YEARS))), float(AGE_YEARS))
        by = pa.table({"age": decades, "split": pc.fill_null(table["split"].cast(pa.string()), "all")})
        for row in by.group_by(["age", "split"]).aggregate([([], "count_all")]).to_pylist():
            if row["age"] is not None:
                ages[str(int(row["age"]))][row["split"]] += row["count_all"]
    return {"ages": {age: dict(counts) for age, counts in ages.items()}, "tissues": dict(tissues)}


def _chunks(dataset: str, manifest: Manifest) -> Iterable[dict[str, Any]]:
    for output in manifest.outputs:
        if output.path in manifest.facts["chunks"]:
            folder = output.path.split("/")[-2]
            split = folder if folder in ("train", "test") and output.path.count("/") == 3 else None
            cells = manifest.facts["chunks"][output.path]
            yield {"dataset": dataset, "split": split, "cells": cells, **vars(output)}


def _dropped(dataset: str, manifest: Manifest) -> Iterable[dict[str, Any]]:
    dropped = manifest.facts["dropped"].items()
    return ({"dataset": dataset, "reason": reason, "cells": cells} for reason, cells in dropped)


def _vocabulary(manifests: Mapping[str, Manifest], layout: CellsLayout) -> pa.Table:
    """Add up the counts of all ranges, dataset by dataset."""
    counts = []
    for dataset in manifests:
        ranges = [read_table(path) for path in sorted(layout.counts(dataset, 0).parent.glob("*.parquet"))]
        if ranges:
            counts.append(pa.concat_tables(ranges).group_by("symbol").aggregate([("cells", "sum")]))
    if not counts:
        return VOCABULARY.empty_table()
    added = pa.concat_tables(counts).group_by("symbol").aggregate([("cells_sum", "sum"), ([], "count_all")])
    return added.rename_columns(VOCABULARY.names).cast(VOCABULARY).sort_by("symbol")


def _summary(dataset: str, manifest: Manifest | None, layout: CellsLayout) -> dict[str, Any]:
    """Return a row of `SUMMARY`; what is not known of a dataset is null."""
    failure = read_failure(layout, dataset)
    row: dict[str, Any] = {
        "dataset": dataset,
        "status": "failed" if failure else "built" if manifest else "absent",
        "error": f"{failure['step']}: {failure['error']}" if failure else None,
    }
    if (found := read_surveyed(layout, dataset)) is not None:
        donors = found.units if found.donor_column else None
        row |= {"cells": found.cells, "matrix": found.matrix, "layout": found.layout, "donors": donors}
        row |= {"file": found.path, "sha256": found.sha256}
    if (named := read_named(layout, dataset)) is not None:
        row["symbols_share"] = named.share
    if manifest is not None:
        facts = manifest.facts
        row |= {"kept": sum(facts["kept"].values()), "dropped": sum(facts["dropped"].values()), "bytes": facts["bytes"]}
        row |= {split: facts["kept"].get(split, 0) for split in ("train", "test") if "None" not in facts["kept"]}
        row |= {name: facts["publication"][name] for name in ("dataset_id", "collection_id", "publication_doi")}
    return row
