"""Where Dagster's record of runs stands: DAGSTER_HOME if that is set, else a folder under the dataset's root."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from genatator_assets.work.files import whole_file
from genatator_assets.work.layout import Layout

HOME_VARIABLE = "DAGSTER_HOME"

_CONFIGURATION = """\
# Written by genatator-assets; yours to change.
telemetry:
  enabled: false
nux:
  enabled: false
# Runs start at once, with or without a daemon, so that `dagster job launch` works on a bare machine.
run_coordinator:
  module: dagster.core.run_coordinator
  class: DefaultRunCoordinator
# SQLite, as Dagster by itself has it here, but ten times as fast. Without this it is the same record, slower.
storage:
  custom:
    module: genatator_assets.orchestration.record
    class: Record
    config:
      base_dir: {env: DAGSTER_HOME}
# What steps print is not captured, because they print nothing; this spares each run four processes.
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
"""


def dagster_home(root: Path) -> Path:
    """Return the folder of Dagster's record, made ready if it is ours, or empty: then nobody else has set it up."""
    stated = os.environ.get(HOME_VARIABLE)
    home = Path(stated) if stated else Layout(root.absolute()).dagster_home
    configuration = home / "dagster.yaml"
    in_use = bool(stated) and home.is_dir() and any(home.iterdir())
    if not (in_use or configuration.is_file()):
        with whole_file(configuration) as temporary:
            temporary.write_text(_CONFIGURATION)
    return home


@contextmanager
def open_instance(root: Path) -> Iterator[dg.DagsterInstance]:
    """Open the record for the dataset at `root`; inside the block DAGSTER_HOME names it."""
    before = os.environ.get(HOME_VARIABLE)
    os.environ[HOME_VARIABLE] = str(dagster_home(root))
    try:
        with dg.DagsterInstance.get() as instance:
            yield instance
    finally:
        if before is None:
            del os.environ[HOME_VARIABLE]
