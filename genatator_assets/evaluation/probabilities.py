"""Predicted scores per base, read a piece at a time: bigWig, .npz, .npy, and Parquet blocks.

What is accepted, in a folder (or as a single file):

- bigWig: a file per channel, `<anything>.<channel>.bw`; bases without a value are 0, because writers leave zeros out;
- `<chrom>.npz`: an array [length] for each channel, by the channel's name;
- `<chrom>.npy`: an array [length, channels] in the order of the dataset's channels;
- blocks: Parquet files of one row in the dataset's own contract (`targets` and `metadata`), anywhere below the folder.

Where several genomes are judged, the files of each stand in a folder with its name.
"""

import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow.parquet as pq

from genatator_assets.errors import EvaluationError, optional_import
from genatator_assets.evaluation.bins import Scores
from genatator_assets.work.files import plain_name

PIECE_BP = 4_000_000
SHARE = 1 << 27  # scores that a worker counts at a time: less than a second's work
_BIGWIG = {".bw", ".bigwig"}
_SUFFIXES = {**dict.fromkeys(_BIGWIG, "bigwig"), ".npz": "npz", ".npy": "npy", ".parquet": "block"}

Piece = tuple[str, int, Scores]
Form = Literal["bigwig", "npz", "npy", "block"]


@dataclass(frozen=True)
class ScoreFile:
    """Scores along one sequence, or a stretch of it that begins at `start`, `length` bp.

    `genome` is None where the path doesn't tell; `chrom` is the file's own name of the sequence. `channels` are those
    that the file holds, in the order of its arrays.
    """

    path: Path
    form: Form
    genome: str | None
    chrom: str
    channels: tuple[str, ...]
    start: int
    length: int

    @property
    def scores(self) -> int:
        """How many scores it holds, of all channels."""
        return self.length * len(self.channels)

    def parts(self) -> Iterator["ScoreFile"]:
        """Return the parts of it that can be read without the rest: channels of .npz, stretches of .npy."""
        match self.form:
            case "npz":
                yield from (replace(self, channels=(channel,)) for channel in self.channels)
            case "npy":
                bases = SHARE // len(self.channels)
                for start in range(0, self.length, bases):
                    yield replace(self, start=start, length=min(bases, self.length - start))
            case _:
                yield self

    def pieces(self) -> Iterator[Piece]:
        """Return the scores piece by piece: channel, the base that the piece begins at, scores.

        Raises:
            EvaluationError: the file is damaged.
        """
        read = {"bigwig": _bigwig_pieces, "npz": _npz_pieces, "npy": _npy_pieces, "block": _block_pieces}[self.form]
        try:
            yield from read(self)
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            raise EvaluationError(f"{self.path} can't be read ({error}); get it again") from error


def is_probabilities(path: Path) -> bool:
    """Return whether a path holds scores per base: by the names of its files."""
    return any(file.suffix.lower() in _SUFFIXES for file in _files(path))


def score_files(path: Path, channels: Sequence[str], genomes: Sequence[str]) -> list[ScoreFile]:
    """Return all that a path holds scores of, sorted by path.

    `channels` are those of the dataset in order, `genomes` those that are judged.

    Raises:
        EvaluationError: a file has no known channel, or an array of the wrong shape.
    """
    found: list[ScoreFile] = []
    for file in _files(path):
        form = _SUFFIXES.get(file.suffix.lower())
        genome = next((part for part in reversed(file.relative_to(path).parts[:-1]) if part in genomes), None)
        match form:
            case "bigwig":
                found += _in_bigwig(file, genome, channels, genomes)
            case "npz":
                found += _in_npz(file, genome, channels)
            case "npy":
                found += _in_npy(file, genome, channels)
            case "block":
                found += _in_block(file, channels)
            case _:
                pass
    return found


def shares(files: Iterable[ScoreFile]) -> Iterator[tuple[ScoreFile, ...]]:
    """Return files, or parts of them, in shares of about `SHARE` scores: so workers have alike to do."""
    gathered: list[ScoreFile] = []
    for file in files:
        for part in file.parts():
            gathered.append(part)
            if sum(one.scores for one in gathered) >= SHARE:
                yield tuple(gathered)
                gathered = []
    if gathered:
        yield tuple(gathered)


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())


def _in_bigwig(file: Path, genome: str | None, channels: Sequence[str], genomes: Sequence[str]) -> list[ScoreFile]:
    named = [name for name in channels if file.stem == name or file.stem.endswith(f".{name}")]
    if not named:
        raise EvaluationError(
            f"{file}: the name has no channel of the dataset; expected <name>.<channel>{file.suffix}, with a channel of"
            f" {', '.join(channels)}"
        )
    channel = max(named, key=len)
    genome = genome or next((name for name in genomes if file.stem.startswith(f"{name}.")), None)
    with _opened(file) as bigwig:
        chroms: dict[str, int] = bigwig.chroms() or {}
    return [ScoreFile(file, "bigwig", genome, chrom, (channel,), 0, length) for chrom, length in chroms.items()]


class _opened:  # noqa: N801 - a context manager is called like a function
    """A bigWig file, open; pyBigWig's own context manager hides why a file can't be opened."""

    def __init__(self, file: Path) -> None:
        with optional_import("pyBigWig", "export"):
            import pyBigWig  # noqa: PLC0415 - an extra
        try:
            self._bigwig: Any = pyBigWig.open(str(file))
        except RuntimeError as error:
            raise EvaluationError(f"{file} is not a bigWig file that can be read ({error})") from error

    def __enter__(self) -> Any:
        return self._bigwig

    def __exit__(self, *_: object) -> None:
        self._bigwig.close()


def _in_npz(file: Path, genome: str | None, channels: Sequence[str]) -> list[ScoreFile]:
    headers = _headers(file)
    if unknown := [name for name in headers if name not in channels]:
        raise EvaluationError(
            f"{file}: the array {unknown[0]!r} is not one of the dataset's channels: {', '.join(channels)}"
        )
    shapes = set(headers.values())
    if len(shapes) != 1 or len(next(iter(shapes))) != 1:
        raise EvaluationError(f"{file}: found arrays of the shapes {headers}, expected [length], all of one length")
    (length,) = shapes.pop()
    return [ScoreFile(file, "npz", genome, plain_name(file.stem), tuple(headers), 0, length)]


def _headers(file: Path) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the arrays in a .npz file, of which only the headers are read."""
    try:
        with zipfile.ZipFile(file) as archive:
            headers = {}
            for name in archive.namelist():
                with archive.open(name) as member:
                    headers[name.removesuffix(".npy")] = _header(member)[0]
            return headers
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise EvaluationError(f"{file} is not a .npz file that can be read ({error})") from error


def _header(member: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(member)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, kind = read(member)
    if kind.kind != "f" or (fortran and len(shape) > 1):
        raise ValueError(f"found {kind} in {'Fortran' if fortran else 'C'} order, expected floats in C order")
    return shape, kind


def _in_npy(file: Path, genome: str | None, channels: Sequence[str]) -> list[ScoreFile]:
    try:
        shape = _memory_mapped(file).shape
    except (OSError, ValueError) as error:
        raise EvaluationError(f"{file} is not a .npy file that can be read ({error})") from error
    if len(shape) != 2 or shape[1] != len(channels):
        raise EvaluationError(
            f"{file}: found an array of the shape {shape}, expected [length, {len(channels)}]: {', '.join(channels)}"
        )
    return [ScoreFile(file, "npy", genome, plain_name(file.stem), tuple(channels), 0, shape[0])]


def _in_block(file: Path, channels: Sequence[str]) -> list[ScoreFile]:
    try:
        metadata = json.loads(pq.read_table(file, columns=["metadata"], partitioning=None)["metadata"][0].as_py())
        names, place = metadata["target_names"], (metadata["genome"], metadata["chrom"])
        start, length = int(metadata["start"]), int(metadata["end"]) - int(metadata["start"])
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise EvaluationError(f"{file} is not a block of the dataset's contract ({error!r})") from error
    if unknown := [name for name in names if name not in channels]:
        raise EvaluationError(f"{file}: {unknown[0]!r} is not one of the dataset's channels: {', '.join(channels)}")
    return [ScoreFile(file, "block", place[0], place[1], tuple(names), start, length)]


def _bigwig_pieces(of: ScoreFile) -> Iterator[Piece]:
    with _opened(of.path) as bigwig:
        for start in range(0, of.length, PIECE_BP):
            values = bigwig.values(of.chrom, start, min(start + PIECE_BP, of.length), numpy=True)
            yield of.channels[0], start, np.nan_to_num(values, copy=False)


def _npz_pieces(of: ScoreFile) -> Iterator[Piece]:
    with zipfile.ZipFile(of.path) as archive:
        for channel in of.channels:
            with archive.open(f"{channel}.npy") as member:
                kind = _header(member)[1]
                for start in range(0, of.length, PIECE_BP):
                    wanted = min(PIECE_BP, of.length - start) * kind.itemsize
                    read = member.read(wanted)
                    if len(read) < wanted:
                        raise ValueError(f"the array {channel} ends early")
                    yield channel, start, np.frombuffer(read, kind)


def _npy_pieces(of: ScoreFile) -> Iterator[Piece]:
    array, end, bases = _memory_mapped(of.path), of.start + of.length, PIECE_BP // len(of.channels)
    for start in range(of.start, end, bases):
        piece = array[start : min(start + bases, end)]
        for column, channel in enumerate(of.channels):
            yield channel, start, np.ascontiguousarray(piece[:, column])


def _memory_mapped(file: Path) -> Any:
    array = np.load(file, mmap_mode="r")
    if array.dtype.kind != "f":
        raise ValueError(f"found {array.dtype}, expected floats")
    return array


def _block_pieces(of: ScoreFile) -> Iterator[Piece]:
    targets = pq.read_table(of.path, columns=["targets"], partitioning=None)["targets"].combine_chunks()
    rows = targets.flatten().flatten().to_numpy().reshape(of.length, -1)
    for column, channel in enumerate(of.channels):
        yield channel, of.start, np.ascontiguousarray(rows[:, column])
