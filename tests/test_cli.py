"""The commands `sql`, `statistics` and `simulate` as a user runs them."""

import csv
import io
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import openpyxl
import psutil
import pyarrow.parquet as pq
import pytest
from built import BLOCKS, Dataset, copy_of
from click.testing import CliRunner, Result

from genatator_assets.catalogue.remembered import remember
from genatator_assets.cli import GROUPS, main
from genatator_assets.errors import CatalogueError
from genatator_assets.gene_finding.statistics import read_statistics
from genatator_assets.parts import choose, load_catalogue
from genatator_assets.query.connect import ask, connect

Run = Callable[..., Result]


@pytest.fixture
def run(dataset: Dataset) -> Run:
    """Run a command on the small dataset, unless a root is given."""

    def running(*arguments: str, typed: str | None = None, root: Path = dataset.root) -> Result:
        return CliRunner(env={"GENATATOR_ROOT": str(root)}).invoke(main, arguments, input=typed)

    return running


def succeeded(result: Result) -> str:
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def refused(result: Result) -> str:
    """The message of a user's error: exit code 2, nothing on standard output, no traceback."""
    assert (result.exit_code, result.stdout) == (2, "")
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.stderr
    return result.stderr


COUNTS = "select split, count(*) as blocks from blocks group by split order by split"


# --- sql with a question ---


def test_table_has_names_and_values(run):
    lines = succeeded(run("sql", COUNTS)).splitlines()
    cells = [[cell.strip() for cell in line.strip("│┃").replace("┃", "│").split("│")] for line in lines]
    assert [row for row in cells if len(row) == 2] == [
        ["split", "blocks"],
        ["test", "6"],
        ["train", "13"],
        ["validation", "2"],
    ]


def test_table_is_not_folded_when_it_is_not_on_a_terminal(run):
    assert "x" * 500 in succeeded(run("sql", "select repeat('x', 500) as wide"))


@pytest.mark.parametrize("text", ["[/b]", "[red]a", "[/]", "a\\\\"])
def test_brackets_are_text_in_names_and_values(run, text):
    printed = succeeded(run("sql", f"select '{text}' as \"{text}\""))
    assert printed.count(text) == 2


def test_csv_is_read_back(run):
    question = "select 'a,b' as x, 'say \"c\"' as y, null as z union all select 'd\ne', '', 1.5"
    printed = succeeded(run("sql", "--format", "csv", question))
    rows = list(csv.reader(io.StringIO(printed, newline="")))
    assert rows[0] == ["x", "y", "z"]
    assert sorted(rows[1:]) == [["a,b", 'say "c"', ""], ["d\ne", "", "1.5"]]


def test_json_is_read_back(run):
    question = "select split, count(*) as blocks, max(target_max[1]) as top, null as x from blocks group by split"
    rows = json.loads(succeeded(run("sql", "--format", "json", f"{question} order by split")))
    assert rows[0] == {"split": "test", "blocks": 6, "top": 1.0, "x": None}
    assert len(rows) == 3


def test_root_is_an_option_too(run, dataset, tmp_path):
    printed = succeeded(run("sql", "--format", "csv", "--root", str(dataset.root), COUNTS, root=tmp_path))
    assert printed.splitlines()[1:] == ["test,6", "train,13", "validation,2"]


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("drop view blocks", "datasets are read-only"),
        ("select 1; select 2", "found 2 statements, expected one"),
        ("", "found 0 statements, expected one"),
        ("selec 1", "Parser Error"),
        ("select nothing from blocks", "nothing"),
        ("select * from nowhere", "nowhere"),
        ("select 'x'::int", "Conversion Error"),
    ],
)
def test_bad_question_is_a_users_error(run, question, message):
    assert message in refused(run("sql", question))


def test_unknown_format_is_a_users_error(run):
    assert "'xml' is not one of" in refused(run("sql", "--format", "xml", "select 1"))


def test_missing_root_is_a_users_error(run, tmp_path):
    message = refused(run("sql", "select 1", root=tmp_path / "missing"))
    assert str(tmp_path / "missing") in message
    assert "give --root" in message


def test_what_is_not_built_is_a_users_error(run, dataset, tmp_path):
    shutil.copytree(dataset.root / "assemblies", tmp_path / "assemblies")
    assert "'blocks' has not been built yet" in refused(run("sql", "select * from blocks", root=tmp_path))


def test_asking_for_a_damaged_table_is_a_users_error_and_other_questions_are_answered(run, dataset, tmp_path):
    root = copy_of(dataset, tmp_path / "root")
    os.truncate(root / "dataset/blocks.parquet", 100)
    assert "blocks.parquet" in refused(run("sql", "select count(*) from blocks", root=root))
    assert succeeded(run("sql", "--format", "csv", "select 7 as seven", root=root)).split() == ["seven", "7"]


def test_help_leads_to_every_view(run, dataset):
    with connect(dataset.root) as connection:
        views = {name for (name,) in ask(connection, "show tables").rows}
    assert "'help' lists all views" in " ".join(succeeded(run("sql", "--help")).split())
    told = csv.reader(succeeded(run("sql", "--format", "csv", "help")).splitlines())
    assert views <= {row[0] for row in told}


# --- sql with a prompt ---


def test_prompt_takes_questions_over_several_lines_until_the_end_of_input(run):
    typed = "select count(*) as n\n  from blocks\n;\nselect 7 as seven;\n"
    printed = succeeded(run("sql", "--format", "csv", typed=typed))
    assert printed.splitlines() == ["n", str(BLOCKS), "seven", "7"]


@pytest.mark.parametrize("word", ["exit", "quit", ".exit", ".quit", " exit ; "])
def test_prompt_ends_at_exit(run, word):
    printed = succeeded(run("sql", "--format", "csv", typed=f"select 1 as a;\n{word}\nselect 2 as b;\n"))
    assert printed.splitlines() == ["a", "1"]


def test_what_is_piped_goes_on_after_an_error_and_fails_at_the_end(run):
    result = run("sql", "--format", "csv", typed="selec;\ndrop view blocks;\n;\nselect 3 as c;\n")
    assert result.exit_code == 2
    assert result.stdout.splitlines() == ["c", "3"]
    assert result.stderr.count("Error: ") == 3  # one says "Error: Parser Error: ..."
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("select 1 as a; -- select 2\n", ["a", "1"]),
        ("select 1 as a; select 2 as b;\n", ["a", "1", "b", "2"]),
        ("select 1 as a;;\n", ["a", "1"]),
        ("select 1 as a; /* ; */ ; -- that was it\n", ["a", "1"]),
        ("select ';' as a\n;\n", ["a", ";"]),
        ("select ';\n' as a;\n", ["a", '";', '"']),
        ("-- how many\nselect 1 as a;\n-- that was it\n", ["a", "1"]),
        ("select 1 as a /* ; */\n", ["a", "1"]),
        ("select 1 as a;\nselect 2 as b -- the rest", ["a", "1", "b", "2"]),
    ],
)
def test_statements_are_taken_apart_by_duckdbs_parser(run, typed, printed):
    assert succeeded(run("sql", "--format", "csv", typed=typed)).splitlines() == printed


@pytest.mark.parametrize(
    "question", ["-- how many\nselect 1 as a", "--how many\nselect 1 as a", "-- 1\nselect 1 as a;"]
)
def test_a_question_may_begin_with_a_comment(run, question):
    assert succeeded(run("sql", "--format", "csv", question)).splitlines() == ["a", "1"]


def test_an_answer_can_be_kept_for_the_next_question_and_goes_with_the_connection(run, dataset):
    before = files_of(dataset.root)
    typed = "create temp table mine as select 5 as five;\nselect five + 1 as six from mine;\n"
    assert succeeded(run("sql", "--format", "csv", typed=typed)).splitlines()[-2:] == ["six", "6"]
    assert files_of(dataset.root) == before
    for refused_one in (
        "create table mine as select 5 as five",
        "create temp table mine as with x as (copy (select 1) to 'x.csv') select 1 as a",
        "copy (select 1) to 'x.csv'",
    ):
        refused(run("sql", refused_one))
    assert files_of(dataset.root) == before


def files_of(root):
    return {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}


# --- answers ---


def test_json_loses_no_column_and_has_null_where_a_number_is_none(run):
    question = (
        "select 1 as a, 2 as a, 'nan'::double as b, 'inf'::float as c, ['-inf'::double] as d, {'x': 'nan'::double} as e"
    )
    (row,) = json.loads(succeeded(run("sql", "--format", "json", question)))
    assert row == {"a": 1, "a_1": 2, "b": None, "c": None, "d": [None], "e": {"x": None}}
    assert json.loads(succeeded(run("sql", "--format", "json", "select 1 as a where false"))) == []


def test_a_table_stops_at_a_thousand_rows_and_says_how_many_more_there_are(run):
    result = run("sql", "select * from range(103_512)")
    assert result.exit_code == 0
    rows = [line for line in result.stdout.splitlines() if line.startswith("│")]
    assert len(rows) == 1_000
    assert rows[-1].strip("│ ") == "999"
    assert "... 102,512 more rows" in result.stderr


def test_csv_has_all_rows(run):
    lines = succeeded(run("sql", "--format", "csv", "select * from range(103_512)")).splitlines()
    assert lines == ["range", *map(str, range(103_512))]


@pytest.mark.parametrize("name", ["answer.parquet", "answer.csv", "answer.json", "answer.xlsx"])
def test_an_answer_is_written_to_a_file(run, tmp_path, name):
    path = tmp_path / name
    question = "select 1 as a, 'x;\"y\"' as a, 2.5 as b, null::int as c union all select 2, 'z', null, 7 order by 1"
    assert succeeded(run("sql", "-o", str(path), question)) == ""
    match path.suffix:
        case ".parquet":
            found = [tuple(row.values()) for row in pq.read_table(path).to_pylist()]
        case ".csv":
            with path.open(newline="") as handle:
                header, *found = csv.reader(handle)
            assert header == ["a", "a_1", "b", "c"]
            found = [(int(a), x, float(b) if b else None, int(c) if c else None) for a, x, b, c in found]
        case ".json":
            found = [tuple(row.values()) for row in json.loads(path.read_text())]
        case ".xlsx":
            (header, *found) = openpyxl.load_workbook(path).active.iter_rows(values_only=True)
            assert header == ("a", "a_1", "b", "c")
    assert [(a, x, None if b is None else float(b), c) for a, x, b, c in found] == [
        (1, 'x;"y"', 2.5, None),
        (2, "z", None, 7),
    ]


def test_an_answer_that_can_not_be_written_leaves_no_file(run, tmp_path):
    assert ".parquet, .csv, .json, .xlsx" in refused(run("sql", "-o", str(tmp_path / "answer.txt"), "select 1"))
    question = "select case when range < 50_000 then 1 else 'x'::int end as a from range(100_000)"
    assert "Conversion Error" in refused(run("sql", "-o", str(tmp_path / "answer.csv"), question))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("how", ["asked", "typed"])
def test_ctrl_c_stops_a_question_at_once(dataset, how):
    """It would take minutes; the first row of another question tells that this one is being asked."""
    slow = "select count(*) from range(100_000_000_000) where hash(range) = 5"
    command = [sys.executable, "-m", "genatator_assets.cli", "sql", "--format", "csv", "--root", str(dataset.root)]
    with subprocess.Popen(
        [*command, slow] if how == "asked" else command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        if how == "typed":
            process.stdin.write(f"select 1 as a;\n{slow};\n")
            process.stdin.close()
            assert [process.stdout.readline() for _ in range(2)] == ["a\n", "1\n"]
        wait_until_busy(process.pid)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=60) != 0
        assert "Traceback" not in process.stderr.read()


def wait_until_busy(pid):
    """Wait until a process has used more of the processors than all that it does before it asks."""
    process = psutil.Process(pid)
    while process.cpu_times().user < 6:
        os.sched_yield()


def test_piped_question_needs_no_semicolon(run):
    assert succeeded(run("sql", "--format", "csv", typed="select 1 as a")).splitlines() == ["a", "1"]


def test_empty_input_is_no_question(run):
    assert succeeded(run("sql", typed="")) == ""
    assert succeeded(run("sql", typed="\n\n")) == ""


def test_person_at_a_terminal_is_prompted(dataset):
    master, terminal = pty.openpty()
    command = [sys.executable, "-m", "genatator_assets.cli", "sql", "--format", "csv", "--root", str(dataset.root)]
    with subprocess.Popen(
        command, stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        os.close(terminal)
        os.write(master, b"select 1\nas a;\nexit\n")
        printed, errors = process.communicate(timeout=60)
        os.close(master)
    assert (process.returncode, errors) == (0, "")
    assert printed.split() == ["genatator>", "...>", "a", "1", "genatator>"]


# --- statistics ---


def test_statistics_prints_the_cards_numbers(run, dataset):
    printed = succeeded(run("statistics"))
    for title in ("Split-level overview", "DNA alphabet summary", "Target sums and densities", "Species coverage"):
        assert title in printed
    cells = {cell.strip() for line in printed.splitlines() for cell in line.replace("┃", "│").split("│")}
    on_card = [line.split("|") for line in dataset.card.splitlines() if line.startswith(("| train", "| test", "| sim"))]
    assert len(on_card) == 2 * (1 + 1 + 12) + 4 + 13
    assert {cell.strip() for row in on_card for cell in row} <= cells


def test_statistics_before_they_are_built_are_a_users_error(run, tmp_path):
    assert "does not exist" in refused(run("statistics", root=tmp_path))
    assert "does not exist" in refused(run("statistics", root=tmp_path / "missing"))


# --- simulate ---


def test_simulate_writes_the_same_files_each_time(run, tmp_path):
    options = ("--seed", "5", "--total-bp", "40000", "--chromosomes", "2", "--flavour", "refseq")
    printed = succeeded(run("simulate", str(tmp_path / "a/b"), *options))
    succeeded(run("simulate", str(tmp_path / "c"), *options))
    names = ["sequence.fa", "annotation.gff3"]
    assert printed.splitlines() == [str(tmp_path / "a/b" / name) for name in names]
    assert sorted(path.name for path in (tmp_path / "c").iterdir()) == sorted(names)
    for name in names:
        assert (tmp_path / "a/b" / name).read_bytes() == (tmp_path / "c" / name).read_bytes()
    assert (tmp_path / "c/sequence.fa").read_text().count(" chromosome ") == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--seed", "-1"], "seed"),
        (["--total-bp", "5"], "total_bp"),
        (["--chromosomes", "0"], "chromosomes"),
        (["--flavour", "ucsc"], "'ucsc' is not one of"),
        (["--seed", "x"], "not a valid integer"),
    ],
)
def test_bad_simulation_is_a_users_error(run, tmp_path, options, message):
    assert message in refused(run("simulate", str(tmp_path / "out"), *options))
    assert not (tmp_path / "out").exists()


def test_simulation_that_does_not_add_up_is_a_users_error(tmp_path):
    """In a process of its own: pydantic keeps such an error, and all of DuckDB with it, until Python ends."""
    options = ["--total-bp", "5000", "--chromosomes", "9"]
    command = [sys.executable, "-m", "genatator_assets.cli", "simulate", str(tmp_path / "out"), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: total_bp=5000 is too little for chromosomes=9")


def test_simulating_into_a_file_is_a_users_error(run, tmp_path):
    (tmp_path / "file").touch()
    assert "is a file" in refused(run("simulate", str(tmp_path / "file")))
    assert (tmp_path / "file").read_bytes() == b""


def test_simulating_below_a_file_is_a_users_error(run, tmp_path):
    (tmp_path / "file").touch()
    assert str(tmp_path / "file") in refused(run("simulate", str(tmp_path / "file/below")))


# --- the commands themselves ---


def commands():
    context = click.Context(main)
    listed = [main.get_command(context, name) for name in main.list_commands(context)]
    return [main, *listed, *(sub for one in listed for sub in subcommands(one))]


def subcommands(command):
    return list(command.commands.values()) if isinstance(command, click.Group) else []


def test_the_list_of_commands_is_in_groups_and_cuts_no_sentence_off(run):
    text = run("--help").stdout
    assert [line.rstrip(":") for line in text.splitlines() if re.fullmatch(r"[A-Z][\w ]+:", line)][1:] == list(GROUPS)
    assert "..." not in text.split("Options:")[1]
    assert {name for names in GROUPS.values() for name in names if f"\n  {name} " not in text} == set()


def test_commands_go_by_the_names_under_which_they_are_listed():
    context = click.Context(main)
    assert [main.get_command(context, name).name for name in main.list_commands(context)] == main.list_commands(context)
    assert main.get_command(context, "no-such") is None


@pytest.mark.parametrize("command", commands(), ids=lambda one: str(one.name))
def test_every_option_has_help_and_says_its_environment_variable(command):
    for option in (one for one in command.params if isinstance(one, click.Option)):
        assert option.help, option.name
        assert option.envvar is None or option.show_envvar, option.name


def test_statistics_come_as_json(run, dataset):
    found = json.loads(run("statistics", "--json", "--root", str(dataset.root)).stdout)
    expected = {name: table.to_pylist() for name, table in read_statistics(dataset.layout).items()}
    assert found == json.loads(json.dumps(expected))


def test_a_catalogue_or_a_root_is_enough(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GENATATOR_ROOT", raising=False)
    (tmp_path / "own.yaml").write_text(
        "dataset: mine\nassemblies: [{genome: g, species: S, simulate: {seed: 1, flavour: gencode}}]\n"
    )
    assert choose("own.yaml", None) == ("own.yaml", Path("mine-data"))
    assert choose(None, None) == ("demo", Path("demo-data"))
    assert choose("own.yaml", Path("elsewhere")) == ("own.yaml", Path("elsewhere"))
    with pytest.raises(CatalogueError, match="give --catalogue"):
        choose(None, Path("mine-data"))
    remember(load_catalogue("own.yaml"), Path("mine-data"))
    assert choose(None, Path("mine-data")) == ("mine-data/dataset/catalogue.yaml", Path("mine-data"))
