"""The parts of transcripts: rows of exons, coding sequence, UTRs and codons, as arrays and with the names of what they
are parts of."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from genatator_assets.annotation.attributes import Attributes
from genatator_assets.annotation.lines import Piece, Places, begins_with, eights, first_eight, numbers

EXON, CDS, STOP, UTR, START = range(1, 6)
"""Kinds of parts: exon, coding sequence, stop codon, untranslated region, start codon."""

SEVERAL, OPEN_LEFT, OPEN_RIGHT = 1, 2, 4
"""Marks of parts: of several transcripts; a CDS that goes on beyond its least, or its greatest base."""

NO_PHASE = -1
MOST_BP = int(np.iinfo(np.int32).max)

PART = np.dtype(
    [
        ("name", np.int32),
        ("start", np.int32),
        ("end", np.int32),
        ("number", np.int16),
        ("kind", np.uint8),
        ("strand", np.int8),
        ("phase", np.int8),
        ("marks", np.uint8),
    ]
)
"""A part: the number of the name of what it is a part of; [start, end), 0-based half-open; its exon_number, 0 where
none is stated; its kind; its strand, 1, -1 or 0 for neither; its phase, -1 where none is stated; its marks."""

PartArray = npt.NDArray[np.void]


@dataclass
class Parts:
    """The parts on one sequence, in the file's order. `names` are those that the parts' numbers stand for, in arrays
    that follow each other; one name may stand there several times."""

    rows: list[PartArray] = field(default_factory=list)
    names: list[pa.Array] = field(default_factory=list)
    _names: int = 0

    def add(self, rows: PartArray, names: pa.Array) -> None:
        """Add parts whose `name` is a place in `names`."""
        rows["name"] += self._names
        self.rows.append(rows)
        self.names.append(names)
        self._names += len(names)

    def __len__(self) -> int:
        """Number of parts."""
        return sum(map(len, self.rows))

    def joined(self) -> tuple[PartArray, pa.StringArray]:
        """Return all parts, and their names, each once."""
        encoded = pa.concat_arrays(self.names).dictionary_encode()
        rows = np.concatenate(self.rows)
        rows["name"] = encoded.indices.to_numpy()[rows["name"]]
        return rows, encoded.dictionary


@dataclass(frozen=True, eq=False)
class FoundParts:
    """The parts among the plain rows of a piece: `rows` (PART) with `names` as they are spelled, and the plain row that
    each is; `bad` are lines that should be parts and can't be read."""

    rows: PartArray
    names: list[bytes]
    plain: Places
    bad: Places


@dataclass(frozen=True, eq=False)
class PartReader:
    """Finds the parts in pieces of a file. `kinds` are types of rows; `keys` the attributes that name what a part is a
    part of: the first counts that is there."""

    kinds: Mapping[bytes, int]
    attributes: Attributes
    keys: tuple[str, ...]
    numbered: bool

    def kinds_of(self, piece: Piece, counts: Counter[bytes]) -> npt.NDArray[np.uint8]:
        """Return the kind of each plain row of a piece, 0 where it is no part, and count the rows of each type."""
        letters = np.frombuffer(piece.text, np.uint8)
        begins, ends = piece.columns.bounds(2)
        lengths, first_letters = ends - begins, eights(letters)[begins]  # columns 4 to 9 stand behind
        kind = np.zeros(len(begins), np.uint8)
        for word, number in self.kinds.items():
            first, mask = first_eight(word)
            rows = np.flatnonzero((lengths == len(word)) & ((first_letters & mask) == first))
            if len(word) > 8:
                rows = rows[begins_with(letters, begins[rows], word)]
            if len(rows):
                kind[rows] = number
                counts[word] += len(rows)
        return kind

    def parts(self, piece: Piece, kind: npt.NDArray[np.uint8]) -> FoundParts:
        """Return the parts among the plain rows of a piece, whose kinds are given."""
        columns, plain = piece.columns, np.flatnonzero(kind)
        letters = np.frombuffer(piece.text, np.uint8)
        first, last = (numbers(letters, *(edge[plain] for edge in columns.bounds(column))) for column in (3, 4))
        good = first[1] & last[1] & (first[0] >= 1) & (first[0] <= last[0]) & (last[0] <= MOST_BP)
        bad, plain = columns.plain[plain[~good]], plain[good]
        begins, ends = (edge[plain] for edge in columns.bounds(8))
        names, codes = self._names(piece.text, begins.tolist(), ends.tolist())
        rows = np.zeros(len(plain), PART)
        rows["name"] = codes
        rows["start"], rows["end"] = first[0][good] - 1, last[0][good]
        rows["kind"] = kind[plain]
        rows["strand"] = _strands(letters, *(edge[plain] for edge in columns.bounds(6)))
        rows["phase"] = _phases(letters, *(edge[plain] for edge in columns.bounds(7)))
        has_exons = np.zeros(len(names) + 1, bool)
        has_exons[rows["name"][rows["kind"] == EXON]] = True
        if self.numbered:
            exons = np.flatnonzero((rows["kind"] == EXON) | ((rows["kind"] == CDS) & ~has_exons[rows["name"]]))
            rows["number"][exons] = self._exon_numbers(piece.text, letters, begins[exons], ends[exons])
        self._mark_open(piece.text, rows, begins, ends)
        # UTRs matter only where there are no exons: most are forgotten at once.
        named = np.flatnonzero((rows["name"] >= 0) & ~((rows["kind"] == UTR) & has_exons[rows["name"]]))
        return FoundParts(rows[named], names, plain[named], bad)

    def _names(self, text: bytes, begins: list[int], ends: list[int]) -> tuple[list[bytes], list[int]]:
        """Return the values of the first key, each once, and the place of each row's among them; -1 for none.

        Most rows have the value of the row before, at the same place from the beginning of their column 9.
        """
        opening, closing = self.attributes.opening(self.keys[0]), self.attributes.closing
        before = b"; " if self.attributes.gff3 else b" ;"
        known: dict[bytes, int] = {}
        codes: list[int] = []
        run, shift, code = b"\0", 0, -1
        exact = self.attributes.exact
        for begin, end in zip(begins, ends, strict=True):
            if text.startswith(run, begin + shift):
                codes.append(code)
                continue
            found = text.find(opening, begin, end) if exact else -1
            stop = text.find(closing, found + len(opening), end)
            if found < 0 or (found > begin and text[found - 1] not in before) or stop == found + len(opening):
                value = self._value(text[begin:end])
                run = b"\0"
            else:
                value = text[found + len(opening) : stop if stop >= 0 else end].strip()
                run, shift = text[found - 1 : (stop if stop >= 0 else end) + 1], found - 1 - begin
            code = known.setdefault(value, len(known)) if value else -1
            codes.append(code)
        return list(known), codes

    def _value(self, column: bytes) -> bytes:
        return self.attributes.value(column, self.keys) or self.attributes.bare(column) or b""

    def _exon_numbers(
        self, text: bytes, letters: npt.NDArray[np.uint8], begins: Places, ends: Places
    ) -> npt.NDArray[np.int64]:
        """Return the exon_number of each row, 0 where none is stated."""
        key = b"exon_number=" if self.attributes.gff3 else b"exon_number "
        places = [text.find(key, begin, end) for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)]
        found = np.array(places, np.int64)
        begin = np.where(found >= 0, found + len(key), 0)
        begin += letters[begin] == ord('"')
        digits = letters[np.minimum(begin[:, None] + np.arange(5), len(letters) - 1)] - np.uint8(ord("0")) <= 9
        length = np.where(found >= 0, np.minimum.accumulate(digits, axis=1).sum(axis=1), 0)
        return numbers(letters, begin, begin + np.where(length < 5, length, 0))[0]

    def _mark_open(self, text: bytes, rows: PartArray, begins: Places, ends: Places) -> None:
        """Mark coding sequences of which NCBI says that they go on beyond the sequence that is known."""
        if not self.attributes.gff3:
            return
        coding = np.flatnonzero(rows["kind"] == CDS)
        find = text.find
        for row, begin, end in zip(coding.tolist(), begins[coding].tolist(), ends[coding].tolist(), strict=True):
            if find(b";partial=true", begin, end) >= 0:
                if find(b";start_range=.,", begin, end) >= 0:
                    rows["marks"][row] |= OPEN_LEFT
                place = find(b";end_range=", begin, end)
                if place >= 0 and text[place:end].split(b";", 2)[1].endswith(b",."):
                    rows["marks"][row] |= OPEN_RIGHT


def _strands(letters: npt.NDArray[np.uint8], begins: Places, ends: Places) -> npt.NDArray[np.int8]:
    letter, one = letters[begins], ends - begins == 1
    return np.where(one & (letter == ord("+")), 1, np.where(one & (letter == ord("-")), -1, 0)).astype(np.int8)


def _phases(letters: npt.NDArray[np.uint8], begins: Places, ends: Places) -> npt.NDArray[np.int8]:
    digit = letters[begins].astype(np.int16) - ord("0")
    return np.where((ends - begins == 1) & (digit >= 0) & (digit <= 2), digit, NO_PHASE).astype(np.int8)


def split_lists(found: FoundParts, attributes: Attributes) -> tuple[PartArray, list[str], Places]:
    """Return parts once for each of their parents, with plain names, and the plain row that each is."""
    if not attributes.gff3 or not any(b"," in name for name in found.names):
        return found.rows, list(map(attributes.plain, found.names)), found.plain
    lists = [attributes.listed(name) for name in found.names]
    count = np.array([len(names) for names in lists], np.int64)
    names = [attributes.plain(name) for several in lists for name in several]
    if len(names) == len(lists):
        return found.rows, names, found.plain
    of_row = count[found.rows["name"]]
    rows = np.repeat(found.rows, of_row)
    rows["marks"] |= np.where(np.repeat(of_row, of_row) > 1, SEVERAL, 0).astype(np.uint8)
    nth = np.arange(len(rows)) - np.repeat(np.cumsum(of_row) - of_row, of_row)
    rows["name"] = (np.cumsum(count) - count)[rows["name"]] + nth
    return rows, names, np.repeat(found.plain, of_row)
