"""An h5ad file, opened: which matrices it holds, its obs, var and uns."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from genatator_assets.errors import H5adError, optional_import
from genatator_assets.sources.h5ad.faults import damage_reported
from genatator_assets.sources.h5ad.frame import Frame, text_of
from genatator_assets.sources.h5ad.matrix import Matrix

_CHUNK_CACHE_BYTES = 1 << 20  # columns are read once
_RAW = "raw"
_LAYERS = "layers/"


@contextmanager
def open_h5ad(path: Path) -> Iterator["H5ad"]:
    """Open an h5ad file for reading; it is closed when the block is left.

    Raises:
        H5adError: it is not an h5ad file, or is damaged.
        MissingExtraError: h5py is not installed.
    """
    with optional_import("h5py", "cells"):
        import h5py  # noqa: PLC0415 - an extra

    try:
        handle = h5py.File(path, "r", rdcc_nbytes=_CHUNK_CACHE_BYTES)
    except OSError as error:
        raise H5adError(f"{path}: not a readable HDF5 file ({error}); expected an h5ad file") from error
    with handle:
        for frame in ("obs", "var"):
            if frame not in handle:
                raise H5adError(f"{path}: found no '{frame}', expected an h5ad file, as anndata writes it")
        yield H5ad(path, handle)


class H5ad:
    """An open h5ad file. Nothing is read before it is asked for."""

    def __init__(self, path: Path, handle: Any) -> None:
        """Look at an h5py file that is open."""
        self.path = path
        self._handle = handle

    @cached_property
    def obs(self) -> Frame:
        """The table of cells."""
        return Frame(self.path, "obs", self._handle["obs"], self._old_categories)

    @cached_property
    def matrices(self) -> tuple[str, ...]:
        """The names of the matrices of cells x genes that it holds: `X`, `raw`, `layers/<name>`."""
        return tuple(self._nodes)

    def matrix(self, name: str = "X") -> Matrix:
        """Return a matrix by its name.

        Raises:
            H5adError: there is none of this name, its shape is not that of obs and var, or its layout is unknown.
        """
        if name not in self._nodes:
            held = f"it has {', '.join(self.matrices)}" if self._nodes else "it has no X and no raw/X"
            raise H5adError(f"{self.path}: no matrix {name!r}; {held}")
        matrix = Matrix.of(self.path, name, self._nodes[name])
        expected = self.obs.length, self.genes(name).length
        if matrix.shape != expected:
            raise H5adError(
                f"{self.path}: {name} is {matrix.shape[0]:,} x {matrix.shape[1]:,}, but there are {expected[0]:,} cells"
                f" in obs and {expected[1]:,} genes in var; the file is damaged"
            )
        return matrix

    def genes(self, matrix: str = "X") -> Frame:
        """Return the table of the genes of a matrix: `var`, or for `raw` its own."""
        place, node = next(iter(self._raw_var.items())) if matrix == _RAW else ("var", self._handle["var"])
        return Frame(self.path, place, node, {})

    def uns(self, key: str) -> str | None:
        """Return a text of `uns`; None where there is none."""
        node = self._uns.get(key)
        if node is None or not hasattr(node, "shape") or node.size != 1:
            return None
        with damage_reported(self.path, f"uns/{key}"):
            value = np.asarray(node[()]).reshape(-1)[0]
        return text_of(value) if isinstance(value, bytes | str) else None

    @cached_property
    def _uns(self) -> Mapping[str, Any]:
        node: Mapping[str, Any] = self._handle.get("uns", {})
        return node

    @cached_property
    def _nodes(self) -> dict[str, Any]:
        found = {"X": self._handle.get("X"), _RAW: self._handle.get("raw/X", self._handle.get("raw.X"))}
        layers = self._handle.get("layers", {})
        found |= {f"{_LAYERS}{name}": layers[name] for name in layers}
        # anndata writes X = None as an empty group or a null dataset.
        return {name: node for name, node in found.items() if node is not None and _holds_values(node)}

    @cached_property
    def _raw_var(self) -> dict[str, Any]:
        for place in ("raw/var", "raw.var"):
            if place in self._handle:
                return {place: self._handle[place]}
        raise H5adError(f"{self.path}: found raw/X without raw/var; the file is damaged")

    @cached_property
    def _old_categories(self) -> dict[str, Any]:
        """Return the categories that anndata before 0.7 kept in uns, by column of obs."""
        suffix = "_categories"
        return {name.removesuffix(suffix): self._uns[name] for name in self._uns if name.endswith(suffix)}


def _holds_values(node: Any) -> bool:
    return "data" in node if hasattr(node, "keys") else node.shape is not None and len(node.shape) == 2
