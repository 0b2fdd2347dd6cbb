"""Where tracks, their table and windows over them stand under a dataset's root."""

from dataclasses import dataclass
from pathlib import Path

from genatator_assets.work.files import path_name


@dataclass(frozen=True)
class SignalLayout:
    """The paths of the part `signals`.

    A *recording* is what becomes tracks together: one entry of the catalogue, or one row of a table. Its track has its
    name; where it has several (one a strand, or a category), theirs begin with it.

    >>> SignalLayout(Path("data")).track("hg38", "atac liver", "chr1").as_posix()
    'data/tracks/hg38/atac%20liver/chr1.parquet'
    """

    root: Path

    @property
    def folder(self) -> Path:
        """Folder of all tracks."""
        return self.root / "tracks"

    def tracks(self, genome: str) -> Path:
        """Folder of a genome's tracks."""
        return self.folder / path_name(genome)

    def track(self, genome: str, track_id: str, chrom: str) -> Path:
        """Runs of a track on one chromosome."""
        return self.tracks(genome) / path_name(track_id) / f"{path_name(chrom)}.parquet"

    def manifest(self, genome: str, recording: str, chrom: str) -> Path:
        """What made a recording's tracks on one chromosome, and what was counted."""
        return self.tracks(genome) / path_name(recording) / f"{path_name(chrom)}.json"

    def recording(self, genome: str, recording: str) -> Path:
        """What made all of a recording's tracks."""
        return self.tracks(genome) / path_name(recording) / ".recording.json"

    def source(self, genome: str, recording: str) -> Path:
        """Where a recording's files came from, their hashes, and which chromosomes they have."""
        return self.tracks(genome) / path_name(recording) / ".source.json"

    @property
    def table(self) -> Path:
        """A row per track: the track table."""
        return self.root / "dataset" / "tracks.parquet"

    @property
    def rejects(self) -> Path:
        """Rows of tables that did not become tracks, and why."""
        return self.root / "dataset" / "track_rejects.parquet"

    @property
    def terms(self) -> Path:
        """Ontology terms of the tracks, and all above them."""
        return self.root / "dataset" / "terms.parquet"

    @property
    def statistics(self) -> Path:
        """Sums, extremes and histograms, a row per track and chromosome."""
        return self.root / "dataset" / "statistics" / "tracks.parquet"

    @property
    def counts(self) -> Path:
        """Alignments or intervals found, counted and passed over, a row per recording, chromosome and reason."""
        return self.root / "dataset" / "statistics" / "track_counts.parquet"

    @property
    def normalizers(self) -> Path:
        """What was taken from the training chromosomes to normalise each track."""
        return self.root / "dataset" / "normalizers.json"

    @property
    def window_sets(self) -> Path:
        """A row per window set."""
        return self.root / "dataset" / "window_sets.parquet"

    def window_set(self, name: str) -> Path:
        """How a window set is read: its tracks, bins and normalisers."""
        return self.root / "windows" / path_name(name) / "set.json"

    def windows(self, name: str) -> Path:
        """Table of a window set."""
        return self.root / "windows" / path_name(name) / "windows.parquet"

    def arrays(self, name: str) -> Path:
        """Dense arrays of a window set, where they are stored."""
        return self.root / "windows" / path_name(name) / "arrays.h5"

    def windows_manifest(self, name: str) -> Path:
        """What made a window set."""
        return self.root / "windows" / path_name(name) / "manifest.json"
