"""Parts of large files, by code of its own: a page of a block's targets, its DNA in pieces, bases of a FASTA file."""

import base64
import json
import zlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from genatator_assets.gene_finding.verify.derive import CHANNELS
from genatator_assets.gene_finding.verify.inputs import in_contract
from genatator_assets.work.storage import is_remote

_WIDTH = len(CHANNELS)
_TAIL = 1 << 16
_HEADER = 1 << 10
_PLAIN = 0
_PAGE_TABLE = b"genatator_assets.page_table"

Struct = dict[int, Any]


class BlockFile:
    """A block's file, of which only what is asked for is read.

    Whatever is not as it should be raises a ValueError, OSError or KeyError.
    """

    def __init__(self, path: Path) -> None:
        """Read the footer."""
        self._path = path
        size = path.stat().st_size
        tail = read_bytes(path, max(0, size - _TAIL), size)
        footer = int.from_bytes(tail[-8:-4], "little") + 8
        if footer > len(tail):
            tail = read_bytes(path, max(0, size - footer), size)
        metadata = pq.read_metadata(pa.BufferReader(tail))
        if (metadata.num_row_groups, metadata.num_rows, metadata.num_columns) != (1, 1, 3):
            raise ValueError(f"{metadata.num_rows:,} rows of {metadata.num_columns} columns, expected 1 of 3")
        self.said: Mapping[bytes, bytes] = metadata.metadata or {}
        self._dna, self._targets, _ = (metadata.row_group(0).column(number) for number in range(3))

    @property
    def bases(self) -> int:
        """How many bases have targets."""
        return int(self._targets.num_values) // _WIDTH

    def targets_around(self, base: int) -> tuple[int, npt.NDArray[np.float32]]:
        """Return the page that holds a base: its first base, counted from the block's own start, and its whole bases,
        float32 [bases, 12]."""
        values, places = self._pages
        page = int(np.searchsorted(values, base * _WIDTH, side="right")) - 1
        first, last = int(values[page]), int(values[page + 1])
        found = self._decoded(read_bytes(self._path, int(places[page]), int(places[page + 1])), last - first)
        begin, end = -(-first // _WIDTH), last // _WIDTH
        return begin, found[begin * _WIDTH - first : end * _WIDTH - first].reshape(-1, _WIDTH)

    def dna(self, piece_bp: int, most: int | None = None) -> Iterator[bytes]:
        """Return the DNA in pieces; with `most` only so many bases from the beginning, or fewer."""
        start, size = self._dna.data_page_offset, self._dna.total_compressed_size
        # Of letters, zstd makes blocks of 128 kB: less than this holds none of them whole.
        chunk = read_bytes(self._path, start, start + (size if most is None else min(size, most // 2 + _TAIL)))
        _, begin = _read_struct(chunk, 0)
        stream = pa.CompressedInputStream(pa.BufferReader(chunk[begin:]), self._dna.compression.lower())
        levels = int.from_bytes(stream.read(4), "little")
        length = int.from_bytes(stream.read(levels + 4)[levels:], "little")
        left = length if most is None else min(length, most)
        while left:
            piece = stream.read(min(piece_bp, left))
            if not piece:
                raise ValueError(f"the DNA ends {left:,} bases too early")
            left -= len(piece)
            yield piece

    @cached_property
    def _pages(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Page k holds values [values[k], values[k + 1]) and lies at bytes [places[k], places[k + 1]) of the file."""
        stored = self.said.get(_PAGE_TABLE)
        return self._walk() if stored is None else self._stated(json.loads(stored))

    def _stated(self, table: Mapping[str, Any]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        bases, sizes = (
            np.frombuffer(zlib.decompress(base64.b64decode(table[key])), "<u4").astype(np.int64)
            for key in ("bases", "sizes")
        )
        values = np.concatenate([[0], np.cumsum(bases * _WIDTH)])
        places = int(table["first"]) + np.concatenate([[0], np.cumsum(sizes)])
        end = self._targets.data_page_offset + self._targets.total_compressed_size
        if (values[-1], places[0], places[-1]) != (self._targets.num_values, self._targets.data_page_offset, end):
            raise ValueError("the page table is not that of the file")
        return values, places

    def _walk(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Go from header to header: blocks that pyarrow wrote have no page table."""
        values, places = [0], [int(self._targets.data_page_offset)]
        end = places[0] + self._targets.total_compressed_size
        while places[-1] < end:
            header, size = _read_struct(read_bytes(self._path, places[-1], min(places[-1] + _HEADER, end)), 0)
            values.append(values[-1] + header[5][1])
            places.append(places[-1] + size + header[3])
        return np.array(values), np.array(places)

    def _decoded(self, page: bytes, values: int) -> npt.NDArray[np.float32]:
        header, begin = _read_struct(page, 0)
        about = header.get(5, {})
        as_it_must = (about.get(1), about.get(2), header[3]) == (values, _PLAIN, len(page) - begin)
        if not (as_it_must and 4 * values <= header[2] <= 5 * values + _HEADER):  # the levels take a few bits a value
            raise ValueError(f"the header of the page of {values:,} values says {header}")
        codec = pa.Codec(self._targets.compression.lower())
        raw = codec.decompress(page[begin:], header[2], asbytes=True)
        return np.frombuffer(raw, "<f4", offset=len(raw) - 4 * values)


class FastaFile:
    """Bases of an indexed FASTA file, in the contract's alphabet."""

    def __init__(self, path: Path, index: Path) -> None:
        """Read the index."""
        self._path = path
        rows = (row.split("\t") for row in index.read_text().splitlines())
        self._rows = {name: tuple(map(int, numbers)) for name, *numbers in rows}

    def read(self, chrom: str, start: int, end: int) -> bytes:
        """Return bases [start, end), 0-based."""
        _, offset, letters, width = self._rows[chrom]

        def place(base: int) -> int:
            return offset + base // letters * width + base % letters if letters else offset

        return in_contract([read_bytes(self._path, place(start), place(end)).translate(None, b"\n")])


def read_bytes(path: Path, start: int, end: int) -> bytes:
    """Return bytes [start, end) of a file, also of one in an object store."""
    if is_remote(path):
        return bytes(path.fs.cat_file(path.path, start=start, end=end))
    with path.open("rb") as file:
        file.seek(start)
        return file.read(end - start)


def _read_struct(data: bytes, place: int) -> tuple[Struct, int]:
    """Read a struct of Thrift's compact protocol, of those that head pages; return its fields and where it ends."""
    fields: Struct = {}
    number = 0
    while head := data[place]:
        place += 1
        if head >> 4:
            number += head >> 4
        else:
            number, place = _read_number(data, place)
        match head & 15:
            case 1 | 2 as truth:
                fields[number] = truth == 1
            case 4 | 5 | 6:
                fields[number], place = _read_number(data, place)
            case 8:
                size, place = _read_varint(data, place)
                fields[number], place = data[place : place + size], place + size
            case 12:
                fields[number], place = _read_struct(data, place)
            case kind:
                raise ValueError(f"a page's header has a field of type {kind}")
    return fields, place + 1


def _read_varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while data[place] & 128:
        value, place, shift = value | (data[place] & 127) << shift, place + 1, shift + 7
    return value | data[place] << shift, place + 1


def _read_number(data: bytes, place: int) -> tuple[int, int]:
    value, place = _read_varint(data, place)
    return -(value + 1) // 2 if value & 1 else value // 2, place
