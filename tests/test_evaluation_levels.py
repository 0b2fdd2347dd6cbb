"""Every level against the fixtures' numbers: of a slow loop over pairs, the leaderboard's engine and gffcompare."""

from typing import Any

import numpy as np
import pytest
from kit import FIXTURES, cases, models_of, rows_of_bed, rows_of_gff3, rows_of_sites

from genatator_assets.evaluation import levels
from genatator_assets.evaluation.counts import Counted, Ratios
from genatator_assets.evaluation.levels import KS, Comparison
from genatator_assets.evaluation.models import MRNA, Models

GFF3_CASES = [*cases("expected.json"), *cases("expected_augustus.json")]
BED_CASES = cases("expected_t2t_chr20.json")
NO_CUTS = np.empty(0, np.int64)


def sides(case: dict[str, Any]) -> tuple[Models, Models]:
    if "expected" in case:
        predicted, true = (rows_of_gff3(FIXTURES / case[side]) for side in ("prediction", "truth"))
    else:
        predicted = rows_of_bed(FIXTURES / case["prediction"])
        true = rows_of_sites(FIXTURES / case["truth"], predicted[0]["chrom"])
    chroms = sorted({row["chrom"] for row in [*predicted, *true]})
    return models_of(predicted, chroms), models_of(true, chroms)


def compared(predicted: Models, true: Models, stranded: bool = True) -> Comparison:
    sequences = int(max(predicted.seq.max(initial=0), true.seq.max(initial=0))) + 1
    return Comparison.of(predicted, true, np.full(sequences, 100_000_000), KS, stranded)


def totals(counted: Counted, k: int | None) -> tuple[int, int, int, int]:
    column = counted.ks.index(k)
    (p_right, p_all), (t_right, t_all) = (
        side.sums(np.zeros(len(side), np.int64), 1) for side in (counted.predicted, counted.true)
    )
    return int(p_right[0, column]), int(p_all[0]), int(t_right[0, column]), int(t_all[0])


def named(counted: list[Counted]) -> dict[tuple[str, str], Counted]:
    return {(one.level, one.kind): one for one in counted}


def total_of(counted: Counted, name: str, k: int | None) -> tuple[int, int]:
    items = counted.more[name]
    right, everything = items.sums(np.zeros(len(items), np.int64), 1)
    return int(right[0, counted.ks.index(k)]), int(everything[0])


def same(value: float | None, expected: float) -> bool:
    """Where nothing is divided, the fixture says 0 and we say nothing."""
    return (value or 0.0) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("case", [*GFF3_CASES, *BED_CASES], ids=lambda case: case["case"])
def test_intervals_are_the_fixtures(case: dict[str, Any]) -> None:
    expected = case.get("expected", case)
    predicted, true = sides(case)
    variants = {
        "intervals": (predicted, true, True),
        "intervals_unstranded": (predicted, true, False),
        "intervals_deduplicated": (predicted.without_repeats(), true, True),
        "intervals_mrna": (predicted.of_type(MRNA), true.of_type(MRNA), True),
    }
    for variant in variants.keys() & expected.keys():
        counted = levels.intervals(compared(*variants[variant]))[0]
        for row in expected[variant]:
            k = row["k"]
            tp_pred, n_pred, tp_true, n_true = totals(counted, k)
            assert (tp_pred, n_pred) == (row["pred_matched"], row["pred"])
            assert (tp_true, n_true) == (row["genes_found"], row["genes"])
            assert total_of(counted, "transcripts", k) == (row["transcripts_found"], row["transcripts"])
            assert total_of(counted, "multiple_isoforms", k)[0] == row["genes_two_isoforms"]
            ratios = Ratios.of(tp_pred, n_pred, tp_true, n_true)
            assert same(ratios.precision, row["precision"])
            assert same(ratios.recall, row["gene_recall"])
            assert same(ratios.f1, row["f1"])


@pytest.mark.parametrize("case", [*GFF3_CASES, *BED_CASES], ids=lambda case: case["case"])
def test_sites_are_the_fixtures(case: dict[str, Any]) -> None:
    counted = named(levels.sites(compared(*sides(case))))
    for row in case.get("expected", case)["sites"]:
        one_to_one, near = (counted["site", row["kind"] + suffix] for suffix in ("", "_any"))
        matched = row["matched_one_to_one"]
        assert totals(one_to_one, row["k"]) == (matched, row["pred_sites"], matched, row["true_sites"])
        assert totals(near, row["k"]) == (row["pred_right"], row["pred_sites"], row["true_found"], row["true_sites"])
        assert same(Ratios.of(*totals(one_to_one, row["k"])).f1, row["f1"])
        assert same(Ratios.of(*totals(near, row["k"])).f1, row["f1_any"])


@pytest.mark.parametrize("case", GFF3_CASES, ids=lambda case: case["case"])
def test_parts_chains_and_bases_are_the_fixtures(case: dict[str, Any]) -> None:
    both = compared(*sides(case))
    counted = named([*levels.parts(both), *levels.chains(both), *levels.bases(both, NO_CUTS)])
    names = {
        "exon": ("part", "exon"),
        "intron": ("part", "intron"),
        "cds_part": ("part", "cds"),
        "intron_chain": ("chain", "intron"),
        "cds_chain": ("chain", "cds"),
    }
    assert case["expected"]["exact"].keys() == names.keys()
    for name, row in case["expected"]["exact"].items():
        matched = row["matched"]
        assert totals(counted[names[name]], None) == (matched, row["pred"], matched, row["true"])
    for name, kind in {"span": "span", "exons": "exon", "cds": "cds"}.items():
        row = case["expected"]["nucleotide"][name]
        tp, fp, fn = row["tp"], row["fp"], row["fn"]
        assert totals(counted["base", kind], None) == (tp, tp + fp, tp, tp + fn)


@pytest.mark.parametrize("case", [case for case in GFF3_CASES if "leaderboard_engine" in case], ids=lambda c: c["case"])
def test_the_leaderboard_engine_says_the_same(case: dict[str, Any]) -> None:
    both = compared(*sides(case))
    counted = named([*levels.intervals(both), *levels.coding_intervals(both), *levels.parts(both)])
    for branch, kind in (("exon", "transcript"), ("cds", "cds")):
        for k, scores in case["leaderboard_engine"][branch].items():
            for level, theirs in (("interval", "interval-level"), ("structure", "segmentation-level")):
                row, one = scores[theirs], counted[level, kind]
                assert totals(one, int(k)) == (
                    row["matched_pred_transcripts"],
                    row["total_pred_transcripts"],
                    row["matched_true_genes"],
                    row["total_true_genes"],
                ), (level, kind, k)
                assert total_of(one, "multiple_isoforms", int(k))[0] == row["mi"]
            if "part-level" in scores:
                row, one = scores["part-level"], counted["part", branch]
                predicted, true = row["precision_counts"], row["recall_counts"]
                assert totals(one, None) == (
                    predicted["matched_pred"],
                    predicted["total_pred"],
                    true["matched_true"],
                    true["total_true"],
                )


@pytest.mark.parametrize("case", [case for case in GFF3_CASES if "gffcompare_0.12.10" in case], ids=lambda c: c["case"])
def test_bases_are_those_of_gffcompare_to_its_printed_digit(case: dict[str, Any]) -> None:
    both = compared(*sides(case))
    ratios = Ratios.of(*totals(named(levels.bases(both, NO_CUTS))["base", "exon"], None))
    printed = case["gffcompare_0.12.10"]["e0"]["base"]
    assert f"{100 * (ratios.precision or 0):.1f}" == f"{printed['precision']:.1f}"
    assert f"{100 * (ratios.recall or 0):.1f}" == f"{printed['sensitivity']:.1f}"


@pytest.mark.parametrize("case", [case for case in GFF3_CASES if "gffcompare_0.12.10" in case], ids=lambda c: c["case"])
def test_exons_with_free_ends_are_within_a_point_of_gffcompare(case: dict[str, Any]) -> None:
    """It forgives 100 bp at the free ends of terminal exons by default, and merges gaps of less than 5 bp."""
    both = compared(*sides(case))
    exact, none, forgiving = (
        Ratios.of(*totals(one, None))
        for one in (
            named(levels.parts(both))["part", "exon"],
            levels.forgiving_exons(both, 0),
            levels.forgiving_exons(both, 100),
        )
    )
    assert exact == none
    for ratios, how in ((exact, "e0"), (forgiving, "default")):
        printed = case["gffcompare_0.12.10"][how]["exon"]
        assert 100 * (ratios.precision or 0) == pytest.approx(printed["precision"], abs=1)
        assert 100 * (ratios.recall or 0) == pytest.approx(printed["sensitivity"], abs=1)
