"""One genome's annotation, from the file to transcripts.parquet, and reading it back."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa

from genatator_assets.annotation.flavours import FlavourName, flavour_named
from genatator_assets.annotation.reader import read_annotation
from genatator_assets.annotation.select import SCHEMA, Reason, count_reasons, select
from genatator_assets.catalogue import Catalogue
from genatator_assets.errors import AnnotationError, DatasetError
from genatator_assets.sources.assembly import read_source
from genatator_assets.sources.chromosomes import read_chromosomes
from genatator_assets.work.files import sha256_of_file, write_json
from genatator_assets.work.layout import Layout
from genatator_assets.work.tables import Provenance, read_table, write_table


@dataclass(frozen=True)
class AnnotationSummary:
    """What was found in an annotation: rows by type (column 3) and transcripts by reason.

    The hashes are of the annotation and of the chromosome table that the transcripts were selected for.
    """

    genome: str
    sha256: str
    chromosomes_sha256: str
    flavour: FlavourName
    rows: dict[str, int]
    transcripts: int
    reasons: dict[Reason, int]


def select_isoforms(catalogue: Catalogue, genome: str, layout: Layout) -> AnnotationSummary:
    """Read a genome's annotation and store every transcript, selected or rejected with a reason.

    Raises:
        AnnotationError: the file can't be used, or changed since the assembly was imported.
    """
    layout.annotation_summary(genome).unlink(missing_ok=True)  # a genome without one is not ready to be built
    source = read_source(layout, genome)
    chromosomes = read_chromosomes(layout.chromosomes(genome))
    path = Path(source.annotation_path)
    sha256 = source.annotation_sha256
    if not path.is_file() or sha256_of_file(path) != sha256:
        raise AnnotationError(
            f"{path} changed or was removed since the assembly of {genome} was imported; build the assembly again"
        )
    stated = catalogue.assembly(genome).annotation
    parsed = read_annotation(path, None if stated.flavour == "auto" else stated.flavour)
    transcripts = select(genome, parsed, chromosomes)
    provenance = Provenance(
        {"sequence": source.sequence_sha256, "annotation": sha256},
        {"flavour": parsed.flavour, **flavour_named(parsed.flavour).model_dump(mode="json")},
    )
    write_table(layout.transcripts(genome), transcripts, provenance)
    summary = AnnotationSummary(
        genome=genome,
        sha256=sha256,
        chromosomes_sha256=sha256_of_file(layout.chromosomes(genome)),
        flavour=parsed.flavour,
        rows=parsed.feature_counts,
        transcripts=len(transcripts),
        reasons=count_reasons(transcripts),
    )
    write_json(layout.annotation_summary(genome), asdict(summary))
    return summary


def is_ready(layout: Layout, genome: str) -> bool:
    """Say whether a genome's transcripts were selected from its present annotation for its present chromosomes."""
    needed = (layout.source, layout.chromosomes, layout.annotation_summary, layout.transcripts)
    if not all(path_of(genome).is_file() for path_of in needed):
        return False
    summary, source = read_summary(layout, genome), read_source(layout, genome)
    same_chromosomes = summary.chromosomes_sha256 == sha256_of_file(layout.chromosomes(genome))
    return same_chromosomes and summary.sha256 == source.annotation_sha256


def read_transcripts(layout: Layout, genome: str) -> pa.Table:
    """Read every transcript of a genome (`annotation.select.SCHEMA`)."""
    return read_table(layout.transcripts(genome), schema=SCHEMA)


def read_summary(layout: Layout, genome: str) -> AnnotationSummary:
    """Read what was found in a genome's annotation.

    Raises:
        DatasetError: the annotation has not been read yet, or the record is damaged.
    """
    path = layout.annotation_summary(genome)
    if not path.is_file():
        raise DatasetError(f"{path} does not exist: build the selected isoforms of genome {genome} first")
    try:
        return AnnotationSummary(**json.loads(path.read_text()))
    except (ValueError, TypeError) as error:
        raise DatasetError(f"{path} can't be read ({error}); delete it and build again") from error
