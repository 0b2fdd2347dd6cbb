"""bedGraph of channels, and BED6 of sites and intragenic intervals. 0-based half-open; sorted as `LC_ALL=C sort -k1,1
-k2,2n` sorts."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.gene_finding.channels import CHANNELS
from genatator_assets.reading.along import chromosomes_by_name, runs_along
from genatator_assets.reading.channels import EVERY, Channels, channel_numbers, contract_numbers
from genatator_assets.reading.dataset import Dataset
from genatator_assets.reading.exports.common import file_name
from genatator_assets.reading.sites import sites_of
from genatator_assets.work.files import whole_file


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
        names = [file_name(genome, dataset.split, f"{EVERY.names[number]}.bedGraph") for number in numbers]
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
        DatasetError: a file of the dataset is damaged; or sites can't be derived from blocks, whose peaks are flat.
        OSError: a file can't be written.
    """
    wanted = [CHANNELS[number] for number in contract_numbers(channels)]
    written = []
    for genome in dataset.genomes:
        places = sites_of(dataset, genome, wanted)
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
