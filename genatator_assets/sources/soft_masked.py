"""Soft masking: where a FASTA file's letters are in lower case, which blocks don't keep, as runs for each sequence."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from genatator_assets.sources.letters import Letters, is_lower
from genatator_assets.work.files import Measured
from genatator_assets.work.tables import read_table, write_table
from genatator_assets.work.unit import Provenance

SCHEMA = pa.schema(
    [
        ("chrom", pa.dictionary(pa.int32(), pa.string())),
        ("start", pa.int64()),
        ("end", pa.int64()),
    ]
)
"""A row per longest stretch of lower-case letters, 0-based half-open; sequences in the FASTA file's order, by start."""

Runs = npt.NDArray[np.int64]
"""[start, end) of each run, int64 [runs, 2], ascending; no two touch."""


class MaskedRuns:
    """Finds the runs of one sequence, whose letters come in pieces.

    >>> runs = MaskedRuns()
    >>> for piece in (b"aaC", b"Gg", b"tA"):
    ...     runs.take(np.frombuffer(piece, np.uint8))
    >>> runs.found().tolist()
    [[0, 2], [4, 6]]
    """

    def __init__(self) -> None:
        """Begin at the sequence's first letter."""
        self._edges: list[Runs] = []
        self._position = 0
        self._within = False

    def take(self, letters: Letters) -> None:
        """Go on with the next letters, uint8."""
        if not len(letters):
            return
        lower = is_lower(letters)
        edges = np.flatnonzero(lower[1:] != lower[:-1]) + (self._position + 1)
        if lower[0] != self._within:
            edges = np.concatenate([[self._position], edges])
        self._edges.append(edges)
        self._position += len(letters)
        self._within = bool(lower[-1])

    def found(self) -> Runs:
        """Return the runs of all letters that were taken."""
        last = [np.array([self._position])] if self._within else []
        return np.concatenate([*self._edges, *last, np.empty(0, np.int64)]).astype(np.int64).reshape(-1, 2)


def write_soft_masked(path: Path, runs: Mapping[str, Runs], provenance: Provenance) -> Measured:
    """Store the runs of each sequence by its name; return the file's size and hash."""
    codes = np.repeat(np.arange(len(runs), dtype=np.int32), [len(of_chrom) for of_chrom in runs.values()])
    edges = np.concatenate([*runs.values(), np.empty((0, 2), np.int64)])
    columns = [pa.DictionaryArray.from_arrays(codes, pa.array(runs, pa.string())), edges[:, 0], edges[:, 1]]
    return write_table(path, pa.table(columns, schema=SCHEMA), provenance, ascending=("start", "end"))


def read_soft_masked(path: Path, chrom: str) -> Runs:
    """Read the runs of one sequence: int64 [runs, 2]; none if it has none.

    Raises:
        DatasetError: the file is missing or damaged.
    """
    table = read_table(path, columns=["start", "end"], filters=[("chrom", "=", chrom)])
    return np.stack([table[name].to_numpy() for name in ("start", "end")], axis=1)
