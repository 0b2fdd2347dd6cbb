"""One track on one chromosome, on disk: a Parquet file of runs that is written as they come and read by region.

Rows are runs (start and end int32, 0-based half-open; value float32), ascending, of one value where they touch joined.
Starts and ends are stored as differences and values byte by byte, then compressed; a region is found by the row groups'
statistics, so that a window of a chromosome that nobody has read yet costs one row group.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from genatator_assets.errors import DatasetError
from genatator_assets.tracks.runs import Positions, Runs, Values, filled, join
from genatator_assets.tracks.tally import Tally
from genatator_assets.work.cache import Cache
from genatator_assets.work.files import Measured, measure, whole_file
from genatator_assets.work.tables import readable, require_known_format

SCHEMA = pa.schema([("start", pa.int32()), ("end", pa.int32()), ("value", pa.float32())])

ROWS_OF_A_GROUP = 16_384
_ROWS_AT_ONCE = 16 * ROWS_OF_A_GROUP

_ENCODING = {"start": "DELTA_BINARY_PACKED", "end": "DELTA_BINARY_PACKED", "value": "BYTE_STREAM_SPLIT"}


class TrackWriter:
    """Takes the runs of a track along a chromosome of `length` bp, and has their tally."""

    def __init__(self, writer: pq.ParquetWriter, length: int) -> None:
        """Begin with none."""
        self._writer, self._length = writer, length
        self._waiting: list[Runs] = []
        self._rows = 0
        self.tally = Tally()
        self._measured: Measured | None = None

    def add(self, runs: Runs) -> None:
        """Take more runs, which lie right of all before.

        Raises:
            ValueError: they leave the chromosome, or lie left of others.
        """
        if not len(runs):
            return
        before = int(self._waiting[-1].end[-1]) if self._waiting else 0
        if int(runs.start[0]) < before or int(runs.end[-1]) > self._length:
            raise ValueError(
                f"runs [{int(runs.start[0]):,}, {int(runs.end[-1]):,}) do not lie within [{before:,}, {self._length:,})"
            )
        self._waiting.append(runs)
        self._rows += len(runs)
        if self._rows > _ROWS_AT_ONCE:
            self._write(keep_rest=True)

    def flush(self) -> None:
        """Write what is left."""
        self._write(keep_rest=False)

    def finish(self, measured: Measured) -> None:
        """Take the size and the hash of the file, which is whole now."""
        self._measured = measured

    @property
    def finished(self) -> Measured:
        """Size and hash of the file.

        Raises:
            ValueError: it is still being written.
        """
        if self._measured is None:
            raise ValueError("the file is not whole yet")
        return self._measured

    def _write(self, *, keep_rest: bool) -> None:
        """Write whole row groups; the rest, the last run among it, may go on in the next runs."""
        names = ("start", "end", "value")
        parts = [np.concatenate([getattr(runs, name) for runs in self._waiting] or [np.empty(0)]) for name in names]
        start, end, value = join(*parts)
        rows = (len(start) - 1) // ROWS_OF_A_GROUP * ROWS_OF_A_GROUP if keep_rest else len(start)
        written = Runs(start[:rows], end[:rows], value[:rows])
        if rows:
            self.tally.add(written)
            columns = [written.start.astype(np.int32), written.end.astype(np.int32), written.value]
            self._writer.write_table(pa.table(columns, schema=SCHEMA), ROWS_OF_A_GROUP)
        self._waiting = [Runs(start[rows:], end[rows:], value[rows:])] if rows < len(start) else []
        self._rows = len(start) - rows


@contextmanager
def track_writer(path: Path, length: int, metadata: Mapping[str, str]) -> Iterator[TrackWriter]:
    """Write a track along a chromosome of `length` bp, whole or not at all; afterwards its size and hash are known.

    `metadata` is put into the file's footer.
    """
    with whole_file(path) as temporary:
        settings: dict[str, Any] = {
            "compression": "zstd",
            "compression_level": 1,
            "use_dictionary": False,
            "column_encoding": _ENCODING,
            "write_page_index": False,
        }
        with pq.ParquetWriter(temporary, SCHEMA, **settings) as parquet:
            writer = TrackWriter(parquet, length)
            yield writer
            writer.flush()
            parquet.add_key_value_metadata(dict(metadata))
        writer.finish(measure(temporary))


@dataclass(frozen=True, eq=False)
class TrackFile:
    """A stored track on one chromosome, opened."""

    path: Path
    _file: pq.ParquetFile

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a file that `track_writer` wrote.

        Raises:
            DatasetError: it is missing, damaged or of another format.
        """
        try:
            file = pq.ParquetFile(readable(path))
        except FileNotFoundError as error:
            raise DatasetError(f"{path} does not exist: the track has not been built; build the dataset") from error
        except (ValueError, OSError) as error:
            raise DatasetError(f"{path} can't be read ({error}); delete it and build again") from error
        require_known_format(path, file.metadata.metadata)
        if file.schema_arrow.names != SCHEMA.names:
            raise DatasetError(f"{path} is not a track: it has columns {', '.join(file.schema_arrow.names)}")
        return cls(path, file)

    @property
    def metadata(self) -> Mapping[bytes, bytes]:
        """The footer's key-value metadata."""
        return self._file.metadata.metadata or {}

    def __len__(self) -> int:
        """Number of runs."""
        return int(self._file.metadata.num_rows)

    def runs(self) -> Runs:
        """Read all runs."""
        return self._read(range(self._file.num_row_groups))

    def within(self, start: int, end: int) -> Runs:
        """Read the runs that overlap [start, end), cut to it."""
        return self._read(self.groups(start, end)).within(start, end)

    def groups(self, start: int, end: int) -> range:
        """Return the numbers of the row groups that may have runs of [start, end)."""
        first = max(0, int(np.searchsorted(self._starts, start, side="right")) - 1)
        return range(first, int(np.searchsorted(self._starts, end, side="left")))

    def group(self, number: int) -> Runs:
        """Read the runs of a row group."""
        return self._read([number])

    def stretches(self) -> Iterator[Runs]:
        """Read all runs, some row groups at a time."""
        groups = range(self._file.num_row_groups)
        for first in groups[::16]:
            yield self._read(itertools.islice(groups, first, first + 16))

    @cached_property
    def _starts(self) -> Positions:
        """Where each row group begins."""
        groups = (self._file.metadata.row_group(number) for number in range(self._file.num_row_groups))
        return np.array([group.column(0).statistics.min for group in groups], np.int64)

    def _read(self, groups: Iterable[int]) -> Runs:
        try:
            table = self._file.read_row_groups(list(groups), use_threads=False)
            start, end = (table[name].to_numpy().astype(np.int64) for name in ("start", "end"))
            return Runs(start, end, table["value"].to_numpy())
        except (ValueError, OSError) as error:
            raise DatasetError(f"{self.path} is damaged ({error}); delete it and build again") from error


class KeptGroups:
    """Reads windows of track files, and keeps the row groups that it read last, up to `limit_bytes`.

    A chromosome of a track is kept whole if it fits, so that windows in any order cost a search each; one of more
    runs, or of tracks by the thousand, costs a row group for each window that is far from those before.
    """

    def __init__(self, limit_bytes: int = 1 << 28) -> None:
        """Keep nothing yet."""
        self._groups: Cache[tuple[TrackFile, int], Runs] = Cache(_group, attrgetter("nbytes"), limit_bytes)

    def windows(self, files: Sequence[TrackFile | None], start: Positions, length: int, missing: float) -> Values:
        """Return the values of windows [start[i], start[i] + length) of files[i]: float32 [windows, length].

        Windows may extend past the chromosome. Bases without a value are `missing`; without a file, every base is.
        """
        pieces = [
            (first - begin + place, last - begin + place, value)
            for place, begin, file in zip(range(0, len(files) * length, length), start.tolist(), files, strict=True)
            if file is not None and begin + length > 0
            for first, last, value in self._cut(file, max(0, begin), begin + length)
        ]
        if not pieces:
            return np.full((len(files), length), missing, np.float32)
        first, last, value = (np.concatenate(column) for column in zip(*pieces, strict=True))
        return filled(len(files) * length, first, last, value, missing).reshape(len(files), length)

    def _cut(self, file: TrackFile, start: int, end: int) -> Iterator[tuple[Positions, Positions, Values]]:
        for number in file.groups(start, end):
            yield self._groups((file, number)).cut(start, end)


def _group(place: tuple[TrackFile, int]) -> Runs:
    file, number = place
    return file.group(number)
