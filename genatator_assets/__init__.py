"""genatator-assets: genomes, and what is known about them, to data sets for training models.

import genatator_assets as ga

ds = ga.open_dataset("demo-data")
window = ds.window("sim-gencode", "chr5", 100_000, 231_072)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from genatator_assets.version import __version__

if TYPE_CHECKING:
    from genatator_assets.evaluation.evaluate import evaluate
    from genatator_assets.evaluation.scores import Scores
    from genatator_assets.reading.dataset import Dataset, open_dataset
    from genatator_assets.reading.torch import WindowDataset, WindowStream
    from genatator_assets.reading.transcripts import Transcript, Transcripts
    from genatator_assets.reading.window import Interval, Window
    from genatator_assets.reading.windows import Windows

__all__ = [
    "Dataset",
    "Interval",
    "Scores",
    "Transcript",
    "Transcripts",
    "Window",
    "WindowDataset",
    "WindowStream",
    "Windows",
    "__version__",
    "evaluate",
    "open_dataset",
]

_PLACES = {
    "Dataset": "genatator_assets.reading.dataset",
    "Interval": "genatator_assets.reading.window",
    "Scores": "genatator_assets.evaluation.scores",
    "Transcript": "genatator_assets.reading.transcripts",
    "Transcripts": "genatator_assets.reading.transcripts",
    "Window": "genatator_assets.reading.window",
    "WindowDataset": "genatator_assets.reading.torch",
    "WindowStream": "genatator_assets.reading.torch",
    "Windows": "genatator_assets.reading.windows",
    "evaluate": "genatator_assets.evaluation.evaluate",
    "open_dataset": "genatator_assets.reading.dataset",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is first used: the command line and the workers that build need none of them."""
    if name in _PLACES:
        return getattr(import_module(_PLACES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return the public names, so that they complete."""
    return __all__
