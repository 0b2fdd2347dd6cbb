"""BED in: plain or compressed files as arrays. Malformed lines are counted, and named where they are too many."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from genatator_assets.errors import BedError
from genatator_assets.regions.fields import Codes, Lines, Mask, Places
from genatator_assets.work.lines import whole_lines

NAME, SCORE, STRAND = 3, 4, 5
"""Numbers of BED's optional columns, counted from 0."""

MAX_MALFORMED = 0.01
_SHOWN_BYTES = 120
_EXPECTED = "a BED file: chromosome, start and end with tabs between"
_HEADERS = (b"#", b"track ", b"browser ")


@dataclass(frozen=True, eq=False)
class Bed:
    """The n intervals of a BED file, in its order; 0-based half-open, start <= end.

    chrom names each one's chromosome as the file does. line int64 [n] are line numbers, counted from 1. `columns` holds
    the further columns that were asked for, as texts; a line that lacks one has an empty text.
    """

    path: Path
    chrom: Codes
    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    line: npt.NDArray[np.int64]
    columns: Mapping[int, Codes]
    malformed: int

    def __len__(self) -> int:
        """Number of intervals."""
        return len(self.start)

    def strands(self) -> npt.NDArray[np.int8]:
        """Return the strand of each interval: 1 for +, -1 for -, 0 for any other; column STRAND was asked for."""
        codes = self.columns[STRAND]
        signs = [{"+": 1, "-": -1}.get(value, 0) for value in codes.values]
        return np.array([*signs, 0], np.int8)[codes.of]


def read_bed(path: Path, columns: Collection[int] = (), max_malformed: float = MAX_MALFORMED) -> Bed:
    """Read a BED file, plain or compressed (gzip, bgzip, bz2, xz); also further columns, by number from 0.

    Blank lines, comments (`#`) and the headers `track` and `browser` are passed over. Malformed lines are counted and
    passed over, too, unless they are a greater share of the file's rows than `max_malformed`.

    Raises:
        BedError: the file is missing, empty, truncated or no BED file, or too many lines are malformed: the message
            names the first.
    """
    gathered = _Gathered(path, columns)
    for piece in whole_lines(path, BedError, _EXPECTED):
        gathered.take(piece)
    return gathered.bed(max_malformed)


@dataclass
class _Texts:
    """Texts that are numbered across pieces."""

    numbers: dict[str, int] = field(default_factory=dict)
    pieces: list[npt.NDArray[np.int32]] = field(default_factory=list)

    def take(self, of: Places, values: Sequence[str]) -> None:
        mine = np.array([self.numbers.setdefault(value, len(self.numbers)) for value in values], np.int32)
        self.pieces.append(mine[of])

    def codes(self) -> Codes:
        return Codes(tuple(self.numbers), np.concatenate(self.pieces))


class _Gathered:
    """What has been read of a file so far."""

    def __init__(self, path: Path, columns: Collection[int]) -> None:
        self._path = path
        self._before = 0  # lines of earlier pieces
        self._rows = self._malformed = 0
        self._first_malformed = ""
        self._chrom = _Texts()
        self._columns = {number: _Texts() for number in columns}
        self._numbers: list[tuple[Places, Places, Places]] = []  # start, end, line

    def take(self, piece: bytes) -> None:
        lines = Lines.of(piece)
        is_row = ~lines.blank()
        for header in _HEADERS:
            is_row &= ~lines.starting_with(header)
        number = self._before + 1 + np.flatnonzero(is_row)
        self._before += len(lines)
        lines = lines.only(is_row)
        (start, starts), (end, ends) = lines.numbers(1), lines.numbers(2)
        begin, stop = lines.places(0)
        good = starts & ends & (start <= end) & (stop > begin)
        self._rows += len(lines)
        if not good.all():
            self._note_malformed(lines, number, good)
            lines, start, end, number = lines.only(good), start[good], end[good], number[good]
        self._numbers.append((start, end, number))
        self._chrom.take(*lines.texts(0))
        for column, texts in self._columns.items():
            texts.take(*lines.texts(column))

    def bed(self, max_malformed: float) -> Bed:
        if not self._rows:
            raise BedError(f"{self._path}: found no intervals in {self._before:,} lines; expected {_EXPECTED}")
        if self._malformed > max_malformed * self._rows:
            allowed = f"more than the {max_malformed:.3%} that are allowed" if max_malformed else "none is allowed"
            raise BedError(
                f"{self._path}:{self._first_malformed}"
                f" ({self._malformed:,} of {self._rows:,} rows are malformed, {allowed})"
            )
        start, end, line = (np.concatenate(arrays) for arrays in zip(*self._numbers, strict=True))
        columns = {number: texts.codes() for number, texts in self._columns.items()}
        return Bed(self._path, self._chrom.codes(), start, end, line, columns, self._malformed)

    def _note_malformed(self, lines: Lines, number: Places, good: Mask) -> None:
        bad = np.flatnonzero(~good)
        self._malformed += len(bad)
        if not self._first_malformed:
            line = lines.line(int(bad[0]))
            self._first_malformed = f"{number[bad[0]]}: {_fault(line)}. Mend or remove the line: {_show(line)}"


def _fault(line: bytes) -> str:
    """Say what is wrong with a malformed row."""
    fields = line.split(b"\t")
    if len(fields) < 3:
        words = line.split()
        spaced = len(words) >= 3 and words[1].isdigit() and words[2].isdigit()
        remedy = ": it has spaces where the tabs should be" if spaced else ""
        return f"found {len(fields)} tab-separated columns, expected at least 3{remedy}"
    chrom, start, end = fields[:3]
    if not chrom:
        return "found no name of a chromosome in column 1"
    if start.isdigit() and end.isdigit() and int(start) > int(end):
        return f"found an end ({_show(end)}) before the start ({_show(start)}), expected start <= end"
    return f"found start {_show(start)} and end {_show(end)}, expected whole numbers, counted from 0"


def _show(text: bytes) -> str:
    return repr(text[:_SHOWN_BYTES].decode("utf-8", "backslashreplace"))


def lines_of(bed: Bed, chosen: Mask) -> Iterator[str]:
    """Return `file:line` of the chosen intervals, for messages."""
    return (f"{bed.path}:{line}" for line in bed.line[chosen].tolist())
