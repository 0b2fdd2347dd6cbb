"""The letters of sequences: those that FASTA files may have, and the contract's alphabet, to which all of them map."""

NUCLEOTIDES = "ACGTN"
"""The contract's alphabet."""

LEGAL = b"ACGTUNRYSWKMBDHVX-"
"""The letters of FASTA files, in upper case; lower case (soft-masked) is legal too."""

CONTRACT = bytes(ord(chr(byte).upper()) if chr(byte) in "ACGTacgt" else ord("N") for byte in range(256))
"""A table for `bytes.translate`: upper case, and every letter but A, C, G and T is N."""

_ILLEGAL = b"?"
_STRICT = bytes(CONTRACT[byte] if byte in LEGAL + LEGAL.lower() else ord(_ILLEGAL) for byte in range(256))


def in_contract(raw: bytes) -> str:
    """Return the letters of a sequence in the contract's alphabet, whatever they are.

    >>> in_contract(b"acgtRN-*")
    'ACGTNNNN'
    """
    return raw.translate(CONTRACT).decode("ascii")


def lines_in_contract(lines: bytes) -> bytes:
    r"""Return the letters of a FASTA file's lines in the contract's alphabet, without newlines.

    >>> lines_in_contract(b"ac\nRt\n")
    b'ACNT'

    Raises:
        ValueError: there is a byte that no FASTA file is imported with: the message names the first.
    """
    letters = lines.translate(_STRICT, b"\n")
    if _ILLEGAL in letters:
        place = letters.index(_ILLEGAL)
        found = lines.translate(None, b"\n")[place : place + 1]
        raise ValueError(f"letter {place:,} is {found!r}, which is no nucleotide")
    return letters
