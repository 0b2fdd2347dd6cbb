"""Kernels, painting and segments, against the oracle (tests/oracle.py) and by hand."""

import math

import numpy as np
import oracle
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genatator_assets.annotation import select
from genatator_assets.errors import DatasetError
from genatator_assets.gene_finding.channels import CHANNELS
from genatator_assets.gene_finding.kernels import kernel_values
from genatator_assets.gene_finding.landmarks import landmarks_of
from genatator_assets.gene_finding.paint import paint, peaks
from genatator_assets.gene_finding.section import Kernel
from genatator_assets.tracks.runs import Runs
from genatator_assets.tracks.segments import Segments
from genatator_assets.tracks.store import read_segments, write_segments
from genatator_assets.work.unit import Provenance

SHAPES = ("laplace", "gaussian", "triangular", "box")


def table_of(transcripts):
    """Selected transcripts as the annotation package stores them; the oracle's are 1-based inclusive."""
    rows = [
        {
            "genome": "g",
            "chrom": t.chrom,
            "start": t.start - 1,
            "end": t.end,
            "strand": t.strand,
            "transcript_id": f"t{number}",
            "type": t.kind,
            "selected": True,
        }
        for number, t in enumerate(transcripts)
    ]
    return pa.Table.from_pylist(rows, select.SCHEMA)


def painted(length, transcripts, kernel):
    landmarks = landmarks_of(table_of(transcripts), {"c": length})["c"]
    return paint(landmarks, length, kernel_values(kernel))


@st.composite
def chromosomes(draw):
    length = draw(st.integers(1, 300))
    spans = st.tuples(st.integers(1, length), st.integers(1, length)).map(sorted)
    transcript = st.builds(
        lambda span, strand, kind: oracle.Transcript("c", span[0], span[1], strand, kind),
        spans,
        st.sampled_from("+-"),
        st.sampled_from(["mRNA", "lncRNA"]),
    )
    kernel = Kernel(
        shape=draw(st.sampled_from(SHAPES)),
        width_bp=draw(st.floats(0.5, 30)),
        radius_bp=draw(st.integers(0, 40)),
    )
    return length, draw(st.lists(transcript, max_size=12)), kernel


@given(chromosomes())
def test_painting_equals_the_oracle(case):
    length, transcripts, kernel = case
    expected = oracle.targets(length, transcripts, kernel.shape, kernel.width_bp, kernel.radius_bp)
    np.testing.assert_array_equal(painted(length, transcripts, kernel).dense(0, length), expected)


@given(chromosomes(), st.data())
def test_a_window_equals_the_same_cut_of_the_whole_chromosome(case, data):
    length, transcripts, kernel = case
    segments = painted(length, transcripts, kernel)
    start = data.draw(st.integers(0, length))
    end = data.draw(st.integers(start, length))
    channels = data.draw(st.lists(st.integers(0, 11), max_size=12))
    window = segments.dense(start, end, channels)
    assert window.dtype == np.float32
    np.testing.assert_array_equal(window, segments.dense(0, length)[start:end][:, np.array(channels, int)])


def test_an_empty_window_inside_a_run_is_empty():
    segments = painted(50, [oracle.Transcript("c", 10, 40, "+", "mRNA")], Kernel())
    assert segments.dense(20, 20).shape == (0, 12)


@given(chromosomes(), st.integers(1, 400))
def test_sums_and_maxima_of_runs_are_those_of_the_dense_array(case, block):
    length, transcripts, kernel = case
    segments = painted(length, transcripts, kernel)
    dense = segments.dense(0, length).astype(np.float64)
    for start in range(0, length, block):
        for channel, runs in enumerate(segments.runs):
            piece, column = runs.within(start, start + block), dense[start : start + block, channel]
            assert math.isclose(piece.sum, column.sum(), rel_tol=1e-12)
            assert piece.max == column.max()


@given(st.lists(st.tuples(st.integers(0, 5), chromosomes()), max_size=5))
def test_many_chromosomes_at_once_equal_each_alone(cases):
    sizes = [length for _, (length, _, _) in cases]
    transcripts = [
        oracle.Transcript(f"c{number}", t.start, t.end, t.strand, t.kind)
        for number, (_, (_, of_chromosome, _)) in enumerate(cases)
        for t in of_chromosome
    ]
    together = landmarks_of(table_of(transcripts), {f"c{n}": size for n, size in enumerate(sizes)})
    kernel = kernel_values(Kernel())
    for number, (_, (length, _, _)) in enumerate(cases):
        own = [t for t in transcripts if t.chrom == f"c{number}"]
        dense = paint(together[f"c{number}"], length, kernel).dense(0, length)
        np.testing.assert_array_equal(dense, oracle.targets(length, own))


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("laplace", [1, math.exp(-0.5), math.exp(-1)]),
        ("gaussian", [1, math.exp(-0.125), math.exp(-0.5)]),
        ("triangular", [1, 0.5, 0]),
        ("box", [1, 1, 1]),
    ],
)
def test_kernels_by_hand(shape, expected):
    values = kernel_values(Kernel(shape=shape, width_bp=2, radius_bp=2))
    assert values.dtype == np.float32
    assert values.tolist() == [np.float32(value) for value in expected]


def test_the_default_kernel_sums_to_the_known_constant():
    """The contract: K, the sum of an isolated peak of the default kernel, is 4.083."""
    values = kernel_values(Kernel()).astype(np.float64)
    assert round(values[0] + 2 * values[1:].sum(), 3) == 4.083


def test_peaks_are_exactly_one_and_merge_by_maximum():
    runs = peaks(np.array([3, 5]), 10, kernel_values(Kernel(shape="triangular", width_bp=4, radius_bp=3)))
    dense = Segments(10, (runs, *[Runs(*empty())] * 11), CHANNELS).dense(0, 10, [0])[:, 0]
    assert dense.tolist() == [0.25, 0.5, 0.75, 1, 0.75, 1, 0.75, 0.5, 0.25, 0]


def empty():
    return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32)


@pytest.mark.parametrize("sites", [[0], [99], [0, 99], [0, 1, 2, 98, 99]])
def test_peaks_are_cut_at_the_chromosomes_ends(sites):
    runs = peaks(np.array(sites), 100, kernel_values(Kernel()))
    assert runs.start[0] == max(0, sites[0] - 20)
    assert runs.end[-1] == min(100, sites[-1] + 21)
    assert runs.max == 1


def test_no_transcripts_give_zeros():
    assert not painted(50, [], Kernel()).dense(0, 50).any()


def test_a_broad_kernel_costs_no_more_than_the_bases_it_covers():
    """100,000 sites with a radius of 100,000 would be 2 * 10^10 values if each kernel were laid out."""
    runs = peaks(np.arange(0, 1_000_000, 10), 1_000_000, kernel_values(Kernel(width_bp=1e4, radius_bp=100_000)))
    assert runs.end[-1] == 1_000_000


@pytest.mark.parametrize(
    ("start", "end", "value", "fault"),
    [
        ([0, 5], [6, 9], [1, 1], "disjoint"),
        ([5, 0], [6, 2], [1, 1], "ascending"),
        ([3], [3], [1], "not empty"),
        ([0], [1], [math.nan], "finite"),
        ([0], [1], [math.inf], "finite"),
        ([0, 2], [1], [1], "differ"),
    ],
)
def test_runs_refuse_what_they_do_not_promise(start, end, value, fault):
    with pytest.raises(ValueError, match=fault):
        Runs(np.array(start), np.array(end), np.array(value, np.float32))


def test_segments_refuse_runs_outside_the_chromosome_and_other_than_twelve():
    outside = Runs(np.array([5]), np.array([11]), np.ones(1, np.float32))
    with pytest.raises(ValueError, match="primary_tss_\\+ leave the chromosome"):
        Segments(10, (outside,) * 12, CHANNELS)
    with pytest.raises(ValueError, match="expected 12"):
        Segments(20, (outside,) * 11, CHANNELS)


@pytest.mark.parametrize(
    ("value", "fault"), [(0, "hold zeros"), (1.5, r"expected \[0, 1\]"), (-0.5, r"expected \[0, 1\]")]
)
def test_segments_refuse_values_that_are_not_of_their_channel(value, fault):
    runs = Runs(np.array([0]), np.array([1]), np.array([value], np.float32))
    with pytest.raises(ValueError, match=f"primary_tss_\\+.*{fault}"):
        Segments(10, (runs, *[Runs.none()] * 11), CHANNELS)


@pytest.mark.parametrize(("start", "end"), [(-1, 5), (5, 51), (6, 5)])
def test_windows_outside_the_chromosome_are_refused(start, end):
    with pytest.raises(ValueError, match="does not lie within"):
        painted(50, [], Kernel()).dense(start, end)


@settings(max_examples=25)
@given(case=chromosomes())
def test_segments_survive_storing(tmp_path_factory, case):
    length, transcripts, kernel = case
    path = tmp_path_factory.mktemp("segments") / "c.parquet"
    segments = painted(length, transcripts, kernel)
    write_segments(path, "g", "c", segments, Provenance())
    again = read_segments(path, length, CHANNELS)
    np.testing.assert_array_equal(again.dense(0, length), segments.dense(0, length))
    for before, after in zip(segments.runs, again.runs, strict=True):
        np.testing.assert_array_equal(before.start, after.start)


def test_segments_of_another_chromosome_are_not_taken(tmp_path):
    transcripts = [oracle.Transcript("c", 10, 40, "+", "mRNA")]
    write_segments(tmp_path / "c.parquet", "g", "c", painted(50, transcripts, Kernel()), Provenance())
    with pytest.raises(DatasetError, match="chromosome of 20 bp"):
        read_segments(tmp_path / "c.parquet", 20, CHANNELS)


def test_target_names_are_the_published_ones():
    assert list(CHANNELS.names) == oracle.TARGET_NAMES
