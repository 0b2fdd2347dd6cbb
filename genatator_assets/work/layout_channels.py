"""Where channel sets are stored: the runs of chromosomes, and blocks as loaders read them."""

from dataclasses import dataclass
from pathlib import Path

from genatator_assets.work.files import path_name


@dataclass(frozen=True)
class ChannelLayout:
    """The paths of channel sets under a dataset's root.

    >>> ChannelLayout(Path("data")).block("splice", "train", "hg38", "chr1", 0).as_posix()
    'data/channel_blocks/splice/train/genome=hg38/chrom=chr1/0.parquet'
    """

    root: Path

    @property
    def sets(self) -> Path:
        """Folder of all runs."""
        return self.root / "channel_sets"

    @property
    def all_blocks(self) -> Path:
        """Folder of all blocks; not below `blocks`, where published loaders take every Parquet file."""
        return self.root / "channel_blocks"

    def segments(self, name: str, genome: str, chrom: str) -> Path:
        """The runs of a set on a chromosome."""
        return self.sets / name / path_name(genome) / f"{path_name(chrom)}.parquet"

    def manifest(self, name: str, genome: str, chrom: str) -> Path:
        """What made them and the blocks."""
        return self.sets / name / path_name(genome) / f"{path_name(chrom)}.json"

    def blocks(self, name: str, split: str, genome: str, chrom: str) -> Path:
        """Folder of the blocks of a chromosome."""
        return self.all_blocks / name / split / f"genome={path_name(genome)}" / f"chrom={path_name(chrom)}"

    def block(self, name: str, split: str, genome: str, chrom: str, start: int) -> Path:
        """One block."""
        return self.blocks(name, split, genome, chrom) / f"{start}.parquet"

    @property
    def statistics(self) -> Path:
        """A row per channel and chromosome."""
        return self.root / "dataset" / "statistics" / "channel_sets.parquet"
