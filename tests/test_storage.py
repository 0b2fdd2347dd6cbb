"""A root in an object store: moto's server, started here, is the S3 endpoint."""

import json
import pickle
import subprocess
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from built import BLOCKS, CATALOGUE, CHROMOSOMES, Dataset, small_dataset
from click.testing import CliRunner, Result
from conftest import BUCKET
from segmentationbuilds import segmented

from genatator_assets.cli import main
from genatator_assets.errors import DatasetError, MissingExtraError, ReadingError
from genatator_assets.query.connect import connect
from genatator_assets.reading import open_dataset
from genatator_assets.reading.transcripts import Transcripts
from genatator_assets.work.files import whole_file
from genatator_assets.work.layout import Layout
from genatator_assets.work.made import SUFFIX
from genatator_assets.work.storage import root_of

URL = f"s3://{BUCKET}/some where/root"


@dataclass(frozen=True)
class Remote:
    root: Any
    catalogue: Path
    printed: str

    def files(self) -> dict[str, bytes]:
        """All files but the records of runs, which state times."""
        store, prefix = self.root.fs, f"{self.root.path}/"
        paths = [path for path in store.find(self.root.path) if not path.endswith(SUFFIX)]
        return {path.removeprefix(prefix): store.cat_file(path) for path in paths}


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return small_dataset(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def remote(s3: Any, tmp_path_factory: pytest.TempPathFactory) -> Remote:
    catalogue = tmp_path_factory.mktemp("remote") / "catalogue.yaml"
    catalogue.write_text(CATALOGUE)
    printed = _build(catalogue)
    return Remote(root_of(URL), catalogue, printed)


def _build(catalogue: Path) -> str:
    command = [sys.executable, "-m", "genatator_assets.cli", "build", "--catalogue", str(catalogue), "--root", URL]
    done = subprocess.run([*command, "--workers", "1"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_a_build_in_an_object_store_gives_the_bytes_of_a_local_one(remote, local):
    of_the_run = ("source.json", "catalogue.yaml", ".made")  # paths, times and hosts
    files = {path: content for path, content in remote.files().items() if not path.endswith(of_the_run)}
    folders = ("assemblies", "annotation", "targets", "blocks", "dataset")
    paths = [path for folder in folders for path in (local.root / folder).rglob("*") if path.is_file()]
    expected = {path.relative_to(local.root).as_posix(): path.read_bytes() for path in paths}
    expected = {p: content for p, content in expected.items() if "/simulated/" not in p and not p.endswith(of_the_run)}
    assert sorted(files) == sorted(expected)  # so nothing temporary either
    assert [path for path in expected if files[path] != expected[path]] == []
    assert sum(path.startswith("blocks/") and path.endswith(".parquet") for path in files) == BLOCKS


def test_only_what_is_missing_is_built_again(remote):
    before = remote.files()
    store, prefix = remote.root.fs, remote.root.path
    written = {path: store.info(f"{prefix}/{path}")["LastModified"] for path in before if path.startswith("blocks/")}
    lost = "blocks/train/genome=sim-gencode/chrom=chr1/60000.parquet"
    store.rm_file(f"{prefix}/{lost}")
    time.sleep(1.1)  # LastModified counts seconds
    assert f"{CHROMOSOMES - 1} chromosomes intact, 1 to do" in _build(remote.catalogue)
    assert remote.files() == before
    again = {path for path in written if store.info(f"{prefix}/{path}")["LastModified"] != written[path]}
    assert lost in again
    assert {path.rpartition("/")[0] for path in again} == {lost.rpartition("/")[0]}


def test_bytes_that_changed_are_found_by_their_hashes(remote):
    from genatator_assets.work.damage import damaged_files  # noqa: PLC0415

    layout = Layout(remote.root)
    manifest, block = (place("test", "sim-refseq", "NC_903001.1") for place in (layout.blocks_manifest, _first(layout)))
    whole = block.read_bytes()
    assert damaged_files(manifest, remote.root) == []
    try:
        block.write_bytes(whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:])
        assert damaged_files(manifest, remote.root)
    finally:
        block.write_bytes(whole)


def _first(layout: Layout) -> Any:
    return lambda *place: layout.block(*place, 0)


@pytest.mark.parametrize(
    "question",
    [
        "select * from blocks order by path",
        "select * from segments order by all",
        "select * from stored_blocks order by metadata",
        "select file, input, sha256 from lineage order by all",
        "select * from targets('sim-gencode', 'chr1', 59_990, 60_010)",
        "select dna('sim-gencode', 'chr1', 59_000, 61_000)",
    ],
)
def test_questions_have_the_answers_of_a_local_root(remote, local, question):
    with connect(remote.root) as there, connect(local.root) as here:
        answers = [connection.execute(question).fetchall() for connection in (there, here)]
    texts = [str(rows).replace(URL, "ROOT").replace(str(local.root.resolve()), "ROOT") for rows in answers]
    assert answers[0]
    assert texts[0] == texts[1]


def test_commands_that_ask_work_there(remote, local):
    asked = _run("sql", "select count(*) as blocks from blocks", "--root", URL, "--format", "json")
    assert json.loads(asked.stdout) == [{"blocks": BLOCKS}]
    assert _run("statistics", "--root", URL).stdout == _run("statistics", "--root", str(local.root)).stdout
    listed = _run("chromosomes", "--catalogue", str(remote.catalogue), "--root", URL).stdout
    assert listed.count("intact\n") == CHROMOSOMES
    with connect(local.root) as connection:
        (name,) = connection.execute("select transcript_id from transcripts where selected limit 1").fetchone()
    explained = _run("explain", name, "--root", URL)
    assert "in blocks/" in explained.stdout, explained.stderr
    planned = _run("plan", "--catalogue", str(remote.catalogue), "--root", URL)
    assert "Disk, about" in planned.stdout
    assert "free at" not in planned.stdout


def test_a_dataset_in_an_object_store_is_verified(remote):
    verified = _run("verify", "--catalogue", str(remote.catalogue), "--root", URL)
    assert "Nothing differs." in verified.stdout, verified.output
    assert f"{BLOCKS} of {BLOCKS} blocks" in verified.stdout


def test_windows_are_those_of_a_local_root(remote, local):
    there, here = open_dataset(URL), open_dataset(local.root)
    place = ("sim-gencode", "chr1", 59_000, 62_000)
    one, other = there.window(*place), here.window(*place)
    assert one.dna == other.dna
    assert other.targets.any()
    np.testing.assert_array_equal(one.targets, other.targets)


def test_what_training_asks_for_is_that_of_a_local_root(remote, local, tmp_path):
    regions = tmp_path / "excluded.bed"
    regions.write_text("chr1\t1000\t2000\n")  # the genome calls it 1
    seen = []
    for ds in (open_dataset(URL), open_dataset(local.root)):
        window = ds.window("sim-ensembl", "1", 0, 60_000, context=10)
        windows = ds.windows(1_000, exclude={"sim-ensembl": regions}, without="genes")
        sites = ds.windows_around("tss", 1_000)
        seen.append((window.soft_masked.tolist(), list(windows), list(sites), ds.positive_share("mrna").tolist()))
    assert seen[0] == seen[1]
    assert all(map(any, seen[0]))


@pytest.mark.parametrize("form", ["bigwig", "bedgraph", "bed", "gff3"])
def test_exports_are_those_of_a_local_root(remote, local, tmp_path, form):
    for root, folder in ((URL, "remote"), (local.root, "local")):
        written = _run("export", form, "--root", str(root), "--split", "train", "-o", str(tmp_path / folder))
        assert written.exit_code == 0, written.output
    of_remote, of_local = (
        {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()} for folder in ("remote", "local")
    )
    assert of_remote == of_local
    assert any(of_local.values())


def test_a_release_is_made_on_this_machine(remote, tmp_path):
    made = _run("release", "--root", URL, "--to", str(tmp_path / "release"))
    assert made.exit_code == 0, made.stderr or "".join(traceback.format_exception(made.exception))
    assert "files are copies" in made.stdout
    checked = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=tmp_path / "release", check=False)
    assert checked.returncode == 0
    refused = _run("release", "--root", URL)
    assert refused.exit_code == 2
    assert "a release is made in a folder of this machine" in refused.stderr


def test_a_file_that_was_not_finished_does_not_appear(remote):
    path = remote.root / "unfinished"
    with pytest.raises(ZeroDivisionError), whole_file(path) as temporary:
        temporary.write_text(f"half {1 / 0}")
    assert not path.exists()
    assert not temporary.parent.exists()


def test_a_bucket_that_is_not_there_is_named(s3):
    refused = _run("statistics", "--root", "s3://no-such-bucket/root")
    assert refused.exit_code == 2
    assert "found no bucket 'no-such-bucket'" in refused.stderr


def test_an_endpoint_that_does_not_answer_is_named(s3, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    s3.clear_instance_cache()
    refused = _run("statistics", "--root", URL)
    s3.clear_instance_cache()
    assert refused.exit_code == 2
    assert "can't be reached" in refused.stderr
    assert "http://127.0.0.1:9" in refused.stderr


def test_a_folder_of_a_bucket_without_a_dataset_is_named(s3):
    with pytest.raises(DatasetError, match="s3://bucket/nothing holds no root"):
        open_dataset("s3://bucket/nothing")
    assert "s3://bucket/nothing holds no dataset" in _run("sql", "select 1", "--root", "s3://bucket/nothing").stderr


def test_without_s3fs_it_is_said_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'genatator-assets\[s3\]'"):
        root_of("s3://bucket/root")


def test_a_file_url_is_a_local_root(local):
    url = local.root.resolve().as_uri()
    assert root_of(url) == local.root.resolve()
    assert isinstance(root_of(url), Path)
    assert (
        f'"blocks": {BLOCKS}'
        in _run("sql", "select count(*) blocks from blocks", "--root", url, "--format", "json").stdout
    )


@pytest.mark.parametrize("url", ["nosuch://bucket/root", "file://elsewhere/root", "s3://"])
def test_a_url_that_nobody_can_open_is_refused(url):
    with pytest.raises(DatasetError, match=url):
        root_of(url)


def test_transcripts_of_a_segmentation_dataset_are_read_from_an_object_store(s3, tmp_path):
    text = """
dataset: segmented
gene_finding: false
segmentation: {}
min_chromosome_length_bp: 1000
assemblies:
  - genome: sim
    species: Simulata
    simulate: {seed: 3, total_bp: 300_000, chromosomes: 2, flavour: gencode}
"""
    _, root, _ = segmented(tmp_path, text)
    s3.put(str(root), f"{BUCKET}/segmented", recursive=True)
    there, here = (open_dataset(where) for where in ("s3://bucket/segmented", root))
    expected = list(here.transcripts(representative=True))
    found = list(pickle.loads(pickle.dumps(there.transcripts(representative=True))))
    assert len(found) == len(expected) > 5
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.labels, other.labels)
        assert {**vars(one), "labels": None} == {**vars(other), "labels": None}
    with pytest.raises(ReadingError, match="s3://bucket/nothing holds no segmentation dataset"):
        Transcripts.of(root_of("s3://bucket/nothing"))
