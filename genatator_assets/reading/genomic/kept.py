"""Runs that a Cover keeps on disk for the next time, under `$JANGGU_OUTPUT`, by the content of what they are made from.

What is kept are the runs of files, before windows, bins and normalisers: whatever a Cover does with them, a callable
too, it never meets what another has made of them.
"""

import hashlib
import os
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from genatator_assets.reading.genomic.source import Columns, Source
from genatator_assets.tracks.runs import Runs
from genatator_assets.work.files import canonical_json, path_name, sha256_of_file, whole_file

_FORMAT = 1
_COLUMNS = ("start", "end", "value")


def kept(source: Source, name: str, files: Sequence[Path], parameters: Mapping[str, Any]) -> Source:
    """Return a source whose runs are read from disk where they were kept, else from `source`, and kept.

    Runs of a chromosome stand in `$JANGGU_OUTPUT/datasets/<name>/<hash>/<chrom>.npz`, by default below
    ~/janggu_results; the hash is of the files' bytes and of `parameters`, all that decides the runs.
    """
    written = _written(files)
    content = [sha256_of_file(file) for file in files]
    made_from = canonical_json({"format": _FORMAT, "files": content, "parameters": dict(parameters)})
    base = Path(os.environ.get("JANGGU_OUTPUT") or Path.home() / "janggu_results")
    folder = base / "datasets" / path_name(name) / hashlib.sha256(made_from.encode()).hexdigest()

    def read(chrom: str) -> Columns:
        path = folder / f"{path_name(chrom)}.npz"
        try:
            return _load(path)
        except (FileNotFoundError, ValueError, KeyError, EOFError, zipfile.BadZipFile):  # none yet, or damaged
            columns = source.read(chrom)
            if _written(files) != written:  # the hash is of other bytes than these were read from
                return columns
            with whole_file(path) as temporary, temporary.open("wb") as handle:
                np.savez(handle, allow_pickle=False, **dict(_arrays(columns)))
            return columns

    return replace(source, read=read)


def _written(files: Sequence[Path]) -> list[tuple[int, int]]:
    return [(one.st_size, one.st_mtime_ns) for one in (file.stat() for file in files)]


def _arrays(columns: Columns) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    yield "shape", np.array([len(columns), len(columns[0]) if columns else 0])
    for condition, strands in enumerate(columns):
        for strand, runs in enumerate(strands):
            yield from ((f"{condition}.{strand}.{name}", getattr(runs, name)) for name in _COLUMNS)


def _load(path: Path) -> Columns:
    with path.open("rb") as handle, np.load(handle, allow_pickle=False) as arrays:
        conditions, strands = arrays["shape"].tolist()
        return tuple(
            tuple(Runs(*(arrays[f"{condition}.{strand}.{name}"] for name in _COLUMNS)) for strand in range(strands))
            for condition in range(conditions)
        )
