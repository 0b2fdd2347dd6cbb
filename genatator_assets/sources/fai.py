"""The `.fai` index of a FASTA file and the hashes of its sequences, made in the pass in which the file is written.

A row is a sequence: id, letters, byte offset of the first letter, letters a line, bytes a line (see samtools faidx).
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from genatator_assets.sources.letters import CONTRACT

_NEWLINE = ord("\n")


@dataclass
class _Record:
    name: str
    offset: int
    letters: int = 0
    width: int = 0
    ended: bool = False  # by a line shorter than the others, which must be the last
    digest: Any = field(default_factory=hashlib.sha256)

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

    hashing: bool = False
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

    def sha256(self) -> dict[str, str]:
        """Return name -> SHA-256 of the sequence's letters in the contract's alphabet, as blocks have them."""
        return {record.name: record.digest.hexdigest() for record in self._records}

    def _lines(self, lines: bytes) -> None:
        record = self._records[-1]
        ends = np.flatnonzero(np.frombuffer(lines, np.uint8) == _NEWLINE)
        widths = np.diff(ends, prepend=-1) - 1
        record.width = record.width or int(widths[0])
        if record.ended or np.any(widths[:-1] != record.width) or widths[-1] > record.width:
            raise ValueError(f"the lines of >{record.name} are not equally long (its first has {record.width} letters)")
        record.ended = bool(widths[-1] < record.width)
        record.letters += len(lines) - len(ends)
        if self.hashing:
            record.digest.update(lines.translate(CONTRACT, b"\n"))
