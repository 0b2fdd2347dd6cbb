"""BED, bedGraph, GFF and GTF in: plain or compressed files as arrays, with 0-based half-open intervals.

Malformed lines are counted, and named where they are too many.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from genatator_assets.errors import BedError
from genatator_assets.regions.fields import MOST_DIGITS, Codes, Lines, Mask, Places
from genatator_assets.work.lines import whole_lines

NAME, SCORE, STRAND = 3, 4, 5
"""Numbers of BED's optional columns, counted from 0."""

MAX_MALFORMED = 0.01
_SHOWN_BYTES = 120


@dataclass(frozen=True)
class Form:
    """Which columns, counted from 0, hold start and end; what the first base is called, and the format in words."""

    start: int
    end: int
    first_base: int
    expected: str


BED = Form(1, 2, 0, "a BED file: chromosome, start and end with tabs between")
GFF = Form(3, 4, 1, "a GFF or GTF file: nine columns with tabs between, start and end the fourth and fifth")
HEADERS = (b"#", b"track ", b"browser ")


@dataclass(frozen=True, eq=False)
class Bed:
    """The n intervals of a BED file, in its order; 0-based half-open, start <= end.

    chrom names each one's chromosome as the file does. line int64 [n] are line numbers, counted from 1. `columns` holds
    the further columns that were asked for, as texts; a line that lacks one has an empty text. value float64 [n] is
    the column that was asked for as numbers, None if none was.
    """

    path: Path
    chrom: Codes
    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    line: npt.NDArray[np.int64]
    columns: Mapping[int, Codes]
    malformed: int
    value: npt.NDArray[np.float64] | None = None

    def __len__(self) -> int:
        """Number of intervals."""
        return len(self.start)

    def strands(self, column: int = STRAND) -> npt.NDArray[np.int8]:
        """Return the strand of each interval: 1 for +, -1 for -, 0 for any other; the column was asked for."""
        codes = self.columns[column]
        signs = [{"+": 1, "-": -1}.get(value, 0) for value in codes.values]
        return np.array([*signs, 0], np.int8)[codes.of]


def read_bed(
    path: Path,
    columns: Collection[int] = (),
    max_malformed: float = MAX_MALFORMED,
    form: Form = BED,
    value: int | None = None,
) -> Bed:
    """Read a BED file, plain or compressed (gzip, bgzip, bz2, xz); also further columns, by number from 0.

    Blank lines, comments (`#`) and the headers `track` and `browser` are passed over. Malformed lines are counted and
    passed over, too, unless they are a greater share of the file's rows than `max_malformed`. With `form=GFF` a GFF or
    GTF file is read. `value` is a column that must hold numbers.

    Raises:
        BedError: the file is missing, empty, truncated or no BED file, or too many lines are malformed: the message
            names the first.
    """
    gathered = _Gathered(path, columns, form, value)
    for piece in whole_lines(path, BedError, form.expected):
        gathered.take(piece)
    gathered.require_some()
    gathered.require_sound(max_malformed)
    return gathered.taken()


def bed_pieces(
    path: Path, columns: Collection[int] = (), value: int | None = None, max_malformed: float = 0
) -> Iterator[Bed]:
    """Read a file as `read_bed` does, in pieces of some thousand lines.

    Where no line may be malformed, the first that is ends it; else what is wrong with the file is told behind the last
    piece.

    Raises:
        BedError: as `read_bed`.
    """
    gathered = _Gathered(path, columns, BED, value)
    for piece in whole_lines(path, BedError, BED.expected):
        gathered.take(piece)
        if not max_malformed:
            gathered.require_sound(max_malformed)
        if len(found := gathered.taken()) or found.malformed:
            yield found
    gathered.require_some()
    gathered.require_sound(max_malformed)


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
    """What has been read of a file so far, and of that, what has not been taken yet."""

    def __init__(self, path: Path, columns: Collection[int], form: Form, value: int | None) -> None:
        self._path, self._form, self._value = path, form, value
        self._lines = self._rows = self._malformed = 0  # of all that was read
        self._first_malformed = ""
        self._of_columns = columns
        self._empty()

    def _empty(self) -> None:
        self._chrom = _Texts()
        self._columns = {number: _Texts() for number in self._of_columns}
        self._numbers: list[tuple[Places, Places, Places]] = []  # start, end, line
        self._values: list[npt.NDArray[np.float64]] = []
        self._malformed_here = 0

    def take(self, piece: bytes) -> None:
        lines = Lines.of(piece)
        is_row = ~lines.blank()
        for header in HEADERS:
            is_row &= ~lines.starting_with(header)
        number = self._lines + 1 + np.flatnonzero(is_row)
        self._lines += len(lines)
        lines = lines.only(is_row)
        (start, starts), (end, ends) = lines.numbers(self._form.start), lines.numbers(self._form.end)
        start -= self._form.first_base
        begin, stop = lines.places(0)
        good = starts & ends & (start <= end) & (stop > begin) & (start >= 0)
        if self._value is not None:
            value, values = lines.floats(self._value)
            good &= values
            self._values.append(value[good])
        self._rows += len(lines)
        if not good.all():
            self._note_malformed(lines, number, good)
            lines, start, end, number = lines.only(good), start[good], end[good], number[good]
        self._numbers.append((start, end, number))
        self._chrom.take(*lines.texts(0))
        for column, texts in self._columns.items():
            texts.take(*lines.texts(column))

    def require_some(self) -> None:
        if not self._rows:
            raise BedError(f"{self._path}: found no intervals in {self._lines:,} lines; expected {self._form.expected}")

    def require_sound(self, max_malformed: float) -> None:
        if self._malformed > max_malformed * self._rows:
            allowed = f"more than the {max_malformed:.3%} that are allowed" if max_malformed else "none is allowed"
            raise BedError(
                f"{self._path}:{self._first_malformed}"
                f" ({self._malformed:,} of {self._rows:,} rows are malformed, {allowed})"
            )

    def taken(self) -> Bed:
        """Return what was gathered since it was last taken."""
        start, end, line = (np.concatenate(arrays) for arrays in zip(*self._numbers, strict=True))
        columns = {number: texts.codes() for number, texts in self._columns.items()}
        value = np.concatenate(self._values) if self._value is not None else None
        found = Bed(self._path, self._chrom.codes(), start, end, line, columns, self._malformed_here, value)
        self._empty()
        return found

    def _note_malformed(self, lines: Lines, number: Places, good: Mask) -> None:
        bad = np.flatnonzero(~good)
        self._malformed += len(bad)
        self._malformed_here += len(bad)
        if not self._first_malformed:
            line = lines.line(int(bad[0]))
            self._first_malformed = (
                f"{number[bad[0]]}: {_fault(line, self._form, self._value)}. Mend or remove the line: {_show(line)}"
            )


def _fault(line: bytes, form: Form, value: int | None) -> str:
    """Say what is wrong with a malformed row."""
    fields = line.split(b"\t")
    if len(fields) <= form.end:
        words = line.split()
        spaced = len(words) > form.end and words[form.start].isdigit() and words[form.end].isdigit()
        remedy = ": it has spaces where the tabs should be" if spaced else ""
        return f"found {len(fields)} tab-separated columns, expected at least {form.end + 1}{remedy}"
    chrom, start, end = fields[0], fields[form.start], fields[form.end]
    if not chrom:
        return "found no name of a chromosome in column 1"
    whole = all(text.isdigit() and len(text) <= MOST_DIGITS for text in (start, end))
    if not whole or int(start) < form.first_base:
        return (
            f"found start {_show(start)} and end {_show(end)}, expected whole numbers, counted from {form.first_base}"
        )
    if int(start) - form.first_base > int(end):
        return f"found an end ({_show(end)}) before the start ({_show(start)}), expected start <= end"
    found = fields[value] if value is not None and value < len(fields) else b""
    return f"found the value {_show(found)} in column {(value or 0) + 1}, expected a number"


def _show(text: bytes) -> str:
    return repr(text[:_SHOWN_BYTES].decode("utf-8", "backslashreplace"))
