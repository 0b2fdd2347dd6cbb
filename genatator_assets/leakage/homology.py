"""Splits by homology: units that share sequence or genes go to the same split, as far as that is possible. No I/O.

Units are nodes, weighted by their bases; an edge's weight is the share of the smaller unit's k-mers, or genes, that the
other has too. Connected components are dealt out whole, the largest first, each to the split that lacks most. Where one
component holds more than a fifth of everything, edges are removed, the weakest first, until it falls apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from genatator_assets.leakage.kmers import Hashes
from genatator_assets.tracks.runs import ranges

LARGEST_COMPONENT = 0.2
WEIGHTS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_MOST_UNITS = 50
"""A k-mer or a name that is in more units than this is a repeat, and joins nothing."""

Numbers = npt.NDArray[np.int64]
Weights = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Edges:
    """Unit one[i] < other[i] and the weight in (0, 1] of what they share; each pair once. All [edges]."""

    one: Numbers
    other: Numbers
    weight: Weights

    def __len__(self) -> int:
        """Number of edges."""
        return len(self.one)

    def over(self, threshold: float) -> "Edges":
        """Return the edges of at least this weight."""
        kept = self.weight >= threshold
        return Edges(self.one[kept], self.other[kept], self.weight[kept])

    @classmethod
    def strongest(cls, several: Sequence["Edges"]) -> "Edges":
        """Return each pair of several sets once, with its greatest weight."""
        columns = (np.concatenate([getattr(edges, name) for edges in several]) for name in ("one", "other", "weight"))
        one, other, weight = columns
        order = np.lexsort((-weight, other, one))
        one, other, weight = one[order], other[order], weight[order]
        first = np.append(True, (one[1:] != one[:-1]) | (other[1:] != other[:-1]))[: len(one)]
        return cls(one[first], other[first], weight[first])


def shared(things: Numbers | Hashes, unit: Numbers, units: int) -> Edges:
    """Return the edges of units that have things (hashes, numbers of names) in common.

    things and unit: [occurrences]. Weight: things in common / things of the unit that has fewer.

    >>> edges = shared(np.array([7, 7, 8, 9, 8]), np.array([0, 1, 1, 1, 2]), 3)
    >>> edges.one.tolist(), edges.other.tolist(), edges.weight.tolist()
    ([0, 1], [1, 2], [1.0, 1.0])
    """
    order = np.lexsort((unit, things))
    things, unit = things[order], unit[order]
    new = np.append(True, (things[1:] != things[:-1]) | (unit[1:] != unit[:-1]))[: len(things)]
    things, unit = things[new], unit[new]
    count = np.bincount(unit, minlength=units)
    first = np.flatnonzero(np.append(True, things[1:] != things[:-1])[: len(things)])
    many = np.diff(np.append(first, len(things)))
    group = np.repeat(np.arange(len(first)), many)
    # Each occurrence is paired with those behind it in its group.
    behind = (first + many)[group] - np.arange(len(things)) - 1
    behind[many[group] > _MOST_UNITS] = 0
    one = np.repeat(unit, behind)
    other = unit[ranges(np.arange(len(things)) + 1, behind)]
    pairs, common = np.unique(one * units + other, return_counts=True)
    one, other = pairs // max(units, 1), pairs % max(units, 1)
    return Edges(one, other, common / np.maximum(np.minimum(count[one], count[other]), 1))


def components(edges: Edges, units: int) -> Numbers:
    """Return the component of each unit, by the smallest unit in it: int64 [units].

    Labels spread along edges and are shortened to their roots, until nothing changes.
    """
    label = np.arange(units)
    while True:
        smallest = np.minimum(label[edges.one], label[edges.other])
        before = label.copy()
        np.minimum.at(label, label[edges.one], smallest)
        np.minimum.at(label, label[edges.other], smallest)
        while not np.array_equal(label, label[label]):
            label = label[label]
        if np.array_equal(label, before):
            return label


@dataclass(frozen=True, eq=False)
class Dealt:
    """The split of each unit (a place in `fractions`), int64 [units], and the weight from which edges were kept."""

    split: Numbers
    threshold: float
    largest: float


def deal(edges: Edges, size: Numbers, fractions: Sequence[float]) -> Dealt:
    """Deal units of `size` bases out to splits of these fractions, components whole."""
    total, threshold = int(size.sum()), WEIGHTS[0]
    component, largest = np.arange(len(size)), 1.0
    for threshold in WEIGHTS:
        component = components(edges.over(threshold), len(size))
        bases = np.bincount(component, weights=size, minlength=len(size))
        largest = float(bases.max(initial=0) / max(total, 1))
        if largest <= LARGEST_COMPONENT:
            break
    wanted = np.array(fractions) / sum(fractions) * total
    room = wanted.copy()
    split_of = np.zeros(len(size), np.int64)
    for number in np.argsort(-bases, kind="stable")[: int(np.count_nonzero(bases))].tolist():
        emptiest = int(np.argmax(room / np.maximum(wanted, 1)))
        split_of[number] = emptiest
        room[emptiest] -= bases[number]
    return Dealt(split_of[component], threshold, largest)


def residual(
    dealt: Dealt, edges: Edges, size: Numbers, names: Sequence[str], thresholds: Sequence[float]
) -> list[Mapping[str, str | float | int]]:
    """Return for each two splits how many bases of the one are in units that share so much with one of the other."""
    rows: list[Mapping[str, str | float | int]] = []
    for number, name in enumerate(names):
        for against, other_name in enumerate(names):
            if number == against:
                continue
            bases = int(size[dealt.split == number].sum())
            for threshold in thresholds:
                strong = edges.over(threshold)
                ends = (strong.one, strong.other), (strong.other, strong.one)
                leaked = np.zeros(len(size), bool)
                for here, there in ends:
                    leaked[here[(dealt.split[here] == number) & (dealt.split[there] == against)]] = True
                found = int(size[leaked].sum())
                share = found / bases if bases else 0.0
                row: dict[str, str | float | int] = {"split": name, "against": other_name, "threshold": threshold}
                rows.append({**row, "nt": bases, "leaked_nt": found, "share": share})
    return rows
