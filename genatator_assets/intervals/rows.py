"""Regions as Parquet: a row for each region that is kept, with its sequence as text and its labels by name."""

from contextlib import ExitStack
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from genatator_assets.catalogue.values import SPLITS
from genatator_assets.intervals.splits import LabelledRegions
from genatator_assets.intervals.write import letters_of
from genatator_assets.sources.stretches import IndexedFasta, Letters
from genatator_assets.work.files import Measured
from genatator_assets.work.tables import table_writer
from genatator_assets.work.unit import Provenance

SCHEMA = pa.schema(
    [
        ("chrom", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("strand", pa.string()),
        ("labels", pa.list_(pa.string())),
        ("sequence", pa.string()),
    ]
)
"""0-based half-open. `sequence` is in upper case, N behind a chromosome's end, the reverse complement on -."""

_ROW_GROUP = 8_192
_UPPER = np.uint8(0xDF)
_STRANDS = pa.array(["-", ".", "+"])


def write_rows(
    folder: Path, genome: IndexedFasta, dataset: LabelledRegions, provenance: Provenance
) -> dict[Path, Measured]:
    """Write `<split>.parquet` for each split that has regions, in the order of the HDF5 tables' rows.

    Raises:
        SequenceError: the FASTA file can't be read.
        OSError: a file can't be written.
    """
    regions = dataset.regions
    names = pa.array(list(map(str, dataset.labels)), pa.string())
    with ExitStack() as stack:
        writers = {
            int(number): stack.enter_context(table_writer(folder / f"{SPLITS[number]}.parquet", SCHEMA, provenance))
            for number in np.unique(dataset.splits)
        }
        for chosen, letters in letters_of(genome, dataset):
            first, behind = int(chosen[0]), int(chosen[-1]) + 1
            offsets = regions.labels.offsets[first : behind + 1]
            labels = names.take(pa.array(regions.labels.values[offsets[0] : offsets[-1]]))
            columns = [
                pa.array([dataset.chromosomes.names[regions.chrom[first]]] * len(chosen)),
                pa.array(regions.start[chosen]),
                pa.array(regions.end[chosen]),
                _STRANDS.take(pa.array(regions.strand[chosen] + 1)),
                pa.ListArray.from_arrays(pa.array((offsets - offsets[0]).astype(np.int32)), labels),
                _texts(letters),
            ]
            table = pa.table(columns, SCHEMA)
            for number, writer in writers.items():
                if (of_split := dataset.splits[chosen] == number).any():  # readers stumble over empty row groups
                    writer.write(table.filter(pa.array(of_split)), _ROW_GROUP)
    return {folder / f"{SPLITS[number]}.parquet": writer.measured for number, writer in writers.items()}


def _texts(letters: Letters) -> pa.StringArray:
    text = np.where(letters == 0, np.uint8(ord("N")), letters & _UPPER)
    offsets: npt.NDArray[np.int32] = np.arange(len(letters) + 1, dtype=np.int32) * np.int32(letters.shape[1])
    return pa.StringArray.from_buffers(len(letters), pa.py_buffer(offsets), pa.py_buffer(text))
