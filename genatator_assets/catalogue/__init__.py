"""The catalogue: one validated YAML file says what a dataset is; everything else follows from it."""

from genatator_assets.catalogue.load import preset_names
from genatator_assets.catalogue.model import (
    Aliases,
    Annotation,
    Assembly,
    Catalogue,
    ChromosomeRules,
    Input,
    Sequence,
    SplitRules,
    TypeRules,
)

__all__ = [
    "Aliases",
    "Annotation",
    "Assembly",
    "Catalogue",
    "ChromosomeRules",
    "Input",
    "Sequence",
    "SplitRules",
    "TypeRules",
    "preset_names",
]
