"""Files of a root that are not what was written: each is found, named and mended by the next build."""

import hashlib
import shutil
from contextlib import suppress
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from built import CHROMOSOMES, Dataset, copy_of

from genatator_assets.annotation.transcripts import select_isoforms
from genatator_assets.errors import DatasetError
from genatator_assets.gene_finding.blocks.chromosome import build_chromosomes
from genatator_assets.gene_finding.index import build_index
from genatator_assets.gene_finding.tasks import chromosome_tasks, included_chromosomes
from genatator_assets.sources.assembly import import_assembly
from genatator_assets.sources.chromosomes import read_chromosomes
from genatator_assets.work.damage import discard_damaged, stored_units
from genatator_assets.work.layout import Layout

GENOME = "sim-gencode"


@pytest.fixture
def layout(dataset: Dataset, tmp_path: Path) -> Layout:
    """A copy of the small dataset whose blocks of one genome are still to be built."""
    layout = Layout(copy_of(dataset, tmp_path / "root"))
    for manifest in layout.blocks.glob(f"*/genome={GENOME}/*/manifest.json"):
        manifest.unlink()
    return layout


def files_of(root: Path) -> dict[str, str]:
    """SHA-256 of every file, without the records of runs and the records of where inputs stood."""
    paths = (
        path for path in root.rglob("*") if path.is_file() and path.suffix != ".made" and path.name != "source.json"
    )
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def build(dataset: Dataset, layout: Layout) -> dict[str, str | None]:
    """Build the chromosomes of the genome; give what went wrong, by chromosome."""
    chroms = [one.chrom for one in included_chromosomes(dataset.catalogue, layout)[GENOME]]
    tasks = chromosome_tasks(dataset.catalogue, layout, GENOME, chroms)
    return {outcome.key: outcome.error for outcome in build_chromosomes(tasks)}


def overwrite(path: Path, place: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        file.write(content)


def in_chr2(layout: Layout, content: bytes) -> None:
    """Overwrite bases in the middle of chr2; all else of the file, its size too, stays as it was."""
    text = layout.sequence(GENOME).read_bytes()
    overwrite(layout.sequence(GENOME), text.index(b">chr2") + 50_000, content)


def index_of_chr2(layout: Layout) -> None:
    """Have the index say that chr2 begins a base later."""
    path = layout.sequence(GENOME).with_name("sequence.fa.fai")
    (row,) = [row for row in path.read_text().splitlines() if row.startswith("chr2\t")]
    name, length, offset, *widths = row.split("\t")
    later = "\t".join([name, length, str(int(offset) + 1), *widths])
    path.write_text(path.read_text().replace(row, later))


@pytest.mark.parametrize(
    "damage",
    [
        lambda layout: in_chr2(layout, b"ACGTA"),
        lambda layout: in_chr2(layout, b"\0\0\0\0\0"),
        lambda layout: in_chr2(layout, b"NNNNN"),
        lambda layout: in_chr2(layout, b"\n"),
        lambda layout: in_chr2(layout, b">"),
        index_of_chr2,
    ],
    ids=["other bases", "zeros", "N", "a newline", "a header", "the index"],
)
def test_a_damaged_sequence_fails_its_chromosome_by_name_and_the_next_build_mends_it(dataset, layout, damage):
    damage(layout)
    failed = build(dataset, layout)
    assert {key for key, error in failed.items() if error} == {"sim-gencode/chr2"}
    assert failed["sim-gencode/chr2"].startswith(f"{layout.sequence(GENOME)} is damaged: ")
    assert failed["sim-gencode/chr2"].endswith("; the next build imports it again")
    assert {path.name for path in layout.chromosome_blocks("train", GENOME, "chr2").iterdir()} <= {"manifest.made"}
    assert build_index(dataset.catalogue, layout).absent == ("sim-gencode/chr2",)
    import_assembly(dataset.catalogue, GENOME, layout)
    select_isoforms(dataset.catalogue, GENOME, layout)
    assert set(build(dataset, layout).values()) == {None}
    build_index(dataset.catalogue, layout)
    assert files_of(layout.root) == files_of(dataset.root)


def test_the_hash_of_a_chromosome_is_that_of_its_blocks_one_after_another(dataset):
    for chromosome in read_chromosomes(dataset.layout.chromosomes(GENOME)):
        if chromosome.split is not None:
            folder = dataset.layout.chromosome_blocks(chromosome.split, GENOME, chromosome.chrom)
            blocks = sorted(folder.glob("*.parquet"), key=lambda path: int(path.stem))
            dna = "".join(pq.ParquetFile(path).read()["dna_sequence"][0].as_py() for path in blocks)
            assert len(dna) == chromosome.length
            assert chromosome.sha256 == hashlib.sha256(dna.encode()).hexdigest()


class CutOffError(Exception):
    """As if the process were killed."""


CHR2 = f"blocks/train/genome={GENOME}/chrom=chr2"
TARGETS, OF_SEQUENCE = f"targets/{GENOME}/chr2", f"assemblies/{GENOME}"


@pytest.mark.parametrize(
    ("writer", "grown", "record"),
    [
        ("sources.assembly.import_fasta", f"{OF_SEQUENCE}/sequence.fa", f"{OF_SEQUENCE}/sequence.json"),
        ("sources.assembly.import_fasta", f"{OF_SEQUENCE}/sequence.fa", f"{OF_SEQUENCE}/source.json"),
        ("sources.assembly.write_chromosomes", f"{OF_SEQUENCE}/sequence.fa", f"{OF_SEQUENCE}/chromosomes.parquet"),
        ("annotation.transcripts.write_table", f"annotation/{GENOME}/transcripts.parquet", None),
        (
            "gene_finding.blocks.chromosome.write_segments",
            f"targets/{GENOME}/chr2.parquet",
            f"targets/{GENOME}/chr2.json",
        ),
        ("gene_finding.blocks.chromosome.write_block", f"{CHR2}/60000.parquet", f"{CHR2}/manifest.json"),
    ],
)
def test_nothing_counts_as_finished_while_it_is_written_anew(dataset, tmp_path, monkeypatch, writer, grown, record):
    """A build that is cut off there must not leave the record of an earlier one beside the files of a later."""
    layout = Layout(copy_of(dataset, tmp_path / "root"))
    beside = layout.root / record if record else layout.annotation_summary(GENOME)
    assert beside.is_file()
    with (layout.root / grown).open("ab") as file:
        file.write(b"\n")  # so that there is something to do
    seen = []

    def cut_off(*_: object, **__: object) -> None:
        seen.append(beside.exists())
        raise CutOffError

    monkeypatch.setattr(f"genatator_assets.{writer}", cut_off)
    with suppress(CutOffError):
        import_assembly(dataset.catalogue, GENOME, layout)
    with suppress(CutOffError, DatasetError):
        select_isoforms(dataset.catalogue, GENOME, layout)
    if not seen:
        (outcome,) = build_chromosomes(chromosome_tasks(dataset.catalogue, layout, GENOME, ["chr2"]))
        assert "CutOffError" in outcome.error
    assert seen[0] is False


def test_stored_units_are_those_of_the_root_and_not_of_its_release(dataset, tmp_path):
    layout = Layout(copy_of(dataset, tmp_path / "root"))
    before = {unit.key for unit in stored_units(layout.root)}
    assert len(before) == 3 + 2 * CHROMOSOMES  # sequences, targets and blocks
    for folder in ("release", ".dagster", "assemblies/.hidden"):
        shutil.copytree(layout.root / "targets", layout.root / folder / "targets")
    assert {unit.key for unit in stored_units(layout.root)} == before
    assert {outcome.status for outcome in discard_damaged(list(stored_units(layout.root)))} == {"intact"}


def test_a_file_that_is_gone_is_damaged_too(dataset, tmp_path):
    layout = Layout(copy_of(dataset, tmp_path / "root"))
    layout.soft_masked(GENOME).unlink()
    (found,) = (unit for unit in stored_units(layout.root) if unit.key == f"{OF_SEQUENCE}/sequence.json")
    (outcome,) = discard_damaged([found])
    assert outcome.facts == {"damaged": [f"{OF_SEQUENCE}/soft_masked.parquet"]}
    assert not layout.sequence_manifest(GENOME).exists()
