"""The index of a BAM file (.bai or .csi): where each reference's alignments lie, and how many there are.

The formats are those of the SAM specification and of its CSI note. What is read here is little: an index says more
(bins, a linear index), which only queries of short regions need.
"""

import gzip
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genatator_assets.errors import SignalError

_SUFFIXES = (".bai", ".csi")
_BAI, _CSI = b"BAI\1", b"CSI\1"
_BAI_COUNTS_BIN = 37_450


@dataclass(frozen=True)
class Span:
    """A reference's alignments: they lie between two virtual offsets. Counts are None in an index without them."""

    begin: int
    end: int
    mapped: int | None
    unmapped: int | None

    @property
    def count(self) -> int | None:
        """Number of alignments, also of those that are placed but not mapped."""
        return None if self.mapped is None or self.unmapped is None else self.mapped + self.unmapped


@dataclass(frozen=True)
class BamIndex:
    """Span of each reference by its number in the header, for those that have alignments; `unplaced` may be unknown."""

    spans: dict[int, Span]
    unplaced: int | None


def index_beside(path: Path) -> Path:
    """Return the index of a BAM file: `x.bam.bai`, `x.bai`, `x.bam.csi` or `x.csi`.

    Raises:
        SignalError: there is none.
    """
    beside = [place for suffix in _SUFFIXES for place in (path.with_name(path.name + suffix), path.with_suffix(suffix))]
    for place in beside:
        if place.is_file():
            return place
    raise SignalError(
        f"{path} has no index; expected {beside[0].name} or {path.name}.csi beside it. Make one with"
        f" 'samtools index {path.name}' (a file that is not sorted by coordinate: 'samtools sort' first)"
    )


def read_bam_index(path: Path) -> BamIndex:
    """Read an index.

    Raises:
        SignalError: it is not an index, or is damaged.
    """
    raw = path.read_bytes()
    try:
        if raw[:4] == _BAI:
            return _Reader(raw, 4).index(_BAI_COUNTS_BIN, with_offset=False)
        raw = gzip.decompress(raw)
        if raw[:4] == _CSI:
            depth, auxiliary = struct.unpack_from("<ii", raw, 8)
            counts_bin = ((1 << 3 * (depth + 1)) - 1) // 7 + 1
            return _Reader(raw, 16 + auxiliary).index(counts_bin, with_offset=True)
    except (struct.error, OSError, EOFError, zlib.error, ValueError) as error:
        raise SignalError(f"{path} is a damaged index ({error}); make it again with 'samtools index'") from error
    raise SignalError(f"{path} is not an index of a BAM file (.bai or .csi); make one with 'samtools index'")


class _Reader:
    """Goes once through an index from a position on."""

    def __init__(self, raw: bytes, at: int) -> None:
        self._raw, self._at = raw, at

    def index(self, counts_bin: int, *, with_offset: bool) -> BamIndex:
        (references,) = self._take("<i")
        spans: dict[int, Span] = {}
        for reference in range(references):
            if span := _span(self._bins(with_offset), counts_bin):
                spans[reference] = span
            if not with_offset:
                (intervals,) = self._take("<i")
                self._at += 8 * intervals
        at_end = len(self._raw) - self._at < 8
        return BamIndex(spans, None if at_end else self._take("<Q")[0])

    def _bins(self, with_offset: bool) -> Iterator[tuple[int, np.ndarray]]:
        (bins,) = self._take("<i")
        for _ in range(bins):
            number, *_, chunks = self._take("<IQi" if with_offset else "<Ii")
            offsets = np.frombuffer(self._raw, "<u8", 2 * chunks, self._at)
            self._at += 16 * chunks
            yield number, offsets

    def _take(self, fields: str) -> tuple[int, ...]:
        values = struct.unpack_from(fields, self._raw, self._at)
        self._at += struct.calcsize(fields)
        return values


def _span(bins: Iterable[tuple[int, np.ndarray]], counts_bin: int) -> Span | None:
    begin = end = mapped = unmapped = None
    for number, chunks in bins:
        counts = number == counts_bin and len(chunks) == 4
        if counts:
            mapped, unmapped = int(chunks[2]), int(chunks[3])
        offsets = chunks[:2] if counts else chunks
        if len(offsets):
            begin = min(int(offsets[::2].min()), int(offsets[0]) if begin is None else begin)
            end = max(int(offsets[1::2].max()), 0 if end is None else end)
    return None if begin is None or end is None else Span(begin, end, mapped, unmapped)
