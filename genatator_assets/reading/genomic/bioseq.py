"""Bioseq: one-hot sequences over windows of a genome, or of a FASTA file's own sequences."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from genatator_assets.reading.genomic.indexer import GenomicIndexer, Interval, WindowError, WindowIndexError
from genatator_assets.regions.one_hot import one_hot, one_hot_table, reverse_complement
from genatator_assets.sources.fasta import index_path, read_index
from genatator_assets.sources.sequence import read_dna
from genatator_assets.sources.stretches import open_indexed
from genatator_assets.tracks.runs import Positions
from genatator_assets.work.lines import whole_lines

_ALPHABETS = {"dna": "ACGT", "protein": "ACDEFGHIKLMNPQRSTVWY"}
_STORAGES = ("hdf5", "ndarray")
_ONE_HOT = one_hot_table(_ALPHABETS["dna"])
_MOST_ORDER = 8
_COMPLEMENT = bytes.maketrans(b"ACGTacgt", b"TGCAtgca")
_NONE = "N"

OneHot = npt.NDArray[np.uint8]
Letters = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class _Sequences:
    """Sequences by name: of an indexed FASTA file, read when asked for, or in memory."""

    lengths: Mapping[str, int]
    indexed: Path | None = None
    loaded: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_file(cls, path: Path) -> Self:
        if not path.is_file():
            raise WindowError(f"File {path} does not exist.")
        if index_path(path).is_file():
            return cls(read_index(path), path)
        loaded = _read_fasta(path)
        return cls({name: len(letters) for name, letters in loaded.items()}, None, loaded)

    def letters(self, chrom: str, start: int, end: int) -> str:
        """Return [start, end); N outside the sequence."""
        length = self.lengths.get(chrom, 0)
        first, last = (min(max(0, edge), length) for edge in (start, end))
        if first >= last:
            return _NONE * (end - start)
        inside = read_dna(self.indexed, chrom, first, last) if self.indexed else self.loaded[chrom][first:last]
        return _NONE * (first - start) + inside + _NONE * (end - last)

    def stretches(self, chrom: str, starts: Positions, length: int) -> Letters:
        """Return the letters of stretches, whose starts ascend: uint8 [starts, length], 0 outside the sequence."""
        if chrom not in self.lengths:
            return np.zeros((len(starts), length), np.uint8)
        if self.indexed:
            return _opened(self.indexed, self.indexed.stat().st_mtime_ns).fasta.letters(chrom, starts, length)
        letters = np.frombuffer(self.loaded[chrom].encode("ascii", "replace"), np.uint8)
        found = np.zeros((len(starts), length), np.uint8)
        for row, start in enumerate(starts.tolist()):
            inside = letters[max(0, start) : max(0, start + length)]
            found[row, max(0, -start) : max(0, -start) + len(inside)] = inside
        return found


class _Opened:
    """An indexed FASTA file that is open as long as this lives."""

    def __init__(self, path: Path) -> None:
        self._stack = ExitStack()
        self.fasta = self._stack.enter_context(open_indexed(path, mapped=True))


@lru_cache(maxsize=16)
def _opened(path: Path, modified_ns: int) -> _Opened:
    """Open a file once a process, and one that was written anew (`modified_ns`) again."""
    del modified_ns
    return _Opened(path)


def _read_fasta(path: Path) -> dict[str, str]:
    text = b"".join(whole_lines(path, WindowError, "a FASTA file")).decode("ascii", "replace")
    sequences: dict[str, str] = {}
    for record in text.split(">")[1:]:
        header, _, letters = record.partition("\n")
        name = (header.split() or [""])[0]
        if name in sequences:
            raise WindowError(f"{path}: Sequence IDs must be unique: {name!r} stands twice")
        sequences[name] = "".join(letters.split()).upper()
    if not sequences:
        raise WindowError(f"{path}: found no sequences, expected a FASTA file")
    return sequences


class Bioseq:
    """One-hot sequences, uint8 (windows, positions, 1, words); positions that no word begins at are all 0."""

    def __init__(
        self,
        name: str,
        sequences: _Sequences,
        gindexer: GenomicIndexer | None,
        order: int,
        alphabet: str,
        *,
        whole_genome: bool,
        channel_last: bool = True,
    ) -> None:
        """Take what `create_from_...` found."""
        if not isinstance(order, int) or not 1 <= order <= _MOST_ORDER:
            raise WindowError(f"order must be a positive integer up to {_MOST_ORDER}, found {order!r}")
        self.name, self._sequences, self._gindexer, self._order = name, sequences, gindexer, order
        self._alphabet, self._whole_genome, self._channel_last = alphabet, whole_genome, channel_last
        codes = np.full(256, -1, np.int64)
        for place, letter in enumerate(sorted(alphabet)):
            codes[[ord(letter), ord(letter.lower())]] = place
        self._codes = codes
        self.conditions = ["".join(word) for word in product(sorted(alphabet), repeat=order)]

    @classmethod
    def create_from_refgenome(  # noqa: PLR0913, PLR0917 - Janggu's own arguments
        cls,
        name: str,
        refgenome: Any,
        roi: Any = None,
        binsize: int | None = None,
        stepsize: int | None = None,
        flank: int = 0,
        order: int = 1,
        storage: str = "ndarray",
        cache: bool = False,
        channel_last: bool = True,
        random_state: int | None = None,
        store_whole_genome: bool = False,
    ) -> Self:
        """Read windows of a genome's FASTA file; with an index (.fai) beside it, nothing is loaded before."""
        del cache
        if storage not in _STORAGES:
            raise WindowError(f"Available storage options for Bioseq are: ndarray or hdf5, found {storage!r}")
        if roi is None and not store_whole_genome:
            raise WindowError("Specify roi or store_whole_genome=True")
        indexer = None
        if roi is not None:
            indexer = GenomicIndexer.create_from_file(roi, binsize, stepsize, flank, random_state=random_state)
        sequences = _Sequences.of_file(Path(refgenome))
        return cls(name, sequences, indexer, order, "ACGT", whole_genome=store_whole_genome, channel_last=channel_last)

    @classmethod
    def create_from_seq(  # noqa: PLR0913, PLR0917 - Janggu's own arguments
        cls,
        name: str,
        fastafile: str | Path | Sequence[str | Path],
        storage: str = "ndarray",
        seqtype: Literal["dna", "protein"] = "dna",
        order: int = 1,
        fixedlen: int | None = None,
        cache: bool = False,
        channel_last: bool = True,
    ) -> Self:
        """Read the sequences of FASTA files, each a window; `fixedlen` cuts them or fills them up."""
        del storage, cache
        files = [fastafile] if isinstance(fastafile, str | Path) else list(fastafile)
        loaded: dict[str, str] = {}
        for file in files:
            for key, letters in _read_fasta(Path(file)).items():
                if key in loaded:
                    raise WindowError(f"Sequence IDs must be unique: {key!r} stands twice")
                loaded[key] = letters if fixedlen is None else letters[:fixedlen].ljust(fixedlen, ".")
        if len({len(letters) for letters in loaded.values()}) > 1:
            raise WindowError("Input sequences must be of equal length; give fixedlen")
        length = len(next(iter(loaded.values())))
        windows = tuple(Interval(key, 0, length) for key in loaded)
        indexer = GenomicIndexer(windows, length or 1, 1)
        sequences = _Sequences({key: len(letters) for key, letters in loaded.items()}, None, loaded)
        return cls(name, sequences, indexer, order, _ALPHABETS[seqtype], whole_genome=False, channel_last=channel_last)

    @property
    def gindexer(self) -> GenomicIndexer:
        """The windows."""
        if self._gindexer is None:
            raise WindowError("GenomicIndexer has not been set yet. Please specify an indexer.")
        return self._gindexer

    @gindexer.setter
    def gindexer(self, gindexer: GenomicIndexer) -> None:
        self._gindexer = gindexer

    def with_indexer(self, gindexer: GenomicIndexer, _: Sequence[int] | None = None) -> "Bioseq":
        """Return the same sequences by other windows."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._gindexer = gindexer
        return other

    def __len__(self) -> int:
        """Number of windows."""
        return len(self.gindexer)

    @property
    def shape(self) -> tuple[int, ...]:
        """(windows, positions, 1, words)."""
        shape = (len(self), self.gindexer.length - self._order + 1, 1, len(self.conditions))
        return shape if self._channel_last else (shape[0], *shape[:0:-1])

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return 4

    def __repr__(self) -> str:
        """Return a short summary."""
        return f"Bioseq({self.name!r})"

    def __getitem__(self, index: Any) -> OneHot:
        """Return windows by numpy's indexing; an interval (chrom, start, end, strand) of a whole genome."""
        if isinstance(index, tuple) and not isinstance(index[0], str):  # windows, then bins, strands, conditions
            return self[index[0]][(slice(None), *index[1:])]
        if isinstance(index, tuple):
            index = Interval(index[0], int(index[1]), int(index[2]), *index[3:4])
        if isinstance(index, Interval):
            if not self._whole_genome:
                raise WindowError("Indexing with Interval requires store_whole_genome=True.")
            return self.laid_out([self.letters(index, index.length)])
        if isinstance(index, bool | float | str):
            raise WindowIndexError(f"Cannot interpret index: {type(index)}; expected integers, a slice or an interval")
        try:
            places = np.atleast_1d(np.arange(len(self))[index]).tolist()
        except (IndexError, TypeError) as error:
            raise WindowIndexError(f"Cannot interpret index {index!r} of {len(self)} windows: {error}") from error
        return self._laid_out(self._encoded(self._letters([self.gindexer[place] for place in places])))

    def _letters(self, windows: Sequence[Interval]) -> Letters:
        """Return the letters of windows on their strands, read together: uint8 (windows, positions), 0 for none."""
        together: dict[tuple[str, int], list[int]] = {}
        for row, window in enumerate(windows):
            together.setdefault((window.chrom, window.length), []).append(row)
        found = np.zeros((len(windows), self.gindexer.length), np.uint8)
        for (chrom, length), rows in together.items():
            start = np.array([windows[row].start for row in rows], np.int64)
            order = np.argsort(start, kind="stable")
            minus = np.array([windows[row].strand == "-" for row in rows])[order]
            own = reverse_complement(self._sequences.stretches(chrom, start[order], length), minus)
            found[np.array(rows)[order], :length] = own
        return found

    def letters(self, window: Interval, length: int) -> bytes:
        """Return the letters of a window on its strand, filled up to a length."""
        letters = self._sequences.letters(window.chrom, window.start, window.end).encode("ascii", "replace")
        if window.strand == "-":
            letters = letters.translate(_COMPLEMENT)[::-1]
        return letters.ljust(length, b"N" if len(self._alphabet) == 4 else b".")

    def laid_out(self, letters: list[bytes]) -> OneHot:
        """Return sequences of one length as one-hot words, with the axes in the order that was asked for."""
        return self._laid_out(self.encode(letters))

    def _laid_out(self, encoded: OneHot) -> OneHot:
        return encoded if self._channel_last else np.transpose(encoded, (0, 3, 2, 1))

    def encode(self, letters: Sequence[bytes]) -> OneHot:
        """Return sequences of one length as one-hot words: uint8 (sequences, positions, 1, words)."""
        length = len(letters[0]) if letters else self.gindexer.length
        return self._encoded(np.frombuffer(b"".join(letters), np.uint8).reshape(len(letters), length))

    def _encoded(self, letters: Letters) -> OneHot:
        """Return letters, uint8 (sequences, length), as one-hot words."""
        if self._order == 1 and len(self._alphabet) == len(_ALPHABETS["dna"]):
            return one_hot(letters, _ONE_HOT)[:, :, np.newaxis]
        codes = self._codes[letters]
        positions = letters.shape[1] - self._order + 1
        words, known = np.zeros((len(codes), positions), np.int64), np.ones((len(codes), positions), np.bool_)
        for offset in range(self._order):
            own = codes[:, offset : offset + positions]
            words = words * len(self._alphabet) + np.maximum(own, 0)
            known &= own >= 0
        hot = np.zeros((len(codes), positions, 1, len(self.conditions)), np.uint8)
        row, place = np.nonzero(known)
        hot[row, place, 0, words[row, place]] = 1
        return hot
