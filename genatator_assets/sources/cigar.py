"""What is needed of CIGAR strings: where an alignment skips reference bases (introns, operation N). Numpy, no I/O."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Positions = npt.NDArray[np.int64]

_CONSUMES_REFERENCE = np.zeros(256, np.int64)
_CONSUMES_REFERENCE[np.frombuffer(b"MDN=X", np.uint8)] = 1
_ZERO, _NINE = ord("0"), ord("9")


def skipped(cigars: pa.StringArray, start: Positions) -> tuple[Positions, Positions, Positions]:
    """Return the reference bases that alignments skip: number of the alignment, start and end (0-based half-open).

    `start` is where each alignment begins, int64 [n]. A missing CIGAR skips nothing.

    >>> [part.tolist() for part in skipped(pa.array(["5M", "2S3M10N1D4M", None]), np.array([0, 100, 7]))]
    [[1], [103], [113]]
    """
    offsets = np.frombuffer(cigars.buffers()[1], np.int32)[cigars.offset : cigars.offset + len(cigars) + 1]
    text = np.frombuffer(cigars.buffers()[2] or b"", np.uint8)[offsets[0] : offsets[-1]]
    ends = np.flatnonzero(text > _NINE)  # every operation's letter ("=" included) comes after the digits
    if not len(ends):
        nothing = np.empty(0, np.int64)
        return nothing, nothing, nothing
    digits = np.flatnonzero((text >= _ZERO) & (text <= _NINE))  # a missing CIGAR may be "*"
    operation = np.searchsorted(ends, digits)
    worth = (text[digits] - _ZERO).astype(np.int64) * 10 ** (ends[operation] - 1 - digits)
    length = np.bincount(operation, worth, len(ends)).astype(np.int64)
    read = np.searchsorted(offsets - offsets[0], ends, side="right") - 1
    consumed = length * _CONSUMES_REFERENCE[text[ends]]
    before = np.cumsum(consumed) - consumed
    first = np.searchsorted(read, read, side="left")
    begin = start[read] + before - before[first]
    gaps = text[ends] == ord("N")
    return read[gaps], begin[gaps], begin[gaps] + length[gaps]
