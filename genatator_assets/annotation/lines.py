"""The lines of an annotation file, many at once: where they and their columns lie in a piece of the file."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, pairwise
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from genatator_assets.errors import AnnotationError
from genatator_assets.sources.opened import BOM, opened

COLUMNS = 9
COMMENT = ord("#")
END_OF_ROWS = (b"##FASTA", b">")

Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Letters = npt.NDArray[np.uint8]

_TAB, _NEWLINE, _RETURN = ord("\t"), ord("\n"), ord("\r")
_SHOWN_BYTES = 120
_ASCII = 127
_MOST_DIGITS = 18
PIECE_BYTES = 2 << 20


@dataclass(eq=False)
class Piece:
    """Whole lines of a file, each with its newline, and the number of the first, counted from 1."""

    text: bytes
    number: int
    known: "Columns | None" = None

    @cached_property
    def columns(self) -> "Columns":
        """Where all lines and the columns of plain rows lie."""
        return self.known or _columns(self.text)

    def lines(self, places: Places) -> list[bytes]:
        """Return some lines, without what ends them."""
        begins, ends = self.columns.begins[places].tolist(), self.columns.ends[places].tolist()
        return [self.text[begin:end] for begin, end in zip(begins, ends, strict=True)]


def _columns(text: bytes) -> "Columns":
    letters = np.frombuffer(text, np.uint8)
    marks = np.flatnonzero(letters <= _NEWLINE)  # tabs, newlines, and what is in no text: one comparison
    kinds = letters[marks]
    if np.any(kinds < _TAB):
        marks = marks[kinds >= _TAB]
        kinds = letters[marks]
    newlines = np.flatnonzero(kinds == _NEWLINE)
    ends = marks[newlines]
    begins = np.concatenate([np.zeros(1, np.int64), ends[:-1] + 1])
    tabs = np.diff(newlines, prepend=-1) - 1
    plain = np.flatnonzero((tabs == COLUMNS - 1) & (letters[begins] != COMMENT))
    bounds = marks[newlines[plain, None] + np.arange(1 - COLUMNS, 0)]
    return Columns(begins, ends - (letters[ends - 1] == _RETURN), plain, bounds)


@dataclass(frozen=True, eq=False)
class Columns:
    """`begins` and `ends` of all lines of a piece, without what ends them; and of *plain* rows, which have nine
    columns: which lines they are, and `tabs`, int64 [rows, 8]: the place behind each column but the last."""

    begins: Places
    ends: Places
    plain: Places
    tabs: Places

    def texts(self, text: bytes, column: int, rows: Places) -> list[bytes]:
        """Return a column of some of the plain rows."""
        begins, ends = self.bounds(column)
        return [text[begin:end] for begin, end in zip(begins[rows].tolist(), ends[rows].tolist(), strict=True)]

    def bounds(self, column: int) -> tuple[Places, Places]:
        """Return where a column (counted from 0) of every plain row begins and ends."""
        begin = self.begins[self.plain] if column == 0 else self.tabs[:, column - 1] + 1
        return begin, self.ends[self.plain] if column == COLUMNS - 1 else self.tabs[:, column]

    def odd(self) -> Places:
        """Return the lines that are no plain rows."""
        others = np.ones(len(self.begins), bool)
        others[self.plain] = False
        return np.flatnonzero(others)

    def first(self, lines: int) -> "Columns":
        """Return what there is of the first lines."""
        rows = int(np.searchsorted(self.plain, lines))
        return Columns(self.begins[:lines], self.ends[:lines], self.plain[:rows], self.tabs[:rows])


@contextmanager
def open_pieces(path: Path) -> Iterator[Iterator[Piece]]:
    """Open a file for reading it in pieces, past a byte-order mark.

    Raises:
        AnnotationError: the file is empty or no text; or, while it is read, turns out truncated or damaged.
    """
    with opened(path, "annotation", AnnotationError) as file:
        yield _pieces(path, file)


def _pieces(path: Path, file: BinaryIO) -> Iterator[Piece]:
    number = 1
    while text := file.read(PIECE_BYTES):
        text += file.readline()
        if number == 1:
            text = text.removeprefix(BOM)
        if not text.endswith(b"\n"):
            text += b"\n"
        piece = Piece(text, number)
        yield piece
        number += len(piece.columns.begins)
    if number == 1:
        raise AnnotationError(f"{path}: the file is empty; expected GFF3 or GTF")


def first_lines(path: Path, most: int, without: tuple[bytes, ...] = ()) -> list[bytes]:
    """Return a file's first lines, those left out that begin in some way."""
    with open_pieces(path) as pieces:
        lines = (line for piece in pieces for line in piece.text[:-1].split(b"\n"))
        return list(islice((line for line in lines if not line.startswith(without)), most))


def show(text: bytes) -> str:
    """Format bytes of a file for a message: quoted, and cut where they are long."""
    return repr(text[:_SHOWN_BYTES].decode("utf-8", "backslashreplace"))


def begins_with(letters: Letters, begins: Places, word: bytes) -> Flags:
    """Return at which places of a text a word stands.

    >>> begins_with(np.frombuffer(b"exon CDS", np.uint8), np.array([0, 5, 7]), b"CDS").tolist()
    [False, True, False]
    """
    found = begins + len(word) <= len(letters)
    likely = np.flatnonzero(found)
    same = letters[begins[likely, None] + np.arange(len(word))] == np.frombuffer(word, np.uint8)
    found[likely] = np.all(same, axis=1)
    return found


def spelled(letters: Letters, begins: Places, ends: Places, word: bytes) -> Places:
    """Return which of some stretches of a text are a word.

    >>> spelled(np.frombuffer(b"exon CDS", np.uint8), np.array([0, 5]), np.array([4, 8]), b"CDS").tolist()
    [1]
    """
    likely = np.flatnonzero(ends - begins == len(word))
    found: Places = likely[begins_with(letters, begins[likely], word)]
    return found


def eights(letters: Letters) -> npt.NDArray[np.uint64]:
    """Return the eight letters from each place of a text on, as one number each: words are compared at once. No copy.

    >>> int(eights(np.frombuffer(b"\\x01\\x02" + bytes(8), np.uint8))[0])
    513
    """
    return np.ndarray(max(len(letters) - 7, 0), "<u8", letters, strides=(1,))


def first_eight(word: bytes) -> tuple[np.uint64, np.uint64]:
    """Return the first eight letters of a word as `eights` has them, and what masks letters behind the word."""
    first = word[:8]
    return np.uint64(int.from_bytes(first, "little")), np.uint64((1 << 8 * len(first)) - 1)


def strings(letters: Letters, begins: Places, ends: Places, valid: Flags) -> pa.StringArray:
    """Return stretches of a text as an array of strings, null where they are not valid.

    >>> text, valid = np.frombuffer(b"ab c", np.uint8), np.array([True, False])
    >>> strings(text, np.array([0, 3]), np.array([2, 4]), valid).to_pylist()
    ['ab', None]
    """
    lengths = np.where(valid, ends - begins, 0)
    offsets = np.concatenate([np.zeros(1, np.int32), np.cumsum(lengths, dtype=np.int32)])
    shifts = np.where(valid, begins, 0) - offsets[:-1]
    taken = letters[np.repeat(shifts, lengths) + np.arange(offsets[-1])]
    if np.any(taken > _ASCII):
        texts = [taken[begin:end].tobytes().decode("utf-8", "replace") for begin, end in pairwise(offsets.tolist())]
        return pa.array(texts, pa.string(), mask=~valid)
    bits = pa.py_buffer(np.packbits(valid, bitorder="little"))
    buffers = [bits, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(taken))]
    return pa.StringArray.from_buffers(len(lengths), buffers[1], buffers[2], bits, int(np.count_nonzero(~valid)))


def numbers(letters: Letters, begins: Places, ends: Places) -> tuple[Places, Flags]:
    """Return the whole numbers that stand at some places of a text, and which of them are such: at most 18 digits.

    >>> text = np.frombuffer(b"12 x 7 ", np.uint8)
    >>> [found.tolist() for found in numbers(text, np.array([0, 3, 5, 7]), np.array([2, 4, 6, 7]))]
    [[12, 0, 7, 0], [True, False, True, False]]
    """
    lengths = ends - begins
    good = (lengths > 0) & (lengths <= _MOST_DIGITS)
    value = np.zeros(len(begins), np.int64)
    for place in range(int(lengths[good].max(initial=0))):
        inside = place < lengths
        digit = letters[np.where(inside, begins + place, 0)].astype(np.int64) - ord("0")
        good &= ~inside | ((digit >= 0) & (digit <= 9))
        value = np.where(inside & good, 10 * value + digit, value)
    return np.where(good, value, 0), good
