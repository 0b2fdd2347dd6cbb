"""What Dagster loads: everything stands in genatator_assets.orchestration."""

from genatator_assets.orchestration import build_definitions

defs = build_definitions()
