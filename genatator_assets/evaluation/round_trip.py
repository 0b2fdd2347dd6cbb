"""The round trip: a dataset's own targets, scored as predictions, must give all sites and spans back.

It needs no model, and fails if targets, annotation and the scorer don't agree to the base.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from genatator_assets.evaluation.counts import Counted
from genatator_assets.evaluation.levels import Comparison, bases, sites
from genatator_assets.evaluation.models import FORWARD, MRNA, OTHER, REVERSE, Models, Parts
from genatator_assets.evaluation.places import Judged
from genatator_assets.evaluation.scoring import Rules, Score, score
from genatator_assets.evaluation.truth import truth_of_split
from genatator_assets.tracks.runs import Positions
from genatator_assets.work.layout import Layout
from genatator_assets.work.tables import read_table, readable

GROUPS = {"combined": "primary_{}", "mrna": "mrna_{}"}
"""How the channels of a group begin, as the contract names them; of intragenic regions see `_channel`."""

_KINDS = ("tss", "polya", "intragenic")


@dataclass(frozen=True)
class Difference:
    """A channel whose targets don't give the truth back on a chromosome: how many are right, predicted and true."""

    genome: str
    chrom: str
    channels: str
    right: int
    predicted: int
    true: int


def round_trip(layout: Layout, split: str) -> list[Difference]:
    """Return what differs on the chromosomes of a split that have targets; nothing if all is well.

    Peaks are the bases whose target is 1. A box kernel has no peaks, so that sites are not compared there.
    """
    truth = truth_of_split(layout, split)
    rules = Rules(k=(0,), by=("chrom",))
    painted = [layout.segments(one.genome, one.chrom).is_file() for one in truth.places.sequences]
    there = np.array(painted, bool)
    found = []
    for group in GROUPS:
        true = truth.models if group == "combined" else truth.models.take(truth.models.kind == MRNA)
        true = true.take(there[true.seq])
        for kind in _KINDS:
            predicted = _predicted(layout, truth.places.sequences, there, group, kind)
            if predicted is not None:
                scores = score(predicted, true, truth.places, rules, _LEVELS[kind])
                found += list(_differences(scores, _channel(group, kind)))
    return found


def _only_sites(kind: str, compared: Comparison) -> list[Counted]:
    return [one for one in sites(compared) if one.kind == kind]


_LEVELS = {
    "tss": lambda compared, _: _only_sites("tss", compared),
    "polya": lambda compared, _: _only_sites("polya", compared),
    "intragenic": lambda compared, cuts: [one for one in bases(compared, cuts) if one.kind == "span"],
}


def _channel(group: str, kind: str) -> str:
    if kind == "intragenic":
        return "intragenic_regions" if group == "combined" else "mrna_intragenic_regions"
    return GROUPS[group].format(kind)


def _predicted(
    layout: Layout, sequences: tuple[Judged, ...], there: np.ndarray, group: str, kind: str
) -> Models | None:
    """Return the peaks, or the runs, of the channels of both strands as transcripts; None where they are none."""
    columns: list[tuple[int, int, Positions, Positions]] = []
    for number in np.flatnonzero(there).tolist():
        path = layout.segments(sequences[number].genome, sequences[number].chrom)
        if kind != "intragenic" and _is_box(path):
            return None
        table = read_table(path, columns=["channel", "start", "end", "value"])
        names = pc.cast(table["channel"], "string")
        for sign, strand in (("+", FORWARD), ("-", REVERSE)):
            wanted = pc.and_(pc.equal(names, f"{_channel(group, kind)}_{sign}"), pc.equal(table["value"], 1))
            rows = table.filter(wanted)
            start, end = rows["start"].to_numpy(), rows["end"].to_numpy()
            if kind != "intragenic":  # sites next to each other are one run
                start = np.concatenate([np.empty(0, np.int64), *map(np.arange, start, end)])
                end = start + 1
            columns.append((number, strand, start, end))
    return _models(columns)


def _is_box(path: object) -> bool:
    said = (pq.read_metadata(readable(path)).metadata or {}).get(b"genatator_assets.parameters", b"{}")  # type: ignore[arg-type]
    kernel = json.loads(said).get("kernel", {})
    return bool(kernel.get("shape") == "box" and kernel.get("radius_bp"))


def _models(columns: list[tuple[int, int, Positions, Positions]]) -> Models:
    """Return intervals as transcripts of one exon, each its own gene."""
    counts = [len(start) for _, _, start, _ in columns]
    start, end = (np.concatenate([np.empty(0, np.int64), *(of[place] for of in columns)]) for place in (2, 3))
    total = sum(counts)
    names = np.arange(total).astype(np.object_)
    return Models(
        seq=np.repeat(np.array([seq for seq, *_ in columns], np.int64), counts),
        strand=np.repeat(np.array([strand for _, strand, *_ in columns], np.int8), counts),
        start=start,
        end=end,
        gene=np.arange(total),
        kind=np.full(total, OTHER, np.int8),
        ids=names,
        gene_ids=names,
        exons=Parts.none(total),
        cds=Parts.none(total),
    )


def _differences(scores: list[Score], channels: str) -> Iterator[Difference]:
    for one in scores:
        if one.subset != "all" and not one.tp_pred == one.n_pred == one.tp_true == one.n_true:
            genome, _, chrom = one.subset.removeprefix("chrom=").partition("/")
            yield Difference(genome, chrom, channels, one.tp_true, one.n_pred, one.n_true)
