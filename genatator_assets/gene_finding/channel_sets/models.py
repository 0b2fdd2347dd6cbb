"""The transcripts that channel sets are painted from: those with a whole model, all or one of each gene."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.annotation.structure import structure_of
from genatator_assets.annotation.transcripts import read_exons, read_transcripts
from genatator_assets.gene_finding.channel_sets.paint import Model
from genatator_assets.gene_finding.section import Isoforms
from genatator_assets.sources.sequence import read_dna
from genatator_assets.tracks.runs import Positions
from genatator_assets.work.layout import Layout

_READ_BP = 5_000_000


class Models:
    """The transcripts of a genome, read once for all of its chromosomes."""

    def __init__(self, layout: Layout, genome: str, isoforms: Isoforms) -> None:
        """Read the tables of transcripts and exons."""
        transcripts = read_transcripts(layout, genome)
        self._count = len(transcripts)
        self._exons = read_exons(layout, genome)
        numbered = transcripts.append_column("transcript", pa.array(np.arange(self._count), pa.int32()))
        wanted = pc.equal(numbered["segmentation_reason"], "selected")
        if isoforms == "representative":
            wanted = pc.and_(wanted, numbered["representative"])
        columns = ["chrom", "start", "end", "strand", "type", "cds_complete_5", "transcript"]
        self._table = numbered.filter(wanted).select(columns)

    def of_chromosome(self, chrom: str, length: int) -> Model:
        """Return those of one chromosome of `length` bp."""
        table = self._table.filter(pc.equal(self._table["chrom"], chrom)).combine_chunks()
        begun = pc.fill_null(table["cds_complete_5"], False).to_numpy()
        exons = self._exons
        if len(table):  # they stand in the order of transcripts
            first, last = (table["transcript"][place].as_py() for place in (0, len(table) - 1))
            edges = np.searchsorted(exons["transcript"].to_numpy(), [first, last + 1])
            exons = exons.slice(edges[0], edges[1] - edges[0])
        return Model(structure_of(table, exons, self._count), begun, length)


class Bases:
    """The bases of a chromosome at single positions; the file is read some millions at a time."""

    def __init__(self, fasta: Path, chrom: str, length: int) -> None:
        """Read `chrom`, of `length` bp, from a file on this machine's disk."""
        self._fasta, self._chrom, self._length = fasta, chrom, length

    def at(self, positions: Positions) -> npt.NDArray[np.uint8]:
        """Return the letters at ascending positions: uint8 [positions]."""
        letters = np.empty(len(positions), np.uint8)
        for start in range(0, self._length, _READ_BP):
            first, last = np.searchsorted(positions, [start, start + _READ_BP])
            if first < last:
                begin, end = int(positions[first]), int(positions[last - 1]) + 1
                text = read_dna(self._fasta, self._chrom, begin, end).encode("ascii")
                letters[first:last] = np.frombuffer(text, np.uint8)[positions[first:last] - begin]
        return letters
