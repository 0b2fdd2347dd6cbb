"""A dataset chromosome by chromosome: their order, the runs along one, and a genome's selected transcripts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.errors import DatasetError
from genatator_assets.reading.store import Chromosome
from genatator_assets.tracks.runs import Runs, join_stretches
from genatator_assets.work.layout import Layout

if TYPE_CHECKING:
    from genatator_assets.reading.dataset import Dataset


def chromosomes_by_name(dataset: Dataset, genome: str) -> list[Chromosome]:
    """Return a genome's chromosomes by the bytes of their names, as `LC_ALL=C sort` and UCSC's tools want them."""
    return sorted(dataset.chromosomes(genome=genome), key=lambda one: one.chrom.encode())


def runs_along(dataset: Dataset, chromosome: Chromosome, channels: Sequence[int]) -> Iterator[tuple[Runs, ...]]:
    """Return the runs of channels along a chromosome, stretch by stretch, however the dataset is kept: each is as long
    as it can be."""
    return join_stretches(dataset.store.runs(chromosome, channels), len(channels))


def selected_transcripts(dataset: Dataset, genome: str) -> pa.Table | None:
    """Return the selected transcripts on a genome's chromosomes that are in `dataset`; None where none are kept."""
    transcripts = dataset.store.transcripts(genome)
    if transcripts is None:
        return None
    chroms = pa.array([one.chrom for one in dataset.chromosomes(genome=genome)], pa.string())
    return transcripts.filter(pc.and_(transcripts["selected"], pc.is_in(transcripts["chrom"], chroms)))


def selected_models(dataset: Dataset, genome: str) -> tuple[pa.Table, pa.Table]:
    """Return the same with their exons, which name their transcript by its place among the selected ones.

    Raises:
        DatasetError: the dataset has no transcripts.
    """
    transcripts, origin = dataset.store.transcripts(genome), dataset.store.origin
    if transcripts is None:
        raise DatasetError(
            f"{origin} has no transcripts of {genome}: blocks alone don't have them; expected"
            f" {Layout(origin).transcripts(genome)}, which a root and a release have"
        )
    chroms = pa.array([one.chrom for one in dataset.chromosomes(genome=genome)], pa.string())
    rows = pc.indices_nonzero(pc.and_(transcripts["selected"], pc.is_in(transcripts["chrom"], chroms)))
    exons = dataset.store.exons(genome)
    place = pc.index_in(exons["transcript"], rows.cast(pa.int32()))
    own = exons.set_column(0, exons.schema.field("transcript"), place).filter(pc.is_valid(place))
    return transcripts.take(rows), own
