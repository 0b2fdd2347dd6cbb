"""What the published trainer makes of a dataset, by its rules for files and windows and the config in docs/training.md.

The rules are written here anew, from what its loader does; none of its code is here.
"""

import json
import re
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from blockfiles import read_block
from datasets import load_dataset

import genatator_assets as ga
from genatator_assets.release import release

PAGE = (Path(__file__).resolve().parents[1] / "docs/training.md").read_text()
CONFIG = json.loads(re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)[1])
GROUPS = {"primary": [0, 1, 2, 3], "mrna": [6, 7, 8, 9]}


@pytest.fixture(scope="module")
def folders(dataset, tmp_path_factory):
    """The folders that `path` may be, by what they are."""
    folder = tmp_path_factory.mktemp("trainer") / "release"
    release(dataset.layout, folder)
    return {"root": dataset.root, "blocks": dataset.root / "blocks", "release": folder}


class TrainerError(Exception):
    """What stops the trainer."""


def files_of(config):
    """The files that it takes: of a split's folder, or else all that there are."""
    path, split = Path(config["path"]), config["split"]
    for folder in (path / "data" / split, path / split, path):
        if found := sorted(folder.rglob("*.parquet")):
            return found
    raise TrainerError("no files")


def chromosomes_of(config):
    """Its index: the blocks of each chromosome by their starts, of which it reads `metadata` alone."""
    found = {}
    for path in files_of(config):
        if missing := sorted({"dna_sequence", "targets", "metadata"} - set(pq.read_schema(path).names)):
            raise TrainerError(f"Finding parquet {path} is missing columns: {missing}")
        (text,) = pq.ParquetFile(path).read(columns=["metadata"])["metadata"].to_pylist()
        said = json.loads(text)
        if not config["genomes"] or said["genome"] in config["genomes"]:
            found.setdefault((said["genome"], said["chrom"]), []).append((said["start"], said["end"], path))
    return {key: sorted(blocks) for key, blocks in found.items()}


def assembled(blocks):
    """A chromosome's DNA and targets; blocks must follow one another."""
    assert [start for start, _, _ in blocks[1:]] == [end for _, end, _ in blocks[:-1]]
    read = [read_block(path) for _, _, path in blocks]
    return "".join(block.dna for block in read), np.concatenate([block.targets for block in read])


def windows_of(length, config):
    size = int(config["max_bpe_tokens"] * config["average_bpe_token_length"])
    starts = range(0, length, max(1, int(size * (1 - config["overlap"]))))
    ends = [min(length, start + size) for start in starts]
    last = ends.index(length)
    return list(zip(starts, ends, strict=True))[: last + 1]


@pytest.mark.parametrize("kind", ["blocks", "release"])
@pytest.mark.parametrize("part", ["train_dataset", "eval_dataset"])
def test_the_config_of_the_page_gives_the_trainer_our_windows(dataset, folders, kind, part):
    config = {**CONFIG[part], "path": folders[kind]}
    ds = ga.open_dataset(dataset.root)
    chromosomes = chromosomes_of(config)
    assert set(chromosomes) == {(one.genome, one.chrom) for one in ds.chromosomes(config["split"])}
    ours = list(ds.windows(36_864, overlap=0.5, split=config["split"]))
    columns = GROUPS[config["target_group"]]
    seen = []
    for (genome, chrom), blocks in sorted(chromosomes.items()):
        dna, targets = assembled(blocks)
        for start, end in windows_of(len(dna), config):
            window = ds.window(genome, chrom, start, end, channels="combined")
            assert window.dna == dna[start:end]
            np.testing.assert_array_equal(window.targets[:, :4], targets[start:end, columns])
            seen.append(window.interval)
    assert seen == ours


def test_given_a_genome_the_trainer_takes_that_alone(folders):
    config = {**CONFIG["train_dataset"], "path": folders["release"], "genomes": ["sim-ensembl"]}
    assert set(chromosomes_of(config)) == {("sim-ensembl", "1"), ("sim-ensembl", "2")}


def test_given_the_root_the_trainer_says_what_the_page_says(folders):
    config = {**CONFIG["train_dataset"], "path": folders["root"]}
    with pytest.raises(TrainerError) as raised:
        chromosomes_of(config)
    told = re.search(r"`(Finding parquet .*)`", PAGE)[1]
    assert re.fullmatch(re.escape(told).replace(re.escape("..."), ".*"), str(raised.value))


@pytest.mark.parametrize(("kind", "pattern"), [("blocks", "{}/**/*.parquet"), ("release", "data/{}/part-*/*.parquet")])
def test_the_published_card_s_way_of_loading_works(folders, kind, pattern, tmp_path, monkeypatch):
    """Files by their pattern, a row as lists, the genomes, one of them, and a chromosome put together."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path))
    files = {split: str(folders[kind] / pattern.format(split)) for split in ("validation", "test")}
    loaded = load_dataset("parquet", data_files=files)
    assert {split: rows.num_rows for split, rows in loaded.items()} == {"validation": 2, "test": 6}
    row = loaded["validation"][0]
    assert set(row) == {"dna_sequence", "targets", "metadata"}
    assert np.asarray(row["targets"], dtype=np.float32).shape == (len(row["dna_sequence"]), 12)
    own = loaded["test"].filter(lambda row: json.loads(row["metadata"])["chrom"] == "NC_903002.1")
    ordered = sorted(own, key=lambda row: json.loads(row["metadata"])["start"])
    ds = ga.open_dataset(folders["release"])
    whole = ds.chromosome("sim-refseq", "NC_903002.1")
    assert "".join(row["dna_sequence"] for row in ordered) == whole.dna
    targets = np.concatenate([np.asarray(row["targets"], dtype=np.float32) for row in ordered])
    np.testing.assert_array_equal(targets, whole.targets)
