"""The module that Dagster loads: the definitions of the dataset that the environment names."""

from genatator_assets.orchestration.definitions import build_definitions

defs = build_definitions()
