"""FracMinHash: the canonical k-mers of DNA, hashed, of which a fixed share is kept. Numpy, no I/O.

Recipe: a k-mer is a number in base 4 (A 0, C 1, G 2, T 3, first base most significant); the canonical one is the
smaller of it and its reverse complement; its hash is splitmix64 of that; it is kept where hash < 2^64 / scaled. K-mers
with any other letter are left out. The same k-mers are kept wherever they occur, so sketches can be compared.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from genatator_assets.tracks.runs import Positions

Hashes = npt.NDArray[np.uint64]
Codes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.unsignedinteger[Any]]

LONGEST_K = 32
_PIECE_BP = 1 << 15  # larger pieces leave the processor's cache: five times slower at 256 kb
_NO_BASE = 4
_CODES = bytes("ACGT".find(chr(byte)) if chr(byte) in "ACGT" else _NO_BASE for byte in range(256))


@dataclass(frozen=True)
class Kmers:
    """The k-mers of one kind of sketch.

    Raises:
        ValueError: k or scaled is out of range.
    """

    k: int
    scaled: int

    def __post_init__(self) -> None:
        """Check the numbers."""
        if not 1 <= self.k <= LONGEST_K:
            raise ValueError(f"k={self.k} is out of range: expected 1 to {LONGEST_K}")
        if self.scaled < 1:
            raise ValueError(f"scaled={self.scaled} is out of range: expected at least 1")

    @property
    def below(self) -> int:
        """Hashes below this number are kept."""
        return (1 << 64) // self.scaled

    def of(self, dna: str, left_out: tuple[Positions, Positions] | None = None) -> tuple[Positions, Hashes]:
        """Return where the kept k-mers of `dna` start (0-based, ascending) and their hashes: int64 and uint64 [kept].

        `dna` has upper-case letters. K-mers that overlap `left_out`, disjoint intervals of `dna`, are left out.
        """
        pieces = list(self._pieces(dna, left_out))
        if not pieces:
            return np.empty(0, np.int64), np.empty(0, np.uint64)
        positions, hashes = zip(*pieces, strict=True)
        return np.concatenate(positions), np.concatenate(hashes)

    def _pieces(self, dna: str, left_out: tuple[Positions, Positions] | None) -> Iterator[tuple[Positions, Hashes]]:
        codes = np.frombuffer(dna.encode("ascii").translate(_CODES), np.uint8)
        room = _Room()
        for first in range(0, len(codes) - self.k + 1, _PIECE_BP):
            piece = codes[first : first + _PIECE_BP + self.k - 1]
            bad = piece == _NO_BASE
            if left_out is not None:
                _mark(bad, first, *left_out)
            hashes = _mix(self.canonical(piece, room), room.array("scratch", np.uint64, len(piece) - self.k + 1))
            kept = hashes < np.uint64(self.below) if self.scaled > 1 else np.ones(len(hashes), bool)
            if bad.any():
                kept &= ~self._touched(bad)
            places = np.flatnonzero(kept)
            yield places + first, hashes[places]

    def canonical(self, codes: Codes, room: "_Room | None" = None) -> Hashes:
        """Return the canonical k-mer that starts at each base, uint64 [bases - k + 1]; codes beyond 3 give anything.

        The array lies in `room`, and is overwritten by the next call.
        """
        room = room or _Room()
        known: Codes = np.bitwise_and(codes, np.uint8(3))
        forward = _packed(known, self.k, True, room)
        reverse = _packed(np.bitwise_xor(known, np.uint8(3), out=known), self.k, False, room)
        smaller: Hashes = np.minimum(forward, reverse, out=forward)
        return smaller

    def _touched(self, bad: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Return which k-mers have a bad base."""
        before = np.concatenate([np.zeros(1, np.int32), np.cumsum(bad, dtype=np.int32)])
        touched: npt.NDArray[np.bool_] = before[self.k :] > before[: -self.k]
        return touched


class _Room:
    """Memory that is used again for each piece: new pages for every intermediate array would take half of the time."""

    def __init__(self) -> None:
        self._arrays: dict[str, Numbers] = {}

    def array(self, name: str, kind: type[np.unsignedinteger[Any]], length: int) -> Numbers:
        """Return the array of that name, of `length` elements, with anything in them."""
        if name not in self._arrays or len(self._arrays[name]) < length:
            self._arrays[name] = np.empty(length, kind)
        return self._arrays[name][:length]


def _packed(codes: Codes, k: int, forwards: bool, room: _Room) -> Hashes:
    """Return the k codes from each place on as one number; the first is the most significant if `forwards`.

    Doubling: numbers of 1, 2, 4, 8, 16 bases, and k from its powers of two, each in the smallest type that holds it.
    """
    length = len(codes) - k + 1
    power: Numbers = codes
    packed: Numbers = codes[:length]
    taken, way = 0, "forward" if forwards else "reverse"
    for width in (1, 2, 4, 8, 16, 32):
        if (half := width // 2) and taken < k:
            power = _beside(
                (power[: len(power) - half], half), (power[half:], half), forwards, room, f"{way} power {width}"
            )
        if k & width:
            part = power[taken : taken + length]
            packed = _beside((packed, taken), (part, width), forwards, room, f"{way} {width}") if taken else part
            taken += width
    if packed.dtype == np.uint64:
        return packed
    wide = room.array(way, np.uint64, length)
    np.copyto(wide, packed)
    return wide


def _beside(first: tuple[Numbers, int], second: tuple[Numbers, int], forwards: bool, room: _Room, name: str) -> Numbers:
    """Return numbers of the bases of `first` and, behind them, those of `second`; each comes with how many they are."""
    (high, _), (low, shift) = (first, second) if forwards else (second, first)
    kind = _smallest(first[1] + second[1])
    both = room.array(name, kind, len(low))
    np.copyto(both, high)
    both *= kind(1 << (2 * shift))  # quicker than a shift, which numpy does one by one for the small types
    both |= low
    return both


def _smallest(bases: int) -> type[np.unsignedinteger[Any]]:
    """Return the smallest type that holds so many bases."""
    return next(kind for kind in (np.uint8, np.uint16, np.uint32, np.uint64) if 4 * np.dtype(kind).itemsize >= bases)


def _mix(numbers: Numbers, scratch: Numbers) -> Hashes:
    """Turn numbers into their hashes, in place: the finaliser of SplitMix64 (Steele, Lea and Flood 2014)."""
    numbers += np.uint64(0x9E3779B97F4A7C15)
    numbers ^= np.right_shift(numbers, np.uint64(30), out=scratch)
    numbers *= np.uint64(0xBF58476D1CE4E5B9)
    numbers ^= np.right_shift(numbers, np.uint64(27), out=scratch)
    numbers *= np.uint64(0x94D049BB133111EB)
    numbers ^= np.right_shift(numbers, np.uint64(31), out=scratch)
    return numbers


def _mark(bad: npt.NDArray[np.bool_], first: int, start: Positions, end: Positions) -> None:
    """Mark the bases of disjoint intervals in a piece that begins at `first`."""
    low = np.searchsorted(end, first, side="right")
    high = np.searchsorted(start, first + len(bad), side="left")
    for begin, stop in zip(start[low:high].tolist(), end[low:high].tolist(), strict=True):
        bad[max(begin - first, 0) : max(stop - first, 0)] = True
