"""A large, plain FASTA file, copied at once and then checked by several processes, each of them some of its sequences.

That is for files whose copy has the very bytes of the original: no carriage returns, no blank lines, nothing wrong.
Any other file is left to `sources.fasta`, which mends it, or says what is wrong and where.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from genatator_assets.errors import SequenceError
from genatator_assets.sources.fai import Indexer
from genatator_assets.sources.opened import is_plain
from genatator_assets.sources.parsed_fasta import Contents, Imported, Parser, extend
from genatator_assets.sources.pieces import PIECE_BYTES, cut_at_lines
from genatator_assets.work.behind import behind
from genatator_assets.work.files import Measured
from genatator_assets.work.outcome import Outcome
from genatator_assets.work.pool import Workers, run_batches

STRETCH_BYTES = 32 << 20
"""Sequences are put together up to about this size; a file that is no larger is not worth a second process."""


@dataclass(frozen=True)
class Stretch:
    """Bytes [start, end) of a FASTA file: whole sequences, of a source that messages name."""

    fasta: Path
    source: Path
    start: int
    end: int

    @property
    def key(self) -> str:
        """Its place; as text, these are in the file's order."""
        return f"{self.start:020}"

    @property
    def size(self) -> int:
        """Bytes."""
        return self.end - self.start


def import_by_stretches(source: Path, fasta: Path, workers: Workers) -> Imported | None:
    """Copy `source` to `fasta` and check it; None if it is not a file for that, and `fasta` is to be written anew."""
    if source.stat().st_size <= STRETCH_BYTES or not is_plain(source):
        return None
    copy, starts = _copy(source, fasta)
    if len(starts) <= 2 or starts[0] != 0:
        return None
    stretches = [Stretch(fasta, source, start, end) for start, end in pairwise(starts)]
    outcomes = sorted(run_batches(workers, check_stretches, stretches), key=lambda outcome: outcome.key)
    if any(outcome.error for outcome in outcomes):
        return None
    rows = [outcome.facts["index"] for outcome in outcomes]
    sha256 = {name: value for outcome in outcomes for name, value in outcome.facts["sha256"].items()}
    masked = {name: runs for outcome in outcomes for name, runs in outcome.facts["soft_masked"].items()}
    if len(sha256) != sum(len(outcome.facts["sha256"]) for outcome in outcomes):
        return None  # an id stands twice
    return Imported(copy, "".join(rows), sha256, masked)


def _copy(source: Path, fasta: Path) -> tuple[Measured, list[int]]:
    """Copy a file, with a newline at its end; return also where stretches of whole sequences begin, and its end."""
    digest, position, starts, last = hashlib.sha256(), 0, list[int](), b"\n"
    with source.open("rb", 0) as original, fasta.open("wb") as handle, behind() as write, behind() as take:
        while piece := original.read(PIECE_BYTES):
            starts += [position + start for start in _headers(piece, last)]
            last = piece[-1:]
            position += len(piece)
            write(handle.write, piece)
            take(digest.update, piece)
        if last != b"\n":
            position += 1
            write(handle.write, b"\n")
            take(digest.update, b"\n")
    return Measured(position, digest.hexdigest()), [*_apart(starts), position]


def _headers(piece: bytes, before: bytes) -> Iterator[int]:
    """Return where lines begin with `>`; `before` is the byte before the piece."""
    start = piece.find(b">")
    while start >= 0:
        if (piece[start - 1 : start] or before) == b"\n":
            yield start
        start = piece.find(b">", start + 1)


def _apart(starts: list[int]) -> Iterator[int]:
    """Return the first of all starts, and then each that is at least a stretch behind the last that was returned."""
    last = None
    for start in starts:
        if last is None or start >= last + STRETCH_BYTES:
            yield start
            last = start


def check_stretches(stretches: Sequence[Stretch]) -> list[Outcome]:
    """Check stretches of a file; of each that is as it should be the facts are `index`, `sha256` and `soft_masked`."""
    return [_check(stretch) for stretch in stretches]


def _check(stretch: Stretch) -> Outcome:
    parser, indexer, contents = Parser(stretch.source), Indexer(stretch.start), Contents()
    copied = 0
    try:
        for piece in cut_at_lines(_read(stretch)):
            parts = list(parser.parts(piece))
            extend(indexer, parts, stretch.source)
            for part in parts:
                contents.take(part)
                copied += len(part.text)
    except SequenceError as error:
        return Outcome.failed(stretch.key, error)
    if copied != stretch.size:
        return Outcome(stretch.key, "failed", error="there is something in it that a copy leaves out")
    contents.end()
    facts = {"index": indexer.index(), "sha256": contents.sha256, "soft_masked": contents.soft_masked}
    return Outcome(stretch.key, "built", facts)


def _read(stretch: Stretch) -> Iterator[bytes]:
    with stretch.fasta.open("rb") as handle:
        handle.seek(stretch.start)
        left = stretch.size
        while left and (piece := handle.read(min(PIECE_BYTES, left))):
            left -= len(piece)
            yield piece
