"""SVG as brief as can be, inside Markdown.

Dagster's UI shows Markdown of less than 1,000 characters at once, and longer one behind a click; and its record keeps
what is shown of each of thousands of chromosomes, twice. So pictures are paths of whole numbers. A unit is 2 pixels:
the width is 480, for which the Overview tab has room in a window of 1,500.
"""

from collections.abc import Callable, Mapping, Sequence
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt

WIDTH = 240
COLUMNS = (120, 80, 60, 48, 40, 30, 24)
"""In so many columns a picture can be cut: each is whole units wide."""

SHOWN_AT_ONCE = 999

SPLIT_COLOURS: Mapping[str, tuple[str, str]] = {
    "train": ("blue", "#26a"),
    "validation": ("orange", "#d71"),
    "test": ("green", "#2a6"),
}
"""The colour of each split: its name, and its number."""

_ROW, _MOST_ROWS, _NAMES_WIDE, _LETTERS = 8, 9, 62, 22

_IN_ADDRESS = str.maketrans({character: f"%{ord(character):02X}" for character in "%#<>&"})


def picture(height: int, *parts: str) -> str:
    """Return an SVG of WIDTH x `height` units; white, because the UI may be dark."""
    head = f"xmlns='http://www.w3.org/2000/svg' width='480' viewBox='0 0 {WIDTH} {height}'"
    return f"<svg {head} style='background:#fff;font:5.5px arial'>{''.join(parts)}</svg>"


def area(colour: str, outline: str) -> str:
    """Return a filled path; nothing if it has no outline."""
    return f"<path fill='{colour}' d='{outline}'/>" if outline else ""


def bars(colour: str, lines: str, thick: int = 1) -> str:
    """Return lines `thick` units thick; nothing if there are none."""
    width = "" if thick == 1 else f" stroke-width='{thick}'"
    return f"<path stroke='{colour}'{width} d='{lines}'/>" if lines else ""


def text(x: int, y: int, words: str) -> str:
    """Return text on the line `y`."""
    return f"<text x='{x}' y='{y}'>{escape(words)}</text>"


def steps(heights: npt.NDArray[np.int64], base: int, way: int = 1) -> str:
    """Return the outline of columns of equal width that stand on the line `base`; with `way` -1 they hang from it.

    >>> steps(np.array([0] * 30 + [2] * 10 + [3] * 20), 5)
    'M120 5v-2h40v-1h80v3'
    """
    before = np.concatenate([[0], heights, [0]])
    turns = np.flatnonzero(np.diff(before))
    at, rises = turns * (WIDTH // len(heights)), np.diff(before)[turns] * way
    outline = "".join(f"h{x}v{-rise}" for x, rise in zip(np.diff(at), rises[1:], strict=True))
    return f"M{at[0]} {base}v{-rises[0]}{outline}" if len(turns) else ""


def stacked(rows: Mapping[str, Sequence[int]], colours: Sequence[str]) -> str:
    """Return an SVG of a bar per row, of as many counts as there are colours; of many rows, the smallest are one bar.

    Rows are in the order of their sums.
    """
    ordered = sorted(rows.items(), key=lambda row: -sum(row[1]))
    if len(ordered) > _MOST_ROWS:
        few = [sum(column) for column in zip(*(counts for _, counts in ordered[_MOST_ROWS - 1 :]), strict=True)]
        ordered = [*ordered[: _MOST_ROWS - 1], (f"{len(ordered) - _MOST_ROWS + 1:,} others", few)]
    most = max((sum(counts) for _, counts in ordered), default=0) or 1
    lines = dict.fromkeys(colours, "")
    names = ""
    for number, (name, counts) in enumerate(ordered):
        y, at = number * _ROW, _NAMES_WIDE
        names += text(0, y + 6, name if len(name) <= _LETTERS else f"{name[: _LETTERS - 1]}\u2026")
        for colour, count in zip(colours, counts, strict=True):
            wide = round(count * (WIDTH - _NAMES_WIDE) / most)
            lines[colour] += f"M{at} {y + 4}h{wide}" if wide else ""
            at += wide
    return picture(len(ordered) * _ROW, names, *(bars(colour, of, 6) for colour, of in lines.items()))


def markdown(svg: str, caption: str = "") -> str:
    """Return Markdown that holds a picture, as the address of an image, and what is to be said of it."""
    return f"![](<data:image/svg+xml,{svg.translate(_IN_ADDRESS)}>)\n\n{caption}".rstrip()


def fitting(draw: Callable[[int], str]) -> str:
    """Return what `draw` makes in as many columns as fit into SHOWN_AT_ONCE characters."""
    drawn = ""
    for columns in COLUMNS:
        drawn = draw(columns)
        if len(drawn) <= SHOWN_AT_ONCE:
            break
    return drawn
