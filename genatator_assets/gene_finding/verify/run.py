"""Verifying a dataset: which blocks there must be, their DNA streamed from the FASTA files, and what differs."""

import hashlib
import random
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from genatator_assets.annotation.transcripts import fresh_transcripts
from genatator_assets.catalogue import Catalogue
from genatator_assets.errors import DatasetError, GenatatorError
from genatator_assets.gene_finding.section import gene_finding_of, kernel_of
from genatator_assets.gene_finding.verify.block import BlockToVerify, verify_block
from genatator_assets.gene_finding.verify.derive import Selected
from genatator_assets.gene_finding.verify.difference import Difference
from genatator_assets.gene_finding.verify.inputs import (
    fasta_slices,
    no_transcripts,
    selected_by_chromosome,
)
from genatator_assets.sources.aliases import aliases_of, read_names
from genatator_assets.sources.assembly import Source, input_hashes, read_source
from genatator_assets.sources.chromosomes import Chromosome, read_chromosomes
from genatator_assets.work.files import plain_name
from genatator_assets.work.layout import Layout
from genatator_assets.work.pool import process_pool
from genatator_assets.work.tables import read_table

Tell = Callable[[int], None]
"""Called with the number of bases whenever a block has been compared."""


_OF_TARGETS = ("target_sum", "target_max", "target_positive")
"""The columns of the index that say what the targets of a block are."""


@dataclass(frozen=True)
class Report:
    """What was verified, how fast, and what differs. `seed` is None where it was not a sample."""

    blocks: int
    blocks_in_all: int
    nt: int
    genomes: int
    seed: int | None
    seconds: float
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class _Planned:
    """A block that there must be."""

    chromosome: Chromosome
    start: int
    path: str

    @property
    def genome(self) -> str:
        return self.chromosome.genome

    @property
    def place(self) -> tuple[str, int]:
        """Its chromosome's name and its start."""
        return self.chromosome.chrom, self.start


def verify(
    catalogue: Catalogue,
    layout: Layout,
    *,
    genomes: Collection[str] = (),
    sample: int | None = None,
    seed: int = 0,
    workers: int = 1,
    tell: Tell = lambda nt: None,
) -> Report:
    """Derive the blocks of `genomes` (all if none are named) again and compare; or `sample` of them, drawn by `seed`.

    Whatever is drawn, every planned block must have its file and its row of the index, and there must be no others.

    Raises:
        CatalogueError: a genome is not in the catalogue.
        DatasetError: the dataset has no index, or one of an earlier version.
    """
    began = time.perf_counter()
    wanted = [catalogue.assembly(genome).genome for genome in genomes] or list(catalogue.genomes)
    index = _read_index(layout)
    plan, differences = _plan(catalogue, layout, wanted)
    differences += _of_completeness(layout, wanted, plan, index)
    drawn = plan if sample is None else random.Random(seed).sample(plan, min(sample, len(plan)))  # noqa: S311
    rows = {row["path"]: row for row in index}
    nt = compared = 0
    with process_pool(workers) if workers > 1 else nullcontext() as executor:
        for genome in dict.fromkeys(block.genome for block in drawn):
            of_genome = {block.place: block for block in drawn if block.genome == genome}
            again = _Genome(catalogue, layout, genome, of_genome, rows)
            for bases, found in again.compare(executor, 2 * workers):
                nt += bases
                compared += bases > 0
                differences += found
                tell(bases)
    return Report(
        blocks=compared,
        blocks_in_all=len(plan),
        nt=nt,
        genomes=len({block.genome for block in drawn}),
        seed=None if sample is None else seed,
        seconds=time.perf_counter() - began,
        differences=tuple(differences),
    )


def _plan(catalogue: Catalogue, layout: Layout, genomes: list[str]) -> tuple[list[_Planned], list[Difference]]:
    """Cut the included chromosomes of each genome's table; what the table must say is compared with the FASTA later."""
    plan, differences = [], []
    for genome in genomes:
        try:
            chromosomes = read_chromosomes(layout.chromosomes(genome))
        except DatasetError as error:
            differences.append(Difference(genome, None, None, "chromosomes", "a table of chromosomes", str(error)))
            continue
        for chromosome in chromosomes:
            if chromosome.split is not None:
                for start in range(0, chromosome.length, gene_finding_of(catalogue).block_size_bp):
                    path = layout.block(chromosome.split, genome, chromosome.chrom, start)
                    plan.append(_Planned(chromosome, start, path.relative_to(layout.root).as_posix()))
    return plan, differences


def _of_completeness(
    layout: Layout, genomes: list[str], plan: list[_Planned], index: list[dict[str, Any]]
) -> list[Difference]:
    """Compare the plan with the files that there are and with the index."""
    planned = {block.path: block for block in plan}
    files = {path: genome for path, genome in _block_files(layout) if genome in genomes}
    listed = {row["path"]: row["genome"] for row in index if row["genome"] in genomes}
    rows = Counter(row["path"] for row in index)
    differences = []
    for path, block in planned.items():
        chrom, start = block.place
        if path not in files:
            differences.append(Difference(block.genome, chrom, start, "file", path, "no such file"))
        if rows[path] != 1:
            differences.append(Difference(block.genome, chrom, start, "index", f"one row of {path}", str(rows[path])))
    for what, found in (("file", files), ("index", listed)):
        unplanned = sorted(found.keys() - planned.keys())
        differences += [Difference(found[path], None, None, what, "no such block", path) for path in unplanned]
    return differences


def _block_files(layout: Layout) -> Iterator[tuple[str, str]]:
    """Return the path under the root and the genome of every block file."""
    for path in layout.blocks.glob("*/genome=*/**/*.parquet"):
        relative = path.relative_to(layout.root)
        yield relative.as_posix(), plain_name(relative.parts[2].removeprefix("genome="))


def _read_index(layout: Layout) -> list[dict[str, Any]]:
    table = read_table(layout.index)
    if absent := [name for name in _OF_TARGETS if name not in table.column_names]:
        raise DatasetError(f"{layout.index} has no column {', '.join(absent)}: an earlier version made it; build again")
    return list(table.to_pylist())


class _Genome:
    """One genome, its inputs read once more, and the blocks of it that are compared."""

    def __init__(
        self,
        catalogue: Catalogue,
        layout: Layout,
        genome: str,
        blocks: Mapping[tuple[str, int], _Planned],
        index: Mapping[str, dict[str, Any]],
    ) -> None:
        self._catalogue, self._layout, self._genome = catalogue, layout, genome
        self._blocks, self._index = blocks, index
        self._lengths: dict[str, int] = {}
        self._digests: dict[str, Any] = defaultdict(hashlib.sha256)

    def compare(self, executor: Executor | None, ahead: int) -> Iterator[tuple[int, list[Difference]]]:
        """Give, piece by piece, how many bases were compared and what differs; at most `ahead` blocks are in hand."""
        try:
            source = read_source(self._layout, self._genome)
            if changed := list(self._of_inputs(source)):
                yield 0, changed
                return
            transcripts = fresh_transcripts(self._catalogue, self._genome, self._layout)
            yield 0, list(self._of_transcripts(transcripts))
        except GenatatorError as error:
            yield 0, [self._differs("inputs", "inputs that can be read", str(error))]
            return
        blocks = self._blocks_to_verify(source, selected_by_chromosome(transcripts))
        yield from _each(blocks, executor, ahead)
        yield 0, list(self._of_chromosomes(source))

    def _differs(self, what: str, expected: object, found: object, chrom: str | None = None) -> Difference:
        return Difference(self._genome, chrom, None, what, str(expected), str(found))

    def _of_inputs(self, source: Source) -> Iterator[Difference]:
        """A file that is gone or changed can't be compared with: everything made from it would differ."""
        for kind, file, found in source.changed():
            yield self._differs(f"input {kind}", f"{file.path} with SHA-256 {file.sha256}", found)

    def _of_transcripts(self, fresh: pa.Table) -> Iterator[Difference]:
        stored = read_table(self._layout.transcripts(self._genome), schema=fresh.schema)
        if stored.equals(fresh):
            return
        if len(stored) != len(fresh):
            yield self._differs("transcripts", f"{len(fresh):,} rows", f"{len(stored):,} rows")
        pairs = zip(fresh.to_pylist(), stored.to_pylist(), strict=False)
        if differing := [(row, found) for row, found in pairs if row != found]:
            expected, found = differing[0]
            keys = [key for key in expected if expected[key] != found[key]]
            told = [str({key: row[key] for key in ("transcript_id", *keys)}) for row in (expected, found)]
            place = self._genome, expected["chrom"], expected["start"]
            yield Difference(*place, "transcripts", told[0], told[1], len(differing))

    def _blocks_to_verify(self, source: Source, selected: Mapping[str, Selected]) -> Iterator[BlockToVerify]:
        """Stream the FASTA file; give the blocks that are wanted, and note how long every sequence is."""
        inputs = input_hashes(source)
        block_size_bp = gene_finding_of(self._catalogue).block_size_bp
        kernel = kernel_of(self._catalogue, self._genome)
        for chrom, start, dna in fasta_slices(source.sequence.path, block_size_bp):
            self._lengths[chrom] = start + len(dna)
            self._digests[chrom].update(dna)
            if planned := self._blocks.get((chrom, start)):
                yield BlockToVerify(
                    root=self._layout.root,
                    path=planned.path,
                    genome=self._genome,
                    split=str(planned.chromosome.split),
                    chrom=chrom,
                    start=start,
                    chrom_length=planned.chromosome.length,
                    block_size_bp=block_size_bp,
                    kernel=kernel,
                    inputs=inputs,
                    segments=self._layout.segments(self._genome, chrom),
                    index_row=self._index.get(planned.path),
                    dna=dna,
                    selected=selected.get(chrom, no_transcripts()),
                )

    def _of_chromosomes(self, source: Source) -> Iterator[Difference]:
        """Compare the table of chromosomes with the FASTA file, the catalogue's rules and the table of names."""
        assembly, least = self._catalogue.assembly(self._genome), self._catalogue.min_length_of(self._genome)
        names = source.inputs["aliases"].path if "aliases" in source.inputs else None
        aliases = aliases_of(self._lengths, read_names(names) if names else [], names)
        expected = {}
        for chrom, length in self._lengths.items():
            wanted = assembly.chromosomes.wants(chrom) and length >= least
            split = assembly.splits.split_of(chrom) if wanted else None
            expected[chrom] = (length, split, aliases[chrom], self._digests[chrom].hexdigest())
        stored = read_chromosomes(self._layout.chromosomes(self._genome))
        found = {row.chrom: (row.length, row.split, row.aliases, row.sha256) for row in stored}
        for chrom in dict.fromkeys([*expected, *found]):
            if expected.get(chrom) != found.get(chrom):
                must, is_now = (str(one.get(chrom, "no such sequence")) for one in (expected, found))
                yield self._differs("chromosomes: length, split, aliases, sha256", must, is_now, chrom)


def _each(
    blocks: Iterable[BlockToVerify], executor: Executor | None, ahead: int
) -> Iterator[tuple[int, list[Difference]]]:
    if executor is None:
        for block in blocks:
            yield len(block.dna), verify_block(block)
        return
    waiting: deque[tuple[int, Future[list[Difference]]]] = deque()
    try:
        for block in blocks:
            waiting.append((len(block.dna), executor.submit(verify_block, block)))
            if len(waiting) >= ahead:
                bases, done = waiting.popleft()
                yield bases, done.result()
        for bases, done in waiting:
            yield bases, done.result()
    except BrokenProcessPool as error:
        raise DatasetError(
            "A worker process died: it may have run out of memory. Comparing a block of 10,000,000 bases takes up to"
            " 1.8 GB; use fewer --workers."
        ) from error
