"""A window set of the catalogue, opened: tracks and DNA of each window, from stored arrays or straight from runs."""

import json
import operator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.catalogue.values import nearest
from genatator_assets.errors import ReadingError, optional_import
from genatator_assets.signals.window_values import OneHot, SetReader, SetSpec, one_hot_words
from genatator_assets.tracks.runs import Values
from genatator_assets.work.layout_signals import SignalLayout
from genatator_assets.work.storage import is_remote
from genatator_assets.work.tables import read_table

if TYPE_CHECKING:
    from genatator_assets.reading.torch import WindowSetDataset


@dataclass(frozen=True, eq=False)
class SetWindow:
    """A window of a set. values: float32 [bins, tracks]; dna: one-hot words uint8 [positions, words], or None.

    `place` has its genome, chrom, start, end (0-based half-open, with the flanks), strand and split.
    """

    place: dict[str, Any]
    values: Values
    dna: OneHot | None


class WindowSet:
    """The windows of a set, by their place; a copy that is sent to another process opens its files there."""

    def __init__(self, root: Path, spec: SetSpec, table: pa.Table) -> None:
        """Take how the set is read, and its windows or some of them."""
        self._root, self.spec, self.table = root, spec, table
        self._reader = SetReader(root, spec)
        self._stored = spec.stored and not is_remote(root)  # arrays can't be mapped from afar; runs are equal to them

    @classmethod
    def open(cls, root: Path, name: str, split: str | None = None) -> Self:
        """Open the set of a name under a root; with `split`, the windows of that split alone.

        Raises:
            ReadingError: there is no such set, or it has no window in the split.
        """
        layout = SignalLayout(root)
        if not layout.window_set(name).is_file():
            built = read_table(layout.window_sets)["name"].to_pylist() if layout.window_sets.is_file() else []
            there = f"there are {', '.join(built)}" if built else "no window set is built here"
            raise ReadingError(f"no window set {name!r} in {root}{nearest(name, built)}; {there}")
        spec = SetSpec.of_json(json.loads(layout.window_set(name).read_text()))
        table = read_table(layout.windows(name))
        if split is not None:
            table = table.filter(pc.equal(table["split"], split))
            if not len(table):
                raise ReadingError(f"window set {name!r} has no window in split {split!r}")
        return cls(root, spec, table)

    def __reduce__(self) -> tuple[Any, ...]:
        """Send where it reads, not what is open."""
        return type(self), (self._root, self.spec, self.table)

    @property
    def track_names(self) -> tuple[str, ...]:
        """The tracks: the columns of `values`."""
        return tuple(track.track_id for track in self.spec.tracks)

    def __len__(self) -> int:
        """Number of windows."""
        return len(self.table)

    def __repr__(self) -> str:
        """Return a short summary."""
        shape = f"{self.spec.bins:,} bins of {self.spec.resolution_bp:,} bp, {len(self.spec.tracks):,} tracks"
        return f"<window set {self.spec.name}: {len(self):,} windows, {shape}>"

    def __getitem__(self, place: int) -> SetWindow:
        """Read one window.

        Raises:
            IndexError: there is none at this place.
        """
        place = operator.index(place)
        if not -len(self) <= place < len(self):
            raise IndexError(f"{place=} is not one of {len(self):,} windows")
        row = {name: column[place % len(self)].as_py() for name, column in self._columns.items()}
        index, order = row.pop("index"), self.spec.order
        where = (row["chrom"], row["start"], row["end"], row["strand"])
        if self._stored:
            values = np.array(self._arrays["values"][index])
            letters = np.array(self._arrays["dna"][index]) if order else None
        else:
            values = self._reader.values(*where)
            letters = self._reader.letters(*where) if order else None
        dna = one_hot_words(letters, order) if order and letters is not None else None
        return SetWindow(row, values, dna)

    def values(self, chrom: str, start: int, end: int, strand: str = ".") -> Values:
        """Return the tracks of any interval as the set's windows are read, from runs: float32 [bins, tracks]."""
        return self._reader.values(chrom, start, end, strand)

    def batch(self, places: npt.ArrayLike) -> Values:
        """Return the tracks of several windows: float32 [windows, bins, tracks]."""
        wanted = np.arange(len(self))[np.asarray(places, np.int64)]
        if self._stored:
            stored: Values = self._arrays["values"][self._index[wanted]]
            return stored
        rows, names = pa.array(wanted), ("chrom", "start", "end", "strand")
        columns = (self._columns[name].take(rows).to_pylist() for name in names)
        return self._reader.batch(list(zip(*columns, strict=True)))

    def to_torch(self) -> "WindowSetDataset":
        """Return the windows as a map-style dataset for `torch.utils.data.DataLoader`.

        Raises:
            MissingExtraError: PyTorch is not installed.
        """
        from genatator_assets.reading.torch import WindowSetDataset  # noqa: PLC0415 - an extra

        return WindowSetDataset(self)

    @cached_property
    def _columns(self) -> dict[str, pa.Array]:
        return {name: self.table[name].combine_chunks() for name in self.table.column_names}

    @cached_property
    def _index(self) -> npt.NDArray[np.int64]:
        found: npt.NDArray[np.int64] = self.table["index"].to_numpy()
        return found

    @cached_property
    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The stored arrays, mapped into memory: they lie in the file in one piece, and are read without HDF5's own
        work for each window, which takes longer than reading runs."""
        with optional_import("h5py", "signals"):
            import h5py  # noqa: PLC0415 - an extra
        path = SignalLayout(self._root).arrays(self.spec.name)
        with h5py.File(path, "r") as file:
            places = {name: (one.dtype, one.id.get_offset(), one.shape) for name, one in file.items()}
        return {name: np.memmap(path, dtype, "r", offset, shape) for name, (dtype, offset, shape) in places.items()}
