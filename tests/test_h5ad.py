"""h5ad files in: obs, var and the matrix, in every layout that anndata has written, and what is said of broken ones."""

import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from h5adfiles import write_column, write_h5ad, write_matrix
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from genatator_assets.errors import H5adError, MissingExtraError
from genatator_assets.sources.h5ad import Rows, open_h5ad
from genatator_assets.sources.h5ad import dense as dense_module
from genatator_assets.sources.h5ad import matrix as matrix_module
from genatator_assets.sources.h5ad.spill import spill

COUNTS = np.array([[0, 3, 0, 1], [0, 0, 0, 0], [5, 0, 2.5, 0], [1, 1, 1, 1], [0, 0, 7, 0]], np.float32)


def filled(pieces: Any, n_genes: int) -> np.ndarray:
    """Rows as a dense array, as the docstring of `Rows` defines them; their genes must ascend."""
    rows = []
    for piece in pieces:
        assert isinstance(piece, Rows)
        for start, end in zip(piece.offsets[:-1], piece.offsets[1:], strict=True):
            genes = piece.genes[start:end]
            assert (np.diff(genes) > 0).all()
            row = np.zeros(n_genes)
            row[genes] = piece.values[start:end]
            rows.append(row)
    return np.array(rows).reshape(-1, n_genes)


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut what is read at once so that small matrices have many pieces, strips, bands, runs and buckets."""
    monkeypatch.setattr(matrix_module, "PIECE", 7)
    monkeypatch.setattr("genatator_assets.sources.h5ad.spill.PIECE", 5)
    monkeypatch.setattr("genatator_assets.sources.h5ad.spill._RUN", 9)
    monkeypatch.setattr(dense_module, "_STRIP_BYTES", 24)
    monkeypatch.setattr(dense_module, "_ROWS_AT_ONCE", 2)


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("layout", ["csr", "csc", "spilled", "dense", "contiguous"])
def test_any_rows_of_any_matrix_in_any_layout(layout: str, tmp_path: Path) -> None:
    kind = {"spilled": "csc", "contiguous": "dense"}.get(layout, layout)
    number = count()

    @settings(max_examples=40)
    @given(
        arrays.arrays(
            st.sampled_from([np.float32, np.float64, np.uint16]),
            arrays.array_shapes(min_dims=2, max_dims=2, max_side=12),
            elements=st.integers(0, 9),
            fill=st.just(0),
        ),
        st.data(),
    )
    def check(matrix: np.ndarray, data: st.DataObject) -> None:
        rows = matrix.shape[0]
        wanted = np.array(sorted(data.draw(st.sets(st.integers(0, rows - 1)))), np.int64)
        chunks: Any = None if layout == "contiguous" else (min(3, rows), min(5, matrix.shape[1]))
        path = write_h5ad(tmp_path / "x.h5ad", matrix, kind, chunks=chunks if kind == "dense" else (4,))
        with open_h5ad(path) as file:
            found = file.matrix()
            assert (found.layout, found.shape) == (kind, matrix.shape)
            source = spill(found, tmp_path / "spill", str(next(number))) if layout == "spilled" else found
            assert np.array_equal(filled(source.rows(wanted), matrix.shape[1]), matrix[wanted])

    check()


def test_a_spill_of_the_same_matrix_is_not_made_again(tmp_path: Path) -> None:
    path = write_h5ad(tmp_path / "x.h5ad", COUNTS, "csc")
    with open_h5ad(path) as file:
        first = spill(file.matrix(), tmp_path / "spill", "key")
        made = (tmp_path / "spill" / "values").stat().st_mtime_ns
        assert spill(file.matrix(), tmp_path / "spill", "key") == first
        assert (tmp_path / "spill" / "values").stat().st_mtime_ns == made
        spill(file.matrix(), tmp_path / "spill", "another")
        assert (tmp_path / "spill" / "values").stat().st_mtime_ns != made


def test_genes_of_a_row_come_in_order(tmp_path: Path) -> None:
    path = write_h5ad(tmp_path / "x.h5ad", COUNTS)
    with h5py.File(path, "a") as file:  # row 3 holds all four genes, at 4 to 8
        file["X/indices"][4:8] = [2, 0, 3, 1]
        file["X/data"][4:8] = [30, 10, 40, 20]
    with open_h5ad(path) as file:
        (row,) = filled(file.matrix().rows(np.array([3])), 4)
    assert row.tolist() == [10, 20, 30, 40]


def test_large_hdf5_chunks_are_kept_between_slices(tmp_path: Path) -> None:
    """The cache holds a chunk of any size, whose slices would else be decompressed one by one."""
    path = write_h5ad(tmp_path / "x.h5ad", np.ones((700, 500), np.float32), chunks=(350_000,))
    with open_h5ad(path) as file:
        stored = file.matrix()._parts[1]
        assert stored.id.get_access_plist().get_chunk_cache()[1] >= 350_000 * 4


EXPECTED_TYPES = {
    "n_umi": pa.int64(),
    "passed": pa.bool_(),
    "score": pa.float64(),
    "small": pa.int8(),
    "big": pa.uint64(),
    "f32": pa.float32(),
}


def test_columns_of_obs_keep_types_and_nulls(cell_fixtures: Path) -> None:
    expected = pq.read_table(cell_fixtures / "expected" / "obs_types.obs.parquet")
    with open_h5ad(cell_fixtures / "input" / "obs_types.h5ad") as file:
        assert file.obs.index().to_pylist() == expected["cell_id"].to_pylist()
        for name in file.obs.names:
            column = file.obs.column(name)
            told = expected[f"obs_{name}" if name in ("age", "dataset_id") else name]
            assert column.to_pylist() == told.to_pylist(), name
            assert file.obs.column(name, 7, 9).to_pylist() == told.to_pylist()[7:9], name
        assert {name: file.obs.column(name).type for name in EXPECTED_TYPES} == EXPECTED_TYPES
        assert file.obs.column("emptycat").null_count == 60


def test_layouts_of_old_anndata(cell_fixtures: Path, data: Path) -> None:
    with open_h5ad(cell_fixtures / "input" / "anndata_v0.7.0.h5ad") as file:
        assert file.matrices == ("X", "raw", "layers/array", "layers/sparse")
        assert file.obs.names == ("obs_cat", "cat_ordered", "int64", "float64", "uint8")
        assert pa.types.is_dictionary(file.obs.column("obs_cat").type)
        assert file.matrix("raw").shape == (30, 40)
        assert file.genes("raw").length == 40
    with open_h5ad(data / "h5ad" / "10x_pbmc68k_reduced.h5ad") as file:  # 0.5: obs is a compound dataset
        assert file.matrices == ("X", "raw")
        assert file.obs.index(0, 1).to_pylist() == ["AAAGCCTGGCTAAC-1"]
        assert file.obs.column("bulk_labels", 0, 2).to_pylist() == ["CD14+ Monocyte", "Dendritic"]
        assert file.obs.column("n_genes", 0, 2).to_pylist() == [1003, 1080]
        assert file.matrix("raw").layout == "csr"


def test_columns_of_other_kinds(tmp_path: Path) -> None:
    columns = {
        "nothing": ([-1, -1, -1, -1, -1], np.array([], float)),
        "numbers": ([1, 0, -1, 1, 1], np.array([10, 20])),
        "maybe": (np.array(["a", "", "b", "", "a"], dtype=object), np.array([False, False, False, True, False])),
        "fixed": np.array([b"a", b"bc", b"", b"d", b"e"]),
        "half": np.array([1, 2, np.nan, 4, 5], np.float16),
    }
    path = write_h5ad(tmp_path / "x.h5ad", COUNTS, obs=columns)
    with open_h5ad(path) as file:
        read = {name: file.obs.column(name) for name in file.obs.names}
    assert read["nothing"].to_pylist() == [None] * 5
    assert read["numbers"].to_pylist() == [20, 10, None, 20, 20]
    assert read["maybe"].to_pylist() == ["a", "", "b", None, "a"]
    assert read["fixed"].to_pylist() == ["a", "bc", "", "d", "e"]
    assert read["half"].to_pylist() == [1, 2, None, 4, 5]
    assert read["half"].type == pa.float32()


def test_texts_of_uns(cell_fixtures: Path) -> None:
    with open_h5ad(cell_fixtures / "input" / "11111111-1111-4111-8111-111111111111.h5ad") as file:
        assert (file.uns("schema_version"), file.uns("no such key")) == ("5.2.0", None)
        assert str(file.uns("citation")).startswith("Publication: https://doi.org/10.1000/made.0001")


Damage = Callable[[h5py.File], None]


def _set(name: str, values: Any) -> Damage:
    def damage(file: h5py.File) -> None:
        del file[name]
        file[name] = values

    return damage


def _unreadable_column(file: h5py.File) -> None:
    file["obs/strange"] = np.zeros((5, 2))


def _not_utf8(file: h5py.File) -> None:
    write_column(file["obs"], "latin", np.array([b"caf\xe9"] * 5))


def _zstandard(file: h5py.File) -> None:
    del file["X/data"]
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_chunk((8,))
    properties.set_filter(32_015, h5py.h5z.FLAG_OPTIONAL)
    h5py.h5d.create(file["X"].id, b"data", h5py.h5t.NATIVE_FLOAT, h5py.h5s.create_simple((9,)), properties)


DAMAGES = {
    "no obs": (lambda file: file.pop("obs"), "found no 'obs', expected an h5ad file"),
    "no index": (lambda file: file["obs"].pop("_index"), "obs has no index"),
    "an encoding of others": (
        lambda file: file["X"].attrs.update({"encoding-type": "coo_matrix"}),
        "X is stored as 'coo_matrix'; expected a dense matrix, csr_matrix or csc_matrix",
    ),
    "another number of cells": (_set("obs/_index", ["a"]), "X is 5 x 4, but there are 1 cells in obs"),
    "pointers too few": (_set("X/indptr", [0, 8]), "9 values, 9 indices and 2 pointers for 5 x 4; the file is damaged"),
    "pointers that descend": (_set("X/indptr", [0, 5, 2, 4, 8, 9]), "X/indptr does not ascend"),
    "a gene too far": (_set("X/indices", [1, 3, 0, 2, 0, 1, 2, 9, 2]), "X has the index 9, expected less than 4"),
    "a value twice": (
        _set("X/indices", [1, 3, 0, 2, 0, 1, 1, 3, 2]),
        r"two values for cell 3 and gene 1 \(counted from 0\); add them up \(sum_duplicates\)",
    ),
    "zstd without its plugin": (_zstandard, "/X/data is compressed with Zstandard.*pip install hdf5plugin"),
    "a column with two dimensions": (_unreadable_column, "column 'strange' of obs can't be read: found 2 dimensions"),
    "a column not in UTF-8": (_not_utf8, "column 'latin' of obs can't be read"),
    "a column that is named but missing": (
        lambda file: file["obs"].attrs.update({"column-order": ["gone"]}),
        "obs lacks its columns gone",
    ),
}


def read_all(path: Path) -> None:
    with open_h5ad(path) as file:
        for name in file.obs.names:
            file.obs.column(name)
        list(file.matrix().rows(np.arange(5)))


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_said_of_damage(damage: str, tmp_path: Path) -> None:
    path = write_h5ad(tmp_path / "x.h5ad", COUNTS)
    done, message = DAMAGES[damage]
    with h5py.File(path, "a") as opened:
        done(opened)
    with pytest.raises(H5adError, match=message) as raised:
        read_all(path)
    assert str(path) in str(raised.value)


def test_truncated_and_other_files(tmp_path: Path) -> None:
    path = write_h5ad(tmp_path / "x.h5ad", np.random.default_rng(1).random((200, 50)))
    path.write_bytes(path.read_bytes()[:-10_000])
    text = tmp_path / "text.h5ad"
    text.write_text("not HDF5")
    for bad in (path, text):
        with pytest.raises(H5adError, match=f"{bad}: not a readable HDF5 file"), open_h5ad(bad):
            pass


def test_damaged_bytes_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.h5ad"
    write_h5ad(path, np.random.default_rng(1).random((300, 50)))
    with h5py.File(path, "a") as file:
        values = file["X/data"][()]
        del file["X/data"]
        file["X"].create_dataset("data", data=values, chunks=(1_000,), compression="gzip", fletcher32=True)
        where = file["X/data"].id.get_chunk_info(3)
    content = bytearray(path.read_bytes())
    content[where.byte_offset + 50] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(H5adError, match=r"X can't be read .*; the file is damaged"), open_h5ad(path) as file:
        list(file.matrix().rows(np.arange(300)))


def test_a_matrix_that_is_not_there(cell_fixtures: Path) -> None:
    with open_h5ad(cell_fixtures / "input" / "anndata_v0.11.4.h5ad") as file:
        assert file.matrices == ()
        with pytest.raises(H5adError, match="no matrix 'X'; it has no X and no raw/X"):
            file.matrix()
    scaled = cell_fixtures / "input" / "scaled_with_raw.h5ad"
    with pytest.raises(H5adError, match="no matrix 'layers/counts'; it has X, raw"), open_h5ad(scaled) as file:
        file.matrix("layers/counts")


def test_layers_are_matrices_of_var(tmp_path: Path) -> None:
    path = write_h5ad(tmp_path / "x.h5ad", COUNTS)
    with h5py.File(path, "a") as file:
        write_matrix(file, "layers/counts", 2 * COUNTS, "csc")
    with open_h5ad(path) as file:
        assert file.matrices == ("X", "layers/counts")
        assert np.array_equal(filled(file.matrix("layers/counts").rows(np.arange(5)), 4), 2 * COUNTS)


def test_without_h5py(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    advice = r"pip install 'genatator-assets\[cells\]'"
    with pytest.raises(MissingExtraError, match=advice), open_h5ad(tmp_path / "x.h5ad"):
        pass
