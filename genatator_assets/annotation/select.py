"""Which transcripts are selected, and why the others are not."""

from typing import Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.annotation.reader import PARSED_SCHEMA, ParsedAnnotation
from genatator_assets.catalogue.model import nearest
from genatator_assets.errors import AnnotationError
from genatator_assets.sources.chromosomes import Chromosome

Reason = Literal[
    "selected",
    "other_type",
    "no_strand",
    "chromosome_unknown",
    "chromosome_excluded",
    "chromosome_too_short",
    "out_of_bounds",
]
REASONS: tuple[Reason, ...] = get_args(Reason)
"""In the order in which they are looked at: a transcript has the first reason that fits."""

SCHEMA = pa.schema(
    [
        pa.field("genome", pa.string()),
        *PARSED_SCHEMA,
        pa.field("selected", pa.bool_()),
        pa.field("reason", pa.string()),
    ]
)
"""A row per transcript of an annotation, in the file's order; start and end are 0-based half-open."""


def select(genome: str, parsed: ParsedAnnotation, chromosomes: list[Chromosome]) -> pa.Table:
    """Give every transcript of an annotation with `selected` and `reason` (SCHEMA).

    Raises:
        AnnotationError: no transcript lies on any sequence of the assembly: the names differ.
    """
    transcripts = parsed.transcripts
    _require_common_names(genome, transcripts, chromosomes)
    reasons = _reasons(transcripts, chromosomes)
    columns = {
        **{name: transcripts[name] for name in transcripts.column_names},
        "genome": pa.repeat(pa.scalar(genome), len(transcripts)),
        "selected": pc.equal(reasons, "selected"),
        "reason": reasons,
    }
    return pa.table([columns[name] for name in SCHEMA.names], schema=SCHEMA)


def count_reasons(transcripts: pa.Table) -> dict[Reason, int]:
    """Count the transcripts of each reason that occurs, in the order of REASONS."""
    counts = {entry["values"]: entry["counts"] for entry in pc.value_counts(transcripts["reason"]).to_pylist()}
    return {reason: counts[reason] for reason in REASONS if reason in counts}


def _reasons(transcripts: pa.Table, chromosomes: list[Chromosome]) -> pa.Array:
    """Give the first reason that fits each transcript; `selected` where none does."""
    place = pc.index_in(transcripts["chrom"], pa.array([chromosome.chrom for chromosome in chromosomes]))
    place = pc.fill_null(place, len(chromosomes)).to_numpy()
    of_chromosome = np.array([chromosome.reason or "" for chromosome in chromosomes] + ["unknown"])[place]
    lengths = np.array([chromosome.length for chromosome in chromosomes] + [0])[place]
    tests: dict[Reason, np.ndarray] = {
        "other_type": pc.equal(transcripts["type"], "other").to_numpy(),
        "no_strand": ~pc.is_in(transcripts["strand"], pa.array(["+", "-"])).to_numpy(),
        "chromosome_unknown": of_chromosome == "unknown",
        "chromosome_excluded": of_chromosome == "excluded",
        "chromosome_too_short": of_chromosome == "too_short",
        "out_of_bounds": transcripts["end"].to_numpy() > lengths,
    }
    return pa.array(np.select(list(tests.values()), list(tests), default="selected"), pa.string())


def _require_common_names(genome: str, transcripts: pa.Table, chromosomes: list[Chromosome]) -> None:
    known = [chromosome.chrom for chromosome in chromosomes]
    found = pc.unique(transcripts["chrom"]).to_pylist()
    if set(known).isdisjoint(found):
        raise AnnotationError(
            f"genome {genome}: no sequence name of the annotation occurs in the FASTA file. Both files must name the"
            f" sequences alike: the annotation has {_some(found)}, the FASTA file has"
            f" {_some(known)}{nearest(found[0], known)}"
        )


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f", ... ({len(names)} names)" if len(names) > 5 else "")
