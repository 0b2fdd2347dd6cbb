"""Tables as rows: CSV and TSV, plain or compressed, and Parquet files."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from genatator_assets.errors import SignalError
from genatator_assets.signals.columns import Row
from genatator_assets.work.lines import whole_lines

_EXPECTED = "a table: CSV or TSV with a header, or Parquet"


def read_table(path: Path, *, delimiter: str | None = None) -> Iterator[Row]:
    """Return the rows of a table, by column; a text file's values are texts.

    A text file has a header; its columns are separated by `delimiter`, by default a tab where the header has one, else
    a comma.

    Raises:
        SignalError: the file can't be read as a table.
    """
    try:
        if path.suffix == ".parquet":
            yield from pq.read_table(path).to_pylist()
        else:
            yield from _rows_of_text(path, delimiter)
    except (OSError, ValueError, csv.Error, pa.ArrowException) as error:
        raise SignalError(f"{path} can't be read as a table ({error}); expected {_EXPECTED}") from error


def _rows_of_text(path: Path, delimiter: str | None) -> Iterator[Row]:
    text = io.StringIO(b"".join(whole_lines(path, SignalError, _EXPECTED)).decode(), newline="")
    header = text.readline()
    if not header.strip():
        raise ValueError("it is empty")
    separator = delimiter or ("\t" if "\t" in header else ",")
    columns = next(csv.reader([header], delimiter=separator))
    for number, values in enumerate(csv.reader(text, delimiter=separator), 2):
        if not values:
            continue
        if len(values) != len(columns):
            raise ValueError(f"line {number} has {len(values)} columns, the header {len(columns)}")
        yield dict(zip(columns, values, strict=True))
