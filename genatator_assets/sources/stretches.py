"""Many stretches of an indexed FASTA file, plain or bgzip, as arrays of letters."""

import mmap
import os
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import numpy as np
import numpy.typing as npt

from genatator_assets.errors import SequenceError
from genatator_assets.sources.fasta import import_fasta, index_path


def _inflater() -> tuple[Callable[[bytes, int], bytes], type[Exception]]:
    """Return what inflates gzip, and what it raises: isal where that is installed, which is three times as fast."""
    if find_spec("isal") is None:
        return zlib.decompress, zlib.error
    from isal import igzip_lib, isal_zlib  # noqa: PLC0415 - an extra

    return isal_zlib.decompress, igzip_lib.IsalError  # type: ignore[return-value] # its stub has an instance


Letters = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.int64]

_GZIP = b"\x1f\x8b"
_BGZIP_SUBFIELD = b"BC\x02\x00"
_BLOCK_HEADER = 18
_GZIP_WITH_CHECKSUM = zlib.MAX_WBITS | 16
_NEAR_BYTES = 2_048
"""Stretches no further apart than this are read at once with what lies between them."""
_HEADER_BYTES = 4_096
_inflate, _InflateError = _inflater()


class _Source(Protocol):
    def read(self, begin: int, end: int) -> bytes:
        """Return bytes [begin, end) of the uncompressed file; fewer at its end."""


@dataclass(frozen=True)
class _Record:
    """A sequence's row of the index: bases, where the first is, bases a line, bytes a line."""

    length: int
    offset: int
    width: int
    bytes_a_line: int

    def place(self, base: Positions) -> Positions:
        """Return where in the file bases are."""
        line, column = np.divmod(base, max(1, self.width))
        return self.offset + line * self.bytes_a_line + column


class IndexedFasta:
    """A FASTA file and its `.fai` index; `lengths` is name -> bp, in the file's order."""

    def __init__(self, path: Path, source: _Source) -> None:
        """Read the index beside `path`.

        Raises:
            SequenceError: it is not one.
        """
        self.path = path
        self._source = source
        try:
            rows = [line.split("\t") for line in index_path(path).read_text().splitlines()]
            self._records = {name: _Record(*map(int, numbers[:4])) for name, *numbers in rows}
        except (ValueError, TypeError) as error:
            raise SequenceError(
                f"{index_path(path)}: not an index of a FASTA file ({error}); make it again: samtools faidx {path}"
            ) from error
        self.lengths: Mapping[str, int] = {name: record.length for name, record in self._records.items()}
        self._checked: set[str] = set()

    def letters(self, chrom: str, starts: Positions, length: int) -> Letters:
        """Return the stretches of `length` bases from `starts` on (0-based, ascending): uint8 [n, length], as ASCII.

        Letters are as in the file, of either case. What lies before the sequence or behind it is 0.

        Raises:
            SequenceError: the file and its index don't belong together, or the file is damaged.
        """
        record = self._records[chrom]
        self._require_own_index(chrom, record)
        first, last = starts.clip(0, record.length), (starts + length).clip(0, record.length)
        if not len(starts):
            return np.zeros((0, length), np.uint8)
        far = np.r_[True, first[1:] > np.maximum.accumulate(last)[:-1] + _NEAR_BYTES]
        group = np.cumsum(far) - 1
        begin = first[far]
        end = np.maximum.reduceat(last, np.flatnonzero(far))
        there = self._joined(chrom, record, begin, end)
        place = np.r_[0, np.cumsum(end - begin)[:-1]][group] + starts - begin[group]  # of each stretch in `there`
        filled = np.zeros(len(there) + 2 * length, np.uint8)
        filled[length : length + len(there)] = there
        found: Letters = np.lib.stride_tricks.sliding_window_view(filled, length)[
            (place + length).clip(0, len(filled) - length)
        ]
        for number in np.flatnonzero((starts < first) | (starts + length > last)).tolist():
            position = starts[number] + np.arange(length)
            found[number, (position < 0) | (position >= record.length)] = 0
        return found

    def _joined(self, chrom: str, record: _Record, begin: Positions, end: Positions) -> Letters:
        """Return all letters of some stretches, one behind the other."""
        some = end > begin
        spans = zip(record.place(begin[some]).tolist(), (record.place(end[some] - 1) + 1).tolist(), strict=True)
        raw = b"".join(self._source.read(first, last) for first, last in spans)
        letters = np.frombuffer(raw.replace(b"\n", b"").replace(b"\r", b""), np.uint8)  # faster than translate
        if len(letters) != int((end - begin).sum()):
            raise self._wrong_index(chrom, f"found {len(letters):,} of {int((end - begin).sum()):,} bases")
        return letters

    def _require_own_index(self, chrom: str, record: _Record) -> None:
        """Ensure that the sequence lies where its index says: a header is before it, a header or nothing behind it."""
        if chrom in self._checked:
            return
        before = self._source.read(max(0, record.offset - _HEADER_BYTES), record.offset)
        header = before[before.rfind(b"\n", 0, -1) + 1 :]
        if header.split(maxsplit=1)[:1] != [b">" + chrom.encode()] or not header.endswith(b"\n"):
            raise self._wrong_index(chrom, f"found {header[:80]!r} before the place where it should begin")
        end = int(record.place(np.array([record.length - 1]))[0]) + 1 if record.length else record.offset
        behind = self._source.read(end, end + 3).replace(b"\r", b"")
        if behind not in {b"", b"\n"} and not behind.startswith((b"\n>", b"\n\n")):
            raise self._wrong_index(chrom, f"found {behind!r} behind the place where it should end")
        self._checked.add(chrom)

    def _wrong_index(self, chrom: str, found: str) -> SequenceError:
        return SequenceError(
            f"{index_path(self.path)} is not the index of {self.path}: {chrom}: {found}. Make it again: samtools faidx"
            f" {self.path}"
        )


@contextmanager
def open_indexed(path: Path, *, mapped: bool = False) -> Iterator[IndexedFasta]:
    """Open a FASTA file for reading stretches: plain or bgzip with the `.fai` that `samtools faidx` puts beside it.

    With `mapped`, a plain file is mapped into memory: quicker for stretches that lie far apart, because the system is
    not asked for each; but pages that were read count as memory of this process until others need the room.

    Any other (without an index, or plain gzip) is first checked, decompressed and indexed in a temporary folder.

    Raises:
        SequenceError: the file can't be used.
    """
    with path.open("rb") as handle:
        head = handle.read(_BLOCK_HEADER)
    compressed, bgzip = head.startswith(_GZIP), head[12:16] == _BGZIP_SUBFIELD
    if index_path(path).is_file() and (bgzip or not compressed):
        with _open_bgzip(path) if bgzip else _open_mapped(path) if mapped else _open_plain(path) as source:
            yield IndexedFasta(path, source)
        return
    with TemporaryDirectory(prefix="genatator-") as folder:
        copy = Path(folder, "sequence.fa")
        import_fasta(path, copy)
        with _open_plain(copy) as source:
            yield IndexedFasta(copy, source)


class _Plain:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def read(self, begin: int, end: int) -> bytes:
        return os.pread(self._descriptor, end - begin, begin)


@contextmanager
def _open_plain(path: Path) -> Iterator[_Plain]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield _Plain(descriptor)
    finally:
        os.close(descriptor)


class _Mapped:
    def __init__(self, mapped: mmap.mmap) -> None:
        self._mapped = mapped

    def read(self, begin: int, end: int) -> bytes:
        return self._mapped[begin:end]


@contextmanager
def _open_mapped(path: Path) -> Iterator[_Mapped]:
    with path.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        yield _Mapped(mapped)


class _Bgzip:
    """Reads by the blocks' own headers, which say how long each is: a `.gzi` index is not needed, nor trusted.

    The file is not mapped: its pages would count as memory of this process.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path, self._descriptor = path, descriptor
        self._blocks: list[int] = []  # where each begins in the file, and at last the file's end
        self._begins: list[int] = []  # which uncompressed byte is its first
        file_bytes = os.fstat(descriptor).st_size
        place = begin = size = 0
        header = os.pread(descriptor, _BLOCK_HEADER, 0)
        while place < file_bytes:
            if header[:2] != _GZIP or header[12:16] != _BGZIP_SUBFIELD:
                raise SequenceError(f"{path}: no bgzip block at byte {place:,}: the file is damaged; get it again")
            self._blocks.append(place)
            self._begins.append(begin)
            place += int.from_bytes(header[16:18], "little") + 1
            behind = os.pread(descriptor, 4 + _BLOCK_HEADER, place - 4)  # the block's size, and the next one's header
            size, header = int.from_bytes(behind[:4], "little"), behind[4:]
            begin += size
        self._blocks.append(place)
        if place != file_bytes or size:
            raise SequenceError(f"{path}: the bgzip file is truncated: its end marker is missing; get it again")
        self._number, self._block = -1, b""

    def read(self, begin: int, end: int) -> bytes:
        number = bisect_right(self._begins, begin) - 1
        pieces = []
        while begin < end and number < len(self._begins):
            block = self._read_block(number)
            offset = begin - self._begins[number]
            pieces.append(block[offset : offset + end - begin])
            begin = self._begins[number] + len(block)
            number += 1
        return b"".join(pieces)

    def _read_block(self, number: int) -> bytes:
        if number != self._number:
            begin, stop = self._blocks[number], self._blocks[number + 1]
            try:
                self._block = _inflate(os.pread(self._descriptor, stop - begin, begin), _GZIP_WITH_CHECKSUM)
            except _InflateError as error:
                raise SequenceError(
                    f"{self._path}: the block at byte {begin:,} is damaged ({error}); get the file again"
                ) from error
            self._number = number
        return self._block


@contextmanager
def _open_bgzip(path: Path) -> Iterator[_Bgzip]:
    with path.open("rb") as handle:
        yield _Bgzip(path, handle.fileno())
