"""Reading frames: what a coding sequence begins and ends with, and whether stops are in it. No input or output.

By the standard genetic code: genes of organelles with another one, and selenoproteins, have stops within.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

STOPS = (b"TAA", b"TAG", b"TGA")
_COMPLEMENT = bytes.maketrans(b"ACGTN", b"TGCAN")
_NUMBERS = np.array([int.from_bytes(stop) for stop in STOPS], np.int64)


@dataclass(frozen=True)
class Frame:
    """The codons of a coding sequence: the first and the last one, and the stops before the last.

    `last_codon` is None where a codon is not whole at the end.
    """

    first_codon: str
    last_codon: str | None
    internal_stops: int

    @property
    def open(self) -> bool:
        """Whether it begins with ATG, ends with a stop codon and has none within."""
        ends = self.last_codon is not None and self.last_codon.encode() in STOPS
        return self.first_codon == "ATG" and ends and self.internal_stops == 0


def spliced(dna: bytes, offset: int, pieces: Sequence[tuple[int, int]], forward: bool) -> bytes:
    """Return stretches [start, end) of a chromosome, ascending, joined in the direction of transcription.

    `dna` are the chromosome's bases from `offset` on.
    """
    text = b"".join(dna[start - offset : end - offset] for start, end in pieces)
    return text if forward else text.translate(_COMPLEMENT)[::-1]


def frame_of(coding: bytes, phase: int) -> Frame:
    """Return the frame of a coding sequence, whose first `phase` bases belong to a codon that began before.

    >>> frame_of(b"ATGTAAGCCTGA", 0)
    Frame(first_codon='ATG', last_codon='TGA', internal_stops=1)
    """
    letters = np.frombuffer(coding, np.uint8)[phase:].astype(np.int64)
    whole = len(letters) // 3 * 3
    codons = letters[:whole].reshape(-1, 3) @ np.array([1 << 16, 1 << 8, 1])
    text = coding[phase : phase + whole].decode("ascii")
    ends = len(letters) == whole
    internal = int(np.isin(codons[:-1] if ends else codons, _NUMBERS).sum())
    return Frame(text[:3], text[-3:] if ends else None, internal)
