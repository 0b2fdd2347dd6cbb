"""The names of channels: which are wanted, and which is which on the other strand."""

from collections.abc import Sequence
from typing import Literal

from genatator_assets.catalogue.values import nearest
from genatator_assets.errors import ReadingError
from genatator_assets.gene_finding.channel_sets.sets import SETS, set_of
from genatator_assets.gene_finding.channels import CHANNELS, GROUPS
from genatator_assets.tracks.track import Track, TrackSet

Channels = Literal["all", "combined", "mrna", "structure", "splice", "coding"] | Sequence[str]
"""Which channels are wanted: a group of the twelve, a set beside them, or names in the order in which they are to
come."""

EVERY: TrackSet[Track] = TrackSet((*CHANNELS, *(track for tracks in SETS.values() for track in tracks)))
"""The twelve, and behind them those of the sets; a channel's number is its place here."""

_OPPOSITE = {
    channel.name: EVERY[partner].name
    for channel, partner in zip(EVERY, EVERY.partners, strict=True)
    if partner is not None
}


_EXPECTED = f"expected 'all', 'combined', 'mrna', a set ({', '.join(SETS)}) or a list of names"


def require_values(channels: Channels, tracks: Sequence[str]) -> None:
    """Check that a window has values of something: of channels or of tracks.

    Raises:
        ReadingError: neither is asked for.
    """
    if not tracks and not isinstance(channels, str) and isinstance(channels, Sequence) and not channels:
        raise ReadingError(f"found channels={channels!r} and no tracks: there is nothing to read; {_EXPECTED}")


def channel_numbers(wanted: Channels) -> tuple[int, ...]:
    """Return the places in the contract's order of the channels that are wanted.

    >>> channel_numbers("mrna"), channel_numbers(["mrna_tss_+", "primary_tss_+"])
    ((6, 7, 8, 9, 10, 11), (6, 0))

    Raises:
        ReadingError: there is no such channel or group, or one is named twice.
    """
    if isinstance(wanted, str):
        if wanted in SETS:
            return tuple(number for number, name in enumerate(EVERY.names) if set_of(name) == wanted)
        if wanted not in ("all", *GROUPS):
            raise ReadingError(f"channels={wanted!r} is not a group of channels; {_EXPECTED}")
        return tuple(number for number, channel in enumerate(CHANNELS) if wanted in ("all", channel.group))
    if not isinstance(wanted, Sequence):
        raise ReadingError(f"found channels={wanted!r}, {_EXPECTED}")
    for name in wanted:
        if name not in EVERY.names:
            raise ReadingError(
                f"no channel {name!r}{nearest(str(name), EVERY.names)}; there are {', '.join(EVERY.names)}"
            )
    if len(set(wanted)) < len(wanted):
        raise ReadingError(f"channels={list(wanted)} names one of them twice")
    return tuple(EVERY.index_of(name) for name in wanted)


def contract_numbers(wanted: Channels) -> tuple[int, ...]:
    """Return the same of the twelve channels alone.

    Raises:
        ReadingError: there is no such channel or group among the twelve, or one is named twice.
    """
    numbers = channel_numbers(wanted)
    if beyond := [EVERY.names[number] for number in numbers if number >= len(CHANNELS)]:
        known = ", ".join(CHANNELS.names)
        raise ReadingError(f"{beyond[0]} is a channel of a set, expected one of the twelve: {known}")
    return numbers


def other_strand(numbers: Sequence[int]) -> tuple[int, ...]:
    """Return the places of the same channels of the other strand.

    >>> other_strand((0, 7))
    (1, 6)
    """
    return tuple(EVERY.index_of(_OPPOSITE[EVERY.names[number]]) for number in numbers)


def opposite_columns(names: Sequence[str]) -> list[int]:
    """Return for each channel the column in which that of the other strand stands.

    >>> opposite_columns(["mrna_tss_+", "mrna_tss_-", "mrna_polya_-", "mrna_polya_+"])
    [1, 0, 3, 2]

    Raises:
        ReadingError: it is not among them.
    """
    columns = list(names)
    opposite = [_OPPOSITE[name] for name in columns]
    for name, other in zip(columns, opposite, strict=True):
        if other not in columns:
            raise ReadingError(f"{name} can't be reversed without {other}; read that channel too")
    return [columns.index(other) for other in opposite]
