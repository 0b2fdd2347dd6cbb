"""Which windows there are: the published trainer's rule, their order, and how much of each is N. Numpy, no I/O.

A window of length W of a chromosome of length L begins every `step` bases, until one reaches the end. The last one
ends there and is shorter than W unless it fits; so is the only one of a chromosome shorter than W:

    step            |------|------|------|
    chromosome      [========================)
    windows         [--- W ---)
                           [--- W ---)
                                  [--- W ---)
                                         [---)     the last
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import overload

import numpy as np
import numpy.typing as npt

from genatator_assets.errors import ReadingError
from genatator_assets.reading.store import Chromosome
from genatator_assets.reading.window import Interval
from genatator_assets.tracks.runs import Positions, intervals_where


@dataclass(frozen=True, eq=False)
class Windows(Sequence[Interval]):
    """Intervals of at most `length` bp, as arrays: interval i is [start[i], end[i]) of chromosomes[number[i]].

    number int32 [n], start int64 [n], end int64 [n]. It is a sequence of `Interval`; a slice is `Windows` again.
    """

    length: int
    chromosomes: tuple[Chromosome, ...]
    number: npt.NDArray[np.int32]
    start: Positions
    end: Positions

    @classmethod
    def of(cls, chromosomes: Sequence[Chromosome], length: int, step: int) -> "Windows":
        """Return all windows of chromosomes, in their order, by the rule above."""
        starts = [window_starts(chromosome.length, length, step) for chromosome in chromosomes]
        number = np.repeat(np.arange(len(starts), dtype=np.int32), [len(own) for own in starts])
        lengths = np.array([chromosome.length for chromosome in chromosomes], np.int64)
        start = np.concatenate([np.empty(0, np.int64), *starts])
        return cls(length, tuple(chromosomes), number, start, np.minimum(start + length, lengths[number]))

    def __len__(self) -> int:
        """Number of windows."""
        return len(self.start)

    @overload
    def __getitem__(self, place: int) -> Interval: ...
    @overload
    def __getitem__(self, place: slice) -> "Windows": ...
    def __getitem__(self, place: int | slice) -> "Interval | Windows":
        """Return one interval, or some of the windows."""
        if isinstance(place, slice):
            return self.take(np.arange(len(self))[place])
        chromosome = self.chromosomes[self.number[place]]
        return Interval(chromosome.genome, chromosome.chrom, int(self.start[place]), int(self.end[place]))

    def __iter__(self) -> Iterator[Interval]:
        """Return the intervals one by one."""
        return (self[place] for place in range(len(self)))

    def __repr__(self) -> str:
        """Return a short summary: how many there are, not which."""
        return f"<{len(self):,} windows of {self.length:,} bp on {len(self.chromosomes):,} chromosomes>"

    def take(self, places: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> "Windows":
        """Return those at some places, in the order of the places; or those where a mask is true."""
        return replace(self, number=self.number[places], start=self.start[places], end=self.end[places])

    def shuffled(self, seed: int, epoch: int = 0) -> "Windows":
        """Return all of them in an order that `seed` and `epoch` decide, on any machine."""
        return self.take(np.random.default_rng([seed, epoch]).permutation(len(self)))

    def lane(self, rank: int, world_size: int) -> "Windows":
        """Return the share of one of `world_size` processes: every lane is equally long, and no two share a window.

        The last `len(self) % world_size` windows are in no lane.

        Raises:
            ReadingError: there is no such rank.
        """
        if not 0 <= rank < world_size:
            raise ReadingError(f"{rank=} is not one of world_size={world_size} processes: expected 0 to world_size - 1")
        return self[rank : len(self) // world_size * world_size : world_size]


def step_of(length: int, overlap: float | None, stride: int | None) -> int:
    """Return the bases from one window's start to the next: the stride, or max(1, int(W * (1 - overlap))).

    >>> step_of(131_072, None, None), step_of(131_072, 0.5, None), step_of(131_072, None, 1_000)
    (131072, 65536, 1000)

    Raises:
        ReadingError: a number makes no sense, or both are given.
    """
    if length < 1:
        raise ReadingError(f"windows of {length=} bp have no bases; expected at least 1")
    if overlap is not None and stride is not None:
        raise ReadingError(f"found both {overlap=} and {stride=}; give one of them")
    if stride is not None:
        if stride < 1:
            raise ReadingError(f"{stride=} does not move forward; expected at least 1")
        return stride
    if not 0 <= (overlap or 0) < 1:
        raise ReadingError(f"{overlap=} is not a share of a window; expected at least 0 and less than 1")
    return max(1, int(length * (1.0 - (overlap or 0.0))))


def window_starts(chromosome_length: int, length: int, step: int) -> Positions:
    """Return where the windows of a chromosome begin.

    >>> window_starts(25, 10, 5).tolist(), window_starts(8, 10, 5).tolist(), window_starts(10, 4, 7).tolist()
    ([0, 5, 10, 15], [0], [0, 7])
    """
    count = 1 + max(0, -(-(chromosome_length - length) // step))
    starts = np.arange(count, dtype=np.int64) * step
    return starts[starts < chromosome_length]


def runs_of_n(dna: str) -> tuple[Positions, Positions]:
    """Return the starts and ends of the runs of N.

    >>> [edges.tolist() for edges in runs_of_n("NNACNA")]
    [[0, 4], [2, 5]]
    """
    return intervals_where(np.frombuffer(dna.encode("ascii"), np.uint8) == ord("N"))
