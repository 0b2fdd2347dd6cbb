"""The preview: one short window from each of some chromosomes, in the form of blocks, for the hub's viewer and to try
code on. Windows are cut from the released blocks themselves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from genatator_assets.annotation.transcripts import read_transcripts
from genatator_assets.gene_finding.blocks.contract import BlockPlace
from genatator_assets.gene_finding.blocks.window import read_targets
from genatator_assets.gene_finding.blocks.write import write_dense_block
from genatator_assets.release.contents import Block, Contents
from genatator_assets.release.names import preview_path
from genatator_assets.work.layout import Layout

WINDOW_BP = 20_000
WINDOWS_A_SPLIT = 40
"""A split is at most 40 MB once read: the hub's viewer takes at most 286 MiB for the 100 rows of a page."""


@dataclass(frozen=True)
class PreviewFile:
    """A window that was written."""

    path: str
    place: BlockPlace
    bytes: int


def write_preview(contents: Contents, folder: Path) -> list[PreviewFile]:
    """Write the windows of all splits below `folder`."""
    return [
        _write_window(contents, chosen, folder)
        for blocks in contents.splits.values()
        for chosen in choose_windows(contents.layout, blocks)
    ]


def choose_windows(layout: Layout, blocks: Iterable[Block]) -> list[tuple[Block, int, int]]:
    """Choose windows [start, end) of a split, each with the block that it is cut from, one from a chromosome.

    Genomes take turns, the longest chromosome of each first. A window stands around the TSS of the chromosome's middle
    selected transcript, but within one block; or at the chromosome's beginning where there is no transcript.
    """
    of_chromosome: dict[tuple[str, str], list[Block]] = {}
    for block in blocks:
        of_chromosome.setdefault((block.place.genome, block.place.chrom), []).append(block)
    turns = _by_turns({key: own[0].place.chrom_length for key, own in of_chromosome.items()})
    sites = {genome: _middle_sites(layout, genome) for genome in {genome for genome, _ in turns}}
    chosen = []
    for genome, chrom in turns:
        site = sites[genome].get(chrom, 0)
        block = next(block for block in of_chromosome[genome, chrom] if site < block.place.end)
        start = max(block.place.start, min(site - WINDOW_BP // 2, block.place.end - WINDOW_BP))
        chosen.append((block, start, min(start + WINDOW_BP, block.place.end)))
    return chosen


def _by_turns(lengths: Mapping[tuple[str, str], int]) -> list[tuple[str, str]]:
    """Return the first WINDOWS_A_SPLIT chromosomes: the longest of each genome, then the second of each, and so on."""
    longest_first = sorted(lengths, key=lambda key: -lengths[key])
    turns: dict[str, int] = {}
    turn_of = {}
    for genome, chrom in longest_first:
        turn_of[genome, chrom] = turns[genome] = turns.get(genome, -1) + 1
    return sorted(lengths, key=lambda key: turn_of[key])[:WINDOWS_A_SPLIT]


def _middle_sites(layout: Layout, genome: str) -> dict[str, int]:
    """Return the TSS of the middle selected transcript of each chromosome that has one."""
    transcripts = read_transcripts(layout, genome)
    selected = transcripts.filter(transcripts["selected"]).select(["chrom", "start", "end", "strand"])
    sites: dict[str, list[tuple[int, int]]] = {}
    for chrom, start, end, strand in zip(*(column.to_pylist() for column in selected.columns), strict=True):
        sites.setdefault(chrom, []).append((start, start if strand == "+" else end - 1))
    return {chrom: sorted(of_chrom)[len(of_chrom) // 2][1] for chrom, of_chrom in sites.items()}


def _write_window(contents: Contents, chosen: tuple[Block, int, int], folder: Path) -> PreviewFile:
    block, start, end = chosen
    of = block.place
    begin = start - of.start
    source = folder / block.path
    with pq.ParquetFile(source) as file:
        dna = file.read(columns=["dna_sequence"])["dna_sequence"][0].as_py()[begin : end - of.start]
    targets = read_targets(source, begin, end - of.start)
    place = BlockPlace(of.genome, of.split, of.chrom, start, end, of.chrom_length, WINDOW_BP)
    provenance = next(origin.provenance for origin in contents.origins if origin.genome == of.genome)
    path = preview_path(of.split, of.genome, of.chrom, start)
    write_dense_block(folder / path, dna, targets, place, provenance)
    return PreviewFile(path, place, (folder / path).stat().st_size)
