"""Counts along a chromosome: bedtools' numbers, rules by hand, and that batches make no difference."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genatator_assets.signals.count import CountRule, ReadCounter
from genatator_assets.sources.alignments import AlignmentFile, Alignments, Gaps, Mates
from genatator_assets.tracks.runs import Runs, join_stretches

BEDTOOLS: dict[str, tuple[str, dict[str, tuple[int, str]]]] = {
    "alpha_globin_8species/bams/galGal4.ERR753966Aligned.sortedByCoord.out.bam": (
        "chr14",
        {"+": (5135, "5f90c3bdff27aed1"), "-": (4942, "2a07ffcefcbea376"), "depth": (13028, "484ba1666160973a")},
    ),
    "alpha_globin_8species/bams/hg38.isoseqAligned.sortedByCoord.out.bam": (
        "chr16",
        {"+": (24, "a1137aa8f7346b78"), "-": (64, "fcb80f0ff1fb6e6a"), "depth": (286, "04d69c9eec1a0894")},
    ),
    "alpha_globin_8species/bams/mm10.16493_7_4Aligned.sortedByCoord.out.bam": (
        "chr17",
        {"+": (4924, "1fa8d2f17b412c87"), "-": (5426, "c589b7fd498f62d0"), "depth": (20676, "c0c6f7db97ab2398")},
    ),
    "alpha_globin_8species/bams/mm10.ERR033015Aligned.sortedByCoord.out.bam": (
        "chr17",
        {"+": (2510, "f284484f520c5d65"), "-": (2549, "cb8f462ac2681a7d"), "depth": (9884, "55ffa7da7ac9b108")},
    ),
    "alpha_globin_8species/bams/rheMac3.SRR636926Aligned.sortedByCoord.out.bam": (
        "chr20",
        {"+": (553, "31c8b798a0c3c716"), "-": (523, "a9790c1210559dfc"), "depth": (1857, "e80c7a32b68d2e6b")},
    ),
    "human_GRCh38_chr9_1Mb/SGNex_A549_directRNA_replicate5_run1_chr9_1_1000000.bam": (
        "9",
        {"+": (47, "063be6a6f534dacb"), "-": (164, "292572aba4e2695f"), "depth": (507, "ec42c4bbf3926a22")},
    ),
    "mouse_chr9_4M_and_MAPT/chr9.4M.Illumina.bam": (
        "chr9",
        {"+": (3046, "b69a9c8ceb0822b1"), "-": (2823, "7cea3c09e79d33ec"), "depth": (7228, "e0b31eb66d9f1b84")},
    ),
    "signal_tracks/asciigenome_hg19/ds051.actb.bam": (
        "chr7",
        {"+": (1163, "e2f1d19782e7722a"), "-": (1180, "83554e38fbf5d30b"), "depth": (1724, "edba3c38fe0f8daa")},
    ),
}
"""Lines of `bedtools genomecov -bg -ibam` (2.30.0) and the start of the SHA-256 of their columns start, end and depth:
of `-5 -strand +`, `-5 -strand -` and `-split -ignoreD`."""

LENGTH = 1_000


def counted(rule: CountRule, batches: Sequence[Alignments], length: int = LENGTH) -> tuple[ReadCounter, list[Runs]]:
    counter = ReadCounter(rule, length)

    def stretches() -> Iterator[tuple[Runs, ...]]:
        for batch in batches:
            yield counter.take(batch)
        yield counter.finish()

    tracks = 2 if rule.stranded else 1
    joined = list(join_stretches(stretches(), tracks))
    columns = [
        [np.concatenate([getattr(one[track], name) for one in joined]) for name in ("start", "end", "value")]
        for track in range(tracks)
    ]
    return counter, [Runs(*column) for column in columns]


def digest(runs: Runs) -> tuple[int, str]:
    rows = zip(runs.start.tolist(), runs.end.tolist(), runs.value.tolist(), strict=True)
    text = "".join(f"{start}\t{end}\t{value:g}\n" for start, end, value in rows)
    return len(runs), hashlib.sha256(text.encode()).hexdigest()[:16]


@pytest.mark.parametrize("name", BEDTOOLS)
def test_counts_are_those_of_bedtools(name: str, data: Path) -> None:
    chrom, expected = BEDTOOLS[name]
    file = AlignmentFile(data / name)
    length = file.lengths[chrom]
    batches = list(file.batches(chrom, ["gaps"]))
    _, (plus, minus) = counted(CountRule(stranded=True), batches, length)
    _, (depth,) = counted(CountRule("depth"), batches, length)
    assert {"+": digest(plus), "-": digest(minus), "depth": digest(depth)} == expected
    _, stranded = counted(CountRule("depth", stranded=True), batches, length)
    assert sum(runs.sum for runs in stranded) == depth.sum


def reads(*rows: tuple[int, int, int], mapq: int = 60) -> Alignments:
    """Alignments by flag, start and end; mates are 100 bp away, on the same reference."""
    flag, start, end = (np.array(column) for column in zip(*rows, strict=True))
    mates = Mates(start + 100, np.full(len(flag), 150), np.ones(len(flag), np.bool_))
    return Alignments(flag.astype(np.uint16), start, end, np.full(len(flag), mapq, np.uint8), mates)


def sites(runs: Runs) -> dict[int, float]:
    return {int(base): float(runs.at(np.array([base]))[0]) for base in range(LENGTH) if runs.at(np.array([base]))[0]}


FORWARD, BACKWARD = (0, 10, 60), (16, 20, 70)


def test_a_read_counts_at_its_own_first_base() -> None:
    counter, (both,) = counted(CountRule(), [reads(FORWARD, BACKWARD)])
    assert sites(both) == {10: 1, 69: 1}
    assert counter.counted == 2


def test_strands_are_apart() -> None:
    _, (plus, minus) = counted(CountRule(stranded=True), [reads(FORWARD, BACKWARD)])
    assert (sites(plus), sites(minus)) == ({10: 1}, {69: 1})


def test_tn5_cuts_are_shifted() -> None:
    _, (both,) = counted(CountRule(shift_bp=(4, -5)), [reads(FORWARD, BACKWARD)])
    assert sites(both) == {14: 1, 64: 1}


def test_depth_of_extended_reads() -> None:
    _, (both,) = counted(CountRule("depth", extend_bp=12), [reads(FORWARD, BACKWARD)])
    assert sites(both) == dict.fromkeys([*range(10, 22), *range(58, 70)], 1)


def test_depth_leaves_introns_out() -> None:
    spliced = replace(reads((0, 10, 60)), gaps=Gaps(np.array([0]), np.array([20]), np.array([50])))
    _, (both,) = counted(CountRule("depth"), [spliced])
    assert sites(both) == dict.fromkeys([*range(10, 20), *range(50, 60)], 1)


def test_a_pair_counts_once_at_its_midpoint() -> None:
    pair = reads((99, 10, 60), (147, 110, 160))
    pair = replace(pair, mates=Mates(np.array([110, 10]), np.array([150, -150]), np.ones(2, np.bool_)))
    counter, (plus, minus) = counted(CountRule("midpoint", stranded=True), [pair])
    assert (sites(plus), sites(minus)) == ({85: 1}, {})
    assert counter.passed_over == {"second_mate": 1}
    _, (single,) = counted(CountRule("midpoint", extend_bp=200), [reads(FORWARD, (16, 300, 350))])
    assert sites(single) == {110: 1, 249: 1}


def test_every_read_is_counted_or_passed_over_for_one_reason() -> None:
    rows = [
        (0x4, 5, 5),
        (0x100, 10, 60),
        (0x800, 11, 60),
        (0x400, 12, 60),
        (0x200 | 0x400, 13, 60),
        (0x1, 14, 60),
        (0x1 | 0x2, 15, 60),
        (0x0, 16, 60),
    ]
    exclude = ("secondary", "supplementary", "duplicate", "failed", "improper_pair")
    counter, (both,) = counted(CountRule(exclude=exclude), [reads(*rows)])  # type: ignore[arg-type]
    assert sites(both) == {15: 1, 16: 1}
    reasons = {"unmapped": 1, "secondary": 1, "supplementary": 1, "duplicate": 2, "improper_pair": 1}
    assert (counter.counted, dict(counter.passed_over)) == (2, reasons)
    counter, (both,) = counted(CountRule(min_mapq=61), [reads(FORWARD), reads(BACKWARD, mapq=255)])
    assert (sites(both), dict(counter.passed_over)) == ({69: 1}, {"low_mapq": 1})


def test_what_lies_outside_the_chromosome_is_counted_as_that() -> None:
    counter, (both,) = counted(CountRule(shift_bp=(-11, 0)), [reads(FORWARD, (16, 990, 1_001))])
    assert (sites(both), dict(counter.passed_over)) == ({}, {"outside": 2})
    counter, (both,) = counted(CountRule("depth", extend_bp=100), [reads((16, 0, 50), (0, 950, 999))])
    assert (both.start.tolist(), both.end.tolist()) == ([0, 950], [50, 1_000])


def test_alignments_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="left of 500 were over"):
        counted(CountRule(), [reads((0, 500, 550)), reads((0, 20, 70))])
    with pytest.raises(ValueError, match="left of 500 were over"):
        counted(CountRule("depth"), [reads((0, 500, 550)), reads((0, 20, 70))])


@given(
    st.lists(st.tuples(st.sampled_from([0, 16]), st.integers(0, 400), st.integers(1, 300)), max_size=40),
    st.lists(st.integers(0, 40), max_size=4),
    st.sampled_from(["5prime", "depth"]),
    st.tuples(st.integers(-20, 20), st.integers(-20, 20)),
    st.sampled_from([None, 7, 90]),
)
def test_batches_make_no_difference(
    rows: list[tuple[int, int, int]], cuts: list[int], count: str, shift: tuple[int, int], extend: int | None
) -> None:
    rows = sorted(((flag, start, start + length) for flag, start, length in rows), key=lambda row: row[1])
    edges = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    batches = [reads(*rows[a:b]) for a, b in pairwise(edges) if a < b]
    rule = CountRule(count, shift_bp=shift, extend_bp=extend)  # type: ignore[arg-type]
    _, (runs,) = counted(rule, batches)
    expected = np.zeros(LENGTH)
    for flag, start, end in rows:
        first = end - 1 if flag else start
        if count == "5prime":
            site = first + shift[1 if flag else 0]
            if 0 <= site < LENGTH:
                expected[site] += 1
        else:
            reach = extend or end - start
            begin = end - reach if flag else start
            expected[max(0, begin) : min(LENGTH, begin + reach)] += 1
    assert np.array_equal(runs.at(np.arange(LENGTH)), expected)
