"""bigWig in: the intervals of a chromosome and their values, as they are stored, stretch by stretch.

The file format is that of Kent et al., Bioinformatics 26:2204 (2010): a header, a B+ tree of chromosome names, data
blocks (compressed, at most a few thousand intervals each) and an R tree that says which block holds which bases. Blocks
hold intervals in one of three layouts, which numpy reads as they are. Everything is read from one open file, by
offsets that are checked against its size, so that a damaged file is an error of ours rather than a crash of a library.
"""

import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn, Self

import numpy as np
import numpy.typing as npt

from genatator_assets.errors import SignalError

_MAGIC = 0x888FFC26
_NAMES_MAGIC = 0x78CA8C91
_INDEX_MAGIC = 0x2468ACE0
_HEADER = "IHHQQQHHQQIQ"
_SUMMARY = "Qdddd"
_BEDGRAPH, _VARIABLE_STEP, _FIXED_STEP = 1, 2, 3
_BLOCK_HEADER_BYTES = 24
_MOST_NAMES_BYTES = 1 << 30
_READ_BYTES = 1 << 20
_STRETCH = 1 << 18

Positions = npt.NDArray[np.int64]
Values = npt.NDArray[np.float32]
Stretch = tuple[Positions, Positions, Values]
"""Starts, ends (0-based half-open, int64 [n]) and values (float32 [n]) of intervals in the order of the file."""


def is_bigwig(path: Path) -> bool:
    """Return whether a file begins as bigWig files do.

    Raises:
        SignalError: it can't be read.
    """
    try:
        with path.open("rb") as handle:
            magic = handle.read(4)
    except OSError as error:
        raise SignalError(f"{path} can't be opened: {error.strerror}") from error
    return magic in {struct.pack(order + "I", _MAGIC) for order in "<>"}


@dataclass(frozen=True)
class Totals:
    """What a file's header says about all of it: bases that have a value, and of these values min, max and sums."""

    covered: int
    minimum: float
    maximum: float
    sum: float
    sum_of_squares: float


@dataclass(frozen=True)
class _Header:
    order: str
    names_at: int
    index_at: int
    summary_at: int
    inflated_bytes: int


@dataclass(frozen=True)
class _Blocks:
    """Where the blocks of a query lie: offset and size in bytes, int64 [n], ascending."""

    offset: Positions
    size: Positions


@dataclass(frozen=True)
class BigWig:
    """A bigWig file that is open in this process; `close` it, or use it in a `with` block.

    Raises:
        SignalError: the file is missing, is something else, or is damaged.
    """

    path: Path
    _descriptor: int
    _bytes: int

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a file and read its header."""
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except OSError as error:
            raise SignalError(f"{path} can't be opened: {error.strerror}") from error
        opened = cls(path, descriptor, os.fstat(descriptor).st_size)
        try:
            _ = opened._header
        except SignalError:
            opened.close()
            raise
        return opened

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        """Return the open file."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    @cached_property
    def lengths(self) -> Mapping[str, int]:
        """Length in bp of each chromosome that the file names."""
        return {name: length for name, (_, length) in self._names.items()}

    @cached_property
    def totals(self) -> Totals | None:
        """The totals that the file states; None where it states none."""
        at = self._header.summary_at
        if not at:
            return None
        return Totals(*self._unpack(_SUMMARY, at))

    def stretches(self, chrom: str, start: int = 0, end: int | None = None) -> Iterator[Stretch]:
        """Return the intervals of a chromosome that overlap [start, end), whole, about 250,000 at a time.

        Intervals whose value is NaN come as they are stored. A chromosome that the file does not name has none.

        Raises:
            SignalError: the file is damaged.
        """
        if chrom not in self._names:
            return
        number, length = self._names[chrom]
        blocks = self._blocks_of(number, start, length if end is None else end)
        kept: list[Stretch] = []
        count = 0
        for block in self._inflated(blocks):
            kept.append(self._intervals(block, number))
            count += len(kept[-1][0])
            if count >= _STRETCH:
                yield _overlapping(_joined(kept), start, end)
                kept, count = [], 0
        if kept:
            yield _overlapping(_joined(kept), start, end)

    @cached_property
    def _header(self) -> _Header:
        magic = self._read(0, 4)
        order = next((order for order in "<>" if struct.unpack(order + "I", magic)[0] == _MAGIC), None)
        if order is None:
            raise SignalError(f"{self.path} is not a bigWig file: it begins with {magic!r}")
        fields = struct.unpack(order + _HEADER, self._read(0, struct.calcsize(order + _HEADER)))
        _, _, _, names_at, _, index_at, _, _, _, summary_at, inflated_bytes, _ = fields
        return _Header(order, names_at, index_at, summary_at, inflated_bytes)

    @cached_property
    def _names(self) -> dict[str, tuple[int, int]]:
        """Number and length of each chromosome, from the B+ tree."""
        at = self._header.names_at
        magic, _, key_bytes, value_bytes, count, _ = self._unpack("IIIIQQ", at)
        if magic != _NAMES_MAGIC or value_bytes != 8 or count * key_bytes > _MOST_NAMES_BYTES:
            self._damaged("its list of chromosomes can't be read")
        names: dict[str, tuple[int, int]] = {}
        nodes = [at + 32]
        while nodes:
            node = nodes.pop()
            is_leaf, _, items = self._unpack("BBH", node)
            raw = self._read(node + 4, items * (key_bytes + 8))
            for first in range(0, len(raw), key_bytes + 8):
                key, value = raw[first : first + key_bytes], raw[first + key_bytes : first + key_bytes + 8]
                if is_leaf:
                    number, length = struct.unpack(self._header.order + "II", value)
                    names[key.rstrip(b"\0").decode("utf-8", "replace")] = number, length
                else:
                    nodes += struct.unpack(self._header.order + "Q", value)
            if len(nodes) + len(names) > count + len(raw):
                self._damaged("its list of chromosomes goes round in circles")
        return dict(sorted(names.items(), key=lambda item: item[1]))

    def _blocks_of(self, number: int, start: int, end: int) -> _Blocks:
        """Return the blocks that overlap bases [start, end) of a chromosome, from the R tree."""
        order = self._header.order
        magic = self._unpack("I", self._header.index_at)[0]
        if magic != _INDEX_MAGIC:
            self._damaged("its index can't be read")
        bounds = [("from_chrom", "u4"), ("from_base", "u4"), ("to_chrom", "u4"), ("to_base", "u4"), ("at", "u8")]
        inner = np.dtype([(name, order + kind) for name, kind in bounds])
        leaf = np.dtype([*inner.descr, ("size", order + "u8")])
        nodes, found, seen = [self._header.index_at + 48], [], 0
        while nodes:
            node = nodes.pop()
            is_leaf, _, count = self._unpack("BBH", node)
            kind = leaf if is_leaf else inner
            items = np.frombuffer(self._read(node + 4, count * kind.itemsize), kind)
            after_start = (items["to_chrom"] > number) | ((items["to_chrom"] == number) & (items["to_base"] > start))
            before_end = (items["from_chrom"] < number) | ((items["from_chrom"] == number) & (items["from_base"] < end))
            items = items[after_start & before_end]
            seen += count
            if seen * inner.itemsize > self._bytes:
                self._damaged("its index goes round in circles")
            if is_leaf:
                found.append(items)
            else:
                nodes += items["at"].tolist()
        blocks = np.concatenate(found) if found else np.empty(0, leaf)
        blocks = blocks[np.argsort(blocks["at"], kind="stable")]
        offset, size = blocks["at"].astype(np.int64), blocks["size"].astype(np.int64)
        if len(offset) and (offset.min() < 0 or size.min() < 0 or (offset + size).max() > self._bytes):
            self._damaged("its index points past the end of the file: it may be truncated")
        return _Blocks(offset, size)

    def _inflated(self, blocks: _Blocks) -> Iterator[bytes]:
        """Return the blocks' bytes, neighbours read together."""
        first = 0
        while first < len(blocks.offset):
            last, begin = first, int(blocks.offset[first])
            while (
                last + 1 < len(blocks.offset)
                and blocks.offset[last + 1] == blocks.offset[last] + blocks.size[last]
                and blocks.offset[last + 1] + blocks.size[last + 1] - begin <= _READ_BYTES
            ):
                last += 1
            raw = self._read(begin, int(blocks.offset[last] + blocks.size[last]) - begin)
            for one in range(first, last + 1):
                offset = int(blocks.offset[one]) - begin
                block = raw[offset : offset + int(blocks.size[one])]
                yield self._decompressed(block) if self._header.inflated_bytes else block
            first = last + 1

    def _decompressed(self, block: bytes) -> bytes:
        try:
            return zlib.decompress(block, bufsize=self._header.inflated_bytes)
        except zlib.error as error:
            self._damaged(f"a block can't be decompressed ({error})")

    def _intervals(self, block: bytes, number: int) -> Stretch:
        order = self._header.order
        if len(block) < _BLOCK_HEADER_BYTES:
            self._damaged("a block is too short")
        chrom, first, _, step, span, kind, _, count = struct.unpack_from(order + "IIIIIBBH", block)
        layout = {
            _BEDGRAPH: [("start", "u4"), ("end", "u4"), ("value", "f4")],
            _VARIABLE_STEP: [("start", "u4"), ("value", "f4")],
            _FIXED_STEP: [("value", "f4")],
        }.get(kind)
        if layout is None or chrom != number:
            self._damaged(f"a block of chromosome {chrom} has layout {kind}, expected 1 to 3 of chromosome {number}")
        dtype = np.dtype([(name, order + letters) for name, letters in layout])
        if len(block) < _BLOCK_HEADER_BYTES + count * dtype.itemsize:
            self._damaged("a block is too short for its intervals")
        items = np.frombuffer(block, dtype, count, _BLOCK_HEADER_BYTES)
        value = items["value"].astype(np.float32)
        if kind == _FIXED_STEP:
            start = first + step * np.arange(count, dtype=np.int64)
        else:
            start = items["start"].astype(np.int64)
        end = items["end"].astype(np.int64) if kind == _BEDGRAPH else start + span
        return start, end, value

    def _unpack(self, fields: str, at: int) -> tuple[Any, ...]:
        kind = self._header.order + fields
        return struct.unpack(kind, self._read(at, struct.calcsize(kind)))

    def _read(self, at: int, count: int) -> bytes:
        if at < 0 or at + count > self._bytes:
            self._damaged(f"it has {self._bytes:,} bytes, expected at least {at + count:,}: it may be truncated")
        return os.pread(self._descriptor, count, at)

    def _damaged(self, why: str) -> NoReturn:
        raise SignalError(f"{self.path} is not a whole bigWig file: {why}; fetch or make it again")


def _joined(stretches: list[Stretch]) -> Stretch:
    start, end, value = zip(*stretches, strict=True)
    return np.concatenate(start), np.concatenate(end), np.concatenate(value)


def _overlapping(stretch: Stretch, first: int, last: int | None) -> Stretch:
    if not first and last is None:
        return stretch
    start, end, value = stretch
    kept = end > first if last is None else (end > first) & (start < last)
    return start[kept], end[kept], value[kept]
