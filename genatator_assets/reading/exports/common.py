"""What exports share: chromosomes and their order, names of files, runs along a chromosome, selected transcripts."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.gene_finding.segments import Runs
from genatator_assets.reading.dataset import Dataset
from genatator_assets.reading.store import Chromosome
from genatator_assets.work.files import path_name

_NONE = Runs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))


def chromosomes_by_name(dataset: Dataset, genome: str) -> list[Chromosome]:
    """Return a genome's chromosomes by the bytes of their names, as `LC_ALL=C sort` and UCSC's tools want them."""
    return sorted(dataset.chromosomes(genome=genome), key=lambda one: one.chrom.encode())


def file_name(genome: str, split: str | None, what: str) -> str:
    """Name a file of a genome, or of one split of it.

    >>> file_name("hg38", None, "mrna_tss_+.bw"), file_name("hg38", "test", "gff3")
    ('hg38.mrna_tss_+.bw', 'hg38.test.gff3')
    """
    return ".".join([path_name(genome), *([split] if split else []), what])


def runs_along(dataset: Dataset, chromosome: Chromosome, channels: Sequence[int]) -> Iterator[tuple[Runs, ...]]:
    """Return the runs of channels along a chromosome, stretch by stretch, however the dataset is kept: each is as long
    as it can be."""
    return joined(dataset.store.runs(chromosome, channels), len(channels))


def joined(stretches: Iterable[tuple[Runs, ...]], channels: int) -> Iterator[tuple[Runs, ...]]:
    """Join runs of one value that meet, also where one stretch ends and the next begins."""
    held = [_NONE] * channels
    for stretch in stretches:
        pairs = [_join(last, runs) for last, runs in zip(held, stretch, strict=True)]
        held = [last for _, last in pairs]
        yield tuple(finished for finished, _ in pairs)
    yield tuple(held)


def _join(last: Runs, runs: Runs) -> tuple[Runs, Runs]:
    """Return what is finished, and the last run, which may go on."""
    start, end, value = (
        np.concatenate([getattr(last, name), getattr(runs, name)]) for name in ("start", "end", "value")
    )
    if not len(start):
        return _NONE, _NONE
    breaks = np.flatnonzero((start[1:] != end[:-1]) | (value[1:] != value[:-1])) + 1
    first, until = np.concatenate([[0], breaks]), np.concatenate([breaks, [len(start)]]) - 1
    start, end, value = start[first], end[until], value[first]
    return Runs(start[:-1], end[:-1], value[:-1]), Runs(start[-1:], end[-1:], value[-1:])


def selected_transcripts(dataset: Dataset, genome: str) -> pa.Table | None:
    """Return the selected transcripts on a genome's chromosomes that are in `dataset`; None where none are kept."""
    transcripts = dataset.store.transcripts(genome)
    if transcripts is None:
        return None
    chroms = pa.array([one.chrom for one in dataset.chromosomes(genome=genome)], pa.string())
    return transcripts.filter(pc.and_(transcripts["selected"], pc.is_in(transcripts["chrom"], chroms)))
