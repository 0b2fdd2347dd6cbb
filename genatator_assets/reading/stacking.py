"""Where genes stand in a picture: which row each isoform has, and where each gene's one name is. No drawing here.

Isoforms of a gene stand below each other, under its name. Where that takes too many rows, each gene's isoforms become
one model with the name beside it; where that does too, names are left out, which the picture then says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from genatator_assets.reading.bins import rows_of
from genatator_assets.reading.window import Interval

_LETTER_IN, _SPACE_IN = 0.056, 0.06
_ROW_IN, _LEAST_NAMED_IN, _LEAST_ROW_IN, _MOST_IN = 0.125, 0.095, 0.03, 6.0
_MOST_PACKED = 400  # genes whose boxes are packed one by one
_STRANDS = {"+": "+", "-": "\N{MINUS SIGN}", ".": "neither"}

Stretch = tuple[int, int]


@dataclass(frozen=True)
class Model:
    """A transcript as it is drawn: [start, end), exons and coding pieces ascending, all 0-based half-open."""

    start: int
    end: int
    strand: str
    colour: str
    exons: tuple[Stretch, ...]
    coding: tuple[Stretch, ...] = ()


@dataclass(frozen=True)
class Gene:
    """A name and its isoforms, all on one strand."""

    name: str
    models: tuple[Model, ...]

    @property
    def text(self) -> str:
        """The name with the direction of transcription."""
        return {"+": f"{self.name} \N{RIGHTWARDS ARROW}", "-": f"\N{LEFTWARDS ARROW} {self.name}"}.get(
            self.models[0].strand, self.name
        )


@dataclass(frozen=True)
class Name:
    """A gene's name in its row: at x, on one side of it."""

    x: float
    row: int
    text: str
    side: Literal["left", "right"]
    colour: str


@dataclass(frozen=True)
class Stack:
    """Models and names with their rows, from the top; how many rows there are, and how high each is in inches."""

    models: tuple[tuple[Model, int], ...]
    names: tuple[Name, ...]
    rows: int
    row_in: float
    remarks: tuple[str, ...] = ()


def stacked(genes: Sequence[Gene], interval: Interval, bp_per_inch: float) -> Stack:
    """Assign a row to every isoform and every name."""
    if len(genes) <= _MOST_PACKED:
        stack = _under_names(genes, interval, bp_per_inch)
        if stack.rows * _ROW_IN <= _MOST_IN:
            return stack
    merged = [Gene(_counted(gene), (_merged(gene),)) for gene in genes]
    remarks = ("isoforms merged",) if any(len(gene.models) > 1 for gene in genes) else ()
    stack = _beside_names(merged, interval, bp_per_inch, remarks)
    if stack.row_in >= _LEAST_NAMED_IN:
        return stack
    return _without_names(merged, bp_per_inch, remarks)


def _without_names(genes: Sequence[Gene], bp_per_inch: float, remarks: tuple[str, ...]) -> Stack:
    """Stand all models of a strand above those of the next one, as no name tells the strand."""
    by_strand: dict[str, list[Model]] = {}
    for strand, sign in _STRANDS.items():
        own = [model for gene in genes for model in gene.models if _side(model) == strand]
        by_strand |= {sign: own} if own else {}
    placed: list[tuple[Model, int]] = []
    count = 0
    for own in by_strand.values():
        rows = rows_of([one.start for one in own], [one.end for one in own], _SPACE_IN * bp_per_inch)
        placed += [(one, count + row) for one, row in zip(own, rows, strict=True)]
        count += max(rows) + 2  # a row stays empty
    remarks = (
        *remarks,
        f"strand {' above '.join(by_strand)}",
        f"{len(genes):,} names left out:",
        "zoom in to see them",
    )
    return Stack(tuple(placed), (), count - 1, max(_LEAST_ROW_IN, _row_in(count - 1)), remarks)


def _row_in(rows: int) -> float:
    """Return how high each of so many rows is, in inches."""
    return min(_ROW_IN, _MOST_IN / rows)


def joined(stretches: Sequence[Stretch], interval: Interval, gap: float) -> list[Stretch]:
    """Return the visible parts of ascending stretches; those that are closer than `gap` bp are one.

    >>> joined([(0, 4), (5, 9), (30, 60)], Interval("g", "c", 2, 40), 2)
    [(2, 9), (30, 40)]
    """
    found: list[Stretch] = []
    for own in stretches:
        start, end = max(own[0], interval.start), min(own[1], interval.end)
        if start >= end:
            continue
        if found and start - found[-1][1] < gap:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _under_names(genes: Sequence[Gene], interval: Interval, bp_per_inch: float) -> Stack:
    """Stand each gene where there is room for its name and, below it, all its isoforms."""
    gap = _SPACE_IN * bp_per_inch
    boxes: list[tuple[float, float, int, int]] = []  # first, last, top, bottom
    models: list[tuple[Model, int]] = []
    names: list[Name] = []
    for gene in genes:
        start, end = _reach(gene, interval)
        name_bp = len(gene.text) * _LETTER_IN * bp_per_inch
        x = max(interval.start, min(start, interval.end - name_bp))
        first, last = min(x, start), max(x + name_bp, end)
        own = rows_of([one.start for one in gene.models], [one.end for one in gene.models], gap)
        height = max(own) + 2
        top = _free(boxes, first - gap, last + gap, height)
        boxes.append((first, last, top, top + height))
        names.append(Name(x, top, gene.text, "left", gene.models[0].colour))
        models += [(model, top + 1 + row) for model, row in zip(gene.models, own, strict=True)]
    return Stack(tuple(models), tuple(names), max((box[3] for box in boxes), default=1), _ROW_IN)


def _free(boxes: Sequence[tuple[float, float, int, int]], first: float, last: float, height: int) -> int:
    """Return the first row from which `height` rows are free between two places."""
    taken = sorted((top, bottom) for start, end, top, bottom in boxes if start < last and end > first)
    row = 0
    for top, bottom in taken:
        if row + height <= top:
            break
        row = max(row, bottom)
    return row


def _beside_names(genes: Sequence[Gene], interval: Interval, bp_per_inch: float, remarks: tuple[str, ...]) -> Stack:
    """Stand each gene in a row with its name: before it or, where there is no room, behind it."""
    gap = _SPACE_IN * bp_per_inch
    places: list[tuple[float, Literal["left", "right"]]] = []
    firsts, lasts = [], []
    for gene in genes:
        start, end = _reach(gene, interval)
        name_bp = len(gene.text) * _LETTER_IN * bp_per_inch + gap
        before = start - name_bp >= interval.start
        places.append((start - gap, "right") if before else (end + gap, "left"))
        firsts.append(start - name_bp if before else start)
        lasts.append(end if before else end + name_bp)
    rows = rows_of(firsts, lasts, gap)
    names = [
        Name(x, row, gene.text, side, gene.models[0].colour)
        for gene, row, (x, side) in zip(genes, rows, places, strict=True)
    ]
    models = [(gene.models[0], row) for gene, row in zip(genes, rows, strict=True)]
    count = max(rows, default=0) + 1
    return Stack(tuple(models), tuple(names), count, _row_in(count), remarks)


def _side(model: Model) -> str:
    return model.strand if model.strand in _STRANDS else "."


def _counted(gene: Gene) -> str:
    """Return a gene's name and, of several isoforms, their number."""
    return gene.name if len(gene.models) == 1 else f"{gene.name} \N{MULTIPLICATION SIGN}{len(gene.models)}"


def _merged(gene: Gene) -> Model:
    """Return one model of all isoforms: the union of their exons, and of their coding pieces."""
    start, end = min(one.start for one in gene.models), max(one.end for one in gene.models)
    whole = Interval("", "", start, end)
    exons, coding = (
        tuple(joined(sorted(piece for one in gene.models for piece in getattr(one, kind)), whole, 1))
        for kind in ("exons", "coding")
    )
    return Model(start, end, gene.models[0].strand, gene.models[0].colour, exons, coding)


def _reach(gene: Gene, interval: Interval) -> Stretch:
    start, end = min(one.start for one in gene.models), max(one.end for one in gene.models)
    return max(start, interval.start), min(end, interval.end)
