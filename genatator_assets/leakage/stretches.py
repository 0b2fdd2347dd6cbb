"""The k-mers of a chromosome on disk, some megabases at a time: memory does not depend on its length."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from genatator_assets.leakage.kmers import Hashes, Kmers
from genatator_assets.sources.sequence import local_fasta, read_dna
from genatator_assets.tracks.runs import Positions
from genatator_assets.work.layout import Layout
from genatator_assets.work.tables import read_table

Intervals = tuple[Positions, Positions]

_STRETCH_BP = 8_000_000


@dataclass(frozen=True)
class Stretches:
    """A chromosome of `length` bp of a dataset."""

    root: Path
    genome: str
    chrom: str
    length: int

    def kmers(self, kmers: Kmers, left_out: Intervals | None) -> Iterator[tuple[Positions, Hashes]]:
        """Return the kept k-mers, stretch by stretch: where they start on the chromosome, and their hashes.

        K-mers that overlap the disjoint intervals `left_out` are left out.
        """
        fasta = local_fasta(Layout(self.root).sequence(self.genome))
        for start in range(0, self.length - kmers.k + 1, _STRETCH_BP):
            end = min(start + _STRETCH_BP + kmers.k - 1, self.length)
            own = None if left_out is None else _within(left_out, start, end)
            positions, hashes = kmers.of(read_dna(fasta, self.chrom, start, end), own)
            yield positions + start, hashes

    def soft_masked(self) -> Intervals:
        """Return where the letters of the FASTA file are in lower case: disjoint, ascending."""
        table = read_table(Layout(self.root).soft_masked(self.genome), filters=pc.field("chrom") == self.chrom)
        order = np.argsort(table["start"].to_numpy(), kind="stable")
        return table["start"].to_numpy()[order], table["end"].to_numpy()[order]


def _within(intervals: Intervals, start: int, end: int) -> Intervals:
    """Return the intervals that overlap [start, end), relative to it."""
    first, last = np.searchsorted(intervals[1], start, side="right"), np.searchsorted(intervals[0], end)
    return np.maximum(intervals[0][first:last] - start, 0), np.minimum(intervals[1][first:last], end) - start
