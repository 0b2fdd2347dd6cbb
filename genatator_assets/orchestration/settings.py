"""Which dataset the code location serves: a catalogue and a root, from the environment."""

import os
from dataclasses import dataclass
from pathlib import Path

from genatator_assets.work.storage import root_of

CATALOGUE_VARIABLE = "GENATATOR_CATALOGUE"
ROOT_VARIABLE = "GENATATOR_ROOT"
WORKERS_VARIABLE = "GENATATOR_WORKERS"
DASK_VARIABLE = "GENATATOR_DASK"


@dataclass(frozen=True)
class Settings:
    """`catalogue` is a path or the name of a preset; `workers` None takes what the machine carries.

    `dask` is the address or the scheduler file of a Dask cluster that works instead.
    """

    catalogue: str
    root: Path
    workers: int | None = None
    dask: str | None = None

    @classmethod
    def from_environment(cls) -> "Settings":
        """Read GENATATOR_CATALOGUE, GENATATOR_ROOT, GENATATOR_WORKERS and GENATATOR_DASK; by default it is the demo."""
        workers = os.environ.get(WORKERS_VARIABLE)
        return cls(
            catalogue=os.environ.get(CATALOGUE_VARIABLE, "demo"),
            root=root_of(os.environ.get(ROOT_VARIABLE, "demo-data")).absolute(),
            workers=int(workers) if workers else None,
            dask=os.environ.get(DASK_VARIABLE) or None,
        )

    def as_environment(self) -> dict[str, str]:
        """Return the variables from which `from_environment` reads the same settings in another process."""
        variables = {CATALOGUE_VARIABLE: self.catalogue, ROOT_VARIABLE: str(self.root)}
        if self.workers:
            variables[WORKERS_VARIABLE] = str(self.workers)
        if self.dask:
            variables[DASK_VARIABLE] = self.dask
        return variables
