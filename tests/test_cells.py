"""h5ad files in, cell sentences out: sentences, ages, donors and chunks, against an implementation of others."""

import csv
import hashlib
import json
import re
import shutil
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cellbuilds import build, cells_of, contents, section
from h5adfiles import write_h5ad
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from webserver import web_server

from genatator_assets.cells import (
    ages,
    chunks,
    donors,
    gather,
    publications,
    recipe,
    split,
    survey,
    symbols,
)
from genatator_assets.cells.fits import rank_fit
from genatator_assets.cells.genes import Vocabulary, hgnc, name_genes
from genatator_assets.cells.publications import (
    PublicationsTask,
    PublicationTable,
    build_publications,
    cited,
    read_collections,
)
from genatator_assets.cells.section import AgeRules, Cells, CellSplit, Publications
from genatator_assets.cells.sentences import Writer, fault_of, rank
from genatator_assets.errors import DatasetError
from genatator_assets.query.checks import check_names, run_check
from genatator_assets.query.connect import ask, connect
from genatator_assets.sources.h5ad import Rows, open_h5ad
from genatator_assets.work.pool import LocalWorkers

A, B = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
NEVER = {
    "anndata_v0.11.4": "no matrix 'X'",
    "scaled_with_raw": "X holds values that are negative .* set 'matrix' to raw",
}


def summary_of(fixtures: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((fixtures / "expected" / "summary.json").read_text())
    return told


def table_of(root: Path, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(root / "cells" / f"{name}.parquet").to_pylist()
    return rows


@pytest.fixture(scope="module")
def built(cell_fixtures: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each expected table's input, built alone with the table's options; the two of one collection together."""
    roots = {}
    for name, told in summary_of(cell_fixtures).items():
        if name.partition("__")[0] in NEVER and not name.endswith("__raw"):
            continue
        stem, options = name.partition("__")[0], told["options"]
        files = [cell_fixtures / "input" / f"{one}.h5ad" for one in ({A, B} if stem in {A, B} else {stem})]
        files = [path if path.is_file() else data / "h5ad" / path.name for path in files]
        entries = [{"path": path, "matrix": options["matrix"]} for path in files]
        keys = {"datasets": entries, "age": {"required": options["filter_age"]}, "sentence": {"top_genes": 2_000}}
        roots[name] = tmp_path_factory.mktemp(name)
        outcomes = build(Cells.model_validate(keys), roots[name])
        assert not any(outcome.error for outcome in outcomes.values()), outcomes
    return roots


def test_sentences_ages_and_splits_are_those_of_the_other_implementation(
    built: dict[str, Path], cell_fixtures: Path
) -> None:
    cells = 0
    for name, root in built.items():
        if name == "no_stage_no_donor":  # no cell has an age, so there is no table
            assert not list((root / "cells").rglob("chunk_*.parquet"))
            continue
        expected = pq.read_table(cell_fixtures / "expected" / f"{name}.parquet").to_pylist()
        found = {row["cell_id"]: row for row in cells_of(root, name.partition("__")[0]).to_pylist()}
        assert found.keys() == {row["cell_id"] for row in expected}, name
        for row in expected:
            cell = found[row["cell_id"]]
            assert cell["cell_sentence"].encode() == row["cell_sentence_2000"].encode(), (name, row["cell_id"])
            for column in ("n_genes", "donor", "split"):
                assert cell[column] == row[column], (name, row["cell_id"], column)
            for column in ("age", "age_low", "age_high"):
                assert cell[column] == (row[column] and pytest.approx(row[column], abs=1e-6)), (name, column)
            assert cell["age_reason"] == (row["age_reason"] if isinstance(row["age_reason"], str) else None), name
        cells += len(expected)
    assert cells == 5_410  # the sum of `kept` in summary.json


def test_what_is_left_out_is_counted_by_reason(built: dict[str, Path], cell_fixtures: Path) -> None:
    for name, told in summary_of(cell_fixtures).items():
        if name not in built:
            continue
        stem, root = name.partition("__")[0], built[name] / "cells"
        dropped = pq.read_table(root / "dropped.parquet", filters=[("dataset", "=", stem)])
        assert dict(zip(dropped["reason"].to_pylist(), dropped["cells"].to_pylist(), strict=True)) == told["dropped"]
        genes = pq.read_table(root / "genes" / f"{stem}.parquet")
        named = Counter(row["source"] or row["reason"] for row in genes.to_pylist())
        assert named == told["gene_symbols"], name
        (row,) = pq.read_table(root / "summary.parquet", filters=[("dataset", "=", stem)]).to_pylist()
        assert (row["status"], row["cells"], row["kept"], row["test"]) == (
            "built",
            told["cells"],
            told["kept"],
            told["test_cells"],
        )


def test_donors_are_those_that_the_rule_holds_out(built: dict[str, Path], cell_fixtures: Path) -> None:
    for name, told in summary_of(cell_fixtures).items():
        if name in built:
            stem, table = name.partition("__")[0], pq.read_table(built[name] / "cells" / "donors.parquet")
            units = table.filter(pa.compute.equal(table["dataset"].cast(pa.string()), stem)).to_pylist()
            test = sorted({unit["unit"] for unit in units if unit["split"] == "test"})
            assert test == [one for one in told["test_units"] if one in {unit["unit"] for unit in units}], name
            assert {unit["kind"] for unit in units} <= {told["split_unit"]}
            assert {unit["scope"] for unit in units} <= {told["options"]["scope"]}


def test_all_columns_of_obs_come_through(built: dict[str, Path], cell_fixtures: Path) -> None:
    expected = pq.read_table(cell_fixtures / "expected" / "obs_types.obs.parquet")
    found = cells_of(built["obs_types"], "obs_types")
    by_id = {row["cell_id"]: row for row in found.to_pylist()}
    for row in expected.to_pylist():
        assert {name: by_id[row["cell_id"]][name] for name in row} == row
    for name in ("n_umi", "passed", "small", "big", "f32", "score"):
        assert found.schema.field(name).type == expected.schema.field(name).type
    assert found["dataset_id"].null_count == len(found)  # no text "nan" for what is not known


def test_layouts_give_the_same_sentences(cell_fixtures: Path, tmp_path: Path) -> None:
    """CSR, CSC, the layout of anndata 0.13, and the same matrix dense."""
    with open_h5ad(cell_fixtures / "input" / "human_csr.h5ad") as file:
        (rows,) = file.matrix().rows(np.arange(240))
        names = file.genes().index().to_pylist()
        stages = file.obs.column("development_stage_ontology_term_id").to_pylist()
    dense = np.zeros((240, 400), np.float32)
    dense[np.repeat(np.arange(240), np.diff(rows.offsets)), rows.genes] = rows.values
    made = write_h5ad(tmp_path / "dense.h5ad", dense, "dense", genes=names, obs={ages.STAGE_ID: stages})
    inputs = [cell_fixtures / "input" / f"human_{one}.h5ad" for one in ("csr", "csc", "csr_anndata013")]
    build(section(*inputs, made, split="none"), tmp_path / "root")
    columns = ["cell_sentence", "n_genes", "age"]
    first, *others = (cells_of(tmp_path / "root", path.stem).select(columns) for path in (*inputs, made))
    assert len(first) == 110
    assert all(other.equals(first) for other in others)


def test_a_large_csc_matrix_is_sorted_by_rows_first(
    cell_fixtures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "SORTED_FROM", 0)
    path = cell_fixtures / "input" / "human_csc.h5ad"
    sorted_first = []
    original = chunks.row_source
    monkeypatch.setattr(chunks, "row_source", lambda *given: sorted_first.append(original(*given)) or sorted_first[-1])
    build(section(path, chunk_cells=20), tmp_path / "spilled")
    assert {type(one).__name__ for one in sorted_first} == {"Spill"}
    assert not (tmp_path / "spilled" / "cells" / ".spill" / "human_csc").exists()
    monkeypatch.undo()
    build(section(path, chunk_cells=20), tmp_path / "direct")
    assert contents(tmp_path / "spilled" / "cells") == contents(tmp_path / "direct" / "cells")


@pytest.fixture(scope="module")
def many_donors(cell_fixtures: Path) -> Path:
    return cell_fixtures / "input" / "many_donors.h5ad"


def test_rows_and_splits_do_not_depend_on_chunks(built: dict[str, Path], many_donors: Path, tmp_path: Path) -> None:
    build(section(many_donors, chunk_cells=250), tmp_path)
    small, large = cells_of(tmp_path, "many_donors"), cells_of(built["many_donors"], "many_donors")
    assert small.equals(large)
    chunk_files = sorted((tmp_path / "cells" / "many_donors" / "test").iterdir())
    assert [path.name for path in chunk_files] == [f"chunk_{number:04d}.parquet" for number in range(len(chunk_files))]
    assert max(pq.read_metadata(path).num_rows for path in (tmp_path / "cells" / "many_donors").rglob("chunk*")) <= 250


def test_bytes_do_not_depend_on_workers_or_on_being_killed(
    many_donors: Path, cell_fixtures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = section(many_donors, cell_fixtures / "input" / "human_csc.h5ad", chunk_cells=100)
    build(cells, tmp_path / "one")
    build(cells, tmp_path / "two", LocalWorkers(2))
    everything = contents(tmp_path / "one" / "cells")
    assert contents(tmp_path / "two" / "cells") == everything

    real, left = chunks._build, iter(range(7))

    def killed(*given: Any) -> Any:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return real(*given)

    monkeypatch.setattr(chunks, "_build", killed)
    with pytest.raises(KeyboardInterrupt):
        build(cells, tmp_path / "killed")
    assert not (tmp_path / "killed" / "cells" / "many_donors" / "manifest.json").exists()
    rebuilt: list[str] = []
    monkeypatch.setattr(chunks, "_build", lambda task, bench: rebuilt.append(task.key) or real(task, bench))
    build(cells, tmp_path / "killed")
    assert len(rebuilt) == 30 + 2 - 7
    assert contents(tmp_path / "killed" / "cells") == everything


def test_only_what_changed_is_built_again(
    many_donors: Path, cell_fixtures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = cell_fixtures / "input" / "mouse.h5ad"
    build(section(many_donors, other), tmp_path)
    again = build(section(many_donors, other), tmp_path)
    assert {outcome.status for outcome in again.values()} == {"intact"}
    rebuilt: list[str] = []
    real = chunks._build
    monkeypatch.setattr(chunks, "_build", lambda task, bench: rebuilt.append(task.key) or real(task, bench))
    (tmp_path / "cells" / "mouse" / "train" / "chunk_0000.parquet").unlink()
    build(section(many_donors, other), tmp_path)
    assert rebuilt == ["mouse/0000"]
    build(section(many_donors, other, split="none"), tmp_path)
    assert rebuilt == ["mouse/0000", "many_donors/0000", "mouse/0000"]
    assert sorted(path.name for path in (tmp_path / "cells" / "mouse").iterdir()) == [
        "chunk_0000.parquet",
        "manifest.json",
        "manifest.made",
        "manifests",
    ]
    assert cells_of(tmp_path, "mouse")["split"].null_count == 80


def test_a_bad_file_stops_no_other(cell_fixtures: Path, tmp_path: Path) -> None:
    names = [*NEVER, "mouse", "no_stage_no_donor"]
    outcomes = build(section(*(cell_fixtures / "input" / f"{name}.h5ad" for name in names)), tmp_path)
    for name, message in NEVER.items():
        assert re.search(message, str(outcomes[name].error))
    rows = {row["dataset"]: row for row in pq.read_table(tmp_path / "cells" / "summary.parquet").to_pylist()}
    assert {name: row["status"] for name, row in rows.items()} == dict(
        zip(names, ["failed"] * 2 + ["built"] * 2, strict=True)
    )
    assert rows["scaled_with_raw"]["error"].startswith("sources: ")
    assert (rows["no_stage_no_donor"]["kept"], rows["no_stage_no_donor"]["dropped"]) == (0, 125)
    assert not (tmp_path / "cells" / "scaled_with_raw").exists()


def test_values_that_a_sample_does_not_show_leave_no_chunks(tmp_path: Path) -> None:
    matrix = np.ones((1_000, 3), np.float32)
    matrix[300, 1] = -1
    path = write_h5ad(tmp_path / "late.h5ad", matrix)
    root = tmp_path / "root"
    with pytest.raises(DatasetError, match=r"no cells are built; late: .*late\.h5ad: X holds values"):
        build(section(path, age={"required": False}, chunk_cells=100), root)
    told = json.loads((root / "cells" / "sources" / "late.failed.json").read_text())
    assert told["step"] == "chunks"
    assert not (root / "cells" / "late").exists()


# sentences


@given(st.data())
def test_ranking_is_what_sorting_by_value_and_gene_gives(data: st.DataObject) -> None:
    values = st.sampled_from([0.0, 1.0, 2.0, 2.5, 3.0, 1e30, 1e-40, 16_777_217.0, 16_777_216.0])
    matrix = np.array(data.draw(st.lists(st.lists(values, min_size=6, max_size=6), min_size=1, max_size=5)))
    kind = data.draw(st.sampled_from([np.float32, np.float64]))
    if data.draw(st.booleans()):
        kind, matrix = data.draw(st.sampled_from([np.uint8, np.int64])), np.minimum(matrix, 3).round()
    matrix = matrix.astype(kind)
    symbols = data.draw(st.lists(st.sampled_from(["A", "B", "C", "D", None]), min_size=6, max_size=6))
    stored = matrix > -1  # explicit zeros are stored
    offsets = np.concatenate([[0], np.cumsum(stored.sum(1))])
    rows = Rows(offsets, np.nonzero(stored)[1].astype(np.int32), matrix[stored])
    vocabulary = Vocabulary.of(symbols)
    most = data.draw(st.integers(1, 7))
    ranked = rank(rows, vocabulary)
    expected = []
    for row in matrix.tolist():
        order = sorted((gene for gene in range(6) if row[gene] > 0), key=lambda gene: (-row[gene], gene))
        expected.append(list(dict.fromkeys(symbols[gene] for gene in order if symbols[gene])))
    writer = Writer(vocabulary)
    assert writer.sentences(ranked).to_pylist() == [" ".join(row) for row in expected]
    assert writer.sentences(ranked.first(most)).to_pylist() == [" ".join(row[:most]) for row in expected]
    assert ranked.counts.tolist() == [len(row) for row in expected]


def test_large_whole_numbers_are_not_rounded() -> None:
    rows = Rows(np.array([0, 3]), np.arange(3, dtype=np.int32), np.array([2**53, 2**53 + 1, 5], np.int64))
    vocabulary = Vocabulary.of(["low", "high", "last"])
    assert Writer(vocabulary).sentences(rank(rows, vocabulary)).to_pylist() == ["high low last"]


def test_faults_of_values() -> None:
    assert fault_of(np.array([0, 1], np.uint16)) is None
    assert fault_of(np.array([-0.0, 1.0])) is None
    assert fault_of(np.array([np.inf])) == "not finite"
    assert fault_of(np.array([-1], np.int8)) == "negative"
    assert fault_of(np.array([])) is None


def test_lists_upper_case_and_fewer_genes(cell_fixtures: Path, tmp_path: Path) -> None:
    wanted = tmp_path / "some.txt"
    wanted.write_text("# genes\nXkr4\nMrpl15  # a comment\n\nRp1\nNo-such-gene\n")
    path = cell_fixtures / "input" / "mouse.h5ad"
    build(section(path, sentence={"top_genes": 50, "lists": {"some": wanted}}), tmp_path / "plain")
    plain = {row["cell_id"]: row for row in cells_of(tmp_path / "plain", "mouse").to_pylist()}
    expected = pq.read_table(cell_fixtures / "expected" / "mouse.parquet").to_pylist()
    assert {row["cell_id"]: row["cell_sentence_50"] for row in expected} == {
        one: row["cell_sentence"] for one, row in plain.items()
    }
    for row in expected:
        listed = [word for word in row["cell_sentence_2000"].split() if word in {"Xkr4", "Mrpl15", "Rp1"}]
        assert plain[row["cell_id"]]["cell_sentence_some"] == " ".join(listed)
    build(section(path, sentence={"upper_case": True, "lists": {"some": wanted}}), tmp_path / "upper")
    upper = {row["cell_id"]: row for row in cells_of(tmp_path / "upper", "mouse").to_pylist()}
    for row in expected:
        assert upper[row["cell_id"]]["cell_sentence"] == row["cell_sentence_2000"].upper()
        assert upper[row["cell_id"]]["cell_sentence_some"] == plain[row["cell_id"]]["cell_sentence_some"].upper()


def test_vocabulary_counts_cells(built: dict[str, Path], cell_fixtures: Path) -> None:
    expected = Counter(
        symbol
        for row in pq.read_table(cell_fixtures / "expected" / "human_csr__keep.parquet").to_pylist()
        for symbol in row["cell_sentence_2000"].split()
    )
    table = pq.read_table(built["human_csr__keep"] / "cells" / "vocabulary.parquet")
    assert dict(zip(table["symbol"].to_pylist(), table["cells"].to_pylist(), strict=True)) == expected
    assert table["symbol"].to_pylist() == sorted(expected)


def test_rank_fit_of_a_known_line() -> None:
    """Stored values that lie on 5 - 2 log10(1 + rank) are fitted by just that."""
    values = 5 - 2 * np.log10(1 + np.arange(100))
    random = np.random.default_rng(1)
    genes = [random.permutation(100).argsort() for _ in range(3)]
    shuffled = np.concatenate([values[order] for order in genes])
    rows = Rows(np.array([0, 100, 200, 300]), np.tile(np.arange(100, dtype=np.int32), 3), shuffled)
    fit = rank_fit([rows], Vocabulary.of([f"G{number}" for number in range(100)]))
    assert fit is not None
    assert (fit.cells, fit.points, fit.scale) == (3, 300, "stored values")
    assert (fit.slope, fit.intercept) == (pytest.approx(-2), pytest.approx(5))
    assert (fit.r2, fit.pearson, fit.spearman) == (pytest.approx(1), pytest.approx(1), pytest.approx(1))
    whole = Rows(np.array([0, 3]), np.arange(3, dtype=np.int32), np.array([90, 9, 1]))
    counts = rank_fit([whole], Vocabulary.of(["A", "B", "C"]))
    assert counts is not None
    assert counts.scale == "log10(1 + count per 10,000)"
    x, y = np.log10([1, 2, 3]), np.log10(1 + np.array([9_000, 900, 100]))
    assert counts.pearson == pytest.approx(-np.corrcoef(x, y)[0, 1])


# ages


def test_every_stage_by_id_and_by_each_of_its_labels(cell_fixtures: Path) -> None:
    with (cell_fixtures / "development_stage_ages.csv").open() as handle:
        stages = list(csv.DictReader(handle))
    organisms = {"H": "Homo sapiens", "M": "Mus musculus"}
    labels, ambiguous = 0, set()
    for stage in stages:
        expected = ages.Age(
            *(float(stage[name]) if stage[name] else None for name in ("age_years", "age_months")),
            *(float(stage[name]) if stage[name] else None for name in ("age_low_years", "age_high_years")),
            stage["reason"] or None,  # type: ignore[arg-type]
        )
        assert ages.stages().age(stage["ontology_id"], "adult stage", "Danio rerio") == expected
        organism = organisms[stage["ontology_id"][0]]
        for label in filter(None, (stage["label"], stage["label_2024"])):
            labels += 1
            found = ages.stages().age(None, label.upper(), organism)
            if found.reason == "ambiguous_label":
                assert stage["label_is_ambiguous"] == "True"
                ambiguous.add((organism, label))
            else:
                assert found == expected, label
    assert (len(stages), labels, len(ambiguous)) == (438, 661, 7)


def test_ages_again_from_the_words_of_the_labels() -> None:
    """What the table says of each stage that names a unit, derived from the label alone."""
    pattern = re.compile(r"(\d+)[- ](year|month|week|day)s?(?:-old)?(?: stage)?")
    per_year = {"year": 1, "month": 12, "week": 365.25 / 7, "day": 365.25}
    checked = 0
    for (_, label), age in ages.stages().by_label.items():
        if (match := pattern.fullmatch(label)) and age.years is not None:
            number, unit = int(match[1]), per_year[match[2]]
            assert age.years == pytest.approx(number / unit, abs=1e-6), label
            assert (age.low, age.high) == (
                pytest.approx(number / unit, abs=1e-6),
                pytest.approx((number + 1) / unit, abs=2e-6),
            )
            assert age.months == pytest.approx(12 * number / unit, abs=1e-5)
            checked += 1
    assert checked > 200


@pytest.mark.parametrize(
    ("stage", "label", "organism", "reason"),
    [
        ("HsapDv:9999999", None, "Homo sapiens", "unknown_stage"),
        ("ZFS:0000001", None, None, "unsupported_ontology"),
        ("UBERON:0000113", "22-year-old stage", "Homo sapiens", "unsupported_ontology"),
        ("unknown", "22-year-old stage", "Homo sapiens", "unknown"),
        (None, "22-year-old stage", None, "no_organism"),
        (None, "22-year-old stage", "Danio rerio", "unsupported_ontology"),
        (None, "about 22 years", "Homo sapiens", "unknown_stage"),
        ("na", "nan", "Homo sapiens", "no_stage"),
        ("", "Unknown", "Homo sapiens", "unknown"),
    ],
)
def test_stages_without_an_age(stage: str | None, label: str | None, organism: str | None, reason: str) -> None:
    found = ages.stages().age(stage, label, organism)
    assert (found.years, found.reason) == (None, reason)


def ages_of(path: Path, **rules: Any) -> list[ages.Age]:
    with open_h5ad(path) as file:
        found = ages.ages_of(file, AgeRules.model_validate(rules))
    return [found.kinds[code] for code in found.codes]


def test_other_rules_for_ages(tmp_path: Path) -> None:
    labels = [
        "22-year-old stage",
        "under-1-year-old stage",
        "sixth decade stage",
        "8-month-old human stage",
        "80 year-old and over stage",
    ]
    columns = {
        "development_stage": labels,
        "months": np.array([6, 24, np.nan, -1, 1_200]),
        "text": ["6", "x", "", "1.5", "nan"],
    }
    path = write_h5ad(
        tmp_path / "x.h5ad", np.ones((5, 2)), obs=columns, uns={"organism_ontology_term_id": "NCBITaxon:9606"}
    )
    assert [age.years for age in ages_of(path)] == [22, None, None, pytest.approx(8 / 12, abs=1e-6), None]
    assert [age.years for age in ages_of(path, rule="document")] == [22, None, None, None, None]
    middle = ages_of(path, **{"from": "midpoint"})
    assert (middle[2].years, middle[2].months, middle[2].reason) == (55, 660, "range")
    assert middle[4].years is None
    by_column = ages_of(path, column="months", unit="months")
    assert [age.years for age in by_column] == [0.5, 2, None, None, 100]
    assert [age.reason for age in by_column] == [None, None, "no_stage", "not_a_number", None]
    texts = ages_of(path, column="text")
    assert [(age.years, age.reason) for age in texts[:2]] == [(6, None), (None, "not_a_number")]


def test_midpoints_keep_cells_that_are_required_to_have_an_age(cell_fixtures: Path, tmp_path: Path) -> None:
    path = cell_fixtures / "input" / "human_csr.h5ad"
    build(section(path, age={"from": "midpoint"}), tmp_path)
    found = cells_of(tmp_path, "human_csr")
    assert len(found) == 110 + 60
    assert Counter(found["age_reason"].to_pylist()) == {None: 110, "range": 60}


# genes


def test_symbols_of_hgnc_and_of_others(tmp_path: Path) -> None:
    own = tmp_path / "own.tsv"
    own.write_text("gene_id\tgene_name\nENSG00000141510.18\tp53\nENSG00000000003\t\n")
    table = Cells.model_validate({"datasets": [{"url": "https://x.org/a.h5ad"}], "genes": {"table": own}}).genes
    assert table.table == own
    genes = name_genes(["ENSG00000141510.3", "ENSG00000000003", "gene 1", ""], [hgnc()])
    assert [(gene.symbol, gene.source, gene.reason) for gene in genes] == [
        ("TP53", "hgnc", None),
        ("TSPAN6", "hgnc", None),
        (None, None, "whitespace"),
        (None, None, "empty"),
    ]
    assert [genes[0].ensembl_id, genes[2].ensembl_id] == ["ENSG00000141510", None]


def test_a_table_of_the_users_replaces_hgnc(cell_fixtures: Path, tmp_path: Path) -> None:
    path = cell_fixtures / "input" / "gene_names.h5ad"
    own = tmp_path / "own.csv"
    own.write_text("id,name,symbol\nENSG00000141510,tumor protein,p53\n")
    build(section(path, genes={"table": own, "id": "id"}), tmp_path / "root")
    rows = pq.read_table(tmp_path / "root" / "cells" / "genes" / "gene_names.parquet").to_pylist()
    by_id = {row["ensembl_id"]: row for row in rows}
    assert (by_id["ENSG00000141510"]["symbol"], by_id["ENSG00000141510"]["source"]) == ("p53", "table")
    assert by_id["ENSG00000121410"]["source"] == "feature_name"
    with pytest.raises(DatasetError, match=r"own\.csv: no column for ids; found id, name, symbol; expected 'gene'"):
        build(section(path, genes={"table": own, "id": "gene"}), tmp_path / "wrong")


def test_ids_in_a_column_of_var(tmp_path: Path) -> None:
    var = {"gene_ids": ["ENSG00000141510.1", "ENSG00000999999", "ENSG00000143420"]}
    path = write_h5ad(tmp_path / "x.h5ad", np.array([[3, 2, 1]]), genes=["OLD", "MINE", "X"], var=var)
    rules = {"age": {"required": False}, "split": "none"}
    build(section(path, **rules), tmp_path / "plain")
    build(section(path, **rules, genes={"id": "gene_ids"}), tmp_path / "mapped")
    assert cells_of(tmp_path / "plain", "x")["cell_sentence"].to_pylist() == ["OLD MINE X"]
    assert cells_of(tmp_path / "mapped", "x")["cell_sentence"].to_pylist() == ["TP53 MINE ENSA"]
    with pytest.raises(DatasetError, match="the genes of X have no column 'ids', which the catalogue gives as"):
        build(section(path, **rules, genes={"id": "ids"}), tmp_path / "wrong")


# donors and split


def test_donors_without_a_name_are_nobody() -> None:
    named = ["D1", "unknown", "NA", "nan", "pooled", "", None, "D2", "Pool 7"]
    assert donors.donors_of(pa.array(named)).to_pylist() == ["D1", *[None] * 6, "D2", "Pool 7"]


@given(st.integers(2, 200), st.integers(0, 5), st.floats(0.01, 0.5))
def test_the_share_is_exact_and_ages_are_spread(units: int, seed: int, share: float) -> None:
    names = [f"D{number}" for number in range(units)]
    years = np.arange(units) // 3 * 1.0
    rules = CellSplit(test=share, seed=seed)
    test = donors.held_out(names, years, "scope", rules)
    wanted = max(1, int(share * units + 0.5))
    assert test.sum() == wanted
    order = np.random.default_rng(seed).permutation(units)
    shuffled = donors.held_out([names[place] for place in order], years[order], "scope", rules)
    assert {names[place] for place in order[shuffled]} == {names[place] for place in np.flatnonzero(test)}
    # One of each stretch of units / wanted in the order of age, so gaps are less than two stretches.
    places = np.sort(np.flatnonzero(test)) // 3 * 3
    assert (np.diff([0, *places, units]) <= 2 * units / wanted + 3).all()


def test_by_hash_nobody_moves() -> None:
    rules = CellSplit(test=0.3, method="hash")
    names = [f"D{number}" for number in range(500)]
    some, more = (donors.held_out(names[:n], np.zeros(n), "scope", rules) for n in (100, 500))
    assert (some == more[:100]).all()
    assert 0.2 < more.mean() < 0.4


def test_no_donor_is_on_both_sides_of_a_collection(built: dict[str, Path]) -> None:
    both = pa.concat_tables([cells_of(built[A], one).select(["donor", "split"]) for one in (A, B)])
    sides: dict[str, set[str]] = {}
    for row in both.to_pylist():
        sides.setdefault(row["donor"], set()).add(row["split"])
    assert all(len(side) == 1 for side in sides.values())
    assert len(set(cells_of(built[A], A)["donor"].to_pylist()) & set(cells_of(built[A], B)["donor"].to_pylist())) > 0


def test_by_dataset_each_is_split_alone(cell_fixtures: Path, tmp_path: Path) -> None:
    files = [cell_fixtures / "input" / f"{one}.h5ad" for one in (A, B)]
    build(section(*files, split={"scope": "dataset"}), tmp_path)
    table = pq.read_table(tmp_path / "cells" / "donors.parquet").to_pylist()
    assert {(row["dataset"], row["scope"]) for row in table} == {(A, A), (B, B)}


def test_primary_cells_only(cell_fixtures: Path, tmp_path: Path) -> None:
    files = [cell_fixtures / "input" / f"{one}.h5ad" for one in (A, B, "mouse")]
    outcomes = build(section(*files, primary_only=True), tmp_path)
    with open_h5ad(files[0]) as file:
        primary = sum(file.obs.column("is_primary_data").to_pylist())
    assert len(cells_of(tmp_path, A)) == primary
    assert not (tmp_path / "cells" / B).exists() or not list((tmp_path / "cells" / B).rglob("chunk_*"))
    dropped = {(row["dataset"], row["reason"]): row["cells"] for row in table_of(tmp_path, "dropped")}
    assert dropped == {(B, "not_primary"): 40}
    assert primary == 90
    assert "obs has no column 'is_primary_data'" in str(outcomes["mouse"].error)


# publications


def test_both_shapes_of_the_api(cell_fixtures: Path) -> None:
    told = json.loads((cell_fixtures / "publications_expected.json").read_text())
    for shape in ("curation", "dp"):
        text = (cell_fixtures / f"collections_{shape}_v1.json").read_text()
        found = read_collections(text, "x")
        assert [vars(one) for one in found] == told["publications"]
        table = PublicationTable.of(found)
        for lookup in told["lookups"][:3]:
            assert table.find(Path(lookup["file"]).stem, None).dataset_id == lookup["matches"]


def test_parts_of_an_answer_are_errors(cell_fixtures: Path) -> None:
    whole = json.loads((cell_fixtures / "collections_dp_v1.json").read_text())
    without = json.dumps({**whole, "details": whole["details"][:-1]})
    with pytest.raises(DatasetError, match="1 of 5 collections have no details"):
        read_collections(without, "dp.json")
    new = (cell_fixtures / "collections_curation_v1.json").read_text()
    for text in (new[:-100], "{}", '[{"collection_id": "x"}]', "<html>"):
        with pytest.raises(DatasetError, match="x: not the whole of CELLxGENE Discover's collections"):
            read_collections(text, "x")


def test_publications_of_chunks(cell_fixtures: Path, tmp_path: Path, built: dict[str, Path]) -> None:
    alone = cells_of(built[A], A).to_pylist()[0]  # by its own citation
    collection = "00000000-aaaa-4aaa-8aaa-000000000001"
    assert (alone["collection_id"], alone["publication_doi"]) == (collection, "10.1000/made.0001")
    assert (alone["dataset_id"], alone["publication_title"]) == (A, None)
    table = cell_fixtures / "collections_curation_v1.json"
    build(section(cell_fixtures / "input" / f"{A}.h5ad", publications={"path": table}), tmp_path / "all")
    told = cells_of(tmp_path / "all", A).to_pylist()[0]
    assert (told["publication_title"], told["publication_contact_name"]) == ("Made atlas of two datasets", "Contact 1")
    quiet = {"path": table, "contacts": False}
    build(section(cell_fixtures / "input" / f"{A}.h5ad", publications=quiet), tmp_path / "quiet")
    told = cells_of(tmp_path / "quiet", A).to_pylist()[0]
    assert (told["publication_title"], told["publication_contact_email"]) == ("Made atlas of two datasets", None)


def test_citations() -> None:
    assert cited(None) == cited("no such words")
    found = cited("Publication: https://doi.org/10.1/x Dataset Version: https://y/z.h5ad")
    assert (found.publication_doi, found.dataset_version_id) == (None, None)


def test_refreshing(cell_fixtures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENATATOR_CACHE", str(tmp_path / "cache"))
    whole = (cell_fixtures / "collections_curation_v1.json").read_bytes()
    day, root = date(2026, 11, 28), tmp_path / "root"
    with web_server() as web:
        rules = Publications(url=web.url("/collections"), refresh_days=30)

        def refreshed(after: int) -> tuple[str, int, str | None]:
            task = PublicationsTask.of(root, rules, day + timedelta(after))
            (outcome,) = build_publications([task])
            manifest = task.units["publications"].finished()
            if manifest is None:
                return outcome.status, -1, outcome.error
            rows = len(pq.read_table(root / "cells" / "publications.parquet"))
            return outcome.status, rows, manifest.facts["warning"]

        status, _, error = refreshed(0)  # there is no such page yet
        assert (status, "404" in str(error)) == ("failed", True)
        web.files["/collections"] = whole
        assert refreshed(0) == ("built", 5, None)
        web.files["/collections"] = b"[]"
        assert refreshed(29) == ("intact", 5, None)
        web.files["/collections"] = b"[{}]"
        status, rows, warning = refreshed(30)
        assert (status, rows) == ("built", 5)
        assert "could not be refreshed and stays as it was" in str(warning)
        assert refreshed(30)[0] == "intact"  # it is asked again the next day
        del web.files["/collections"]
        assert "could not be refreshed" in str(refreshed(31)[2])
        web.files["/collections"] = b"[]"
        assert refreshed(32) == ("built", 0, None)


# the section


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({}, "expected one of 'path', 'glob' and 'url'"),
        ({"url": "https://x.org/genes.h5ad"}, "'genes' can't name a dataset: what has that name holds tables"),
        ({"url": "https://x.org/a b.h5ad"}, "can't be fetched"),
        ({"url": "https://x.org/a.h5ad", "matrix": "counts"}, "expected X, raw or layers/<name>"),
        ({"glob": "/nowhere/*.h5ad", "name": "x"}, "many files can't have one name"),
        ({"glob": "/nowhere/*.h5ad"}, "no file matches /nowhere"),
    ],
)
def test_wrong_entries(entry: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Cells.model_validate({"datasets": [entry]})


def test_names_that_clash_and_patterns(cell_fixtures: Path, tmp_path: Path) -> None:
    for name in ("b.h5ad", "a.h5ad"):
        shutil.copy(cell_fixtures / "input" / "mouse.h5ad", tmp_path / name)
    cells = Cells.model_validate({"datasets": [{"glob": "*.h5ad"}]}, context={"folder": tmp_path, "origin": "x"})
    assert [file.name for file in cells.files()] == ["a", "b"]
    with pytest.raises(ValidationError, match="datasets of the same name: a; give each a 'name' of its own"):
        section(tmp_path / "a.h5ad", tmp_path / "sub" / "a.h5ad")
    assert Cells.model_validate({"datasets": [{"path": tmp_path / "a.h5ad"}], "split": False}).split == "none"


# readers of others


def test_the_documents_own_snippet(built: dict[str, Path]) -> None:
    local_dir, dataset_name = built["many_donors"] / "cells", "many_donors"
    train_df = pl.scan_parquet(str(local_dir / dataset_name / "train" / "chunk_*.parquet")).collect()
    test_df = pl.scan_parquet(str(local_dir / dataset_name / "test" / "chunk_*.parquet")).collect()
    assert {"cell_sentence", "age"} <= set(train_df.columns)
    assert (len(train_df), len(test_df)) == (2_861, 139)
    assert train_df["age"].null_count() == 0


def test_row_groups_and_provenance(built: dict[str, Path]) -> None:
    path = built["many_donors"] / "cells" / "many_donors" / "train" / "chunk_0000.parquet"
    metadata = pq.read_metadata(path)
    assert [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)] == [2_048, 813]
    told = {
        key.decode(): json.loads(value)
        for key, value in metadata.metadata.items()
        if b"inputs" in key or b"parameters" in key
    }
    assert set(told["genatator_assets.inputs"]) == {"source", "plan", "genes"}
    assert told["genatator_assets.parameters"]["sentence"]["top_genes"] == 2_000


def test_leaks_are_asked_for_where_no_dataset_has_observation_joinid(built: dict[str, Path]) -> None:
    with connect(built["many_donors"]) as connection:
        columns = [row[0] for row in ask(connection, "select column_name from (describe cells)").rows]
        assert "observation_joinid" not in columns
        assert ask(connection, "select count(*) from leaks()").rows == ((0,),)
        for name in check_names("cells"):
            assert run_check(connection, name).passed, name


# steps: as tests/test_steps.py says, a hash that no longer holds means that the step's number has to be raised

GOLDEN = {
    "plans/human_csr.parquet": (survey.STEP, "ee58312eae4b17beb738cf69f45ba8b0993b0a9da6866eb2132c4f8433b45a91"),
    "genes/human_csr.parquet": (symbols.STEP, "3802303fda9798b50bbb20a3eab5746b64dca819170f943649c382fe4c063118"),
    "publications.parquet": (publications.STEP, "953fb6700892db0fc4af3652061059a1c54fc354ea533435d17e8ebd25721abe"),
    "donors.parquet": (split.STEP, "2379100ee7b03d79ec255cba328380675dc3e650c7d2d12e47400cf91324d680"),
    "human_csr/train/chunk_0000.parquet": (
        recipe.STEP,
        "9c87bbcf0616cc859ce40f2d33e2628d67f643ef67a2eb0e9322a64aabc7384e",
    ),
    "preview/train.parquet": (gather.STEP, "4ff86d543c93decce021f2c7c949f8de856600f1f3ab5736e10b6904124363da"),
    "vocabulary.parquet": (gather.STEP, "e033b415423a7a8c5f8543f5f109443db6a061a8ecfdec6caf80d86ee5f0e08c"),
}


@pytest.mark.parametrize("path", GOLDEN)
def test_a_step_makes_the_bytes_that_it_made(built: dict[str, Path], path: str) -> None:
    step, expected = GOLDEN[path]
    found = hashlib.sha256((built["human_csr"] / "cells" / path).read_bytes()).hexdigest()
    assert found == expected, f"{path} has other bytes than step {step.name} {step.number} made: raise STEP"
