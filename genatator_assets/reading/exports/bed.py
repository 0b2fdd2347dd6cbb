"""bedGraph of channels, and BED6 of sites and intragenic intervals. 0-based half-open; sorted as `LC_ALL=C sort -k1,1
-k2,2n` sorts."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.errors import DatasetError
from genatator_assets.gene_finding.channels import CHANNELS, Channel
from genatator_assets.reading.channels import Channels, channel_numbers
from genatator_assets.reading.dataset import Dataset
from genatator_assets.reading.exports.common import chromosomes_by_name, file_name, runs_along, selected_transcripts
from genatator_assets.tracks.runs import ranges
from genatator_assets.work.files import whole_file
from genatator_assets.work.layout import Layout

_BED = pa.schema([("chrom", pa.string()), ("start", pa.int64()), ("end", pa.int64()), ("name", pa.string())])


def write_bedgraph(dataset: Dataset, folder: str | Path, channels: Channels = "all") -> list[Path]:
    """Write <genome>[.<split>].<channel>.bedGraph into a folder: chrom, start, end, value, without zeros.

    Raises:
        ReadingError: there is no such channel.
        DatasetError: a file of the dataset is damaged.
        OSError: a file can't be written.
    """
    numbers = channel_numbers(channels)
    written: list[Path] = []
    for genome in dataset.genomes:
        names = [file_name(genome, dataset.split, f"{CHANNELS.names[number]}.bedGraph") for number in numbers]
        paths = [Path(folder) / name for name in names]
        with ExitStack() as stack:
            files = [stack.enter_context(_text(stack.enter_context(whole_file(path)))) for path in paths]
            for chromosome in chromosomes_by_name(dataset, genome):
                for stretch in runs_along(dataset, chromosome, numbers):
                    for file, runs in zip(files, stretch, strict=True):
                        _write_lines(file, chromosome.chrom, runs.start, runs.end, runs.value)
        written += paths
    return written


def write_bed(dataset: Dataset, folder: str | Path, channels: Channels = "all") -> list[Path]:
    """Write BED6 into a folder, both strands in one file: <genome>[.<split>].primary_tss.bed, and the like for
    primary_polya, intragenic_regions and, of mRNA only, mrna_tss, mrna_polya and mrna_intragenic_regions.

    A site is one base, where the peak stands; name is the channel, score 0. Of blocks without their transcripts,
    sites are the bases whose value is 1.

    Raises:
        ReadingError: there is no such channel.
        DatasetError: a file of the dataset is damaged; or sites can't be told from blocks, whose peaks are flat.
        OSError: a file can't be written.
    """
    wanted = [CHANNELS[number] for number in channel_numbers(channels)]
    written = []
    for genome in dataset.genomes:
        places = _places(dataset, genome, wanted)
        for what in dict.fromkeys(channel.stem for channel in wanted):
            path = Path(folder) / file_name(genome, dataset.split, f"{what}.bed")
            own = pa.concat_tables([places[channel] for channel in wanted if channel.stem == what])
            own = own.sort_by([(name, "ascending") for name in ("chrom", "start", "end", "name")])
            strand = pc.utf8_slice_codeunits(own["name"], -1)
            with whole_file(path) as temporary, _text(temporary) as file:
                _write_lines(file, own["chrom"], own["start"], own["end"], own["name"], "0", strand)
            written.append(path)
    return written


def _text(path: Path) -> TextIO:
    return path.open("w", encoding="utf-8", newline="\n")


def _write_lines(file: TextIO, *columns: Any) -> None:
    """Write rows with tabs between; a column is an array, or a text that stands in every row."""
    texts = [column if isinstance(column, str) else pc.cast(pa.array(column), pa.string()) for column in columns]
    file.writelines(f"{line}\n" for line in pc.binary_join_element_wise(*texts, "\t").to_pylist())


def _places(dataset: Dataset, genome: str, wanted: Sequence[Channel]) -> dict[Channel, pa.Table]:
    """Return the sites or intervals of channels, as rows of BED without score and strand, in no order."""
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
    """Return the runs of intragenic channels and, of others, the bases whose value is 1."""
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
