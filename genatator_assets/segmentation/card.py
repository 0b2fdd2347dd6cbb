"""The page of the card about the segmentation dataset, what a build will make, and the files of a release."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from genatator_assets.annotation.transcripts import is_ready, read_summary
from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.part import ReleasedFile
from genatator_assets.catalogue.values import SPLITS
from genatator_assets.errors import DatasetError
from genatator_assets.segmentation.section import DEFAULT, Segmentation, configs_of
from genatator_assets.work.layout import Layout
from genatator_assets.work.layout_segmentation import SegmentationLayout
from genatator_assets.work.manifest import Manifest, read_manifest
from genatator_assets.work.text import TextTable, format_bp

HUB_NAME = "segmentation"
"""What the hub calls the config `default`: it has one of that name already, that of the blocks."""

PREVIEW = "segmentation_preview"

_ABOUT = (
    "**Gene segmentation.** A row per transcript: `dna_sequence`, its span on the + strand without flanks; `labels`,"
    " L x 5 of 0 and 1 in the order 5UTR, exon, intron, 3UTR, CDS (exon covers UTR and CDS; {orientation}); `metadata`,"
    " `transcript_id|gene_id|type|strand|genome|chrom|start:end`, 0-based half-open; `status`, 1 for the isoform that"
    " represents its gene."
)
_ORIENTATIONS = {
    "transcript": "5UTR and 3UTR follow the transcript's strand",
    "genome": "5UTR is left of the coding sequence and 3UTR right of it, on both strands",
}
_FRAMES = ("mRNA", "complete", "start", "stop", "without_internal_stop", "open")


def manifests_of(catalogue: Catalogue, root: Path) -> dict[str, Manifest]:
    """Return the manifests of the genomes whose rows are built."""
    layout = SegmentationLayout(root)
    found = {genome: read_manifest(layout.manifest(genome)) for genome in catalogue.annotated_genomes}
    return {genome: manifest for genome, manifest in found.items() if manifest is not None}


def page(catalogue: Catalogue, root: Path) -> list[str | TextTable]:
    """Return the page of the card: rows by config, genomes, reading frames, and how representatives were chosen."""
    found = manifests_of(catalogue, root)
    if not found:
        return []
    about = _ABOUT.format(orientation=_ORIENTATIONS[catalogue.section(Segmentation).utr_orientation])
    facts = {genome: manifest.facts for genome, manifest in found.items()}
    return [
        about,
        configs_table(facts.values()),
        *(table(facts) for table in (genomes_table, frames_table, rules_table)),
    ]


def configs_table(facts: Any) -> TextTable:
    """Return how many rows each split of each config has."""
    counts: dict[tuple[str, str], int] = {}
    for of_genome in facts:
        for config, splits in of_genome["configs"].items():
            for split, rows in splits.items():
                counts[config, split] = counts.get((config, split), 0) + rows
    ordered = sorted(counts, key=lambda one: (one[0], SPLITS.index(one[1])))
    return TextTable(
        "Segmentation rows", ("config", "split", "rows"), tuple((*key, f"{counts[key]:,}") for key in ordered)
    )


def genomes_table(facts: Mapping[str, Mapping[str, Any]]) -> TextTable:
    """Return what there is of each genome."""
    header = ("genome", "rows", "mRNA", "lncRNA", "representative", "bases", "introns < 20 bp", "stop codons added")
    rows = tuple(
        (
            genome,
            f"{one['rows']:,}",
            *(f"{one['types'].get(kind, 0):,}" for kind in ("mRNA", "lncRNA")),
            f"{sum(one['representative_by'].values()):,}",
            format_bp(one["bp"]),
            f"{one['short_introns']:,}",
            f"{one['stops_added']:,}",
        )
        for genome, one in facts.items()
    )
    return TextTable("Transcripts by genome", header, rows)


def frames_table(facts: Mapping[str, Mapping[str, Any]]) -> TextTable:
    """Return what the reading frames of each genome's coding sequences are."""
    header = ("genome", "mRNA", "both ends", "ATG", "stop", "no internal stop", "open", "share open")
    rows = tuple(
        (genome, *(f"{one['frames'][name]:,}" for name in _FRAMES), share_open(one["frames"]))
        for genome, one in facts.items()
    )
    return TextTable("Reading frames of mRNAs whose coding sequence has both ends", header, rows)


def share_open(frames: Mapping[str, int]) -> str:
    """Format the share of open frames."""
    return f"{frames['open'] / frames['complete']:.2%}" if frames["complete"] else "-"


def rules_table(facts: Mapping[str, Mapping[str, Any]]) -> TextTable:
    """Return by which rule isoforms represent their genes."""
    rules = list(dict.fromkeys(rule for one in facts.values() for rule in one["representative_by"]))
    rows = tuple(
        (genome, *(f"{one['representative_by'].get(rule, 0):,}" for rule in rules)) for genome, one in facts.items()
    )
    return TextTable("Representatives by rule", ("genome", *rules), rows)


def plan(catalogue: Catalogue, root: Path) -> list[TextTable]:
    """Return the configs that there are to build, and of genomes whose annotation is read how many rows."""
    layout, built = Layout(root), manifests_of(catalogue, root)
    configs = tuple(
        (name, config.split or "all", ", ".join(config.genomes) if config.genomes else "all")
        for name, config in configs_of(catalogue).items()
    )
    genomes = tuple(
        (genome, *known, f"{built[genome].facts['rows']:,}" if genome in built else "-")
        for genome in catalogue.annotated_genomes
        if (known := _expected(catalogue, layout, genome))
    )
    header = ("genome", "whole models", "genes", "rows built")
    return [
        TextTable("Segmentation: configs", ("config", "split", "genomes"), configs),
        *([TextTable("Segmentation: transcripts", header, genomes)] if genomes else []),
    ]


def _expected(catalogue: Catalogue, layout: Layout, genome: str) -> tuple[str, str] | None:
    """Return how many transcripts have a whole model, and how many genes; None until the annotation is read."""
    try:
        if not is_ready(catalogue, layout, genome):
            return None
    except DatasetError:  # a record is damaged
        return None
    summary = read_summary(layout, genome)
    return f"{summary.segmentation_reasons.get('selected', 0):,}", f"{sum(summary.representative_by.values()):,}"


def release(catalogue: Catalogue, root: Path) -> Sequence[ReleasedFile]:
    """Return the files of a release: rows where they stand in a root, and their preview before them."""
    return list(_released(catalogue, root))


def _released(catalogue: Catalogue, root: Path) -> Iterator[ReleasedFile]:
    layout, found = SegmentationLayout(root), manifests_of(catalogue, root)
    for split in SPLITS:
        for genome in found:
            if (path := layout.preview(split, genome)).is_file():
                yield ReleasedFile(f"{PREVIEW}/{split}/{path.name}", path, PREVIEW, split)
    outputs = {output.path for manifest in found.values() for output in manifest.outputs}
    for config in configs_of(catalogue):
        for split in SPLITS:
            for path in sorted((layout.folder / config / split).glob("*.parquet")):
                name = path.relative_to(root).as_posix()
                if name in outputs:
                    yield ReleasedFile(name, path, HUB_NAME if config == DEFAULT else config, split)
    for genome in found:
        path = layout.transcripts(genome)
        yield ReleasedFile(path.relative_to(root).as_posix(), path)
