"""The sample that is verified after every build: pages drawn over all chromosomes, and how likely a fault is found."""

import hashlib
import math
import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from built import BLOCKS, CHROMOSOMES, NT, BlockParts, Dataset, copy_of, edit_block, edit_rows

from genatator_assets.gene_finding.blocks.contract import BlockPlace
from genatator_assets.gene_finding.blocks.write import write_block
from genatator_assets.gene_finding.channels import CHANNELS
from genatator_assets.gene_finding.verify import Sample, changed_blocks, pages, verify_pages
from genatator_assets.tracks.runs import Runs
from genatator_assets.tracks.segments import Segments
from genatator_assets.tracks.store import read_segments
from genatator_assets.work.layout import Layout
from genatator_assets.work.unit import Provenance

OPERATIONS = (Path(__file__).resolve().parents[1] / "docs" / "operations.md").read_text()
BLOCK = "blocks/train/genome=sim-gencode/chrom=chr1/60000.parquet"
PLACE = ("sim-gencode", "chr1")
LENGTH = 204_083
EVERYTHING = 20_000
"""So many draws that no page of the small dataset is left out."""


@pytest.fixture
def root(dataset: Dataset, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return copy_of(dataset, tmp_path / "root")


def sampled(dataset: Dataset, root: Path, seed: int = 1, drawn: int = EVERYTHING) -> Sample:
    return verify_pages(dataset.catalogue, Layout(root), seed, drawn)


def found(sample: Sample) -> list[tuple[str, str | None, int | None, str]]:
    return [(one.genome, one.chrom, one.position, one.what) for one in sample.differences]


def test_nothing_differs_in_a_good_dataset(dataset):
    sample = verify_pages(dataset.catalogue, dataset.layout, 1)
    assert sample.differences == ()
    assert (sample.chromosomes, sample.chromosomes_in_all, sample.dna_nt) == (CHROMOSOMES, CHROMOSOMES, NT)
    assert sample.blocks == BLOCKS


def test_enough_draws_leave_nothing_out(dataset):
    sample = sampled(dataset, dataset.root)
    assert (sample.differences, sample.nt, sample.dna_nt, sample.blocks) == ((), NT, NT, BLOCKS)


# --- Blocks as the platform writes them, with a page table ---


def rewrite(root: Path, change: Callable[[list[Runs]], None], value_at: int = 60_000) -> None:
    """Write the block anew from runs that are changed."""
    runs = list(read_segments(root / "targets/sim-gencode/chr1.parquet", LENGTH, CHANNELS).runs)
    change(runs)
    said = {key: value for key, value in pq.read_metadata(root / BLOCK).metadata.items() if b"genatator" in key}
    dna = pq.ParquetFile(root / BLOCK).read()["dna_sequence"][0].as_py()
    place = BlockPlace(*PLACE[:1], "train", PLACE[1], 60_000, 120_000, LENGTH, 60_000)
    write_block(root / BLOCK, dna, Segments(LENGTH, tuple(runs), CHANNELS), place, Stated(said))


class Stated(Provenance):
    """Says what another file says."""

    def __init__(self, said: dict[bytes, bytes]) -> None:
        object.__setattr__(self, "said", said)

    def as_metadata(self) -> dict[str, str]:
        return {key.decode(): value.decode() for key, value in self.said.items() if b"page_table" not in key}


def one_base(runs: list[Runs]) -> None:
    runs[9] = Runs(np.array([61_234]), np.array([61_235]), np.array([0.5], np.float32))


def test_one_changed_target_is_found_where_it_is(dataset, root):
    rewrite(root, lambda runs: None)
    assert sampled(dataset, root).differences == ()
    rewrite(root, one_base)
    (told,) = sampled(dataset, root).differences
    assert (told.genome, told.chrom, told.position, told.what) == (*PLACE, 61_234, CHANNELS.names[9])
    assert (told.expected, told.found, told.count) == ("0.0", "0.5", 1)


def test_a_block_in_the_place_of_another_is_found(dataset, root):
    shutil.copy(root / BLOCK.replace("60000", "0"), root / BLOCK)
    whats = {what for *_, what in found(sampled(dataset, root))}
    assert {"dna_sequence", "index dna_sha256", "primary_tss_+"} <= whats


@pytest.mark.parametrize("place", ["first", "table"])
def test_a_page_that_is_damaged_or_lost_is_told_with_its_file(dataset, root, place):
    content = bytearray((root / BLOCK).read_bytes())
    column = pq.read_metadata(root / BLOCK).row_group(0).column(1)
    at = column.data_page_offset + 3 if place == "first" else content.index(b'{"first": ') + 11
    content[at] ^= 1
    (root / BLOCK).write_bytes(content)
    (told,) = sampled(dataset, root).differences
    assert (told.genome, told.chrom, told.position, told.what) == (*PLACE, 60_000, "file")
    words = "the header of the page of " if place == "first" else "the page table is not that of the file"
    assert told.found.startswith(f"{BLOCK}: {words}")


# --- Blocks as pyarrow writes them, without one ---


def target_of_a_base(parts: BlockParts) -> None:
    parts.targets[1_234, 9] = 0.5


def base(parts: BlockParts) -> None:
    parts.dna = parts.dna[:50_000] + {"A": "C"}.get(parts.dna[50_000], "A") + parts.dna[50_001:]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda parts: None, []),
        (target_of_a_base, [(*PLACE, 61_234, CHANNELS.names[9])]),
        (base, [(*PLACE, 110_000, "dna_sequence")]),
    ],
    ids=["nothing", "a target", "a base"],
)
def test_blocks_that_pyarrow_wrote_are_compared_too(dataset, root, change, expected):
    edit_block(root / BLOCK, change)
    told = found(sampled(dataset, root))
    assert [one for one in told if not one[3].startswith("index")] == expected
    assert any(what == "index dna_sha256" for *_, what in told) == (change is base)


def test_of_the_blocks_that_are_not_read_whole_the_beginning_is_compared(dataset, root, monkeypatch):
    monkeypatch.setattr(pages, "WHOLE_DNA_BP", 0)
    monkeypatch.setattr(pages, "HEAD_BP", 50_000)
    edit_block(root / BLOCK, base)
    sample = sampled(dataset, root)
    assert (sample.differences, sample.dna_nt) == ((), NT - sum(size - 50_000 for size in sizes(root) if size > 50_000))
    monkeypatch.setattr(pages, "HEAD_BP", 50_001)
    assert found(sampled(dataset, root)) == [(*PLACE, 110_000, "dna_sequence")]


def sizes(root: Path) -> list[int]:
    table = pq.read_table(root / "dataset/blocks.parquet")
    return (table["end"].to_numpy() - table["start"].to_numpy()).tolist()


def test_so_many_blocks_are_read_whole_as_fit_the_limit(dataset, root, monkeypatch):
    monkeypatch.setattr(pages, "WHOLE_DNA_BP", 200_000)
    monkeypatch.setattr(pages, "HEAD_BP", 1)
    read = sampled(dataset, root).dna_nt
    assert 140_000 < read < 200_000 + BLOCKS


# --- What it is compared with ---


def test_a_damaged_copy_of_the_sequence_is_found(dataset, root):
    path = root / "assemblies/sim-gencode/sequence.fa"
    text = bytearray(path.read_bytes())
    place = text.index(b"\n", text.index(b">chr1")) + 1
    text[place] = {"A": ord("C")}.get(chr(text[place]).upper(), ord("A"))
    path.write_bytes(text)
    (told,) = sampled(dataset, root).differences
    assert (told.genome, told.chrom, told.position, told.what, told.count) == (*PLACE, 0, "dna_sequence", 1)


@pytest.mark.parametrize("name", ["transcripts.parquet", "sequence.fa.fai"])
def test_a_genome_whose_tables_are_damaged_is_told_and_leaves_the_others_alone(dataset, root, name):
    (path,) = root.glob(f"a*/sim-gencode/{name}")
    path.write_bytes(path.read_bytes()[:-5] + b"?????")
    sample = sampled(dataset, root)
    (told,) = sample.differences
    assert (told.genome, told.chrom, told.what) == ("sim-gencode", None, "inputs")
    assert sample.nt == 600_000  # of the two other genomes


def test_a_transcript_more_is_found_in_the_blocks_that_lack_it(dataset, root, monkeypatch):
    def select_one_more(rows: list[dict[str, object]]) -> list[dict[str, object]]:
        first = next(row for row in rows if row["chrom"] == "chr1" and not row["selected"])
        return [{**row, "selected": True, "start": 1_000} if row is first else row for row in rows]

    edit_rows(root / "annotation/sim-gencode/transcripts.parquet", select_one_more)
    (told, *_) = sampled(dataset, root).differences
    assert told.what == "inputs"  # its hash says so already
    monkeypatch.setattr(
        pages, "sha256_of_file", lambda path: pages.read_summary(Layout(root), path.parent.name).table_sha256
    )
    assert {(one.genome, one.chrom) for one in sampled(dataset, root).differences} == {PLACE}


def test_a_stale_kernel_is_found_by_what_the_file_says(dataset, root):
    table = pq.ParquetFile(root / BLOCK).read()
    said = pq.read_metadata(root / BLOCK).metadata
    other = {**said, b"genatator_assets.parameters": said[b"genatator_assets.parameters"].replace(b"2.0", b"3.0")}
    with pq.ParquetWriter(root / BLOCK, table.schema) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata(
            {key: value for key, value in other.items() if b"genatator" in key and b"page" not in key}
        )
    (told, *_) = sampled(dataset, root).differences
    assert (told.position, told.what) == (60_000, "stated kernel")


# --- Every byte of every block ---


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content[:9_000] + bytes([content[9_000] ^ 1]) + content[9_001:],
        lambda content: content[:-1],
        lambda content: content + b"x",
    ],
    ids=["one bit", "a byte less", "a byte more"],
)
def test_a_changed_file_is_found_by_its_hash(dataset, root, change):
    assert list(changed_blocks(dataset.layout)) == []
    (root / BLOCK).write_bytes(change((root / BLOCK).read_bytes()))
    (told,) = changed_blocks(Layout(root))
    assert (told.genome, told.chrom, told.path) == (*PLACE, BLOCK)
    assert told.index_sha256 == hashlib.sha256((dataset.root / BLOCK).read_bytes()).hexdigest()
    assert told.file_sha256 == hashlib.sha256((root / BLOCK).read_bytes()).hexdigest()


def test_one_nan_is_found_by_the_hash_and_a_missing_file_is_told_elsewhere(root):
    def not_a_number(parts: BlockParts) -> None:
        parts.targets[7, 3] = np.nan

    edit_block(root / BLOCK, not_a_number)
    (root / BLOCK.replace("60000", "0")).unlink()
    assert [told.path for told in changed_blocks(Layout(root))] == [BLOCK]


def test_a_hash_that_the_index_lacks_is_found(root):
    edit_rows(root / "dataset/blocks.parquet", lambda rows: [{**row, "sha256": None} for row in rows])
    assert len(list(changed_blocks(Layout(root)))) == BLOCKS


# --- What is drawn ---


def index_of(**chromosomes: list[int]) -> pa.Table:
    """An index of blocks of these sizes."""
    rows = []
    for chrom, of_chrom in chromosomes.items():
        ends = np.cumsum(of_chrom).tolist()
        rows += [
            {"genome": "g", "chrom": chrom, "start": end - size, "end": end}
            for end, size in zip(ends, of_chrom, strict=True)
        ]
    return pa.Table.from_pylist(rows)


def test_every_chromosome_has_as_many_draws_as_every_other():
    index = index_of(a=[1_000_000] * 3, b=[7], c=[10, 5])
    for seed in range(20):
        chosen, count = pages._draw(index, 400, seed)
        drawn = {number: len(bases) for number, bases in chosen.items()}
        of_each = [sum(drawn.get(number, 0) for number in own) for own in ((0, 1, 2), (3,), (4, 5))]
        assert count == 3
        assert sorted(of_each) == [133, 133, 134]
        assert all(
            0 <= base < (1_000_000, 1_000_000, 1_000_000, 7, 10, 5)[number]
            for number in chosen
            for base in chosen[number]
        )


def test_of_more_chromosomes_than_pages_each_is_as_likely():
    index = index_of(**{f"c{number}": [50, 50] for number in range(40)})
    seen: Counter[int] = Counter()
    for seed in range(400):
        chosen, count = pages._draw(index, 10, seed)
        assert (count, sum(map(len, chosen.values()))) == (40, 10)
        chroms = {number // 2 for number in chosen}
        assert len(chroms) == 10
        seen.update(chroms)
    assert all(60 < seen[number] < 140 for number in range(40))  # 100 each, with a deviation of 8.7


def test_the_same_seed_draws_the_same_and_another_seed_another():
    index = index_of(a=[1_000] * 3)
    assert pages._draw(index, 5, 1) == pages._draw(index, 5, 1) != pages._draw(index, 5, 2)


# --- The chances that the page states ---


def test_a_fault_is_found_as_often_as_the_page_says():
    """A fault over a share of one of four chromosomes, with a hundred draws in each."""
    index = index_of(a=[400] * 10, b=[4_000], c=[400] * 10, d=[4_000])
    draws = [pages._draw(index, 400, seed)[0].get(10, ()) for seed in range(500)]
    for share in (0.002, 0.01, 0.03):
        faulty = round(4_000 * share)
        hits = sum(any(base < faulty for base in drawn) for drawn in draws)
        chance = 1 - (1 - share) ** 100
        assert abs(hits / 500 - chance) < 4 * math.sqrt(chance * (1 - chance) / 500) + 0.001


def test_the_chances_on_the_page_are_those_of_the_formula():
    rows = re.findall(r"^\| (.+) \| ([\d,]+) \| (\S+) % \| (\S+) % \| (\S+) % \|$", OPERATIONS, re.MULTILINE)
    assert len(rows) >= 3
    for dataset, chromosomes, *stated in rows:
        count = int(chromosomes.replace(",", ""))
        draws, drawn = max(1, pages.PAGES // count), min(1, pages.PAGES / count)
        for share, chance in zip((0.001, 0.01, 0.1), stated, strict=True):
            assert float(chance) == pytest.approx(100 * drawn * (1 - (1 - share) ** draws), abs=0.051), (dataset, share)
