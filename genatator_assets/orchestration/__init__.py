"""Everything that imports dagster: partitions, resources, assets, checks, jobs, and runs of them."""

from genatator_assets.orchestration.definitions import build_definitions

__all__ = ["build_definitions"]
