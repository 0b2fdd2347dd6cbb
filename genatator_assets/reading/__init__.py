"""Using a dataset: by coordinate, windows, torch, tokens, pictures, pages, exports; from a root or blocks alone."""

from genatator_assets.reading.batch import Arrays, Batch
from genatator_assets.reading.dataset import Dataset, open_dataset
from genatator_assets.reading.window import Interval, Window
from genatator_assets.reading.windows import Windows

__all__ = ["Arrays", "Batch", "Dataset", "Interval", "Window", "Windows", "open_dataset"]
