"""Which windows there are: the published trainer's rule, their order, their share, and how they vary. Numpy, no I/O.

A window of length W of a chromosome of length L begins every `step` bases, until one reaches the end. The last one
ends there and is shorter than W unless it fits; so is the only one of a chromosome shorter than W:

    step            |------|------|------|
    chromosome      [========================)
    windows         [--- W ---)
                           [--- W ---)
                                  [--- W ---)
                                         [---)     the last
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, SupportsIndex, overload

import numpy as np
import numpy.typing as npt

from genatator_assets.errors import ReadingError
from genatator_assets.reading.arguments import BUFFER, is_share, whole
from genatator_assets.reading.store import Chromosome
from genatator_assets.reading.window import Interval
from genatator_assets.tracks.runs import Positions, Strand, covered_before, intervals_where

if TYPE_CHECKING:
    from genatator_assets.reading.dataset import Dataset
    from genatator_assets.reading.torch import WindowDataset

Mask = npt.NDArray[np.bool_]
Picks = npt.NDArray[np.integer[Any]] | Mask
Shares = Mapping[str, float]
"""How often each genome's windows come, in relation to each other."""

Along = Literal["chromosomes"]
"""What a random order goes along."""
_STRETCH_BP = 10_000_000  # what a block has unless a catalogue says otherwise; any other gives an order as good


@dataclass(frozen=True, eq=False)
class Windows(Sequence[Interval]):
    """Intervals of at most `length` bp, as arrays: interval i is [start[i], end[i]) of chromosomes[number[i]].

    number int32 [n], start int64 [n], end int64 [n], reverse bool [n]: whether it is read on the - strand. It is a
    sequence of `Interval`; a slice is `Windows` again, and so is a sum of two. `dataset` is what they are read from.
    """

    length: int
    chromosomes: tuple[Chromosome, ...]
    number: npt.NDArray[np.int32]
    start: Positions
    end: Positions
    reverse: Mask
    dataset: "Dataset | None" = field(default=None, repr=False)

    @classmethod
    def of(
        cls, chromosomes: Sequence[Chromosome], length: int, step: int, dataset: "Dataset | None" = None
    ) -> "Windows":
        """Return all windows of chromosomes, in their order, by the rule above."""
        starts = [window_starts(chromosome.length, length, step) for chromosome in chromosomes]
        number = np.repeat(np.arange(len(starts), dtype=np.int32), [len(own) for own in starts])
        lengths = np.array([chromosome.length for chromosome in chromosomes], np.int64)
        start = np.concatenate([np.empty(0, np.int64), *starts])
        end = np.minimum(start + length, lengths[number])
        return cls(length, tuple(chromosomes), number, start, end, np.zeros(len(start), bool), dataset)

    def __len__(self) -> int:
        """Number of windows."""
        return len(self.start)

    @overload
    def __getitem__(self, place: int) -> Interval: ...
    @overload
    def __getitem__(self, place: slice | Sequence[int] | Picks) -> "Windows": ...
    def __getitem__(self, place: int | slice | Sequence[int] | Picks) -> "Interval | Windows":
        """Return one interval, or the windows of a slice, of some places or of a mask.

        Raises:
            IndexError: there is no such place.
            ReadingError: it is not a place.
        """
        if isinstance(place, slice):
            return self.take(np.arange(len(self))[place])
        if isinstance(place, (list, tuple, np.ndarray)):
            return self.take(np.asarray(place))
        if not isinstance(place, SupportsIndex):
            raise ReadingError(f"found {place!r} as the place of a window, expected a whole number")
        chromosome = self.chromosomes[self.number[place]]
        strand: Strand = "-" if self.reverse[place] else "+"
        return Interval(chromosome.genome, chromosome.chrom, int(self.start[place]), int(self.end[place]), strand)

    def __iter__(self) -> Iterator[Interval]:
        """Return the intervals one by one."""
        return (self[place] for place in range(len(self)))

    def __repr__(self) -> str:
        """Return a short summary: how many there are, not which."""
        return f"<{len(self):,} windows of {self.length:,} bp on {len(self.chromosomes):,} chromosomes>"

    def take(self, places: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> "Windows":
        """Return those at some places, in the order of the places; or those where a mask is true."""
        return self._with({name: getattr(self, name)[places] for name in _ARRAYS})

    def _with(self, arrays: Mapping[str, Any]) -> "Windows":
        return replace(self, **arrays)

    def __add__(self, others: "Windows") -> "Windows":
        """Return these windows and behind them others of the same length, such as negatives.

        Raises:
            ReadingError: the others are of another length.
        """
        if others.length != self.length:
            raise ReadingError(f"windows of {self.length:,} bp and of {others.length:,} bp can't be read together")
        chromosomes = tuple(dict.fromkeys((*self.chromosomes, *others.chromosomes)))
        place = {one: number for number, one in enumerate(chromosomes)}
        renumbered = np.array([place[one] for one in others.chromosomes], np.int32)[others.number]
        theirs = {**{name: getattr(others, name) for name in _ARRAYS}, "number": renumbered}
        arrays = {name: np.concatenate([getattr(self, name), theirs[name]]) for name in _ARRAYS}
        return replace(self._with(arrays), chromosomes=chromosomes)

    def shuffled(self, seed: int, epoch: int = 0, *, along: Along | None = None, buffer: int = BUFFER) -> "Windows":
        """Return all of them in an order that `seed` and `epoch` decide, on any machine.

        `along="chromosomes"`: the chromosomes in random order, one after another, each by stretches of 10 Mbp in random
        order, and these windows shuffled within every `buffer` of them. So few blocks or chromosomes are read at a
        time, where all don't fit into `cache_bytes`.

        Raises:
            ReadingError: a number is none, or below 0, or there is no such order.
        """
        if along not in (None, "chromosomes"):
            raise ReadingError(
                f"found {along=}, expected 'chromosomes', or None for an order that is random throughout"
            )
        random = np.random.default_rng([whole("seed", seed), whole("epoch", epoch)])
        buffer = whole("buffer", buffer, 1)
        if along is None:
            return self.take(random.permutation(len(self)))
        stretches = (self.number.astype(np.int64) << 32) + self.start // _STRETCH_BP
        found, stretch = np.unique(stretches, return_inverse=True)
        of_chromosome, of_stretch = (
            random.permutation(len(self.chromosomes))[self.number],
            random.permutation(len(found))[stretch],
        )
        order = np.lexsort((random.permutation(len(self)), of_stretch, of_chromosome))
        return self.take(order[np.lexsort((random.permutation(len(self)), np.arange(len(self)) // buffer))])

    def augmented(self, seed: int, epoch: int = 0, *, shift: int = 0, reverse_complement: bool = False) -> "Windows":
        """Return each window moved by up to `shift` bp to either side and, half of them, turned to the other strand.

        What becomes of a window is decided by `seed`, `epoch` and its place alone, so that it is the same in any order,
        on any rank and from any way of keeping the dataset. None leaves its chromosome: moved as far as there is room.

        Raises:
            ReadingError: `shift` is no number of bases.
        """
        shift = whole("shift", shift)
        drawn = self._noise(seed, epoch)
        start, own = self.start, self.end - self.start
        if shift:
            moved = start + (drawn >> np.uint64(1)).astype(np.int64) % (2 * shift + 1) - shift
            start = np.clip(moved, 0, self._chromosome_lengths()[self.number] - own)
        turned = self.reverse ^ (drawn & np.uint64(1)).astype(bool) if reverse_complement else self.reverse
        return replace(self, start=start, end=start + own, reverse=turned)

    def _noise(self, seed: int, epoch: int) -> npt.NDArray[np.uint64]:
        """Return 64 random bits for each window, which its place, seed and epoch decide."""
        names = (f"{one.genome}\t{one.chrom}".encode() for one in self.chromosomes)
        keys = [int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "little") for name in names]
        (salt,) = np.random.SeedSequence([whole("seed", seed), whole("epoch", epoch)]).generate_state(1, np.uint64)
        of_chromosome = _mixed(np.array(keys, np.uint64) ^ salt)
        return _mixed(of_chromosome[self.number] + self.start.astype(np.uint64))

    def weights(self, shares: Shares | None = None) -> npt.NDArray[np.float64]:
        """Return how likely each window should be drawn, float64 [n], in all 1: genomes are equally likely, or as
        `shares` says ({"hg38": 2, "mm39": 1}), and so are the windows of a genome.

        For `torch.utils.data.WeightedRandomSampler`; `balanced` draws so without repeating more than it has to.

        Raises:
            ReadingError: `shares` does not give each genome a share.
        """
        genomes, of_genome, counts = self._genomes()
        return (_shares_of(genomes, shares) / np.maximum(counts, 1))[of_genome]

    def balanced(self, seed: int, epoch: int = 0, shares: Shares | None = None) -> "Windows":
        """Return as many windows, of which genomes have equal shares, or such as `shares` says; by chromosomes.

        Windows of a genome are drawn by `seed` and `epoch`: each as often as any other, or once more.

        Raises:
            ReadingError: `shares` does not give each genome a share.
        """
        genomes, of_genome, counts = self._genomes()
        wanted = _whole_shares(_shares_of(genomes, shares), len(self))
        random = np.random.default_rng([whole("seed", seed), whole("epoch", epoch), 1])  # not what shuffles them
        times = np.zeros(len(self), np.int64)
        for number, (count, own) in enumerate(zip(wanted.tolist(), counts.tolist(), strict=True)):
            places = np.flatnonzero(of_genome == number)
            times[places] = count // own
            times[random.choice(places, count % own, replace=False)] += 1
        return self.take(np.repeat(np.arange(len(self)), times))

    def _genomes(self) -> tuple[list[str], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the genomes that have windows, the number of each window's, and how many windows each has."""
        names = sorted({one.genome for one in self.chromosomes})
        of_chromosome = np.array([names.index(one.genome) for one in self.chromosomes], np.int64)
        found, of_genome, counts = np.unique(of_chromosome[self.number], return_inverse=True, return_counts=True)
        return [names[number] for number in found], of_genome, counts

    def covered(self, intervals: Sequence[tuple[Positions, Positions]]) -> Positions:
        """Count the bases of each window that lie in the disjoint intervals of its chromosome: int64 [n]."""
        counts = np.zeros(len(self), np.int64)
        order = np.argsort(self.number, kind="stable")
        edges = np.searchsorted(self.number[order], np.arange(len(self.chromosomes) + 1))
        for number, (start, end) in enumerate(intervals):
            own = order[edges[number] : edges[number + 1]]
            if len(own) and len(start):
                first, last = (covered_before(start, end, of_windows[own]) for of_windows in (self.start, self.end))
                counts[own] = last - first
        return counts

    def _chromosome_lengths(self) -> Positions:
        return np.array([one.length for one in self.chromosomes], np.int64)

    def to_torch(self, **how: Any) -> "WindowDataset":
        """Return the windows as a map-style dataset for `torch.utils.data.DataLoader`; `how` they are read is what
        `WindowDataset` takes: `channels`, `context`, `transform`, `tracks`, `resolution` ...

        Raises:
            MissingExtraError: PyTorch is not installed.
            ReadingError: there is no such channel, or these windows were not made by a dataset.
        """
        from genatator_assets.reading.torch import WindowDataset  # noqa: PLC0415 - an extra

        if self.dataset is None:
            raise ReadingError("these windows were not made by a dataset: give one, as WindowDataset(dataset, windows)")
        return WindowDataset(self.dataset, self, **how)

    @cached_property
    def fingerprint(self) -> str:
        """Sixteen letters that tell these windows in this order from others, wherever the dataset is kept."""
        digest = hashlib.blake2b(digest_size=8)
        for one in self.chromosomes:
            digest.update(f"{one.genome}\t{one.chrom}\t{one.length}\n".encode())
        for name in _ARRAYS:
            digest.update(np.ascontiguousarray(getattr(self, name)).data)
        return digest.hexdigest()

    def lane(self, rank: int, world_size: int, *, consecutive: bool = False) -> "Windows":
        """Return the share of one of `world_size` processes: every lane is equally long, and no two share a window.

        It is every `world_size`-th window or, with `consecutive`, so many one after another. The last
        `len(self) % world_size` windows are in no lane.

        Raises:
            ReadingError: there is no such rank.
        """
        rank, world_size = whole("rank", rank, None), whole("world_size", world_size, None)
        if not 0 <= rank < world_size:
            raise ReadingError(f"{rank=} is not one of world_size={world_size} processes: expected 0 to world_size - 1")
        length = len(self) // world_size
        if consecutive:
            return self[rank * length : (rank + 1) * length]
        return self[rank : length * world_size : world_size]


_ARRAYS = ("number", "start", "end", "reverse")


def _mixed(bits: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return bits of which each depends on all of those given: the finaliser of SplitMix64 (Steele, Lea, Flood 2014).

    >>> _mixed(np.array([0x9E3779B97F4A7C15], np.uint64)).tolist() == [0xE220A8397B1DCDAF]
    True
    """
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def _shares_of(genomes: Sequence[str], shares: Shares | None) -> npt.NDArray[np.float64]:
    """Return the share of each genome, float64, in all 1."""
    given = dict.fromkeys(genomes, 1.0) if shares is None else shares
    if set(given) != set(genomes) or not all(np.isfinite(share) and share >= 0 for share in given.values()):
        raise ReadingError(f"found shares={dict(given)!r}, expected a number for each of {', '.join(genomes)}")
    if not sum(given.values()) > 0:
        raise ReadingError(f"found shares={dict(given)!r}, expected one above 0")
    return np.array([given[genome] for genome in genomes]) / sum(given.values())


def _whole_shares(shares: npt.NDArray[np.float64], total: int) -> npt.NDArray[np.int64]:
    """Return whole numbers that are in all `total` and as near to the shares as can be.

    >>> _whole_shares(np.array([0.5, 0.25, 0.25]), 7).tolist()
    [3, 2, 2]
    """
    exact = shares * total
    whole_ = np.floor(exact).astype(np.int64)
    most_left = np.argsort(whole_ - exact, kind="stable")[: total - whole_.sum()]
    whole_[most_left] += 1
    return whole_


def step_of(length: int, overlap: float | None, stride: int | None) -> int:
    """Return the bases from one window's start to the next: the stride, or max(1, int(W * (1 - overlap))).

    >>> step_of(131_072, None, None), step_of(131_072, 0.5, None), step_of(131_072, None, 1_000)
    (131072, 65536, 1000)

    Raises:
        ReadingError: a number makes no sense, or both are given.
    """
    if whole("length", length) < 1:
        raise ReadingError(f"windows of {length=} bp have no bases; expected at least 1")
    if overlap is not None and stride is not None:
        raise ReadingError(f"found both {overlap=} and {stride=}; give one of them")
    if stride is not None:
        if whole("stride", stride) < 1:
            raise ReadingError(f"{stride=} does not move forward; expected at least 1")
        return stride
    if not is_share(overlap or 0) or overlap == 1:
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
