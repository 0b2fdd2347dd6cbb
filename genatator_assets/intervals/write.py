"""One-hot HDF5: the six tables of genomic_interval_pipeline, and where each of their rows lies."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from genatator_assets.errors import BedError, optional_import
from genatator_assets.intervals.beds import Chromosomes
from genatator_assets.intervals.regions import Regions
from genatator_assets.intervals.splits import PARTS, LabelledRegions
from genatator_assets.regions.one_hot import one_hot, one_hot_table, reverse_complement
from genatator_assets.sources.stretches import IndexedFasta, Letters

Compression = Literal["none", "lzf", "gzip"]
COORDS = np.dtype([("chrom", "S64"), ("start", np.int64), ("end", np.int64)])
_BATCH_BASES = 500_000  # encoded, they stay in the processor's cache until they are written
_CHUNK_ROWS = 64


@dataclass(frozen=True)
class Encoding:
    """How sequences are stored: the order of the bases' columns, and the compression."""

    alphabet: str = "ACTG"
    compression: Compression = "none"

    def __post_init__(self) -> None:
        """Refuse an alphabet that is not A, C, G and T in some order."""
        one_hot_table(self.alphabet)


def write_hdf5(
    path: Path,
    fasta: IndexedFasta,
    dataset: LabelledRegions,
    attributes: Mapping[str, Any],
    encoding: Encoding,
) -> None:
    """Write regions to `path`, which the caller has from `whole_file`, each to the tables of its split, in their order.

    Of n regions of L bases and k labels:

    <part>_sequences    uint8 [n, L, 4]: columns in the order of the alphabet; all letters but A, C, G, T are zeros, and
                        so is what lies past a chromosome's end; regions on the - strand are reverse complements
    <part>_labels       uint8 [n, k]: 1 where a region has a label
    <part>_coords       chrom (64 bytes), start, end [n]: 0-based half-open
    <part>_strands      + or - [n], if regions have strands

    The parts are training, validation and test; one without regions has tables of no rows. `attributes` become those
    of the file, beside `alphabet` and `labels`.

    Raises:
        BedError: the name of a chromosome has more than 64 bytes.
        MissingExtraError: h5py is not installed.
        SequenceError: the FASTA file can't be read.
        OSError: the file can't be written.
    """
    names, table = dataset.labels, one_hot_table(encoding.alphabet)
    with optional_import("h5py", "intervals"):
        import h5py  # noqa: PLC0415 - an extra
    with h5py.File(path, "w") as file:
        file.attrs["alphabet"] = encoding.alphabet
        file.attrs["labels"] = np.array(names) if isinstance(names[0], int) else [str(name) for name in names]
        for name, value in attributes.items():
            file.attrs[name] = value
        tables = [_Tables(file, dataset, number, encoding.compression) for number in range(len(PARTS))]
        for chosen, letters in letters_of(fasta, dataset):
            encoded = one_hot(letters, table)
            splits = dataset.splits[chosen]
            for number, of_part in enumerate(tables):
                of_split = splits == number
                of_part.take(encoded if of_split.all() else encoded[of_split])


def letters_of(fasta: IndexedFasta, dataset: LabelledRegions) -> Iterator[tuple[npt.NDArray[np.int64], Letters]]:
    """Return the bases of regions, some at a time, and which regions they are."""
    regions = dataset.regions
    for chrom, numbers in dataset.by_chromosome():
        length = int(regions.end[numbers[0]] - regions.start[numbers[0]])
        for chosen in np.split(numbers, range(0, len(numbers), max(1, _BATCH_BASES // length))[1:]):
            letters = fasta.letters(chrom, regions.start[chosen], length)
            yield chosen, reverse_complement(letters, regions.strand[chosen] < 0)


class _Tables:
    """The tables of one part; sequences are written as they come."""

    def __init__(self, file: Any, dataset: LabelledRegions, number: int, compression: Compression) -> None:
        chosen = dataset.splits == number
        regions = dataset.regions.only(chosen)
        part, count = PARTS[number], len(regions)
        length = int(dataset.regions.end[0] - dataset.regions.start[0])
        packed: dict[str, Any] = {}
        if compression != "none" and count:
            packed = {"compression": compression, "chunks": (min(_CHUNK_ROWS, count), length, 4)}
            packed |= {"compression_opts": 1} if compression == "gzip" else {}
        self._sequences = file.create_dataset(f"{part}_sequences", (count, length, 4), np.uint8, **packed)
        file.create_dataset(f"{part}_labels", data=regions.labels.matrix(len(dataset.labels)))
        file.create_dataset(f"{part}_coords", data=_coords(dataset.chromosomes, regions))
        if regions.strand.any():
            file.create_dataset(f"{part}_strands", data=np.where(regions.strand < 0, b"-", b"+"))
        self._written = 0

    def take(self, encoded: npt.NDArray[np.uint8]) -> None:
        if len(encoded):
            self._sequences[self._written : self._written + len(encoded)] = encoded
            self._written += len(encoded)


def _coords(chromosomes: Chromosomes, regions: Regions) -> npt.NDArray[np.void]:
    names = [name.encode() for name in chromosomes.names]
    room = COORDS["chrom"].itemsize
    if too_long := [name for name in names if len(name) > room]:
        raise BedError(
            f"the chromosome name {too_long[0].decode()!r} has {len(too_long[0])} bytes, expected {room} at most"
        )
    coords = np.empty(len(regions), COORDS)
    coords["chrom"] = np.array(names, COORDS["chrom"])[regions.chrom]
    coords["start"], coords["end"] = regions.start, regions.end
    return coords
