"""One assembly, from the catalogue's entry to an indexed sequence, a chromosome table and a record of origin."""

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from genatator_assets.catalogue import Catalogue
from genatator_assets.errors import DatasetError
from genatator_assets.sources.aliases import aliases_of, read_names
from genatator_assets.sources.chromosomes import Chromosome, chromosomes_of, write_chromosomes
from genatator_assets.sources.fasta import import_fasta, index_path, read_index
from genatator_assets.work.files import require_own_folder, write_json
from genatator_assets.work.layout import Layout
from genatator_assets.work.tables import Provenance

if TYPE_CHECKING:
    from genatator_assets.sources.fetch import Cache


@dataclass(frozen=True)
class Source:
    """Where an assembly came from: its files' paths and their hashes as given; `indexed_bytes` is the copy's size.

    A file that was fetched has a url, and the checksum that it was compared with when it arrived, if one was known.
    """

    genome: str
    sequence_path: str
    sequence_sha256: str
    sequence_url: str | None
    sequence_checksum: str | None
    annotation_path: str
    annotation_sha256: str
    annotation_url: str | None
    annotation_checksum: str | None
    aliases_path: str | None
    aliases_sha256: str | None
    aliases_url: str | None
    aliases_checksum: str | None
    indexed_bytes: int


def import_assembly(
    catalogue: Catalogue, genome: str, layout: Layout, cache: "Cache | None" = None
) -> list[Chromosome]:
    """Bring in an assembly's sequence and apply the catalogue's rules to its chromosomes.

    What the catalogue has by address or accession comes from `cache` (by default the one that all datasets share),
    fetched unless it is there. A sequence that was imported before from the same bytes is not copied again.

    Raises:
        FetchError: a file can't be fetched.
        SequenceError: the sequence can't be used.
        DatasetError: the genome's folder is a symbolic link.
    """
    from genatator_assets.sources.inputs import resolve  # noqa: PLC0415 - requests: slow to import, seldom needed

    require_own_folder(layout.assembly(genome), layout.assemblies)
    assembly = catalogue.assembly(genome)
    inputs = resolve(assembly, layout, cache)
    sha256 = inputs.sequence.sha256
    if not _imported(genome, sha256, layout):
        layout.source(genome).unlink(missing_ok=True)
        import_fasta(inputs.sequence.path, layout.sequence(genome))
    copied = layout.sequence(genome).stat().st_size
    source = Source(genome=genome, **inputs.as_record(), indexed_bytes=copied)
    write_json(layout.source(genome), asdict(source))
    layout.chromosomes(genome).unlink(missing_ok=True)  # a genome without them is not ready to be built
    lengths = read_index(layout.sequence(genome))
    table = inputs.aliases.path if inputs.aliases else None
    aliases = aliases_of(lengths, read_names(table) if table else [], table)
    chromosomes = chromosomes_of(catalogue, genome, lengths, aliases)
    rules = assembly.model_dump(mode="json", include={"chromosomes", "splits"})
    parameters = {**rules, "min_chromosome_length_bp": catalogue.min_length_of(genome)}
    made_from = {"sequence": sha256} | ({"aliases": inputs.aliases.sha256} if inputs.aliases else {})
    write_chromosomes(layout.chromosomes(genome), chromosomes, Provenance(made_from, parameters))
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


def _imported(genome: str, sha256: str, layout: Layout) -> bool:
    try:
        source = read_source(layout, genome)
    except DatasetError:
        return False
    fasta = layout.sequence(genome)
    same = source.sequence_sha256 == sha256 and index_path(fasta).is_file() and fasta.is_file()
    return same and fasta.stat().st_size == source.indexed_bytes
