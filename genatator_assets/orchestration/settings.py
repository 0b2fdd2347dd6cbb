"""Which dataset the code location serves: a catalogue and a root, from the environment."""

import os
from dataclasses import dataclass
from pathlib import Path

from genatator_assets.errors import GenatatorError
from genatator_assets.parts import choose
from genatator_assets.work.storage import root_of

CATALOGUE_VARIABLE = "GENATATOR_CATALOGUE"
ROOT_VARIABLE = "GENATATOR_ROOT"
WORKERS_VARIABLE = "GENATATOR_WORKERS"
DASK_VARIABLE = "GENATATOR_DASK"
SENSORS_VARIABLE = "GENATATOR_SENSORS"
ON_FAILURE_VARIABLE = "GENATATOR_ON_FAILURE"


@dataclass(frozen=True)
class Settings:
    """`catalogue` is a path or the name of a preset; `workers` None as many as cores and memory allow, 0
    works in the process itself.

    `dask` is the address or the scheduler file of a Dask cluster that works instead. With `sensors` a run that
    succeeds is followed by the next step, unless somebody switches that off in the UI. `on_failure` is a command that
    is told of failed runs.
    """

    catalogue: str
    root: Path
    workers: int | None = None
    dask: str | None = None
    sensors: bool = False
    on_failure: str | None = None

    @classmethod
    def from_environment(cls, catalogue: str | None = None, root: Path | None = None) -> "Settings":
        """Read the variables GENATATOR_CATALOGUE, _ROOT, _WORKERS, _DASK, _SENSORS and _ON_FAILURE.

        A catalogue and a root that are given stand before the variables; of these two one is enough, and by default it
        is the demo (see `parts.choose`).

        Raises:
            GenatatorError: a variable has a value that it can't have.
        """
        stated = os.environ.get(ROOT_VARIABLE)
        catalogue, root = choose(
            catalogue or os.environ.get(CATALOGUE_VARIABLE), root or (root_of(stated) if stated else None)
        )
        return cls(
            catalogue=catalogue,
            root=root.absolute(),
            workers=_workers(os.environ.get(WORKERS_VARIABLE, "")),
            dask=os.environ.get(DASK_VARIABLE) or None,
            sensors=bool(os.environ.get(SENSORS_VARIABLE)),
            on_failure=os.environ.get(ON_FAILURE_VARIABLE) or None,
        )

    def as_environment(self) -> dict[str, str]:
        """Return the variables from which `from_environment` reads the same settings in another process."""
        variables = {
            CATALOGUE_VARIABLE: self.catalogue,
            ROOT_VARIABLE: str(self.root),
            WORKERS_VARIABLE: "" if self.workers is None else str(self.workers),
            DASK_VARIABLE: self.dask or "",
            SENSORS_VARIABLE: "yes" if self.sensors else "",
            ON_FAILURE_VARIABLE: self.on_failure or "",
        }
        return {name: value for name, value in variables.items() if value}


def _workers(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal():
        raise GenatatorError(
            f"{WORKERS_VARIABLE} is {text!r}, expected a number of processes, or 0 to work in the process itself"
        )
    return int(text)
