"""GFF3 out: genes, transcripts, exons and coding sequence with phases, as any tool reads them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

SOURCE = "genatator-assets"
_TYPES = {"mRNA": "mRNA", "lncRNA": "lnc_RNA"}
_BIOTYPES = {"mRNA": "protein_coding", "lncRNA": "lncRNA"}
_NOT_IN_SEQID = re.compile(r"[^a-zA-Z0-9.:^*$@!+_?|-]")
_NOT_IN_VALUE = re.compile(r"""[\x00-\x1f\x7f%;=&,"']|^ | $""")

Part = tuple[int, int, int]
"""Start and end (0-based half-open) of a piece of coding sequence, and its phase."""


def gff3_lines(lengths: Mapping[str, int], transcripts: pa.Table, exons: pa.Table) -> Iterator[str]:
    """Return the transcripts on some sequences as sorted lines of GFF3, without newlines.

    lengths: the sequences' lengths in bp by name, in the order wanted. transcripts: `annotation.select.SCHEMA`; exons:
    `annotation.parsed.EXONS_SCHEMA`, of which `transcript` is a place in `transcripts`. A transcript's ID is its
    transcript_id, numbered where several rows, or a gene, have the same; a gene is a row for all its transcripts on a
    sequence, with gene_biotype; a transcript of no gene stands alone. CDS includes the stop codon. A transcript without
    exons has no part.
    """
    yield "##gff-version 3"
    for chrom, length in lengths.items():
        yield f"##sequence-region {_encoded(_NOT_IN_SEQID, chrom)} 1 {length}"
    used: set[str] = set()
    found = dict.fromkeys(zip(transcripts["chrom"].to_pylist(), transcripts["gene_id"].to_pylist(), strict=True))
    gene_names = {(chrom, gene): _unused(gene, used) for chrom, gene in found if gene}
    names = [_unused(name, used) for name in transcripts["transcript_id"].to_pylist()]
    for chrom in lengths:
        own = pc.indices_nonzero(pc.equal(transcripts["chrom"], chrom))
        if len(own):
            yield from _on_chromosome(chrom, transcripts.take(own), own.to_pylist(), names, gene_names, exons)


def _on_chromosome(
    chrom: str,
    transcripts: pa.Table,
    places: list[int],
    names: list[str],
    gene_names: Mapping[tuple[str, str], str],
    exons: pa.Table,
) -> Iterator[str]:
    parts: dict[int, list[dict[str, Any]]] = defaultdict(list)
    here = exons.filter(pc.is_in(exons["transcript"], pa.array(places, pa.int32())))
    for exon in here.sort_by([("transcript", "ascending"), ("start", "ascending")]).to_pylist():
        parts[exon["transcript"]].append(exon)
    genes: dict[tuple[str | None, str], list[dict[str, Any]]] = defaultdict(list)
    for row, place in zip(transcripts.to_pylist(), places, strict=True):
        identity, gene = names[place], row["gene_id"]
        genes[gene, "" if gene else identity].append({**row, "identity": identity, "place": place})
    ordered = sorted(genes.items(), key=lambda gene: (*_reach(gene[1]), gene[0][0] or "", gene[0][1]))
    for (name, _), rows in ordered:
        parent = gene_names[chrom, name] if name else None
        if name and parent:
            yield _gene(chrom, parent, name, rows)
        for row in sorted(rows, key=lambda row: (row["start"], row["end"], row["identity"])):
            yield _transcript(chrom, parent, row)
            yield from _parts(chrom, row, parts[row["place"]])


def _reach(rows: Iterable[dict[str, Any]]) -> tuple[int, int]:
    return min(row["start"] for row in rows), max(row["end"] for row in rows)


def _gene(chrom: str, identity: str, name: str, rows: list[dict[str, Any]]) -> str:
    start, end = _reach(rows)
    strands = {row["strand"] for row in rows}
    types = {row["type"] for row in rows}
    attributes = {
        "ID": identity,
        "gene_id": name,
        "Name": rows[0].get("gene_name"),
        "gene_biotype": _BIOTYPES["mRNA" if "mRNA" in types else "lncRNA"],
    }
    return _line(chrom, "gene", start, end, strands.pop() if len(strands) == 1 else ".", attributes)


def _transcript(chrom: str, gene: str | None, row: dict[str, Any]) -> str:
    attributes = {
        "ID": row["identity"],
        "Parent": gene,
        "transcript_id": row["transcript_id"],
        "gene_id": row["gene_id"],
        "transcript_biotype": row["biotype"],
        "partial": "true" if row["partial"] else None,
    }
    return _line(chrom, _TYPES[row["type"]], row["start"], row["end"], row["strand"], attributes)


def _parts(chrom: str, row: dict[str, Any], exons: list[dict[str, Any]]) -> Iterator[str]:
    name, strand = row["identity"], row["strand"]
    for number, exon in enumerate(exons, 1):
        attributes = {"ID": f"{name}.exon{number}", "Parent": name}
        yield _line(chrom, "exon", exon["start"], exon["end"], strand, attributes)
    for start, end, phase in (piece for exon in exons for piece in coding_pieces(exon, strand)):
        yield _line(chrom, "CDS", start, end, strand, {"ID": f"{name}.cds", "Parent": name}, phase)


def coding_pieces(exon: Mapping[str, Any], strand: str) -> list[Part]:
    """Return the pieces of an exon's coding sequence, ascending: one, unless bases are left out or read twice.

    >>> exon = {"cds_start": 10, "cds_end": 30, "phase": 1, "cds_gaps": [15, 17]}
    >>> coding_pieces(exon, "+"), coding_pieces(exon, "-")
    ([(10, 15, 1), (17, 30, 2)], [(10, 15, 0), (17, 30, 1)])
    """
    if exon["cds_start"] is None:
        return []
    gaps = exon["cds_gaps"] or []
    pieces = list(zip([exon["cds_start"], *gaps[1::2]], [*gaps[::2], exon["cds_end"]], strict=True))
    phase, found = exon["phase"] or 0, []
    for start, end in pieces if strand != "-" else reversed(pieces):
        found.append((start, end, phase))
        phase = (phase - (end - start)) % 3
    return sorted(found)


def _line(
    chrom: str, feature: str, start: int, end: int, strand: str, attributes: Mapping[str, Any], phase: int | None = None
) -> str:
    ninth = ";".join(f"{key}={_encoded(_NOT_IN_VALUE, value)}" for key, value in attributes.items() if value)
    columns = (_encoded(_NOT_IN_SEQID, chrom), SOURCE, feature, str(start + 1), str(end), ".", strand)
    return "\t".join([*columns, "." if phase is None else str(phase), ninth])


def _unused(name: str, used: set[str]) -> str:
    """Number a name that another row has as its ID."""
    identity, number = name, 1
    while identity in used:
        number += 1
        identity = f"{name}-{number}"
    used.add(identity)
    return identity


def _encoded(wrong: re.Pattern[str], text: str) -> str:
    """Spell characters that may not stand in a column as %XX."""
    return wrong.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), text)
