"""Intervals that a dataset has itself: where one of its tracks is high, and its gene models."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.errors import DatasetError
from genatator_assets.intervals.beds import Chromosomes, RowCount, Rows
from genatator_assets.regions.merge import Positions
from genatator_assets.tracks.runs import merge
from genatator_assets.work.files import canonical_json, path_name, plain_name, sha256_of_file
from genatator_assets.work.tables import read_table

_STRANDS = {".plus": 1, ".minus": -1, "": 0}


@dataclass(frozen=True)
class GeneModels:
    """Around the starts (`tss`) or ends (`polya`) of the selected transcripts in a table, or the transcripts' spans.

    An interval has the site's base and `flank_bp` on both sides of it, as far as its chromosome goes.
    """

    transcripts: Path
    what: Literal["tss", "polya", "transcripts"]
    flank_bp: int
    types: tuple[str, ...]

    kind = "genes"

    @property
    def name(self) -> str:
        """What of the transcripts."""
        return self.what

    @property
    def sha256(self) -> str:
        """Of the table and of what is taken of it."""
        rule = {"what": self.what, "flank_bp": self.flank_bp, "types": self.types}
        return _hash_of([sha256_of_file(self.transcripts)], rule)

    def rows(self, chromosomes: Chromosomes) -> Rows:
        """Read the table.

        Raises:
            DatasetError: it is missing or damaged.
        """
        table = read_table(self.transcripts, columns=["chrom", "start", "end", "strand", "type", "selected"])
        wanted = pc.and_(table["selected"], pc.is_in(table["type"], pa.array(self.types, pa.string())))
        table = table.filter(wanted)
        names = table["chrom"].combine_chunks().dictionary_encode()
        of = names.indices.to_numpy()
        chrom = chromosomes.numbers(names.dictionary.to_pylist())[of] if len(table) else np.zeros(0, np.int32)
        passed_over = _counted(names.dictionary.to_pylist(), of[chrom < 0])
        kept = chrom >= 0
        start, end = (table[side].to_numpy()[kept] for side in ("start", "end"))
        strand = np.where(pc.equal(table["strand"], "-").to_numpy()[kept], np.int8(-1), np.int8(1))
        first, last = self._sites(start, end, strand)
        length = np.array(chromosomes.lengths, np.int64)[chrom[kept]]
        begin, stop = np.maximum(0, first - self.flank_bp), np.minimum(length, last + self.flank_bp)
        return Rows.of(chrom[kept], begin, stop, strand, RowCount(len(table), passed_over=passed_over))

    def _sites(self, start: Positions, end: Positions, strand: npt.NDArray[np.int8]) -> tuple[Positions, Positions]:
        if self.what == "transcripts":
            return start, end
        left = (strand > 0) == (self.what == "tss")  # whether the site is the transcript's leftmost base
        site = np.where(left, start, end - 1)
        return site, site + 1


@dataclass(frozen=True)
class TrackRuns:
    """Where a track of the dataset is at least some value: runs that touch are one interval.

    `folder` holds the genome's tracks. A track of both strands gives intervals of both.
    """

    folder: Path
    track: str
    at_least: float

    kind = "track"

    @property
    def name(self) -> str:
        """The track's name."""
        return self.track

    @property
    def sha256(self) -> str:
        """Of the track's files and of what is taken of them."""
        files = [file for folder in self._folders() for file in sorted(folder.glob("*.parquet"))]
        return _hash_of(map(sha256_of_file, files), {"at_least": self.at_least})

    def rows(self, chromosomes: Chromosomes) -> Rows:
        """Read the track's runs.

        Raises:
            DatasetError: there is no such track, or a file of it is damaged.
        """
        parts: list[tuple[int, Positions, Positions, int]] = []  # chromosome, start, end, strand
        passed_over: dict[str, int] = {}
        for folder, strand in self._folders().items():
            for file in sorted(folder.glob("*.parquet")):
                chrom = plain_name(file.stem)
                start, end = _joined(read_table(file, columns=["start", "end", "value"]), self.at_least)
                number = int(chromosomes.numbers([chrom])[0])
                if number < 0:
                    passed_over[chrom] = passed_over.get(chrom, 0) + len(start)
                else:
                    parts.append((number, start, end, strand))
        numbers = [len(start) for _, start, _, _ in parts]
        chrom_of, strand_of = (np.array([part[place] for part in parts], np.int32) for place in (0, 3))
        start, end = (np.concatenate([np.zeros(0, np.int64), *(part[side] for part in parts)]) for side in (1, 2))
        read = len(start) + sum(passed_over.values())
        count = RowCount(read, passed_over={chrom: rows for chrom, rows in passed_over.items() if rows})
        strands = np.repeat(strand_of, numbers).astype(np.int8)
        return Rows.of(np.repeat(chrom_of, numbers), start, end, strands, count)

    def _folders(self) -> Mapping[Path, int]:
        """Return the folders of the track, one for each strand that it has, and their strands."""
        found = {
            folder: strand
            for suffix, strand in _STRANDS.items()
            if (folder := self.folder / path_name(f"{self.track}{suffix}")).is_dir()
        }
        if not found:
            known = sorted(plain_name(folder.name) for folder in self.folder.glob("*")) if self.folder.is_dir() else []
            raise DatasetError(
                f"{self.folder} has no track {self.track!r}; there are: {', '.join(known) or 'none'}. Build the signals"
            )
        return found


def _hash_of(files: Iterable[str], rule: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical_json({"files": list(files), "rule": dict(rule)}).encode()).hexdigest()


def _joined(runs: pa.Table, at_least: float) -> tuple[Positions, Positions]:
    """Return the intervals of runs that have at least some value; runs that touch are one."""
    high = runs.filter(pc.greater_equal(runs["value"], pa.scalar(at_least, pa.float32())))
    start, end = (high[side].to_numpy().astype(np.int64) for side in ("start", "end"))
    return merge(start, end)


def _counted(names: Sequence[str], of: npt.NDArray[np.integer]) -> dict[str, int]:
    counts = np.bincount(of, minlength=len(names)).tolist()
    return {name: count for name, count in zip(names, counts, strict=True) if count}
