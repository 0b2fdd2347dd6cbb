"""What gene finding is to the platform. Its assets are in `orchestration`, which records them by chromosome."""

from collections.abc import Mapping
from dataclasses import asdict, astuple
from functools import partial
from pathlib import Path

from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.part import FINISH, Asset, Check, Finding, Part, Partitions, Shown, Stage
from genatator_assets.gene_finding.card import page
from genatator_assets.gene_finding.channel_sets import card, statistics
from genatator_assets.gene_finding.channel_sets.build import SetTask, asset_of, build_sets, keys_of, tasks_of
from genatator_assets.gene_finding.channel_sets.sets import SETS
from genatator_assets.gene_finding.section import SetName, gene_finding_of
from genatator_assets.gene_finding.verify import PAGES, Difference, changed_blocks, verify_pages
from genatator_assets.gene_finding.verify.hashes import ChangedFile
from genatator_assets.gene_finding.verify.sets import verify_sets
from genatator_assets.tracks import store
from genatator_assets.work.files import sha256_of_file
from genatator_assets.work.layout import Layout
from genatator_assets.work.manifest import Manifest
from genatator_assets.work.text import TextTable

_SHOWN = 20


def _hashes(_: Catalogue, root: Path) -> Finding:
    changed = list(changed_blocks(Layout(root)))
    columns = tuple(ChangedFile.__dataclass_fields__)
    return Finding(len(changed), columns, tuple(astuple(one) for one in changed[:_SHOWN]))


def _sample(catalogue: Catalogue, root: Path) -> Finding:
    layout = Layout(root)
    seed = int(sha256_of_file(layout.index)[:8], 16)  # another for each index
    sample = verify_pages(catalogue, layout, seed)
    note = (
        f"{sample.pages:,} pages of {sample.chromosomes:,} of {sample.chromosomes_in_all:,} chromosomes, drawn by seed"
        f" {seed}: targets of {sample.nt:,} nt, DNA of {sample.dna_nt:,} nt"
    )
    rows = tuple(tuple(asdict(one).values()) for one in sample.differences[:_SHOWN])
    return Finding(len(sample.differences), tuple(Difference.__dataclass_fields__), rows, note)


def _shown_set(task: SetTask, manifests: Mapping[str, Manifest]) -> Mapping[str, Shown]:
    (manifest,) = manifests.values()
    counted = manifest.facts["channels"].items()
    rows = tuple((channel, f"{found['bases']:,}", f"{found['runs']:,}") for channel, found in counted)
    return {asset_of(task.name): {"uri": task.segments, "channels": TextTable("", ("channel", "bases", "runs"), rows)}}


def _set_stage(name: SetName) -> Stage:
    channels = ", ".join(dict.fromkeys(track.stem for track in SETS[name]))
    asset = Asset(
        asset_of(name),
        f"The set {name} of channels ({channels}) of a whole chromosome, as runs and as blocks:"
        f" channel_sets/{name}/<genome>/<chrom>.parquet and channel_blocks/{name}/.",
        after=("chromosome_inputs",),
        schema=store.SCHEMA,
        columns_from={
            **dict.fromkeys(("channel", "value"), "the set"),
            **{column: f"selected_isoforms.{column}" for column in ("genome", "chrom", "start", "end")},
        },
    )
    return Stage(
        (asset,),
        partial(tasks_of, name),
        build_sets,
        Partitions("chromosomes", keys_of, dynamic=True),
        show=_shown_set,
        wanted=lambda catalogue: name in gene_finding_of(catalogue).channel_sets,
    )


_STATISTICS = Stage(
    (
        Asset(
            statistics.ASSET,
            "How much of each chromosome each channel of each set covers.",
            after=tuple(map(asset_of, SETS)),
            schema=statistics.SCHEMA,
            columns_from={
                **dict.fromkeys(("set", "isoforms"), "the catalogue"),
                **dict.fromkeys(("channel", "bases", "runs"), "the sets' runs"),
                **{column: f"assembly.{column}" for column in ("genome", "chrom", "split", "length")},
            },
        ),
    ),
    statistics.statistics_tasks,
    statistics.build_statistics,
    job=FINISH,
    wanted=lambda catalogue: bool(gene_finding_of(catalogue).channel_sets),
)

PART = Part(
    name="gene_finding",
    title="Gene finding",
    stages=(*map(_set_stage, SETS), _STATISTICS),
    checks=(
        Check(
            "files_have_their_hashes",
            "block_index",
            "Every block file is byte for byte the one that the index knows: a changed target, even a single NaN, is"
            " found so.",
            _hashes,
            blocking=True,
        ),
        Check(
            "blocks_are_what_the_inputs_say",
            "block_index",
            f"{PAGES} pages of blocks and the DNA beside them, drawn afresh for each index over as many chromosomes as"
            " there are, are base for base what follows from the imported sequence and the selected transcripts."
            " 'genatator-assets verify' compares all blocks with the input files.",
            _sample,
            blocking=True,
        ),
    ),
    page=page,
    verify=verify_sets,
    plan=card.plan,
    release=card.release,
)
