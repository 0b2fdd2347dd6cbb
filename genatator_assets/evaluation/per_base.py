"""Scores per base against the targets of a chromosome, counted in bins by a worker; and the scores of the counts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow.compute as pc

from genatator_assets.errors import EvaluationError
from genatator_assets.evaluation.bins import BinCounts, Curve, Intervals
from genatator_assets.evaluation.counts import Ratios
from genatator_assets.evaluation.probabilities import ScoreFile
from genatator_assets.evaluation.scoring import Score
from genatator_assets.work.tables import read_table

Positive = Literal["target", "site"]
"""Which bases are positive: those whose target is above 0, or the sites themselves, where it is 1."""

HALF = 0.5


@dataclass(frozen=True)
class CountTask:
    """A chromosome of `length` bp, some of the files that hold its scores, and the file of its targets' segments.

    `subsets` are disjoint intervals, by name: those bases alone are counted. Without any, all are, as "all".
    """

    genome: str
    chrom: str
    length: int
    files: tuple[ScoreFile, ...]
    segments: Path
    positive: Positive
    subsets: Mapping[str, Intervals | None] = field(default_factory=lambda: {"all": None})


@dataclass(frozen=True, eq=False)
class Counted:
    """What a task counted: bins by subset and channel; and of each channel, the stretches [start, end) with scores."""

    bins: Mapping[tuple[str, str], BinCounts]
    stretches: Mapping[str, list[tuple[int, int]]]


def channel_names(segments: Path) -> tuple[str, ...]:
    """Return the names of the channels of a chromosome's targets, in the dataset's order; none if it has no targets."""
    column = read_table(segments, columns=["channel"])["channel"].combine_chunks()
    return tuple(column.dictionary.to_pylist()) if len(column) else ()


def count(task: CountTask) -> Counted:
    """Count the scores in a task's files.

    Raises:
        EvaluationError: a file is damaged.
    """
    positive = _positive(task)
    counts: dict[tuple[str, str], BinCounts] = {}
    scored: dict[str, list[tuple[int, int]]] = {}
    for file in task.files:
        for channel, start, scores in file.pieces():
            scored.setdefault(channel, []).append((start, start + len(scores)))
            for subset, intervals in task.subsets.items():
                found = BinCounts.of(scores, start, _within(positive[channel], start, len(scores)), intervals)
                key = subset, channel
                counts[key] = counts[key] + found if key in counts else found
    return Counted(counts, scored)


def whole(genome: str, chrom: str, length: int, counted: Iterable[Counted]) -> Mapping[tuple[str, str], BinCounts]:
    """Return the counts of a chromosome, of which each task counted a share.

    Raises:
        EvaluationError: a base has no score or two.
    """
    bins: dict[tuple[str, str], BinCounts] = {}
    stretches: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for share in counted:
        for key, found in share.bins.items():
            bins[key] = bins[key] + found if key in bins else found
        for channel, scored in share.stretches.items():
            stretches[channel] += scored
    for channel, scored in stretches.items():
        _require_each_base_once(f"{chrom} of {genome}: {channel}", length, sorted(scored))
    return bins


def _positive(task: CountTask) -> dict[str, Intervals]:
    table = read_table(task.segments, columns=["channel", "start", "end", "value"])
    names = table["channel"].combine_chunks()
    wanted = np.ones(len(table), bool)
    if task.positive == "site":
        wanted = table["value"].to_numpy() == 1
    found: dict[str, Intervals] = {
        channel: (np.empty(0, np.int64), np.empty(0, np.int64)) for file in task.files for channel in file.channels
    }
    for channel in found:
        rows = pc.equal(names, channel).to_numpy(zero_copy_only=False) & wanted
        found[channel] = table["start"].to_numpy()[rows], table["end"].to_numpy()[rows]
    return found


def _within(intervals: Intervals, start: int, length: int) -> Intervals:
    """Return the intervals that overlap a piece, cut to it."""
    first, last = np.searchsorted(intervals[1], start, side="right"), np.searchsorted(intervals[0], start + length)
    return np.maximum(intervals[0][first:last], start), np.minimum(intervals[1][first:last], start + length)


def _require_each_base_once(what_of: str, length: int, stretches: list[tuple[int, int]]) -> None:
    place = 0
    for start, end in [*stretches, (length, length)]:
        if start != place:
            what = "no score" if start > place else "two scores"
            raise EvaluationError(
                f"{what_of} has {what} for the bases from {min(start, place) + 1:,} to {max(start, place):,};"
                f" expected each of its {length:,} bases once"
            )
        place = end


def scores_of(counts: Mapping[str, BinCounts], subset: str) -> list[Score]:
    """Return a score for each channel and, as kind "mean", the means over the channels that are defined.

    Counts, precision, recall and F1 are those at scores of 0.5 or more.
    """
    scores, curves = [], {channel: found.curve() for channel, found in counts.items()}
    for channel, curve in curves.items():
        found, wrong = curve.counts_at(HALF)
        tally = found, found + wrong, found, curve.positives
        ratios = Ratios.of(*tally)
        scores.append(
            Score(
                "nucleotide",
                channel,
                None,
                subset,
                *tally,
                *(ratios.precision, ratios.recall, ratios.f1),
                _summary(curve),
            )
        )
    if defined := [one.more for one in scores if one.more["average_precision"] is not None]:
        names = ("average_precision", "roc_auc", "best_f1")
        means = {name: sum(more[name] for more in defined) / len(defined) for name in names}
        scores.append(
            Score("nucleotide", "mean", None, subset, 0, 0, 0, 0, None, None, None, {**means, "channels": len(defined)})
        )
    return scores


def _summary(curve: Curve) -> dict[str, float | int | bool | None]:
    best = curve.best_f1()
    return {
        "average_precision": curve.average_precision,
        "average_precision_error": curve.ap_error,
        "roc_auc": curve.roc_auc,
        "best_f1": best[0] if best else None,
        "best_threshold": best[1] if best else None,
        "positives": curve.positives,
        "negatives": curve.negatives,
        "base_rate": curve.positives / (curve.positives + curve.negatives) if curve.bases.any() else None,
        "dropped": curve.dropped,
    }
