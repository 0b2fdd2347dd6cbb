"""The tables over all datasets: chunks, what was left out, the vocabulary, what became of each file."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from genatator_assets.cells.build import read_failure
from genatator_assets.cells.layout import CellsLayout
from genatator_assets.cells.survey import read_surveyed
from genatator_assets.errors import DatasetError
from genatator_assets.work.manifest import Manifest, read_manifest
from genatator_assets.work.tables import read_table, write_table
from genatator_assets.work.unit import Provenance

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


@dataclass(frozen=True)
class Gathered:
    """What all datasets hold together; `absent` are those that are not built."""

    datasets: int
    chunks: int
    cells: int
    bytes: int
    absent: tuple[str, ...]


def gather(datasets: Sequence[str], layout: CellsLayout) -> Gathered:
    """Write the tables over all datasets that are built.

    Raises:
        DatasetError: none is.
    """
    manifests = {name: manifest for name in datasets if (manifest := read_manifest(layout.manifest(name)))}
    summary = [_summary(name, manifests.get(name), layout) for name in datasets]
    made_from = Provenance({name: manifest.fingerprint for name, manifest in manifests.items()})

    def write(path: Any, rows: list[dict[str, Any]], schema: pa.Schema) -> None:
        write_table(path, pa.Table.from_pylist(rows, schema), made_from)

    write(layout.summary, summary, SUMMARY)
    if not manifests:
        failed = "; ".join(f"{row['dataset']}: {row['error']}" for row in summary if row["error"])
        raise DatasetError(f"no dataset of cells is built{': ' + failed if failed else '; build the chunks first'}")
    chunks = [row for name, manifest in manifests.items() for row in _chunks(name, manifest)]
    write(layout.chunks, chunks, CHUNKS)
    write(layout.dropped, [row for name, one in manifests.items() for row in _dropped(name, one.facts)], DROPPED)
    fits = [{"dataset": name, **one.facts["rank_fit"]} for name, one in manifests.items() if one.facts["rank_fit"]]
    write(layout.fits, fits, FITS)
    write_table(layout.vocabulary, _vocabulary(manifests, layout), made_from)
    return Gathered(
        datasets=len(manifests),
        chunks=len(chunks),
        cells=sum(row["cells"] for row in chunks),
        bytes=sum(row["bytes"] for row in chunks),
        absent=tuple(name for name in datasets if name not in manifests),
    )


def _chunks(dataset: str, manifest: Manifest) -> Iterable[dict[str, Any]]:
    for output in manifest.outputs:
        if output.path in manifest.facts["chunks"]:
            folder = output.path.split("/")[-2]
            split = folder if folder in ("train", "test") and output.path.count("/") == 3 else None
            cells = manifest.facts["chunks"][output.path]
            yield {"dataset": dataset, "split": split, "cells": cells, **vars(output)}


def _dropped(dataset: str, facts: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    return ({"dataset": dataset, "reason": reason, "cells": cells} for reason, cells in facts["dropped"].items())


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
    if read_manifest(layout.source(dataset)) is not None:
        found = read_surveyed(layout, dataset)
        donors = found.units if found.donor_column else None
        row |= {"cells": found.cells, "matrix": found.matrix, "layout": found.layout, "donors": donors}
        row |= {"file": found.path, "sha256": found.sha256}
    if (genes := read_manifest(layout.genes_manifest(dataset))) is not None:
        named = sum(
            genes.facts["symbols"].get(source, 0)
            for source in ("hgnc", "table", "assembly", "feature_name", "var_name")
        )
        row["symbols_share"] = named / genes.facts["genes"] if genes.facts["genes"] else None
    if manifest is not None:
        facts = manifest.facts
        row |= {"kept": sum(facts["kept"].values()), "dropped": sum(facts["dropped"].values()), "bytes": facts["bytes"]}
        row |= {split: facts["kept"].get(split, 0) for split in ("train", "test") if "None" not in facts["kept"]}
        row |= {name: facts["publication"][name] for name in ("dataset_id", "collection_id", "publication_doi")}
    return row
