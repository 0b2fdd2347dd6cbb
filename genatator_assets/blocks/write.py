"""Writing one block as one Parquet file, by pyarrow. docs/format.md has the measurements behind the settings."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from genatator_assets.blocks.contract import SCHEMA, BlockPlace
from genatator_assets.targets.segments import Values
from genatator_assets.work.files import whole_file
from genatator_assets.work.tables import Provenance

_SETTINGS = {
    "compression": "zstd",
    "compression_level": 1,
    "use_dictionary": False,
    "write_page_checksum": True,
}


def block_table(dna: str, targets: Values, place: BlockPlace) -> pa.Table:
    """Put a block together: `dna` of L letters, `targets` float32 [L, 12], contiguous and not copied."""
    bases = pa.FixedSizeListArray.from_arrays(pa.array(targets.reshape(-1)), targets.shape[1])
    columns = [pa.array([dna]), pa.ListArray.from_arrays([0, len(targets)], bases), pa.array([place.metadata_json()])]
    return pa.table(columns, schema=SCHEMA)


def write_block(path: Path, dna: str, targets: Values, place: BlockPlace, provenance: Provenance) -> None:
    """Write a block, whole or not at all; the same arguments give the same bytes.

    Raises:
        ValueError: DNA, targets and place differ in length.
    """
    if not len(dna) == len(targets) == place.end - place.start:
        raise ValueError(f"{len(dna)=}, {len(targets)=} and {place=} differ in length")
    with whole_file(path) as temporary, pq.ParquetWriter(temporary, SCHEMA, **_SETTINGS) as writer:
        writer.write_table(block_table(dna, targets, place))
        writer.add_key_value_metadata(provenance.as_metadata())
