"""genatator-assets: genome assemblies and annotations to nucleotide-level gene-finding datasets."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from genatator_assets.version import __version__

if TYPE_CHECKING:
    from genatator_assets.evaluation.evaluate import evaluate
    from genatator_assets.evaluation.scores import Scores
    from genatator_assets.reading import open_dataset

__all__ = ["Scores", "__version__", "evaluate", "open_dataset"]

_FROM = {
    "open_dataset": "genatator_assets.reading",
    "evaluate": "genatator_assets.evaluation.evaluate",
    "Scores": "genatator_assets.evaluation.scores",
}


def __getattr__(name: str) -> Any:
    """Import what reads datasets when it is first used: the command line and the workers that build don't need it."""
    if name in _FROM:
        return getattr(import_module(_FROM[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
