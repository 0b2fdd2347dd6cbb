"""catalog.sql of a release: that of the root, with the blocks where a release has them, and without what it lacks.

This is the one place that knows how the paths of a release differ from those of a root: only those of the blocks do.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb

_PATHS = {
    "'/blocks/**/*.parquet'": "'/data/**/*.parquet'",
    "'/blocks/*/genome=' || path_name(genome) || '/chrom=' || path_name(chrom) || '/*.parquet'": (
        "'/data/*/*/' || path_name(genome) || '~' || path_name(chrom) || '~*.parquet'"
    ),
    "parse_filename(filename, true)::": "split_part(parse_filename(filename, true), '~', 3)::",
}
_FOLDER = re.compile(r"'/(\w+)/")
_NAME = re.compile(r'create or replace (?:macro|view) "?(\w+)')


def catalog_of_release(text: str, folder: Path) -> str:
    """Return the statements of a root's catalog.sql that the files in `folder` can answer; each goes with its comment.

    A statement ends with a semicolon at the end of a line, and needs only those before it.
    """
    kept: list[str] = []
    left_out: set[str] = set()
    with duckdb.connect() as connection:
        connection.execute("set variable root = ?", [str(folder)])
        for statement in _statements(_with_paths_of_release(text)):
            code = _without_comments(statement)
            if _is_answered(code, folder, left_out) and _runs(connection, statement):
                kept.append(statement)
            elif name := _NAME.search(code):
                left_out.add(name[1])
    return "\n".join(kept)


def _with_paths_of_release(text: str) -> str:
    for of_root, of_release in _PATHS.items():
        text = text.replace(of_root, of_release)
    return text


def _statements(text: str) -> Iterator[str]:
    statement = ""
    for line in text.splitlines(keepends=True):
        statement += line
        if line.rstrip().endswith(";") and not line.startswith("--"):
            yield statement.lstrip("\n")
            statement = ""


def _without_comments(statement: str) -> str:
    return "\n".join(line for line in statement.splitlines() if not line.startswith("--"))


def _is_answered(code: str, folder: Path, left_out: set[str]) -> bool:
    """Return whether there are the folders that a statement names, and the views and macros."""
    folders = all((folder / name).is_dir() for name in _FOLDER.findall(code))
    return folders and not any(re.search(rf"\b{name}\b", code) for name in left_out)


def _runs(connection: duckdb.DuckDBPyConnection, statement: str) -> bool:
    try:
        connection.execute(statement)
    except duckdb.Error:
        return False
    return True
