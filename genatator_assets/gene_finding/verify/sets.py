"""Channel sets, derived again from the input files base by base, transcript by transcript, and compared with what is
stored: the blocks, and the runs beside them."""

import json
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from genatator_assets.annotation.plainly import Parts, parts_of, sequences
from genatator_assets.annotation.transcripts import fresh_transcripts
from genatator_assets.catalogue import Catalogue
from genatator_assets.errors import GenatatorError
from genatator_assets.gene_finding.section import gene_finding_of
from genatator_assets.sources.assembly import read_source
from genatator_assets.work.layout import Layout
from genatator_assets.work.layout_channels import ChannelLayout

_CHANNELS = {
    "structure": ("exon", "intron", "CDS", "5UTR", "3UTR"),
    "splice": ("donor", "acceptor"),
    "coding": ("codon_position_0", "codon_position_1", "codon_position_2", "start_codon", "stop_codon"),
}
_STOPS = ("TAA", "TAG", "TGA")
_PAIRS = str.maketrans("ACGT", "TGCA")
_AT_ONCE = 20_000
_SHOWN = 20

Bases = npt.NDArray[np.int64]


@dataclass
class Marked:
    """Where a transcript has each channel: positions of the chromosome by the channel's name without its strand."""

    strand: str
    at: dict[str, Bases] = field(default_factory=dict)


def verify_sets(catalogue: Catalogue, root: Path, sample: int | None) -> list[str]:
    """Derive the channel sets of all genomes again, or of `sample` blocks of each set and genome drawn by a seed, and
    return what differs."""
    differing: list[str] = []
    for genome in catalogue.annotated_genomes if gene_finding_of(catalogue).channel_sets else ():
        found = list(_of_genome(catalogue, root, genome, sample))
        more = [f"{genome}: ... and {len(found) - _SHOWN:,} more"] if len(found) > _SHOWN else []
        differing += found[:_SHOWN] + more
    return differing


def _of_genome(catalogue: Catalogue, root: Path, genome: str, sample: int | None) -> Iterator[str]:
    layout = Layout(root)
    try:
        source = read_source(layout, genome)
        for kind, file, found in source.changed():
            yield f"{genome}: input {kind}: expected {file.path} with SHA-256 {file.sha256}, found {found}"
            return
        rows = _selected(catalogue, layout, genome)
    except GenatatorError as error:
        yield f"{genome}: {error}"
        return
    drawn = list(_blocks(catalogue, layout, genome))
    if sample is not None:
        drawn = random.Random(genome).sample(drawn, min(sample, len(drawn)))  # noqa: S311 - can be drawn again
    blocks: dict[str, list[_Block]] = defaultdict(list)
    for block in drawn:
        blocks[block.chrom].append(block)
    yield from _strays(catalogue, layout, genome)
    for chroms in _batches(blocks, rows):
        own = {row["row_id"] for chrom in chroms for row in rows.get(chrom, ())}
        parts = parts_of(source.inputs["annotation"].path, own).parts
        missing = set(chroms)
        for chrom, dna in sequences(source.sequence.path, chroms):
            missing.discard(chrom)
            marked = [
                (row["start"], row["end"], marks_of(row, parts.get((row["seqid"], row["row_id"]), Parts()), dna))
                for row in rows.get(chrom, ())
            ]
            for block in blocks[chrom]:
                yield from block.compare(marked, len(dna))
        yield from (f"{genome}: {chrom} is not in the FASTA file" for chrom in sorted(missing))


def _batches(chroms: Mapping[str, Any], rows: Mapping[str, Sequence[Any]]) -> Iterator[list[str]]:
    """Return chromosomes, so many together as have enough transcripts: the annotation is read once for each batch."""
    batch: list[str] = []
    count = 0
    for chrom in chroms:
        batch.append(chrom)
        count += len(rows.get(chrom, ()))
        if count >= _AT_ONCE:
            yield batch
            batch, count = [], 0
    if batch:
        yield batch


def _selected(catalogue: Catalogue, layout: Layout, genome: str) -> dict[str, list[dict[str, Any]]]:
    """Return the transcripts that sets are of, selected anew, by chromosome."""
    table = fresh_transcripts(catalogue, genome, layout)
    columns = ["row_id", "seqid", "chrom", "start", "end", "strand", "type", "cds_complete_5", "representative"]
    chosen = table.filter(pc.equal(table["segmentation_reason"], "selected")).select(columns)
    if gene_finding_of(catalogue).isoforms == "representative":
        chosen = chosen.filter(chosen["representative"])
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in chosen.to_pylist():
        rows[row["chrom"]].append(row)
    return rows


def marks_of(row: Mapping[str, Any], parts: Parts, dna: bytes) -> Marked:
    """Return where a transcript has each channel, by the channels' plain definitions."""
    start, end, strand = row["start"], row["end"], row["strand"]
    exon = _mask(row, parts.exons or [*parts.coding, *parts.untranslated])
    found: dict[str, Bases] = {"exon": start + np.flatnonzero(exon), "intron": start + np.flatnonzero(~exon)}
    edges = start + np.flatnonzero(exon[1:] != exon[:-1])
    first, last = (np.flatnonzero(exon)[place] + start for place in (0, -1))
    inner = edges[(edges >= first) & (edges < last)]
    before, behind = inner[::2], inner[1::2] + 1
    found |= {"donor": before, "acceptor": behind} if strand == "+" else {"donor": behind, "acceptor": before}
    if row["type"] == "mRNA":
        found |= _coding(row, parts, exon, dna)
    if any(len(of) and (of[0] < start or of[-1] >= end) for of in found.values()):
        raise ValueError(f"{row['row_id']}: a channel leaves the transcript")
    return Marked(strand, found)


def _coding(row: Mapping[str, Any], parts: Parts, exon: npt.NDArray[np.bool_], dna: bytes) -> dict[str, Bases]:
    start, strand = row["start"], row["strand"]
    coding = _mask(row, parts.coding) & exon
    bases = start + np.flatnonzero(coding)
    plain = start + np.flatnonzero(exon & ~coding)
    left, right = plain[plain < bases[0]], plain[plain > bases[-1]]
    found = (
        {"CDS": bases, "5UTR": left, "3UTR": right} if strand == "+" else {"CDS": bases, "5UTR": right, "3UTR": left}
    )
    pieces = sorted({piece for piece in parts.phases if piece[2] == strand})
    read = np.concatenate([np.arange(piece[0], piece[1]) for piece in pieces] or [np.empty(0, np.int64)])
    read = read[np.isin(read, bases)]
    beyond = np.setdiff1d(bases, read)  # stop codons that are not in the coding sequence's own rows
    if len(beyond) and len(read) and beyond[0] < read[0]:
        read = np.concatenate([beyond[beyond < read[0]], read, beyond[beyond > read[0]]])
    else:
        read = np.concatenate([read, beyond])
    read = read if strand == "+" else read[::-1]
    written = pieces[0 if strand == "+" else -1][3] if pieces else "."
    phase = int(written) if written in ("0", "1", "2") else 0
    place = (np.arange(len(read)) - phase) % 3
    found |= {f"codon_position_{codon}": np.unique(read[place == codon]) for codon in range(3)}
    codons = len(read) - phase
    text = "".join(chr(dna[base]) for base in read[-3:])
    stops = codons >= 3 and codons % 3 == 0 and (text if strand == "+" else text.translate(_PAIRS)) in _STOPS
    begins = row["cds_complete_5"] and phase == 0 and len(read) >= 3
    nothing = np.empty(0, np.int64)
    return found | {
        "start_codon": np.unique(read[:3]) if begins else nothing,
        "stop_codon": np.unique(read[-3:]) if stops else nothing,
    }


def _mask(row: Mapping[str, Any], stretches: Sequence[tuple[int, int, str]]) -> npt.NDArray[np.bool_]:
    mask = np.zeros(row["end"] - row["start"], bool)
    for start, end, strand in stretches:
        if strand == row["strand"] and row["start"] <= start and end <= row["end"]:
            mask[start - row["start"] : end - row["start"]] = True
    return mask


@dataclass(frozen=True)
class _Block:
    """A block of a set that there must be."""

    name: str
    isoforms: str
    genome: str
    chrom: str
    path: Path
    runs: Path
    start: int
    end: int

    def compare(self, marked: Sequence[tuple[int, int, Marked]], length: int) -> Iterator[str]:
        """Compare it, and the runs on it, with the transcripts of its chromosome of `length` bp."""
        told = f"{self.genome}: {self.name}: {self.chrom}:{self.start:,}"
        names = [f"{stem}_{strand}" for stem in _CHANNELS[self.name] for strand in "+-"]
        expected = np.zeros((self.end - self.start, len(names)), np.uint8)
        for first, last, marks in marked:
            if first < self.end and last > self.start:
                for column, stem in enumerate(_CHANNELS[self.name]):
                    at = marks.at.get(stem, np.empty(0, np.int64))
                    inside = at[(at >= self.start) & (at < self.end)] - self.start
                    expected[inside, 2 * column + (marks.strand == "-")] = 1
        if self.end > length:
            yield f"{told}: the chromosome ends at {length:,}"
            return
        try:
            stored, metadata = self._block()
            runs = self._runs(names)
        except (OSError, ValueError, KeyError) as error:
            yield f"{told}: can't be read ({error})"
            return
        said = [metadata.get(key) for key in ("genome", "chrom", "start", "end", "target_names", "isoforms")]
        if said != [self.genome, self.chrom, self.start, self.end, names, self.isoforms]:
            yield f"{told}: its metadata say {said}"
        for what, found in (("the block", stored), ("the runs", runs)):
            if found.shape != expected.shape:
                yield f"{told}: {what}: expected {expected.shape} values, found {found.shape}"
                continue
            for column, name in enumerate(names):
                bases = np.flatnonzero(found[:, column] != expected[:, column])
                if len(bases):
                    first_base = self.start + int(bases[0])
                    yield f"{told}: {name} of {what} differs at {len(bases):,} bases, the first {first_base:,}"

    def _block(self) -> tuple[npt.NDArray[np.uint8], dict[str, Any]]:
        table = pq.ParquetFile(self.path, page_checksum_verification=True).read()
        values = table["targets"].combine_chunks().flatten().flatten().to_numpy()
        return values.reshape(-1, 2 * len(_CHANNELS[self.name])), json.loads(table["metadata"][0].as_py())

    def _runs(self, names: Sequence[str]) -> npt.NDArray[np.float32]:
        table = pq.ParquetFile(self.runs).read(columns=["channel", "start", "end", "value"])
        start, end = table["start"].to_numpy(), table["end"].to_numpy()
        dense = np.zeros((self.end - self.start, len(names)), np.float32)
        places = pc.index_in(table["channel"].cast(pa.string()), pa.array(names, pa.string())).to_numpy()
        for row in np.flatnonzero((start < self.end) & (end > self.start)).tolist():
            left, right = max(int(start[row]), self.start), min(int(end[row]), self.end)
            dense[left - self.start : right - self.start, int(places[row])] = table["value"][row].as_py()
        return dense


def _blocks(catalogue: Catalogue, layout: Layout, genome: str) -> Iterator[_Block]:
    section, sets = gene_finding_of(catalogue), ChannelLayout(layout.root)
    table = pq.ParquetFile(layout.chromosomes(genome)).read(columns=["chrom", "length", "split"])
    for name in section.channel_sets:
        for row in table.filter(pc.is_valid(table["split"])).to_pylist():
            chrom, length = row["chrom"], row["length"]
            for start in range(0, length, section.block_size_bp):
                path = sets.block(name, row["split"], genome, chrom, start)
                end = min(start + section.block_size_bp, length)
                runs = sets.segments(name, genome, chrom)
                yield _Block(name, section.isoforms, genome, chrom, path, runs, start, end)


def _strays(catalogue: Catalogue, layout: Layout, genome: str) -> Iterator[str]:
    """Report files among the blocks of a genome that must not be there."""
    known = {block.path for block in _blocks(catalogue, layout, genome)}
    folder = f"genome={layout.assembly(genome).name}"
    for name in gene_finding_of(catalogue).channel_sets:
        for path in (ChannelLayout(layout.root).all_blocks / name).glob(f"*/{folder}/*/*.parquet"):
            if path not in known:
                yield f"{genome}: {path} is not a block that there must be"
