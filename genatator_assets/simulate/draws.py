"""Random numbers: one stream per molecule and purpose, and draws whose results are alike on every machine.

Only raw generator output and exact arithmetic are used. Logarithms and exponentials may differ in the last
bit between maths libraries, and NumPy doesn't promise that `Generator` methods keep their results between versions.
"""

from collections.abc import Sequence
from enum import IntEnum
from random import Random

import numpy as np


class Purpose(IntEnum):
    """What a stream is for: a stream of its own keeps one part's draws from shifting another's."""

    LENGTH = 0
    LAYOUT = 1
    BASES = 2
    REPEATS = 3
    GENES = 4


def seed_sequence(seed: int, molecule: int, purpose: Purpose) -> np.random.SeedSequence:
    """The same as spawning the molecule's and then the purpose's child from the seed's root, without state."""
    return np.random.SeedSequence(seed, spawn_key=(molecule, int(purpose)))


def stream(seed: int, molecule: int, purpose: Purpose) -> Random:
    """A stream for single numbers: much faster per number than NumPy's."""
    words = seed_sequence(seed, molecule, purpose).generate_state(8, np.uint32)
    return Random(int.from_bytes(words.astype("<u4").tobytes(), "little"))  # noqa: S311 (simulation, not secrets)


def between(random: Random, low: int, high: int) -> int:
    """A whole number in [low, high), all equally likely; `low` if the interval is empty."""
    return low + int(random.random() * max(0, high - low))


def from_quantiles(random: Random, quantiles: Sequence[int]) -> int:
    """A draw from the distribution with these evenly spaced quantiles, linear between them."""
    position = random.random() * (len(quantiles) - 1)
    index = int(position)
    low, high = quantiles[index], quantiles[index + 1]
    return low + int((high - low) * (position - index))
