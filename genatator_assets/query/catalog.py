"""The views and macros as statements in one file, for DuckDB without this package: dataset/catalog.sql goes with a
dataset, and `genatator-assets sql --catalog` writes one that knows where the dataset is.

No semicolon stands in a comment: some tools split at each.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from genatator_assets.errors import EmptyRootError
from genatator_assets.query.definitions import Definition, available, identifier, quoted
from genatator_assets.work.files import whole_file
from genatator_assets.work.layout import Layout
from genatator_assets.work.storage import is_remote

_HEAD = """\
-- The views and macros of this dataset, for DuckDB 2.0 or later. In the dataset's folder:
--     duckdb -init dataset/catalog.sql                        (the command line)
--     con.execute(Path("dataset/catalog.sql").read_text())    (Python, con = duckdb.connect())
-- From any other folder, say first where the dataset is:
--     set variable root = '/data/my-dataset'
"""
_HEAD_WITH_ROOT = "-- The views and macros of a dataset, for DuckDB, from any folder.\n"
_FIXED = "-- The dataset's folder."


def write_catalog(layout: Layout) -> None:
    """Write the statements of all views and macros whose files are built; no path of this machine is in it."""
    with whole_file(layout.catalog) as temporary:
        temporary.write_text(catalog_of(layout.root))


def catalog_of(folder: Path, release: bool = False) -> str:
    """Return the statements that the files of a root, or of a release, can answer."""
    return _written(_HEAD, available(folder, release).values(), None)


def catalog_with_root(root: Path, schema: str | None = None) -> str:
    """Return the statements for a dataset at `root`, which is written in: they work from any folder and in a saved
    database. In a schema of its own a dataset stands beside others in one connection.

    Raises:
        DatasetError: there is no dataset at `root`.
    """
    there = available(root)
    if not any(one.patterns for one in there.values()):
        raise EmptyRootError(f"{root} holds no dataset: nothing has been built there yet; give --root, or build first")
    place = str(root if is_remote(root) else root.resolve())
    fixed = replace(there["root"], statement=f"create or replace macro root() as {quoted(place)}", comment=_FIXED)
    return _written(_HEAD_WITH_ROOT, (there | {"root": fixed}).values(), schema)


def _written(head: str, there: Iterable[Definition], schema: str | None) -> str:
    definitions = [one if schema is None else one.in_schema(schema) for one in there]
    made = (f"{one.comment.replace(';', ',')}\n{one.statement};\n" for one in definitions)
    told = (f"{statement};" for one in definitions for statement in one.comments())
    schemas = () if schema is None else (f"create schema if not exists {identifier(schema)};\n",)
    return "\n".join([head, *schemas, *made, *told, ""])
