"""Writing one block as one Parquet file: by the block encoder, or by pyarrow, which is the reference.

Both write the same content; pyarrow needs the whole block dense, and so more than ten times the time and memory.
docs/format.md has the measurements behind the settings.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from genatator_assets.gene_finding.blocks.contract import SCHEMA, BlockPlace
from genatator_assets.gene_finding.blocks.encode import encode_block
from genatator_assets.gene_finding.section import BlockWriter
from genatator_assets.tracks.runs import Values
from genatator_assets.tracks.segments import Segments
from genatator_assets.work.files import Measured, measure, whole_file
from genatator_assets.work.unit import Provenance

_PYARROW_SETTINGS = {
    "compression": "zstd",
    "compression_level": 1,
    "use_dictionary": False,
    "write_page_checksum": True,
}


def write_block(
    path: Path, dna: str, segments: Segments, place: BlockPlace, provenance: Provenance, writer: BlockWriter = "pages"
) -> Measured:
    """Write the block at `place` of a chromosome, whole or not at all; give the file's size and hash.

    The same arguments give the same bytes.

    Raises:
        ValueError: the DNA is not as long as the place.
    """
    if len(dna) != place.end - place.start:
        raise ValueError(f"{len(dna)=} and {place=} differ in length")
    if writer == "pyarrow":
        return write_dense_block(path, dna, segments.dense(place.start, place.end), place, provenance)
    with whole_file(path) as temporary:
        with temporary.open("wb") as handle:
            encode_block(handle, dna, segments, place, provenance.as_metadata())
        return measure(temporary)


def write_dense_block(path: Path, dna: str, targets: Values, place: BlockPlace, provenance: Provenance) -> Measured:
    """Write a block of dense `targets`, float32 [len(dna), 12], by pyarrow, as `write_block` does."""
    bases = pa.FixedSizeListArray.from_arrays(pa.array(targets.reshape(-1)), targets.shape[1])
    columns = [pa.array([dna]), pa.ListArray.from_arrays([0, len(targets)], bases), pa.array([place.metadata_json()])]
    with whole_file(path) as temporary:
        with pq.ParquetWriter(temporary, SCHEMA, **_PYARROW_SETTINGS) as file:
            file.write_table(pa.table(columns, schema=SCHEMA))
            file.add_key_value_metadata(provenance.as_metadata())
        return measure(temporary)
