"""Interval datasets, as the acceptance cases have them and as the documented commands make them."""

import gzip
import hashlib
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pysam
import pytest
import torch
from click.testing import CliRunner, Result
from webserver import web_server

from genatator_assets.cli import main
from genatator_assets.errors import BedError
from genatator_assets.intervals.basset import read_basset_list
from genatator_assets.intervals.beds import choose_chromosomes
from genatator_assets.intervals.labels import label_columns
from genatator_assets.intervals.lists import read_bed_list
from genatator_assets.intervals.splits import split_counts
from genatator_assets.regions.merge import merge_overlapping
from genatator_assets.regions.one_hot import one_hot, one_hot_table

PARTS = ("training", "validation", "test")


def run(*arguments: object) -> Result:
    """Run `genatator-assets intervals` in this process."""
    return CliRunner().invoke(main, ["intervals", *map(str, arguments)])


def counts_of(result: Result) -> dict[str, str]:
    """Return the counts of the last line."""
    return dict(word.split("=", 1) for word in result.stdout.splitlines()[-1].split())


# The acceptance cases


@pytest.fixture(scope="module")
def fixtures(data: Path) -> Path:
    return data.parent / "fixtures" / "intervals"


@pytest.fixture(scope="module")
def cases(fixtures: Path) -> dict[str, SimpleNamespace]:
    listed = json.loads((fixtures / "index.json").read_text())["cases"]
    empty = {"options": {}, "options_split": {}, "rows": None, "rows_sha256": None, "tables": None, "sizes": None}
    return {case["id"]: SimpleNamespace(**{**empty, **case}) for case in listed}


@pytest.fixture(scope="module")
def of_method(cases: dict[str, SimpleNamespace]) -> Callable[[str], list[SimpleNamespace]]:
    return lambda method: [case for case in cases.values() if case.method == method]


@pytest.fixture(scope="module")
def place(data: Path, fixtures: Path) -> Callable[[str], Path]:
    """Return the path that a case names."""

    def found(name: str) -> Path:
        kind, _, path = name.partition(":")
        return data / path if kind == "data" else fixtures / "inputs" / path

    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("intervals")


@pytest.fixture(scope="module")
def synthetic(folder: Path) -> Path:
    """The FASTA file of the cases' recipe, bgzip with its indexes."""
    rng, letters = np.random.Generator(np.random.PCG64(7)), np.frombuffer(b"ACGTacgtN", np.uint8)
    with (folder / "synthetic.fa").open("wb") as handle:
        for chrom, length in (("chr1", 11_110_450), ("chr2", 5_000), ("chr3", 2_500)):
            sequence = letters[rng.integers(0, 9, length)].tobytes()
            lines = b"\n".join(sequence[start : start + 60] for start in range(0, length, 60))
            handle.write(b">" + chrom.encode() + b"\n" + lines + b"\n")
    return packed(folder / "synthetic.fa")


@pytest.fixture(scope="module")
def yeast(data: Path, folder: Path) -> Path:
    """Yeast's genome, bgzip with its indexes."""
    given = data / "yeast_R64" / "refseq" / "GCF_000146045.2_R64_genomic.fna.gz"
    (folder / "yeast.fa").write_bytes(gzip.decompress(given.read_bytes()))
    return packed(folder / "yeast.fa")


def packed(fasta: Path) -> Path:
    path = fasta.with_name(fasta.name + ".gz")
    pysam.tabix_compress(str(fasta), str(path))
    pysam.faidx(str(path))
    return path


@pytest.fixture(scope="module")
def document(data: Path, synthetic: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the document has it: data/ with lists and BED files, and hg19.fa.gz with its indexes."""
    folder = tmp_path_factory.mktemp("document")
    shutil.copytree(data / "basset_gip_janggu" / "genomic_interval_pipeline", folder / "data")
    for suffix in ("", ".fai", ".gzi"):
        (folder / f"hg19.fa.gz{suffix}").symlink_to(synthetic.with_name(synthetic.name + suffix))
    return folder


def listed(path: Path, beds: list[Path], labels: list[object] | None = None) -> Path:
    """Write a list of BED files as genomic_interval_pipeline has it."""
    behind = labels or [""] * len(beds)
    path.write_text("".join(f"{bed} {label}".rstrip() + "\n" for bed, label in zip(beds, behind, strict=True)))
    return path


def options_of(case: SimpleNamespace) -> list[str]:
    spelled = {**case.options, **case.options_split}
    exclusive = ["--exclusive"] if spelled.pop("exclusive", False) else []
    return exclusive + [word for name, value in spelled.items() for word in (f"--{name}", str(value))]


def sha256(array: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).astype(np.uint8).tobytes()).hexdigest()


GIP = ["default", "exclusive", "length-601", "length-1000"]
GIP += ["min_overlap-50", "min_overlap-1", "min_overlap-501", "ends-shift", "ends-drop"]
GIP_CASES = [
    *(f"gip-sample-{name}" for name in GIP),
    *("gip-yeast-chromosomes-all", "gip-yeast-chromosomes-all-min_overlap-100-length-500-exclusive-True", "gip-yeast"),
    *(
        "gip-hg19",
        "gip-hg19-min_overlap-100",
        "gip-hg19-min_overlap-50-length-1000-ends-shift",
        "gip-hg19-exclusive-True",
    ),
]


@pytest.fixture(scope="module")
def genome_of(synthetic: Path, yeast: Path, place: Callable[[str], Path]) -> Callable[[SimpleNamespace], list[object]]:
    """Return the options that give a case its genome."""

    def found(case: SimpleNamespace) -> list[object]:
        if case.fasta is None:
            return ["--sizes", place(case.sizes)]
        return ["--fasta", synthetic if case.fasta == "recipe:synthetic" else yeast]

    return found


@pytest.mark.parametrize("name", GIP_CASES)
def test_regions_and_counts_are_those_of_the_case(name, cases, place, genome_of, tmp_path):
    case = cases[name]
    beds = listed(tmp_path / "list.txt", [place(bed) for bed in case.beds])
    bed = tmp_path / "regions.bed"
    result = run("-i", beds, *genome_of(case), "--regions-only", bed, *options_of(case))
    written = bed.read_text() if bed.exists() else ""
    if case.rows is not None:
        rows = [
            [chrom, int(start), int(end), json.loads(f"[{columns}]")]
            for chrom, start, end, columns in map(str.split, written.splitlines())
        ]
        assert rows == case.rows
    else:
        assert hashlib.sha256(written.encode()).hexdigest() == case.rows_sha256
    kept = len(written.splitlines())
    assert (result.exit_code, bed.exists()) == ((0, True) if kept else (1, False)), result.output
    counts = counts_of(result)
    expected = {**case.counts, "passed_over": sum(case.counts["skipped"].values()), "kept": kept}
    assert {key: int(counts[key]) for key in expected if key != "skipped"} == {
        key: value for key, value in expected.items() if key != "skipped"
    }
    for chrom, count in list(case.counts["skipped"].items())[:40]:
        assert f"{chrom} {count:,}" in result.stderr


@pytest.mark.parametrize("name", [name for name in GIP_CASES if "hg19" not in name and name != "gip-yeast"])
def test_the_six_tables_are_those_of_the_case(name, cases, place, genome_of, tmp_path):
    case = cases[name]
    beds = listed(tmp_path / "list.txt", [place(bed) for bed in case.beds])
    result = run("-i", beds, *genome_of(case), "-o", tmp_path / "made", *options_of(case))
    assert result.exit_code == 0, result.output
    with h5py.File(tmp_path / "made.h5") as file:
        for table, expected in case.tables.items():
            found = file[table][:]
            assert (found.dtype, list(found.shape)) == (np.uint8, expected["shape"])
            assert found.reshape(-1, found.shape[-1]).sum(axis=0).tolist() == expected["columns"]
            assert sha256(found) == expected["sha256"]
        lengths = {part: len(file[f"{part}_labels"]) for part in PARTS}
    counts = counts_of(result)
    assert {part: int(counts[part]) for part in PARTS} == lengths


def test_merging_is_that_of_the_cases(of_method):
    for case in of_method("merge"):
        start, end, column = (np.array(side) for side in zip(*case.intervals, strict=True))
        groups = merge_overlapping(start, end, case.min_overlap)
        found = [
            [int(groups.start[number]), int(groups.end[number]), sorted({*column[groups.of == number].tolist()})]
            for number in range(len(groups))
        ]
        assert found == case.merged, case.id


def test_label_columns_are_those_of_the_cases(of_method, document, monkeypatch):
    monkeypatch.chdir(document)
    for case in of_method("labels"):
        columns = label_columns(case.labels)
        assert (list(columns.of), list(columns.names)) == (case.columns, case.names), case.id
        if hasattr(case, "metadata"):
            files = read_bed_list(Path("data") / Path(case.metadata).name)
            assert [file.label for file in files] == case.labels


def test_one_hot_columns_are_those_of_the_case(of_method):
    (case,) = of_method("one_hot")
    letters = np.frombuffer(case.sequence.encode(), np.uint8)[None]
    for alphabet in ("ACTG", "ACGT"):
        assert one_hot(letters, one_hot_table(alphabet))[0].tolist() == getattr(case, alphabet)


def test_rounding_to_batches_is_right_where_bassets_is_not(of_method):
    for case in of_method("counts"):
        assert list(split_counts(case.n, case.test, case.valid, case.batch)) == case.expected, case.id


# Basset's two steps


@pytest.fixture(scope="module")
def yeast_sizes(yeast: Path, folder: Path) -> Path:
    sizes = folder / "yeast.sizes"
    fai = yeast.with_name(yeast.name + ".fai").read_text()
    sizes.write_text("".join("\t".join(line.split("\t")[:2]) + "\n" for line in fai.splitlines()))
    return sizes


def basset_list(path: Path, beds: list[Path]) -> Path:
    path.write_text("".join(f"{bed.name}\t{bed}\n" for bed in beds))
    return path


def basset_rows(bed: Path) -> str:
    """Return the hash of features, ordered as the cases have them."""
    split = (line.split("\t") for line in bed.read_text().splitlines())
    ordered = sorted((chrom, int(start), int(end), strand, active) for chrom, start, end, _, _, strand, active in split)
    text = "".join("\t".join(map(str, row)) + "\n" for row in ordered)
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("name", ["basset-hg19", "basset-hg19i", "basset-sample", "basset-yeast"])
def test_features_are_those_of_basset(name, cases, place, yeast_sizes, tmp_path):
    case = cases[name]
    sizes = yeast_sizes if case.sizes == "from the FASTA" else place(case.sizes)
    flags = {"size": "-s", "merge_overlap": "-m", "ignore_auxiliary": "-i", "ignore_y": "-y"}
    options = [word for key, value in case.options.items() for word in (flags[key], value) if word is not True]
    beds = basset_list(tmp_path / "list.txt", [place(bed) for bed in case.beds])
    result = run("basset-features", "-c", sizes, *options, "-o", tmp_path / "features", beds)
    assert result.exit_code == 0, result.output
    made = tmp_path / "features.bed"
    if case.rows:
        rows = [line.split("\t") for line in made.read_text().splitlines()]
        assert [[row[0], int(row[1]), int(row[2]), row[5], json.loads(f"[{row[6]}]")] for row in rows] == case.rows
    else:
        assert basset_rows(made) == case.rows_sha256
    table = (tmp_path / "features_act.txt").read_text().splitlines()
    assert len(table) == 1 + len(made.read_text().splitlines())
    assert table[0].split("\t") == ["", *(place(bed).name for bed in case.beds)]
    for line, row in list(zip(made.read_text().splitlines(), table[1:], strict=True))[::37]:
        chrom, start, end, _, _, strand, active = line.split("\t")
        name_of_row, *values = row.split("\t")
        assert name_of_row == f"{chrom}:{start}-{end}({strand})"
        assert [str(number) for number, value in enumerate(values) if value == "1"] == active.split(",")


@pytest.mark.parametrize("name", ["basset-yadd", "basset-yaddn"])
def test_features_are_added_to_a_database_as_basset_adds_them(name, cases, place, yeast_sizes, tmp_path):
    case = cases[name]
    common = ("-c", yeast_sizes, "-s", case.options["size"], "-m", case.options["merge_overlap"])
    old = basset_list(tmp_path / "old.txt", [place(bed) for bed in case.database_beds])
    new = basset_list(tmp_path / "new.txt", [place(bed) for bed in case.beds])
    assert run("basset-features", *common, "-o", tmp_path / "old", old).exit_code == 0
    activities = ["-n"] if case.no_db_activity else ["-a", tmp_path / "old_act.txt"]
    result = run("basset-features", *common, *activities, "--add", tmp_path / "old.bed", "-o", tmp_path / "both", new)
    assert result.exit_code == 0, result.output
    assert basset_rows(tmp_path / "both.bed") == case.rows_sha256


@pytest.fixture(scope="module")
def yeast_features(cases, place, yeast_sizes, folder) -> Path:
    """Features of yeast and their table, in the order in which the case has them; returns the prefix of both."""
    case = cases["basset-yeast"]
    beds = basset_list(folder / "yeast.txt", [place(bed) for bed in case.beds])
    run("basset-features", "-c", yeast_sizes, "-s", 500, "-m", 100, "-o", folder / "features", beds)
    header, *rows = (folder / "features_act.txt").read_text().splitlines()
    by_id = {row.split("\t")[0]: row for row in rows}
    split = (line.split("\t") for line in (folder / "features.bed").read_text().splitlines())
    places = sorted((chrom, int(start), int(end), strand) for chrom, start, end, _, _, strand, _ in split)
    ids = [f"{chrom}:{start}-{end}({strand})" for chrom, start, end, strand in places]
    (folder / "ordered_act.txt").write_text("\n".join([header, *(by_id[one] for one in ids)]) + "\n")
    with pysam.FastaFile(str(folder / "yeast.fa.gz")) as genome, (folder / "ordered.fa").open("w") as handle:
        for one, (chrom, start, end, strand) in zip(ids, places, strict=True):
            bases = genome.fetch(chrom, start, end)
            turned = bases.translate(str.maketrans("ACGTacgt", "TGCAtgca"))[::-1]
            print(f">{one}\n{bases if strand == '+' else turned}", file=handle)
    return folder / "ordered"


@pytest.mark.parametrize("source", ["features", "genome"])
def test_bassets_hdf5_has_the_tables_that_its_script_means(source, cases, yeast, yeast_features, tmp_path):
    expected = cases["basset-yeast"].seq_hdf5
    table = yeast_features.with_name("ordered_act.txt")
    fasta = yeast_features.with_suffix(".fa") if source == "features" else yeast
    result = run("basset-hdf5", "-t", 0.1, "-v", 0.1, fasta, table, tmp_path / "made.h5")
    assert result.exit_code == 0, result.output
    with h5py.File(tmp_path / "made.h5") as file:
        for part in ("train", "valid", "test"):
            for side in ("in", "out"):
                found, wanted = file[f"{part}_{side}"], expected[f"{part}_{side}"]
                assert list(found.shape) == wanted["shape"]
                assert sha256(found[:]) == wanted["sha256"]
        headers = [header.decode() for header in file["test_headers"][: len(expected["test_headers"])]]
        assert headers == expected["test_headers"]
        assert file["target_labels"][:].tolist() == [
            b"tss.bed.gz",
            b"tes.bed.gz",
            b"ltr.bed.gz",
            b"origin.bed.gz",
            b"centromere_telomere.bed.gz",
        ]


def test_sequences_are_padded_and_trimmed_in_the_middle_and_validation_may_be_test(tmp_path):
    (tmp_path / "a.fa").write_text(">x\nACGTA\nC\n>y\nGGG\n>z\nNNAC\n")
    (tmp_path / "act.txt").write_text("\tt1\tt2\nz\t0\t1\ny\t1\t1\nx\t0\t0\n")
    result = run(
        "basset-hdf5", "-c", "-v", 1, "--vt", "-e", 4, tmp_path / "a.fa", tmp_path / "act.txt", tmp_path / "a.h5"
    )
    assert result.exit_code == 0, result.output
    assert counts_of(result) == {"train": "2", "valid": "1", "test": "1", "file": str(tmp_path / "a.h5")}
    # numpy.random.RandomState(1).permutation(3) is 0, 2, 1: x and z are for training, y for validation
    with h5py.File(tmp_path / "a.h5") as file:
        decoded = [
            "".join("ACGT"[row.argmax()] if row.any() else "." for row in one[:, 0].T) for one in file["train_in"]
        ]
        assert decoded == ["CGTA", "..AC"]
        assert file["valid_in"][0, :, 0].T.tolist() == [[0, 0, 1, 0]] * 3 + [[0] * 4]
        assert file["train_out"][:].tolist() == [[0, 0], [0, 1]]
        assert (file["test_in"][:] == file["valid_in"][:]).all()
        assert file["test_headers"][:].tolist() == [b"y"]


@pytest.mark.parametrize(
    ("table", "fasta", "said"),
    [
        ("a\tb\n", ">x\nA\n", "a_act.txt:1: found 'a\\\\tb', expected a table of activities"),
        ("\tt\nx\t2\n", ">x\nA\n", "a_act.txt:2: found"),
        ("\tt\nx\t1\nx\t1\n", ">x\nA\n", "a_act.txt:3: the id 'x' stands twice"),
        ("\tt\n", ">x\nA\n", "found no rows"),
        ("\tt\nx\t1\n", ">x\nA\n>y\nA\n", "the sequence 'y' is not in the table"),
        ("\tt\nx\t1\ny\t1\n", ">x\nA\n", "found 1 sequences for 2 ids; 'y' is not there"),
        ("\tt\nx:1-2\t1\n", ">x\nA\n", "has no sequence 'x:1-2', nor one from which that could be cut"),
    ],
)
def test_tables_and_sequences_that_dont_go_together_are_refused(tmp_path, table, fasta, said):
    (tmp_path / "a_act.txt").write_text(table)
    (tmp_path / "a.fa").write_text(fasta)
    result = run("basset-hdf5", tmp_path / "a.fa", tmp_path / "a_act.txt", tmp_path / "a.h5")
    assert result.exit_code == 2
    assert re.search(said, result.stderr)
    assert not (tmp_path / "a.h5").exists()


# The documented commands


def test_the_documented_command_runs_as_printed(document):
    scripts = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]["scripts"]
    module, function = scripts["genomic_interval_pipeline"].split(":")
    words = shlex.split("genomic_interval_pipeline -i data/metadata.txt -f hg19.fa.gz -o small_dataset")
    script = f"from {module} import {function}; {function}()"
    done = subprocess.run(
        [sys.executable, "-c", script, *words[1:]], cwd=document, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    with h5py.File(document / "small_dataset.h5") as file:
        # the worked example of the rules: file 1 and file 2 share chr1:450-1050; chr2 and chr3 train by default
        labels = {
            tuple(coords): row.tolist()
            for coords, row in zip(file["training_coords"], file["training_labels"], strict=True)
        }
        assert labels[b"chr1", 450, 1050] == [1, 1]
        assert labels[b"chr1", 2200, 2800] == [1, 0]
        assert labels[b"chr1", 2900, 3500] == [0, 1]
        assert labels[b"chr3", 2200, 2800] == [0, 1]
        assert len(labels) == 6
        assert {name: file[name].shape[0] for name in file if name.startswith(("test", "validation"))} == {
            f"{part}_{table}": 0 for part in ("test", "validation") for table in ("sequences", "labels", "coords")
        }
        assert file.attrs["labels"].tolist() == [1, 2]
        assert file.attrs["alphabet"] == "ACTG"
        inputs = json.loads(file.attrs["inputs"])
        assert [(one["name"], one["sha256"]) for one in inputs[:2]] == [
            (name, hashlib.sha256((document / "data" / name).read_bytes()).hexdigest())
            for name in ("file1.bed.gz", "file2.bed.gz")
        ]
        assert inputs[2]["sha256"] == hashlib.sha256((document / "hg19.fa.gz").read_bytes()).hexdigest()


def test_coordinates_say_which_bases_a_row_holds(document, synthetic, tmp_path, monkeypatch):
    monkeypatch.chdir(document)
    run(
        "-i",
        "data/metadata.txt",
        "-f",
        "hg19.fa.gz",
        "-o",
        tmp_path / "a.h5",
        "--test_chr",
        "chr3",
        "--valid_chr",
        "chr2",
    )
    with h5py.File(tmp_path / "a.h5") as file, pysam.FastaFile(str(synthetic)) as genome:
        assert file["training_coords"].dtype == [("chrom", "S64"), ("start", "<i8"), ("end", "<i8")]
        for part in PARTS:
            for (chrom, start, end), row in zip(file[f"{part}_coords"], file[f"{part}_sequences"], strict=True):
                bases = genome.fetch(chrom.decode(), start, end).upper().ljust(end - start, "N")
                decoded = "".join("ACTG"[base.argmax()] if base.any() else "N" for base in row)
                assert decoded == bases


def test_the_same_inputs_give_the_same_bytes(document, tmp_path, monkeypatch):
    monkeypatch.chdir(document)
    for name in ("one", "two"):
        assert run("-i", "data/metadata.txt", "-f", "hg19.fa.gz", "-o", tmp_path / name).exit_code == 0
    assert (tmp_path / "one.h5").read_bytes() == (tmp_path / "two.h5").read_bytes()


@pytest.mark.parametrize("compression", ["lzf", "gzip"])
def test_compressed_sequences_are_the_same(document, tmp_path, monkeypatch, compression):
    monkeypatch.chdir(document)
    for name, options in (("plain", []), ("packed", ["--compression", compression])):
        run("-i", "data/metadata.txt", "-f", "hg19.fa.gz", "-o", tmp_path / name, *options)
    with h5py.File(tmp_path / "plain.h5") as plain, h5py.File(tmp_path / "packed.h5") as packed_file:
        assert packed_file["training_sequences"].compression == compression
        assert (plain["training_sequences"][:] == packed_file["training_sequences"][:]).all()


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        (["-e"], 4),
        (["--exclusive", "true"], 4),
        (["--exclusive", "false"], 6),
        (["--min-overlap", "501"], 8),
        (["-m", "501", "--test-chr", "chr3", "--valid-chr", "chr2"], 8),
        (["-l", "100", "--loglevel", "OFF"], 6),
    ],
)
def test_options_are_spelled_in_every_documented_way(document, tmp_path, monkeypatch, options, kept):
    monkeypatch.chdir(document)
    result = run("-i", "data/metadata.txt", "--fastq", "hg19.fa.gz", "-o", tmp_path / "a", *options)
    assert result.exit_code == 0, result.output
    assert counts_of(result)["kept"] == str(kept)
    assert bool(result.stderr) != ("OFF" in options)


def test_files_with_one_label_share_a_column(document, tmp_path, monkeypatch):
    monkeypatch.chdir(document)
    result = run("-i", "data/metadata_custom.txt", "-f", "hg19.fa.gz", "-o", tmp_path / "a")
    assert counts_of(result)["label_1"] == "6"
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["training_labels"][:].tolist() == [[1]] * 6


def test_columns_of_numeric_labels_are_in_the_order_of_the_numbers(document, tmp_path):
    beds = [document / "data" / f"file{number}.bed.gz" for number in (1, 2)]
    listed(tmp_path / "list.txt", beds, [5, 1])
    result = run("-i", tmp_path / "list.txt", "-f", document / "hg19.fa.gz", "-o", tmp_path / "a", "-e")
    with h5py.File(tmp_path / "a.h5") as file:
        assert file.attrs["labels"].tolist() == [1, 5]
        labels = {
            tuple(coords): row.tolist()
            for coords, row in zip(file["training_coords"], file["training_labels"], strict=True)
        }
    assert labels == {
        (b"chr1", 2200, 2800): [0, 1],
        (b"chr1", 2900, 3500): [1, 0],
        (b"chr1", 11109925, 11110525): [0, 1],
        (b"chr3", 2200, 2800): [1, 0],
    }
    assert counts_of(result)["label_5"] == "2"


# Made data: a genome of two chromosomes, and BED files for what real ones have


@pytest.fixture
def genome(tmp_path: Path) -> Path:
    """chr1 of 1,000 bp, all A but for one C at 500, and chrX of 300 bp, all G; no index beside it."""
    path = tmp_path / "genome.fa"
    path.write_text(f">chr1\n{'A' * 500}C{'A' * 499}\n>chrX\n{'G' * 300}\n")
    return path


@pytest.fixture
def make(genome: Path, tmp_path: Path) -> Callable[..., Result]:
    """Make a dataset `made.h5` of BED texts."""

    def made(*texts: str, options: tuple[object, ...] = ()) -> Result:
        beds = []
        for number, text in enumerate(texts):
            beds.append(tmp_path / f"{number}.bed")
            beds[-1].write_text(text)
        listed(tmp_path / "list.txt", beds)
        return run("-i", tmp_path / "list.txt", "-f", genome, "-o", tmp_path / "made", "-l", 10, "-m", 5, *options)

    return made


def tables(folder: Path) -> dict[str, np.ndarray]:
    with h5py.File(folder / "made.h5") as file:
        return {name: file[name][:] for name in file}


def test_nothing_is_written_where_no_region_is_left(make, tmp_path):
    result = make("chrX\t1\t50\n")
    assert result.exit_code == 1
    assert counts_of(result)["passed_over"] == "1"
    assert "chrX 1" in result.stderr
    assert "no region is left" in result.stderr
    assert not (tmp_path / "made.h5").exists()


def test_names_of_other_styles_mean_the_same_chromosomes(make, tmp_path):
    result = make("1\t495\t506\n", "chr1\t0\t4\n", options=("--chromosomes", "1,X"))
    assert result.exit_code == 0, result.output
    assert tables(tmp_path)["training_coords"].tolist() == [(b"chr1", 0, 10), (b"chr1", 495, 505)]
    assert tables(tmp_path)["training_sequences"][1].argmax(axis=1).tolist() == [0] * 5 + [1] + [0] * 4


def test_a_chromosome_that_the_genome_does_not_have_is_named(make):
    result = make("chr1\t1\t9\n", options=("--chromosomes", "chr1,chrY"))
    assert result.exit_code == 2
    assert "no sequence 'chrY' in the genome" in result.stderr


def test_rows_of_another_build_are_refused_by_line(make, tmp_path):
    result = make("chr1\t1\t9\nchr1\t1000\t1009\n")
    assert result.exit_code == 2
    said = "0.bed:2: chr1:1,000-1,009 lies behind the end of chr1 (1,000 bp), as 1 of 2 rows do"
    assert said in result.stderr.replace("\n", "")
    assert not (tmp_path / "made.h5").exists()


def test_few_rows_behind_the_end_are_passed_over_and_counted(make):
    inside = "".join(f"chr1\t{start}\t{start + 4}\n" for start in range(0, 995, 5))
    counts = counts_of(make(inside + "chr1\t998\t1004\nchr1\t1000\t1009\n"))
    assert (counts["read"], counts["outside"], counts["past_end"], counts["kept"]) == ("201", "1", "1", "200")


def test_a_file_is_the_same_in_pieces_of_any_size(make, tmp_path, monkeypatch):
    """Three chromosomes in turn, of which one is not wanted; then one malformed row and one past the end."""
    rows = [f"{('chr1', 'chrX', 'chr9')[at % 3]}\t{at}\t{at + 6}\t.\t0\t{'+-'[at % 2]}\n" for at in range(0, 300, 2)]
    rows[50], rows[99] = "chr1\tx\t7\n", "chrX\t300\t306\n"
    rows *= 2
    rows[150:] = [row.replace("chrX\t300", "chrX\t200").replace("\tx", "\t6") for row in rows[150:]]
    options = ("--chromosomes", "chrX,chr1", "--method", "basset", "--test_chr", "chr1")
    whole = counts_of(make("".join(rows), options=options))
    assert (whole["read"], whole["malformed"], whole["outside"], whole["passed_over"]) == ("299", "1", "1", "100")
    before = (tmp_path / "made.h5").read_bytes()
    monkeypatch.setattr("genatator_assets.work.lines._PIECE_BYTES", 40)
    pieces = counts_of(make("".join(rows), options=options))
    assert {**pieces, "seconds": ""} == {**whole, "seconds": ""}
    assert (tmp_path / "made.h5").read_bytes() == before
    behind = make("".join(rows) + 3 * "chrX\t301\t306\n", options=options)  # in another piece than the first
    assert "0.bed:100: chrX:300-306 lies behind the end of chrX (300 bp), as 4 of 302 rows do" in flat(behind.stderr)
    malformed = make("".join(rows) + 3 * "chrX\t301\n", options=options)
    assert "0.bed:51: found start 'x' and end '7'" in flat(malformed.stderr)
    assert "4 of 303 rows are malformed" in flat(malformed.stderr)


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_regions_of_the_other_strand_are_reverse_complements(make, tmp_path):
    rows = "chr1\t490\t503\t.\t0\t+\nchr1\t490\t503\t.\t0\t-\n"
    result = make(rows, options=("--method", "basset"))
    assert result.exit_code == 0, result.output
    made = tables(tmp_path)
    # the middle is 496, so that the C is number 9 of 491-501; on the other strand the G is number 0, all else T
    assert made["training_strands"].tolist() == [b"+", b"-"]
    assert made["training_coords"].tolist() == [(b"chr1", 491, 501)] * 2
    assert made["training_sequences"].argmax(axis=2).tolist() == [[0] * 9 + [1], [2] + [3] * 9]


def test_a_random_split_keeps_overlapping_regions_together(make, tmp_path):
    rng = np.random.default_rng(1)
    rows = "".join(f"chr1\t{start}\t{start + 4}\n" for start in np.sort(rng.integers(0, 990, 60)))
    first = make(rows, options=("--random-split", "0.2,5", "--seed", 3))
    assert first.exit_code == 0, first.output
    made = tables(tmp_path)
    counts = counts_of(first)
    assert int(counts["test"]) <= round(0.2 * int(counts["kept"]))
    assert 0 < int(counts["validation"]) <= 5
    starts = {part: made[f"{part}_coords"]["start"] for part in PARTS}
    assert sum(map(len, starts.values())) == int(counts["kept"])
    for part, other in (("training", "test"), ("training", "validation"), ("validation", "test")):
        assert np.abs(starts[part][:, None] - starts[other]).min() >= 10
    before = (tmp_path / "made.h5").read_bytes()
    make(rows, options=("--random-split", "0.2,5", "--seed", 3))
    assert (tmp_path / "made.h5").read_bytes() == before
    make(rows, options=("--random-split", "0.2,5", "--seed", 4))
    assert (tmp_path / "made.h5").read_bytes() != before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--random-split", "0.6,0.4"), "nothing is left"),
        (("--random-split", "9,9"), "fewer than 9 for test and 9 for validation"),
        (("--random-split", "a"), "expected two numbers such as 0.1,0.1"),
        (("--test_chr", "chr1", "--valid_chr", "chr1"), "chr1 stands among the chromosomes of both"),
        (("-m", "0"), "found a minimum overlap of 0"),
        (("-l", "0"), "found a length of 0"),
        (("--alphabet", "ACGU"), "found the alphabet 'ACGU'"),
        (("--method", "basset", "-m", "10"), "a minimum overlap of 10 bp for regions of 10 bp"),
        (("--method", "basset", "--ends", "pad"), "always shifts regions back"),
    ],
)
def test_options_that_make_no_sense_are_refused(make, tmp_path, options, said):
    result = make("chr1\t1\t9\n", options=options)
    assert result.exit_code == 2
    assert said in result.stderr.replace("\n", " ")
    assert not (tmp_path / "made.h5").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "found no files"),
        ("# only a comment\n\n", "found no files"),
        ("one.bed 1\ntwo.bed\n", r"list.txt:2: .*two.bed has no label, but 1 of 2 files have one"),
        ("one.bed K562\n", r"list.txt:1: found the label 'K562', expected a whole number"),
        ("one.bad\n", r"list.txt:1: no file at .*one.bad; did you mean 'one.bed'\?"),
        ("one.bad 3\n", r"list.txt:1: no file at .*one.bad"),
    ],
)
def test_faults_of_a_list_are_named_by_line(tmp_path, text, said):
    for name in ("one.bed", "two.bed"):
        (tmp_path / name).write_text("chr1\t1\t2\n")
    (tmp_path / "list.txt").write_text(text)
    with pytest.raises(BedError, match=said):
        read_bed_list(tmp_path / "list.txt")


def test_paths_in_a_list_may_hold_spaces_and_are_looked_for_beside_it(tmp_path, monkeypatch):
    (tmp_path / "there").mkdir()
    for name in ("my peaks 2", "b.bed"):
        (tmp_path / "there" / name).write_text("chr1\t1\t2\n")
    (tmp_path / "there" / "list.txt").write_text("my peaks 2\t7\r\nb.bed  -1\n")
    monkeypatch.chdir(tmp_path)
    files = read_bed_list(Path("there/list.txt"))
    assert [(file.path.name, file.label) for file in files] == [("my peaks 2", 7), ("b.bed", -1)]


def test_a_list_may_name_addresses(make, tmp_path, monkeypatch):
    monkeypatch.setenv("GENATATOR_CACHE", str(tmp_path / "cache"))
    make("chr1\t1\t9\n", "chr1\t400\t409\n")
    with web_server() as web:
        web.files["/beds/0.bed"] = b"chr1\t1\t9\n"
        (tmp_path / "list.txt").write_text(f"{web.url('/beds/0.bed')} 3\n")
        (listed,) = read_bed_list(tmp_path / "list.txt")
        assert (listed.path, listed.url, listed.label) == (None, web.url("/beds/0.bed"), 3)
        assert listed.local.read_bytes() == b"chr1\t1\t9\n"
        (tmp_path / "basset.txt").write_text(f"K562 {web.url('/beds/0.bed')}\n")
        (listed,) = read_basset_list(tmp_path / "basset.txt")
        assert (listed.label, listed.local.read_bytes()) == ("K562", b"chr1\t1\t9\n")
    for line, said in (
        ("ftp://host/a.bed", "list.txt:1: 'ftp://host/a.bed' can't be fetched: only http and https"),
        ("https://host", "list.txt:1: 'https://host' can't be fetched; expected the address of a file"),
        ("https://host/a.bed K562", "list.txt:1: found the label 'K562', expected a whole number"),
    ):
        (tmp_path / "list.txt").write_text(line + "\n")
        with pytest.raises(BedError, match=re.escape(said)):
            read_bed_list(tmp_path / "list.txt")


def test_trimmed_regions_start_and_end_at_multiples(tmp_path):
    rows = "track name=x\n# chr1\nchr1\t5\t160\ta\t0\t+\r\nchr1\t51\t99\nchr2\t100\t200\nchr2\t0\t149\n"
    with gzip.open(tmp_path / "in.bed.gz", "wt", newline="") as handle:
        handle.write(rows)
    trim = [str(tmp_path / "in.bed.gz"), str(tmp_path / "out.bed"), "--divisible-by", "50"]
    done = CliRunner().invoke(main, ["trim-regions", *trim])
    assert (done.exit_code, done.stdout.split(" file=")[0]) == (0, "read=4 shortened=2 left_out=1 kept=3")
    written = "track name=x\n# chr1\nchr1\t50\t150\ta\t0\t+\nchr2\t100\t200\nchr2\t0\t100\n"
    assert (tmp_path / "out.bed").read_text() == written
    for text, said in (
        ("chr1\t9\t5\n", "bad.bed:1: found an end before"),
        ("chr1 1 2\n", "bad.bed:1: found 'chr1 1 2'"),
    ):
        (tmp_path / "bad.bed").write_text(text)
        done = CliRunner().invoke(main, ["trim-regions", str(tmp_path / "bad.bed"), *trim[1:]])
        assert (done.exit_code, said in done.stderr.replace("\n", " ")) == (2, True)
        assert (tmp_path / "out.bed").read_text() == written


def test_labels_are_all_numbers_or_all_names():
    with pytest.raises(ValueError, match="whole numbers and others are not"):
        label_columns([1, "K562"])
    with pytest.raises(ValueError, match="number 2; label all"):
        label_columns([1, None])


def test_autosomes_are_those_that_the_genome_has():
    lengths = {"chrX": 5, "chr2": 9, "chr10": 7, "chr1": 8}
    chosen = choose_chromosomes(lengths, dict.fromkeys(lengths, ()), "autosomes")
    assert (chosen.names, chosen.lengths) == (("chr1", "chr2", "chr10"), (8, 9, 7))


def test_an_existing_file_survives_a_failure(make, genome, tmp_path):
    assert make("chr1\t1\t9\n").exit_code == 0
    before = (tmp_path / "made.h5").read_bytes()
    genome.with_name("genome.fa.fai").write_text("chr1\t1000\t9\t1000\t1001\n")
    assert make("chr1\t1\t9\n", "chr1\t3\t4\n").exit_code == 2
    assert (tmp_path / "made.h5").read_bytes() == before
    assert not list(tmp_path.glob(".*"))


def test_torch_reads_the_file(make, tmp_path):
    make("chr1\t1\t9\nchr1\t400\t409\n", options=("--test_chr", "chrX"))
    with h5py.File(tmp_path / "made.h5") as file:
        x = torch.from_numpy(file["training_sequences"][:2])
        y = torch.from_numpy(file["training_labels"][:2])
    assert (x.shape, x.dtype, y.shape) == ((2, 10, 4), torch.uint8, (2, 1))
