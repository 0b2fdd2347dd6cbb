"""Masks: what is to be left out so that the judged splits stay unseen, as BED that readers apply; blocks stay."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.leakage.kmers import Hashes
from genatator_assets.leakage.lookup import OFTEN, HomologTask, count_homologs
from genatator_assets.leakage.report import Judging, scratch
from genatator_assets.leakage.section import HoldOut
from genatator_assets.leakage.sketch import Copies, read_sketch, union
from genatator_assets.leakage.stretches import Stretches
from genatator_assets.leakage.windows import Grid, shares
from genatator_assets.sources.chromosomes import Chromosome
from genatator_assets.tracks.runs import merge
from genatator_assets.work.layout import Layout

MASK_SCHEMA = pa.schema(
    [
        ("genome", pa.string()),
        ("chrom", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("score", pa.float64()),
    ]
)
"""A row per masked window: the share of its k-mers that occur on the other side."""


def masked_windows(judging: Judging, hold_out: HoldOut, windows: pa.Table) -> pa.Table:
    """Return the windows that `hold_out` masks (MASK_SCHEMA): of train, or of the judged splits if those are dropped.

    windows: the report's, of the judged splits. Sketches of all chromosomes are finished.
    """
    if hold_out.drop == "test":
        wanted = pc.and_(windows["judged"], pc.greater_equal(windows["score"], hold_out.threshold))
        if hold_out.of is not None:
            wanted = pc.and_(wanted, pc.equal(windows["genome"], hold_out.of))
        if hold_out.chromosomes is not None:
            wanted = pc.and_(wanted, pc.is_in(windows["chrom"], pa.array(hold_out.chromosomes)))
        return windows.filter(wanted).select(MASK_SCHEMA.names).cast(MASK_SCHEMA)
    return pa.concat_tables([MASK_SCHEMA.empty_table(), *_of_train(judging, hold_out)])


def _of_train(judging: Judging, hold_out: HoldOut) -> Iterator[pa.Table]:
    layout = Layout(judging.root)
    held = [
        one
        for one in judging.judged
        if hold_out.of in (None, one.genome) and (hold_out.chromosomes is None or one.chrom in hold_out.chromosomes)
    ]
    with scratch(judging.root) as folder, ThreadPoolExecutor(judging.threads) as threads:
        sketches = {one: read_sketch(layout.sketch(one.genome, one.chrom)) for one in held}
        np.save(sketch := folder / "held_out.npy", union(hashes for hashes, _ in sketches.values()))
        np.save(often := folder / "often.npy", _repeats(sketches))
        tasks = {
            one: HomologTask(
                Stretches(judging.root, one.genome, one.chrom, one.length),
                judging.kmers,
                judging.unmasked(one.genome),
                judging.rules.window_bp,
                sketch,
                often if judging.counts_repeats(one.genome) else None,
            )
            for one in judging.train
        }
        for one, (sampled, shared) in zip(tasks, threads.map(count_homologs, tasks.values()), strict=True):
            yield _table(judging, one, shares(shared, sampled, judging.rules.min_samples), hold_out.threshold)


def _repeats(sketches: Mapping[Chromosome, tuple[Hashes, Copies]]) -> Hashes:
    """Return the hashes that occur more than OFTEN times in a genome."""
    repeats = []
    for genome in dict.fromkeys(one.genome for one in sketches):
        own = [sketch for one, sketch in sketches.items() if one.genome == genome]
        hashes, copies = np.concatenate([of for of, _ in own]), np.concatenate([of for _, of in own])
        order = np.argsort(hashes, kind="stable")
        first = np.flatnonzero(np.append(True, np.diff(hashes[order]) != 0)[: len(order)])
        total = np.add.reduceat(copies[order].astype(np.int64), first) if len(first) else first
        repeats.append(hashes[order][first][total > OFTEN])
    return union(repeats)


def _table(judging: Judging, one: Chromosome, score: npt.NDArray[np.float64], threshold: float) -> pa.Table:
    grid = Grid(one.length, judging.rules.window_bp)
    over = np.nan_to_num(score) >= threshold
    count = int(over.sum())
    columns = [[one.genome] * count, [one.chrom] * count, grid.starts[over], grid.ends[over], score[over]]
    return pa.table(columns, schema=MASK_SCHEMA)


def bed_lines(masked: pa.Table) -> Iterator[str]:
    """Return masked windows as BED, those that touch joined; column 4 is the genome."""
    for keys in masked.select(["genome", "chrom"]).group_by(["genome", "chrom"]).aggregate([]).to_pylist():
        rows = masked.filter(
            pc.and_(pc.equal(masked["genome"], keys["genome"]), pc.equal(masked["chrom"], keys["chrom"]))
        )
        start, end = merge(rows["start"].to_numpy(), rows["end"].to_numpy())
        for first, last in zip(start.tolist(), end.tolist(), strict=True):
            yield f"{keys['chrom']}\t{first}\t{last}\t{keys['genome']}"
