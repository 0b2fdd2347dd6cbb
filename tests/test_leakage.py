"""The leakage report of real genomes: every window and protein of the fixtures, through files, tables and masks."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from conftest import data_folder

from genatator_assets.annotation.transcripts import select_isoforms
from genatator_assets.catalogue import Catalogue
from genatator_assets.cli import main
from genatator_assets.errors import CatalogueError
from genatator_assets.leakage.sketch import build_sketches
from genatator_assets.leakage.tasks import (
    LeakageTask,
    StatisticsTask,
    build_leakage,
    build_statistics,
    judging_of,
    sketch_tasks,
)
from genatator_assets.parts import PARTS, load_catalogue
from genatator_assets.sources.assembly import import_assembly
from genatator_assets.work.layout import Layout

FIXTURES = data_folder().parent / "fixtures" / "leakage"
EXPECTED = json.loads((FIXTURES / "expected.json").read_text())["windows"]
PROTEINS = json.loads((FIXTURES / "yeast_proteins.json").read_text())["genes"]
TWO = """
dataset: two
gene_finding: false
leakage: {{min_samples: 20, hold_out: {{with: homologs, threshold: 0.5}}}}
assemblies:
  - genome: one
    species: Homo sapiens
    sequence: {{path: {data}/human_GRCh38_chr1_1Mb/hg38_chr1_1-1000000.fa.gz}}
    annotation: {{path: {data}/human_GRCh38_chr1_1Mb/trimmed_gencode.v29.chr1_1-1000000.gtf.gz}}
  - genome: nine
    species: Homo sapiens
    sequence: {{path: {data}/human_GRCh38_chr9_1Mb/Homo_sapiens.GRCh38.dna_sm.primary_assembly_chr9_1_1000000.fa}}
    annotation: {{path: {data}/human_GRCh38_chr9_1Mb/Homo_sapiens.GRCh38.91_chr9_1_1000000.gtf}}
    splits: {{default: test}}
"""
YEAST = """
dataset: yeast
gene_finding: false
leakage: {{masked: none, min_samples: 20}}
min_chromosome_length_bp: 50_000
assemblies:
  - genome: R64
    species: Saccharomyces cerevisiae
    sequence: {{path: {data}/yeast_R64/refseq/GCF_000146045.2_R64_genomic.fna.gz}}
    annotation: {{path: {data}/yeast_R64/refseq/GCF_000146045.2_R64_genomic_subset.gff.gz}}
    splits: {{test: [NC_001136.10]}}
"""


@dataclass(frozen=True)
class Made:
    catalogue: Catalogue
    path: Path
    layout: Layout

    def table(self, name: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = pq.ParquetFile(self.layout.leakage(name)).read().to_pylist()
        return rows


def make(folder: Path, text: str) -> Made:
    """Import a catalogue's assemblies and make the report."""
    path = folder / "catalogue.yaml"
    path.write_text(text.format(data=data_folder()))
    catalogue, layout = load_catalogue(path), Layout(folder / "root")
    for genome in catalogue.genomes:
        import_assembly(catalogue, genome, layout)
        select_isoforms(catalogue, genome, layout)
    assert build(catalogue, layout) == {"built"}
    return Made(catalogue, path, layout)


def build(catalogue: Catalogue, layout: Layout) -> set[str]:
    tasks = sketch_tasks(catalogue, layout.root, catalogue.genomes)
    outcomes = build_sketches(list(tasks.by_key.values()))
    outcomes += build_leakage([LeakageTask(judging_of(catalogue, layout.root))])
    outcomes += build_statistics([StatisticsTask(layout.root, catalogue.dataset)])
    assert not tasks.faults
    assert [outcome.error for outcome in outcomes if outcome.error] == []
    return {outcome.status for outcome in outcomes}


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("two"), TWO)


@pytest.fixture(scope="module")
def yeast(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("yeast"), YEAST)


def expected_windows(pair: str, **rule: Any) -> dict[str, Any]:
    (found,) = [one for one in EXPECTED if one["pair"].startswith(pair) and all(one[k] == v for k, v in rule.items())]
    return found


@pytest.mark.parametrize(
    ("made", "pair", "masked"), [("two", "GRCh38 chr9", True), ("yeast", "yeast", False)], ids=["human", "yeast"]
)
def test_every_window_of_the_fixtures(made: str, pair: str, masked: bool, request: pytest.FixtureRequest) -> None:
    expected = expected_windows(pair, k=21, scaled=20, masked_query=masked)
    rows = request.getfixturevalue(made).table("windows")
    assert [row["sampled"] for row in rows] == expected["sampled"]
    shares = [shared / max(sampled, 1) for shared, sampled in zip(expected["shared"], expected["sampled"], strict=True)]
    judged = [row["judged"] for row in rows]
    assert sum(judged) == expected["windows_judged"]
    for row, share in zip(rows, shares, strict=True):
        assert row["score"] == (pytest.approx(share) if row["judged"] else None)


def test_windows_say_where_their_copies_are(two: Made) -> None:
    leaked = [row for row in two.table("windows") if row["score"] is not None and row["score"] >= 0.5]
    assert [(row["genome"], row["chrom"], row["start"]) for row in leaked] == [
        ("nine", "9", s) for s in (10_000, 20_000, 30_000)
    ]
    for row in leaked:
        assert (row["score_same_species"], row["best_genome"]) == (row["score"], "one")
        assert row["score_same_genome"] is row["score_other"] is None  # train has no such genome


def test_proteins_of_yeast_gene_by_gene(yeast: Made) -> None:
    transcripts = pq.ParquetFile(yeast.layout.transcripts("R64")).read().to_pylist()
    gene_of = {row["transcript_id"]: row["gene_id"] for row in transcripts}
    rejected = {row["gene_id"] for row in transcripts if row["reason"] == "pseudo"}
    rows = {row["gene"]: row for row in yeast.table("genes")}
    compared = 0
    for transcript, expected in PROTEINS.items():
        row = rows.get(gene_of[transcript])
        if row is None:
            assert gene_of[transcript] in rejected
            continue
        compared += 1
        assert round(row["protein_score"], 6) == pytest.approx(expected["k8"][0], abs=1.1e-6), transcript
        assert (row["best_gene"] is None) == (expected["k8"][0] == 0)
        if (expected["blastp_identity"] or 0) >= 70:
            assert row["protein_score"] >= 0.1
    assert compared >= len(PROTEINS) - 5
    assert not any(row["name_in_train"] for row in rows.values())


def test_exons_of_genes_are_judged_alone(yeast: Made) -> None:
    """Genes with a near copy elsewhere, such as the two histone loci and the ribosomal proteins, and single ones."""
    rows = {row["gene"]: row for row in yeast.table("genes")}
    scores = np.array([row["window_score"] for row in rows.values() if row["window_score"] is not None])
    assert len(scores) > 500
    assert 0.02 < np.mean(scores >= 0.5) < 0.12
    alike = [row["protein_score"] for row in rows.values() if (row["window_score"] or 0) >= 0.9]
    assert len(alike) > 10
    assert np.mean(np.array(alike, float) >= 0.5) > 0.9


def test_statistics_count_what_the_tables_have(two: Made) -> None:
    rows = pq.ParquetFile(two.layout.statistics("leakage")).read().to_pylist()
    found = {(row["unit"], row["relation"], row["rule"], row["threshold"]): row for row in rows}
    expected = expected_windows("GRCh38 chr9", k=21, scaled=20, masked_query=True)
    for threshold in (0.1, 0.2, 0.5, 0.9):
        row = found["window", "any", "without soft-masked k-mers", threshold]
        assert (row["n"], row["judged"]) == (100, 99)
        assert row["share"] == pytest.approx(expected["share"][str(threshold)])
        assert found["nt", "any", "without soft-masked k-mers", threshold]["leaked"] == 10_000 * row["leaked"]
    genes = two.table("genes")
    named = found["gene", "any", "names", 1.0]
    assert (named["n"], named["leaked"]) == (len(genes), sum(row["name_in_train"] for row in genes))
    assert {row["relation"] for row in rows} == {"any", "same_species"}


def test_train_is_masked_where_it_has_homologs(two: Made) -> None:
    """The windows of chr1 that have half of their k-mers on chr9; repeats are left out, as chr1 is not soft-masked."""
    masked = two.table("masked")
    expected = expected_windows("GRCh38 chr1", k=21, scaled=20)
    share = np.array(expected["shared"]) / np.maximum(expected["sampled"], 1)
    assert {(row["genome"], row["chrom"]) for row in masked} == {("one", "chr1")}
    starts = {row["start"] // 10_000 for row in masked}
    assert starts >= set(np.flatnonzero(share >= 0.6).tolist())
    assert starts <= set(np.flatnonzero(share >= 0.4).tolist())
    bed = [line.split("\t") for line in two.layout.train_mask.read_text().splitlines()]
    assert sum(int(end) - int(start) for _, start, end, _ in bed) == 10_000 * len(masked)


def test_what_is_finished_is_left_alone_and_made_again_the_same(two: Made, tmp_path: Path) -> None:
    assert build(two.catalogue, two.layout) == {"intact"}
    again = make(tmp_path, TWO)
    for name in ("windows", "genes", "masked", "blocks"):
        assert again.layout.leakage(name).read_bytes() == two.layout.leakage(name).read_bytes(), name


def test_another_rule_makes_another_report_from_the_same_sketches(two: Made, tmp_path: Path) -> None:
    text = two.path.read_text().replace("min_samples: 20", "min_samples: 400")
    (tmp_path / "catalogue.yaml").write_text(text)
    catalogue = load_catalogue(tmp_path / "catalogue.yaml")
    tasks = sketch_tasks(catalogue, two.layout.root, catalogue.genomes).by_key
    assert all(task.units["kmer_sketches"].finished() for task in tasks.values())
    assert LeakageTask(judging_of(catalogue, two.layout.root)).unit.finished() is None


def test_splits_by_homology_keep_copies_together(two: Made, tmp_path: Path) -> None:
    arguments = ["split", "--catalogue", str(two.path), "--root", str(two.layout.root), "--unit-bp", "50000"]
    done = CliRunner().invoke(main, [*arguments, "--fractions", "0.6,0.2,0.2", "-o", str(tmp_path)])
    assert done.exit_code == 0, done.output
    lines = [line.split("\t") for line in (tmp_path / "splits.bed").read_text().splitlines()]
    split_of = {
        (genome, start // 50_000): split
        for chrom, first, last, split, genome in lines
        for start in range(int(first), int(last), 50_000)
    }
    assert len(split_of) == 40
    assert set(split_of.values()) == {"train", "validation", "test"}
    # The first 50 kb of both are copies of each other: three of their windows share nearly all k-mers.
    assert split_of["one", 0] == split_of["nine", 0]
    load_catalogue(tmp_path / "catalogue.yaml")
    header, *rows = (tmp_path / "residual_leakage.tsv").read_text().splitlines()
    assert header.split("\t") == ["split", "against", "threshold", "nt", "leaked nt", "share"]
    assert len(rows) == 3 * 2 * 4


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("{k: 40}", "leakage.k"),
        ("{masked: all}", "leakage.masked"),
        ("{hold_out: {threshold: 0}}", "leakage.hold_out.threshold"),
        ("{windows: 10}", "leakage.windows"),
    ],
)
def test_a_wrong_section_is_named(section: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "catalogue.yaml"
    path.write_text(f"dataset: x\nleakage: {section}\nassemblies: [{{genome: a, species: b, simulate: {{seed: 1}}}}]\n")
    with pytest.raises(CatalogueError, match=told):
        load_catalogue(path)


def test_the_part_is_listed() -> None:
    assert PARTS["leakage"] == "genatator_assets.leakage"
