"""FracMinHash against plain Python's k-mers and the containments of the fixtures."""

import json

import numpy as np
import pytest
from conftest import data_folder
from hypothesis import given
from hypothesis import strategies as st

from genatator_assets.leakage.kmers import Kmers
from genatator_assets.tracks.runs import distinct, intervals_where

FIXTURES = data_folder().parent / "fixtures" / "leakage"
VECTORS = json.loads((FIXTURES / "kmer_vectors.json").read_text())
EXPECTED = json.loads((FIXTURES / "expected.json").read_text())
COMPLEMENT = str.maketrans("ACGT", "TGCA")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"k={vector['k']}")
def test_vectors_of_plain_python(vector: dict) -> None:
    kmers = Kmers(vector["k"], vector["scaled"])
    positions, hashes = kmers.of(vector["sequence"])
    codes = np.array(["ACGTN".index(letter) for letter in vector["sequence"]], np.uint8)
    canonical = kmers.canonical(codes)[positions]
    found = zip(positions.tolist(), map(str, canonical.tolist()), map(str, hashes.tolist()), strict=True)
    assert [list(row) for row in found] == vector["position_canonical_hash"]


@given(st.text("ACGTN", max_size=120), st.integers(1, 32), st.data())
def test_every_k_agrees_with_a_slow_loop(dna: str, k: int, drawn: st.DataObject) -> None:
    masked = drawn.draw(st.lists(st.booleans(), min_size=len(dna), max_size=len(dna)))
    positions, _ = Kmers(k, 1).of(dna, intervals_where(np.array(masked, bool)))
    codes = np.array(["ACGTN".index(letter) for letter in dna], np.uint8)
    expected = {}
    for start in range(len(dna) - k + 1):
        word = dna[start : start + k]
        if "N" not in word and not any(masked[start : start + k]):
            back = word[::-1].translate(COMPLEMENT)
            expected[start] = min(int(w.translate(str.maketrans("ACGT", "0123")), 4) for w in (word, back))
    assert positions.tolist() == list(expected)
    if expected:
        assert Kmers(k, 1).canonical(codes)[positions].tolist() == list(expected.values())


def genome(name: str) -> tuple[str, tuple[np.ndarray, np.ndarray]]:
    lines = (data_folder() / "alpha_globin_8species" / "genomes" / f"{name}.fa").read_text().splitlines()
    letters = "".join(line for line in lines if not line.startswith(">"))
    return letters.upper(), intervals_where(np.frombuffer(letters.encode(), np.uint8) >= ord("a"))


def test_distinct_shared_kmers_of_alpha_globin_are_exactly_the_fixtures() -> None:
    names = sorted({pair["query"] for pair in EXPECTED["pairs"]})
    genomes = {name: genome(name) for name in names}
    kept = {
        (name, k, masked): distinct(Kmers(k, 1).of(dna, soft if masked else None)[1])
        for name, (dna, soft) in genomes.items()
        for k in (21, 32)
        for masked in (False, True)
    }
    assert len(EXPECTED["pairs"]) == 56 * 4
    for pair in EXPECTED["pairs"]:
        query, train = (kept[pair[side], pair["k"], pair["masked"]] for side in ("query", "train"))
        assert len(query) == pair["query_kmers"]
        assert len(np.intersect1d(query, train, assume_unique=True)) == pair["shared"]


def test_a_sketch_does_not_depend_on_the_strand() -> None:
    dna = VECTORS[0]["sequence"]
    forward, back = (np.sort(Kmers(21, 4).of(letters)[1]) for letters in (dna, dna[::-1].translate(COMPLEMENT)))
    assert forward.tolist() == back.tolist()


@pytest.mark.parametrize(("k", "scaled"), [(0, 20), (33, 20), (21, 0)])
def test_numbers_out_of_range_are_refused(k: int, scaled: int) -> None:
    with pytest.raises(ValueError, match="out of range"):
        Kmers(k, scaled)
