"""The interval algebra, by properties against sets of bases; tracks, sets of tracks and their segments by hand."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genatator_assets.tracks.painting import Canvas, RunTable, columns_of
from genatator_assets.tracks.runs import (
    Runs,
    covered_before,
    intervals_where,
    join,
    join_stretches,
    merge,
    paint,
    ranges,
    runs_at,
)
from genatator_assets.tracks.segments import Segments
from genatator_assets.tracks.track import Track, TrackSet

LENGTH = 60
VALUES = [-2.0, 0.0, 0.5, 1.0]


@st.composite
def runs(draw, values=tuple(VALUES)):
    """Disjoint runs; neighbours may touch, and may have one value."""
    edges = sorted(draw(st.sets(st.integers(0, LENGTH), max_size=16)))
    chosen = [pair for pair in itertools.pairwise(edges) if draw(st.booleans())]
    values = [draw(st.sampled_from(values)) for _ in chosen]
    return of(chosen, values)


def of(pairs, values):
    start, end = (np.array([pair[side] for pair in pairs], np.int64) for side in (0, 1))
    return Runs(start, end, np.array(values, np.float32))


def bases(runs):
    """The value of each base, as a dictionary: what runs mean."""
    return {
        base: value
        for start, end, value in zip(runs.start.tolist(), runs.end.tolist(), runs.value.tolist(), strict=True)
        for base in range(start, end)
    }


intervals = st.lists(st.tuples(st.integers(0, LENGTH), st.integers(1, 9)), max_size=20).map(
    lambda found: (np.array([s for s, _ in found], np.int64), np.array([s + n for s, n in found], np.int64))
)


@given(runs(), st.integers(-5, LENGTH + 5), st.integers(-5, LENGTH + 5))
def test_a_cut_has_the_bases_inside_and_no_others(found, start, end):
    assert bases(found.within(start, end)) == {b: v for b, v in bases(found).items() if start <= b < end}


@given(runs(), st.lists(st.integers(-3, LENGTH + 3), min_size=1))
def test_values_at_positions(found, positions):
    expected = [bases(found).get(position, 7) for position in positions]
    assert found.at(np.array(positions), otherwise=7).tolist() == expected


@given(runs())
def test_sums_and_maxima(found):
    assert found.sum == pytest.approx(sum(bases(found).values()))
    assert found.max == max([0, *bases(found).values()])


@given(intervals)
def test_merging_is_the_union_and_leaves_no_two_that_touch(found):
    start, end = merge(*found)
    together = {base for pair in zip(*found, strict=True) for base in range(*pair)}
    assert {base for pair in zip(start, end, strict=True) for base in range(*pair)} == together
    assert np.all(end[:-1] < start[1:])


@given(runs())
def test_joining_changes_no_base_and_leaves_nothing_to_join(found):
    joined = Runs(*join(found.start, found.end, found.value))
    assert bases(joined) == bases(found)
    assert not np.any((joined.start[1:] == joined.end[:-1]) & (joined.value[1:] == joined.value[:-1]))


@given(runs(), st.lists(st.integers(0, LENGTH)))
def test_stretches_are_joined_as_the_whole_is(found, cuts):
    stretches = [(found.within(*edges),) for edges in itertools.pairwise(sorted({0, LENGTH, *cuts}))]
    pieces = [piece for (piece,) in join_stretches(stretches, 1)]
    whole = join(found.start, found.end, found.value)
    for number, name in enumerate(("start", "end", "value")):
        assert np.concatenate([getattr(piece, name) for piece in pieces]).tolist() == whole[number].tolist()


@given(intervals.map(lambda found: merge(*found)), st.lists(st.integers(-3, LENGTH + 12), min_size=1))
def test_bases_are_counted_before_positions(found, positions):
    covered = {base for pair in zip(*found, strict=True) for base in range(*pair)}
    expected = [sum(base < position for base in covered) for position in positions]
    assert covered_before(*found, np.array(positions)).tolist() == expected


@given(st.lists(st.booleans(), max_size=30))
def test_a_mask_becomes_intervals(mask):
    start, end = intervals_where(np.array(mask, np.bool_))
    assert np.all(end[:-1] < start[1:])
    assert ranges(start, end - start).tolist() == [base for base, inside in enumerate(mask) if inside]


@given(st.dictionaries(st.integers(0, LENGTH), st.sampled_from(VALUES)))
def test_single_positions_become_runs(values):
    ordered = sorted(values.items())
    found = runs_at(np.array([b for b, _ in ordered], np.int64), np.array([v for _, v in ordered], np.float32))
    assert bases(found) == values


@given(runs())
def test_painting_writes_each_base_and_no_other(found):
    column = np.full(LENGTH, 9, np.float32)
    paint(column, 0, found.start, found.end, found.value)
    assert column.tolist() == [bases(found).get(base, 9) for base in range(LENGTH)]


@given(runs(), st.sets(st.integers(0, LENGTH), min_size=2, max_size=8).filter(lambda edges: len(edges) % 2 == 0))
def test_stretches_side_by_side_are_the_bases_one_after_another(found, edges):
    pairs = _pairs(sorted(edges))
    start, end = (np.array([pair[side] for pair in pairs], np.int64) for side in (0, 1))
    wanted = [base for pair in pairs for base in range(*pair)]
    expected = {place: bases(found)[base] for place, base in enumerate(wanted) if base in bases(found)}
    assert bases(found.side_by_side(start, end)) == expected


def _pairs(edges):
    return list(zip(edges[::2], edges[1::2], strict=True))


def test_signals_keep_zeros_and_negative_values_and_miss_what_has_no_run():
    signal = TrackSet((Track("s", missing="keep"), Track("t", lowest=0)))
    segments = Segments(6, (of([(0, 1), (2, 4)], [0, -1.5]), of([(1, 2)], [3])), signal)
    dense = segments.dense(0, 6)
    np.testing.assert_array_equal(dense[:, 0], [0, np.nan, -1.5, -1.5, np.nan, np.nan])
    np.testing.assert_array_equal(dense[:, 1], [0, 3, 0, 0, 0, 0])
    np.testing.assert_array_equal(segments.dense(1, 3, [1])[:, 0], [3, 0])


def test_dense_values_survive_as_runs():
    dense = np.array([[0, 2], [0, np.nan], [1, 0]], np.float32)
    segments = Segments.from_dense(dense, TrackSet((Track("a"), Track("b", missing="keep"))))
    np.testing.assert_array_equal(segments.dense(0, 3), dense)
    with pytest.raises(ValueError, match="finite"):
        Segments.from_dense(np.array([[math.nan]], np.float32), TrackSet((Track("a"),)))


def test_sets_refuse_a_name_twice_and_tracks_a_strand_without_a_stem():
    with pytest.raises(ValueError, match="more than once: a"):
        TrackSet((Track("a"), Track("a")))
    with pytest.raises(ValueError, match="does not go with"):
        Track("a", "+")
    with pytest.raises(ValueError, match="needs a name"):
        Track("")


def test_partners_are_the_same_signal_on_the_other_strand():
    tracks = TrackSet((Track("a+", "+", "a"), Track("b+", "+", "b"), Track("c"), Track("a-", "-", "a")))
    assert tracks.partners == (3, None, 2, 0)
    assert tracks[1:3].names == ("b+", "c")


@st.composite
def set_of_runs(draw):
    """The runs of four tracks, moved apart so that some are long: what is painted one by one, and all at once."""
    moved = [draw(runs(VALUES if number == 1 else (0.5, 1.0))) for number in range(4)]
    scale = draw(st.sampled_from([1, 40, 3_000]))
    return tuple(Runs(own.start * scale, own.end * scale, own.value) for own in moved), LENGTH * scale


@given(set_of_runs(), st.data())
def test_any_window_of_several_tracks_is_painted_as_each_alone_and_either_way_round(drawn, data):
    tracks, length = drawn
    segments = Segments(length, tracks, TrackSet((Track("a"), Track("b", missing="keep"), Track("c"), Track("d"))))
    start, end = sorted((data.draw(st.integers(0, length)), data.draw(st.integers(0, length))))
    columns = tuple(data.draw(st.permutations(range(4)))[: data.draw(st.integers(0, 4))])
    expected = np.zeros((end - start, len(columns)), np.float32)
    for column, place in enumerate(columns):
        expected[:, column] = np.nan if place == 1 else 0
        paint(expected[:, column], start, *tracks[place].cut(start, end))
    np.testing.assert_array_equal(segments.dense(start, end, columns), expected)
    whole = np.full((end - start, len(columns) + 2), 9, np.float32)
    for out in (
        np.full_like(expected, 9),
        np.full(expected.shape[::-1], 9, np.float32).T,
        whole[:, 1:-1],
    ):
        segments.paint(out, start, columns)
        np.testing.assert_array_equal(out, expected)
        segments.paint(out, start, columns, backwards=True)
        np.testing.assert_array_equal(out, expected[::-1])
    assert (whole[:, [0, -1]] == 9).all()


def test_windows_are_not_painted_on_arrays_of_another_width_or_beyond_the_end():
    segments = Segments(6, (of([(0, 6)], [1]),), TrackSet((Track("a"),)))
    with pytest.raises(ValueError, match="is no place for 1 columns"):
        segments.paint(np.empty((3, 2), np.float32), 0, (0,))
    with pytest.raises(ValueError, match=r"\[4, 7\) does not lie within \[0, 6\)"):
        segments.paint(np.empty((3, 1), np.float32), 4, (0,))


@given(st.lists(st.tuples(*[st.sampled_from([0.0, 0.5, 1.0])] * 3), min_size=1, max_size=40), st.integers(0, 9))
def test_dense_values_become_a_table_of_runs_that_paints_them_again(rows, offset):
    dense = np.array(rows, np.float32)
    table = RunTable.of_dense(dense, offset)
    painted = np.zeros_like(dense)
    Canvas(painted, offset, columns_of((0, 1, 2), 3)).paint(table)
    np.testing.assert_array_equal(painted, dense)
    steps = [step for column in zip(*rows, strict=True) for step in itertools.pairwise((0, *column))]
    assert len(table) == sum(before != after != 0 for before, after in steps)
