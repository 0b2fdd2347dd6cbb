"""Lists of BED files in: the files, their labels, and their intervals on the chromosomes that are wanted."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genatator_assets.catalogue.values import nearest
from genatator_assets.errors import BedError
from genatator_assets.intervals.labels import Label, LabelColumns, label_columns
from genatator_assets.intervals.regions import Intervals, Mask, Numbers
from genatator_assets.regions.bed import MAX_MALFORMED, STRAND, Bed, read_bed
from genatator_assets.regions.merge import Positions
from genatator_assets.sources.aliases import chromosomes_named, some_of
from genatator_assets.work.lines import whole_lines

AUTOSOMES = tuple(f"chr{number}" for number in range(1, 23))
_NUMBER = re.compile(r"-?[0-9]{1,18}")
_EXPECTED = "a list of BED files: a path on each line and, after a space, its numeric label if files have labels"


@dataclass(frozen=True)
class BedFile:
    """A BED file of a list, and its label if it has one."""

    path: Path
    label: Label | None = None


def read_bed_list(path: Path) -> tuple[BedFile, ...]:
    """Read a list of BED files: a path on each line, and after a space its label, a whole number, or none at all.

    Paths are relative to the working directory or, where there is no such file, to the list's own folder. Blank lines
    and comments (`#`) are passed over.

    Raises:
        BedError: there is no list or no file in it, a file does not exist, or some files have labels and others none.
    """
    text = b"".join(whole_lines(path, BedError, _EXPECTED)).decode("utf-8", "backslashreplace")
    lines = ((number, line.strip()) for number, line in enumerate(text.split("\n"), 1))
    found = [(number, _bed_file(path, number, line)) for number, line in lines if line and line[0] != "#"]
    if not found:
        raise BedError(f"{path}: found no files; expected {_EXPECTED}")
    labelled = [file.label is not None for _, file in found]
    if any(labelled) and not all(labelled):
        number, file = found[labelled.index(False)]
        raise BedError(
            f"{path}:{number}: {file.path} has no label, but {sum(labelled)} of {len(found)} files have one; label all"
            " of them, or none"
        )
    return tuple(file for _, file in found)


def _bed_file(listed_in: Path, number: int, line: str) -> BedFile:
    """Read a line. A path may hold spaces: the last word is a label only where the line as a whole names no file."""
    if file := existing_file(listed_in, line):
        return BedFile(file)
    name, *label = line.rsplit(maxsplit=1)
    file = existing_file(listed_in, name)
    place = f"{listed_in}:{number}"
    if file and _NUMBER.fullmatch(label[0]):
        return BedFile(file, int(label[0]))
    if file:
        raise BedError(f"{place}: found the label {label[0]!r}, expected a whole number: {line!r}")
    raise BedError(no_file(listed_in, number, name if label and _NUMBER.fullmatch(label[0]) else line))


def no_file(listed_in: Path, number: int, name: str) -> str:
    """Return the message for a file that a list names, but that does not exist."""
    where = [Path.cwd() / name] + ([] if Path(name).is_absolute() else [listed_in.parent.absolute() / name])
    near = next((hint for path in where if path.parent.is_dir() and (hint := _nearest_file(path))), "")
    return f"{listed_in}:{number}: no file at {' or '.join(dict.fromkeys(map(str, where)))}{near}"


def existing_file(listed_in: Path, name: str) -> Path | None:
    """Return the file that a list names, by the working directory or by the list's folder; None if there is none."""
    for path in (Path(name), listed_in.parent / name):
        try:
            if path.is_file():
                return path
        except OSError:  # a name too long
            continue
    return None


def _nearest_file(path: Path) -> str:
    return nearest(path.name, [other.name for other in path.parent.iterdir()])


def columns_of(files: Sequence[BedFile]) -> LabelColumns:
    """Return the label columns of files.

    Raises:
        BedError: their labels don't go together.
    """
    try:
        return label_columns([file.label for file in files])
    except ValueError as error:
        raise BedError(f"{files[0].path} and others: {error}") from error


@dataclass(frozen=True)
class Chromosomes:
    """The chromosomes that are wanted, in the order of the regions to be, their lengths in bp, and all names there are.

    `aliases` are the other names of every sequence of the genome, wanted or not.
    """

    names: tuple[str, ...]
    lengths: tuple[int, ...]
    aliases: Mapping[str, tuple[str, ...]]

    def numbers(self, found: Sequence[str]) -> Numbers:
        """Return the number of the chromosome that each name means, int32 [names]; -1 where it is not wanted."""
        place = {name: number for number, name in enumerate(self.names)}
        known, _ = chromosomes_named(found, self.aliases)
        return np.array([place.get(known.get(name, name), -1) for name in found], np.int32)


def choose_chromosomes(
    lengths: Mapping[str, int], aliases: Mapping[str, tuple[str, ...]], wanted: str | Sequence[str]
) -> Chromosomes:
    """Return the chromosomes of a genome that are `wanted`: "all", "autosomes" (chr1 to chr22), or names.

    Autosomes that the genome does not have are not missed.

    Raises:
        BedError: a name is not of this genome.
    """
    if wanted == "all":
        names = list(lengths)
    else:
        asked = AUTOSOMES if wanted == "autosomes" else tuple(wanted)
        known, _ = chromosomes_named(asked, aliases)
        names = list(dict.fromkeys(known[name] for name in asked if name in known))
        if wanted != "autosomes" and (missing := [name for name in asked if name not in known]):
            raise BedError(
                f"no sequence {missing[0]!r} in the genome{nearest(missing[0], list(lengths))}; it has"
                f" {some_of(lengths)}"
            )
    return Chromosomes(tuple(names), tuple(lengths[name] for name in names), aliases)


@dataclass(frozen=True)
class FileCount:
    """Rows of one BED file: `read`, and `malformed` ones beside them. Of those that were read, `passed_over` (by name)
    are on chromosomes that are not wanted, `outside` begin behind their chromosome's end, and `past_end` end behind it.

    Rows that are passed over or outside are left out; those that only end behind the end are kept.
    """

    read: int
    malformed: int
    passed_over: Mapping[str, int]
    outside: int
    past_end: int


@dataclass(frozen=True, eq=False)
class Collected:
    """The intervals of several BED files on the chromosomes that are wanted, and the count of each file's rows."""

    intervals: Intervals
    files: tuple[FileCount, ...]

    @property
    def passed_over(self) -> Mapping[str, int]:
        """How many rows were passed over, by the names of their chromosomes."""
        return dict(sum((Counter(file.passed_over) for file in self.files), Counter()))

    def count(self) -> dict[str, int]:
        """Count the rows of all files."""
        totals = {name: sum(getattr(file, name) for file in self.files) for name in _COUNTED}
        return {**totals, "passed_over": sum(self.passed_over.values())}


_COUNTED = ("read", "malformed", "outside", "past_end")


def collect(files: Sequence[BedFile], columns: LabelColumns, chromosomes: Chromosomes) -> Collected:
    """Read BED files and keep the rows on the chromosomes that are wanted.

    Raises:
        BedError: a file can't be used, or has more than one row in a hundred behind its chromosome's end: it is of
            another build of the genome.
    """
    taken = [
        _take(read_bed(file.path, columns=(STRAND,)), number, column, chromosomes)
        for number, (file, column) in enumerate(zip(files, columns.of, strict=True))
    ]
    return Collected(Intervals.joined([intervals for intervals, _ in taken]), tuple(count for _, count in taken))


def _take(bed: Bed, number: int, column: int, chromosomes: Chromosomes) -> tuple[Intervals, FileCount]:
    chrom = chromosomes.numbers(bed.chrom.values)[bed.chrom.of]
    rows = np.bincount(bed.chrom.of[chrom < 0], minlength=len(bed.chrom.values)).tolist()
    length = np.array([*chromosomes.lengths, np.iinfo(np.int64).max])[chrom]  # of what is passed over, no end
    outside = bed.start >= length
    if np.count_nonzero(outside) > MAX_MALFORMED * len(bed):
        raise BedError(_of_another_build(bed, length, outside))
    kept = np.flatnonzero((chrom >= 0) & ~outside)
    file, labels = (np.full(len(kept), value, np.int32) for value in (number, column))
    intervals = Intervals(chrom[kept], bed.start[kept], bed.end[kept], bed.strands()[kept], file, labels)
    passed_over = {name: count for name, count in zip(bed.chrom.values, rows, strict=True) if count}
    past_end = int(np.count_nonzero(bed.end[kept] > length[kept]))
    return intervals, FileCount(len(bed), bed.malformed, passed_over, int(np.count_nonzero(outside)), past_end)


def _of_another_build(bed: Bed, length: Positions, outside: Mask) -> str:
    first = int(np.flatnonzero(outside)[0])
    name = bed.chrom.values[bed.chrom.of[first]]
    return (
        f"{bed.path}:{bed.line[first]}: {name}:{bed.start[first]:,}-{bed.end[first]:,} lies behind the end of {name}"
        f" ({length[first]:,} bp), as {np.count_nonzero(outside):,} of {len(bed):,} rows do: the file is of another"
        " build of the genome"
    )
