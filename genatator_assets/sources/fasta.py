"""FASTA in: a file, plain or compressed, is checked, decompressed and indexed, whole or not at all, or only scanned.

All of it is done in one pass over pieces of bounded size, however long the lines are.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from genatator_assets.errors import GenatatorError, SequenceError
from genatator_assets.sources.fai import Indexer
from genatator_assets.sources.letters import LEGAL, Letters, letters_of_lines, upper
from genatator_assets.sources.opened import is_plain
from genatator_assets.sources.pieces import LONGEST_HEADER_BYTES, pieces_of
from genatator_assets.sources.soft_masked import MaskedRuns, Runs
from genatator_assets.work.files import Measured, measure, path_name, whole_file
from genatator_assets.work.machine import free_bytes

SPARE_BYTES = 20_000_000
"""So much of a disk is left free when a file is decompressed to it: for what else the build has to write there."""

_LEGAL = LEGAL + LEGAL.lower() + b"\r\n"
_NEWLINE = ord("\n")
_HEADER = re.compile(rb"([!-~]+)([ \t][^\r\x80-\xff]*)?")
_WATCHED_BYTES = 16 << 20


def index_path(fasta: Path) -> Path:
    """Return the path of a FASTA file's index.

    >>> index_path(Path("a/sequence.fa")).as_posix()
    'a/sequence.fa.fai'
    """
    return fasta.with_name(fasta.name + ".fai")


@dataclass(frozen=True, eq=False)
class ImportedFasta:
    """The copy of a FASTA file and its index, and by each sequence's name what is in it.

    `sha256` is of its letters in the contract's alphabet, which are those of its blocks' `dna_sequence`, one after
    another; `soft_masked` has the runs of its lower-case letters, int64 [runs, 2].
    """

    copy: Measured
    index: Measured
    sha256: Mapping[str, str]
    soft_masked: Mapping[str, Runs]


def import_fasta(source: Path, destination: Path) -> ImportedFasta:
    """Copy `source` to `destination`, uncompressed, with a `.fai` index beside it, as pyfaidx reads it.

    Carriage returns, blank lines and a byte-order mark are dropped; letters and their case are kept.

    Raises:
        SequenceError: empty, binary, truncated, no or repeated ids, letters that aren't nucleotides, lines of uneven
            length, or too large for the disk; nothing is left at `destination` then.
    """
    with whole_file(destination) as fasta, whole_file(index_path(destination)) as index:
        indexer, contents = Indexer(), _Contents()
        with fasta.open("wb") as handle:
            copy = _Copy(source, fasta.parent, handle)
            for part in _parts(source):
                copy.take(part.text)
                _extend(indexer, part, source)
                contents.take(part)
        contents.end()
        index.write_text(indexer.index())
        return ImportedFasta(copy.measured(), measure(index), contents.sha256, contents.soft_masked)


def scan_fasta(source: Path) -> dict[str, int]:
    """Return name -> length in bp of a FASTA file's sequences, in its order, and write nothing.

    Raises:
        SequenceError: as `import_fasta`.
    """
    indexer = Indexer()
    for part in _parts(source):
        _extend(indexer, part, source)
    return _lengths(indexer.index())


def read_index(fasta: Path) -> dict[str, int]:
    """Return name -> length in bp from a FASTA file's index, in the file's order.

    Raises:
        SequenceError: the index is not one.
    """
    path = index_path(fasta)
    try:
        return _lengths(path.read_text())
    except ValueError as error:
        raise SequenceError(f"{path}: not an index of a FASTA file ({error}); delete it and run again") from error


def _lengths(rows: str) -> dict[str, int]:
    """Take names and lengths from the text of an index."""
    split = (line.split("\t") for line in rows.splitlines())
    return {name: int(length) for name, length, *_ in split}


@dataclass(frozen=True)
class _Header:
    """A header line, as it stands in the copy."""

    text: bytes
    name: str


@dataclass(frozen=True, eq=False)
class _Lines:
    """Lines of letters or a part of one, as they stand in the copy, where newlines are in them, and their letters."""

    text: bytes
    ends: npt.NDArray[np.int64]
    letters: Letters


def _parts(source: Path) -> Iterator[_Header | _Lines]:
    """Return the headers and letters of a FASTA file, checked, in pieces."""
    parser = _Parser(source)
    for piece in pieces_of(source):
        yield from parser.parts(piece)
    parser.finish()


class _Copy:
    """Writes a file, hashes it, and watches that the disk does not fill up."""

    def __init__(self, source: Path, folder: Path, handle: BinaryIO) -> None:
        self._source, self._folder, self._handle = source, folder, handle
        self._digest = hashlib.sha256()
        self._bytes = 0
        self._watched = 0
        if is_plain(source):
            self._require_space(source.stat().st_size)

    def take(self, text: bytes) -> None:
        if self._bytes >= self._watched:
            self._require_space(_WATCHED_BYTES)
            self._watched = self._bytes + _WATCHED_BYTES
        self._handle.write(text)
        self._digest.update(text)
        self._bytes += len(text)

    def measured(self) -> Measured:
        return Measured(self._bytes, self._digest.hexdigest())

    def _require_space(self, needed_bytes: int) -> None:
        free = free_bytes(self._folder)
        if free is not None and free < needed_bytes + SPARE_BYTES:
            raise SequenceError(
                f"{self._source}: too large for the disk: {self._bytes:,} bytes of it were written, and only {free:,}"
                f" are free at {self._folder}; make room there, or give another --root"
            )


@dataclass
class _Contents:
    """The hash and the soft-masked runs of each sequence."""

    sha256: dict[str, str] = field(default_factory=dict)
    soft_masked: dict[str, Runs] = field(default_factory=dict)
    _name: str | None = None
    _digest: Any = field(default_factory=hashlib.sha256)
    _masked: MaskedRuns = field(default_factory=MaskedRuns)

    def take(self, part: _Header | _Lines) -> None:
        if isinstance(part, _Lines):
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


def _extend(indexer: Indexer, part: _Header | _Lines, source: Path) -> None:
    if isinstance(part, _Header):
        indexer.header(part.name, part.text)
        return
    try:
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


class _Parser:
    """Checks pieces of a FASTA file as they pass, and takes them apart; remembers the ids and the line number."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self._line = 0
        self._headers: dict[bytes, bytes] = {}
        self._within = False  # whether the last piece ended within a line
        self._open = False  # whether the copy ends within a line

    def parts(self, piece: bytes) -> Iterator[_Header | _Lines]:
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
        if not self._headers:
            raise SequenceError(f"{self._source}: found no sequence; expected FASTA with '>' headers")

    def _header(self, line: bytes) -> _Header:
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
        return _Header(b">" + header + b"\n", name.decode())

    def _lines(self, lines: bytes) -> Iterator[_Lines]:
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
            yield _Lines(text, ends, self._letters(lines, text))

    def _letters(self, lines: bytes, text: bytes) -> Letters:
        try:
            return letters_of_lines(text)
        except ValueError:
            letter = lines.translate(None, _LEGAL)[:1]
            self._line += lines.count(b"\n", 0, lines.index(letter))
            raise SequenceError(
                f"{self._place()}: found {_show(letter)} in the sequence; expected nucleotide letters"
                f" ({LEGAL.decode()}, either case)"
            ) from None

    def _place(self) -> str:
        return f"{self._source}:{self._line + 1}"


def _ends_of(text: bytes) -> npt.NDArray[np.int64]:
    """Return where newlines are."""
    return np.flatnonzero(np.frombuffer(text, np.uint8) == _NEWLINE)


def _show(text: bytes) -> str:
    return repr(text[:80].decode("ascii", "backslashreplace"))
