"""Regions: BED in, merging by two rules, windows, one-hot bases, and stretches of FASTA files."""

import bz2
import gzip
import lzma
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pysam
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from genatator_assets.errors import BedError, SequenceError
from genatator_assets.regions.bed import NAME, SCORE, STRAND, read_bed
from genatator_assets.regions.fields import Lines
from genatator_assets.regions.merge import merge_extended, merge_listed, merge_overlapping
from genatator_assets.regions.one_hot import one_hot, one_hot_table
from genatator_assets.regions.sizes import read_sizes
from genatator_assets.regions.windows import fit_to_end
from genatator_assets.sources import stretches
from genatator_assets.sources.fasta import import_fasta
from genatator_assets.sources.stretches import open_indexed

# Merging to the finest grouping. The oracle merges any two hulls that overlap enough, in any order, until none do.

intervals = st.lists(
    st.tuples(st.integers(0, 80), st.integers(0, 30)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=12
)


def merged_in_any_order(given_intervals, min_overlap, draw):
    groups = [(start, end, frozenset([number])) for number, (start, end) in enumerate(given_intervals)]
    while pairs := [
        (one, other)
        for place, one in enumerate(groups)
        for other in groups[place + 1 :]
        if min(one[1], other[1]) - max(one[0], other[0]) >= min_overlap or one[:2] == other[:2]
    ]:
        one, other = pairs[draw(st.integers(0, len(pairs) - 1))]
        groups = [group for group in groups if group not in (one, other)]
        groups.append((min(one[0], other[0]), max(one[1], other[1]), one[2] | other[2]))
    return sorted((start, end, sorted(members)) for start, end, members in groups)


@given(intervals, st.integers(1, 20), st.data())
def test_merging_in_any_order_ends_at_the_one_grouping_that_is_returned(given_intervals, min_overlap, data):
    start, end = (np.array([one[side] for one in given_intervals], np.int64) for side in (0, 1))
    groups = merge_overlapping(start, end, min_overlap)
    found = [
        (int(groups.start[number]), int(groups.end[number]), np.flatnonzero(groups.of == number).tolist())
        for number in range(len(groups))
    ]
    assert found == sorted(found)
    assert sorted(found) == merged_in_any_order(given_intervals, min_overlap, data.draw)


# Basset's rule, as its preprocess_features.py words it: the pair with the largest overlap first, the first of several.


def basset_piles(listed, size, min_overlap):
    """Return (start, columns) of merged features; `listed` are (start, columns), in Basset's order."""
    merged, pile, reach = [], [], 0
    for start, columns in [*listed, (10**9, set())]:
        if pile and reach - min_overlap <= start:
            merged += basset_merge(pile, size, min_overlap)
            pile = []
        reach = max(reach, start + size) if pile else start + size
        pile.append((start, set(columns)))
    return merged


def basset_merge(pile, size, min_overlap):
    while len(pile) > 1:
        overlaps = [left[0] + size - right[0] for left, right in pairwise(pile)]
        best = overlaps.index(max(overlaps))
        if overlaps[best] < min_overlap:
            break
        (left, columns), (right, others) = pile[best : best + 2]
        weights = (1 + len(columns), 1 + len(others))
        middle = np.average([left + size // 2, right + size // 2], weights=weights)
        pile[best : best + 2] = [(int(0.5 + middle) - size // 2, columns | others)]
    return pile


features = st.lists(st.tuples(st.integers(0, 60), st.integers(-1, 3)), max_size=14)


@given(features, st.integers(2, 30), st.data())
@example([(0, 0), (1, 1), (2, 2), (3, 0)], 10, None)
def test_extended_intervals_are_merged_as_basset_merges_them(given_features, size, data):
    min_overlap = data.draw(st.integers(1, size - 1)) if data else 4
    start, column = (np.array([one[side] for one in given_features], np.int64) for side in (0, 1))
    groups = merge_extended(start, column, size, min_overlap)
    found = [
        (int(place), {int(one) for one in column[groups.of == number] if one >= 0})
        for number, place in enumerate(groups.start)
    ]
    listed = sorted(((place, {one} - {-1}) for place, one in given_features), key=lambda one: one[0])
    assert found == basset_piles(listed, size, min_overlap)
    assert (groups.end - groups.start == size).all()


@given(st.lists(st.tuples(st.integers(0, 60), st.sets(st.integers(0, 3))), max_size=10), st.integers(2, 30), st.data())
def test_features_that_are_not_listed_by_their_starts_are_merged_as_basset_merges_them(listed, size, data):
    min_overlap = data.draw(st.integers(1, size - 1))
    given_listed = [(start, sum(1 << column for column in columns)) for start, columns in listed]
    found = [
        (start, {column for column in range(4) if bits >> column & 1})
        for start, bits in merge_listed(given_listed, size, min_overlap)
    ]
    assert found == basset_piles(listed, size, min_overlap)


@given(st.lists(st.integers(-5, 40), min_size=1, max_size=8), st.integers(1, 12), st.integers(1, 30))
def test_windows_at_the_end_of_a_chromosome_follow_their_rule(starts, length, chrom_length):
    start = np.maximum(0, np.array(starts))
    padded, kept = fit_to_end(start, length, chrom_length, "pad")
    assert (padded == start).all()
    assert kept.tolist() == [place < chrom_length for place in start.tolist()]
    dropped, kept = fit_to_end(start, length, chrom_length, "drop")
    assert (dropped == start).all()
    assert kept.tolist() == [place + length <= chrom_length for place in start.tolist()]
    shifted, kept = fit_to_end(start, length, chrom_length, "shift")
    assert kept.all() == (length <= chrom_length)
    for place, before in zip(shifted[kept].tolist(), start[kept].tolist(), strict=True):
        assert place == min(before, chrom_length - length)


# BED


def bed_file(folder: Path, text: str | bytes, name: str = "a.bed") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def rows(bed):
    names = [bed.chrom.values[number] for number in bed.chrom.of]
    return list(zip(names, bed.start.tolist(), bed.end.tolist(), bed.line.tolist(), strict=True))


def test_bed_is_read_past_headers_comments_and_blank_lines(tmp_path):
    text = (
        "browser position chr1:1-100\ntrack name=a description='b c'\n#chrom\tstart\tend\n\nchr2\t5\t70\tx\t3\t-\r\n"
        "  \t \nchr1\t0\t10\nchr2\t7\t7\ty\t.\t+\textra"
    )
    bed = read_bed(bed_file(tmp_path, text), columns=(NAME, SCORE, STRAND))
    assert rows(bed) == [("chr2", 5, 70, 5), ("chr1", 0, 10, 7), ("chr2", 7, 7, 8)]
    assert bed.strands().tolist() == [-1, 0, 1]
    assert [bed.columns[NAME].values[number] for number in bed.columns[NAME].of] == ["x", "", "y"]
    assert [bed.columns[SCORE].values[number] for number in bed.columns[SCORE].of] == ["3", "", "."]
    assert bed.malformed == 0


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, lambda text: b"\xef\xbb\xbf" + text])
def test_bed_is_read_whatever_it_is_packed_in(tmp_path, pack):
    assert rows(read_bed(bed_file(tmp_path, pack(b"chr1\t1\t2\n")))) == [("chr1", 1, 2, 1)]


def test_gzip_of_several_members_is_read_whole(tmp_path):
    packed = gzip.compress(b"chr1\t1\t2\nchr") + gzip.compress(b"2\t3\t4\n")
    assert rows(read_bed(bed_file(tmp_path, packed))) == [("chr1", 1, 2, 1), ("chr2", 3, 4, 2)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "found no intervals in 0 lines"),
        ("#only\ntrack name=x\n\n", "found no intervals in 3 lines"),
        ("chr1\t1\t5\nchr1\t9\t4\n", r"a.bed:2: found an end \('4'\) before the start \('9'\)"),
        ("chr1 1 5\n", "a.bed:1: found 1 tab-separated columns.*it has spaces where the tabs should be"),
        ("chr1\t1\n", "a.bed:1: found 2 tab-separated columns, expected at least 3"),
        ("chr1\t-1\t5\n", "a.bed:1: found start '-1' and end '5', expected whole numbers"),
        ("chr1\t1.5\t5\n", "a.bed:1: found start '1.5'"),
        ("chr1\t1\t5e3\n", "a.bed:1: found start '1' and end '5e3'"),
        ("chr1\t\t5\n", "a.bed:1: found start ''"),
        ("\t1\t5\n", "a.bed:1: found no name of a chromosome"),
        ("chr1\t1\t" + "9" * 19 + "\n", "a.bed:1: found start '1' and end '9999999999999999999'"),
        ("chrom\tstart\tend\nchr1\t1\t5\n", r"a.bed:1: found start 'start'.*1 of 2 rows are malformed"),
        (gzip.compress(b"chr1\t1\t5\n" * 999, mtime=0)[:-20], "truncated or damaged"),
        (bz2.compress(b"chr1\t1\t5\n" * 999)[:-20], "truncated or damaged"),
        (gzip.compress(b"x" * 9999, mtime=0)[:40] + b"????", "truncated or damaged|Error"),
        (b"PK\x03\x04rest", "found a zip archive"),
        ("chr1\t1\t5\n".encode("utf-16"), "found text in UTF-16"),
        (b"\x28\xb5\x2f\xfdrest", "zstd -d"),
    ],
)
def test_what_is_not_bed_is_refused_by_line_and_remedy(tmp_path, text, said):
    with pytest.raises(BedError, match=said):
        read_bed(bed_file(tmp_path, text))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BedError, match=r"none.bed can't be read \(No such file"):
        read_bed(tmp_path / "none.bed")


def test_few_malformed_lines_are_counted_and_passed_over(tmp_path):
    lines = [f"chr1\t{number}\t{number + 5}\n" for number in range(199)]
    lines.insert(7, "chr1\t9\n")
    path = bed_file(tmp_path, "".join(lines))
    bed = read_bed(path)
    assert (len(bed), bed.malformed) == (199, 1)
    assert bed.line[6:8].tolist() == [7, 9]
    with pytest.raises(BedError, match=r"a.bed:8: found 2 tab-separated.*1 of 200 rows are malformed, none is allowed"):
        read_bed(path, max_malformed=0)


def test_a_bgzip_file_without_its_end_marker_is_truncated(tmp_path):
    plain = bed_file(tmp_path, "chr1\t1\t2\n")
    pysam.tabix_compress(str(plain), str(tmp_path / "a.bed.gz"))
    packed = (tmp_path / "a.bed.gz").read_bytes()
    assert len(read_bed(tmp_path / "a.bed.gz")) == 1
    with pytest.raises(BedError, match="its end marker is missing"):
        read_bed(bed_file(tmp_path, packed[:-28], "b.bed.gz"))


def test_lines_are_numbered_across_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr("genatator_assets.work.lines._PIECE_BYTES", 16)
    names = ["chr1", "a_rather_long_name_of_a_contig", "chr2"] * 20
    text = "".join(f"{name}\t{number}\t{number + 1}\n" for number, name in enumerate(names))
    found = rows(read_bed(bed_file(tmp_path, text)))
    assert found == [(name, number, number + 1, number + 1) for number, name in enumerate(names)]


fields = st.text(st.sampled_from("ab1 29.-"), max_size=5)


@given(st.lists(st.lists(fields, min_size=1, max_size=5), min_size=1, max_size=6))
def test_fields_are_those_that_splitting_at_tabs_gives(table):
    lines = Lines.of("".join("\t".join(line) + "\n" for line in table).encode())
    assert lines.count.tolist() == [len(line) for line in table]
    for field in range(6):
        expected = [line[field] if field < len(line) else "" for line in table]
        of, values = lines.texts(field)
        assert [values[number] for number in of.tolist()] == expected
        numbers, valid = lines.numbers(field)
        assert valid.tolist() == [text.isdigit() for text in expected]
        assert numbers.tolist() == [int(text) if text.isdigit() else 0 for text in expected]


def test_tables_of_lengths_are_read_and_faults_named(tmp_path):
    assert read_sizes(bed_file(tmp_path, "#c\nchr1\t10\t5\nchr2 20\n\n")) == {"chr1": 10, "chr2": 20}
    with pytest.raises(BedError, match=r"a.bed:2: the name 'x' stands twice"):
        read_sizes(bed_file(tmp_path, "x\t1\nx\t2\n"))
    with pytest.raises(BedError, match=r"a.bed:1: found 'chr1'"):
        read_sizes(bed_file(tmp_path, "chr1\n"))


# Bases


def test_an_alphabet_has_each_base_once():
    with pytest.raises(ValueError, match="found the alphabet 'ACGG', expected A, C, G and T, each once"):
        one_hot_table("ACGG")


SEQUENCES = {"one": "ACGTNacgtn" * 13, "two_two": "TTTGGGCCCA", "three": "A", "four": "acgtacgtacgtacgtacgtacg"}


@pytest.fixture(scope="module")
def fasta(tmp_path_factory) -> Path:
    """A FASTA file with lines of ten bases, indexed."""
    folder = tmp_path_factory.mktemp("fasta")
    plain = folder / "given.fa"
    with plain.open("w") as handle:
        for name, sequence in SEQUENCES.items():
            print(f">{name} with a > in its header", file=handle)
            for start in range(0, len(sequence), 10):
                print(sequence[start : start + 10], file=handle)
    import_fasta(plain, folder / "a.fa")
    return folder / "a.fa"


@pytest.fixture(scope="module", params=["indexed", "no index", "bgzip", "bgzip without gzi", "gzip", "returns"])
def spelled(request, fasta, tmp_path_factory) -> Path:
    """The same sequences in each of the forms that are read."""
    folder = tmp_path_factory.mktemp("spelled")
    path = folder / ("a.fa" if request.param in {"indexed", "no index", "returns"} else "a.fa.gz")
    if request.param.startswith("bgzip"):
        pysam.tabix_compress(str(fasta), str(path))
        pysam.faidx(str(path))
        if request.param == "bgzip without gzi":
            path.with_name("a.fa.gz.gzi").unlink()
        return path
    text = fasta.read_bytes()
    path.write_bytes(gzip.compress(text) if request.param == "gzip" else text)
    if request.param == "returns":
        path.write_bytes(text.replace(b"\n", b"\r\n"))
    if request.param in {"indexed", "returns"}:
        pysam.faidx(str(path))
    return path


def test_stretches_are_those_of_the_sequence_and_zero_outside_of_it(spelled):
    with open_indexed(spelled) as genome:
        assert genome.lengths == {name: len(sequence) for name, sequence in SEQUENCES.items()}
        for name, sequence in SEQUENCES.items():
            for length in (1, 7, 40, 300):
                starts = np.arange(-length - 2, len(sequence) + 3)
                found = genome.letters(name, starts, length)
                padded = bytes(length + 2) + sequence.encode() + bytes(2 * length + 4)
                expected = [padded[length + 2 + start :][:length] for start in starts.tolist()]
                assert [row.tobytes() for row in found] == expected


@given(st.lists(st.integers(-50, 150), min_size=1, max_size=9), st.integers(1, 40))
def test_any_ascending_stretches_are_read(fasta, starts, length):
    with open_indexed(fasta) as genome:
        found = genome.letters("one", np.sort(starts), length)
    padded = bytes(100) + SEQUENCES["one"].encode() + bytes(200)
    assert [row.tobytes() for row in found] == [padded[100 + start :][:length] for start in sorted(starts)]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("one\t130\t12\t10\t11", "before the place where it should begin"),
        ("one\t120\t28\t10\t11", "behind the place where it should end"),
        ("one\t130\t28\t10\t12", "is not the index of"),
        ("two_two\t130\t28\t10\t11", "before the place where it should begin"),
        ("one\t130", "not an index of a FASTA file"),
    ],
)
def test_the_index_of_another_file_is_refused(fasta, tmp_path, row, said):
    path = tmp_path / "a.fa"
    path.write_bytes(fasta.read_bytes())
    path.with_name("a.fa.fai").write_text(row + "\n")
    with pytest.raises(SequenceError, match=said), open_indexed(path) as genome:
        genome.letters(next(iter(genome.lengths)), np.array([3]), 100)


@pytest.mark.parametrize("isal", [True, False])
def test_a_damaged_or_truncated_bgzip_file_is_refused(isal, fasta, tmp_path, monkeypatch):
    if not isal:
        monkeypatch.setitem(sys.modules, "isal", None)
    inflate, error = stretches._inflater()
    assert inflate.__module__ == ("isal.isal_zlib" if isal else "zlib")
    monkeypatch.setattr(stretches, "_inflate", inflate)
    monkeypatch.setattr(stretches, "_InflateError", error)
    packed = tmp_path / "a.fa.gz"
    pysam.tabix_compress(str(fasta), str(packed))
    pysam.faidx(str(packed))
    with open_indexed(packed) as genome, open_indexed(fasta) as plain:
        for name in plain.lengths:
            both = (one.letters(name, np.array([3]), 100).tolist() for one in (genome, plain))
            assert next(both) == next(both)
    whole = packed.read_bytes()
    packed.write_bytes(whole[:-28])
    with pytest.raises(SequenceError, match="its end marker is missing"), open_indexed(packed):
        pass
    packed.write_bytes(whole[:40] + bytes([whole[40] ^ 255]) + whole[41:])
    with pytest.raises(SequenceError, match="the block at byte 0 is damaged"), open_indexed(packed) as genome:
        genome.letters("one", np.array([3]), 100)


def test_one_hot_is_zero_for_all_but_the_four_bases():
    letters = np.arange(256, dtype=np.uint8)[None]
    encoded = one_hot(letters, one_hot_table("GATC"))
    for byte, row in enumerate(encoded[0].tolist()):
        place = "GATC".find(chr(byte).upper())
        assert row == [int(column == place) for column in range(4)]
