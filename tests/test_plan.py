"""The plan of a build: counts from lengths of sequences, where lengths come from, estimates, and the preset."""

import csv
import math
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from built import BLOCKS, CATALOGUE, CHROMOSOMES, NT, copy_of, small_dataset
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from genatator_assets.annotation.transcripts import select_isoforms
from genatator_assets.catalogue import Catalogue
from genatator_assets.cli import main
from genatator_assets.errors import CatalogueError, SequenceError
from genatator_assets.gene_finding.blocks.chromosome import build_chromosomes
from genatator_assets.gene_finding.plan import amounts_of, estimate, plan_genome, totals_of
from genatator_assets.gene_finding.section import GeneFinding, gene_finding_of, kernel_of
from genatator_assets.gene_finding.tasks import chromosome_tasks
from genatator_assets.parts import load_catalogue, validate
from genatator_assets.simulate import Simulation, write_assembly
from genatator_assets.sources.assembly import import_assembly
from genatator_assets.sources.chromosomes import read_chromosomes
from genatator_assets.sources.lengths import lengths_of, lengths_of_file
from genatator_assets.work.layout import Layout

T2T = "GCF_009914755.1_T2T-CHM13v2.0"
MEGA = 1_000_000

# The counts of sequences of 100 kb or more and of blocks are awk's:
# awk '{k++} $2>=100000 {c++; n+=$2; b+=int(($2+9999999)/10000000)} END {printf "%d %d %.0f %d\n", k, c, n, b}' FILE
PUBLISHED = {
    "canFam3.chromInfo.txt": ("GCF_000002285.3", 3_268, 145, 2_362_693_180, 361),
    "cerSim1.chromsizes": ("GCF_000283155.1", 3_087, 232, 2_451_878_151, 403),
    "hetGla2.chromsizes": ("GCF_000247695.1", 4_229, 318, 2_601_884_911, 478),
    "ochPri3.chromsizes": ("GCF_000292845.1", 10_420, 277, 2_185_193_974, 427),
    "saiBol1.chromsizes": ("GCF_000235385.1", 2_685, 284, 2_599_998_411, 438),
    "sorAra2.chromsizes": ("GCF_000181275.1", 12_845, 341, 2_376_322_507, 491),
    "speTri2.chromsizes": ("GCF_000236235.1", 12_483, 843, 2_404_232_836, 930),
    "triMan1.chromsizes": ("GCF_000243295.1", 6_323, 505, 3_073_305_615, 668),
    # Not complete, says accession_map.tsv: without unplaced sequences, or with these put together into one.
    "mm10.chromsizes": ("GCF_000001635.26", 22, 21, 2_725_521_370, 286),
    "equCab2.chromsizes": ("GCF_000002305.2", 34, 33, 2_484_515_402, 264),
}


@pytest.fixture
def sizes(data):
    return data / "chrom_sizes" / "mapped"


def two_columns(path: Path) -> dict[str, int]:
    rows = (line.split() for line in path.read_text().splitlines())
    return {name: int(length) for name, length in rows}


def seqinfo(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def hg38_lengths(sizes: Path) -> dict[str, int]:
    return {row["name"]: int(row["length"]) for row in seqinfo(sizes / "hg38.seqinfo.tsv")}


def t2t_lengths(sizes: Path) -> dict[str, int]:
    """By RefSeq's names, but MT, for which the table has none of RefSeq's."""
    named = [(row["aliases"].split(","), row) for row in seqinfo(sizes / "hs1.seqinfo.tsv")]
    return {
        next((alias for alias in aliases if alias.startswith("NC_")), row["name"]): int(row["length"])
        for aliases, row in named
    }


# --- the preset of the published dataset ---


@pytest.fixture(scope="module")
def published() -> Catalogue:
    return load_catalogue("genatator-v1")


def test_the_preset_has_the_published_assemblies(published):
    assert len(published.genomes) == len(set(published.genomes)) == 40
    assert len({assembly.species for assembly in published.assemblies}) == 39
    assert published.genomes[:2] == ("hg38", T2T)
    assert all(assembly.genome == assembly.accession for assembly in published.assemblies[2:])
    assert published.assembly(T2T).accession == "GCF_009914755.1"
    assert all(kernel_of(published, genome) == gene_finding_of(published).kernel for genome in published.genomes)


def test_species_of_the_preset_are_those_of_the_tables_of_lengths(published, sizes):
    rows = csv.DictReader((sizes / "accession_map.tsv").read_text().splitlines(), delimiter="\t")
    mapped = {row["refseq_assembly"]: row["species"] for row in rows}
    checked = {accession for accession in mapped if accession in published.genomes}
    assert len(checked) == 10
    assert all(published.assembly(accession).species == mapped[accession] for accession in checked)


def test_the_human_splits_are_the_published_ones(published, sizes):
    plan = plan_genome(published, "hg38", hg38_lengths(sizes))
    validation, train = plan.splits["validation"], plan.splits["train"]
    assert (validation.chromosomes, validation.nt, validation.blocks) == (3, 256_292_786, 27)
    assert (round(validation.mean_bp / MEGA, 2), round(validation.std_bp / MEGA, 2)) == (85.43, 42.84)
    assert (train.chromosomes, train.nt, train.blocks) == (21, 2_831_977_046, 295)
    assert plan.left_out == {"excluded": 195 - 24}
    assert set(plan.splits) == {"train", "validation"}


def test_the_test_split_is_the_published_one(published, sizes):
    plan = plan_genome(published, T2T, t2t_lengths(sizes))
    test = plan.splits["test"]
    assert (test.chromosomes, test.nt, test.blocks) == (24, 3_117_275_501, 327)
    assert (round(test.mean_bp / MEGA, 2), round(test.std_bp / MEGA, 2)) == (129.89, 56.62)
    assert (round(test.min_bp / MEGA, 2), round(test.max_bp / MEGA, 2)) == (45.09, 248.39)  # as on the card
    assert plan.left_out == {"too_short": 1}
    assert all(one.chrom.startswith("NC_0609") for one in plan.chromosomes if one.included)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_training_genome_is_counted_as_by_hand(published, sizes, name):
    genome, sequences, chromosomes, nt, blocks = PUBLISHED[name]
    lengths = two_columns(sizes / name)
    assert len(lengths) == sequences
    plan = plan_genome(published, genome, lengths)
    (train,) = plan.splits.values()
    assert list(plan.splits) == ["train"]
    assert (train.chromosomes, train.nt, train.blocks) == (chromosomes, nt, blocks)
    assert plan.left_out == {"too_short": sequences - chromosomes}
    by_hand = [length for length in lengths.values() if length >= 100_000]
    assert train.blocks == sum(math.ceil(length / 10_000_000) for length in by_hand)
    assert (train.min_bp, train.max_bp) == (min(by_hand), max(by_hand))


def test_totals_are_of_all_genomes_together(published, sizes):
    plans = [
        plan_genome(published, "hg38", hg38_lengths(sizes)),
        plan_genome(published, T2T, t2t_lengths(sizes)),
        plan_genome(published, "GCF_000002285.3", two_columns(sizes / "canFam3.chromInfo.txt")),
    ]
    totals = totals_of(plans, gene_finding_of(published).block_size_bp)
    assert list(totals) == ["train", "validation", "test"]
    assert (totals["train"].chromosomes, totals["train"].blocks) == (21 + 145, 295 + 361)
    assert totals["train"].nt == 2_831_977_046 + 2_362_693_180
    assert (totals["validation"].blocks, totals["test"].blocks) == (27, 327)


# --- counting ---


def catalogue(**assembly) -> Catalogue:
    entry = {"genome": "g", "species": "S", "accession": "GCF_000146045.2", **assembly}
    return validate({"dataset": "d", "gene_finding": {"block_size_bp": 100}, "assemblies": [entry]})


def test_amounts_of_a_small_genome_are_those_counted_by_hand():
    rules = {"chromosomes": {"exclude": ["x"]}, "splits": {"test": ["b"]}, "min_chromosome_length_bp": 50}
    plan = plan_genome(catalogue(**rules), "g", {"a": 250, "b": 100, "x": 1_000, "c": 49, "d": 50, "e": 0})
    train, test = plan.splits["train"], plan.splits["test"]
    # train: a (blocks of 100, 100, 50) and d (one of 50): mean 150, both 100 away from it
    assert (train.chromosomes, train.blocks, train.nt) == (2, 4, 300)
    assert (train.mean_bp, train.std_bp, train.min_bp, train.max_bp) == (150, 100, 50, 250)
    assert (test.chromosomes, test.blocks, test.nt, test.std_bp) == (1, 1, 100, 0)
    assert plan.left_out == {"excluded": 1, "too_short": 2}


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=30), st.integers(10**6, 10**7))
def test_amounts_are_those_of_plain_arithmetic(lengths, block_size):
    wanted = catalogue(min_chromosome_length_bp=1)
    plan = plan_genome(wanted, "g", {f"c{number}": length for number, length in enumerate(lengths)})
    (amount,) = amounts_of(plan.chromosomes, block_size).values()
    assert (amount.chromosomes, amount.nt) == (len(lengths), sum(lengths))
    assert amount.blocks == sum(-(-length // block_size) for length in lengths)
    assert amount.std_bp == pytest.approx(math.sqrt(statistics.pvariance(lengths)))


def test_a_rule_that_names_no_sequence_is_told_as_the_build_would():
    with pytest.raises(
        CatalogueError, match=r"splits\.test: no sequence 'chr2' in the FASTA file; did you mean 'chr1'"
    ):
        plan_genome(catalogue(splits={"test": ["chr2"]}), "g", {"chr1": 200_000})


def test_the_plan_is_what_is_built(tmp_path_factory):
    dataset = small_dataset(tmp_path_factory.getbasetemp())
    plans = [
        plan_genome(dataset.catalogue, one.genome, lengths_of(one, Layout(Path("nowhere"))))
        for one in dataset.catalogue.assemblies
    ]
    totals = totals_of(plans, gene_finding_of(dataset.catalogue).block_size_bp).values()
    assert sum(amount.blocks for amount in totals) == BLOCKS
    assert sum(amount.chromosomes for amount in totals) == CHROMOSOMES
    assert sum(amount.nt for amount in totals) == NT


# --- estimates ---


def test_an_estimate_follows_what_is_copied_and_what_is_built():
    whole = plan_genome(catalogue(), "g", {"a": 10**9, "b": 10**9})
    half = plan_genome(catalogue(chromosomes={"exclude": ["b"]}), "g", {"a": 10**9, "b": 10**9})
    assert estimate([whole], 1).sequence_bytes == estimate([half], 1).sequence_bytes > 2 * 10**9  # letters and newlines
    assert estimate([whole], 1).block_bytes == 2 * estimate([half], 1).block_bytes > 2 * 10**9 / 4  # 2 bits a letter
    assert estimate([whole, whole], 1).bytes == 2 * estimate([whole], 1).bytes
    one, two, many = (estimate([whole], workers).seconds for workers in (1, 2, 1_000))
    assert one - two == pytest.approx((one - many) / 2, rel=0.01)  # the part that workers share


def test_disk_is_estimated_near_what_is_written(tmp_path):
    """One chromosome of 3 Mb: large enough that what a file costs by itself does not count."""
    files = write_assembly(Simulation(seed=4, total_bp=3 * MEGA, chromosomes=1, flavour="gencode"), tmp_path / "in")
    wanted = catalogue(accession=None, sequence={"path": files.sequence}, annotation={"path": files.annotation})
    wanted = wanted.model_copy(update={"gene_finding": GeneFinding(block_size_bp=10 * MEGA)})
    layout = Layout(tmp_path / "root")
    import_assembly(wanted, "g", layout)
    select_isoforms(wanted, "g", layout)
    (outcome,) = build_chromosomes(chromosome_tasks(wanted, layout, "g", ["chr1"]))
    assert outcome.status == "built"
    needs = estimate([plan_genome(wanted, "g", lengths_of(wanted.assembly("g"), layout))], 1)
    assert needs.sequence_bytes == pytest.approx(bytes_of(layout.root, "**/sequence.fa"), rel=0.02)
    assert needs.block_bytes == pytest.approx(bytes_of(layout.root, "blocks/**/*.parquet"), rel=0.1)
    assert needs.target_bytes == pytest.approx(bytes_of(layout.root, "targets/**/*.parquet"), rel=0.9)


def bytes_of(root: Path, pattern: str) -> int:
    return sum(path.stat().st_size for path in root.glob(pattern))


# --- where lengths come from ---


@pytest.fixture
def genome(tmp_path):
    """A FASTA file with an index beside it that says something else, so that one sees what was asked."""
    fasta = tmp_path / "genome.fa"
    fasta.write_text(">chr1 one\nACGT\nAC\n>chr2\nACG\n")
    (tmp_path / "genome.fa.fai").write_text("indexed\t7\t11\t60\t61\n")
    (tmp_path / "genes.gtf").touch()
    os.utime(fasta, ns=(10**18, 10**18))
    return fasta


SCANNED = {"chr1": 6, "chr2": 3}


def entry(fasta: Path):
    wanted = catalogue(accession=None, sequence={"path": fasta}, annotation={"path": fasta.parent / "genes.gtf"})
    return wanted.assembly("g")


def test_the_index_beside_a_fasta_file_is_taken(genome, tmp_path):
    assert lengths_of(entry(genome), Layout(tmp_path / "root")) == lengths_of_file(genome) == {"indexed": 7}


@pytest.mark.parametrize("content", ["", "a\n", "a\tb\tc\n", "a\t\n", b"\x1f\x8b\x08\xff"])
def test_an_index_that_is_none_is_passed_over(genome, content):
    Path(f"{genome}.fai").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert lengths_of_file(genome) == SCANNED


def test_an_index_older_than_its_fasta_file_is_passed_over(genome):
    os.utime(f"{genome}.fai", ns=(10**18, 10**18))
    assert lengths_of_file(genome) == {"indexed": 7}
    os.utime(f"{genome}.fai", ns=(10**18, 10**18 - 1))
    assert lengths_of_file(genome) == SCANNED


def test_a_fasta_file_that_can_not_be_used_is_told_with_its_line(genome):
    Path(f"{genome}.fai").unlink()
    genome.write_text(">chr1\nACGT\nAC!T\n")
    with pytest.raises(SequenceError, match=r"genome\.fa:3: found '!' in the sequence"):
        lengths_of_file(genome)


def test_a_simulation_is_asked_for_its_lengths_and_not_written(tmp_path):
    simulation = Simulation(seed=3, total_bp=50_000, chromosomes=3, short_scaffolds=2, flavour="refseq")
    wanted = catalogue(accession=None, simulate=simulation).assembly("g")
    lengths = lengths_of(wanted, Layout(tmp_path / "root"))
    assert list(tmp_path.iterdir()) == []
    assert list(lengths.items()) == list(lengths_of_file(write_assembly(simulation, tmp_path).sequence).items())


@pytest.mark.parametrize(
    "origin",
    [
        {"accession": "GCF_000146045.2"},
        {"sequence": {"url": "https://host/g.fa"}, "annotation": {"url": "https://host/g.gtf"}},
    ],
)
def test_what_is_not_fetched_has_no_lengths_until_it_is_imported(tmp_path, tmp_path_factory, origin):
    wanted = catalogue(**{"genome": "sim-gencode", "accession": None, **origin}).assembly("sim-gencode")
    assert lengths_of(wanted, Layout(tmp_path)) is None
    layout = small_dataset(tmp_path_factory.getbasetemp()).layout
    table = read_chromosomes(layout.chromosomes("sim-gencode"))
    assert lengths_of(wanted, layout) == {one.chrom: one.length for one in table}


@pytest.fixture
def imported(genome, tmp_path):
    """The FASTA file imported, and then damaged without a trace in its time: it can't be read again."""
    Path(f"{genome}.fai").unlink()
    layout = Layout(tmp_path / "root")
    wanted = catalogue(
        accession=None,
        min_chromosome_length_bp=4,
        sequence={"path": genome},
        annotation={"path": genome.parent / "genes.gtf"},
    )
    import_assembly(wanted, "g", layout)
    genome.write_text("damaged")
    os.utime(genome, ns=(10**18, 10**18))
    return layout


def test_what_was_imported_is_not_read_again(imported, genome):
    assert lengths_of(entry(genome), imported) == SCANNED


def test_what_was_imported_from_a_file_that_has_changed_since_is_passed_over(imported, genome):
    genome.write_text(">new\nACGTA\n")
    os.utime(genome, (time.time() + 10, time.time() + 10))
    assert lengths_of(entry(genome), imported) == {"new": 5}


def test_what_was_imported_from_another_file_is_passed_over(imported, genome):
    other = genome.with_name("other.fa")
    other.write_text(">other\nACGTA\n")
    os.utime(other, ns=(10**18, 10**18))
    assert lengths_of(entry(other), imported) == {"other": 5}


# --- the command ---


def run(*arguments: str):
    return CliRunner().invoke(main, ["plan", *map(str, arguments)])


def rows_of(printed: str) -> list[list[str]]:
    lines = printed.replace("┃", "│").splitlines()
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines if line.startswith("│")]


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "catalogue.yaml"
    path.write_text(CATALOGUE)
    return path


def test_a_plan_is_printed_and_nothing_is_written(small, tmp_path):
    done = run("--catalogue", small, "--root", tmp_path / "root" / "below", "--workers", "3")
    assert (done.exit_code, done.stderr) == (0, "")
    # chr1, 2, 3 have 204,083, 122,448 and 73,469 bp (4 + 3 and 2 blocks of 60,000), the others 204,546 and 95,454:
    # awk over the files of 'genatator-assets simulate'
    rows = rows_of(done.stdout)
    assert rows[:5] == [
        ["genome", "split", "chroms", "blocks", "nt", "left out"],
        ["sim-gencode", "train", "2", "7", "326,531", "2 too_short"],
        ["sim-gencode", "validation", "1", "2", "73,469", "as above"],
        ["sim-ensembl", "train", "2", "6", "300,000", "2 too_short"],
        ["sim-refseq", "test", "2", "6", "300,000", "2 too_short"],
    ]
    by_split = {first: others for first, *others in rows[5:]}
    assert by_split["split"] == ["train", "validation", "test"]
    assert (by_split["genomes"], by_split["chroms"]) == (["2", "1", "1"], ["4", "1", "2"])
    assert (by_split["blocks"], by_split["nt"]) == (["13", "2", "6"], ["626,531", "73,469", "300,000"])
    assert by_split["mean chr"] == ["156.63 kbp", "73.47 kbp", "150.00 kbp"]
    assert f"; free at {tmp_path / 'root' / 'below'}: " in done.stdout
    assert re.search(
        r"Disk, about: 1\.\d MB \(sequences 1\.1 MB, targets \d\.\d kB, blocks 3\d\d\.\d kB\)", done.stdout
    )
    assert re.search(r"Time, about: \d+ s with 3 workers\n", done.stdout)
    assert list(tmp_path.iterdir()) == [small]


def test_genomes_that_are_not_fetched_are_shown_without_numbers(tmp_path):
    done = run("--catalogue", "genatator-v1", "--root", tmp_path / "root")
    assert (done.exit_code, done.stderr) == (0, "")
    rows = rows_of(done.stdout)
    assert rows[1] == ["hg38", "train, validation", "?", "?", "?", "?"]
    assert rows[2] == [T2T, "test", "?", "?", "?", "?"]
    assert len(rows) == 41 + 4  # behind them the configs of segmentation
    assert "Not counted: 40 of 40 genomes" in done.stdout
    assert done.stdout.endswith("genatator-assets fetch --catalogue genatator-v1\n")
    assert "Disk" not in done.stdout


def test_a_genome_that_can_not_be_planned_leaves_the_others_alone(small, tmp_path):
    small.write_text(CATALOGUE.replace("validation: [chr3]", "validation: [chr33]"))
    done = run("--catalogue", small, "--root", tmp_path / "root")
    assert done.exit_code == 2
    assert [row[2] for row in rows_of(done.stdout)[1:4]] == ["?", "2", "2"]
    assert done.stderr.startswith("Error: ")
    assert "genome sim-gencode: splits.validation: no sequence 'chr33' in the FASTA file; did you mean 'chr3'" in (
        done.stderr
    )


def test_a_root_of_another_dataset_is_told_as_the_build_would(tmp_path, tmp_path_factory):
    root = copy_of(small_dataset(tmp_path_factory.getbasetemp()), tmp_path / "root")
    done = run("--catalogue", "demo", "--root", root)
    assert done.exit_code == 0
    (root / "assemblies" / "sim-refseq").rename(root / "assemblies" / "foreign")
    done = run("--catalogue", "demo", "--root", root)
    assert (done.exit_code, "also holds foreign" in done.stderr) == (2, True)
    assert "Plan of demo" in done.stdout


def test_more_than_the_disk_holds_is_said(small, tmp_path, monkeypatch):
    assert "more than is free" not in run("--catalogue", small, "--root", tmp_path).stdout
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    assert "more than is free" in run("--catalogue", small, "--root", tmp_path).stdout


def test_planning_does_not_wait_for_dagster():
    code = "import sys; from genatator_assets.cli import main; main(['plan'], standalone_mode=False)"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; sys.exit('dagster' in sys.modules)"], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
