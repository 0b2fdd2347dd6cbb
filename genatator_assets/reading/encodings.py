"""One class for each base of a window, as other gene finders have them, derived from channel sets by rules stated here.

They are meant for sets of representative isoforms, of which hardly any two overlap; where several classes fit, the
first of the order given counts. Docs: docs/channel_sets.md.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from genatator_assets.errors import ReadingError
from genatator_assets.reading.window import Window
from genatator_assets.tracks.runs import intervals_where

Classes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

HELIXER = ("intergenic", "UTR", "CDS", "intron")
BEND = ("exon_+", "donor_+", "intron_+", "acceptor_+", "exon_-", "donor_-", "intron_-", "acceptor_-", "noncoding")
TIBERIUS = ("IR", "I0", "I1", "I2", "E0", "E1", "E2", "START", "EI0", "EI1", "EI2", "IE0", "IE1", "IE2", "STOP")


def helixer_classes(window: Window) -> Classes:
    """Return a class of HELIXER for each base on the window's strand, uint8 [L], from exon_+, intron_+ and CDS_+.

    CDS, then UTR (any other exonic base, also of lncRNAs), then intron, then intergenic.

    Raises:
        ReadingError: a channel is missing.
    """
    exon, intron, coding = _masks(window, "exon_+", "intron_+", "CDS_+")
    return np.select([coding, exon, intron], [2, 1, 3], 0).astype(np.uint8)


def bend_classes(window: Window) -> Classes:
    """Return a class of BEND for each base, uint8 [L], from exon, intron, donor and acceptor of both strands.

    Of each strand a donor (the last exonic base before an intron), then an acceptor, exon, intron; the window's strand
    before the other; the rest is noncoding.

    Raises:
        ReadingError: a channel is missing.
    """
    fits = [mask for sign in "+-" for mask in _masks(window, *(f"{stem}_{sign}" for stem in _OF_BEND))]
    classes = [BEND.index(f"{stem}_{sign}") for sign in "+-" for stem in _OF_BEND]
    return np.select(fits, classes, BEND.index("noncoding")).astype(np.uint8)


def tiberius_states(window: Window) -> Classes:
    """Return a state of TIBERIUS for each base on the window's strand, uint8 [L], from intron_+ and the set coding's
    channels of +.

    E0, E1, E2: coding, by the place in the codon; instead of it START at the first base of a start codon, STOP at the
    last of a stop codon, EI0-2 at the last coding base before an intron, IE0-2 at the first behind one. I0-2: an intron
    between coding bases, by the place of the base before it. IR: all else, so UTRs and their introns, too.

    Raises:
        ReadingError: a channel is missing, or the window lies within one intron, so that its state can't be told.
    """
    intron, start, stop, *places = _masks(
        window, "intron_+", "start_codon_+", "stop_codon_+", *(f"codon_position_{place}_+" for place in range(3))
    )
    place = np.select(places, [0, 1, 2], -1)
    coding = place >= 0
    if np.all(intron & ~coding):
        raise ReadingError(f"{window.interval} lies within one intron; read a window that reaches an end of it")
    states = np.where(coding, TIBERIUS.index("E0") + place, 0)
    for first, last in _introns(intron & ~coding):
        before = int(place[first - 1]) if first else None
        behind = int(place[last]) if last < len(place) else None
        begins = behind is not None and bool(start[last]) and behind == 0
        if before == -1 or behind == -1 or (before is None and begins):
            continue
        states[first:last] = 1 + (before if before is not None else ((behind or 0) - 1) % 3)
        if before is not None:
            states[first - 1] = TIBERIUS.index("EI0") + before
        if behind is not None:
            states[last] = TIBERIUS.index("IE0") + behind
    states[start & places[0]] = TIBERIUS.index("START")
    states[stop & places[2]] = TIBERIUS.index("STOP")
    return states.astype(np.uint8)


_OF_BEND = ("donor", "acceptor", "exon", "intron")


def _masks(window: Window, *names: str) -> list[Mask]:
    missing = [name for name in names if name not in window.channels]
    if missing:
        raise ReadingError(
            f"{window.interval} was read without {missing[0]}; read it with channels={list(names)}, which need"
            " 'gene_finding: {channel_sets: [structure, splice, coding]}'"
        )
    return [window.targets[:, window.channels.index(name)] > 0 for name in names]


def _introns(mask: Mask) -> Iterator[tuple[int, int]]:
    return zip(*(edges.tolist() for edges in intervals_where(mask)), strict=True)
