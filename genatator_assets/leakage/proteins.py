"""Proteins that share words of amino acids: the best single gene, as a search would find it. Numpy, no I/O."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from genatator_assets.tracks.runs import ranges

WORD = 8
"""Random proteins share words of 6 letters by the hundred; of 8 letters hardly any."""

_LETTERS = "ACDEFGHIKLMNPQRSTVWY"
_BITS = 5
_NO_LETTER = 31
_OWNER_BITS = 63 - WORD * _BITS
_CODES = bytes(_LETTERS.find(chr(byte)) if chr(byte) in _LETTERS else _NO_LETTER for byte in range(256))

_BASES = "TCAG"
_STANDARD = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
"""The standard genetic code in the order TTT, TTC, TTA, TTG, TCT, ... (NCBI's table 1)."""

Numbers = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float64]


def _codon_letters() -> npt.NDArray[np.uint8]:
    """Return the amino acid of each codon in base 5 (A, C, G, T, other); X where a base is unknown."""
    letters = np.full((5, 5, 5), ord("X"), np.uint8)
    place = {base: "ACGT".index(base) for base in _BASES}
    codons = ((a, b, c) for a in _BASES for b in _BASES for c in _BASES)
    for (first, second, third), letter in zip(codons, _STANDARD, strict=True):
        letters[place[first], place[second], place[third]] = ord(letter)
    return letters.reshape(-1)


_CODON_LETTERS = _codon_letters()
_BASE_CODES = bytes("ACGT".find(chr(byte)) if chr(byte) in "ACGT" else 4 for byte in range(256))


def translate(coding: str) -> str:
    """Return the protein of a coding sequence in its own direction, without its stop codon; * is a stop inside.

    Whole codons only; a codon with an unknown base is X. The standard code.

    >>> translate("ATGGCNTAAGGATAG")
    'MX*G'
    """
    codes = np.frombuffer(coding[: len(coding) // 3 * 3].encode("ascii").translate(_BASE_CODES), np.uint8)
    first, second, third = codes.reshape(-1, 3).T.astype(np.int64)
    return str(_CODON_LETTERS[first * 25 + second * 5 + third].tobytes().decode("ascii").removesuffix("*"))


@dataclass(frozen=True, eq=False)
class Words:
    """The distinct words of proteins: word[i] is of protein owner[i]; sorted by word, then owner. Both int64 [words].

    `count` int64 [proteins] is the number of distinct words of each.
    """

    word: Numbers
    owner: Numbers
    count: Numbers

    @classmethod
    def of(cls, proteins: Sequence[str], length: int = WORD) -> "Words":
        """Return the words of `length` letters, at most WORD; those with a letter that is no amino acid (*, X, U) are
        left out. At most 8 million proteins."""
        codes = np.frombuffer("*".join(["", *proteins, ""]).encode("ascii").translate(_CODES), np.uint8)
        sizes = np.array([len(protein) for protein in proteins], np.int64)
        words, known = (
            np.zeros(max(len(codes) - length + 1, 0), np.int64),
            np.ones(max(len(codes) - length + 1, 0), bool),
        )
        for place in range(length):
            letters = codes[place : place + len(words)]
            words = (words << _BITS) | letters
            known &= letters != _NO_LETTER
        # The proteins are laid out with a letter that is none between them, so no word is of two.
        starts = np.cumsum(sizes + 1) - sizes
        places = np.flatnonzero(known)
        owner = np.searchsorted(starts, places, side="right") - 1
        pairs = np.sort((words[places] << _OWNER_BITS) | owner)  # one number sorts faster than two columns
        pairs = pairs[np.append(True, pairs[1:] != pairs[:-1])[: len(pairs)]]
        words, owner = pairs >> _OWNER_BITS, pairs & ((1 << _OWNER_BITS) - 1)
        return cls(words, owner, np.bincount(owner, minlength=len(proteins)))


_MOST_PROTEINS = 50


def similar(words: Words, least: float) -> tuple[Numbers, Numbers]:
    """Return the pairs of proteins of which one has at least this share of its distinct words in the other.

    Words of more than 50 proteins are left out: they are of low complexity, or of very large families.
    """
    first = np.flatnonzero(np.append(True, words.word[1:] != words.word[:-1])[: len(words.word)])
    many = np.diff(np.append(first, len(words.word)))
    group = np.repeat(np.arange(len(first)), many)
    behind = (first + many)[group] - np.arange(len(words.word)) - 1
    behind[many[group] > _MOST_PROTEINS] = 0
    proteins = max(len(words.count), 1)
    pairs = np.repeat(words.owner, behind) * proteins + words.owner[ranges(np.arange(len(behind)) + 1, behind)]
    pairs, shared = np.unique(pairs, return_counts=True)
    one, other = pairs // proteins, pairs % proteins
    alike = shared >= least * np.minimum(words.count[one], words.count[other])
    return one[alike], other[alike]


def best_shares(judged: Words, train: Words) -> tuple[Shares, Numbers, Shares]:
    """Return for each judged protein the share of its distinct words in the best single protein of train, which that
    is (-1 for none, the first of equals), and the share of its words in all of train together.
    """
    low, high = (np.searchsorted(train.word, judged.word, side=side) for side in ("left", "right"))
    proteins, others = len(judged.count), max(len(train.count), 1)
    pairs, shared = np.unique(
        np.repeat(judged.owner, high - low) * others + train.owner[ranges(low, high - low)], return_counts=True
    )
    owner, partner = pairs // others, pairs % others
    best = np.lexsort((partner, -shared, owner))
    owner, partner, shared = owner[best], partner[best], shared[best]
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    most, which = np.zeros(proteins, np.int64), np.full(proteins, -1, np.int64)
    most[owner[first]], which[owner[first]] = shared[first], partner[first]
    anywhere = np.bincount(judged.owner, weights=high > low, minlength=proteins)
    words = np.maximum(judged.count, 1)
    return most / words, which, anywhere / words
