"""A read-only DuckDB connection with the views and macros of a dataset root, and questions to it."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from genatator_assets.errors import EmptyRootError, NotBuiltError, QueryError
from genatator_assets.query.definitions import available, definitions
from genatator_assets.work.layout import Layout
from genatator_assets.work.storage import is_remote, remembering

_TEMPORARY = re.compile(
    r"\s*create\s+(or\s+replace\s+)?temp(orary)?\s+(table|view)\s+(if\s+not\s+exists\s+)?(\w+|\"[^\"]+\")\s+as\b",
    re.IGNORECASE,
)
_EXPLAIN = re.compile(r"\s*explain\b(\s+analyze\b)?(\s*\(\s*(analyze|format)\b[^)]*\))?", re.IGNORECASE)

_DAMAGED = "damaged_views"
_BATCH_ROWS = 10_000

BUILD_FIRST = "run 'genatator-assets build'"


@dataclass(frozen=True)
class Answer:
    """The answer to a question: column names and rows of Python values."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, eq=False)
class Rows:
    """An answer that is read while it is made: column names, no two alike, and rows in batches. It can be read once."""

    columns: tuple[str, ...]
    batches: Iterator[list[tuple[Any, ...]]]


@contextmanager
def connect(root: Path, allow: Sequence[Path] = ()) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open DuckDB with the views of the dataset at `root`. A view whose files aren't built yet is left out, and one
    whose files are damaged, too: asking for it says so.

    Files of the root can be read, and the files and folders that `allow` names; no others, also not through symbolic
    links, no network, and no extensions. Of a remote root the files are those that there are at the first look.

    Raises:
        DatasetError: there is no dataset at `root`.
    """
    there = available(root)
    if not any(one.patterns for one in there.values()):
        raise EmptyRootError(f"{root} holds no dataset: nothing has been built there yet; give --root, or build first")
    with (
        tempfile.TemporaryDirectory(prefix="genatator-") as spilled,
        duckdb.connect(config={"python_enable_replacements": "false", "temp_directory": spilled}) as connection,
    ):
        connection.execute("set enable_progress_bar = false")  # it is drawn over the answer of a slow question
        if is_remote(root):
            connection.register_filesystem(remembering(root))
        _confine(connection, root, allow)
        connection.execute("set variable root = ?", [str(root.resolve())])
        damaged: dict[str, str] = {}
        for name, one in there.items():
            try:
                connection.execute(one.statement)
            except duckdb.Error as error:
                of_others = next((damaged[other] for other in one.names if other in damaged), None)
                damaged[name] = of_others or f"{root}: view {name}: {error}; delete the file and build again"
        connection.execute(f"set variable {_DAMAGED} = map(?, ?)", [list(damaged), list(damaged.values())])
        connection.execute("set lock_configuration = true")  # else a SELECT can have its log written to a file
        yield connection


def _confine(connection: duckdb.DuckDBPyConnection, root: Path, allow: Sequence[Path]) -> None:
    """Let a connection read under `root` and what `allow` names: DuckDB compares real paths, but patterns as text."""
    folders = [root.resolve(), *Layout(root).linked_folders(), *(path.resolve() for path in allow if path.is_dir())]
    written = [f"{folder}/" for folder in folders]
    connection.execute(
        "set allowed_directories = ?", [[*written, *(re.sub(r"([\[*?])", r"[\1]", one) for one in written)]]
    )
    connection.execute("set allowed_paths = ?", [[str(path.resolve()) for path in allow if not path.is_dir()]])
    connection.execute("set autoinstall_known_extensions = false")
    connection.execute("set autoload_known_extensions = false")
    connection.execute("set enable_external_access = false")


def defined_names(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the names of the views and macros that could be made, because their files are built."""
    found = connection.execute(
        "select view_name from duckdb_views() union select function_name from duckdb_functions()"
    ).fetchall()
    return {name for (name,) in found} & set(definitions())


def ask(connection: duckdb.DuckDBPyConnection, question: str) -> Answer:
    """Answer one SQL question.

    Raises:
        QueryError: the statement would change something, or DuckDB refuses it.
    """
    rows = stream(connection, question)
    return Answer(rows.columns, tuple(row for batch in rows.batches for row in batch))


def stream(connection: duckdb.DuckDBPyConnection, question: str) -> Rows:
    """Answer one SQL question, row by row as DuckDB comes to them.

    Raises:
        QueryError: the statement would change something, or DuckDB refuses it, now or while rows are read.
    """
    try:
        result = connection.execute(_reading(connection, question))
    except duckdb.Error as error:
        raise in_words(connection, str(error)) from error
    columns = _distinct([column[0] for column in result.description or ()])
    return Rows(columns, _batches(connection, result))


def write_parquet(connection: duckdb.DuckDBPyConnection, question: str, path: Path) -> None:
    """Write the answer to one SQL question as a Parquet file, with DuckDB's types; it is never held as a whole.

    Raises:
        QueryError: the statement would change something, or has no answer, or DuckDB refuses it.
    """
    try:
        _reading(connection, question)
        reader = connection.sql(question).to_arrow_reader(_BATCH_ROWS)
        if reader is None:
            raise QueryError("the statement has no answer to write")
        names = _distinct(reader.schema.names)
        schema = pa.schema([field.with_name(name) for field, name in zip(reader.schema, names, strict=True)])
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            for batch in reader:
                writer.write_batch(pa.record_batch(batch.columns, schema=schema))
    except (duckdb.Error, pa.ArrowException) as error:
        raise in_words(connection, str(error)) from error


def questions_in(connection: duckdb.DuckDBPyConnection, text: str) -> list[str]:
    """Return the statements of a text, as DuckDB's own parser takes them apart.

    Raises:
        QueryError: it can't.
    """
    try:
        return [statement.query for statement in connection.extract_statements(text)]
    except duckdb.Error as error:
        raise in_words(connection, str(error)) from error


def _batches(
    connection: duckdb.DuckDBPyConnection, result: duckdb.DuckDBPyConnection
) -> Iterator[list[tuple[Any, ...]]]:
    try:
        while batch := result.fetchmany(_BATCH_ROWS):
            yield batch
    except duckdb.Error as error:
        raise in_words(connection, str(error)) from error


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Return names of which no two are alike, as DuckDB calls the columns of a subquery.

    >>> _distinct(["a", "b", "a", "a"])
    ('a', 'b', 'a_1', 'a_2')
    """
    found: list[str] = []
    for name in names:
        tries = (f"{name}_{number}" if number else name for number in count())
        found.append(next(one for one in tries if one not in found and (one == name or one not in names)))
    return tuple(found)


def _reading(connection: duckdb.DuckDBPyConnection, question: str) -> duckdb.Statement:
    """Return the one statement of a question, if it only reads.

    That it is a SELECT is not enough: a COPY or INSERT may stand in its WITH, and EXPLAIN ANALYZE runs what it
    explains. But as a subquery DuckDB takes nothing that writes, so the statement is bound as one first.
    """
    statements = connection.extract_statements(question)
    if len(statements) != 1:
        raise QueryError(f"found {len(statements)} statements, expected one")
    (statement,) = statements
    if statement.type.name == "CREATE" and (temporary := _TEMPORARY.match(statement.query)):
        _reading(connection, statement.query[temporary.end() :])
        return statement
    if statement.type.name == "COPY":
        raise QueryError(
            "found a statement of type COPY; only a file that the command line names is written: ask for the rows"
            " alone, with -o FILE"
        )
    if statement.type.name not in {"SELECT", "EXPLAIN"}:
        raise QueryError(
            f"found a statement of type {statement.type.name}; datasets are read-only: ask with SELECT,"
            " DESCRIBE, SHOW, SUMMARIZE or EXPLAIN, or keep an answer by CREATE TEMP TABLE ... AS SELECT"
        )
    asked = statement.query[: semicolon_at(statement.query)]
    if statement.type.name == "EXPLAIN":
        asked = _EXPLAIN.sub("", asked, count=1)
    try:
        connection.execute(f"describe from (\n{asked}\n)").fetchall()
    except duckdb.Error as error:
        told = re.sub(r"(?m)^LINE (\d+)", lambda found: f"LINE {int(found[1]) - 1}", str(error))
        raise in_words(connection, told) from error
    return statement


def semicolon_at(text: str) -> int | None:
    """Return where the semicolon is that ends a text, the first if there are several; None if none does.

    Comments may follow it; a semicolon in quotes or in a comment is none.

    >>> semicolon_at("select ';' ; -- done"), semicolon_at("select 1;;"), semicolon_at("select 1 -- ;")
    (11, 8, None)
    """
    end = None
    for place, kind in reversed(duckdb.tokenize(text)):
        if kind == duckdb.token_type.comment:
            continue
        if kind != duckdb.token_type.operator or text[place] != ";":
            break
        end = place
    return end


def in_words(connection: duckdb.DuckDBPyConnection, message: str) -> QueryError:
    """Return the error for DuckDB's `message`: its own words and what to do, or only that something is not built."""
    named = re.search(r"Table (?:Function )?with name (\w+) ", message)
    if named and (fault := _damage_of(connection, named[1])):
        return QueryError(fault)
    if named and named[1] in set(definitions()) - defined_names(connection):
        return NotBuiltError(f"'{named[1]}' has not been built yet at this root: {BUILD_FIRST}")
    if "operations are disabled by configuration" in message:
        message += "\nQuestions read files of the root only; --allow names others (files or folders of this machine)."
    if "does not support lateral join column parameters" in message:
        message += "\nMacros that read files take literals; for the DNA over columns use dna_of."
    if "No files found" in message:
        message += "\nIs there such a genome and chromosome (see the view 'chromosomes'), and has it been built?"
    return QueryError(message)


def _damage_of(connection: duckdb.DuckDBPyConnection, name: str) -> str | None:
    """Return what is wrong with the files of a view or macro; None if nothing is known to be."""
    found = connection.execute(f"select getvariable('{_DAMAGED}')[?]", [name]).fetchone()
    fault: str | None = found[0] if found else None
    return fault
