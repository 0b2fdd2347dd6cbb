"""The statistics as people read them: text tables in the published card's form, and the card itself."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from genatator_assets.catalogue import Catalogue
from genatator_assets.gene_finding.channel_sets import card as sets
from genatator_assets.gene_finding.section import gene_finding_of, kernel_of
from genatator_assets.gene_finding.statistics import read_statistics
from genatator_assets.work.layout import Layout
from genatator_assets.work.text import TextTable, format_bp


def text_tables(tables: Mapping[str, pa.Table]) -> list[TextTable]:
    """Return the statistics as text, in the card's order and number formats."""
    return [
        _table("Split-level overview", tables["split_overview"], _OVERVIEW),
        _table("DNA alphabet summary", tables["dna_alphabet"], _ALPHABET),
        _table("Target sums and densities", tables["target_sums"], _SUMS),
        _table("Species coverage", tables["species_coverage"], _COVERAGE),
        _table("Transcripts by reason", tables["transcript_reasons"], _REASONS),
    ]


def page(catalogue: Catalogue, root: Path) -> list[str | TextTable]:
    """Return the page of the card: what the blocks are, and their statistics."""
    kernels = sorted({str(kernel_of(catalogue, genome)) for genome in catalogue.annotated_genomes})
    about = (
        "A nucleotide-level gene-finding dataset: one row and one Parquet file per block of at most"
        f" {gene_finding_of(catalogue).block_size_bp:,} nucleotides, with the columns `dna_sequence`,"
        " `targets` (L x 12) and `metadata`."
    )
    tables = read_statistics(Layout(root))
    kernel = f"Kernel of the TSS and polyA channels: {'; '.join(kernels)}."
    shared = shared_loci(tables["species_coverage"])
    return [about, kernel, *shared, *text_tables(tables), *sets.page(catalogue, root)]


def shared_loci(coverage: pa.Table) -> list[str]:
    """Return a sentence for each judged split that has a species of which train has another assembly."""
    rows = coverage.to_pylist()
    sentences = []
    for split in ("validation", "test"):
        shared = [
            f"{judged['genome']} in {split}, {trained['genome']} in train ({judged['species']})"
            for judged in rows
            for trained in rows
            if (judged["split"], trained["split"]) == (split, "train")
            and judged["species"] == trained["species"]
            and judged["genome"] != trained["genome"]
        ]
        if shared:
            sentences.append(
                f"**The split {split} shares its loci with train.** There are assemblies of one species in both:"
                f" {'; '.join(shared)}. A model has seen these genes, or their alleles, so scores on {split} say how"
                " well it remembers at least as much as how well it finds genes."
            )
    return sentences


Column = tuple[str, Callable[[dict[str, Any]], str]]


def _table(title: str, table: pa.Table, columns: list[Column]) -> TextTable:
    rows = tuple(tuple(show(row) for _, show in columns) for row in table.to_pylist())
    return TextTable(title, tuple(header for header, _ in columns), rows)


def _text(header: str, key: str = "") -> Column:
    return header, lambda row: str(row[key or header])


def _count(header: str, key: str = "") -> Column:
    return header, lambda row: f"{row[key or header]:,}"


def _bp(header: str, key: str) -> Column:
    return header, lambda row: format_bp(row[key])


def _top_noncanonical(row: dict[str, Any]) -> str:
    return f"'N':{row['N']:,}" if row["N"] else "-"


_OVERVIEW = [
    _text("split"),
    _count("species"),
    _count("chroms"),
    _count("blocks"),
    _count("rows"),
    _count("parquet files", "files"),
    _bp("nt", "nt"),
    _bp("mean chr", "chrom_mean_bp"),
    _bp("std chr", "chrom_std_bp"),
    _bp("min chr", "chrom_min_bp"),
    _bp("max chr", "chrom_max_bp"),
    _count("selected transcripts", "selected_transcripts"),
    _count("lncRNA transcripts", "lncrna_transcripts"),
    _count("mRNA/protein-coding transcripts", "mrna_transcripts"),
]
_ALPHABET = [
    _text("split"),
    _count("files"),
    _count("rows"),
    _count("sequence chars", "nt"),
    _count("canonical"),
    _count("noncanonical"),
    ("noncanon%", lambda row: f"{row['noncanonical_percent']:.6f}%"),
    ("top noncanonical", _top_noncanonical),
]
_SUMS = [
    _text("split"),
    _text("target"),
    ("sum", lambda row: f"{row['target_sum']:,.3f}"),
    ("max", lambda row: f"{row['target_max']:.3f}"),
    ("sum / nt", lambda row: f"{100 * row['density']:.6f}%"),
    ("bases > 0", lambda row: f"{100 * row['positive_share']:.6f}%"),
]
_COVERAGE = [
    _text("Assembly", "genome"),
    _text("Species", "species"),
    _text("split"),
    _count("chroms"),
    _count("blocks"),
    _bp("nt", "nt"),
    _count("selected transcripts", "selected_transcripts"),
]
_REASONS = [_text("Assembly", "genome"), _text("reason"), _text("type"), _count("transcripts")]
