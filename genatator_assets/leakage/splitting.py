"""`split --by homology`: from a root's assemblies to splits as BED, a catalogue, and the leakage that is left."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from genatator_assets.annotation.transcripts import read_exons, read_transcripts
from genatator_assets.catalogue.values import SPLITS
from genatator_assets.errors import DatasetError
from genatator_assets.leakage.genes import genes_of, proteins_of
from genatator_assets.leakage.homology import Dealt, Edges, components, deal, residual, shared
from genatator_assets.leakage.kmers import Kmers
from genatator_assets.leakage.proteins import Words, similar
from genatator_assets.leakage.report import PROTEIN_LEAKED, THRESHOLDS, Judging
from genatator_assets.leakage.stretches import Stretches
from genatator_assets.leakage.windows import Grid
from genatator_assets.sources.chromosomes import Chromosome
from genatator_assets.work.files import whole_file
from genatator_assets.work.layout import Layout
from genatator_assets.work.text import TextTable

UNIT_BP = 1_000_000
SCALED = 1_000
"""A unit of 1 Mb has about a thousand samples."""

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Units:
    """The units of chromosomes: those of chromosome i are [first[i], first[i + 1]); size int64 [units] in bp.

    unit_bp: their length, or None where whole chromosomes are units.
    """

    chromosomes: tuple[Chromosome, ...]
    unit_bp: int | None
    first: Numbers
    size: Numbers

    @classmethod
    def of(cls, chromosomes: Sequence[Chromosome], unit_bp: int | None) -> "Units":
        """Cut chromosomes into units."""
        grids = [Grid(one.length, unit_bp or one.length) for one in chromosomes]
        sizes = [grid.ends - grid.starts for grid in grids]
        first = np.append(0, np.cumsum([len(of) for of in sizes]))
        return cls(tuple(chromosomes), unit_bp, first, np.concatenate([np.empty(0, np.int64), *sizes]))

    def at(self, number: int, positions: Numbers) -> Numbers:
        """Return the units in which positions of a chromosome lie."""
        units: Numbers = self.first[number] + positions // (self.unit_bp or self.chromosomes[number].length)
        return units

    def majority(self, split: Numbers, splits: int) -> Numbers:
        """Return the split that most bases of each chromosome are in, int64 [chromosomes]."""
        chromosome = np.repeat(np.arange(len(self.chromosomes)), np.diff(self.first))
        bases = np.bincount(chromosome * splits + split, weights=self.size, minlength=len(self.chromosomes) * splits)
        home: Numbers = bases.reshape(-1, splits).argmax(axis=1)
        return home


@dataclass(frozen=True, eq=False)
class Splits:
    """Units and the split of each; `names` are the splits that `dealt` counts."""

    units: Units
    dealt: Dealt
    edges: Edges
    names: tuple[str, ...]

    @property
    def leakage(self) -> list[Mapping[str, str | float | int]]:
        """What is left: how much of each split lies in units that share sequence or genes with another split."""
        return residual(self.dealt, self.edges, self.units.size, self.names, THRESHOLDS)


def split_by_homology(judging: Judging, fractions: Sequence[float], unit_bp: int | None = UNIT_BP) -> Splits:
    """Deal the units of imported chromosomes out to train, validation and test, by these fractions.

    Raises:
        DatasetError: the fractions make no sense.
    """
    if len(fractions) != len(SPLITS) or min(fractions) <= 0:
        raise DatasetError(f"fractions {list(fractions)}: expected three positive numbers, for {', '.join(SPLITS)}")
    units = Units.of(judging.chromosomes, unit_bp)
    edges = Edges.strongest([_by_sequence(judging, units), _by_genes(judging, units)])
    return Splits(units, deal(edges, units.size, fractions), edges, SPLITS)


def _by_sequence(judging: Judging, units: Units) -> Edges:
    kmers = Kmers(judging.rules.k, SCALED)

    def sampled(number: int) -> tuple[Any, Numbers]:
        one = units.chromosomes[number]
        chromosome = Stretches(judging.root, one.genome, one.chrom, one.length)
        left_out = chromosome.soft_masked() if judging.unmasked(one.genome) else None
        found = list(chromosome.kmers(kmers, left_out))
        hashes = np.concatenate([np.empty(0, np.uint64), *(of for _, of in found)])
        positions = np.concatenate([np.empty(0, np.int64), *(of for of, _ in found)])
        return hashes, units.at(number, positions)

    with ThreadPoolExecutor(judging.threads) as pool:
        columns = list(zip(*pool.map(sampled, range(len(units.chromosomes))), strict=True))
    hashes, unit = (np.concatenate(column) for column in columns)
    return shared(hashes, unit, len(units.size))


def _by_genes(judging: Judging, units: Units) -> Edges:
    """Join units by families of genes: those of one name, or with similar proteins, in one or several steps."""
    layout = Layout(judging.root)
    names: dict[str, int] = {}
    called: list[tuple[int, int]] = []
    proteins: list[str] = []
    unit: list[Numbers] = []
    for genome in dict.fromkeys(one.genome for one in units.chromosomes):
        if genome not in judging.annotated:
            continue
        number_of = {one.chrom: number for number, one in enumerate(units.chromosomes) if one.genome == genome}
        transcripts, exons = read_transcripts(layout, genome), read_exons(layout, genome)
        genes = genes_of(transcripts, number_of)
        for number, own in enumerate(genes.names, len(proteins)):
            called += [(number, names.setdefault(name, len(names))) for name in sorted(own)]
        proteins += proteins_of(layout, genome, genes, transcripts, exons)
        middle = (genes.start + genes.end) // 2
        unit += [units.at(number_of[chrom], middle[place]) for place, chrom in enumerate(genes.chrom)]
    if not proteins:
        return Edges(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    one, other = similar(Words.of(proteins), PROTEIN_LEAKED)
    gene, name = np.array(called, np.int64).T
    everybody = len(proteins) + len(names)  # genes and, behind them, names are the nodes
    joined = Edges(np.append(one, gene), np.append(other, name + len(proteins)), np.ones(len(one) + len(gene)))
    family = components(joined, everybody)[: len(proteins)]
    return shared(family, np.array(unit, np.int64), len(units.size))


@dataclass(frozen=True)
class _Piece:
    """Units side by side of one split, joined; `of` is the split that the catalogue puts their chromosome in."""

    chrom: str
    start: int
    end: int
    split: str
    genome: str
    of: str

    @property
    def line(self) -> str:
        """As BED: column 4 is the split, column 5 the genome."""
        return f"{self.chrom}\t{self.start}\t{self.end}\t{self.split}\t{self.genome}\n"


def pieces(splits: Splits) -> Iterator[_Piece]:
    """Return the splits as intervals, chromosome by chromosome."""
    units = splits.units
    homes = units.majority(splits.dealt.split, len(splits.names)).tolist()
    for number, (one, home) in enumerate(zip(units.chromosomes, homes, strict=True)):
        grid = Grid(one.length, units.unit_bp or one.length)
        split = splits.dealt.split[units.first[number] : units.first[number + 1]]
        edges = np.flatnonzero(np.diff(split, prepend=-1))
        ends = np.append(grid.starts[edges][1:], one.length)
        for start, end, place in zip(grid.starts[edges].tolist(), ends.tolist(), split[edges].tolist(), strict=True):
            yield _Piece(one.chrom, start, end, splits.names[place], one.genome, splits.names[home])


def catalogue_with(splits: Splits, document: Mapping[str, Any]) -> str:
    """Return a catalogue, as YAML, in which each chromosome is in the split that most of its bases were dealt to."""
    of: dict[str, dict[str, list[str]]] = {}
    homes = splits.units.majority(splits.dealt.split, len(splits.names)).tolist()
    for one, home in zip(splits.units.chromosomes, homes, strict=True):
        of.setdefault(one.genome, {}).setdefault(splits.names[home], []).append(one.chrom)
    assemblies = [
        {**entry, "splits": {name: chroms for name, chroms in of[entry["genome"]].items() if name != "train"}}
        if entry["genome"] in of
        else entry
        for entry in document["assemblies"]
    ]
    return yaml.safe_dump({**document, "assemblies": assemblies}, sort_keys=False, allow_unicode=True)


def residual_table(splits: Splits) -> TextTable:
    """Return what leakage is left, as text."""
    header = ("split", "against", "threshold", "nt", "leaked nt", "share")
    rows = tuple(
        (
            str(row["split"]),
            str(row["against"]),
            f"{row['threshold']:g}",
            f"{row['nt']:,}",
            f"{row['leaked_nt']:,}",
            f"{row['share']:.4f}",
        )
        for row in splits.leakage
    )
    return TextTable("Residual leakage", header, rows)


def write_splits(splits: Splits, folder: Path, document: Mapping[str, Any]) -> list[Path]:
    """Write the splits, a catalogue of them, masks and the residual leakage; return the paths.

    <split>_mask.bed has what lies on the chromosomes that the catalogue puts in a split, but was dealt to another.
    """
    table, found = residual_table(splits), list(pieces(splits))
    texts = {
        "splits.bed": "".join(piece.line for piece in found),
        "catalogue.yaml": catalogue_with(splits, document),
        "residual_leakage.tsv": "".join("\t".join(row) + "\n" for row in (table.header, *table.rows)),
        **{
            f"{name}_mask.bed": "".join(piece.line for piece in found if piece.of == name != piece.split)
            for name in splits.names
        },
    }
    for name, text in texts.items():
        with whole_file(folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return [folder / name for name in texts]
