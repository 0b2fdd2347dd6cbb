"""Genes of the judged splits that have a namesake or a similar protein in train."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.annotation.transcripts import read_exons, read_transcripts
from genatator_assets.leakage.lookup import Exons
from genatator_assets.leakage.proteins import Words, best_shares, translate
from genatator_assets.sources.sequence import local_fasta, read_dna
from genatator_assets.work.layout import Layout

_VERSION = re.compile(r"(?<=\d)\.\d+$")
_COMPLEMENT = str.maketrans("ACGTN", "TGCAN")

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Genes:
    """The genes of one genome on some chromosomes, in the order in which they first stand in the annotation.

    chrom, gene, kind (mRNA where a transcript is), start and end (of all its transcripts, 0-based half-open) and
    `names` (all that it is called, folded to one case) are by gene; `coding` is its representative's row in the table
    of transcripts, -1 for none. `of_transcript` is by row of that table: the number of its gene, -1 for other rows.
    """

    chrom: tuple[str, ...]
    gene: tuple[str, ...]
    kind: tuple[str, ...]
    names: tuple[frozenset[str], ...]
    start: Numbers
    end: Numbers
    coding: Numbers
    of_transcript: Numbers


def genes_of(transcripts: pa.Table, chroms: Iterable[str]) -> Genes:
    """Return the genes of the selected transcripts on chromosomes.

    A gene's representative is its transcript with the longest coding sequence; the first of equals.
    """
    wanted = pc.and_(transcripts["selected"], pc.is_in(transcripts["chrom"], pa.array(sorted(chroms), pa.string())))
    rows = np.flatnonzero(wanted.to_numpy())
    own = transcripts.take(pa.array(rows))
    ids = pc.coalesce(own["gene_id"], own["transcript_id"]).to_pylist()
    keys = list(zip(own["chrom"].to_pylist(), ids, strict=True))
    number: dict[tuple[str, str], int] = {}
    of_row = np.array([number.setdefault(key, len(number)) for key in keys], np.int64)
    of_transcript = np.full(len(transcripts), -1, np.int64)
    of_transcript[rows] = of_row
    kind, names = ["lncRNA"] * len(number), [set[str]() for _ in number]
    coding, longest = np.full(len(number), -1, np.int64), np.zeros(len(number), np.int64)
    bp = pc.fill_null(own["coding_bp"], 0).to_pylist()
    columns = zip(
        of_row.tolist(), rows.tolist(), own["type"].to_pylist(), own["gene_name"].to_pylist(), bp, strict=True
    )
    for gene, row, of_type, name, bases in columns:
        if of_type == "mRNA":
            kind[gene] = "mRNA"
        if name:
            names[gene].add(name.casefold())
        if bases > longest[gene]:
            longest[gene], coding[gene] = bases, row
    start, end = np.full(len(number), np.iinfo(np.int64).max), np.zeros(len(number), np.int64)
    np.minimum.at(start, of_row, own["start"].to_numpy())
    np.maximum.at(end, of_row, own["end"].to_numpy())
    for (_, identity), gene in number.items():
        names[gene].add(_VERSION.sub("", identity).casefold())
    return Genes(
        tuple(chrom for chrom, _ in number),
        tuple(identity for _, identity in number),
        tuple(kind),
        tuple(frozenset(of) for of in names),
        start,
        end,
        coding,
        of_transcript,
    )


def exons_on(genes: Genes, exons: pa.Table, chrom: str) -> tuple[Exons, Numbers]:
    """Return the exons of the genes on a chromosome, and the numbers of those genes among all."""
    here = np.flatnonzero(np.array([one == chrom for one in genes.chrom], bool))
    place = np.full(len(genes.gene) + 1, -1, np.int64)
    place[here] = np.arange(len(here))
    owner = place[genes.of_transcript[exons["transcript"].to_numpy()]]
    rows = pa.table({"owner": owner, "start": exons["start"], "end": exons["end"]}).filter(pa.array(owner >= 0))
    rows = rows.group_by(["owner", "start", "end"]).aggregate([])  # isoforms share exons
    columns = (rows[name].to_numpy().astype(np.int64) for name in ("owner", "start", "end"))
    return Exons(len(here), *_merged(*columns)), here


def _merged(owner: Numbers, start: Numbers, end: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Merge the exons of each gene that overlap, so that no base counts twice."""
    order = np.lexsort((start, owner))
    owner, start, end = owner[order], start[order], end[order]
    if not len(owner):
        return owner, start, end
    apart = owner * (int(end.max()) + 1)
    reach = np.maximum.accumulate(end + apart)
    begins = np.append(True, (start + apart)[1:] > reach[:-1])
    last = np.append(np.flatnonzero(begins)[1:], len(owner)) - 1
    return owner[begins], start[begins], (reach - apart)[last]


def proteins_of(layout: Layout, genome: str, genes: Genes, transcripts: pa.Table, exons: pa.Table) -> list[str]:
    """Return the protein of each gene's representative; empty where it has none."""
    fasta = local_fasta(layout.sequence(genome))
    parts = _coding_parts(exons, genes.coding[genes.coding >= 0])
    strand = transcripts["strand"]
    proteins = []
    for chrom, row in zip(genes.chrom, genes.coding.tolist(), strict=True):
        if row not in parts:
            proteins.append("")
            continue
        pieces, phases = parts[row]
        first, last = pieces[0][0], max(end for _, end in pieces)
        dna = read_dna(fasta, chrom, first, last)
        coding = "".join(dna[start - first : end - first] for start, end in pieces)
        forward = strand[row].as_py() == "+"
        spliced = coding if forward else coding[::-1].translate(_COMPLEMENT)
        proteins.append(translate(spliced[phases[0 if forward else -1] :]))
    return proteins


def _coding_parts(exons: pa.Table, wanted: Numbers) -> Mapping[int, tuple[list[tuple[int, int]], list[int]]]:
    """Return the coding pieces of transcripts, ascending, as they are translated, and the phase of each exon."""
    rows = exons.filter(
        pc.and_(pc.is_in(exons["transcript"], pa.array(wanted.astype(np.int32))), pc.is_valid(exons["cds_start"]))
    )
    parts: dict[int, tuple[list[tuple[int, int]], list[int]]] = {}
    for row in rows.select(["transcript", "cds_start", "cds_end", "phase", "cds_gaps"]).to_pylist():
        gaps = row["cds_gaps"] or []
        starts, ends = [row["cds_start"], *gaps[1::2]], [*gaps[::2], row["cds_end"]]
        pieces, phases = parts.setdefault(row["transcript"], ([], []))
        pieces += zip(starts, ends, strict=True)
        phases.append(row["phase"] or 0)
    return parts


@dataclass(frozen=True)
class ProteinTask:
    """A genome of train, on its chromosomes, and the file of the judged proteins' words."""

    root: Path
    genome: str
    chroms: tuple[str, ...]
    judged: Path


@dataclass(frozen=True, eq=False)
class Similar:
    """For each judged protein the share of its words in the best protein of a genome, and that gene's name."""

    genome: str
    share: npt.NDArray[np.float64]
    gene: tuple[str | None, ...]
    names: frozenset[str]


def find_similar(task: ProteinTask) -> Similar:
    """Compare all judged proteins with those of a genome of train; also return what its genes are called."""
    layout = Layout(task.root)
    transcripts, exons = read_transcripts(layout, task.genome), read_exons(layout, task.genome)
    genes = genes_of(transcripts, task.chroms)
    words = Words.of(proteins_of(layout, task.genome, genes, transcripts, exons))
    share, best, _ = best_shares(load_words(task.judged), words)
    named = tuple(genes.gene[number] if number >= 0 else None for number in best.tolist())
    return Similar(task.genome, share, named, frozenset().union(*genes.names))


def save_words(path: Path, words: Words) -> None:
    """Write the words of proteins."""
    np.savez(path, word=words.word, owner=words.owner, count=words.count)


def load_words(path: Path) -> Words:
    """Read what `save_words` wrote."""
    with np.load(path) as found:
        return Words(found["word"], found["owner"], found["count"])
