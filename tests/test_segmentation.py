"""The segmentation dataset: a row per transcript, compared with labels that were worked out by hand or by an oracle."""

import gzip
import hashlib
import json
import random
from collections import defaultdict
from itertools import pairwise

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from segmentationbuilds import CHANNELS, FIXTURES, again, fixture, rows_of, runs, segmented
from torch.utils.data import DataLoader

from genatator_assets.annotation.plainly import Parts
from genatator_assets.annotation.structure import Structure, runs_of
from genatator_assets.catalogue.remembered import remember
from genatator_assets.errors import CatalogueError, DatasetError, ReadingError
from genatator_assets.parts import load_catalogue
from genatator_assets.query.checks import check_names, run_check
from genatator_assets.query.connect import ask, connect
from genatator_assets.query.lineage import lineage_of
from genatator_assets.reading import open_dataset
from genatator_assets.release import release
from genatator_assets.segmentation.build import STEP
from genatator_assets.segmentation.part import PART
from genatator_assets.segmentation.rows import pieces_of
from genatator_assets.segmentation.verify.derive import Row, labels_of
from genatator_assets.sources.assembly import import_assembly
from genatator_assets.upkeep.prune import find_needless, remove
from genatator_assets.work.layout import Layout
from genatator_assets.work.outcome import Outcome

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


# Verified by other code


def test_nothing_differs_from_the_input_files(real):
    catalogue, root = real
    assert PART.verify(catalogue, root, 40) == []


def test_all_rows_are_verified_without_a_sample(tmp_path):
    catalogue, root, _ = two(tmp_path)
    assert PART.verify(catalogue, root, None) == []


@pytest.mark.parametrize("rule", ["auto", "rows", "extend"])
def test_added_stop_codons_are_verified(tmp_path, rule):
    root = with_stops(tmp_path, rule)
    assert PART.verify(load_catalogue(tmp_path / "catalogue.yaml"), root, None) == []


def changed_rows(root, change):
    """Rewrite the first file of the config train-human with a column changed."""
    path = root / "segmentation/train-human/train/a-0000.parquet"
    table = pq.ParquetFile(path).read()
    pq.write_table(change(table), path)


def with_label(table):
    rows = table.to_pylist()
    rows[0]["labels"][5][4] = 1.0 - rows[0]["labels"][5][4]
    return pa.Table.from_pylist(rows, schema=table.schema)


def with_column(name, change):
    def changed(table):
        values = [change(value) if place == 0 else value for place, value in enumerate(table[name].to_pylist())]
        return table.set_column(
            table.schema.get_field_index(name), name, pa.array(values, table.schema.field(name).type)
        )

    return changed


def other_base(dna):
    return dna[:3] + ("A" if dna[3] != "A" else "C") + dna[4:]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (with_label, "CDS differs at 1 bases, the first chr1:5"),
        (with_column("dna_sequence", other_base), "the bases are not those of the FASTA file"),
        (with_column("status", lambda status: 1 - status), "with status 0: there and not expected"),
        (
            with_column("metadata", lambda text: text.replace("g1", "gx")),
            "|g1|mRNA|+|a|chr1|0:300 with status 1: expected",
        ),
        (lambda table: table.slice(1), "g1|g1|mRNA|+|a|chr1|0:300 with status 1: expected and not there"),
    ],
)
def test_verifying_finds_what_was_changed(tmp_path, change, told):
    catalogue, root, _ = two(tmp_path)
    changed_rows(root, change)
    assert any(told in line for line in PART.verify(catalogue, root, None)), PART.verify(catalogue, root, None)


def test_a_changed_row_fails_the_check_of_loading(tmp_path):
    catalogue, root, _ = two(tmp_path)
    changed_rows(root, with_column("dna_sequence", lambda dna: dna[:-1]))
    (check,) = [one for one in PART.checks if one.name == "segmentation_rows_load"]
    assert "299 bases, 300 labels" in str(check.run(catalogue, root).rows)


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (lambda table: table.slice(1), "segmentation_rows_are_the_selected"),
        (with_column("metadata", lambda text: text.replace("g1", "gx")), "segmentation_rows_are_the_selected"),
    ],
)
def test_rows_that_are_missing_or_too_many_fail_a_check(tmp_path, change, check):
    _, root, _ = two(tmp_path)
    (root / "segmentation/train-multi-specie/train/a-0000.parquet").unlink()
    changed_rows(root, change)
    with connect(root) as connection:
        assert not run_check(connection, check).passed


def test_tables_are_verified_too(tmp_path):
    bed = "chr1\t100\t400\tt\t0\t-\t150\t350\t0\t2\t100,150,\t0,150,\n"
    catalogue = written(tmp_path, bed, "bed")
    catalogue, root, _ = segmented(tmp_path, catalogue)
    (row,) = rows_of(root).values()
    assert runs(row["labels"][:, 4]) == [[50, 100], [150, 250]]
    assert runs(row["labels"][:, 0]) == [[250, 300]]
    assert PART.verify(catalogue, root, None) == []


# Read in Python


def test_transcripts_are_read_by_place(real, real_rows):
    transcripts = open_dataset(real[1]).transcripts(split="train", representative=True)
    assert len(transcripts) == sum(row["status"] for row in real_rows.values())
    for place in (0, len(transcripts) // 2, -1):
        one = transcripts[place]
        row = real_rows[one.genome, one.transcript_id]
        assert one.dna == row["dna_sequence"]
        assert one.labels.dtype == np.float32
        assert one.labels.shape == (len(one), 5)
        assert (one.labels == row["labels"]).all()
        assert one.representative


def test_a_transcript_of_several_configs_is_there_once(tmp_path):
    _, root, _ = two(tmp_path)
    dataset = open_dataset(root)
    assert [(one.genome, one.transcript_id, one.split) for one in dataset.transcripts()] == [
        ("a", "g1", "train"), ("a", "g2", "train"), ("b", "g1", "train"), ("b", "g2", "train"), ("b", "g3", "train"),
        ("a", "g3", "validation"),
    ]  # fmt: skip
    assert len(dataset.transcripts(config="val-human")) == 1
    assert len(dataset.select(genome="b").transcripts("train")) == 3
    assert len(dataset.transcripts(type="mRNA")) == 6
    for wrong in ({"split": "trian"}, {"config": "train-humans"}, {"type": "tRNA"}):
        with pytest.raises(ReadingError, match=r"no (split|config|type) '"):
            dataset.transcripts(**wrong)


def test_transcripts_for_torch_and_datasets(tmp_path):
    _, root, _ = two(tmp_path)
    transcripts = open_dataset(root).transcripts(config="train-human")
    mapped = transcripts.to_torch()
    assert len(mapped) == 2
    item = mapped[0]
    assert item["dna"].shape == (300, 4)
    assert item["labels"].shape == (300, 5)
    assert item["labels"][:, 4].sum() == 30
    assert (item["transcript_id"], item["representative"]) == ("g1", True)
    loader = DataLoader(transcripts.to_torch(len), batch_size=2, num_workers=1, multiprocessing_context="spawn")
    assert [batch.tolist() for batch in loader] == [[300, 500]]
    rows = list(transcripts.to_datasets())
    assert [row["metadata"].split("|")[0] for row in rows] == ["g1", "g2"]
    assert np.array(rows[0]["labels"]).shape == (300, 5)
    assert rows[0]["status"] == 1


def test_a_release_loads_by_its_configs(tmp_path):
    _, root, _ = two(tmp_path)
    remember(load_catalogue(tmp_path / "catalogue.yaml"), root)
    made = release(Layout(root), tmp_path / "release")
    card = (made.folder / "README.md").read_text()
    assert "config_name: train-human" in card
    assert "config_name: segmentation_preview" in card
    loaded = datasets.load_dataset(
        str(made.folder), "train-multi-specie", split="train", cache_dir=str(tmp_path / "hf")
    )
    assert loaded.column_names == ["dna_sequence", "labels", "metadata", "status"]
    assert loaded.num_rows == 5
    described = json.loads((made.folder / "croissant.json").read_text())
    assert {"train-human", "val-human", "train-multi-specie"} <= {one["@id"] for one in described["recordSet"]}
    assert len(open_dataset(made.folder).transcripts("validation")) == 1
    truth = made.folder / "dataset" / "truth"  # of the judged split, which predictions are scored against
    assert [path.name for path in truth.iterdir()] == ["validation"]
    (row,) = pq.ParquetFile(truth / "validation" / "transcripts.parquet").read().to_pylist()
    assert (row["genome"], row["chrom"], row["start"], row["end"]) == ("a", "chr2", 0, 1500)
    with connect(made.folder) as connection:
        assert ask(connection, "select count(*) from segmentation_rows").rows == ((8,),)


GOLDEN = {
    "segmentation/train-human/train/a-0000.parquet": "e1ce1561fa51b1cb42c254f65f73caa7a108abd5bf9b7639f07f13352fccdd9e",
    "segmentation/genomes/a.parquet": "e23ac7b699e70589623ef444acccfdb9d4735b7ca905aeec64e3a8d1a0c51711",
    "dataset/segmentation_preview/train/a.parquet": "e1ce1561fa51b1cb42c254f65f73caa7a108abd5bf9b7639f07f13352fccdd9e",
}


def test_the_step_makes_the_bytes_that_it_made(tmp_path):
    """If these change, raise STEP of segmentation.build."""
    _, root, _ = two(tmp_path)
    assert STEP == ("segmentation_rows", 1)
    assert {path: hashlib.sha256((root / path).read_bytes()).hexdigest() for path in GOLDEN} == GOLDEN


def test_a_large_genome_is_cut_into_files(tmp_path, monkeypatch):
    """Of several files, each is a piece of work; joined, they are what one worker makes."""
    monkeypatch.setattr("genatator_assets.segmentation.genome.FILE_BP", 600)
    catalogue, root, _ = two(tmp_path)
    whole = {path: path.read_bytes() for path in root.rglob("segmentation*/**/*.*") if path.suffix != ".made"}
    (stage,) = PART.stages
    for task in stage.tasks(catalogue, root, ["a", "b"]).by_key.values():
        task.unit.manifest.unlink()
        pieces = stage.pieces(task)
        assert len(pieces) > 2
        assert not list(root.glob(f"segmentation/*/*/{task.genome}-*.parquet"))
        outcomes = stage.build(pieces)
        assert stage.join(task, outcomes).status == "built"
        assert task.unit.finished()
        failed = Outcome.failed(f"{task.key}#1", DatasetError("no space"))
        assert stage.join(task, [failed, *outcomes[1:]]).key == task.key
    assert {path: path.read_bytes() for path in whole} == whole
    assert "train-multi-specie/train/b-0001.parquet" in {path.as_posix().split("segmentation/")[-1] for path in whole}


def test_the_way_back_from_rows(tmp_path):
    _, root, _ = two(tmp_path)
    for path in GOLDEN:
        origin = lineage_of(root / path)
        assert origin.what == "rows of transcripts"
        assert origin.state == "is as it was made, from the present inputs"
        assert {one.what for one in origin.origins} >= {"transcripts", "exons"}
    (tmp_path / "catalogue.yaml").write_text((tmp_path / "catalogue.yaml").read_text().replace("[chr2]", "[chr1]"))
    import_assembly(load_catalogue(tmp_path / "catalogue.yaml"), "a", Layout(root))
    assert "STALE: it was made from another chromosomes_table" in lineage_of(root / next(iter(GOLDEN))).state


def test_rows_of_a_genome_that_the_catalogue_no_longer_names_can_go(tmp_path):
    _, root, _ = two(tmp_path)
    text = "".join(line for line in (TWO + "  {}\n").splitlines(keepends=True) if "genome: a" not in line)
    (tmp_path / "catalogue.yaml").write_text(text)
    catalogue = load_catalogue(tmp_path / "catalogue.yaml")
    found = find_needless(catalogue, Layout(root), ["units"], alone=True)
    assert [one.what for one in found.needless] == ["segmentation/genomes/a.json"]
    remove(found, root)
    assert {path.name for path in root.glob("segmentation/*/*/*.parquet")} == {"b-0000.parquet"}
    assert not list(root.glob("dataset/segmentation_preview/*/a.parquet"))


def test_stop_codons_taken_out_of_a_real_annotation_come_back(tmp_path, data, real_rows):
    """GENCODE's file without its rows of stop codons: the labels are those of the whole file."""
    (annotation, sequence), name = next(one for one in GENOMES.items() if one[1] == "gencode_chr1")
    lines = gzip.decompress((data / annotation).read_bytes()).decode().splitlines(keepends=True)
    catalogue = written(tmp_path, "".join(line for line in lines if "\tstop_codon\t" not in line), "gtf")
    _, root, _ = segmented(tmp_path, catalogue.replace("g.fa", str(data / sequence)))
    found = rows_of(root)
    assert len(found) == 93
    for (_, transcript), row in found.items():
        assert (row["labels"] == real_rows[name, transcript]["labels"]).all(), transcript


@st.composite
def structures(draw):
    """A transcript: strand, span, exons, and coding pieces in them, with gaps between."""
    edges = sorted(draw(st.sets(st.integers(0, 80), min_size=2, max_size=12)))
    edges = edges[: len(edges) // 2 * 2]
    exons = list(zip(edges[::2], edges[1::2], strict=True))
    pieces = []
    for start, end in exons:
        inside = sorted(draw(st.sets(st.integers(start, end), max_size=4)))
        pieces.append(list(zip(inside[::2], inside[1::2], strict=False)))
    end = exons[-1][1] + draw(st.integers(0, 3))
    return draw(st.sampled_from("+-")), end, exons, pieces


@given(structures(), st.booleans())
def test_runs_are_what_marking_base_by_base_gives(one, genome_orientation):
    strand, end, exons, pieces = one
    gaps = [(exon, left[1], right[0]) for exon, of_exon in enumerate(pieces) for left, right in pairwise(of_exon)]
    of = Structure(
        start=np.array([0]),
        end=np.array([end]),
        strand=np.array([1 if strand == "+" else -1]),
        first=np.array([0, len(exons)]),
        exon_start=np.array([start for start, _ in exons]),
        exon_end=np.array([end for _, end in exons]),
        cds_start=np.array([of_exon[0][0] if of_exon else -1 for of_exon in pieces]),
        cds_end=np.array([of_exon[-1][1] if of_exon else -1 for of_exon in pieces]),
        phase=np.zeros(len(exons), np.int64),
        gap_exon=np.array([gap[0] for gap in gaps], np.int64),
        gap_from=np.array([gap[1] for gap in gaps], np.int64),
        gap_to=np.array([gap[2] for gap in gaps], np.int64),
    )
    parts = Parts([(*exon, strand) for exon in exons], [(*piece, strand) for of_exon in pieces for piece in of_exon])
    row = Row("", "", "", "", 0, end, strand, True, 0, False)
    expected = labels_of(row, parts, "", add_stop=False, genome_orientation=genome_orientation)
    twice = of.take(np.array([0, 0]))
    assert runs_of(twice, genome_orientation).dense().tolist() == [*expected.tolist(), *expected.tolist()]
