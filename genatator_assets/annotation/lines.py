"""The lines of an annotation file, plain or gzip, and the attributes in column 9."""

import gzip
import io
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from genatator_assets.errors import AnnotationError

COLUMNS = 9
COMMENT = ord("#")
END_OF_ROWS = (b"##FASTA", b">")

_BUFFER_BYTES = 1 << 20
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_GFF3_ATTRIBUTE = re.compile(rb"\s*[^\s=;\"]+=")
_BARE_NAME = re.compile(rb"(?!\.$)[^\s;=\"]+")
_SHOWN_BYTES = 120


@contextmanager
def open_lines(path: Path) -> Iterator[io.BufferedReader]:
    """Open a plain or gzip file for reading lines, past a byte-order mark.

    Raises:
        AnnotationError: the file is empty or, while it is read, turns out truncated or damaged.
    """
    with io.BufferedReader(path.open("rb", buffering=0), _BUFFER_BYTES) as handle:
        compressed = handle.read(2) == b"\x1f\x8b"
        handle.seek(0)
        lines: io.BufferedReader[Any] = (
            io.BufferedReader(gzip.GzipFile(fileobj=handle), _BUFFER_BYTES) if compressed else handle
        )
        try:
            if lines.peek(len(_BYTE_ORDER_MARK)).startswith(_BYTE_ORDER_MARK):
                lines.read(len(_BYTE_ORDER_MARK))
            if not lines.peek(1):
                raise AnnotationError(f"{path}: the file is empty; expected GFF3 or GTF")
            yield lines
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise AnnotationError(
                f"{path}: the compressed file is truncated or damaged ({error}); get it again"
            ) from error


def show(text: bytes) -> str:
    """Spell bytes of a file for a message: quoted, and cut where they are long."""
    return repr(text[:_SHOWN_BYTES].decode("utf-8", "backslashreplace"))


class Attributes:
    """Finds attributes in column 9, spelt as in GFF3 (`key=value`) or in GTF (`key "value"`), as most samples are."""

    def __init__(self, samples: list[bytes]) -> None:
        """Look at samples of column 9."""
        spelt = [_GFF3_ATTRIBUTE.match(sample) is not None for sample in samples if sample.strip() not in (b"", b".")]
        self.gff3 = 2 * sum(spelt) > len(spelt)
        self._before, self._closing = (ord(";"), b";") if self.gff3 else (ord(" "), b'"')

    def openings(self, keys: Iterable[str]) -> list[bytes]:
        """Return what stands before the values of `keys`, to be used with `find` and `first`."""
        return [f"{key}=".encode() if self.gff3 else f'{key} "'.encode() for key in keys]

    def find(self, text: bytes, openings: list[bytes]) -> bytes | None:
        """Return the value, as it is spelt, of the first attribute that is there and not empty."""
        for opening in openings:
            begin = text.find(opening)
            if begin > 0 and text[begin - 1] != self._before:
                begin = _at_a_key(text, opening)
            if begin >= 0:
                begin += len(opening)
                end = text.find(self._closing, begin)
                if value := (text[begin:end] if end >= 0 else text[begin:]).strip():
                    return value
        return None

    def first(self, text: bytes, openings: list[bytes]) -> str | None:
        """Return the value of the first attribute that is there and not empty."""
        value = self.find(text, openings)
        return None if value is None else self.plain(value)

    def bare(self, text: bytes) -> str | None:
        """Return a name that stands alone in column 9, as AUGUSTUS and BRAKER write transcripts in GTF (`g1.t1`)."""
        name = text.strip()
        return self.plain(name) if not self.gff3 and _BARE_NAME.fullmatch(name) else None

    def plain(self, value: bytes) -> str:
        """Decode a value; GFF3 spells some letters as %XX."""
        plain = value.decode("utf-8", "replace")
        return unquote(plain) if self.gff3 and "%" in plain else plain


def _at_a_key(text: bytes, opening: bytes) -> int:
    """Return where `opening` first begins an attribute, not stands within a value; -1 if it nowhere does."""
    found = _key(opening).search(text)
    return found.end() - len(opening) if found else -1


@cache
def _key(opening: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(?:\A|;)\s*" + re.escape(opening))
