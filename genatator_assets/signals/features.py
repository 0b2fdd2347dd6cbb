"""Interval files in: BED, narrowPeak, bedGraph, GFF and GTF as features, whose overlaps become runs.

A base has one feature: the last line that covers it, as when the lines are painted one after another.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from genatator_assets.errors import SignalError
from genatator_assets.regions.bed import BED, GFF, NAME, SCORE, STRAND, Bed, bed_pieces, read_bed
from genatator_assets.regions.fields import Codes
from genatator_assets.signals.overlay import overlay
from genatator_assets.signals.section import ValueOf
from genatator_assets.tracks.runs import Positions, Runs, Values, join, merge

_BEDGRAPH_VALUE, _SIGNAL_VALUE = 3, 6
_GFF_SCORE, _GFF_STRAND, _GFF_ATTRIBUTES = 5, 6, 8
_COMPRESSED = {".gz", ".bgz", ".bz2", ".xz"}
_GFF_ENDINGS = {".gff", ".gff3", ".gtf"}
_BEDGRAPH_ENDINGS = {".bedgraph", ".bg", ".bdg"}
_PEAK_ENDINGS = {".narrowpeak", ".broadpeak"}
_GFF_NAMES = [
    re.compile(rf'(?:^|;)\s*{key}[= ]"?([^";]+)') for key in ("Name", "ID", "gene_name", "gene_id", "transcript_id")
]

CATEGORIES = ("score_category", "name_category")


def ending_of(path: Path) -> str:
    """Return a file's ending in lower case, without that of its compression.

    >>> ending_of(Path("a/x.narrowPeak.gz"))
    '.narrowpeak'
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return next((suffix for suffix in reversed(suffixes) if suffix not in _COMPRESSED), "")


def is_bedgraph(path: Path) -> bool:
    """Return whether a file is called as bedGraph files are."""
    return ending_of(path) in _BEDGRAPH_ENDINGS


@dataclass(frozen=True, eq=False)
class Features:
    """The n intervals of a file, in its order, 0-based half-open.

    chrom: the file's names. strand int8 [n]: 1, -1 or 0. value float64 [n]: 1 for `binary`, else the score, or None for
    categories, which then are the codes of `category`.
    """

    path: Path
    chrom: Codes
    start: Positions
    end: Positions
    strand: npt.NDArray[np.int8]
    value: npt.NDArray[np.float64] | None
    category: Codes | None

    def categories(self) -> tuple[str, ...]:
        """The names of the categories, sorted."""
        return tuple(sorted(self.category.values)) if self.category else ()


@lru_cache(maxsize=2)
def read_features(path: Path, value: ValueOf, modified_ns: int = 0) -> Features:
    """Read an interval file; what was read last is kept, as long as the file is not `modified_ns` anew.

    Raises:
        BedError: the file can't be used.
        SignalError: it has no scores or names, where these are asked for.
    """
    del modified_ns
    gff = ending_of(path) in _GFF_ENDINGS
    strand = _GFF_STRAND if gff else STRAND
    column = _column_of(path, value)
    bed = read_bed(path, {strand} | ({column} if column is not None else set()), form=GFF if gff else BED)
    values, category = None, None
    if column is None:
        values = np.ones(len(bed))
    elif value in CATEGORIES:
        category = _required_texts(bed, column, value)
        category = _named(category) if column == _GFF_ATTRIBUTES else category
    else:
        values = _numbers(bed, column, value)
    return Features(path, bed.chrom, bed.start, bed.end, bed.strands(strand), values, category)


def _column_of(path: Path, value: ValueOf) -> int | None:
    """Return the column, counted from 0, that holds the values; None where being there is all."""
    if value == "binary":
        return None
    if ending_of(path) in _GFF_ENDINGS:
        return _GFF_ATTRIBUTES if value == "name_category" else _GFF_SCORE
    peaks = ending_of(path) in _PEAK_ENDINGS
    scores = {"bedgraph": _BEDGRAPH_VALUE, "name_category": NAME, "score": _SIGNAL_VALUE if peaks else SCORE}
    return scores.get(value, SCORE)


def _numbers(bed: Bed, column: int, value: ValueOf) -> npt.NDArray[np.float64]:
    codes = _required_texts(bed, column, value)
    numbers = np.array([_number(text) for text in codes.values])
    if (wrong := np.flatnonzero(~np.isfinite(numbers))).size:
        line = int(bed.line[np.flatnonzero(codes.of == wrong[0])[0]])
        found = codes.values[wrong[0]]
        raise SignalError(f"{bed.path}:{line}: column {column + 1} is {found!r}, but 'value: {value}' needs numbers")
    return numbers[codes.of]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan


def _named(attributes: Codes) -> Codes:
    """Return the names that lie in attributes: Name, ID, gene_name, gene_id or transcript_id, the first there is."""
    names = [_name_in(text) for text in attributes.values]
    numbers: dict[str, int] = {}
    of = np.array([numbers.setdefault(name, len(numbers)) for name in names], np.int32)
    return Codes(tuple(numbers), of[attributes.of])


def _name_in(attributes: str) -> str:
    found = next((found for name in _GFF_NAMES if (found := name.search(attributes))), None)
    return found[1].strip() if found else "."


def _required_texts(bed: Bed, column: int, value: ValueOf) -> Codes:
    codes = bed.columns[column]
    if set(codes.values) <= {"", "."}:
        raise SignalError(f"{bed.path} has nothing in column {column + 1}, and 'value: {value}' asks for it")
    return codes


def on_chromosome(features: Features, name: str) -> Positions:
    """Return the places of the features on a chromosome that the file calls `name`."""
    if name not in features.chrom.values:
        return np.empty(0, np.int64)
    return np.flatnonzero(features.chrom.of == features.chrom.values.index(name))


def feature_runs(features: Features, chosen: Positions, length: int, category: str | None = None) -> Runs:
    """Return the runs of chosen features, all on one chromosome of `length` bp.

    Bases without a feature have no run. Of features that overlap, the last line counts: its value or, where `category`
    is wanted, whether that is its category. Bases of value 0 have no run either.
    """
    start, end = features.start[chosen], np.minimum(features.end[chosen], length)
    if features.value is not None and np.all(features.value[chosen] == 1):
        kept = start < end
        first, last = merge(start[kept], end[kept])
        return Runs(first, last, np.ones(len(first), np.float32))
    first, last, winner = overlay(start, end)
    heights = _heights(features, chosen[winner], category)
    there = heights != 0
    return Runs(*join(first[there], last[there], heights[there]))


def _heights(features: Features, chosen: Positions, category: str | None) -> Values:
    if features.category is not None:
        place = features.category.values.index(category) if category in features.category.values else -1
        heights: Values = (features.category.of[chosen] == place).astype(np.float32)
        return heights
    if features.value is None:
        raise ValueError("features have neither values nor categories")
    return _as_float32(features.value[chosen])


def _as_float32(values: npt.NDArray[np.float64]) -> Values:
    """Return values as they are stored; what is too large becomes infinite, which runs refuse."""
    with np.errstate(over="ignore"):
        return values.astype(np.float32)


def bedgraph_stretches(path: Path) -> Iterator[tuple[str, Positions, Positions, Values]]:
    """Return the intervals and values of a bedGraph file in its order, each time of one chromosome, which is named.

    Raises:
        BedError: a line is malformed.
    """
    for bed in bed_pieces(path, value=_BEDGRAPH_VALUE):
        if bed.value is None:
            raise ValueError("no values were read")
        edges = [0, *(np.flatnonzero(np.diff(bed.chrom.of)) + 1).tolist(), len(bed)]
        for first, last in pairwise(edges):
            part = slice(first, last)
            name = bed.chrom.values[bed.chrom.of[first]]
            yield name, bed.start[part], bed.end[part], _as_float32(bed.value[part])


def chromosomes_of(path: Path) -> dict[str, int | None]:
    """Return the names of chromosomes in an interval file, in the order in which they first come.

    Raises:
        BedError: the file can't be used.
    """
    if ending_of(path) in _GFF_ENDINGS:
        return dict.fromkeys(read_bed(path, form=GFF).chrom.values)
    return dict.fromkeys(name for bed in bed_pieces(path) for name in bed.chrom.values)
