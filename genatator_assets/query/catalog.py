"""dataset/catalog.sql: the views and macros in one file that goes with a dataset, for DuckDB without this package."""

from genatator_assets.query.connect import connect, defined_names
from genatator_assets.query.definitions import ORDER, statement_of
from genatator_assets.work.files import whole_file
from genatator_assets.work.layout import Layout

_HEAD = """\
-- The views and macros of this dataset, for DuckDB 2.0 or later. In the dataset's folder:
--     duckdb -init dataset/catalog.sql                                   (the command line)
--     con = duckdb.connect(); con.execute(Path("dataset/catalog.sql").read_text())   (Python)
-- From any other folder, say first where the dataset is:
--     set variable root = '/data/my-dataset';
"""


def write_catalog(layout: Layout) -> None:
    """Write the statements of all views and macros whose files are built; no path of this machine is in it.

    Raises:
        DatasetError: there is no dataset, or a file of it is damaged.
    """
    with connect(layout.root) as connection:
        built = defined_names(connection)
    text = "\n".join([_HEAD, *(f"{statement_of(name)};\n" for name in ORDER if name in built)])
    with whole_file(layout.catalog) as temporary:
        temporary.write_text(text)
