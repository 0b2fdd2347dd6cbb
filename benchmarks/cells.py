"""Cell sentences from a made h5ad file: cells per CPU second and peak memory, ours beside an in-memory loop.

    python benchmarks/cells.py [--cells 20000] [--genes 5000] [--layouts csr,plain,csc,dense] [--growth 1000000]

The made file has multinomial counts, some 650 expressed genes a cell, 200 donors in blocks of cells, and 25 stages in
turn. The loop, with anndata and NumPy, reads the whole file, ranks each cell by a stable argsort, joins the symbols and
writes nothing; ours is all steps from the file to finished chunks. Where the package cell2sentence is installed, its
`generate_sentences` runs beside. Each runs in a process of its own, whose imports count. A worker's memory is that of a
process that builds all chunks, or sorts a CSC matrix by rows, as a pool's do.

`--growth` builds files of more and more cells up to that number, made of the same cells again and again.
"""

from __future__ import annotations

import argparse
import json
import pickle
import resource
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import h5py
import numpy as np

SEED = 20_261_128
COUNTS = 880
DONORS = 200
STAGES = [f"HsapDv:{number:07d}" for number in range(115, 140)]
PACKED = {"compression": "gzip"}


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--cells", type=int, default=20_000)
    options.add_argument("--genes", type=int, default=5_000)
    options.add_argument("--layouts", default="csr,plain,csc,dense")
    options.add_argument("--growth", type=int, default=0)
    options.add_argument("--run", nargs=3)
    given = options.parse_args()
    if given.run:
        step, path, root = given.run
        print(json.dumps(STEPS[step](Path(path), Path(root)) | used()))
        return
    with tempfile.TemporaryDirectory() as folder:
        counts = Counts.drawn(given.cells, given.genes)
        print(f"{given.cells:,} cells x {given.genes:,} genes, {len(counts.values) / given.cells:.0f} expressed a cell")
        for layout in given.layouts.split(","):
            counts.write(path := Path(folder) / f"{layout}.h5ad", layout)
            if layout == "csr":
                report("loop", run("loop", path, Path(folder)), path)
                if find_spec("cell2sentence"):
                    report("cell2sentence", run("cell2sentence", path, Path(folder)), path)
            measure(f"ours, {layout}", path)
        cells = given.cells
        while cells < given.growth:
            cells = min(4 * cells, given.growth)
            counts.write(path := Path(folder) / "grown.h5ad", "csr", cells)
            measure(f"ours, {cells:,} cells", path)


def measure(what: str, path: Path) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent) as root:
        done = run("ours", path, Path(root))
        peaks = [run(step, path, Path(root))["mb"] for step in ("sorter", "worker")]
        report(what, done | {"mb": max(peaks)}, path)


def run(step: str, path: Path, root: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, "--run", step, str(path), str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{step}: {done.stderr}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def report(what: str, told: dict[str, Any], path: Path) -> None:
    rate, size = told["cells"] / told["cpu_s"], path.stat().st_size / 1e6
    print(
        f"{what:22s} {told['cpu_s']:7.2f} CPU s {rate:8,.0f} cells/CPU-s {told['mb']:6,.0f} MB  (file: {size:,.0f} MB)"
    )


def used() -> dict[str, float]:
    spent = resource.getrusage(resource.RUSAGE_SELF)
    # Not ru_maxrss, which begins with the memory of the process that started this one.
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return {"cpu_s": spent.ru_utime + spent.ru_stime, "mb": int(peak.split()[1]) / 1_000}


def ours(path: Path, root: Path) -> dict[str, Any]:
    """Do all stages of the part in this process, and leave the tasks of its chunks for a worker."""
    from genatator_assets.cells.part import PART
    from genatator_assets.parts import validate

    catalogue = validate({"dataset": "made", "cells": {"datasets": [{"path": path, "name": "made"}]}})
    cells = 0
    for stage in PART.stages:
        for task in stage.tasks(catalogue, root, ["made"] if stage.partitions else [""]).by_key.values():
            outcomes = stage.build(stage.pieces(task) if stage.pieces else [task])
            if stage.pieces and stage.join:
                if stage.assets[0].name == "cell_chunks":
                    (root / "tasks").write_bytes(pickle.dumps(stage.pieces(task)))
                    cells = task.cells
                outcomes.append(stage.join(task, outcomes))
            assert not any(outcome.error for outcome in outcomes), outcomes
    return {"cells": cells}


def sorter(_path: Path, root: Path) -> dict[str, Any]:
    """Sort the matrix by rows again, if it is in CSC."""
    from genatator_assets.cells.chunks import row_source
    from genatator_assets.sources.h5ad import open_h5ad

    recipe = pickle.loads((root / "tasks").read_bytes())[0].recipe
    with open_h5ad(recipe.path) as file:
        row_source(file, recipe)
    return {}


def worker(_path: Path, root: Path) -> dict[str, Any]:
    """Build all chunks again, as a process of a pool does: it imports no more than that."""
    from genatator_assets.cells.chunks import build_chunks

    tasks = pickle.loads((root / "tasks").read_bytes())
    shutil.rmtree(root / "cells" / "made")
    assert not any(outcome.error for outcome in build_chunks(tasks))
    return {}


def loop(path: Path, _root: Path) -> dict[str, Any]:
    """The sentences that somebody would make in a notebook."""
    import anndata

    data = anndata.read_h5ad(path)
    symbols, matrix = data.var["feature_name"].to_numpy(), data.X
    sentences = []
    for start, end in zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True):
        order = np.argsort(-matrix.data[start:end], kind="stable")[:2_000]
        sentences.append(" ".join(symbols[matrix.indices[start:end][order]]))
    return {"cells": len(sentences)}


def cell2sentence(path: Path, _root: Path) -> dict[str, Any]:
    """The sentences of cell2sentence, from a file that is read as a whole; nothing is written."""
    import anndata
    from cell2sentence.utils import generate_sentences

    data = anndata.read_h5ad(path)
    return {"cells": len(generate_sentences(data, dict.fromkeys(data.var["feature_name"])))}


class Counts:
    """Drawn counts in CSR, and the h5ad files made of them."""

    def __init__(self, values: Any, genes: Any, pointers: Any, n_genes: int) -> None:
        self.values, self.genes, self.pointers, self.n_genes = values, genes, pointers, n_genes

    @classmethod
    def drawn(cls, cells: int, n_genes: int) -> Counts:
        random = np.random.default_rng(SEED)
        share = random.gamma(0.3, 1, n_genes)
        share /= share.sum()
        drawn = [random.multinomial(COUNTS, share) for _ in range(cells)]
        genes = [np.flatnonzero(counts).astype(np.int32) for counts in drawn]
        values = [counts[which].astype(np.float32) for counts, which in zip(drawn, genes, strict=True)]
        return cls(np.concatenate(values), np.concatenate(genes), pointers_of(map(len, genes)), n_genes)

    def write(self, path: Path, layout: str, cells: int = 0) -> None:
        """Write a file of these cells, or of more: they come again from the first on."""
        there = len(self.pointers) - 1
        cells = cells or there
        with h5py.File(path, "w") as file:
            file.attrs.update({"encoding-type": "anndata", "encoding-version": "0.1.0"})
            self._write_matrix(file, layout, cells, -(-cells // there))
            rows = np.arange(cells)
            frame(file, "obs", [f"cell{row}" for row in rows])
            categories(file["obs"], "donor_id", rows // 100 % DONORS, [f"D{number:03d}" for number in range(DONORS)])
            stage = "development_stage_ontology_term_id"
            categories(file["obs"], stage, rows % len(STAGES), STAGES)
            categories(file["obs"], "organism", rows * 0, ["Homo sapiens"])
            categories(file["obs"], "tissue", rows % 3, ["blood", "liver", "lung"])
            frame(file, "var", [f"ENSG{99_000_000_000 + gene}" for gene in range(self.n_genes)])
            file["var"]["feature_name"] = [f"GENE{gene}" for gene in range(self.n_genes)]
            ordered(file["obs"])
            ordered(file["var"])

    def _write_matrix(self, file: Any, layout: str, cells: int, times: int) -> None:
        packed = {} if layout == "plain" else PACKED
        if layout == "dense":
            stored = file.create_dataset("X", (cells, self.n_genes), np.float32, chunks=(1_250, 157), **PACKED)
            for start in range(0, cells, 1_250):
                stored[start : start + 1_250] = self._dense(start, min(start + 1_250, cells))
            return
        group = file.create_group("X")
        kind = "csc" if layout == "csc" else "csr"
        about = {"encoding-type": f"{kind}_matrix", "encoding-version": "0.1.0", "shape": (cells, self.n_genes)}
        group.attrs.update(about)
        pointers, indices, values = self.pointers, self.genes, self.values
        if kind == "csc":
            order = np.argsort(indices, kind="stable")
            rows = np.repeat(np.arange(cells, dtype=np.int32), np.diff(pointers))
            pointers, indices, values = (
                pointers_of(np.bincount(indices, minlength=self.n_genes)),
                rows[order],
                values[order],
            )
        parts = {"data": values, "indices": indices}
        end = (
            int(pointers[cells % (len(pointers) - 1)]) if cells % (len(pointers) - 1) and kind == "csr" else len(values)
        )
        size = (times - 1) * len(values) + end
        for name, part in parts.items():
            stored = group.create_dataset(name, (size,), part.dtype, chunks=True, **packed)
            for start in range(0, size, len(part)):
                stored[start : start + len(part)] = part[: size - start]
        if kind == "csr":
            pointers = pointers_of(np.tile(np.diff(pointers), times)[:cells])
        group.create_dataset("indptr", data=pointers, **packed)

    def _dense(self, start: int, end: int) -> Any:
        block = np.zeros((end - start, self.n_genes), np.float32)
        inside = slice(self.pointers[start], self.pointers[end])
        rows = np.repeat(np.arange(end - start), np.diff(self.pointers[start : end + 1]))
        block[rows, self.genes[inside]] = self.values[inside]
        return block


def pointers_of(counts: Any) -> Any:
    return np.concatenate([[0], np.cumsum(np.fromiter(counts, np.int64))])


def frame(file: Any, name: str, index: list[str]) -> None:
    group = file.create_group(name)
    group.attrs.update({"encoding-type": "dataframe", "encoding-version": "0.2.0", "_index": "_index"})
    group["_index"] = index


def ordered(group: Any) -> None:
    """Say in which order the columns of a table stand, as anndata needs it."""
    group.attrs["column-order"] = [name for name in group if name != "_index"]


def categories(group: Any, name: str, codes: Any, names: list[str]) -> None:
    column = group.create_group(name)
    about = {"encoding-type": "categorical", "encoding-version": "0.2.0", "ordered": False}
    column.attrs.update(about)
    column["codes"] = codes.astype(np.int16)
    column["categories"] = names


STEPS = {"loop": loop, "cell2sentence": cell2sentence, "ours": ours, "sorter": sorter, "worker": worker}

if __name__ == "__main__":
    main()
