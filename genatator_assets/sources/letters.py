"""The letters of sequences: those that FASTA files may have, and the contract's alphabet, to which all of them map."""

import numpy as np
import numpy.typing as npt

NUCLEOTIDES = "ACGTN"
"""The contract's alphabet."""

LEGAL = b"ACGTUNRYSWKMBDHVX-"
"""The letters of FASTA files, in upper case; lower case (soft-masked) is legal too."""

Letters = npt.NDArray[np.uint8]

_ILLEGAL = b"?"
_CASE = 0x20
_CONTRACT = bytes(ord(chr(byte).upper()) if chr(byte) in "ACGTacgt" else ord("N") for byte in range(256))


def _with_case(byte: int) -> int:
    """Map a byte of a FASTA file to the contract's alphabet, or to the same in lower case, or to `_ILLEGAL`."""
    if byte not in LEGAL + LEGAL.lower():
        return ord(_ILLEGAL)
    return _CONTRACT[byte] | (byte & _CASE if byte != ord("-") else 0)


_STRICT = bytes(map(_with_case, range(256)))


def in_contract(raw: bytes) -> str:
    """Return the letters of a sequence in the contract's alphabet, whatever they are.

    >>> in_contract(b"acgtRN-*")
    'ACGTNNNN'
    """
    return raw.translate(_CONTRACT).decode("ascii")


def letters_of_lines(lines: bytes) -> Letters:
    r"""Return the letters of lines of a FASTA file, without newlines: uint8, of the contract's alphabet in their case.

    >>> letters_of_lines(b"ac\nRt-\n").tobytes()
    b'acNtN'

    Raises:
        ValueError: there is a byte that FASTA files may not have; the message names the first.
    """
    letters = lines.translate(_STRICT, b"\n")
    if _ILLEGAL in letters:
        place = letters.index(_ILLEGAL)
        found = lines.translate(None, b"\n")[place : place + 1]
        raise ValueError(f"letter {place:,} is {found!r}, which is not a nucleotide")
    return np.frombuffer(letters, np.uint8)


def upper(letters: Letters) -> Letters:
    """Return letters in upper case.

    >>> upper(letters_of_lines(b"acNT")).tobytes()
    b'ACNT'
    """
    return letters & np.uint8(~_CASE & 0xFF)


def is_lower(letters: Letters) -> npt.NDArray[np.bool_]:
    """Return which letters are in lower case: soft-masked.

    >>> is_lower(letters_of_lines(b"aCNt")).tolist()
    [True, False, False, True]
    """
    return letters >= ord("a")
