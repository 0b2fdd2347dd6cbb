"""Steps: what each makes of a small input, byte for byte; and what is rebuilt, and what is not, when something changes.

A hash here that no longer holds means that files of the same ingredients have other bytes: raise the step's number, so
that datasets made before are rebuilt, and put the new hash here.
"""

import hashlib
import json

import pyarrow.parquet as pq
import pytest
from built import copy_of

from genatator_assets.annotation import transcripts
from genatator_assets.annotation.transcripts import select_isoforms
from genatator_assets.gene_finding import index, statistics
from genatator_assets.gene_finding.blocks import chromosome
from genatator_assets.gene_finding.blocks.chromosome import build_chromosomes
from genatator_assets.gene_finding.index import build_index
from genatator_assets.gene_finding.tasks import chromosome_tasks
from genatator_assets.parts import load_catalogue
from genatator_assets.query.lineage import lineage_of
from genatator_assets.sources import assembly
from genatator_assets.sources.assembly import import_assembly
from genatator_assets.work.layout import Layout
from genatator_assets.work.unit import Step

GOLDEN = {
    "assemblies/sim-refseq/sequence.fa": (
        assembly.COPY_STEP,
        "2509e660ecfffbdee1b754a05253f612448b0b04c9bbfd349bf682ba88bc1725",
    ),
    "assemblies/sim-refseq/soft_masked.parquet": (
        assembly.COPY_STEP,
        "b8de7ec831480bfdcbbb0148ab80af2bfe10daaac017cf7a191ecc69e3ad2515",
    ),
    "assemblies/sim-refseq/chromosomes.parquet": (
        assembly.STEP,
        "615f677cf1131444af4d02700122850eeeac94b7729bbf949c3c0ffe85d55de6",
    ),
    "annotation/sim-refseq/transcripts.parquet": (
        transcripts.STEP,
        "d12d8c1779dccb10677c69bbc9531a294608211e5f15138b7607c9181923c12d",
    ),
    "annotation/sim-refseq/exons.parquet": (
        transcripts.STEP,
        "c5f53bd9fe1fcc8d9228b12ab0421aa33660daa80ce99258abcc473885c808ce",
    ),
    "targets/sim-refseq/NC_903001.1.parquet": (
        chromosome.TARGETS_STEP,
        "38769a94aabfbab93f5232759018d0cce1d9eeb13ae4ed474e7f23be679bb196",
    ),
    "blocks/test/genome=sim-refseq/chrom=NC_903001.1/60000.parquet": (
        chromosome.BLOCKS_STEP,
        "c8d7f4ef6c62ff1afa30285eb971ef7026ffc5d07603446be4227ee3c7527cb2",
    ),
    "dataset/blocks.parquet": (index.STEP, "04c24388d2ed2ff9f706e7e39fbc37f529a02f853b23ef49d7062059ce0dd512"),
    "dataset/statistics/target_sums.parquet": (
        statistics.STEP,
        "adf15c50fed027684331b0ea119fb228507a128c4b9423c403d48d5fe15c9ba8",
    ),
}


@pytest.mark.parametrize("path", GOLDEN)
def test_a_step_makes_the_bytes_that_it_made(dataset, path):
    step, expected = GOLDEN[path]
    found = hashlib.sha256((dataset.root / path).read_bytes()).hexdigest()
    assert found == expected, f"{path} has other bytes than step {step.name} {step.number} made: raise STEP"


FASTA = ">a\n" + "ACGT" * 500 + "\n>b\n" + "GGCA" * 500 + "\n"
GTF = "".join(
    f'{name}\tx\t{kind}\t{start}\t{end}\t.\t+\t.\tgene_id "g{name}"; transcript_id "t{name}"; '
    'gene_type "lncRNA"; transcript_type "lncRNA";\n'
    for name, start, end in (("one", 101, 300), ("two", 501, 900))
    for kind in ("transcript", "exon")
)
REPORT = "\t".join(
    [
        "# Sequence-Name",
        "Sequence-Role",
        "Assigned-Molecule",
        "Assigned-Molecule-Location/Type",
        "GenBank-Accn",
        "Relationship",
        "RefSeq-Accn",
        "Assembly-Unit",
        "Sequence-Length",
        "UCSC-style-name\n",
    ]
)


@pytest.fixture
def own(tmp_path):
    """A genome whose annotation has other names than its FASTA file; the table of names says which is which."""
    (tmp_path / "g.fa").write_text(FASTA)
    (tmp_path / "g.gtf").write_text(GTF)
    (tmp_path / "catalogue.yaml").write_text(
        "dataset: d\nmin_chromosome_length_bp: 1\nassemblies:\n  - {genome: g, species: S, sequence: {path: g.fa},"
        " annotation: {path: g.gtf}, aliases: {path: names.txt}}\n"
    )
    names(tmp_path, a="one", b="two")
    return Layout(tmp_path / "root")


def names(folder, **by_sequence):
    rows = (f"{a}\tx\tna\tna\t{other}\t=\tna\tx\tna\tna\n" for a, other in by_sequence.items())
    (folder / "names.txt").write_text(REPORT + "".join(rows))


def prepared(layout):
    catalogue = load_catalogue(layout.root.parent / "catalogue.yaml")
    import_assembly(catalogue, "g", layout)
    select_isoforms(catalogue, "g", layout)
    return catalogue


def built(layout):
    catalogue = prepared(layout)
    outcomes = build_chromosomes(chromosome_tasks(catalogue, layout, "g", ["a", "b"]))
    assert all(outcome.error is None for outcome in outcomes)
    build_index(catalogue, layout)
    return {outcome.key: outcome.status for outcome in outcomes}


def test_blocks_of_before_names_were_exchanged_are_not_current(own):
    """The table of names says now that what was `one` is `two`: every gene is on the other sequence."""
    assert set(built(own).values()) == {"built"}
    before = pq.read_table(own.index)["target_sum"].to_pylist()
    names(own.root.parent, a="two", b="one")
    catalogue = prepared(own)
    assert all("STALE" in lineage_of(path).state for path in own.blocks.rglob("*.parquet"))
    with pytest.raises(Exception, match="holds no finished blocks"):
        build_index(catalogue, own)
    assert set(built(own).values()) == {"built"}
    assert pq.read_table(own.index)["target_sum"].to_pylist() == before[::-1]
    assert all("from the present inputs" in lineage_of(path).state for path in own.blocks.rglob("*.parquet"))


def test_another_version_of_the_package_rebuilds_nothing(own, monkeypatch):
    built(own)
    monkeypatch.setattr("genatator_assets.work.unit.__version__", "99")
    assert set(built(own).values()) == {"intact"}


def test_a_raised_step_rebuilds_what_it_makes(own, monkeypatch):
    built(own)
    targets = [json.loads(path.read_text())["fingerprint"] for path in sorted(own.targets.rglob("*.json"))]
    monkeypatch.setattr(chromosome, "BLOCKS_STEP", Step("blocks", 99))
    assert set(built(own).values()) == {"built"}
    assert [json.loads(path.read_text())["fingerprint"] for path in sorted(own.targets.rglob("*.json"))] == targets


def test_a_manifest_says_what_the_footer_says(dataset):
    for path in sorted(dataset.layout.targets.rglob("*.parquet")):
        manifest = json.loads(path.with_suffix(".json").read_text())
        footer = {key.decode(): value.decode() for key, value in pq.read_metadata(path).metadata.items()}
        assert manifest["fingerprint"] == footer["genatator_assets.fingerprint"]
        assert manifest["made_from"]["inputs"] == json.loads(footer["genatator_assets.inputs"])
        assert manifest["made_from"]["parameters"] == json.loads(footer["genatator_assets.parameters"])


def test_a_tree_that_was_copied_is_intact(dataset, tmp_path):
    layout = Layout(copy_of(dataset, tmp_path / "root"))
    tasks = chromosome_tasks(dataset.catalogue, layout, "sim-refseq", ["NC_903001.1"])
    assert [outcome.status for outcome in build_chromosomes(tasks)] == ["intact"]
