"""Where the segmentation dataset stands under a dataset's root."""

from dataclasses import dataclass
from pathlib import Path

from genatator_assets.work.files import path_name

GENOMES = "genomes"
"""The folder that is no config: what is known of each genome's rows."""


@dataclass(frozen=True)
class SegmentationLayout:
    """The paths of rows, and of what is known of them.

    >>> SegmentationLayout(Path("data")).rows("default", "train", "hg38", 0).as_posix()
    'data/segmentation/default/train/hg38-0000.parquet'
    """

    root: Path

    @property
    def folder(self) -> Path:
        """Folder of all configs."""
        return self.root / "segmentation"

    def rows(self, config: str, split: str, genome: str, number: int) -> Path:
        """One of the files of a genome's rows in a split of a config."""
        return self.folder / config / split / f"{path_name(genome)}-{number:04d}.parquet"

    def transcripts(self, genome: str) -> Path:
        """Table of a genome's transcripts: what each has of each label, and its reading frame."""
        return self.folder / GENOMES / f"{path_name(genome)}.parquet"

    def manifest(self, genome: str) -> Path:
        """What made a genome's rows."""
        return self.folder / GENOMES / f"{path_name(genome)}.json"

    def preview(self, split: str, genome: str) -> Path:
        """Some short rows of a genome."""
        return self.root / "dataset" / "segmentation_preview" / split / f"{path_name(genome)}.parquet"
