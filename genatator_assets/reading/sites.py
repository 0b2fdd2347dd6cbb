"""Where sites and intragenic intervals are: by the selected transcripts, or by the targets where there are none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.errors import DatasetError
from genatator_assets.gene_finding.channels import CHANNELS, Channel
from genatator_assets.reading.along import chromosomes_by_name, runs_along, selected_transcripts
from genatator_assets.tracks.runs import ranges
from genatator_assets.work.layout import Layout

if TYPE_CHECKING:
    from genatator_assets.reading.dataset import Dataset

_BED = pa.schema([("chrom", pa.string()), ("start", pa.int64()), ("end", pa.int64()), ("name", pa.string())])


def sites_of(dataset: Dataset, genome: str, wanted: Sequence[Channel]) -> dict[Channel, pa.Table]:
    """Return the sites or intervals of channels, as rows of BED without score and strand, in no order.

    A site is one base, where the peak stands; of blocks without their transcripts, a base whose value is 1.

    Raises:
        DatasetError: sites can't be derived from blocks, whose peaks are flat.
    """
    transcripts = selected_transcripts(dataset, genome)
    of_runs = [channel for channel in wanted if channel.kind == "intragenic" or transcripts is None]
    places = _by_runs(dataset, genome, of_runs)
    return places | {channel: _by_transcripts(transcripts, channel) for channel in wanted if channel not in places}


def _by_transcripts(transcripts: pa.Table, channel: Channel) -> pa.Table:
    """Return the distinct first or last bases of the transcripts that a channel is painted from."""
    wanted = pc.equal(transcripts["strand"], channel.strand)
    if channel.group == "mrna":
        wanted = pc.and_(wanted, pc.equal(transcripts["type"], "mRNA"))
    own = transcripts.filter(wanted)
    at_start = (channel.kind == "tss") == (channel.strand == "+")
    sites = pa.table({"chrom": own["chrom"], "start": own["start"] if at_start else pc.subtract(own["end"], 1)})
    sites = sites.group_by(["chrom", "start"]).aggregate([])
    return _bed(channel, sites["chrom"], sites["start"], pc.add(sites["start"], 1))


def _by_runs(dataset: Dataset, genome: str, wanted: Sequence[Channel]) -> dict[Channel, pa.Table]:
    """Return the runs of intragenic channels, and for other channels the bases whose value is 1."""
    pieces: dict[Channel, list[pa.Table]] = {channel: [_BED.empty_table()] for channel in wanted}
    flat, peaks = True, False
    for chromosome in chromosomes_by_name(dataset, genome) if wanted else []:
        for stretch in runs_along(dataset, chromosome, [CHANNELS.index(channel) for channel in wanted]):
            for channel, runs in zip(wanted, stretch, strict=True):
                start, end = runs.start, runs.end
                if channel.kind != "intragenic":
                    flat, peaks = flat and bool(np.all(runs.value == 1)), peaks or len(start) > 0
                    start = ranges(*(edges[runs.value == 1] for edges in (start, end - start)))
                    end = start + 1
                pieces[channel].append(_bed(channel, pa.repeat(chromosome.chrom, len(start)), start, end))
    if peaks and flat:
        raise DatasetError(
            f"{dataset.store.origin}: the sites of {genome} can't be derived from blocks: all values of its peaks are"
            f" 1; expected its transcripts, too, at {Layout(dataset.store.origin).transcripts(genome)}"
        )
    return {channel: pa.concat_tables(tables) for channel, tables in pieces.items()}


def _bed(channel: Channel, chrom: Any, start: Any, end: Any) -> pa.Table:
    return pa.table([chrom, start, end, pa.repeat(channel.name, len(start))], schema=_BED)
