"""Interval sets as a part of a dataset: what is stored, what decides it, and what is found when it is wrong."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import datasets
import h5py
import mlcroissant
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from webserver import web_server

from genatator_assets import parts
from genatator_assets.annotation.transcripts import select_isoforms
from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.remembered import remember
from genatator_assets.errors import CatalogueError
from genatator_assets.intervals.build import BED_LIST_STEP, DATASET_STEP, REGIONS_STEP, build_sets, tasks_of
from genatator_assets.intervals.figure import regions_figure
from genatator_assets.intervals.part import PART
from genatator_assets.intervals.regions import Intervals, Rules, make_regions, make_regions_of_each
from genatator_assets.intervals.verify import verify_set
from genatator_assets.query.checks import check_names, run_check
from genatator_assets.query.connect import ask, connect
from genatator_assets.release import release
from genatator_assets.sources.assembly import import_assembly
from genatator_assets.tracks.runs import Runs
from genatator_assets.tracks.track_file import track_writer
from genatator_assets.work.layout import Layout
from genatator_assets.work.layout_signals import SignalLayout

LENGTHS = {"chr1": 60_000, "chr2": 30_000, "chr3": 20_000, "chrX": 10_000}
GTF = """\
chr1\tmade\ttranscript\t1001\t2000\t.\t+\t.\tgene_id "a"; transcript_id "a.1"; transcript_type "protein_coding";
chr1\tmade\texon\t1001\t2000\t.\t+\t.\tgene_id "a"; transcript_id "a.1"; transcript_type "protein_coding";
chr2\tmade\ttranscript\t5001\t6000\t.\t-\t.\tgene_id "b"; transcript_id "b.1"; transcript_type "lncRNA";
chr2\tmade\texon\t5001\t6000\t.\t-\t.\tgene_id "b"; transcript_id "b.1"; transcript_type "lncRNA";
"""
CATALOGUE = """\
dataset: made
min_chromosome_length_bp: 1
gene_finding: false
assemblies:
  - genome: g
    species: Exempla facta
    sequence: {path: genome.fa}
    annotation: {path: genes.gtf, flavour: gencode}
    chromosomes: {exclude: [chrX]}
    splits: {validation: [chr2], test: [chr3]}
intervals:
"""
ROWS = ("train.parquet", "validation.parquet", "test.parquet")
PEAKS = """\
  - name: peaks
    genome: g
    beds: [{path: a.bed, label: open}, {path: b.bed, label: bound}]
    length_bp: 200
    min_overlap_bp: 50
"""


@dataclass(frozen=True)
class Made:
    """A folder with a made genome, BED files and a root into which the genome has been imported."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "root"

    def catalogue(self, sets: str) -> Catalogue:
        (self.folder / "catalogue.yaml").write_text(CATALOGUE + sets)
        return parts.load_catalogue(self.folder / "catalogue.yaml")

    def build(self, sets: str) -> list[str]:
        """Build sets; return what became of each, and the faults of those that have no task."""
        catalogue = self.catalogue(sets)
        stage = PART.stages[0]
        tasks = stage.tasks(catalogue, self.root, stage.partitions.keys(catalogue, self.root))
        return [outcome.error or outcome.status for outcome in stage.build(list(tasks.by_key.values()))] + list(
            tasks.faults.values()
        )

    def regions(self, name: str) -> list[dict]:
        return pq.read_table(self.root / "intervals" / name / "regions.parquet").to_pylist()

    def files(self) -> dict[str, bytes]:
        """The bytes of all stored files but those that say when they were made."""
        paths = (path for path in (self.root / "intervals").rglob("*") if path.is_file() and path.suffix != ".made")
        return {path.name: path.read_bytes() for path in sorted(paths)}


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A genome whose GC content rises along each chromosome; chrX is excluded."""
    made = Made(tmp_path_factory.mktemp("sets"))
    rng = np.random.RandomState(5)  # draws the same in every version of numpy
    with (made.folder / "genome.fa").open("w") as handle:
        for chrom, length in LENGTHS.items():
            gc = rng.random_sample(length) < np.linspace(0.2, 0.8, length)
            bases = np.where(gc, rng.choice(list("GC"), length), rng.choice(list("AT"), length))
            bases[:100] = "N"
            sequence = "".join(bases)
            print(f">{chrom}", *(sequence[start : start + 60] for start in range(0, length, 60)), sep="\n", file=handle)
    for name, every in (("a", 1_900), ("b", 3_100)):
        rows = [
            f"{chrom}\t{start}\t{start + 90}\n"
            for chrom, length in LENGTHS.items()
            for start in range(900, length, every)
        ]
        (made.folder / f"{name}.bed").write_text("".join(rows))
    (made.folder / "genes.gtf").write_text(GTF)
    catalogue, layout = made.catalogue(PEAKS), Layout(made.root)
    import_assembly(catalogue, "g", layout)
    select_isoforms(catalogue, "g", layout)
    return made


@pytest.fixture
def made(imported: Made, tmp_path: Path) -> Made:
    """A copy of it for one test."""
    shutil.copytree(imported.folder, tmp_path / "made", ignore=shutil.ignore_patterns("intervals"))
    return Made(tmp_path / "made")


@pytest.fixture(scope="module")
def peaks(imported: Made) -> Made:
    """The same with a set built; tests that change it use `made`."""
    assert imported.build(PEAKS) == ["built"]
    return imported


# What is stored


def test_regions_have_labels_sources_and_the_splits_of_the_assembly(peaks):
    rows = peaks.regions("peaks")
    assert {row["chrom"] for row in rows} == {"chr1", "chr2", "chr3"}
    assert {(row["chrom"], row["split"]) for row in rows} == {
        ("chr1", "train"),
        ("chr2", "validation"),
        ("chr3", "test"),
    }
    # 900 is in both files: their intervals are equal, and the window of 200 bp around 945 begins at 845
    first = rows[0]
    assert (first["chrom"], first["start"], first["end"], first["hull_start"], first["hull_end"]) == (
        "chr1",
        845,
        1045,
        900,
        990,
    )
    assert (first["labels"], first["sources"], first["rows"]) == ([0, 1], [0, 1], [1, 1])
    assert (first["kept"], first["reason"], first["place"], first["negative"]) == (True, None, 0, False)
    assert rows[1]["labels"] == [0]


def test_sources_say_what_became_of_their_rows(peaks):
    table = pq.read_table(peaks.root / "intervals" / "peaks" / "sources.parquet").to_pylist()
    assert [(row["kind"], row["name"], row["label"], row["label_column"]) for row in table] == [
        ("bed", "a.bed", "open", 0),
        ("bed", "b.bed", "bound", 1),
    ]
    lines = (peaks.folder / "a.bed").read_text().splitlines()
    on_x = sum(line.startswith("chrX\t") for line in lines)
    assert (table[0]["rows"], table[0]["passed_over"]) == (len(lines), [{"chrom": "chrX", "rows": on_x}])


def test_the_file_has_the_rows_of_the_table(peaks):
    assert verify_set(peaks.root, "g", "peaks") == []
    rows = peaks.regions("peaks")
    with h5py.File(peaks.root / "intervals" / "peaks" / "peaks.h5") as file:
        assert file.attrs["labels"].tolist() == ["open", "bound"]
        assert file.attrs["alphabet"] == "ACTG"
        assert [tuple(row) for row in file["test_coords"]] == [
            (row["chrom"].encode(), row["start"], row["end"]) for row in rows if row["split"] == "test"
        ]


GOLDEN = {
    "sources.parquet": (BED_LIST_STEP, "ad8dd452292b8e51d4debb84b05dcd2dfb1409fcf5cf8063eec47a33b6a7c632"),
    "regions.parquet": (REGIONS_STEP, "1d9aff51642a26b2d6e7ab778068210b3f81e4078acfcde526894514c45209c3"),
    "peaks.h5": (DATASET_STEP, "14d44b55755fce73fffa1cc1bfb4a98fbb6a0f1ece879c1ff402a50f8b191bb2"),
    "train.parquet": (DATASET_STEP, "0047de42b4bdf5b676353490895d5c59ff46664accd8dc1831b0ff66186a9b72"),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_step_makes_the_bytes_that_it_made(peaks, name):
    step, expected = GOLDEN[name]
    found = hashlib.sha256(peaks.files()[name]).hexdigest()
    assert found == expected, f"{name} has other bytes than step {step.name} {step.number} made: raise STEP"


def test_nothing_is_done_twice_and_the_same_inputs_give_the_same_bytes(made):
    assert made.build(PEAKS) == ["built"]
    before = made.files()
    assert made.build(PEAKS) == ["intact"]
    shutil.rmtree(made.root / "intervals")
    assert made.build(PEAKS) == ["built"]
    assert made.files() == before
    assert b"made_from" in before["regions.json"]


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("length_bp: 200", "length_bp: 200\n    alphabet: ACGT", {"peaks.h5", "interval_dataset.json", *ROWS}),
        (
            "length_bp: 200",
            "length_bp: 202",
            {"regions.parquet", "regions.json", "peaks.h5", "interval_dataset.json", *ROWS},
        ),
        (
            "label: open",
            "label: closed",
            {
                "sources.parquet",
                "bed_list.json",
                "regions.parquet",
                "regions.json",
                "peaks.h5",
                "interval_dataset.json",
                *ROWS,
            },
        ),
    ],
)
def test_only_what_a_change_touches_is_built(made, old, new, changed):
    made.build(PEAKS)
    before = made.files()
    assert made.build(PEAKS.replace(old, new)) == ["built"]
    assert {name for name, content in made.files().items() if content != before[name]} == changed


def test_a_changed_bed_file_is_seen(made):
    made.build(PEAKS)
    with (made.folder / "a.bed").open("a") as handle:
        handle.write("chr1\t500\t600\n")
    assert made.build(PEAKS) == ["built"]
    assert (made.regions("peaks")[0]["hull_start"], made.regions("peaks")[0]["hull_end"]) == (500, 600)


def test_a_killed_build_is_gone_on_with_to_the_same_bytes(made):
    """The first build is killed when the table of regions is there and the HDF5 file is being written."""
    sets = PEAKS + "    negatives: {ratio: 1}\n"
    made.build(sets)
    expected = made.files()
    shutil.rmtree(made.root / "intervals")
    code = (
        "import os, signal, sys; from pathlib import Path; from genatator_assets import parts;"
        "from genatator_assets.intervals import build;"
        "build.write_hdf5 = lambda path, *rest: (path.write_bytes(b'half'), os.kill(os.getpid(), signal.SIGKILL));"
        "catalogue = parts.load_catalogue(sys.argv[1]); root = Path(sys.argv[2]);"
        "build.build_sets(list(build.tasks_of(catalogue, root, ['peaks']).by_key.values()))"
    )
    command = [sys.executable, "-c", code, str(made.folder / "catalogue.yaml"), str(made.root)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    assert subprocess.run(command, env=environment, check=False).returncode == -signal.SIGKILL
    assert {"regions.parquet", "regions.json"} <= set(made.files())
    assert "peaks.h5" not in made.files()
    assert made.build(sets) == ["built"]
    found = made.files()
    assert {name: content for name, content in found.items() if not name.endswith(".tmp")} == expected


# Sets of other kinds


def test_gene_models_give_intervals_around_their_ends(made):
    beds = "[{genes: tss, flank_bp: 30}, {genes: polya, flank_bp: 30}]"
    sets = f"  - {{name: ends, genome: g, length_bp: 101, min_overlap_bp: 10, beds: {beds}}}\n"
    assert made.build(sets) == ["built"]
    # a.1 is [1000, 2000) on +, b.1 [5000, 6000) on -: their first and last bases, and 30 bp on both sides
    found = [
        (row["chrom"], row["hull_start"], row["hull_end"], row["start"], row["labels"]) for row in made.regions("ends")
    ]
    assert found == [
        ("chr1", 970, 1031, 950, [0]),
        ("chr1", 1969, 2030, 1949, [1]),
        ("chr2", 4970, 5031, 4950, [1]),
        ("chr2", 5969, 6030, 5949, [0]),
    ]
    with h5py.File(made.root / "intervals" / "ends" / "ends.h5") as file:
        assert file.attrs["labels"].tolist() == ["tss", "polya"]


def test_tracks_give_intervals_where_they_are_high(made):
    layout = SignalLayout(made.root)
    runs = Runs(np.array([100, 200, 250, 400]), np.array([200, 250, 300, 900]), np.array([5, 2, 1, 3], np.float32))
    for track, chrom in (("atac.plus", "chr1"), ("atac.minus", "chr2")):
        with track_writer(layout.track("g", track, chrom), LENGTHS[chrom], {}) as writer:
            writer.add(runs)
    rules = "method: basset, length_bp: 101, min_overlap_bp: 10"
    sets = f"  - {{name: high, genome: g, {rules}, beds: [{{track: atac, at_least: 2}}]}}\n"
    assert made.build(sets) == ["built"]
    found = [(row["chrom"], row["hull_start"], row["hull_end"], row["strand"]) for row in made.regions("high")]
    assert found == [("chr1", 100, 250, "+"), ("chr1", 400, 900, "+"), ("chr2", 100, 250, "-"), ("chr2", 400, 900, "-")]
    assert verify_set(made.root, "g", "high") == []
    assert (
        "no track 'rna'; there are: atac.minus, atac.plus" in made.build(sets.replace("track: atac", "track: rna"))[0]
    )


def test_a_list_of_files_is_read_beside_the_catalogue(made):
    (made.folder / "lists").mkdir()
    (made.folder / "lists" / "metadata.txt").write_text("a.bed 7\nb.bed 3\n")
    sets = "  - {name: listed, genome: g, beds: lists/metadata.txt, length_bp: 200, min_overlap_bp: 50}\n"
    assert made.build(sets) == ["built"]
    with h5py.File(made.root / "intervals" / "listed" / "listed.h5") as file:
        assert file.attrs["labels"].tolist() == [3, 7]


def test_negatives_have_the_gc_content_of_the_regions_of_their_split(made):
    assert made.build(PEAKS + "    negatives: {ratio: 0.5, seed: 4}\n") == ["built"]
    rows = made.regions("peaks")
    assert verify_set(made.root, "g", "peaks") == []
    taken = [row for row in rows if not row["negative"]]
    drawn = [row for row in rows if row["negative"]]
    facts = json.loads((made.root / "intervals" / "peaks" / "regions.json").read_text())["facts"]["negatives"]
    assert len(drawn) == facts["drawn"] > 20
    assert all(row["labels"] == [] and row["sources"] == [] for row in drawn)
    for row in drawn:
        overlapping = [
            other
            for other in rows
            if other is not row
            and other["chrom"] == row["chrom"]
            and min(row["end"], max(other["end"], other["hull_end"]))
            > max(row["start"], min(other["start"], other["hull_start"]))
        ]
        assert overlapping == []
    sequence = {}
    for record in (made.folder / "genome.fa").read_text().split(">")[1:]:
        name, _, bases = record.partition("\n")
        sequence[name] = bases.replace("\n", "")

    def bins(some):
        cut = (sequence[row["chrom"]][row["start"] : row["end"]] for row in some)
        return np.bincount(
            [50 * sum(map(bases.count, "GC")) // max(1, sum(map(bases.count, "ACGT"))) for bases in cut], minlength=51
        )

    for split, part in (("train", "training"), ("validation", "validation"), ("test", "test")):
        wanted = np.floor(0.5 * bins(row for row in taken if row["split"] == split) + 0.5)
        found = bins(row for row in drawn if row["split"] == split)
        assert (found <= wanted).all()
        assert wanted.sum() - found.sum() == facts["missing"][part]
        assert not any("N" in sequence[row["chrom"]][row["start"] : row["end"]] for row in drawn)


def test_random_splits_leave_no_base_in_two_splits(made):
    sets = PEAKS.replace("200", "800") + "    splits: {random: {test: 0.2, validation: 0.2, seed: 9}}\n"
    assert made.build(sets) == ["built"]
    splits = {row["split"] for row in made.regions("peaks")}
    assert splits == {"train", "validation", "test"}
    with connect(made.root) as connection:
        assert run_check(connection, "regions_are_in_one_split").passed


# Questions and checks


def test_regions_are_asked_for_in_sql(peaks):
    with connect(peaks.root) as connection:
        counted = ask(connection, "select label, count(*) from regions_of('bound') group by label").rows
        every = ask(connection, "select count(*) from region_labels").rows[0][0]
    rows = peaks.regions("peaks")
    assert counted == (("bound", sum(1 in row["labels"] for row in rows)),)
    assert every == sum(len(row["labels"]) for row in rows)


CHECKS = (
    "interval_rows_are_accounted_for",
    "region_labels_are_those_of_sources",
    "regions_are_in_one_split",
    "regions_are_inside_their_chromosomes",
)


def test_all_checks_pass_on_what_is_built(peaks):
    assert check_names("intervals") == CHECKS
    with connect(peaks.root) as connection:
        for name in CHECKS:
            assert run_check(connection, name).passed, name
    (check,) = PART.checks
    assert check.run(peaks.catalogue(PEAKS), peaks.root).passed


def damage(made: Made, change: Callable[[list[dict]], None]) -> None:
    path = made.root / "intervals" / "peaks" / "regions.parquet"
    table = pq.read_table(path)
    rows = table.to_pylist()
    change(rows)
    pq.write_table(table.from_pylist(rows, table.schema), path)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("interval_rows_are_accounted_for", lambda rows: rows.pop()),
        ("region_labels_are_those_of_sources", lambda rows: rows[0].update(labels=[1])),
        ("regions_are_in_one_split", lambda rows: rows[1].update(start=1000, split="test")),
        ("regions_are_inside_their_chromosomes", lambda rows: rows[-1].update(start=20_000)),
        ("regions_are_inside_their_chromosomes", lambda rows: rows[0].update(chrom="chrX")),
    ],
)
def test_each_check_finds_what_it_is_for(made, name, change):
    made.build(PEAKS)
    damage(made, change)
    with connect(made.root) as connection:
        assert not run_check(connection, name).passed


@pytest.mark.parametrize(
    ("table", "place", "value", "said"),
    [
        ("training_sequences", (3, 7), [1, 1, 0, 0], r"training 3 \(chr1:.*: base 7 is N, expected"),
        ("training_labels", (0, 0), 0, "the columns of training_labels have the sums"),
        ("test_coords", 2, (b"chr9", 1, 2), r"test 2 \(chr3:.*: has the coordinates chr9:1-2"),
    ],
)
def test_verifying_finds_each_kind_of_difference(made, table, place, value, said):
    made.build(PEAKS)
    with h5py.File(made.root / "intervals" / "peaks" / "peaks.h5", "r+") as file:
        file[table][place] = value
    (found,) = PART.verify(made.catalogue(PEAKS), made.root, None)
    assert re.search(said, found)
    assert not PART.checks[0].run(made.catalogue(PEAKS), made.root).passed


# Bad catalogues and inputs


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("name: peaks", "name: ../x", "can't name a genome"),
        ("length_bp: 200", "length_bp: 0", "length_bp"),
        ("length_bp: 200", "method: basset\n    length_bp: 50", "it must be greater"),
        ("length_bp: 200", "method: basset\n    ends: pad", "always shifts regions back"),
        ("label: open", "label: 3", "whole numbers and others are not"),
        ("{path: b.bed, label: bound}", "{path: b.bed}", "label all of them, or none"),
        ("{path: b.bed, label: bound}", "{path: c.bed}", "c.bed"),
        ("length_bp: 200", "alphabet: ACGG", "A, C, G and T in some order"),
        ("length_bp: 200", "lenght_bp: 200", "did you mean 'length_bp'"),
        (
            "{path: b.bed, label: bound}",
            "{path: b.bed, lable: bound}",
            r"beds\[1\].lable: unknown key; did you mean 'label'",
        ),
        ("{path: b.bed, label: bound}", "{path: b.bed, flank_bp: 3}", "'flank_bp' goes with 'genes', found 'path'"),
        ("{path: b.bed, label: bound}", "{label: bound}", "expected one of 'path', 'url', 'track' and 'genes'"),
        ("{path: b.bed, label: bound}", "{genes: exon}", r"beds\[1\].genes"),
    ],
)
def test_faults_of_a_section_are_named(imported, old, new, said):
    with pytest.raises(CatalogueError, match=said):
        imported.catalogue(PEAKS.replace(old, new))


def test_sets_need_names_of_their_own(imported):
    with pytest.raises(CatalogueError, match="sets named more than once: peaks"):
        imported.catalogue(PEAKS + PEAKS)


def test_a_bad_set_leaves_the_others_alone(made):
    (made.folder / "a.bed").write_text("chr1\t5\t1\n")
    good = PEAKS.replace("name: peaks", "name: good").replace("{path: a.bed, label: open}, ", "")
    bad, built = made.build(PEAKS + good)
    assert "a.bed:1: found an end" in bad
    assert built == "built"
    assert "peaks.h5" not in made.files()


def test_a_set_without_regions_says_where_the_rows_are(made):
    (made.folder / "a.bed").write_text("chrX\t5\t90\n")
    sets = PEAKS.replace(", {path: b.bed, label: bound}", "")
    (said,) = made.build(sets)
    assert "set peaks: no region is left (read 1, passed_over 1). Rows of chrX were passed over" in said


def test_an_unknown_genome_is_named(made):
    assert "set peaks: no genome 'h'; there are: g" in made.build(PEAKS.replace("genome: g", "genome: h"))[0]


def test_a_key_that_is_no_set_has_a_fault(imported):
    tasks = tasks_of(imported.catalogue(PEAKS), imported.root, ["nothing"])
    assert "no set of intervals 'nothing'; there are: peaks" in tasks.faults["nothing"]
    assert build_sets([]) == []


# What people are shown


def test_the_card_and_the_plan_count_sets(peaks):
    catalogue = peaks.catalogue(PEAKS)
    rows = peaks.regions("peaks")
    of_split = [sum(row["split"] == split for row in rows) for split in ("train", "validation", "test")]
    _, sets, labels = PART.page(catalogue, peaks.root)
    assert sets.rows == (("peaks", "g", "gip", "200", str(len(rows)), str(len(rows)), *map(str, of_split)),)
    assert [row[0] for row in labels.rows] == ["open", "bound"]
    assert sum(int(count) for count in labels.rows[1][1:]) == sum(1 in row["labels"] for row in rows)
    (plan,) = PART.plan(catalogue, peaks.root)
    assert plan.rows[0][:5] == ("peaks", "g", "gip", "200", "2")
    assert PART.page(catalogue, peaks.folder / "nowhere") == []


def test_what_is_released_is_tables_and_hdf5(peaks):
    files = PART.release(peaks.catalogue(PEAKS), peaks.root)
    assert [file.name for file in files] == [
        *(f"intervals/peaks/{name}" for name in ("sources.parquet", "regions.parquet", "peaks.h5")),
        *(f"intervals/peaks/rows/{name}" for name in ROWS),
    ]
    assert [(file.config, file.split) for file in files[3:]] == [
        ("peaks", split) for split in ("train", "validation", "test")
    ]
    assert all(file.path.is_file() for file in files)


def test_the_figure_is_shown_at_once():
    many = {f"chromosome_{number}": [number, 2 * number, 3] for number in range(1, 60)}
    figure = regions_figure(many)
    assert len(figure) < 1_000
    assert "51 others" in figure
    assert "chromosome_5" in figure
    assert regions_figure({"<x>": [1, 0, 0]}).count("%26lt;x") == 1
    assert regions_figure({})


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 300), st.integers(0, 50), st.integers(0, 3)), max_size=30))
def test_every_interval_is_in_exactly_one_region(given_intervals):
    chrom, start, length, source = (np.array([one[place] for one in given_intervals], np.int64) for place in range(4))
    numbers = source.astype(np.int32)
    intervals = Intervals(
        chrom.astype(np.int32), start, start + length, np.zeros(len(start), np.int8), numbers, numbers
    )
    for rules in (Rules("gip", 21, 5), Rules("gip", 20, 5, ends="drop"), Rules("basset", 20, 5, ends="shift")):
        regions = make_regions(intervals, [400, 60, 10, 301], rules)
        assert regions.sources.count.sum() == len(given_intervals)
        counts = regions.count()
        assert counts["merged"] == counts["dropped"] + counts["duplicates"] + counts["centred"]
        kept = regions.only(regions.kept)
        places = list(zip(kept.chrom.tolist(), kept.start.tolist(), kept.strand.tolist(), strict=True))
        assert len(set(places)) == len(places)
        assert places == sorted(places, key=lambda place: (place[0], place[1], -place[2]))
        assert (kept.end - kept.start == rules.length).all()
        by_chromosome = (intervals_on(intervals, number) for number in range(4) if number in chrom)
        assert same(make_regions_of_each(by_chromosome, [400, 60, 10, 301], rules), regions)


def intervals_on(intervals, number):
    return Intervals(*(values[intervals.chrom == number] for values in vars(intervals).values()))


def same(one, other):
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    return one == other if isinstance(one, int) else all(same(vars(one)[name], vars(other)[name]) for name in vars(one))


def one_hot_as_text(encoded: np.ndarray, alphabet: str) -> list[str]:
    letters = np.array([*alphabet, "N"])
    places = np.where(encoded.any(axis=2), encoded.argmax(axis=2), 4)
    return ["".join(letters[row]) for row in places]


@pytest.mark.parametrize("method", ["gip", "basset"])
def test_rows_in_parquet_are_those_of_the_hdf5_file(made, method):
    (made.folder / "c.bed").write_text("chr1\t700\t900\tx\t1\t-\nchr1\t59950\t59999\tx\t1\t+\nchr3\t40\t60\tx\t1\t-\n")
    sets = PEAKS.replace("{path: b.bed", "{path: c.bed").replace("name: peaks", f"name: peaks\n    method: {method}")
    assert made.build(sets) == ["built"]
    folder = made.root / "intervals" / "peaks"
    with h5py.File(folder / "peaks.h5") as file:
        for part, split in (("training", "train"), ("validation", "validation"), ("test", "test")):
            rows = pq.read_table(folder / "rows" / f"{split}.parquet").to_pydict()
            coords = file[f"{part}_coords"][:].tolist()
            assert list(zip(rows["chrom"], rows["start"], rows["end"], strict=True)) == [
                (chrom.decode(), start, end) for chrom, start, end in coords
            ]
            assert rows["sequence"] == one_hot_as_text(file[f"{part}_sequences"][:], file.attrs["alphabet"])
            names = np.array(file.attrs["labels"])
            assert rows["labels"] == [names[row.astype(bool)].tolist() for row in file[f"{part}_labels"][:]]
            strands = file[f"{part}_strands"][:].tolist() if method == "basset" else [b"."] * len(coords)
            assert rows["strand"] == [strand.decode() for strand in strands]
    assert verify_set(made.root, "g", "peaks") == []


def test_a_split_without_regions_has_no_rows_in_parquet(made):
    assert made.build(PEAKS) == ["built"]
    folder = made.root / "intervals" / "peaks" / "rows"
    assert {path.name for path in folder.iterdir()} == {"train.parquet", "validation.parquet", "test.parquet"}
    assert made.build(PEAKS + "    chromosomes: [chr1]\n") == ["built"]
    assert {path.name for path in folder.iterdir()} == {"train.parquet"}


def test_verify_compares_rows_in_parquet(made):
    assert made.build(PEAKS) == ["built"]
    path = made.root / "intervals" / "peaks" / "rows" / "train.parquet"
    table = pq.read_table(path)
    sequences = table["sequence"].to_pylist()
    sequences[3] = sequences[3].translate(str.maketrans("ACGT", "CGTA"))
    pq.write_table(table.set_column(5, "sequence", pa.array(sequences)), path)
    (said,) = verify_set(made.root, "g", "peaks")
    assert said.startswith("peaks: row 3 of train.parquet: sequence is ")
    pq.write_table(table.slice(1), path)
    (said,) = verify_set(made.root, "g", "peaks")
    assert said == f"peaks: train.parquet has {len(table) - 1:,} rows, expected {len(table):,}"


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated", "ignore:The inplace keyword")
def test_a_release_has_the_rows_as_a_config(made, tmp_path):
    made.build(PEAKS)
    remember(made.catalogue(PEAKS), made.root)
    folder = release(Layout(made.root), tmp_path / "release").folder
    loaded = datasets.load_dataset(str(folder), "peaks", cache_dir=str(tmp_path / "cache"))
    regions = [row for row in made.regions("peaks") if row["kept"]]
    assert {split: len(rows) for split, rows in loaded.items()} == Counter(row["split"] for row in regions)
    assert (loaded["train"][0]["labels"], len(loaded["train"][0]["sequence"])) == (["open", "bound"], 200)
    described = mlcroissant.Dataset(str(folder / "croissant.json"))
    records = list(described.records("peaks"))
    assert len(records) == len(regions)
    assert {file.content_url for file in described.metadata.file_objects} >= {"intervals/peaks/peaks.h5"}


def test_bed_files_by_address(made, tmp_path, monkeypatch):
    monkeypatch.setenv("GENATATOR_CACHE", str(tmp_path / "cache"))
    assert made.build(PEAKS) == ["built"]
    here = [(row["chrom"], row["start"], row["labels"]) for row in made.regions("peaks")]
    with web_server() as web:
        web.files["/a.bed"] = (made.folder / "a.bed").read_bytes()
        fetched = PEAKS.replace("path: a.bed", f"url: '{web.url('/a.bed')}'")
        sha256 = hashlib.sha256(web.files["/a.bed"]).hexdigest()
        assert made.build(fetched.replace("label: open", f"sha256: {sha256}, label: open")) == ["intact"]  # the same
        assert made.build(fetched) == ["built"]
        assert [(row["chrom"], row["start"], row["labels"]) for row in made.regions("peaks")] == here
        assert made.build(fetched) == ["intact"]
        (said,) = made.build(fetched.replace("/a.bed", "/none.bed"))
        assert "/none.bed" in said
        (made.folder / "list.txt").write_text(f"{web.url('/a.bed')} 5\nb.bed 2\n")
        listed = PEAKS.replace("[{path: a.bed, label: open}, {path: b.bed, label: bound}]", "list.txt")
        assert made.build(listed) == ["built"]
        table = pq.read_table(made.root / "intervals" / "peaks" / "sources.parquet").to_pylist()
    assert [(row["name"], row["label"]) for row in table] == [("a.bed", "5"), ("b.bed", "2")]
