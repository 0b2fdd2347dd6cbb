"""The release: its folder, its refusals, how `datasets`, mlcroissant, DuckDB and sha256sum take it, and sending it."""

import errno
import hashlib
import importlib
import inspect
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import duckdb
import huggingface_hub
import mlcroissant
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from blockfiles import read_block
from built import BLOCKS, copy_of, edit_rows
from click.testing import CliRunner
from datasets import Features, get_dataset_config_names, load_dataset, load_dataset_builder
from httpx2 import ConnectError
from hypothesis import given
from hypothesis import strategies as st

import genatator_assets as ga
from genatator_assets.cli import main
from genatator_assets.errors import CatalogueError, DatasetError, GenatatorError
from genatator_assets.gene_finding.blocks.contract import SCHEMA
from genatator_assets.gene_finding.index import build_index
from genatator_assets.gene_finding.statistics import build_statistics
from genatator_assets.orchestration import build_definitions
from genatator_assets.orchestration.settings import Settings
from genatator_assets.parts import load_catalogue
from genatator_assets.release import hub, release
from genatator_assets.release.names import block_paths
from genatator_assets.release.preview import WINDOW_BP, _by_turns
from genatator_assets.work.files import whole_folder
from genatator_assets.work.layout import Layout
from genatator_assets.work.lock import only_writer

BLOCK = "blocks/train/genome=sim-gencode/chrom=chr1/60000.parquet"
OTHER_DEVICE = OSError(errno.EXDEV, "Invalid cross-device link")


@pytest.fixture(scope="module")
def published(dataset, tmp_path_factory) -> Path:
    """The release of the small dataset; tests only read it."""
    folder = tmp_path_factory.mktemp("published") / "release"
    release(dataset.layout, folder)
    return folder


@pytest.fixture
def layout(dataset, tmp_path) -> Layout:
    """A copy of the small dataset that a test may damage."""
    return Layout(copy_of(dataset, tmp_path / "root"))


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """The folder in which `datasets` keeps what it loads."""
    folder = tmp_path / "cache"
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(folder))
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    return folder


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def index_of(folder: Path) -> list[dict]:
    return pq.ParquetFile(folder / "dataset" / "blocks.parquet").read().to_pylist()


def front_matter(folder: Path) -> dict:
    return yaml.safe_load((folder / "README.md").read_text().split("---\n")[1])


# --- The folder ---


def test_each_block_of_the_index_is_there_once_and_takes_no_room(dataset, published):
    before = {row["path"]: row for row in index_of(dataset.root)}
    after = index_of(published)
    blocks = sorted(published.glob("data/**/*.parquet"))
    assert len(after) == len(blocks) == BLOCKS
    assert {published / row["path"] for row in after} == set(blocks)
    for old, new in zip(before.values(), after, strict=True):
        assert {**old, "path": new["path"]} == new
        assert (dataset.root / old["path"]).samefile(published / new["path"])


def test_file_names_say_what_the_metadata_says(published):
    for path in published.glob("*/**/*.parquet"):
        if path.relative_to(published).parts[0] not in {"data", "preview"}:
            continue
        said = read_block(path).metadata
        assert path.name == f"{said['genome']}~{said['chrom']}~{said['start']:010d}.parquet"
        assert said["split"] in path.relative_to(published).parts[1]


@pytest.mark.parametrize(
    ("split", "genome", "chroms"), [("validation", "sim-gencode", {"chr3"}), ("test", "sim-refseq", None)]
)
def test_the_truth_of_each_judged_split_is_in_it(dataset, published, split, genome, chroms):
    folder = published / "dataset" / "truth" / split
    names = {"regions.bed", "sites.parquet", "sites.tsv", "transcripts.parquet", "truth.gff3.gz"}
    assert {path.name for path in folder.iterdir()} == names
    rows = pq.ParquetFile(dataset.layout.transcripts(genome)).read().to_pylist()
    selected = {row["transcript_id"] for row in rows if row["selected"] and (chroms is None or row["chrom"] in chroms)}
    assert {*pq.ParquetFile(folder / "transcripts.parquet").read()["transcript"].to_pylist()} == selected
    scores = ga.evaluate(folder, None, folder / "truth.gff3.gz")
    assert scores.value("interval@0.f1") == 1


def test_sha256sum_finds_every_file_as_it_is_listed(published):
    check = ["sha256sum", "--check", "--quiet", "SHA256SUMS"]
    done = subprocess.run(check, cwd=published, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    listed = {line.split("  ")[1] for line in (published / "SHA256SUMS").read_text().splitlines()}
    assert listed | {"SHA256SUMS"} == set(files_of(published))


def test_the_same_dataset_gives_the_same_bytes(dataset, published, tmp_path):
    release(dataset.layout, tmp_path / "again")
    assert files_of(tmp_path / "again") == files_of(published)


def test_nothing_of_this_machine_is_in_it(dataset, published):
    for path, content in files_of(published).items():
        assert str(dataset.root).encode() not in content, path
        assert str(published).encode() not in content, path


def test_blocks_are_copied_where_links_cannot_be_made(dataset, published, tmp_path, monkeypatch):
    def refuse(self, target):
        raise OTHER_DEVICE

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    made = release(dataset.layout, tmp_path / "copies")
    assert not made.linked
    assert files_of(tmp_path / "copies") == files_of(published)
    assert not (dataset.root / BLOCK).samefile(tmp_path / "copies" / index_of(tmp_path / "copies")[1]["path"])


def test_files_that_the_index_does_not_name_stay_out(layout):
    stray = layout.root / "blocks/train/genome=sim-gencode/chrom=chr1/7.parquet"
    shutil.copy(layout.root / BLOCK, stray)
    made = release(layout)
    assert made.folder == layout.root / "release"
    assert sum(part.files for part in made.parts if part.name.startswith("data/")) == BLOCKS
    assert stray.stat().st_nlink == 1


def test_an_earlier_release_is_replaced_whole(layout):
    folder = release(layout).folder
    stale = folder / "data/train/part-00009/stale.parquet"
    stale.parent.mkdir()
    stale.write_bytes(b"of yesterday")
    with (folder / "SHA256SUMS").open("a") as sums:
        sums.write(f"{'0' * 64}  data/train/part-00009/stale.parquet\n")
    release(layout)
    assert not stale.parent.exists()
    assert [path.name for path in layout.root.iterdir() if ".tmp" in path.name] == []


NAMES = st.text(st.sampled_from("a.~_-=/%B0"), min_size=1, max_size=6)
PLACES = st.lists(st.tuples(st.sampled_from(["train", "test"]), NAMES, NAMES), unique=True)


@given(PLACES, st.integers(1, 4))
def test_folders_are_never_overfull_and_no_two_blocks_share_a_path(places, limit):
    paths = [Path(path) for path in block_paths([(*place, 0) for place in places], limit)]
    assert len({(path.parts[1], path.name) for path in paths}) == len(places)
    for split in ("train", "test"):
        own = [path for path in paths if path.parts[1] == split]
        counts = [sum(path.parent == folder for path in own) for folder in sorted({path.parent for path in own})]
        assert counts == [limit] * (len(own) // limit) + ([len(own) % limit] if len(own) % limit else [])


def test_parts_hold_ten_thousand_blocks():
    """The published train split has 21,085 blocks in part-00000 to part-00002."""
    paths = block_paths([("train", "g", f"s{number}", 0) for number in range(21_085)])
    parts = [path.split("/")[2] for path in paths]
    assert [parts.count(f"part-0000{number}") for number in range(3)] == [10_000, 10_000, 1_085]


def test_a_name_too_long_for_a_file_system_is_an_error():
    with pytest.raises(DatasetError, match="a shorter name"):
        block_paths([("train", "g" * 150, "c" * 150, 0)])


# --- What is refused, and what then stays as it was ---


def remove_block(layout):
    (layout.root / BLOCK).unlink()


def cut_block(layout):
    os.truncate(layout.root / BLOCK, 100)


def rebuild_block(layout):
    """Another hash in the manifest beside it: the blocks were built anew after the index."""
    path = layout.blocks_manifest("train", "sim-gencode", "chr1")
    stored = json.loads(path.read_text())
    stored["outputs"][1]["sha256"] = "0" * 64
    path.write_text(json.dumps(stored))


def begin_to_rebuild(layout):
    layout.blocks_manifest("train", "sim-gencode", "chr1").unlink()


def lose_index_rows(layout):
    edit_rows(layout.index, lambda rows: [row for row in rows if row["chrom"] != "chr2"])
    of_this_index(layout)


def gap_in_index(layout):
    edit_rows(layout.index, lambda rows: [row for row in rows if row["path"] != BLOCK])
    of_this_index(layout)


def other_index(layout):
    edit_rows(layout.index, lambda rows: rows[:-1])


def lose_provenance(layout):
    pq.write_table(pq.ParquetFile(layout.index).read().replace_schema_metadata(), layout.index)


def of_this_index(layout):
    build_statistics(SimpleNamespace(dataset="small"), layout)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (remove_block, r"60000.parquet: found no file, expected [\d,]+ bytes; delete it and build again"),
        (cut_block, r"60000.parquet: found 100 bytes, expected [\d,]+ bytes"),
        (rebuild_block, "60000.parquet was built after the index"),
        (begin_to_rebuild, "0.parquet was built after the index, or is being built"),
        (lose_index_rows, "sim-gencode/chr2: the index has 0 blocks"),
        (gap_in_index, "sim-gencode/chr1: the index has 3 blocks, which are not all of its"),
        (other_index, "statistics .* were computed from another index"),
        (lambda layout: layout.index.unlink(), "blocks.parquet does not exist"),
        (lose_provenance, "blocks.parquet does not say what it was made from"),
    ],
)
def test_what_is_not_whole_is_not_released(layout, damage, message):
    release(layout)
    before = files_of(layout.release)
    damage(layout)
    with pytest.raises(DatasetError, match=message):
        release(layout)
    after = files_of(layout.release)
    assert before.keys() == after.keys()
    assert {path for path in before if before[path] != after[path]} <= {  # one file by two names: damaged there too
        "data/train/part-00000/sim-gencode~chr1~0000060000.parquet"
    }
    assert not list(layout.root.glob(".release*"))


@pytest.mark.parametrize("where", [".", "blocks", "blocks/train/new", ".."])
def test_a_folder_of_the_dataset_itself_is_refused(layout, where):
    with pytest.raises(DatasetError, match="part of the dataset at"):
        release(layout, layout.root / where)


def test_a_folder_of_somebody_else_is_refused_and_left_alone(dataset, tmp_path):
    (tmp_path / "thesis.doc").write_text("irreplaceable")
    with pytest.raises(DatasetError, match=r"files that are of no release: thesis.doc"):
        release(dataset.layout, tmp_path)
    release(dataset.layout, tmp_path / "mine")
    (tmp_path / "mine" / "data" / "notes.txt").write_text("mine")
    with pytest.raises(DatasetError, match=r"files that are of no release: data/notes.txt"):
        release(dataset.layout, tmp_path / "mine")
    with pytest.raises(DatasetError, match="is a file"):
        release(dataset.layout, tmp_path / "thesis.doc")
    assert (tmp_path / "thesis.doc").read_text() == "irreplaceable"


def test_a_full_disk_leaves_the_earlier_release(layout, monkeypatch):
    folder = release(layout).folder
    before = files_of(folder)

    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("genatator_assets.release.publish.write_preview", fail)
    with pytest.raises(DatasetError, match="No space left on device"):
        release(layout)
    assert files_of(folder) == before
    assert not list(layout.root.glob(".release*"))


KILLED = """
import os, signal, sys
from pathlib import Path
from genatator_assets.work.files import whole_folder

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

path = Path(sys.argv[1])
if sys.argv[2] == "while filling":
    with whole_folder(path) as beside:
        (beside / "half").write_text("half")
        die()
else:
    with whole_folder(path) as beside:
        (beside / "new").write_text("new")
        rename, calls = Path.rename, []
        def once(self, target):
            calls.append(target)
            return rename(self, target) if len(calls) == 1 else die()
        Path.rename = once
"""


@pytest.mark.parametrize("when", ["while filling", "between the two renames"])
def test_after_a_kill_the_old_folder_is_there_or_comes_back(tmp_path, when):
    path = tmp_path / "release"
    path.mkdir()
    (path / "old").write_text("old")
    done = subprocess.run([sys.executable, "-c", KILLED, path, when], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.exists() == (when == "while filling")
    with pytest.raises(KeyError), whole_folder(path):
        raise KeyError
    assert files_of(tmp_path) == {"release/old": b"old"}
    with whole_folder(path) as beside:
        (beside / "new").write_text("new")
    assert files_of(tmp_path) == {"release/new": b"new"}


def test_a_folder_that_cannot_take_its_place_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "release"
    path.mkdir()
    (path / "old").write_text("old")
    rename = Path.rename

    def fail(self, target):
        if ".new." in self.name:
            raise OSError(errno.EBUSY, "Device or resource busy")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(OSError, match="busy"), whole_folder(path) as beside:
        (beside / "new").write_text("new")
    assert files_of(tmp_path) == {"release/old": b"old"}


# --- The preview ---


def test_windows_are_pieces_of_blocks_around_a_tss(published):
    blocks = [read_block(published / row["path"]) for row in index_of(published)]
    windows = [read_block(path) for path in published.glob("preview/*/*.parquet")]
    assert len(windows) == 7  # one of each chromosome
    for window in windows:
        said = window.metadata
        (block,) = (
            block
            for block in blocks
            if all(block.metadata[key] == said[key] for key in ("genome", "chrom", "split"))
            and block.metadata["start"] <= said["start"] < said["end"] <= block.metadata["end"]
        )
        piece = slice(said["start"] - block.metadata["start"], said["end"] - block.metadata["start"])
        assert window.dna == block.dna[piece]
        np.testing.assert_array_equal(window.targets, block.targets[piece])
        assert len(window.dna) == said["sequence_length"] == said["block_size_bp"] == WINDOW_BP
        assert said["target_shape"] == [WINDOW_BP, 12]
        assert said["chrom_length"] == block.metadata["chrom_length"]
        assert window.targets[:, :2].max() == 1.0


def test_windows_have_the_columns_and_provenance_of_blocks(published):
    block = pq.ParquetFile(published / index_of(published)[0]["path"])
    window = pq.ParquetFile(next(published.glob("preview/train/sim-gencode~chr1~*.parquet")))
    assert window.schema_arrow.equals(block.schema_arrow)
    for key in (b"genatator_assets.inputs", b"genatator_assets.parameters"):
        assert window.metadata.metadata[key] == block.metadata.metadata[key]


def test_a_chromosome_without_transcripts_shows_its_beginning(layout):
    edit_rows(layout.transcripts("sim-refseq"), lambda rows: [{**row, "selected": False} for row in rows])
    summary = json.loads(layout.annotation_summary("sim-refseq").read_text())
    summary["table_sha256"] = hashlib.sha256(layout.transcripts("sim-refseq").read_bytes()).hexdigest()
    layout.annotation_summary("sim-refseq").write_text(json.dumps(summary))
    folder = release(layout).folder
    assert [path.name for path in sorted(folder.glob("preview/test/*"))] == [
        "sim-refseq~NC_903001.1~0000000000.parquet",
        "sim-refseq~NC_903002.1~0000000000.parquet",
    ]


def test_genomes_take_turns_longest_chromosome_first():
    lengths = {("a", "1"): 5, ("a", "2"): 9, ("a", "3"): 7, ("b", "1"): 2, ("b", "2"): 3}
    assert _by_turns(lengths) == [("a", "2"), ("b", "2"), ("a", "3"), ("b", "1"), ("a", "1")]


def test_the_preview_of_many_chromosomes_is_small(published):
    """Three splits of 40 windows stay below 20 MB, and each below the viewer's 286 MiB once it is read."""
    lengths = {(f"genome{number % 39}", f"scaffold{number}"): number for number in range(14_464)}
    assert len(_by_turns(lengths)) == 40
    assert len({genome for genome, _ in _by_turns(lengths)}) == 39
    sizes = [path.stat().st_size for path in published.glob("preview/*/*.parquet")]
    assert 3 * 40 * max(sizes) < 20e6
    assert 40 * WINDOW_BP * 49 < 286 * 2**20


# --- The card ---


def test_datasets_understands_the_front_matter(published, cache):
    assert get_dataset_config_names(str(published)) == ["default", "preview"]
    for config, rows in (("default", index_of(published)), ("preview", list(published.glob("preview/*/*")))):
        info = load_dataset_builder(str(published), config).info
        assert info.features == Features.from_arrow_schema(SCHEMA)
        assert list(info.splits) == ["train", "validation", "test"]
        assert sum(split.num_examples for split in info.splits.values()) == len(rows)
        assert info.dataset_size == sum(split.num_bytes for split in info.splits.values())
    assert load_dataset_builder(str(published)).config.name == "default"


def test_front_matter_says_what_the_hub_asks(dataset, published):
    matter = front_matter(published)
    assert (matter["license"], matter["size_categories"], matter["pretty_name"]) == ("other", ["n<1K"], "small")
    default, preview = matter["dataset_info"]
    assert default["download_size"] == dataset.index.bytes
    assert [split["num_examples"] for split in default["splits"]] == [13, 2, 6]
    assert preview["download_size"] == sum(path.stat().st_size for path in published.glob("preview/*/*"))
    card = huggingface_hub.DatasetCard.load(published / "README.md")
    assert card.data.to_dict()["configs"] == matter["configs"]


def test_the_licence_comes_from_the_catalogue(dataset, layout, tmp_path):
    text = (dataset.root.parent / "catalogue.yaml").read_text()
    path = tmp_path / "licensed.yaml"
    path.write_text(f"license: cc-by-4.0\n{text}")
    build_index(load_catalogue(path), layout)
    build_statistics(load_catalogue(path), layout)
    assert front_matter(release(layout).folder)["license"] == "cc-by-4.0"
    path.write_text(f"license: CC BY 4.0\n{text}")
    with pytest.raises(CatalogueError, match=r"license: found 'CC BY 4\.0', expected a licence by the hub's name"):
        load_catalogue(path)


def test_the_card_has_tables_kernels_and_inputs(dataset, published):
    text = (published / "README.md").read_text()
    for section in dataset.card.split("### ")[1:]:  # the statistics, word for word
        assert f"### {section.strip()}" in text
    assert "| sim-ensembl | laplace, width 2 bp, radius 20 bp | ensembl |" in text
    for genome in dataset.catalogue.genomes:
        source = json.loads(dataset.layout.source(genome).read_text())
        assert f"| {genome} | sequence | sequence.fa | `{source['inputs']['sequence']['sha256']}` |" in text
        assert source["inputs"]["annotation"]["sha256"] in text
    assert "$" not in text.replace("$EDITOR", "")


def test_an_input_that_was_fetched_is_linked(layout):
    path, url = layout.source("sim-refseq"), "https://ftp.ncbi.nlm.nih.gov/GCF_1_genomic.fna.gz"
    record = json.loads(path.read_text())
    record["inputs"]["sequence"]["url"] = url
    path.write_text(json.dumps(record))
    text = (release(layout).folder / "README.md").read_text()
    assert f"| sim-refseq | sequence | [GCF_1_genomic.fna.gz]({url}) |" in text
    assert "| sim-refseq | annotation | annotation.gff3 |" in text


def snippets(folder: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)


def test_the_code_of_the_card_runs(dataset, published, cache, monkeypatch, capsys):
    """In the release's folder and one after the other, as the card says."""
    monkeypatch.chdir(published)
    names: dict = {}
    blocks = {block.dna: block for block in (read_block(path) for path in published.glob("data/train/*/*"))}
    for code in snippets(published):
        exec(code, names)
        if re.search("^ *targets = ", code, re.MULTILINE):
            dna = names["dna"] if "dna = " in code else names["row"]["dna_sequence"][0].as_py()
            np.testing.assert_array_equal(names["targets"], blocks[dna].targets)
        if "combined, mrna = " in code:
            np.testing.assert_array_equal(names["mrna"], names["targets"][:, 6:])
    assert len(snippets(published)) == 11
    said = capsys.readouterr().out
    # by hand, from the catalogue: the shortest chromosome of train is 2 of sim-ensembl, 95,454 bp in two blocks
    assert [json.loads(text)["genome"] for text in names["of_genome"]["metadata"]] == ["sim-ensembl"] * 6
    assert "6 blocks\n" in said
    human = sorted(path for path in published.glob("data/train/*/*"))
    assert sorted(map(str, human)) == sorted(str(published / path) for path in names["files"])
    whole = [read_block(path) for path in sorted(published.glob("data/train/*/sim-ensembl~2~*"))]
    assert names["chromosome_dna"] == "".join(block.dna for block in whole)
    np.testing.assert_array_equal(names["chromosome_mrna"], np.concatenate([block.targets for block in whole])[:, 6:])
    assert len(list(names["rows"])) == 13
    assert "['sim-ensembl', 'sim-gencode']" in said
    assert "sim-ensembl 1 0 60000 (60000, 12)" in said
    assert "│ train      │ sim-gencode │" in said


# --- Loading it by `datasets` ---


def test_a_plain_load_of_the_preview(published, cache):
    loaded = load_dataset(str(published), "preview")
    assert {split: rows.num_rows for split, rows in loaded.items()} == {"train": 4, "validation": 1, "test": 2}
    for split, rows in loaded.items():
        stored = [read_block(path) for path in sorted(published.glob(f"preview/{split}/*"))]
        assert [json.loads(text) for text in rows["metadata"]] == [window.metadata for window in stored]
        for row, window in zip(rows, stored, strict=True):
            assert row["dna_sequence"] == window.dna
            np.testing.assert_array_equal(np.asarray(row["targets"], np.float32), window.targets)


def test_stated_sizes_are_those_of_datasets(published, cache):
    """The cache that a config takes is stated before anybody fills a disk with it."""
    stated = {split["name"]: split["num_bytes"] for split in front_matter(published)["dataset_info"][1]["splits"]}
    for split, rows in load_dataset(str(published), "preview").items():
        written = sum(Path(file["filename"]).stat().st_size for file in rows.cache_files)
        assert stated[split] == pytest.approx(written, rel=0.01)


def test_batches_written_by_the_card_s_way_hold_one_row(published, cache):
    """A batch of several full blocks is what runs into 2^31 - 1 values; `make slow` loads twenty full blocks."""
    (call,) = re.findall(r"load_dataset\(DATASET, writer_batch_size=\d+\)", (published / "README.md").read_text())
    loaded = eval(call, {"load_dataset": load_dataset, "DATASET": str(published)})
    batches = [batch.num_rows for rows in loaded.values() for batch in rows.data.table.to_batches()]
    assert batches == [1] * BLOCKS


def test_the_card_s_filter_reads_nothing_but_metadata(published, cache, monkeypatch):
    """Without `input_columns` each full block would be decoded to Python objects for it."""
    loaded = load_dataset(str(published), writer_batch_size=1)["train"]
    decoded = []
    monkeypatch.setattr(Features, "decode_example", lambda *_, **__: decoded.append("row"))
    seen = []

    def is_of_genome(metadata):
        seen.append(type(metadata))
        return json.loads(metadata)["genome"] == "sim-ensembl"

    assert 'filter(is_of_genome, input_columns=["metadata"])' in (published / "README.md").read_text()
    assert loaded.with_format(None).filter(is_of_genome, input_columns=["metadata"]).num_rows == 6
    assert set(seen) == {str}
    assert not decoded


def test_all_blocks_come_by_streaming(published, cache):
    streamed = load_dataset(str(published), split="validation", streaming=True).with_format("arrow")
    stored = [read_block(published / row["path"]) for row in index_of(published) if row["split"] == "validation"]
    for row, block in zip(streamed, stored, strict=True):
        assert row.num_rows == 1
        assert row["dna_sequence"][0].as_py() == block.dna
        values = row["targets"].combine_chunks().flatten().flatten().to_numpy()
        np.testing.assert_array_equal(values.reshape(-1, 12), block.targets)
    assert not list(cache.rglob("*.arrow"))


def test_names_that_are_spelt_otherwise_in_paths_load(dataset, published, tmp_path, cache):
    """A chromosome of the HLA: its name has a star and a colon."""
    (path,) = block_paths([("train", "hg38", "HLA-A*01:01", 0)])
    copy = tmp_path / "strange"
    (copy / path).parent.mkdir(parents=True)
    shutil.copy(next(published.glob("preview/train/*")), copy / path)
    (copy / "README.md").write_text((published / "README.md").read_text().split("- split: validation")[0] + "---\n")
    assert load_dataset(str(copy), split="train", streaming=True).take(1).num_shards == 1
    assert len(list(load_dataset(str(copy), split="train", streaming=True))) == 1


# --- Croissant, SQL ---


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated", "ignore:The inplace keyword")
def test_mlcroissant_takes_it_and_reads_the_preview(published):
    described = mlcroissant.Dataset(str(published / "croissant.json"))
    assert not described.metadata.ctx.issues.errors
    assert {record_set.id for record_set in described.metadata.record_sets} == {"default", "preview"}
    assert described.metadata.file_objects[0].sha256 in (published / "SHA256SUMS").read_text()
    stored = [read_block(path) for path in sorted(published.glob("preview/*/*"))]
    records = list(described.records("preview"))
    assert [record["preview/split"].decode() for record in records] == [window.metadata["split"] for window in stored]
    assert [record["preview/dna_sequence"].decode() for record in records] == [window.dna for window in stored]
    np.testing.assert_array_equal(np.array(records[0]["preview/targets"], np.float32), stored[0].targets)


def test_catalog_sql_knows_where_blocks_are_in_a_release_and_leaves_out_what_it_lacks(published):
    text = (published / "dataset" / "catalog.sql").read_text()
    assert "'/data/*/*/'" in text
    assert "'/blocks/" not in text
    assert not re.search(r'create or replace (view|macro) "?(segments|target_runs|lineage|input_files)\b', text)
    assert "  dataset/catalog.sql\n" in (published / "SHA256SUMS").read_text()
    with duckdb.connect() as connection:
        connection.execute("set variable root = ?", [str(published)])
        connection.execute(text)
        assert connection.execute("select count(*) from stored_blocks").fetchall() == [(BLOCKS,)]


def test_the_platform_s_own_catalog_sql_answers_in_a_release(published):
    text = (published / "dataset" / "catalog.sql").read_text()
    defined = re.findall(r'create or replace (view|macro) "?(\w+)', text)
    assert {"blocks", "chromosomes", "transcripts", "stored_blocks", "dna"} <= {name for _, name in defined}
    block = read_block(published / index_of(published)[1]["path"])
    with duckdb.connect() as connection:
        connection.execute("set variable root = ?", [str(published)])
        connection.execute(text)
        for kind, name in defined:
            if kind == "view":
                assert connection.execute(f'select count(*) from "{name}"').fetchall() > [(0,)]
        said = [block.metadata[key] for key in ("genome", "chrom", "start", "end")]
        (dna,) = connection.execute("select dna(?, ?, ?, ?)", said).fetchall()[0]
        assert dna == block.dna


# --- The commands and the asset ---


@pytest.fixture
def run(dataset):
    def running(*arguments, root=dataset.root):
        return CliRunner(env={"GENATATOR_ROOT": str(root), "HF_TOKEN": ""}).invoke(main, list(map(str, arguments)))

    return running


def test_the_command_makes_the_release_and_says_what_is_in_it(run, published, tmp_path):
    done = run("release", "--to", tmp_path / "mine")
    assert (done.exit_code, done.stderr) == (0, "")
    assert files_of(tmp_path / "mine") == files_of(published)
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in done.stdout.splitlines() if "│" in line]
    counted = {part: int(files) for part, files, _ in rows}
    assert counted == {
        "data/train": 13,
        "data/validation": 2,
        "data/test": 6,
        "preview": 7,
        "card and tables": 32,
        "all": 60,
    }
    assert str(tmp_path / "mine") in done.stdout
    assert "hard links" in done.stdout


def test_the_command_refuses_without_a_traceback(run, tmp_path):
    done = run("release", "--to", tmp_path / "mine", root=tmp_path / "nothing")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "blocks.parquet does not exist" in done.stderr
    assert not (tmp_path / "nothing").exists()


def test_the_command_does_not_release_what_is_being_built(run, layout, tmp_path):
    with only_writer(layout.root):
        done = run("release", "--to", tmp_path / "mine", root=layout.root)
    assert (done.exit_code, done.stdout) == (2, "")
    assert re.search(r"another build writes to .*; wait for it", done.stderr, re.DOTALL)
    assert not (tmp_path / "mine").exists()


@pytest.mark.filterwarnings("ignore:Parameter `backfill_policy`", "ignore:Function `.*BackfillPolicy")
def test_the_job_materialises_the_release(dataset, layout, published):
    settings = Settings(str(dataset.root.parent / "catalogue.yaml"), layout.root)
    job = build_definitions(settings).resolve_job_def("make_release")
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance)
        event = instance.get_latest_materialization_events([dg.AssetKey("release")])[dg.AssetKey("release")]
    assert result.success
    shown = event.asset_materialization.metadata
    assert shown["dagster/uri"].value == str(layout.release)
    assert shown["files"].value == f"{len(files_of(published)):,}"
    assert shown["card"].value.lstrip().startswith("# small")
    assert "| data/train | 13 |" in shown["parts"].value


# --- Sending it to the hub ---


class Client:
    """Takes the place of huggingface_hub's client; calls must be ones that the real client takes."""

    def __init__(self):
        self.calls = []

    def __call__(self):
        return self

    def __getattr__(self, name):
        real = inspect.signature(getattr(huggingface_hub.HfApi, name))

        def call(*args, **kwargs):
            real.bind(self, *args, **kwargs)
            self.calls.append((name, args, kwargs))
            return "https://huggingface.co/datasets/lab/small"

        return call


@pytest.fixture
def client(monkeypatch):
    stub = Client()
    monkeypatch.setattr(hub, "HfApi", stub)
    monkeypatch.setattr(hub, "get_token", lambda: "hf_secret")
    return stub


def test_push_only_says_what_it_would_send(run, client, published):
    done = run("push", published, "lab/small")
    assert (done.exit_code, done.stderr, client.calls) == (0, "", [])
    assert "nothing was sent; to send it, add --yes" in done.stdout
    assert "lab/small" in done.stdout
    assert re.search(r"data/train +│ 13 +│ \d+\.\d kB", done.stdout)
    total = sum(len(content) for content in files_of(published).values())
    assert f"│ all             │ 60    │ {total / 1000:.1f} kB │" in done.stdout


def test_push_sends_the_folder_to_a_private_repository(run, client, published):
    done = run("push", published, "lab/small", "--yes")
    assert (done.exit_code, done.stderr) == (0, "")
    (created, named, how), (uploaded, _, what) = client.calls
    assert (created, named, how) == (
        "create_repo",
        ("lab/small",),
        {"repo_type": "dataset", "private": True, "exist_ok": True},
    )
    assert uploaded == "upload_folder"
    assert (what["repo_id"], what["repo_type"], what["folder_path"]) == ("lab/small", "dataset", published)
    assert "sent to https://huggingface.co/datasets/lab/small" in done.stdout
    assert "hf_secret" not in done.output
    assert "token" not in what


def test_push_deletes_only_what_an_earlier_release_put_there(run, client, published):
    run("push", published, "lab/small", "--yes")
    patterns = client.calls[-1][2]["delete_patterns"]
    present = ["data/train/part-00009/old.parquet", "preview/test/x.parquet", "LICENSE", ".gitattributes", "notes/a.md"]
    gone = list(huggingface_hub.utils.filter_repo_objects(present, allow_patterns=patterns))
    assert gone == ["data/train/part-00009/old.parquet", "preview/test/x.parquet"]
    own = [path for path in files_of(published) if "/" in path]
    assert list(huggingface_hub.utils.filter_repo_objects(own, allow_patterns=patterns)) == own


def test_push_needs_a_token(run, client, published, monkeypatch):
    monkeypatch.setattr(hub, "get_token", lambda: None)
    done = run("push", published, "lab/small", "--yes")
    assert (done.exit_code, client.calls) == (2, [])
    assert "set HF_TOKEN, or log in by 'hf auth login'" in done.stderr


def test_push_says_what_the_hub_said(run, client, published, monkeypatch):
    def fail(**_):
        raise ConnectError("no route to the hub")

    monkeypatch.setattr(client, "upload_folder", fail, raising=False)
    done = run("push", published, "lab/small", "--yes")
    assert done.exit_code == 2
    assert "did not take all of it (no route to the hub)" in done.stderr
    assert "the same command goes on where it was" in done.stderr


@pytest.mark.parametrize(
    ("repo_id", "message"),
    [
        ("small", "does not say whose repository it is; expected owner/name"),
        ("lab/a/b", "is not the name of a repository"),
        ("lab/a--b", "is not the name of a repository"),
        ("datasets/../x", "is not the name of a repository"),
    ],
)
def test_push_refuses_what_is_no_repository(run, client, published, repo_id, message):
    done = run("push", published, repo_id)
    assert (done.exit_code, client.calls) == (2, [])
    assert message in done.stderr


def truncated(folder):
    path = folder / index_of(folder)[0]["path"]
    content = path.read_bytes()[:-1]
    path.unlink()  # the release's name alone: the root's file stays
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "SHA256SUMS").unlink(), "holds no release: found no SHA256SUMS"),
        (lambda folder: (folder / "croissant.json").unlink(), "lacks croissant.json"),
        (lambda folder: (folder / "data" / "secrets.env").write_text("x"), "also holds data/secrets.env"),
        (truncated, "has in another size than it should data/train/part-00000/sim-gencode~chr1~0000000000.parquet"),
    ],
)
def test_push_refuses_what_is_no_whole_release(run, client, dataset, tmp_path, damage, message):
    folder = release(dataset.layout, tmp_path / "release").folder
    damage(folder)
    done = run("push", folder, "lab/small", "--yes")
    assert (done.exit_code, client.calls) == (2, [])
    assert message in done.stderr


def test_push_says_how_to_install_what_it_needs(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    monkeypatch.delitem(sys.modules, "genatator_assets.release.hub")
    with pytest.raises(GenatatorError, match=r"pip install 'genatator-assets\[hub\]'"):
        importlib.import_module("genatator_assets.release.hub")


def test_index_of_the_release_is_a_table_of_the_platform(published):
    """What opens a dataset by its index finds the blocks by paths relative to the release."""
    table = pq.ParquetFile(published / "dataset" / "blocks.parquet").read()
    assert table.schema.field("path").type == pa.string()
    said = json.loads(table.schema.metadata[b"genatator_assets.parameters"])
    assert said["dataset"] == "small"
