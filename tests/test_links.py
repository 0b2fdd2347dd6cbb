"""Symbolic links in a root: what is built is never written, and nothing ever deleted, where they lead."""

import shutil

import pytest
from built import copy_of

from genatator_assets.annotation.transcripts import select_isoforms
from genatator_assets.errors import DatasetError
from genatator_assets.gene_finding.blocks.chromosome import build_chromosomes
from genatator_assets.gene_finding.tasks import chromosome_tasks
from genatator_assets.sources.assembly import import_assembly
from genatator_assets.work.files import whole_folder
from genatator_assets.work.layout import Layout

GENOME, CHROM, SPLIT = "sim-gencode", "chr1", "train"
PRECIOUS = {"0.parquet": "a", "7.parquet": "b", "manifest.json": "c", "sequence.fa": "d", "chr1.json": "e"}


@pytest.fixture
def root(dataset, tmp_path):
    return copy_of(dataset, tmp_path / "root")


@pytest.fixture
def elsewhere(tmp_path):
    """A folder of somebody else, with files of such names as are written and removed here."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for name, text in PRECIOUS.items():
        (folder / name).write_text(text)
    return folder


def untouched(folder):
    return {path.name: path.read_text() for path in folder.iterdir()} == PRECIOUS


def replaced_by_a_link(folder, target):
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.symlink_to(target)


def build(dataset, root):
    (outcome,) = build_chromosomes(chromosome_tasks(dataset.catalogue, Layout(root), GENOME, [CHROM]))
    return outcome


@pytest.mark.parametrize("level", ["chromosome", "genome"])
def test_a_linked_folder_of_blocks_fails_its_chromosome_by_name(dataset, root, elsewhere, level):
    folder = Layout(root).chromosome_blocks(SPLIT, GENOME, CHROM)
    link = folder if level == "chromosome" else folder.parent
    replaced_by_a_link(link, elsewhere)
    outcome = build(dataset, root)
    assert outcome.error.startswith(f"{link} is a symbolic link to {elsewhere}, which is not followed")
    assert untouched(elsewhere)
    link.unlink()
    assert build(dataset, root).status == "built"


def test_a_linked_folder_of_targets_fails_its_chromosome_by_name(dataset, root, elsewhere):
    link = Layout(root).segments(GENOME, CHROM).parent
    replaced_by_a_link(link, elsewhere)
    assert build(dataset, root).error.startswith(f"{link} is a symbolic link to {elsewhere}")
    assert untouched(elsewhere)


def test_a_linked_folder_of_blocks_of_another_split_is_taken_away_not_emptied(dataset, root, elsewhere):
    link = Layout(root).chromosome_blocks("validation", GENOME, CHROM)
    replaced_by_a_link(link, elsewhere)
    Layout(root).blocks_manifest(SPLIT, GENOME, CHROM).unlink()
    assert build(dataset, root).status == "built"
    assert not link.is_symlink()
    assert untouched(elsewhere)


@pytest.mark.parametrize(
    ("part", "step"), [("assemblies", import_assembly), ("annotation", select_isoforms)], ids=["assembly", "annotation"]
)
def test_a_linked_folder_of_a_genome_is_refused(dataset, root, elsewhere, part, step):
    link = root / part / GENOME
    if part == "annotation":
        shutil.rmtree(link)
    replaced_by_a_link(link, elsewhere)
    with pytest.raises(DatasetError, match=rf"{link} is a symbolic link to {elsewhere}"):
        step(dataset.catalogue, GENOME, Layout(root))
    assert untouched(elsewhere)


def test_a_root_or_its_large_folders_may_be_links(dataset, root, tmp_path):
    """To another disk: that is the choice of whoever made the root, and all that is in them is the dataset's."""
    (root / "blocks").rename(tmp_path / "large")
    (root / "blocks").symlink_to(tmp_path / "large")
    Layout(root).blocks_manifest(SPLIT, GENOME, CHROM).unlink()
    assert build(dataset, root).status == "built"


def test_a_folder_that_is_made_anew_takes_the_place_of_a_link(tmp_path, elsewhere):
    (tmp_path / "release").symlink_to(elsewhere)
    for number in range(2):
        with whole_folder(tmp_path / "release") as folder:
            (folder / "file").write_text(str(number))
    assert (tmp_path / "release" / "file").read_text() == "1"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "release"]
    assert untouched(elsewhere)
