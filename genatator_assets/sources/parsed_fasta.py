"""The text of a FASTA file, checked as it passes in pieces: headers, lines of letters, and what is in each sequence."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from genatator_assets.errors import GenatatorError, SequenceError
from genatator_assets.sources.fai import Indexer
from genatator_assets.sources.letters import LEGAL, Letters, letters_of_lines, upper
from genatator_assets.sources.pieces import LONGEST_HEADER_BYTES, pieces_of
from genatator_assets.sources.soft_masked import MaskedRuns, Runs
from genatator_assets.work.files import Measured, path_name

_LEGAL = LEGAL + LEGAL.lower() + b"\r\n"
_NEWLINE = ord("\n")
_HEADER = re.compile(rb"([!-~]+)([ \t][^\r\x80-\xff]*)?")


@dataclass(frozen=True)
class Header:
    """A header line, as it stands in the copy."""

    text: bytes
    name: str


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines of letters or a part of one, as they stand in the copy, where newlines are in them, and their letters."""

    text: bytes
    ends: npt.NDArray[np.int64]
    letters: Letters


class Parser:
    """Checks pieces of a FASTA file as they pass, and takes them apart; remembers the ids and the line number."""

    def __init__(self, source: Path) -> None:
        """Begin a file, which messages call `source`."""
        self._source = source
        self._line = 0
        self._headers: dict[bytes, bytes] = {}
        self._within = False  # whether the last piece ended within a line
        self._open = False  # whether the copy ends within a line

    def parts(self, piece: bytes) -> Iterator[Header | Lines]:
        """Return what is in the next piece, as `sources.pieces` cuts them.

        Raises:
            SequenceError: it is not FASTA, or an id or a letter can't be used.
        """
        position = 0
        while position < len(piece):
            if piece[position] == ord(">") and not self._within:
                end = piece.find(b"\n", position) + 1 or len(piece)
                yield self._header(piece[position:end])
            else:
                end = piece.find(b">", position + 1)  # faster than looking for b"\n>"; elsewhere it is illegal
                end = end if end >= 0 and piece[end - 1] == _NEWLINE else len(piece)
                yield from self._lines(piece[position:end])
            self._line += piece.count(b"\n", position, end)
            self._within = piece[end - 1] != _NEWLINE
            position = end

    def finish(self) -> None:
        """Make sure that there was a sequence.

        Raises:
            SequenceError: there was none.
        """
        if not self._headers:
            raise SequenceError(f"{self._source}: found no sequence; expected FASTA with '>' headers")

    def _header(self, line: bytes) -> Header:
        if not line.endswith(b"\n"):
            raise SequenceError(
                f"{self._place()}: a header of more than {LONGEST_HEADER_BYTES:,} bytes: {_show(line)}; expected FASTA"
            )
        header = line[1:-1].removesuffix(b"\r")
        match = _HEADER.fullmatch(header)
        if not match:
            raise SequenceError(f"{self._place()}: found {_show(b'>' + header)}, expected '>' and then an id, in ASCII")
        name = match[1]
        if name in self._headers:
            raise SequenceError(
                f"{self._place()}: the id {_show(name)} stands twice: {_show(b'>' + self._headers[name])} and"
                f" {_show(b'>' + header)}. Ids end at the first space and must be unique; rename one."
            )
        try:
            path_name(name.decode())
        except GenatatorError as error:
            raise SequenceError(f"{self._place()}: {error}") from error
        self._headers[name] = header
        return Header(b">" + header + b"\n", name.decode())

    def _lines(self, lines: bytes) -> Iterator[Lines]:
        """Return lines without carriage returns and blank lines, which offsets in an index don't allow for."""
        if not self._headers and (text := lines.strip()):
            self._line += lines.count(b"\n", 0, lines.index(text))
            first = text.splitlines()[0]
            raise SequenceError(f"{self._place()}: found {_show(first)} before any header; expected '>'")
        text = lines.replace(b"\r", b"") if b"\r" in lines else lines
        ends = _ends_of(text)
        if np.any(np.diff(ends) == 1) or (not self._open and text.startswith(b"\n")):
            text = re.sub(rb"\n+", b"\n", text)
            text = text if self._open else text.removeprefix(b"\n")
            ends = _ends_of(text)
        if text:
            self._open = not text.endswith(b"\n")
            yield Lines(text, ends, self._letters(lines, text))

    def _letters(self, lines: bytes, text: bytes) -> Letters:
        try:
            return letters_of_lines(text)
        except ValueError:
            letter = lines.translate(None, _LEGAL)[:1]
            self._line += lines.count(b"\n", 0, lines.index(letter))
            raise SequenceError(
                f"{self._place()}: found {_show(letter)} in the sequence; expected nucleotide codes"
                f" ({LEGAL.decode()}, either case)"
            ) from None

    def _place(self) -> str:
        return f"{self._source}:{self._line + 1}"


def _ends_of(text: bytes) -> npt.NDArray[np.int64]:
    """Return where newlines are."""
    return np.flatnonzero(np.frombuffer(text, np.uint8) == _NEWLINE)


def _show(text: bytes) -> str:
    return repr(text[:80].decode("ascii", "backslashreplace"))


@dataclass(frozen=True, eq=False)
class Imported:
    """A copy, its size and hash; its index; and the hash and the soft-masked runs of each sequence by its name."""

    copy: Measured
    index: str
    sha256: Mapping[str, str]
    soft_masked: Mapping[str, Runs]


@dataclass
class Contents:
    """The hash and the soft-masked runs of each sequence."""

    sha256: dict[str, str] = field(default_factory=dict)
    soft_masked: dict[str, Runs] = field(default_factory=dict)
    _name: str | None = None
    _digest: Any = field(default_factory=hashlib.sha256)
    _masked: MaskedRuns = field(default_factory=MaskedRuns)

    def take(self, part: Header | Lines) -> None:
        """Go on with the next part of a file."""
        if isinstance(part, Lines):
            self._digest.update(upper(part.letters))
            self._masked.take(part.letters)
        else:
            self.end()
            self._name, self._digest, self._masked = part.name, hashlib.sha256(), MaskedRuns()

    def end(self) -> None:
        """Note what was in the sequence that ends here, if there is one."""
        if self._name is not None:
            self.sha256[self._name] = self._digest.hexdigest()
            self.soft_masked[self._name] = self._masked.found()


def extend(indexer: Indexer, parts: list[Header | Lines], source: Path) -> None:
    """Have the index go on with parts of a file.

    Raises:
        SequenceError: lines of a sequence are not equally long.
    """
    try:
        for part in parts:
            if isinstance(part, Header):
                indexer.header(part.name, part.text)
            else:
                indexer.lines(part.text, part.ends)
    except ValueError as error:
        raise SequenceError(
            f"{source}:{_uneven_line(source)}: {error}. Within a sequence all lines but the last must be equally long,"
            " and the last no longer; rewrap the file, for example with 'seqkit seq -w 60'."
        ) from error


def _uneven_line(source: Path) -> int:
    """Return the number of the first line that is too short or too long, in the file as it is: for a message only."""
    width = short = 0
    for number, (header, length) in enumerate(_line_lengths(source), 1):
        if header:
            width = short = 0
        elif length:
            width = width or length
            if short or length > width:
                return short or number
            short = number if length < width else 0
    raise ValueError(f"{source}: all lines are even")


def _line_lengths(source: Path) -> Iterator[tuple[bool, int]]:
    """Return of each line whether it is a header, and its length without carriage returns."""
    header, length, within = False, 0, False
    for piece in pieces_of(source):
        *whole, rest = piece.split(b"\n")
        for line in whole:
            yield header or (not within and line.startswith(b">")), length + len(line.replace(b"\r", b""))
            header, length, within = False, 0, False
        if rest:
            header, within = header or (not within and rest.startswith(b">")), True
            length += len(rest.replace(b"\r", b""))
