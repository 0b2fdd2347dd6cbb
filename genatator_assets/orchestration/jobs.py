"""The jobs: all steps in one; the three steps, because a run covers one set of partitions, and chromosomes are known
after the first; and the release, which is made when somebody wants it, because its links keep the blocks of its day on
the disk.

The UI lists them by name; their descriptions say in which order they come.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import dagster as dg

from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.part import FINISH, PREPARE, Part
from genatator_assets.orchestration.assets import BLOCKS, CATALOGUE, TARGETS
from genatator_assets.orchestration.everything import everything_job
from genatator_assets.orchestration.settings import Settings
from genatator_assets.parts import asked_parts, needs_of

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

Job: TypeAlias = "dg.JobDefinition | UnresolvedAssetJobDefinition"

OF_GENOMES = ("assembly", "selected_isoforms")
"""The assets that are made once per genome."""

BUILD_BLOCKS = "build_blocks"
RELEASE = "make_release"  # not "release": jobs and assets must differ in their names


def build_jobs(settings: Settings, catalogue: Catalogue) -> list[Job]:
    """Return the jobs, in the order in which they are run."""
    steps = [step for step in _steps(catalogue) if step.assets]
    return [
        everything_job(settings),
        *(
            dg.define_asset_job(
                step.job,
                dg.AssetSelection.assets(*step.assets),
                description=f"Step {number} of {len(steps)}: {step.description}",
            )
            for number, step in enumerate(steps, start=1)
        ),
        dg.define_asset_job(
            RELEASE,
            dg.AssetSelection.assets("release"),
            description="Afterwards: put the finished dataset into the form in which it is published.",
        ),
    ]


def assets_of(catalogue: Catalogue, job: str, part: str | None = None) -> list[str]:
    """Return the assets of a step's job: all, or only what one part needs of them; none if there is no such job."""
    return next((list(step.assets) for step in _steps(catalogue, part) if step.job == job), [])


@dataclass(frozen=True)
class _Step:
    job: str
    assets: tuple[str, ...]
    description: str


def _steps(catalogue: Catalogue, only: str | None = None) -> Iterator[_Step]:
    """Yield the steps of a build; with `only` those of one part."""
    asked = [part for part in asked_parts(catalogue) if only in (None, part.name)]
    genes = any(part.name == "gene_finding" for part in asked)
    genomes = OF_GENOMES if "annotation" in needs_of(catalogue) else OF_GENOMES[:1] if catalogue.assemblies else ()
    yield _Step(
        PREPARE,
        (*genomes, *([CATALOGUE.to_user_string()] if genes else []), *_in_job(asked, PREPARE)),
        "import what the dataset is made from, and find out what there is to build. Partitioned by genome.",
    )
    if genes:
        yield _Step(
            BUILD_BLOCKS,
            (TARGETS.to_user_string(), BLOCKS.to_user_string()),
            "paint the targets of chromosomes and cut them into blocks. Partitioned by chromosome; these are known"
            " after step 1.",
        )
    for part in asked:
        what = "paint channel sets" if part.name == "gene_finding" else f"build the part {part.title}"
        yield _Step(part.name, tuple(_in_job([part], "")), f"{what}.")
    yield _Step(
        FINISH,
        (*(["block_index", "split_statistics"] if genes else []), *_in_job(asked, FINISH), "dataset_card"),
        "index what there is, compute the statistics, write the card, and check all.",
    )


def _in_job(parts: Iterable[Part], job: str) -> list[str]:
    return [asset.name for part in parts for stage in part.stages if stage.job == job for asset in stage.assets]
