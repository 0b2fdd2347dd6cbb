"""How rare is what channels mark: their bases above 0, by the index or, where there is none, counted in the targets."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from genatator_assets.gene_finding.channels import CHANNELS
from genatator_assets.tracks.runs import Positions
from genatator_assets.work.layout import Layout
from genatator_assets.work.tables import read_table

if TYPE_CHECKING:
    from genatator_assets.reading.dataset import Dataset


def positive_share(dataset: "Dataset", channels: Sequence[int]) -> npt.NDArray[np.float64]:
    """Return the share of bases above 0 in each channel, float64 [C]."""
    positive, bases = _counted(dataset, channels)
    return positive / bases


def pos_weight(dataset: "Dataset", channels: Sequence[int]) -> npt.NDArray[np.float32]:
    """Return how many bases of 0 there are for each above 0, float32 [C]; as if there were one if there is none."""
    positive, bases = _counted(dataset, channels)
    return ((bases - positive) / np.maximum(positive, 1)).astype(np.float32)


def _counted(dataset: "Dataset", channels: Sequence[int]) -> tuple[Positions, int]:
    """Return the bases above 0 in each channel, int64 [C], and all bases."""
    chromosomes = dataset.chromosomes()
    bases = sum(one.length for one in chromosomes)
    indexed = _by_index(dataset, bases) if max(channels, default=0) < len(CHANNELS) else None
    if indexed is not None:
        return indexed[list(channels)], bases
    counts = np.zeros(len(channels), np.int64)
    for chromosome in chromosomes:
        for stretch in dataset.store.runs(chromosome, channels):
            counts += np.array([runs.positive for runs in stretch], np.int64)
    return counts, bases


def _by_index(dataset: "Dataset", bases: int) -> Positions | None:
    """Return them of all channels; None if there is no index of just these chromosomes, or an older one."""
    index = Layout(dataset.store.origin).index
    if not index.is_file():
        return None
    blocks = read_table(index)
    if "target_positive" not in blocks.column_names:
        return None
    wanted = {(one.genome, one.chrom) for one in dataset.chromosomes()}
    places = zip(blocks["genome"].to_pylist(), blocks["chrom"].to_pylist(), strict=True)
    own = blocks.filter(pa.array([place in wanted for place in places], pa.bool_()))
    if sum(own["end"].to_pylist()) - sum(own["start"].to_pylist()) != bases:
        return None
    counts: Positions = np.array(own["target_positive"].to_pylist(), np.int64).sum(axis=0)
    return counts
