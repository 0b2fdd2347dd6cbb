"""dataset/catalog.sql: the views and macros in one file that goes with a dataset, for DuckDB without this package."""

from pathlib import Path

from genatator_assets.query.definitions import available
from genatator_assets.work.files import whole_file
from genatator_assets.work.layout import Layout

_HEAD = """\
-- The views and macros of this dataset, for DuckDB 2.0 or later. In the dataset's folder:
--     duckdb -init dataset/catalog.sql                        (the command line)
--     con.execute(Path("dataset/catalog.sql").read_text())    (Python, con = duckdb.connect())
-- From any other folder, say first where the dataset is:
--     set variable root = '/data/my-dataset'
"""


def write_catalog(layout: Layout) -> None:
    """Write the statements of all views and macros whose files are built; no path of this machine is in it."""
    with whole_file(layout.catalog) as temporary:
        temporary.write_text(catalog_of(layout.root))


def catalog_of(folder: Path, release: bool = False) -> str:
    """Return the statements that the files of a root, or of a release, can answer."""
    there = available(folder, release).values()
    made = (f"{one.comment.replace(';', ',')}\n{one.statement}" for one in there)
    told = (statement for one in there for statement in one.comments())
    return "\n".join([_HEAD, *(f"{statement};\n" for statement in made), *(f"{statement};" for statement in told), ""])
