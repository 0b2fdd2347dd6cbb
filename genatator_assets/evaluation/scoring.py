"""From counts to scores: totals of any part of what is judged, their ratios, and bootstrap intervals. No I/O."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from genatator_assets.evaluation.counts import Counted, Items, Ratios, Sums
from genatator_assets.evaluation.levels import KS, Comparison, all_levels
from genatator_assets.evaluation.models import LNCRNA, MRNA, Mask, Models
from genatator_assets.evaluation.places import Places
from genatator_assets.tracks.runs import Positions

By = Literal["genome", "chrom", "strand", "type", "leakage"]
STRATA: tuple[By, ...] = get_args(By)
DRAWS = 1_000
_CONFIDENCE = (2.5, 97.5)
_DRAWS_AT_ONCE = 100
_TRANSCRIPTS_AT_ONCE = 50_000


@dataclass(frozen=True)
class Rules:
    """How predictions are compared: the distances k in bp, ascending; whether strands must agree; the strata."""

    k: tuple[int, ...] = KS
    stranded: bool = True
    by: tuple[By, ...] = ()


@dataclass(frozen=True)
class Score:
    """A row of the scores: what was counted, how often it was right, and the ratios.

    `more` has further counts and, under `ci95`, the bootstrap's intervals of precision, recall and F1.
    """

    level: str
    kind: str
    k: int | None
    subset: str
    tp_pred: int
    n_pred: int
    tp_true: int
    n_true: int
    precision: float | None
    recall: float | None
    f1: float | None
    more: dict[str, Any]


@dataclass(frozen=True)
class _Subset:
    """Part of what is judged: the items that count. Of a `kind`, only transcripts of that type are compared at all."""

    name: str
    holds: Callable[[Items], Mask]
    kind: int | None = None


@dataclass
class _Tally:
    """What was counted in a subset so far, sequences by sequences."""

    names: list[tuple[str, str, int | None]]
    by_tile: list[Sums] = field(default_factory=list)
    more: list[dict[str, Sums]] = field(default_factory=list)


def score(
    predicted: Models,
    true: Models,
    places: Places,
    rules: Rules,
    levels: Callable[[Comparison, Positions], list[Counted]] = all_levels,
) -> list[Score]:
    """Return the scores at all levels, or some, of everything and then of each stratum that the rules ask for.

    By type, predictions and truth of a type are matched anew; all other strata count the items of one matching. Nothing
    matches across sequences, so they are compared some at a time, and memory depends on the largest.
    """
    predicted, true = places.unmasked(predicted), places.unmasked(true)
    tallies: dict[str, _Tally] = {}
    for sequences in batches(predicted, true, places):
        sides = [side.take((side.seq >= sequences.start) & (side.seq < sequences.stop)) for side in (predicted, true)]
        for kind, subsets in itertools.groupby(_subsets(places, rules.by, sequences), key=lambda subset: subset.kind):
            of_kind = sides if kind is None else [side.of_type(kind) for side in sides]
            compared = Comparison.of(of_kind[0], of_kind[1], places.lengths, rules.k, rules.stranded)
            counted = levels(compared, places.cuts(compared.axis, sequences))
            for subset in subsets:
                names = [(one.level, one.kind, k) for one in counted for k in one.ks]
                _add(tallies.setdefault(subset.name, _Tally(names)), counted, places, subset, sequences)
    return [one for name, tally in tallies.items() for one in _scores(name, tally)]


def batches(predicted: Models, true: Models, places: Places) -> Iterator[range]:
    """Cut the sequences into stretches that have so many transcripts together, or are a single one."""
    sequences = len(places.sequences)
    count = np.bincount(np.concatenate([predicted.seq, true.seq]), minlength=sequences)
    start, room = 0, _TRANSCRIPTS_AT_ONCE
    for number, transcripts in enumerate(count.tolist()):
        if transcripts > room and number > start:
            yield range(start, number)
            start, room = number, _TRANSCRIPTS_AT_ONCE
        room -= transcripts
    yield range(start, sequences)


def _subsets(places: Places, by: Sequence[By], sequences: range) -> Iterator[_Subset]:
    yield _Subset("all", _everything)
    some = places.sequences[sequences.start : sequences.stop]
    if "genome" in by:
        for genome in dict.fromkeys(one.genome for one in some):
            of = np.array([one.genome == genome for one in places.sequences], bool)
            yield _Subset(f"genome={genome}", lambda items, of=of: of[items.seq])  # type: ignore[misc]
    if "chrom" in by:
        for number, one in zip(sequences, some, strict=True):
            name = f"chrom={one.genome}/{one.chrom}"
            yield _Subset(name, lambda items, number=number: items.seq == number)  # type: ignore[misc]
    if "strand" in by:
        yield _Subset("strand=+", lambda items: items.strand > 0)
        yield _Subset("strand=-", lambda items: items.strand < 0)
    if "leakage" in by:
        yield _Subset("leakage=seen", lambda items: places.leakage_of(items)[0])
        yield _Subset("leakage=unseen", lambda items: places.leakage_of(items)[1])
    if "type" in by:
        yield _Subset("type=mRNA", _everything, MRNA)
        yield _Subset("type=lncRNA", _everything, LNCRNA)


def _everything(items: Items) -> Mask:
    return np.ones(len(items), bool)


def _add(tally: _Tally, counted: Sequence[Counted], places: Places, subset: _Subset, sequences: range) -> None:
    """Count the items of a subset, tile by tile of the sequences."""
    tiles = places.tiles_of(sequences)

    def sums(items: Items) -> tuple[Sums, Sums]:
        wanted = subset.holds(items)
        if len(places.masked):
            wanted = wanted & places.outside_mask(items)
        return items.sums(np.where(wanted, places.tile_of(items) - tiles.start, -1), len(tiles))

    columns: list[Sums] = []
    more = []
    for one in counted:
        (p_right, p_all), (t_right, t_all) = sums(one.predicted), sums(one.true)
        further = {name: sums(items) for name, items in one.more.items()}
        for number in range(len(one.ks)):
            columns += [p_right[:, number], p_all, t_right[:, number], t_all]
            more.append(
                {name: np.array([right[:, number].sum(), all_.sum()]) for name, (right, all_) in further.items()}
            )
    tally.by_tile.append(np.stack(columns, axis=1))
    tally.more = [_added(*pair) for pair in zip(tally.more, more, strict=True)] if tally.more else more


def _added(one: dict[str, Sums], other: dict[str, Sums]) -> dict[str, Sums]:
    return {name: one[name] + other[name] for name in one}


def _scores(subset: str, tally: _Tally) -> Iterator[Score]:
    by_tile = np.concatenate(tally.by_tile)
    totals, intervals = by_tile.sum(axis=0).reshape(-1, 4).tolist(), _intervals(by_tile)
    for (level, kind, k), counts, ci95, more in zip(tally.names, totals, intervals, tally.more, strict=True):
        ratios = Ratios.of(*counts)
        further = {name: values.tolist() for name, values in more.items()}
        tp_pred, n_pred, tp_true, n_true = counts
        yield Score(
            level=level,
            kind=kind,
            k=k,
            subset=subset,
            tp_pred=tp_pred,
            n_pred=n_pred,
            tp_true=tp_true,
            n_true=n_true,
            precision=ratios.precision,
            recall=ratios.recall,
            f1=ratios.f1,
            more={**further, "ci95": ci95},
        )


def _intervals(by_tile: Sums) -> list[dict[str, list[float] | None]]:
    """Return 95 % intervals of precision, recall and F1: tiles are drawn with replacement, by a fixed seed.

    by_tile: int64 [tiles, 4 x scores]. Tiles with nothing in them, true or predicted, are not drawn.
    """
    occupied = by_tile[by_tile.any(axis=1)]
    scores = by_tile.shape[1] // 4
    if len(occupied) < 2:
        return [{"precision": None, "recall": None, "f1": None}] * scores
    random = np.random.default_rng(0)
    chances = np.full(len(occupied), 1 / len(occupied))
    drawn = []
    for _ in range(0, DRAWS, _DRAWS_AT_ONCE):
        often = random.multinomial(len(occupied), chances, _DRAWS_AT_ONCE)
        drawn.append(often.astype(np.float64) @ occupied)
    tp_pred, n_pred, tp_true, n_true = np.concatenate(drawn).reshape(DRAWS, scores, 4).transpose(2, 0, 1)
    with np.errstate(invalid="ignore"):
        precision, recall = tp_pred / n_pred, tp_true / n_true
        f1 = np.where(precision + recall > 0, 2 * precision * recall / (precision + recall), precision * recall)
    found = {"precision": precision, "recall": recall, "f1": f1}
    return [{name: _interval(values[:, number]) for name, values in found.items()} for number in range(scores)]


def _interval(values: npt.NDArray[np.float64]) -> list[float] | None:
    defined = values[~np.isnan(values)]
    return [round(float(edge), 6) for edge in np.percentile(defined, _CONFIDENCE)] if len(defined) else None
