"""The catalogue: one validated YAML file says what a dataset is; everything else follows from it."""

from genatator_assets.catalogue.load import load_catalogue, preset_names
from genatator_assets.catalogue.model import (
    Annotation,
    Assembly,
    Catalogue,
    ChromosomeRules,
    Kernel,
    Sequence,
    Split,
    SplitRules,
)

__all__ = [
    "Annotation",
    "Assembly",
    "Catalogue",
    "ChromosomeRules",
    "Kernel",
    "Sequence",
    "Split",
    "SplitRules",
    "load_catalogue",
    "preset_names",
]
