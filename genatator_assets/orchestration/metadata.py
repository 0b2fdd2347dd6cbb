"""What a person sees of a materialisation: schemas, counts, tables and where the files are."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa

from genatator_assets.annotation.landmarks import STRANDS
from genatator_assets.annotation.transcripts import AnnotationSummary
from genatator_assets.blocks.contract import block_intervals
from genatator_assets.catalogue import Catalogue
from genatator_assets.dataset.card import TextTable, format_bp
from genatator_assets.dataset.index import IndexSummary
from genatator_assets.sources.chromosomes import Chromosome
from genatator_assets.version import __version__
from genatator_assets.work.layout import Layout

Metadata = dict[str, Any]

_SHOWN_ROWS = 40


def column_schema(schema: pa.Schema) -> Metadata:
    """Give the entry that makes the UI show an asset's columns."""
    columns = [dg.TableColumn(field.name, str(field.type)) for field in schema]
    return {"dagster/column_schema": dg.TableSchema(columns)}


def of_assembly(layout: Layout, chromosomes: list[Chromosome]) -> Metadata:
    """What is shown of an imported assembly."""
    included = [chromosome for chromosome in chromosomes if chromosome.included]
    first = sorted(chromosomes, key=lambda chromosome: -chromosome.length)[:_SHOWN_ROWS]
    rows = [(c.chrom, f"{c.length:,}", c.split or "-", c.reason or "included") for c in first]
    return {
        **_stored(layout.chromosomes(chromosomes[0].genome), len(chromosomes)),
        "included chromosomes": len(included),
        "left out": len(chromosomes) - len(included),
        "included bp": sum(chromosome.length for chromosome in included),
        "longest sequences": markdown_table(("chrom", "bp", "split", "included or why not"), rows),
    }


def of_annotation(layout: Layout, summary: AnnotationSummary) -> Metadata:
    """What is shown of an annotation."""
    reasons = [(reason, f"{count:,}") for reason, count in summary.reasons.items()]
    rows = [(feature, f"{count:,}") for feature, count in summary.rows.items()]
    return {
        **_stored(layout.transcripts(summary.genome), summary.transcripts),
        "flavour": summary.flavour,
        "selected": summary.reasons.get("selected", 0),
        "transcripts by reason": markdown_table(("reason", "transcripts"), reasons),
        "rows of the file": markdown_table(("type", "rows"), rows),
    }


def of_catalogue(catalogue: Catalogue, included: Mapping[str, list[Chromosome]]) -> Metadata:
    """What is shown of all chromosomes that there are to build."""
    absent = [genome for genome in catalogue.genomes if genome not in included]
    rows = []
    for genome, chromosomes in included.items():
        for split in sorted({str(chromosome.split) for chromosome in chromosomes}):
            lengths = [chromosome.length for chromosome in chromosomes if chromosome.split == split]
            blocks = sum(len(block_intervals(length, catalogue.block_size_bp)) for length in lengths)
            rows.append((genome, split, f"{len(lengths):,}", f"{blocks:,}", format_bp(sum(lengths))))
    return {
        "dagster/row_count": sum(len(chromosomes) for chromosomes in included.values()),
        "genomes not imported yet": ", ".join(absent) or "none",
        "plan": markdown_table(("genome", "split", "chromosomes", "blocks", "nt"), rows),
    }


def of_targets(facts: Mapping[str, Any]) -> str:
    """Say what a chromosome's targets hold."""
    tss, polya = (
        sum(facts[sites][f"combined {strand}"] for strand in STRANDS) for sites in ("tss_sites", "polya_sites")
    )
    return f"{facts['runs']:,} runs from {tss:,} TSS and {polya:,} polyA sites"


def of_blocks(facts: Mapping[str, Any]) -> str:
    """Say what a chromosome's blocks hold."""
    return f"{facts['blocks']:,} blocks, {facts['nt']:,} nt, {facts['bytes']:,} bytes"


def of_partition(
    asset: dg.AssetKey, partition: str, holds: str, version: str, made_from: Mapping[dg.AssetKey, str]
) -> dg.AssetMaterialization:
    """Record a chromosome by an event as brief as can be: there are thousands, and SQLite keeps two copies of each.

    The tags are those that Dagster itself gives to a run's own result: by them it knows what is out of date. Which
    event it was that told of an input is left open, because that can't be known here.
    """
    tags = {"dagster/code_version": __version__, "dagster/data_version": version}
    for parent, of_parent in made_from.items():
        tags[f"dagster/input_data_version/{parent.to_user_string()}"] = of_parent
        tags[f"dagster/input_event_pointer/{parent.to_user_string()}"] = "NULL"
    return dg.AssetMaterialization(asset, partition=partition, metadata={"holds": holds}, tags=tags)


def latest_version(instance: dg.DagsterInstance, asset: dg.AssetKey) -> str:
    """Give the data version of an unpartitioned asset; nothing if it was never materialised."""
    entry = instance.get_latest_materialization_event(asset)
    event = entry.asset_materialization if entry else None
    return (event.tags or {}).get("dagster/data_version", "") if event else ""


def of_index(layout: Layout, summary: IndexSummary) -> Metadata:
    """What is shown of the index."""
    return {
        **_stored(layout.index, summary.blocks),
        "chromosomes": summary.chromosomes,
        "nt": summary.nt,
        "bytes of blocks": summary.bytes,
        "absent chromosomes": len(summary.absent),
        "absent": ", ".join(summary.absent[:_SHOWN_ROWS]) or "none",
    }


def markdown_table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> dg.MarkdownMetadataValue:
    """Give a table that the UI shows as one."""
    return dg.MetadataValue.md(TextTable("", header, tuple(rows)).as_markdown())


def _stored(path: Path, rows: int) -> Metadata:
    return {"dagster/uri": dg.MetadataValue.path(path), "dagster/row_count": rows}
