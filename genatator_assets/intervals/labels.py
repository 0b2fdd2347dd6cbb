"""Labels: which column of a label table each BED file belongs to. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass

Label = int | str


@dataclass(frozen=True)
class LabelColumns:
    """names: the label of each column. of: the column of each file."""

    names: tuple[Label, ...]
    of: tuple[int, ...]


def label_columns(labels: Sequence[Label | None]) -> LabelColumns:
    """Return the columns of files with these labels; files with the same label share a column.

    Files without labels are numbered from 1. Numbers are ordered by their value, other labels by where they first come.

    >>> label_columns([7, 7, 2])
    LabelColumns(names=(2, 7), of=(1, 1, 0))
    >>> label_columns([None, None]).names, label_columns(["K562", "HepG2"]).names
    ((1, 2), ('K562', 'HepG2'))

    Raises:
        ValueError: some files have a label and others have none, or some labels are numbers and others are not.
    """
    without = [number for number, label in enumerate(labels, 1) if label is None]
    if without and len(without) < len(labels):
        raise ValueError(f"some files have a label, but not number {without[0]}; label all of them, or none")
    given = [number if label is None else label for number, label in enumerate(labels, 1)]
    numbers = [label for label in given if isinstance(label, int)]
    if numbers and len(numbers) < len(given):
        raise ValueError("some labels are whole numbers and others are not; make them all numbers, or all names")
    names: list[Label] = list(dict.fromkeys(sorted(numbers) if numbers else given))
    place = {label: column for column, label in enumerate(names)}
    return LabelColumns(tuple(names), tuple(place[label] for label in given))
