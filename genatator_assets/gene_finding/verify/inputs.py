"""The inputs, read once more: the FASTA file as it was given, and the selected transcripts of each chromosome."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.errors import SequenceError
from genatator_assets.gene_finding.verify.derive import Selected
from genatator_assets.sources.opened import opened

_LETTERS = bytes(byte if byte in b"ACGT" else ord("N") for byte in range(256))
_LONGEST_PIECE = 2 << 20  # of a line: a whole chromosome may stand on one; no header that is imported is as long


def fasta_slices(path: Path, slice_bp: int) -> Iterator[tuple[str, int, bytes]]:
    """Return (name, start, DNA) for all slices of a FASTA file's sequences, in the file's order.

    Every slice but a sequence's last has `slice_bp` letters; all letters are of the contract's alphabet.
    """
    name, start, size, line = "", 0, 0, b"\n"
    lines: list[bytes] = []
    with opened(path, "sequence", SequenceError) as text:
        while piece := text.readline(_LONGEST_PIECE):
            begins, line = line.endswith(b"\n"), piece
            if begins and line.startswith(b">"):
                if size:
                    yield name, start, in_contract(lines)
                name, start, size, lines = line[1:].split()[0].decode(), 0, 0, []
                continue
            letters = line.strip()
            size += len(letters)
            lines.append(letters)
            if size >= slice_bp:
                letters = in_contract(lines)
                whole = size - size % slice_bp
                for offset in range(0, whole, slice_bp):
                    yield name, start + offset, letters[offset : offset + slice_bp]
                start, size, lines = start + whole, size - whole, [letters[whole:]]
    if size:
        yield name, start, in_contract(lines)


def in_contract(lines: list[bytes]) -> bytes:
    """Join lines of letters, and return them in the contract's alphabet."""
    return b"".join(lines).upper().translate(_LETTERS)


def selected_by_chromosome(transcripts: pa.Table, chroms: Iterable[str] | None = None) -> dict[str, Selected]:
    """Return the selected transcripts of each chromosome that has any, or of `chroms`."""
    chosen = transcripts.filter(transcripts["selected"])
    wanted = pc.unique(chosen["chrom"]).to_pylist() if chroms is None else chroms
    return {chrom: _arrays(chosen.filter(pc.equal(chosen["chrom"], chrom))) for chrom in wanted}


def no_transcripts() -> Selected:
    """Return the transcripts of a chromosome that has none."""
    nothing = np.empty(0, np.int64)
    return Selected(nothing, nothing, np.empty(0, np.bool_), np.empty(0, np.bool_))


def _arrays(of_chromosome: pa.Table) -> Selected:
    return Selected(
        of_chromosome["start"].to_numpy(),
        of_chromosome["end"].to_numpy(),
        pc.equal(of_chromosome["strand"], "+").to_numpy(),
        pc.equal(of_chromosome["type"], "mRNA").to_numpy(),
    )
