"""Where predictions are judged: the sequences, the parts of them that count, and which loci were seen in training."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from genatator_assets.evaluation.counts import Items
from genatator_assets.evaluation.models import Axis, Mask, Models, Numbers
from genatator_assets.tracks.runs import Positions, covered_before, distinct, merge

TILE_BP = 1_000_000


@dataclass(frozen=True)
class Judged:
    """A sequence that predictions are judged on: its names, and its length in bp."""

    genome: str
    chrom: str
    length: int
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Regions:
    """Intervals of the judged sequences, in any order: [start[i], end[i]) of sequence seq[i]. All int64."""

    seq: Numbers
    start: Positions
    end: Positions

    @classmethod
    def none(cls) -> "Regions":
        """Return no intervals."""
        return cls(*(np.empty(0, np.int64) for _ in range(3)))

    def __len__(self) -> int:
        """Number of intervals."""
        return len(self.start)


@dataclass(frozen=True, eq=False)
class Places:
    """The judged sequences; `masked` parts of them don't count. `seen` and `unseen` are loci by the leakage report."""

    sequences: tuple[Judged, ...]
    masked: Regions = field(default_factory=Regions.none)
    seen: Regions = field(default_factory=Regions.none)
    unseen: Regions = field(default_factory=Regions.none)

    @cached_property
    def lengths(self) -> Positions:
        """Lengths of the sequences in bp, int64 [sequences]."""
        return np.array([one.length for one in self.sequences], np.int64)

    @cached_property
    def _line(self) -> Axis:
        return Axis.of(self.lengths, stranded=False, gap=0)

    @cached_property
    def _first_tile(self) -> Numbers:
        tiles = -(-self.lengths // TILE_BP)
        return np.append(0, np.cumsum(tiles))

    def tiles_of(self, sequences: range) -> range:
        """Return the numbers of the tiles of 1 Mb of neighbouring sequences; no tile is on two."""
        return range(int(self._first_tile[sequences.start]), int(self._first_tile[sequences.stop]))

    def tile_of(self, items: Items) -> Numbers:
        """Return the tile in which each item starts, int64 [items]."""
        return self._first_tile[items.seq] + items.start // TILE_BP

    def cuts(self, axis: Axis, sequences: range) -> Positions:
        """Return the places on an axis where tiles and regions of neighbouring sequences begin and end, ascending."""
        seqs, edges = [], []
        for number in sequences:
            length = self.sequences[number].length
            edges.append(np.append(np.arange(0, length, TILE_BP), length))
            seqs.append(np.full(len(edges[-1]), number))
        for regions in (self.masked, self.seen, self.unseen):
            wanted = (regions.seq >= sequences.start) & (regions.seq < sequences.stop)
            seqs += [regions.seq[wanted]] * 2
            edges += [regions.start[wanted], regions.end[wanted]]
        seq, edge = (np.concatenate([np.empty(0, np.int64), *arrays]) for arrays in (seqs, edges))
        strands = (1, -1) if axis.stranded else (0,)
        return distinct(np.concatenate([axis.place(seq, np.full(len(seq), s, np.int8)) + edge for s in strands]))

    def unmasked(self, models: Models) -> Models:
        """Return the transcripts of which less than half is masked."""
        if not len(self.masked):
            return models
        masked = self._covered(self.masked, models.seq, models.start, models.end)
        return models.take(2 * masked < models.end - models.start)

    def outside_mask(self, items: Items) -> Mask:
        """Return which items have less than half of their bases masked."""
        masked = self._covered(self.masked, items.seq, items.start, items.end)
        return 2 * masked < items.end - items.start

    def leakage_of(self, items: Items) -> tuple[Mask, Mask]:
        """Return which items lie in loci that were seen in training, and which in others.

        That which covers more of an item counts. An item without a judged base is neither.
        """
        seen, unseen = (
            self._covered(regions, items.seq, items.start, items.end) for regions in (self.seen, self.unseen)
        )
        return (seen >= unseen) & (seen > 0), unseen > seen

    def judged_on(self, number: int) -> tuple[Positions, Positions]:
        """Return the parts of a sequence that are not masked: disjoint, ascending."""
        wanted = self.masked.seq == number
        masked = merge(self.masked.start[wanted], self.masked.end[wanted])
        start, end = np.append(0, masked[1]), np.append(masked[0], self.sequences[number].length)
        some = start < end
        return start[some], end[some]

    def _covered(self, regions: Regions, seq: Numbers, start: Positions, end: Positions) -> Positions:
        """Count the bases of each interval that regions cover."""
        place = self._line.offsets
        edges = merge(place[regions.seq] + regions.start, place[regions.seq] + regions.end)
        return covered_before(*edges, place[seq] + end) - covered_before(*edges, place[seq] + start)
