"""Gene models as arrays, predicted or true alike: transcripts, their exons and their coding parts. Numpy, no I/O.

All coordinates are 0-based half-open. Sequences are numbered: number i is the i-th sequence that is judged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from genatator_assets.tracks.runs import Positions, ranges

Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Strands = npt.NDArray[np.int8]
Names = npt.NDArray[np.object_]

FORWARD, REVERSE, UNSTRANDED = 1, -1, 0
TYPES = ("mRNA", "lncRNA", "other")
MRNA, LNCRNA, OTHER = range(3)


@dataclass(frozen=True, eq=False)
class Parts:
    """Exons or coding parts of transcripts: those of transcript i are [first[i], first[i + 1]), ascending.

    start, end int64 [parts]; first int64 [transcripts + 1].
    """

    start: Positions
    end: Positions
    first: Numbers

    @classmethod
    def of(cls, owner: Numbers, start: Positions, end: Positions, transcripts: int) -> Self:
        """Return parts in order; part i belongs to transcript `owner[i]`. Parts of a transcript that overlap or touch
        are one."""
        order = np.lexsort((start, owner))
        owner, start, end = owner[order], start[order], end[order]
        if len(owner):
            # Laid end to end, the parts of different transcripts can't touch, so that one pass merges all of them.
            apart = owner * (int(end.max()) + 2)
            reach = np.maximum.accumulate(end + apart)
            begins = np.append(True, (start + apart)[1:] > reach[:-1])
            last = np.append(np.flatnonzero(begins)[1:], len(owner)) - 1
            owner, start, end = owner[begins], start[begins], (reach - apart)[last]
        return cls(start, end, np.searchsorted(owner, np.arange(transcripts + 1)))

    @classmethod
    def none(cls, transcripts: int) -> Self:
        """Return no parts for any of so many transcripts."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int64), np.zeros(transcripts + 1, np.int64))

    @classmethod
    def joined(cls, several: Sequence[Self]) -> Self:
        """Return the parts of several sets of transcripts, one set after another."""
        counts = [parts.count for parts in several]
        start, end = (np.concatenate([getattr(parts, name) for parts in several]) for name in ("start", "end"))
        return cls(start, end, np.append(0, np.cumsum(np.concatenate(counts))))

    @cached_property
    def count(self) -> Numbers:
        """Number of parts of each transcript, int64 [transcripts]."""
        return np.diff(self.first)

    @cached_property
    def owner(self) -> Numbers:
        """Transcript of each part, int64 [parts]."""
        return np.repeat(np.arange(len(self.first) - 1), self.count)

    def outer(self) -> tuple[Positions, Positions]:
        """Return where the first part of each transcript starts and its last one ends; both -1 where it has none."""
        some = self.count > 0
        start, end = (np.full(len(self.count), -1, np.int64) for _ in range(2))
        start[some], end[some] = self.start[self.first[:-1][some]], self.end[self.first[1:][some] - 1]
        return start, end

    def between(self) -> "Parts":
        """Return what lies between neighbouring parts: the introns of exons."""
        inner = self.owner[1:] == self.owner[:-1]
        first = self.first - np.cumsum(np.append(0, self.count > 0))
        return Parts(self.end[:-1][inner], self.start[1:][inner], first)

    def take(self, transcripts: Numbers) -> "Parts":
        """Return the parts of some of the transcripts, in their order."""
        count = self.count[transcripts]
        places = ranges(self.first[:-1][transcripts], count)
        return Parts(self.start[places], self.end[places], np.append(0, np.cumsum(count)))


@dataclass(frozen=True, eq=False)
class Models:
    """Transcripts: transcript i is [start[i], end[i]) of sequence `seq[i]`, on `strand[i]` (1, -1, or 0 if unstated).

    seq int64, strand int8, start and end int64, kind int8 (a number of TYPES), all [transcripts]; `gene` int64
    numbers the genes, of which `gene_ids` are the names; `ids` are the names of the transcripts.
    """

    seq: Numbers
    strand: Strands
    start: Positions
    end: Positions
    gene: Numbers
    kind: npt.NDArray[np.int8]
    ids: Names
    gene_ids: Names
    exons: Parts
    cds: Parts

    def __len__(self) -> int:
        """Number of transcripts."""
        return len(self.start)

    @classmethod
    def joined(cls, several: Sequence["Models"]) -> "Models":
        """Return the transcripts of several sets, at least one, one set after another; genes get new numbers."""
        before = np.cumsum([0, *(len(models.gene_ids) for models in several)])

        def column(name: str) -> Any:
            return np.concatenate([getattr(models, name) for models in several])

        return cls(
            seq=column("seq"),
            strand=column("strand"),
            start=column("start"),
            end=column("end"),
            gene=np.concatenate([models.gene + first for models, first in zip(several, before, strict=False)]),
            kind=column("kind"),
            ids=column("ids"),
            gene_ids=column("gene_ids"),
            exons=Parts.joined([models.exons for models in several]),
            cds=Parts.joined([models.cds for models in several]),
        )

    def take(self, wanted: Mask | Numbers) -> "Models":
        """Return some of the transcripts; genes keep their numbers."""
        places: Numbers = np.arange(len(self))[wanted]
        return Models(
            self.seq[places],
            self.strand[places],
            self.start[places],
            self.end[places],
            self.gene[places],
            self.kind[places],
            self.ids[places],
            self.gene_ids,
            self.exons.take(places),
            self.cds.take(places),
        )

    def of_type(self, kind: int) -> "Models":
        """Return the transcripts of a type; all of them where none states a type."""
        return self if np.all(self.kind == OTHER) else self.take(self.kind == kind)

    def without_repeats(self) -> "Models":
        """Return the first transcript of each distinct (sequence, strand, start, end)."""
        places = np.unique(numbered(self.seq, self.strand, self.start, self.end), return_index=True)[1]
        return self.take(np.sort(places))


@dataclass(frozen=True, eq=False)
class Axis:
    """One line on which all sequences lie, each strand for itself: what lies on different ones is far apart there.

    So a search along the line never pairs what lies on different sequences or strands. What has no strand lies
    nowhere, unless strands don't matter.
    """

    offsets: npt.NDArray[np.int64]
    stranded: bool

    @classmethod
    def of(cls, lengths: Sequence[int] | Positions, stranded: bool, gap: int) -> "Axis":
        """Lay out sequences of `lengths` bp, with more than `gap` bp between them."""
        sizes = np.repeat(np.asarray(lengths, np.int64) + gap + 1, 2 if stranded else 1)
        return cls(np.cumsum(sizes) - sizes, stranded)

    def place(self, seq: Numbers, strand: Strands) -> Numbers:
        """Return where the sequence and strand of each begins on the line; -1 for what lies nowhere."""
        if not self.stranded:
            return self.offsets[seq]
        return np.where(strand == UNSTRANDED, -1, self.offsets[2 * seq + (strand == REVERSE)])

    def back(self, places: Positions) -> tuple[Numbers, Strands, Positions]:
        """Return sequence, strand and position of places on the line."""
        group = np.searchsorted(self.offsets, places, side="right") - 1
        position = places - self.offsets[group]
        if not self.stranded:
            return group, np.zeros(len(places), np.int8), position
        return group // 2, np.where(group % 2, REVERSE, FORWARD).astype(np.int8), position


def numbered(*columns: npt.NDArray[np.integer]) -> Numbers:
    """Number rows so that equal rows have equal numbers, in the order of their values.

    >>> numbered(np.array([5, 3, 5]), np.array([1, 1, 1])).tolist()
    [1, 0, 1]
    """
    order = np.lexsort(columns[::-1])
    differs = np.zeros(len(order), bool)
    for column in columns:
        ordered = column[order]
        differs[1:] |= ordered[1:] != ordered[:-1]
    numbers = np.empty(len(order), np.int64)
    numbers[order] = np.cumsum(differs)
    return numbers
