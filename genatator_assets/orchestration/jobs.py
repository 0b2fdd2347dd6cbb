"""The jobs: three steps, because a run covers one set of partitions, and chromosomes are known after the first; and
the release, which is made when somebody wants it, because its links keep the blocks of its day on the disk."""

from typing import TYPE_CHECKING

import dagster as dg

from genatator_assets.orchestration.assets import BLOCKS, CATALOGUE, TARGETS

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

PREPARE = "prepare"
BUILD_BLOCKS = "build_blocks"
FINISH = "finish"
RELEASE = "make_release"  # not "release": jobs and assets must differ in their names


def build_jobs() -> list["UnresolvedAssetJobDefinition"]:
    """Return the jobs, in the order in which they are run."""
    return [
        dg.define_asset_job(
            PREPARE,
            dg.AssetSelection.assets("assembly", "selected_isoforms", CATALOGUE),
            description="Import assemblies, read their annotations, and register the chromosomes to build."
            " Partitioned by genome.",
        ),
        dg.define_asset_job(
            BUILD_BLOCKS,
            dg.AssetSelection.assets(TARGETS, BLOCKS),
            description="Paint the targets of chromosomes and cut them into blocks. Partitioned by chromosome.",
        ),
        dg.define_asset_job(
            FINISH,
            dg.AssetSelection.assets("block_index", "split_statistics", "dataset_card"),
            description="Index the blocks that there are, compute the statistics, write the card, and check all.",
        ),
        dg.define_asset_job(
            RELEASE,
            dg.AssetSelection.assets("release"),
            description="Put the finished dataset into the form in which it is published.",
        ),
    ]
