"""Texts that people read: tables of text, as Markdown if need be, and how amounts are spelled."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from genatator_assets.errors import printable

_MOST_COLUMNS = 7
_BP_UNITS = ((1_000_000_000, "Gbp"), (1_000_000, "Mbp"), (1_000, "kbp"))
_BYTE_UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))

# What begins something in Markdown of GitHub's kind, within a line; an underscore only does so before a word.
_MEANS_SOMETHING = re.compile(r"[\\`*\[\]<|~$]|&(?=#?\w+;)|(?<![^\W_])_")
_ESCAPED = re.compile(r"\\([\\`*\[\]<|~$&_])")
_IN_ADDRESS = str.maketrans({character: f"%{ord(character):02X}" for character in "()<>\\|"})
_FENCES = re.compile("`+")


class Markdown(str):
    """A text that is Markdown; any other text in a table is only text, and is escaped where it becomes Markdown."""

    __slots__ = ()

    @classmethod
    def of(cls, text: str) -> "Markdown":
        r"""Return Markdown that shows a text as it is: no picture, link, tag or style comes of what stands in it.

        >>> print(Markdown.of("![x](http://host/x.png) <b> a_b _c_"))
        !\[x\](http://host/x.png) \<b> a_b \_c_
        """
        return cls(_MEANS_SOMETHING.sub(r"\\\g<0>", printable(text)))

    def shown(self) -> str:
        """Return the text that Markdown made by `of` shows.

        >>> Markdown.of("[x] a_b _c_").shown()
        '[x] a_b _c_'
        """
        return _ESCAPED.sub(r"\1", self)

    @classmethod
    def code(cls, text: str) -> "Markdown":
        """Return Markdown that shows a text as code, whatever backticks stand in it.

        >>> print(Markdown.code("a`b"))
        `` a`b ``
        """
        fence = "`" * (1 + max(map(len, _FENCES.findall(text)), default=0))
        space = " " if len(fence) > 1 else ""
        return cls(f"{fence}{space}{printable(text, keep='')}{space}{fence}")

    @classmethod
    def link(cls, text: str, url: str) -> "Markdown":
        """Return a link that shows a text."""
        return cls(f"[{cls.of(text)}]({url.translate(_IN_ADDRESS)})")


@dataclass(frozen=True)
class TextTable:
    """A table of text: every row has as many cells as the header."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def transposed(self) -> "TextTable":
        """Return the table with rows and columns exchanged: a wide table of few rows then fits a terminal."""
        first, *others = zip(self.header, *self.rows, strict=True)
        return TextTable(self.title, first, tuple(others))

    def fitting(self) -> "TextTable":
        """Return the table as it fits a terminal or a page: a wide one is turned on its side."""
        return self.transposed() if len(self.header) > _MOST_COLUMNS else self

    def as_markdown(self) -> str:
        """Return the table as Markdown, without its title; cells that are not Markdown are escaped."""
        header, *rows = ([_cell(cell) for cell in line] for line in (self.header, *self.rows))
        return "\n".join(f"| {' | '.join(line)} |" for line in [header, ["---"] * len(header), *rows])


def _cell(text: str) -> str:
    return text.replace("|", "\\|") if isinstance(text, Markdown) else Markdown.of(printable(text, keep=""))


def first_of(texts: Sequence[str], most: int, separator: str = ", ") -> str:
    r"""Join texts; of more than `most` only the first ones, and how many more there are.

    >>> first_of(["a", "b", "c"], 2), first_of(["a", "b"], 2)
    ('a, b, ... and 1 more', 'a, b')
    """
    left = len(texts) - most
    return separator.join([*texts[:most], *([f"... and {left:,} more"] if left > 0 else [])])


def format_bp(count: float) -> str:
    """Spell a number of bases as the published card does.

    >>> format_bp(97_364_554_030), format_bp(100_010), format_bp(12)
    ('97.36 Gbp', '100.01 kbp', '12 bp')
    """
    for size, unit in _BP_UNITS:
        if count >= size:
            return f"{count / size:.2f} {unit}"
    return f"{count:.0f} bp"


def format_bytes(count: int) -> str:
    """Spell a number of bytes.

    >>> format_bytes(33_900_000_000), format_bytes(21_792), format_bytes(12)
    ('33.9 GB', '21.8 kB', '12 B')
    """
    for size, unit in _BYTE_UNITS:
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count} B"
