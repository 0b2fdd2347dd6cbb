"""One assembly, from the catalogue's entry to an indexed sequence, a chromosome table and a record of origin."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from genatator_assets.catalogue import Catalogue
from genatator_assets.errors import DatasetError
from genatator_assets.sources.aliases import aliases_of, read_names
from genatator_assets.sources.chromosomes import Chromosome, chromosomes_of, write_chromosomes
from genatator_assets.sources.fasta import import_fasta, index_path, read_index
from genatator_assets.sources.input_file import KINDS, InputFile, Kind
from genatator_assets.sources.sequence import discard_local_fasta
from genatator_assets.sources.soft_masked import write_soft_masked
from genatator_assets.work.files import require_own_folder, write_json
from genatator_assets.work.layout import Layout
from genatator_assets.work.manifest import Manifest
from genatator_assets.work.pool import Workers
from genatator_assets.work.unit import Provenance, Step, Unit

if TYPE_CHECKING:
    from genatator_assets.sources.fetch import Cache

COPY_STEP = Step("sequence", 1)
STEP = Step("chromosomes", 1)


@dataclass(frozen=True)
class Source:
    """Where an assembly came from: the files it was made from, FASTA always among them; size and hash of the indexed
    copy."""

    genome: str
    inputs: dict[Kind, InputFile]
    indexed_bytes: int
    indexed_sha256: str

    @property
    def sequence(self) -> InputFile:
        """The FASTA file as it was given."""
        return self.inputs["sequence"]

    def changed(self) -> Iterator[tuple[Kind, InputFile, str]]:
        """Yield each input that is gone or has other bytes, and what was found: a SHA-256, or "no such file"."""
        for kind, file in self.inputs.items():
            if (found := file.found()) != file.sha256:
                yield kind, file, found

    def as_record(self) -> dict[str, Any]:
        """Return the record as JSON has it."""
        return {**asdict(self), "inputs": {kind: file.as_record() for kind, file in self.inputs.items()}}

    @classmethod
    def of_record(cls, record: dict[str, Any]) -> "Source":
        """Return the source of a record that `as_record` made.

        Raises:
            KeyError, TypeError: it isn't one.
        """
        files = {kind: InputFile.of_record(record["inputs"][kind]) for kind in KINDS if kind in record["inputs"]}
        source = cls(**{**record, "inputs": files})
        _ = source.sequence
        return source


def import_assembly(
    catalogue: Catalogue,
    genome: str,
    layout: Layout,
    cache: "Cache | None" = None,
    workers: Workers | None = None,
) -> list[Chromosome]:
    """Bring in an assembly's sequence and apply the catalogue's rules to its chromosomes.

    What the catalogue has by address or accession comes from `cache` (by default the one that all datasets share),
    fetched unless it is there. A sequence that was imported before from the same bytes is not copied again. `workers`,
    of this machine, share in checking it.

    Raises:
        FetchError: a file can't be fetched.
        SequenceError: the sequence can't be used.
        DatasetError: the genome's folder is a symbolic link.
    """
    from genatator_assets.sources.inputs import resolve  # noqa: PLC0415 - requests: slow to import, seldom needed

    require_own_folder(layout.assembly(genome), layout.assemblies)
    assembly = catalogue.assembly(genome)
    inputs = resolve(assembly, layout, cache)
    copied = _copy(genome, inputs["sequence"], layout, workers)
    copy = copied.outputs[0]
    source = Source(genome, inputs, indexed_bytes=copy.bytes, indexed_sha256=copy.sha256)
    write_json(layout.source(genome), source.as_record())
    layout.chromosomes(genome).unlink(missing_ok=True)  # a genome without them is not ready to be built
    lengths = read_index(layout.sequence(genome))
    table = inputs["aliases"].path if "aliases" in inputs else None
    aliases = aliases_of(lengths, read_names(table) if table else [], table)
    chromosomes = chromosomes_of(catalogue, genome, lengths, aliases, copied.facts["sha256"])
    rules = assembly.model_dump(mode="json", include={"chromosomes", "splits"})
    parameters = {**rules, "min_chromosome_length_bp": catalogue.min_length_of(genome)}
    made_from = {kind: sha256 for kind, sha256 in input_hashes(source).items() if kind != "annotation"}
    write_chromosomes(layout.chromosomes(genome), chromosomes, Provenance(made_from, parameters, STEP))
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
        return Source.of_record(json.loads(path.read_text()))
    except (ValueError, KeyError, TypeError) as error:
        raise DatasetError(f"{path} can't be read ({error}); delete it and build again") from error


def input_hashes(source: Source) -> dict[str, str]:
    """Return name -> SHA-256 of each input file of an assembly that there is: what is made of them says these."""
    return {kind: file.sha256 for kind, file in source.inputs.items()}


def discard_copy(layout: Layout, genome: str) -> None:
    """Have the next import make a genome's copy of its FASTA file anew, because it is damaged.

    All else of the genome stays as it is: chromosomes that don't need the sequence any more are not touched by that.
    """
    layout.sequence_manifest(genome).unlink(missing_ok=True)
    discard_local_fasta(layout.sequence(genome))


def _copy(genome: str, sequence: InputFile, layout: Layout, workers: Workers | None) -> Manifest:
    """Copy and index a FASTA file and note its soft masking, unless that was done before from the same bytes."""
    provenance = Provenance({"sequence": sequence.sha256}, {}, COPY_STEP)
    unit = Unit(layout.root, layout.sequence_manifest(genome), provenance)
    if kept := unit.finished():
        return kept
    layout.source(genome).unlink(missing_ok=True)
    unit.begin()
    fasta, masked = layout.sequence(genome), layout.soft_masked(genome)
    imported = import_fasta(sequence.path, fasta, workers)
    outputs = {fasta: imported.copy, index_path(fasta): imported.index}
    outputs[masked] = write_soft_masked(masked, imported.soft_masked, provenance)
    return unit.finish(outputs, {"sha256": imported.sha256})
