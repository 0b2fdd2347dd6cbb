"""Which transcripts are selected and why the others are not; and what targets are painted from."""

import itertools
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from genatator_assets.annotation.parsed import PARSED_SCHEMA, ParsedAnnotation
from genatator_assets.annotation.select import MEANINGS, REASONS, SCHEMA, count_reasons, select
from genatator_assets.catalogue import Annotation
from genatator_assets.errors import AnnotationError
from genatator_assets.gene_finding.channels import GROUPS
from genatator_assets.gene_finding.landmarks import landmarks_of
from genatator_assets.sources.chromosomes import Chromosome
from genatator_assets.tracks.runs import STRANDS


def chromosome(chrom, length, reason=None, aliases=()):
    return Chromosome("g", "S s", chrom, length, aliases, reason is None, reason, None if reason else "train")


CHROMOSOMES = [chromosome("chr3", 300), chromosome("out", 200, "excluded"), chromosome("tiny", 50, "too_short")]
PARSED = {
    "seqid": "chr3",
    "start": 0,
    "end": 10,
    "strand": "+",
    "transcript_id": "T",
    "gene_id": "G",
    "gene_name": None,
    "row_type": "mRNA",
    "source": "s",
    "type": "mRNA",
    "type_from": "column_3",
    "biotype": None,
    "gene_biotype": None,
    "tags": [],
    "pseudo": False,
    "trans_spliced": False,
    "partial": False,
    "malformed": None,
    "assembled_from": "row",
    "source_line": 1,
    "exons": 2,
    "exonic_bp": 8,
    "coding_bp": 6,
    "cds_complete_5": True,
    "cds_complete_3": True,
    "exons_from_parts": False,
    "fault": None,
}


def parsed_of(*transcripts, counts=None, regions=None):
    """A parsed annotation of dicts of what differs from PARSED; each has a row_id of its own unless it says one."""
    rows = [{**PARSED, "row_id": f"R{number}", **one} for number, one in enumerate(transcripts)]
    table = pa.Table.from_pylist(rows, PARSED_SCHEMA)
    return ParsedAnnotation(table, "gencode", counts or {}, 0, (), regions or {})


def reasons_of(*transcripts, chromosomes=CHROMOSOMES, **how):
    return select("g", parsed_of(*transcripts), chromosomes, **how).transcripts["reason"].to_pylist()


def refusal(parsed, chromosomes, **how):
    with pytest.raises(AnnotationError) as caught:
        select("g", parsed, chromosomes, **how)
    return str(caught.value)


# Reasons


@pytest.mark.parametrize("drop_partial", [False, True])
def test_reasons_are_looked_at_in_the_documented_order(drop_partial):
    """Every combination of faults, against the faults in the order in which they are told to count."""
    lengths = {"chr3": 300, "out": 200, "tiny": 50}
    combinations = [
        {
            "malformed": malformed,
            "type": kind,
            "pseudo": pseudo,
            "trans_spliced": trans_spliced,
            "fault": fault,
            "partial": partial,
            "strand": strand,
            "seqid": seqid,
            "end": end,
        }
        for malformed, kind, pseudo, trans_spliced, fault, partial, strand, seqid, end in itertools.product(
            [None, "why"],
            ["mRNA", "lncRNA", "other"],
            [False, True],
            [False, True],
            [None, "inconsistent_parts", "cds_outside_exons"],
            [False, True],
            ["+", "-", ".", ""],
            ["chr3", "out", "tiny", "nowhere"],
            [50, 300, 301],
        )
    ]
    expected = []
    for one in combinations:
        faults = [
            ("malformed", one["malformed"]),
            ("other_type", one["type"] == "other"),
            ("pseudo", one["pseudo"]),
            ("trans_spliced", one["trans_spliced"]),
            ("inconsistent_parts", one["fault"] == "inconsistent_parts"),
            ("partial", one["partial"] and drop_partial),
            ("no_strand", one["strand"] not in ("+", "-")),
            ("chromosome_unknown", one["seqid"] == "nowhere"),
            ("chromosome_excluded", one["seqid"] == "out"),
            ("chromosome_too_short", one["seqid"] == "tiny"),
            ("out_of_bounds", one["end"] > lengths.get(one["seqid"], 0)),
        ]
        expected.append(next((reason for reason, holds in faults if holds), "selected"))
    table = select("g", parsed_of(*combinations), CHROMOSOMES, drop_partial).transcripts
    assert table["reason"].to_pylist() == expected
    assert table["selected"].to_pylist() == [reason == "selected" for reason in expected]
    assert set(REASONS) - set(expected) == {"duplicate"} | ({"partial"} - {"partial" if drop_partial else ""})
    # 2 types x 2 strands x ends 50 and 300 on chr3 x 2 faults that don't matter here, and partial or not
    assert expected.count("selected") == 16 * (1 if drop_partial else 2)


def test_a_row_that_repeats_an_earlier_one_is_a_duplicate():
    rows = [
        {"row_id": "A"},
        {"row_id": "B"},
        {"row_id": "A", "source_line": 7, "gene_id": "other"},
        {"row_id": "A", "end": 11},
        {"row_id": "A", "start": 1},
        {"row_id": "A", "seqid": "tiny"},
        {"row_id": "A", "source_line": 9},
    ]
    expected = ["selected", "selected", "duplicate", "selected", "selected", "chromosome_too_short", "duplicate"]
    assert reasons_of(*rows) == expected


def test_a_row_that_repeats_another_under_an_alias_of_its_chromosome_is_a_duplicate():
    chromosomes = [chromosome("chr3", 300, aliases=("3",))]
    rows = [{"row_id": "A", "seqid": "3"}, {"row_id": "A", "seqid": "chr3"}, {"row_id": "B", "seqid": "3"}]
    assert reasons_of(*rows, chromosomes=chromosomes) == ["selected", "duplicate", "selected"]


def test_rows_that_cannot_be_read_are_malformed_and_never_duplicates():
    broken = {"start": None, "end": None, "strand": None, "row_id": None, "malformed": "why", "transcript_id": None}
    assert reasons_of(broken, broken, {}) == ["malformed", "malformed", "selected"]
    assert reasons_of({**broken, "seqid": None}, {}) == ["malformed", "selected"]


# one transcript for every reason but those of test_reasons_are_looked_at, and no two of them alike
EVERY_REASON = [
    ({"end": 301}, "out_of_bounds"),
    ({"end": 300}, "selected"),
    ({"seqid": "tiny", "end": 60}, "chromosome_too_short"),
    ({"seqid": "nowhere", "end": 60}, "chromosome_unknown"),
    ({"seqid": "nowhere", "end": 60, "strand": "."}, "no_strand"),
    ({"seqid": "out", "end": 250}, "chromosome_excluded"),
    ({"end": 10, "type": "lncRNA", "strand": "-"}, "selected"),
    ({"seqid": "nowhere", "end": 60, "strand": ".", "type": "other"}, "other_type"),
    ({"seqid": "nowhere", "end": 60, "strand": "?"}, "no_strand"),
]


def test_transcripts_keep_their_order_and_all_columns():
    given = [
        {**one, "start": 5, "transcript_id": f"T{n}", "row_id": f"R{n}", "source_line": 9 - n}
        for n, (one, _) in enumerate(EVERY_REASON)
    ]
    table = select("a-genome", parsed_of(*given), CHROMOSOMES).transcripts
    assert table.schema == SCHEMA
    assert table.to_pylist() == [
        {
            **{name: value for name, value in {**PARSED, **one}.items() if name != "fault"},
            "genome": "a-genome",
            "chrom": one.get("seqid", "chr3"),
            "selected": reason == "selected",
            "reason": reason,
            "segmentation_reason": "unstranded" if reason == "no_strand" else reason,
            "representative": one["transcript_id"] == "T1",  # the other that is selected is a lncRNA of the same gene
            "representative_by": "mrna" if one["transcript_id"] == "T1" else None,
        }
        for one, (_, reason) in zip(given, EVERY_REASON, strict=True)
    ]


def test_reasons_are_counted_in_the_order_of_reasons():
    table = select("g", parsed_of(*(one for one, _ in EVERY_REASON)), CHROMOSOMES).transcripts
    assert list(count_reasons(table).items()) == [
        ("selected", 2),
        ("other_type", 1),
        ("no_strand", 2),
        ("chromosome_unknown", 1),
        ("chromosome_excluded", 1),
        ("chromosome_too_short", 1),
        ("out_of_bounds", 1),
    ]
    assert list(count_reasons(table.slice(2, 3)).items()) == [
        ("no_strand", 1),
        ("chromosome_unknown", 1),
        ("chromosome_too_short", 1),
    ]
    assert count_reasons(table.slice(0, 0)) == {}


def test_every_reason_has_a_meaning_and_stands_in_the_documentation():
    assert list(MEANINGS) == list(REASONS)
    page = (Path(__file__).parents[1] / "docs" / "catalogue.md").read_text()
    table = page[page.index("| reason | meaning |") :].split("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(REASONS)


def test_the_documentation_shows_every_key_of_an_annotation_with_its_default():
    page = (Path(__file__).parents[1] / "docs" / "catalogue.md").read_text()
    block = next(text for text in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "max_malformed" in text)
    shown = yaml.safe_load(block)["annotation"]
    rules = Annotation().model_dump(exclude={"path", "url", "md5", "sha256"})
    assert set(shown) == {"path", *rules}
    assert {key: shown[key] for key in rules if key != "types"} == {key: rules[key] for key in rules if key != "types"}


# Names and lengths


def test_chrom_is_the_name_in_the_fasta_file_and_seqid_that_in_the_annotation():
    chromosomes = [chromosome("chr1", 300, aliases=("1", "NC_1.1")), chromosome("chr2", 300, aliases=("2",))]
    rows = [{"seqid": name} for name in ("1", "NC_1.1", "chr2", "chr1", "scaffold", "2")]
    selection = select("g", parsed_of(*rows), chromosomes)
    assert selection.transcripts["chrom"].to_pylist() == ["chr1", "chr1", "chr2", "chr1", "scaffold", "chr2"]
    assert selection.transcripts["seqid"].to_pylist() == [one["seqid"] for one in rows]
    assert selection.transcripts["reason"].to_pylist() == ["selected"] * 4 + ["chromosome_unknown", "selected"]
    assert selection.unknown_names == {"scaffold": 1}


def test_unknown_names_are_counted_with_their_transcripts():
    rows = [
        {"seqid": name, "type": kind} for name, kind in itertools.product(["chr3", "b", "a", "a"], ["mRNA", "other"])
    ]
    assert select("g", parsed_of(*rows), CHROMOSOMES).unknown_names == {"b": 2, "a": 4}


def test_a_name_that_may_be_two_sequences_is_an_error():
    chromosomes = [chromosome("u1", 300, aliases=("1", "x")), chromosome("u2", 300, aliases=("1", "y"))]
    assert refusal(parsed_of({"seqid": "1"}, {"seqid": "x"}), chromosomes) == (
        "genome g: names of the annotation are ambiguous: '1' may be u1 or u2. Rename them in one file"
    )
    assert reasons_of({"seqid": "x"}, {"seqid": "y"}, chromosomes=chromosomes) == ["selected", "selected"]


@pytest.mark.parametrize(
    ("theirs", "ours", "shown"),
    [
        (
            ["1", "2", "1"],
            ["a", "b", "c", "d", "e", "f"],
            "annotation: 1, 2\n  FASTA file: a, b, c, d, e, ... (6 names)",
        ),
        (["s"] * 3, ["chrIV"], "annotation: s\n  FASTA file: chrIV"),
    ],
)
def test_names_that_have_nothing_in_common_are_shown_side_by_side(theirs, ours, shown):
    parsed = parsed_of(*({"seqid": name} for name in theirs))
    assert refusal(parsed, [chromosome(name, 10) for name in ours]) == (
        "genome g: the annotation and the FASTA file name their sequences differently, so that no transcript has a"
        f" place.\n  {shown}\nGive a table of both names, as aliases: {{path: ...}} under the assembly: NCBI's"
        " *_assembly_report.txt or UCSC's *.chromAlias.txt. If no such table has both, they are of different"
        " assemblies."
    )


def test_names_that_differ_in_version_only_are_of_different_assemblies():
    parsed = parsed_of({"seqid": "NC_000001.10"}, {"seqid": "NC_000002.11"})
    said = refusal(parsed, [chromosome("NC_000001.11", 10), chromosome("NC_000002.12", 10)])
    assert "annotation: NC_000001.10, NC_000002.11\n  FASTA file: NC_000001.11, NC_000002.12\n" in said
    assert said.endswith(
        "The versions of accessions differ: they are of different assembly versions; give files of the same one."
    )


def test_names_of_scaffolds_that_end_in_numbers_are_no_versions():
    said = refusal(parsed_of({"seqid": "scaffold.1"}), [chromosome("scaffold.2", 10)])
    assert "Give a table of both names" in said


def test_all_wanted_transcripts_on_unknown_sequences_are_an_error_whatever_the_others_lie_on():
    wanted = [{"seqid": "1"}, {"seqid": "2", "type": "lncRNA"}]
    others = [{"type": "other"}, {"pseudo": True}, {"strand": "."}, {"trans_spliced": True}]
    assert "name their sequences differently" in refusal(parsed_of(*wanted, *others), CHROMOSOMES)
    assert reasons_of(*others) == ["other_type", "pseudo", "no_strand", "trans_spliced"]


def test_one_name_in_common_is_enough_even_that_of_an_excluded_chromosome():
    assert reasons_of({"seqid": "1"}, {"seqid": "out"}) == ["chromosome_unknown", "chromosome_excluded"]


def test_lengths_that_the_annotation_states_are_compared_with_those_of_the_fasta_file():
    chromosomes = [chromosome("chr1", 300, aliases=("1",)), chromosome("chr2", 200, "excluded")]
    parsed = parsed_of({"seqid": "1"}, regions={"1": 299, "chr2": 201, "elsewhere": 5})
    assert refusal(parsed, chromosomes) == (
        "genome g: the annotation's ##sequence-region lines state other lengths than the FASTA file has, for 2"
        " sequences: 1: 299 bp in the annotation, 300 in the FASTA file; chr2: 201 bp in the annotation, 200 in the"
        " FASTA file. They are probably of different assemblies or versions: give files of the same one; if they do"
        " belong together, say 'lengths: ignore' under annotation in the catalogue"
    )
    assert select("g", parsed, chromosomes, compare_lengths=False).transcripts["selected"].to_pylist() == [True]
    same = parsed_of({"seqid": "1"}, regions={"1": 300, "chr2": 200, "elsewhere": 5})
    assert select("g", same, chromosomes).transcripts["selected"].to_pylist() == [True]


# Landmarks


def transcripts_of(*transcripts):
    """A transcript table of (chrom, start, end, strand, type[, selected])."""
    rows = [
        {
            **PARSED,
            "genome": "g",
            "chrom": chrom,
            "seqid": chrom,
            "start": start,
            "end": end,
            "strand": strand,
            "type": kind,
        }
        | {"selected": not rejected, "reason": "other_type" if rejected else "selected"}
        for chrom, start, end, strand, kind, *rejected in transcripts
    ]
    return pa.Table.from_pylist(rows, SCHEMA)


def plain(landmarks):
    """Landmarks of chromosomes as plain values: (tss, polya, [(start, end) of unions])."""
    return {
        (chrom, *key): (
            piece.tss.tolist(),
            piece.polya.tolist(),
            list(zip(piece.starts.tolist(), piece.ends.tolist(), strict=True)),
        )
        for chrom, pieces in landmarks.items()
        for key, piece in pieces.items()
    }


NOTHING = ([], [], [])


def test_sites_are_distinct_and_intervals_are_joined_by_strand_and_group():
    table = transcripts_of(
        ("chr1", 50, 60, "+", "mRNA"),
        ("chr1", 10, 20, "+", "mRNA"),
        ("chr1", 10, 30, "+", "lncRNA"),  # the same TSS
        ("chr1", 12, 15, "+", "mRNA"),  # nested
        ("chr1", 30, 35, "+", "lncRNA"),  # adjacent
        ("chr1", 40, 60, "+", "lncRNA"),  # the same polyA
        ("chr1", 25, 45, "-", "mRNA"),  # across, on the other strand
        ("chr1", 40, 45, "-", "lncRNA"),
        ("chr1", 0, 100, "-", "mRNA", "rejected"),
    )
    assert plain(landmarks_of(table, {"chr1": 100})) == {
        ("chr1", "combined", "+"): ([10, 12, 30, 40, 50], [14, 19, 29, 34, 59], [(10, 35), (40, 60)]),
        ("chr1", "combined", "-"): ([44], [25, 40], [(25, 45)]),
        ("chr1", "mrna", "+"): ([10, 12, 50], [14, 19, 59], [(10, 20), (50, 60)]),
        ("chr1", "mrna", "-"): ([44], [25], [(25, 45)]),
    }


def test_neighbouring_chromosomes_do_not_touch_and_their_order_is_free():
    table = transcripts_of(
        ("b", 0, 10, "+", "mRNA"),
        ("a", 90, 100, "+", "mRNA"),
        ("b", 40, 50, "+", "mRNA"),
        ("c", 0, 1, "+", "mRNA"),
        ("elsewhere", 0, 10, "+", "mRNA"),
    )
    lengths = {"a": 100, "b": 50, "empty": 20, "c": 1}
    expected = {
        "a": ([90], [99], [(90, 100)]),
        "b": ([0, 40], [9, 49], [(0, 10), (40, 50)]),
        "c": ([0], [0], [(0, 1)]),
        "empty": NOTHING,
    }
    for order in itertools.permutations(lengths):
        found = landmarks_of(table, {chrom: lengths[chrom] for chrom in order})
        assert list(found) == list(order)
        values = plain(found)
        for chrom in order:
            assert values[chrom, "combined", "+"] == values[chrom, "mrna", "+"] == expected[chrom]
            assert values[chrom, "combined", "-"] == values[chrom, "mrna", "-"] == NOTHING


@pytest.mark.parametrize("transcripts", [[], [("chr1", 0, 5, "+", "mRNA", "rejected")], [("chr2", 0, 5, "+", "mRNA")]])
def test_without_selected_transcripts_every_group_is_there_and_empty(transcripts):
    found = landmarks_of(transcripts_of(*transcripts), {"chr1": 10})
    assert plain(found) == {("chr1", group, strand): NOTHING for group in GROUPS for strand in STRANDS}
    assert all(part.dtype == np.int64 for part in vars(found["chr1"]["mrna", "-"]).values())


def test_genomes_longer_than_31_bits_count_on():
    length = 1_700_000_000
    table = transcripts_of(("c", 5, length, "-", "mRNA"), ("c", length - 1, length, "-", "mRNA"))
    found = landmarks_of(table, dict.fromkeys("abc", length))
    assert plain(found)["c", "mrna", "-"] == ([length - 1], [5, length - 1], [(5, length)])
    assert plain(found)["b", "mrna", "-"] == NOTHING


LENGTHS = {"a": 12, "b": 1, "c": 7, "d": 20}


@st.composite
def placed(draw):
    chrom = draw(st.sampled_from(list(LENGTHS)))
    start = draw(st.integers(0, LENGTHS[chrom] - 1))
    end = draw(st.integers(start + 1, LENGTHS[chrom]))
    rejected = ("rejected",) if draw(st.integers(0, 5)) == 5 else ()
    kind = draw(st.sampled_from(["mRNA", "lncRNA"]))
    return (chrom, start, end, draw(st.sampled_from("+-")), kind, *rejected)


@settings(max_examples=60, deadline=None)
@given(st.lists(placed(), max_size=12), st.permutations(list(LENGTHS)), st.integers(0, 4))
@example([(chrom, 0, length, "+", "mRNA") for chrom, length in LENGTHS.items()], list(LENGTHS), 4)
def test_landmarks_equal_sets_and_a_sweep(transcripts, order, asked):
    """The reference counts bases, one by one, and joins intervals that overlap or touch."""
    order = order[:asked]
    expected = {}
    for chrom, group, strand in itertools.product(order, GROUPS, STRANDS):
        own = sorted(
            (one[1], one[2])
            for one in transcripts
            if one[0] == chrom and one[3] == strand and (group == "combined" or one[4] == "mRNA") and len(one) == 5
        )
        unions = []
        for start, end in own:
            if unions and start <= unions[-1][1]:
                unions[-1] = (unions[-1][0], max(end, unions[-1][1]))
            else:
                unions.append((start, end))
        first, last = sorted({start for start, _ in own}), sorted({end - 1 for _, end in own})
        expected[chrom, group, strand] = (first, last, unions) if strand == "+" else (last, first, unions)
    found = landmarks_of(transcripts_of(*transcripts), {chrom: LENGTHS[chrom] for chrom in order})
    assert plain(found) == expected
