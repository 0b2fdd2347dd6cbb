"""The standing checks that SQL can't express: they need the catalogue's rules, or the h5ad files."""

import math
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.part import Check, Finding
from genatator_assets.cells.layout import CellsLayout
from genatator_assets.cells.section import Cells, CellSplit
from genatator_assets.cells.verify import verify
from genatator_assets.work.tables import read_table

_VERIFIED_CELLS = 200
_SHOWN = 20
_FEWEST_FOR_QUARTILES = 8

Row = dict[str, Any]


def _scopes(root: Path) -> dict[tuple[str, str], dict[str, Row]]:
    """Return the units of each scope."""
    scopes: dict[tuple[str, str], dict[str, Row]] = defaultdict(dict)
    for row in read_table(CellsLayout(root).donors).to_pylist():
        scopes[row["scope"], row["kind"]][row["unit"]] = row
    return scopes


def share_is_exact(catalogue: Catalogue, root: Path) -> Finding:
    """Find scopes of which another number of units is held out than the rules say."""
    rules = catalogue.section(Cells).split
    rows = []
    for (scope, _), units in _scopes(root).items() if isinstance(rules, CellSplit) else ():
        assert isinstance(rules, CellSplit)  # noqa: S101 - for mypy
        wanted = max(1, math.floor(rules.test * len(units) + 0.5)) if len(units) > 1 else 0
        test = sum(unit["split"] == "test" for unit in units.values())
        if test != wanted and rules.method == "systematic":
            rows.append((scope, len(units), wanted, test))
    return Finding(len(rows), ("scope", "units", "expected in test", "found in test"), tuple(rows[:_SHOWN]))


def ages_are_spread(catalogue: Catalogue, root: Path) -> Finding:
    """Find scopes with a quarter of all units, in the order of age, of which none is held out."""
    rules, rows = catalogue.section(Cells).split, []
    for (scope, _), units in _scopes(root).items():
        known = sorted((unit["age"], unit["split"]) for unit in units.values() if unit["age"] is not None)
        if sum(split == "test" for _, split in known) < _FEWEST_FOR_QUARTILES:
            continue
        for number, quarter in enumerate(np.array_split(np.arange(len(known)), 4), start=1):
            if not any(known[place][1] == "test" for place in quarter.tolist()):
                rows.append((scope, number, known[quarter[0]][0], known[quarter[-1]][0]))
    if isinstance(rules, CellSplit) and (rules.method, rules.stratify) == ("systematic", "age"):
        return Finding(len(rows), ("scope", "quarter", "from age", "to age"), tuple(rows[:_SHOWN]))
    return Finding(0, note="donors are not split by age")


def cells_are_kept(_catalogue: Catalogue, root: Path) -> Finding:
    """Find datasets of which no cell is kept."""
    summary = read_table(CellsLayout(root).summary, columns=["dataset", "status", "kept", "cells"]).to_pylist()
    empty = [(row["dataset"], row["cells"]) for row in summary if row["status"] == "built" and not row["kept"]]
    return Finding(len(empty), ("dataset", "cells"), tuple(empty[:_SHOWN]))


def cells_follow_from_files(catalogue: Catalogue, root: Path) -> Finding:
    """Find cells of a sample that are not what their files say."""
    lines = verify(catalogue, root, _VERIFIED_CELLS)
    return Finding(len(lines), ("difference",), tuple((line,) for line in lines[:_SHOWN]))


CHECKS = (
    Check(
        "test_share_of_donors_is_exact",
        "cell_dataset",
        "As many donors of each collection are held out as the catalogue's share says.",
        share_is_exact,
    ),
    Check(
        "test_donors_cover_all_ages",
        "cell_dataset",
        "Each quarter of a collection's donors, in the order of age, has some that are held out.",
        ages_are_spread,
    ),
    Check(
        "every_file_has_cells_that_are_kept",
        "cell_dataset",
        "Of each file some cells are kept; if none is, the reasons stand in `dropped_cells`.",
        cells_are_kept,
        warns=True,
    ),
    Check(
        "cells_are_what_the_files_say",
        "cell_dataset",
        f"Some {_VERIFIED_CELLS} cells, redrawn for each build, are what ranking them again from their files gives.",
        cells_follow_from_files,
    ),
)
