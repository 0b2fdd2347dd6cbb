"""Exports: what is written, read back by the readers that people have, is what the blocks and the annotation hold."""

import gc
import itertools
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

import h5py
import matplotlib
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyBigWig
import pyranges
import pytest
import webdataset
import zarr
from alphagenome.data.genome import Interval as TheirInterval
from alphagenome.visualization import plot_components
from blockfiles import blocks_of, read_block
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st
from releases import foreign, published, write_foreign

import genatator_assets as ga
from genatator_assets import reading
from genatator_assets.annotation.parsed import EXONS_SCHEMA
from genatator_assets.annotation.reader import read_annotation
from genatator_assets.annotation.select import SCHEMA, select
from genatator_assets.annotation.transcripts import select_isoforms
from genatator_assets.cli import main
from genatator_assets.cli.export import export as export_group
from genatator_assets.errors import DatasetError, ReadingError
from genatator_assets.gene_finding.channels import CHANNELS
from genatator_assets.parts import load_catalogue
from genatator_assets.query.connect import ask, connect
from genatator_assets.reading import blocks
from genatator_assets.reading.exports import bigwig
from genatator_assets.reading.exports.bed import write_bed, write_bedgraph
from genatator_assets.reading.exports.bed12 import write_bed12
from genatator_assets.reading.exports.bigwig import write_bigwig
from genatator_assets.reading.exports.gff3 import write_gff3
from genatator_assets.reading.exports.hdf5 import write_windows
from genatator_assets.reading.exports.webdataset import write_webdataset
from genatator_assets.reading.exports.zarr import write_zarr
from genatator_assets.reading.store import Chromosome
from genatator_assets.sources.assembly import import_assembly
from genatator_assets.sources.chromosomes import read_chromosomes
from genatator_assets.tracks.runs import Runs, join_stretches
from genatator_assets.tracks.segments import Segments
from genatator_assets.work.layout import Layout

PAGE = (Path(__file__).resolve().parents[1] / "docs/exports.md").read_text()
GENOMES = ("sim-ensembl", "sim-gencode", "sim-refseq")
GENOME, CHROM = "sim-gencode", "chr1"
LEFT_OPEN = "ignore:unclosed file <_io.BufferedReader name='.*tar':ResourceWarning"  # by the package webdataset
WRITERS = (write_bigwig, write_bedgraph, write_bed)

matplotlib.use("agg")


@pytest.fixture(scope="module")
def truth(dataset):
    """DNA and dense targets of every chromosome, decoded by pyarrow from the blocks."""
    return {
        (genome, chrom): ("".join(block.dna for block in own), np.concatenate([block.targets for block in own]))
        for genome in GENOMES
        for chrom, own in blocks_of(dataset.root, genome).items()
    }


@pytest.fixture(scope="module")
def written(small, tmp_path_factory):
    """Every track of the small dataset in every format."""
    folder = tmp_path_factory.mktemp("written")
    for writer in WRITERS:
        writer(small, folder / writer.__name__)
    return folder


def run(*arguments):
    return CliRunner().invoke(main, ["export", *map(str, arguments)])


def bytes_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# --- bigWig and bedGraph ---


@pytest.mark.parametrize("genome", GENOMES)
def test_a_bigwig_has_the_targets_of_the_blocks(written, truth, genome):
    lengths = {chrom: len(dna) for (of, chrom), (dna, _) in truth.items() if of == genome}
    assert len(lengths) >= 2
    for channel, name in enumerate(CHANNELS.names):
        with pyBigWig.open(str(written / "write_bigwig" / f"{genome}.{name}.bw")) as file:
            assert file.chroms() == lengths
            for chrom, length in lengths.items():
                expected = truth[genome, chrom][1][:, channel]
                values = np.nan_to_num(file.values(chrom, 0, length, numpy=True))
                if not len(values):  # so pyBigWig may tell that a chromosome has no value
                    values = np.zeros(length, np.float32)
                np.testing.assert_array_equal(values, expected)


@pytest.mark.parametrize("genome", GENOMES)
def test_a_bedgraph_has_the_targets_of_the_blocks_and_no_zeros(written, truth, genome):
    for channel, name in enumerate(CHANNELS.names):
        text = (written / "write_bedgraph" / f"{genome}.{name}.bedGraph").read_text()
        rows = [line.split("\t") for line in text.splitlines()]
        places = [(chrom.encode(), int(start), int(end)) for chrom, start, end, _ in rows]
        assert places == sorted(places)
        dense = {chrom: np.zeros(len(dna), np.float32) for (of, chrom), (dna, _) in truth.items() if of == genome}
        for chrom, start, end, value in rows:
            assert np.float32(value) > 0
            dense[chrom][int(start) : int(end)] = np.float32(value)
        for chrom, values in dense.items():
            np.testing.assert_array_equal(values, truth[genome, chrom][1][:, channel])
        touching = [one for one, other in itertools.pairwise(rows) if (one[0], *one[2:]) == (other[0], *other[1::2])]
        assert not touching


@pytest.mark.parametrize("kept", [published, foreign])
def test_blocks_alone_give_the_bytes_of_a_root(dataset, written, tmp_path, monkeypatch, kept):
    monkeypatch.setattr(blocks, "_STRETCH_BP", 10_007)
    release = ga.open_dataset(kept(dataset.root, tmp_path / "release"))
    for writer in WRITERS:
        writer(release, tmp_path / "out")
        assert bytes_of(tmp_path / "out") == bytes_of(written / writer.__name__)
        shutil.rmtree(tmp_path / "out")


def test_blocks_with_values_that_are_no_targets_are_named(dataset, tmp_path, monkeypatch):
    release = ga.open_dataset(published(dataset.root, tmp_path / "release")).select(genome=GENOME)
    monkeypatch.setattr(blocks.BlockStore, "paint", lambda _, out, *__, **___: out.fill(2))
    with pytest.raises(
        DatasetError, match=rf"targets of {GENOME} chr1, \[0, 204,083\): values of primary_tss_\+ lie between 2.0"
    ):
        write_bedgraph(release, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_nothing_of_a_root_is_made_dense(small, written, tmp_path, monkeypatch):
    monkeypatch.setattr(Segments, "dense", None)
    for writer in WRITERS:
        writer(small.select(genome=GENOME), tmp_path)
    expected = {name for writer in WRITERS for name in bytes_of(written / writer.__name__) if GENOME in name}
    assert set(bytes_of(tmp_path)) == expected


def test_a_split_has_its_chromosomes_alone_and_files_of_its_own(small, tmp_path):
    paths = write_bigwig(small["validation"], tmp_path, channels=["mrna_tss_-"])
    assert [path.name for path in paths] == ["sim-gencode.validation.mrna_tss_-.bw"]
    with pyBigWig.open(str(paths[0])) as file:
        assert list(file.chroms()) == ["chr3"]
    (path,) = write_bed(small["validation"], tmp_path, channels=["mrna_tss_-"])
    assert path.name == "sim-gencode.validation.mrna_tss.bed"
    assert {(line.split("\t")[0], line[-1]) for line in path.read_text().splitlines()} == {("chr3", "-")}


@dataclass
class Held:
    """A store of one genome that has what a test gives it: runs of the first channel, or transcripts."""

    runs_of: dict[str, tuple[Runs, ...]]
    table: pa.Table | None = None
    parts: pa.Table = field(default_factory=EXONS_SCHEMA.empty_table)
    origin: Path = Path("held")
    length: int = 1_000

    @property
    def chromosomes(self) -> tuple[Chromosome, ...]:
        return tuple(Chromosome("g", name, self.length, "train") for name in self.runs_of)

    def runs(self, chromosome: Chromosome, channels: Sequence[int]) -> Iterator[tuple[Runs, ...]]:
        return ((runs,) for runs in self.runs_of[chromosome.chrom])

    def transcripts(self, genome: str) -> pa.Table | None:
        return self.table

    def exons(self, genome: str) -> pa.Table:
        return self.parts


def runs_of(*rows):
    starts, ends, values = zip(*rows, strict=True) if rows else ((), (), ())
    return Runs(np.array(starts, np.int64), np.array(ends, np.int64), np.array(values, np.float32))


def test_chromosomes_come_in_the_order_of_bytes_also_those_without_values(tmp_path):
    runs = (runs_of((3, 5, 0.5)),)
    names = ["chr10", "chr2", "chrΩ", "Chr1", 'a"b']
    held = reading.Dataset(Held({**dict.fromkeys(names, runs), "chr1": (runs_of(),)}))
    in_order = ["Chr1", 'a"b', "chr1", "chr10", "chr2", "chrΩ"]
    (path,) = write_bigwig(held, tmp_path, channels=["primary_tss_+"])
    with pyBigWig.open(str(path)) as file:
        assert list(file.chroms().items()) == [(name, 1_000) for name in in_order]
        assert [file.intervals(name) for name in in_order] == [
            None if n == "chr1" else ((3, 5, 0.5),) for n in in_order
        ]
    (path,) = write_bedgraph(held, tmp_path, channels=["primary_tss_+"])
    assert path.read_text() == "".join(f"{name}\t3\t5\t0.5\n" for name in in_order if name != "chr1")


def test_a_channel_without_any_value_is_a_file_all_the_same(tmp_path):
    (path,) = write_bigwig(reading.Dataset(Held({"chr1": (runs_of(),)})), tmp_path, channels=["primary_tss_+"])
    with pyBigWig.open(str(path)) as file:
        assert (file.chroms(), file.intervals("chr1")) == ({"chr1": 1_000}, None)


@given(st.lists(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=6), min_size=1, max_size=6))
def test_runs_are_joined_across_stretches(stretches):
    cut, start = [], 0
    for stretch in stretches:
        cut.append((Runs.of_column(np.array(stretch, np.float32), start),))
        start += len(stretch)
    found = [run for (runs,) in join_stretches(cut, 1) for run in zip(runs.start, runs.end, runs.value, strict=True)]
    expected, start = [], 0
    for value, group in itertools.groupby(itertools.chain(*stretches)):
        end = start + len(list(group))
        expected += [(start, end, value)] if value else []
        start = end
    assert found == expected


# --- BED ---


def rows_of_bed(path):
    return [line.split("\t") for line in path.read_text().splitlines()]


@pytest.mark.parametrize("genome", GENOMES)
def test_bed_has_the_sites_that_sql_has(dataset, written, genome):
    with connect(dataset.root) as connection:
        question = f"select channel, chrom, position, strand from sites where genome = '{genome}'"
        sites = ask(connection, question).rows
    names = ("primary_tss", "primary_polya", "mrna_tss", "mrna_polya")
    assert len(sites) > 4 * len(names)
    found = []
    for name in names:
        rows = rows_of_bed(written / "write_bed" / f"{genome}.{name}.bed")
        places = [(chrom.encode(), int(start), int(end), strand) for chrom, start, end, _, _, strand in rows]
        assert places == sorted(places)
        assert {end - start for _, start, end, _ in places} == {1}
        assert {(channel[:-2], score) for *_, channel, score, _ in rows} == {(name, "0")}
        found += [(channel, chrom, int(start), strand) for chrom, start, _, channel, _, strand in rows]
    assert sorted(found) == sorted(sites)


@pytest.mark.parametrize("genome", GENOMES)
def test_bed_has_the_intragenic_intervals(written, truth, genome):
    for group, offset in (("intragenic_regions", 4), ("mrna_intragenic_regions", 10)):
        rows = rows_of_bed(written / "write_bed" / f"{genome}.{group}.bed")
        for column, strand in enumerate("+-", offset):
            for chrom in {chrom for of, chrom in truth if of == genome}:
                dense = np.zeros(len(truth[genome, chrom][0]))
                for of, start, end, name, _, on in rows:
                    if (of, on, name) == (chrom, strand, f"{group}_{strand}"):
                        assert not dense[int(start) : int(end)].any()
                        dense[int(start) : int(end)] = 1
                np.testing.assert_array_equal(dense, truth[genome, chrom][1][:, column])


def test_sites_of_flat_peaks_need_the_transcripts(dataset, written, tmp_path):
    """A release of a dataset whose kernel is a box."""

    release = tmp_path / "release"
    for number, path in enumerate(sorted((dataset.root / "blocks").rglob("*.parquet"))):
        block = read_block(path)
        to = release / "data" / block.metadata["split"] / f"{number}.parquet"
        to.parent.mkdir(parents=True, exist_ok=True)
        write_foreign(to, replace(block, targets=(block.targets > 0).astype(np.float32)))
    with pytest.raises(DatasetError, match=r"sites of sim-ensembl can't be derived .*sim-ensembl.transcripts\.parquet"):
        write_bed(ga.open_dataset(release), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    shutil.copytree(dataset.root / "annotation", release / "annotation")
    write_bed(ga.open_dataset(release), tmp_path / "out")
    assert bytes_of(tmp_path / "out") == bytes_of(written / "write_bed")


# --- GFF3 ---

TOLD = ("chrom", "start", "end", "strand", "transcript_id", "gene_id", "type", "biotype", "partial")


def selected_of(root, genome, chroms):
    """The selected transcripts, by pyarrow."""
    rows = pq.ParquetFile(root / f"annotation/{genome}/transcripts.parquet").read().to_pylist()
    return [row for row in rows if row["selected"] and row["chrom"] in chroms]


def told(rows):
    return sorted(repr([row[name] for name in TOLD]) for row in rows)


def exons_told(rows, exons, columns=EXONS_SCHEMA.names[1:]):
    """The exons of transcripts, by what is told of each; `exons` name a transcript by its place in `rows`."""
    return sorted(repr((told([rows[exon["transcript"]]]), [exon[name] for name in columns])) for exon in exons)


def exons_of(root, genome, chroms):
    """The exons of the selected transcripts, by pyarrow."""
    rows, exons = (pq.ParquetFile(root / f"annotation/{genome}/{name}.parquet").read().to_pylist() for name in MODELS)
    wanted = [row["selected"] and row["chrom"] in chroms for row in rows]
    return exons_told(rows, [exon for exon in exons if wanted[exon["transcript"]]])


MODELS = ("transcripts", "exons")


@pytest.mark.parametrize(
    ("genome", "split", "chroms"),
    [
        ("sim-gencode", "train", ["chr1", "chr2"]),
        ("sim-gencode", "validation", ["chr3"]),
        ("sim-ensembl", "train", ["1", "2"]),
        ("sim-refseq", "test", ["NC_903001.1", "NC_903002.1"]),
    ],
)
def test_a_catalogue_that_has_the_gff3_selects_the_same_transcripts(dataset, small, tmp_path, genome, split, chroms):
    (path,) = write_gff3(small[split].select(genome=genome), tmp_path)
    assert path.name == f"{genome}.{split}.gff3"
    (tmp_path / "catalogue.yaml").write_text(f"""
dataset: again
min_chromosome_length_bp: 50_000
assemblies:
  - genome: again
    species: Simulata
    sequence: {{path: {dataset.root / "assemblies" / genome / "sequence.fa"}}}
    annotation: {{path: {path}}}
""")
    catalogue, layout = load_catalogue(tmp_path / "catalogue.yaml"), Layout(tmp_path / "root")
    import_assembly(catalogue, "again", layout)
    select_isoforms(catalogue, "again", layout)
    again = selected_of(layout.root, "again", chroms)
    expected = selected_of(dataset.root, genome, chroms)
    assert told(again) == told(expected)
    assert expected


def test_the_gff3_of_real_genomes_selects_the_same_transcripts(four_genomes, tmp_path):
    ds = ga.open_dataset(four_genomes.root)
    for split in ds.splits:
        for path in write_gff3(ds[split], tmp_path):
            genome = path.name.removesuffix(f".{split}.gff3")
            chroms = [one.chrom for one in ds.chromosomes(split, genome)]
            chromosomes = read_chromosomes(Layout(four_genomes.root).chromosomes(genome))
            selection = select(genome, read_annotation(path), chromosomes)
            again = selection.transcripts.to_pylist()
            assert all(row["selected"] for row in again)
            assert told(again) == told(selected_of(four_genomes.root, genome, chroms))
            exons = exons_told(again, selection.exons.to_pylist())
            assert exons == exons_of(four_genomes.root, genome, chroms)  # with phases and slippage, too
            assert exons
    assert len(list(tmp_path.iterdir())) >= 4


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # of pandas, about pyranges
def test_the_gff3_is_that_of_the_specification(dataset, small, tmp_path):
    (path,) = write_gff3(small["train"].select(genome=GENOME), tmp_path)
    lines = path.read_text().splitlines()
    header = ["##gff-version 3", "##sequence-region chr1 1 204083", "##sequence-region chr2 1 122448"]
    assert lines[:3] == header
    rows = [line.split("\t") for line in lines[3:]]
    genes = [(chrom, int(first), int(last)) for chrom, _, kind, first, last, *_ in rows if kind == "gene"]
    assert genes == sorted(genes)
    names = [re.match("ID=([^;]+);", row[8])[1] for row in rows if row[2] != "CDS"]
    assert len(set(names)) == len(names)
    known = set()
    for row in rows:  # what has a parent stands behind it
        parent = re.search("Parent=([^;]+)", row[8])
        assert parent is None or parent[1] in known
        known.add(re.match("ID=([^;]+);", row[8])[1])
        assert (row[7] in {"0", "1", "2"}) == (row[2] == "CDS")
    theirs = pyranges.read_gff3(str(path)).df
    theirs = theirs[theirs["Feature"].isin(["mRNA", "lnc_RNA"])]
    columns = [theirs[name].astype(str) for name in ("Chromosome", "Start", "End", "Strand", "Feature", "ID")]
    expected = [
        [row["chrom"], str(row["start"]), str(row["end"]), row["strand"], kind, row["transcript_id"]]
        for row in selected_of(dataset.root, GENOME, ["chr1", "chr2"])
        for kind in [{"mRNA": "mRNA", "lncRNA": "lnc_RNA"}[row["type"]]]
    ]
    assert sorted(map(list, zip(*columns, strict=True))) == sorted(expected)


def transcript(**changed):
    known = dict.fromkeys(SCHEMA.names) | {"chrom": "chr1", "start": 10, "end": 20, "strand": "+", "type": "mRNA"}
    known |= {"transcript_id": "t", "pseudo": False, "trans_spliced": False, "partial": False, "selected": True}
    return known | {"genome": "g", "reason": "selected", "source_line": 1} | changed


def held_transcripts(*rows, exons=()):
    table, parts = pa.Table.from_pylist(list(rows), SCHEMA), pa.Table.from_pylist(list(exons), EXONS_SCHEMA)
    return reading.Dataset(Held(dict.fromkeys(["chr1", *table["chrom"].to_pylist()], ()), table, parts))


def test_ids_are_numbered_where_several_rows_have_one(tmp_path):
    rows = [
        transcript(),
        transcript(start=30, end=40),
        transcript(start=50, end=60, transcript_id="t-2", partial=True),
        transcript(start=70, end=80, type="lncRNA", gene_id="a;b", biotype="100%"),
        transcript(start=90, end=95, selected=False),
    ]
    (path,) = write_gff3(held_transcripts(*rows), tmp_path)
    assert path.read_text().splitlines() == [
        "##gff-version 3",
        "##sequence-region chr1 1 1000",
        "chr1\tgenatator-assets\tmRNA\t11\t20\t.\t+\t.\tID=t;transcript_id=t",
        "chr1\tgenatator-assets\tmRNA\t31\t40\t.\t+\t.\tID=t-2;transcript_id=t",
        "chr1\tgenatator-assets\tmRNA\t51\t60\t.\t+\t.\tID=t-2-2;transcript_id=t-2;partial=true",
        "chr1\tgenatator-assets\tgene\t71\t80\t.\t+\t.\tID=a%3Bb;gene_id=a%3Bb;gene_biotype=lncRNA",
        "chr1\tgenatator-assets\tlnc_RNA\t71\t80\t.\t+\t.\t"
        "ID=t-3;Parent=a%3Bb;transcript_id=t;gene_id=a%3Bb;transcript_biotype=100%25",
    ]


MODEL = [
    {"transcript": 1, "start": 10, "end": 16, "cds_start": 12, "cds_end": 16, "phase": 1},
    {"transcript": 1, "start": 18, "end": 20, "cds_start": 18, "cds_end": 20, "phase": 0},
]


def test_exons_and_phases_follow_their_transcript(tmp_path):
    # on the - strand the coding sequence begins at 20: 18-20 has phase 0, then (0 - 2) mod 3 = 1
    rows = [transcript(selected=False), transcript(strand="-", gene_id="t", gene_name="T")]
    (path,) = write_gff3(held_transcripts(*rows, exons=MODEL), tmp_path)
    said = [line.split("\t") for line in path.read_text().splitlines()[2:]]
    assert [(row[2], *row[3:5], row[7], row[8]) for row in said] == [
        ("gene", "11", "20", ".", "ID=t;gene_id=t;Name=T;gene_biotype=protein_coding"),
        ("mRNA", "11", "20", ".", "ID=t-2;Parent=t;transcript_id=t;gene_id=t"),
        ("exon", "11", "16", ".", "ID=t-2.exon1;Parent=t-2"),
        ("exon", "19", "20", ".", "ID=t-2.exon2;Parent=t-2"),
        ("CDS", "13", "16", "1", "ID=t-2.cds;Parent=t-2"),
        ("CDS", "19", "20", "0", "ID=t-2.cds;Parent=t-2"),
    ]


def test_bed12_has_exons_as_blocks_and_coding_sequence_thick(tmp_path):
    rows = [
        transcript(start=5, end=9, transcript_id="no exons"),
        transcript(strand="-"),
        transcript(chrom="Chr1"),
        transcript(selected=False),
    ]
    (path,) = write_bed12(held_transcripts(*rows, exons=MODEL), tmp_path)
    assert path.name == "g.transcripts.bed"
    assert path.read_text().splitlines() == [
        "Chr1\t10\t20\tt\t0\t+\t10\t10\t0\t1\t10,\t0,",
        "chr1\t5\t9\tno_exons\t0\t+\t5\t5\t0\t1\t4,\t0,",
        "chr1\t10\t20\tt\t0\t-\t12\t20\t0\t2\t6,2,\t0,8,",
    ]


def test_bed12_is_read_again_with_the_same_exons(dataset, small, tmp_path):
    (path,) = write_bed12(small["train"].select(genome=GENOME), tmp_path)
    assert path.name == f"{GENOME}.train.transcripts.bed"
    read = read_annotation(path)
    edges = ("start", "end", "cds_start", "cds_end")

    def places(rows, exons):
        return sorted([rows[one["transcript"]]["transcript_id"], *(one[edge] for edge in edges)] for one in exons)

    rows, exons = (pq.ParquetFile(dataset.root / f"annotation/{GENOME}/{name}.parquet").read() for name in MODELS)
    rows, exons = rows.to_pylist(), exons.to_pylist()
    wanted = [row["selected"] and row["chrom"] in {"chr1", "chr2"} for row in rows]
    expected = places(rows, [exon for exon in exons if wanted[exon["transcript"]]])
    assert places(read.transcripts.to_pylist(), read.exons.to_pylist()) == expected
    assert any(row[3] is not None for row in expected)


names_of_any_letters = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)


@example(" a", "b ", " ", "  c  ")
@given(names_of_any_letters, names_of_any_letters, names_of_any_letters, names_of_any_letters)
def test_names_of_any_letters_are_read_again(chrom, name, gene, biotype):
    row = transcript(chrom=chrom, transcript_id=name, gene_id=gene, biotype=biotype)
    with tempfile.TemporaryDirectory() as folder:
        (path,) = write_gff3(held_transcripts(row), folder)
        read = read_annotation(path, "generic")
    (again,) = read.transcripts.to_pylist()
    assert [again[key] for key in ("seqid", "transcript_id", "gene_id", "biotype")] == [chrom, name, gene, biotype]
    assert read.regions == {"chr1": 1_000, chrom: 1_000}


def test_blocks_alone_have_no_truth(dataset, tmp_path):
    release = ga.open_dataset(published(dataset.root, tmp_path / "release"))
    with pytest.raises(DatasetError, match=r"has no transcripts of sim-ensembl: blocks alone don't have them"):
        write_gff3(release, tmp_path / "truth")
    assert list((tmp_path / "truth").iterdir()) == []


def test_a_release_has_its_truth(dataset, small, tmp_path):
    assert run("gff3", "--root", dataset.root, "-o", tmp_path / "of-root").exit_code == 0
    made = CliRunner().invoke(main, ["release", "--root", str(dataset.root), "--to", str(tmp_path / "release")])
    assert made.exit_code == 0, made.output
    assert run("gff3", "--root", tmp_path / "release", "-o", tmp_path / "of-release").exit_code == 0
    assert bytes_of(tmp_path / "of-release") == bytes_of(tmp_path / "of-root")


# --- HDF5 ---


def test_hdf5_has_the_windows_in_their_order(small, truth, tmp_path):
    windows = small["train"].windows(16_384, overlap=0.5)
    write_windows(small["train"], windows, tmp_path / "train.h5", channels="mrna")
    with h5py.File(tmp_path / "train.h5") as file:
        genome, chrom, split = (file[name].asstr()[:] for name in ("genome", "chrom", "split"))
        start, end = file["start"][:], file["end"][:]
        assert list(file.attrs["channels"]) == list(CHANNELS.names[6:])
        assert file.attrs["bases"] == "ACGT"
        assert (file["x"].dtype, file["y"].dtype) == (np.uint8, np.float32)
        assert (file["x"].chunks, file["y"].chunks) == ((1, 16_384, 4), (1, 16_384, 6))
        assert (file["x"].compression, file["y"].compression) == ("gzip", "gzip")
        assert len(file["x"]) == len(file["y"]) == len(start) > 50
        assert set(split) == {"train"}
        # by hand: chr2 of 122,448 bp begins windows every 8,192 until one reaches the end
        of_chr2 = (genome == GENOME) & (chrom == "chr2")
        assert list(zip(start[of_chr2], end[of_chr2], strict=True)) == [
            (8_192 * number, min(8_192 * number + 16_384, 122_448)) for number in range(14)
        ]
        for place in range(len(start)):
            dna, targets = truth[genome[place], chrom[place]]
            length = end[place] - start[place]
            letters = np.array(list(dna[start[place] : end[place]]))
            x, y = file["x"][place], file["y"][place]
            np.testing.assert_array_equal(x[:length], letters[:, None] == np.array(list("ACGT")))
            np.testing.assert_array_equal(y[:length], targets[start[place] : end[place], 6:])
            assert not x[length:].any()
            assert not y[length:].any()


def test_hdf5_is_the_same_each_time_and_of_blocks_alone(dataset, tmp_path):
    release = published(dataset.root, tmp_path / "release")
    for root, name in ((dataset.root, "one"), (dataset.root, "other"), (release, "release")):
        done = run("hdf5", "--root", root, "--length", 40_000, "--seed", 7, "-o", tmp_path / f"{name}.h5")
        assert (done.exit_code, done.stdout) == (0, f"{tmp_path / name}.h5\n"), done.output
    one, other, of_release = ((tmp_path / f"{name}.h5").read_bytes() for name in ("one", "other", "release"))
    assert one == other == of_release
    with h5py.File(tmp_path / "one.h5") as file:
        places = list(zip(file["genome"].asstr()[:], file["chrom"].asstr()[:], file["start"][:], strict=True))
    in_order = [
        (one.genome, one.chrom, one.start)
        for one in ga.open_dataset(dataset.root).windows(40_000, shuffle=True, seed=7)
    ]
    assert places == in_order


def test_a_file_of_windows_appears_whole_or_not_at_all(small, tmp_path, monkeypatch):
    monkeypatch.setattr(reading.Dataset, "read", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_windows(small, small.windows(10_000), tmp_path / "a.h5")
    assert list(tmp_path.iterdir()) == []


def test_no_windows_are_a_users_error(small, tmp_path):
    with pytest.raises(ReadingError, match="there are no windows to write"):
        write_windows(small, small.windows(10_000)[:0], tmp_path / "a.h5")


def test_writing_windows_takes_no_more_memory_for_more_of_them(dataset, tmp_path):
    code = f"""
import resource, genatator_assets as ga
from genatator_assets.reading.exports.hdf5 import write_windows
ds = ga.open_dataset({str(dataset.root)!r})
peaks = []
for count in (50, 550):
    write_windows(ds, ds.windows(8_192, stride=500)[:count], {str(tmp_path / "a.h5")!r})
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print(peaks[1] - peaks[0])"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert int(done.stdout) < 40_000  # kB; the 500 windows more are 213 MB


# --- Zarr and WebDataset ---


def test_zarr_has_the_arrays_of_hdf5(small, tmp_path, monkeypatch):
    windows = small.windows(16_384, overlap=0.5).augmented(1, reverse_complement=True)
    monkeypatch.setattr("genatator_assets.reading.exports.zarr._SHARD_BYTES", 20 * 16_384 * (4 + 24))
    write_windows(small, windows, tmp_path / "a.h5", channels="mrna")
    write_zarr(small, windows, tmp_path / "a.zarr", channels="mrna")
    stored = zarr.open_group(tmp_path / "a.zarr", mode="r")
    with h5py.File(tmp_path / "a.h5") as file:
        assert set(stored.array_keys()) == set(file)
        assert stored.attrs["channels"] == list(file.attrs["channels"]) == list(CHANNELS.names[6:])
        for name in ("x", "y", "start", "end"):
            np.testing.assert_array_equal(stored[name][:], file[name][:])
            assert stored[name].dtype == file[name].dtype
        for name in ("genome", "chrom", "split", "strand"):
            assert stored[name][:].tolist() == file[name].asstr()[:].tolist()
        assert set(file["strand"].asstr()[:]) == {"+", "-"}
    assert stored["x"].chunks == (1, 16_384, 4)
    assert stored["y"].shards == (20, 16_384, 6)
    assert len(list((tmp_path / "a.zarr/y/c").glob("*/0/0"))) == -(-len(windows) // 20)


@pytest.mark.filterwarnings(LEFT_OPEN)
def test_webdataset_is_read_by_its_own_package(small, truth, tmp_path):
    windows = small["train"].windows(10_000, shuffle=True, seed=3)
    paths = write_webdataset(small["train"], windows, tmp_path / "tar", channels="combined", per_shard=20)
    assert [path.name for path in paths] == [f"windows-{n:06d}.tar" for n in range(-(-len(windows) // 20))]
    shards = f"{tmp_path}/tar/windows-{{000000..{len(paths) - 1:06d}}}.tar"
    samples = webdataset.WebDataset(shards, shardshuffle=False).decode().to_tuple("x.npy.gz", "y.npy.gz", "json")
    seen = 0
    for one, (x, y, about) in zip(windows, samples, strict=True):
        assert about == {
            "genome": one.genome, "chrom": one.chrom, "start": one.start, "end": one.end, "strand": "+",
            "split": "train", "channels": list(CHANNELS.names[:6]),
        }  # fmt: skip
        dna, targets = truth[one.genome, one.chrom]
        letters = np.array(list(dna[one.start : one.end]))
        assert (x.dtype, x.shape, y.dtype, y.shape) == (np.uint8, (10_000, 4), np.float32, (10_000, 6))
        np.testing.assert_array_equal(x[: one.length], letters[:, None] == np.array(list("ACGT")))
        np.testing.assert_array_equal(y[: one.length], targets[one.start : one.end, :6])
        assert not y[one.length :].any()
        seen += 1
    assert seen == len(windows)
    del samples
    gc.collect()


@pytest.mark.parametrize("format_", ["zarr", "webdataset"])
def test_folders_of_windows_are_the_same_each_time_and_of_blocks_alone(dataset, tmp_path, format_):
    release = published(dataset.root, tmp_path / "release")
    for root, name in ((dataset.root, "one"), (dataset.root, "other"), (release, "of-release")):
        done = run(format_, "--root", root, "--length", 40_000, "--seed", 7, "-o", tmp_path / name)
        assert done.exit_code == 0, done.output
        assert done.stdout.startswith(str(tmp_path / name))
    one, other, of_release = (
        {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        for name in ("one", "other", "of-release")
    )
    assert one == other == of_release


@pytest.mark.parametrize("writer", ["zarr", "webdataset"])
def test_a_folder_of_windows_appears_whole_or_not_at_all_and_replaces_nothing(small, tmp_path, monkeypatch, writer):
    write = {"zarr": write_zarr, "webdataset": write_webdataset}[writer]
    windows = small.windows(10_000)
    with pytest.raises(ReadingError, match="there are no windows to write"):
        write(small, windows[:0], tmp_path / "a")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/file").touch()
    with pytest.raises(ReadingError, match="mine is there already; remove it, or give another place"):
        write(small, windows, tmp_path / "mine")
    monkeypatch.setattr(reading.Dataset, "read", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write(small, windows, tmp_path / "a")
    assert [path.name for path in tmp_path.rglob("*")] == ["mine", "file"]


# --- TrackData ---


@pytest.mark.parametrize("channels", ["all", "combined", ["mrna_polya_-", "mrna_polya_+"]])
def test_track_data_says_what_the_window_is(small, truth, channels):
    window = small.window(GENOME, CHROM, 2_000, 60_000, channels=channels)
    tracks = window.track_data()
    assert tracks.interval == TheirInterval(CHROM, 2_000, 60_000, "+")
    assert tracks.interval.info == {"genome": GENOME, "split": "train"}
    assert (tracks.resolution, tracks.width, tracks.num_tracks) == (1, 58_000, len(window.channels))
    assert tracks.values is window.targets
    assert [f"{row['name']}_{row['strand']}" for _, row in tracks.metadata.iterrows()] == list(window.channels)
    assert list(tracks.metadata["channel"]) == list(window.channels)
    columns = [CHANNELS.index_of(name) for name in window.channels]
    part = tracks.slice_by_interval(TheirInterval(CHROM, 2_400, 2_600))
    np.testing.assert_array_equal(part.values, truth[GENOME, CHROM][1][2_400:2_600, columns])


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # of pandas, about alphagenome
def test_their_reverse_complement_is_ours(small):
    window = small.window(GENOME, CHROM, 2_000, 12_000)
    theirs, ours = window.track_data().reverse_complement(), window.reverse_complement().track_data()
    assert theirs.interval == ours.interval == TheirInterval(CHROM, 2_000, 12_000, "-")
    np.testing.assert_array_equal(theirs.values, ours.values)
    pd.testing.assert_frame_equal(theirs.metadata.reset_index(drop=True), ours.metadata)
    assert ours.values.any(axis=0).sum() > 4
    assert [*ours.metadata["channel"][:2]] == ["primary_tss_-", "primary_tss_+"]


def test_their_plot_draws_every_track(small):
    tracks = small.window(GENOME, CHROM, 0, 60_000).track_data()
    figure = plot_components.plot([plot_components.Tracks(tracks, shared_y_scale=True)], interval=tracks.interval)
    matplotlib.pyplot.close(figure)
    assert len(figure.axes) == 12
    first = figure.axes[0]
    assert first.get_xlim() == (0, 60_000)
    drawn = first.lines[0].get_ydata()
    np.testing.assert_array_equal(drawn, tracks.values[:, 0])
    assert first.get_ylabel() == "primary_tss:+"


# --- commands ---


@pytest.mark.filterwarnings(LEFT_OPEN)
def test_the_commands_and_the_examples_of_the_page_run(dataset, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo-data").symlink_to(dataset.root)
    commands = re.search(r"```console\n(.*?)```", PAGE, re.DOTALL)[1].splitlines()
    assert len(commands) == 8
    for command in commands:
        name, *arguments = shlex.split(command)
        assert name == "genatator-assets"
        done = CliRunner().invoke(main, arguments)
        assert (done.exit_code, done.stderr) == (0, ""), done.output
        printed = done.stdout.splitlines()
        assert printed
        assert all((tmp_path / path).exists() for path in printed)
    examples = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(examples) == 6
    names: dict = {}
    for code in examples:
        exec(code, names)
    del names["samples"]
    gc.collect()
    matplotlib.pyplot.close("all")
    assert "primary_tss" in capsys.readouterr().out
    assert (tmp_path / "tracks.png").stat().st_size > 10_000


def test_every_command_is_on_the_page():
    listed = export_group.commands
    assert set(listed) == {"bigwig", "bedgraph", "bed", "bed12", "gff3", "hdf5", "webdataset", "zarr"}
    for name in listed:
        assert f"genatator-assets export {name} " in PAGE


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bigwig", "--genome", "sim-gencod", "-o", "out"], "no genome 'sim-gencod'"),
        (["bed", "--split", "tran", "-o", "out"], "no split 'tran'"),
        (["gff3", "--split", "validation", "--genome", "sim-refseq", "-o", "out"], "no genome 'sim-refseq'"),
        (["bedgraph", "--channels", "mrna_tss", "-o", "out"], "no channel 'mrna_tss'"),
        (["bedgraph", "--channels", "mrna_tss_+,mrna_tss_+", "-o", "out"], "names one of them twice"),
        (["hdf5", "--length", "0", "-o", "out"], "windows of length=0 bp"),
        (["hdf5", "--length", "9", "--overlap", "0.5", "--stride", "2", "-o", "out"], "give one of them"),
        (["hdf5", "-o", "out"], "Missing option '--length'"),
        (["hdf5", "--length", "90_000", "-o", "file/train.h5"], "file/train.h5 can't be written"),
        (["bigwig", "-o", "file/tracks"], "file/tracks can't be written"),
        (["zarr", "--length", "90_000", "-o", "file/train.zarr"], "file/train.zarr can't be written"),
        (["webdataset", "--length", "90_000", "-o", "."], ". is there already; remove it, or give another place"),
        (
            ["webdataset", "--length", "90_000", "--per-shard", "0", "-o", "out"],
            "found per_shard=0, expected at least 1",
        ),
        (["hdf5", "--length", "90_000", "--exclude", "no.bed", "-o", "out"], "no.bed can't be read"),
        (["bed", "-o", "s3://bucket/out"], "exports are written on this machine"),
    ],
)
def test_what_can_not_be_exported_is_a_users_error(dataset, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    done = run(*arguments, "--root", dataset.root)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(("module", "format_"), [("pyBigWig", "bigwig"), ("h5py", "hdf5"), ("zarr", "zarr")])
def test_without_the_extra_the_command_says_how_to_install_it(dataset, tmp_path, module, format_):
    code = f"import sys; sys.modules[{module!r}] = None; from genatator_assets.cli import main; main()"
    arguments = ["export", format_, "--root", str(dataset.root), "-o", str(tmp_path / "out")]
    arguments += ["--length", "100"] if format_ != "bigwig" else []
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (2, "")
    expected = f"Error: this needs {module}, which is not installed: pip install 'genatator-assets[export]'\n"
    assert done.stderr == expected


def test_without_alphagenome_track_data_says_how_to_install_it(dataset):
    code = f"""
import sys; sys.modules["alphagenome"] = None
import genatator_assets as ga
try:
    ga.open_dataset({str(dataset.root)!r}).window({GENOME!r}, {CHROM!r}, 0, 10).track_data()
except ImportError as error:
    print(error)"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.endswith("pip install 'genatator-assets[alphagenome]'\n")


@pytest.mark.parametrize("chromosomes", [0, 2])
def test_a_bigwig_is_not_gone_on_with_on_a_full_disk(dataset, tmp_path, monkeypatch, chromosomes):
    free = itertools.chain([10**9] * chromosomes, itertools.repeat(1_000))
    monkeypatch.setattr(bigwig.shutil, "disk_usage", lambda _: SimpleNamespace(free=next(free)))
    done = run("bigwig", "--root", dataset.root, "-o", tmp_path / "out")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "only 1,000 bytes are free, expected 200,000,000" in done.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_a_bigwig_that_could_not_be_finished_does_not_appear(dataset, tmp_path):
    code = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))
from genatator_assets.cli import main
from genatator_assets.cli.export import export as export_group
main()"""
    arguments = ["export", "bigwig", "--root", str(dataset.root), "-o", str(tmp_path / "out")]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2, done.stderr
    assert "pyBigWig could not finish the file" in done.stderr
    assert list((tmp_path / "out").iterdir()) == []
