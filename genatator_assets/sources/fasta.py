"""FASTA in: a file, plain or compressed, is checked, decompressed and indexed, whole or not at all, or only scanned."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from genatator_assets.errors import GenatatorError, SequenceError
from genatator_assets.sources.fai import Indexer
from genatator_assets.sources.opened import BOM, opened, pieces_of, whole_lines
from genatator_assets.work.files import path_name, whole_file

_PIECE_BYTES = 4 << 20
_GZIP_MAGIC = b"\x1f\x8b"
_BGZF_SUBFIELD = b"BC\x02\x00"
_BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_NUCLEOTIDES = b"ACGTUNRYSWKMBDHVX-"
_LEGAL = _NUCLEOTIDES + _NUCLEOTIDES.lower() + b"\r\n"
_NEWLINE = ord("\n")
_HEADER = re.compile(rb"([!-~]+)([ \t][^\r\x80-\xff]*)?")


def index_path(fasta: Path) -> Path:
    """Return the path of a FASTA file's index.

    >>> index_path(Path("a/sequence.fa")).as_posix()
    'a/sequence.fa.fai'
    """
    return fasta.with_name(fasta.name + ".fai")


def import_fasta(source: Path, destination: Path) -> None:
    """Copy `source` to `destination`, uncompressed, with a `.fai` index beside it, as pyfaidx reads it.

    Carriage returns, blank lines and a byte-order mark are dropped; letters and their case are kept.

    Raises:
        SequenceError: empty, binary, truncated, no or repeated ids, letters that aren't nucleotides, or
            lines of uneven length; nothing is left at `destination` then.
    """
    with whole_file(destination) as fasta, whole_file(index_path(destination)) as index:
        with fasta.open("wb") as copy:
            rows = _index(source, copy.write)
        index.write_text(rows)


def scan_fasta(source: Path) -> dict[str, int]:
    """Return name -> length in bp of a FASTA file's sequences, in its order, and write nothing.

    Raises:
        SequenceError: as `import_fasta`.
    """
    return _lengths(_index(source, lambda _: None))


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


def _index(source: Path, keep: Callable[[bytes], Any]) -> str:
    """Check a FASTA file and give its index; its tidied text is handed to `keep`, piece by piece."""
    checker, indexer = _Checker(source), Indexer()
    for piece in whole_lines(_read(source)):
        checker.check(piece)
        text = _tidy(piece)
        keep(text)
        _extend(indexer, text, source)
    checker.finish()
    return indexer.index()


def _extend(indexer: Indexer, text: bytes, source: Path) -> None:
    try:
        indexer.take(text)
    except ValueError as error:
        raise SequenceError(
            f"{source}:{_uneven_line(source)}: {error}. Within a sequence all lines but the last must be equally long,"
            " and the last no longer; rewrap the file, for example with 'seqkit seq -w 60'."
        ) from error


def _uneven_line(source: Path) -> int:
    """Return the number of the first line that is too short or too long, in the file as it is: for a message only."""
    width = short = 0
    lines = (line for piece in whole_lines(_read(source)) for line in piece.removeprefix(BOM)[:-1].split(b"\n"))
    for number, raw in enumerate(lines, 1):
        line = raw.replace(b"\r", b"")
        if line.startswith(b">"):
            width = short = 0
        elif line:
            width = width or len(line)
            if short or len(line) > width:
                return short or number
            short = number if len(line) < width else 0
    raise ValueError(f"{source}: all lines are even")


def _read(source: Path) -> Iterator[bytes]:
    """Return the plain bytes of a file in pieces."""
    if not source.stat().st_size:
        raise SequenceError(f"{source}: the file is empty; expected FASTA")
    _require_bgzf_end(source)
    with opened(source, "sequence", SequenceError) as file:
        yield from pieces_of(file, _PIECE_BYTES)


def _require_bgzf_end(source: Path) -> None:
    """A bgzip file cut between two of its blocks still decompresses: only its end marker tells."""
    with source.open("rb") as handle:
        head = handle.read(18)
        if not (head.startswith(_GZIP_MAGIC) and head[12:16] == _BGZF_SUBFIELD):
            return
        size = handle.seek(0, 2)
        handle.seek(max(0, size - len(_BGZF_END)))
        if handle.read() != _BGZF_END:
            raise SequenceError(f"{source}: the bgzip file is truncated: its end marker is missing; get it again")


def _tidy(piece: bytes) -> bytes:
    """Drop the byte-order mark, carriage returns and blank lines, which offsets in an index don't allow for."""
    text = piece.removeprefix(BOM)
    if b"\r" in text:
        text = text.replace(b"\r", b"")
    if _has_blank_lines(text):
        text = re.sub(rb"\n+", b"\n", text).removeprefix(b"\n")
    return text


def _has_blank_lines(text: bytes) -> bool:
    """Look for newlines that follow each other: five times as fast as looking for two letters at once."""
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == _NEWLINE)
    return text.startswith(b"\n") or bool(np.any(np.diff(ends) == 1))


class _Checker:
    """Checks pieces of whole lines as they pass, and remembers the ids and the line number."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self._line = 0
        self._headers: dict[bytes, bytes] = {}

    def check(self, piece: bytes) -> None:
        position = len(BOM) if self._line == 0 and piece.startswith(BOM) else 0
        while position < len(piece):
            if piece[position] == ord(">"):
                end = piece.index(b"\n", position) + 1
                self._header(piece[position + 1 : end - 1].removesuffix(b"\r"))
            else:
                end = piece.find(b">", position)  # faster than looking for b"\n>"; elsewhere it is an illegal letter
                end = end if end >= 0 and piece[end - 1] == _NEWLINE else len(piece)
                self._letters(piece[position:end])
            self._line += piece.count(b"\n", position, end)
            position = end

    def finish(self) -> None:
        if not self._headers:
            raise SequenceError(f"{self._source}: found no sequence; expected FASTA with '>' headers")

    def _header(self, header: bytes) -> None:
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

    def _letters(self, lines: bytes) -> None:
        if not self._headers and (text := lines.strip()):
            self._line += lines.count(b"\n", 0, lines.index(text))
            first = text.splitlines()[0]
            raise SequenceError(f"{self._place()}: found {_show(first)} before any header; expected '>'")
        if illegal := lines.translate(None, _LEGAL):
            letter = illegal[:1]
            self._line += lines.count(b"\n", 0, lines.index(letter))
            raise SequenceError(
                f"{self._place()}: found {_show(letter)} in the sequence; expected nucleotide letters"
                f" ({_NUCLEOTIDES.decode()}, either case)"
            )

    def _place(self) -> str:
        return f"{self._source}:{self._line + 1}"


def _show(text: bytes) -> str:
    return repr(text[:80].decode("ascii", "backslashreplace"))
