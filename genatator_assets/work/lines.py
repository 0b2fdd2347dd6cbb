"""Text files that may be compressed, as bytes in pieces of whole lines."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from genatator_assets.errors import GenatatorError

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PIECE_BYTES = 512 << 10
_LONGEST_LINE_BYTES = 64 << 20
_GZIP = b"\x1f\x8b"
_BGZIP_SUBFIELD = b"BC\x02\x00"
_BGZIP_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_REFUSED = {
    b"\x28\xb5\x2f\xfd": "zstd: decompress it with 'zstd -d'",
    b"PK\x03\x04": "a zip archive: unpack it",
    b"\xff\xfe": "text in UTF-16: convert it with 'iconv -f UTF-16 -t UTF-8'",
    b"\xfe\xff": "text in UTF-16: convert it with 'iconv -f UTF-16 -t UTF-8'",
}


def whole_lines(path: Path, error: type[GenatatorError], expected: str) -> Iterator[bytes]:
    r"""Return the bytes of a file, decompressed (gzip, bgzip, bz2, xz), in pieces that each end with a newline.

    The format is detected from the first bytes, not from the name. A byte-order mark is left out, and a newline is put
    behind a last line that has none.

    Raises:
        GenatatorError: the file is missing, truncated, damaged or in a format that is not read, as an `error` whose
            message says what is `expected`, such as "a BED file".
    """
    rest = b""
    for piece in _pieces(path, error, expected):
        cut = piece.rfind(b"\n") + 1
        if cut:
            yield rest + piece[:cut]
            rest = b""
        rest += piece[cut:]
        if len(rest) > _LONGEST_LINE_BYTES:
            raise error(f"{path}: expected {expected}, found a line of more than {_LONGEST_LINE_BYTES:,} bytes")
    if rest:
        yield rest + b"\n"


def _pieces(path: Path, error: type[GenatatorError], expected: str) -> Iterator[bytes]:
    try:
        with path.open("rb") as handle:
            head = handle.read(18)
            handle.seek(0)
            for magic, what in _REFUSED.items():
                if head.startswith(magic):
                    raise error(f"{path}: expected {expected}, found {what}")
            if head[:2] == _GZIP and head[12:16] == _BGZIP_SUBFIELD:
                _require_bgzip_end(handle, path, error)
            stream = _decompressed(handle, head)
            first = stream.read(_PIECE_BYTES)
            yield first.removeprefix(BYTE_ORDER_MARK)
            while piece := stream.read(_PIECE_BYTES):
                yield piece
    except (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError) as fault:
        raise error(f"{path}: the compressed file is truncated or damaged ({fault}); get it again") from fault
    except OSError as fault:
        raise error(f"{path} can't be read ({fault.strerror or fault}); expected {expected}") from fault


def _decompressed(handle: BinaryIO, head: bytes) -> BinaryIO:
    if head.startswith(_GZIP):
        return cast("BinaryIO", gzip.GzipFile(fileobj=handle))
    if head.startswith(b"BZh"):
        return cast("BinaryIO", bz2.BZ2File(handle))
    if head.startswith(b"\xfd7zXZ\x00"):
        return cast("BinaryIO", lzma.LZMAFile(handle))
    return handle


def _require_bgzip_end(handle: BinaryIO, path: Path, error: type[GenatatorError]) -> None:
    """A bgzip file cut between two of its blocks still decompresses: only its end marker tells."""
    size = handle.seek(0, 2)
    handle.seek(max(0, size - len(_BGZIP_END)))
    end = handle.read()
    handle.seek(0)
    if end != _BGZIP_END:
        raise error(f"{path}: the bgzip file is truncated: its end marker is missing; get it again")
