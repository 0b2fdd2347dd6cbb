"""Parquet tables with provenance: the one way in which every table of a dataset is written and read."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from genatator_assets.errors import DatasetError
from genatator_assets.version import __version__
from genatator_assets.work.files import canonical_json, whole_file

FORMAT_VERSION = "1"
"""Version of the layout and schemas under a dataset root; a change that old readers can't read raises it."""


@dataclass(frozen=True)
class Provenance:
    """What a file was made from: `inputs` name -> sha256, and every parameter that decides its content."""

    inputs: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def as_metadata(self) -> dict[str, str]:
        """Give the key-value metadata of a Parquet file. No time, host or path, so that bytes stay the same."""
        return {
            "genatator_assets.format_version": FORMAT_VERSION,
            "genatator_assets.platform_version": __version__,
            "genatator_assets.inputs": canonical_json(dict(self.inputs)),
            "genatator_assets.parameters": canonical_json(dict(self.parameters)),
        }


def write_table(path: Path, table: pa.Table, provenance: Provenance, ascending: Collection[str] = ()) -> None:
    """Write a table, whole or not at all, with its provenance in the key-value metadata.

    Columns of mostly ascending integers are better stored as differences: `ascending` names them.
    """
    settings = {
        "compression": "zstd",
        "use_dictionary": [name for name in table.column_names if name not in ascending] if ascending else True,
        "column_encoding": dict.fromkeys(ascending, "DELTA_BINARY_PACKED") or None,
    }
    with whole_file(path) as temporary, pq.ParquetWriter(temporary, table.schema, **settings) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata(provenance.as_metadata())


def read_table(path: Path, **how: Any) -> pa.Table:
    """Read a table that `write_table` wrote; `how` goes to `pyarrow.parquet.read_table`.

    Raises:
        DatasetError: the file is missing or damaged.
    """
    if not path.is_file():
        raise DatasetError(f"{path} does not exist: the step that makes it has not been run; build the dataset")
    try:
        return pq.read_table(path, partitioning=None, **how)
    except (pa.ArrowInvalid, OSError) as error:
        raise DatasetError(f"{path} can't be read ({error}); delete it and build again") from error
