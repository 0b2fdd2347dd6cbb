"""One genome's annotation, from the file to transcripts.parquet, and reading it back."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from genatator_assets.annotation.flavours import FlavourName, flavour_named
from genatator_assets.annotation.parsed import MalformedLine
from genatator_assets.annotation.reader import read_annotation
from genatator_assets.annotation.select import SCHEMA, Reason, count_reasons, select
from genatator_assets.catalogue import Annotation, Catalogue
from genatator_assets.errors import AnnotationError, DatasetError
from genatator_assets.sources.assembly import read_source
from genatator_assets.sources.chromosomes import read_chromosomes
from genatator_assets.work.files import require_own_folder, sha256_of_file, write_json
from genatator_assets.work.layout import Layout
from genatator_assets.work.tables import read_table, write_table
from genatator_assets.work.unit import Provenance, Step

STEP = Step("transcripts", 1)


@dataclass(frozen=True)
class AnnotationSummary:
    """What was found in an annotation: rows by type (column 3), transcripts by reason, and what could not be read.

    `rules` are those of the catalogue that decided what is selected; `step` is the number of the step that read it.
    The hashes are of the annotation, of the chromosome table that the transcripts were selected for, and of their own
    table. `unknown_names` are names that no sequence of the FASTA file goes by, with their transcripts.
    """

    genome: str
    sha256: str
    chromosomes_sha256: str
    table_sha256: str
    step: int
    rules: Mapping[str, Any]
    flavour: FlavourName
    types: Mapping[Literal["mRNA", "lncRNA"], list[str]]
    rows: Mapping[str, int]
    transcripts: int
    reasons: Mapping[Reason, int]
    unknown_names: Mapping[str, int]
    malformed: int
    malformed_lines: tuple[MalformedLine, ...]

    @property
    def selection(self) -> dict[str, Any]:
        """What decided which transcripts are selected, for the provenance of what is made of them."""
        return {"flavour": self.flavour, "types": self.types, "partial": self.rules["partial"]}


def select_isoforms(catalogue: Catalogue, genome: str, layout: Layout) -> AnnotationSummary:
    """Read a genome's annotation and store every transcript, selected or rejected with a reason.

    What was read before from the same bytes, by the same rules and for the same chromosomes, is not read again.

    Raises:
        AnnotationError: the file can't be used, or changed since the assembly was imported.
    """
    source = read_source(layout, genome)
    if source.annotation_path is None or source.annotation_sha256 is None:
        raise AnnotationError(f"genome {genome} was imported without an annotation; build the assembly again")
    path, sha256 = Path(source.annotation_path), source.annotation_sha256
    unchanged = path.is_file() and sha256_of_file(path) == sha256
    if unchanged and (kept := _kept(catalogue, genome, layout)):
        return kept
    require_own_folder(layout.annotation_summary(genome).parent, layout.annotations)
    layout.annotation_summary(genome).unlink(missing_ok=True)  # a genome without one is not ready to be built
    if not unchanged:
        raise AnnotationError(
            f"{path} changed or was removed since the assembly of {genome} was imported; build the assembly again"
        )
    chromosomes = read_chromosomes(layout.chromosomes(genome))
    wanted = catalogue.assembly(genome).annotation
    parsed = read_annotation(
        path,
        None if wanted.flavour == "auto" else wanted.flavour,
        wanted.types,
        0.0 if wanted.strict else wanted.max_malformed,
    )
    try:
        selection = select(genome, parsed, chromosomes, wanted.partial == "drop", wanted.lengths == "compare")
    except AnnotationError as error:
        raise AnnotationError(f"{path}: {error}") from error
    types = flavour_named(parsed.flavour).with_types(wanted.types).types
    summary = AnnotationSummary(
        genome=genome,
        sha256=sha256,
        chromosomes_sha256=sha256_of_file(layout.chromosomes(genome)),
        table_sha256="",
        step=STEP.number,
        rules=_rules(wanted),
        flavour=parsed.flavour,
        types={name: list(words) for name, words in types.items()},
        rows=parsed.feature_counts,
        transcripts=len(selection.transcripts),
        reasons=count_reasons(selection.transcripts),
        unknown_names=selection.unknown_names,
        malformed=parsed.malformed,
        malformed_lines=parsed.malformed_lines,
    )
    inputs = {"sequence": source.sequence_sha256, "annotation": sha256}
    if source.aliases_sha256:
        inputs["aliases"] = source.aliases_sha256
    provenance = Provenance(inputs, summary.selection, STEP)
    written = write_table(layout.transcripts(genome), selection.transcripts, provenance)
    summary = replace(summary, table_sha256=written.sha256)
    write_json(layout.annotation_summary(genome), asdict(summary))
    return summary


def _kept(catalogue: Catalogue, genome: str, layout: Layout) -> AnnotationSummary | None:
    """Return what is there, if reading the annotation again would only give the same."""
    try:
        if not is_ready(catalogue, layout, genome):
            return None
        summary = read_summary(layout, genome)
    except DatasetError:  # a damaged record
        return None
    same = summary.step == STEP.number and summary.table_sha256 == sha256_of_file(layout.transcripts(genome))
    return summary if same else None


def is_ready(catalogue: Catalogue, layout: Layout, genome: str) -> bool:
    """Return whether a genome's transcripts were selected from its present annotation, by the present rules, for its
    present chromosomes."""
    needed = (layout.source, layout.chromosomes, layout.annotation_summary, layout.transcripts)
    if not all(path_of(genome).is_file() for path_of in needed):
        return False
    summary, source = read_summary(layout, genome), read_source(layout, genome)
    same_chromosomes = summary.chromosomes_sha256 == sha256_of_file(layout.chromosomes(genome))
    same_rules = summary.rules == _rules(catalogue.assembly(genome).annotation)
    return same_chromosomes and same_rules and summary.sha256 == source.annotation_sha256


def _rules(annotation: Annotation) -> dict[str, Any]:
    """Return the catalogue's keys that decide how an annotation is read, as they are in JSON."""
    return annotation.model_dump(mode="json", exclude={"path", "url", "md5", "sha256"})


def read_transcripts(layout: Layout, genome: str) -> pa.Table:
    """Read every transcript of a genome (`annotation.select.SCHEMA`).

    Raises:
        DatasetError: they are missing, or damaged: in a root, they must have the hash that they were written with.
    """
    written = layout.annotation_summary(genome).is_file()  # not in a release, which has hashes of its own
    sha256 = read_summary(layout, genome).table_sha256 if written else None
    return read_table(layout.transcripts(genome), sha256, schema=SCHEMA)


def read_summary(layout: Layout, genome: str) -> AnnotationSummary:
    """Read what was found in a genome's annotation.

    Raises:
        DatasetError: the annotation has not been read yet, or the record is damaged.
    """
    path = layout.annotation_summary(genome)
    if not path.is_file():
        raise DatasetError(f"{path} does not exist: build the selected isoforms of genome {genome} first")
    try:
        stored = json.loads(path.read_text())
        lines = tuple(MalformedLine(**line) for line in stored.pop("malformed_lines"))
        return AnnotationSummary(**stored, malformed_lines=lines)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DatasetError(f"{path} can't be read ({error}); delete it and build again") from error
