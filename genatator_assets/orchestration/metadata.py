"""What a person sees of a materialisation: schemas, counts, tables and where the files are."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa

from genatator_assets.annotation.select import MEANINGS
from genatator_assets.annotation.transcripts import AnnotationSummary
from genatator_assets.blocks.contract import block_intervals
from genatator_assets.catalogue import Catalogue
from genatator_assets.dataset.card import TextTable, format_bp, format_bytes
from genatator_assets.dataset.index import IndexSummary
from genatator_assets.dataset.release import Release
from genatator_assets.dataset.release.names import CARD
from genatator_assets.sources.chromosomes import Chromosome
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
    reasons: list[tuple[str, ...]] = [
        (reason, f"{count:,}", MEANINGS[reason]) for reason, count in summary.reasons.items()
    ]
    rows: list[tuple[str, ...]] = [(feature, f"{count:,}") for feature, count in summary.rows.items()]
    unknown: list[tuple[str, ...]] = [(name, f"{count:,}") for name, count in summary.unknown_names.items()]
    broken: list[tuple[str, ...]] = [(str(line.line), line.why, f"`{line.text}`") for line in summary.malformed_lines]
    tables: dict[str, tuple[tuple[str, ...], list[tuple[str, ...]]]] = {
        "transcripts by reason": (("reason", "transcripts", "because"), reasons),
        "rows of the file": (("type", "rows"), rows),
        "names that are not in the FASTA file": (("name", "transcripts"), unknown),
        "malformed lines, the first": (("line", "why", "text"), broken),
    }
    return {
        **_stored(layout.transcripts(summary.genome), summary.transcripts),
        "flavour": summary.flavour,
        "selected": summary.reasons.get("selected", 0),
        "malformed lines": summary.malformed,
        **{title: markdown_table(header, lines[:_SHOWN_ROWS]) for title, (header, lines) in tables.items() if lines},
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


def of_targets(layout: Layout, genome: str, chrom: str, facts: Mapping[str, Any]) -> Metadata:
    """What is shown of a chromosome's targets."""
    sites = [(name, f"{facts['tss_sites'][name]:,}", f"{facts['polya_sites'][name]:,}") for name in facts["tss_sites"]]
    sums = [(name, f"{total:,.3f}") for name, total in facts["target_sum"].items()]
    return {
        **_stored(layout.segments(genome, chrom), facts["runs"]),
        "sites": markdown_table(("group and strand", "TSS", "polyA"), sites),
        "target sums": markdown_table(("channel", "sum"), sums),
    }


def of_blocks(layout: Layout, split: str, genome: str, chrom: str, facts: Mapping[str, Any]) -> Metadata:
    """What is shown of a chromosome's blocks."""
    return {
        **_stored(layout.chromosome_blocks(split, genome, chrom), facts["blocks"]),
        "split": split,
        "nt": facts["nt"],
        "bytes": facts["bytes"],
    }


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


def of_release(release: Release) -> Metadata:
    """What is shown of a release."""
    rows = [(part.name, f"{part.files:,}", format_bytes(part.bytes)) for part in release.parts]
    return {
        "dagster/uri": dg.MetadataValue.path(release.folder),
        "files": release.files,
        "bytes": release.bytes,
        "blocks are hard links": release.linked,
        "parts": markdown_table(("part", "files", "size"), rows),
        "card": dg.MetadataValue.md((release.folder / CARD).read_text().split("---\n", 2)[2]),
    }


def markdown_table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> dg.MarkdownMetadataValue:
    """Give a table that the UI shows as one."""
    return dg.MetadataValue.md(TextTable("", header, tuple(rows)).as_markdown())


def _stored(path: Path, rows: int) -> Metadata:
    return {"dagster/uri": dg.MetadataValue.path(path), "dagster/row_count": rows}
