"""Data pages: levels, values, compression, checksum and header of each.

A page of the targets column holds n bases, in Parquet's three-level layout of lists (all numbers little-endian); here
of the twelve channels, other sets have as many values a base as channels:

    page header   sizes, number of values, CRC-32 of what follows         Thrift, compact protocol
    +-- compressed by zstd ------------------------------------------------------------------+
    | repetition  u32 size, then 2 bits a value: 0 or 1 2 2 2 2 2 2 2 2 2 2 2 | 1 2 2 ...     |  0: the row begins
    |   levels    (the same pattern in all pages of n bases)                                 |  1: a base begins
    | definition  u32 size, then one run: 12 n times 5                                       |  5: nothing is null
    |   levels                                                                               |
    | values      12 n float32, base by base                                                 |
    +----------------------------------------------------------------------------------------+
"""

import struct as packed
import zlib
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from genatator_assets.gene_finding.blocks.encode import thrift

_BYTES = 4
_PLAIN, _RLE = 0, 3
_DATA_PAGE = 0


@dataclass(frozen=True)
class Page:
    """An encoded page: header and compressed data, and how many bytes that would be without compression."""

    data: bytes
    uncompressed_size: int


class Compressor:
    """Compresses pages by zstd at level 1, as all blocks are."""

    def __init__(self) -> None:
        """Make the codec ready."""
        self._codec = pa.Codec("zstd", compression_level=1)

    def page(self, raw: bytes, values: int) -> Page:
        """Make a page of `values` values from its levels and values."""
        compressed = self._codec.compress(raw, asbytes=True)
        header = _header(len(raw), compressed, values)
        return Page(header + compressed, len(header) + len(raw))


def string_page(compressor: Compressor, text: bytes) -> Page:
    """Make the only page of a column of one string."""
    defined = _run(count=1, level=1)
    return compressor.page(_sized(defined) + _sized(text), values=1)


def target_page(compressor: Compressor, values: bytes | memoryview, bases: int, channels: int, opening: bool) -> Page:
    """Make a page of the targets of `bases` bases from their values of four bytes; the opening one begins the row."""
    return compressor.page(b"".join((_levels(bases, channels, opening), values)), bases * channels)


def read_target_page(data: bytes, bases: int, channels: int) -> npt.NDArray[np.float32]:
    """Read a page of the targets, header and compressed data: float32 [bases, channels].

    Nothing is believed: sizes, number of values and checksum must be those of such a page.

    Raises:
        ValueError: the page is not what it should be.
    """
    header, begin = thrift.read_struct(data)
    values = bases * channels
    raw_size = _levels_size(bases, channels) + values * _BYTES
    compressed = data[begin:]
    stated = (header.get(1), header.get(2), header.get(3), header.get(5))
    if stated != (_DATA_PAGE, raw_size, len(compressed), _data_page(values)):
        raise ValueError(f"the page's header {stated} is not that of {bases:,} bases in {len(compressed):,} bytes")
    if header.get(4) != _signed(zlib.crc32(compressed)):
        raise ValueError("the page's checksum is not that of its bytes")
    raw = _unzip().decompress(compressed, raw_size, asbytes=True)
    return np.frombuffer(raw, "<f4", offset=raw_size - values * _BYTES).reshape(bases, channels)


@cache
def _unzip() -> pa.Codec:
    return pa.Codec("zstd")


@cache
def _levels_size(bases: int, channels: int) -> int:
    return len(_levels(bases, channels, False))


@lru_cache(maxsize=64)
def _levels(bases: int, channels: int, opening: bool) -> bytes:
    """Return the levels of a page of so many bases; the opening page begins the row."""
    repetition = np.full(bases * channels, 2, np.uint8)
    repetition[::channels] = 1
    if opening:
        repetition[0] = 0
    return _sized(_bit_packed(repetition)) + _sized(_run(bases * channels, level=5))


def _bit_packed(levels: npt.NDArray[np.uint8]) -> bytes:
    """Pack levels of two bits, lowest first, in groups of eight, as one bit-packed run."""
    groups = -(-len(levels) // 8)
    padded = np.zeros(groups * 8, np.uint8)
    padded[: len(levels)] = levels
    quarters = padded.reshape(-1, 4)
    joined = quarters[:, 0] | quarters[:, 1] << 2 | quarters[:, 2] << 4 | quarters[:, 3] << 6
    return thrift.varint(groups << 1 | 1) + joined.tobytes()


def _run(count: int, level: int) -> bytes:
    """Return one run of a level of at most eight bits."""
    return thrift.varint(count << 1) + bytes([level])


def _sized(content: bytes) -> bytes:
    return packed.pack("<I", len(content)) + content


def _header(uncompressed: int, compressed: bytes, values: int) -> bytes:
    return thrift.struct(
        thrift.i32(1, _DATA_PAGE),
        thrift.i32(2, uncompressed),
        thrift.i32(3, len(compressed)),
        thrift.i32(4, _signed(zlib.crc32(compressed))),
        _data_page_field(values),
    )


@lru_cache(maxsize=64)
def _data_page_field(values: int) -> thrift.Field:
    return thrift.nested(5, thrift.struct(*(thrift.i32(number, value) for number, value in _data_page(values).items())))


def _data_page(values: int) -> dict[int, int]:
    """Return a data page's own header by field number: number of values, and encodings of values and levels."""
    return {1: values, 2: _PLAIN, 3: _RLE, 4: _RLE}


def _signed(checksum: int) -> int:
    return checksum - (1 << 32) if checksum >> 31 else checksum
