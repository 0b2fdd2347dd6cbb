"""What Dagster loads in this repository; it stands in the package, so that an installed package has it, too."""

from genatator_assets.orchestration.code_location import defs

__all__ = ["defs"]
