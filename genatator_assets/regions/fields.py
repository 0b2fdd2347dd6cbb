"""Fields of tab-separated lines as arrays: where they lie in the text, whole numbers, and texts. numpy without I/O."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

MOST_DIGITS = 18
_TAB, _NEWLINE, _RETURN, _SPACE = (ord(byte) for byte in "\t\n\r ")
_NUMBER = r"^([-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[nN][aA][nN])$"
_TENS = 10 ** np.arange(MOST_DIGITS, dtype=np.int64)

Places = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Codes:
    """n texts of which many are equal: text i is `values[of[i]]`; of int32 [n]."""

    values: tuple[str, ...]
    of: npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines of `piece`, each without its newline and carriage return: line i is piece[begin[i]:end[i]].

    >>> lines = Lines.of(b"chr1\\t5\\t70\\n#\\n")
    >>> lines.count.tolist(), lines.numbers(1)[0].tolist()
    ([3, 1], [5, 0])
    """

    piece: bytes
    begin: Places
    end: Places

    @classmethod
    def of(cls, piece: bytes) -> "Lines":
        """Find the lines of a text that ends with a newline."""
        text = np.frombuffer(piece, np.uint8)
        newline = np.flatnonzero(text == _NEWLINE)
        begin = np.r_[0, newline[:-1] + 1]
        returned = (newline > begin) & (text[newline - 1] == _RETURN)
        return cls(piece, begin, newline - returned)

    def __len__(self) -> int:
        """Number of lines."""
        return len(self.begin)

    def only(self, lines: Mask) -> "Lines":
        """Return some of the lines."""
        return Lines(self.piece, self.begin[lines], self.end[lines])

    def line(self, number: int) -> bytes:
        """Return one line."""
        return self.piece[self.begin[number] : self.end[number]]

    @cached_property
    def text(self) -> npt.NDArray[np.uint8]:
        """All bytes, newlines too."""
        return np.frombuffer(self.piece, np.uint8)

    @cached_property
    def count(self) -> Places:
        """How many fields each line has; an empty line has one, which is empty."""
        return np.searchsorted(self._tabs, self.end) - self._first_tab + 1

    def blank(self) -> Mask:
        """Return which lines hold nothing but spaces and tabs."""
        found: Mask = self.begin == self.end
        first = self.text[self.begin]
        for number in np.flatnonzero(~found & ((first == _SPACE) | (first == _TAB))).tolist():
            found[number] = not self.line(number).strip()
        return found

    def starting_with(self, prefix: bytes) -> Mask:
        """Return which lines start with some bytes."""
        found = self.end - self.begin >= len(prefix)
        for offset, byte in enumerate(prefix):
            found[found] = self.text[self.begin[found] + offset] == byte
        return found

    def places(self, field: int) -> tuple[Places, Places]:
        """Return where a field begins and ends in each line; fields that a line does not have are empty."""
        there = self.count > field
        tabs = np.r_[self._tabs, len(self.piece)]
        behind = np.minimum(self._first_tab + field, len(tabs) - 1)
        begin = self.begin if field == 0 else tabs[behind - 1] + 1
        return np.where(there, begin, self.end), np.where(there, np.minimum(tabs[behind], self.end), self.end)

    def numbers(self, field: int) -> tuple[Places, Mask]:
        """Return a field as whole numbers, and where it is one: digits alone, 1 to 18 of them; elsewhere stands 0."""
        begin, end = self.places(field)
        length = end - begin
        valid = (length > 0) & (length <= MOST_DIGITS)
        value = np.zeros(len(self), np.int64)
        for place in range(int(length[valid].max(initial=0))):  # from the right
            has = np.flatnonzero(valid & (length > place)) if place else np.flatnonzero(valid)
            digit = self.text[end[has] - 1 - place] - np.uint8(ord("0"))  # of other bytes, more than 9
            wrong = digit > 9
            if wrong.any():
                valid[has[wrong]] = False
            value[has] += digit * _TENS[place]
        value[~valid] = 0
        return value, valid

    def texts(self, field: int) -> tuple[Places, list[str]]:
        """Return a field as numbers of distinct texts, and the texts, in the order in which they first come.

        Files are sorted more often than not: only the first of a run of equal texts is looked at as a text.
        """
        begin, end = self.places(field)
        first = np.ones(len(self), bool)
        first[1:] = ~self._equal_to_previous(begin, end)
        numbers: dict[bytes, int] = {}
        of_run = [
            numbers.setdefault(self.piece[start:stop], len(numbers))
            for start, stop in zip(begin[first].tolist(), end[first].tolist(), strict=True)
        ]
        values = [value.decode("utf-8", "backslashreplace") for value in numbers]
        return np.array(of_run, np.int64)[np.cumsum(first) - 1], values

    def floats(self, field: int) -> tuple[npt.NDArray[np.float64], Mask]:
        """Return a field as numbers, and where it is one; elsewhere stands NaN, as where the number is `nan` itself.

        >>> Lines.of(b"1.5\\n-2e3\\nx\\nNaN\\n").floats(0)[1].tolist()
        [True, True, False, True]
        """
        begin, end = self.places(field)
        length = end - begin
        offsets = np.r_[0, np.cumsum(length)]
        at = np.repeat(begin - offsets[:-1], length) + np.arange(offsets[-1])
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(self.text[at])]
        texts = pa.Array.from_buffers(pa.large_binary(), len(self), buffers)
        valid = pc.match_substring_regex(texts, _NUMBER).to_numpy(zero_copy_only=False)
        value = np.full(len(self), np.nan)
        value[valid] = texts.filter(pa.array(valid)).cast(pa.large_string()).cast(pa.float64()).to_numpy()
        return value, valid

    def _equal_to_previous(self, begin: Places, end: Places) -> Mask:
        """Return which stretches of the text, from the second on, equal the one before them."""
        length = (end - begin)[1:]
        equal: Mask = length == (end - begin)[:-1]
        for offset in range(int(length[equal].max(initial=0))):
            at = np.flatnonzero(equal & (length > offset))
            equal[at] = self.text[begin[at + 1] + offset] == self.text[begin[at] + offset]
        return equal

    @cached_property
    def _tabs(self) -> Places:
        return np.flatnonzero(self.text == _TAB)

    @cached_property
    def _first_tab(self) -> Places:
        return np.searchsorted(self._tabs, self.begin)
