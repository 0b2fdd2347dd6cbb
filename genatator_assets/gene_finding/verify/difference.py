"""What is told of a difference between a dataset and its inputs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """`expected` follows from the inputs, `found` is stored; `count` values differ, the first at `position` (0-based).

    `what` is a channel, a column, a key of the metadata, or a file.
    """

    genome: str
    chrom: str | None
    position: int | None
    what: str
    expected: str
    found: str
    count: int = 1
