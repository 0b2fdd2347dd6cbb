"""The SQL that people are told of: every example of docs/sql.md, the macros, and the file that goes with a dataset."""

import hashlib
import re
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from blockfiles import Block, blocks_of
from built import BLOCKS, Dataset, copy_of
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from genatator_assets.cli import main
from genatator_assets.errors import QueryError
from genatator_assets.query.catalog import catalog_with_root, write_catalog
from genatator_assets.query.connect import ask, connect
from genatator_assets.query.definitions import definitions, holds
from genatator_assets.work.files import path_name
from genatator_assets.work.layout import Layout

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "sql.md").read_text()
WITH_OURS, REST = PAGE.split("## Two datasets")
OF_TWO, WITHOUT = REST.split("## Without any of this")
EXAMPLE = re.compile(r"```sql\n(.*?)```\n\n((?:\|[^\n]*\n)+)", re.DOTALL)
GENOME, CHROM = "sim-gencode", "chr1"
OF_SETS = {"channel_statistics", "set_channels", "set_runs", "set_segments"}
HERE = {  # the demo has no others
    name: one for name, one in definitions().items() if one.part in {"", "gene_finding"} and name not in OF_SETS
}

Rows = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def blocks(dataset: Dataset) -> list[Block]:
    """The blocks of the human chr1, read by pyarrow."""
    return blocks_of(dataset.root, GENOME)[CHROM]


def answer(root: Path, question: str) -> Rows:
    with connect(root) as connection:
        return list(ask(connection, question).rows)


def by_duckdb_alone(root: Path | None = None) -> duckdb.DuckDBPyConnection:
    """DuckDB as somebody has it who has only the dataset; without a root, in the folder that this process is in."""
    connection = duckdb.connect()
    if root is not None:
        connection.execute("set variable root = ?", [str(root)])
    connection.execute(((root or Path()) / "dataset/catalog.sql").read_text())
    return connection


# --- docs/sql.md ---


def markdown(columns: list[str], rows: Rows) -> str:
    lines = [columns, ["---"] * len(columns), *([str(cell) for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def asked(connection: duckdb.DuckDBPyConnection, question: str) -> str:
    result = connection.execute(question)
    return markdown([column[0] for column in result.description], result.fetchall())


def test_every_example_has_its_answer_beside_it():
    assert len(EXAMPLE.findall(PAGE)) == PAGE.count("```sql\n") >= 20


@pytest.mark.parametrize(("question", "told"), EXAMPLE.findall(WITH_OURS))
def test_example_gives_what_the_page_says(demo, monkeypatch, question, told):
    root = demo / "demo-data"
    with connect(root) as connection:
        found = ask(connection, question)
    assert markdown(list(found.columns), list(found.rows)) == told
    monkeypatch.chdir(root)
    assert asked(by_duckdb_alone(), question) == told


@pytest.mark.parametrize(("question", "told"), EXAMPLE.findall(WITHOUT))
def test_example_needs_nothing_of_ours(demo, monkeypatch, question, told):
    monkeypatch.chdir(demo / "demo-data")
    assert asked(duckdb.connect(), question) == told


@pytest.fixture(scope="module")
def both(demo, dataset, tmp_path_factory) -> Path:
    """A saved database with the views of the demo dataset and of the small one."""
    folder = tmp_path_factory.mktemp("both")
    for name, root in (("demo", demo / "demo-data"), ("small", dataset.root)):
        command = ["sql", "--root", str(root), "--catalog", "--schema", name, "-o", str(folder / f"{name}.sql")]
        done = CliRunner().invoke(main, command)
        assert done.exit_code == 0, done.output
    with duckdb.connect(folder / "both.duckdb") as connection:
        for name in ("demo", "small"):
            for statement in (folder / f"{name}.sql").read_text().split(";"):  # as some programs take files apart
                if statement.strip():
                    connection.execute(statement)
    return folder / "both.duckdb"


@pytest.mark.parametrize(("question", "told"), EXAMPLE.findall(OF_TWO))
def test_two_datasets_stand_side_by_side_in_a_saved_database(both, tmp_path, monkeypatch, question, told):
    monkeypatch.chdir(tmp_path)
    with duckdb.connect(both, read_only=True) as connection:
        assert asked(connection, question) == told


def test_every_view_and_macro_of_two_datasets_takes_what_it_needs_from_its_own(demo, dataset, both):
    with duckdb.connect(both, read_only=True) as connection:
        for name, root in (("demo", demo / "demo-data"), ("small", dataset.root)):
            with connect(root) as own:
                for view in (one.name for one in HERE.values() if one.parameters is None):
                    question = f'select count(*), bit_xor(hash(row_::varchar)) from {{}}"{view}" row_'
                    expected = own.execute(question.format("")).fetchall()
                    assert connection.execute(question.format(f"{name}.")).fetchall() == expected, view


def test_what_a_definition_needs_is_found_where_it_is_qualified():
    for one in definitions().values():
        statement = one.in_schema("other").statement
        for need in one.names:
            if (one.name, need) != ("output_types", "tracks"):  # it is there if tracks are, and asks for none of them
                assert f'"other".{need}' in statement, (one.name, need)


@pytest.mark.parametrize(
    "arguments", [["--schema", "a"], ["--catalog", "select 1"], ["--catalog", "--schema", "a", "select 1"]]
)
def test_catalog_goes_without_a_question_and_a_schema_with_it(dataset, arguments):
    done = CliRunner().invoke(main, ["sql", "--root", str(dataset.root), *arguments])
    assert done.exit_code == 2
    assert "--catalog takes no QUESTION" in done.output


def test_catalog_with_a_root_that_holds_nothing_is_refused(tmp_path):
    done = CliRunner().invoke(main, ["sql", "--root", str(tmp_path), "--catalog"])
    assert done.exit_code == 2
    assert "holds no dataset" in done.output


@pytest.mark.parametrize("name", ["it's", 'a "quoted" one', "a;b"])
def test_catalog_with_a_root_of_any_name(dataset, tmp_path, name):
    root = copy_of(dataset, tmp_path / name)
    connection = duckdb.connect()
    connection.execute(catalog_with_root(root, 'my "schema"'))
    assert connection.execute('select count(*) from "my ""schema""".blocks').fetchall() == answer(
        dataset.root, "select count(*) from blocks"
    )


def test_the_python_of_the_page_runs(demo, monkeypatch, capsys):
    monkeypatch.chdir(demo)
    exec(re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1], {})
    assert "34" in capsys.readouterr().out  # blocks of the demo: 5 + 3 + 3 + 2 + 2 of 500,000 in GENCODE's, 11, 8


def test_every_view_and_macro_is_on_the_page():
    for name in set(definitions()) - {"root", "glob_root", "path_name", "block_files"}:
        assert f"`{name}`" in PAGE or f"`{name}(" in PAGE, name


# --- Macros: what they give is what pyarrow reads from the blocks ---

INTERVALS = [(0, 60_000), (59_990, 60_010), (2_400, 3_000), (119_999, 120_001), (200_000, 204_083), (5, 5)]


@pytest.mark.parametrize(("start", "end"), INTERVALS)
def test_targets_of_an_interval_are_those_of_the_blocks(dataset, blocks, start, end):
    whole = np.concatenate([block.targets for block in blocks])
    names = ", ".join(f'"{name}"' for name in blocks[0].metadata["target_names"])
    rows = answer(dataset.root, f"select position, {names} from targets('{GENOME}', '{CHROM}', {start}, {end})")
    assert [row[0] for row in rows] == list(range(start, end))
    found = np.array([row[1:] for row in rows], np.float32).reshape(-1, 12)
    np.testing.assert_array_equal(found, whole[start:end])


@pytest.mark.parametrize(("start", "end"), INTERVALS)
def test_runs_of_an_interval_are_cut_to_it_and_make_its_targets(dataset, blocks, start, end):
    whole = np.concatenate([block.targets for block in blocks])
    names = blocks[0].metadata["target_names"]
    found = np.zeros((end - start, 12), np.float32)
    for channel, run_start, run_end, value in answer(
        dataset.root, f"from target_runs('{GENOME}', '{CHROM}', {start}, {end})"
    ):
        assert start <= run_start < run_end <= end
        assert value > 0
        found[run_start - start : run_end - start, names.index(channel)] += np.float32(value)
    np.testing.assert_array_equal(found, whole[start:end])


# --- Where an interval is ---

TABLES = ["blocks_overlapping", "transcripts_around", "overlapping_genes", "target_runs", "targets"]
FROM_TABLES = [f"from {name}" for name in TABLES]


@pytest.mark.parametrize("asked_for", [*FROM_TABLES, "select dna", "select dna_of", "select place"])
@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("'sim-gencode', 'chr99', 0, 1", "no sequence of a genome 'sim-gencode' is called 'chr99'"),
        ("'x', 'chr1', 0, 1", "no sequence of a genome 'x'|No files found"),
        ("'sim-gencode', 'chr1', 6, 5", r"\[6, 5\) of chr1 is reversed"),
        ("'sim-gencode', 'chr1', -1, 5", r"\[-1, 5\) leaves chr1 of sim-gencode, which is \[0, 204083\)"),
        ("'sim-gencode', 'chr1', 0, 204_084", r"\[0, 204084\) leaves chr1"),
    ],
)
def test_an_interval_that_is_none_is_an_error(dataset, asked_for, where, told):
    with pytest.raises(QueryError, match=told):
        answer(dataset.root, f"{asked_for}({where})")


@pytest.mark.parametrize("asked_for", [*FROM_TABLES, "select dna", "select dna_of"])
def test_a_chromosome_goes_by_its_aliases(dataset, asked_for):
    by_name = answer(dataset.root, f"{asked_for}('sim-gencode', 'chr1', 100_000, 100_100)")
    assert answer(dataset.root, f"{asked_for}('sim-gencode', '1', 100_000, 100_100)") == by_name


@pytest.mark.parametrize("name", ["segments_of", "soft_masked_of"])
def test_a_whole_chromosome_goes_by_its_aliases_and_must_be_there(dataset, name):
    rows = answer(dataset.root, f"from {name}('sim-gencode', 'chr1')")
    assert rows
    assert answer(dataset.root, f"from {name}('sim-gencode', '1')") == rows
    with pytest.raises(QueryError, match="called 'chr99'"):
        answer(dataset.root, f"from {name}('sim-gencode', 'chr99')")


def test_what_is_left_out_of_the_dataset_has_no_dna_and_no_targets(dataset):
    ((chrom, length),) = answer(
        dataset.root, "select chrom, length from chromosomes where genome = 'sim-gencode' and not included limit 1"
    )
    for asked_for in ("select dna", "from targets", "from blocks_overlapping"):
        with pytest.raises(QueryError, match=f"{chrom} of sim-gencode is left out of the dataset: too_short"):
            answer(dataset.root, f"{asked_for}('sim-gencode', '{chrom}', 0, {length})")
    assert answer(dataset.root, f"from transcripts_around('sim-gencode', '{chrom}', 0, {length})")


@pytest.mark.parametrize(("start", "end"), [*INTERVALS, (0, 204_083), (60_000, 120_000), (204_000, 204_083)])
def test_dna_of_an_interval_is_that_of_the_blocks(dataset, blocks, start, end):
    whole = "".join(block.dna for block in blocks)
    ((dna,),) = answer(dataset.root, f"select dna('{GENOME}', '{CHROM}', {start}, {end})")
    assert dna == whole[start:end]


def test_dna_of_columns_is_that_of_the_blocks(dataset, blocks):
    whole = "".join(block.dna for block in blocks)
    question = f"""select start, "end", dna_of(genome, chrom, start, "end") from transcripts
        where selected and genome = '{GENOME}' and chrom = '{CHROM}'"""
    rows = answer(dataset.root, question)
    assert any(start < 60_000 < end for start, end, _ in rows)  # across two blocks
    assert all(dna == whole[start:end] for start, end, dna in rows)


def test_reverse_complement(dataset):
    assert answer(dataset.root, "select reverse_complement('AACGTNNt')") == [("aNNACGTT",)]


def test_dna_of_rows_is_told_where_literals_are_expected(dataset):
    with pytest.raises(QueryError, match="for the DNA over columns use dna_of"):
        answer(dataset.root, 'select dna(genome, chrom, start, "end") from transcripts')


def test_dna_of_a_whole_chromosome_needs_no_interval(dataset, blocks):
    ((dna,),) = answer(dataset.root, f"select dna('{GENOME}', '{CHROM}')")
    assert dna == "".join(block.dna for block in blocks)


@pytest.mark.parametrize(
    ("start", "end", "starts"),
    [(0, 1, [0]), (59_999, 60_000, [0]), (60_000, 60_001, [60_000]), (59_999, 120_001, [0, 60_000, 120_000])],
)
def test_blocks_overlapping_an_interval(dataset, start, end, starts):
    found = answer(dataset.root, f"select start from blocks_overlapping('{GENOME}', '{CHROM}', {start}, {end})")
    assert found == [(start,) for start in starts]


def test_transcripts_around_a_locus_are_selected_and_rejected_ones(dataset):
    everything = answer(
        dataset.root,
        f"""select transcript_id, reason from transcripts where genome = '{GENOME}' and chrom = '{CHROM}'
        and "end" > 30_000 and start < 100_000""",
    )
    found = answer(
        dataset.root, f"select transcript_id, reason from transcripts_around('{GENOME}', '{CHROM}', 30_000, 100_000)"
    )
    assert sorted(found) == sorted(everything)
    assert {reason for _, reason in found} == {"selected", "other_type"}


def test_sites_are_where_the_peaks_are_one(dataset, blocks):
    whole = np.concatenate([block.targets for block in blocks])
    for channel, name in enumerate(blocks[0].metadata["target_names"]):
        if "intragenic" in name:
            continue
        sites = answer(
            dataset.root,
            f"""select position from sites
            where genome = '{GENOME}' and chrom = '{CHROM}' and channel = '{name}' order by position""",
        )
        assert [position for (position,) in sites] == np.flatnonzero(whole[:, channel] == 1).tolist()


def test_sites_say_whose_they_are(dataset):
    rows = answer(
        dataset.root,
        """select s.position, s.kind, s.strand, s."group", t.transcript_id, t.gene_id, t.start, t."end"
        from (select *, unnest(transcripts) as transcript_id from sites) s
        join transcripts t using (genome, chrom, transcript_id)
        where genome = 'sim-gencode' and t.selected and list_contains(s.genes, t.gene_id)""",
    )
    for position, kind, strand, _, _, _, start, end in rows:
        assert position == (start if (kind == "tss") == (strand == "+") else end - 1)
    selected = answer(
        dataset.root, "select type, count(*) from transcripts where genome = 'sim-gencode' and selected group by type"
    )
    counts = dict(selected)
    assert len(rows) == 2 * (counts["mRNA"] + counts["lncRNA"]) + 2 * counts["mRNA"]  # TSS and polyA, in each group


def test_transcripts_have_split_species_and_ends(dataset):
    rows = answer(
        dataset.root,
        """select distinct t.strand, t.tss - t.start, t.polya - t.start, t.tss - t."end", t.polya - t."end",
            t.split is not distinct from c.split, t.species = c.species
        from transcripts t join chromosomes c using (genome, chrom) where t."end" - t.start = 3_000 or selected""",
    )
    assert {row[0] for row in rows} == {"+", "-"}
    for strand, tss_start, polya_start, tss_end, polya_end, split_equal, species_equal in rows:
        assert (tss_start, polya_end) == (0, -1) if strand == "+" else (polya_start, tss_end) == (0, -1)
        assert split_equal
        assert species_equal


def test_genes_are_their_transcripts(dataset):
    found = answer(
        dataset.root, """select genome, chrom, gene_id, start, "end", transcripts, selected_transcripts from genes"""
    )
    expected: dict[tuple[str, str, str], list[tuple[int, int, bool]]] = {}
    for genome, chrom, gene, start, end, selected in answer(
        dataset.root,
        """select genome, chrom, gene_id, start, "end", selected from transcripts where gene_id is not null""",
    ):
        expected.setdefault((genome, chrom, gene), []).append((start, end, selected))
    assert len(found) == len(expected)
    for genome, chrom, gene, start, end, transcripts, selected_transcripts in found:
        of_gene = expected[genome, chrom, gene]
        assert (start, end) == (min(one[0] for one in of_gene), max(one[1] for one in of_gene))
        assert (transcripts, selected_transcripts) == (len(of_gene), sum(one[2] for one in of_gene))


def test_a_gene_on_both_strands_has_none_of_its_own(tmp_path):
    for name in ("assemblies/g", "annotation/g"):
        (tmp_path / name).mkdir(parents=True)
    connection = duckdb.connect()
    connection.execute(f"""copy (select 'g' as genome, 's' as species, 'c' as chrom, 90 as length, 'train' as split)
        to '{tmp_path}/assemblies/g/chromosomes.parquet'""")
    connection.execute(f"""copy (
        select 'g' as genome, 'c' as chrom, strand, start, start + 10 as "end", 't' || start as transcript_id, gene_id,
            null as gene_name, null as gene_biotype, type, true as selected, start as source_line,
            start = 20 as representative
        from (values ('+', 10, 'one', 'other'), ('-', 40, 'one', 'lncRNA'), ('-', 20, 'two', 'mRNA'),
            ('+', 60, null, 'mRNA')) t(strand, start, gene_id, type)
        ) to '{tmp_path}/annotation/g/transcripts.parquet'""")
    question = 'select gene_id, strand, start, "end", type, transcripts, representative from genes order by gene_id'
    assert answer(tmp_path, question) == [
        ("one", None, 10, 50, "lncRNA", 2, None),
        ("two", "-", 20, 30, "mRNA", 1, "t20"),
    ]
    assert answer(tmp_path, "select transcript_id, tss, polya, split, species from transcripts order by start") == [
        ("t10", 10, 19, "train", "s"),
        ("t20", 29, 20, "train", "s"),
        ("t40", 49, 40, "train", "s"),
        ("t60", 60, 69, "train", "s"),
    ]


def test_n_gaps_are_the_longest_runs_of_n_across_blocks(dataset):
    for genome in ("sim-gencode", "sim-refseq"):
        for chrom, of_chrom in blocks_of(dataset.root, genome).items():
            whole = "".join(block.dna for block in of_chrom)
            rows = answer(
                dataset.root,
                f"""select start, "end", bases from n_gaps
                where genome = '{genome}' and chrom = '{chrom}' order by start""",
            )
            assert rows == [(*found.span(), len(found[0])) for found in re.finditer("N+", whole)]


def test_a_gap_that_goes_on_in_the_next_block_is_one(tmp_path):
    for name in ("assemblies/g", "dataset", "blocks/train/genome=g/chrom=c"):
        (tmp_path / name).mkdir(parents=True)
    connection = duckdb.connect()
    for start, dna in ((0, "ANNN"), (4, "NNNN"), (8, "NACN")):
        path = f"blocks/train/genome=g/chrom=c/{start}.parquet"
        connection.execute(f"copy (select '{dna}' as dna_sequence, '' as metadata) to '{tmp_path}/{path}'")
    connection.execute(f"""copy (
        select 'g' as genome, 's' as species, 'train' as split, 'c' as chrom, start, start + 4 as "end", 1 as N,
            'blocks/train/genome=g/chrom=c/' || start || '.parquet' as path
        from (values (0), (4), (8)) b(start)) to '{tmp_path}/dataset/blocks.parquet'""")
    assert answer(tmp_path, 'select start, "end", bases from n_gaps order by start') == [(1, 9, 8), (11, 12, 1)]


def test_tiles_cover_each_chromosome_once(dataset):
    rows = answer(
        dataset.root, "select start, \"end\" from tiles(100_000) where genome = 'sim-gencode' and chrom = 'chr1'"
    )
    assert sorted(rows) == [(0, 100_000), (100_000, 200_000), (200_000, 204_083)]


@pytest.mark.parametrize("base", [0, 50_000, 120_001, 204_082])
@pytest.mark.parametrize("kind", ["tss", "polya"])
@pytest.mark.parametrize("strand", ["+", "-", None])
def test_nearest_site_is_the_nearest_peak(dataset, blocks, base, kind, strand):
    whole = np.concatenate([block.targets for block in blocks])
    names = blocks[0].metadata["target_names"]
    strands = [strand] if strand else ["+", "-"]
    places = [
        position
        for one in strands
        for position in np.flatnonzero(whole[:, names.index(f"primary_{kind}_{one}")] == 1).tolist()
    ]
    told = "null" if strand is None else f"'{strand}'"
    ((found,),) = answer(
        dataset.root, f"select nearest_site('{GENOME}', '{CHROM}', {base}, kind := '{kind}', strand := {told})"
    )
    assert abs(found["distance"]) == min(abs(position - base) for position in places)
    assert found["position"] in places
    assert found["distance"] == found["position"] - base
    assert found["strand"] in strands


def test_overlapping_genes_are_those_of_the_view(dataset):
    found = answer(dataset.root, f"select gene_id from overlapping_genes('{GENOME}', '{CHROM}', 30_000, 100_000)")
    expected = answer(
        dataset.root,
        f"""select gene_id from genes where genome = '{GENOME}' and chrom = '{CHROM}'
        and "end" > 30_000 and start < 100_000""",
    )
    assert found
    assert sorted(found) == sorted(expected)


def test_soft_masking_is_where_the_fasta_file_has_lower_case(dataset):
    text = (dataset.layout.simulated(GENOME) / "sequence.fa").read_text()
    (record,) = (part for part in text.split(">") if part.split(maxsplit=1)[0:1] == [CHROM])
    expected = [found.span() for found in re.finditer("[a-z]+", "".join(record.splitlines()[1:]))]
    assert len(expected) > 10
    assert answer(dataset.root, f"from soft_masked_of('{GENOME}', '{CHROM}')") == expected


names = st.text(st.one_of(st.sampled_from("./%~ *\\:_=+-"), st.characters(codec="utf-8", exclude_characters="\0")))


@given(names.filter(lambda name: name and len(name) < 18))
def test_names_are_spelt_in_paths_as_the_writer_spells_them(name):
    connection = duckdb.connect()
    connection.execute(definitions()["path_name"].statement)
    assert connection.execute("select path_name(?)", [name]).fetchone() == (path_name(name),)


@pytest.mark.parametrize("call", ["segments_of('x', 'chr99')"])
def test_unknown_chromosome_is_told(dataset, call):
    with pytest.raises(QueryError, match=r"targets/x[\s\S]*Is there such a genome and chromosome"):
        answer(dataset.root, f"from {call}")


def test_every_view_and_macro_says_what_it_is():
    for release in (False, True):
        for name, one in definitions(release).items():
            assert re.match(
                rf"(--.*\n)+create or replace (view|macro) \"?{name}\b", f"{one.comment}\n{one.statement}"
            ), name


def test_what_is_needed_is_there_before(dataset):
    for release in (False, True):
        before = set()
        for name, one in definitions(release).items():
            assert set(one.names) <= before, name
            before.add(name)


def test_files_are_looked_for_by_pattern(tmp_path):
    (tmp_path / "a/x=1").mkdir(parents=True)
    (tmp_path / "a/x=1/b.parquet").touch()
    held = ["a/x=1/b.parquet", "a/*/b.parquet", "a/x=*/*.parquet", "*/*/*"]
    not_held = ["a/*/c.parquet", "a/y=*/*.parquet", "a/*", "b/*", "*.parquet"]
    assert all(holds(tmp_path, pattern) for pattern in held)
    assert not any(holds(tmp_path, pattern) for pattern in not_held)


# --- dataset/catalog.sql ---


def test_catalog_has_no_path_of_this_machine_and_is_the_same_elsewhere(dataset, tmp_path):
    elsewhere = copy_of(dataset, tmp_path / "elsewhere [1]")
    text = (dataset.root / "dataset/catalog.sql").read_text()
    write_catalog(Layout(elsewhere))
    assert (elsewhere / "dataset/catalog.sql").read_text() == text
    assert str(dataset.root.parent) not in text


@pytest.mark.parametrize("name", ["moved", "it's [1]", "st*r"])
def test_catalog_serves_a_dataset_that_was_moved_from_any_folder(dataset, tmp_path, monkeypatch, name):
    root = copy_of(dataset, tmp_path / name)
    copy_of(dataset, tmp_path / "star")  # a pattern in the name would find its files too
    question = "select (select count(*) from blocks), (select count(*) from stored_blocks), dna('sim-gencode', 'chr1')"
    expected = answer(dataset.root, question)
    assert expected[0][0] == BLOCKS
    assert by_duckdb_alone(root).execute(question).fetchall() == expected
    monkeypatch.chdir(root)
    assert by_duckdb_alone().execute(question).fetchall() == expected


def test_catalog_makes_everything_that_the_command_has(dataset):
    connection = by_duckdb_alone(dataset.root)
    made = connection.execute(
        """select view_name from duckdb_views() where not internal
        union select function_name from duckdb_functions() where not internal"""
    ).fetchall()
    assert {name for (name,) in made} == set(HERE)


@pytest.mark.parametrize("name", [name for name, one in HERE.items() if "create or replace view" in one.statement])
def test_catalog_and_command_answer_alike(dataset, monkeypatch, name):
    monkeypatch.chdir(dataset.root)
    question = f'select * from "{name}" order by all'
    ours = answer(dataset.root, question)
    if name == "stored_blocks":  # paths as they are asked for: relative to the folder
        ours = [(str(Path(file).relative_to(dataset.root.resolve())), *more) for file, *more in ours]
    theirs = by_duckdb_alone().execute(question).fetchall()
    digests = [hashlib.sha256(repr(rows).encode()).hexdigest() for rows in (ours, theirs)]
    assert digests[0] == digests[1]
