"""What is met on the way through an annotation file: rows by type, stated lengths, and lines that can't be read."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from genatator_assets.annotation.attributes import Attributes
from genatator_assets.annotation.lines import COLUMNS, COMMENT, show
from genatator_assets.annotation.parsed import MalformedLine
from genatator_assets.errors import AnnotationError

SEQUENCE_REGION = b"##sequence-region"
MOST_DIGITS = 18
_KEPT_MALFORMED, _MOST_MALFORMED = 100, 10_000


class MalformedRowError(Exception):
    """A row that can't be read, and why."""


@dataclass
class Tally:
    """Of one pass through the file at `path`; `counts` are the rows of each type (column 3)."""

    path: Path
    attributes: Attributes
    counts: Counter[bytes] = field(default_factory=Counter)
    regions: dict[str, int] = field(default_factory=dict)
    malformed: int = 0
    malformed_lines: list[MalformedLine] = field(default_factory=list)
    _without_columns: int = 0

    def by_type(self) -> Mapping[str, int]:
        """Return the rows of each type, in the order of the types' names."""
        return {feature.decode("utf-8", "replace"): count for feature, count in sorted(self.counts.items())}

    def row_of(self, line: bytes) -> list[bytes] | None:
        """Return the columns of a line that is no plain row: None if it is no row at all.

        Raises:
            MalformedRowError: it should be one.
        """
        if line.startswith(SEQUENCE_REGION):
            self._note_region(line)
        if not line.strip() or line[0] == COMMENT:
            return None
        columns = line.split(b"\t")
        more = columns[COLUMNS:]
        # GTF allows a comment behind its columns, and spreadsheets add empty ones.
        if len(columns) > COLUMNS and (more[0].startswith(b"#") or not b"".join(more).strip()):
            return columns[:COLUMNS]
        if len(columns) == COLUMNS:
            return columns
        self._without_columns += 1
        raise MalformedRowError(f"found {len(columns)} tab-separated columns, expected {COLUMNS}")

    def note_malformed(self, number: int, line: bytes, why: str) -> None:
        """Count a malformed line and keep it, if it is one of the first."""
        self.malformed += 1
        self.malformed_lines.append(MalformedLine(number, why, show(line.strip())))
        if len(self.malformed_lines) >= _MOST_MALFORMED:
            self.malformed_lines = self.first_malformed()

    def first_malformed(self) -> list[MalformedLine]:
        """Return the first malformed lines, in order."""
        return sorted(self.malformed_lines, key=lambda line: line.line)[:_KEPT_MALFORMED]

    def require_few_malformed(self, most: float) -> None:
        """Refuse a file of which a greater share than `most` is malformed.

        Raises:
            AnnotationError: it is; the first malformed line is named.
        """
        lines = self.counts.total() + self._without_columns
        if self.malformed > most * lines:
            first = self.first_malformed()[0]
            allowed = f"more than the {most:.3%} that annotation.max_malformed allows" if most else "none is allowed"
            raise AnnotationError(
                f"{self.path}:{first.line}: {first.why}. Mend or remove the line: {first.text}"
                f" ({self.malformed:,} of {lines:,} lines are malformed, {allowed})"
            )

    def _note_region(self, line: bytes) -> None:
        match line.split():
            case [_, name, b"1", last] if last.isdigit() and len(last) <= MOST_DIGITS:
                self.regions[self.attributes.plain(name)] = int(last)


def interval(first: bytes, last: bytes) -> tuple[int, int]:
    """Turn 1-based inclusive columns 4 and 5 into a 0-based half-open interval.

    >>> interval(b"11", b"20")
    (10, 20)

    Raises:
        MalformedRowError: they are no such columns.
    """
    if first.isdigit() and last.isdigit() and len(first) <= MOST_DIGITS >= len(last):
        start, end = int(first) - 1, int(last)
        if 0 <= start < end:
            return start, end
    raise MalformedRowError(f"found start {show(first)} and end {show(last)}, expected 1 <= start <= end")
