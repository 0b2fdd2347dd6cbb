"""Where everything of a dataset stands under its root: the only place that spells paths."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from genatator_assets.errors import DatasetError
from genatator_assets.work.files import path_name, plain_name
from genatator_assets.work.storage import is_remote, machine_folder

_OF_GENOMES = ("assemblies/*", "annotation/*", "targets/*", "tracks/*", "channel_sets/*/*")
_OF_GENOMES_IN_SPLITS = ("blocks/*/genome=*", "channel_blocks/*/*/genome=*")
_MAY_BE_LINKS = (
    *("assemblies", "annotation", "targets", "blocks", "segmentation", "tracks", "channel_sets", "channel_blocks"),
    *("windows", "intervals", "cells", "leakage", "evaluation", "dataset"),
)


def chromosome_key(genome: str, chrom: str) -> str:
    """Name a chromosome among all of a dataset; `parse_key` reverses it.

    >>> chromosome_key("hg38", "chr1"), parse_key("hg38/HLA%2A01")
    ('hg38/chr1', ('hg38', 'HLA*01'))
    """
    return f"{path_name(genome)}/{path_name(chrom)}"


def parse_key(key: str) -> tuple[str, str]:
    """Return the genome and chromosome that `chromosome_key` named.

    Raises:
        DatasetError: it never named anything so.
    """
    genome, _, chrom = key.partition("/")
    names = plain_name(genome), plain_name(chrom)
    if not all(names) or chromosome_key(*names) != key:
        raise DatasetError(
            f"{key!r} is not the key of a chromosome: expected <genome>/<chrom>, as the catalogue registers it"
        )
    return names


@dataclass(frozen=True)
class Layout:
    """The paths under one dataset root; for a remote root, `work.storage.machine_folder` has what must be local.

    >>> Layout(Path("data")).block("train", "hg38", "chr1", 10_000_000).as_posix()
    'data/blocks/train/genome=hg38/chrom=chr1/10000000.parquet'
    """

    root: Path

    def linked_folders(self) -> list[Path]:
        """Return where the folders directly under the root lead that are symbolic links, say to a larger disk."""
        if is_remote(self.root):
            return []
        return [link.resolve() for name in _MAY_BE_LINKS if (link := self.root / name).is_symlink()]

    def folders_of_genomes(self) -> Iterator[tuple[str, Path]]:
        """Return every folder that has the name of a genome, with that name, whatever catalogue it is of."""
        for pattern in (*_OF_GENOMES, *_OF_GENOMES_IN_SPLITS):
            for folder in self.root.glob(pattern):
                if folder.is_dir() or (not is_remote(folder) and folder.is_symlink()):
                    yield plain_name(folder.name.removeprefix("genome=")), folder

    @property
    def lock(self) -> Path:
        """Held by whoever writes; for a remote root, by whoever of this machine does."""
        return machine_folder(self.root) / ".lock"

    @property
    def lock_holder(self) -> Path:
        """Who holds the lock, in words; there only while it is held, or where its holder was killed."""
        return self.lock.with_name(".lock.holder")

    @property
    def assemblies(self) -> Path:
        """Folder of all assemblies."""
        return self.root / "assemblies"

    def assembly(self, genome: str) -> Path:
        """Folder of an assembly's indexed sequence and chromosome table."""
        return self.assemblies / path_name(genome)

    def sequence(self, genome: str) -> Path:
        """FASTA file, uncompressed, with its `.fai` beside it."""
        return self.assembly(genome) / "sequence.fa"

    def soft_masked(self, genome: str) -> Path:
        """Where the FASTA file's letters are in lower case."""
        return self.assembly(genome) / "soft_masked.parquet"

    def sequence_manifest(self, genome: str) -> Path:
        """What made these, and the hashes of the sequences."""
        return self.assembly(genome) / "sequence.json"

    def chromosomes(self, genome: str) -> Path:
        """Table of an assembly's sequences."""
        return self.assembly(genome) / "chromosomes.parquet"

    def source(self, genome: str) -> Path:
        """Where an assembly's files came from, with their hashes."""
        return self.assembly(genome) / "source.json"

    def simulated(self, genome: str) -> Path:
        """Folder of a simulated assembly's input files."""
        return Layout(machine_folder(self.root)).assembly(genome) / "simulated"

    @property
    def annotations(self) -> Path:
        """Folder of all annotations."""
        return self.root / "annotation"

    def transcripts(self, genome: str) -> Path:
        """Table of every transcript of an assembly."""
        return self.annotations / path_name(genome) / "transcripts.parquet"

    def exons(self, genome: str) -> Path:
        """Table of the exons of every transcript of an assembly."""
        return self.annotations / path_name(genome) / "exons.parquet"

    def annotation_summary(self, genome: str) -> Path:
        """What was read from an annotation, with its hash and counts."""
        return self.annotations / path_name(genome) / "summary.json"

    @property
    def targets(self) -> Path:
        """Folder of all chromosomes' targets."""
        return self.root / "targets"

    def segments(self, genome: str, chrom: str) -> Path:
        """Run-length targets of a chromosome."""
        return self.targets / path_name(genome) / f"{path_name(chrom)}.parquet"

    def segments_manifest(self, genome: str, chrom: str) -> Path:
        """What made a chromosome's targets."""
        return self.targets / path_name(genome) / f"{path_name(chrom)}.json"

    @property
    def blocks(self) -> Path:
        """Folder of all blocks."""
        return self.root / "blocks"

    def chromosome_blocks(self, split: str, genome: str, chrom: str) -> Path:
        """Folder of a chromosome's blocks."""
        return self.blocks / split / f"genome={path_name(genome)}" / f"chrom={path_name(chrom)}"

    def block(self, split: str, genome: str, chrom: str, start: int) -> Path:
        """One block: a Parquet file of one row."""
        return self.chromosome_blocks(split, genome, chrom) / f"{start}.parquet"

    def blocks_manifest(self, split: str, genome: str, chrom: str) -> Path:
        """What made a chromosome's blocks, and what is in each."""
        return self.chromosome_blocks(split, genome, chrom) / "manifest.json"

    @property
    def index(self) -> Path:
        """A row per block."""
        return self.root / "dataset" / "blocks.parquet"

    def statistics(self, table: str) -> Path:
        """One of the card's tables."""
        return self.root / "dataset" / "statistics" / f"{table}.parquet"

    @property
    def card(self) -> Path:
        """The dataset's card: its statistics as text."""
        return self.root / "dataset" / "README.md"

    @property
    def catalog(self) -> Path:
        """The views and macros as one SQL file, for DuckDB alone."""
        return self.root / "dataset" / "catalog.sql"

    @property
    def dagster_home(self) -> Path:
        """Dagster's record of runs, unless DAGSTER_HOME names another."""
        return machine_folder(self.root) / ".dagster"

    @property
    def release(self) -> Path:
        """The dataset as it is published."""
        return self.root / "release"

    def leakage(self, table: str) -> Path:
        """A table of the leakage report: windows, genes or blocks."""
        return self.root / "leakage" / f"{table}.parquet"

    @property
    def leakage_manifest(self) -> Path:
        """What made the leakage report."""
        return self.root / "leakage" / "leakage.json"

    @property
    def train_mask(self) -> Path:
        """BED of what readers leave out so that the judged splits stay unseen."""
        return self.root / "leakage" / "train_mask.bed"

    def sketches(self, genome: str) -> Path:
        """What made the sketches of a genome's chromosomes."""
        return self.root / "leakage" / "sketches" / path_name(genome) / "sketches.json"

    def sketch(self, genome: str, chrom: str) -> Path:
        """The sampled k-mers of a chromosome."""
        return self.root / "leakage" / "sketches" / path_name(genome) / f"{path_name(chrom)}.parquet"

    def truth(self, split: str) -> Path:
        """Folder of what predictions of a split are compared with."""
        return self.root / "dataset" / "truth" / split

    def evaluation(self, prediction: str) -> Path:
        """Folder of a prediction's scores."""
        return self.root / "evaluation" / path_name(prediction)
