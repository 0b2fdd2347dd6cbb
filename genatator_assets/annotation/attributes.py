"""Attributes in column 9, spelled as in GFF3 (`key=value`) or GTF (`key "value"`), or as people write them.

`Attributes` knows how a file spells them; `AttributeColumns` finds them in many rows at once.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from urllib.parse import unquote

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.annotation.lines import Places, begins_with, eights, first_eight, strings

_IDENTITIES = {True: ("ID", "Parent"), False: ("transcript_id", "gene_id")}
_EQUALS = re.compile(rb"\s*[^\s=;\"']+\s*=")
_GFF3_KEY = re.compile(rb"(?:\A|;)\s*(?:ID|Parent)\s*=")
_BARE_NAME = re.compile(rb"(?!\.$)[^\s;=\"']+")
_GAP = re.compile(rb"[\s;]*")
_ANY = re.compile(rb"([^\s;=\"']+)(?:\s*=\s*|\s+|(?=[\"']))(\"[^\"]*\"|'[^']*'|[^;]*)")
_QUOTES = b"\"'"
_CHECKED = 300
_BLANK, _SEMICOLON = b" ;"
_PADDING = b"\n" * 8
_BEHIND_WORDS = list(b";, \n")


class Attributes:
    """How one file spells its attributes.

    `gff3` is whether they mean what they mean in GFF3: ID and Parent, lists with commas, %XX. Most files are *exactly*
    spelled, and their attributes are found by searching for `key=` or `key "`. In others, and in single rows of a
    file where that does not find an ID, every attribute is taken apart: blanks, single quotes or none, `=` in GTF.
    """

    def __init__(self, samples: Sequence[bytes], gff3_stated: bool = False) -> None:
        """Look at samples of column 9; `gff3_stated` is whether the file begins with `##gff-version 3`."""
        told = [sample for sample in samples if sample.strip() not in (b"", b".")]
        equals = sum(_EQUALS.match(sample) is not None for sample in told)
        self.gff3 = 2 * equals > len(told) and (gff3_stated or any(map(_GFF3_KEY.search, told)))
        self.closing = b";" if self.gff3 else b'"'
        self.exact = self._are_exact(told[:_CHECKED])

    def _are_exact(self, samples: Sequence[bytes]) -> bool:
        columns = AttributeColumns(samples, self)
        taken_apart = list(map(_taken_apart, samples))
        return all(
            columns.values([key], decoded=False).to_pylist()
            == [one.get(key.encode(), b"").decode("utf-8", "replace") or None for one in taken_apart]
            for key in _IDENTITIES[self.gff3]
        )

    def opening(self, key: str) -> bytes:
        """Return what stands before the value of a key."""
        return f"{key}=".encode() if self.gff3 else f'{key} "'.encode()

    def value(self, text: bytes, keys: Iterable[str]) -> bytes | None:
        """Return the value of the first attribute that is there and not empty, however it is spelled."""
        values = _taken_apart(text)
        return next(filter(None, (values.get(key.encode()) for key in keys)), None)

    def tidied(self, text: bytes) -> bytes:
        """Return column 9 with every attribute spelled exactly; what is no attribute is left out."""
        if self.gff3:
            return b";".join(key + b"=" + value for key, value in _pairs(text))
        return b" ".join(key + b' "' + value + b'";' for key, value in _pairs(text))

    def bare(self, text: bytes) -> bytes | None:
        """Return a name that stands alone in column 9, as AUGUSTUS and BRAKER write transcripts in GTF (`g1.t1`)."""
        name = text.strip()
        return name if not self.gff3 and _BARE_NAME.fullmatch(name) else None

    def listed(self, value: bytes) -> list[bytes]:
        """Return the values of a list of GFF3; in GTF there are no lists."""
        return [one for one in map(bytes.strip, value.split(b",")) if one] if self.gff3 else [value]

    def plain(self, value: bytes) -> str:
        """Decode a value; GFF3 spells some letters as %XX."""
        plain = value.decode("utf-8", "replace")
        return unquote(plain) if self.gff3 and "%" in plain else plain


def _taken_apart(text: bytes) -> dict[bytes, bytes]:
    """Return key -> value of all attributes; of a key that stands twice the first, unless that is empty."""
    values: dict[bytes, bytes] = {}
    for key, value in _pairs(text):
        if not values.get(key):
            values[key] = value
    return values


def _pairs(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Return key and value of each attribute, without blanks and quotes around the value."""
    place = _behind_gap(text, 0)
    while place < len(text):
        if found := _ANY.match(text, place):
            value = found[2].strip()
            if len(value) > 1 and value[0] == value[-1] and value[0] in _QUOTES:
                value = value[1:-1].strip()
            yield found[1], value
            place = found.end()
        end = text.find(b";", place)
        place = _behind_gap(text, end) if end >= 0 else len(text)


def _behind_gap(text: bytes, place: int) -> int:
    """Return the first place that is neither blank nor semicolon; a long gap is walked through only once."""
    gap = _GAP.match(text, place)
    return gap.end() if gap else place


class AttributeColumns:
    """The attributes of many rows, as columns; `texts` are their columns 9, exactly spelled.

    Attributes begin a text or follow a semicolon. A semicolon within a value begins none, unless what follows it looks
    like one of the attributes that are asked for.
    """

    def __init__(self, texts: Sequence[bytes], attributes: Attributes) -> None:
        """Take the texts."""
        self._attributes = attributes
        together = b"\n".join(texts) + _PADDING
        self._letters = np.frombuffer(together, np.uint8)
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        self._ends = np.cumsum(lengths + 1) - 1
        self._rows = len(texts)

    @cached_property
    def _begins(self) -> Places:
        """Where attributes begin, behind blanks."""
        letters = self._letters
        begins = np.sort(np.concatenate([[0], self._ends[:-1] + 1, np.flatnonzero(letters == _SEMICOLON) + 1]))
        blank = np.flatnonzero(letters[begins] == _BLANK)
        while len(blank):
            begins[blank] += 1
            blank = blank[letters[begins[blank]] == _BLANK]
        return begins

    @cached_property
    def _first_letters(self) -> npt.NDArray[np.uint64]:
        """The first eight letters of each attribute, as one number."""
        return eights(self._letters)[self._begins]

    @cached_property
    def _closings(self) -> Places:
        """Where values may end."""
        return np.flatnonzero((self._letters == self._attributes.closing[0]) | (self._letters == ord("\n")))

    def _at(self, opening: bytes) -> Places:
        """Return the places behind all attributes that begin so."""
        first, mask = first_eight(opening)
        likely = self._begins[(self._first_letters & mask) == first]
        found: Places = likely[begins_with(self._letters, likely, opening)] + len(opening)
        return found

    def _bounds(self, key: str) -> tuple[Places, Places, Places]:
        """Return row, begin and end of all values of a key that are not empty, without blanks around them."""
        begin = self._at(self._attributes.opening(key))
        end = self._closings[np.searchsorted(self._closings, begin)]
        for edge, step, place in ((begin, 1, 0), (end, -1, -1)):
            while np.any(blank := (begin < end) & (self._letters[edge + place] == _BLANK)):
                edge[blank] += step
        filled = begin < end
        return np.searchsorted(self._ends, begin[filled]), begin[filled], end[filled]

    def values(self, keys: Iterable[str], decoded: bool = True) -> pa.StringArray:
        """Return for each row the value of the first key that is there and not empty, null for none."""
        begin, end = np.zeros(self._rows, np.int64), np.zeros(self._rows, np.int64)
        for key in keys:
            if np.all(end > 0):
                break
            row, first, last = self._bounds(key)
            new = (end[row] == 0) & np.append(True, row[1:] != row[:-1])[: len(row)]
            begin[row[new]], end[row[new]] = first[new], last[new]
        found = strings(self._letters, begin, end, end > 0)
        return self._plain(found) if decoded else found

    def _plain(self, values: pa.StringArray) -> pa.StringArray:
        """Decode %XX."""
        if not self._attributes.gff3 or not pc.any(spelled := pc.match_substring(values, "%")).as_py():
            return values
        decoded = [unquote(value) for value in values.filter(spelled).to_pylist()]
        return pc.replace_with_mask(values, spelled, pa.array(decoded, pa.string()))

    def lists(self, key: str) -> pa.ListArray:
        """Return for each row all values of a key: of a list with commas in GFF3, of the key's repetitions in GTF."""
        if self._attributes.gff3:
            return pc.fill_null(pc.split_pattern(self.values([key]), ","), [])
        row, begin, end = self._bounds(key)
        offsets = np.searchsorted(row, np.arange(self._rows + 1))
        found = strings(self._letters, begin, end, np.ones(len(row), bool))
        return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), found)

    def has(self, words: Iterable[str]) -> npt.NDArray[np.bool_]:
        """Return which rows have one of some attributes: a whole one, or one that begins so if the word ends with `=`,
        a quote or a semicolon."""
        found = np.zeros(self._rows, bool)
        for word in words:
            place = self._at(word.encode())
            if word[-1] not in '=";':
                following = self._letters[place]
                place = place[np.isin(following, _BEHIND_WORDS)]
            found[np.searchsorted(self._ends, place)] = True
        return found
