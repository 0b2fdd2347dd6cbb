"""Which transcripts are selected, and why the others are not."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.annotation.lines import Flags
from genatator_assets.annotation.parsed import PARSED_SCHEMA, ParsedAnnotation
from genatator_assets.annotation.represent import representatives
from genatator_assets.errors import AnnotationError
from genatator_assets.sources.aliases import chromosomes_named, some_of
from genatator_assets.sources.chromosomes import Chromosome

Reason = Literal[
    "selected",
    "malformed",
    "other_type",
    "pseudo",
    "trans_spliced",
    "inconsistent_parts",
    "partial",
    "no_strand",
    "chromosome_unknown",
    "chromosome_excluded",
    "chromosome_too_short",
    "out_of_bounds",
    "duplicate",
]
REASONS: tuple[Reason, ...] = get_args(Reason)
"""In the order in which they are looked at: a transcript has the first reason that fits."""

MEANINGS: Mapping[Reason, str] = {
    "selected": "it is in the targets",
    "malformed": "its line can't be read",
    "other_type": "it is neither mRNA nor lncRNA",
    "pseudo": "its annotation marks it as pseudo",
    "trans_spliced": "it is put together from several places, so that it has no one start and end",
    "inconsistent_parts": "a part of it is on the other strand, or wholly outside of it",
    "partial": "its annotation marks it as incomplete, and the catalogue drops such transcripts",
    "no_strand": "its strand is neither + nor -",
    "chromosome_unknown": "its sequence is not in the FASTA file, under any name that is known",
    "chromosome_excluded": "the catalogue leaves its sequence out",
    "chromosome_too_short": "its sequence is shorter than min_chromosome_length_bp",
    "out_of_bounds": "it ends past the end of its sequence",
    "duplicate": "the same row, with the same ID and place, stands earlier in the file",
}

SegmentationReason = (
    Reason | Literal["no_exons", "no_cds", "cds_outside_exons", "exon_outside_transcript", "unstranded"]
)
SEGMENTATION_MEANINGS: Mapping[str, str] = {
    "no_exons": "its annotation has no exons of it",
    "no_cds": "it is an mRNA, and its annotation has no coding sequence of it",
    "cds_outside_exons": "a part of its coding sequence is in none of its exons",
    "exon_outside_transcript": "an exon reaches out of it",
    "unstranded": "its strand is neither + nor -",
}
"""Why a transcript is not in a segmentation dataset, besides the reasons for which it is not selected at all."""

SCHEMA = pa.schema(
    [
        pa.field("genome", pa.string()),
        pa.field("chrom", pa.string()),
        *(field for field in PARSED_SCHEMA if field.name != "fault"),
        pa.field("selected", pa.bool_()),
        pa.field("reason", pa.string()),
        pa.field("segmentation_reason", pa.string()),
        pa.field("representative", pa.bool_()),
        pa.field("representative_by", pa.string()),
    ]
)
"""A row per transcript of an annotation, in the file's order; start and end are 0-based half-open; `chrom` is the
FASTA file's name of the sequence that the annotation calls `seqid` (and the same where it is unknown). `reason` is that
of gene finding, `segmentation_reason` that of segmentation; `representative` is whether it represents its gene there,
and `representative_by` the rule that decided (see annotation.represent)."""

_SHOWN_NAMES = 5
_VERSION = re.compile(r"(?<=\d)\.\d+$")


@dataclass(frozen=True)
class Selection:
    """Every transcript of an annotation (SCHEMA), their exons (EXONS_SCHEMA), sorted by chromosome and transcript, and
    the transcripts of each name that no sequence goes by."""

    transcripts: pa.Table
    exons: pa.Table
    unknown_names: Mapping[str, int]


def select(
    genome: str,
    parsed: ParsedAnnotation,
    chromosomes: list[Chromosome],
    drop_partial: bool = False,
    compare_lengths: bool = True,
) -> Selection:
    """Return every transcript of an annotation with `selected` and `reason`.

    Raises:
        AnnotationError: the files don't belong together: their names have nothing in common, a name is ambiguous, or
            a stated length differs from the sequence's.
    """
    names = {name: count for name, count in _counts(parsed.transcripts["seqid"]).items() if name is not None}
    aliases = {chromosome.chrom: chromosome.aliases for chromosome in chromosomes}
    known, ambiguous = chromosomes_named(sorted({*names, *parsed.regions}), aliases)
    if ambiguous:
        told = "; ".join(f"{name!r} may be {' or '.join(chroms)}" for name, chroms in ambiguous.items())
        raise AnnotationError(
            f"genome {genome}: names of the annotation are ambiguous: {told}. Rename them in one file"
        )
    if compare_lengths:
        _require_same_lengths(genome, parsed.regions, known, chromosomes)
    seqids = parsed.transcripts["seqid"]
    found = pa.array(sorted(known), pa.string())
    chroms = pc.take(pa.array([known[name] for name in sorted(known)], pa.string()), pc.index_in(seqids, found))
    transcripts = parsed.transcripts.add_column(0, "chrom", pc.coalesce(chroms, seqids))
    reasons = _reasons(transcripts, chromosomes, drop_partial)
    _require_some_on_included(genome, transcripts, reasons, chromosomes)
    of_segmentation = _segmentation_reasons(transcripts, reasons)
    represents = representatives(transcripts, pc.equal(of_segmentation, "selected").to_numpy(zero_copy_only=False))
    columns = {
        **{name: transcripts[name] for name in transcripts.column_names},
        "genome": pa.repeat(pa.scalar(genome), len(transcripts)),
        "selected": pc.equal(reasons, "selected"),
        "reason": reasons,
        "segmentation_reason": of_segmentation,
        "representative": pc.is_valid(represents),
        "representative_by": represents,
    }
    table = pa.table([columns[name] for name in SCHEMA.names], schema=SCHEMA)
    unknown = {name: count for name, count in names.items() if name not in known}
    return Selection(table, _by_chromosome(parsed.exons, table["chrom"]), unknown)


def _by_chromosome(exons: pa.Table, chroms: pa.ChunkedArray) -> pa.Table:
    """Sort exons, which are in the order of transcripts, by chromosome and transcript."""
    encoded = chroms.combine_chunks().dictionary_encode()
    rank = pc.rank(encoded.dictionary).to_numpy()
    of_transcript = rank[pc.fill_null(encoded.indices, 0).to_numpy()] if len(rank) else np.empty(0, np.int64)
    of_exon = of_transcript[exons["transcript"].to_numpy()]
    if np.any(np.diff(of_exon.astype(np.int64)) < 0):
        exons = exons.take(pa.array(np.argsort(of_exon, kind="stable")))
    return exons.combine_chunks()


def count_reasons(transcripts: pa.Table) -> dict[Reason, int]:
    """Count the transcripts of each reason that occurs, in the order of REASONS."""
    counts = _counts(transcripts["reason"])
    return {reason: counts[reason] for reason in REASONS if reason in counts}


def _counts(column: pa.ChunkedArray) -> dict[str | None, int]:
    return {entry["values"]: entry["counts"] for entry in pc.value_counts(column).to_pylist()}


def _reasons(transcripts: pa.Table, chromosomes: list[Chromosome], drop_partial: bool) -> pa.Array:
    """Return the first reason that fits each transcript; `selected` where none does."""
    place = pc.index_in(transcripts["chrom"], pa.array([chromosome.chrom for chromosome in chromosomes]))
    place = pc.fill_null(place, len(chromosomes)).to_numpy()
    of_chromosome = np.array([chromosome.reason or "" for chromosome in chromosomes] + ["unknown"])[place]
    lengths = np.array([chromosome.length for chromosome in chromosomes] + [0])[place]
    tests: dict[Reason, np.ndarray] = {
        "malformed": pc.is_valid(transcripts["malformed"]).to_numpy(),
        "other_type": pc.equal(transcripts["type"], "other").to_numpy(),
        "pseudo": transcripts["pseudo"].to_numpy(),
        "trans_spliced": transcripts["trans_spliced"].to_numpy(),
        "inconsistent_parts": _has_fault(transcripts, "inconsistent_parts"),
        "partial": transcripts["partial"].to_numpy() & drop_partial,
        "no_strand": ~pc.is_in(transcripts["strand"], pa.array(["+", "-"])).to_numpy(),
        "chromosome_unknown": of_chromosome == "unknown",
        "chromosome_excluded": of_chromosome == "excluded",
        "chromosome_too_short": of_chromosome == "too_short",
        "out_of_bounds": pc.fill_null(transcripts["end"], 0).to_numpy() > lengths,
        "duplicate": _repeated(transcripts),
    }
    return pa.array(np.select(list(tests.values()), list(tests), default="selected"), pa.string())


def _segmentation_reasons(transcripts: pa.Table, reasons: pa.Array) -> pa.Array:
    """Return why transcripts are not in a segmentation dataset; `selected` where they are."""
    first = np.array(reasons.to_pylist(), object)
    exons, coding = (pc.fill_null(transcripts[name], 0).to_numpy() for name in ("exons", "coding_bp"))
    tests = {
        "unstranded": first == "no_strand",
        "rejected": first != "selected",
        "no_exons": exons == 0,
        "no_cds": (coding == 0) & pc.equal(transcripts["type"], "mRNA").to_numpy(),
        "cds_outside_exons": _has_fault(transcripts, "cds_outside_exons"),
        "exon_outside_transcript": _has_fault(transcripts, "exon_outside_transcript"),
    }
    found = np.select(list(tests.values()), list(tests), default="selected").astype(object)
    return pa.array(np.where(found == "rejected", first, found), pa.string())


def _has_fault(transcripts: pa.Table, fault: str) -> Flags:
    found: Flags = pc.fill_null(pc.equal(transcripts["fault"], fault), False).to_numpy()
    return found


def _repeated(transcripts: pa.Table) -> np.ndarray:
    """Return which transcripts repeat an earlier row: its ID and place."""
    key = ["chrom", "row_id", "start", "end", "strand"]
    numbered = transcripts.select(key).append_column("number", pa.array(np.arange(len(transcripts))))
    first = numbered.group_by(key).aggregate([("number", "min")])["number_min"].to_numpy()
    repeated = np.ones(len(transcripts), bool)
    repeated[first] = False
    return repeated


def _require_same_lengths(
    genome: str, regions: Mapping[str, int], known: Mapping[str, str], chromosomes: list[Chromosome]
) -> None:
    lengths = {chromosome.chrom: chromosome.length for chromosome in chromosomes}
    differing = [
        f"{name}: {length:,} bp in the annotation, {lengths[known[name]]:,} in the FASTA file"
        for name, length in regions.items()
        if name in known and length != lengths[known[name]]
    ]
    if differing:
        raise AnnotationError(
            f"genome {genome}: the annotation's ##sequence-region lines state other lengths than the FASTA file has,"
            f" for {len(differing):,} sequences: {'; '.join(differing[:_SHOWN_NAMES])}. They are probably of different"
            " assemblies or versions: give files of the same one; if they do belong together, say"
            " 'lengths: ignore' under annotation in the catalogue"
        )


def _require_some_on_included(
    genome: str, transcripts: pa.Table, reasons: pa.Array, chromosomes: list[Chromosome]
) -> None:
    """Refuse an annotation all of whose wanted transcripts lie on sequences that the FASTA file doesn't have."""
    first = np.array(reasons.to_pylist())
    wanted = ~np.isin(
        first, ["malformed", "other_type", "pseudo", "trans_spliced", "inconsistent_parts", "partial", "no_strand"]
    )
    unknown = first == "chromosome_unknown"
    known = {chromosome.chrom for chromosome in chromosomes}
    named = set(pc.unique(transcripts["chrom"]).to_pylist())
    if (wanted.any() and unknown[wanted].all()) or known.isdisjoint(named):
        theirs = [name for name in pc.unique(transcripts["chrom"]).to_pylist() if name is not None]
        raise AnnotationError(_no_common_names(genome, theirs, [chromosome.chrom for chromosome in chromosomes]))


def _no_common_names(genome: str, theirs: list[str], ours: list[str]) -> str:
    return (
        f"genome {genome}: the annotation and the FASTA file name their sequences differently, so that no transcript"
        f" has a place.\n  annotation: {some_of(theirs)}\n  FASTA file: {some_of(ours)}\n{_likely_cause(theirs, ours)}"
    )


def _likely_cause(theirs: list[str], ours: list[str]) -> str:
    def bare(names: list[str]) -> set[str]:
        return {_VERSION.sub("", name) for name in names}

    if bare(theirs) & bare(ours):
        return "The versions of accessions differ: they are of different assembly versions; give files of the same one."
    return (
        "Give a table of both names, as aliases: {path: ...} under the assembly: NCBI's *_assembly_report.txt or"
        " UCSC's *.chromAlias.txt. If no such table has both, they are of different assemblies."
    )
