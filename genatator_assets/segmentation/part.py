"""What the segmentation dataset is to the platform."""

from collections.abc import Mapping
from pathlib import Path

from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.part import Asset, Check, Finding, Part, Partitions, Shown, Stage
from genatator_assets.segmentation.build import ASSET, GenomeTask, build_genomes, cut, join, tasks_of
from genatator_assets.segmentation.card import (
    configs_table,
    frames_table,
    manifests_of,
    page,
    plan,
    release,
    rules_table,
)
from genatator_assets.segmentation.loads import faults_of
from genatator_assets.segmentation.rows import ROWS_SCHEMA
from genatator_assets.segmentation.verify import verify
from genatator_assets.work.manifest import Manifest
from genatator_assets.work.text import TextTable

LEAST_OPEN, LEAST_COMPLETE = 0.5, 20
"""Fewer open reading frames than this share are a fault, if there are so many complete ones to judge. Not more is asked
for, because some annotations don't say which coding sequences lack an end."""

CHECKED_ROWS = 200
_SHOWN = 20

_COLUMNS_FROM = {
    "dna_sequence": "assembly.sequence, transcripts.start, transcripts.end",
    "labels": "exons.start, exons.end, exons.cds_start, exons.cds_end, transcripts.strand, transcripts.type",
    "metadata": "transcripts.transcript_id, transcripts.gene_id, transcripts.type, transcripts.start, transcripts.end",
    "status": "transcripts.representative",
}


def _show(task: GenomeTask, manifests: Mapping[str, Manifest]) -> Mapping[str, Shown]:
    facts = manifests[ASSET].facts
    of_one = {task.key: facts}
    left_out = tuple((reason, f"{count:,}") for reason, count in facts["left_out"].items())
    return {
        ASSET: {
            "uri": task.layout.folder,
            "rows": facts["rows"],
            "bases": facts["bp"],
            **facts["types"],
            "by config": configs_table([facts]),
            "reading frames": frames_table(of_one),
            "representative by": rules_table(of_one),
            **({"left out": TextTable("left out", ("reason", "transcripts"), left_out)} if left_out else {}),
            "stop codons added": facts["stops_added"],
            "introns shorter than 20 bp": facts["short_introns"],
        }
    }


def _frames_are_open(catalogue: Catalogue, root: Path) -> Finding:
    """Find genomes whose coding sequences are mostly no open reading frames. Simulated sequence has none."""
    rows = []
    for genome, manifest in manifests_of(catalogue, root).items():
        frames = manifest.facts["frames"]
        enough = frames["complete"] >= LEAST_COMPLETE and catalogue.assembly(genome).simulate is None
        if enough and frames["open"] < LEAST_OPEN * frames["complete"]:
            rows.append(
                (genome, None, frames["complete"], frames["open"], f"{frames['open'] / frames['complete']:.1%}")
            )
    return Finding(
        len(rows), ("genome", "chrom", "complete", "open", "share"), tuple(rows), f"at least {LEAST_OPEN:.0%}"
    )


def _rows_load(catalogue: Catalogue, root: Path) -> Finding:
    found = list(faults_of(catalogue, root, CHECKED_ROWS))
    rows = tuple((fault,) for fault in found[:_SHOWN])
    return Finding(len(found), ("fault",), rows, f"{CHECKED_ROWS:,} rows of each genome")


PART = Part(
    name="segmentation",
    title="Gene segmentation",
    stages=(
        Stage(
            (
                Asset(
                    ASSET,
                    "A row per transcript with a whole model: its bases, and 5UTR, exon, intron, 3UTR and CDS of each:"
                    " segmentation/<config>/<split>/<genome>-NNNN.parquet.",
                    after=("assembly", "selected_isoforms"),
                    schema=ROWS_SCHEMA,
                    columns_from=_COLUMNS_FROM,
                ),
            ),
            tasks_of,
            build_genomes,
            Partitions("segmented_genomes", lambda catalogue, _: catalogue.annotated_genomes),
            show=_show,
            pieces=cut,
            join=join,
        ),
    ),
    checks=(
        Check(
            "reading_frames_are_open",
            ASSET,
            f"Of the mRNAs whose coding sequence has both ends, at least {LEAST_OPEN:.0%} begin with ATG, end with a"
            f" stop codon and have none within, in each genome with at least {LEAST_COMPLETE} of them; simulated ones"
            " are not judged. Shifted coordinates or the wrong assembly leave hardly any.",
            _frames_are_open,
        ),
        Check(
            "segmentation_rows_load",
            ASSET,
            f"{CHECKED_ROWS:,} rows of each genome, drawn by a seed, pass what the published trainer's loader demands:"
            " the four columns, as many labels as bases, a status; and labels are five of 0 or 1 that exclude each"
            " other as they must, and metadata agree with the row.",
            _rows_load,
        ),
    ),
    page=page,
    verify=verify,
    plan=plan,
    release=release,
)
