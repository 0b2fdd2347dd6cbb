"""The data dictionary: what each view, column and macro is, as DuckDB's comments, in the prompt, and as a page.

python -m genatator_assets.query.dictionary > docs/dictionary.md
"""

import re
from collections.abc import Iterator

import duckdb

from genatator_assets.parts import PARTS
from genatator_assets.query.connect import defined_names
from genatator_assets.query.definitions import Definition, definitions
from genatator_assets.work.terminal import write_data

_HELP = re.compile(r"\s*\.?help(\s+(?P<name>\w+))?\s*;*\s*", re.IGNORECASE)
_TABLES = re.compile(r"\s*\.tables\s*;*\s*", re.IGNORECASE)
_DESCRIBE = re.compile(r"\s*(?:describe|desc|show)\s+\"?(?P<name>\w+)\"?\s*;*\s*", re.IGNORECASE)

_ALL_VIEWS = """
    select table_name as name, comment from (
        select view_name as table_name, comment from duckdb_views() where not internal
        union all
        select table_name, comment from duckdb_tables()
    )"""
_ALL_MACROS = """
    select function_name || '(' || array_to_string(parameters, ', ') || ')' as name, comment
    from duckdb_functions() where function_type in ('macro', 'table_macro') and not internal"""


def add_comments(connection: duckdb.DuckDBPyConnection) -> None:
    """Comment all views, columns and macros that a connection has."""
    columns: dict[str, list[str]] = {}
    for view, column in connection.execute(
        "select table_name, column_name from duckdb_columns() where not internal"
    ).fetchall():
        columns.setdefault(view, []).append(column)
    macros = {name for (name,) in connection.execute("select function_name from duckdb_functions()").fetchall()}
    connection.execute("begin")  # one commit for all is twice as fast
    for name, one in definitions().items():
        if name in columns or (one.parameters is not None and name in macros):
            for statement in one.comments(columns.get(name, ())):
                connection.execute(statement)
    connection.execute("commit")


def as_question(connection: duckdb.DuckDBPyConnection, typed: str) -> str:
    """Return the question in SQL that is meant by `help`, `.tables`, or `help` or `describe` with a view or macro of
    the dataset; what else is typed, as it is."""
    named = _DESCRIBE.fullmatch(typed) or _HELP.fullmatch(typed)
    if named and not named["name"]:
        return (
            f"select * from (\n{_ALL_VIEWS}\n    union all by name\n{_ALL_MACROS}\n) order by contains(name, '('), name"
        )
    if _TABLES.fullmatch(typed):
        return f"select * from (\n{_ALL_VIEWS}\n) order by name"
    if not named:
        return typed
    name = named["name"].lower()
    if name not in defined_names(connection):
        return f"describe {name}"
    one = definitions()[name]
    if one.parameters is not None:
        return f"select * from (\n{_ALL_MACROS}\n) where starts_with(name, '{one.name}(')"
    return f"""select column_name, data_type as column_type, comment
        from duckdb_columns() where table_name = '{one.name}' order by column_index"""


def is_word(typed: str) -> bool:
    """Return whether a line is whole without a semicolon: `help`, `help blocks` and `.tables` are.

    >>> is_word(" .tables"), is_word("help dna"), is_word("describe")
    (True, True, False)
    """
    return bool(_HELP.fullmatch(typed) or _TABLES.fullmatch(typed))


def page() -> str:
    """Return docs/dictionary.md."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Data dictionary"
    yield ""
    yield "All views and macros of [SQL](sql.md), with their columns. `genatator-assets sql` says the same: `help` and"
    yield "`describe blocks`, and so do the comments of DuckDB where `dataset/catalog.sql` was read. Coordinates are"
    yield "0-based and half-open. A share is 0 to 1; what is in percent has it in its name. `end` and `group` are words"
    yield "of SQL: as names of columns they need double quotes."
    for part in ("", *PARTS):
        of_part = [one for one in definitions().values() if one.part == part]
        if of_part:
            yield ""
            yield f"## {part.replace('_', ' ').capitalize() or 'All datasets'}"
        for one in sorted(of_part, key=lambda one: (one.parameters is not None, one.name)):
            yield from _lines_of(one)


def _lines_of(one: Definition) -> Iterator[str]:
    yield ""
    yield f"### `{one.name}`" if one.parameters is None else f"### `{one.name}({one.parameters})`"
    yield ""
    yield one.told
    if one.columns:
        yield from ("", "| column | |", "| --- | --- |")
        for column, told in one.columns.items():
            yield f"| {'any other' if column == '*' else f'`{column}`'} | {told.replace('|', chr(92) + '|')} |"


if __name__ == "__main__":
    write_data(page())
