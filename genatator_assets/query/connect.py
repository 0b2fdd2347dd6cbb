"""A read-only DuckDB connection with a view of every table that a dataset root has (the views stand in views/)."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from genatator_assets.errors import DatasetError, QueryError
from genatator_assets.targets.channels import CHANNELS

_VIEWS = (
    "blocks",
    "chromosomes",
    "transcripts",
    "segments",
    "stored_blocks",
    "block_targets",
    "split_overview",
    "dna_alphabet",
    "target_sums",
    "species_coverage",
    "transcript_reasons",
    "statistics",
)
"""In an order in which each needs only those before it."""

_EXPLAIN = re.compile(r"\s*explain\b(\s+analyze\b)?(\s*\(\s*(analyze|format)\b[^)]*\))?", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """The answer to a question: column names and rows of Python values."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


@contextmanager
def connect(root: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open DuckDB with the views of the dataset at `root`. A view whose files aren't built yet is left out.

    Raises:
        DatasetError: there is no dataset at `root`, or a file of it is damaged.
    """
    if not (root / "assemblies").is_dir():
        raise DatasetError(f"{root} holds no dataset (found no folder 'assemblies' in it); give --root, or build first")
    with duckdb.connect(config={"python_enable_replacements": "false"}) as connection:
        connection.register("channels", _channels())
        for view in _VIEWS:
            query = with_root((files("genatator_assets.query") / "views" / f"{view}.sql").read_text(), root)
            try:
                connection.execute(f'create view "{view}" as {query}')
            except duckdb.CatalogException:
                continue  # it needs a view that is not built yet: asking for it says so
            except duckdb.Error as error:
                if "No files found" not in str(error):
                    raise DatasetError(f"{root}: view {view}: {error}; delete the file and build again") from error
        connection.execute("set lock_configuration = true")  # else a SELECT can have its log written to a file
        yield connection


def ask(connection: duckdb.DuckDBPyConnection, question: str) -> Answer:
    """Answer one SQL question.

    Raises:
        QueryError: the statement would change something, or DuckDB refuses it.
    """
    try:
        result = connection.execute(_reading(connection, question))
        return Answer(tuple(column[0] for column in result.description or ()), tuple(result.fetchall()))
    except duckdb.Error as error:
        raise QueryError(f"{error}{_not_built(connection, str(error))}") from error


def _reading(connection: duckdb.DuckDBPyConnection, question: str) -> duckdb.Statement:
    """Give the one statement of a question, if it only reads.

    That it is a SELECT is not enough: a COPY or INSERT may stand in its WITH, and EXPLAIN ANALYZE runs what it
    explains. But as a subquery DuckDB takes nothing that writes, so the statement is bound as one first.
    """
    statements = connection.extract_statements(question)
    if len(statements) != 1:
        raise QueryError(f"found {len(statements)} statements, expected one")
    (statement,) = statements
    if statement.type.name not in {"SELECT", "EXPLAIN"}:
        raise QueryError(
            f"found a statement of type {statement.type.name}; datasets are read-only: ask with SELECT,"
            " DESCRIBE, SHOW, SUMMARIZE or EXPLAIN"
        )
    asked = statement.query.rstrip().rstrip(";")
    if statement.type.name == "EXPLAIN":
        asked = _EXPLAIN.sub("", asked, count=1)
    try:
        connection.execute(f"describe from (\n{asked}\n)").fetchall()
    except duckdb.Error as error:
        told = re.sub(r"(?m)^LINE (\d+)", lambda found: f"LINE {int(found[1]) - 1}", str(error))
        raise QueryError(f"{told}{_not_built(connection, told)}") from error
    return statement


def with_root(query: str, root: Path) -> str:
    """Put the root's absolute path into a query as SQL strings: `{root}` as it is, `{glob_root}` for patterns.

    >>> with_root("{root} {glob_root}", Path("/data/it's[1]"))
    "'/data/it''s[1]' '/data/it''s[[]1]'"
    """
    absolute = str(root.resolve())
    pattern = "".join(f"[{letter}]" if letter in "[*?" else letter for letter in absolute)
    spelled = {"{root}": _sql_string(absolute), "{glob_root}": _sql_string(pattern)}
    return re.sub("|".join(spelled), lambda found: spelled[found[0]], query)


def _sql_string(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _channels() -> pa.Table:
    rows = [{"channel": number, **vars(channel)} for number, channel in enumerate(CHANNELS)]
    return pa.Table.from_pylist(rows)


def _not_built(connection: duckdb.DuckDBPyConnection, message: str) -> str:
    built = {name for (name,) in connection.execute("select view_name from duckdb_views()").fetchall()}
    absent = [view for view in _VIEWS if view not in built and f"Table with name {view} " in message]
    return f"\n'{absent[0]}' has not been built yet at this root: run 'genatator-assets build'." if absent else ""
