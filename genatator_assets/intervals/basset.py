"""The first of Basset's two steps: BED files to features and a table of activities (preprocess_features.py)."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from genatator_assets.errors import BedError
from genatator_assets.intervals.beds import Chromosomes
from genatator_assets.intervals.features import rows_of
from genatator_assets.intervals.lists import BedList, Listed
from genatator_assets.intervals.regions import Intervals, Numbers, Ragged, Regions, Rules, make_regions
from genatator_assets.intervals.splits import LabelledRegions
from genatator_assets.regions.bed import STRAND, Bed, read_bed
from genatator_assets.regions.fields import Codes
from genatator_assets.regions.merge import merge_listed
from genatator_assets.work.files import whole_file
from genatator_assets.work.lines import whole_lines

ACTIVITIES = 6
"""BED column, counted from 0, of the numbers of the targets in which a feature is active."""

_AUXILIARY = re.compile(r"chr\d+|chrX")
_NO_END = 1 << 62  # of a chromosome whose length is not known
_LIST = "a list of BED files as Basset has it: on each line a label and a path, with a space or tab between"


@dataclass(frozen=True)
class Database:
    """Features that there are already, as BED, and the names of their targets; () if activities are to be dropped."""

    bed: Path
    targets: tuple[str, ...]


def read_basset_list(path: Path) -> tuple[Listed, ...]:
    """Read a list of BED files as Basset has it: a label and a path on each line.

    Paths are relative to the working directory or, where there is no such file, to the list's own folder.

    Raises:
        BedError: it is none, or a file does not exist.
    """
    beds = BedList(path, (Path(), path.parent))
    files = []
    for number, line in text_lines(path, _LIST):
        label, *name = line.split(maxsplit=1)
        if not name:
            raise BedError(f"{path}:{number}: found {line[:120]!r}, expected {_LIST}")
        files.append(beds.require(number, name[0].strip(), label))
    if not files:
        raise BedError(f"{path}: found no files; expected {_LIST}")
    return tuple(files)


def read_targets(path: Path) -> tuple[str, ...]:
    """Return the names of the targets of a table of activities.

    Raises:
        BedError: it is none.
    """
    number, header = next(text_lines(path, "a table of activities"), (1, ""))
    if not header.startswith("\t"):
        raise BedError(
            f"{path}:{number}: found {header[:120]!r}, expected a tab and the names of targets, as Basset writes"
        )
    return tuple(header[1:].split("\t"))


def text_lines(path: Path, expected: str) -> Iterator[tuple[int, str]]:
    """Return the lines of a text file that are not blank, with their numbers."""
    number = 0
    for piece in whole_lines(path, BedError, expected):
        for line in piece[:-1].split(b"\n"):
            number += 1
            if text := line.rstrip(b"\r").decode("utf-8", "backslashreplace"):
                yield number, text


def basset_features(
    files: Sequence[Listed],
    lengths: Mapping[str, int],
    rules: Rules,
    database: Database | None = None,
    wants: Callable[[str], bool] = lambda chrom: True,
) -> LabelledRegions:
    """Merge the intervals of BED files, and the features of a database, as Basset's preprocess_features.py does.

    Each file is a target of its own; those of the database come first. `lengths` are those that are known of the
    chromosomes, in bp: regions past the end of one are shifted back.

    Raises:
        BedError: a file can't be used.
    """
    targets = [*(database.targets if database else ()), *(str(file.label) for file in files)]
    first = len(targets) - len(files)
    names: dict[str, int] = {}
    intervals = Intervals.joined(
        [
            _intervals(read_bed(file.local, columns=(STRAND,)), column, names, wants)
            for column, file in enumerate(files, first)
        ]
    )
    features = _database_features(database, names, wants) if database else []
    known = tuple(lengths.get(name, _NO_END) for name in names)
    regions = _added(intervals, features, known, rules) if features else make_regions(intervals, known, rules)
    regions = regions.only(regions.kept)
    chromosomes = Chromosomes(tuple(names), known, {})
    return LabelledRegions(chromosomes, regions, np.zeros(len(regions), np.int8), tuple(targets))


def _intervals(bed: Bed, column: int, names: dict[str, int], wants: Callable[[str], bool]) -> Intervals:
    chrom = _chromosomes(bed.chrom, names, wants)
    kept = np.flatnonzero(chrom >= 0)
    of = np.full(len(kept), column, np.int32)
    return Intervals(chrom[kept], bed.start[kept], bed.end[kept], bed.strands()[kept], of, of)


@dataclass(frozen=True)
class _Feature:
    """A feature of a database, or an interval: chromosome number, strand, the base it is listed by, middle, columns."""

    chrom: int
    strand: int
    listed: int
    middle: int
    columns: int


def _database_features(database: Database, names: dict[str, int], wants: Callable[[str], bool]) -> list[_Feature]:
    """Read a database. Its features are listed by their starts, but by their middles if activities are dropped.

    So does Basset, which replaces an interval by its middle before it sorts, but not a feature of the database.
    """
    bed = read_bed(database.bed, columns=(STRAND, ACTIVITIES))
    codes = bed.columns[ACTIVITIES]
    columns = [_activities(text, len(database.targets)) if database.targets else 0 for text in codes.values]
    if -1 in columns:
        wrong = columns.index(-1)
        line = bed.line[np.flatnonzero(codes.of == wrong)[0]]
        raise BedError(
            f"{database.bed}:{line}: found {codes.values[wrong]!r} in column {ACTIVITIES + 1}, expected numbers of the"
            f" {len(database.targets)} targets, from 0, with commas between, or '.' for none"
        )
    middles = (bed.start + bed.end) // 2
    listed_by = bed.start if database.targets else middles
    chroms, strands = _chromosomes(bed.chrom, names, wants), np.where(bed.strands() < 0, -1, 1)
    rows = zip(*(array.tolist() for array in (chroms, strands, listed_by, middles, codes.of)), strict=True)
    return [
        _Feature(chrom, strand, listed, middle, columns[code])
        for chrom, strand, listed, middle, code in rows
        if chrom >= 0
    ]


def _added(intervals: Intervals, features: list[_Feature], lengths: Sequence[int], rules: Rules) -> Regions:
    """Merge intervals with the features of a database, in the order in which Basset comes to them."""
    strands = np.where(intervals.strand < 0, -1, 1)
    middles = (intervals.start + intervals.end) // 2
    rows = zip(*(array.tolist() for array in (intervals.chrom, strands, middles, intervals.column)), strict=True)
    every = [_Feature(chrom, strand, middle, middle, 1 << column) for chrom, strand, middle, column in rows]
    every += features
    merged: list[tuple[int, int, int, int]] = []  # chromosome, start, strand, columns
    half = rules.length // 2
    every.sort(key=lambda one: (one.chrom, -one.strand, one.listed))
    for (chrom, sign), together in groupby(every, key=lambda one: (one.chrom, one.strand)):
        last = lengths[chrom] - rules.length
        extended = [(min(last, max(0, one.middle - half)), one.columns) for one in together]
        both = merge_listed(extended, rules.length, rules.min_overlap)
        merged += [(chrom, start, sign, columns) for start, columns in both if start >= 0]
    merged.sort(key=lambda one: (one[0], one[1], -one[2]))
    bits = [[bit for bit in range(columns.bit_length()) if columns >> bit & 1] for *_, columns in merged]
    of_bit = np.repeat(np.arange(len(merged)), [len(row) for row in bits])
    labels = Ragged.of(of_bit, np.array([bit for row in bits for bit in row], np.int32), len(merged))
    numbers, starts, signs = (np.array([one[place] for one in merged], np.int64) for place in range(3))
    ends, kept = starts + rules.length, np.zeros(len(merged), np.int8)
    chroms, of_strand = numbers.astype(np.int32), signs.astype(np.int8)
    return Regions(chroms, starts, ends, of_strand, starts, ends, kept, labels, labels, len(merged))


def _activities(text: str, targets: int) -> int:
    """Return the numbers of targets that a text lists as the bits of a number; -1 if it is no such list."""
    if text in {"", "."}:
        return 0
    numbers = [int(word) if word.isdecimal() else targets for word in text.split(",")]
    return sum(1 << number for number in set(numbers)) if max(numbers) < targets else -1


def _chromosomes(codes: Codes, names: dict[str, int], wants: Callable[[str], bool]) -> Numbers:
    """Return the numbers of chromosomes, -1 of those that are not wanted; new ones are added to `names`."""
    numbers = [names.setdefault(name, len(names)) if wants(name) else -1 for name in codes.values]
    return np.array(numbers, np.int32)[codes.of]


def wanted(ignore_auxiliary: bool, ignore_y: bool) -> Callable[[str], bool]:
    """Return which chromosomes Basset's options -i (only chr and a number, or chrX) and -y (no chrY) leave."""
    return lambda chrom: (
        not (ignore_auxiliary and not _AUXILIARY.fullmatch(chrom)) and not (ignore_y and chrom == "chrY")
    )


def write_activities(path: Path, dataset: LabelledRegions) -> None:
    """Write Basset's table of activities: a row per feature, `chrom:start-end(strand)`, and 0 or 1 for each target."""
    active = dataset.regions.labels.matrix(len(dataset.labels))
    cells = np.full((len(active), 2 * active.shape[1]), ord("\t"), np.uint8)  # a tab before each digit
    cells[:, 1::2] = active + np.uint8(ord("0"))
    width, text = cells.shape[1], cells.tobytes().decode("ascii")
    lines = (
        f"{chrom}:{start}-{end}({'-' if strand < 0 else '+'}){text[width * row : width * (row + 1)]}\n"
        for row, (chrom, start, end, strand, _) in enumerate(rows_of(dataset))
    )
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8") as handle:
        handle.write("\t".join(["", *map(str, dataset.labels)]) + "\n")
        handle.writelines(lines)
