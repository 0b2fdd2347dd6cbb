"""Writing a simulated assembly: a FASTA and an annotation file in a folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from genatator_assets.simulate.formats import FORMATS, Format
from genatator_assets.simulate.genes import genes
from genatator_assets.simulate.model import Molecule, Simulation, molecules
from genatator_assets.simulate.sequence import fasta
from genatator_assets.work.files import whole_file


@dataclass(frozen=True)
class SimulatedAssembly:
    """The files of a simulated assembly, and (name, length in bp) of its molecules in the order of the files."""

    sequence: Path
    annotation: Path
    chromosomes: tuple[tuple[str, int], ...]
    scaffolds: tuple[tuple[str, int], ...]


def write_assembly(simulation: Simulation, folder: Path) -> SimulatedAssembly:
    """Write `sequence.fa` and `annotation.gtf` (RefSeq: `annotation.gff3`) into the folder, made if needed.

    Each file appears under its name only when it's complete.
    """
    simulated = molecules(simulation)
    layout = FORMATS[simulation.flavour]
    sequence, annotation = folder / "sequence.fa", folder / f"annotation.{layout.suffix}"
    with whole_file(sequence) as temporary, temporary.open("wb") as file:
        for molecule in simulated:
            file.writelines(fasta(molecule, simulation.seed))
    with whole_file(annotation) as temporary, temporary.open("wb") as file:
        file.writelines(text.encode("ascii") for text in _annotation(simulation, simulated, layout))
    return SimulatedAssembly(
        sequence,
        annotation,
        chromosomes=tuple((one.name, one.length) for one in simulated if one.chromosome is not None),
        scaffolds=tuple((one.name, one.length) for one in simulated if one.chromosome is None),
    )


def _annotation(simulation: Simulation, simulated: tuple[Molecule, ...], layout: Format) -> Iterator[str]:
    yield layout.header
    number = 1
    for molecule in simulated:
        yield layout.molecule(molecule)
        for gene in genes(molecule, simulation.seed, simulation.genes_per_mb, number):
            yield layout.gene(molecule.name, gene)
            number = gene.number + 1
    yield layout.footer
