"""Twenty full-size blocks, released and loaded by the code of the card: `make slow`.

Too slow for every run of the tests: 10 GB are written to disk. Each way runs in a process of its own, so that its peak
of memory is its own; what it read is compared with the index.
"""

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import datasets
import numpy as np
import pyarrow.parquet as pq

from genatator_assets.release import release
from genatator_assets.work.layout import Layout

CATALOGUE = """
dataset: twenty-blocks
assemblies:
  - genome: sim-big
    species: Simulata magna
    simulate: {seed: 7, total_bp: 205_000_000, chromosomes: 1, short_scaffolds: 0, flavour: refseq}
"""
FULL_BLOCK_BP = 10_000_000
WAYS = {"kept on disk": r"writer_batch_size=\d+", "streamed": "streaming=True", "one by pyarrow": "import pyarrow"}


def main() -> None:
    if len(sys.argv) == 3:
        load(Path(sys.argv[1]), sys.argv[2])
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = build(Path(scratch))
        print(f"{'way':<20}{'blocks':>8}{'seconds':>10}{'CPU s':>8}{'peak GB':>10}{'cache GB':>10}")
        for way in WAYS:
            environment = {**os.environ, "HF_HOME": f"{scratch}/{way}", "HF_HUB_OFFLINE": "1"}
            subprocess.run([sys.executable, __file__, folder, way], env=environment, check=True)


def build(scratch: Path) -> Path:
    """Build and release a dataset with at least twenty blocks of 10,000,000 bp."""
    (scratch / "catalogue.yaml").write_text(CATALOGUE)
    paths = ["--catalogue", scratch / "catalogue.yaml", "--root", scratch / "root"]
    command = [sys.executable, "-m", "genatator_assets.cli", "build", *paths]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    folder = release(Layout(scratch / "root")).folder
    full = sum(end - start == FULL_BLOCK_BP for start, end in sums_of(folder))
    assert full >= 20, f"{full} full blocks"
    return folder


def sums_of(folder: Path) -> dict[tuple[int, int], list[float]]:
    """What the index says: the sum of each channel, by start and end of the block."""
    rows = pq.ParquetFile(folder / "dataset" / "blocks.parquet").read().to_pylist()
    return {(row["start"], row["end"]): row["target_sum"] for row in rows}


def load(folder: Path, way: str) -> None:
    """Run the card's code for one way, and compare every row that it gives with the index."""
    os.chdir(folder)
    sums = sums_of(folder)
    seen = []

    def compare(metadata: dict, targets: np.ndarray) -> None:
        place = metadata["start"], metadata["end"]
        np.testing.assert_allclose(targets.sum(axis=0, dtype=np.float64), sums[place], rtol=1e-9)
        seen.append(place)

    snippets = re.findall(r"```python\n(.*?)```", Path("README.md").read_text(), re.DOTALL)
    (wanted,) = (code for code in snippets if re.search(WAYS[way], code) and "columns=" not in code)
    names = {"DATASET": str(folder), "load_dataset": datasets.load_dataset, "compare": compare}
    began, used = time.perf_counter(), time.process_time()
    exec(wanted.replace("    break\n", "    compare(metadata, targets)\n"), names)
    seconds, used = time.perf_counter() - began, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    for row in names.get("dataset", {"train": ()})["train"]:
        values = row["targets"].combine_chunks().flatten().flatten().to_numpy()
        compare(json.loads(row["metadata"][0].as_py()), values.reshape(-1, 12))
    if not seen:  # one block by pyarrow
        compare(json.loads(names["block"]["metadata"][0].as_py()), names["targets"])
    cache = sum(path.stat().st_size for path in Path(os.environ["HF_HOME"]).rglob("*.arrow")) / 1e9
    print(f"{way:<20}{len(seen):>8}{seconds:>10.1f}{used:>8.1f}{peak:>10.2f}{cache:>10.2f}", flush=True)
    assert len(seen) == (1 if way == "one by pyarrow" else len(sums))


if __name__ == "__main__":
    main()
