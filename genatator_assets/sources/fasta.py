"""FASTA in: a file, plain or compressed, is checked, decompressed and indexed, whole or not at all, or only scanned.

All of it is done in one pass over pieces of bounded size, however long the lines are.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from genatator_assets.errors import SequenceError
from genatator_assets.sources.fai import Indexer
from genatator_assets.sources.fasta_stretches import import_by_stretches
from genatator_assets.sources.opened import is_plain
from genatator_assets.sources.parsed_fasta import Contents, Header, Imported, Lines, Parser, extend
from genatator_assets.sources.pieces import pieces_of
from genatator_assets.sources.soft_masked import Runs
from genatator_assets.work.behind import behind
from genatator_assets.work.files import Measured, measure, whole_file
from genatator_assets.work.machine import free_bytes
from genatator_assets.work.pool import Workers

SPARE_BYTES = 20_000_000
"""So much of a disk is left free when a file is decompressed to it: for what else the build has to write there."""

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


def import_fasta(source: Path, destination: Path, workers: Workers | None = None) -> ImportedFasta:
    """Copy `source` to `destination`, uncompressed, with a `.fai` index beside it, as pyfaidx reads it.

    Carriage returns, blank lines and a byte-order mark are dropped; letters and their case are kept. `workers`, of this
    machine, share the work where the file is large and plain.

    Raises:
        SequenceError: empty, binary, truncated, no or repeated ids, letters that aren't nucleotides, lines of uneven
            length, or too large for the disk; nothing is left at `destination` then.
    """
    with whole_file(destination) as fasta, whole_file(index_path(destination)) as index:
        if is_plain(source):
            _require_room(source, fasta.parent, source.stat().st_size)
        imported = import_by_stretches(source, fasta, workers) if workers else None
        imported = imported or _import(source, fasta)
        index.write_text(imported.index)
        return ImportedFasta(imported.copy, measure(index), imported.sha256, imported.soft_masked)


def _import(source: Path, fasta: Path) -> Imported:
    indexer, contents = Indexer(), Contents()
    with fasta.open("wb") as handle, behind() as hand_over:
        copy = _Copy(source, fasta.parent, handle)
        for parts in _parts(source):
            hand_over(_take, parts, copy, contents)
            extend(indexer, parts, source)
    contents.end()
    return Imported(copy.measured(), indexer.index(), contents.sha256, contents.soft_masked)


def scan_fasta(source: Path) -> dict[str, int]:
    """Return name -> length in bp of a FASTA file's sequences, in its order, and write nothing.

    Raises:
        SequenceError: as `import_fasta`.
    """
    indexer = Indexer()
    for parts in _parts(source):
        extend(indexer, parts, source)
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


def _parts(source: Path) -> Iterator[list[Header | Lines]]:
    """Return the headers and letters of a FASTA file, checked: those of one piece of it after another."""
    parser = Parser(source)
    for piece in pieces_of(source):
        yield list(parser.parts(piece))
    parser.finish()


def _take(parts: list[Header | Lines], copy: "_Copy", contents: "Contents") -> None:
    """Write and hash what is checked: that takes as long as checking, and Python's lock is free meanwhile."""
    for part in parts:
        copy.take(part.text)
        contents.take(part)


class _Copy:
    """Writes a file, hashes it, and watches that the disk does not fill up."""

    def __init__(self, source: Path, folder: Path, handle: BinaryIO) -> None:
        self._source, self._folder, self._handle = source, folder, handle
        self._digest = hashlib.sha256()
        self._bytes = 0
        self._watched = 0

    def take(self, text: bytes) -> None:
        if self._bytes >= self._watched:
            _require_room(self._source, self._folder, _WATCHED_BYTES, self._bytes)
            self._watched = self._bytes + _WATCHED_BYTES
        self._handle.write(text)
        self._digest.update(text)
        self._bytes += len(text)

    def measured(self) -> Measured:
        return Measured(self._bytes, self._digest.hexdigest())


def _require_room(source: Path, folder: Path, needed_bytes: int, written_bytes: int = 0) -> None:
    free = free_bytes(folder)
    if free is not None and free < needed_bytes + SPARE_BYTES:
        raise SequenceError(
            f"{source}: too large for the disk: {written_bytes:,} bytes of it were written, and only {free:,}"
            f" are free at {folder}; make room there, or give another --root"
        )
