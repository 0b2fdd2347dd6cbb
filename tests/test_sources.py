"""FASTA in, DNA out, and the catalogue's rules for chromosomes."""

import gzip
import hashlib
import random
import re
import struct
import time
import tracemalloc
import zlib
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyfaidx import Faidx

from genatator_assets.errors import CatalogueError, DamagedError, DatasetError, SequenceError
from genatator_assets.parts import validate
from genatator_assets.sources import fasta, fasta_stretches, pieces
from genatator_assets.sources.assembly import import_assembly, read_source
from genatator_assets.sources.chromosomes import Chromosome, chromosomes_of, read_chromosomes, write_chromosomes
from genatator_assets.sources.fasta import import_fasta, index_path, read_index, scan_fasta
from genatator_assets.sources.sequence import SequenceReader, count_nucleotides, read_dna
from genatator_assets.sources.soft_masked import read_soft_masked
from genatator_assets.work.layout import Layout
from genatator_assets.work.pool import InProcess
from genatator_assets.work.unit import Provenance

LETTERS = "ACGTUNRYSWKMBDHVXacgtunryswkmbdhvx-"
GENOME = b">chr1 the first\nACGTacgt\nNNNNRYry\nAC\n>chr2\nGGGG\n>chr3 one line\nTTTTTTTTTTT\n"
INDEX = "chr1\t18\t16\t8\t9\nchr2\t4\t43\t4\t5\nchr3\t11\t63\t11\t12\n"  # offsets counted by hand


def gzip_members(content):
    """Several gzip files, one after another, are a gzip file."""
    return b"".join(gzip.compress(content[start : start + 20]) for start in range(0, len(content), 20))


def bgzip(content):
    """Blocks of bgzip by the SAM specification, section 4.1; the last is empty and marks the end."""
    blocks = []
    for start in range(0, len(content) + 30, 30):
        piece = content[start : start + 30]
        deflate = zlib.compressobj(wbits=-15)
        body = deflate.compress(piece) + deflate.flush()
        extra = struct.pack("<2sHH", b"BC", 2, len(body) + 25)
        header = b"\x1f\x8b\x08\x04" + bytes(4) + b"\x00\xff" + struct.pack("<H", len(extra)) + extra
        blocks.append(header + body + struct.pack("<II", zlib.crc32(piece), len(piece)))
    return b"".join(blocks)


COMPRESSIONS = {"plain": bytes, "gzip": gzip.compress, "gzip_members": gzip_members, "bgzip": bgzip}


class Folder:
    """A source file and the folder that it's imported to."""

    def __init__(self, folder):
        self.source = Path(folder) / "source.fa"
        self.copy = Path(folder) / "imported" / "sequence.fa"

    def take(self, content):
        self.source.write_bytes(content)
        import_fasta(self.source, self.copy)
        assert list(scan_fasta(self.source).items()) == list(read_index(self.copy).items())
        return self.copy.read_bytes()

    def imported(self, content):
        self.source.write_bytes(content)
        return import_fasta(self.source, self.copy)

    def refusal(self, content):
        """Return the message, without the file's name; nothing may be left behind."""
        with pytest.raises(SequenceError) as caught:
            self.take(content)
        assert list(self.copy.parent.iterdir()) == []
        with pytest.raises(SequenceError) as scanned:
            scan_fasta(self.source)
        assert str(scanned.value) == str(caught.value)
        assert str(caught.value).startswith(str(self.source))
        return str(caught.value).removeprefix(str(self.source))


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


@pytest.fixture(params=[1, 7, None], ids=["pieces of 1", "pieces of 7", "pieces as they are"])
def piece_bytes(request, monkeypatch):
    if request.param:
        monkeypatch.setattr(pieces, "PIECE_BYTES", request.param)


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.usefixtures("piece_bytes")
def test_every_compression_gives_the_same_indexed_copy(folder, compression):
    assert folder.take(COMPRESSIONS[compression](GENOME)) == GENOME
    assert index_path(folder.copy).read_text() == INDEX
    assert list(read_index(folder.copy).items()) == [("chr1", 18), ("chr2", 4), ("chr3", 11)]


@pytest.mark.parametrize(
    "spelling",
    [
        GENOME.replace(b"\n", b"\r"),
        GENOME.replace(b"\n", b"\r\n"),
        GENOME.replace(b"\n", b"\n\n\n"),
        GENOME.replace(b"\n", b"\r\n\r\n"),
        b"\xef\xbb\xbf" + GENOME,
        b"\xef\xbb\xbf\n" + GENOME,
        b"\n\r\n" + GENOME,
        GENOME.removesuffix(b"\n"),
        GENOME.replace(b"\n", b"\r\n").removesuffix(b"\n"),
        GENOME.replace(b"ACGTacgt\n", b"ACGTacgt\n\n"),
    ],
)
@pytest.mark.usefixtures("piece_bytes")
def test_line_ends_blank_lines_and_byte_order_mark_leave_no_trace(folder, spelling):
    assert folder.take(spelling) == GENOME
    assert index_path(folder.copy).read_text() == INDEX


@st.composite
def spelled(draw, letters=LETTERS):
    """Records, and one of the many ways to spell them as FASTA."""
    records = draw(
        st.lists(
            st.tuples(
                st.from_regex(r"[!-~]{1,4}([ \t][ -~]{0,6})?", fullmatch=True),
                st.text(letters, max_size=30),
                st.integers(1, 9),
            ),
            min_size=1,
            max_size=5,
            unique_by=lambda record: record[0].split()[0],
        )
    )
    tidy = []
    for header, sequence, width in records:
        tidy += [f">{header}", *(sequence[start : start + width] for start in range(0, len(sequence), width))]
    ends = [draw(st.sampled_from(["\n", "\r\n", "\n\n", "\r\n\n"])) for _ in tidy]
    text = "".join(line + end for line, end in zip(tidy, ends, strict=True))
    if draw(st.booleans()):
        text = text.rstrip("\r\n")
    mark = b"\xef\xbb\xbf" if draw(st.booleans()) else b""
    return records, mark + text.encode(), "".join(f"{line}\n" for line in tidy).encode()


def masked(sequence):
    """The runs of lower-case letters, by a pattern."""
    return [list(found.span()) for found in re.finditer("[a-z]+", sequence)]


@given(spelled(), st.integers(1, 40), st.sampled_from(list(COMPRESSIONS.values())))
def test_an_import_does_not_depend_on_the_spelling_or_the_piece_size(case, piece_bytes, compress):
    records, raw, tidy = case
    sequences = {header.split()[0]: sequence for header, sequence, _ in records}
    with TemporaryDirectory() as name, mock.patch.object(pieces, "PIECE_BYTES", piece_bytes):
        folder = Folder(name)
        imported = folder.imported(compress(raw))
        assert folder.copy.read_bytes() == tidy
        lengths = {name: len(sequence) for name, sequence in sequences.items()}
        assert read_index(folder.copy) == scan_fasta(folder.source) == lengths
        assert index_path(folder.copy).read_text() == index_by_pyfaidx(folder.copy)
    assert {name: runs.tolist() for name, runs in imported.soft_masked.items()} == {
        name: masked(sequence) for name, sequence in sequences.items()
    }
    assert imported.sha256 == {
        name: hashlib.sha256(re.sub("[^ACGT]", "N", sequence.upper()).encode()).hexdigest()
        for name, sequence in sequences.items()
    }


@given(spelled(), st.data(), st.integers(1, 40))
def test_an_illegal_letter_is_told_with_its_line_whatever_the_piece_size(case, data, piece_bytes):
    lines = case[1].split(b"\n")
    of_sequence = [number for number, line in enumerate(lines) if line.strip() and b">" not in line[:4]]
    if not of_sequence:
        return
    number = data.draw(st.sampled_from(of_sequence))
    place = data.draw(st.integers(0, len(lines[number].rstrip())))
    letter = data.draw(st.sampled_from(b" \tEeFZz0*.>;\x00\x80\xff"))
    lines[number] = lines[number][:place] + bytes([letter]) + lines[number][place:]
    if lines[number].startswith(b">"):
        return
    with TemporaryDirectory() as name, mock.patch.object(pieces, "PIECE_BYTES", piece_bytes):
        assert Folder(name).refusal(b"\n".join(lines)).startswith(f":{number + 1}: found ")


def test_soft_masking_comes_back_by_sequence(inputs):
    inputs.imported(GENOME)
    path = inputs.layout.soft_masked("g")
    assert [read_soft_masked(path, chrom).tolist() for chrom in ("chr1", "chr2", "chr9")] == [
        [[4, 8], [14, 16]],
        [],
        [],
    ]
    assert pq.read_table(path).to_pylist() == [
        {"chrom": "chr1", "start": 4, "end": 8},
        {"chrom": "chr1", "start": 14, "end": 16},
    ]


def test_a_line_of_any_length_is_read_in_pieces(folder):
    """Of a genome whose chromosomes are a line each, no more is held than a few pieces."""
    folder.source.write_bytes(b">a\n" + b"ACGTacgtNN" * 2_400_000 + b"\n>b\nAC\n")
    with mock.patch.object(pieces, "PIECE_BYTES", 1 << 18):
        tracemalloc.start()
        try:
            import_fasta(folder.source, folder.copy)
            held = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert folder.copy.read_bytes() == folder.source.read_bytes()
    assert index_path(folder.copy).read_text() == "a\t24000000\t3\t24000000\t24000001\nb\t2\t24000007\t2\t3\n"
    soft_masked_bytes = 16 * 2_400_000
    assert held < soft_masked_bytes * 3 + 24_000_000 / 4


def test_a_header_of_any_length_is_refused_and_not_held(folder, monkeypatch):
    monkeypatch.setattr(pieces, "PIECE_BYTES", 10)
    monkeypatch.setattr(pieces, "LONGEST_HEADER_BYTES", 100)
    assert folder.refusal(b">a\nAC\n>" + b"x" * 110).startswith(":3: a header of more than ")
    assert folder.refusal(b"x" * 110).startswith(":1: found 'xxx")


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_a_file_that_would_fill_the_disk_is_refused_before_it_does(folder, monkeypatch, compress):
    """How large a compressed file becomes nobody knows: what is free is asked again and again."""

    def free_bytes(disk: Path) -> int:
        return 1_200_000 - sum(file.stat().st_size for file in disk.iterdir())

    monkeypatch.setattr(pieces, "PIECE_BYTES", 10_000)
    monkeypatch.setattr(fasta, "SPARE_BYTES", 300_000)
    monkeypatch.setattr(fasta, "_WATCHED_BYTES", 20_000)
    monkeypatch.setattr(fasta, "free_bytes", free_bytes)
    content = b">a\n" + (b"A" * 99 + b"\n") * 10_000
    with pytest.raises(SequenceError, match=r"source\.fa: too large for the disk: ") as caught:
        folder.imported(compress(content))
    written, free = (
        int(number.replace(",", "")) for number in re.findall("([0-9,]+) (?:bytes|are)", str(caught.value))
    )
    assert written == (0 if compress is bytes else 1_200_000 - free)
    assert free > 300_000
    assert list(folder.copy.parent.iterdir()) == []
    monkeypatch.setattr(fasta, "free_bytes", lambda folder: None)  # as of an object store
    folder.imported(compress(content))


def test_an_illegal_letter_far_into_a_file_is_told_with_its_line(folder):
    lines = 200_000  # of 61 bytes: 12 MB, three pieces
    content = b">a\n" + (b"A" * 60 + b"\n") * lines + b"AC!T\n" + (b"A" * 60 + b"\n") * 10
    assert folder.refusal(content).startswith(f":{lines + 2}: found '!' in the sequence; expected nucleotide")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", ": the file is empty"),
        (gzip.compress(b"", mtime=0), ": found no sequence"),
        (b"\n\r\n\n", ": found no sequence"),
        (b"\xef\xbb\xbf", ": found no sequence"),
        (b">\nACGT\n", ":1: found '>', expected '>' and then an id"),
        (b">a\nAC\n\n>\r\nACGT\n", ":4: found '>', expected '>' and then an id"),
        (b"> a\nACGT\n", ":1: found '> a', expected"),
        (b">\ta\nACGT\n", ":1: found '>\\ta', expected"),
        (b">a\x1cb\nAC\n>a\x1cc\nAC\n", ":1: found '>a\\x1cb', expected"),
        (b">caf\xc3\xa9\nAC\n", ":1: found '>caf\\\\xc3\\\\xa9', expected"),
        (b"ACGT\n>a\nACGT\n", ":1: found 'ACGT' before any header"),
        (b"\n\r\nACGT\n>a\nACGT\n", ":3: found 'ACGT' before any header"),
        (b"; a comment\n>a\nACGT\n", ":1: found '; a comment' before any header"),
        (b"\x00\x01\x02\xff", ":1: found '\\x00\\x01\\x02\\\\xff' before any header"),
        (b"hello, world", ":1: found 'hello, world' before any header"),
        (b">a\nMKVL\n", ":2: found 'L' in the sequence"),
        (b">a\nAC\n>b\nAC GT\n", ":4: found ' ' in the sequence"),
        (b">a\nAC\n\xef\xbb\xbf>b\nAC\n", ":3: found '\\\\xef' in the sequence"),
    ],
)
@pytest.mark.usefixtures("piece_bytes")
def test_what_is_not_fasta_is_refused_with_its_line(folder, content, told):
    assert folder.refusal(content).startswith(told)


@pytest.mark.parametrize(
    ("first", "second"), [("a", "a"), ("a one", "a two"), ("a\tone", "a"), ("a|b x", "a|b y"), ("a one\r", "a two\r")]
)
def test_repeated_ids_are_refused_with_both_headers(folder, first, second):
    told = folder.refusal(f">{first}\nA\n>b\nA\n>{second}\nA\n".encode())
    name = re.split(r"[ \t]", first)[0]
    assert told.startswith(f":5: the id {name!r} stands twice: {'>' + first.rstrip()!r} and {'>' + second.rstrip()!r}.")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b">a\nACGT\nAC\nACGT\n", 3),
        (b">a\nACGT\nACGTA\nACGT\n", 3),
        (b">a\nACGT\nACGTA\n", 3),
        (b">a\nACGT\nACGTA\n>b\nAC\n", 3),
        (b">a\nA\nACGTACGTACG\n>b\nA\n>c\nA\n", 3),
        (b">b\nACGT\n>a\nAC\nACG\n", 5),
        (b"\xef\xbb\xbf\r\n>b\r\nACGT\r\n\r\n>a\r\nA\rC\r\nA\r\n\r\nAC", 7),
    ],
)
@pytest.mark.usefixtures("piece_bytes")
def test_lines_of_uneven_length_are_refused_and_the_first_of_them_named(folder, content, line):
    told = folder.refusal(content)
    assert told.startswith(f":{line}: ")
    assert ">a" in told
    assert "all lines but the last must be equally long" in told


@pytest.mark.parametrize("compress", [gzip.compress, bgzip])
def test_a_truncated_compressed_file_is_refused_wherever_it_ends(folder, compress):
    whole = compress(GENOME)
    for size in range(len(whole)):
        folder.refusal(whole[:size])


def test_a_truncated_gzip_of_many_pieces_is_refused(folder, monkeypatch):
    monkeypatch.setattr(pieces, "PIECE_BYTES", 1 << 10)
    letters = random.Random(1)
    lines = ("".join(letters.choices("ACGT", k=60)) for _ in range(500))
    whole = gzip.compress(("\n".join([">a", *lines]) + "\n").encode())
    for size in letters.sample(range(2, len(whole)), 20):
        assert "truncated or damaged" in folder.refusal(whole[:size])


def test_a_bgzip_file_cut_between_its_blocks_is_refused(folder):
    assert "bgzip file is truncated: its end marker is missing" in folder.refusal(bgzip(GENOME)[:-28])


@pytest.mark.parametrize("place", [20, -6])
def test_a_damaged_gzip_is_refused(folder, place):
    damaged = bytearray(gzip.compress(GENOME))
    damaged[place] ^= 0xFF
    assert "truncated or damaged" in folder.refusal(bytes(damaged))


def test_a_refused_file_leaves_an_earlier_import_as_it_was(folder):
    folder.take(GENOME)
    with pytest.raises(SequenceError, match="found '!' in the sequence"):
        folder.take(b">a\nAC!\n")
    assert folder.copy.read_bytes() == GENOME
    assert sorted(path.name for path in folder.copy.parent.iterdir()) == ["sequence.fa", "sequence.fa.fai"]


def test_a_sequence_without_letters_is_kept_with_length_zero(folder):
    folder.take(b">a\n>b\nACGT\n>c\n")
    assert read_index(folder.copy) == {"a": 0, "b": 4, "c": 0}
    assert [read_dna(folder.copy, chrom, 0, length) for chrom, length in [("a", 0), ("b", 4), ("c", 0)]] == [
        "",
        "ACGT",
        "",
    ]


@given(spelled(), st.data())
@example(
    ([("a", "acgtn" * 4, 5), ("b", "u-" * 5, 3)], b">a\nacgtn\nacgtn\nacgtn\nacgtn\n>b\nu-u\n-u-\nu-u\n-\n", b""), None
)
def test_dna_is_read_in_upper_case_with_n_for_every_letter_but_acgt(case, data):
    records, raw, _ = case
    with TemporaryDirectory() as name:
        folder = Folder(name)
        folder.take(raw)
        for header, sequence, width in records:
            borders = [place for line in range(0, len(sequence) + 1, width) for place in (line - 1, line, line + 1)]
            places = sorted({place for place in borders if 0 <= place <= len(sequence)} | {0, len(sequence)})
            some = [data.draw(st.sampled_from(places)) for _ in range(4)] if data else places
            for start in some:
                for end in (place for place in places if place >= start):
                    expected = "".join(letter if letter in "ACGT" else "N" for letter in sequence[start:end].upper())
                    assert read_dna(folder.copy, header.split()[0], start, end) == expected


def test_a_sequence_that_was_imported_again_is_read_anew(folder):
    folder.take(b">a\nAAAA\n")
    assert read_dna(folder.copy, "a", 0, 4) == "AAAA"
    time.sleep(0.02)  # the clock of a file system may tick as slowly as every 10 ms
    folder.take(b">a description\nCCCC\n")
    assert read_dna(folder.copy, "a", 0, 4) == "CCCC"


def test_asking_past_the_end_of_a_sequence_is_an_error(folder):
    folder.take(b">a\nACGT\n")
    with pytest.raises(DamagedError, match=r"a has 2 of the 3 bases from 2 to 5; .* --check-hashes' makes it"):
        read_dna(folder.copy, "a", 2, 5)


def test_every_sequence_has_the_hash_of_its_letters_in_the_contracts_alphabet(folder):
    imported = folder.imported(b">a one\nACGTa\ncgtNR\ny-u\n>b\n>c\nACGTACGTNNNNN\n")
    # printf ACGTACGTNNNNN | sha256sum; the second is of nothing
    of_letters = "9576da0d2ac68681e50cff3ba6b7eac7bca9217e82fac5ca0f44f22e961e0bf2"
    of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert imported.sha256 == {"a": of_letters, "b": of_nothing, "c": of_letters}
    content = folder.copy.read_bytes()
    assert (imported.copy.bytes, imported.copy.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    index = index_path(folder.copy).read_bytes()
    assert (imported.index.bytes, imported.index.sha256) == (len(index), hashlib.sha256(index).hexdigest())


@pytest.mark.parametrize("byte", sorted(set(range(256)) - set(f"{LETTERS}\n".encode())))
def test_a_byte_that_no_file_is_imported_with_is_an_error_and_never_n(folder, byte):
    folder.take(b">a\nACGTAC\nGT\n")
    damaged = bytearray(folder.copy.read_bytes())
    damaged[7] = byte
    folder.copy.write_bytes(damaged)
    assert read_dna(folder.copy, "a", 0, 4) == "ACGT"
    with pytest.raises(DamagedError, match=r"fa is damaged: of a\[2, 8\), letter 2 is .* not a nucleotide; '"):
        read_dna(folder.copy, "a", 2, 8)


@pytest.mark.parametrize("lost", ["sequence.fa", "sequence.fa.fai"])
def test_a_copy_that_is_gone_is_told_with_its_remedy(folder, lost):
    folder.take(GENOME)
    (folder.copy.parent / lost).unlink()
    with pytest.raises(
        DamagedError, match=r"sequence\.fa can't be read \(.*\); 'genatator-assets build --check-hashes'"
    ):
        read_dna(folder.copy, "chr1", 0, 4)


def test_a_reader_knows_whether_it_read_what_was_imported(folder):
    sha256 = folder.imported(GENOME).sha256
    reader = SequenceReader(folder.copy, "chr1")
    assert [reader.read_to(end) for end in (5, 12, 18)] == ["ACGTA", "CGTNNNN", "NNNNAC"]
    reader.require(sha256["chr1"])
    with pytest.raises(
        DamagedError, match=r"sequence\.fa is damaged: the bases of chr1 are not those that were imported"
    ):
        reader.require(sha256["chr2"])


def test_nucleotides_are_counted():
    assert count_nucleotides("NACCAGNAN") == {"A": 3, "C": 2, "G": 1, "T": 0, "N": 3}
    assert count_nucleotides("") == dict.fromkeys("ACGTN", 0)


def catalogue_of(**assembly):
    """A catalogue of one simulated assembly `g`, whose chromosomes chr1, chr2, chr3 have 5,000 bp together."""
    simulate = {"seed": 1, "total_bp": 5_000, "chromosomes": 3, "short_scaffolds": 0, "flavour": "gencode"}
    entry = {"genome": "g", "species": "S s", "simulate": simulate, "min_chromosome_length_bp": 100, **assembly}
    return validate({"dataset": "d", "assemblies": [entry]})


LENGTHS = {"chr1": 1_000, "chr2": 100, "chr3": 99, "chrX": 500, "chrM": 50}


def index_by_pyfaidx(fasta):
    """What pyfaidx itself writes for a file."""
    with TemporaryDirectory() as name:
        index = Path(name) / "index"
        Faidx(str(fasta), indexname=str(index), rebuild=True).close()
        return index.read_text()


def told(chromosomes):
    return {one.chrom: one.split or one.reason for one in chromosomes}


def test_chromosomes_are_included_by_length_and_go_to_train():
    found = chromosomes_of(catalogue_of(), "g", LENGTHS)
    assert found[0] == Chromosome("g", "S s", "chr1", 1_000, (), included=True, reason=None, split="train")
    assert found[4] == Chromosome("g", "S s", "chrM", 50, (), included=False, reason="too_short", split=None)
    assert told(found) == {"chr1": "train", "chr2": "train", "chr3": "too_short", "chrX": "train", "chrM": "too_short"}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"chromosomes": {"exclude": ["chrX", "chrM"]}}, "train train too_short excluded excluded"),
        ({"chromosomes": {"include": ["chr1", "chr3"]}}, "train excluded too_short excluded excluded"),
        (
            {"splits": {"validation": ["chrX"], "test": ["chr1"], "default": "test"}},
            "test test too_short validation too_short",
        ),
        (
            {"min_chromosome_length_bp": 1, "splits": {"default": "test", "train": ["chr3"]}},
            "test test train test test",
        ),
    ],
)
def test_the_rules_of_an_assembly_are_applied(rules, expected):
    found = chromosomes_of(catalogue_of(**rules), "g", LENGTHS)
    assert told(found) == dict(zip(LENGTHS, expected.split(), strict=True))
    assert all(one.included == (one.reason is None) == (one.split is not None) for one in found)


@pytest.mark.parametrize(
    ("rules", "key"),
    [
        ({"chromosomes": {"include": ["chr1", "chrx"]}}, "chromosomes.include"),
        ({"chromosomes": {"exclude": ["chrx"]}}, "chromosomes.exclude"),
        ({"splits": {"train": ["chrx"]}}, "splits.train"),
        ({"splits": {"validation": ["chrx"]}}, "splits.validation"),
        ({"splits": {"test": ["chrx"]}}, "splits.test"),
    ],
)
def test_a_name_that_is_not_in_the_fasta_file_is_told_with_the_nearest(rules, key):
    with pytest.raises(CatalogueError) as caught:
        chromosomes_of(catalogue_of(**rules), "g", LENGTHS)
    fault, known = str(caught.value).splitlines()
    assert fault.endswith(f"genome g: {key}: no sequence 'chrx' in the FASTA file; did you mean 'chrX'?")
    assert known == "The FASTA file has 5 sequences: chr1, chr2, chr3, chrX, chrM"


def test_a_rule_that_uses_an_alias_is_told_the_name_in_the_fasta_file():
    with pytest.raises(CatalogueError) as caught:
        chromosomes_of(catalogue_of(splits={"test": ["X"]}), "g", LENGTHS, {"chrX": ("NC_23.1", "X")})
    fault = str(caught.value).splitlines()[0]
    assert fault.endswith("genome g: splits.test: no sequence 'X' in the FASTA file; there it is called 'chrX'")


def test_a_split_of_chromosomes_that_are_left_out_is_refused_by_name():
    rules = {"chromosomes": {"exclude": ["chrX"]}, "splits": {"validation": ["chrX", "chr1"], "test": ["chrM"]}}
    with pytest.raises(CatalogueError) as caught:
        chromosomes_of(catalogue_of(**rules), "g", LENGTHS)
    first, second = str(caught.value).splitlines()
    assert "splits.validation: chrX is left out of the dataset (excluded, 500 bp" in first
    assert "splits.test: chrM is left out of the dataset (too_short, 50 bp, the minimum length is 100 bp)" in second


@pytest.mark.parametrize("rules", [{"min_chromosome_length_bp": 1_001}, {"chromosomes": {"exclude": list(LENGTHS)}}])
def test_an_assembly_without_any_chromosome_left_is_refused(rules):
    with pytest.raises(CatalogueError, match="no chromosome is left: the longest has 1,000 bp"):
        chromosomes_of(catalogue_of(**rules), "g", LENGTHS)


def test_chromosomes_come_back_as_they_were_stored(tmp_path):
    path = tmp_path / "chromosomes.parquet"
    stored = chromosomes_of(catalogue_of(splits={"test": ["chrX"]}), "g", LENGTHS)
    stored[1] = replace(stored[1], aliases=("2", "NC_2.1"))
    write_chromosomes(path, stored, Provenance())
    assert read_chromosomes(path) == stored


class Inputs:
    """An assembly of files that may be changed, and where it is imported to."""

    def __init__(self, folder, **rules):
        self.layout = Layout(folder / "root")
        self.sequence, self.annotation = folder / "g.fa", folder / "g.gtf"
        files = {"sequence": {"path": self.sequence}, "annotation": {"path": self.annotation}, "simulate": None}
        self.catalogue = catalogue_of(min_chromosome_length_bp=1, **files, **rules)
        self.annotation.write_bytes(b"#\n")

    def imported(self, content):
        self.sequence.write_bytes(content)
        return told(import_assembly(self.catalogue, "g", self.layout))

    @property
    def copied_at(self):
        return self.layout.sequence("g").stat().st_mtime_ns


@pytest.fixture
def inputs(tmp_path):
    return Inputs(tmp_path)


def test_an_imported_assembly_records_where_it_came_from(inputs):
    assert inputs.imported(gzip.compress(GENOME)) == dict.fromkeys(["chr1", "chr2", "chr3"], "train")
    source = read_source(inputs.layout, "g")
    paths = {kind: file.path for kind, file in source.inputs.items()}
    assert paths == {"sequence": inputs.sequence, "annotation": inputs.annotation}
    assert source.inputs["annotation"].sha256 == "32c4858e22cc2c967b42150fa550562a2c839c2cebcaab91cabdf6f4da020022"
    assert (source.indexed_bytes, source.indexed_sha256) == (len(GENOME), hashlib.sha256(GENOME).hexdigest())
    assert told(read_chromosomes(inputs.layout.chromosomes("g"))) == dict.fromkeys(["chr1", "chr2", "chr3"], "train")
    parameters = pq.read_metadata(inputs.layout.chromosomes("g")).metadata[b"genatator_assets.parameters"]
    assert b'"min_chromosome_length_bp":1' in parameters


def test_aliases_of_a_table_and_plain_ones_are_stored_with_the_chromosomes(tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("# ucsc\trefseq\nchr1\tNC_1.1\nchr9\tNC_9.1\n")
    inputs = Inputs(tmp_path, aliases={"path": names})
    inputs.imported(GENOME)
    stored = read_chromosomes(inputs.layout.chromosomes("g"))
    assert {one.chrom: one.aliases for one in stored} == {
        "chr1": ("NC_1.1", "1", "Chr1"),
        "chr2": ("2", "Chr2"),
        "chr3": ("3", "Chr3"),
    }


def test_a_table_of_names_of_another_assembly_fails_the_import_with_its_path(tmp_path):
    names = tmp_path / "report.txt"
    header = "# Sequence-Name\tSequence-Role\tRefSeq-Accn\tSequence-Length"
    names.write_text(f"{header}\nchr1\tassembled-molecule\tNC_1.1\t17\n")
    inputs = Inputs(tmp_path, aliases={"path": names})
    with pytest.raises(SequenceError, match=r"report\.txt: says that chr1 has 17 bp, but in the FASTA file it has 18"):
        inputs.imported(GENOME)
    assert not inputs.layout.chromosomes("g").exists()
    names.write_text(names.read_text().replace("17", "18"))
    assert inputs.imported(GENOME)["chr1"] == "train"


def test_the_same_bytes_are_copied_once(inputs):
    inputs.imported(GENOME)
    first = inputs.copied_at
    time.sleep(0.02)
    inputs.imported(GENOME)
    assert inputs.copied_at == first


def test_new_rules_are_applied_without_another_copy(tmp_path, inputs):
    inputs.imported(GENOME)
    first = inputs.copied_at
    again = Inputs(tmp_path, chromosomes={"exclude": ["chr2"]})
    assert again.imported(GENOME) == {"chr1": "train", "chr2": "excluded", "chr3": "train"}
    assert again.copied_at == first


def test_changed_bytes_are_copied_anew(inputs):
    inputs.imported(GENOME)
    assert inputs.imported(b">new\nACGT\n") == {"new": "train"}
    assert inputs.layout.sequence("g").read_bytes() == b">new\nACGT\n"
    assert read_source(inputs.layout, "g").indexed_bytes == 10


@pytest.mark.parametrize(
    "damage",
    [
        lambda layout: layout.sequence("g").write_bytes(GENOME[:-5]),
        lambda layout: layout.sequence("g").unlink(),
        lambda layout: index_path(layout.sequence("g")).unlink(),
        lambda layout: layout.sequence_manifest("g").unlink(),
        lambda layout: layout.sequence_manifest("g").write_text("{"),
        lambda layout: layout.source("g").write_text("{"),
        lambda layout: layout.source("g").write_text('{"genome": "g"}'),
        lambda layout: layout.source("g").write_text(
            '{"genome": "g", "inputs": {}, "indexed_bytes": 1, "indexed_sha256": ""}'
        ),
        lambda layout: layout.source("g").write_text("[]"),
    ],
)
def test_a_damaged_import_is_mended(inputs, damage):
    inputs.imported(GENOME)
    damage(inputs.layout)
    inputs.imported(GENOME)
    assert inputs.layout.sequence("g").read_bytes() == GENOME
    assert index_path(inputs.layout.sequence("g")).read_text() == INDEX
    assert read_source(inputs.layout, "g").indexed_bytes == len(GENOME)


def test_an_assembly_that_was_not_imported_has_no_source(inputs):
    with pytest.raises(DatasetError, match="genome g has not been imported; build its assembly first"):
        read_source(inputs.layout, "g")


@pytest.mark.parametrize("content", ["{", "[]", '{"genome": "g"}'])
def test_a_damaged_source_is_told(inputs, content):
    inputs.imported(GENOME)
    inputs.layout.source("g").write_text(content)
    with pytest.raises(DatasetError, match=r"source\.json can't be read .*; delete it and build again"):
        read_source(inputs.layout, "g")


def test_after_a_failed_import_nothing_pretends_to_be_done(inputs):
    inputs.imported(GENOME)
    with pytest.raises(SequenceError, match="found '!' in the sequence"):
        inputs.imported(b">chr1\nAC!T\n")
    with pytest.raises(DatasetError, match="has not been imported"):
        read_source(inputs.layout, "g")
    assert inputs.imported(GENOME) == dict.fromkeys(["chr1", "chr2", "chr3"], "train")


def test_rules_that_fail_leave_no_chromosomes_and_cost_no_second_copy(tmp_path, inputs):
    inputs.imported(GENOME)
    first = inputs.copied_at
    with pytest.raises(CatalogueError, match="no sequence 'chr9'"):
        Inputs(tmp_path, splits={"test": ["chr9"]}).imported(GENOME)
    assert not inputs.layout.chromosomes("g").exists()
    inputs.imported(GENOME)
    assert inputs.copied_at == first


def test_a_simulated_assembly_is_imported_once(tmp_path):
    layout = Layout(tmp_path)
    catalogue = catalogue_of()
    found = import_assembly(catalogue, "g", layout)
    assert sum(one.length for one in found) == 5_000
    first = layout.sequence("g").stat().st_mtime_ns
    time.sleep(0.02)
    assert import_assembly(catalogue, "g", layout) == found
    assert layout.sequence("g").stat().st_mtime_ns == first


def letters_of(path):
    """Read FASTA the plain way: the letters of all sequences together."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return "".join(line for line in content.decode().splitlines() if not line.startswith(">"))


@pytest.mark.parametrize(
    ("path", "chrom", "soft_masked"),
    [
        ("human_GRCh38_chr1_1Mb/hg38_chr1_1-1000000.fa.gz", "chr1", None),
        ("human_GRCh38_chr9_1Mb/Homo_sapiens.GRCh38.dna_sm.primary_assembly_chr9_1_1000000.fa", "9", True),
    ],
)
def test_a_real_human_megabase_is_imported_and_read(data, tmp_path, path, chrom, soft_masked):
    copy = tmp_path / "sequence.fa"
    imported = import_fasta(data / path, copy)
    assert read_index(copy) == {chrom: 1_000_000}
    expected = letters_of(data / path)
    assert letters_of(copy) == expected
    assert imported.soft_masked[chrom].tolist() == masked(expected)
    if soft_masked:
        assert not expected.isupper()
    dna = read_dna(copy, chrom, 0, 1_000_000)
    assert dna == re.sub("[^ACGT]", "N", expected.upper())
    assert read_dna(copy, chrom, 654_321, 723_456) == dna[654_321:723_456]


def test_real_yeast_is_imported_without_its_mitochondrion(data, tmp_path):
    path = data / "yeast_R64/refseq/GCF_000146045.2_R64_genomic.fna.gz"
    copy = tmp_path / "sequence.fa"
    import_fasta(path, copy)
    lengths = read_index(copy)
    assert (len(lengths), sum(lengths.values()), lengths["NC_001224.1"]) == (17, 12_157_105, 85_779)
    chromosomes = chromosomes_of(catalogue_of(min_chromosome_length_bp=100_000), "g", lengths)
    assert {one.chrom: one.reason for one in chromosomes if not one.included} == {"NC_001224.1": "too_short"}
    dna = "".join(read_dna(copy, chrom, 0, length) for chrom, length in lengths.items())
    assert dna == letters_of(path).upper()


# --- By several processes ---


class Counting(InProcess):
    """Does the work at once, and knows how often it was given any."""

    runs = 0

    def executor(self):
        Counting.runs += 1
        return super().executor()


SHARED = {
    "clean": (b">a x\nACGT\nacGT\nA\n>b\nNNNN\n>c\nacgt\nAC\n", True),
    "no newline at the end": (b">a\nACGT\n>b\nAC\n>c\nACGTAC", True),
    "one letter a line": (b">a\nA\nC\n>b\nG\n>c\nT\nT\n", True),
    "a sequence without letters": (b">a\n>b\nACGT\n>c\nACGT\nAC\n", True),
    "carriage returns": (b">a\r\nACGT\r\nAC\r\n>b\r\nACGT\r\n>c\r\nA\r\n", True),
    "blank lines": (b">a\nACGT\n\n>b\nACGT\n>c\nACGT\n\n", True),
    "a byte-order mark": (b"\xef\xbb\xbf>a\nACGT\n>b\nACGT\n>c\nACGT\n", False),
    "compressed": (gzip.compress(b">a\nACGT\n>b\nACGT\n>c\nACGT\n"), False),
    "one sequence": (b">a\nACGTACGTACGT\n", False),
}


@pytest.fixture
def small_stretches(monkeypatch):
    monkeypatch.setattr(fasta_stretches, "STRETCH_BYTES", 4)
    monkeypatch.setattr(fasta_stretches, "PIECE_BYTES", 7)
    monkeypatch.setattr(Counting, "runs", 0)


@pytest.mark.usefixtures("small_stretches")
@pytest.mark.parametrize("name", SHARED)
def test_a_file_that_is_shared_by_workers_is_imported_as_by_one(name, tmp_path):
    content, handed_out = SHARED[name]
    source = tmp_path / "source"
    source.write_bytes(content)
    found = []
    for folder, workers in (("one", None), ("shared", Counting())):
        (tmp_path / folder).mkdir()
        fasta = tmp_path / folder / "sequence.fa"
        imported = import_fasta(source, fasta, workers)
        masked = {chrom: runs.tolist() for chrom, runs in imported.soft_masked.items()}
        found.append((imported.copy, imported.index, imported.sha256, masked, fasta.read_bytes()))
        assert imported.copy.sha256 == hashlib.sha256(fasta.read_bytes()).hexdigest()
    assert found[0] == found[1]
    assert bool(Counting.runs) == handed_out


@pytest.mark.usefixtures("small_stretches")
@pytest.mark.parametrize(
    "content",
    [
        b">a\nACGT\n>b\nACGT\n>c\nAC!T\n",
        b">a\nACGT\n>b\nAC\nACGT\n>c\nACGT\n",
        b">a\nACGT\n>b\nACGT\n>a\nACGT\n",
        b"ACGT\n>a\nACGT\n>b\nACGT\n",
        b">a\nACGT\n> b\nACGT\n>c\nACGT\n",
    ],
    ids=["letter", "uneven", "twice", "no header", "no id"],
)
def test_a_bad_file_that_is_shared_by_workers_is_refused_in_the_same_words(content, tmp_path):
    source = tmp_path / "source"
    source.write_bytes(content)
    told = []
    for workers in (None, Counting()):
        with pytest.raises(SequenceError) as refused:
            import_fasta(source, tmp_path / "sequence.fa", workers)
        told.append(str(refused.value))
        assert list(tmp_path.iterdir()) == [source]
    assert told[0] == told[1]


@given(
    st.lists(st.lists(st.text("ACGTNacgtn", min_size=1, max_size=5), max_size=4), min_size=1, max_size=6), st.booleans()
)
def test_stretches_are_found_whatever_pieces_a_file_is_read_in(sequences, ended):
    text = "".join(f">{number}\n" + "".join(f"{line}\n" for line in lines) for number, lines in enumerate(sequences))
    text = (text if ended else text.removesuffix("\n")).encode()
    whole = text if text.endswith(b"\n") else text + b"\n"
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(fasta_stretches, "PIECE_BYTES", 3)
        patch.setattr(fasta_stretches, "STRETCH_BYTES", 1)
        source = Path(folder) / "source"
        source.write_bytes(text)
        copy, starts = fasta_stretches._copy(source, Path(folder) / "copy")
        assert (Path(folder) / "copy").read_bytes() == whole
    assert (copy.bytes, copy.sha256) == (len(whole), hashlib.sha256(whole).hexdigest())
    assert starts == [place for place in range(len(whole)) if whole[place : place + 1] == b">"] + [len(whole)]
