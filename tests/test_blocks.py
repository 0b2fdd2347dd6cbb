"""Blocks: the encoder against pyarrow's writer and other readers, the cut into blocks, and a chromosome's task."""

import base64
import io
import itertools
import json
import re
import zlib
from contextlib import contextmanager, suppress

import duckdb
import fastparquet
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from blockfiles import read_block
from hypothesis import given, settings
from hypothesis import strategies as st

from genatator_assets.errors import DatasetError
from genatator_assets.gene_finding.blocks import window
from genatator_assets.gene_finding.blocks.contract import BlockPlace, block_intervals
from genatator_assets.gene_finding.blocks.encode import cut, encode_block, thrift
from genatator_assets.gene_finding.blocks.encode.table import PAGE_TABLE_KEY, PageTable
from genatator_assets.gene_finding.blocks.window import read_targets
from genatator_assets.gene_finding.blocks.write import write_block
from genatator_assets.gene_finding.channels import CHANNELS
from genatator_assets.tracks.runs import Runs
from genatator_assets.tracks.segments import Segments
from genatator_assets.work.unit import Provenance

LENGTH = 200


@st.composite
def runs(draw, length=LENGTH):
    """Ascending, disjoint runs; neighbours may touch, and may have equal values."""
    edges = sorted(draw(st.sets(st.integers(0, length), max_size=24)))
    pairs = list(itertools.pairwise(edges))
    kept = draw(st.lists(st.booleans(), min_size=len(pairs), max_size=len(pairs)))
    chosen = [pair for pair, keep in zip(pairs, kept, strict=True) if keep]
    values = draw(
        st.lists(st.sampled_from([1.0, 0.5, 0.1353352832366127, 1e-9]), min_size=len(chosen), max_size=len(chosen))
    )
    return Runs(
        np.array([a for a, _ in chosen], np.int64),
        np.array([b for _, b in chosen], np.int64),
        np.array(values, np.float32),
    )


segment_lists = st.tuples(*[runs()] * 12).map(lambda channels: Segments(LENGTH, channels, CHANNELS))


def place_of(start, end, length=LENGTH):
    return BlockPlace("g", "train", "c", start, end, length, 10_000_000)


def dna_of(length):
    return ("ACGTN" * (length // 5 + 1))[:length]


def segments_of(length, *intervals):
    """Value 1 on the intervals in channel 0; nothing elsewhere."""
    first = Runs(
        np.array([a for a, _ in intervals], np.int64),
        np.array([b for _, b in intervals], np.int64),
        np.ones(len(intervals), np.float32),
    )
    none = Runs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))
    return Segments(length, (first, *[none] * 11), CHANNELS)


def encoded(segments, start, end, length=LENGTH):
    buffer = io.BytesIO()
    encode_block(buffer, dna_of(end - start), segments, place_of(start, end, length), {"some": "provenance"})
    return buffer.getvalue()


page_sizes = st.tuples(st.integers(1, 30), st.integers(1, 5), st.integers(1, 100))
"""Bases a cell, cells a page, bases that are painted at a time."""


@contextmanager
def pages_of(cell_bp, cells_per_page, painted_bp):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cut, "CELL_BP", cell_bp)
        patch.setattr(cut, "CELLS_PER_PAGE", cells_per_page)
        patch.setattr(cut, "_PAINTED_BP", painted_bp)
        yield


# The encoder against dense arrays


@settings(max_examples=60)
@given(segment_lists, page_sizes, st.data())
def test_any_segments_are_read_back_as_they_are(segments, page_size, data):
    start = data.draw(st.integers(0, LENGTH - 1))
    end = data.draw(st.integers(start + 1, LENGTH))
    with pages_of(*page_size):
        content = encoded(segments, start, end)
    table = pq.ParquetFile(io.BytesIO(content), page_checksum_verification=True).read()
    dense = segments.dense(start, end)
    np.testing.assert_array_equal(table["targets"].combine_chunks().flatten().flatten().to_numpy(), dense.reshape(-1))
    assert table["dna_sequence"].to_pylist() == [dna_of(end - start)]
    assert json.loads(table["metadata"][0].as_py())["target_shape"] == [end - start, 12]
    statistics = pq.read_metadata(io.BytesIO(content)).row_group(0).column(1).statistics
    assert (statistics.null_count, statistics.min, statistics.max) == (0, dense.min(), dense.max())


CASES = {
    "nothing selected": (segments_of(20_000), 0, 20_000),
    "one base": (segments_of(1, (0, 1)), 0, 1),
    "exactly a page": (segments_of(8_000, (10, 50)), 0, 8_000),
    "one base more than a page": (segments_of(8_001, (8_000, 8_001)), 0, 8_001),
    "a change between two cells": (segments_of(20_000, (3_000, 7_000)), 0, 20_000),
    "all ones": (segments_of(30_000, (0, 30_000)), 0, 30_000),
    "across a page's edge": (segments_of(30_000, (990, 1_010), (15_999, 16_000), (16_000, 16_001)), 0, 30_000),
    "across the block's edges": (segments_of(30_000, (5_000, 25_000)), 10_000, 20_000),
    "every other base": (segments_of(20_000, *[(n, n + 1) for n in range(0, 20_000, 2)]), 0, 20_000),
}


@pytest.mark.parametrize("case", CASES)
def test_the_encoder_writes_what_pyarrow_writes(case, tmp_path):
    segments, start, end = CASES[case]
    place, dna, provenance = place_of(start, end, segments.length), dna_of(end - start), Provenance({"a": "b"})
    ours, reference = tmp_path / "ours.parquet", tmp_path / "reference.parquet"
    write_block(ours, dna, segments, place, provenance, "pages")
    write_block(reference, dna, segments, place, provenance, "pyarrow")
    assert pq.read_table(ours).equals(pq.read_table(reference))
    assert pq.read_schema(ours).equals(pq.read_schema(reference))
    ours_footer, reference_footer = pq.read_metadata(ours), pq.read_metadata(reference)
    table_only = {PAGE_TABLE_KEY.encode(): ours_footer.metadata[PAGE_TABLE_KEY.encode()]}
    assert ours_footer.metadata == reference_footer.metadata | table_only
    for column in range(3):
        mine, theirs = (footer.row_group(0).column(column) for footer in (ours_footer, reference_footer))
        assert (mine.path_in_schema, mine.physical_type, mine.num_values, mine.compression) == (
            theirs.path_in_schema,
            theirs.physical_type,
            theirs.num_values,
            theirs.compression,
        )
    mine, theirs = (footer.row_group(0).column(1).statistics for footer in (ours_footer, reference_footer))
    assert (mine.min, mine.max, mine.null_count) == (theirs.min, theirs.max, theirs.null_count)
    described = "select * exclude (file_name) from parquet_schema(?)"
    assert duckdb.execute(described, [str(ours)]).fetchall() == duckdb.execute(described, [str(reference)]).fetchall()


@pytest.mark.parametrize("case", CASES)
def test_every_reader_reads_the_same(case, tmp_path):
    segments, start, end = CASES[case]
    dense = segments.dense(start, end)
    path = tmp_path / "block.parquet"
    write_block(path, dna_of(end - start), segments, place_of(start, end, segments.length), Provenance())
    np.testing.assert_array_equal(read_block(path).targets, dense)
    by_duckdb = duckdb.execute("select targets from read_parquet(?)", [str(path)]).fetchall()[0][0]
    np.testing.assert_array_equal(np.array(by_duckdb, np.float32), dense)
    by_polars = pl.read_parquet(path)["targets"][0].to_numpy()
    np.testing.assert_array_equal(np.stack(by_polars), dense)
    with path.open("rb") as handle:  # fastparquet reads no lists of lists, of whomever's writing
        by_fastparquet = fastparquet.ParquetFile(handle).to_pandas(columns=["dna_sequence", "metadata"])
    assert by_fastparquet["dna_sequence"][0] == dna_of(end - start)


def test_sizes_in_the_footer_are_those_of_the_pages(tmp_path):
    content = encoded(segments_of(20_000, (100, 9_000)), 0, 20_000, 20_000)
    group = pq.read_metadata(io.BytesIO(content)).row_group(0)
    chunks = [group.column(number) for number in range(3)]
    assert chunks[0].data_page_offset == 4
    for chunk, following in itertools.pairwise(chunks):
        assert chunk.data_page_offset + chunk.total_compressed_size == following.data_page_offset
    footer_size = int.from_bytes(content[-8:-4], "little")
    assert chunks[-1].data_page_offset + chunks[-1].total_compressed_size == len(content) - 8 - footer_size
    assert group.total_byte_size == sum(chunk.total_uncompressed_size for chunk in chunks)


def test_a_flipped_bit_is_found_by_the_page_checksum():
    content = bytearray(encoded(segments_of(20_000, (100, 9_000)), 0, 20_000, 20_000))
    content[len(content) // 3] ^= 1
    with pytest.raises(OSError, match="CRC checksum verification failed"):
        pq.ParquetFile(io.BytesIO(bytes(content)), page_checksum_verification=True).read()


@pytest.mark.parametrize("writer", ["pages", "pyarrow"])
def test_the_same_arguments_give_the_same_bytes(writer, tmp_path):
    for name in ("a", "b"):
        segments = segments_of(20_000, (100, 9_000))
        write_block(tmp_path / name, dna_of(20_000), segments, place_of(0, 20_000, 20_000), Provenance(), writer)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_dna_of_another_length_is_refused_and_nothing_is_left(tmp_path):
    with pytest.raises(ValueError, match="differ in length"):
        write_block(tmp_path / "block.parquet", "ACGT", segments_of(20), place_of(0, 20, 20), Provenance())
    assert list(tmp_path.iterdir()) == []


def test_a_failing_write_leaves_the_old_block(tmp_path, monkeypatch):
    path = tmp_path / "block.parquet"
    path.write_text("old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("genatator_assets.gene_finding.blocks.write.encode_block", fail)
    with pytest.raises(OSError, match="No space left"):
        write_block(path, dna_of(20), segments_of(20), place_of(0, 20, 20), Provenance())
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("block.parquet", "old")]


# Windows straight from a file


@settings(max_examples=60)
@given(segment_lists, page_sizes, st.data())
def test_any_window_is_read_through_the_page_table(tmp_path_factory, segments, page_size, data):
    path = tmp_path_factory.mktemp("window") / "block.parquet"
    with pages_of(*page_size):
        path.write_bytes(encoded(segments, 0, LENGTH))
    start = data.draw(st.integers(0, LENGTH))
    end = data.draw(st.integers(start, LENGTH))
    window = read_targets(path, start, end)
    assert window.dtype == np.float32
    np.testing.assert_array_equal(window, segments.dense(0, LENGTH)[start:end])


def test_a_window_reads_only_the_pages_it_touches(tmp_path, monkeypatch):
    path = tmp_path / "block.parquet"
    path.write_bytes(encoded(segments_of(40_000, (100, 39_000)), 0, 40_000, 40_000))
    read = []
    monkeypatch.setattr(window, "read_target_page", lambda data, bases, _: read.append(bases) or np.zeros((bases, 12)))
    read_targets(path, 2_000, 8_000)
    read_targets(path, 15_999, 16_001)
    read_targets(path, 5, 5)
    read_targets(path, 38_999, 40_000)
    assert read == [7_000, 8_000, 8_000, 7_000, 1_000]  # pages end at 1, 8, 16, 24, 32, 39 and 40 thousand


def test_files_without_a_page_table_are_read_by_pyarrow(tmp_path):
    path, segments = tmp_path / "block.parquet", segments_of(20_000, (7_000, 9_000))
    write_block(path, dna_of(20_000), segments, place_of(0, 20_000, 20_000), Provenance(), "pyarrow")
    np.testing.assert_array_equal(read_targets(path, 6_990, 9_010), segments.dense(6_990, 9_010))


@pytest.mark.parametrize(("start", "end"), [(-1, 5), (5, 20_001), (6, 5)])
def test_windows_outside_the_block_are_refused(tmp_path, start, end):
    path = tmp_path / "block.parquet"
    path.write_bytes(encoded(segments_of(20_000), 0, 20_000, 20_000))
    with pytest.raises(ValueError, match="is not an interval within the block"):
        read_targets(path, start, end)


def lie(table):
    """Return a block whose page table says something else; the footer is written anew, the pages stay."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PageTable, "encode", table)
        return encoded(segments_of(40_000, (100, 39_000)), 0, 40_000, 40_000)


def shifted(table):
    edges = table.edges.copy()
    edges[2] += 1
    return as_text(table.bases, edges)


def as_text(bases, edges):
    bases, sizes = (
        base64.b64encode(zlib.compress(np.diff(places).astype("<u4").tobytes(), 9)).decode()
        for places in (bases, edges)
    )
    return json.dumps({"first": int(edges[0]), "bases": bases, "sizes": sizes})


def instead(table, key, value):
    return json.dumps({**json.loads(as_text(table.bases, table.edges)), key: value})


LIES = {
    "not JSON": (lambda table: "{", "not a page table: JSONDecodeError"),
    "no JSON object": (lambda table: "[]", "not a page table: TypeError"),
    "keys missing": (lambda table: "{}", "not a page table: KeyError"),
    "sizes not base64": (lambda table: instead(table, "sizes", "!"), "not a page table: Error('Only base64"),
    "bases not compressed": (lambda table: instead(table, "bases", "AAAA"), "not a page table: error('Error -3 while"),
    "no pages": (
        lambda table: as_text(table.bases[:1], table.edges[:1]),
        "a page table needs pages; found len(self.bases)=1, len(self.edges)=1",
    ),
    "a page of no bases": (
        lambda table: as_text(np.array([0, 0, *table.bases[2:]]), table.edges),
        "a page table needs pages of at least one base and edges that ascend",
    ),
    "a page of no bytes": (
        lambda table: as_text(table.bases, np.array([table.edges[0], table.edges[0], *table.edges[2:]])),
        "a page table needs pages of at least one base and edges that ascend",
    ),
    "fewer bases": (
        lambda table: as_text(table.bases - (table.bases == 40_000), table.edges),
        "its page table has 39,999 bases at bytes 62 to 748, expected 40,000 at 62 to 748",
    ),
    "a page fewer": (
        lambda table: as_text(table.bases[:-1], table.edges[:-1]),
        "its page table has 39,000 bases at bytes 62 to 682, expected 40,000 at 62 to 748",
    ),
    "more pages than sizes": (
        lambda table: as_text(table.bases, table.edges[:-1]),
        "a page table needs pages; found len(self.bases)=8, len(self.edges)=7",
    ),
    "a later beginning": (
        lambda table: as_text(table.bases, table.edges + 1),
        "its page table has 40,000 bases at bytes 63 to 749, expected 40,000 at 62 to 748",
    ),
    "pages of other sizes": (
        lambda table: as_text(np.array([0, 2_000, *table.bases[2:]]), table.edges),
        "page 0 of its targets: the page's header",
    ),
    "an edge between pages moved": (shifted, "page 1 of its targets: the page's header"),
    "an astronomic beginning": (lambda table: instead(table, "first", 1e300), "not a page table: OverflowError"),
}
"""What is said instead of the truth, and the words of the guard that finds it out."""


@pytest.mark.parametrize("said", LIES)
def test_a_page_table_that_lies_is_found_out(said, tmp_path):
    path, (table, words) = tmp_path / "block.parquet", LIES[said]
    path.write_bytes(lie(table))
    assert pq.read_table(path)["metadata"].num_chunks == 1  # to others it is as good as ever
    with pytest.raises(DatasetError, match=rf"block\.parquet is damaged: {re.escape(words)}"):
        read_targets(path, 0, 40_000)


@settings(max_examples=200)
@given(st.data())
def test_a_damaged_file_is_told_or_gives_the_true_window(tmp_path_factory, data):
    """A flipped bit of a header may leave its meaning as it was; one of the data never goes unnoticed."""
    segments = segments_of(40_000, (100, 39_000))
    content = bytearray(encoded(segments, 0, 40_000, 40_000))
    chunk = pq.read_metadata(io.BytesIO(bytes(content))).row_group(0).column(1)
    begin, end = chunk.data_page_offset, chunk.data_page_offset + chunk.total_compressed_size
    content[data.draw(st.integers(begin, end - 1))] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.mktemp("damaged") / "block.parquet"
    path.write_bytes(bytes(content))
    with suppress(DatasetError):
        np.testing.assert_array_equal(read_targets(path, 0, 40_000), segments.dense(0, 40_000))


@pytest.mark.parametrize("size", [0, 3, 200, -1])
def test_a_file_that_is_no_block_is_told(tmp_path, size):
    path = tmp_path / "block.parquet"
    path.write_bytes(encoded(segments_of(40_000), 0, 40_000, 40_000)[:size])
    with pytest.raises(DatasetError, match="can't be read as a block"):
        read_targets(path, 0, 1)


def test_another_parquet_file_is_no_block(tmp_path):
    pq.write_table(pa.table({"a": [1, 2]}), tmp_path / "other.parquet")
    with pytest.raises(DatasetError, match="is not a block: 2 rows of 1 columns"):
        read_targets(tmp_path / "other.parquet", 0, 1)


# Thrift's compact protocol, by the examples of its specification


@pytest.mark.parametrize(("number", "encoded_as"), [(0, "00"), (127, "7f"), (128, "8001"), (50_399, "df8903")])
def test_varints(number, encoded_as):
    assert thrift.varint(number).hex() == encoded_as


@pytest.mark.parametrize(
    ("number", "encoded_as"),
    [(0, "00"), (-1, "01"), (1, "02"), (-2, "03"), (2**31 - 1, "feffffff0f"), (-(2**31), "ffffffff0f")],
)
def test_zigzag(number, encoded_as):
    assert thrift.zigzag(number).hex() == encoded_as


@pytest.mark.parametrize(
    ("number", "header"),
    [(1, "15"), (15, "f5"), (16, "0520"), (17, "0522")],  # a step of up to 15 stands beside the type; else the number
)
def test_a_field_is_numbered_by_its_step_from_the_one_before(number, header):
    encoded_as = bytes.fromhex(f"{header}0200")
    assert thrift.struct(thrift.i32(number, 1)) == encoded_as
    assert thrift.read_struct(encoded_as) == ({number: 1}, len(encoded_as))


@pytest.mark.parametrize(("number", "header"), [(16, "f5"), (17, "0522")])  # steps of 15 and 16
def test_so_is_the_second_field(number, header):
    encoded_as = bytes.fromhex(f"1502{header}0400")
    assert thrift.struct(thrift.i32(1, 1), thrift.i32(number, 2)) == encoded_as
    assert thrift.read_struct(encoded_as) == ({1: 1, number: 2}, len(encoded_as))


def test_far_field_numbers_and_long_lists():
    assert thrift.struct(thrift.i32_list(1, [0] * 14)).hex() == "19" + "e5" + "00" * 14 + "00"
    assert thrift.struct(thrift.i32(1, 0), thrift.i32(20, 0)).hex() == "1500" + "052800" + "00"
    assert thrift.struct(thrift.i32_list(1, [0] * 15)).hex() == "19" + "f50f" + "00" * 15 + "00"


# The cut


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_blocks_cover_the_chromosome_without_gaps(length, block_size):
    intervals = block_intervals(length, block_size)
    assert [position for start, end in intervals for position in (start, end)] == [
        0,
        *[edge for edge in range(block_size, length, block_size) for _ in (0, 1)],
        length,
    ]
