"""What exports share: chromosomes and their order, names of files, runs along a chromosome, selected transcripts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.errors import DatasetError, ReadingError
from genatator_assets.reading.channels import Channels
from genatator_assets.reading.dataset import Dataset
from genatator_assets.reading.store import Chromosome
from genatator_assets.reading.window import Interval, Window
from genatator_assets.reading.windows import Windows
from genatator_assets.tracks.runs import Runs, join_stretches
from genatator_assets.work.files import path_name, whole_folder
from genatator_assets.work.layout import Layout


def chromosomes_by_name(dataset: Dataset, genome: str) -> list[Chromosome]:
    """Return a genome's chromosomes by the bytes of their names, as `LC_ALL=C sort` and UCSC's tools want them."""
    return sorted(dataset.chromosomes(genome=genome), key=lambda one: one.chrom.encode())


def file_name(genome: str, split: str | None, what: str) -> str:
    """Name a file of a genome, or of one split of it.

    >>> file_name("hg38", None, "mrna_tss_+.bw"), file_name("hg38", "test", "gff3")
    ('hg38.mrna_tss_+.bw', 'hg38.test.gff3')
    """
    return ".".join([path_name(genome), *([split] if split else []), what])


def read_windows(dataset: Dataset, windows: Windows, channels: Channels) -> Iterator[tuple[Interval, Window]]:
    """Read windows in their order, all of one length: a shorter one is filled up with N and zeros behind its end.

    Raises:
        ReadingError: there are none, or there is no such channel.
    """
    if not len(windows):
        raise ReadingError(f"{dataset.store.origin}: there are no windows to write; choose others")
    filled = ((one, replace(one, end=one.start + windows.length)) for one in windows)
    return ((one, dataset.read(whole, channels=channels, pad=True)) for one, whole in filled)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Return a folder that takes the place of `path` when the block ends well; what stands there stays.

    Raises:
        ReadingError: something stands there.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ReadingError(f"{path} is there already; remove it, or give another place")
    with whole_folder(path) as temporary:
        yield temporary


def runs_along(dataset: Dataset, chromosome: Chromosome, channels: Sequence[int]) -> Iterator[tuple[Runs, ...]]:
    """Return the runs of channels along a chromosome, stretch by stretch, however the dataset is kept: each is as long
    as it can be."""
    return join_stretches(dataset.store.runs(chromosome, channels), len(channels))


def selected_transcripts(dataset: Dataset, genome: str) -> pa.Table | None:
    """Return the selected transcripts on a genome's chromosomes that are in `dataset`; None where none are kept."""
    transcripts = dataset.store.transcripts(genome)
    if transcripts is None:
        return None
    chroms = pa.array([one.chrom for one in dataset.chromosomes(genome=genome)], pa.string())
    return transcripts.filter(pc.and_(transcripts["selected"], pc.is_in(transcripts["chrom"], chroms)))


def selected_models(dataset: Dataset, genome: str) -> tuple[pa.Table, pa.Table]:
    """Return the same with their exons, which name their transcript by its place among the selected ones.

    Raises:
        DatasetError: the dataset has no transcripts.
    """
    transcripts, origin = dataset.store.transcripts(genome), dataset.store.origin
    if transcripts is None:
        raise DatasetError(
            f"{origin} has no transcripts of {genome}: blocks alone don't have them; expected"
            f" {Layout(origin).transcripts(genome)}, which a root and a release have"
        )
    chroms = pa.array([one.chrom for one in dataset.chromosomes(genome=genome)], pa.string())
    rows = pc.indices_nonzero(pc.and_(transcripts["selected"], pc.is_in(transcripts["chrom"], chroms)))
    exons = dataset.store.exons(genome)
    place = pc.index_in(exons["transcript"], rows.cast(pa.int32()))
    own = exons.set_column(0, exons.schema.field("transcript"), place).filter(pc.is_valid(place))
    return transcripts.take(rows), own
