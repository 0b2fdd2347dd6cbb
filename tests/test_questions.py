"""docs/questions.md: what an analyst asks on the first day, on four real genomes; each in at most five lines."""

import re
from pathlib import Path

import duckdb
import pytest
from conftest import Built

from genatator_assets.query.catalog import catalog_with_root
from genatator_assets.query.connect import ask, connect

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "questions.md").read_text()
OF_ONE, OF_TWO = PAGE.split("## Two roots")
QUESTION = re.compile(r"### ([^\n]*)\n\n```sql\n(.*?)```\n\n((?:\|[^\n]*\n)+)", re.DOTALL)
FILE = re.compile(r"```text (\S+)\n(.*?)```", re.DOTALL)


def by_title(page: str) -> dict[str, tuple[str, str]]:
    return {title: (question, told) for title, question, told in QUESTION.findall(page)}


def markdown(columns: list[str], rows: list[tuple[object, ...]]) -> str:
    lines = [columns, ["---"] * len(columns), *([str(cell) for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


@pytest.fixture(scope="module")
def own_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the page's files of one's own stand."""
    folder = tmp_path_factory.mktemp("own")
    for name, content in FILE.findall(PAGE):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content)
    return folder


@pytest.fixture(scope="module")
def both(four_genomes: Built, untrimmed: Built) -> duckdb.DuckDBPyConnection:
    """DuckDB alone, with the views of two roots."""
    connection = duckdb.connect()
    for name, one in (("four", four_genomes), ("untrimmed", untrimmed)):
        connection.execute(catalog_with_root(one.root, name))
    return connection


def test_there_are_at_least_twenty_five_of_five_lines_at_most():
    every = QUESTION.findall(PAGE)
    assert len(every) == PAGE.count("```sql") == PAGE.count("### ") >= 25
    assert [title for title, question, _ in every if len(question.splitlines()) > 5] == []


@pytest.mark.parametrize("title", by_title(OF_ONE))
def test_a_question_has_the_answer_that_the_page_tells(four_genomes, own_files, monkeypatch, title):
    question, told = by_title(OF_ONE)[title]
    monkeypatch.chdir(own_files)
    with connect(four_genomes.root, [own_files / "my"]) as connection:
        found = ask(connection, question)
    assert markdown(list(found.columns), list(found.rows)) == told


@pytest.mark.parametrize("title", by_title(OF_TWO))
def test_two_roots_are_compared(both, title):
    question, told = by_title(OF_TWO)[title]
    result = both.execute(question)
    assert markdown([column[0] for column in result.description], result.fetchall()) == told
