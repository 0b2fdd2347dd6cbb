"""Average precision, ROC-AUC and F1 against scikit-learn's and the fixture's numbers."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import FIXTURES, rows_of_gff3
from sklearn.metrics import average_precision_score, roc_auc_score

from genatator_assets.errors import EvaluationError
from genatator_assets.evaluation.bins import BinCounts
from genatator_assets.tracks.runs import intervals_where, merge

EXPECTED = json.loads((FIXTURES / "expected_probabilities.json").read_text())
START, END, RADIUS = EXPECTED["start"], EXPECTED["end"], EXPECTED["kernel"]["radius_bp"]


def positive_intervals(channel: str) -> tuple[np.ndarray, np.ndarray]:
    """Where the target of a channel is above 0, straight from the truth's rows."""
    strand = 1 if channel.endswith("+") else -1
    spans = [(r["start"], r["end"]) for r in rows_of_gff3(FIXTURES / EXPECTED["truth"]) if r["strand"] == strand]
    if "tss" in channel:
        sites = [start if strand > 0 else end - 1 for start, end in spans]
        spans = [(site - RADIUS, site + RADIUS + 1) for site in sites]
    start, end = (np.array(edges, np.int64) for edges in zip(*spans, strict=True))
    start, end = merge(np.clip(start, START, END), np.clip(end, START, END))
    return start[start < end], end[start < end]


@pytest.mark.parametrize("channel", EXPECTED["channels"])
@pytest.mark.parametrize("pieces", [1, 7])
def test_float16_scores_give_the_numbers_of_scikit_learn_in_any_pieces(channel: str, pieces: int) -> None:
    expected = EXPECTED["channels"][channel]
    scores = np.load(FIXTURES / EXPECTED["file"])[channel]
    starts, ends = positive_intervals(channel)
    counts = BinCounts.none(exact=True)
    edges = np.linspace(START, END, pieces + 1).astype(int)
    for first, last in itertools.pairwise(edges):
        inside = (np.clip(starts, first, last), np.clip(ends, first, last))
        kept = inside[0] < inside[1]
        counts += BinCounts.of(scores[first - START : last - START], first, (inside[0][kept], inside[1][kept]))
    curve = counts.curve()
    assert (curve.positives, curve.negatives, curve.dropped) == tuple(
        expected[key] for key in ("positives", "negatives", "dropped")
    )
    assert curve.defined == expected["defined"]
    assert curve.average_precision == pytest.approx(expected["average_precision"], abs=1e-12)
    assert curve.roc_auc == pytest.approx(expected["roc_auc"], abs=1e-12)
    best = curve.best_f1()
    assert best is not None
    assert best[0] == pytest.approx(expected["best_f1"], abs=1e-12)
    assert best[1] == expected["best_threshold"]
    assert curve.counts_at(0.5) == (expected["tp_at_half"], expected["fp_at_half"])
    assert curve.ap_error == 0


@pytest.mark.parametrize("jitter", [0, 1e-5], ids=["ties", "no ties"])
@pytest.mark.parametrize("channel", EXPECTED["channels"])
def test_other_scores_are_within_the_bound_of_scikit_learn(channel: str, jitter: float) -> None:
    scores = np.load(FIXTURES / EXPECTED["file"])[channel].astype(np.float32)
    finite = np.isfinite(scores)
    scores[finite] = np.clip(scores[finite] + np.random.default_rng(1).uniform(0, jitter, finite.sum()), 0, 1)
    starts, ends = positive_intervals(channel)
    label = np.zeros(END - START, bool)
    for first, last in zip(starts, ends, strict=True):
        label[first - START : last - START] = True
    curve = BinCounts.of(scores, START, (starts, ends)).curve()
    exact = average_precision_score(label[finite], scores[finite])
    assert curve.average_precision is not None
    assert abs(curve.average_precision - exact) <= curve.ap_error < 1e-2
    assert curve.roc_auc == pytest.approx(roc_auc_score(label[finite], scores[finite]), abs=2e-5)
    if not jitter:
        assert curve.average_precision == pytest.approx(exact, abs=2e-5)


FLOATS = st.floats(0, 1, width=16) | st.sampled_from([0.0, -0.0, 1.0, 0.5])


@given(st.lists(st.tuples(FLOATS, st.booleans()), min_size=2, max_size=60), st.booleans())
def test_any_scores_agree_with_scikit_learn(drawn: list[tuple[float, bool]], exact: bool) -> None:
    label = np.array([positive for _, positive in drawn])
    scores = np.array([score for score, _ in drawn], np.float16 if exact else np.float64)
    curve = BinCounts.of(scores, 0, intervals_where(label)).curve()
    if label.all() or not label.any():
        assert (curve.defined, curve.average_precision, curve.roc_auc) == (False, None, None)
        return
    assert abs(curve.average_precision - average_precision_score(label, scores)) <= curve.ap_error + 1e-12
    if exact:
        assert curve.roc_auc == pytest.approx(roc_auc_score(label, scores), abs=1e-12)


def test_equal_scores_give_the_prevalence() -> None:
    scores = np.full(1_000, 0.25, np.float16)
    curve = BinCounts.of(scores, 0, (np.array([100]), np.array([350]))).curve()
    assert curve.average_precision == 0.25
    assert curve.roc_auc == 0.5


def test_a_constant_zero_gives_the_prevalence_in_any_type() -> None:
    for kind in (np.float16, np.float32):
        curve = BinCounts.of(np.zeros(1_000, kind), 0, (np.array([0]), np.array([10]))).curve()
        assert (curve.average_precision, curve.ap_error) == (0.01, 0)


def test_scores_that_are_no_probabilities_are_refused_unless_they_are_float16() -> None:
    logits = np.array([-3.0, 4.0])
    with pytest.raises(EvaluationError, match=r"between -3 and 4, expected probabilities in \[0, 1\]"):
        BinCounts.of(logits, 0, (np.array([1]), np.array([2])))
    curve = BinCounts.of(logits.astype(np.float16), 0, (np.array([1]), np.array([2]))).curve()
    assert curve.average_precision == 1


def test_types_are_not_mixed() -> None:
    with pytest.raises(EvaluationError, match="some scores are float16 and others are not"):
        BinCounts.none(exact=True) + BinCounts.none(exact=False)
