"""What targets are painted from: the distinct TSS and polyA sites and the intragenic unions of selected transcripts."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.gene_finding.channels import GROUPS, Group
from genatator_assets.tracks.runs import STRANDS, Positions, Strand


@dataclass(frozen=True, eq=False)
class StrandLandmarks:
    """Landmarks of one chromosome, group and strand, all in 0-based coordinates of the chromosome.

    `tss` and `polya` int64 [sites]: distinct positions, ascending. `starts` and `ends` int64 [unions]: disjoint
    half-open intervals, ascending.
    """

    tss: Positions
    polya: Positions
    starts: Positions
    ends: Positions


Landmarks = Mapping[tuple[Group, Strand], StrandLandmarks]
"""Of one chromosome; every group and strand is there, empty where nothing is."""


def landmarks_of(transcripts: pa.Table, lengths: Mapping[str, int]) -> dict[str, Landmarks]:
    """Return the landmarks of chromosomes, name -> length in bp, from a genome's transcripts, of the selected ones.

    All chromosomes are laid end to end, with a gap between, so that one call of pyranges serves them all: its cost
    goes by the number of chromosomes, which is thousands in a draft assembly.
    """
    sizes = np.array([length + 1 for length in lengths.values()], np.int64)
    bounds = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
    selected, numbers = _selected(transcripts, lengths)
    offsets = bounds[numbers]
    laid_out = _LaidOut(
        selected["start"].to_numpy() + offsets,
        selected["end"].to_numpy() + offsets,
        selected["strand"].to_numpy(zero_copy_only=False),
        pc.equal(selected["type"], "mRNA").to_numpy(),
    )
    cuts = {
        (group, strand): _cut(_strand_landmarks(laid_out, group, strand), bounds)
        for group in GROUPS
        for strand in STRANDS
    }
    return {chrom: {key: pieces[number] for key, pieces in cuts.items()} for number, chrom in enumerate(lengths)}


def selected_hashes(transcripts: pa.Table, chroms: Collection[str]) -> dict[str, str]:
    """Return the SHA-256 of the selected transcripts on each of these chromosomes: of start, end, strand and whether it
    is mRNA, which is all that landmarks come from, in the order of these."""
    selected, numbers = _selected(transcripts, chroms)
    rows = np.stack(
        [
            selected["start"].to_numpy(),
            selected["end"].to_numpy(),
            pc.equal(selected["strand"], "+").to_numpy(),
            pc.equal(selected["type"], "mRNA").to_numpy(),
        ],
        axis=1,
    ).astype("<i8")
    rows = rows[order := np.lexsort((*rows.T[::-1], numbers))]
    cuts = np.searchsorted(numbers[order], np.arange(len(chroms) + 1))
    return {
        chrom: hashlib.sha256(rows[cuts[number] : cuts[number + 1]].tobytes()).hexdigest()
        for number, chrom in enumerate(chroms)
    }


def begins_of(transcripts: pa.Table, chroms: Collection[str]) -> dict[str, Positions]:
    """Return where the selected transcripts of each of these chromosomes begin: their TSS, each as often as it occurs,
    ascending."""
    selected, numbers = _selected(transcripts, chroms)
    forward = pc.equal(selected["strand"], "+").to_numpy()
    begins = np.where(forward, selected["start"].to_numpy(), selected["end"].to_numpy() - 1)
    order = np.lexsort((begins, numbers))
    begins, cuts = begins[order], np.searchsorted(numbers[order], np.arange(len(chroms) + 1))
    return {chrom: begins[cuts[number] : cuts[number + 1]] for number, chrom in enumerate(chroms)}


def _selected(transcripts: pa.Table, chroms: Collection[str]) -> tuple[pa.Table, Positions]:
    """Return the selected transcripts on these chromosomes, and the number of the chromosome of each."""
    names = pa.array(list(chroms), pa.string())
    selected = transcripts.filter(pc.and_(transcripts["selected"], pc.is_in(transcripts["chrom"], names)))
    return selected, pc.index_in(selected["chrom"], names).to_numpy().astype(np.int64)


@dataclass(frozen=True, eq=False)
class _LaidOut:
    """Transcripts of all chromosomes, laid end to end."""

    start: Positions
    end: Positions
    strand: npt.NDArray[np.object_]
    mrna: npt.NDArray[np.bool_]


def _strand_landmarks(laid_out: _LaidOut, group: Group, strand: Strand) -> StrandLandmarks:
    wanted = (laid_out.strand == strand) & (laid_out.mrna if group == "mrna" else True)
    start, end = laid_out.start[wanted], laid_out.end[wanted]
    first, last = np.unique(start), np.unique(end - 1)
    tss, polya = (first, last) if strand == "+" else (last, first)
    return StrandLandmarks(tss, polya, *_unions(start, end))


def _unions(start: Positions, end: Positions) -> tuple[Positions, Positions]:
    if not len(start):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    import pandas as pd  # noqa: PLC0415 - it and pyranges take half a second, and workers need neither
    import pyranges as pr  # noqa: PLC0415

    merged = pr.PyRanges(pd.DataFrame({"Chromosome": "genome", "Start": start, "End": end})).merge().df
    return merged["Start"].to_numpy(np.int64), merged["End"].to_numpy(np.int64)


def _cut(whole: StrandLandmarks, bounds: Positions) -> list[StrandLandmarks]:
    """Cut landmarks of chromosomes laid end to end into those of each chromosome."""
    cut_tss, cut_polya = np.searchsorted(whole.tss, bounds), np.searchsorted(whole.polya, bounds)
    cut_unions = np.searchsorted(whole.starts, bounds)
    pieces = []
    for number, offset in enumerate(bounds[:-1]):
        unions = slice(cut_unions[number], cut_unions[number + 1])
        pieces.append(
            StrandLandmarks(
                whole.tss[cut_tss[number] : cut_tss[number + 1]] - offset,
                whole.polya[cut_polya[number] : cut_polya[number + 1]] - offset,
                whole.starts[unions] - offset,
                whole.ends[unions] - offset,
            )
        )
    return pieces
