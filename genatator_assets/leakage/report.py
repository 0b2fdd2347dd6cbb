"""The leakage report: how much of the judged splits occurs in train, by window, gene and block, and in all."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.annotation.transcripts import read_exons, read_transcripts
from genatator_assets.leakage.genes import (
    Genes,
    ProteinTask,
    exons_on,
    find_similar,
    genes_of,
    proteins_of,
    save_words,
)
from genatator_assets.leakage.kmers import Kmers
from genatator_assets.leakage.lookup import (
    OFTEN,
    RELATIONS,
    CountTask,
    Exons,
    Found,
    GenomeBits,
    LookupTask,
    SampleTask,
    count_windows,
    distinct_hashes,
    look_up,
    relation,
    sample,
)
from genatator_assets.leakage.proteins import Words
from genatator_assets.leakage.section import Leakage
from genatator_assets.leakage.stretches import Stretches
from genatator_assets.leakage.windows import Grid, shares
from genatator_assets.sources.chromosomes import Chromosome
from genatator_assets.work.layout import Layout
from genatator_assets.work.storage import machine_folder

THRESHOLDS = (0.1, 0.2, 0.5, 0.9)
LEAKED = 0.5
"""A window, or a gene's exons, count as leaked where this share of their k-mers occurs in train."""

PROTEIN_LEAKED = 0.1
"""Found among real proteins: at this share all genes with 70 % identity are called, and 95 % of calls have 50 %."""

WINDOWS_SCHEMA = pa.schema(
    [
        ("genome", pa.string()),
        ("chrom", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("split", pa.string()),
        ("sampled", pa.int64()),
        ("judged", pa.bool_()),
        ("score", pa.float64()),
        *((f"score_{name}", pa.float64()) for name in RELATIONS),
        ("best_genome", pa.string()),
    ]
)
"""A row per window of a judged chromosome: the share of its sampled k-mers that occur in train, anywhere and in each
kind of genome; null where too few are sampled. `best_genome` is the genome of train in which most occur."""

GENES_SCHEMA = pa.schema(
    [
        ("genome", pa.string()),
        ("chrom", pa.string()),
        ("gene", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("type", pa.string()),
        ("split", pa.string()),
        ("name_in_train", pa.bool_()),
        ("protein_score", pa.float64()),
        ("best_gene", pa.string()),
        ("best_genome", pa.string()),
        ("window_score", pa.float64()),
    ]
)
"""A row per gene of a judged chromosome. protein_score: the share of its protein's distinct words of eight amino acids
in the best gene of train, null without a protein; window_score: the share of its exons' k-mers that occur in train."""

BLOCKS_SCHEMA = pa.schema(
    [
        ("genome", pa.string()),
        ("chrom", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("split", pa.string()),
        ("judged_windows", pa.int64()),
        ("leakage", pa.float32()),
        ("leakage_genes", pa.float32()),
    ]
)
"""A row per block: the share of its judged windows, and of its genes, that are leaked; null where there are none."""

STATISTICS_SCHEMA = pa.schema(
    [
        ("split", pa.string()),
        ("against", pa.string()),
        ("unit", pa.string()),
        ("relation", pa.string()),
        ("rule", pa.string()),
        ("threshold", pa.float64()),
        ("n", pa.int64()),
        ("judged", pa.int64()),
        ("leaked", pa.int64()),
        ("share", pa.float64()),
    ]
)
"""How many windows, nucleotides (nt), genes and blocks are leaked at a threshold, of those that could be judged."""


@dataclass(frozen=True)
class Judging:
    """What is compared: the included chromosomes, and by which rules. `masked` genomes have soft masking."""

    root: Path
    rules: Leakage
    chromosomes: tuple[Chromosome, ...]
    masked: frozenset[str]
    annotated: frozenset[str]
    threads: int

    @cached_property
    def kmers(self) -> Kmers:
        """The kind of k-mers."""
        return Kmers(self.rules.k, self.rules.scaled)

    @property
    def judged(self) -> list[Chromosome]:
        """The chromosomes that are judged."""
        return [one for one in self.chromosomes if one.split in ("validation", "test")]

    @property
    def train(self) -> list[Chromosome]:
        """Those that they are looked up in."""
        return [one for one in self.chromosomes if one.split == "train"]

    def unmasked(self, genome: str) -> bool:
        """Return whether soft-masked k-mers of a judged genome are left out."""
        return self.rules.masked != "none" and genome in self.masked

    def counts_repeats(self, genome: str) -> bool:
        """Return whether k-mers of a genome that are repeats on the other side are left out: it has no soft masking."""
        return self.rules.masked != "none" and genome not in self.masked

    def rule(self, genome: str) -> str:
        """Return in words which k-mers of a judged genome count."""
        if self.rules.masked == "none":
            return "all k-mers"
        if not self.counts_repeats(genome):
            return "without soft-masked k-mers"
        return f"without k-mers that occur more than {OFTEN} times in a genome of train"


def judge(judging: Judging) -> tuple[pa.Table, pa.Table]:
    """Look the judged chromosomes' windows and genes up in train, of which the sketches are finished.

    Returns WINDOWS_SCHEMA and GENES_SCHEMA.

    Raises:
        DatasetError: a sketch or a table is missing or damaged.
    """
    layout = Layout(judging.root)
    genes = {genome: _annotation(layout, judging, genome) for genome in _genomes(judging.judged)}
    with scratch(judging.root) as folder, ThreadPoolExecutor(judging.threads) as threads:
        found = _look_up(judging, genes, folder, threads)
        similar = _similarities(judging, genes, folder, threads)
    windows = [_windows(judging, *one) for one in found.items()]
    of_genes, first = [], 0
    for genome, own in genes.items():
        if own is not None:
            of_genes.append(_genes_table(judging, genome, own, found, similar.part(first, len(own.genes.gene))))
            first += len(own.genes.gene)
    return (
        pa.concat_tables([WINDOWS_SCHEMA.empty_table(), *windows]),
        pa.concat_tables([GENES_SCHEMA.empty_table(), *of_genes]),
    )


@contextmanager
def scratch(root: Path) -> Iterator[Path]:
    """Return a folder on this machine's disk that is gone afterwards."""
    beside = machine_folder(root)
    beside.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".leakage-", dir=beside) as folder:
        yield Path(folder)


def _genomes(chromosomes: Iterable[Chromosome]) -> dict[str, list[Chromosome]]:
    of: dict[str, list[Chromosome]] = {}
    for one in chromosomes:
        of.setdefault(one.genome, []).append(one)
    return of


_FoundIn = tuple[Found, tuple[str, ...]]
"""What was found of a chromosome, and the genomes of train that its `best` counts."""


@dataclass(frozen=True, eq=False)
class _Annotation:
    """The genes of a judged genome, and the tables that they come from."""

    genes: Genes
    transcripts: pa.Table
    exons: pa.Table


def _annotation(layout: Layout, judging: Judging, genome: str) -> _Annotation | None:
    """Read the genes of a judged genome; None where it has no annotation."""
    if genome not in judging.annotated:
        return None
    transcripts, exons = read_transcripts(layout, genome), read_exons(layout, genome)
    chroms = [one.chrom for one in judging.judged if one.genome == genome]
    return _Annotation(genes_of(transcripts, chroms), transcripts, exons)


def _look_up(
    judging: Judging, genes: Mapping[str, _Annotation | None], folder: Path, threads: ThreadPoolExecutor
) -> dict[Chromosome, _FoundIn]:
    """Return what was found of each judged chromosome, and the genomes that `best` counts."""
    layout = Layout(judging.root)
    prefixes = {one: folder / str(number) for number, one in enumerate(judging.judged)}
    samples = [
        SampleTask(_stretches(judging, one), judging.kmers, judging.unmasked(one.genome), prefix)
        for one, prefix in prefixes.items()
    ]
    list(threads.map(sample, samples))
    hashes = folder / "hashes.npy"
    count = distinct_hashes(prefixes.values(), hashes)
    bits, often = {}, np.zeros(count, bool)
    for number, (genome, chromosomes) in enumerate(_genomes(judging.train).items()):
        lookups = [LookupTask(genome, layout.sketch(genome, one.chrom), hashes) for one in chromosomes]
        gathered = GenomeBits(count)
        for found, copies in threads.map(look_up, lookups):
            gathered.add(found, copies)
        often |= gathered.often()
        bits[genome] = folder / f"genome{number}.npy"
        gathered.save(bits[genome])
    np.save(repeats := folder / "often.npy", np.packbits(often))
    species = {one.genome: one.species for one in judging.chromosomes}
    tasks = [
        CountTask(
            prefix,
            Grid(one.length, judging.rules.window_bp),
            hashes,
            tuple(
                (genome, relation((one.genome, one.species), (genome, species[genome])), path)
                for genome, path in bits.items()
            ),
            repeats if judging.counts_repeats(one.genome) else None,
            _exons(genes[one.genome], one.chrom),
        )
        for one, prefix in prefixes.items()
    ]
    return {one: (found, tuple(bits)) for one, found in zip(prefixes, threads.map(count_windows, tasks), strict=True)}


def _stretches(judging: Judging, one: Chromosome) -> Stretches:
    return Stretches(judging.root, one.genome, one.chrom, one.length)


def _exons(annotation: _Annotation | None, chrom: str) -> Exons:
    if annotation is None:
        return Exons(0, *(np.empty(0, np.int64) for _ in range(3)))
    return exons_on(annotation.genes, annotation.exons, chrom)[0]


@dataclass(frozen=True, eq=False)
class _Similarities:
    """The best gene of train for each judged gene, of all judged genomes one after another, and train's names."""

    score: npt.NDArray[np.float64]
    gene: list[str | None]
    genome: list[str | None]
    names: frozenset[str]

    def part(self, first: int, count: int) -> "_Similarities":
        """Return those of `count` genes."""
        some = slice(first, first + count)
        return _Similarities(self.score[some], self.gene[some], self.genome[some], self.names)


def _similarities(
    judging: Judging, genes: Mapping[str, _Annotation | None], folder: Path, threads: ThreadPoolExecutor
) -> _Similarities:
    """Compare the proteins of all judged genes with those of each genome of train; NaN for genes without a protein."""
    layout = Layout(judging.root)
    proteins = [
        protein
        for genome, own in genes.items()
        if own is not None
        for protein in proteins_of(layout, genome, own.genes, own.transcripts, own.exons)
    ]
    words = Words.of(proteins)
    save_words(stored := folder / "words.npz", words)
    tasks = [
        ProteinTask(judging.root, genome, tuple(one.chrom for one in chromosomes), stored)
        for genome, chromosomes in _genomes(judging.train).items()
        if genome in judging.annotated
    ]
    score = np.where(words.count > 0, 0.0, np.nan)
    best: list[str | None] = [None] * len(proteins)
    best_genome: list[str | None] = [None] * len(proteins)
    names = set[str]()
    for similar in threads.map(find_similar, tasks):
        names |= similar.names
        for number in np.flatnonzero(similar.share > np.nan_to_num(score, nan=np.inf)).tolist():
            score[number], best[number], best_genome[number] = (
                similar.share[number],
                similar.gene[number],
                similar.genome,
            )
    return _Similarities(score, best, best_genome, frozenset(names))


def _windows(judging: Judging, one: Chromosome, found_in: _FoundIn) -> pa.Table:
    found, genomes = found_in
    grid, least = Grid(one.length, judging.rules.window_bp), judging.rules.min_samples
    score = shares(found.shared, found.sampled, least)
    columns: dict[str, Any] = {
        "genome": [one.genome] * grid.windows,
        "chrom": [one.chrom] * grid.windows,
        "start": grid.starts,
        "end": grid.ends,
        "split": [one.split] * grid.windows,
        "sampled": found.sampled,
        "judged": ~np.isnan(score),
        "score": _nullable(score),
        **{f"score_{name}": _nullable(np.full(grid.windows, np.nan)) for name in RELATIONS},
        **{
            f"score_{name}": _nullable(shares(counts, found.sampled, least))
            for name, counts in found.by_relation.items()
        },
        "best_genome": [genomes[number] if number >= 0 else None for number in found.best.tolist()],
    }
    return pa.table(columns, WINDOWS_SCHEMA)


def _nullable(values: npt.NDArray[np.float64]) -> pa.Array:
    return pa.array(values, pa.float64(), mask=np.isnan(values))


def _genes_table(
    judging: Judging, genome: str, own: _Annotation, found: Mapping[Chromosome, _FoundIn], similar: _Similarities
) -> pa.Table:
    genes, least = own.genes, judging.rules.min_samples
    window_score = np.full(len(genes.gene), np.nan)
    split: list[str | None] = [None] * len(genes.gene)
    for one, (of, _) in found.items():
        if one.genome == genome:
            here = np.flatnonzero(np.array([chrom == one.chrom for chrom in genes.chrom], bool))
            window_score[here] = shares(of.exonic_shared, of.exonic_sampled, least)
            for number in here.tolist():
                split[number] = one.split
    columns: dict[str, Any] = {
        "genome": [genome] * len(genes.gene),
        "chrom": genes.chrom,
        "gene": genes.gene,
        "start": genes.start,
        "end": genes.end,
        "type": genes.kind,
        "split": split,
        "name_in_train": [not names.isdisjoint(similar.names) for names in genes.names],
        "protein_score": _nullable(similar.score),
        "best_gene": similar.gene,
        "best_genome": similar.genome,
        "window_score": _nullable(window_score),
    }
    return pa.table(columns, GENES_SCHEMA)


def leakage_of_blocks(blocks: pa.Table, windows: pa.Table, genes: pa.Table) -> pa.Table:
    """Return the share of each judged block's windows and genes that is leaked, of those that begin in it.

    blocks: columns genome, chrom, start, end, split.
    """
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")  # sums in one order: the same inputs give the same bytes
        for name, table in {"blocks": blocks, "windows": windows, "genes": genes}.items():
            connection.register(name, table)
        query = (files("genatator_assets.leakage") / "blocks.sql").read_text()
        return connection.sql(query, params={"leaked": LEAKED}).to_arrow_table().cast(BLOCKS_SCHEMA)


def statistics(windows: pa.Table, genes: pa.Table, blocks: pa.Table, rules: Mapping[str, str]) -> pa.Table:
    """Return the counts of what is leaked (STATISTICS_SCHEMA), split by split.

    rules: in words, which k-mers of a genome count.
    """
    rows: list[dict[str, Any]] = []
    for split in ("validation", "test"):
        own, own_genes, own_blocks = (
            table.filter(pc.equal(table["split"], split)) for table in (windows, genes, blocks)
        )
        if not len(own):
            continue
        rule = "; ".join(dict.fromkeys(rules[genome] for genome in pc.unique(own["genome"]).to_pylist()))
        size = pc.subtract(own["end"], own["start"]).to_numpy()
        for relation_, column in (("any", "score"), *((name, f"score_{name}") for name in RELATIONS)):
            score = own[column].to_numpy()
            if relation_ != "any" and np.isnan(score).all():
                continue  # train has no such genome
            rows += _rows(split, "window", relation_, rule, score, np.ones(len(score), np.int64))
            rows += _rows(split, "nt", relation_, rule, score, size)
        ones = np.ones(len(own_genes), np.int64)
        rows += _rows(split, "gene", "any", "exons' k-mers", own_genes["window_score"].to_numpy(), ones)
        rows += _rows(split, "gene", "any", "proteins' words", own_genes["protein_score"].to_numpy(), ones)
        named = own_genes["name_in_train"].to_numpy().astype(np.float64)
        rows += _rows(split, "gene", "any", "names", named, ones, thresholds=(1.0,))
        of_blocks = own_blocks["leakage"].to_numpy().astype(np.float64)
        rows += _rows(split, "block", "any", "leaked windows", of_blocks, np.ones(len(of_blocks), np.int64))
    return pa.Table.from_pylist(rows, STATISTICS_SCHEMA)


def _rows(
    split: str,
    unit: str,
    related: str,
    rule: str,
    score: npt.NDArray[np.float64],
    size: npt.NDArray[np.int64],
    thresholds: Sequence[float] = THRESHOLDS,
) -> Iterator[dict[str, Any]]:
    judged = ~np.isnan(score)
    for threshold in thresholds:
        leaked = int(size[judged & (np.nan_to_num(score) >= threshold)].sum())
        of = int(size[judged].sum())
        yield {
            "split": split,
            "against": "train",
            "unit": unit,
            "relation": related,
            "rule": rule,
            "threshold": threshold,
            "n": int(size.sum()),
            "judged": of,
            "leaked": leaked,
            "share": leaked / of if of else None,
        }
