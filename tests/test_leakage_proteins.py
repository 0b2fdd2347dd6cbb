"""Proteins of yeast's chromosome IV against the others, gene by gene, with blastp's identity as the fixture has it."""

import gzip
import json
import re
from collections import defaultdict

import numpy as np
import pytest
from conftest import data_folder

from genatator_assets.leakage.proteins import Words, best_shares, translate

FIXTURE = json.loads((data_folder().parent / "fixtures" / "leakage" / "yeast_proteins.json").read_text())["genes"]
YEAST = data_folder() / "yeast_R64" / "refseq"
JUDGED = "NC_001136.10"
COMPLEMENT = str.maketrans("ACGTN", "TGCAN")


@pytest.fixture(scope="module")
def proteins() -> dict[str, dict[str, str]]:
    """Chromosome -> transcript -> protein, from the rows of the GFF3 by a few lines of code."""
    text = gzip.decompress((YEAST / "GCF_000146045.2_R64_genomic.fna.gz").read_bytes()).decode()
    dna = {record.split()[0]: "".join(record.split("\n")[1:]).upper() for record in text.split(">")[1:]}
    parts: dict[tuple[str, str], list[tuple[int, int, str]]] = defaultdict(list)
    rows = gzip.decompress((YEAST / "GCF_000146045.2_R64_genomic_subset.gff.gz").read_bytes()).decode().splitlines()
    for row in rows:
        columns = row.split("\t")
        if len(columns) == 9 and columns[2] == "CDS" and (parent := re.search(r"Parent=rna-([^;]+)", columns[8])):
            parts[columns[0], parent[1]].append((int(columns[3]) - 1, int(columns[4]), columns[6]))
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for (chrom, transcript), of in parts.items():
        of.sort()
        coding = "".join(dna[chrom][start:end] for start, end, _ in of)
        found[chrom][transcript] = translate(coding if of[0][2] == "+" else coding[::-1].translate(COMPLEMENT))
    return found


@pytest.mark.parametrize("length", [7, 8])
def test_every_gene_of_yeast_chromosome_iv(proteins: dict[str, dict[str, str]], length: int) -> None:
    judged = {name: proteins[JUDGED][name] for name in FIXTURE}
    train = {name: letters for chrom in proteins if chrom != JUDGED for name, letters in proteins[chrom].items()}
    words, named = Words.of(list(judged.values()), length), list(train)
    share, best, anywhere = best_shares(words, Words.of(list(train.values()), length))
    assert [best[number] >= 0 for number in range(len(FIXTURE))] == [bool(share[n]) for n in range(len(FIXTURE))]
    for number, (name, expected) in enumerate(FIXTURE.items()):
        assert [round(float(shares[number]), 6) for shares in (share, anywhere)] == expected[f"k{length}"], name
        if length == 7:
            assert words.count[number] == expected["kmers_k7"]
            if expected["best_k7"]:  # of several equally good genes the fixture names any, and we the first
                theirs, ours = (
                    common(judged[name], train[other], 7) for other in (expected["best_k7"], named[best[number]])
                )
                assert theirs == ours == round(share[number] * words.count[number])


def common(one: str, other: str, length: int) -> int:
    words = [{letters[i : i + length] for i in range(len(letters) - length + 1)} for letters in (one, other)]
    return sum("*" not in word for word in words[0] & words[1])


def test_the_spec_s_counts(proteins: dict[str, dict[str, str]]) -> None:
    train = [letters for chrom in proteins if chrom != JUDGED for letters in proteins[chrom].values()]
    share, _, _ = best_shares(Words.of([proteins[JUDGED][name] for name in FIXTURE]), Words.of(train))
    identity = np.array([gene["blastp_identity"] or 0 for gene in FIXTURE.values()])
    assert (int((share >= 0.1).sum()), int((share >= 0.02).sum())) == (80, 149)
    assert np.all(share[identity >= 70] >= 0.1)
    assert np.mean(identity[share >= 0.1] >= 50) >= 0.95


def test_hand_made() -> None:
    train = Words.of(["MKVLAAGHIK", "MKVLAAGHWW"])
    share, best, anywhere = best_shares(Words.of(["MKVLAAGHIK", "AAAA", "MKVLAAGHWX", "WWWWWWWWW"]), train)
    assert share.tolist() == [1, 0, 1, 0]
    assert best.tolist() == [0, -1, 1, -1]
    assert anywhere.tolist() == [1, 0, 1, 0]
    none = best_shares(Words.of([]), train)
    assert [len(column) for column in none] == [0, 0, 0]
    assert best_shares(train, Words.of([]))[1].tolist() == [-1, -1]
