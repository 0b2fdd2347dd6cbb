"""A sample of pages, drawn over as many chromosomes as there are: in seconds, whatever the dataset's size.

What a page's targets and the DNA around it must be follows from what was imported: the copy of the FASTA file, and the
transcripts that were selected. (`verify` reads the files of others once more, and every base.)
"""

import hashlib
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from genatator_assets.annotation.transcripts import read_summary
from genatator_assets.catalogue import Catalogue
from genatator_assets.errors import DatasetError
from genatator_assets.gene_finding.section import Kernel, kernel_of
from genatator_assets.gene_finding.verify.bases import compare_targets
from genatator_assets.gene_finding.verify.block import stated_faults
from genatator_assets.gene_finding.verify.derive import CHANNELS, Selected, heights
from genatator_assets.gene_finding.verify.difference import Difference
from genatator_assets.gene_finding.verify.inputs import no_transcripts, selected_by_chromosome
from genatator_assets.gene_finding.verify.pagefile import BlockFile, FastaFile
from genatator_assets.sources.assembly import input_hashes, read_source
from genatator_assets.work.files import sha256_of_file
from genatator_assets.work.layout import Layout
from genatator_assets.work.storage import ask_each
from genatator_assets.work.tables import read_table

PAGES = 400
"""So many pages are drawn."""
WHOLE_DNA_BP = 40_000_000
"""Of the blocks that they lie in, as many are read whole, base for base, as have no more than this together."""
HEAD_BP = 100_000
"""Of the other blocks so many bases are compared, from their beginning."""

_PIECE_BP = 1_000_000
_ROW = ("genome", "chrom", "start", "end", "path", "dna_sha256", "A", "C", "G", "T", "N")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Sample:
    """What was drawn by `seed` and compared: pages with `nt` bases of targets, and `dna_nt` bases of DNA."""

    pages: int
    blocks: int
    chromosomes: int
    chromosomes_in_all: int
    nt: int
    dna_nt: int
    seed: int
    seconds: float
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class _Drawn:
    """A block of the index of which pages were drawn: those with these bases, counted from its own start."""

    row: Row
    bases: tuple[int, ...]
    whole: bool

    def differs(self, what: str, expected: object, found: object, count: int = 1, at: int = 0) -> Difference:
        place = self.row["genome"], self.row["chrom"], self.row["start"] + at
        return Difference(*place, what, str(expected), str(found), count)


@dataclass(frozen=True, eq=False)
class _Genome:
    """What the blocks of a genome must follow from."""

    fasta: FastaFile
    selected: Mapping[str, Selected]
    kernel: Kernel
    inputs: Mapping[str, str]


@dataclass(frozen=True)
class _Found:
    pages: int
    nt: int
    dna_nt: int
    differences: tuple[Difference, ...]


def verify_pages(catalogue: Catalogue, layout: Layout, seed: int, pages: int = PAGES) -> Sample:
    """Compare `pages` pages of blocks, drawn by `seed`, with what the imported sequence and transcripts say.

    Every chromosome of the index has as many as every other, or `pages` of them have one each; within a chromosome
    each base is as likely as every other.

    Raises:
        DatasetError: the dataset has no index.
    """
    began = time.perf_counter()
    index = read_table(layout.index, columns=list(_ROW))
    chosen, chromosomes = _draw(index, pages, seed)
    drawn = list(_with_whole_dna(index, chosen, seed))
    by_genome: dict[str, list[_Drawn]] = defaultdict(list)
    for block in drawn:
        by_genome[block.row["genome"]].append(block)
    found: list[_Found] = []
    for genome, blocks in by_genome.items():
        try:
            must = _imported(catalogue, layout, genome, {block.row["chrom"] for block in blocks})
        except (DatasetError, OSError, ValueError) as error:
            fault = Difference(
                genome, None, None, "inputs", "sequence and transcripts as they were imported", str(error)
            )
            found.append(_Found(0, 0, 0, (fault,)))
            continue
        found += ask_each(layout.root, partial(_compare, layout.root, must), blocks)
    return Sample(
        pages=sum(one.pages for one in found),
        blocks=len(drawn),
        chromosomes=len({(block.row["genome"], block.row["chrom"]) for block in drawn}),
        chromosomes_in_all=chromosomes,
        nt=sum(one.nt for one in found),
        dna_nt=sum(one.dna_nt for one in found),
        seed=seed,
        seconds=time.perf_counter() - began,
        differences=tuple(difference for one in found for difference in one.differences),
    )


def _draw(index: pa.Table, pages: int, seed: int) -> tuple[dict[int, list[int]], int]:
    """Return bases of blocks (row of the index -> bases from the block's start) and how many chromosomes there are."""
    rows: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, key in enumerate(zip(index["genome"].to_pylist(), index["chrom"].to_pylist(), strict=True)):
        rows[key].append(number)
    sizes = (index["end"].to_numpy() - index["start"].to_numpy()).astype(np.int64)
    draws = random.Random(seed)  # noqa: S311 - a sample, no secret
    keys = draws.sample(sorted(rows), min(pages, len(rows)))
    each, more = divmod(pages, len(keys))
    chosen: dict[int, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        ends = np.cumsum(sizes[rows[key]])
        for _ in range(each + (place < more)):
            base = draws.randrange(int(ends[-1]))
            block = int(np.searchsorted(ends, base, side="right"))
            chosen[rows[key][block]].append(base - int(ends[block] - sizes[rows[key][block]]))
    return chosen, len(rows)


def _with_whole_dna(index: pa.Table, chosen: Mapping[int, list[int]], seed: int) -> Iterator[_Drawn]:
    """Say of which blocks the DNA is read whole: of the first, in an order drawn at random, that fit the limit."""
    order = sorted(chosen)
    random.Random(seed).shuffle(order)  # noqa: S311
    left = WHOLE_DNA_BP
    for number in order:
        row = {name: index[name][number].as_py() for name in _ROW}
        size = row["end"] - row["start"]
        yield _Drawn(row, tuple(sorted(chosen[number])), size <= left)
        left -= size if size <= left else 0


def _imported(catalogue: Catalogue, layout: Layout, genome: str, chroms: Iterable[str]) -> _Genome:
    """Read what was imported of a genome, as far as these chromosomes need it."""
    source, transcripts = read_source(layout, genome), layout.transcripts(genome)
    if sha256_of_file(transcripts) != read_summary(layout, genome).table_sha256:
        raise DatasetError(f"{transcripts} is not what was written; the next build reads the annotation again")
    table = read_table(transcripts, columns=["chrom", "start", "end", "strand", "type", "selected"])
    fasta = layout.sequence(genome)
    return _Genome(
        FastaFile(fasta, fasta.with_name(f"{fasta.name}.fai")),
        selected_by_chromosome(table, chroms),
        kernel_of(catalogue, genome),
        input_hashes(source),
    )


def _compare(root: Path, must: _Genome, block: _Drawn) -> _Found:
    differences: list[Difference] = []
    counts: Counter[str] = Counter()
    try:
        file = BlockFile(root / block.row["path"])
        differences += [block.differs(*fault) for fault in stated_faults(must.inputs, must.kernel, file.said)]
        if (bases := block.row["end"] - block.row["start"]) != file.bases:
            raise ValueError(f"targets of {file.bases:,} bases, expected {bases:,}")  # noqa: TRY301
        differences += _of_targets(block, must, file, counts)
        differences += _of_dna(block, must.fasta, file, counts)
    except (ValueError, OSError, KeyError, IndexError, TypeError) as error:
        differences.append(block.differs("file", "a block that can be read", f"{block.row['path']}: {error}"))
    return _Found(counts["pages"], counts["nt"], counts["dna"], tuple(differences))


def _of_targets(block: _Drawn, must: _Genome, file: BlockFile, counts: Counter[str]) -> Iterator[Difference]:
    selected, peak = must.selected.get(block.row["chrom"], no_transcripts()), heights(must.kernel)
    read_up_to = -1
    for base in block.bases:
        if base < read_up_to:
            continue  # of a page that was drawn before
        first, found = file.targets_around(base)
        read_up_to = first + len(found)
        counts["pages"] += 1
        counts["nt"] += len(found)
        start = block.row["start"] + first
        compared = compare_targets(selected, peak, start, found, None)
        for channel, one in sorted(compared.in_block.items()):
            at = one.position - block.row["start"]
            yield block.differs(CHANNELS[channel], one.expected, one.found, one.count, at)


def _of_dna(block: _Drawn, fasta: FastaFile, file: BlockFile, counts: Counter[str]) -> Iterator[Difference]:
    size = block.row["end"] - block.row["start"]
    digest, letters, wrong, place, first = hashlib.sha256(), Counter[str](), 0, 0, None
    for piece in file.dna(_PIECE_BP, None if block.whole else min(HEAD_BP, size)):
        start = block.row["start"] + place
        expected = fasta.read(block.row["chrom"], start, start + len(piece))
        if expected != piece:
            differ = np.flatnonzero(np.frombuffer(expected, np.uint8) != np.frombuffer(piece, np.uint8))
            at = int(differ[0])
            first = first or (place + at, chr(expected[at]), chr(piece[at]))
            wrong += len(differ)
        if block.whole:
            digest.update(piece)
            found = np.frombuffer(piece, np.uint8)
            letters.update({letter: int(np.count_nonzero(found == ord(letter))) for letter in "ACGTN"})
        place += len(piece)
    counts["dna"] += place
    if first:
        yield block.differs("dna_sequence", first[1], first[2], wrong, first[0])
    if block.whole:
        of_dna = {**{letter: letters[letter] for letter in "ACGTN"}, "dna_sha256": digest.hexdigest()}
        for key, value in of_dna.items():
            if block.row[key] != value:
                yield block.differs(f"index {key}", value, block.row[key])
