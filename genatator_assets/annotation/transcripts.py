"""One genome's annotation, from the file to transcripts.parquet and exons.parquet, and reading them back."""

import json
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.annotation.flavours import FlavourName, words
from genatator_assets.annotation.parsed import EXONS_SCHEMA, MalformedLine, ParsedAnnotation
from genatator_assets.annotation.reader import read_annotation
from genatator_assets.annotation.select import SCHEMA, Reason, count_reasons, select
from genatator_assets.annotation.suspicions import Suspicion, require_something, suspicions
from genatator_assets.catalogue import Annotation, Catalogue
from genatator_assets.errors import AnnotationError, DatasetError
from genatator_assets.sources.assembly import input_hashes, read_source
from genatator_assets.sources.chromosomes import read_chromosomes
from genatator_assets.work.files import require_own_folder, sha256_of_file, write_json
from genatator_assets.work.layout import Layout
from genatator_assets.work.tables import read_table, write_table
from genatator_assets.work.text import TextTable
from genatator_assets.work.unit import Provenance, Step

STEP = Step("transcripts", 2)


@dataclass(frozen=True)
class AnnotationSummary:
    """What was found in an annotation: rows by type (column 3), transcripts by reason, and what could not be read.

    `rules` are those of the catalogue that decided what is selected; `step` is the number of the step that read it.
    The hashes are of the annotation, of the chromosome table that the transcripts were selected for, of their own table
    and of the exons'. `types_from` counts transcripts by type and what it follows from; `unknown_names` are names that
    no sequence of the FASTA file goes by, with their transcripts; `parts_of_others` counts parts of what is no
    transcript. `suspicions` are what looks wrong.
    """

    genome: str
    sha256: str
    chromosomes_sha256: str
    table_sha256: str
    exons_sha256: str
    step: int
    rules: Mapping[str, Any]
    flavour: FlavourName
    types: Mapping[Literal["mRNA", "lncRNA"], list[str]]
    rows: Mapping[str, int]
    transcripts: int
    exons: int
    types_from: Mapping[str, int]
    reasons: Mapping[Reason, int]
    segmentation_reasons: Mapping[str, int]
    representative_by: Mapping[str, int]
    unknown_names: Mapping[str, int]
    parts_of_others: Mapping[str, int]
    malformed: int
    malformed_lines: tuple[MalformedLine, ...]
    suspicions: tuple[Suspicion, ...]

    @property
    def selection(self) -> dict[str, Any]:
        """What decided which transcripts are selected, for the provenance of what is made of them."""
        return {"flavour": self.flavour, "types": self.types, "partial": self.rules["partial"]}


def read_as_wanted(path: Path, wanted: Annotation) -> ParsedAnnotation:
    """Read an annotation as the catalogue says.

    Raises:
        AnnotationError: the file can't be used.
    """
    return read_annotation(
        path,
        None if wanted.flavour == "auto" else wanted.flavour,
        wanted.types,
        0.0 if wanted.strict else wanted.max_malformed,
    )


def select_isoforms(
    catalogue: Catalogue, genome: str, layout: Layout, ahead: Future[ParsedAnnotation] | None = None
) -> AnnotationSummary:
    """Read a genome's annotation and store every transcript, selected or rejected with a reason, and its exons.

    What was read before from the same bytes, by the same rules and for the same chromosomes, is not read again. `ahead`
    is what comes of `read_as_wanted`, if somebody began with that already.

    Raises:
        AnnotationError: the file can't be used, or changed since the assembly was imported.
    """
    source = read_source(layout, genome)
    if "annotation" not in source.inputs:
        raise AnnotationError(f"genome {genome} was imported without an annotation; build the assembly again")
    path, sha256 = source.inputs["annotation"].path, source.inputs["annotation"].sha256
    unchanged = source.inputs["annotation"].found() == sha256
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
    parsed = ahead.result() if ahead else read_as_wanted(path, wanted)
    try:
        selection = select(genome, parsed, chromosomes, wanted.partial == "drop", wanted.lengths == "compare")
        require_something(parsed, selection)
    except AnnotationError as error:
        raise AnnotationError(f"{path}: {error}") from error
    transcripts = selection.transcripts
    summary = AnnotationSummary(
        genome=genome,
        sha256=sha256,
        chromosomes_sha256=sha256_of_file(layout.chromosomes(genome)),
        table_sha256="",
        exons_sha256="",
        step=STEP.number,
        rules=_rules(wanted),
        flavour=parsed.flavour,
        types=words().with_types(wanted.types).listed(),
        rows=parsed.feature_counts,
        transcripts=len(transcripts),
        exons=len(selection.exons),
        types_from=_counts(pc.binary_join_element_wise(transcripts["type"], transcripts["type_from"], " by ")),
        reasons=count_reasons(transcripts),
        segmentation_reasons=_counts(transcripts["segmentation_reason"]),
        representative_by=_counts(transcripts["representative_by"].drop_null()),
        unknown_names=selection.unknown_names,
        parts_of_others=parsed.parts_of_others,
        malformed=parsed.malformed,
        malformed_lines=parsed.malformed_lines,
        suspicions=suspicions(parsed, selection, chromosomes),
    )
    provenance = Provenance(input_hashes(source), summary.selection, STEP)
    written = write_table(layout.transcripts(genome), transcripts, provenance)
    exons = write_table(layout.exons(genome), selection.exons, provenance, ascending=("transcript", "start", "end"))
    summary = replace(summary, table_sha256=written.sha256, exons_sha256=exons.sha256)
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
    same = (
        summary.step == STEP.number
        and summary.table_sha256 == sha256_of_file(layout.transcripts(genome))
        and summary.exons_sha256 == sha256_of_file(layout.exons(genome))
    )
    return summary if same else None


def _counts(column: pa.ChunkedArray) -> dict[str, int]:
    found = {entry["values"]: entry["counts"] for entry in pc.value_counts(column).to_pylist()}
    return dict(sorted(found.items()))


def is_ready(catalogue: Catalogue, layout: Layout, genome: str) -> bool:
    """Return whether a genome's transcripts were selected from its present annotation, by the present rules, for its
    present chromosomes."""
    needed = (layout.source, layout.chromosomes, layout.annotation_summary, layout.transcripts, layout.exons)
    if not all(path_of(genome).is_file() for path_of in needed):
        return False
    summary, source = read_summary(layout, genome), read_source(layout, genome)
    same_chromosomes = summary.chromosomes_sha256 == sha256_of_file(layout.chromosomes(genome))
    same_rules = summary.rules == _rules(catalogue.assembly(genome).annotation)
    return same_chromosomes and same_rules and summary.sha256 == input_hashes(source).get("annotation")


def _rules(annotation: Annotation) -> dict[str, Any]:
    """Return the catalogue's keys that decide how an annotation is read, as they are in JSON."""
    return annotation.model_dump(mode="json", exclude={"path", "url", "md5", "sha256"})


def read_transcripts(layout: Layout, genome: str) -> pa.Table:
    """Read every transcript of a genome (`annotation.select.SCHEMA`).

    Raises:
        DatasetError: they are missing, or damaged: in a root, they must have the hash that they were written with.
    """
    known = _known(layout, genome)
    return read_table(layout.transcripts(genome), known.table_sha256 if known else None, schema=SCHEMA)


def read_exons(layout: Layout, genome: str) -> pa.Table:
    """Read the exons of every transcript of a genome (`annotation.parsed.EXONS_SCHEMA`), sorted by chromosome and
    transcript: `transcript` is the row of the table of transcripts, from 0.

    Raises:
        DatasetError: as `read_transcripts`.
    """
    known = _known(layout, genome)
    return read_table(layout.exons(genome), known.exons_sha256 if known else None, schema=EXONS_SCHEMA)


def _known(layout: Layout, genome: str) -> AnnotationSummary | None:
    """Return what was written; a release doesn't say it, and has hashes of its own."""
    return read_summary(layout, genome) if layout.annotation_summary(genome).is_file() else None


def suspicions_of(layout: Layout, genomes: Iterable[str]) -> TextTable:
    """Return what looks wrong with the annotations of some genomes, as far as they have been read."""
    rows = [
        (genome, suspicion.told)
        for genome in genomes
        if layout.annotation_summary(genome).is_file()
        for suspicion in read_summary(layout, genome).suspicions
    ]
    return TextTable("What looks wrong with the annotations", ("genome", "suspicion"), tuple(rows))


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
        told = tuple(Suspicion(**suspicion) for suspicion in stored.pop("suspicions"))
        return AnnotationSummary(**stored, malformed_lines=lines, suspicions=told)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DatasetError(f"{path} can't be read ({error}); delete it and build again") from error


def fresh_transcripts(catalogue: Catalogue, genome: str, layout: Layout) -> pa.Table:
    """Read and select a genome's transcripts again, in a root of their own that is thrown away.

    This is the one place where verifying calls what the build calls: for the parser and the rules of selection.

    Raises:
        AnnotationError: the annotation can't be used.
    """
    with tempfile.TemporaryDirectory(prefix="genatator-verify-") as folder:
        scratch = Layout(Path(folder))
        scratch.assembly(genome).mkdir(parents=True)
        for here, there in ((scratch.source, layout.source), (scratch.chromosomes, layout.chromosomes)):
            here(genome).write_bytes(there(genome).read_bytes())
        select_isoforms(catalogue, genome, scratch)
        return read_transcripts(scratch, genome)
