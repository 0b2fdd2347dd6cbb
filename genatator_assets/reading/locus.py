"""What a picture and a page of a locus show alike: which transcripts, and the words and colours of everything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow.compute as pc

if TYPE_CHECKING:
    from genatator_assets.reading.dataset import Dataset
    from genatator_assets.reading.window import Interval

TYPES = {"mRNA": "#2f6db5", "lncRNA": "#d9821a", "other": "#8f8f8f"}
KINDS = {"tss": ("TSS", "#1c8a63"), "polya": ("polyA", "#c23b3b"), "intragenic": ("intragenic", "#6a5fb0")}
GROUPS = {"combined": "all isoforms", "mrna": "mRNA only"}

Line: TypeAlias = tuple[str, str]
"""A line of text, and its colour."""

Row: TypeAlias = dict[str, Any]
"""A transcript, with the columns of `annotation.select.SCHEMA`."""


def transcripts_at(dataset: Dataset, interval: Interval) -> tuple[list[Row], list[Row]] | None:
    """Return the selected and the rejected transcripts that overlap an interval, in stacking order.

    None if the dataset doesn't have transcripts.
    """
    table = dataset.store.transcripts(interval.genome)
    if table is None:
        return None
    overlap = pc.and_(pc.less(table["start"], interval.end), pc.greater(table["end"], interval.start))
    rows = table.filter(pc.and_(pc.equal(table["chrom"], interval.chrom), overlap)).to_pylist()
    rows.sort(key=lambda row: (row["start"], -row["end"], row["transcript_id"]))
    return [row for row in rows if row["selected"]], [row for row in rows if not row["selected"]]


def colour_of(row: Row) -> str:
    """Return the colour of a transcript: that of its type if it is selected."""
    return TYPES[row["type"] if row["selected"] else "other"]


def counted(rows: Sequence[Row]) -> list[Line]:
    """Count the types of selected transcripts, or the reasons of rejected ones, the most frequent first.

    >>> counted([{"selected": False, "type": "other", "reason": "other_type"}])
    [('1 other type', '#8f8f8f')]
    """
    counts = Counter((row["type"] if row["selected"] else in_words(row), colour_of(row)) for row in rows)
    return [(f"{count:,} {said}", colour) for (said, colour), count in counts.most_common()]


def in_words(row: Row) -> str:
    """Return the reason for which a transcript is rejected, as words."""
    return str(row["reason"]).replace("_", " ")
