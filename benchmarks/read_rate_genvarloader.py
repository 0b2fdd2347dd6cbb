"""Windows by GenVarLoader, in an environment of its own (`pip install genvarloader`): started by read_rate.py.

    python read_rate_genvarloader.py FASTA WINDOWS.bed BIGWIG ...

Prints JSON: seconds of a core for a window of DNA and all tracks, read in batches.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import genvarloader as gvl
import numpy as np

BATCH, ROUNDS = 8, 5


def main() -> None:
    fasta, bed, *bigwigs = map(Path, sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        tracks = [gvl.BigWigs(f"track{number:02}", {"sample": str(path)}) for number, path in enumerate(bigwigs)]
        gvl.write(Path(folder) / "windows.gvl", bed, tracks=tracks)
        first, last = map(int, bed.read_text().splitlines()[0].split("\t")[1:3])
        opened = gvl.Dataset.open(Path(folder) / "windows.gvl", reference=fasta)
        opened = opened.with_seqs("reference").with_tracks([track.name for track in tracks]).with_len(last - first)
        places = np.random.default_rng(1).permutation(opened.n_regions)
        batches = [places[first : first + BATCH] for first in range(0, len(places) - BATCH + 1, BATCH)]
        dna, values = opened[batches[0], 0]  # compiles what is to be compiled
        assert dna.size == BATCH * (last - first), dna.shape
        assert values.size == BATCH * len(bigwigs) * (last - first), values.shape
        seconds = []
        for _ in range(ROUNDS):
            begun = time.process_time()
            for batch in batches:
                opened[batch, 0]
            seconds.append((time.process_time() - begun) / len(batches) / BATCH)
        print(json.dumps([float(np.median(seconds)), float(values.sum(dtype=np.float64))]))


if __name__ == "__main__":
    main()
