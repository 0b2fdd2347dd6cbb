"""Windows of one length over regions of one chromosome. numpy without I/O."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from genatator_assets.regions.merge import Positions

Ends = Literal["pad", "shift", "drop"]
"""What becomes of a window that runs past its chromosome's end: it stays, is shifted back, or is dropped."""


def centred(start: Positions, end: Positions, length: int) -> Positions:
    """Return where the windows of `length` bp begin whose middle is that of each region; none before 0.

    The middle is (start + end) // 2, and length // 2 bp of the window lie before it:

    >>> centred(np.array([0, 100]), np.array([1500, 101]), 601).tolist()
    [450, 0]
    """
    starts: Positions = np.maximum(0, (start + end) // 2 - length // 2)
    return starts


def fit_to_end(start: Positions, length: int, chrom_length: int, ends: Ends) -> tuple[Positions, npt.NDArray[np.bool_]]:
    """Apply the rule for windows past the end of their chromosome: return their starts, and which are kept.

    A window that has no base on the chromosome is never kept, nor, when windows are shifted, one that is longer than
    the chromosome.

    >>> fit_to_end(np.array([0, 5, 9]), 4, 8, "shift")
    (array([0, 4, 4]), array([ True,  True,  True]))
    >>> fit_to_end(np.array([0, 5, 9]), 4, 8, "pad")
    (array([0, 5, 9]), array([ True,  True, False]))
    """
    if ends == "shift":
        return np.clip(start, 0, max(0, chrom_length - length)), np.full(len(start), length <= chrom_length)
    inside = start < chrom_length if ends == "pad" else start + length <= chrom_length
    return start, inside
