"""Splits by homology: edges, components and dealing out, against slow loops and by hand."""

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from genatator_assets.leakage.homology import Edges, components, deal, residual, shared

OCCURRENCES = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 6)), max_size=60)


def edges_of(pairs: list[tuple[int, int, float]]) -> Edges:
    one, other, weight = zip(*pairs, strict=True) if pairs else ((), (), ())
    return Edges(np.array(one, np.int64), np.array(other, np.int64), np.array(weight, np.float64))


@given(OCCURRENCES)
def test_edges_are_those_of_a_slow_loop(occurrences: list[tuple[int, int]]) -> None:
    things = {unit: {thing for thing, of in occurrences if of == unit} for unit in range(7)}
    expected = {
        (one, other): len(things[one] & things[other]) / min(len(things[one]), len(things[other]))
        for one, other in combinations(range(7), 2)
        if things[one] & things[other]
    }
    columns = zip(*occurrences, strict=True) if occurrences else ((), ())
    found = shared(*(np.array(column, np.int64) for column in columns), units=7)
    pairs = zip(found.one.tolist(), found.other.tolist(), strict=True)
    assert dict(zip(pairs, found.weight.tolist(), strict=True)) == expected


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=20))
def test_components_are_what_one_can_walk_to(pairs: list[tuple[int, int]]) -> None:
    edges = edges_of([(min(pair), max(pair), 1.0) for pair in pairs])
    reached = {unit: {unit} for unit in range(10)}
    for _ in range(10):
        for one, other in pairs:
            both = reached[one] | reached[other]
            for unit in both:
                reached[unit] = both
    assert components(edges, 10).tolist() == [min(reached[unit]) for unit in range(10)]


def test_components_stay_whole_and_splits_get_their_share() -> None:
    edges = edges_of([(0, 1, 0.9), (2, 3, 0.9), (4, 5, 0.9), (6, 7, 0.9), (8, 9, 0.9)])
    dealt = deal(edges, np.full(10, 100), (0.6, 0.2, 0.2))
    assert all(dealt.split[number] == dealt.split[number + 1] for number in range(0, 10, 2))
    assert np.bincount(dealt.split, minlength=3).tolist() == [6, 2, 2]
    assert dealt.threshold == 0.05


def test_a_giant_component_is_broken_at_its_weakest_edges_and_the_rest_is_told() -> None:
    chain = [(number, number + 1, 0.15 if number % 2 else 0.95) for number in range(9)]
    dealt = deal(edges_of(chain), np.full(10, 100), (0.8, 0.1, 0.1))
    assert (dealt.threshold, dealt.largest) == (0.2, 0.2)
    assert all(dealt.split[number] == dealt.split[number + 1] for number in range(0, 10, 2))
    rows = residual(dealt, edges_of(chain), np.full(10, 100), ("train", "validation", "test"), (0.1, 0.5))
    leaked = {(row["split"], row["against"], row["threshold"]): row["share"] for row in rows}
    assert any(share for (split, against, threshold), share in leaked.items() if threshold == 0.1)
    assert not any(share for (split, against, threshold), share in leaked.items() if threshold == 0.5)


def test_what_is_everywhere_joins_nothing() -> None:
    units = np.arange(60)
    assert len(shared(np.zeros(60, np.int64), units, 60)) == 0
    assert len(shared(np.zeros(50, np.int64), units[:50], 60)) == 50 * 49 // 2


def test_nothing_to_deal() -> None:
    assert deal(edges_of([]), np.empty(0, np.int64), (0.9, 0.1)).split.tolist() == []
