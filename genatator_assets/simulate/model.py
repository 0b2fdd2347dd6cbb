"""What is simulated: the user's `Simulation` and the molecules (names, lengths) that follow from it."""

from dataclasses import dataclass
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from genatator_assets.simulate.draws import Purpose, between, stream

Flavour = Literal["gencode", "refseq", "ensembl"]

ASSEMBLY = "SIM1"
SPECIES = "Simulata exempli"
# The mean, not the least: the smallest chromosome of a karyotype is at least a third of the mean.
MEAN_CHROMOSOME_BP = 1_000
SCAFFOLD_BP = (2_000, 20_001)
TELOMERE_BP = 10_000


class Simulation(BaseModel):
    """An assembly to simulate. Equal simulations give byte-identical files on every machine.

    The flavour changes names and file format only: the same seed and sizes give the same DNA and the same
    gene models in all three flavours.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(ge=0, description="The root of all random numbers.")
    total_bp: int = Field(default=2_000_000, ge=1_000, description="The chromosomes' lengths together, in bp.")
    chromosomes: int = Field(default=3, ge=1, le=1_000, description="The number of chromosomes.")
    short_scaffolds: int = Field(
        default=2, ge=0, description="Scaffolds of 2-20 kb each, written after the chromosomes, beyond total_bp."
    )
    genes_per_mb: float = Field(default=20, gt=0, le=1_000, description="Genes per million bp of chromosome.")
    flavour: Flavour = Field(description="Whose names and annotation format to imitate.")

    @model_validator(mode="after")
    def _chromosomes_are_long_enough(self) -> Self:
        if self.total_bp < self.chromosomes * MEAN_CHROMOSOME_BP:
            raise ValueError(
                f"total_bp={self.total_bp} is too little for chromosomes={self.chromosomes}: they need "
                f"{MEAN_CHROMOSOME_BP} bp each on average; use total_bp >= "
                f"{self.chromosomes * MEAN_CHROMOSOME_BP} or chromosomes <= {self.total_bp // MEAN_CHROMOSOME_BP}"
            )
        return self


@dataclass(frozen=True, slots=True)
class Molecule:
    """A chromosome or a short scaffold; `index` counts all of them from 0 in the order of the files."""

    index: int
    name: str
    description: str
    length: int
    chromosome: str | None

    @property
    def telomere(self) -> int:
        """The length in bp of the unknown (N) stretch at either end; genes keep out of it."""
        return 0 if self.chromosome is None else max(1, min(TELOMERE_BP, self.length // 100))


def molecules(simulation: Simulation) -> tuple[Molecule, ...]:
    """The chromosomes, longest first, then the scaffolds."""
    lengths = _chromosome_lengths(simulation.total_bp, simulation.chromosomes)
    chromosomes = [_chromosome(simulation, index, length) for index, length in enumerate(lengths)]
    first = simulation.chromosomes
    scaffolds = [_scaffold(simulation, first, number) for number in range(1, simulation.short_scaffolds + 1)]
    return (*chromosomes, *scaffolds)


def _chromosome_lengths(total: int, count: int) -> list[int]:
    # The ratio follows the count so that the last is about a fifth of the first, as in man (chr21 to chr1),
    # for 24 chromosomes as for 1,000. Only exact arithmetic: no power function of the machine's libm.
    ratio = 1 - 1.6 / (count + 1)
    weights = [1.0]
    for _ in range(count - 1):
        weights.append(weights[-1] * ratio)
    whole = sum(weights)
    lengths = [int(total * weight / whole) for weight in weights]
    lengths[0] += total - sum(lengths)
    return lengths


def _chromosome(simulation: Simulation, index: int, length: int) -> Molecule:
    number = str(index + 1)
    match simulation.flavour:
        case "gencode":
            name, description = f"chr{number}", number
        case "ensembl":
            name = number
            description = f"dna_sm:chromosome chromosome:{ASSEMBLY}:{name}:1:{length}:1 REF"
        case "refseq":
            name = f"NC_{900_000 + (simulation.seed * 1_000 + index + 1) % 100_000:06d}.1"
            description = f"{SPECIES} chromosome {number}, simulated"
    return Molecule(index, name, description, length, chromosome=number)


def _scaffold(simulation: Simulation, chromosomes: int, number: int) -> Molecule:
    index = chromosomes + number - 1
    length = between(stream(simulation.seed, index, Purpose.LENGTH), *SCAFFOLD_BP)
    match simulation.flavour:
        case "gencode":
            name = f"chrUn_sim{number:04d}"
            description = f"sim{number:04d}"
        case "ensembl":
            name = f"KI{number:08d}.1"
            description = f"dna_sm:scaffold scaffold:{ASSEMBLY}:{name}:1:{length}:1 REF"
        case "refseq":
            name = f"NW_{900_000_000 + simulation.seed % 1_000 * 100_000 + number:09d}.1"
            description = f"{SPECIES} unplaced genomic scaffold sim{number:04d}, simulated"
    return Molecule(index, name, description, length, chromosome=None)
