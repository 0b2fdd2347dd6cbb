"""Everything put together into the code location that Dagster loads."""

import warnings
from collections.abc import Mapping

import dagster as dg

from genatator_assets.orchestration.assets import build_assets
from genatator_assets.orchestration.checks import build_checks
from genatator_assets.orchestration.jobs import build_jobs
from genatator_assets.orchestration.resources import build_resources
from genatator_assets.orchestration.sensors import build_sensors
from genatator_assets.orchestration.settings import Settings
from genatator_assets.parts import load_catalogue


def build_definitions(
    settings: Settings | None = None, overrides: Mapping[str, object] | None = None
) -> dg.Definitions:
    """Make fresh definitions for `settings` (by default the environment's); `overrides` replace resources by name.

    Raises:
        CatalogueError: the catalogue can't be used.
    """
    settings = settings or Settings.from_environment()
    catalogue = load_catalogue(settings.catalogue)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Parameter `backfill_policy`", dg.BetaWarning)
        assets = build_assets(catalogue)
    jobs = build_jobs(settings, catalogue)
    return dg.Definitions(
        assets=assets,
        asset_checks=build_checks(catalogue),
        jobs=jobs,
        sensors=build_sensors(settings, catalogue, jobs),
        resources={**build_resources(settings, catalogue), **(overrides or {})},
        executor=dg.in_process_executor,
    )
