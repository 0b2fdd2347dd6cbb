"""The bytes of a FASTA file in pieces of bounded size, decompressed, and cut where lines end."""

from collections.abc import Iterator
from pathlib import Path

from genatator_assets.errors import SequenceError
from genatator_assets.sources.opened import BOM, opened

PIECE_BYTES = 4 << 20
LONGEST_HEADER_BYTES = 1 << 20

_GZIP_MAGIC = b"\x1f\x8b"
_BGZF_SUBFIELD = b"BC\x02\x00"
BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")


def pieces_of(source: Path) -> Iterator[bytes]:
    """Return a FASTA file's text in pieces, each of which ends with a newline or within a line of letters that is
    longer than a piece. Headers are never cut, unless they are longer than LONGEST_HEADER_BYTES.

    Raises:
        SequenceError: the file is empty, or compressed and damaged.
    """
    return cut_at_lines(_without_mark(_decompressed(source)))


def cut_at_lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Return the same text in pieces as those of `pieces_of`."""
    rest, within, begun = b"", False, False  # `within` a line that was cut; `begun` once there was anything but blanks
    for piece in pieces:
        text = rest + piece
        if cut := text.rfind(b"\n") + 1:
            yield text[:cut]
            begun, within, text = begun or bool(text[:cut].strip()), False, text[cut:]
        in_letters = within or (begun and not text.startswith(b">"))
        rest = text
        if len(text) >= (PIECE_BYTES if in_letters else LONGEST_HEADER_BYTES):
            yield text
            rest, within = b"", True
    if rest or within:
        yield rest + b"\n"


def _without_mark(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Drop a byte-order mark at the beginning."""
    first = b""
    for piece in pieces:
        first += piece
        if len(first) >= len(BOM):
            break
    yield first.removeprefix(BOM)
    yield from pieces


def _decompressed(source: Path) -> Iterator[bytes]:
    if not source.stat().st_size:
        raise SequenceError(f"{source}: the file is empty; expected FASTA")
    _require_bgzf_end(source)
    with opened(source, "sequence", SequenceError) as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def _require_bgzf_end(source: Path) -> None:
    """A bgzip file cut between two of its blocks still decompresses: only its end marker tells."""
    with source.open("rb") as handle:
        head = handle.read(18)
        if not (head.startswith(_GZIP_MAGIC) and head[12:16] == _BGZF_SUBFIELD):
            return
        size = handle.seek(0, 2)
        handle.seek(max(0, size - len(BGZF_END)))
        if handle.read() != BGZF_END:
            raise SequenceError(f"{source}: the bgzip file is truncated: its end marker is missing; get it again")
