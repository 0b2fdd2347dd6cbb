"""One assembly, from the catalogue's entry to an indexed sequence, a chromosome table and a record of origin."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from genatator_assets.catalogue import Assembly, Catalogue
from genatator_assets.errors import CatalogueError, DatasetError
from genatator_assets.simulate import write_assembly
from genatator_assets.sources.aliases import aliases_of, read_names
from genatator_assets.sources.chromosomes import Chromosome, chromosomes_of, write_chromosomes
from genatator_assets.sources.fasta import import_fasta, index_path, read_index
from genatator_assets.work.files import sha256_of_file, write_json
from genatator_assets.work.layout import Layout
from genatator_assets.work.tables import Provenance


@dataclass(frozen=True)
class Source:
    """Where an assembly came from. Hashes are of the files as given; `indexed_bytes` is the size of the copy."""

    genome: str
    sequence_path: str
    sequence_sha256: str
    annotation_path: str
    annotation_sha256: str
    indexed_bytes: int


def import_assembly(catalogue: Catalogue, genome: str, layout: Layout) -> list[Chromosome]:
    """Bring in an assembly's sequence and apply the catalogue's rules to its chromosomes.

    A sequence that was imported before from the same bytes is not copied again.
    """
    assembly = catalogue.assembly(genome)
    sequence, annotation = _inputs(assembly, layout)
    sha256 = sha256_of_file(sequence)
    if not _imported(genome, sha256, layout):
        layout.source(genome).unlink(missing_ok=True)
        import_fasta(sequence, layout.sequence(genome))
    source = Source(
        genome=genome,
        sequence_path=str(sequence),
        sequence_sha256=sha256,
        annotation_path=str(annotation),
        annotation_sha256=sha256_of_file(annotation),
        indexed_bytes=layout.sequence(genome).stat().st_size,
    )
    write_json(layout.source(genome), asdict(source))
    layout.chromosomes(genome).unlink(missing_ok=True)  # a genome without them is not ready to be built
    lengths = read_index(layout.sequence(genome))
    names = read_names(assembly.aliases.path) if assembly.aliases.path else []
    chromosomes = chromosomes_of(catalogue, genome, lengths, aliases_of(lengths, names, assembly.aliases.path))
    rules = assembly.model_dump(mode="json", include={"chromosomes", "splits"})
    parameters = {**rules, "min_chromosome_length_bp": catalogue.min_length_of(genome)}
    write_chromosomes(layout.chromosomes(genome), chromosomes, Provenance({"sequence": sha256}, parameters))
    return chromosomes


def read_source(layout: Layout, genome: str) -> Source:
    """Read where an assembly came from.

    Raises:
        DatasetError: the assembly has not been imported, or the record is damaged.
    """
    path = layout.source(genome)
    if not path.is_file():
        raise DatasetError(f"{path} does not exist: genome {genome} has not been imported; build its assembly first")
    try:
        return Source(**json.loads(path.read_text()))
    except (ValueError, TypeError) as error:
        raise DatasetError(f"{path} can't be read ({error}); delete it and build again") from error


def _inputs(assembly: Assembly, layout: Layout) -> tuple[Path, Path]:
    """Give the FASTA and annotation files, simulated first where the catalogue says so."""
    if assembly.simulate is not None:
        simulated = write_assembly(assembly.simulate, layout.simulated(assembly.genome))
        return simulated.sequence, simulated.annotation
    if assembly.sequence.path is None or assembly.annotation.path is None:
        raise CatalogueError(f"genome {assembly.genome}: expected 'sequence' and 'annotation'")
    return assembly.sequence.path, assembly.annotation.path


def _imported(genome: str, sha256: str, layout: Layout) -> bool:
    try:
        source = read_source(layout, genome)
    except DatasetError:
        return False
    fasta = layout.sequence(genome)
    same = source.sequence_sha256 == sha256 and index_path(fasta).is_file() and fasta.is_file()
    return same and fasta.stat().st_size == source.indexed_bytes
