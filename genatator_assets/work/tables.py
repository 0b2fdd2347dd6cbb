"""Parquet tables with provenance: the one way in which every table of a dataset is written and read."""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from genatator_assets.errors import DamagedError, DatasetError
from genatator_assets.version import __version__
from genatator_assets.work.files import Measured, measure, whole_file
from genatator_assets.work.storage import is_remote
from genatator_assets.work.unit import FORMAT_VERSION, Provenance, Step

_VERSION_KEY = b"genatator_assets.format_version"


def write_table(path: Path, table: pa.Table, provenance: Provenance, ascending: Collection[str] = ()) -> Measured:
    """Write a table, whole or not at all, with its provenance in the key-value metadata; give its size and hash.

    Columns of mostly ascending integers are better stored as differences: `ascending` names them.
    """
    settings = {
        "use_dictionary": [name for name in table.column_names if name not in ascending] if ascending else True,
        "column_encoding": dict.fromkeys(ascending, "DELTA_BINARY_PACKED") or None,
    }
    with table_writer(path, table.schema, provenance, **settings) as writer:
        writer.write(table)
    return writer.measured


class TableWriter:
    """A table that is being written; `measured` is its size and hash once it is whole."""

    def __init__(self, writer: pq.ParquetWriter) -> None:
        """Write to an open file."""
        self._writer = writer
        self._measured: Measured | None = None

    def write(self, table: pa.Table, row_group_size: int | None = None) -> None:
        """Append rows: one row group, or groups of a size."""
        self._writer.write_table(table, row_group_size)

    @property
    def measured(self) -> Measured:
        """The finished file's size and hash."""
        if self._measured is None:
            raise ValueError("the table is not finished")
        return self._measured


@contextmanager
def table_writer(path: Path, schema: pa.Schema, provenance: Provenance, **settings: Any) -> Iterator[TableWriter]:
    """Write a table piece by piece, whole or not at all, with its provenance; `settings` are `ParquetWriter`'s."""
    with whole_file(path) as temporary:
        with pq.ParquetWriter(temporary, schema, **{"compression": "zstd", **settings}) as parquet:
            writer = TableWriter(parquet)
            yield writer
            parquet.add_key_value_metadata(provenance.as_metadata())
        writer._measured = measure(temporary)


def _known_bytes(path: Path, sha256: str) -> bytes:
    content = path.read_bytes()
    if (found := hashlib.sha256(content).hexdigest()) != sha256:
        raise DamagedError(f"{path} is damaged: its SHA-256 is {found}, expected {sha256}")
    return content


def readable(path: Path) -> Path | pa.BufferReader:
    """Return what pyarrow reads a file from: its path or, from an object store, all its bytes, by one request.

    Raises:
        OSError: it can't be fetched.
    """
    return pa.BufferReader(path.fs.cat_file(path.path)) if is_remote(path) else path


def require_known_format(path: Path, key_values: Mapping[bytes, bytes] | None) -> None:
    """Ensure that a file is of the format that is read here; a file of others doesn't say its format.

    Raises:
        DatasetError: it is of another.
    """
    found = (key_values or {}).get(_VERSION_KEY, FORMAT_VERSION.encode()).decode("utf-8", "replace")
    if found != FORMAT_VERSION:
        raise DatasetError(
            f"{path} is of format {found!r}, and genatator-assets {__version__} reads format {FORMAT_VERSION!r};"
            " use the version that made it, or build the dataset again"
        )


def provenance_of(path: Path) -> Provenance:
    """Read what a Parquet file of the platform says that it was made from, and by which step.

    Raises:
        DatasetError: it does not say so, or can't be read.
    """
    try:
        said = pq.read_metadata(readable(path)).metadata or {}
        parts = [json.loads(said[f"genatator_assets.{part}".encode()]) for part in ("inputs", "parameters")]
        name, number = said[b"genatator_assets.step"].decode().rsplit(" ", 1)
        step = Step(name, int(number))
    except (OSError, KeyError, ValueError) as error:
        raise DatasetError(f"{path} does not say what it was made from ({error!r}); build it again") from error
    return Provenance(parts[0], parts[1], step)


def read_table(path: Path, sha256: str | None = None, **how: Any) -> pa.Table:
    """Read a table that `write_table` wrote; `how` goes to `pyarrow.parquet.read_table`.

    With `sha256`, the file must have this hash.

    Raises:
        DatasetError: the file is missing, damaged or of another format.
    """
    if not path.is_file():
        raise DatasetError(f"{path} does not exist: the step that makes it has not been run; build the dataset")
    try:
        source = readable(path) if sha256 is None else pa.BufferReader(_known_bytes(path, sha256))
        require_known_format(path, pq.read_metadata(source).metadata)
        return pq.read_table(source, partitioning=None, **how)
    except (ValueError, OSError) as error:
        raise DatasetError(f"{path} can't be read ({error}); delete it and build again") from error
