"""DNA out: stretches of an indexed FASTA file in the contract's alphabet."""

import hashlib
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from pyfaidx import Faidx

from genatator_assets.errors import SequenceError
from genatator_assets.sources.fasta import index_path
from genatator_assets.work.files import bring
from genatator_assets.work.storage import is_remote, machine_folder

NUCLEOTIDES = "ACGTN"
_CONTRACT = bytes(ord(chr(byte).upper()) if chr(byte) in "ACGTacgt" else ord("N") for byte in range(256))


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


def read_dna(fasta: Path, chrom: str, start: int, end: int) -> str:
    """Return bases [start, end) (0-based) of a sequence: upper case, all letters but A, C, G and T as N.

    `fasta` is on this machine's disk (see `local_fasta`). pyfaidx knows where in the file a sequence lies; its own
    `fetch` goes over the letters four times, which for whole blocks was a fifth of a build.

    Raises:
        SequenceError: the sequence is shorter than `end`, or not there: the file and what is asked of it don't belong
            together.
    """
    indexed = _open(fasta, fasta.stat().st_mtime_ns)
    sequence = indexed.index.get(chrom)
    if sequence is None:
        raise SequenceError(f"{fasta} has no sequence {chrom}; build the assembly again")

    def place(base: int) -> int:
        line, column = divmod(base, sequence.lenc or 1)
        return int(sequence.offset + line * sequence.lenb + column)

    begin, stop = place(start), place(min(end, sequence.rlen))
    dna = in_contract(os.pread(indexed.file.fileno(), max(0, stop - begin), begin), without=b"\n")
    if len(dna) != end - start:
        raise SequenceError(
            f"{fasta}: {chrom} has only {len(dna):,} of the {end - start:,} bases from {start:,} to {end:,};"
            " build the assembly again"
        )
    return dna


def in_contract(raw: bytes, without: bytes = b"") -> str:
    """Return the letters of a sequence in the contract's alphabet, `without` some.

    >>> in_contract(b"acgtRN-"), in_contract(b"ac\\ngt\\n", without=b"\\n")
    ('ACGTNNN', 'ACGT')
    """
    return raw.translate(_CONTRACT, without).decode("ascii")


def count_nucleotides(dna: str) -> Mapping[str, int]:
    """Count the letters A, C, G, T and N.

    >>> count_nucleotides("ACCN")
    {'A': 1, 'C': 2, 'G': 0, 'T': 0, 'N': 1}
    """
    letters = np.frombuffer(dna.encode("ascii"), np.uint8)
    return {letter: int(np.count_nonzero(letters == ord(letter))) for letter in NUCLEOTIDES}


@lru_cache(maxsize=64)
def _open(fasta: Path, modified: int) -> Faidx:
    """Open a file once per process, and an assembly that was imported again (`modified`) again."""
    return Faidx(str(fasta), as_raw=True, rebuild=False, build_index=False)
