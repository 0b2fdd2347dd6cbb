"""DNA out: stretches of an indexed FASTA file in the contract's alphabet."""

import hashlib
import os
import warnings
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from pyfaidx import Faidx, FastaIndexingError

from genatator_assets.errors import DamagedError
from genatator_assets.sources.fasta import index_path
from genatator_assets.sources.letters import NUCLEOTIDES, letters_of_lines, upper
from genatator_assets.work.files import bring
from genatator_assets.work.storage import is_remote, machine_folder


def local_fasta(fasta: Path) -> Path:
    """Return an indexed FASTA file on this machine's disk: `fasta` itself or, of one in an object store, a copy.

    The copy is fetched once per machine and version of the file; of two processes that want it the second waits.
    """
    if not is_remote(fasta):
        return fasta
    files: list[Any] = [fasta, index_path(fasta)]  # in this order: the index must not be older
    version = hashlib.sha256("".join(file.fs.ukey(file.path) for file in files).encode()).hexdigest()[:16]
    folder: Path = machine_folder(fasta.parent) / version
    copy: Path = folder / fasta.name
    if not index_path(copy).is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            if not index_path(copy).is_file():
                for file in files:
                    bring(file, folder / file.name)
    return copy


def discard_local_fasta(fasta: Path) -> None:
    """Have a damaged copy of a file in an object store fetched again; of a file on this machine there is none."""
    if is_remote(fasta):
        for index in machine_folder(fasta.parent).glob(f"*/{index_path(fasta).name}"):
            index.unlink(missing_ok=True)


def read_dna(fasta: Path, chrom: str, start: int, end: int) -> str:
    """Return bases [start, end) (0-based) of a sequence: upper case, all letters but A, C, G and T as N.

    `fasta` is on this machine's disk (see `local_fasta`). pyfaidx knows where in the file a sequence lies; its own
    `fetch` goes over the letters four times, which for whole blocks was a fifth of a build.

    Raises:
        DamagedError: the file or its index is missing, or does not have these bases: the sequence is not there or
            shorter than `end`, or there are bytes that no file is imported with.
    """
    return _read(fasta, chrom, start, end).decode("ascii")


class SequenceReader:
    """Reads one sequence from its first base to its last, and can tell then whether it is the one that was imported."""

    def __init__(self, fasta: Path, chrom: str) -> None:
        """Read `chrom` from a file on this machine's disk (see `local_fasta`)."""
        self._fasta, self._chrom = fasta, chrom
        self._end = 0
        self._digest = hashlib.sha256()

    def read_to(self, end: int) -> str:
        """Return the bases from where the last call ended, at first 0, to `end`, as `read_dna` does.

        Raises:
            DamagedError: as `read_dna`.
        """
        letters = _read(self._fasta, self._chrom, self._end, end)
        self._digest.update(letters)
        self._end = end
        return letters.decode("ascii")

    def require(self, sha256: str) -> None:
        """Make sure that what was read is what was imported.

        Raises:
            DamagedError: it is not.
        """
        if (found := self._digest.hexdigest()) != sha256:
            raise DamagedError(
                f"{self._fasta} is damaged: the bases of {self._chrom} are not those that were imported (SHA-256"
                f" {found}, expected {sha256})"
            )


def _read(fasta: Path, chrom: str, start: int, end: int) -> bytes:
    try:
        indexed = _open(fasta, fasta.stat().st_mtime_ns)
    except (OSError, ValueError, FastaIndexingError) as error:
        raise DamagedError(f"{fasta} can't be read ({error})") from error
    sequence = indexed.index.get(chrom)
    if sequence is None:
        raise DamagedError(f"{fasta} is damaged: its index has no sequence {chrom}")

    def place(base: int) -> int:
        line, column = divmod(base, sequence.lenc or 1)
        return int(sequence.offset + line * sequence.lenb + column)

    begin, stop = place(start), place(min(end, sequence.rlen))
    try:
        letters = letters_of_lines(os.pread(indexed.file.fileno(), max(0, stop - begin), begin))
    except (OSError, ValueError) as error:
        raise DamagedError(f"{fasta} is damaged: of {chrom}[{start:,}, {end:,}), {error}") from error
    if len(letters) != end - start:
        raise DamagedError(
            f"{fasta} is damaged: {chrom} has {len(letters):,} of the {end - start:,} bases from {start:,} to {end:,}"
        )
    return upper(letters).tobytes()


def count_nucleotides(dna: str) -> Mapping[str, int]:
    """Count the letters A, C, G, T and N.

    >>> count_nucleotides("ACCN")
    {'A': 1, 'C': 2, 'G': 0, 'T': 0, 'N': 1}
    """
    letters = np.frombuffer(dna.encode("ascii"), np.uint8)
    return {letter: int(np.count_nonzero(letters == ord(letter))) for letter in NUCLEOTIDES}


@lru_cache(maxsize=64)
def _open(fasta: Path, modified: int) -> Faidx:
    """Open a file once per process, and an assembly that was imported again (`modified`) again.

    That the index is older than the file, of which pyfaidx warns, says less than the hashes do.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Index file", RuntimeWarning)
        return Faidx(str(fasta), as_raw=True, rebuild=False, build_index=False)
