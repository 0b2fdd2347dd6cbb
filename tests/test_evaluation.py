"""Predictions in files against truth in files and datasets: readers, names, edge cases, reports and commands."""

import gzip
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyBigWig
import pytest
from built import Dataset, copy_of, edit_rows
from click.testing import CliRunner
from conftest import built
from kit import FIXTURES, cases
from sklearn.metrics import average_precision_score

import genatator_assets as ga
from genatator_assets.cli import main
from genatator_assets.errors import EvaluationError
from genatator_assets.evaluation import hashes, probabilities
from genatator_assets.evaluation.hashes import Hashed
from genatator_assets.evaluation.publish import write_truth
from genatator_assets.evaluation.round_trip import round_trip
from genatator_assets.evaluation.scores import Scores
from genatator_assets.evaluation.tasks import EvaluationTask, build_evaluation, evaluation_tasks
from genatator_assets.evaluation.truth import truth_of_split
from genatator_assets.parts import load_catalogue
from genatator_assets.work.layout import Layout
from genatator_assets.work.tables import write_table
from genatator_assets.work.unit import Provenance

TRUTH = FIXTURES / "truth_gencode_chr1.gff3.gz"


def gff3(path: Path, *rows: str, head: str = "##sequence-region chr1 1 100000") -> Path:
    """Write rows such as "chr1 mRNA 101 200 + ID=t1;Parent=g1"."""
    lines = ["##gff-version 3", head]
    for row in rows:
        chrom, feature, start, end, strand, attributes = row.split()
        lines.append("\t".join([chrom, "test", feature, start, end, ".", strand, ".", attributes]))
    path.write_text("\n".join(lines) + "\n")
    return path


def transcript(
    name: str, gene: str, strand: str, *exons: tuple[int, int], kind: str = "mRNA", chrom: str = "chr1"
) -> list[str]:
    span = f"{min(start for start, _ in exons)} {max(end for _, end in exons)}"
    rows = [f"{chrom} {kind} {span} {strand} ID={name};Parent={gene}"]
    return rows + [f"{chrom} exon {start} {end} {strand} Parent={name}" for start, end in exons]


def row_of(scores: Scores, level: str, kind: str, k: int | None = None, subset: str = "all") -> dict[str, Any]:
    (row,) = [
        row for row in scores.rows() if (row["level"], row["kind"], row["k"], row["subset"]) == (level, kind, k, subset)
    ]
    return row


def counts(row: dict[str, Any]) -> tuple[int, int, int, int]:
    return row["tp_pred"], row["n_pred"], row["tp_true"], row["n_true"]


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """Three genes: g1 with two isoforms on one TSS, g2 of one exon on -, g3 on both strands."""
    return gff3(
        tmp_path / "truth.gff3",
        *transcript("t1", "g1", "+", (1001, 1100), (1301, 1400)),
        *transcript("t2", "g1", "+", (1001, 1100), (1501, 1700)),
        *transcript("t3", "g2", "-", (5001, 6000)),
        *transcript("t4", "g3", "+", (9001, 9400), kind="lnc_RNA"),
        *transcript("t5", "g3", "-", (9101, 9500), kind="lnc_RNA"),
    )


@pytest.mark.parametrize("case", [*cases("expected.json"), *cases("expected_augustus.json")], ids=lambda c: c["case"])
def test_files_are_read_as_the_fixtures_have_them(case: dict[str, Any]) -> None:
    scores = ga.evaluate(FIXTURES / case["truth"], None, FIXTURES / case["prediction"])
    expected = case["expected"]
    for row in expected["intervals"]:
        found = counts(row_of(scores, "interval", "transcript", row["k"]))
        assert found == (row["pred_matched"], row["pred"], row["genes_found"], row["genes"])
    for name, (level, kind) in {
        "exon": ("part", "exon"),
        "cds_part": ("part", "cds"),
        "cds_chain": ("chain", "cds"),
    }.items():
        row = expected["exact"][name]
        assert counts(row_of(scores, level, kind)) == (row["matched"], row["pred"], row["matched"], row["true"])
    bases = expected["nucleotide"]["cds"]
    assert counts(row_of(scores, "base", "cds"))[:2] == (bases["tp"], bases["tp"] + bases["fp"])


@pytest.mark.parametrize("name", ["chr1", "ce", "dm", "chr9_utr"])
def test_what_augustus_writes_is_read_as_it_is(name: str) -> None:
    """It calls transcripts `transcript`, and without UTRs writes CDS but no exons."""
    genome, _, utr = name.partition("_")
    converted = FIXTURES / f"{genome}_augustus_3.5.0{'_utr' if utr else ''}.gff3.gz"
    scores = ga.evaluate(converted, None, FIXTURES / f"raw_augustus_{name}.gff3.gz")
    for metric in ("part.exon.f1", "part.cds.f1", "chain.cds.f1", "base.cds.f1"):
        assert scores.value(metric) == 1, metric


def test_identical_files_score_one_everywhere(truth: Path) -> None:
    for row in ga.evaluate(truth, None, truth, by=("type", "strand", "chrom")).rows():
        if row["n_true"] and not row["kind"].startswith(("split", "fused")):
            assert (row["precision"], row["recall"], row["f1"]) == (1, 1, 1), row


def test_no_predictions_have_no_precision_and_recall_nothing(truth: Path, tmp_path: Path) -> None:
    for empty in (gff3(tmp_path / "none.gff3"), tmp_path / "none.bed"):
        empty.touch()
        row = row_of(ga.evaluate(truth, None, empty), "interval", "transcript", 50)
        assert (row["n_pred"], row["precision"], row["recall"], row["f1"]) == (0, None, 0, None)


def test_predictions_on_a_chromosome_without_truth_are_wrong(truth: Path, tmp_path: Path) -> None:
    text = truth.read_text().replace("##sequence-region", "##sequence-region chr2 1 5000\n##sequence-region", 1)
    truth.write_text(text)
    predicted = gff3(tmp_path / "p.gff3", *transcript("p", "q", "+", (11, 20), chrom="chr2"))
    scores = ga.evaluate(truth, None, predicted, by=("chrom",))
    row = row_of(scores, "interval", "transcript", 500, "chrom=/chr2")
    assert (row["precision"], row["recall"], row["n_true"]) == (0, None, 0)
    assert [one.what for one in scores.predictions[0].mistakes].count("wrong") == 1


def test_duplicates_count_as_often_as_they_are_written_unless_asked(truth: Path, tmp_path: Path) -> None:
    predicted = gff3(
        tmp_path / "p.gff3",
        *transcript("p1", "q1", "-", (5001, 6000)),
        *transcript("p2", "q2", "-", (5001, 6000)),
        *transcript("p3", "q3", "-", (7001, 8000)),
    )
    assert counts(row_of(ga.evaluate(truth, None, predicted), "interval", "transcript", 0)) == (2, 3, 1, 3)
    scores = ga.evaluate(truth, None, predicted, deduplicate=True)
    assert counts(row_of(scores, "interval", "transcript", 0)) == (1, 2, 1, 3)


def test_isoforms_on_one_tss_are_one_site_and_a_gene_of_two_strands_is_one_gene(truth: Path) -> None:
    scores = ga.evaluate(truth, None, truth)
    assert counts(row_of(scores, "site", "tss", 0)) == (4, 4, 4, 4)
    assert counts(row_of(scores, "site", "polya", 0)) == (5, 5, 5, 5)
    row = row_of(scores, "interval", "transcript", 0)
    assert counts(row) == (5, 5, 3, 3)
    assert json.loads(row["extra"])["multiple_isoforms"][0] == 2


def test_a_flipped_strand_matches_only_if_strands_are_ignored(truth: Path, tmp_path: Path) -> None:
    predicted = gff3(
        tmp_path / "p.gff3", *transcript("p", "q", "+", (5001, 6000)), *transcript("u", "v", ".", (1001, 1400))
    )
    strict, loose = (ga.evaluate(truth, None, predicted, stranded=stranded) for stranded in (True, False))
    assert counts(row_of(strict, "interval", "transcript", 0)) == (0, 2, 0, 3)
    assert counts(row_of(loose, "interval", "transcript", 0)) == (2, 2, 2, 3)
    assert strict.predictions[0].dropped == {"unstranded_predictions": 1}


def test_spans_alone_match_intervals_but_no_structure(truth: Path, tmp_path: Path) -> None:
    predicted = tmp_path / "spans.bed"
    predicted.write_text("chr1\t1000\t1400\tp1\t0\t+\nchr1\t5000\t6000\tp2\t0\t-\n")
    scores = ga.evaluate(truth, None, predicted)
    assert counts(row_of(scores, "interval", "transcript", 0)) == (2, 2, 2, 3)
    assert counts(row_of(scores, "structure", "transcript", 0)) == (1, 2, 1, 3)  # the gene of one exon


def test_bed12_and_gtf_are_read_with_their_parts(truth: Path, tmp_path: Path) -> None:
    bed = tmp_path / "p.bed"
    bed.write_text("chr1\t1000\t1400\tp1\t0\t+\t1000\t1000\t0\t2\t100,100,\t0,300,\n")
    gtf = tmp_path / "p.gtf"
    rows = [("exon", 1001, 1100), ("exon", 1301, 1400)]
    text = ('chr1\tx\t{}\t{}\t{}\t.\t+\t.\tgene_id "g"; transcript_id "t";\n'.format(*row) for row in rows)
    gtf.write_text("".join(text))
    for path in (bed, gtf):
        scores = ga.evaluate(truth, None, path)
        assert counts(row_of(scores, "structure", "transcript", 0)) == (1, 1, 1, 3), path
        assert counts(row_of(scores, "chain", "intron")) == (1, 1, 1, 2)


def test_a_stop_codon_of_gtf_belongs_to_the_coding_sequence(tmp_path: Path) -> None:
    rows = [*transcript("t", "g", "+", (1001, 1090)), "chr1 CDS 1001 1090 + Parent=t"]
    truth = gff3(tmp_path / "truth.gff3", *rows)
    gtf = tmp_path / "p.gtf"
    parts = [("CDS", 1001, 1087), ("stop_codon", 1088, 1090)]
    text = ('chr1\tx\t{}\t{}\t{}\t.\t+\t0\tgene_id "g"; transcript_id "t";\n'.format(*part) for part in parts)
    gtf.write_text("".join(text))
    assert counts(row_of(ga.evaluate(truth, None, gtf), "part", "cds")) == (1, 1, 1, 1)


def test_unknown_names_and_positions_past_the_end_are_named_or_dropped(truth: Path, tmp_path: Path) -> None:
    unknown = gff3(tmp_path / "unknown.gff3", *transcript("p", "q", "+", (11, 20), chrom="chr11"))
    past = gff3(tmp_path / "past.gff3", *transcript("p9", "q", "+", (99_000, 100_001)))
    with pytest.raises(
        EvaluationError,
        match=r"unknown.gff3: no judged sequence goes by the name 'chr11' \(1 rows\); did you mean 'chr1'",
    ):
        ga.evaluate(truth, None, unknown)
    with pytest.raises(EvaluationError, match=r"past.gff3: p9 ends at 100,001 on chr1 of .*, which has 100,000 bp"):
        ga.evaluate(truth, None, past)
    for path, reason in ((unknown, "unknown_sequence"), (past, "past_the_end")):
        scores = ga.evaluate(truth, None, path, lenient=True)
        assert scores.predictions[0].dropped == {reason: 1}
        assert row_of(scores, "interval", "transcript", 0)["n_pred"] == 0


def test_names_go_through_plain_aliases(truth: Path, tmp_path: Path) -> None:
    predicted = tmp_path / "p.bed"
    predicted.write_text("1\t5000\t6000\tp2\t0\t-\n")
    assert counts(row_of(ga.evaluate(truth, None, predicted), "interval", "transcript", 0)) == (1, 1, 1, 3)


def test_one_site_can_be_near_two_but_match_only_one(tmp_path: Path) -> None:
    truth = gff3(tmp_path / "t.gff3", *transcript("a", "g", "+", (101, 500)), *transcript("b", "h", "+", (141, 900)))
    predicted = gff3(tmp_path / "p.gff3", *transcript("p", "q", "+", (121, 700)))
    scores = ga.evaluate(truth, None, predicted)
    assert counts(row_of(scores, "site", "tss", 50)) == (1, 1, 1, 2)
    assert counts(row_of(scores, "site", "tss_any", 50)) == (1, 1, 2, 2)


def test_masked_bases_do_not_count(truth: Path, tmp_path: Path) -> None:
    mask = tmp_path / "mask.bed"
    mask.write_text("chr1\t4000\t7000\nchr1\t1000\t1050\n")
    row = row_of(scores := ga.evaluate(truth, None, truth, mask=mask), "interval", "transcript", 0)
    assert counts(row) == (4, 4, 2, 2)
    assert counts(row_of(scores, "base", "exon"))[1] == 100 + 100 + 200 + 400 + 400 - 50


def test_single_sites_are_scored_as_sites(dataset: Dataset, tmp_path: Path) -> None:
    write_truth(truth_of_split(dataset.layout, "test"), tmp_path, Provenance())
    sites = pq.ParquetFile(tmp_path / "sites.parquet").read().to_pylist()
    bed = tmp_path / "p.bed"
    lines = [f"{s['chrom']}\t{s['position']}\t{s['position'] + 1}\t{s['kind']}\t0\t{s['strand']}\n" for s in sites]
    bed.write_text("".join(lines))
    scores = ga.evaluate(dataset.root, "test", bed, sites=True)
    assert {row["level"] for row in scores.rows()} == {"site"}
    assert scores.value("site.tss@0.f1") == scores.value("site.polya@0.f1") == 1
    bed.write_text(lines[0].replace("tss", "promoter").replace("polya", "promoter"))
    with pytest.raises(
        EvaluationError, match=r"found 'promoter' of 1 bp on .*; expected sites of 1 bp named tss or polya"
    ):
        ga.evaluate(dataset.root, "test", bed, sites=True)


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_targets_give_the_truth_back(dataset: Dataset, split: str) -> None:
    assert round_trip(dataset.layout, split) == []


def test_the_round_trip_sees_a_wrong_target(dataset: Dataset, tmp_path: Path) -> None:

    layout = Layout(copy_of(dataset, tmp_path / "copy"))

    def moved(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        peak = next(row for row in rows if row["channel"] == "mrna_tss_-" and row["value"] == 1)
        peak["value"] = 0.5
        return rows

    edit_rows(layout.segments("sim-gencode", "chr3"), moved)
    (one,) = round_trip(layout, "validation")
    assert (one.genome, one.chrom, one.channels, one.predicted) == ("sim-gencode", "chr3", "mrna_tss", one.true - 1)


@pytest.fixture(scope="module")
def published(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("truth")
    write_truth(truth_of_split(dataset.layout, "test"), folder, Provenance())
    return folder


def test_the_published_truth_is_the_dataset_s(dataset: Dataset, published: Path, tmp_path: Path) -> None:
    for scores in (
        ga.evaluate(dataset.root, "test", published / "truth.gff3.gz"),
        ga.evaluate(published, None, published / "truth.gff3.gz"),
    ):
        assert all(row["f1"] == 1 for row in scores.rows() if row["n_true"])
        assert scores.value("part.cds.f1") == 1
    write_truth(truth_of_split(dataset.layout, "test"), tmp_path, Provenance())
    for path in published.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_the_published_tables_count_what_the_annotation_has(dataset: Dataset, published: Path) -> None:
    table = pq.ParquetFile(dataset.layout.transcripts("sim-refseq")).read().to_pylist()
    own = [row for row in table if row["selected"]]
    transcripts = pq.ParquetFile(published / "transcripts.parquet").read().to_pylist()
    sites = pq.ParquetFile(published / "sites.parquet").read().to_pylist()
    assert len(transcripts) == len(own)
    begins = {(row["chrom"], row["strand"], row["start" if row["strand"] == "+" else "end"]) for row in own}
    found = {(s["chrom"], s["strand"], s["position"] + (s["strand"] == "-")) for s in sites if s["kind"] == "tss"}
    assert found == begins
    assert len(own) == 10
    assert sum(s["transcripts"] for s in sites if s["kind"] == "polya") == len(own)
    listed = (published / "sites.tsv").read_text().splitlines()
    assert listed[0] == "gene\ttranscript\ttype\tTSS\tPolyA\tstrand"
    assert len(listed) == len(own) + 1
    text = gzip.decompress((published / "truth.gff3.gz").read_bytes()).decode()
    assert text.count("\tgene\t") == len({row["gene_id"] for row in own})


MIXED = """
dataset: mixed
min_chromosome_length_bp: 1_000
evaluation: {predictions: [{name: model, path: predicted.bed}]}
assemblies:
  - genome: annotated
    species: Simulata humana
    simulate: {seed: 1, total_bp: 60_000, chromosomes: 1, short_scaffolds: 0, flavour: gencode}
    splits: {default: test}
  - {genome: bare, species: Simulata nova, sequence: {path: bare.fa}, splits: {default: test}}
"""


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a catalogue of a genome with annotation and one without, a prediction, and the root."""
    folder = tmp_path_factory.mktemp("mixed")
    (folder / "bare.fa").write_text(">chrB\n" + "ACGTTGCA" * 500 + "\n")
    (folder / "predicted.bed").write_text("chr1\t5000\t6000\tp1\t0\t-\n")
    (folder / "catalogue.yaml").write_text(MIXED)
    built(folder / "catalogue.yaml", folder / "root")
    return folder


def test_a_genome_without_annotation_is_built_but_not_judged(mixed: Path) -> None:
    root = mixed / "root"
    assert [path.name for path in root.glob("blocks/*/*")] == ["genome=annotated"]
    judged = pq.ParquetFile(root / "dataset/truth/test/transcripts.parquet").read()["genome"].to_pylist()
    assert {*judged} == {"annotated"}
    with pytest.raises(EvaluationError, match="genome 'bare' has no annotation, so nothing is known to be found"):
        truth_of_split(Layout(root), "test", ["bare"])


def test_a_plan_reads_no_prediction_that_lies_as_it_lay(mixed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue, predicted = load_catalogue(mixed / "catalogue.yaml"), mixed / "predicted.bed"

    def planned() -> EvaluationTask:
        task = evaluation_tasks(catalogue, mixed / "root", ["model"]).by_key["model"]
        assert isinstance(task, EvaluationTask)
        return task

    def finished() -> bool:
        return planned().units["evaluation"].finished() is not None

    def built_again() -> str:
        (outcome,) = build_evaluation([planned()])
        return outcome.status

    with monkeypatch.context() as patch:
        patch.setattr(hashes, "sha256_of_file", lambda path: pytest.fail(f"{path} was read"))
        assert finished()
        os.utime(predicted, ns=(1, 1))
        assert not finished()
    scores = mixed / "root" / "evaluation" / "model" / "scores.parquet"
    before = scores.stat().st_mtime_ns
    assert built_again() == "intact"  # it was read, and is the same
    assert finished()
    assert scores.stat().st_mtime_ns == before
    predicted.write_text(predicted.read_text().replace("6000", "6001"))
    assert not finished()
    assert built_again() == "built"
    assert finished()
    (mixed / "root" / "evaluation" / "model" / ".prediction.json").write_text("no JSON")
    assert not finished()


def test_the_hash_of_a_folder_is_that_of_its_names_and_files(tmp_path: Path) -> None:
    """By the words of the docstring, with sha256sum's own numbers of "1" and "2"."""
    for name, text in (("b", "1"), ("a/c", "2")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    one = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
    two = "d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35"
    whole = hashlib.sha256(f"a/c\t{two}\nb\t{one}\n".encode()).hexdigest()
    assert Hashed.of(tmp_path).sha256(tmp_path) == whole
    assert Hashed.of(tmp_path / "b").sha256(tmp_path / "b") == one


CHANNELS = ("primary_tss_-", "intragenic_regions_-")


@pytest.fixture(scope="module")
def dense(dataset: Dataset) -> dict[str, np.ndarray]:
    """Scores of two channels on the only chromosome of validation: targets with noise, float16."""
    opened = ga.open_dataset(dataset.root)
    targets = opened.chromosome("sim-gencode", "chr3", channels=CHANNELS).targets
    noise = np.random.default_rng(3).random(targets.shape, np.float32)
    scores = (0.3 * targets + 0.7 * noise).astype(np.float16)
    return {channel: scores[:, column] for column, channel in enumerate(CHANNELS)}


def test_scores_per_base_are_the_same_from_every_format(
    dataset: Dataset, dense: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    opened = ga.open_dataset(dataset.root)
    all_channels = opened.chromosome("sim-gencode", "chr3").channels
    length = len(dense[CHANNELS[0]])
    (tmp_path / "npz").mkdir()
    np.savez_compressed(tmp_path / "npz" / "chr3.npz", **dense)
    (tmp_path / "npy").mkdir()
    columns = [dense.get(channel, np.zeros(length, np.float16)) for channel in all_channels]
    np.save(tmp_path / "npy" / "chr3.npy", np.stack(columns, axis=1))
    (tmp_path / "bw").mkdir()
    for channel, values in dense.items():
        file = pyBigWig.open(str(tmp_path / "bw" / f"model.{channel}.bw"), "w")
        file.addHeader([("chr3", length)])
        file.addEntries("chr3", 0, values=values.astype(np.float64), span=1, step=1)
        file.close()
    (tmp_path / "blocks").mkdir()
    for start in range(0, length, 60_000):
        _write_block(tmp_path / "blocks" / f"{start}.parquet", dense, start, min(start + 60_000, length))
    targets = opened.chromosome("sim-gencode", "chr3", channels=CHANNELS).targets > 0
    tables = {form: ga.evaluate(dataset.root, "validation", tmp_path / form).table for form in ("npz", "npy", "blocks")}
    monkeypatch.setattr(probabilities, "SHARE", 90_000)  # so that chromosomes are cut, and a share has two blocks
    for form, table in tables.items():
        scores = ga.evaluate(dataset.root, "validation", tmp_path / form, workers=2 if form == "npy" else 1)
        assert scores.table == table, form
    for form in ("npz", "npy", "bw", "blocks"):
        scores = ga.evaluate(dataset.root, "validation", tmp_path / form)
        for column, channel in enumerate(CHANNELS):
            expected = average_precision_score(targets[:, column], dense[channel])
            error = 1e-12 if form != "bw" else scores.value(f"nucleotide.{channel}.average_precision_error")
            assert scores.value(f"nucleotide.{channel}.average_precision") == pytest.approx(expected, abs=error), form
            assert row_of(scores, "nucleotide", channel)["n_true"] == targets[:, column].sum()


def _write_block(path: Path, dense: dict[str, np.ndarray], start: int, end: int) -> None:
    values = np.stack([scores[start:end] for scores in dense.values()], axis=1)
    bases = pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])
    place = {"genome": "sim-gencode", "chrom": "chr3", "start": start, "end": end, "target_names": list(dense)}
    columns = [pa.ListArray.from_arrays([0, end - start], bases), pa.array([json.dumps(place)])]
    pq.write_table(pa.table(columns, names=["targets", "metadata"]), path)


def test_scores_per_base_that_do_not_fit_are_refused(
    dataset: Dataset, dense: dict[str, np.ndarray], tmp_path: Path
) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    np.savez(folder / "chr3.npz", **{"primary_tss_-": dense["primary_tss_-"][:-5]})
    with pytest.raises(EvaluationError, match=r"chr3 of sim-gencode: primary_tss_- has no score for the bases from"):
        ga.evaluate(dataset.root, "validation", folder)
    np.savez(folder / "chr3.npz", **{"tss": dense["primary_tss_-"]})
    with pytest.raises(EvaluationError, match=r"the array 'tss' is not one of the dataset's channels: primary_tss_\+"):
        ga.evaluate(dataset.root, "validation", folder)
    (folder / "chr3.npz").rename(folder / "chr33.npz")
    np.savez(folder / "chr33.npz", **dense)
    with pytest.raises(EvaluationError, match="no judged sequence goes by the name 'chr33'"):
        ga.evaluate(dataset.root, "validation", folder)
    (folder / "chr33.npz").write_bytes(b"no zip")
    with pytest.raises(EvaluationError, match=r"chr33.npz is not a .npz file that can be read"):
        ga.evaluate(dataset.root, "validation", folder)
    with pytest.raises(EvaluationError, match="compared with a dataset"):
        ga.evaluate(TRUTH, None, folder)


def test_positive_bases_may_be_the_sites_alone(dataset: Dataset, dense: dict[str, np.ndarray], tmp_path: Path) -> None:
    np.savez(tmp_path / "chr3.npz", **dense)
    scores = ga.evaluate(dataset.root, "validation", tmp_path / "chr3.npz", positive="site")
    targets = ga.open_dataset(dataset.root).chromosome("sim-gencode", "chr3", channels=CHANNELS).targets
    assert row_of(scores, "nucleotide", "primary_tss_-")["n_true"] == (targets[:, 0] == 1).sum()


def test_several_genomes_need_to_be_told_apart(dataset: Dataset, tmp_path: Path) -> None:
    predicted = tmp_path / "p.bed"
    predicted.write_text("chr1\t10\t20\tp\t0\t+\n")
    with pytest.raises(EvaluationError, match=r"'chr1' may be of sim-ensembl, sim-gencode: .* --genome"):
        ga.evaluate(dataset.root, "train", predicted)
    assert row_of(ga.evaluate(dataset.root, "train", predicted, genome="sim-gencode"), "gene", "overlap")["n_pred"] == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"split": "tets"}, "no split 'tets'; did you mean 'test'?"),
        ({"split": None}, "is a dataset; say which split"),
        ({"k": (50, 0)}, "k=.50, 0.: expected distances"),
        ({"by": ("chromosome",)}, "no stratum 'chromosome'.*; expected genome, chrom, strand, type, leakage"),
        ({"prediction": "no.gff3"}, "no file or folder at no.gff3"),
        ({"genome": "hg38"}, "genome 'hg38' is not in"),
    ],
)
def test_wrong_arguments_are_named(dataset: Dataset, truth: Path, arguments: dict[str, Any], told: str) -> None:
    given = {"dataset": dataset.root, "split": "test", "prediction": truth, **arguments}
    with pytest.raises(EvaluationError, match=told):
        ga.evaluate(**given)


def test_metrics_by_name() -> None:
    scores = ga.evaluate(TRUTH, None, FIXTURES / "chr1_split.gff3.gz")
    row = row_of(scores, "interval", "transcript", 100)
    assert scores.value("interval@100.precision") == row["precision"]
    assert scores.value("base.cds.recall") == row_of(scores, "base", "cds")["recall"]
    for metric, told in {
        "f1": "is not a metric",
        "intervall@50.f1": "no level 'intervall'; did you mean 'interval'",
        "interval@51.f1": "no k 51; there are 0, 50, 100, 250, 500",
        "site@50.f1": "no kind None; there are tss",
        "interval@50.ap": "no number 'ap'; there are precision, recall, f1",
    }.items():
        with pytest.raises(EvaluationError, match=told.replace("?", r"\?")):
            scores.value(metric)


def test_mistakes_are_told_by_gene(truth: Path, tmp_path: Path) -> None:
    predicted = gff3(
        tmp_path / "p.gff3",
        *transcript("p1", "q1", "+", (1001, 1100), (1301, 1437)),  # shifted by 37
        *transcript("p2", "q2", "-", (5001, 5300)),
        *transcript("p3", "q3", "-", (5601, 6000), (9001, 9600)),  # a part of g2, and g3 on -
        *transcript("p4", "q4", "+", (20_001, 20_100)),
    )
    found = {(one.what, one.gene, one.genes) for one in ga.evaluate(truth, None, predicted).predictions[0].mistakes}
    assert found == {
        ("shifted", "g1", ()),
        ("split", "g2", ("q2", "q3")),
        ("fused", "q3", ("g2", "g3")),
        ("unmatched", "g3", ()),
        ("missed", "g3", ()),
        ("wrong", "q4", ()),
    }


def test_the_report_holds_what_is_needed_to_compute_it_again(truth: Path, tmp_path: Path) -> None:
    scores = ga.evaluate(truth, None, {"a": truth, "b|c": truth}, by=("type",))
    paths = {path.name: path for path in scores.save(tmp_path / "report")}
    assert set(paths) == {"scores.parquet", "matches.parquet", "errors.gff3", "scores.md", "curves.svg"}
    assert pq.ParquetFile(paths["scores.parquet"]).read().equals(scores.table)
    card = paths["scores.md"].read_text()
    for expected in (
        "k: 0, 50, 100, 250, 500",
        "strands: must agree",
        scores.predictions[0].sha256,
        "b\\|c",
        "type=mRNA",
    ):
        assert expected in card, expected
    matches = pq.ParquetFile(paths["matches.parquet"]).read().to_pylist()
    assert {(m["predicted"], m["transcript"]) for m in matches if m["k_needed"] == 0} >= {("t1", "t1"), ("t3", "t3")}
    assert paths["curves.svg"].read_text().count("<circle") > 10
    again = ga.evaluate(truth, None, {"a": truth, "b|c": truth}, by=("type",)).save(tmp_path / "again")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in paths.values()]


def test_loci_that_were_seen_in_training_are_scored_apart(dataset: Dataset, tmp_path: Path) -> None:

    layout = Layout(copy_of(dataset, tmp_path / "copy"))
    truth = truth_of_split(layout, "test")
    rows = [
        {"genome": one.genome, "chrom": one.chrom, "start": start, "end": min(start + 10_000, one.length)}
        | {"score": 0.9 if start < 50_000 else 0.1, "judged": True}
        for one in truth.places.sequences
        for start in range(0, one.length, 10_000)
    ]
    write_table(layout.leakage("windows"), pa.Table.from_pylist(rows), Provenance())
    write_truth(truth, tmp_path / "truth", Provenance())
    scores = ga.evaluate(layout.root, "test", tmp_path / "truth" / "truth.gff3.gz", by=("leakage",))
    seen, unseen, everything = (
        row_of(scores, "base", "span", None, subset)["n_true"] for subset in ("leakage=seen", "leakage=unseen", "all")
    )
    assert seen > 0
    assert unseen > 0
    assert seen + unseen == everything
    genes = [
        row_of(scores, "gene", "overlap", None, subset)["n_true"]
        for subset in ("leakage=seen", "leakage=unseen", "all")
    ]
    assert genes[0] + genes[1] == genes[2]


def test_the_commands(dataset: Dataset, truth: Path, tmp_path: Path) -> None:
    runner, root = CliRunner(), str(dataset.root)
    done = runner.invoke(main, ["truth", "--root", root, "--split", "test", "-o", str(tmp_path / "t")])
    assert done.exit_code == 0, done.output
    predicted = str(tmp_path / "t" / "truth.gff3.gz")
    arguments = [
        "evaluate",
        predicted,
        "--root",
        root,
        "--split",
        "test",
        "-o",
        str(tmp_path / "o"),
        "--by",
        "type",
    ]
    done = runner.invoke(main, [*arguments, "--fail-under", "interval@0.f1=1"])
    assert done.exit_code == 0, done.output
    assert "1.0000" in done.output
    assert (tmp_path / "o" / "scores.md").is_file()
    against = ["evaluate", str(FIXTURES / "chr1_split.gff3.gz"), "--truth", str(TRUTH)]
    done = runner.invoke(main, [*against, "--fail-under", "interval@50.f1=0.4"])
    assert (done.exit_code, "interval@50.f1 is 0.0836, expected at least 0.4" in done.output) == (1, True)
    for wrong, told in ((against[:2], "either --split"), ([*against, "--fail-under", "f1"], "expected METRIC=NUMBER")):
        done = runner.invoke(main, wrong)
        assert (done.exit_code, told in done.output) == (2, True), done.output
