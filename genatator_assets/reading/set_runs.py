"""Channel sets as they are read: the runs of a set on a chromosome, and which channels stand in which file."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from genatator_assets.errors import ReadingError
from genatator_assets.gene_finding.channel_sets.sets import SETS, set_of
from genatator_assets.gene_finding.section import SetName
from genatator_assets.reading.channels import EVERY
from genatator_assets.tracks.runs import Values
from genatator_assets.tracks.segments import Segments
from genatator_assets.tracks.store import read_segments
from genatator_assets.work.layout_channels import ChannelLayout

if TYPE_CHECKING:
    from genatator_assets.reading.store import Chromosome

Place = tuple[SetName | None, slice, tuple[int, ...]]
SegmentsOf = Callable[["tuple[SetName, Chromosome]"], Segments]


def by_set(channels: Sequence[int]) -> Iterator[Place]:
    """Return channels that stand side by side and are of one set (None for the twelve): the set, their columns, and
    their places in the set.

    >>> list(by_set([0, 3, 23, 22]))
    [(None, slice(0, 2, None), (0, 3)), ('splice', slice(2, 4, None), (1, 0))]
    """
    first = 0
    for name, group in groupby(channels, key=lambda number: set_of(EVERY.names[number])):
        own = tuple(group)
        tracks = SETS[name] if name else EVERY
        places = tuple(tracks.index_of(EVERY.names[number]) for number in own)
        yield name, slice(first, first + len(own)), places
        first += len(own)


def paint_sets(
    out: Values,
    chromosome: "Chromosome",
    start: int,
    channels: tuple[int, ...],
    *,
    backwards: bool,
    twelve: Callable[[Values, tuple[int, ...]], None],
    segments_of: SegmentsOf,
) -> None:
    """Paint channels of sets, and by `twelve` those between them."""
    for name, columns, places in by_set(channels):
        if name is None:
            twelve(out[:, columns], places)
        else:
            segments_of((name, chromosome)).paint(out[:, columns], start, places, backwards=backwards)


def read_set(root: Path, key: "tuple[SetName, Chromosome]") -> Segments:
    """Read the runs of a set on a chromosome.

    Raises:
        ReadingError: the dataset has none.
    """
    name, one = key
    path = ChannelLayout(root).segments(name, one.genome, one.chrom)
    if not path.is_file():
        raise ReadingError(
            f"{root} has no channels of the set {name!r} for {one.chrom} of {one.genome}; expected {path}: a catalogue"
            f" asks for them by 'gene_finding: {{channel_sets: [{name}]}}'"
        )
    return read_segments(path, one.length, SETS[name])


segments_bytes = attrgetter("nbytes")


def reader_of(root: Path) -> Callable[["tuple[SetName, Chromosome]"], Segments]:
    """Return what reads the sets of a dataset, for a cache."""
    return partial(read_set, root)
