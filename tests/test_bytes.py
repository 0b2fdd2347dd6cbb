"""The bytes of the format: a stored digest of what each writer makes, and where pages are cut in one awkward case.

A writer whose bytes change breaks the promise that same inputs give same files. If they are meant to change, raise the
step's number, say so in the changelog, and store the digest that this test prints. Digests are of pyarrow's version in
constraints.txt, with which the tests are run.
"""

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from genatator_assets.gene_finding.blocks.contract import BlockPlace
from genatator_assets.gene_finding.blocks.encode.table import PAGE_TABLE_KEY, PageTable
from genatator_assets.gene_finding.blocks.write import write_block
from genatator_assets.gene_finding.channels import CHANNELS
from genatator_assets.sources.chromosomes import Chromosome, write_chromosomes
from genatator_assets.sources.fasta import import_fasta, index_path
from genatator_assets.sources.soft_masked import write_soft_masked
from genatator_assets.tracks.runs import Runs
from genatator_assets.tracks.segments import Segments
from genatator_assets.tracks.store import write_segments
from genatator_assets.work.manifest import Manifest, OutputFile
from genatator_assets.work.tables import write_table
from genatator_assets.work.unit import Provenance, Step

START, END, LENGTH = 9_500, 30_300, 40_000
"""A block that begins where no page of the chromosome would: 20 cells of 1,000 bases and one of 800."""

# Changes in the first channel: before the block and in cell 0; on the edges of cells 3 and 4; a single base of cell 11;
# in the last cell, up to the block's end.
RUNS = Runs(
    np.array([9_000, 12_500, 20_501, 30_299]), np.array([10_000, 13_500, 20_502, 30_300]), np.ones(4, np.float32)
)
PAGES = [0, 1_000, 3_000, 4_000, 8_000, 11_000, 12_000, 16_000, 20_000, 20_800]
"""By docs/format.md: cells 0, 11 and 20 hold changes; the others are constant, up to the changes between cells 2, 3 and
4, and to every eighth cell."""

MADE_FROM = Provenance({"sequence": "0" * 64}, {"block_size_bp": 20_800}, Step("cut", 7))
DIGESTS = {
    "block, pages": "4bb8b6248c2b91124e77a0b71b03ef861a83ff786d486d0137d07f1047b0c659",
    "block, pyarrow": "558973e455758df0c9b5dbe3e3baaaf301188f2367aa3c6f60663978ee67e3ab",
    "segments": "c0ea5d2487e30f63e4b74632e5b8fe5af3a623be68a8e61ae2dcde03fbabe963",
    "soft masking": "b93963150817ec2d973b6afd601e413e65c3f1decdf7469de3bf83fa7a0ed4f6",
    "chromosomes": "c454f26dd482b0ad5e5efcb9c2bec28815775329ab603d31039c88bc8e35b399",
    "table": "377aa768486da708b8f13ee4919bd6015ca95441a91d47f4a926cb680bb33c0d",
    "FASTA": "910062bb6257dff33345143fe066f587e5bb10f5090593536ab34e4bb0f51ca6",
    "FASTA index": "857f350d31cdd93497c3f339a008bd15286d87fbfa48552b65c5235de0bed6b2",
    "manifest": "08c532891463f713c33cdb2f6f9892f721b9023cacb272f9913b8871cc58bac5",
}


def segments() -> Segments:
    return Segments(
        LENGTH, (RUNS, *[Runs.none()] * 10, Runs(np.array([0]), np.array([1]), np.array([0.5], "f4"))), CHANNELS
    )


def block(path: Path, writer: str) -> None:
    dna = ("ACGTN" * END)[: END - START]
    write_block(path, dna, segments(), BlockPlace("g", "test", "c", START, END, LENGTH, 20_800), MADE_FROM, writer)


def fasta(path: Path) -> None:
    source = path.with_name("source.fa")
    source.write_bytes(b"\xef\xbb\xbf>a one\r\nACgt\r\n\r\nnR\r\n>b\n>c\nAC")
    import_fasta(source, path)


def write(what: str, path: Path) -> Path:
    """Write a file with each kind of value that can stand in it; return it."""
    match what:
        case "block, pages":
            block(path, "pages")
        case "block, pyarrow":
            block(path, "pyarrow")
        case "segments":
            write_segments(path, "g", "c", segments(), MADE_FROM)
        case "soft masking":
            write_soft_masked(path, {"c": np.array([[0, 3], [9, 10]]), "d": np.empty((0, 2), np.int64)}, MADE_FROM)
        case "chromosomes":
            included = Chromosome(
                "g", "S s", "c", 9, ("1", "chr1"), included=True, reason=None, split="test", sha256="ab"
            )
            left_out = Chromosome("g", "S s", "d", 1, (), included=False, reason="too_short", split=None, sha256="cd")
            write_chromosomes(path, [included, left_out], MADE_FROM)
        case "table":
            write_table(path, pa.table({"x": [1, None], "y": ["é", ""], "z": [0.5, float("inf")]}), MADE_FROM)
        case "FASTA":
            fasta(path)
        case "FASTA index":
            fasta(path)
            return index_path(path)
        case "manifest":
            Manifest("f", (OutputFile("b/é.parquet", 3, "00"),), {"z": 1, "a": [1.5, None]}).write(path)
    return path


@pytest.mark.parametrize("what", DIGESTS)
def test_a_writer_makes_the_bytes_that_it_made_before(what: str, tmp_path: Path) -> None:
    found = hashlib.sha256(write(what, tmp_path / "file").read_bytes()).hexdigest()
    assert found == DIGESTS[what], f"{what}: {found} with pyarrow {pa.__version__}"


def test_pages_of_an_awkward_block_are_cut_where_the_format_says(tmp_path: Path) -> None:
    path = write("block, pages", tmp_path / "block.parquet")
    table = PageTable.decode(pq.read_metadata(path).metadata[PAGE_TABLE_KEY.encode()].decode())
    assert table.bases.tolist() == PAGES
