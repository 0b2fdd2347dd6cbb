"""Readers of bigWig, BAM and CRAM, held against pyBigWig and pysam, and what becomes of files that can't be read."""

import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyBigWig
import pysam
import pytest

from genatator_assets.errors import SignalError
from genatator_assets.sources.alignments import AlignmentFile, Alignments
from genatator_assets.sources.bam_index import read_bam_index
from genatator_assets.sources.bigwig import BigWig
from genatator_assets.sources.cigar import skipped

BAMS = (
    "alpha_globin_8species/bams/galGal4.ERR753966Aligned.sortedByCoord.out.bam",
    "alpha_globin_8species/bams/hg38.isoseqAligned.sortedByCoord.out.bam",
    "alpha_globin_8species/bams/mm10.16493_7_4Aligned.sortedByCoord.out.bam",
    "basset_gip_janggu/janggu_resources/sample.bam",  # htslib refuses to look up names in its header
    "basset_gip_janggu/janggu_resources/sample2.bam",
    "human_GRCh38_chr9_1Mb/SGNex_A549_directRNA_replicate5_run1_chr9_1_1000000.bam",
    "signal_tracks/asciigenome_hg19/ds051.actb.bam",
)


@pytest.fixture
def bigwigs(data: Path) -> list[Path]:
    folders = (data, data.parent / "fixtures")
    found = [path for folder in folders for ending in ("bw", "bigWig") for path in folder.rglob(f"*.{ending}")]
    assert len(found) > 10
    return sorted(found)


def rows_of(opened: BigWig, chrom: str, *region: int) -> list[tuple[float, ...]]:
    stretches = opened.stretches(chrom, *region)
    return [row for stretch in stretches for row in zip(*(part.tolist() for part in stretch), strict=True)]


def test_every_interval_of_every_bigwig_is_read(bigwigs: list[Path]) -> None:
    for path in bigwigs:
        theirs = pyBigWig.open(str(path))
        with BigWig.open(path) as opened:
            assert dict(opened.lengths) == theirs.chroms()
            for chrom in opened.lengths:
                expected = theirs.intervals(chrom) or ()
                assert np.array_equal(rows_of(opened, chrom), list(expected), equal_nan=True) or not expected
            totals, header = opened.totals, theirs.header()
            assert totals is not None
            assert (totals.covered, int(totals.sum)) == (header["nBasesCovered"], header["sumData"])


def test_a_region_of_a_bigwig_is_read_alone(data: Path) -> None:
    path = data / "drosophila/chrX_dm3_pygenometracks/bigwig_chrx_2e6_5e6.bw"
    theirs = pyBigWig.open(str(path))
    with BigWig.open(path) as opened:
        for start, end in ((2_500_000, 2_500_001), (2_100_000, 2_200_000), (0, 2_000_100), (4_999_000, 22_000_000)):
            assert rows_of(opened, "chrX", start, end) == list(theirs.intervals("chrX", start, end) or ())
        assert rows_of(opened, "chrZ") == []


def test_blocks_of_fixed_and_of_variable_steps_are_read(tmp_path: Path) -> None:
    path = tmp_path / "steps.bw"
    written = pyBigWig.open(str(path), "w")
    written.addHeader([("chr1", 1_000), ("chr2", 500)])
    written.addEntries("chr1", [10, 30, 70], values=[1.0, np.nan, -3.5], span=5)
    written.addEntries("chr2", 100, values=[0.0, 2.0, 4.0], span=10, step=20)
    written.close()
    with BigWig.open(path) as opened:
        chr1 = rows_of(opened, "chr1")
        assert [row[:2] for row in chr1] == [(10, 15), (30, 35), (70, 75)]
        assert np.array_equal([row[2] for row in chr1], [1.0, np.nan, -3.5], equal_nan=True)
        assert rows_of(opened, "chr2") == [(100, 110, 0.0), (120, 130, 2.0), (140, 150, 4.0)]


def damaged_bigwigs(whole: bytes) -> Iterator[tuple[str, bytes]]:
    yield "is not a bigWig file", b"chr1\t0\t10\t1.5\n" * 100
    yield "0 bytes", b""
    yield "truncated", whole[:30]
    yield "truncated", whole[:400]
    yield "truncated", whole[: len(whole) // 2]
    at = struct.unpack_from("<Q", whole, 16)[0]
    index = struct.unpack_from("<Q", whole, 24)[0]
    yield "decompressed", whole[: at + 500] + bytes(2_000) + whole[at + 2_500 :]
    yield "index", whole[:index] + bytes(48) + whole[index + 48 :]


def test_a_damaged_bigwig_is_an_error_that_names_it(data: Path, tmp_path: Path) -> None:
    whole = (data / "drosophila/chrX_dm3_pygenometracks/bigwig2_X_2.5e6_3.5e6.bw").read_bytes()
    for number, (words, damaged) in enumerate(damaged_bigwigs(whole)):
        path = tmp_path / f"damaged{number}.bw"
        path.write_bytes(damaged)
        with pytest.raises(SignalError, match=words) as caught, BigWig.open(path) as opened:
            rows_of(opened, "X")
        assert str(path) in str(caught.value)
    with pytest.raises(SignalError, match="can't be opened"):
        BigWig.open(tmp_path / "absent.bw")


def test_the_index_counts_what_pysam_counts(data: Path, tmp_path: Path) -> None:
    for name in BAMS:
        path = data / name
        theirs = pysam.AlignmentFile(str(path), check_sq=False)
        counts = {place: (one.mapped, one.unmapped) for place, one in enumerate(theirs.get_index_statistics())}
        csi = tmp_path / f"{path.name}.csi"
        pysam.index("-c", str(path), str(csi))
        for index in (read_bam_index(path.with_name(f"{path.name}.bai")), read_bam_index(csi)):
            found = {place: (span.mapped, span.unmapped) for place, span in index.spans.items()}
            assert found == {place: count for place, count in counts.items() if count != (0, 0)}
            assert index.unplaced == theirs.nocoordinate


def all_of(file: AlignmentFile, name: str) -> list[tuple[Any, ...]]:
    def rows(batch: Alignments) -> Iterator[tuple[Any, ...]]:
        mates, gaps = batch.mates, batch.gaps
        assert batch.mapq is not None
        assert mates is not None
        assert gaps is not None
        own: list[list[tuple[int, int]]] = [[] for _ in batch.flag]
        for read, start, end in zip(gaps.read.tolist(), gaps.start.tolist(), gaps.end.tolist(), strict=True):
            own[read].append((start, end))
        columns = (batch.flag, batch.start, batch.end, batch.mapq, mates.start, mates.template, mates.together)
        return zip(*(column.tolist() for column in columns), own, strict=True)

    return [row for batch in file.batches(name, ["mapq", "mate", "gaps"]) for row in rows(batch) if not row[0] & 4]


def as_pysam_has_them(path: Path, number: int, **how: Any) -> list[tuple[Any, ...]]:
    rows = []
    for read in pysam.AlignmentFile(str(path), check_sq=False, **how).fetch(tid=number):
        place, gaps = read.reference_start, []
        for operation, length in read.cigartuples or ():
            if operation == 3:
                gaps.append((place, place + length))
            place += length if operation in (0, 2, 3, 7, 8) else 0
        mate = (read.next_reference_start, read.template_length, read.next_reference_id == read.reference_id)
        row = (read.flag, read.reference_start, read.reference_end, read.mapping_quality, *mate, gaps)
        rows += [] if read.is_unmapped else [row]
    return rows


def test_every_alignment_of_every_bam_is_read(data: Path) -> None:
    read = 0
    for name in BAMS:
        file = AlignmentFile(data / name)
        for number, chrom in enumerate(file.lengths):
            if file.count(chrom):
                expected = as_pysam_has_them(data / name, number)
                assert all_of(file, chrom) == expected
                read += len(expected)
    assert read == 25_570 + 223 + 42_915 + 53 + 7 + 449 + 15_098  # as samtools view -c -F 4 counts them


def test_cram_is_read_like_the_bam_it_was_made_from(data: Path, tmp_path: Path) -> None:
    bam, cram = data / BAMS[1], tmp_path / "x.cram"
    given = pysam.AlignmentFile(str(bam))
    with pysam.AlignmentFile(str(cram), "wc", template=given, format_options=[b"no_ref=1"]) as written:
        for read in given:
            written.write(read)
    with pytest.raises(SignalError, match=r"x\.cram\.crai"):
        AlignmentFile(cram)
    pysam.index(str(cram))
    file = AlignmentFile(cram)
    assert file.format == "CRAM"
    assert all_of(file, "chr16") == as_pysam_has_them(bam, 0)


@pytest.fixture
def copied(data: Path, tmp_path: Path) -> Callable[[str], Path]:
    def copy(name: str) -> Path:
        path = tmp_path / "copy.bam"
        path.write_bytes((data / name).read_bytes())
        path.with_name("copy.bam.bai").write_bytes((data / f"{name}.bai").read_bytes())
        return path

    return copy


def test_a_truncated_bam_is_an_error(copied: Callable[[str], Path]) -> None:
    path = copied(BAMS[0])
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(SignalError, match="truncated"):
        AlignmentFile(path)


def test_a_bam_with_a_hole_is_an_error(copied: Callable[[str], Path]) -> None:
    path = copied(BAMS[0])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] + bytes(5_000) + whole[len(whole) // 2 + 5_000 :])
    file = AlignmentFile(path)
    with pytest.raises(SignalError, match=r"chr14 can't be read.*damaged"):
        list(file.batches("chr14"))


def test_an_index_of_another_file_is_an_error(data: Path, copied: Callable[[str], Path]) -> None:
    path = copied(BAMS[2])
    shorter = pysam.AlignmentFile(str(path), "wb", template=pysam.AlignmentFile(str(data / BAMS[2])))
    for number, read in enumerate(pysam.AlignmentFile(str(data / BAMS[2]))):
        if number % 2:
            shorter.write(read)
    shorter.close()
    with pytest.raises(SignalError, match="index"):
        list(AlignmentFile(path).batches("chr17"))


def test_missing_and_wrong_files_are_errors(copied: Callable[[str], Path], tmp_path: Path) -> None:
    path = copied(BAMS[1])
    path.with_name("copy.bam.bai").write_bytes(b"BAI\1\5")
    with pytest.raises(SignalError, match=r"copy\.bam\.bai is a damaged index"):
        AlignmentFile(path)
    path.with_name("copy.bam.bai").unlink()
    with pytest.raises(SignalError, match=r"samtools index copy\.bam"):
        AlignmentFile(path)
    path.write_text("@HD\tVN:1.6\n")
    with pytest.raises(SignalError, match="neither BAM nor CRAM"):
        AlignmentFile(path)
    path.write_bytes(zlib.compress(b"text"))
    with pytest.raises(SignalError, match="neither BAM nor CRAM"):
        AlignmentFile(path)
    with pytest.raises(SignalError, match="can't be opened"):
        AlignmentFile(tmp_path / "absent.bam")


def test_gaps_of_cigars() -> None:
    cigars = pa.array(["10M", None, "3S5M1000N2=1X7N4D1M2H", "12N", "*"]).slice(1)
    read, start, end = skipped(cigars, np.array([0, 100, 50, 9]))
    assert read.tolist() == [1, 1, 2]
    assert start.tolist() == [105, 1108, 50]
    assert end.tolist() == [1105, 1115, 62]
