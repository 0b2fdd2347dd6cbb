"""Which predictions match which transcripts, and what is wrong with the others: for an annotator. No I/O."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from genatator_assets.evaluation.levels import Comparison, GeneSpans, gene_spans
from genatator_assets.evaluation.matching import Pairs, count_overlaps
from genatator_assets.evaluation.models import Axis, Models, Names, Numbers
from genatator_assets.evaluation.places import Judged

MATCHES_SCHEMA = pa.schema(
    [
        ("prediction", pa.string()),
        ("genome", pa.string()),
        ("chrom", pa.string()),
        ("predicted", pa.string()),
        ("transcript", pa.string()),
        ("gene", pa.string()),
        ("k_needed", pa.int64()),
        ("inner_exons_equal", pa.bool_()),
        ("cds_chain_equal", pa.bool_()),
    ]
)
"""A row per pair whose ends differ by the largest k or less: `predicted` matches `transcript` from k_needed on."""

_STRANDS = {1: "+", -1: "-", 0: "."}
_MOST_NAMES = 20


@dataclass(frozen=True)
class Mistake:
    """A gene that is missed, split, shifted or unmatched, or a predicted one that is wrong or fused.

    [start, end) is 0-based on its chromosome. `genes` are those on the other side that it overlaps. `k_needed` is the
    smallest k at which one of its transcripts matches, None where none does.
    """

    what: str
    genome: str
    chrom: str
    start: int
    end: int
    strand: str
    gene: str
    genes: tuple[str, ...] = ()
    k_needed: int | None = None


def matches(compared: Comparison, prediction: str, sequences: tuple[Judged, ...]) -> pa.Table:
    """Return the pairs of predicted and true transcripts (MATCHES_SCHEMA)."""
    predicted, true, pairs = compared.predicted, compared.true, compared.pairs
    seq = true.seq[pairs.true].tolist()
    columns = {
        "prediction": pa.repeat(pa.scalar(prediction), len(pairs.true)),
        "genome": pa.array([sequences[number].genome for number in seq], pa.string()),
        "chrom": pa.array([sequences[number].chrom for number in seq], pa.string()),
        "predicted": _names(predicted.ids[pairs.predicted]),
        "transcript": _names(true.ids[pairs.true]),
        "gene": _names(true.gene_ids[true.gene[pairs.true]]),
        "k_needed": pairs.k_needed,
        "inner_exons_equal": compared.inner_exons_equal,
        "cds_chain_equal": compared.cds_chain_equal,
    }
    return pa.table(columns, MATCHES_SCHEMA)


def _names(names: Names) -> pa.Array:
    return pa.array(names.tolist(), pa.string())


def mistakes(compared: Comparison, sequences: tuple[Judged, ...]) -> Iterator[Mistake]:
    """Return what is wrong with genes of either side, each gene once for each strand that it is on."""
    axis = compared.axis
    predicted, true = (gene_spans(side, axis) for side in (compared.predicted, compared.true))
    found = count_overlaps(true.start, true.end, predicted.start, predicted.end)
    hit = count_overlaps(predicted.start, predicted.end, true.start, true.end)
    needed = _k_needed(compared, true)
    true_whats = np.select(
        [found == 0, found > 1, needed < 0, needed > 0], ["missed", "split", "unmatched", "shifted"], ""
    )
    predicted_whats = np.select([hit == 0, hit > 1], ["wrong", "fused"], "")
    sides = (
        (true, compared.true, true_whats, predicted, compared.predicted, needed),
        (predicted, compared.predicted, predicted_whats, true, compared.true, np.full(len(hit), -1)),
    )
    for spans, models, whats, others, other_models, k_needed in sides:
        for number in np.flatnonzero(whats != "").tolist():
            place = _place(spans, number, axis, sequences)
            what = str(whats[number])
            overlapped = _overlapped(spans, number, others, other_models) if what in ("split", "fused") else ()
            k = int(k_needed[number])
            yield Mistake(
                what, *place, str(models.gene_ids[spans.gene[number]]), overlapped, k if what == "shifted" else None
            )


def _k_needed(compared: Comparison, spans: GeneSpans) -> Numbers:
    """Return the smallest k at which a transcript of each gene matches; -1 where none does."""
    pairs, genes = compared.pairs, len(compared.true.gene_ids)
    best = Pairs.best(compared.true.gene[pairs.true], pairs.k_needed, genes)
    return np.where(best > compared.ks[-1], -1, best)[spans.gene]


def _place(spans: GeneSpans, number: int, axis: Axis, sequences: tuple[Judged, ...]) -> tuple[str, str, int, int, str]:
    seq, strand, start = (int(values[0]) for values in axis.back(spans.start[number : number + 1]))
    one = sequences[seq]
    return one.genome, one.chrom, start, start + int(spans.end[number] - spans.start[number]), _STRANDS[strand]


def _overlapped(spans: GeneSpans, number: int, others: GeneSpans, models: Models) -> tuple[str, ...]:
    inside = (others.start < spans.end[number]) & (others.end > spans.start[number])
    return tuple(map(str, models.gene_ids[others.gene[inside]][:_MOST_NAMES].tolist()))
