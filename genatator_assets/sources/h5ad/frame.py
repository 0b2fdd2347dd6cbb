"""The tables obs and var of an h5ad file, read as Arrow arrays by column and range of rows."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from genatator_assets.errors import H5adError
from genatator_assets.sources.h5ad.faults import damage_reported

_OLD_CATEGORIES = "__categories"
_WORDS_OF_INDEX = ("_index", "index")


class Frame:
    """A table of an h5ad file: `names` of its columns in their order, without the index; `length` is its rows.

    Categorical columns of text become dictionaries of strings, missing ones and NaN become null; all other types stay
    as they are. A column whose type is not one of a table's is an error that names it.
    """

    def __init__(self, path: Path, place: str, node: Any, old_categories: Mapping[str, Any]) -> None:
        """Look at `place` of the file, a group, or the compound dataset that anndata before 0.7 wrote."""
        self._path, self._place, self._node = path, place, node
        self._categories: dict[str, pa.Array] = {}
        self._old_categories = old_categories
        self._grouped = not hasattr(node, "dtype")
        self._index = self._find_index()
        self.names = self._find_names()
        self.length = _length(node[self._index]) if self._grouped else len(node)

    def index(self, start: int = 0, stop: int | None = None) -> pa.Array:
        """Return the names of the rows [start, stop) as strings."""
        names = self._read(self._index, start, stop)
        if pa.types.is_dictionary(names.type):
            names = names.dictionary_decode()
        return names.cast(pa.string())

    def column(self, name: str, start: int = 0, stop: int | None = None) -> pa.Array:
        """Return the rows [start, stop) of a column.

        Raises:
            H5adError: there is no such column, or it can't be read.
        """
        if name not in self.names:
            raise H5adError(f"{self._path}: no column {name!r} in {self._place}; it has {', '.join(self.names)}")
        return self._read(name, start, stop)

    def _find_index(self) -> str:
        if not self._grouped:
            return str(self._node.dtype.names[0])
        named = self._node.attrs.get("_index")
        for name in (text_of(named),) if named is not None else _WORDS_OF_INDEX:
            if name in self._node:
                return name
        raise H5adError(f"{self._path}: {self._place} has no index; expected the attribute '_index'")

    def _find_names(self) -> tuple[str, ...]:
        if not self._grouped:
            return tuple(map(str, self._node.dtype.names[1:]))
        stored = [name for name in self._node if name not in (self._index, _OLD_CATEGORIES)]
        order = [text_of(name) for name in np.asarray(self._node.attrs.get("column-order", [])).tolist()]
        if missing := set(order) - set(stored):
            raise H5adError(
                f"{self._path}: {self._place} lacks its columns {', '.join(sorted(missing))}; it is damaged"
            )
        return tuple(dict.fromkeys([*order, *stored]))

    def _read(self, name: str, start: int, stop: int | None) -> pa.Array:
        stop = self.length if stop is None else min(stop, self.length)
        try:
            with damage_reported(self._path, f"{self._place}/{name}"):
                if not self._grouped:
                    return self._old_column(name, start, stop)
                return self._column(name, self._node[name], start, stop)
        except (ValueError, TypeError, KeyError, pa.ArrowException) as error:
            raise H5adError(
                f"{self._path}: the column {name!r} of {self._place} can't be read: {error}; expected text, numbers,"
                " booleans or categories. Write the file again without it, or mend it"
            ) from error

    def _old_column(self, name: str, start: int, stop: int) -> pa.Array:
        values = self._node.fields(name)[start:stop]
        if name in self._old_categories:
            return self._categorical(name, values, lambda: self._old_categories[name][()])
        return plain(values)

    def _column(self, name: str, node: Any, start: int, stop: int) -> pa.Array:
        if "categories" in node.attrs:  # anndata 0.7: a reference to __categories
            return self._categorical(name, node[start:stop], lambda: node.file[node.attrs["categories"]][()])
        if not hasattr(node, "keys"):
            return plain(node[start:stop])
        encoding = text_of(node.attrs.get("encoding-type", "no encoding"))
        if encoding == "categorical" or "codes" in node:
            return self._categorical(name, node["codes"][start:stop], lambda: _whole(node["categories"]))
        if encoding.startswith("nullable-"):
            return plain(node["values"][start:stop], node["mask"][start:stop])
        raise ValueError(f"found the encoding {encoding!r}")

    def _categorical(self, name: str, codes: Any, read: Callable[[], Any]) -> pa.Array:
        """Return the values that codes stand for; categories are read once."""
        if name not in self._categories:
            found = read()
            categories = found if isinstance(found, pa.Array) else plain(found)
            no_values = len(categories) == 0
            self._categories[name] = pa.array([], pa.string()) if no_values else categories
        categories = self._categories[name]
        indices = pa.array(codes.astype(np.int32), mask=codes < 0)
        if pa.types.is_string(categories.type):
            return pa.DictionaryArray.from_arrays(indices, categories)
        return categories.take(indices)


def _whole(node: Any) -> Any:
    """Return all values of an array that may have a mask of its own."""
    return plain(node["values"][()], node["mask"][()]) if hasattr(node, "keys") else node[()]


def _length(node: Any) -> int:
    """Return the length of a column."""
    if not hasattr(node, "keys"):
        return len(node)
    return len(node["codes"] if "codes" in node else node["values"])


def plain(values: Any, mask: Any = None) -> pa.Array:
    """Return an Arrow array of a one-dimensional NumPy array as h5py reads it; null where `mask` is true or it is NaN.

    >>> plain(np.array([b"T cell", b""], object)).to_pylist(), plain(np.array([0.5, np.nan])).to_pylist()
    (['T cell', ''], [0.5, None])
    """
    if values.ndim != 1:
        raise ValueError(f"found {values.ndim} dimensions")
    kind = values.dtype.kind
    if kind in "OS":
        return pa.array(values.tolist(), pa.binary(), mask=mask).cast(pa.string())
    if kind == "f":
        values = values.astype(np.float32) if values.dtype.itemsize == 2 else values
        missing = np.isnan(values)
        return pa.array(values, mask=missing if mask is None else missing | mask)
    if kind in "biu":
        return pa.array(values, mask=mask)
    raise ValueError(f"found values of type {values.dtype}")


def text_of(value: Any) -> str:
    """Return text that h5py gave as bytes or as str.

    >>> text_of(b"obs"), text_of("obs")
    ('obs', 'obs')
    """
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
