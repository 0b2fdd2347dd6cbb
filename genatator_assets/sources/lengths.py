"""The lengths of a genome's sequences before it is imported: from the cheapest place that surely knows them."""

import re
from collections.abc import Mapping
from itertools import chain
from pathlib import Path

from genatator_assets.catalogue import Assembly
from genatator_assets.errors import FetchError, SequenceError
from genatator_assets.simulate.model import molecules
from genatator_assets.sources.aliases import read_names
from genatator_assets.sources.assembly import read_source
from genatator_assets.sources.chromosomes import named_by_rules, read_chromosomes
from genatator_assets.sources.fasta import index_path, read_index, scan_fasta
from genatator_assets.work.layout import Layout

_REFSEQ = re.compile(r"N[CGTWZ]_\d+\.\d+")


def lengths_of(assembly: Assembly, layout: Layout) -> Mapping[str, int] | None:
    """Return name -> length in bp of a genome's sequences, in its FASTA file's order; None if they can't be known yet.

    The places asked, in this order: the simulation; the root's table of chromosomes; an index beside the FASTA file;
    the FASTA file itself; an assembly report that was fetched. A table or index older than the FASTA file is passed
    over. Nothing is written or fetched.

    Raises:
        SequenceError: the FASTA file can't be used.
        DatasetError: the root's record of the genome is damaged.
    """
    if assembly.simulate is not None:
        return {molecule.name: molecule.length for molecule in molecules(assembly.simulate)}
    if _is_imported(assembly, layout):
        return {one.chrom: one.length for one in read_chromosomes(layout.chromosomes(assembly.genome))}
    if assembly.sequence.path is not None:
        return lengths_of_file(assembly.sequence.path)
    return _reported(assembly)


def lengths_of_file(fasta: Path) -> Mapping[str, int]:
    """Return name -> length in bp of a FASTA file's sequences, from the index beside it or else by reading all of it.

    Raises:
        SequenceError: the FASTA file can't be used.
    """
    return _indexed(fasta) or scan_fasta(fasta)


def _reported(assembly: Assembly) -> Mapping[str, int] | None:
    """Return the lengths that a fetched assembly report states. Each sequence goes by the name that the catalogue's
    rules use, or else by RefSeq's, as in RefSeq's FASTA files."""
    from genatator_assets.sources.fetch import Cache  # noqa: PLC0415 - requests: slow to import, seldom needed
    from genatator_assets.sources.inputs import fetch_input, remote_inputs  # noqa: PLC0415

    cache = Cache(offline=True)
    try:
        table = fetch_input(remote_inputs(assembly, cache)["aliases"], cache).path
    except (FetchError, KeyError):
        return None
    named = {chrom for _, chrom in named_by_rules(assembly)}
    lengths = {
        _name_in_fasta(sequence.names, named): sequence.length
        for sequence in read_names(table)
        if sequence.length is not None
    }
    return lengths or None


def _name_in_fasta(names: tuple[str, ...], named: set[str]) -> str:
    by_rules = (name for name in names if name in named)
    by_refseq = (name for name in names if _REFSEQ.fullmatch(name))
    return next(chain(by_rules, by_refseq, names))


def _is_imported(assembly: Assembly, layout: Layout) -> bool:
    """Whether the root's table of chromosomes is of the file that the catalogue names now."""
    table = layout.chromosomes(assembly.genome)
    if not table.is_file():
        return False
    fasta = assembly.sequence.path
    if fasta is None:
        return True
    return read_source(layout, assembly.genome).sequence.path == fasta and not _is_older(table, fasta)


def _indexed(fasta: Path) -> Mapping[str, int] | None:
    """Return what a FASTA file's own index says; a build doesn't need that index, so a bad one is only passed over."""
    index = index_path(fasta)
    if not index.is_file() or _is_older(index, fasta):
        return None
    try:
        return read_index(fasta)
    except (SequenceError, OSError):
        return None


def _is_older(path: Path, than: Path) -> bool:
    return path.stat().st_mtime_ns < than.stat().st_mtime_ns
