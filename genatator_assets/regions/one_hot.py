"""Bases as one-hot columns. numpy without I/O."""

import numpy as np
import numpy.typing as npt

_BASES = "ACGT"

_COMPLEMENT = np.frombuffer(bytes.maketrans(b"ACGTacgt", b"TGCAtgca"), np.uint8)

Table = npt.NDArray[np.uint32]
Letters = npt.NDArray[np.uint8]


def one_hot_table(alphabet: str) -> Table:
    """Return what `one_hot` looks letters up in; the columns are the bases as `alphabet` orders them.

    Raises:
        ValueError: the alphabet is not A, C, G and T in some order.
    """
    if sorted(alphabet) != sorted(_BASES):
        raise ValueError(f"found the alphabet {alphabet!r}, expected A, C, G and T, each once, such as ACGT")
    rows = np.zeros((256, 4), np.uint8)
    for column, base in enumerate(alphabet):
        rows[[ord(base), ord(base.lower())], column] = 1
    return rows.view(np.uint32)[:, 0]


def one_hot(letters: Letters, table: Table) -> npt.NDArray[np.uint8]:
    """Return letters (ASCII, either case), uint8 [n, length], as uint8 [n, length, 4]; all but A, C, G, T is zeros.

    The four bytes of a base are looked up at once, as one uint32.

    >>> one_hot(np.frombuffer(b"aTn", np.uint8)[None], one_hot_table("ACTG")).tolist()
    [[[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]]
    """
    return table[letters].view(np.uint8).reshape(*letters.shape, 4)


def reverse_complement(letters: Letters, which: npt.NDArray[np.bool_]) -> Letters:
    """Return letters, uint8 [n, length], some rows of them as their reverse complements.

    >>> reverse_complement(np.frombuffer(b"AACG", np.uint8).reshape(1, 4), np.array([True])).tobytes()
    b'CGTT'
    """
    if not which.any():
        return letters
    turned = letters.copy()
    turned[which] = _COMPLEMENT[letters[which, ::-1]]
    return turned
