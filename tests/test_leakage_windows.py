"""Containment of windows: every count of the fixtures, of real sequences."""

import gzip
import json
from functools import cache
from typing import Any

import numpy as np
import pytest
from conftest import data_folder

from genatator_assets.leakage.kmers import Kmers
from genatator_assets.leakage.windows import Grid, occurs_in, shares
from genatator_assets.tracks.runs import distinct, intervals_where

WINDOWS = json.loads((data_folder().parent / "fixtures" / "leakage" / "expected.json").read_text())["windows"]
FILES = {
    "yeast": "yeast_R64/refseq/GCF_000146045.2_R64_genomic.fna.gz",
    "chr1": "human_GRCh38_chr1_1Mb/hg38_chr1_1-1000000.fa.gz",
    "chr9": "human_GRCh38_chr9_1Mb/Homo_sapiens.GRCh38.dna_sm.primary_assembly_chr9_1_1000000.fa",
    "rhesus": "alpha_globin_8species/genomes/rheMac3.fa",
    "human": "alpha_globin_8species/genomes/hg38.fa",
}
IV = "NC_001136.10"


@cache
def sequences(name: str) -> dict[str, str]:
    content = (data_folder() / FILES[name]).read_bytes()
    text = (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode()
    return {record.split()[0]: "".join(record.split("\n")[1:]) for record in text.split(">")[1:]}


@cache
def kmers_of(name: str, chrom: str, kmers: Kmers, masked: bool) -> tuple[np.ndarray, np.ndarray]:
    letters = sequences(name)[chrom]
    soft = intervals_where(np.frombuffer(letters.encode(), np.uint8) >= ord("a")) if masked else None
    return kmers.of(letters.upper(), soft)


def sides(pair: str) -> tuple[str, list[str], str, list[str]]:
    if pair.startswith("yeast"):
        return "yeast", [IV], "yeast", [chrom for chrom in sequences("yeast") if chrom != IV]
    query, train = next(
        names
        for start, names in {
            "GRCh38 chr1": ("chr1", "chr9"),
            "GRCh38 chr9": ("chr9", "chr1"),
            "rhesus": ("rhesus", "human"),
        }.items()
        if pair.startswith(start)
    )
    return query, list(sequences(query)), train, list(sequences(train))


@pytest.mark.parametrize(
    "expected", WINDOWS, ids=lambda e: f"{e['pair'][:16]} k={e['k']} scaled={e['scaled']} masked={e['masked_query']}"
)
def test_every_window_of_the_fixtures(expected: dict[str, Any]) -> None:
    kmers = Kmers(expected["k"], expected["scaled"])
    query, (chrom,), train, chroms = sides(expected["pair"])
    positions, hashes = kmers_of(query, chrom, kmers, expected["masked_query"])
    sketch = distinct(np.concatenate([kmers_of(train, name, kmers, False)[1] for name in chroms]))
    grid = Grid(len(sequences(query)[chrom]), expected["window"])
    sampled, shared = grid.count(positions), grid.count(positions[occurs_in(hashes, sketch)])
    assert sampled.tolist() == expected["sampled"]
    assert shared.tolist() == expected["shared"]
    share = shares(shared, sampled, min_samples=20)
    judged = share[~np.isnan(share)]
    assert len(judged) == expected["windows_judged"]
    assert {edge: float(np.mean(judged >= float(edge))) for edge in expected["share"]} == expected["share"]


def test_nothing_occurs_in_an_empty_sketch() -> None:
    assert occurs_in(np.array([1, 2], np.uint64), np.empty(0, np.uint64)).tolist() == [False, False]
