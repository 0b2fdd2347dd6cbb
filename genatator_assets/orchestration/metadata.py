"""What a person sees of a materialisation: counts, tables and where the files are.

Numbers are texts with separators, because the UI shows plain integers without; but for those that Dagster itself knows.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa

from genatator_assets.annotation.select import MEANINGS
from genatator_assets.annotation.transcripts import AnnotationSummary, read_transcripts
from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.values import Split
from genatator_assets.gene_finding.blocks.chromosome import ChromosomeTask
from genatator_assets.gene_finding.card import text_tables
from genatator_assets.gene_finding.index import IndexSummary
from genatator_assets.gene_finding.landmarks import Landmarks, begins_of, landmarks_of
from genatator_assets.gene_finding.plan import amounts_of
from genatator_assets.gene_finding.section import gene_finding_of
from genatator_assets.gene_finding.statistics import densities_of
from genatator_assets.orchestration.along import n_digits
from genatator_assets.orchestration.figures import (
    coverage_figure,
    densities_figure,
    lengths_figure,
    reasons_figure,
    transcripts_figure,
)
from genatator_assets.release import Release
from genatator_assets.release.names import CARD
from genatator_assets.sources.assembly import Source, read_source
from genatator_assets.sources.chromosomes import Chromosome, read_chromosomes
from genatator_assets.tracks.runs import STRANDS, Positions
from genatator_assets.work.layout import Layout
from genatator_assets.work.text import Markdown, TextTable, first_of, format_bp, format_bytes

Metadata = dict[str, Any]

DRAWN = 50
"""So many chromosomes of a genome, its longest, have figures. Each costs Dagster's record 8 kB: a page of SQLite, in
two files."""

_SHOWN_ROWS = 40
_IN_PLACE_LETTERS = 1_000  # shorter Markdown is shown in its place, which cuts off what is wide; longer in a window
_IN_PLACE_WIDTH = 70
_SHOWN_LETTERS = 40_000  # of one text: what is shown of a materialisation has less than 100 kB, however many genomes


def of_assembly(layout: Layout, chromosomes: list[Chromosome]) -> Metadata:
    """What is shown of an imported assembly."""
    included = [chromosome for chromosome in chromosomes if chromosome.included]
    genome = chromosomes[0].genome
    longest = sorted(chromosomes, key=lambda chromosome: -chromosome.length)
    rows = [(c.chrom, f"{c.length:,}", c.split or "-", c.reason or "included") for c in longest[:_SHOWN_ROWS]]
    return {
        **_stored(layout.chromosomes(genome), len(chromosomes)),
        "included chromosomes": f"{len(included):,}",
        "left out": f"{len(chromosomes) - len(included):,}",
        "included bp": f"{sum(chromosome.length for chromosome in included):,}",
        "longest sequences": markdown_table(("chrom", "bp", "split", "included or why not"), rows, of=len(chromosomes)),
        "inputs": markdown_table(("input", "from", "sha256", "compared with"), _inputs(read_source(layout, genome))),
    }


def of_annotation(layout: Layout, summary: AnnotationSummary) -> Metadata:
    """What is shown of an annotation."""
    reasons: list[tuple[str, ...]] = [
        (reason, f"{count:,}", MEANINGS[reason]) for reason, count in summary.reasons.items()
    ]
    rows: list[tuple[str, ...]] = [(feature, f"{count:,}") for feature, count in summary.rows.items()]
    unknown: list[tuple[str, ...]] = [(name, f"{count:,}") for name, count in summary.unknown_names.items()]
    broken: list[tuple[str, ...]] = [
        (f"{line.line:,}", line.why, Markdown.code(line.text)) for line in summary.malformed_lines
    ]
    tables: dict[str, tuple[tuple[str, ...], list[tuple[str, ...]]]] = {
        "what looks wrong": (("kind", "suspicion"), [(one.kind, one.told) for one in summary.suspicions]),
        "types, and what they follow from": (("type by evidence", "transcripts"), _counted(summary.types_from)),
        "transcripts by reason": (("reason", "transcripts", "because"), reasons),
        "rows of the file": (("type", "rows"), rows),
        "reasons of segmentation": (("reason", "transcripts"), _counted(summary.segmentation_reasons)),
        "representatives by rule": (("rule", "genes"), _counted(summary.representative_by)),
        "parts of features that are not transcripts": (("parts", "rows"), _counted(summary.parts_of_others)),
        "names that are not in the FASTA file": (("name", "transcripts"), unknown),
        "malformed lines, the first": (("line", "why", "text"), broken),
    }
    return {
        **_stored(layout.transcripts(summary.genome), summary.transcripts),
        "flavour": summary.flavour,
        "selected": f"{summary.reasons.get('selected', 0):,}",
        "exons": f"{summary.exons:,}",
        "malformed lines": f"{summary.malformed:,}",
        "reasons": dg.MetadataValue.md(reasons_figure(summary.reasons)),
        **{
            title: markdown_table(header, lines[:_SHOWN_ROWS], of=len(lines))
            for title, (header, lines) in tables.items()
            if lines
        },
    }


def _counted(counts: Mapping[str, int]) -> list[tuple[str, ...]]:
    return [(name, f"{count:,}") for name, count in counts.items()]


def of_catalogue(catalogue: Catalogue, included: Mapping[str, list[Chromosome]]) -> Metadata:
    """What is shown of all chromosomes that there are to build."""
    absent = [genome for genome in catalogue.genomes if genome not in included]
    rows = [
        (genome, split, f"{amount.chromosomes:,}", f"{amount.blocks:,}", format_bp(amount.nt))
        for genome, chromosomes in included.items()
        for split, amount in amounts_of(chromosomes, gene_finding_of(catalogue).block_size_bp).items()
    ]
    return {
        "dagster/row_count": sum(len(chromosomes) for chromosomes in included.values()),
        "genomes not imported yet": ", ".join(absent) or "none",
        "plan": markdown_table(("genome", "split", "chromosomes", "blocks", "nt"), rows),
    }


def of_targets(facts: Mapping[str, Any]) -> Metadata:
    """What is shown of a chromosome's targets; its figures stand with its blocks."""
    tss, polya = (
        sum(facts[sites][f"combined {strand}"] for strand in STRANDS) for sites in ("tss_sites", "polya_sites")
    )
    return {"holds": f"{facts['runs']:,} runs from {tss:,} TSS and {polya:,} polyA sites"}


class ChromosomeFigures:
    """Draws what is where along the longest chromosomes of genomes; reads a genome's transcripts once."""

    def __init__(self, layout: Layout) -> None:
        """Draw chromosomes of this root."""
        self._layout = layout
        self._genomes: dict[str, tuple[dict[str, Landmarks], dict[str, Positions]]] = {}

    def of(self, task: ChromosomeTask, blocks: Sequence[tuple[int, int]]) -> Metadata:
        """Return the figures of a chromosome, none if it is not among the longest; `blocks` are (end, N) of each."""
        if task.genome not in self._genomes:
            self._genomes[task.genome] = self._read(task.genome)
        landmarks, begins = self._genomes[task.genome]
        if task.chrom not in begins:
            return {}
        n = n_digits(blocks, task.size)
        return {
            "transcripts": dg.MetadataValue.md(transcripts_figure(begins[task.chrom], task.size, n)),
            "intragenic": dg.MetadataValue.md(coverage_figure(landmarks[task.chrom], task.size, n)),
        }

    def _read(self, genome: str) -> tuple[dict[str, Landmarks], dict[str, Positions]]:
        included = [one for one in read_chromosomes(self._layout.chromosomes(genome)) if one.included]
        longest = sorted(included, key=lambda one: (-one.length, one.chrom))[:DRAWN]
        lengths = {one.chrom: one.length for one in longest}
        transcripts = read_transcripts(self._layout, genome)
        return landmarks_of(transcripts, lengths), begins_of(transcripts, lengths)


def of_blocks(facts: Mapping[str, Any]) -> Metadata:
    """What is shown of a chromosome's blocks beside its figures."""
    return {"holds": f"{facts['blocks']:,} blocks, {facts['nt']:,} nt, {facts['bytes']:,} bytes"}


def of_partition(
    asset: dg.AssetKey, partition: str, shown: Metadata, tags: Mapping[str, str]
) -> dg.AssetMaterialization:
    """Record a chromosome by an event as brief as can be: there are thousands, and SQLite keeps two copies of each."""
    return dg.AssetMaterialization(asset, partition=partition, metadata=shown, tags=tags)


def of_index(layout: Layout, summary: IndexSummary) -> Metadata:
    """What is shown of the index."""
    return {
        **_stored(layout.index, summary.blocks),
        "chromosomes": f"{summary.chromosomes:,}",
        "nt": f"{summary.nt:,}",
        "bytes of blocks": f"{summary.bytes:,}",
        "absent chromosomes": f"{len(summary.absent):,}",
        "absent": first_of(summary.absent, _SHOWN_ROWS) or "none",
    }


def of_statistics(tables: Mapping[str, pa.Table], lengths: Mapping[Split, Positions]) -> Metadata:
    """What is shown of the statistics; `lengths` are those of the chromosomes in each split."""
    return {
        "Chromosome lengths": dg.MetadataValue.md(lengths_figure(lengths)),
        "Densities": dg.MetadataValue.md(densities_figure(densities_of(tables["target_sums"]))),
        **{table.title: _shown_table(table.fitting()) for table in text_tables(tables)},
    }


def of_release(release: Release) -> Metadata:
    """What is shown of a release."""
    rows = [(part.name, f"{part.files:,}", format_bytes(part.bytes)) for part in release.parts]
    return {
        "dagster/uri": dg.MetadataValue.path(release.folder),
        "files": f"{release.files:,}",
        "bytes": f"{release.bytes:,}",
        "blocks are hard links": release.linked,
        "parts": markdown_table(("part", "files", "size"), rows),
        "card": _beginning((release.folder / CARD).read_text().split("---\n", 2)[2]),
    }


def of_card(layout: Layout, text: str) -> Metadata:
    """What is shown of the card."""
    return {"dagster/uri": dg.MetadataValue.path(str(layout.card)), "card": _beginning(text)}


def markdown_table(
    header: tuple[str, ...], rows: Sequence[tuple[str, ...]], of: int | None = None
) -> dg.MarkdownMetadataValue:
    """Return a table that the UI shows as one; below it, how many of all `of` rows are not in it."""
    left = (of or 0) - len(rows)
    return _shown_table(TextTable("", header, tuple(rows)), f"\n\n... and {left:,} more" if left > 0 else "")


def _shown_table(table: TextTable, below: str = "") -> dg.MarkdownMetadataValue:
    """Return a table; one that is too wide for its place is made long enough for a window that scrolls."""
    text = table.as_markdown() + below
    return _beginning(text if _width(table) <= _IN_PLACE_WIDTH else text.ljust(_IN_PLACE_LETTERS, "\n"))


def _width(table: TextTable) -> int:
    """Return how many characters wide a table is."""
    return sum(max(map(len, column)) + 2 for column in zip(table.header, *table.rows, strict=True))


def _beginning(text: str) -> dg.MarkdownMetadataValue:
    """Return Markdown, or as many whole lines of it as may be shown."""
    if len(text) > _SHOWN_LETTERS:
        shown = text[:_SHOWN_LETTERS].rpartition("\n")[0]
        left = len(text.splitlines()) - len(shown.splitlines())
        text = f"{shown}\n\nand so on, {left:,} more lines"
    return dg.MetadataValue.md(text)


def _inputs(source: Source) -> list[tuple[str, ...]]:
    """Describe where each input came from and what its checksum was compared with."""
    files = source.inputs.items()
    return [(kind, file.url or str(file.path), file.sha256, file.checksum or "-") for kind, file in files]


def _stored(path: Path, rows: int) -> Metadata:
    return {"dagster/uri": dg.MetadataValue.path(str(path)), "dagster/row_count": rows}
