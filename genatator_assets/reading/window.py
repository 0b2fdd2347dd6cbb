"""A window: an interval of a chromosome with its DNA and targets. Numpy only; nothing is read here."""

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from genatator_assets.errors import ReadingError
from genatator_assets.reading.channels import opposite_columns
from genatator_assets.tracks.runs import Strand, Values

if TYPE_CHECKING:
    from alphagenome.data.track_data import TrackData

OneHot = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Stretches = npt.NDArray[np.int64]
"""[start, end) of each of some stretches of a chromosome, int64 [n, 2], ascending; no two touch."""

_LOCUS = re.compile(r"(?P<genome>[^:]+):(?P<chrom>.+):(?P<first>[0-9,]+)-(?P<last>[0-9,]+)")
_COMPLEMENT = bytes.maketrans(b"ACGT", b"TGCA")
_HOT = np.zeros((256, 4), np.uint8)
_HOT[np.frombuffer(b"ACGT", np.uint8), np.arange(4)] = 1


@dataclass(frozen=True)
class Interval:
    """Bases [start, end) of a chromosome, 0-based half-open; on "-" it is read backwards, as its reverse complement.

    >>> Interval("hg38", "chr20", 999_999, 1_050_000)
    Interval(genome='hg38', chrom='chr20', start=999999, end=1050000, strand='+')
    >>> print(Interval("hg38", "chr20", 999_999, 1_050_000))
    hg38:chr20:1,000,000-1,050,000
    """

    genome: str
    chrom: str
    start: int
    end: int
    strand: Strand = "+"

    def __post_init__(self) -> None:
        """Check that its edges are whole numbers, of numpy or not, with something between them."""
        for edge in ("start", "end"):
            try:
                object.__setattr__(self, edge, operator.index(getattr(self, edge)))
            except TypeError as error:
                raise ReadingError(f"{edge}={getattr(self, edge)!r} is not a whole number of bases") from error
        if self.strand not in ("+", "-"):
            raise ReadingError(f"{self.chrom} of {self.genome}: found strand={self.strand!r}, expected '+' or '-'")
        if self.start >= self.end:
            raise ReadingError(f"{self.chrom} of {self.genome}: start={self.start:,} is not before end={self.end:,}")

    @classmethod
    def from_locus(cls, locus: str) -> "Interval":
        """Read a locus as genome browsers write it, counted from 1 with both ends inside.

        >>> Interval.from_locus("hg38:chr20:1,000,000-1,050,000").start
        999999

        Raises:
            ReadingError: it is not written so.
        """
        if not (found := _LOCUS.fullmatch(locus.strip())):
            raise ReadingError(
                f"{locus!r} is not a locus; expected genome:chromosome:first-last, as hg38:chr20:1,001-2,000"
            )
        first, last = (int(found[end].replace(",", "") or 0) for end in ("first", "last"))
        return cls(found["genome"], found["chrom"], first - 1, last)

    @property
    def length(self) -> int:
        """Number of bases."""
        return self.end - self.start

    def inside(self, chrom_length: int) -> Mask:
        """Return whether each base, in the strand's direction, lies on a chromosome of so many bp: bool [L].

        >>> Interval("hg38", "chr20", -1, 2, "-").inside(9).tolist()
        [True, True, False]
        """
        inside = np.ones(self.length, np.bool_)
        forwards = inside if self.strand == "+" else inside[::-1]
        forwards[: max(0, -self.start)] = forwards[max(0, chrom_length - self.start) :] = False
        return inside

    def __str__(self) -> str:
        """Write it as genome browsers do: counted from 1, both ends inside."""
        return f"{self.genome}:{self.chrom}:{self.start + 1:,}-{self.end:,}"


@dataclass(frozen=True, eq=False)
class Window:
    """The DNA and the targets of an interval, base by base in the direction of its strand.

    dna: L letters of "ACGTN"; targets: float32 [L, C], in [0, 1]; channels: the names of its C columns.
    Bases outside the chromosome, which are there only if padding was asked for, are N with all targets 0.
    tracks: float32 [bins, T], values of the tracks `track_names`; None unless tracks were asked for.
    context: bases of DNA more on either side, so that `dna` has L + 2 * context letters; all else is of the interval.
    lower_case: gives the stretches of the chromosome that the FASTA file has in lower case; None where unknown.
    """

    interval: Interval
    dna: str
    targets: Values
    channels: tuple[str, ...]
    split: str
    chrom_length: int
    tracks: Values | None = None
    track_names: tuple[str, ...] = ()
    context: int = 0
    lower_case: Callable[[], Stretches] | None = None

    def __post_init__(self) -> None:
        """Check that everything has the same length."""
        shape = (self.interval.length, len(self.channels))
        if self.targets.shape != shape or len(self.dna) != shape[0] + 2 * self.context:
            raise ValueError(f"{self.targets.shape=} and {len(self.dna)=} are not those of {shape}, {self.context=}")

    def __repr__(self) -> str:
        """Return where it is and what it holds, not the bases themselves."""
        return f"<window {self.interval} ({self.interval.strand}), {self.split}: {len(self.channels)} channels>"

    @property
    def metadata(self) -> dict[str, Any]:
        """Return what a block's metadata gives, of this window; start and end are of the + strand, as always."""
        return {
            "genome": self.interval.genome,
            "split": self.split,
            "chrom": self.interval.chrom,
            "start": self.interval.start,
            "end": self.interval.end,
            "strand": self.interval.strand,
            "chrom_length": self.chrom_length,
            "sequence_length": len(self.dna),
            "target_shape": list(self.targets.shape),
            "target_names": list(self.channels),
        }

    def one_hot(self) -> OneHot:
        """Return the DNA as uint8 [L, 4], columns A, C, G, T; N is four zeros."""
        return one_hot(self.dna)

    @cached_property
    def soft_masked(self) -> Mask:
        """Return which letters of `dna` the FASTA file has in lower case, as it mostly has repeats: bool [len(dna)].

        They are read when they are asked for; outside the chromosome there are none.

        Raises:
            ReadingError: the dataset does not keep them, as blocks alone don't.
        """
        if self.lower_case is None:
            raise ReadingError(f"{self.interval}: this window doesn't know what was in lower case in the FASTA file")
        first, last = self.interval.start - self.context, self.interval.end + self.context
        masked = _within(self.lower_case(), first, last)
        return masked if self.interval.strand == "+" else np.ascontiguousarray(masked[::-1])

    def inside(self) -> Mask:
        """Return whether each base lies on the chromosome rather than in padding: bool [L]."""
        return self.interval.inside(self.chrom_length)

    def track_data(self) -> "TrackData":
        """Return the targets as a `TrackData` of the package alphagenome; see `reading.alphagenome`.

        Raises:
            MissingExtraError: alphagenome is not installed.
        """
        from genatator_assets.reading.alphagenome import track_data  # noqa: PLC0415 - needs an extra

        return track_data(self)

    def reverse_complement(self) -> "Window":
        """Return the same bases of the other strand: DNA complemented, everything reversed, + and - channels exchanged.

        The columns keep their names: "mrna_tss_+" of the result is "mrna_tss_-" of this window, read backwards.

        Raises:
            ReadingError: a channel is there without that of the other strand.
        """
        tracks = self.tracks
        if tracks is not None:
            tracks = np.ascontiguousarray(tracks[::-1, _partners(self.track_names)])
        return replace(
            self,
            interval=replace(self.interval, strand="-" if self.interval.strand == "+" else "+"),
            dna=reverse_complement(self.dna),
            targets=np.ascontiguousarray(self.targets[::-1, opposite_columns(self.channels)]),
            tracks=tracks,
        )


def _partners(names: Sequence[str]) -> list[int]:
    """Return for each track the place of that of the other strand, which its id says; its own where it has no strand.

    >>> _partners(["a.plus", "b", "a.minus"])
    [2, 1, 0]

    Raises:
        ReadingError: it is not among them.
    """
    other = {".plus": ".minus", ".minus": ".plus"}
    wanted = [
        next((name.removesuffix(end) + turned for end, turned in other.items() if name.endswith(end)), name)
        for name in names
    ]
    if missing := [one for one in wanted if one not in names]:
        raise ReadingError(f"tracks can't be reversed without {missing[0]}; read that track too")
    return [list(names).index(one) for one in wanted]


def _within(stretches: Stretches, start: int, end: int) -> Mask:
    """Return which of the bases [start, end) are in one of some stretches.

    >>> _within(np.array([[2, 4], [7, 9]]), 3, 8).tolist()
    [True, False, False, False, True]
    """
    first, last = np.searchsorted(stretches[:, 1], start, "right"), np.searchsorted(stretches[:, 0], end)
    edges = np.clip(stretches[first:last] - start, 0, end - start)
    steps = np.zeros(end - start + 1, np.int8)
    steps[edges[:, 0]], steps[edges[:, 1]] = 1, -1
    return np.cumsum(steps[:-1], dtype=np.int8).view(np.bool_)


def one_hot(dna: str) -> OneHot:
    """Return letters of "ACGTN" as uint8 [L, 4], columns A, C, G, T; N is four zeros.

    >>> one_hot("ACN").tolist()
    [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
    """
    hot = np.empty((len(dna), 4), np.uint8)
    write_one_hot(hot, dna)
    return hot


def write_one_hot(out: OneHot, dna: str) -> None:
    """Write what `one_hot` returns over an array, uint8 [L, 4], also as the transpose of [4, L].

    Two letters are looked up at a time: their eight bytes are one number.
    """
    letters = np.frombuffer(dna.encode("ascii"), np.uint8)
    if not out.flags.c_contiguous:
        for column, base in zip(out.T, b"ACGT", strict=True):
            np.equal(letters, base, out=column.view(np.bool_))
        return
    even = len(letters) & ~1
    np.take(_hot_pairs(), letters[:even].view(np.uint16), out=out[:even].reshape(-1).view(np.uint64), mode="clip")
    out[even:] = _HOT[letters[even:]]


@cache
def _hot_pairs() -> npt.NDArray[np.uint64]:
    pairs = np.arange(1 << 16, dtype=np.uint16).view(np.uint8)
    return _HOT[pairs].reshape(-1).view(np.uint64)


def reverse_complement(dna: str) -> str:
    """Return the other strand of letters of "ACGTN".

    >>> reverse_complement("AACGN")
    'NCGTT'
    """
    return dna.encode("ascii").translate(_COMPLEMENT)[::-1].decode("ascii")
