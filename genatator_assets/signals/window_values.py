"""Windows of a set as numbers: tracks of stored runs, normalised and in bins, on either strand; and their DNA.

The same code fills the arrays that are stored and reads windows straight from runs, so that both are equal.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from genatator_assets.regions.one_hot import one_hot, one_hot_table
from genatator_assets.signals.normalize import Fitted
from genatator_assets.sources.letters import NUCLEOTIDES
from genatator_assets.sources.sequence import local_fasta, read_dna
from genatator_assets.tracks.bins import Aggregate, binned
from genatator_assets.tracks.runs import Values, distinct
from genatator_assets.tracks.track_file import KeptGroups, TrackFile
from genatator_assets.work.layout import Layout
from genatator_assets.work.layout_signals import SignalLayout

Letters = npt.NDArray[np.uint8]
OneHot = npt.NDArray[np.uint8]
Place = tuple[str, int, int, str]
"""A window: chromosome, start, end (0-based half-open) and strand."""

_COMPLEMENT = bytes.maketrans(b"ACGT", b"TGCA")
_ONE_HOT = one_hot_table(NUCLEOTIDES[:4])
_CODES = np.full(256, -1, np.int64)
_CODES[np.frombuffer(NUCLEOTIDES[:4].encode(), np.uint8)] = np.arange(4)


@dataclass(frozen=True)
class SetTrack:
    """A track of a set: its id, that of the other strand (itself, where it has none), and how it is read.

    `missing` is "zero" or "keep"; `normalizer` is what `Fitted.as_json` gives, empty for none. A window of which the
    recording's features cover a smaller share than `min_overlap_share` is 0 throughout (Janggu's `minoverlap`).
    """

    track_id: str
    partner: str
    strand: str
    recording: str
    aggregate: Aggregate
    missing: str
    normalizer: tuple[dict[str, Any], ...] = ()
    min_overlap_share: float | None = None


@dataclass(frozen=True)
class SetSpec:
    """How the windows of a set are read. `window_bp` is the length of a whole one with its flanks.

    `order` is of the words that DNA is one-hot over, None for no DNA; `stored` is whether arrays are kept.
    """

    name: str
    genome: str
    window_bp: int
    binsize_bp: int
    stepsize_bp: int
    flank_bp: int
    resolution_bp: int
    tracks: tuple[SetTrack, ...]
    order: int | None
    stored: bool

    @property
    def bins(self) -> int:
        """Number of bins of a window; the last may be of fewer bases."""
        return -(-self.window_bp // self.resolution_bp)

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values; `of_json` reverses it."""
        stored = asdict(self)
        for track in stored["tracks"]:
            if track["min_overlap_share"] is None:
                del track["min_overlap_share"]
        return stored

    @classmethod
    def of_json(cls, stored: dict[str, Any]) -> Self:
        """Return what `as_json` gave."""
        tracks = tuple(SetTrack(**{**one, "normalizer": tuple(one["normalizer"])}) for one in stored.pop("tracks"))
        return cls(tracks=tracks, **stored)


class SetReader:
    """Reads windows of a set from the runs and the FASTA file of a root. A copy opens its files by itself."""

    def __init__(self, root: Path, spec: SetSpec) -> None:
        """Read nothing yet."""
        self._root, self.spec = root, spec
        self._open = lru_cache(512)(self._opened)
        self._groups = KeptGroups()

    def __reduce__(self) -> tuple[Any, ...]:
        """Send where it reads, not what is open."""
        return type(self), (self._root, self.spec)

    def values(self, chrom: str, start: int, end: int, strand: str = ".") -> Values:
        """Return the tracks of [start, end), which may leave the chromosome: float32 [bins, tracks]; see `batch`."""
        values: Values = self.batch([(chrom, start, end, strand)])[0]
        return values

    def batch(self, windows: Sequence[Place]) -> Values:
        """Return the tracks of windows (chrom, start, end, strand): float32 [windows, bins, tracks].

        Single bases are normalised, then aggregated in bins that are formed on the + strand from the start; a last bin
        of fewer bases is of those alone. On the - strand bins come in reverse and tracks of + and - are exchanged. What
        fills up a window that is shorter than those of the set comes last on either strand: 0, or NaN for tracks whose
        missing values are not known.
        """
        fill = [0.0 if track.missing == "zero" else np.nan for track in self.spec.tracks]
        values = np.tile(np.array(fill, np.float32), (len(windows), self.spec.bins, 1))
        lengths = np.array([end - start for _, start, end, _ in windows], np.int64)
        minus = np.array([strand == "-" for *_, strand in windows], np.bool_)
        for length in distinct(lengths).tolist():
            same = np.flatnonzero(lengths == length)
            bins = -(-length // self.spec.resolution_bp)
            for column, track in enumerate(self.spec.tracks):
                values[same, :bins, column] = self._of_track(track, [windows[row] for row in same.tolist()], length)
            turned = same[minus[same]]
            if len(turned):
                place = {track.track_id: number for number, track in enumerate(self.spec.tracks)}
                partners = [place[track.partner] for track in self.spec.tracks]
                values[turned, :bins] = values[turned, :bins][:, ::-1, partners]
        return values

    def _of_track(self, track: SetTrack, windows: Sequence[Place], length: int) -> Values:
        """Return the bins of a track over windows of one length: float32 [windows, bins]."""
        bases = self._bases(track, windows, length)
        if track.min_overlap_share is not None:
            together = (one for one in self.spec.tracks if one.recording == track.recording)
            covered = np.any([self._bases(one, windows, length) != 0 for one in together], axis=0)
            bases[covered.mean(axis=1) < track.min_overlap_share] = 0
        if track.normalizer:
            bases = Fitted.of_json(track.normalizer)(bases)
        resolution = self.spec.resolution_bp
        whole = length // resolution * resolution
        parts = [(bases[:, :whole], resolution), (bases[:, whole:], length - whole)]
        binned_parts = [
            binned(part.reshape(-1), size, track.aggregate).reshape(len(part), -1) for part, size in parts if part.size
        ]
        return np.concatenate(binned_parts, axis=1) if len(binned_parts) > 1 else binned_parts[0]

    def _bases(self, track: SetTrack, windows: Sequence[Place], length: int) -> Values:
        files = [self._open(track.track_id, chrom) for chrom, *_ in windows]
        start = np.array([start for _, start, *_ in windows], np.int64)
        return self._groups.windows(files, start, length, 0.0 if track.missing == "zero" else np.nan)

    def letters(self, chrom: str, start: int, end: int, strand: str = ".") -> Letters:
        """Return the DNA of [start, end) as ASCII: uint8 [window_bp], N outside the chromosome and at a short end."""
        length = self._lengths.get(chrom, 0)
        first, last = (min(max(0, edge), length) for edge in (start, end))
        inside = read_dna(self._fasta, chrom, first, last).encode() if first < last else b""
        whole = (b"N" * min(max(0, -start), end - start) + inside).ljust(end - start, b"N")
        turned = whole.translate(_COMPLEMENT)[::-1] if strand == "-" else whole
        return np.frombuffer(turned.ljust(self.spec.window_bp, b"N"), np.uint8)

    @cached_property
    def _fasta(self) -> Path:
        return local_fasta(Layout(self._root).sequence(self.spec.genome))

    @cached_property
    def _lengths(self) -> dict[str, int]:
        from genatator_assets.sources.chromosomes import read_chromosomes  # noqa: PLC0415 - only for DNA

        chromosomes = read_chromosomes(Layout(self._root).chromosomes(self.spec.genome))
        return {one.chrom: one.length for one in chromosomes}

    def _opened(self, track_id: str, chrom: str) -> TrackFile | None:
        path = SignalLayout(self._root).track(self.spec.genome, track_id, chrom)
        return TrackFile.open(path) if path.is_file() else None


def one_hot_words(letters: Letters, order: int) -> OneHot:
    """Return DNA as one-hot words of `order` letters: of ASCII [..., L] uint8 [..., L - order + 1, 4**order].

    Columns are in the order of the words (AA, AC, AG, AT, CA, ...); a word with another letter than A, C, G or T is all
    zeros.

    >>> one_hot_words(np.frombuffer(b"ACN", np.uint8), 1).tolist()
    [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
    >>> one_hot_words(np.frombuffer(b"ACN", np.uint8), 2).argmax(axis=1).tolist()
    [1, 0]
    """
    if order == 1:
        return one_hot(letters, _ONE_HOT)
    codes = _CODES[letters]
    positions = letters.shape[-1] - order + 1
    words = np.zeros((*letters.shape[:-1], positions), np.int64)
    known = np.ones(words.shape, np.bool_)
    for offset in range(order):
        own = codes[..., offset : offset + positions]
        words, known = words * 4 + own, known & (own >= 0)
    hot = np.zeros((*words.shape, 4**order), np.uint8)
    places = np.nonzero(known)
    hot[(*places, words[places])] = 1
    return hot


def set_columns(spec: SetSpec) -> tuple[tuple[str, ...], Sequence[Sequence[int]]]:
    """Return conditions, and for each strand the columns of the tracks.

    If every track has a partner in the set, conditions are recordings with two strands, else each track is one.
    """
    place = {track.track_id: number for number, track in enumerate(spec.tracks)}
    if all(track.partner != track.track_id and track.partner in place for track in spec.tracks):
        forward = [number for number, track in enumerate(spec.tracks) if track.strand == "+"]
        backward = [place[spec.tracks[number].partner] for number in forward]
        return tuple(spec.tracks[number].recording for number in forward), (forward, backward)
    return tuple(place), (list(range(len(place))),)
