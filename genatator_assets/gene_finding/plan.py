"""The plan: what a build will make of a catalogue, counted from the lengths of the sequences, before it is built."""

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.values import SPLITS, Split
from genatator_assets.gene_finding.blocks.contract import block_starts
from genatator_assets.gene_finding.section import gene_finding_of
from genatator_assets.sources.chromosomes import Chromosome, chromosomes_of

# Measured by benchmarks/plan_estimates.py: see docs/benchmarks.md.
SEQUENCE_BYTES_PER_NT = 1.02
TARGET_BYTES_PER_NT = 0.003
BLOCK_BYTES_PER_NT = 0.34
PREPARED_NT_PER_S = 60e6
BUILT_NT_PER_S = 25e6
CHROMOSOME_S = 0.03
START_S = 8.0


@dataclass(frozen=True)
class Amount:
    """What chromosomes come to. Lengths are in bp, the standard deviation is the population's."""

    chromosomes: int
    blocks: int
    nt: int
    mean_bp: float
    std_bp: float
    min_bp: int
    max_bp: int


@dataclass(frozen=True)
class GenomePlan:
    """What is planned of one genome.

    `chromosomes` are all its sequences, included or not; `splits` has an amount for each split that any of them is in,
    and `left_out` counts the others by reason (`excluded`, `too_short`).
    """

    chromosomes: tuple[Chromosome, ...]
    splits: Mapping[Split, Amount]
    left_out: Mapping[str, int]


@dataclass(frozen=True)
class Estimate:
    """About what a build takes: bytes under the root by kind, and seconds."""

    sequence_bytes: int
    target_bytes: int
    block_bytes: int
    seconds: float

    @property
    def bytes(self) -> int:
        """All of them together."""
        return self.sequence_bytes + self.target_bytes + self.block_bytes


def plan_genome(catalogue: Catalogue, genome: str, lengths: Mapping[str, int]) -> GenomePlan:
    """Plan a genome from the lengths of its sequences (name -> bp, in its FASTA file's order).

    Raises:
        CatalogueError: a rule names a sequence that isn't there or isn't included, or nothing is included.
    """
    chromosomes = chromosomes_of(catalogue, genome, lengths)
    left_out = Counter(chromosome.reason for chromosome in chromosomes if chromosome.reason is not None)
    return GenomePlan(tuple(chromosomes), amounts_of(chromosomes, gene_finding_of(catalogue).block_size_bp), left_out)


def amounts_of(chromosomes: Iterable[Chromosome], block_size_bp: int) -> dict[Split, Amount]:
    """Return what the included ones of these chromosomes come to in each split that any is in, in the splits' order."""
    lengths: dict[Split, list[int]] = {split: [] for split in SPLITS}
    for chromosome in chromosomes:
        if chromosome.split is not None:
            lengths[chromosome.split].append(chromosome.length)
    return {split: _amount(of_split, block_size_bp) for split, of_split in lengths.items() if of_split}


def totals_of(plans: Iterable[GenomePlan], block_size_bp: int) -> dict[Split, Amount]:
    """Return what the chromosomes of all these genomes come to in each split."""
    return amounts_of(chain.from_iterable(plan.chromosomes for plan in plans), block_size_bp)


def estimate(plans: Iterable[GenomePlan], workers: int) -> Estimate:
    """Estimate what building these genomes from nothing takes, by rates that were measured on one machine.

    Preparing goes on one core, and copies sequences that are left out too; building goes on `workers` cores. What is
    fetched or simulated first is not counted. Annotations denser than mammals' make larger blocks, and slower.
    """
    chromosomes = [chromosome for plan in plans for chromosome in plan.chromosomes]
    imported = sum(chromosome.length for chromosome in chromosomes)
    included = [chromosome.length for chromosome in chromosomes if chromosome.included]
    built = sum(included)
    return Estimate(
        sequence_bytes=round(imported * SEQUENCE_BYTES_PER_NT),
        target_bytes=round(built * TARGET_BYTES_PER_NT),
        block_bytes=round(built * BLOCK_BYTES_PER_NT),
        seconds=START_S
        + imported / PREPARED_NT_PER_S
        + len(included) * CHROMOSOME_S
        + built / (BUILT_NT_PER_S * workers),
    )


def _amount(lengths: Sequence[int], block_size_bp: int) -> Amount:
    nt = sum(lengths)
    return Amount(
        chromosomes=len(lengths),
        blocks=sum(len(block_starts(length, block_size_bp)) for length in lengths),
        nt=nt,
        mean_bp=nt / len(lengths),
        std_bp=statistics.pstdev(lengths),
        min_bp=min(lengths),
        max_bp=max(lengths),
    )
