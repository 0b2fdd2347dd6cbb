"""The levels at which predictions are compared with truth, each by its exact definition. Numpy, no I/O.

Levels, from coarse to fine: gene, interval (and structure), chain, part, site, base. docs/evaluation.md has the
definitions in words; where they differ from those of other programs it says so.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from genatator_assets.evaluation.counts import Counted, Items
from genatator_assets.evaluation.matching import (
    Pairs,
    chain_numbers,
    coding_pairs,
    count_overlaps,
    distance_to_nearest,
    interval_pairs,
    on_axis,
    one_to_one,
)
from genatator_assets.evaluation.models import FORWARD, Axis, Mask, Models, Numbers, Parts, Strands, numbered
from genatator_assets.tracks.runs import Positions, distinct, merge, ranges

KS = (0, 50, 100, 250, 500)
_SITE_KINDS = ("tss", "polya")


@dataclass(frozen=True, eq=False)
class Comparison:
    """Predictions and truth, laid out on one axis; `ks` ascend."""

    predicted: Models
    true: Models
    axis: Axis
    ks: tuple[int, ...]

    @classmethod
    def of(
        cls, predicted: Models, true: Models, lengths: Positions, ks: tuple[int, ...], stranded: bool
    ) -> "Comparison":
        """Lay predictions and truth out; `lengths` are those of all sequences in bp."""
        return cls(predicted, true, Axis.of(lengths, stranded, gap=max(ks)), ks)

    @cached_property
    def pairs(self) -> Pairs:
        """The pairs whose ends differ by the largest k or less."""
        return interval_pairs(self.predicted, self.true, self.axis, self.ks[-1])

    @cached_property
    def inner_exons_equal(self) -> Mask:
        """Whether the pairs have the same introns, or both have none: bool [pairs]."""
        both = (self.predicted, self.true)
        predicted, true = chain_numbers(both, (both[0].exons.between(), both[1].exons.between()), self.axis)
        equal: Mask = predicted[self.pairs.predicted] == true[self.pairs.true]
        return equal

    @cached_property
    def cds_chains(self) -> tuple[Numbers, Numbers]:
        """The numbers of the coding chains of both sides; -1 for transcripts without one."""
        both = (self.predicted, self.true)
        predicted, true = chain_numbers(both, (both[0].cds, both[1].cds), self.axis)
        return predicted, true

    @cached_property
    def cds_chain_equal(self) -> Mask:
        """Whether the pairs have the same coding parts: bool [pairs]."""
        predicted, true = self.cds_chains
        chains = predicted[self.pairs.predicted]
        equal: Mask = (chains >= 0) & (chains == true[self.pairs.true])
        return equal


def intervals(compared: Comparison) -> list[Counted]:
    """Count transcripts by their two ends (interval), and by these and all inner exon edges (structure).

    Precision is of predictions, recall of genes: a gene is found if one of its transcripts is matched. Matching is
    many-to-many, so a prediction that is written twice counts twice.
    """
    both = compared.predicted, compared.true
    everything = np.ones(len(both[0]), bool), np.ones(len(both[1]), bool)
    spans = _numbered_spans(compared, *((models.start, models.end) for models in both))
    structures = chain_numbers(both, (both[0].exons, both[1].exons), compared.axis)
    alike = compared.pairs.keep(compared.inner_exons_equal)
    return [
        _of_transcripts(compared, "interval", "transcript", compared.pairs, everything, spans),
        _of_transcripts(compared, "structure", "transcript", alike, everything, structures),
    ]


def coding_intervals(compared: Comparison) -> list[Counted]:
    """Count coding spans that contain the true one with at most k bp more at either end, and those with equal parts."""
    coding = compared.predicted.cds.count > 0, compared.true.cds.count > 0
    pairs = coding_pairs(compared.predicted, compared.true, compared.axis, compared.ks[-1])
    spans = _numbered_spans(compared, compared.predicted.cds.outer(), compared.true.cds.outer())
    predicted, true = compared.cds_chains
    alike = pairs.keep(predicted[pairs.predicted] == true[pairs.true])
    return [
        _of_transcripts(compared, "interval", "cds", pairs, coding, spans),
        _of_transcripts(compared, "structure", "cds", alike, coding, compared.cds_chains),
    ]


def _numbered_spans(compared: Comparison, *spans: tuple[Positions, Positions]) -> tuple[Numbers, Numbers]:
    """Number the distinct intervals of transcripts of both sides."""
    models = compared.predicted, compared.true
    columns = [(side.seq, side.strand, *span) for side, span in zip(models, spans, strict=True)]
    number = numbered(*(np.concatenate(column) for column in zip(*columns, strict=True)))
    return number[: len(models[0])], number[len(models[0]) :]


def _of_transcripts(
    compared: Comparison,
    level: str,
    kind: str,
    pairs: Pairs,
    counts: tuple[Mask, Mask],
    distinct: tuple[Numbers, Numbers],
) -> Counted:
    """`counts` says which transcripts of either side are counted, `distinct` numbers what differs among them."""
    predicted, true, ks = compared.predicted, compared.true, np.array(compared.ks)
    p_right = Pairs.best(pairs.predicted, pairs.k_needed, len(predicted))[:, None] <= ks
    t_right = Pairs.best(pairs.true, pairs.k_needed, len(true))[:, None] <= ks
    genes = _Genes.of(true, counts[1])
    return Counted(
        level,
        kind,
        compared.ks,
        _items(predicted, p_right, counts[0]),
        genes.items(genes.any_of(t_right)),
        more={
            "transcripts": _items(true, t_right, counts[1]),
            "multiple_isoforms": genes.items(_several_isoforms(compared.ks, pairs, genes, distinct)),
        },
    )


def _items(models: Models, right: Mask, wanted: Mask) -> Items:
    return Items(models.seq[wanted], models.strand[wanted], models.start[wanted], models.end[wanted], right[wanted])


@dataclass(frozen=True, eq=False)
class _Genes:
    """The genes of some transcripts: `of_transcript` int64 [transcripts] numbers them, -1 for the other transcripts.

    A gene's strand is that of its first transcript.
    """

    of_transcript: Numbers
    seq: Numbers
    strand: Strands
    start: Positions
    end: Positions

    @classmethod
    def of(cls, models: Models, wanted: Mask) -> "_Genes":
        gene, first, number = np.unique(models.gene[wanted], return_index=True, return_inverse=True)
        of_transcript = np.full(len(models), -1, np.int64)
        of_transcript[wanted] = number
        start, end = np.full(len(gene), np.iinfo(np.int64).max), np.zeros(len(gene), np.int64)
        np.minimum.at(start, number, models.start[wanted])
        np.maximum.at(end, number, models.end[wanted])
        return cls(of_transcript, models.seq[wanted][first], models.strand[wanted][first], start, end)

    def any_of(self, right: Mask) -> Mask:
        """Return which genes have a transcript that is right: bool [genes, columns of `right`]."""
        of_genes = np.zeros((len(self.seq), right.shape[1]), bool)
        inside = self.of_transcript >= 0
        np.logical_or.at(of_genes, self.of_transcript[inside], right[inside])
        return of_genes

    def items(self, right: Mask) -> Items:
        return Items(self.seq, self.strand, self.start, self.end, right)


def _several_isoforms(ks: tuple[int, ...], pairs: Pairs, genes: _Genes, distinct: tuple[Numbers, Numbers]) -> Mask:
    """Return the genes of which at least two distinct transcripts are matched, by at least two distinct predictions."""
    columns = []
    for k in ks:
        near = pairs.k_needed <= k
        gene = genes.of_transcript[pairs.true[near]]
        found = [
            _distinct_of_each(gene, span[side[near]], len(genes.seq))
            for span, side in zip(distinct, (pairs.predicted, pairs.true), strict=True)
        ]
        columns.append((found[0] >= 2) & (found[1] >= 2))
    return np.stack(columns, axis=1)


def _distinct_of_each(owner: Numbers, value: Numbers, owners: int) -> Numbers:
    """Count the distinct values that each owner has."""
    width = int(value.max(initial=0)) + 1
    return np.bincount(distinct(owner * width + value) // width, minlength=owners)


def sites(compared: Comparison) -> list[Counted]:
    """Count distinct TSS and polyA sites: in a largest one-to-one matching, and by whether any partner is near."""
    counted = []
    for kind in _SITE_KINDS:
        predicted, true = (_sites_of(side, kind, compared.axis) for side in (compared.predicted, compared.true))
        matched = [one_to_one(predicted, true, k) for k in compared.ks]
        nearest = [np.abs(distance_to_nearest(*sides)) for sides in ((predicted, true), (true, predicted))]
        rights = {
            kind: [np.stack(columns, axis=1) for columns in zip(*matched, strict=True)],
            f"{kind}_any": [distance[:, None] <= np.array(compared.ks) for distance in nearest],
        }
        counted += [
            Counted(
                "site", name, compared.ks, _at(predicted, p_right, compared.axis), _at(true, t_right, compared.axis)
            )
            for name, (p_right, t_right) in rights.items()
        ]
    return counted


DISTANCES = (0, 5, 20, 50, 100, 250, 500)
"""Upper ends of the bins of distances; beyond the last there is one bin more on either side."""


def site_distances(compared: Comparison, kind: str) -> Numbers:
    """Count predicted sites by how far they are from the nearest true one, in the direction of transcription.

    int64 [15]: > 500 bp upstream, 251-500, ..., 1-5, 0, 1-5, ..., > 500 bp downstream.
    """
    predicted, true = (_sites_of(side, kind, compared.axis) for side in (compared.predicted, compared.true))
    downstream = -distance_to_nearest(predicted, true) * np.where(compared.axis.back(predicted)[1] < 0, -1, 1)
    edges = np.array([*(-edge for edge in reversed(DISTANCES)), *(edge + 1 for edge in DISTANCES)])
    return np.bincount(np.searchsorted(edges, downstream, side="right"), minlength=len(edges) + 1)


def _sites_of(models: Models, kind: str, axis: Axis) -> Positions:
    """Return the distinct sites of a kind on the axis, ascending; what has no strand has none."""
    models = models.take(models.strand != 0)
    at_start = (models.strand == FORWARD) == (kind == "tss")
    return distinct(axis.place(models.seq, models.strand) + np.where(at_start, models.start, models.end - 1))


def _at(places: Positions, right: Mask, axis: Axis) -> Items:
    seq, strand, position = axis.back(places)
    return Items(seq, strand, position, position + 1, right)


def parts(compared: Comparison) -> list[Counted]:
    """Count distinct exons, introns and coding parts whose two edges are exact."""
    of_kind: dict[str, Callable[[Models], Parts]] = {
        "exon": lambda models: models.exons,
        "intron": lambda models: models.exons.between(),
        "cds": lambda models: models.cds,
    }
    return [_exact_parts(compared, kind, parts_of) for kind, parts_of in of_kind.items()]


def _exact_parts(compared: Comparison, kind: str, parts_of: Callable[[Models], Parts]) -> Counted:
    starts, ends = zip(
        *(_parts_on_axis(side, parts_of(side), compared.axis) for side in (compared.predicted, compared.true)),
        strict=True,
    )
    number = numbered(np.concatenate(starts), np.concatenate(ends))
    return Counted("part", kind, (None,), *_distinct(number, starts, ends, compared.axis))


def forgiving_exons(compared: Comparison, tolerance: int) -> Counted:
    """Count distinct exons, forgiving `tolerance` bp at the free ends of first and last exons.

    Two exons match if their edges are equal, or if both are the first of their transcripts along the sequence (or both
    the last), their inner edges are equal and their free ones differ by `tolerance` or less; of transcripts of one
    exon, both edges are free.
    """
    sides = [_exon_ends(side, compared.axis) for side in (compared.predicted, compared.true)]
    starts, ends = tuple(of.start for of in sides), tuple(of.end for of in sides)
    exact = _distinct(numbered(np.concatenate(starts), np.concatenate(ends)), starts, ends, compared.axis)
    items = []
    for of, own, other in zip(exact, sides, reversed(sides), strict=True):
        start = compared.axis.place(of.seq, of.strand) + of.start
        near = _near_at_free_ends((start, start + of.end - of.start), own, other, tolerance)
        items.append(replace(of, right=of.right | near[:, None]))
    return Counted("part", f"exon_within_{tolerance}", (None,), items[0], items[1])


Edges = tuple[Positions, Positions]


@dataclass(frozen=True, eq=False)
class _Exons:
    """Exons on the axis, and which are the first, and the last, of their transcripts along the sequence."""

    start: Positions
    end: Positions
    first: Mask
    last: Mask

    def free_left(self) -> Edges:
        """Return the first exons: end, which is their inner edge, and start."""
        return self.end[self.first], self.start[self.first]

    def free_right(self) -> Edges:
        """Return the last exons: start, which is their inner edge, and end."""
        return self.start[self.last], self.end[self.last]

    def single(self) -> Edges:
        """Return the only exons of transcripts: start and end."""
        only = self.first & self.last
        return self.start[only], self.end[only]


def _exon_ends(models: Models, axis: Axis) -> _Exons:
    place = axis.place(models.seq, models.strand)[models.exons.owner]
    first, last = (np.zeros(len(place), bool) for _ in range(2))
    some = models.exons.count > 0
    first[models.exons.first[:-1][some]] = True
    last[models.exons.first[1:][some] - 1] = True
    somewhere = place >= 0
    start, end = (place + edge for edge in (models.exons.start, models.exons.end))
    return _Exons(start[somewhere], end[somewhere], first[somewhere], last[somewhere])


def _near_at_free_ends(exons: Edges, own: _Exons, other: _Exons, tolerance: int) -> Mask:
    """Return which distinct exons of a side, starts and ends, match one of the other but for their free ends."""
    backwards = exons[1], exons[0]
    left = _alike(backwards, own.free_left(), 0) & _alike(backwards, other.free_left(), tolerance)
    right = _alike(exons, own.free_right(), 0) & _alike(exons, other.free_right(), tolerance)
    single = _alike(exons, own.single(), 0) & _both_near(exons, other.single(), tolerance)
    return left | right | single


def _alike(exons: Edges, others: Edges, tolerance: int) -> Mask:
    """Return which exons have the inner edge of another whose free edge is at most `tolerance` away.

    exons and others: inner and free edges.
    """
    width = np.int64(1) << 26  # longer than any exon
    (inner, free), (other_inner, other_free) = exons, others
    keys = np.sort(other_inner * width + (other_free - other_inner) + width // 2)
    own = inner * width + (free - inner) + width // 2
    found: Mask = np.searchsorted(keys, own + tolerance, side="right") > np.searchsorted(keys, own - tolerance)
    return found


def _both_near(exons: tuple[Positions, Positions], others: tuple[Positions, Positions], tolerance: int) -> Mask:
    """Return which exons have another whose edges are both at most `tolerance` away."""
    order = np.argsort(others[0], kind="stable")
    low = np.searchsorted(others[0][order], exons[0] - tolerance)
    count = np.searchsorted(others[0][order], exons[0] + tolerance, side="right") - low
    owner, other = np.repeat(np.arange(len(count)), count), order[ranges(low, count)]
    near = np.zeros(len(exons[0]), bool)
    near[owner[np.abs(exons[1][owner] - others[1][other]) <= tolerance]] = True
    return near


def _parts_on_axis(models: Models, parts_of: Parts, axis: Axis) -> tuple[Positions, Positions]:
    place = axis.place(models.seq, models.strand)[parts_of.owner]
    somewhere = place >= 0
    return (place + parts_of.start)[somewhere], (place + parts_of.end)[somewhere]


def _distinct(
    number: Numbers, starts: tuple[Positions, ...], ends: tuple[Positions, ...], axis: Axis
) -> tuple[Items, Items]:
    """Return the distinct things of both sides, by their numbers; a thing is right if the other side has it too."""
    of_sides = np.split(number, [len(starts[0])])
    there = [np.isin(np.arange(int(number.max(initial=-1)) + 1), of_side) for of_side in of_sides]
    items = []
    for of_side, other, start, end in zip(of_sides, reversed(there), starts, ends, strict=True):
        distinct, first = np.unique(of_side, return_index=True)
        seq, strand, position = axis.back(start[first])
        items.append(Items(seq, strand, position, position + (end - start)[first], other[distinct][:, None]))
    return items[0], items[1]


def chains(compared: Comparison) -> list[Counted]:
    """Count distinct chains of introns (ends may differ) and of coding parts."""
    both = compared.predicted, compared.true
    introns = chain_numbers(both, (both[0].exons.between(), both[1].exons.between()), compared.axis)
    counted = []
    for kind, numbers in (("intron", introns), ("cds", compared.cds_chains)):
        known = [number >= 0 for number in numbers]
        places = [on_axis(models, compared.axis, models.start, models.end) for models in both]
        starts, ends = (
            tuple(edges[side][of_side] for edges, of_side in zip(places, known, strict=True)) for side in range(2)
        )
        number = np.concatenate([number[of_side] for number, of_side in zip(numbers, known, strict=True)])
        counted.append(Counted("chain", kind, (None,), *_distinct(number, starts, ends, compared.axis)))
    return counted


def genes(compared: Comparison) -> list[Counted]:
    """Count genes with an exact coding chain, and genes that overlap any on the other side, with what becomes of them.

    A gene's span is that of all its transcripts on a strand. A true gene is missed if no predicted one overlaps it, and
    split if several do; a predicted one is wrong if it overlaps none, and fused if it overlaps several.
    """
    return [_coding_genes(compared), _overlapping_genes(compared)]


def _coding_genes(compared: Comparison) -> Counted:
    numbers = compared.cds_chains
    items = []
    for models, own, other in zip((compared.predicted, compared.true), numbers, reversed(numbers), strict=True):
        coding = own >= 0
        of_side = _Genes.of(models, coding)
        items.append(of_side.items(of_side.any_of((coding & np.isin(own, other))[:, None])))
    return Counted("gene", "cds_chain", (None,), items[0], items[1])


def _overlapping_genes(compared: Comparison) -> Counted:
    sides = [gene_spans(models, compared.axis) for models in (compared.predicted, compared.true)]
    overlaps = [
        count_overlaps(own.start, own.end, other.start, other.end)
        for own, other in zip(sides, reversed(sides), strict=True)
    ]

    def items(side: int, wanted: Mask) -> Items:
        seq, strand, start = compared.axis.back(sides[side].start)
        return Items(seq, strand, start, start + sides[side].end - sides[side].start, wanted[:, None])

    predicted, true = overlaps
    return Counted(
        "gene",
        "overlap",
        (None,),
        items(0, predicted > 0),
        items(1, true > 0),
        more={
            "wrong": items(0, predicted == 0),
            "missed": items(1, true == 0),
            "split": items(1, true > 1),
            "fused": items(0, predicted > 1),
        },
    )


@dataclass(frozen=True, eq=False)
class GeneSpans:
    """The spans of genes on the axis, one for each strand that a gene is on; `gene` is its number."""

    gene: Numbers
    start: Positions
    end: Positions


def gene_spans(models: Models, axis: Axis) -> GeneSpans:
    """Return from where to where each gene's transcripts reach, on each strand."""
    start, end = on_axis(models, axis, models.start, models.end)
    somewhere = start >= 0
    gene, group = models.gene[somewhere], axis.place(models.seq, models.strand)[somewhere]
    number = numbered(gene, group)
    first = np.unique(number, return_index=True)[1]
    low, high = np.full(len(first), np.iinfo(np.int64).max), np.zeros(len(first), np.int64)
    np.minimum.at(low, number, start[somewhere])
    np.maximum.at(high, number, end[somewhere])
    return GeneSpans(gene[first], low, high)


def bases(compared: Comparison, cuts: Positions) -> list[Counted]:
    """Count distinct bases in transcripts (span), exons and coding parts of either side.

    Items are stretches that `cuts`, ascending places on the axis, divide: none goes on beyond a cut.
    """
    spans: dict[str, Callable[[Models], tuple[Positions, Positions]]] = {
        "span": lambda models: _known(*on_axis(models, compared.axis, models.start, models.end)),
        "exon": lambda models: _parts_on_axis(models, models.exons, compared.axis),
        "cds": lambda models: _parts_on_axis(models, models.cds, compared.axis),
    }
    return [
        Counted("base", kind, (None,), *_base_items(of(compared.predicted), of(compared.true), cuts, compared.axis))
        for kind, of in spans.items()
    ]


def _known(start: Positions, end: Positions) -> tuple[Positions, Positions]:
    return start[start >= 0], end[start >= 0]


def _base_items(
    predicted: tuple[Positions, Positions], true: tuple[Positions, Positions], cuts: Positions, axis: Axis
) -> tuple[Items, Items]:
    """Cut the line wherever either side's union begins or ends; each piece is inside or outside of each union."""
    unions = [merge(*predicted), merge(*true)]
    edges = distinct(np.concatenate([*unions[0], *unions[1], cuts]))
    start, end = edges[:-1], edges[1:]
    inside = [_covered(union, start) for union in unions]
    items = []
    for own, other in zip(inside, reversed(inside), strict=True):
        seq, strand, position = axis.back(start[own])
        size = (end - start)[own]
        items.append(Items(seq, strand, position, position + size, other[own][:, None], size))
    return items[0], items[1]


def _covered(union: tuple[Positions, Positions], places: Positions) -> Mask:
    """Return which places lie in disjoint intervals."""
    start, end = union
    return np.searchsorted(start, places, side="right") > np.searchsorted(end, places, side="right")


def all_levels(compared: Comparison, cuts: Positions, terminal_tolerance: int | None = None) -> list[Counted]:
    """Count at all levels; exons once more with a tolerance at their free ends if there is to be one."""
    return [
        *genes(compared),
        *intervals(compared),
        *coding_intervals(compared),
        *chains(compared),
        *parts(compared),
        *([] if terminal_tolerance is None else [forgiving_exons(compared, terminal_tolerance)]),
        *sites(compared),
        *bases(compared, cuts),
    ]
