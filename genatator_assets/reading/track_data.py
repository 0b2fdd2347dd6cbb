"""TrackData: values of tracks over an interval with their metadata, and what one does with them.

The behaviours are those of alphagenome's container, and where that is wrong they are right: a slice past the end is
refused, padding moves the interval, missing values have a group of their own, and what is reversed must have a partner
on the other strand. Nothing is changed in place. Numpy only, no I/O.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt

from genatator_assets.errors import ReadingError
from genatator_assets.tracks.runs import Values

Aggregation = Literal["sum", "max"]
Strand = Literal["+", "-", "."]
Row = Mapping[str, Any]


class TrackDataError(ReadingError, ValueError):
    """An argument does not fit the data; the message names both."""


class TrackNameError(ReadingError, KeyError):
    """There is no track of a name."""

    __str__ = ReadingError.__str__


@dataclass(frozen=True)
class Place:
    """Bases [start, end) of a chromosome, 0-based half-open; on + or -, or on neither. start may be negative.

    >>> Place("chr1", 100, 201, "-").resize(64)
    Place(chrom='chr1', start=118, end=182, strand='-')
    """

    chrom: str
    start: int
    end: int
    strand: Strand = "."

    def __post_init__(self) -> None:
        """Check that it does not end before it begins."""
        if self.end < self.start:
            raise TrackDataError(f"{self.chrom}: start={self.start:,} lies behind end={self.end:,}")

    @property
    def width(self) -> int:
        """Number of bases."""
        return self.end - self.start

    def center(self) -> int:
        """Return the middle; of an odd width the base that the strand comes to later.

        >>> [Place("chr1", 100, 201, strand).center() for strand in "+-."]
        [151, 150, 151]
        """
        middle = (self.start + self.end) // 2
        return middle + (self.width % 2 if self.strand != "-" else 0)

    def resize(self, width: int) -> "Place":
        """Return `width` bases around the middle."""
        start = self.center() - width // 2
        return replace(self, start=start, end=start + width)

    def swap_strand(self) -> "Place":
        """Return the same bases of the other strand.

        Raises:
            TrackDataError: it is on neither.
        """
        if self.strand == ".":
            raise TrackDataError(f"{self.chrom}:{self.start}-{self.end} has no strand, so there is no opposite one")
        return replace(self, strand="-" if self.strand == "+" else "+")

    def overlaps(self, other: "Place") -> bool:
        """Return whether they share a base, on any strand."""
        return self.chrom == other.chrom and self.start < other.end and other.start < self.end

    def contains(self, other: "Place") -> bool:
        """Return whether all of the other lies within."""
        return self.chrom == other.chrom and self.start <= other.start and other.end <= self.end

    def intersect(self, other: "Place") -> "Place | None":
        """Return the bases that both have, on this one's strand; None where there are none."""
        if not self.overlaps(other):
            return None
        return replace(self, start=max(self.start, other.start), end=min(self.end, other.end))


@dataclass(frozen=True, eq=False)
class TrackData:
    """values: [positions, ..., tracks], all axes but the last positional and of bins of `resolution` bp.

    metadata: a row per track with at least `name` and `strand` (+, - or .); no (name, strand) twice. interval: where
    the values lie, as wide as they are; None where that is not known.
    """

    values: npt.NDArray[Any]
    metadata: tuple[Row, ...]
    resolution: int = 1
    interval: Place | None = None

    def __post_init__(self) -> None:
        """Check that everything fits together."""
        object.__setattr__(self, "metadata", tuple(self.metadata))
        if self.values.shape[-1] != len(self.metadata):
            raise TrackDataError(
                f"value number of tracks {self.values.shape[-1]} and metadata {len(self.metadata)} do not match"
            )
        if len({*self.values.shape[:-1]}) > 1:
            raise TrackDataError(f"positional axes of {self.values.shape} differ in length")
        for row in self.metadata:
            if row["strand"] not in {"+", "-", "."}:
                raise TrackDataError(f"strand of {row['name']} must be +, - or ., found {row['strand']!r}")
        keys = self._keys
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            raise TrackDataError(
                f"metadata has ({twice[0][0]}, {twice[0][1]}) twice; rename one, as `interleave` does by prefixes"
            )
        if self.interval is not None and self.interval.width != self.width:
            raise TrackDataError(f"interval width must match the values: {self.interval.width=}, {self.width=}")

    @property
    def _keys(self) -> list[tuple[str, str]]:
        return [(row["name"], row["strand"]) for row in self.metadata]

    @property
    def _axes(self) -> tuple[int, ...]:
        return tuple(range(self.values.ndim - 1))

    @property
    def width(self) -> int:
        """Number of bases; 0 where values have no positions."""
        return self.values.shape[0] * self.resolution if self.values.ndim > 1 else 0

    @property
    def names(self) -> list[str]:
        """Names of the tracks."""
        return [row["name"] for row in self.metadata]

    @property
    def strands(self) -> list[str]:
        """Strands of the tracks."""
        return [row["strand"] for row in self.metadata]

    def _bins(self, bases: int, what: str) -> int:
        if bases % self.resolution:
            raise TrackDataError(f"{what} needs to be divisible by {self.resolution}, found {bases}")
        return bases // self.resolution

    def slice_by_positions(self, start: int, end: int) -> "TrackData":
        """Return bases [start, end), counted from the first.

        Raises:
            TrackDataError: they are not all there, or are not whole bins.
        """
        if not 0 <= start <= end <= self.width:
            raise TrackDataError(f"{start}..{end} is outside 0..{self.width}")
        self._bins(end - start, "end - start")
        first = self._bins(start, "start")
        piece = slice(first, first + (end - start) // self.resolution)
        values = self.values[tuple(piece for _ in self._axes)]
        at = self.interval
        return replace(self, values=values, interval=at and replace(at, start=at.start + start, end=at.start + end))

    def slice_by_interval(self, interval: Place, match_resolution: bool = False) -> "TrackData":
        """Return the bases of an interval; with `match_resolution`, of all bins that it touches.

        Raises:
            TrackDataError: they are not all there, or are not whole bins.
        """
        if self.interval is None:
            raise TrackDataError("data without an interval can't be sliced by one; use slice_by_positions")
        if interval.chrom != self.interval.chrom:
            raise TrackDataError(f"{interval.chrom} is not {self.interval.chrom}, where the data lie")
        start, end = (edge - self.interval.start for edge in (interval.start, interval.end))
        if match_resolution:
            start, end = start // self.resolution * self.resolution, -(-end // self.resolution) * self.resolution
        return self.slice_by_positions(start, end)

    def pad(self, start_pad: int, end_pad: int, fill: float = 0) -> "TrackData":
        """Return more bases on both sides, of the value `fill`.

        Raises:
            TrackDataError: they are not whole bins.
        """
        before, after = self._bins(start_pad, "start_pad"), self._bins(end_pad, "end_pad")
        widths = [*[(before, after) for _ in self._axes], (0, 0)]
        at = self.interval
        return replace(
            self,
            values=np.pad(self.values, widths, constant_values=fill),
            interval=at and replace(at, start=at.start - start_pad, end=at.end + end_pad),
        )

    def resize(self, width: int) -> "TrackData":
        """Return `width` bases around the middle, cropped or padded with 0; of an odd rest the start has more cropped.

        Raises:
            TrackDataError: they are not whole bins.
        """
        bins, own = self._bins(width, "width"), self.width // self.resolution
        if bins <= own:
            first = -(-(own - bins) // 2) * self.resolution
            return self.slice_by_positions(first, first + width)
        before = (bins - own) // 2
        return self.pad(before * self.resolution, (bins - own - before) * self.resolution)

    def upsample(self, resolution: int, aggregation: Aggregation = "sum") -> "TrackData":
        """Return smaller bins: each the same value, or with "sum" its share of it.

        Raises:
            TrackDataError: bins are not made of whole smaller ones.
        """
        if resolution >= self.resolution:
            raise TrackDataError(f"resolution must be lower than {self.resolution}, found {resolution}")
        if resolution < 1 or self.resolution % resolution:
            raise TrackDataError(f"resolution {self.resolution} is not divisible by {resolution}")
        times = self.resolution // resolution
        values: Values = self.values
        for axis in self._axes:
            values = np.repeat(values, times, axis=axis)
        if aggregation == "sum":
            values = values / np.float32(times ** len(self._axes))
        return replace(self, values=values.astype(np.float32), resolution=resolution)

    def downsample(self, resolution: int, aggregation: Aggregation = "sum") -> "TrackData":
        """Return larger bins: sums or maxima.

        Raises:
            TrackDataError: bins do not make whole larger ones.
        """
        if resolution <= self.resolution:
            raise TrackDataError(f"resolution must be greater than {self.resolution}, found {resolution}")
        if resolution % self.resolution:
            raise TrackDataError(f"{resolution} is not divisible by the resolution {self.resolution}")
        if self.width % resolution:
            raise TrackDataError(
                f"width {self.width} does not divide by {resolution}; the largest width that does is"
                f" {self.width // resolution * resolution}"
            )
        times = resolution // self.resolution
        shape = [part for axis in self._axes for part in (self.values.shape[axis] // times, times)]
        shaped = self.values.reshape(*shape, self.values.shape[-1])
        within = tuple(2 * axis + 1 for axis in self._axes)
        values = shaped.sum(axis=within) if aggregation == "sum" else shaped.max(axis=within)
        return replace(self, values=values, resolution=resolution)

    def change_resolution(self, resolution: int, aggregation: Aggregation = "sum") -> "TrackData":
        """Return bins of `resolution` bp, by `upsample` or `downsample`."""
        if resolution == self.resolution:
            return self
        change = self.upsample if resolution < self.resolution else self.downsample
        return change(resolution, aggregation)

    def select_tracks_by_index(self, places: Sequence[int]) -> "TrackData":
        """Return tracks by their places, in this order."""
        return replace(self, values=self.values[..., list(places)], metadata=tuple(self.metadata[i] for i in places))

    def filter_tracks(self, mask: Sequence[bool]) -> "TrackData":
        """Return the tracks where the mask is true.

        Raises:
            IndexError: it is not as long as there are tracks.
        """
        if len(mask) != len(self.metadata):
            raise IndexError(f"the mask has {len(mask)} values, and there are {len(self.metadata)} tracks")
        return self.select_tracks_by_index(np.flatnonzero(np.asarray(mask, bool)).tolist())

    def select_tracks_by_name(self, names: Sequence[str]) -> "TrackData":
        """Return the tracks of some names, both strands of each, in the order of the names.

        Raises:
            TrackNameError: there is none of a name.
        """
        if missing := [name for name in names if name not in self.names]:
            raise TrackNameError(f"no track {', '.join(missing)}; there are {', '.join(dict.fromkeys(self.names))}")
        return self.select_tracks_by_index([i for name in names for i, own in enumerate(self.names) if own == name])

    def filter_to_strand(self, *strands: Strand) -> "TrackData":
        """Return the tracks of some strands."""
        return self.filter_tracks([strand in strands for strand in self.strands])

    def filter_to_positive_strand(self) -> "TrackData":
        """Return the tracks of the + strand."""
        return self.filter_to_strand("+")

    def filter_to_negative_strand(self) -> "TrackData":
        """Return the tracks of the - strand."""
        return self.filter_to_strand("-")

    def filter_to_nonnegative_strand(self) -> "TrackData":
        """Return the tracks of the + strand, and those of none."""
        return self.filter_to_strand("+", ".")

    def filter_to_nonpositive_strand(self) -> "TrackData":
        """Return the tracks of the - strand, and those of none."""
        return self.filter_to_strand("-", ".")

    def filter_to_unstranded(self) -> "TrackData":
        """Return the tracks of no strand."""
        return self.filter_to_strand(".")

    def filter_to_stranded(self) -> "TrackData":
        """Return the tracks of either strand."""
        return self.filter_to_strand("+", "-")

    def groupby(self, column: str) -> dict[Any, "TrackData"]:
        """Return the tracks of each value of a column, in the order in which they come; None where it is missing."""
        values = [_known(row.get(column)) for row in self.metadata]
        return {value: self.filter_tracks([one == value for one in values]) for value in dict.fromkeys(values)}

    def reverse_complement(self) -> "TrackData":
        """Return the same bases of the other strand: positions reversed, tracks of + and - exchanged.

        A column's metadata go with its values: `strand` is the genome's. An interval without a strand keeps none.

        Raises:
            TrackDataError: a stranded track has no partner.
        """
        other = {"+": "-", "-": "+", ".": "."}
        place = {key: number for number, key in enumerate(self._keys)}
        if alone := [f"{name} has only {strand}" for name, strand in self._keys if (name, other[strand]) not in place]:
            raise TrackDataError(f"tracks can't be reversed: {', '.join(alone)}")
        columns = [place[name, other[strand]] for name, strand in self._keys]
        values = np.flip(self.values, self._axes)[..., columns]
        at = self.interval
        turned = at if at is None or at.strand == "." else at.swap_strand()
        return replace(self, values=values, metadata=tuple(self.metadata[i] for i in columns), interval=turned)

    def __add__(self, other: "TrackData") -> "TrackData":
        """Return the sum of values, track by track.

        Raises:
            TrackDataError: they are of other tracks, bins or places.
        """
        if self.interval != other.interval:
            raise TrackDataError(f"intervals must match, found {self.interval} and {other.interval}")
        if self.resolution != other.resolution or self._keys != other._keys or self.values.shape != other.values.shape:
            raise TrackDataError("only data of the same tracks and bins can be added")
        return replace(self, values=self.values + other.values)


def concat(parts: Sequence[TrackData], column: tuple[str, Sequence[Any]] | None = None) -> TrackData:
    """Return the tracks of several data of one place, side by side; `column` adds one with a value for each part.

    Raises:
        TrackDataError: they differ in bins or place, or a (name, strand) comes twice.
    """
    _require_alike(parts)
    values = column[1] if column else [None] * len(parts)
    extra = [{column[0]: value} if column else {} for value in values]
    rows = [{**row, **more} for part, more in zip(parts, extra, strict=True) for row in part.metadata]
    return replace(parts[0], values=np.concatenate([part.values for part in parts], axis=-1), metadata=tuple(rows))


def interleave(parts: Sequence[TrackData], prefixes: Sequence[str]) -> TrackData:
    """Return the first track of each, then the second of each, ...; names get a prefix for each part.

    Raises:
        TrackDataError: they differ in bins, place or number of tracks.
    """
    _require_alike(parts)
    if len({len(part.metadata) for part in parts}) > 1:
        raise TrackDataError(f"numbers of tracks differ: {', '.join(str(len(part.metadata)) for part in parts)}")
    rows = [
        {**part.metadata[place], "name": f"{prefix}{part.metadata[place]['name']}"}
        for place in range(len(parts[0].metadata))
        for part, prefix in zip(parts, prefixes, strict=True)
    ]
    stacked = np.stack([part.values for part in parts], axis=-1)
    return replace(parts[0], values=stacked.reshape(*stacked.shape[:-2], -1), metadata=tuple(rows))


def _require_alike(parts: Sequence[TrackData]) -> None:
    for what in ("resolution", "interval", "width"):
        if len(found := {getattr(part, what) for part in parts}) != 1:
            raise TrackDataError(f"data of several {what}s: {', '.join(map(str, cast(Iterable[Any], found)))}")


def _known(value: Any) -> Any:
    return None if value is None or value != value else value  # noqa: PLR0124 - NaN
