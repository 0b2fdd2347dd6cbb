"""Looking the judged splits' k-mers up in train: what workers do, and what is kept on disk between their steps.

The distinct hashes of all judged windows stand in one file, ascending, that every worker maps into memory: pages of it
are shared, so memory does not grow with the number of workers. Then

    each judged chromosome    -> its samples: hash, position, ascending by hash      (SampleTask)
    all of them               -> the distinct hashes                                (distinct_hashes)
    each chromosome of train  -> which of those occur there, and how often          (LookupTask)
    each genome of train      -> one bit for each distinct hash                     (GenomeBits)
    each judged chromosome    -> counts for its windows and its genes' exons        (CountTask)
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from genatator_assets.leakage.kmers import Hashes, Kmers
from genatator_assets.leakage.sketch import read_sketch
from genatator_assets.leakage.stretches import Stretches
from genatator_assets.leakage.windows import Counts, Grid, Mask, count_within, occurs_in
from genatator_assets.tracks.runs import Positions, distinct

Relation = Literal["same_genome", "same_species", "other"]
RELATIONS: tuple[Relation, ...] = get_args(Relation)

OFTEN = 2
"""Without soft masking, a k-mer that occurs more often than this in a genome of train is a repeat."""

_RANGES = 64

Indices = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class SampleTask:
    """A judged chromosome, whose samples go into files that begin with `prefix`."""

    chromosome: Stretches
    kmers: Kmers
    unmasked: bool
    prefix: Path


def sample(task: SampleTask) -> int:
    """Write the hashes of a judged chromosome's k-mers, ascending, and where each starts; return how many there are."""
    left_out = task.chromosome.soft_masked() if task.unmasked else None
    stretches = list(task.chromosome.kmers(task.kmers, left_out))
    positions = np.concatenate([np.empty(0, np.int64), *(found for found, _ in stretches)])
    hashes = np.concatenate([np.empty(0, np.uint64), *(found for _, found in stretches)])
    order = np.argsort(hashes, kind="stable")
    np.save(_hashes(task.prefix), hashes[order])
    np.save(_positions(task.prefix), positions[order].astype(np.uint32))
    return len(hashes)


def _hashes(prefix: Path) -> Path:
    return prefix.with_suffix(".hashes.npy")


def _positions(prefix: Path) -> Path:
    return prefix.with_suffix(".positions.npy")


def distinct_hashes(prefixes: Iterable[Path], path: Path) -> int:
    """Write the distinct hashes of all samples, ascending, range by range; return how many there are."""
    samples = [np.load(_hashes(prefix), mmap_mode="r") for prefix in prefixes]
    edges = [(number << 64) // _RANGES for number in range(1, _RANGES)]
    cuts = [np.concatenate([[0], np.searchsorted(of, np.array(edges, np.uint64)), [len(of)]]) for of in samples]
    pieces = []
    for number in range(_RANGES):
        found = [of[cut[number] : cut[number + 1]] for of, cut in zip(samples, cuts, strict=True)]
        pieces.append(distinct(np.concatenate([np.empty(0, np.uint64), *found])))
    np.save(path, np.concatenate(pieces))
    return sum(map(len, pieces))


@dataclass(frozen=True)
class LookupTask:
    """A chromosome of train, by its sketch, and the file of distinct hashes."""

    genome: str
    sketch: Path
    hashes: Path


def look_up(task: LookupTask) -> tuple[Indices, npt.NDArray[np.uint8]]:
    """Return which of the distinct hashes, by their place, occur on a chromosome, and how often each."""
    wanted: Hashes = np.load(task.hashes, mmap_mode="r")
    hashes, copies = read_sketch(task.sketch)
    if not len(wanted):
        return np.empty(0, np.uint32), copies[:0]
    place = np.minimum(np.searchsorted(wanted, hashes), len(wanted) - 1)
    found = wanted[place] == hashes
    return place[found].astype(np.uint32), copies[found]


class GenomeBits:
    """Which of the distinct hashes occur in a genome of train, gathered chromosome by chromosome."""

    def __init__(self, hashes: int) -> None:
        """Begin with none."""
        self._copies = np.zeros(hashes, np.uint16)

    def add(self, found: Indices, copies: npt.NDArray[np.uint8]) -> None:
        """Add what occurs on a chromosome; each place stands there once."""
        self._copies[found] = np.minimum(self._copies[found].astype(np.uint32) + copies, 1_000)

    def often(self) -> Mask:
        """Return which occur more than OFTEN times in the genome."""
        return self._copies > OFTEN

    def save(self, path: Path) -> None:
        """Write a bit for each."""
        np.save(path, np.packbits(self._copies > 0))


@dataclass(frozen=True, eq=False)
class Exons:
    """The exons of genes of a chromosome: exon i is [start[i], end[i]), of gene owner[i] of `genes`."""

    genes: int
    owner: npt.NDArray[np.int64]
    start: Positions
    end: Positions

    def count(self, positions: Positions) -> Counts:
        """Count the positions (ascending) that lie in exons of each gene, int64 [genes]."""
        inside = count_within(positions, self.start, self.end)
        return np.bincount(self.owner, weights=inside, minlength=self.genes).astype(np.int64)


@dataclass(frozen=True, eq=False)
class CountTask:
    """A judged chromosome: its samples, the genomes of train with their bits, and the exons of its genes.

    `often` are the bits of hashes that are repeats; they are left out if it is given.
    """

    prefix: Path
    grid: Grid
    hashes: Path
    genomes: tuple[tuple[str, Relation, Path], ...]
    often: Path | None
    exons: Exons


@dataclass(frozen=True, eq=False)
class Found:
    """What was found of a judged chromosome, by window: int64 [windows]; by gene: int64 [genes].

    `by_relation` has the relations that occur. `best` is a place in the task's genomes, -1 for none.
    """

    sampled: Counts
    shared: Counts
    by_relation: Mapping[Relation, Counts]
    best: Counts
    exonic_sampled: Counts
    exonic_shared: Counts


def count_windows(task: CountTask) -> Found:
    """Count the samples of each window, and those that occur in train; by relation, and in which genome most do."""
    positions = np.load(_positions(task.prefix)).astype(np.int64)
    index = np.searchsorted(np.load(task.hashes, mmap_mode="r"), np.load(_hashes(task.prefix), mmap_mode="r"))
    if task.often is not None:
        kept = ~_bits(task.often, index)
        positions, index = positions[kept], index[kept]
    anywhere = np.zeros(len(index), bool)
    related = {relation: np.zeros(len(index), bool) for _, relation, _ in task.genomes}
    most, best = np.zeros(task.grid.windows, np.int64), np.full(task.grid.windows, -1, np.int64)
    for number, (_, relation, path) in enumerate(task.genomes):
        found = _bits(path, index)
        anywhere |= found
        related[relation] |= found
        shared = task.grid.count(positions[found])
        better = shared > most
        most[better], best[better] = shared[better], number
    return Found(
        sampled=task.grid.count(positions),
        shared=task.grid.count(positions[anywhere]),
        by_relation={relation: task.grid.count(positions[found]) for relation, found in related.items()},
        best=best,
        exonic_sampled=task.exons.count(np.sort(positions)),
        exonic_shared=task.exons.count(np.sort(positions[anywhere])),
    )


def _bits(path: Path, index: npt.NDArray[np.int64]) -> Mask:
    """Return the bits of places."""
    packed = np.load(path, mmap_mode="r")
    bits: Mask = (packed[index >> 3] >> (7 - (index & 7)).astype(np.uint8) & 1).astype(bool)
    return bits


@dataclass(frozen=True)
class HomologTask:
    """A chromosome whose windows are looked up in `sketch`, a file of distinct hashes, ascending.

    K-mers whose hashes are in `often`, another such file, are left out if it is given.
    """

    chromosome: Stretches
    kmers: Kmers
    unmasked: bool
    window_bp: int
    sketch: Path
    often: Path | None = None


def count_homologs(task: HomologTask) -> tuple[Counts, Counts]:
    """Return for each window of a chromosome how many k-mers were sampled, and how many of them occur in the sketch."""
    sketch = np.load(task.sketch, mmap_mode="r")
    grid = Grid(task.chromosome.length, task.window_bp)
    sampled, shared = np.zeros((2, grid.windows), np.int64)
    left_out = task.chromosome.soft_masked() if task.unmasked else None
    often = np.empty(0, np.uint64) if task.often is None else np.load(task.often, mmap_mode="r")
    for positions, hashes in task.chromosome.kmers(task.kmers, left_out):
        kept = ~occurs_in(hashes, often)
        positions, hashes = positions[kept], hashes[kept]  # noqa: PLW2901
        sampled += grid.count(positions)
        shared += grid.count(positions[occurs_in(hashes, sketch)])
    return sampled, shared


def relation(judged: tuple[str, str], train: tuple[str, str]) -> Relation:
    """Return how two genomes, each with its species, are related."""
    if judged[0] == train[0]:
        return "same_genome"
    return "same_species" if judged[1] == train[1] else "other"
