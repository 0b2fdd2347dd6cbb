"""Where the sets of labelled intervals stand under a dataset's root."""

from dataclasses import dataclass
from pathlib import Path

from genatator_assets.work.files import path_name


@dataclass(frozen=True)
class IntervalLayout:
    """The paths of all sets.

    >>> IntervalLayout(Path("data")).regions("peaks").as_posix()
    'data/intervals/peaks/regions.parquet'
    """

    root: Path

    @property
    def folder(self) -> Path:
        """Folder of all sets."""
        return self.root / "intervals"

    def set(self, name: str) -> Path:
        """Folder of a set."""
        return self.folder / path_name(name)

    def sources(self, name: str) -> Path:
        """Table of what a set's intervals come from, and what became of their rows."""
        return self.set(name) / "sources.parquet"

    def regions(self, name: str) -> Path:
        """Table of a set's regions, kept and left out."""
        return self.set(name) / "regions.parquet"

    def hdf5(self, name: str) -> Path:
        """One-hot sequences and labels of the regions that are kept."""
        return self.set(name) / f"{path_name(name)}.h5"

    def rows(self, name: str) -> Path:
        """Folder of the regions that are kept, with sequences as text: <split>.parquet."""
        return self.set(name) / "rows"

    def manifest(self, name: str, asset: str) -> Path:
        """What made an asset of a set."""
        return self.set(name) / f"{asset}.json"
