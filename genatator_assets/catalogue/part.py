"""What a part of a dataset is to the platform: the interface of `<part>/part.py`, whose PART is a `Part`.

A part knows nothing of Dagster. It says which assets it has and how tasks make them; orchestration makes Dagster's
assets, partitions, jobs and checks of that, the command line its steps, and the card its pages.

Its SQL is in files: `<part>/sql/views/*.sql` and `macros/*.sql` (see `query.definitions`), `checks/*.sql` (see
`query.checks`).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from genatator_assets.catalogue.model import Catalogue
from genatator_assets.work.manifest import Manifest
from genatator_assets.work.outcome import Outcome
from genatator_assets.work.pool import Sized
from genatator_assets.work.text import TextTable
from genatator_assets.work.unit import Task

PREPARE, FINISH = "prepare", "finish"
"""The jobs that all parts share: what comes before their own jobs, and what comes behind all of them."""

Shown = Mapping[str, int | float | str | Path | TextTable]
"""What a person is shown of an asset, by title. A `work.text.Markdown` is drawn as such, any other text as it is.

`Path` under "uri" is where the asset is, `int` under "rows" how many rows it has.
"""


@dataclass(frozen=True)
class Asset:
    """A kind of thing that is stored.

    name: unique among all parts, a noun. description: one sentence or two. after: the assets that it is made from, of
    this part or of the platform (`assembly`, `selected_isoforms`). kinds: badges, such as "parquet". schema: the
    columns of its table; columns_from: for a column, those that it comes from, as "transcripts.start, assembly.length".
    """

    name: str
    description: str
    after: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset({"parquet"})
    schema: pa.Schema | None = None
    columns_from: Mapping[str, str] = field(default_factory=dict)

    def without(self, absent: Collection[str]) -> "Asset":
        """Return the asset as it is where some of those that it is made from are not asked for."""
        return replace(self, after=tuple(name for name in self.after if name not in absent))


@dataclass(frozen=True)
class Partitions:
    """A set of keys, one for each task of a stage.

    keys: returns them, in order, for a catalogue and a root. dynamic: they are known only once a stage that `registers`
    them has run; static ones follow from the catalogue.
    """

    name: str
    keys: Callable[[Catalogue, Path], Sequence[str]]
    dynamic: bool = False


GENOMES = Partitions("genomes", lambda catalogue, _: catalogue.genomes)


@dataclass(frozen=True)
class Tasks:
    """Tasks by key, and for other keys why they have none."""

    by_key: Mapping[str, Task]
    faults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Stage:
    """Assets that are made together, by one kind of task.

    assets: in the order in which they are made. tasks: returns the tasks of some keys (of [""] for a stage without
    partitions); it looks, but makes nothing, and is quick for thousands of keys. build: makes the units of tasks that
    are not finished, on a worker; a function of a module, because it is pickled; it never raises for one bad task.
    partitions: None for a stage of one task. job: the job that it belongs to: PREPARE, FINISH, or by default the part's
    own. registers: the partitions that are known when it has run. show: what a person is shown of each asset of a task,
    from the manifests of its units, which hold the facts that `Unit.finish` was given.

    pieces: cuts a task into smaller ones, so that a large task keeps all workers busy: `build` then gets pieces, and
    `join` makes a task's units, in this process, of the outcomes of all of its pieces.

    wanted: whether a catalogue asks for it; of a part that is asked for, by default all stages are.

    Every asset is a key of the task's `units`. Assets of one partition set that are made from each other belong to one
    stage: a run covers one set of partitions, and each stage of a job is run for all of them.
    """

    assets: tuple[Asset, ...]
    tasks: Callable[[Catalogue, Path, Collection[str]], Tasks]
    build: Callable[[Sequence[Any]], list[Outcome]]
    partitions: Partitions | None = None
    job: str = ""
    registers: Partitions | None = None
    show: Callable[[Any, Mapping[str, Manifest]], Mapping[str, Shown]] = lambda *_: {}
    pieces: Callable[[Any], Sequence[Sized]] | None = None
    join: Callable[[Any, Sequence[Outcome]], Outcome] | None = None
    wanted: Callable[[Catalogue], bool] = lambda _: True


@dataclass(frozen=True)
class Finding:
    """What a check found: how many things offend (none: it passed), and the first of them."""

    offenders: int
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    note: str = ""

    @property
    def passed(self) -> bool:
        """Whether nothing offends."""
        return self.offenders == 0


@dataclass(frozen=True)
class Check:
    """A standing check that SQL can't express; those in SQL are files of the part. It is made of `asset`.

    What a check finds that `warns` may be meant: it is shown, but is no fault of the build.
    """

    name: str
    asset: str
    description: str
    run: Callable[[Catalogue, Path], Finding]
    blocking: bool = False
    warns: bool = False


@dataclass(frozen=True)
class ReleasedFile:
    """A file of a release: where it is in the release, and where it is now.

    A file that a hub shows as rows belongs to a config and a split of it. One that is not released as it is has
    `write`, which is given its place.
    """

    name: str
    path: Path
    config: str = ""
    split: str = ""
    write: Callable[[Path], None] | None = None


@dataclass(frozen=True)
class Part:
    """A part of a dataset.

    name: the key of its section, and of its package. title: what it is called on the card. stages: in the order of the
    work. page: its page of the card, as Markdown texts and tables; [] as long as nothing is built. verify: derives
    everything again from the inputs by code of its own and returns what differs, as lines; `sample` bounds how much is
    looked at, None for all. plan: what there is to build, as tables, before anything is built. release: its files in a
    release of the dataset.
    """

    name: str
    title: str
    stages: tuple[Stage, ...]
    checks: tuple[Check, ...] = ()
    page: Callable[[Catalogue, Path], Sequence[str | TextTable]] = lambda *_: ()
    verify: Callable[[Catalogue, Path, int | None], Sequence[str]] = lambda *_: ()
    plan: Callable[[Catalogue, Path], Sequence[TextTable]] = lambda *_: ()
    release: Callable[[Catalogue, Path], Sequence[ReleasedFile]] = lambda *_: ()

    @property
    def assets(self) -> tuple[Asset, ...]:
        """All assets, in the order of the work."""
        return tuple(asset for stage in self.stages for asset in stage.assets)

    def as_asked(self, catalogue: Catalogue) -> "Part":
        """Return the part with the stages that a catalogue asks for, and without the checks of what the others make."""
        wanted = [stage for stage in self.stages if stage.wanted(catalogue)]
        absent = {asset.name for asset in self.assets} - {asset.name for stage in wanted for asset in stage.assets}
        stages = tuple(replace(stage, assets=tuple(one.without(absent) for one in stage.assets)) for stage in wanted)
        checks = tuple(check for check in self.checks if check.asset not in absent)
        return replace(self, stages=stages, checks=checks)
