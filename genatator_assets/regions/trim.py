"""BED files whose intervals start and end at multiples of some length, so that they line up with bins of a track."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from genatator_assets.errors import BedError
from genatator_assets.regions.bed import BED, HEADERS
from genatator_assets.work.files import whole_file
from genatator_assets.work.lines import whole_lines


@dataclass(frozen=True)
class Trimmed:
    """Intervals that were read, of which some were made shorter and some have nothing left."""

    read: int
    shortened: int
    left_out: int

    @property
    def kept(self) -> int:
        """Intervals that were written."""
        return self.read - self.left_out


def trimmed(start: int, end: int, length: int) -> tuple[int, int]:
    """Return the longest interval within [start, end) that starts and ends at multiples of `length`.

    >>> trimmed(5, 160, 50), trimmed(50, 100, 50), trimmed(51, 99, 50)
    ((50, 150), (50, 100), (100, 50))
    """
    return -(-start // length) * length, end // length * length


def trim_bed(path: Path, output: Path, length: int) -> Trimmed:
    """Write a BED file, plain or compressed, with its intervals trimmed to multiples of `length` bp.

    All other columns, headers and comments stay. Intervals of which nothing is left are left out.

    Raises:
        BedError: the file can't be read, or a line is malformed.
    """
    read = shortened = left_out = 0
    with whole_file(output) as temporary, temporary.open("wb") as out:
        for number, line in _lines(path):
            if not line.strip() or line.startswith(HEADERS):
                out.write(line + b"\n")
                continue
            chrom, start, end, *others = _fields(path, number, line)
            first, last = trimmed(int(start), int(end), length)
            read += 1
            left_out += first >= last
            shortened += (first, last) != (int(start), int(end)) and first < last
            if first < last:
                out.write(b"\t".join([chrom, b"%d" % first, b"%d" % last, *others]) + b"\n")
        if not read:
            raise BedError(f"{path}: found no intervals; expected {BED.expected}")
    return Trimmed(read, shortened, left_out)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    number = 0
    for piece in whole_lines(path, BedError, BED.expected):
        for line in piece[:-1].split(b"\n"):
            number += 1
            yield number, line.rstrip(b"\r")


def _fields(path: Path, number: int, line: bytes) -> list[bytes]:
    fields = line.split(b"\t")
    if len(fields) <= BED.end or not all(text.isdigit() for text in fields[BED.start : BED.end + 1]):
        raise BedError(
            f"{path}:{number}: found {line[:120].decode('utf-8', 'backslashreplace')!r}, expected {BED.expected}"
        )
    if int(fields[BED.start]) > int(fields[BED.end]):
        raise BedError(f"{path}:{number}: found an end before the start, expected start <= end")
    return fields
