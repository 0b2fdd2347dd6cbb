"""Tracks on disk: what is written is read, by region too; statistics; and one recording on one chromosome as a task."""

import hashlib
import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pysam
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from genatator_assets.errors import DatasetError, SignalError
from genatator_assets.signals.figure import counts_figure
from genatator_assets.signals.origin import Origin, current_origin, find_origin
from genatator_assets.signals.overlay import overlay
from genatator_assets.signals.recording import Recording, recording_of
from genatator_assets.signals.section import TrackEntry
from genatator_assets.signals.tasks import STEP, RecordingTask, Tracks, build_chromosomes, build_recordings
from genatator_assets.sources.chromosomes import Chromosome
from genatator_assets.tracks.runs import Runs
from genatator_assets.tracks.tally import Tally, tally_of
from genatator_assets.tracks.track_file import ROWS_OF_A_GROUP, TrackFile, track_writer
from genatator_assets.work.layout_signals import SignalLayout
from genatator_assets.work.outcome import Outcome

MM10 = "alpha_globin_8species/bams/mm10.16493_7_4Aligned.sortedByCoord.out.bam"


def write(path: Path, stretches: list[Runs], length: int) -> Tally:
    with track_writer(path, length, {"key": "value"}) as writer:
        for runs in stretches:
            writer.add(runs)
    return writer.tally


def many_runs(count: int) -> Runs:
    rng = np.random.default_rng(3)
    start = np.cumsum(rng.integers(1, 9, count))
    return Runs(start, start + 1, rng.integers(0, 5, count).astype(np.float32))


def test_a_track_is_read_as_it_was_written(tmp_path: Path) -> None:
    runs = many_runs(3 * ROWS_OF_A_GROUP + 17)
    length = int(runs.end[-1])
    pieces = [Runs(*(part[a:b] for part in (runs.start, runs.end, runs.value))) for a, b in ((0, 9), (9, len(runs)))]
    write(tmp_path / "x.parquet", pieces, length)
    opened = TrackFile.open(tmp_path / "x.parquet")
    assert opened.metadata[b"key"] == b"value"
    bases = np.arange(length)
    expected = runs.at(bases, -1)
    assert np.array_equal(opened.runs().at(bases, -1), expected)
    assert len(opened) < len(runs)  # neighbours of one value are joined, also from one call to the next
    assert sum(len(stretch) for stretch in opened.stretches()) == len(opened)
    for start, end in ((0, 1), (length - 5, length), (100_000, 101_000), (0, length), (7, 7)):
        assert np.array_equal(opened.within(start, end).at(bases[start:end], -1), expected[start:end])
    groups = pq.ParquetFile(tmp_path / "x.parquet").metadata
    assert [groups.row_group(number).num_rows for number in range(2)] == [ROWS_OF_A_GROUP] * 2


def test_the_same_runs_give_the_same_bytes_however_they_come(tmp_path: Path) -> None:
    runs = many_runs(40_000)
    write(tmp_path / "one.parquet", [runs], 10**6)
    cuts = [0, 1, 17_000, 17_001, 39_999, 40_000]
    pieces = [Runs(*(part[a:b] for part in (runs.start, runs.end, runs.value))) for a, b in pairwise(cuts)]
    write(tmp_path / "two.parquet", pieces, 10**6)
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_runs_out_of_place_are_refused_and_nothing_is_left(tmp_path: Path) -> None:
    one = Runs(np.array([5]), np.array([9]), np.ones(1, np.float32))
    with pytest.raises(ValueError, match="do not lie within"):
        write(tmp_path / "x.parquet", [one, one], 100)
    with pytest.raises(ValueError, match="do not lie within"):
        write(tmp_path / "x.parquet", [one], 8)
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_no_track_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    with pytest.raises(DatasetError, match="has not been built"):
        TrackFile.open(path)
    path.write_bytes(b"PAR1 but nothing else PAR1")
    with pytest.raises(DatasetError, match="can't be read"):
        TrackFile.open(path)
    pq.write_table(pa.table({"a": [1]}), path)
    with pytest.raises(DatasetError, match="is not a track"):
        TrackFile.open(path)


VALUES = hnp.arrays(np.float32, st.integers(1, 60), elements=st.sampled_from([-2.5, 0, 0, 1, 3, 250.0, 1e-7, 1e9]))


@given(VALUES, st.integers(0, 60), st.floats(0, 100))
def test_a_tally_counts_what_the_bases_hold(column: np.ndarray, cut: int, percent: float) -> None:
    bases = column.astype(np.float64)
    runs = Runs.of_column(column, missing="keep")
    tally = tally_of([runs.within(0, cut)]) + tally_of([runs.within(cut, 60)])
    assert (tally.covered, tally.zeros, tally.negative) == (len(bases), np.sum(bases == 0), np.sum(bases < 0))
    assert tally.sum == pytest.approx(bases.sum())
    assert tally.sum_of_squares == pytest.approx((bases**2).sum())
    assert (tally.minimum, tally.maximum) == (bases.min(), bases.max())
    expected = np.percentile(bases, percent, method="inverted_cdf")
    assert tally.percentile(percent) == pytest.approx(expected, rel=0.004)
    back = Tally.of_row(json.loads(json.dumps(tally.as_row())))
    assert back.as_row() == tally.as_row()


def test_percentiles_count_bases_without_a_value_as_zero() -> None:
    tally = tally_of([Runs(np.array([0]), np.array([10]), np.full(1, 4, np.float32))])
    assert tally.percentile(50) == 4
    assert tally.percentile(50, bases=100) == 0
    assert tally.percentile(95, bases=100) == 4
    assert Tally().percentile(50) == 0


def chromosome(chrom: str, length: int, *aliases: str, included: bool = True) -> Chromosome:
    return Chromosome("g", "Mus musculus", chrom, length, aliases, included, None, "train" if included else None)


def recorded(entry: dict[str, Any]) -> Recording:
    return recording_of(TrackEntry.model_validate(entry), "g")


def task_of(root: Path, entry: dict[str, Any], chromosomes: list[Chromosome]) -> RecordingTask:
    return RecordingTask(root, recorded(entry), tuple(chromosomes))


def tracks_of(task: RecordingTask) -> Tracks:
    return Tracks.of(task, find_origin(task.recording, task.chromosomes))


def built(root: Path, entry: dict[str, Any], chromosomes: list[Chromosome]) -> Outcome:
    (outcome,) = build_recordings([task_of(root, entry, chromosomes)])
    return outcome


def tallies_of(root: Path, entry: dict[str, Any], chromosomes: list[Chromosome]) -> dict[str, Tally]:
    tallies: dict[str, Tally] = {}
    for unit in tracks_of(task_of(root, entry, chromosomes)).chromosomes.values():
        kept = unit.finished()
        assert kept is not None
        for name, row in kept.facts["tracks"].items():
            tallies[name] = tallies.get(name, Tally()) + Tally.of_row(row)
    return tallies


def test_reads_become_a_track_for_each_strand(data: Path, tmp_path: Path) -> None:
    entry = {"name": "atac liver", "reads": {"path": data / MM10}, "stranded": True, "min_mapq": 255}
    chromosomes = [chromosome("17", 178_393, "chr17"), chromosome("18", 99)]
    outcome = built(tmp_path, entry, chromosomes)
    assert (outcome.key, outcome.status) == ("g/atac%20liver", "built")
    facts = outcome.facts
    assert (facts["tracks"], facts["absent"]) == (["atac liver.minus", "atac liver.plus"], ["18"])
    passed_over = {"low_mapq": 42_915 - facts["counted"]}
    assert (facts["read"], facts["passed_over"]) == (42_915, passed_over)
    layout = SignalLayout(tmp_path)
    plus, minus = (TrackFile.open(layout.track("g", f"atac liver.{strand}", "17")) for strand in ("plus", "minus"))
    assert plus.runs().sum + minus.runs().sum == facts["counted"]
    assert tallies_of(tmp_path, entry, chromosomes)["atac liver.plus"].sum == plus.runs().sum
    again = built(tmp_path, entry, chromosomes)
    assert (again.status, again.facts) == ("intact", facts)
    kept = task_of(tmp_path, entry, chromosomes).units["track"].finished()
    assert kept is not None
    assert len(kept.outputs) == 2


def test_other_parameters_make_a_track_anew_and_the_same_bytes_again(data: Path, tmp_path: Path) -> None:
    entry = {"name": "x", "reads": {"path": data / MM10}}
    chromosomes = [chromosome("chr17", 178_393)]
    built(tmp_path, entry, chromosomes)
    path = SignalLayout(tmp_path).track("g", "x", "chr17")
    first = path.read_bytes()
    assert built(tmp_path, {**entry, "shift_bp": [4, -5]}, chromosomes).status == "built"
    assert path.read_bytes() != first
    assert built(tmp_path, entry, chromosomes).status == "built"
    assert path.read_bytes() == first
    path.unlink()
    assert built(tmp_path, entry, chromosomes).status == "built"
    assert path.read_bytes() == first


def test_a_damaged_file_fails_by_name_and_leaves_nothing(data: Path, tmp_path: Path) -> None:
    for ending in ("", ".bai"):
        shutil.copy(data / f"{MM10}{ending}", tmp_path / f"x.bam{ending}")
    task = task_of(tmp_path, {"name": "x", "reads": {"path": tmp_path / "x.bam"}}, [chromosome("chr17", 178_393)])
    whole = (tmp_path / "x.bam").read_bytes()
    (tmp_path / "x.bam").write_bytes(whole[:300_000] + bytes(9_000) + whole[309_000:])
    (outcome,) = build_recordings([task])
    assert outcome.status == "failed"
    assert outcome.error is not None
    assert f"{tmp_path / 'x.bam'}: alignments to chr17 can't be read" in outcome.error
    assert task.units["track"].finished() is None
    assert not list((tmp_path / "tracks").rglob("*.parquet"))


def windows(data: Path, name: str) -> Path:
    return data.parent / "fixtures/alphagenome/windows" / name


AB = [chromosome("chrA", 50_000), chromosome("chrB", 20_017)]


def test_a_signal_keeps_zeros_unless_missing_means_zero(data: Path, tmp_path: Path) -> None:
    for missing, zeros in (("keep", 11_199), ("zero", 0)):
        entry = {"name": missing, "signal": {"path": windows(data, "chip.bw")}, "missing": missing}
        assert built(tmp_path, entry, AB).status == "built"
        tally = tallies_of(tmp_path, entry, AB)[missing]
        assert (tally.zeros, tally.covered, tally.sum) == (zeros, 70_017 - 11_199 + zeros, 177_437)


def test_profiles_are_those_of_the_fixtures(data: Path, tmp_path: Path) -> None:
    expected = json.loads(windows(data, "expected.json").read_text())["profiles"]
    for name, profile in expected.items():
        entry = {"name": name, "signal": {"path": windows(data, name)}}
        built(tmp_path, entry, AB)
        tally = tallies_of(tmp_path, entry, AB)[name]
        found = (tally.covered, tally.zeros, tally.negative, tally.minimum, tally.maximum)
        assert found == tuple(profile[key] for key in ("covered", "zeros", "negative", "min", "max"))
        assert tally.nonzero_mean == pytest.approx(profile["nonzero_mean"])
        assert tally.sum / tally.covered == pytest.approx(profile["mean_covered"])


def test_chromosomes_that_a_file_lacks_are_named(data: Path) -> None:
    origin = find_origin(recorded({"name": "x", "signal": {"path": windows(data, "one_chrom.bw")}}), AB)
    assert (origin.absent, origin.files[0].names) == (("chrB",), {"chrA": "chrA"})


@pytest.mark.parametrize(
    ("name", "chromosomes", "words"),
    [
        ("wrong_length.bw", AB, "chrA has 49,000 bp there, but chrA of g has 50,000"),
        ("atac.bw", [chromosome("1", 9)], "has none of the chromosomes of g"),
        ("atac.bw", [chromosome("1", 9, "chrA"), chromosome("2", 9, "chrA")], "chrA may be any of 1, 2"),
        ("tracks.csv", AB, "can't be a signal"),
        ("atac.bw", [chromosome("1", 50_000, "chrA", "chrB")], "has 1 of g twice"),
    ],
)
def test_a_file_of_another_assembly_is_refused(
    data: Path, name: str, chromosomes: list[Chromosome], words: str
) -> None:
    with pytest.raises(SignalError, match=words):
        find_origin(recorded({"name": "x", "signal": {"path": windows(data, name)}}), chromosomes)


def test_lengths_may_be_ignored_and_what_lies_outside_is_counted(data: Path, tmp_path: Path) -> None:
    entry = {"name": "x", "signal": {"path": windows(data, "atac.bw")}, "lengths": "ignore"}
    outcome = built(tmp_path, entry, [chromosome("chrA", 20_000)])
    assert outcome.status == "built"
    runs = TrackFile.open(SignalLayout(tmp_path).track("g", "x", "chrA")).runs()
    assert runs.end[-1] <= 20_000
    assert outcome.facts["read"] == outcome.facts["counted"] + outcome.facts["passed_over"]["outside"]


def test_a_file_that_has_not_changed_is_not_hashed_again(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = recorded(
        {
            "name": "x",
            "signal": {
                "plus": {"path": windows(data, "rna_plus.bw")},
                "minus": {"path": windows(data, "rna_minus.bw")},
            },
        }
    )
    origin = find_origin(recording, AB)
    assert [file.strand for file in origin.files] == ["+", "-"]
    origin.write(tmp_path / "source.json")
    kept = Origin.read(tmp_path / "source.json")
    assert kept == origin

    def refuse(_: Path) -> str:
        raise AssertionError("hashed again")

    assert current_origin(kept, recording, AB)
    assert not current_origin(kept, recording, AB[:1])
    monkeypatch.setattr("genatator_assets.sources.inputs.sha256_of_file", refuse)
    assert find_origin(recording, AB, kept) == origin
    with pytest.raises(AssertionError, match="hashed again"):
        find_origin(recording, AB)


def test_sections_are_checked() -> None:
    def entry(**keys: Any) -> Callable[[], Any]:
        return lambda: TrackEntry.model_validate({"name": "x", **keys})

    file = {"path": "x.bam"}
    for make, words in (
        (entry(), "expected one of 'reads', 'signal' and 'intervals'"),
        (entry(reads=file, signal=file), "found 'reads' and 'signal'"),
        (entry(signal=file, count="depth"), "'count' goes with 'reads'"),
        (entry(signal={"plus": file}), "'plus' and 'minus'"),
        (entry(signal=file, stranded=True), "'plus' and 'minus'"),
        (entry(reads=file, count="depth", shift_bp=[4, -5]), "extend_bp"),
        (entry(reads=file, metadata={"ontology_curie": "liver"}), "UBERON:0002107"),
        (entry(reads=file, metadata={"tissue": "liver"}), "tissue"),
    ):
        with pytest.raises(ValueError, match=words):
            make()


def test_parts_of_a_recording_are_built_apart_and_give_the_same_bytes(data: Path, tmp_path: Path) -> None:
    entry = {"name": "x", "signal": {"path": windows(data, "chip.bw")}}
    built(tmp_path / "whole", entry, AB)
    task = task_of(tmp_path / "parts", entry, AB)
    for chrom in ("chrB", "chrA"):
        assert list(build_chromosomes(tracks_of(task), [chrom])) == [chrom]
    assert [outcome.status for outcome in build_recordings([task])] == ["built"]
    for path in (tmp_path / "whole").rglob("*.parquet"):
        assert (tmp_path / "parts" / path.relative_to(tmp_path / "whole")).read_bytes() == path.read_bytes()
    for name in ("tracks/g/x/.recording.json", "tracks/g/x/chrA.json"):
        assert (tmp_path / "whole" / name).read_text() == (tmp_path / "parts" / name).read_text()


def runs_of(root: Path, track_id: str, chrom: str) -> list[tuple[int, int, float]]:
    runs = TrackFile.open(SignalLayout(root).track("g", track_id, chrom)).runs()
    return list(zip(runs.start.tolist(), runs.end.tolist(), runs.value.tolist(), strict=True))


TWO = [chromosome("chr1", 1_000), chromosome("chr2", 500)]
BED = """track name=x
chr1\t10\t20\tA\t5\t+
chr1\t15\t30\tB\t7.5\t-
chr2\t0\t5\tA\t1\t.
chr1\t12\t14\tA\t5\t+
chr1\t990\t1010\tB\t2\t+
chrZ\t0\t1\tA\t1\t+
"""


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, {"x": [(10, 30, 1), (990, 1_000, 1)]}),
        ({"value": "score"}, {"x": [(10, 15, 5), (15, 30, 7.5), (990, 1_000, 2)]}),
        (
            {"value": "name_category"},
            {"x.A": [(10, 15, 1)], "x.B": [(15, 30, 1), (990, 1_000, 1)]},
        ),
        (
            {"value": "score_category"},
            {"x.1": [], "x.2": [(990, 1_000, 1)], "x.5": [(10, 15, 1)], "x.7.5": [(15, 30, 1)]},
        ),
        ({"stranded": True}, {"x.plus": [(10, 20, 1), (990, 1_000, 1)], "x.minus": [(15, 30, 1)]}),
    ],
)
def test_intervals_become_tracks_and_the_last_line_counts(
    tmp_path: Path, keys: dict[str, Any], expected: dict[str, list[tuple[int, int, float]]]
) -> None:
    (tmp_path / "x.bed").write_text(BED)
    outcome = built(tmp_path, {"name": "x", "intervals": {"path": tmp_path / "x.bed"}, **keys}, TWO)
    assert outcome.error is None
    assert outcome.facts["others"] == ["chrZ"]
    assert {name: runs_of(tmp_path, name, "chr1") for name in outcome.facts["tracks"]} == expected
    if keys.get("stranded"):
        assert outcome.facts["passed_over"] == {"no_strand": 1}


def test_gff_is_read_from_base_1_and_by_names(tmp_path: Path) -> None:
    rows = ("chr1\tx\tgene\t11\t20\t.\t+\t.\tID=g1;Name=alpha", "chr2\tx\tgene\t1\t5\t.\t-\t.\tID=g2")
    (tmp_path / "x.gff3").write_text("\n".join(("##gff-version 3", *rows, "")))
    built(tmp_path, {"name": "x", "intervals": {"path": tmp_path / "x.gff3"}, "value": "name_category"}, TWO)
    assert (runs_of(tmp_path, "x.alpha", "chr1"), runs_of(tmp_path, "x.g2", "chr2")) == ([(10, 20, 1)], [(0, 5, 1)])


def test_bedgraph_is_a_signal(tmp_path: Path) -> None:
    rows = ("chr2\t0\t5\t0", "chr2\t5\t9\t-1.5e1", "chr1\t3\t4\t2", "chr1\t4\t6\tnan", "chr1\t6\t1002\t2", "")
    (tmp_path / "x.bedGraph").write_text("\n".join(rows))
    outcome = built(tmp_path, {"name": "x", "signal": {"path": tmp_path / "x.bedGraph"}}, TWO)
    assert outcome.facts["passed_over"] == {"nan": 1}
    assert runs_of(tmp_path, "x", "chr1") == [(3, 4, 2), (6, 1_000, 2)]
    assert runs_of(tmp_path, "x", "chr2") == [(0, 5, 0), (5, 9, -15)]


@pytest.mark.parametrize(
    ("name", "text", "value", "words"),
    [
        ("x.bedGraph", "chr1\t3\t9\t2\nchr1\t8\t10\t2\n", None, "ascending and without overlaps"),
        ("x.bedGraph", "chr1\t3\t9\t2\nchr2\t8\t10\t2\nchr1\t20\t21\t1\n", None, "chr1 stand apart"),
        ("x.bedGraph", "chr1\t3\t9\tinf\n", None, r"x\.bedGraph:1: found the value 'inf'"),
        ("x.bedGraph", "chr1\t3\t9\t1e99\n", None, "finite"),
        ("x.bed", "chr1\t3\t9\n", "score", "has nothing in column 5"),
        ("x.bed", "chr1\t3\t9\ta\tb\n", "score", r"x\.bed:1: column 5 is 'b'"),
        ("x.bed", "chr1\t9\t3\n", "binary", "before the start"),
    ],
)
def test_bad_interval_files_are_errors_and_nothing_is_stored(
    tmp_path: Path, name: str, text: str, value: str | None, words: str
) -> None:
    (tmp_path / name).write_text(text)
    file = {"path": tmp_path / name}
    entry = {"signal": file} if value is None else {"intervals": file, "value": value}
    error = built(tmp_path, {"name": "x", **entry}, TWO).error or ""
    assert re.search(words, error), error
    left = {path.name for path in (tmp_path / "tracks").rglob("*") if path.suffix in {".json", ".tmp"}}
    assert left <= {".source.json"}


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 12)), max_size=20))
def test_of_overlapping_intervals_the_last_is_on_top(rows: list[tuple[int, int]]) -> None:
    start = np.array([row[0] for row in rows], np.int64)
    end = start + np.array([row[1] for row in rows], np.int64)
    expected = np.full(60, -1)
    for line, (first, last) in enumerate(zip(start, end, strict=True)):
        expected[first:last] = line
    starts, ends, winners = overlay(start, end)
    found = np.full(60, -1)
    for begin, stop, line in zip(starts, ends, winners, strict=True):
        assert np.all(found[begin:stop] == -1)
        found[begin:stop] = line
    assert np.array_equal(found, expected)
    assert np.all(starts[1:] >= ends[:-1])


GOLDEN = "6f4de4b251b335e8a2b683a01410ddda8a81ae424201b813307a2e96d4fe51d1"


def test_the_step_makes_the_bytes_that_it_made(data: Path, tmp_path: Path) -> None:
    built(tmp_path, {"name": "x", "signal": {"path": windows(data, "chip.bw")}}, AB)
    found = hashlib.sha256(SignalLayout(tmp_path).track("g", "x", "chrA").read_bytes()).hexdigest()
    assert found == GOLDEN, f"a track has other bytes than step {STEP.name} {STEP.number} made: raise it"


def bam(path: Path, contigs: int, lines: Sequence[str] = ()) -> Path:
    """Write a BAM file with its index: contigs c0, c1 ... of 1,000 bp, and reads of 10 bp."""
    header = {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": [{"SN": f"c{i}", "LN": 1_000} for i in range(contigs)]}
    with pysam.AlignmentFile(str(path), "wb", header=header) as file:
        for line in lines:
            file.write(pysam.AlignedSegment.fromstring(line, file.header))
    pysam.index(str(path))
    return path


READ = "r\t0\tc7\t11\t60\t10M\t*\t0\t0\tACGTACGTAC\tIIIIIIIIII"


def test_a_header_of_many_contigs_costs_one_read(tmp_path: Path) -> None:
    path = bam(tmp_path / "x.bam", 100_000, [READ])
    outcome = built(tmp_path, {"name": "x", "reads": {"path": path}}, [chromosome("c7", 1_000)])
    assert (outcome.error, outcome.facts["counted"], outcome.facts["chromosomes"]) == (None, 1, ["c7"])
    assert len(outcome.facts["others"]) == 20
    drawn = counts_figure(outcome.facts["by_chromosome"])
    assert "at most 1 in a bar" in drawn
    assert drawn.count("d='M62 4h178'") == 1  # one bar as wide as there is room, of what was counted
    assert runs_of(tmp_path, "x", "c7") == [(10, 11, 1)]


def test_a_track_without_reads_is_a_track(tmp_path: Path) -> None:
    """It holds nothing, which the check `no_track_is_constant` tells."""
    path = bam(tmp_path / "x.bam", 8)
    outcome = built(tmp_path, {"name": "x", "reads": {"path": path}}, [chromosome("c7", 1_000)])
    assert (outcome.status, outcome.facts["read"], runs_of(tmp_path, "x", "c7")) == ("built", 0, [])


@pytest.mark.parametrize(
    ("name", "damage", "words"),
    [
        ("x.bam", lambda path: path.write_bytes(path.read_bytes()[:-100]), "x.bam is truncated"),
        ("x.bam", lambda path: path.with_name("x.bam.bai").unlink(), "samtools index x.bam"),
        ("x.bw", lambda path: path.write_text("chr1\t0\t10\t1\n"), "x.bw"),
        ("x.bw", lambda path: path.write_bytes(b""), "x.bw"),
    ],
    ids=["truncated", "no index", "text", "nothing"],
)
def test_a_bad_file_is_an_error_of_ours_and_nothing_is_written(
    tmp_path: Path, name: str, damage: Callable[[Path], object], words: str
) -> None:
    path = bam(tmp_path / name, 8, [READ]) if name == "x.bam" else tmp_path / name
    damage(path)
    key = "reads" if name == "x.bam" else "signal"
    outcome = built(tmp_path / "root", {"name": "x", key: {"path": path}}, [chromosome("c7", 1_000)])
    assert (outcome.status, outcome.traceback) == ("failed", None)
    assert words in str(outcome.error)
    assert not list(tmp_path.rglob("*.parquet"))


def test_what_was_killed_is_gone_on_with_and_has_the_same_bytes(data: Path, tmp_path: Path) -> None:
    """A process is killed in the middle of the second chromosome; the next build keeps the first as it is."""
    entry = {"name": "x", "signal": {"path": str(windows(data, "chip.bw"))}}
    built(tmp_path / "whole", entry, AB)
    script = f"""
import os, signal, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from genatator_assets.tracks import track_file
from test_track_files import AB, built
add = track_file.TrackWriter.flush
def flush(writer):
    if list(Path({str(tmp_path / "killed")!r}).rglob("chrA.json")):
        os.kill(os.getpid(), signal.SIGKILL)
    add(writer)
track_file.TrackWriter.flush = flush
built(Path({str(tmp_path / "killed")!r}), {entry!r}, AB)
"""
    done = subprocess.run([sys.executable, "-c", script], check=False)
    assert done.returncode == -signal.SIGKILL
    left = SignalLayout(tmp_path / "killed")
    assert left.manifest("g", "x", "chrA").is_file()
    assert not left.track("g", "x", "chrB").is_file()
    before = left.track("g", "x", "chrA").stat().st_mtime_ns
    assert built(tmp_path / "killed", entry, AB).status == "built"
    assert left.track("g", "x", "chrA").stat().st_mtime_ns == before
    for path in (tmp_path / "whole").rglob("*.parquet"):
        assert (tmp_path / "killed" / path.relative_to(tmp_path / "whole")).read_bytes() == path.read_bytes()
