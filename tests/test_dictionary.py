"""The data dictionary: every view, column and macro says what it is, in DuckDB, in the prompt and on the pages."""

import re
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from built import Dataset, copy_of
from click.testing import CliRunner

from genatator_assets.cells import gather, genes, publications
from genatator_assets.cells import split as cell_split
from genatator_assets.cli import main
from genatator_assets.evaluation import mistakes, scores
from genatator_assets.gene_finding.channel_sets import statistics as channel_statistics
from genatator_assets.intervals import tables
from genatator_assets.leakage import report
from genatator_assets.query.catalog import catalog_of
from genatator_assets.query.connect import connect
from genatator_assets.query.definitions import definitions
from genatator_assets.query.dictionary import add_comments, page
from genatator_assets.segmentation import genome as segmentation
from genatator_assets.segmentation import rows
from genatator_assets.signals import columns, statistics, terms, windows
from genatator_assets.tracks import store, track_file

DOCS = Path(__file__).resolve().parents[1] / "docs"
CHUNK = pa.schema(
    [
        *((name, pa.string()) for name in ("cell_id", "cell_sentence", "cell_sentence_markers")),
        ("n_genes", pa.int32()),
        *((name, pa.float64()) for name in ("age", "age_months", "age_low", "age_high")),
        *((name, pa.string()) for name in ("age_reason", "donor", "split", "tissue")),
        *publications.SCHEMA,
    ]
)
TABLES = {
    "channel_sets/splice/one/chr1.parquet": store.SCHEMA,
    "dataset/statistics/channel_sets.parquet": channel_statistics.SCHEMA,
    "cells/one/train/chunk_00000.parquet": CHUNK,
    "cells/chunks.parquet": gather.CHUNKS,
    "cells/donors.parquet": cell_split.SCHEMA,
    "cells/dropped.parquet": gather.DROPPED,
    "cells/genes/one.parquet": genes.SCHEMA,
    "cells/publications.parquet": publications.SCHEMA,
    "cells/rank_fits.parquet": gather.FITS,
    "cells/summary.parquet": gather.SUMMARY,
    "cells/vocabulary.parquet": gather.VOCABULARY,
    "dataset/statistics/leakage.parquet": report.STATISTICS_SCHEMA,
    "dataset/statistics/track_counts.parquet": statistics.COUNTS,
    "dataset/statistics/tracks.parquet": statistics.SCHEMA,
    "dataset/terms.parquet": terms.SCHEMA,
    "dataset/track_rejects.parquet": columns.REJECTS,
    "dataset/tracks.parquet": columns.SCHEMA,
    "dataset/window_sets.parquet": windows.SETS,
    "evaluation/one/matches.parquet": mistakes.MATCHES_SCHEMA,
    "evaluation/one/scores.parquet": scores.SCHEMA,
    "intervals/one/regions.parquet": tables.REGIONS_SCHEMA,
    "intervals/one/sources.parquet": tables.SOURCES_SCHEMA,
    "leakage/blocks.parquet": report.BLOCKS_SCHEMA,
    "leakage/genes.parquet": report.GENES_SCHEMA,
    "leakage/windows.parquet": report.WINDOWS_SCHEMA,
    "segmentation/default/train/one-00000.parquet": rows.ROWS_SCHEMA,
    "segmentation/genomes/one.parquet": segmentation.TRANSCRIPTS_SCHEMA,
    "tracks/one/two/chr1.parquet": track_file.SCHEMA,
    "windows/one/windows.parquet": windows.SCHEMA,
}
"""Of the parts that the small dataset does not have: empty files with the columns that each part writes."""


@pytest.fixture(scope="module")
def root(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset with files of all parts, so that it has all views and macros."""
    root = copy_of(dataset, tmp_path_factory.mktemp("dictionary") / "root")
    for path, schema in TABLES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(schema.empty_table(), root / path)
    return root


def uncommented(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, ...]]:
    return connection.execute("""
        select view_name, null as "column" from duckdb_views() where not internal and comment is null
        union all
        select table_name, column_name from duckdb_columns() where not internal and comment is null
        union all
        select function_name, '()' from duckdb_functions()
        where function_type in ('macro', 'table_macro') and not internal and comment is null""").fetchall()


def names_of(connection: duckdb.DuckDBPyConnection) -> set[str]:
    found = connection.execute("""
        select view_name from duckdb_views() where not internal
        union all
        select function_name from duckdb_functions() where not internal""").fetchall()
    return {name for (name,) in found}


def test_every_view_column_and_macro_of_all_parts_has_a_comment(root):
    with connect(root) as connection:
        assert names_of(connection) == set(definitions())
        assert uncommented(connection) != []
        add_comments(connection)
        assert uncommented(connection) == []


def test_the_catalog_comments_them_too_but_for_columns_that_nobody_knows_beforehand(root, monkeypatch):
    monkeypatch.chdir(root)
    connection = duckdb.connect()
    connection.execute(catalog_of(root))
    assert names_of(connection) == set(definitions())
    assert set(uncommented(connection)) == {("cells", "tissue"), ("cells", "cell_sentence_markers")}


def test_no_column_is_told_of_that_a_view_does_not_have(root):
    with connect(root) as connection:
        there = set(
            connection.execute("select table_name, column_name from duckdb_columns() where not internal").fetchall()
        )
    told = {(one.name, column) for one in definitions().values() for column in one.columns if column != "*"}
    assert told - there == set()


def test_catalog_can_be_cut_at_its_semicolons(root, monkeypatch):
    monkeypatch.chdir(root)
    connection = duckdb.connect()
    for statement in catalog_of(root).split(";"):
        if statement.strip():
            connection.execute(statement)
    assert names_of(connection) == set(definitions())


def asked(root: Path, question: str | None, typed: str = "") -> str:
    arguments = ["sql", "--root", str(root), "--format", "csv", *([question] if question else [])]
    done = CliRunner().invoke(main, arguments, input=typed)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("question", ["describe channels", 'DESC "channels" ;', "help Channels"])
def test_describe_says_what_columns_are(root, question):
    assert asked(root, question).splitlines() == [
        "column_name,column_type,comment",
        'channel_index,INTEGER,"the channel\'s place in the targets, counted from 0"',
        "channel,VARCHAR,the channel's name",
        "group,VARCHAR,combined (all selected transcripts) or mrna",
        'kind,VARCHAR,"tss, polya or intragenic"',
        "strand,VARCHAR,+ or -",
    ]


def test_describe_tells_of_a_macro(root):
    assert asked(root, "describe leaked").splitlines() == [
        "name,comment",
        "leaked(threshold),The judged windows of which at least this share of k-mers occurs in train.",
    ]


def test_describe_of_something_else_is_duckdb_s_own(root):
    lines = asked(root, None, "create temp table mine as select 1 as b;\ndescribe mine;\n").splitlines()
    assert lines[-1] == "b,INTEGER,YES,,,"


def test_help_and_tables_need_no_semicolon(root):
    told = asked(root, None, "help\n")
    assert '\nchannels,"A row per channel, in the order of the targets."\n' in told
    assert "leaked(threshold)" in told
    tables_told = asked(root, None, ".tables\nselect 7 as seven;\n")
    assert "\nchannels," in tables_told
    assert "leaked(threshold)" not in tables_told
    assert tables_told.endswith("seven\n7\n")


# --- The pages ---


def plain(cell: str) -> str:
    without_links = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", cell)
    return without_links.replace("`", "").strip()


def cells_of(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table.splitlines()]


def test_the_page_of_the_dictionary_is_made_of_it():
    assert (DOCS / "dictionary.md").read_text() == page()


FILES = {
    "targets/<genome>/<chrom>.parquet": "segments",
    "assemblies/<genome>/chromosomes.parquet": "chromosomes",
    "annotation/<genome>/transcripts.parquet": "transcripts",
    "annotation/<genome>/exons.parquet": "exons",
    "dataset/blocks.parquet": "blocks",
    "dataset/statistics/split_overview.parquet": "split_overview",
    "dataset/statistics/dna_alphabet.parquet": "dna_alphabet",
    "dataset/statistics/target_sums.parquet": "target_sums",
    "dataset/statistics/species_coverage.parquet": "species_coverage",
    "dataset/statistics/transcript_reasons.parquet": "transcript_reasons",
}
RENAMED = {
    ("split_overview", "species"): "n_species",
    ("target_sums", "channel"): "channel_index",
    ("target_sums", "target"): "channel",
}


@pytest.mark.parametrize(("file", "view"), FILES.items())
def test_the_page_of_the_format_says_the_same_of_columns(file, view):
    after = (DOCS / "format.md").read_text().split(f"# `{file}`\n")[1]
    table = re.search(r"\| column \| type \| \|\n[|\- ]+\n((?:\|.*\n)+)", after)[1]
    told = definitions()[view].columns
    for column, _, text in cells_of(table):
        name = plain(column)
        assert plain(text) == told[RENAMED.get((view, name), name)], name


def test_the_page_of_sql_says_the_same_of_views_and_macros():
    told = {}
    for table in re.findall(r"\| (?:view|macro) \| \|\n[|\- ]+\n((?:\|.*\n)+)", (DOCS / "sql.md").read_text()):
        told |= {plain(name): text.replace("\\|", "|") for name, text in cells_of(table)}
    known = {
        f"{name}({one.parameters})" if one.parameters is not None else name: one.told
        for name, one in definitions().items()
    }
    assert told == known
