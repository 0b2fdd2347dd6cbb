"""TrackData: every recorded call of the fixtures, and their better answers where the recorded one is a defect."""

import json
import re
from typing import Any

import numpy as np
import pytest
from conftest import data_folder

from genatator_assets.reading import track_data
from genatator_assets.reading.track_data import Place, TrackData, TrackDataError, concat, interleave

FOLDER = data_folder().parent / "fixtures/alphagenome"
FIXTURES = json.loads((FOLDER / "trackdata_calls.json").read_text())
CALLS = {call["id"]: call for call in FIXTURES["calls"]}
ARRAYS = np.load(FOLDER / "trackdata_arrays.npz")
REFUSED = [name for name, call in CALLS.items() if "error" in call and call["verdict"] == "right" and call["input"]]
RIGHT = [name for name, call in CALLS.items() if isinstance(call.get("output"), dict) and call["verdict"] == "right"]


def place_of(text: str | None) -> Place | None:
    if text is None:
        return None
    found = re.fullmatch(r"(\w+):(-?\d+)-(-?\d+):([+.-])", text)
    assert found
    return Place(found[1], int(found[2]), int(found[3]), found[4])  # type: ignore[arg-type]


def data_of(given: dict[str, Any]) -> TrackData:
    metadata = FIXTURES["metadata"][given["metadata"]]
    return TrackData(ARRAYS[given["array"]], metadata, given["resolution"], place_of(given["interval"]))


def named(letter: str) -> TrackData:
    """An input by its letter; `G` is on record only beside A, whose tracks and place it shares."""
    for call in CALLS.values():
        if call["input"] and call["input"]["array"] == f"in_{letter}":
            return data_of(call["input"])
    a = CALLS["00_slice_positions"]["input"]
    return data_of({**a, "array": f"in_{letter}"})


def called(call: dict[str, Any]) -> Any:
    """Do what a call says."""
    text = call["call"]
    data = data_of(call["input"])
    scope: dict[str, Any] = {letter: named(letter) for letter in "ABDG"}
    scope |= {"data": data, "SUM": "sum", "MAX": "max", "concat": concat, "interleave": interleave}
    text = re.sub(r'"(chr\w+:-?\d+--?\d+:[+.-])"', r'place_of("\1")', text)
    whole = text[0].isupper() or text.startswith(("concat", "interleave"))
    return eval(text if whole else f"data.{text}", {**scope, "place_of": place_of})


def check(found: TrackData, expected: dict[str, Any]) -> None:
    np.testing.assert_allclose(found.values, ARRAYS[expected["array"]], rtol=1e-6)
    assert (found.resolution, found.width) == (expected["resolution"], expected["width"])
    assert found.interval == place_of(expected["interval"])
    assert [dict(row) for row in found.metadata] == expected["metadata"]
    assert str(found.values.dtype) == expected["dtype"]


@pytest.mark.parametrize("name", RIGHT)
def test_right_answers_are_given(name: str) -> None:
    check(called(CALLS[name]), CALLS[name]["output"])


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_refused(name: str) -> None:
    kind = {"ValueError": ValueError, "IndexError": IndexError, "KeyError": KeyError}[CALLS[name]["error"]["type"]]
    with pytest.raises(kind):
        called(CALLS[name])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("06_slice_past_end_no_interval", "3..7 is outside 0..5"),
        ("07_slice_negative", "-2..0 is outside"),
        ("34_down_indivisible", "width 7 does not divide by 4; the largest width that does is 4"),
        ("58_rc_mixed_unpaired", "b has only +, c has only -"),
        ("64_concat", "metadata has (a, +) twice; rename one"),
    ],
)
def test_what_the_original_lets_pass_or_names_badly_is_refused_by_name(name: str, words: str) -> None:
    assert CALLS[name]["verdict"] == "defect"
    with pytest.raises(TrackDataError, match=re.escape(words)):
        called(CALLS[name])


def test_padding_moves_the_interval() -> None:
    call = CALLS["15_pad_128"]
    check(called(call), {**call["output"], "interval": "chr2:768-2176:."})


def test_a_sum_of_whole_numbers_is_shared_as_float32() -> None:
    call = CALLS["30_up_int_sum"]
    check(called(call), {**call["output"], "dtype": "float32"})


def test_missing_values_are_a_group() -> None:
    groups = called(CALLS["51_groupby_null"])
    recorded = CALLS["51_groupby_null"]["output"]
    for name in ("motor neuron", "brain"):
        check(groups[name], recorded[name])
    assert groups[None].names == ["c"]
    assert sum(len(one.metadata) for one in groups.values()) == 4


@pytest.mark.parametrize(
    ("name", "interval"), [("54_rc_2d", "chr3:0-12288:-"), ("55_rc_unstranded_1d", "chr6:20-30:-")]
)
def test_unstranded_tracks_are_reversed(name: str, interval: str) -> None:
    given = data_of(CALLS[name]["input"])
    found = called(CALLS[name])
    turned = given.values[::-1, ::-1] if given.values.ndim == 3 else given.values[::-1]
    np.testing.assert_array_equal(found.values, turned)
    assert found.interval == place_of(interval)


def test_what_does_not_fit_together_is_refused() -> None:
    rows = [{"name": name, "strand": "."} for name in "abc"]
    with pytest.raises(TrackDataError, match="number of tracks 2 and metadata 3 do not match"):
        TrackData(np.ones((3, 2)), rows)  # type: ignore[arg-type]
    with pytest.raises(TrackDataError, match=r"self\.interval\.width=4, self\.width=3"):
        TrackData(np.ones((3, 3)), rows, interval=Place("chr1", 0, 4))  # type: ignore[arg-type]
    with pytest.raises(TrackDataError, match="must be"):
        TrackData(np.ones((3, 1)), [{"name": "a", "strand": "plus"}])  # type: ignore[arg-type]


def test_data_without_positions_have_no_width() -> None:
    assert data_of(CALLS["73_width_no_positions"]["input"]).width == 0


@pytest.mark.parametrize("one", FIXTURES["intervals"], ids=lambda one: str(one.get("interval") or (one["a"], one["b"])))
def test_intervals(one: dict[str, Any]) -> None:
    if "a" in one:
        a, b = place_of(one["a"]), place_of(one["b"])
        assert a
        assert b
        assert (a.overlaps(b), a.contains(b)) == (one["overlaps"], one["contains"])
        assert a.intersect(b) == place_of(one["intersect"])
        return
    place = place_of(one["interval"])
    assert place
    assert (place.width, place.center()) == (one["width"], one["center"])
    assert place.resize(64) == place_of(one["resized_64"])
    if one["swap"] is None:
        with pytest.raises(track_data.TrackDataError, match="has no strand"):
            place.swap_strand()
    else:
        assert place.swap_strand() == place_of(one["swap"])
