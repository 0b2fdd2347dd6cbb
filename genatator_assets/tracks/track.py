"""What a track is: a name, a strand and what its values mean; and ordered sets of tracks."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, Literal, TypeVar, overload

from genatator_assets.tracks.runs import Missing, Runs


@dataclass(frozen=True)
class Track:
    """One signal along the chromosomes of a genome.

    `stem` is the name that the tracks of both strands share; a track of one strand is the *partner* of the track with
    the same stem on the other. `strand` is "." where the signal belongs to neither.

    Values lie in [lowest, highest]. Where a base has no run, the value is 0 if `missing` is "zero" (then no run has the
    value 0), and unknown if it is "keep" (then zeros are runs like any other).
    """

    name: str
    strand: Literal["+", "-", "."] = "."
    stem: str = ""
    lowest: float = -math.inf
    highest: float = math.inf
    missing: Missing = "zero"

    def __post_init__(self) -> None:
        """Check that a strand and a stem come together."""
        if not self.name:
            raise ValueError("a track needs a name")
        if (self.strand == ".") != (self.stem == ""):
            raise ValueError(f"track {self.name}: {self.strand=} does not go with {self.stem=}")

    def check(self, runs: Runs) -> None:
        """Check that runs are of this track.

        Raises:
            ValueError: a value is out of the track's range, or a 0 is stored that a missing run says already.
        """
        value = runs.value
        if len(value) and not (value.min() >= self.lowest and value.max() <= self.highest):
            raise ValueError(
                f"values of {self.name} lie between {value.min()} and {value.max()},"
                f" expected [{self.lowest:g}, {self.highest:g}]"
            )
        if self.missing == "zero" and not value.all():
            raise ValueError(f"runs of {self.name} hold zeros, which are left out where missing means 0")


Track_co = TypeVar("Track_co", bound=Track, covariant=True)


@dataclass(frozen=True)
class TrackSet(Sequence[Track_co], Generic[Track_co]):
    """Tracks in a fixed order, each name once: the columns of dense arrays.

    >>> both = TrackSet((Track("a.plus", "+", "a"), Track("a.minus", "-", "a"), Track("b")))
    >>> both.names, both.partners, both.index_of("b")
    (('a.plus', 'a.minus', 'b'), (1, 0, 2), 2)
    """

    tracks: tuple[Track_co, ...]

    def __post_init__(self) -> None:
        """Check that no name stands twice."""
        if len(set(self.names)) < len(self.tracks):
            twice = sorted({name for name in self.names if self.names.count(name) > 1})
            raise ValueError(f"tracks named more than once: {', '.join(twice)}")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the tracks, in order."""
        return tuple(track.name for track in self.tracks)

    @cached_property
    def partners(self) -> tuple[int | None, ...]:
        """For each track the place of the same signal on the other strand: its own for unstranded tracks, None where
        the partner is not in the set."""
        places = {(track.stem, track.strand): place for place, track in enumerate(self.tracks) if track.stem}
        return tuple(
            place if track.strand == "." else places.get((track.stem, "-" if track.strand == "+" else "+"))
            for place, track in enumerate(self.tracks)
        )

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.names)}

    def index_of(self, name: str) -> int:
        """Return the place of the track of this name.

        Raises:
            KeyError: there is none.
        """
        return self._places[name]

    def __len__(self) -> int:
        """Number of tracks."""
        return len(self.tracks)

    def __iter__(self) -> Iterator[Track_co]:
        """Yield the tracks in order."""
        return iter(self.tracks)

    @overload
    def __getitem__(self, place: int) -> Track_co: ...
    @overload
    def __getitem__(self, place: slice) -> "TrackSet[Track_co]": ...
    def __getitem__(self, place: int | slice) -> "Track_co | TrackSet[Track_co]":
        """Return the track at a place, or a set of some of them."""
        return TrackSet(self.tracks[place]) if isinstance(place, slice) else self.tracks[place]
