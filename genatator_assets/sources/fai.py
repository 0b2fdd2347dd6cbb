"""The `.fai` index of a FASTA file, made while the file is written: pyfaidx, which reads it, would take another pass.

A row is a sequence: id, letters, byte offset of the first letter, letters a line, bytes a line (see samtools faidx).
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt


@dataclass
class _Record:
    name: str
    offset: int
    letters: int = 0
    width: int = 0
    open: int = 0  # letters of a line that has not ended yet
    ended: bool = False  # by a line shorter than the others, which must be the last

    def row(self) -> str:
        return f"{self.name}\t{self.letters}\t{self.offset}\t{self.width}\t{self.width and self.width + 1}\n"


@dataclass
class Indexer:
    """Takes the text of a FASTA file, without carriage returns and blank lines, and gives its index.

    The text may begin at another byte of the file than its first.

    >>> indexer = Indexer()
    >>> indexer.header("a", b">a first\\n")
    >>> indexer.lines(b"ACGT\\nA", np.array([4]))
    >>> indexer.lines(b"C\\n", np.array([1]))
    >>> indexer.index()
    'a\\t6\\t9\\t4\\t5\\n'
    """

    position: int = 0
    _records: list[_Record] = field(default_factory=list)

    def header(self, name: str, line: bytes) -> None:
        """Begin a sequence, whose header is `line`."""
        self.position += len(line)
        self._records.append(_Record(name, self.position))

    def lines(self, text: bytes, ends: npt.NDArray[np.int64]) -> None:
        """Go on with letters of the last sequence: lines or a part of one; newlines are at `ends`.

        Raises:
            ValueError: lines of a sequence differ in length before the last, or the last is longer.
        """
        record = self._records[-1]
        self.position += len(text)
        record.letters += len(text) - len(ends)
        if not len(ends):
            record.open += len(text)
            return
        widths = np.diff(ends, prepend=-1) - 1
        widths[0] += record.open
        record.open = len(text) - 1 - int(ends[-1])
        record.width = record.width or int(widths[0])
        if record.ended or np.any(widths[:-1] != record.width) or widths[-1] > record.width:
            raise ValueError(f"the lines of >{record.name} are not equally long (its first has {record.width} letters)")
        record.ended = bool(widths[-1] < record.width)

    def index(self) -> str:
        """Return the index of all that was taken."""
        return "".join(record.row() for record in self._records)
