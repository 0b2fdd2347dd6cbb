"""The `.fai` index of a FASTA file, made while the file is written: pyfaidx, which reads it, would take another pass.

A row is a sequence: id, letters, byte offset of the first letter, letters a line, bytes a line (see samtools faidx).
"""

from dataclasses import dataclass, field

import numpy as np

_NEWLINE = ord("\n")


@dataclass
class _Record:
    name: str
    offset: int
    letters: int = 0
    width: int = 0
    ended: bool = False  # by a line shorter than the others, which must be the last

    def row(self) -> str:
        return f"{self.name}\t{self.letters}\t{self.offset}\t{self.width}\t{self.width and self.width + 1}\n"


@dataclass
class Indexer:
    """Takes the text of a FASTA file, piece by piece and whole lines at a time, and gives its index.

    >>> indexer = Indexer()
    >>> indexer.take(b">a first\\nACGT\\nAC\\n>b\\n")
    >>> indexer.take(b"ACG\\n")
    >>> indexer.index()
    'a\\t6\\t9\\t4\\t5\\nb\\t3\\t20\\t3\\t4\\n'
    """

    _position: int = 0
    _records: list[_Record] = field(default_factory=list)

    def take(self, text: bytes) -> None:
        """Go on with whole lines of a checked file, without carriage returns and blank lines.

        Raises:
            ValueError: lines of a sequence differ in length before the last, or the last is longer.
        """
        place = 0
        while place < len(text):
            if text[place] == ord(">"):
                end = text.index(b"\n", place) + 1
                name = text[place + 1 : end].split(maxsplit=1)[0].decode("ascii")
                self._records.append(_Record(name, self._position + end))
            else:
                header = text.find(b">", place)  # in a checked file it stands in front of a header only
                end = header if header >= 0 else len(text)
                self._lines(text[place:end])
            place = end
        self._position += len(text)

    def index(self) -> str:
        """Return the index of all that was taken."""
        return "".join(record.row() for record in self._records)

    def _lines(self, lines: bytes) -> None:
        record = self._records[-1]
        ends = np.flatnonzero(np.frombuffer(lines, np.uint8) == _NEWLINE)
        widths = np.diff(ends, prepend=-1) - 1
        record.width = record.width or int(widths[0])
        if record.ended or np.any(widths[:-1] != record.width) or widths[-1] > record.width:
            raise ValueError(f"the lines of >{record.name} are not equally long (its first has {record.width} letters)")
        record.ended = bool(widths[-1] < record.width)
        record.letters += len(lines) - len(ends)
