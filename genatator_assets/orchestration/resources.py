"""What assets are handed: where the dataset stands, the workers they use, and whom they tell of progress."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.remembered import remember
from genatator_assets.orchestration.progress import Progress
from genatator_assets.orchestration.settings import Settings
from genatator_assets.work import pool
from genatator_assets.work.cluster import DaskWorkers
from genatator_assets.work.layout import Layout
from genatator_assets.work.lock import only_writer
from genatator_assets.work.machine import default_workers
from genatator_assets.work.text import first_of

_SHOWN = 8
WRITER = "writer"
Writer = dg.ResourceParam[object]
"""What assets that write take, as `writer`; a check that only reads waits for nobody."""


class Workers(dg.ConfigurableResource[None]):
    """Those who build chromosomes.

    `max_workers` processes of this machine (None: as many as its cores and memory carry; 0: none but the run's own),
    or, where `dask` names one by its address or scheduler file, a Dask cluster.
    """

    max_workers: int | None = None
    dask: str = ""

    def crew(self) -> pool.Workers:
        """Return them: they have a `concurrent.futures.Executor` for us."""
        if self.dask:
            return DaskWorkers(self.dask)
        count = default_workers() if self.max_workers is None else self.max_workers
        return pool.LocalWorkers(count) if count else pool.InProcess()


@dataclass(frozen=True)
class Crew:
    """Workers that are there already, in the place of those that a run finds by its configuration."""

    workers: pool.Workers

    def crew(self) -> pool.Workers:
        """Return them."""
        return self.workers


def workers_of(settings: Settings) -> Workers:
    """Return the workers that are set."""
    return Workers(max_workers=settings.workers, dask=settings.dask or "")


def build_resources(settings: Settings, catalogue: Catalogue) -> dict[str, object]:
    """Return the resources of a code location that serves a catalogue."""
    return {
        "layout": dg.ResourceDefinition.hardcoded_resource(Layout(settings.root)),
        WRITER: _writer(catalogue, settings.root),
        "workers": workers_of(settings),
        "progress": dg.ResourceDefinition.hardcoded_resource(Progress()),
    }


@contextmanager
def writing(
    catalogue: Catalogue, root: Path, wait: Callable[[str], None] | None, say: Callable[[str], None]
) -> Iterator[None]:
    """Be the only writer to `root` while the block lasts (see `only_writer`), and have it remember the catalogue.

    `say` is called with what the catalogue changes of the one that the root was built from.

    Raises:
        DatasetError: there is another writer and no `wait`.
        CatalogueError: the root was built from a dataset of another name.
    """
    with only_writer(root, wait):
        if changes := remember(catalogue, root):
            say(f"the catalogue has changed: {first_of(changes, _SHOWN, '; ')}")
        yield


def _writer(catalogue: Catalogue, root: Path) -> dg.ResourceDefinition:
    @dg.resource(
        description="The right to write to the dataset. While a run has it, other writers wait; readers don't."
    )
    def writer(context: dg.InitResourceContext) -> Iterator[None]:
        def say(text: str) -> None:
            if context.log:
                context.log.info(text)

        with writing(catalogue, root, lambda holder: say(f"waiting: {holder}"), say):
            yield None

    return writer
