"""Where Dagster's record of runs stands: DAGSTER_HOME if that is set, else a folder under the dataset's root."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import yaml

from genatator_assets.errors import GenatatorError
from genatator_assets.work.files import whole_file
from genatator_assets.work.layout import Layout

HOME_VARIABLE = "DAGSTER_HOME"
CONFIGURATION = Path(__file__).with_name("dagster.yaml")
"""What is put into a home that nobody has set up."""

_NO_TELEMETRY = {"DAGSTER_DISABLE_TELEMETRY": "yes"}  # a home of somebody else's may have it on
_IN_BATCHES = {"DAGSTER_EVENT_BATCH_SIZE": "500"}  # what a run intends is stored together, not partition by partition


def dagster_home(root: Path) -> Path:
    """Return the folder of Dagster's record, made ready if it is ours, or empty: then nobody else has set it up.

    Raises:
        GenatatorError: DAGSTER_HOME is not absolute, or the folder can't be written.
    """
    stated = os.environ.get(HOME_VARIABLE)
    home = Path(stated).expanduser() if stated else Layout(root.absolute()).dagster_home
    if not home.is_absolute():
        raise GenatatorError(f"{HOME_VARIABLE} is {stated!r}, expected an absolute path such as {home.absolute()}")
    configuration = home / CONFIGURATION.name
    try:
        in_use = bool(stated) and home.is_dir() and any(home.iterdir())
        if not (in_use or configuration.is_file()):
            with whole_file(configuration) as temporary:
                shutil.copyfile(CONFIGURATION, temporary)
        if not os.access(home, os.W_OK):
            raise PermissionError("no permission to write")
    except OSError as error:
        raise GenatatorError(
            f"Dagster's record can't be kept in {home} ({error}); set {HOME_VARIABLE} to a folder of your own"
        ) from error
    return home


def environment_of(root: Path) -> Mapping[str, str]:
    """Return the variables by which Dagster finds the record of the dataset at `root`, and tells nobody of it."""
    return {HOME_VARIABLE: str(dagster_home(root)), **_NO_TELEMETRY, **_IN_BATCHES}


@contextmanager
def open_instance(root: Path) -> Iterator[dg.DagsterInstance]:
    """Open the record for the dataset at `root`; inside the block DAGSTER_HOME names it.

    Raises:
        GenatatorError: Dagster can't be used with the home.
    """
    ours = environment_of(root)
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        with _instance(Path(ours[HOME_VARIABLE])) as instance:
            yield instance
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _instance(home: Path) -> dg.DagsterInstance:
    try:
        return dg.DagsterInstance.get()
    except (dg.DagsterError, yaml.YAMLError) as error:
        raise GenatatorError(f"Dagster can't use {home / CONFIGURATION.name}: {error}") from error
