"""The chromosomes of an assembly: which are included, in which split, and why the others are not."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from genatator_assets.catalogue import Assembly, Catalogue
from genatator_assets.catalogue.values import SPLITS, Split, nearest
from genatator_assets.errors import CatalogueError
from genatator_assets.work.tables import read_table, write_table
from genatator_assets.work.unit import Provenance

SCHEMA = pa.schema(
    [
        ("genome", pa.string()),
        ("species", pa.string()),
        ("chrom", pa.string()),
        ("length", pa.int64()),
        ("aliases", pa.list_(pa.string())),
        ("included", pa.bool_()),
        ("reason", pa.string()),
        ("split", pa.string()),
        ("sha256", pa.string()),
    ]
)

_SHOWN_FAULTS = 3


@dataclass(frozen=True)
class Chromosome:
    """A sequence of an assembly. `reason` says why it is not included; `split` is None then.

    `sha256` is of its letters in the contract's alphabet, from the first to the last; None before it is imported.
    """

    genome: str
    species: str
    chrom: str
    length: int
    aliases: tuple[str, ...]
    included: bool
    reason: str | None
    split: Split | None
    sha256: str | None = None


def chromosomes_of(
    catalogue: Catalogue,
    genome: str,
    lengths: Mapping[str, int],
    aliases: Mapping[str, tuple[str, ...]] | None = None,
    sha256: Mapping[str, str] | None = None,
) -> list[Chromosome]:
    """Apply an assembly's rules to the sequences of its FASTA file (`lengths`: name -> bp, in the file's order).

    `aliases` are their other names, `sha256` the hashes of their letters.

    Raises:
        CatalogueError: a rule names a sequence that isn't there or isn't included, or nothing is included.
    """
    assembly = catalogue.assembly(genome)
    place = f"{catalogue.origin}: genome {genome}"
    aliases, sha256 = aliases or {}, sha256 or {}
    _require_known(assembly, list(lengths), aliases, place)
    least = catalogue.min_length_of(genome)
    chromosomes = [
        replace(_chromosome(assembly, chrom, length, least, aliases.get(chrom, ())), sha256=sha256.get(chrom))
        for chrom, length in lengths.items()
    ]
    _require_included(assembly, chromosomes, least, place)
    return chromosomes


def write_chromosomes(path: Path, chromosomes: list[Chromosome], provenance: Provenance) -> None:
    """Store an assembly's chromosomes."""
    columns = {name: [getattr(chromosome, name) for chromosome in chromosomes] for name in SCHEMA.names}
    write_table(path, pa.table(columns, SCHEMA), provenance)


def read_chromosomes(path: Path) -> list[Chromosome]:
    """Read what `write_chromosomes` stored."""
    rows = read_table(path).to_pylist()
    return [Chromosome(**{**row, "aliases": tuple(row["aliases"])}) for row in rows]


def _chromosome(assembly: Assembly, chrom: str, length: int, least: int, aliases: tuple[str, ...]) -> Chromosome:
    reason = None
    if not assembly.chromosomes.wants(chrom):
        reason = "excluded"
    elif length < least:
        reason = "too_short"
    split = None if reason else assembly.splits.split_of(chrom)
    return Chromosome(assembly.genome, assembly.species, chrom, length, aliases, reason is None, reason, split)


def named_by_rules(assembly: Assembly) -> list[tuple[str, str]]:
    """Return (key, chromosome) for every chromosome that the catalogue names."""
    named = [(f"splits.{split}", chrom) for split in SPLITS for chrom in getattr(assembly.splits, split)]
    named += [("chromosomes.include", chrom) for chrom in assembly.chromosomes.include or ()]
    return named + [("chromosomes.exclude", chrom) for chrom in assembly.chromosomes.exclude]


def _require_known(assembly: Assembly, known: list[str], aliases: Mapping[str, tuple[str, ...]], place: str) -> None:
    there = set(known)
    absent = [(key, chrom) for key, chrom in named_by_rules(assembly) if chrom not in there]
    if absent:
        called = {alias: chrom for chrom, others in aliases.items() for alias in others}
        faults = [
            f"{place}: {key}: no sequence {chrom!r} in the FASTA file"
            + (f"; there it is called {called[chrom]!r}" if chrom in called else nearest(chrom, known))
            for key, chrom in absent[:_SHOWN_FAULTS]  # to look for the nearest of thousands of names takes a second
        ]
        more = [f"... and {len(absent) - len(faults):,} names more"] if len(absent) > len(faults) else []
        shown = ", ".join(known[:8]) + (", ..." if len(known) > 8 else "")
        raise CatalogueError("\n".join([*faults, *more, f"The FASTA file has {len(known):,} sequences: {shown}"]))


def _require_included(assembly: Assembly, chromosomes: list[Chromosome], least: int, place: str) -> None:
    if not any(chromosome.included for chromosome in chromosomes):
        longest = max(chromosome.length for chromosome in chromosomes)
        raise CatalogueError(
            f"{place}: no chromosome is left: the longest has {longest:,} bp, the minimum length is {least:,} bp;"
            " lower min_chromosome_length_bp or change chromosomes.include and exclude"
        )
    left_out = {chromosome.chrom: chromosome for chromosome in chromosomes if not chromosome.included}
    faults = [
        f"{place}: {key}: {chrom} is left out of the dataset ({out.reason}, {out.length:,} bp, the minimum"
        f" length is {least:,} bp); take it out of {key} or let it in"
        for key, chrom in named_by_rules(assembly)
        if key.startswith("splits.") and (out := left_out.get(chrom))
    ]
    if faults:
        raise CatalogueError("\n".join(faults))
