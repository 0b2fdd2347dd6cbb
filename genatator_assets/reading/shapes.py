"""The shapes of the arrays of several windows, so that they can be made before any window is read."""

from typing import NamedTuple, Self


class Shapes(NamedTuple):
    """The shapes of a batch's arrays: `dna` is uint8, `targets` float32."""

    dna: tuple[int, int, int]
    targets: tuple[int, int, int]

    @classmethod
    def of(cls, windows: int, letters: int, bases: int, channels: int, *, channels_first: bool) -> Self:
        """Return those of so many windows of `bases` bases, with DNA of `letters`."""
        if channels_first:
            return cls((windows, 4, letters), (windows, channels, bases))
        return cls((windows, letters, 4), (windows, bases, channels))
