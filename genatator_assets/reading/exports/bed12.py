"""BED12 of the selected transcripts: exons as blocks, coding sequence as the thick part. 0-based half-open."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow as pa

from genatator_assets.reading.along import chromosomes_by_name, selected_models
from genatator_assets.reading.dataset import Dataset
from genatator_assets.reading.exports.common import file_name
from genatator_assets.work.files import whole_file

_NO_NAME = str.maketrans(dict.fromkeys("\t\n\r ", "_"))


def write_bed12(dataset: Dataset, folder: str | Path) -> list[Path]:
    """Write <genome>[.<split>].transcripts.bed into a folder, sorted as `LC_ALL=C sort -k1,1 -k2,2n` sorts.

    The name is the transcript's id, with _ for blanks; score and colour are 0. Blocks are its exons or, where the
    annotation has none, the transcript itself; as the format demands, the first block begins at chromStart and the last
    ends at chromEnd. [thickStart, thickEnd) goes from the first to the last coding base, stop codon included; without
    coding sequence both are chromStart.

    Raises:
        DatasetError: the dataset has no transcripts, or a file of it is damaged.
        OSError: a file can't be written.
    """
    written = []
    for genome in dataset.genomes:
        transcripts, exons = selected_models(dataset, genome)
        order = {one.chrom: place for place, one in enumerate(chromosomes_by_name(dataset, genome))}
        rows = sorted(_rows(transcripts, exons), key=lambda row: (order[row[0]], *row[1:4]))
        path = Path(folder) / file_name(genome, dataset.split, "transcripts.bed")
        with whole_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines("\t".join(map(str, row)) + "\n" for row in rows)
        written.append(path)
    return written


def _rows(transcripts: pa.Table, exons: pa.Table) -> Iterator[tuple[Any, ...]]:
    ordered = exons.sort_by([("transcript", "ascending"), ("start", "ascending")]).to_pylist()
    parts = {place: list(own) for place, own in groupby(ordered, key=itemgetter("transcript"))}
    for place, row in enumerate(transcripts.select(["chrom", "start", "end", "strand", "transcript_id"]).to_pylist()):
        own = parts.get(place)
        blocks = [(exon["start"], exon["end"]) for exon in own] if own else [(row["start"], row["end"])]
        start, end = blocks[0][0], blocks[-1][1]
        coding = [(exon["cds_start"], exon["cds_end"]) for exon in own or () if exon["cds_start"] is not None]
        thick = (coding[0][0], coding[-1][1]) if coding else (start, start)
        sizes = "".join(f"{last - first}," for first, last in blocks)
        starts = "".join(f"{first - start}," for first, _ in blocks)
        name = row["transcript_id"].translate(_NO_NAME)
        yield row["chrom"], start, end, name, 0, row["strand"], *thick, 0, len(blocks), sizes, starts
