"""What looks wrong with an annotation although it can be read: told, and not swallowed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.annotation.parsed import ParsedAnnotation
from genatator_assets.annotation.select import Selection
from genatator_assets.errors import AnnotationError
from genatator_assets.sources.chromosomes import Chromosome
from genatator_assets.work.text import first_of

_VERSION = re.compile(r"(?<=\d)\.\d+$")
_MANY_MRNAS = 2_000
_LARGE_SHARE = 0.05
_SHOWN = 5


@dataclass(frozen=True)
class Suspicion:
    """What kind it is, and what is told of it: one sentence or two, with numbers and a remedy."""

    kind: str
    told: str


def require_something(parsed: ParsedAnnotation, selection: Selection) -> None:
    """Refuse an annotation of which nothing is selected.

    Raises:
        AnnotationError: nothing is; the message says why.
    """
    transcripts = selection.transcripts
    if pc.any(transcripts["selected"]).as_py():
        return
    wanted = transcripts.filter(pc.not_equal(transcripts["type"], "other"))
    if len(wanted):
        counts = _counts(wanted["reason"])
        told = first_of([f"{count:,} {reason}" for reason, count in counts.items()], _SHOWN)
        raise AnnotationError(f"none of its {len(wanted):,} mRNAs and lncRNAs can be used: {told}")
    raise AnnotationError(_nothing_wanted(parsed, transcripts))


def _nothing_wanted(parsed: ParsedAnnotation, transcripts: pa.Table) -> str:
    count = f"none of its {len(transcripts):,} transcripts is an mRNA or a lncRNA: "
    words = _counts(pc.coalesce(transcripts["biotype"], transcripts["row_type"]))
    shown = first_of([f"{number:,} {word}" for word, number in words.items() if word is not None], _SHOWN)
    if pc.all(pc.equal(transcripts["type_from"], "none")).as_py():
        types = [word for word in _counts(transcripts["row_type"]) if word is not None] or ["transcript"]
        return (
            f"{count}none states a biotype or has a CDS (they are {shown or 'exons alone'}). Say in the catalogue what"
            f" they are, such as annotation: {{types: {{lncRNA: [{types[0]}]}}}}, or give an annotation with coding"
            " sequences, such as TransDecoder predicts"
        )
    others = _of_genes(parsed.parts_of_others)
    return (
        f"{count}they are {shown}"
        + (f"; and {others}, for which no transcript is made up" if others else "")
        + ". Give an annotation with mRNA or lncRNA transcripts, or say in the catalogue which types or biotypes count:"
        " annotation: {types: {mRNA: [...], lncRNA: [...]}}"
    )


def _of_genes(others: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} rows are {what}" for what, count in sorted(others.items()) if what.startswith("CDS"))


def suspicions(
    parsed: ParsedAnnotation, selection: Selection, chromosomes: Sequence[Chromosome]
) -> tuple[Suspicion, ...]:
    """Return what looks wrong."""
    return (
        *_of_types(parsed, selection.transcripts),
        *_of_names(selection, chromosomes),
        *_of_places(selection.transcripts),
        *_of_parts(parsed, selection.transcripts),
    )


def _of_types(parsed: ParsedAnnotation, transcripts: pa.Table) -> Iterator[Suspicion]:
    for word, count in sorted(parsed.doubtful.items()):
        yield Suspicion(
            "lncrna_read_as_other",
            f"{count:,} transcripts of biotype or class {word!r} are read as other, though it sounds like lncRNA: if"
            f" they are, say annotation: {{types: {{lncRNA: [usual, {word}]}}}}",
        )
    selected = _counts(transcripts.filter(transcripts["selected"])["type"])
    if selected.get("mRNA", 0) >= _MANY_MRNAS and "lncRNA" not in selected:
        yield Suspicion(
            "no_lncrna",
            f"{selected['mRNA']:,} mRNAs are selected and not one lncRNA: does the annotation have none, or does it"
            " call them otherwise? See the biotypes of transcripts of type other",
        )


def _of_names(selection: Selection, chromosomes: Sequence[Chromosome]) -> Iterator[Suspicion]:
    ours = {_VERSION.sub("", one.chrom): one.chrom for one in chromosomes if _VERSION.search(one.chrom)}
    versions = [
        f"{name} is {ours[bare]} in the FASTA file"
        for name in selection.unknown_names
        if name not in ours.values() and (bare := _VERSION.sub("", name)) in ours
    ]
    if versions:
        yield Suspicion(
            "versions_differ",
            f"{len(versions):,} names of the annotation differ from the FASTA file's in their version"
            f" ({first_of(versions, _SHOWN)}): they are of different assembly versions; give files of the same one",
        )
    transcripts = selection.transcripts
    with_genes = set(pc.unique(transcripts.filter(transcripts["selected"])["chrom"]).to_pylist())
    if selection.unknown_names:
        empty = [f"{one.chrom} ({one.split})" for one in chromosomes if one.included and one.chrom not in with_genes]
        if empty:
            yield Suspicion(
                "chromosomes_without_genes",
                f"{len(empty):,} chromosomes enter a split without a single gene ({first_of(empty, _SHOWN)}), while"
                f" {len(selection.unknown_names):,} names of the annotation are unknown"
                f" ({first_of(list(selection.unknown_names), _SHOWN)}): give a table of both names, as aliases",
            )


def _of_places(transcripts: pa.Table) -> Iterator[Suspicion]:
    wanted = transcripts.filter(pc.not_equal(transcripts["type"], "other"))
    counts = _counts(wanted["reason"])
    told = {
        "out_of_bounds": "end behind the end of their chromosomes: is the FASTA file of the same assembly, and whole?",
        "chromosome_unknown": "lie on sequences that the FASTA file doesn't have: see unknown_names",
        "inconsistent_parts": "have a part on the other strand, or wholly outside of them: is the annotation damaged?",
    }
    for reason, why in told.items():
        if (count := counts.get(reason, 0)) > _LARGE_SHARE * len(wanted):
            yield Suspicion(f"many_{reason}", f"{count:,} of {len(wanted):,} mRNAs and lncRNAs {why}")


def _of_parts(parsed: ParsedAnnotation, transcripts: pa.Table) -> Iterator[Suspicion]:
    rows = parsed.feature_counts
    cds = {what: count for what, count in parsed.parts_of_others.items() if what.startswith("CDS of ")}
    if sum(cds.values()) > _LARGE_SHARE * max(rows.get("CDS", 0), 1):
        told = ", ".join(f"{count:,} {what}" for what, count in sorted(cds.items()))
        yield Suspicion("cds_without_transcript", f"coding sequences of no transcript are left out: {told}")
    unknown = {
        what.partition(" of ")[2]: count
        for what, count in parsed.parts_of_others.items()
        if what.startswith("exon of ") and not what.endswith((" of a gene", " of what has no row"))
    }
    for kind, count in sorted(unknown.items()):
        yield Suspicion(
            "unknown_transcript_type",
            f"rows of type {kind!r} have {count:,} exons and are not known as transcripts; if they are, say"
            f" annotation: {{types: {{mRNA: [usual, {kind}]}}}} or {{types: {{lncRNA: [usual, {kind}]}}}}",
        )


def _counts(column: pa.ChunkedArray) -> dict[str | None, int]:
    found = {entry["values"]: entry["counts"] for entry in pc.value_counts(column).to_pylist()}
    return dict(sorted(found.items(), key=lambda item: -item[1]))
