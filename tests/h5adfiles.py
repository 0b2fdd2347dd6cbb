"""h5ad files written byte by byte as the format's specification has them, in every layout, without anndata."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np


def write_h5ad(
    path: Path,
    matrix: np.ndarray,
    layout: str = "csr",
    *,
    obs: Mapping[str, Any] | None = None,
    var: Mapping[str, Any] | None = None,
    genes: list[str] | None = None,
    raw: np.ndarray | None = None,
    uns: Mapping[str, str] | None = None,
    chunks: Any = True,
) -> Path:
    """Write a file with such a matrix as X. Columns are arrays, or (codes, categories), or (values, mask)."""
    cells, n_genes = matrix.shape
    with h5py.File(path, "w") as file:
        write_matrix(file, "X", matrix, layout, chunks)
        write_frame(file, "obs", [f"cell{number}" for number in range(cells)], obs or {})
        names = genes or [f"G{number}" for number in range(n_genes)]
        write_frame(file, "var", names, var or {})
        if raw is not None:
            write_matrix(file, "raw/X", raw, "csr", chunks)
            write_frame(file, "raw/var", [f"R{number}" for number in range(raw.shape[1])], {})
        for key, text in (uns or {}).items():
            file[f"uns/{key}"] = text
    return path


def write_matrix(file: Any, name: str, matrix: np.ndarray, layout: str, chunks: Any = True) -> None:
    if layout == "dense":
        file.create_dataset(name, data=matrix, chunks=chunks, compression="gzip" if chunks else None)
        return
    group = file.create_group(name)
    group.attrs.update({"encoding-type": f"{layout}_matrix", "encoding-version": "0.1.0", "shape": matrix.shape})
    by_major = matrix if layout == "csr" else matrix.T
    major, minor = np.nonzero(by_major)
    for part, values in (("data", by_major[major, minor]), ("indices", minor.astype(np.int32))):
        group.create_dataset(part, data=values, chunks=chunks, maxshape=(None,))
    group["indptr"] = np.concatenate([[0], np.cumsum(np.count_nonzero(by_major, axis=1))])


def write_frame(file: Any, name: str, index: list[str], columns: Mapping[str, Any]) -> None:
    group = file.create_group(name)
    group.attrs.update({"encoding-type": "dataframe", "encoding-version": "0.2.0", "_index": "_index"})
    group.attrs["column-order"] = np.array(list(columns), dtype=h5py.string_dtype())
    group["_index"] = index
    for column, values in columns.items():
        write_column(group, column, values)


def write_column(group: Any, name: str, values: Any) -> None:
    if not isinstance(values, tuple):
        group[name] = values
        return
    first, second = map(np.asarray, values)
    column = group.create_group(name)
    if second.dtype == bool:
        kind = {"b": "boolean", "U": "string-array", "O": "string-array"}.get(first.dtype.kind, "integer")
        column.attrs["encoding-type"] = f"nullable-{kind}"
        column["values"], column["mask"] = first, second
    else:
        column.attrs["encoding-type"] = "categorical"
        column["codes"] = first.astype(np.int8)
        column["categories"] = second.tolist() if second.dtype.kind == "U" else second
