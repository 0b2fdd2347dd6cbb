"""The file around the pages: a column chunk for each column of one row, and the footer that describes them."""

import base64
import struct as packed
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from genatator_assets.gene_finding.blocks.contract import SCHEMA, BlockPlace
from genatator_assets.gene_finding.blocks.encode import thrift
from genatator_assets.gene_finding.blocks.encode.cut import Cut, cut_into_pages, target_pages
from genatator_assets.gene_finding.blocks.encode.pages import Compressor, Page, string_page
from genatator_assets.gene_finding.blocks.encode.table import PAGE_TABLE_KEY, PageTable
from genatator_assets.tracks.segments import Segments

_MAGIC = b"PAR1"
_INT32, _FLOAT, _BYTE_ARRAY = 1, 4, 6
_REQUIRED, _OPTIONAL, _REPEATED = 0, 1, 2
_UTF8, _LIST, _UINT_8 = 0, 3, 11
_STRING_TYPE, _LIST_TYPE, _INTEGER_TYPE = 1, 3, 10
_PLAIN, _RLE, _ZSTD = 0, 3, 6
_TARGETS_PATH = ("targets", "list", "element", "list", "element")


@dataclass(frozen=True)
class _Form:
    """How the values of a column of targets are stored, four bytes each: physical type, dtype, format of `struct`, and
    the fields of the schema that say what they mean."""

    physical_type: int
    dtype: str
    format: str
    meaning: tuple[thrift.Field, ...] = ()
    zero: float = 0


_FLOATS = _Form(_FLOAT, "<f4", "<f", zero=-0.0)
_SMALL = _Form(
    _INT32,
    "<i4",
    "<i",
    (
        thrift.i32(6, _UINT_8),
        thrift.nested(10, thrift.struct(thrift.nested(_INTEGER_TYPE, thrift.struct(thrift.i8(1, 8), thrift.no(2))))),
    ),
)


@dataclass(frozen=True)
class _Chunk:
    """A column chunk that was written: where it begins and how large it is; `statistics` is an encoded struct."""

    path: tuple[str, ...]
    physical_type: int
    values: int
    offset: int
    size: int
    uncompressed_size: int
    statistics: bytes
    page_edges: tuple[int, ...]


def encode_block(
    handle: BinaryIO, dna: str, segments: Segments, place: BlockPlace, key_values: Mapping[str, str]
) -> None:
    """Write the block at `place` of a chromosome: the content that pyarrow would write from dense arrays."""
    compressor = Compressor()
    cut = cut_into_pages(segments, place.start, place.end)
    handle.write(_MAGIC)
    chunks = [
        _write_string(handle, compressor, "dna_sequence", dna),
        _write_targets(handle, compressor, segments, cut, _FLOATS),
        _write_string(handle, compressor, "metadata", place.metadata_json()),
    ]
    elements = [_string("dna_sequence"), *_targets(_FLOATS), _string("metadata")]
    _finish(handle, chunks, cut, SCHEMA, elements, key_values)


def encode_small(
    handle: BinaryIO,
    segments: Segments,
    start: int,
    end: int,
    metadata: str,
    schema: pa.Schema,
    key_values: Mapping[str, str],
) -> None:
    """Write bases [start, end) of segments whose values are whole numbers of 0 to 255: targets and metadata alone."""
    compressor = Compressor()
    cut = cut_into_pages(segments, start, end)
    handle.write(_MAGIC)
    chunks = [
        _write_targets(handle, compressor, segments, cut, _SMALL),
        _write_string(handle, compressor, "metadata", metadata),
    ]
    _finish(handle, chunks, cut, schema, [*_targets(_SMALL), _string("metadata")], key_values)


def _finish(
    handle: BinaryIO,
    chunks: list[_Chunk],
    cut: Cut,
    schema: pa.Schema,
    elements: list[bytes],
    key_values: Mapping[str, str],
) -> None:
    (targets,) = (chunk for chunk in chunks if chunk.path == _TARGETS_PATH)
    table = PageTable(cut.edges - cut.edges[0], np.array(targets.page_edges, np.int64))
    footer = _footer(chunks, schema, elements, {**key_values, PAGE_TABLE_KEY: table.encode()})
    handle.write(footer + packed.pack("<I", len(footer)) + _MAGIC)


def _write_string(handle: BinaryIO, compressor: Compressor, name: str, text: str) -> _Chunk:
    no_nulls = thrift.struct(thrift.i64(3, 0))
    return _write_chunk(handle, (name,), _BYTE_ARRAY, 1, [string_page(compressor, text.encode())], no_nulls)


def _write_targets(handle: BinaryIO, compressor: Compressor, segments: Segments, cut: Cut, form: _Form) -> _Chunk:
    start, end = int(cut.edges[0]), int(cut.edges[-1])
    values = len(segments.runs) * (end - start)
    written = target_pages(compressor, segments, cut, form.dtype)
    return _write_chunk(handle, _TARGETS_PATH, form.physical_type, values, written, _limits(segments, start, end, form))


def _write_chunk(
    handle: BinaryIO, path: tuple[str, ...], physical_type: int, values: int, written: Iterable[Page], statistics: bytes
) -> _Chunk:
    edges, uncompressed = [handle.tell()], 0
    for page in written:
        handle.write(page.data)
        edges.append(edges[-1] + len(page.data))
        uncompressed += page.uncompressed_size
    size = edges[-1] - edges[0]
    return _Chunk(path, physical_type, values, edges[0], size, uncompressed, statistics, tuple(edges))


def _limits(segments: Segments, start: int, end: int, form: _Form) -> bytes:
    """Return the statistics of the targets: nulls, greatest and least value. A least float of 0 is stored as -0, as
    the specification asks."""
    pieces = [runs.within(start, end) for runs in segments.runs]
    greatest = max(piece.max for piece in pieces)
    filled = all(int((piece.end - piece.start).sum()) == end - start for piece in pieces)
    least = min(float(piece.value.min()) for piece in pieces) if filled else form.zero
    number = float if form.physical_type == _FLOAT else int
    stored = [packed.pack(form.format, number(limit)) for limit in (greatest, least)]
    return thrift.struct(thrift.i64(3, 0), thrift.binary(5, stored[0]), thrift.binary(6, stored[1]))


def _footer(chunks: list[_Chunk], schema: pa.Schema, elements: list[bytes], key_values: Mapping[str, str]) -> bytes:
    arrow_schema = base64.b64encode(schema.serialize().to_pybytes()).decode()
    pairs = {"ARROW:schema": arrow_schema, **key_values}
    return thrift.struct(
        thrift.i32(1, 2),
        thrift.struct_list(2, [_root(len(chunks)), *elements]),
        thrift.i64(3, 1),
        thrift.struct_list(4, [_row_group(chunks)]),
        thrift.struct_list(
            5, [thrift.struct(thrift.binary(1, k.encode()), thrift.binary(2, v.encode())) for k, v in pairs.items()]
        ),
        thrift.binary(6, b"genatator-assets"),
        thrift.struct_list(7, [thrift.struct(thrift.nested(1, thrift.struct()))] * len(chunks)),
    )


def _row_group(chunks: list[_Chunk]) -> bytes:
    return thrift.struct(
        thrift.struct_list(1, [_column(chunk) for chunk in chunks]),
        thrift.i64(2, sum(chunk.uncompressed_size for chunk in chunks)),
        thrift.i64(3, 1),
        thrift.i64(5, chunks[0].offset),
        thrift.i64(6, sum(chunk.size for chunk in chunks)),
        thrift.i16(7, 0),
    )


def _column(chunk: _Chunk) -> bytes:
    metadata = thrift.struct(
        thrift.i32(1, chunk.physical_type),
        thrift.i32_list(2, [_PLAIN, _RLE]),
        thrift.binary_list(3, [part.encode() for part in chunk.path]),
        thrift.i32(4, _ZSTD),
        thrift.i64(5, chunk.values),
        thrift.i64(6, chunk.uncompressed_size),
        thrift.i64(7, chunk.size),
        thrift.i64(9, chunk.offset),
        thrift.nested(12, chunk.statistics),
    )
    return thrift.struct(thrift.i64(2, 0), thrift.nested(3, metadata))


def _root(columns: int) -> bytes:
    """Return the schema's first element, of which the columns are children."""
    return thrift.struct(thrift.i32(3, _REQUIRED), thrift.binary(4, b"schema"), thrift.i32(5, columns))


def _targets(form: _Form) -> list[bytes]:
    """Return the elements of a column that is a list of lists, parents before children."""
    element = thrift.struct(
        thrift.i32(1, form.physical_type), thrift.i32(3, _OPTIONAL), thrift.binary(4, b"element"), *form.meaning
    )
    return [_list("targets"), _repeated(), _list("element"), _repeated(), element]


def _string(name: str) -> bytes:
    return thrift.struct(
        thrift.i32(1, _BYTE_ARRAY),
        thrift.i32(3, _OPTIONAL),
        thrift.binary(4, name.encode()),
        thrift.i32(6, _UTF8),
        thrift.nested(10, thrift.struct(thrift.nested(_STRING_TYPE, thrift.struct()))),
    )


def _list(name: str) -> bytes:
    return thrift.struct(
        thrift.i32(3, _OPTIONAL),
        thrift.binary(4, name.encode()),
        thrift.i32(5, 1),
        thrift.i32(6, _LIST),
        thrift.nested(10, thrift.struct(thrift.nested(_LIST_TYPE, thrift.struct()))),
    )


def _repeated() -> bytes:
    return thrift.struct(thrift.i32(3, _REPEATED), thrift.binary(4, b"list"), thrift.i32(5, 1))
