"""The jobs: all steps in one; the three steps, because a run covers one set of partitions, and chromosomes are known
after the first; and the release, which is made when somebody wants it, because its links keep the blocks of its day on
the disk.

The UI lists them by name; their descriptions say in which order they come.
"""

from typing import TYPE_CHECKING, TypeAlias

import dagster as dg

from genatator_assets.orchestration.assets import BLOCKS, CATALOGUE, TARGETS
from genatator_assets.orchestration.everything import everything_job
from genatator_assets.orchestration.settings import Settings

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

Job: TypeAlias = "dg.JobDefinition | UnresolvedAssetJobDefinition"

PREPARE = "prepare"
BUILD_BLOCKS = "build_blocks"
FINISH = "finish"
RELEASE = "make_release"  # not "release": jobs and assets must differ in their names


def build_jobs(settings: Settings) -> list[Job]:
    """Return the jobs, in the order in which they are run."""
    return [
        everything_job(settings),
        dg.define_asset_job(
            PREPARE,
            dg.AssetSelection.assets("assembly", "selected_isoforms", CATALOGUE),
            description="Step 1 of 3: import assemblies, read their annotations, and register the chromosomes to build."
            " Partitioned by genome.",
        ),
        dg.define_asset_job(
            BUILD_BLOCKS,
            dg.AssetSelection.assets(TARGETS, BLOCKS),
            description="Step 2 of 3: paint the targets of chromosomes and cut them into blocks. Partitioned by"
            " chromosome; these are known after step 1.",
        ),
        dg.define_asset_job(
            FINISH,
            dg.AssetSelection.assets("block_index", "split_statistics", "dataset_card"),
            description="Step 3 of 3: index the blocks that there are, compute the statistics, write the card, and"
            " check all.",
        ),
        dg.define_asset_job(
            RELEASE,
            dg.AssetSelection.assets("release"),
            description="Afterwards: put the finished dataset into the form in which it is published.",
        ),
    ]
