"""`genatator-assets init`: the catalogue that it writes loads, says every key, and leads to a plan and a build."""

import re
import shlex
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from conftest import command
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import BaseModel

from genatator_assets.catalogue import (
    Annotation,
    Assembly,
    Catalogue,
    ChromosomeRules,
    SplitRules,
    TypeRules,
)
from genatator_assets.cli import main
from genatator_assets.gene_finding.section import GeneFinding, Kernel
from genatator_assets.gene_finding.starter import genome_name, least_length, starter_catalogue
from genatator_assets.parts import load_catalogue, validate
from genatator_assets.query.connect import ask, connect

# A key that is commented out: '# key: value', maybe with a comment behind it.
DEFAULT = re.compile(r"^( *)# (\w+: [^ ].*)$", re.MULTILINE)
LENGTHS = {"chr1": 300_000, "chr2": 200_000, "chr3": 150_000, "MT": 16_000}

# FASTA, annotation, the least length that fits, included chromosomes, their nt: by awk, from the FASTA files
REAL = {
    "arabidopsis": ("korflab_1pct_athaliana/1pct.fa", "korflab_1pct_athaliana/1pct.gff3", 100_000, 5, 1_191_461),
    "human": (
        "human_GRCh38_chr1_1Mb/hg38_chr1_1-1000000.fa.gz",
        "human_GRCh38_chr1_1Mb/trimmed_gencode.v29.chr1_1-1000000.gtf.gz",
        100_000,
        1,
        1_000_000,
    ),
    "yeast": (
        "yeast_R64/refseq/GCF_000146045.2_R64_genomic.fna.gz",
        "yeast_R64/refseq/GCF_000146045.2_R64_genomic_subset.gff.gz",
        100_000,
        16,
        12_071_326,
    ),
    "dimorphilus": (
        "ncbi_dimorphilus_6contigs/ncbi.fasta",
        "ncbi_dimorphilus_6contigs/ncbi.gff.gz",
        20_000,
        5,
        376_962,
    ),
}


def run(*arguments: object):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a FASTA file of LENGTHS and an annotation, in which the command is run."""
    (tmp_path / "genome.fa").write_text("".join(f">{name}\n{'A' * length}\n" for name, length in LENGTHS.items()))
    (tmp_path / "genes.gff3").write_text("##gff-version 3\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- what it says ---


def test_a_catalogue_is_written_with_paths_relative_to_it(folder):
    done = run("init", "genome.fa", folder / "genes.gff3", "--species", "Mus musculus")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "catalogue.yaml: 3 of 4 sequences have at least 100,000 bp and will be included",
        "Next:",
        "  genatator-assets plan --catalogue catalogue.yaml --root genome-data",
        "  genatator-assets build --catalogue catalogue.yaml --root genome-data",
    ]
    text = (folder / "catalogue.yaml").read_text()
    assert "path: genome.fa\n" in text
    assert "path: genes.gff3\n" in text
    assert "Here: 1 of 4 sequences, 2.4% of all bases.\n# min_chromosome_length_bp: 100_000\n" in text  # 16 of 666 kb
    catalogue = load_catalogue("catalogue.yaml")
    assert (catalogue.dataset, catalogue.genomes) == ("genome", ("genome",))
    assert catalogue.assembly("genome").species == "Mus musculus"
    assert catalogue.assembly("genome").sequence.path == folder / "genome.fa"


def test_files_elsewhere_are_named_by_their_whole_path(folder):
    (folder / "below").mkdir()
    done = run("init", "genome.fa", "genes.gff3", "--output", "below/c.yaml", "--genome", "g")
    assert done.exit_code == 0
    assert "The species was not given" in done.stdout
    assembly = load_catalogue("below/c.yaml").assembly("g")
    assert (assembly.species, assembly.sequence.path) == ("unknown", folder / "genome.fa")
    assert f"path: {folder / 'genome.fa'}\n" in (folder / "below/c.yaml").read_text()


def text_of(lengths=LENGTHS) -> str:
    return starter_catalogue("g", "S", "genome.fa", "genes.gff3", lengths)


def loaded(folder: Path, text: str) -> Catalogue:
    (folder / "own.yaml").write_text(text)
    return load_catalogue(folder / "own.yaml")


@pytest.mark.parametrize("lengths", [LENGTHS, {"9": 50_000, "a, b": 40_000, "#": 1}, {"one": 3}], ids=len)
def test_defaults_behind_comment_marks_are_the_defaults(folder, lengths):
    text = text_of(lengths)
    defaults = DEFAULT.sub(lambda line: line[0] if "  # example" in line[2] else line[1] + line[2], text)
    assert defaults != text
    assert loaded(folder, defaults).model_dump() == loaded(folder, text).model_dump()


def test_every_example_can_be_taken_over(folder):
    (folder / "assembly_report.txt").touch()
    catalogue = loaded(folder, DEFAULT.sub(r"\1\2", text_of()))
    assembly = catalogue.assembly("g")
    assert assembly.chromosomes.include == ("chr1", "chr2", "chr3")
    assert (assembly.splits.validation, assembly.splits.test) == (("chr3",), ("chr2",))
    assert assembly.annotation.types.lncRNA == ("lnc_RNA",)
    assert assembly.aliases.path == folder / "assembly_report.txt"


@pytest.mark.parametrize(
    "model",
    [Catalogue, GeneFinding, Kernel, Assembly, Annotation, ChromosomeRules, SplitRules, TypeRules],
    ids=lambda m: m.__name__,
)
def test_every_key_is_there(model: type[BaseModel]):
    elsewhere = {"accession", "simulate", "url", "md5", "sha256", "train"}  # not for a FASTA file that is here
    for key in set(model.model_fields) - elsewhere:
        assert re.search(rf"\b{key}:", text_of()), key


def test_short_sequences_get_a_least_length_that_fits(folder):
    text = text_of({"a": 60_000, "b": 45_000, "c": 500})
    assert "# would leave out 3 of 3 sequences, 100.0% of all bases.\nmin_chromosome_length_bp: 20_000\n" in text
    assert loaded(folder, text).min_chromosome_length_bp == 20_000


@pytest.mark.parametrize(
    ("lengths", "least"),
    [
        ([100_000], 100_000),
        ([99_999], 50_000),
        ([1_000_000, *[1_000] * 111], 100_000),  # 111 of 1,111 kb are short: not more than a tenth
        ([1_000_000, *[1_000] * 112], 1_000),
        ([7], 5),
        ([1], 1),
        ([0, 0], 100_000),
    ],
)
def test_the_least_length_keeps_nine_tenths_of_the_bases(lengths, least):
    assert least_length({str(number): length for number, length in enumerate(lengths)}) == least


@given(st.dictionaries(st.text(max_size=6), st.integers(0, 300_000), min_size=1, max_size=12))
def test_the_least_length_is_the_greatest_round_number_that_will_do(lengths):
    least, total = least_length(lengths), sum(lengths.values())
    kept = sum(length for length in lengths.values() if length >= least)
    assert kept >= 0.9 * total
    assert str(least)[0] in "125"
    if least < 100_000:
        next_round = least * 2.5 if str(least)[0] == "2" else least * 2
        assert sum(length for length in lengths.values() if length >= next_round) < 0.9 * total


names = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=20)


@given(names, st.dictionaries(names, st.integers(0, 300_000), min_size=1, max_size=4), names)
def test_whatever_the_names_the_text_is_read_back(species, lengths, file_name):
    assume(not any("\ud800" <= letter <= "\udfff" for letter in species + file_name))
    read = yaml.safe_load(DEFAULT.sub(r"\1\2", starter_catalogue("g", species, file_name, "b", lengths)))
    (assembly,) = read["assemblies"]
    assert (assembly["species"], assembly["sequence"]["path"]) == (species, file_name)
    assert set(assembly["chromosomes"]["include"]) <= set(lengths)


@given(st.text(max_size=40))
def test_a_genomes_name_can_name_a_genome(file_name):
    name = genome_name(file_name)
    assembly = {"genome": name, "species": "S", "accession": "GCF_000146045.2"}
    assert validate({"dataset": name, "assemblies": [assembly]}).genomes == (name,)


# --- what it refuses ---


def test_an_existing_file_is_left_as_it_is(folder):
    (folder / "catalogue.yaml").write_text("mine")
    done = run("init", "genome.fa", "genes.gff3")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "catalogue.yaml exists and is left as it is; give another --output" in done.stderr
    assert (folder / "catalogue.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["genome.fa", "genes.gff3", "--genome", "a/b"], "'a/b' can't name a genome"),
        (["genes.gff3", "genome.fa"], "genes.gff3:1: found '##gff-version 3' before any header; expected '>'"),
        (["genome.fa", "genes.gff3", "--output", "absent/c.yaml"], "absent/c.yaml can't be written"),
        (["genome.fa", "absent.gff3"], "absent.gff3"),
        (["genome.fa"], "Missing argument 'ANNOTATION'"),
    ],
)
def test_what_can_not_be_used_is_told_and_nothing_is_left(folder, arguments, told):
    before = sorted(folder.rglob("*"))
    done = run("init", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(folder.rglob("*")) == before


# --- real genomes ---


@pytest.mark.parametrize("genome", REAL)
def test_init_leads_to_a_plan(data, tmp_path, monkeypatch, genome):
    fasta, annotation, least, chromosomes, nt = REAL[genome]
    monkeypatch.chdir(tmp_path)
    done = run("init", data / fasta, data / annotation)
    assert done.exit_code == 0, done.stderr
    assert load_catalogue("catalogue.yaml").min_chromosome_length_bp == least
    planned = run(*next_command(done.stdout, "plan"))
    assert planned.exit_code == 0, planned.stderr
    row = next(line for line in planned.stdout.splitlines() if "│ train │" in line)
    assert [cell.strip() for cell in row.split("│")[3:6]] == [f"{chromosomes:,}", f"{chromosomes:,}", f"{nt:,}"]
    assert [path.name for path in tmp_path.iterdir()] == ["catalogue.yaml"]


def test_init_leads_to_a_dataset(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fasta, annotation, _, chromosomes, nt = REAL["dimorphilus"]
    begun = run("init", data / fasta, data / annotation, "--species", "Dimorphilus gyrociliatus")
    built = command(*next_command(begun.stdout, "build"))
    assert built.returncode == 0, built.stderr
    with connect(tmp_path / "ncbi-data") as connection:
        answer = ask(connection, 'select count(*), sum("end" - start)::bigint, min(species) from blocks')
        assert answer.rows == ((chromosomes, nt, "Dimorphilus gyrociliatus"),)
        # 15 of 17 transcripts, as with the four genomes of docs/gene_models.md
        assert ask(connection, "select count(*) from transcripts where selected").rows == ((15,),)


def next_command(printed: str, name: str) -> list[str]:
    line = next(line for line in printed.splitlines() if line.startswith(f"  genatator-assets {name} "))
    return shlex.split(line)[1:]
