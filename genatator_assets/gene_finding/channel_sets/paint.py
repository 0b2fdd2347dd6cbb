"""From the structure of transcripts to the segments of a set. Numpy only, no input or output.

A transcript's coding sequence is a sequence of pieces, which are numbered along the direction of transcription:

    - strand    chromosome   [ piece 2 )...[ piece 1 )......[ piece 0 )
                bases                9 8    7 6 5 4          3 2 1 0     `before` of piece 1 is 4
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from genatator_assets.annotation.structure import CODING, FIVE, INTRON, THREE, Places, Structure, runs_of
from genatator_assets.gene_finding.channel_sets.sets import SETS
from genatator_assets.gene_finding.section import SetName
from genatator_assets.tracks.runs import STRANDS, Positions, Runs, distinct, merge, ranges
from genatator_assets.tracks.segments import Segments

_CODON = 3
STOPS = (b"TAA", b"TAG", b"TGA")
_COMPLEMENT = bytes.maketrans(b"ACGTN", b"TGCAN")

BasesAt = Callable[[Positions], npt.NDArray[np.uint8]]
"""Returns the letters at ascending, distinct positions of the chromosome, of its + strand."""


@dataclass(frozen=True, eq=False)
class Model:
    """The transcripts of a chromosome of `length` bp, and which of them have the beginning of their coding sequence."""

    of: Structure
    begun: npt.NDArray[np.bool_]
    length: int

    def paint(self, name: SetName, bases_at: BasesAt) -> Segments:
        """Return the segments of a set; `bases_at` is asked only for bases that may be of a stop codon."""
        match name:
            case "structure":
                intervals = self._structure()
            case "splice":
                intervals = self._splice()
            case "coding":
                intervals = self._coding(bases_at)
        tracks = SETS[name]
        runs = [_runs(*intervals[track.stem, track.strand]) for track in tracks]
        return Segments(self.length, tuple(runs), tracks)

    # structure

    def _structure(self) -> dict[tuple[str, str], tuple[Positions, Positions]]:
        runs = runs_of(self.of)
        start, end = runs.start + self.of.start[runs.owner], runs.end + self.of.start[runs.owner]
        strand = self.of.strand[runs.owner]
        kinds = {
            "exon": runs.kind != INTRON,
            "intron": runs.kind == INTRON,
            "CDS": runs.kind == CODING,
            "5UTR": runs.kind == FIVE,
            "3UTR": runs.kind == THREE,
        }
        return {
            (stem, sign): (start[kept], end[kept])
            for stem, wanted in kinds.items()
            for sign in STRANDS
            for kept in (wanted & (strand == _number(sign)),)
        }

    # splice

    def _splice(self) -> dict[tuple[str, str], tuple[Positions, Positions]]:
        owner = np.repeat(np.arange(len(self.of)), np.diff(self.of.first))
        inner = np.flatnonzero(owner[1:] == owner[:-1])
        left, right = self.of.exon_end[inner] - 1, self.of.exon_start[inner + 1]
        forward = self.of.strand[owner[inner]] > 0
        first = {"+": left[forward], "-": right[~forward]}
        last = {"+": right[forward], "-": left[~forward]}
        return {
            (stem, sign): (places[sign], places[sign] + 1)
            for stem, places in (("donor", first), ("acceptor", last))
            for sign in STRANDS
        }

    # coding

    def _coding(self, bases_at: BasesAt) -> dict[tuple[str, str], tuple[Positions, Positions]]:
        found: dict[tuple[str, str], tuple[Positions, Positions]] = {}
        coding = self._pieces
        start = coding.codons(np.zeros(len(self.of), np.int64), self.begun & (coding.phase == 0))
        stop = coding.codons(coding.total - _CODON, self._stopped(bases_at))
        for sign in STRANDS:
            own = coding.strand == _number(sign)
            for place in range(_CODON):
                positions = coding.at_codon_position(place, own)
                found[f"codon_position_{place}", sign] = positions, positions + 1
            for stem, (owner, begin, end) in (("start_codon", start), ("stop_codon", stop)):
                kept = self.of.strand[owner] == _number(sign)
                found[stem, sign] = begin[kept], end[kept]
        return found

    @cached_property
    def _pieces(self) -> "_Coding":
        return _Coding.of(self.of)

    def _stopped(self, bases_at: BasesAt) -> npt.NDArray[np.bool_]:
        """Return whether the last three coding bases of each transcript are a whole codon, and a stop."""
        coding = self._pieces
        whole = (coding.total - coding.phase >= _CODON) & ((coding.total - coding.phase) % _CODON == 0)
        owner, begin, end = coding.codons(coding.total - _CODON, whole)
        positions = ranges(begin, end - begin)
        of = np.repeat(owner, end - begin)
        asked = distinct(positions)
        letters = bases_at(asked)[np.searchsorted(asked, positions)]
        # In the direction of transcription: ascending for +, descending for -.
        order = np.lexsort((positions * self.of.strand[of], of))
        text = letters[order].reshape(-1, _CODON)
        owners = of[order][::_CODON]
        stops = np.zeros(len(self.of), bool)
        for codon in STOPS:
            read = np.frombuffer(codon, np.uint8), np.frombuffer(codon.translate(_COMPLEMENT), np.uint8)
            forward = self.of.strand[owners] > 0
            stops[owners[np.all(text == np.where(forward[:, None], *read), axis=1)]] = True
        return stops


@dataclass(frozen=True, eq=False)
class _Coding:
    """Pieces of coding sequences: owner, begin, end, and how many coding bases of the owner are `before`.

    strand: of each piece. total, phase: of each transcript, its coding bases and how many of them, at its beginning,
    are of a codon that began before.
    """

    owner: Places
    begin: Places
    end: Places
    before: Places
    strand: Places
    total: Places
    phase: Places

    @classmethod
    def of(cls, of: Structure) -> "_Coding":
        exon_owner = np.repeat(np.arange(len(of)), np.diff(of.first))
        exons = np.flatnonzero(of.cds_start >= 0)
        exon = np.concatenate([exons, of.gap_exon])
        number = np.concatenate([np.zeros(len(exons), np.int64), np.arange(len(of.gap_exon)) + 1])
        order = np.lexsort((number, exon))
        exon, begin = exon[order], np.concatenate([of.cds_start[exons], of.gap_to])[order]
        ends_last = np.concatenate([np.full(len(exons), len(of.gap_exon) + 1), np.arange(len(of.gap_exon)) + 1])
        end = np.concatenate([of.cds_end[exons], of.gap_from])[
            np.lexsort((ends_last, np.concatenate([exons, of.gap_exon])))
        ]
        owner = exon_owner[exon]
        length = end - begin
        total = np.bincount(owner, length, len(of)).astype(np.int64)
        behind = np.cumsum(length)
        left = behind - length - (np.cumsum(total) - total)[owner]
        strand = of.strand[owner]
        before = np.where(strand > 0, left, total[owner] - left - length)
        phase = np.zeros(len(of), np.int64)
        opening = before == 0
        phase[owner[opening]] = np.maximum(of.phase[exon[opening]], 0)
        return cls(owner, begin, end, before, strand, total, phase)

    def codons(self, first: Places, wanted: npt.NDArray[np.bool_]) -> tuple[Places, Positions, Positions]:
        """Return where the three coding bases from the `first`-th of each wanted transcript lie: owners, starts, ends.

        A transcript with fewer has none.
        """
        wanted = wanted & (self.total >= _CODON)
        first_of = first[self.owner]
        low = np.maximum(self.before, first_of)
        high = np.minimum(self.before + (self.end - self.begin), first_of + _CODON)
        kept = np.flatnonzero((low < high) & wanted[self.owner])
        low, high = (low - self.before)[kept], (high - self.before)[kept]
        forward = self.strand[kept] > 0
        begin, end = self.begin[kept], self.end[kept]
        return self.owner[kept], np.where(forward, begin + low, end - high), np.where(forward, begin + high, end - low)

    def at_codon_position(self, place: int, own: npt.NDArray[np.bool_]) -> Positions:
        """Return the bases of some pieces that are the `place`-th of a codon, ascending and each once."""
        before = (self.before - self.phase[self.owner])[own]
        pieces = np.stack([self.begin[own], self.end[own], before % _CODON], axis=1)
        begin, end, at_first = np.unique(pieces, axis=0).T
        step = (place - at_first) % _CODON
        forward = bool(np.all(self.strand[own] > 0))
        count = np.maximum(0, -(-(end - begin - step) // _CODON))
        inside = (np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)) * _CODON + np.repeat(step, count)
        positions = np.repeat(begin, count) + inside if forward else np.repeat(end, count) - 1 - inside
        return distinct(positions)


def _number(strand: str) -> int:
    return 1 if strand == "+" else -1


def _runs(start: Positions, end: Positions) -> Runs:
    start, end = merge(start, end)
    return Runs(start, end, np.ones(len(start), np.float32))
