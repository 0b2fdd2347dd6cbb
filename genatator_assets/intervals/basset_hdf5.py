"""The second of Basset's two steps: sequences and a table of activities to HDF5 for training (seq_hdf5.py).

Tables are as that script means them: it reshapes (n, L * 4) to (n, 4, 1, L) without transposing, so that what it
writes since May 2020 is scrambled; and it draws a random base for each N.
"""

import mmap
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import numpy as np
import numpy.typing as npt

from genatator_assets.errors import BedError, SequenceError, optional_import
from genatator_assets.intervals.splits import split_counts
from genatator_assets.regions.fields import Lines
from genatator_assets.regions.one_hot import one_hot_rows, reverse_complement
from genatator_assets.sources.stretches import IndexedFasta, Letters, open_indexed
from genatator_assets.work.files import whole_file
from genatator_assets.work.lines import whole_lines

_TABLE = "a table of activities: a header, then on each line an id and 0 or 1 for each target, with tabs between"
_ID = re.compile(r"(.+):(\d+)-(\d+)\(([+-])\)")
_BATCH_BASES = 1_000_000

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Shares:
    """How many sequences are for test and validation: shares below 1, or numbers; `seed` draws which.

    With a `batch`, each part is rounded down to whole batches. `validation_is_test` uses the validation set as test
    set, too, where there is no test set.
    """

    test: float = 0
    validation: float = 0
    batch: int | None = None
    validation_is_test: bool = False
    seed: int = 1


@dataclass(frozen=True, eq=False)
class Activities:
    """A table of activities: an id for each of n sequences, the targets' names, and uint8 [n, targets]."""

    ids: tuple[str, ...]
    targets: tuple[str, ...]
    active: npt.NDArray[np.uint8]


class _Sequences(Protocol):
    """Sequences in their order; `rows` are the rows of the table that they belong to."""

    rows: Rows
    length: int

    def letters(self, numbers: Rows) -> Letters:
        """Return some, uint8 [numbers, length], as ASCII; 0 where one is shorter."""


def read_activities(path: Path) -> Activities:
    """Read a table of activities.

    Raises:
        BedError: it is none, or an id stands twice.
    """
    targets: tuple[str, ...] = ()
    number = 0  # of lines of earlier pieces
    ids: dict[str, int] = {}
    active: list[npt.NDArray[np.uint8]] = []
    for piece in whole_lines(path, BedError, _TABLE):
        lines = Lines.of(piece)
        if not number:
            header = lines.line(0)
            targets = tuple(header[1:].decode("utf-8", "backslashreplace").split("\t"))
            if not header.startswith(b"\t"):
                raise BedError(f"{path}:1: found {_show(header)}, expected {_TABLE}")
        rows = ~lines.blank() & (np.arange(len(lines)) + number > 0)
        numbers = number + 1 + np.flatnonzero(rows)
        number += len(lines)
        names, values, wrong = _rows(lines.only(rows), len(targets))
        if wrong is not None:
            raise BedError(
                f"{path}:{numbers[wrong]}: found {_show(lines.only(rows).line(wrong))}, expected {_TABLE}; it has"
                f" {len(targets)} targets"
            )
        for name, line in zip(names, numbers.tolist(), strict=True):
            if ids.setdefault(name, line) != line:
                raise BedError(f"{path}:{line}: the id {name!r} stands twice; remove one line")
        active.append(values)
    if not ids:
        raise BedError(f"{path}: found no rows; expected {_TABLE}")
    return Activities(tuple(ids), targets, np.concatenate(active))


def _rows(lines: Lines, targets: int) -> tuple[list[str], npt.NDArray[np.uint8], int | None]:
    """Return the ids and values of rows, and the number of the first that is not one."""
    width = 2 * targets  # a tab before each value
    begin = lines.end - width
    cells = lines.text[np.maximum(begin, 0)[:, None] + np.arange(width)]
    values = cells[:, 1::2] - np.uint8(ord("0"))
    good = (begin > lines.begin) & (cells[:, ::2] == ord("\t")).all(axis=1) & (values <= 1).all(axis=1)
    good &= lines.count == targets + 1
    names = [
        lines.piece[first:last].decode("utf-8", "backslashreplace")
        for first, last in zip(lines.begin[good].tolist(), begin[good].tolist(), strict=True)
    ]
    return names, values[good], None if good.all() else int(np.flatnonzero(~good)[0])


def _show(line: bytes) -> str:
    return repr(line[:120].decode("utf-8", "backslashreplace"))


def write_basset_hdf5(
    path: Path, fasta: Path, table: Path, shares: Shares, length: int | None = None
) -> dict[str, int]:
    """Write sequences and their activities for training; return how many are in each part.

    `fasta` holds a sequence for each id of the table, or is a genome's FASTA file: then the ids, such as
    chr1:100-700(-), say where the sequences are. Sequences are padded, or trimmed, on both sides to `length`, by
    default that of the longest. Of n sequences of L bases:

    train_in, valid_in, test_in      uint8 [n, 4, 1, L]: rows A, C, G, T
    train_out, valid_out, test_out   uint8 [n, targets]
    test_headers                     ids; target_labels: the targets' names

    They are permuted by the seed. A part without sequences has no tables.

    Raises:
        BedError: the table can't be used, or there are too few sequences.
        SequenceError: the FASTA file can't be used, or does not belong to the table.
        MissingExtraError: h5py is not installed.
    """
    with optional_import("h5py", "intervals"):
        import h5py  # noqa: PLC0415 - an extra
    activities = read_activities(table)
    with _open_sequences(fasta, activities.ids, length) as sequences:
        try:
            counts = split_counts(len(sequences.rows), shares.test, shares.validation, shares.batch)
        except ValueError as error:
            raise BedError(f"{table}: {error}") from error
        order = np.random.RandomState(shares.seed).permutation(len(sequences.rows))
        ends = np.cumsum((0, *counts))
        parts = {
            name: order[begin:end]
            for name, (begin, end) in zip(("train", "valid", "test"), pairwise(ends), strict=True)
        }
        if shares.validation_is_test and not len(parts["test"]):
            parts["test"] = parts["valid"]
        with whole_file(path) as temporary, h5py.File(temporary, "w") as file:
            file["target_labels"] = np.array([name.encode() for name in activities.targets])
            for name, chosen in parts.items():
                if not len(chosen):
                    continue
                inputs = file.create_dataset(f"{name}_in", (len(chosen), 4, 1, sequences.length), np.uint8)
                for first, encoded in _encoded(sequences, chosen):
                    inputs[first : first + len(encoded)] = encoded
                file[f"{name}_out"] = activities.active[sequences.rows[chosen]]
                if name == "test":
                    file["test_headers"] = np.array([activities.ids[row].encode() for row in sequences.rows[chosen]])
    return {name: len(chosen) for name, chosen in parts.items()}


def _encoded(sequences: _Sequences, chosen: Rows) -> Iterator[tuple[int, npt.NDArray[np.uint8]]]:
    """Return sequences, some at a time, as uint8 [some, 4, 1, L], and the place of the first among the chosen."""
    step = max(1, _BATCH_BASES // max(1, sequences.length))
    for first in range(0, len(chosen), step):
        letters = sequences.letters(chosen[first : first + step])
        yield first, one_hot_rows(letters, "ACGT")[:, :, None]


@contextmanager
def _open_sequences(fasta: Path, ids: Sequence[str], length: int | None) -> Iterator[_Sequences]:
    """Open sequences by their ids, in the order of the FASTA file; or, of a genome, in the order of the ids."""
    first = next(whole_lines(fasta, SequenceError, "FASTA")).split(b"\n", 1)[0]
    if first[1:].decode("utf-8", "backslashreplace").strip() not in ids:
        with open_indexed(fasta) as genome:
            yield _Cut(genome, ids, length)
        return
    with TemporaryDirectory(prefix="genatator-") as folder:
        text = Path(folder, "sequences.fa")  # a copy, uncompressed, of which memory needs no more than is looked at
        with text.open("wb") as copy:
            copy.writelines(whole_lines(fasta, SequenceError, "FASTA"))
        with text.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            yield _Records(fasta, mapped, ids, length)


class _Records:
    """Sequences that a FASTA file has, a record each."""

    def __init__(self, path: Path, text: mmap.mmap, ids: Sequence[str], length: int | None) -> None:
        self._text = text
        headers = _headers(text)
        self._end = [*headers[1:], len(text)]
        self._begin = [text.find(b"\n", header) + 1 for header in headers]
        names = [
            text[header + 1 : begin].decode("utf-8", "backslashreplace").strip()
            for header, begin in zip(headers, self._begin, strict=True)
        ]
        rows = {name: row for row, name in enumerate(ids)}
        if missing := [name for name in names if name not in rows]:
            raise SequenceError(f"{path}: the sequence {missing[0]!r} is not in the table of activities; give its own")
        if len(names) != len(ids):
            absent = next((name for name in ids if name not in set(names)), names[0])
            raise SequenceError(
                f"{path}: found {len(names):,} sequences for {len(ids):,} ids; {absent!r} is not there, or stands twice"
            )
        self.rows = np.array([rows[name] for name in names])
        self.length = length or max(len(self._record(number)) for number in range(len(names)))

    def letters(self, numbers: Rows) -> Letters:
        records = [_fitted(self._record(number), self.length) for number in numbers.tolist()]
        return np.frombuffer(b"".join(records), np.uint8).reshape(len(records), self.length)

    def _record(self, number: int) -> bytes:
        return self._text[self._begin[number] : self._end[number]].replace(b"\n", b"").replace(b"\r", b"")


def _headers(text: mmap.mmap) -> list[int]:
    """Return where each header begins."""
    found = [0]
    while (place := text.find(b"\n>", found[-1])) >= 0:
        found.append(place + 1)
    return found


def _fitted(record: bytes, length: int) -> bytes:
    """Trim a sequence, or pad it with zeros, on both sides."""
    if len(record) >= length:
        trimmed = (len(record) - length) // 2
        return record[trimmed : trimmed + length]
    return (bytes((length - len(record)) // 2) + record).ljust(length, b"\0")


class _Cut:
    """Sequences that are cut from a genome, at the places that their ids say."""

    def __init__(self, genome: IndexedFasta, ids: Sequence[str], length: int | None) -> None:
        self._genome = genome
        found = [_ID.fullmatch(name) for name in ids]
        wrong = next(
            (name for name, place in zip(ids, found, strict=True) if not place or place[1] not in genome.lengths), None
        )
        if wrong is not None:
            raise SequenceError(
                f"{genome.path}: has no sequence {wrong!r}, nor one from which that could be cut; give the features'"
                " sequences (bedtools getfasta -s), or their genome"
            )
        names = list(genome.lengths)
        number = {name: place for place, name in enumerate(names)}
        places = [place for place in found if place]
        self._names = names
        self._chrom = np.array([number[place[1]] for place in places])
        self._start, self._end = (np.array([int(place[group]) for place in places]) for group in (2, 3))
        self._reverse = np.array([place[4] == "-" for place in places])
        self.rows = np.arange(len(places))
        self.length = length or int((self._end - self._start).max())

    def letters(self, numbers: Rows) -> Letters:
        start, end, chrom = self._start[numbers], self._end[numbers], self._chrom[numbers]
        excess = end - start - self.length
        left = np.sign(excess) * (np.abs(excess) // 2)
        begin = np.where(self._reverse[numbers], end - left - self.length, start + left)
        letters = np.empty((len(numbers), self.length), np.uint8)
        order = np.lexsort((begin, chrom))
        for chosen in np.split(order, np.flatnonzero(np.diff(chrom[order])) + 1):
            letters[chosen] = self._genome.letters(self._names[chrom[chosen[0]]], begin[chosen], self.length)
        for short in np.flatnonzero(excess < 0).tolist():
            position = begin[short] + np.arange(self.length)
            letters[short, (position < start[short]) | (position >= end[short])] = 0
        return reverse_complement(letters, self._reverse[numbers])
