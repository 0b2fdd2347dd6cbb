"""The gene models: where genes lie, their isoforms, exons and coding sequence. No formats, no files."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal

from genatator_assets.simulate.draws import Purpose, between, from_quantiles, stream
from genatator_assets.simulate.model import Molecule

Strand = Literal["+", "-"]
GeneKind = Literal["coding", "lncrna", "snorna", "pseudogene"]
TranscriptKind = Literal["coding", "retained_intron", "decay", "lncrna", "snorna", "pseudogene"]
Interval = tuple[int, int]

MAX_EXONS = 12
MAX_ISOFORMS = 6

# Every 5 % of a log-normal distribution with a median of 12 kb and sigma 1.4; the ends are at 0.5 % and 99.5 %.
GENE_BP = (
    330, 1_200, 2_000, 2_800, 3_700, 4_700, 5_800, 7_000, 8_400, 10_100, 12_000,
    14_300, 17_100, 20_600, 25_000, 30_900, 39_000, 51_200, 72_200, 120_000, 441_900,
)  # fmt: skip
# The same with a median of 140 bp and sigma 0.6.
EXON_BP = (
    50, 52, 65, 75, 84, 93, 102, 111, 120, 130, 140, 151, 163, 176, 192, 210, 232, 261, 302, 376, 657,
)  # fmt: skip
SNORNA_BP = (70, 300)
# How much shorter than coding genes these are.
SHORTER: dict[GeneKind, int] = {"coding": 1, "lncrna": 2, "pseudogene": 8, "snorna": 1}

LEAST_GENE_BP = 60
LEAST_TRANSCRIPT_BP = 60
LEAST_INTRON_BP = 60
# An exon count of n needs a gene of at least 400 * (n - 1) bp: half of it exons, half introns.
BP_PER_EXON = 400
LONGEST_UNSPLICED_BP = 6_000
LEAST_HOST_BP = 600

# From this length the platform uses a molecule, so it has to have both kinds of transcripts.
BOTH_KINDS_FROM_BP = 100_000
SCAFFOLD_GENES = (1, 4)
# Of every eight genes, this one overlaps an earlier one on the other strand, and that one lies within one.
CYCLE, ANTISENSE, NESTED = 8, 3, 6
# A host is the longest of these many genes: long enough to hold another, and seldom the same twice.
POSSIBLE_HOSTS = 4


@dataclass(frozen=True, slots=True)
class Locus:
    """A gene's place: 0-based half-open, ordered by start."""

    start: int
    end: int
    strand: Strand
    kind: GeneKind

    @property
    def length(self) -> int:
        """The length in bp, introns included."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Transcript:
    """An isoform.

    `exons` are 0-based half-open intervals of the molecule in the order of transcription (falling on the minus
    strand). `coding` counts bases of the spliced transcript from its 5' end, from the start codon to the
    stop codon, both included; it's None if nothing is translated.
    """

    kind: TranscriptKind
    exons: tuple[Interval, ...]
    coding: Interval | None

    @property
    def start(self) -> int:
        """The lowest position."""
        return min(self.exons[0][0], self.exons[-1][0])

    @property
    def end(self) -> int:
        """The position after the highest."""
        return max(self.exons[0][1], self.exons[-1][1])

    @property
    def spliced_length(self) -> int:
        """The bases of all exons together."""
        return sum(end - start for start, end in self.exons)


@dataclass(frozen=True, slots=True)
class Gene:
    """A gene with its isoforms, the one that spans it all first; `number` counts the assembly's genes from 1."""

    number: int
    locus: Locus
    transcripts: tuple[Transcript, ...]


def genes(molecule: Molecule, seed: int, genes_per_mb: float, first_number: int) -> Iterator[Gene]:
    """The molecule's genes, ordered by start; isoforms are made one gene at a time to keep memory flat."""
    random = stream(seed, molecule.index, Purpose.GENES)
    for number, locus in enumerate(_loci(molecule, random, genes_per_mb), first_number):
        yield Gene(number, locus, _isoforms(locus, random))


def _gene_count(molecule: Molecule, random: Random, genes_per_mb: float) -> int:
    if molecule.chromosome is None:
        return between(random, *SCAFFOLD_GENES)
    least = 2 if molecule.length >= BOTH_KINDS_FROM_BP else 1
    return max(least, int(molecule.length * genes_per_mb / 1_000_000 + 0.5))


def _loci(molecule: Molecule, random: Random, genes_per_mb: float) -> list[Locus]:
    window = (molecule.telomere, molecule.length - molecule.telomere)
    loci: list[Locus] = []
    for index in range(_gene_count(molecule, random, genes_per_mb)):
        kind = _kind(random, index)
        host = max(loci[-POSSIBLE_HOSTS:], key=lambda locus: locus.length, default=None)
        if host is not None and host.length >= LEAST_HOST_BP and index % CYCLE == ANTISENSE:
            loci.append(_antisense(random, kind, window, host))
        elif host is not None and host.length >= LEAST_HOST_BP and index % CYCLE == NESTED:
            loci.append(_nested(random, kind, host))
        else:
            loci.append(_anywhere(random, kind, window))
    return sorted(loci, key=lambda locus: (locus.start, locus.end, locus.strand))


def _kind(random: Random, index: int) -> GeneKind:
    if index < 2:
        return "coding" if index == 0 else "lncrna"
    percent = between(random, 0, 100)
    if percent < 65:
        return "coding"
    if percent < 90:
        return "lncrna"
    return "snorna" if percent < 95 else "pseudogene"


def _length(random: Random, kind: GeneKind, available: int) -> int:
    length = between(random, *SNORNA_BP) if kind == "snorna" else from_quantiles(random, GENE_BP)
    return min(max(length // SHORTER[kind], LEAST_GENE_BP), max(available // 4, LEAST_GENE_BP))


def _strand(random: Random) -> Strand:
    return "+" if random.random() < 0.5 else "-"


def _anywhere(random: Random, kind: GeneKind, window: Interval) -> Locus:
    length = _length(random, kind, window[1] - window[0])
    start = between(random, window[0], window[1] - length + 1)
    return Locus(start, start + length, _strand(random), kind)


def _antisense(random: Random, kind: GeneKind, window: Interval, host: Locus) -> Locus:
    """A locus that begins within the host on the other strand, moved back as far as the window demands."""
    length = _length(random, kind, window[1] - window[0])
    start = min(between(random, host.start, host.end), window[1] - length)
    return Locus(start, start + length, "-" if host.strand == "+" else "+", kind)


def _nested(random: Random, kind: GeneKind, host: Locus) -> Locus:
    length = _length(random, kind, host.length)
    start = between(random, host.start, host.end - length + 1)
    return Locus(start, start + length, _strand(random), kind)


def _isoforms(locus: Locus, random: Random) -> tuple[Transcript, ...]:
    blocks = _exon_blocks(random, locus)
    starts, ends = _start_sites(random, blocks), _end_sites(random, blocks)
    found = {tuple(blocks): _transcript(random, locus, locus.kind, blocks)}
    for _ in range(_isoform_count(random, locus.kind) - 1):
        kind = _isoform_kind(random, locus.kind)
        tss, polya = starts[between(random, 0, len(starts))], ends[between(random, 0, len(ends))]
        variant = _spliced_otherwise(random, kind, _clipped(blocks, tss, polya))
        if tuple(variant) not in found and _total(variant) >= LEAST_TRANSCRIPT_BP:
            found[tuple(variant)] = _transcript(random, locus, kind, variant)
    return tuple(found.values())


def _isoform_count(random: Random, kind: GeneKind) -> int:
    if kind == "snorna":
        return 1
    return between(random, 1, MAX_ISOFORMS + 1 if kind == "coding" else 4)


def _isoform_kind(random: Random, kind: GeneKind) -> TranscriptKind:
    if kind != "coding":
        return kind
    percent = between(random, 0, 100)
    if percent < 70:
        return "coding"
    return "retained_intron" if percent < 85 else "decay"


# Blocks are exons as offsets from the gene's 5' end, so that both strands are handled alike.


def _exon_blocks(random: Random, locus: Locus) -> list[Interval]:
    length = locus.length
    count = _exon_count(random, locus)
    if count == 1:
        return [(0, length)]
    longest = length // 2 // count
    sizes = [min(from_quantiles(random, EXON_BP), longest) for _ in range(count)]
    # The last exon holds most of the 3' UTR and is several times as long as the others.
    sizes[-1] = min(sizes[-1] * between(random, 1, 12), longest)
    spare = length - sum(sizes) - LEAST_INTRON_BP * (count - 1)
    cuts = [0, *sorted(between(random, 0, spare + 1) for _ in range(count - 2)), spare]
    blocks = []
    position = 0
    for index, size in enumerate(sizes):
        blocks.append((position, position + size))
        if index < count - 1:
            position += size + LEAST_INTRON_BP + cuts[index + 1] - cuts[index]
    return blocks


def _exon_count(random: Random, locus: Locus) -> int:
    if locus.kind == "snorna":
        return 1
    most = min(MAX_EXONS, 1 + locus.length // BP_PER_EXON)
    least = 2 if locus.length > LONGEST_UNSPLICED_BP else 1
    return between(random, least, most + 1)


def _start_sites(random: Random, blocks: list[Interval]) -> list[int]:
    """The gene's transcription starts: its end first, then up to two more in the first half of the exons."""
    half = blocks[: (len(blocks) + 1) // 2]
    return [0, *(_site(random, half, 10, 40) for _ in range(between(random, 0, 3)))]


def _end_sites(random: Random, blocks: list[Interval]) -> list[int]:
    """The gene's polyA sites: its end first, then up to two more in the last half of the exons."""
    half = blocks[len(blocks) // 2 :]
    return [blocks[-1][1], *(_site(random, half, 60, 90) for _ in range(between(random, 0, 3)))]


def _site(random: Random, blocks: list[Interval], low_percent: int, high_percent: int) -> int:
    start, end = blocks[between(random, 0, len(blocks))]
    return start + (end - start) * between(random, low_percent, high_percent) // 100


def _clipped(blocks: list[Interval], tss: int, polya: int) -> list[Interval]:
    return [(max(start, tss), min(end, polya)) for start, end in blocks if start < polya and end > tss]


def _spliced_otherwise(random: Random, kind: TranscriptKind, blocks: list[Interval]) -> list[Interval]:
    if kind == "retained_intron" and len(blocks) > 1:
        left = between(random, 0, len(blocks) - 1)
        return [*blocks[:left], (blocks[left][0], blocks[left + 1][1]), *blocks[left + 2 :]]
    last = len(blocks) - 1
    # A sixth of the inner exons is skipped; the outer ones hold the isoform's TSS and polyA site.
    return [block for index, block in enumerate(blocks) if index in {0, last} or random.random() >= 1 / 6]


def _total(blocks: list[Interval]) -> int:
    return sum(end - start for start, end in blocks)


def _transcript(random: Random, locus: Locus, kind: TranscriptKind, blocks: list[Interval]) -> Transcript:
    if locus.strand == "+":
        exons = [(locus.start + start, locus.start + end) for start, end in blocks]
    else:
        exons = [(locus.end - end, locus.end - start) for start, end in blocks]
    return Transcript(kind, tuple(exons), _coding(random, kind, _total(blocks)))


def _coding(random: Random, kind: TranscriptKind, length: int) -> Interval | None:
    if kind not in {"coding", "decay"}:
        return None
    # Nonsense-mediated decay follows from a stop codon far before the end.
    low, high = (55, 86) if kind == "coding" else (40, 61)
    start = length * between(random, 8, 26) // 100
    end = length * between(random, low, high) // 100
    return start, start + (end - start) // 3 * 3
