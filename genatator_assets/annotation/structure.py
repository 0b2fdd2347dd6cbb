"""The structure of transcripts as arrays, and the labels of each of their bases. No input or output.

Five labels a base, more than one of which may be 1: exon and intron exclude each other and are everywhere; CDS, 5UTR
and 3UTR exclude each other and lie in exons. So a base is of one of five kinds, and a transcript is a sequence of runs:

    + strand   5UTR  CDS  intron  CDS  exon alone (between reading frames)  CDS  3UTR
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Places = npt.NDArray[np.int64]
Labels = npt.NDArray[np.float32]

LABELS = ("5UTR", "exon", "intron", "3UTR", "CDS")
"""In the order of the contract."""

INTRON, EXON, CODING, FIVE, THREE = range(5)
"""Kinds of bases: intron; exon that is neither of the following; coding; 5' and 3' untranslated."""

KINDS = np.array([[0, 0, 1, 0, 0], [0, 1, 0, 0, 0], [0, 1, 0, 0, 1], [1, 1, 0, 0, 0], [0, 1, 0, 1, 0]], np.float32)
"""The labels of a base of each kind: float32 [5 kinds, 5 labels]."""

NOT_CODING = -1


@dataclass(frozen=True, eq=False)
class Structure:
    """Transcripts and their exons; 0-based half-open coordinates of the chromosome, int64.

    start, end, strand (1 or -1), first: of each transcript; `first` [transcripts + 1] is where its exons begin, which
    are ascending. exon_start, exon_end, cds_start, cds_end, phase: of each exon; the cds are NOT_CODING where nothing
    is coding. gap_exon, gap_from, gap_to: gaps within coding parts, ascending by exon; gap_to < gap_from where bases
    are read twice.
    """

    start: Places
    end: Places
    strand: Places
    first: Places
    exon_start: Places
    exon_end: Places
    cds_start: Places
    cds_end: Places
    phase: Places
    gap_exon: Places
    gap_from: Places
    gap_to: Places

    def __len__(self) -> int:
        """Number of transcripts."""
        return len(self.start)

    def take(self, numbers: Places) -> "Structure":
        """Return some of the transcripts, in the order of `numbers`."""
        counts = (self.first[1:] - self.first[:-1])[numbers]
        first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        exons = np.arange(first[-1]) - np.repeat(first[:-1] - self.first[numbers], counts)
        gaps_before = np.searchsorted(self.gap_exon, exons, side="left")
        gap_counts = np.searchsorted(self.gap_exon, exons, side="right") - gaps_before
        of_gap = np.repeat(np.arange(len(exons)), gap_counts)
        gaps = np.repeat(gaps_before, gap_counts) + (
            np.arange(len(of_gap)) - np.repeat(np.cumsum(gap_counts) - gap_counts, gap_counts)
        )
        return Structure(
            start=self.start[numbers],
            end=self.end[numbers],
            strand=self.strand[numbers],
            first=first,
            exon_start=self.exon_start[exons],
            exon_end=self.exon_end[exons],
            cds_start=self.cds_start[exons],
            cds_end=self.cds_end[exons],
            phase=self.phase[exons],
            gap_exon=of_gap,
            gap_from=self.gap_from[gaps],
            gap_to=self.gap_to[gaps],
        )


def structure_of(table: pa.Table, exons: pa.Table, transcripts: int) -> Structure:
    """Return the structure of some transcripts, in their order; lncRNAs have no coding sequence.

    table: rows of the table of transcripts, which has `transcripts` rows, with `transcript`, the row's number there.
    exons: the table of exons beside it.
    """
    place = np.full(transcripts, -1)
    place[table["transcript"].to_numpy()] = np.arange(len(table))
    owner = place[exons["transcript"].to_numpy()]
    kept = np.flatnonzero(owner >= 0)
    kept = kept[np.argsort(owner[kept], kind="stable")]
    exons, owner = exons.take(pa.array(kept)).combine_chunks(), owner[kept]
    codes = pc.equal(table["type"], "mRNA").to_numpy()[owner]

    def coding(name: str) -> Places:
        filled: Places = pc.fill_null(exons[name].cast(pa.int64()), NOT_CODING).to_numpy()
        return np.where(codes, filled, NOT_CODING)

    gaps = exons["cds_gaps"].combine_chunks()
    has_gaps = pa.array(codes & pc.is_valid(gaps).to_numpy(zero_copy_only=False))
    lengths = pc.fill_null(pc.list_value_length(gaps.filter(has_gaps)), 0).to_numpy()
    edges = pc.list_flatten(gaps.filter(has_gaps)).to_numpy().astype(np.int64)
    return Structure(
        start=table["start"].to_numpy(),
        end=table["end"].to_numpy(),
        strand=np.where(pc.equal(table["strand"], "+").to_numpy(), 1, -1),
        first=np.searchsorted(owner, np.arange(len(table) + 1)),
        exon_start=exons["start"].to_numpy().astype(np.int64),
        exon_end=exons["end"].to_numpy().astype(np.int64),
        cds_start=coding("cds_start"),
        cds_end=coding("cds_end"),
        phase=coding("phase"),
        gap_exon=np.repeat(np.flatnonzero(has_gaps.to_numpy(zero_copy_only=False)), lengths // 2),
        gap_from=edges[::2],
        gap_to=edges[1::2],
    )


@dataclass(frozen=True, eq=False)
class Runs:
    """Runs of bases of one kind, transcript by transcript from its first base to its last; int64 [runs] each.

    `owner` is the transcript's number; start and end are from the transcript's start.
    """

    owner: Places
    start: Places
    end: Places
    kind: Places

    def dense(self) -> Labels:
        """Return the labels of all transcripts, one behind the other: float32 [bases, 5]."""
        dense: Labels = np.repeat(KINDS[self.kind], self.end - self.start, axis=0)
        return dense

    def bases(self, count: int) -> Places:
        """Return how many bases of each kind each of `count` transcripts has: int64 [count, 5 kinds]."""
        cells = self.owner * len(KINDS) + self.kind
        summed = np.bincount(cells, self.end - self.start, minlength=count * len(KINDS))
        return summed.astype(np.int64).reshape(count, len(KINDS))


def runs_of(of: Structure, genome_orientation: bool = False) -> Runs:
    """Return the runs of all transcripts. With `genome_orientation`, 5UTR is what lies left of the coding sequence."""
    owner = np.repeat(np.arange(len(of)), np.diff(of.first))
    coding = of.cds_start >= 0
    left, right = _coding_ends(of, owner, coding)
    apart = of.gap_to > of.gap_from
    gap_exon, gap_from, gap_to = of.gap_exon[apart], of.gap_from[apart], of.gap_to[apart]
    exons = np.flatnonzero(coding)
    # Coding pieces lie between the coding part's ends and the gaps in it.
    piece_exon = np.concatenate([exons, gap_exon])
    begin = np.concatenate([of.cds_start[exons], gap_to])
    stop = np.concatenate([of.cds_end[exons], gap_from])
    by_begin, by_stop = np.lexsort((begin, piece_exon)), np.lexsort((stop, piece_exon))
    piece_exon, begin, stop = piece_exon[by_begin], begin[by_begin], stop[by_stop]
    # What is before the coding part, behind it, and in its gaps; an exon without one is all before.
    plain_owner = np.concatenate([owner, owner[exons], owner[gap_exon]])
    plain_start = np.concatenate([of.exon_start, of.cds_end[exons], gap_from])
    plain_end = np.concatenate([np.where(coding, of.cds_start, of.exon_end), of.exon_end[exons], gap_to])
    kind = np.full(len(plain_owner), EXON)
    forward = (of.strand[plain_owner] > 0) | genome_orientation
    has_coding = right[plain_owner] > 0
    kind[has_coding & (plain_end <= left[plain_owner])] = FIVE
    kind[has_coding & (plain_start >= right[plain_owner])] = THREE
    turned = (kind >= FIVE) & ~forward
    kind[turned] = FIVE + THREE - kind[turned]
    intron_owner, intron_start, intron_end = _introns(of, owner)
    return _sorted(
        of,
        np.concatenate([plain_owner, owner[piece_exon], intron_owner]),
        np.concatenate([plain_start, begin, intron_start]),
        np.concatenate([plain_end, stop, intron_end]),
        np.concatenate([kind, np.full(len(begin), CODING), np.full(len(intron_owner), INTRON)]),
    )


def _coding_ends(of: Structure, owner: Places, coding: npt.NDArray[np.bool_]) -> tuple[Places, Places]:
    """Return the first coding base of each transcript and the one behind the last; -1 where nothing is coding."""
    left, right = np.full(len(of), np.iinfo(np.int64).max), np.full(len(of), -1)
    np.minimum.at(left, owner[coding], of.cds_start[coding])
    np.maximum.at(right, owner[coding], of.cds_end[coding])
    return left, right


def _introns(of: Structure, owner: Places) -> tuple[Places, Places, Places]:
    """Return what lies between exons, and between a transcript's ends and its exons."""
    inner = np.flatnonzero(owner[1:] == owner[:-1])
    first, last = of.first[:-1], of.first[1:] - 1
    return (
        np.concatenate([owner[inner], np.arange(len(of)), np.arange(len(of))]),
        np.concatenate([of.exon_end[inner], of.start, of.exon_end[last]]),
        np.concatenate([of.exon_start[inner + 1], of.exon_start[first], of.end]),
    )


def _sorted(of: Structure, owner: Places, start: Places, end: Places, kind: Places) -> Runs:
    there = np.flatnonzero(end > start)
    order = there[np.lexsort((start[there], owner[there]))]
    owner = owner[order]
    return Runs(owner, start[order] - of.start[owner], end[order] - of.start[owner], kind[order])


def short_introns(runs: Runs, count: int, shorter_than: int = 20) -> tuple[Places, Places]:
    """Return how many introns each of `count` transcripts has, and how many of them are shorter than a length."""
    introns = runs.kind == INTRON
    short = introns & (runs.end - runs.start < shorter_than)
    return np.bincount(runs.owner[introns], minlength=count), np.bincount(runs.owner[short], minlength=count)


def coding_pieces(of: Structure, number: int) -> list[tuple[int, int]]:
    """Return the stretches of the chromosome that are read as codons, ascending; those read twice overlap."""
    pieces: list[tuple[int, int]] = []
    for exon in range(int(of.first[number]), int(of.first[number + 1])):
        if of.cds_start[exon] < 0:
            continue
        first, last = np.searchsorted(of.gap_exon, [exon, exon + 1])
        edges = [int(of.cds_start[exon])]
        for gap in range(first, last):
            edges += [int(of.gap_from[gap]), int(of.gap_to[gap])]
        edges.append(int(of.cds_end[exon]))
        pieces += list(zip(edges[::2], edges[1::2], strict=True))
    return pieces


def first_phase(of: Structure, number: int) -> int:
    """Return how many bases at the beginning of a coding sequence belong to a codon that began before."""
    exons = [exon for exon in range(int(of.first[number]), int(of.first[number + 1])) if of.cds_start[exon] >= 0]
    phase = int(of.phase[exons[0] if of.strand[number] > 0 else exons[-1]])
    return max(phase, 0)


def following(of: Structure, number: int, bases: int) -> list[tuple[int, int, int]]:
    """Return the `bases` spliced bases behind a coding sequence, in the direction of transcription, as (exon, start,
    end); fewer where the transcript ends before."""
    exons: Sequence[int] = range(int(of.first[number]), int(of.first[number + 1]))
    coding = [exon for exon in exons if of.cds_start[exon] >= 0]
    forward = of.strand[number] > 0
    exons = [exon for exon in exons if exon >= coding[-1]] if forward else [e for e in exons[::-1] if e <= coding[0]]
    found = []
    for exon in exons:
        start, end = int(of.exon_start[exon]), int(of.exon_end[exon])
        if forward:
            start = max(start, int(of.cds_end[exon]))
            end = min(end, start + bases)
        else:
            end = min(end, int(of.cds_start[exon])) if of.cds_start[exon] >= 0 else end
            start = max(start, end - bases)
        if end > start:
            found.append((exon, start, end))
            bases -= end - start
        if not bases:
            break
    return found


def with_stops(of: Structure, stretches: Sequence[tuple[int, int, int]]) -> Structure:
    """Return transcripts whose coding sequences have some stretches (exon, start, end) more, next to them."""
    cds_start, cds_end = of.cds_start.copy(), of.cds_end.copy()
    for exon, start, end in stretches:
        coding = cds_start[exon] >= 0
        cds_start[exon] = min(cds_start[exon], start) if coding else start
        cds_end[exon] = max(cds_end[exon], end)
    return replace(of, cds_start=cds_start, cds_end=cds_end)
