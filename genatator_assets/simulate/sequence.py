"""The DNA: isochores, soft-masked repeats, gaps and ambiguous letters of one molecule, as pieces of FASTA."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from genatator_assets.simulate.draws import Purpose, between, seed_sequence, stream
from genatator_assets.simulate.model import Molecule

Bases = NDArray[np.uint8]

LINE = 60
# Whole lines per isochore and whole isochores per piece, so that pieces are written one after the other.
ISOCHORE = 833 * LINE
PIECE = 32 * ISOCHORE

GC_PERCENT = (35, 61)
LOWER_CASE = 0x20
NEWLINE = ord("\n")
AMBIGUOUS = b"RYSWKMBDHV"
AMBIGUOUS_PER_MOLECULE = (4, 13)
GAP_BP = (100, 5_001)
BP_PER_GAP = 2_000_000
# Means of 2,400 and 1,600 bp: 40 % of the sequence is masked.
UNIQUE_BP = (300, 4_501)
REPEAT_BP = (200, 3_001)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a molecule departs from plain ACGT (0-based half-open gaps; positions with a letter's code)."""

    gaps: tuple[tuple[int, int], ...]
    letters: tuple[tuple[int, int], ...]


def fasta(molecule: Molecule, seed: int) -> Iterator[bytes]:
    """The molecule's FASTA record: the header line, then pieces of at most ~1.6 MB, in lines of 60 columns."""
    yield f">{molecule.name} {molecule.description}\n".encode("ascii")
    for bases in dna(molecule, seed):
        yield _in_lines(bases)


def dna(molecule: Molecule, seed: int) -> Iterator[Bases]:
    """The molecule's letters as ASCII codes, in consecutive pieces of at most PIECE bases."""
    layout = _layout(molecule, stream(seed, molecule.index, Purpose.LAYOUT))
    raw = np.random.PCG64(seed_sequence(seed, molecule.index, Purpose.BASES))
    repeats = stream(seed, molecule.index, Purpose.REPEATS)
    for start in range(0, molecule.length, PIECE):
        bases = _plain_bases(raw, repeats, min(PIECE, molecule.length - start))
        _put_letters(bases, start, layout)
        _mask_repeats(bases, repeats)
        _put_gaps(bases, start, layout)
        yield bases


def _layout(molecule: Molecule, random: Random) -> Layout:
    length, telomere = molecule.length, molecule.telomere
    gaps = [(0, telomere), (length - telomere, length)] if telomere else []
    for _ in range(1 + length // BP_PER_GAP):
        size = min(between(random, *GAP_BP), length // 50)
        start = between(random, telomere, length - telomere - size)
        gaps.append((start, start + size))
    letters = [
        (between(random, telomere, length - telomere), AMBIGUOUS[between(random, 0, len(AMBIGUOUS))])
        for _ in range(between(random, *AMBIGUOUS_PER_MOLECULE))
    ]
    return Layout(tuple(gaps), tuple(letters))


def _byte_to_base(gc_percent: int) -> Bases:
    """The table (256,) that turns a random byte into A, C, G or T so that G and C have their share."""
    gc = 256 * gc_percent // 100
    counts = [(256 - gc) // 2, gc // 2, gc - gc // 2, 256 - gc - (256 - gc) // 2]
    return np.repeat(np.frombuffer(b"ACGT", dtype=np.uint8), counts)


_TABLES = tuple(_byte_to_base(percent) for percent in range(*GC_PERCENT))


def _plain_bases(raw: np.random.PCG64, random: Random, size: int) -> Bases:
    # Little-endian words, so that the order of bytes is the same on every machine.
    noise = raw.random_raw(-(-size // 8)).astype("<u8", copy=False).view(np.uint8)[:size]
    bases = np.empty(size, dtype=np.uint8)
    for start in range(0, size, ISOCHORE):
        table = _TABLES[between(random, 0, len(_TABLES))]
        bases[start : start + ISOCHORE] = table[noise[start : start + ISOCHORE]]
    return bases


def _put_letters(bases: Bases, start: int, layout: Layout) -> None:
    for position, letter in layout.letters:
        if 0 <= position - start < len(bases):
            bases[position - start] = letter


def _mask_repeats(bases: Bases, random: Random) -> None:
    # A molecule too short for a whole stretch of unique sequence gets its repeats scaled down.
    shrink = max(1, UNIQUE_BP[1] // len(bases))
    position = between(random, *UNIQUE_BP) // (2 * shrink)
    while position < len(bases):
        end = position + max(1, between(random, *REPEAT_BP) // shrink)
        bases[position:end] |= LOWER_CASE
        position = end + between(random, *UNIQUE_BP) // shrink


def _put_gaps(bases: Bases, start: int, layout: Layout) -> None:
    for gap_start, gap_end in layout.gaps:
        # A slice clips the end by itself, but would count a negative start from the back.
        bases[max(0, gap_start - start) : max(0, gap_end - start)] = ord("N")


def _in_lines(bases: Bases) -> bytes:
    whole = len(bases) // LINE
    lines = np.empty((whole, LINE + 1), dtype=np.uint8)
    lines[:, :LINE] = bases[: whole * LINE].reshape(whole, LINE)
    lines[:, LINE] = NEWLINE
    rest = bases[whole * LINE :].tobytes()
    return lines.tobytes() + (rest + b"\n" if rest else b"")
