"""From alignments to counts along a chromosome: which alignment counts, and at which bases. Numpy, no I/O.

A read is counted at its own 5' base, whichever mate of a pair it is:

    + read      5'|=========>            counted at start
    - read        <=========|5'          counted at end - 1

Alignments come in the order of their start, so all counts left of where the next one can reach are final: they leave
as runs, and what waits is small, however long the chromosome and however deep the data.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from genatator_assets.signals.section import Count, Excluded
from genatator_assets.sources.alignments import (
    DUPLICATE,
    FAILED,
    PAIRED,
    PROPER,
    REVERSE,
    SECOND,
    SECONDARY,
    SUPPLEMENTARY,
    UNMAPPED,
    Alignments,
    Part,
)
from genatator_assets.tracks.runs import Positions, Runs, join, runs_at

REASONS = (
    "unmapped",
    "secondary",
    "supplementary",
    "duplicate",
    "failed",
    "improper_pair",
    "low_mapq",
    "second_mate",
    "long_template",
    "outside",
)
"""Why an alignment is passed over; the first that holds is the one that is counted."""

LONGEST_TEMPLATE_BP = 1 << 21
"""A pair further apart has no midpoint: no fragment is as long, and midpoints of the others can be counted in order."""

_FLAGS: dict[Excluded, int] = {
    "secondary": SECONDARY,
    "supplementary": SUPPLEMENTARY,
    "duplicate": DUPLICATE,
    "failed": FAILED,
}
_BEYOND = np.iinfo(np.int64).max

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class CountRule:
    """How alignments are counted.

    `count`: at the read's 5' base; at the midpoint of its pair's template, once a pair, on the strand of the first
    mate (a read without a pair: at the midpoint of its fragment of `extend_bp`, or at its 5' base); or `depth`, at all
    bases that it covers (deletions are covered, introns are not). `extend_bp` makes it cover this many bases from its
    5' base on. `shift_bp` moves 5' bases and midpoints of + and of - reads, as +4 and -5 for ATAC. Alignments of
    `exclude` and those of a mapping quality below `min_mapq` are passed over.
    """

    count: Count = "5prime"
    stranded: bool = False
    min_mapq: int = 0
    exclude: tuple[Excluded, ...] = ()
    shift_bp: tuple[int, int] = (0, 0)
    extend_bp: int | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        """What must be read of each alignment."""
        pairs = self.count == "midpoint" or "improper_pair" in self.exclude
        gaps = self.count == "depth" and self.extend_bp is None
        wanted: dict[Part, bool] = {"mapq": self.min_mapq > 0, "mate": pairs, "gaps": gaps}
        return tuple(part for part, needed in wanted.items() if needed)

    @property
    def reach_back_bp(self) -> int:
        """How far left of its start an alignment may be counted."""
        back = max(0, -min(self.shift_bp)) if self.count != "depth" else 0
        if self.count == "midpoint":
            back += LONGEST_TEMPLATE_BP // 2 + 1
        return back + (self.extend_bp or 0)


@dataclass
class ReadCounter:
    """Counts the alignments to one reference of `length` bp, batch by batch, in the order of their start."""

    rule: CountRule
    length: int
    counted: int = 0
    passed_over: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Begin with nothing."""
        tally = _Depth if self.rule.count == "depth" else _Sites
        self._strands = [tally() for _ in range(2 if self.rule.stranded else 1)]
        self._final = 0

    def take(self, batch: Alignments) -> tuple[Runs, ...]:
        """Count a batch; return the runs that are final: of the + and the - strand if stranded, else of both as one.

        Raises:
            ValueError: an alignment lies left of earlier ones.
        """
        if not len(batch.flag):
            return self._until(self._final)
        kept = self._kept(batch)
        if self.rule.count == "depth":
            self._cover(batch, kept)
        else:
            self._mark(batch, kept)
        return self._until(int(batch.start[-1]) - self.rule.reach_back_bp)

    def finish(self) -> tuple[Runs, ...]:
        """Return the runs that are left when all batches have been taken."""
        return self._until(_BEYOND)

    def _until(self, bound: int) -> tuple[Runs, ...]:
        self._final = max(self._final, bound)
        return tuple(strand.until(self._final) for strand in self._strands)

    def _kept(self, batch: Alignments) -> Mask:
        """Return which alignments count by their flags and qualities, and count the others by reason."""
        kept = np.ones(len(batch.flag), np.bool_)
        flags = {"unmapped": UNMAPPED} | {name: _FLAGS[name] for name in _FLAGS if name in self.rule.exclude}
        if np.bitwise_or.reduce(batch.flag) & sum(flags.values()):
            for reason, bit in flags.items():
                self._pass_over(reason, (batch.flag & bit) != 0, kept)
        if batch.mates is not None:
            improper = (batch.flag & PAIRED != 0) & ~((batch.flag & PROPER != 0) & batch.mates.together)
            self._pass_over("improper_pair", improper, kept)
        if batch.mapq is not None:
            self._pass_over("low_mapq", batch.mapq < self.rule.min_mapq, kept)
        if batch.mates is not None and self.rule.count == "midpoint":
            self._pass_over("second_mate", (batch.flag & PAIRED != 0) & (batch.flag & SECOND != 0), kept)
            self._pass_over("long_template", np.abs(batch.mates.template) > LONGEST_TEMPLATE_BP, kept)
        return kept

    def _pass_over(self, reason: str, mask: Mask, kept: Mask) -> None:
        mask = mask & kept
        if count := int(np.count_nonzero(mask)):
            self.passed_over[reason] += count
            kept &= ~mask

    def _mark(self, batch: Alignments, kept: Mask) -> None:
        """Count each alignment at one base."""
        for tally, chosen, reverse in self._by_strand(batch, kept):
            sites = self._sites(batch, chosen, reverse=reverse)
            outside = (sites < 0) | (sites >= self.length)
            if outside.any():
                self.passed_over["outside"] += int(np.count_nonzero(outside))
                sites = sites[~outside]
            self.counted += len(sites)
            self._require_order(sites)
            tally.take(sites, sites)

    def _sites(self, batch: Alignments, chosen: Mask, *, reverse: bool) -> Positions:
        """Return the base at which each chosen alignment counts; all of them are of one strand."""
        sites = batch.end[chosen] - 1 if reverse else batch.start[chosen]
        if self.rule.count == "midpoint" and batch.mates is not None:
            half = (self.rule.extend_bp or 0) // 2
            leftmost = np.minimum(batch.start[chosen], batch.mates.start[chosen])
            of_pair = leftmost + np.abs(batch.mates.template[chosen]) // 2
            sites = np.where(batch.flag[chosen] & PAIRED != 0, of_pair, sites - half if reverse else sites + half)
        shift = self.rule.shift_bp[reverse]
        return sites + shift if shift else sites

    def _cover(self, batch: Alignments, kept: Mask) -> None:
        """Count each alignment at all bases that it covers."""
        start, end = batch.start, batch.end
        if self.rule.extend_bp is not None:
            reverse = (batch.flag & REVERSE) != 0
            start = np.where(reverse, end - self.rule.extend_bp, start)
            end = np.where(reverse, end, start + self.rule.extend_bp)
        start, end = np.clip(start, 0, self.length), np.clip(end, 0, self.length)
        self._pass_over("outside", start >= end, kept)
        self.counted += int(np.count_nonzero(kept))
        for tally, chosen, _ in self._by_strand(batch, kept):
            self._require_order(start[chosen])
            tally.take(start[chosen], end[chosen])
            if batch.gaps is not None:
                gaps = chosen[batch.gaps.read]  # cover ends where a gap begins, and begins again where it ends
                ends = np.minimum(batch.gaps.start[gaps], self.length)
                tally.take(np.minimum(batch.gaps.end[gaps], self.length), ends)

    def _by_strand(self, batch: Alignments, kept: Mask) -> Iterator[tuple["_Sites | _Depth", Mask, bool]]:
        """Return the tally of each strand, which alignments are of it, and whether it is the - strand."""
        reverse = (batch.flag & REVERSE) != 0
        yield self._strands[0], kept & ~reverse, False
        yield self._strands[-1], kept & reverse, True

    def _require_order(self, positions: Positions) -> None:
        if len(positions) and (first := int(positions.min())) < self._final:
            raise ValueError(f"an alignment counts at base {first:,}, but those left of {self._final:,} were over")


class _Sites:
    """Alignments counted at single bases."""

    def __init__(self) -> None:
        self._waiting = np.empty(0, np.int64)

    def take(self, sites: Positions, _: Positions) -> None:
        self._waiting = np.concatenate([self._waiting, sites])

    def until(self, bound: int) -> Runs:
        """Return the runs left of `bound`, where no more will be counted."""
        final = self._waiting < bound
        sites = np.sort(self._waiting[final])
        self._waiting = self._waiting[~final]
        if not len(sites):
            return Runs.none()
        last = np.append(np.flatnonzero(sites[1:] != sites[:-1]), len(sites) - 1)
        return runs_at(sites[last], np.diff(last, prepend=-1).astype(np.float32))


class _Depth:
    """Alignments counted at all bases that they cover: depth rises where one begins and falls where one ends."""

    def __init__(self) -> None:
        self._rises, self._falls = np.empty(0, np.int64), np.empty(0, np.int64)
        self._at, self._depth = 0, 0

    def take(self, start: Positions, end: Positions) -> None:
        self._rises = np.concatenate([self._rises, start])
        self._falls = np.concatenate([self._falls, end])

    def until(self, bound: int) -> Runs:
        """Return the runs of all bases left of the last change before `bound`, where no more changes will be."""
        rises, self._rises = _split(self._rises, bound)
        falls, self._falls = _split(self._falls, bound)
        edges = np.unique(np.concatenate([rises, falls]))
        if not len(edges):
            return Runs.none()
        after = self._depth + np.searchsorted(rises, edges, "right") - np.searchsorted(falls, edges, "right")
        start = np.append(self._at, edges[:-1])
        depth = np.append(self._depth, after[:-1])
        self._at, self._depth = int(edges[-1]), int(after[-1])
        covered = (depth > 0) & (start < edges)
        return Runs(*join(start[covered], edges[covered], depth[covered].astype(np.float32)))


def _split(waiting: Positions, bound: int) -> tuple[Positions, Positions]:
    final = waiting < bound
    return np.sort(waiting[final]), waiting[~final]
