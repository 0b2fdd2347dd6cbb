"""The segmentation dataset: a row per transcript, compared with labels that were worked out by hand or by an oracle."""

import hashlib
import json
import random
from collections import defaultdict

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from segmentationbuilds import CHANNELS, FIXTURES, again, fixture, rows_of, runs, segmented

from genatator_assets.errors import CatalogueError
from genatator_assets.parts import load_catalogue
from genatator_assets.query.checks import check_names, run_check
from genatator_assets.query.connect import ask, connect
from genatator_assets.segmentation.part import PART
from genatator_assets.segmentation.rows import pieces_of

ENTRIES = fixture("expected.json")["entries"]
HAND = fixture("hand_cases.json")

GENOMES = {(entry["annotation"], entry["sequence"]): entry["source"] for entry in ENTRIES}
"""Several sources of one name of a genome in the fixture: here each has its own."""


@pytest.fixture(scope="module")
def real(data, tmp_path_factory):
    """The genomes of the fixture, built into one root."""
    folder = tmp_path_factory.mktemp("real")
    entries = "".join(
        f"  - genome: {name}\n    species: x\n    sequence: {{path: {data / sequence}}}\n"
        f"    annotation: {{path: {data / annotation}, lengths: ignore}}\n"
        for (annotation, sequence), name in GENOMES.items()
    )
    text = (
        f"dataset: seg\nmin_chromosome_length_bp: 1000\ngene_finding: false\nassemblies:\n{entries}segmentation: {{}}\n"
    )
    catalogue, root, outcomes = segmented(folder, text)
    assert [outcome.error for outcome in outcomes] == [None] * len(GENOMES)
    return catalogue, root


@pytest.fixture(scope="module")
def real_rows(real):
    return rows_of(real[1])


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry['source']}-{entry['row_id']}")
def test_rows_of_real_transcripts_are_those_of_the_oracle(real_rows, entry):
    row = real_rows[entry["source"], entry["metadata"].split("|")[0]]
    assert {name: runs(row["labels"][:, place]) for place, name in enumerate(CHANNELS)} == entry["runs"]
    assert hashlib.sha256(row["labels"].tobytes()).hexdigest() == entry["labels_uint8_sha256"]
    assert hashlib.sha256(row["dna_sequence"].encode()).hexdigest() == entry["dna_sha256"]
    said, expected = row["metadata"].split("|"), entry["metadata"].split("|")
    assert said[:4] + said[5:] == expected[:4] + expected[5:]


def test_finished_rows_are_equal(real_rows):
    for row in pq.ParquetFile(FIXTURES / "expected_rows.parquet").read().to_pylist():
        name, gene, *_, place = row["metadata"].split("|")
        (found,) = [
            one for (_, other), one in real_rows.items()
            if other == name and one["metadata"].split("|")[1] == gene and one["metadata"].endswith(place)
        ]  # fmt: skip
        assert found["dna_sequence"] == row["dna_sequence"]
        assert found["labels"].tolist() == row["labels"]


def test_reading_frames_are_those_of_the_oracle(real):
    with connect(real[1]) as connection:
        asked = "select genome, transcript_id, first_codon, last_codon, internal_stops from segmentation_transcripts"
        found = {row[:2]: row[2:] for row in ask(connection, asked).rows}
    for entry in ENTRIES:
        if coding := entry["coding"]:
            expected = (coding["first_codon"], coding["last_codon"], coding["internal_stops"])
            assert found[entry["source"], entry["metadata"].split("|")[0]] == expected, entry["metadata"]


def test_no_protein_of_a_real_genome_has_a_stop_within(real):
    with connect(real[1]) as connection:
        found = ask(connection, "select genome, mrna, internal_stops from reading_frames order by genome").rows
    assert {genome: stops for genome, _, stops in found} == dict.fromkeys(sorted(GENOMES.values()), 0)
    assert dict(row[:2] for row in found)["yeast"] == 5_954


def test_all_checks_pass(real):
    catalogue, root = real
    with connect(root) as connection:
        for name in check_names("segmentation"):
            assert run_check(connection, name).passed, name
    for check in PART.checks:
        assert check.run(catalogue, root).rows == (), check.name


def test_files_are_of_the_published_form(real):
    paths = sorted((real[1] / "segmentation" / "default").rglob("*.parquet"))
    assert {path.parent.name for path in paths} == {"train"}
    for path in paths:
        schema = pq.read_schema(path)
        assert schema.names == ["dna_sequence", "labels", "metadata", "status"]
        assert schema.field("labels").type == pa.list_(
            pa.field("element", pa.list_(pa.field("element", pa.float32()), 5))
        )
        assert schema.field("status").type == pa.int32()
        read = pq.read_metadata(path)
        sizes = [read.row_group(number).num_rows for number in range(read.num_row_groups)]
        assert max(sizes) <= 100


def test_each_gene_has_one_representative_and_curators_come_first(real_rows):
    of_gene = defaultdict(list)
    for (genome, _), row in real_rows.items():
        fields = row["metadata"].split("|")
        of_gene[genome, fields[5], fields[1]].append(row["status"])
    assert set(map(sum, of_gene.values())) == {1}


# By hand


def written(folder, text, form, length=2_000, more=""):
    (folder / "g.fa").write_text(">chr1\n" + "".join(random.Random(1).choices("ACGT", k=length)) + "\n")
    (folder / f"g.{form}").write_text(text)
    return (
        "dataset: hand\nmin_chromosome_length_bp: 1\ngene_finding: false\nassemblies:\n"
        f"  - {{genome: g, species: x, sequence: {{path: g.fa}}, annotation: {{path: g.{form}}}}}\n"
        f"segmentation: {{{more}}}\n"
    )


@pytest.mark.parametrize("case", HAND["cases"], ids=lambda case: case["case"])
def test_hand_cases(tmp_path, case):
    _, root, outcomes = segmented(tmp_path, written(tmp_path, case["text"], case["format"]))
    assert [outcome.error for outcome in outcomes] == [None]
    (row,) = rows_of(root).values()
    assert {name: runs(row["labels"][:, place]) for place, name in enumerate(CHANNELS)} == case["expected"]
    assert len(row["labels"]) == len(row["dna_sequence"]) == case["length"]


@pytest.mark.parametrize("case", HAND["rejected"], ids=lambda case: case["case"])
def test_rejected_cases(tmp_path, case):
    whole = "chr1\tx\tlnc_RNA\t301\t400\t.\t+\t.\tID=whole\nchr1\tx\texon\t301\t400\t.\t+\t.\tParent=whole\n"
    _, root, _ = segmented(tmp_path, written(tmp_path, case["text"] + whole, case["format"]))
    assert [name for _, name in rows_of(root)] == ["whole"]
    with connect(root) as connection:
        told = ask(connection, "select segmentation_reason from transcripts where transcript_id = 't'").rows
    assert told == ((case["reason"],),)


BOTH = "".join(
    "".join(
        f"chr1\tx\t{kind}\t{start}\t{end}\t.\t{strand}\t{phase}\t{'ID' if kind == 'mRNA' else 'Parent'}={name}{gene}\n"
        for kind, start, end, phase, gene in (
            ("mRNA", 101 + at, 200 + at, ".", f";Parent=gene-{name}"),
            ("exon", 101 + at, 200 + at, ".", ""),
            ("CDS", 121 + at, 150 + at, "0", ""),
        )
    )
    for name, strand, at in (("plus", "+", 0), ("minus", "-", 300))
)


@pytest.mark.parametrize(
    ("more", "left", "right"),
    [("", {"plus": "5UTR", "minus": "3UTR"}, {"plus": "3UTR", "minus": "5UTR"}),
     ("utr_orientation: genome", {"plus": "5UTR", "minus": "5UTR"}, {"plus": "3UTR", "minus": "3UTR"})],
)  # fmt: skip
def test_utrs_follow_the_strand_or_the_genome(tmp_path, more, left, right):
    _, root, _ = segmented(tmp_path, written(tmp_path, "##gff-version 3\n" + BOTH, "gff3", more=more))
    for (_, name), row in rows_of(root).items():
        assert runs(row["labels"][:, CHANNELS.index(left[name])]) == [[0, 20]]
        assert runs(row["labels"][:, CHANNELS.index(right[name])]) == [[50, 100]]


def gtf(name, start, end, coding, stop="", strand="+"):
    """A transcript of one exon with a coding sequence; 1-based, inclusive."""
    said = f'gene_id "{name}"; transcript_id "{name}"; transcript_type "protein_coding";'
    return "".join(
        f"chr1\tx\t{kind}\t{first}\t{last}\t.\t{strand}\t{phase}\t{said}\n"
        for kind, first, last, phase in (
            ("transcript", start, end, "."),
            ("exon", start, end, "."),
            ("CDS", *coding, "0"),
        )
    )


def with_stops(tmp_path, rule, within=False):
    """Twenty genes ATG AAA TAA, on both strands, whose CDS leaves the stop codon out, or has it."""
    bases, text = list("C" * 1_000), ""
    for number in range(20):
        at, strand = 50 * number, "+-"[number % 2]
        read = "ATGAAATAA" if strand == "+" else "TTATTTCAT"
        bases[at + 10 : at + 19] = read
        first, last = (at + 11, at + 16) if strand == "+" else (at + 14, at + 19)
        text += gtf(f"t{number}", at + 1, at + 30, (at + 11, at + 19) if within else (first, last), strand=strand)
    catalogue = written(tmp_path, text, "gtf", more=f"stop_codon: {rule}")
    (tmp_path / "g.fa").write_text(">chr1\n" + "".join(bases) + "\n")
    return segmented(tmp_path, catalogue)[1]


@pytest.mark.parametrize(
    ("rule", "within", "coding", "added"),
    [("auto", False, 9, 20), ("rows", False, 6, 0), ("extend", False, 9, 20), ("auto", True, 9, 0)],
)
def test_stop_codons_that_the_annotation_leaves_out_are_added(tmp_path, rule, within, coding, added):
    root = with_stops(tmp_path, rule, within)
    assert {int(row["labels"][:, 4].sum()) for row in rows_of(root).values()} == {coding}
    with connect(root) as connection:
        asked = "select count(*) filter (stop_added), count(*) filter (open_frame) from segmentation_transcripts"
        assert ask(connection, asked).rows == ((added, 20 if coding == 9 else 0),)


def test_a_bar_in_an_id_is_refused_by_name(tmp_path):
    text = gtf("gnl|WGS:1", 11, 100, (11, 40))
    _, root, outcomes = segmented(tmp_path, written(tmp_path, text, "gtf"))
    assert "'|' in their transcript_id" in outcomes[0].error
    assert "gnl|WGS:1 (line 1)" in outcomes[0].error
    assert not list((root / "segmentation").rglob("*.parquet"))


TWO = """\
dataset: two
min_chromosome_length_bp: 1
gene_finding: false
assemblies:
  - {genome: a, species: x, sequence: {path: g.fa}, annotation: {path: g.gtf}, splits: {validation: [chr2]}}
  - {genome: b, species: x, sequence: {path: g.fa}, annotation: {path: g.gtf}}
segmentation:
"""
CONFIGS = """\
  configs:
    train-human: {genomes: [a], split: train}
    val-human: {genomes: [a], split: validation}
    train-multi-specie: {split: train}
"""


def two(folder, section=CONFIGS):
    bases = "".join(random.Random(2).choices("ACGT", k=2_000))
    (folder / "g.fa").write_text(f">chr1\n{bases}\n>chr2\n{bases}\n")
    first = gtf("g1", 1, 300, (11, 40)) + gtf("g2", 401, 900, (411, 440), strand="-")
    (folder / "g.gtf").write_text(first + gtf("g3", 1, 1500, (11, 40)).replace("chr1", "chr2"))
    return segmented(folder, TWO + section)


def test_configs_and_splits_have_the_published_layout(tmp_path):
    catalogue, root, _ = two(tmp_path)
    files = sorted(
        path.relative_to(root / "segmentation").as_posix() for path in root.glob("segmentation/*/*/*.parquet")
    )
    assert files == [
        "train-human/train/a-0000.parquet",
        "train-multi-specie/train/a-0000.parquet",
        "train-multi-specie/train/b-0000.parquet",
        "val-human/validation/a-0000.parquet",
    ]
    assert sorted(rows_of(root, "train-human")) == [("a", "g1"), ("a", "g2")]
    assert sorted(rows_of(root, "val-human")) == [("a", "g3")]
    every = [("a", "g1"), ("a", "g2"), ("b", "g1"), ("b", "g2"), ("b", "g3")]
    assert sorted(rows_of(root, "train-multi-specie")) == every
    released = {file.name: (file.config, file.split) for file in PART.release(catalogue, root)}
    assert released["segmentation/val-human/validation/a-0000.parquet"] == ("val-human", "validation")
    assert released["segmentation_preview/validation/a.parquet"] == ("segmentation_preview", "validation")


def test_too_long_transcripts_and_other_isoforms_can_be_left_out(tmp_path):
    _, root, _ = two(tmp_path, "  {too_long: 400, representative: true}\n")
    assert sorted(rows_of(root)) == [("a", "g1"), ("b", "g1")]
    with connect(root) as connection:
        told = ask(connection, "select transcript_id, left_out from segmentation_transcripts where genome = 'a'").rows
    assert sorted(told) == [("g1", None), ("g2", "too_long"), ("g3", "too_long")]


def test_a_genome_that_is_not_there_is_named(tmp_path):
    (tmp_path / "g.fa").write_text(">chr1\nACGT\n")
    (tmp_path / "g.gtf").write_text("")
    (tmp_path / "catalogue.yaml").write_text(TWO + "  configs: {train-human: {genomes: [aa]}}\n")
    catalogue = load_catalogue(tmp_path / "catalogue.yaml")
    with pytest.raises(CatalogueError, match="config train-human: no genome 'aa'"):
        PART.plan(catalogue, tmp_path / "root")


@pytest.mark.parametrize("name", ["a/b", "genomes", "preview", ""])
def test_names_of_configs_are_plain(tmp_path, name):
    (tmp_path / "g.fa").write_text(">chr1\nACGT\n")
    (tmp_path / "g.gtf").write_text("")
    (tmp_path / "catalogue.yaml").write_text(TWO + f"  configs: {{'{name}': {{}}}}\n")
    with pytest.raises(CatalogueError, match="can't name a config"):
        load_catalogue(tmp_path / "catalogue.yaml")


def test_what_is_built_stays_and_what_is_no_more_asked_for_goes(tmp_path):
    catalogue, root, _ = two(tmp_path)
    before = {path: path.read_bytes() for path in root.glob("segmentation/**/*.parquet")}
    assert [outcome.status for outcome in again(catalogue, root)] == ["intact", "intact"]
    (tmp_path / "catalogue.yaml").write_text(TWO + "  {}\n")
    assert [outcome.status for outcome in again(load_catalogue(tmp_path / "catalogue.yaml"), root)] == ["built"] * 2
    assert {path.parts[-3] for path in root.glob("segmentation/*/*/*.parquet")} == {"default"}
    assert [outcome.status for outcome in again(catalogue, root)] == ["built"] * 2
    assert {path: path.read_bytes() for path in root.glob("segmentation/**/*.parquet")} == before


def test_rows_are_cut_by_bases_and_by_number():
    cut = [(piece.start, piece.stop) for piece in pieces_of(np.array([5, 5, 20, 1, 1, 1]), 10, 2)]
    assert cut == [(0, 2), (2, 3), (3, 5), (5, 6)]


def test_shifted_coordinates_are_found_by_the_check_of_reading_frames(real, tmp_path, data):
    """Every row of the annotation a base further on: hardly a coding sequence is left open."""
    (annotation, sequence), _ = next(one for one in GENOMES.items() if one[1] == "drosophila")
    lines = (data / annotation).read_text().splitlines()
    shifted = [line.split("\t") for line in lines if line.count("\t") == 8]
    text = "\n".join("\t".join([*one[:3], str(int(one[3]) + 1), str(int(one[4]) + 1), *one[5:]]) for one in shifted)
    catalogue = written(tmp_path, "##gff-version 3\n" + text + "\n", "gff3").replace("g.fa", str(data / sequence))
    catalogue, root, _ = segmented(tmp_path, catalogue)
    (check,) = [one for one in PART.checks if one.name == "reading_frames_are_open"]
    found = check.run(catalogue, root)
    assert found.offenders == 1
    assert found.rows[0][0] == "g"
    assert check.run(*real).passed


def test_the_card_and_the_plan_say_what_there_is(real, real_rows):
    catalogue, root = real
    pages = [piece if isinstance(piece, str) else piece.as_markdown() for piece in PART.page(catalogue, root)]
    assert f"| default | train | {len(real_rows):,} |" in pages[1]
    planned = PART.plan(catalogue, root)[1].as_markdown()
    assert "| yeast |" in planned
    assert "-" not in planned.splitlines()[2].split("|")[4]


def test_facts_of_the_manifest_are_json(real):
    for path in (real[1] / "segmentation" / "genomes").glob("*.json"):
        facts = json.loads(path.read_text())["facts"]
        assert facts["frames"]["internal_stops"] == 0
