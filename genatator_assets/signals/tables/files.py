"""Tables as rows: CSV, TSV and Parquet files, plain or gzip."""

import csv
import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from genatator_assets.errors import SignalError
from genatator_assets.signals.columns import Row

_GZIP = b"\x1f\x8b"


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
    except (OSError, ValueError, EOFError, csv.Error, pa.ArrowException) as error:
        raise SignalError(f"{path} can't be read as a table ({error}); expected CSV, TSV or Parquet") from error


def _rows_of_text(path: Path, delimiter: str | None) -> Iterator[Row]:
    with path.open("rb") as handle:
        magic = handle.read(2)
        handle.seek(0)
        binary: Any = gzip.GzipFile(fileobj=handle) if magic == _GZIP else handle
        text = io.TextIOWrapper(binary, encoding="utf-8-sig", newline="")
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
