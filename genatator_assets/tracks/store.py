"""Segments on disk: one Parquet file a chromosome, a row a run, which SQL reads as it is."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.errors import DatasetError
from genatator_assets.tracks.runs import Runs
from genatator_assets.tracks.segments import Segments
from genatator_assets.tracks.track import Track, TrackSet
from genatator_assets.work.files import Measured
from genatator_assets.work.tables import read_table, write_table
from genatator_assets.work.unit import Provenance

SCHEMA = pa.schema(
    [
        ("genome", pa.dictionary(pa.int32(), pa.string())),
        ("chrom", pa.dictionary(pa.int32(), pa.string())),
        ("channel", pa.dictionary(pa.int32(), pa.string())),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("value", pa.float32()),
    ]
)
"""A row per run of one value, 0-based half-open, sorted by channel (in the set's order) and start."""


def write_segments(path: Path, genome: str, chrom: str, segments: Segments, provenance: Provenance) -> Measured:
    """Store the segments of a chromosome, whole or not at all; return the file's size and hash."""
    counts = [len(runs) for runs in segments.runs]
    channel = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    columns = [
        _constant(genome, sum(counts)),
        _constant(chrom, sum(counts)),
        pa.DictionaryArray.from_arrays(channel, list(segments.tracks.names)),
        np.concatenate([runs.start for runs in segments.runs]),
        np.concatenate([runs.end for runs in segments.runs]),
        np.concatenate([runs.value for runs in segments.runs]),
    ]
    return write_table(path, pa.table(columns, schema=SCHEMA), provenance, ascending=("start", "end"))


def read_segments(path: Path, length: int, tracks: TrackSet[Track]) -> Segments:
    """Read the segments of `tracks` on a chromosome of `length` bp.

    Raises:
        DatasetError: the file is missing, damaged or not of this chromosome and these tracks.
    """
    table = read_table(path, columns=["channel", "start", "end", "value"])
    place = pc.index_in(table["channel"].cast(pa.string()), pa.array(tracks.names)).to_numpy()
    cuts = np.searchsorted(place, np.arange(len(tracks) + 1))
    columns = [table[name].to_numpy() for name in ("start", "end", "value")]
    try:
        runs = [Runs(*(column[cuts[i] : cuts[i + 1]] for column in columns)) for i in range(len(tracks))]
        return Segments(length, tuple(runs), tracks)
    except ValueError as error:
        raise DatasetError(
            f"{path} does not hold the targets of a chromosome of {length:,} bp ({error}); build again"
        ) from error


def _constant(text: str, count: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(np.zeros(count, np.int32), [text])
