"""Bases as one-hot columns. numpy without I/O."""

import numpy as np
import numpy.typing as npt

_BASES = "ACGT"

_COMPLEMENT = np.frombuffer(bytes.maketrans(b"ACGTacgt", b"TGCAtgca"), np.uint8)

Letters = npt.NDArray[np.uint8]
Encoded = npt.NDArray[np.uint8]
Table = npt.NDArray[np.uint64]

_STEP = 1 << 16


def one_hot_table(alphabet: str) -> Table:
    """Return what `one_hot` looks letters up in; the columns are the bases as `alphabet` orders them.

    Two letters are looked up at once, as a number of 16 bits of which the first is the lower half.

    Raises:
        ValueError: the alphabet is not A, C, G and T in some order.
    """
    if sorted(alphabet) != sorted(_BASES):
        raise ValueError(f"found the alphabet {alphabet!r}, expected A, C, G and T, each once, such as ACGT")
    rows = np.zeros((256, 4), np.uint8)
    for column, base in enumerate(alphabet):
        rows[[ord(base), ord(base.lower())], column] = 1
    of_letter = rows.view("<u4")[:, 0].astype(np.uint64)
    return (of_letter[None, :] | of_letter[:, None] << np.uint64(32)).ravel()


def one_hot(letters: Letters, table: Table) -> Encoded:
    """Return letters (ASCII, either case), uint8 [n, length], as uint8 [n, length, 4]; all but A, C, G, T is zeros.

    >>> one_hot(np.frombuffer(b"aTn", np.uint8)[None], one_hot_table("ACTG")).tolist()
    [[[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]]
    """
    size = letters.size
    padded = letters.ravel() if size % 2 == 0 else np.append(letters, np.uint8(0))
    pairs, encoded = padded.view("<u2"), np.empty(len(padded) // 2, np.uint64)
    for first in range(0, len(pairs), _STEP):  # small steps stay in the processor's cache
        step = slice(first, first + _STEP)
        np.take(table, pairs[step], out=encoded[step], mode="clip")
    return encoded.view(np.uint8)[: 4 * size].reshape(*letters.shape, 4)


def one_hot_rows(letters: Letters, alphabet: str) -> Encoded:
    """Return letters, uint8 [n, length], as uint8 [n, 4, length]: a row for each base of the alphabet.

    >>> one_hot_rows(np.frombuffer(b"aTn", np.uint8)[None], "ACGT").tolist()
    [[[1, 0, 0], [0, 0, 0], [0, 0, 0], [0, 1, 0]]]
    """
    encoded = np.empty((len(letters), len(alphabet), letters.shape[1]), np.uint8)
    upper = letters & np.uint8(0xDF)  # clears the one bit by which upper and lower case differ
    for row, base in enumerate(alphabet):
        np.equal(upper, ord(base), out=encoded[:, row].view(bool))
    return encoded


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
