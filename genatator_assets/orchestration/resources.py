"""What assets are handed: where the dataset stands, the workers they use, and whom they tell of progress."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

import dagster as dg

from genatator_assets.orchestration.progress import Progress
from genatator_assets.orchestration.settings import Settings
from genatator_assets.work.layout import Layout
from genatator_assets.work.pool import default_workers, process_pool


class Workers(dg.ConfigurableResource[None]):
    """Processes that build chromosomes; 0 takes as many as the machine's cores and memory carry."""

    max_workers: int = 0

    @contextmanager
    def executor(self) -> Iterator[Executor]:
        """Give an executor that is shut down, children too, at the end of the block."""
        with process_pool(self.max_workers or default_workers()) as pool:
            yield pool


def build_resources(settings: Settings) -> dict[str, object]:
    """Give the resources of a code location."""
    return {
        "layout": dg.ResourceDefinition.hardcoded_resource(Layout(settings.root)),
        "workers": Workers(max_workers=settings.workers or 0),
        "progress": dg.ResourceDefinition.hardcoded_resource(Progress()),
    }
