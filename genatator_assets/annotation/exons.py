"""Exons and their coding parts, from the parts of many transcripts at once. No input or output."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from genatator_assets.annotation.lines import Places
from genatator_assets.annotation.parts import CDS, EXON, NO_PHASE, OPEN_LEFT, OPEN_RIGHT, START, STOP, UTR, PartArray

Flags = npt.NDArray[np.bool_]

_SPAN = 1 << 33  # more than any chromosome has: the intervals of different transcripts don't meet
_LONGEST_SLIP = 2


@dataclass(frozen=True, eq=False)
class Exons:
    """The exons of some transcripts, numbered from 0: ascending by `owner`, then by start; int64 [exons] each.

    `cds_start` and `cds_end` are -1, and `phase` is NO_PHASE, where nothing is coding. `gap_exon`, `gap_from` and
    `gap_to` are the gaps within coding parts: the exon, the end of a piece and the start of the next one.
    """

    owner: Places
    start: Places
    end: Places
    cds_start: Places
    cds_end: Places
    phase: Places
    gap_exon: Places
    gap_from: Places
    gap_to: Places


@dataclass(frozen=True, eq=False)
class Models:
    """The exons of transcripts, and what is known of each transcript, arrays [transcripts].

    `coding_bp` are the bases of exons that are coding; `open_5` and `open_3` are whether the annotation says, or the
    phases say, that the coding sequence has no beginning or no end; `has_start` and `has_stop` whether it has rows of
    such codons. `from_parts`: without exon rows. `cds_outside` and `cds_apart`: a CDS that is not wholly in an exon, or
    that meets none.
    """

    exons: Exons
    count: Places
    exonic_bp: Places
    coding_bp: Places
    open_5: Flags
    open_3: Flags
    has_start: Flags
    has_stop: Flags
    from_parts: Flags
    cds_outside: Flags
    cds_apart: Flags


def models_of(parts: PartArray, owner: Places, strand: npt.NDArray[np.int8]) -> Models:
    """Return the models of transcripts from their parts.

    parts: PART [parts], in any order; quickest in that of transcripts. owner: int64 [parts], which transcript each is
    of. strand: int8 [transcripts], 1 or -1, or 0 where it is unknown (then as 1).
    """
    count = len(strand)
    kind = parts["kind"]
    has_exons = _any(owner[kind == EXON], count)
    is_exon = (kind == EXON) | (~has_exons[owner] & ((kind == CDS) | (kind == STOP) | (kind == UTR)))
    exon_owner, start, end = _union(owner[is_exon], parts["start"][is_exon], parts["end"][is_exon])
    coding = (kind == CDS) | (kind == STOP)
    rows, of_rows = parts[coding], owner[coding]
    order = np.argsort(of_rows * _SPAN + rows["start"], kind="stable")
    rows, of_rows = rows[order], of_rows[order]
    slip = _slips(rows, of_rows)
    piece_owner, piece_start, piece_end = _union(of_rows, rows["start"], rows["end"])
    exon = _exon_of(exon_owner, start, piece_owner, piece_start)
    inside = (exon >= 0) & (piece_start < end[exon])
    cds_outside = _any(piece_owner[~inside | (piece_end > end[exon])], count)
    cds_apart = _apart(rows, of_rows, exon_owner, start, end, count)
    piece_end = np.minimum(piece_end, end[exon])
    exon, piece_start, piece_end = exon[inside], piece_start[inside], piece_end[inside]
    cds_start, cds_end = np.full(len(start), -1), np.full(len(start), -1)
    first = np.flatnonzero(np.diff(exon, prepend=-1))
    last = np.append(first[1:], len(exon))[: len(first)] - 1
    cds_start[exon[first]], cds_end[exon[last]] = piece_start[first], piece_end[last]
    follows = np.flatnonzero(exon[1:] == exon[:-1])
    slip_exon = _exon_of(exon_owner, start, of_rows[slip], rows["start"][slip + 1].astype(np.int64))
    known = (slip_exon >= 0) & (cds_start[slip_exon] >= 0)
    slip, slip_exon = slip[known], slip_exon[known]
    gap_exon = np.concatenate([exon[follows], slip_exon])
    gap_from = np.concatenate([piece_end[follows], rows["end"][slip]])
    gap_to = np.concatenate([piece_start[follows + 1], rows["start"][slip + 1]])
    gaps = np.lexsort((gap_from, gap_exon))
    gap_exon, gap_from, gap_to = gap_exon[gaps], gap_from[gaps], gap_to[gaps]
    coding_bp = _sum(exon_owner[exon], piece_end - piece_start, count)
    read = np.where(cds_start >= 0, cds_end - cds_start, 0)
    np.subtract.at(read, gap_exon, gap_to - gap_from)
    stated = _stated_phases(rows, of_rows, exon_owner, start, strand)
    phase, first_phase, read_bp = _phases(exon_owner, cds_start >= 0, read, stated, strand)
    exons = Exons(exon_owner, start, end, cds_start, cds_end, phase, gap_exon, gap_from, gap_to)
    left, right = (_any(of_rows[(rows["marks"] & mark) > 0], count) for mark in (OPEN_LEFT, OPEN_RIGHT))
    return Models(
        exons=exons,
        count=np.bincount(exon_owner, minlength=count),
        exonic_bp=_sum(exon_owner, end - start, count),
        coding_bp=coding_bp,
        open_5=np.where(strand < 0, right, left) | (first_phase > 0),
        open_3=np.where(strand < 0, left, right) | ((read_bp - first_phase) % 3 != 0),
        has_start=_any(owner[kind == START], count),
        has_stop=_any(owner[kind == STOP], count),
        from_parts=~has_exons & _any(exon_owner, count),
        cds_outside=cds_outside,
        cds_apart=cds_apart & has_exons,
    )


def _any(owners: Places, count: int) -> Flags:
    found = np.zeros(count, bool)
    found[owners] = True
    return found


def _sum(owners: Places, values: Places, count: int) -> Places:
    return np.bincount(owners, values, minlength=count).astype(np.int64)


def _union(owner: Places, start: Places, end: Places) -> tuple[Places, Places, Places]:
    """Return the union of intervals for each owner: intervals that overlap or touch are one."""
    base = owner.astype(np.int64) * _SPAN
    first, reach = base + start, base + end
    order = np.argsort(first, kind="stable")
    first, reach = first[order], np.maximum.accumulate(reach[order])
    begins = np.flatnonzero(np.append(True, first[1:] > reach[:-1])[: len(first)])
    first, last = first[begins], reach[np.append(begins[1:], len(first))[: len(begins)] - 1]
    of = first // _SPAN
    return of, first - of * _SPAN, last - of * _SPAN


def _exon_of(exon_owner: Places, exon_start: Places, owner: Places, position: Places) -> Places:
    """Return the last exon of the same owner that begins at or before a position; -1 for none."""
    found = np.searchsorted(exon_owner * _SPAN + exon_start, owner * _SPAN + position, side="right") - 1
    if not len(exon_owner):
        return found
    own: Places = np.where((found >= 0) & (exon_owner[found] == owner), found, -1)
    return own


def _slips(rows: PartArray, owner: Places) -> Places:
    """Return which rows of CDS, sorted, end a base or two behind the start of the next: there bases are read twice."""
    cds = (rows["kind"][1:] == CDS) & (rows["kind"][:-1] == CDS) & (owner[1:] == owner[:-1])
    overlap = rows["end"][:-1] - rows["start"][1:]
    moves_on = (rows["start"][1:] > rows["start"][:-1]) & (rows["end"][1:] > rows["end"][:-1])
    return np.flatnonzero(cds & moves_on & (overlap > 0) & (overlap <= _LONGEST_SLIP))


def _apart(
    rows: PartArray, owner: Places, exon_owner: Places, exon_start: Places, exon_end: Places, count: int
) -> Flags:
    """Return which transcripts have a row of CDS that meets none of their exons."""
    cds = rows["kind"] == CDS
    rows, owner = rows[cds], owner[cds]
    exon = _exon_of(exon_owner, exon_start, owner, rows["end"].astype(np.int64) - 1)
    meets = (exon >= 0) & (exon_end[exon] > rows["start"]) if len(exon_owner) else exon >= 0
    return _any(owner[~meets], count)


def _stated_phases(
    rows: PartArray, owner: Places, exon_owner: Places, exon_start: Places, strand: npt.NDArray[np.int8]
) -> Places:
    """Return the phase that the annotation states for each exon: that of its first coding row, NO_PHASE for none."""
    stated = np.full(len(exon_start), NO_PHASE)
    exon = _exon_of(exon_owner, exon_start, owner, rows["start"].astype(np.int64))
    reverse = strand[owner] < 0
    begin = np.where(reverse, -rows["end"].astype(np.int64), rows["start"])
    order = np.lexsort((begin, exon))
    exon = exon[order]
    first = np.flatnonzero(np.diff(exon, prepend=-2))
    first = first[exon[first] >= 0]
    stated[exon[first]] = rows["phase"][order][first]
    return stated


def _phases(
    owner: Places, coding: Flags, read: Places, stated: Places, strand: npt.NDArray[np.int8]
) -> tuple[Places, Places, Places]:
    """Return the phase of each exon, and of each transcript the first phase and how many coding bases are read.

    Where the annotation states none, it is counted from the first coding exon, in the direction of transcription.
    """
    count = len(strand)
    order = np.flatnonzero(coding)
    reverse = strand[owner[order]] < 0
    order = order[np.lexsort((np.where(reverse, -order, order), owner[order]))]
    of, bases = owner[order], read[order]
    begins = np.flatnonzero(np.diff(of, prepend=-1))
    before = np.cumsum(bases) - bases
    before -= np.repeat(before[begins], np.diff(np.append(begins, len(of))))
    first_phase = np.zeros(count, np.int64)
    first_phase[of[begins]] = np.maximum(stated[order[begins]], 0)
    counted = (first_phase[of] - before) % 3
    phase = np.full(len(owner), NO_PHASE)
    phase[order] = np.where(stated[order] == NO_PHASE, counted, stated[order])
    return phase, first_phase, _sum(of, bases, count)
