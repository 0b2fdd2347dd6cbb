"""Where the columns of tables come from: said in each column's description, and to Dagster as column lineage.

Dagster's open-source UI shows descriptions, and keeps the lineage to itself.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg
import pyarrow as pa

from genatator_assets.work.text import Markdown

Origins = Mapping[str, str]
"""Of each column: columns of other assets, as `asset.column, asset.column`, or in words what else it comes from."""

ASSEMBLY: Origins = {
    **dict.fromkeys(("genome", "species"), "the catalogue"),
    **dict.fromkeys(("chrom", "length", "sha256"), "the FASTA file"),
    "aliases": "the table of sequence names, or rules for the flavour's names",
    **dict.fromkeys(("included", "reason", "split"), "the catalogue's rules"),
}
TRANSCRIPTS: Origins = {
    **dict.fromkeys(("seqid", "start", "end", "strand", "transcript_id", "gene_id", "row_id"), "the annotation file"),
    **dict.fromkeys(("gene_name", "row_type", "source", "biotype", "gene_biotype", "tags"), "the annotation file"),
    **dict.fromkeys(("type", "type_from", "pseudo", "trans_spliced", "partial"), "the annotation file"),
    **dict.fromkeys(("malformed", "assembled_from", "source_line"), "the annotation file"),
    **dict.fromkeys(("exons", "exonic_bp", "coding_bp", "exons_from_parts"), "the parts of the transcript"),
    **dict.fromkeys(("cds_complete_5", "cds_complete_3"), "the parts of the transcript, and its tags"),
    "genome": "assembly.genome",
    "chrom": "assembly.chrom, assembly.aliases",
    "selected": "assembly.included, assembly.length",
    "reason": "assembly.reason, assembly.length",
    "segmentation_reason": "the reason, and the parts of the transcript",
    **dict.fromkeys(("representative", "representative_by"), "the isoforms of the gene"),
}
TARGETS: Origins = {
    "genome": "selected_isoforms.genome",
    "chrom": "selected_isoforms.chrom",
    "channel": "selected_isoforms.strand, selected_isoforms.type",
    **dict.fromkeys(
        ("start", "end", "value"), "selected_isoforms.start, selected_isoforms.end, selected_isoforms.selected"
    ),
}
BLOCKS: Origins = {
    "dna_sequence": "assembly.chrom",
    "targets": ", ".join(f"chromosome_targets.{name}" for name in ("channel", "start", "end", "value")),
    "metadata": "assembly.genome, assembly.chrom, assembly.length, assembly.split",
}
INDEX: Origins = {
    "species": "assembly.species",
    **dict.fromkeys(("genome", "split", "chrom", "start", "end", "chrom_length"), "blocks.metadata"),
    **dict.fromkeys(("A", "C", "G", "T", "N", "dna_sha256"), "blocks.dna_sequence"),
    **dict.fromkeys(("target_sum", "target_max", "target_positive"), "blocks.targets"),
    **dict.fromkeys(("path", "bytes", "sha256"), "the block's file"),
}


def columns(schema: pa.Schema, origins: Origins) -> dict[str, Any]:
    """Return the metadata of an asset that has these columns."""
    table = [
        dg.TableColumn(field.name, str(field.type), description=Markdown.of(f"from {origins[field.name]}"))
        for field in schema
    ]
    lineage = {
        column: [dg.TableColumnDep(*origin.split(".")) for origin in said.split(", ")]
        for column, said in origins.items()
        if "." in said
    }
    return {
        "dagster/column_schema": dg.TableSchema(table),
        **({"dagster/column_lineage": dg.TableColumnLineage(lineage)} if lineage else {}),
    }
