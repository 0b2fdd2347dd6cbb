"""The labels of one transcript by their plain definition, base by base: sets of positions, no intervals."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from genatator_assets.annotation.plainly import Parts

Labels = npt.NDArray[np.uint8]

_PAIRS = str.maketrans("ACGT", "TGCA")


@dataclass(frozen=True)
class Row:
    """A transcript as its row must say: [start, end) of `chrom`, 0-based half-open. `seqid` and `row_id` are the
    annotation's names; `ends` is whether its coding sequence has its end."""

    metadata: str
    seqid: str
    row_id: str
    chrom: str
    start: int
    end: int
    strand: str
    coding: bool
    status: int
    ends: bool


def labels_of(row: Row, parts: Parts, dna: str, *, add_stop: bool, genome_orientation: bool) -> Labels:
    """Return the labels of a transcript, uint8 [L, 5]: 5UTR, exon, intron, 3UTR, CDS."""
    labels = np.zeros((row.end - row.start, 5), np.uint8)
    exon, coding = (np.zeros(len(labels), bool) for _ in range(2))
    _mark(exon, row, parts.exons or [*parts.coding, *parts.untranslated])
    if row.coding:
        _mark(coding, row, parts.coding)
        coding &= exon
        if add_stop and row.ends:
            _add_stop(row.strand, exon, coding, dna)
    labels[:, 1], labels[:, 2], labels[:, 4] = exon, ~exon, coding
    if coding.any():
        positions, bases = np.arange(len(labels)), np.flatnonzero(coding)
        before, behind = exon & (positions < bases[0]), exon & (positions > bases[-1])
        turned = row.strand == "-" and not genome_orientation
        labels[:, 0], labels[:, 3] = (behind, before) if turned else (before, behind)
    return labels


def _mark(bases: npt.NDArray[np.bool_], row: Row, stretches: Iterable[tuple[int, int, str]]) -> None:
    for start, end, strand in stretches:
        if strand == row.strand and row.start <= start and end <= row.end:
            bases[start - row.start : end - row.start] = True


def _add_stop(strand: str, exon: npt.NDArray[np.bool_], coding: npt.NDArray[np.bool_], dna: str) -> None:
    """Add the three exonic bases behind the coding ones, if they are a stop codon."""
    exonic = np.flatnonzero(exon) if strand == "+" else np.flatnonzero(exon)[::-1]
    last = np.flatnonzero(coding[exonic])[-1]
    following = exonic[last + 1 : last + 4]
    codon = "".join(dna[base] for base in following)
    if (codon if strand == "+" else codon.translate(_PAIRS)) in ("TAA", "TAG", "TGA"):
        coding[following] = True
