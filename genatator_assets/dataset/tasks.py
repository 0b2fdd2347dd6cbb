"""What there is to do: the chromosomes of a catalogue's assemblies, and the task of each."""

from collections.abc import Collection

from genatator_assets.annotation.landmarks import landmarks_of
from genatator_assets.annotation.transcripts import is_ready, read_summary, read_transcripts
from genatator_assets.blocks.chromosome import ChromosomeTask
from genatator_assets.catalogue import Catalogue
from genatator_assets.errors import DatasetError
from genatator_assets.sources.assembly import read_source
from genatator_assets.sources.chromosomes import Chromosome, read_chromosomes
from genatator_assets.work.layout import Layout


def included_chromosomes(catalogue: Catalogue, layout: Layout) -> dict[str, list[Chromosome]]:
    """Give the included chromosomes of each genome that is ready to be built, in the catalogue's order."""
    return {
        genome: [chromosome for chromosome in read_chromosomes(layout.chromosomes(genome)) if chromosome.included]
        for genome in catalogue.genomes
        if is_ready(layout, genome)
    }


def chromosome_tasks(
    catalogue: Catalogue, layout: Layout, genome: str, chroms: Collection[str], with_blocks: bool = True
) -> list[ChromosomeTask]:
    """Give the tasks of chromosomes of one genome: all that painting and cutting them needs.

    Raises:
        DatasetError: the genome is not ready, or a name is none of its chromosomes.
    """
    if not is_ready(layout, genome):
        raise DatasetError(f"genome {genome} is not ready: build its assembly and its selected isoforms first")
    source, summary = read_source(layout, genome), read_summary(layout, genome)
    known = {chromosome.chrom: chromosome for chromosome in read_chromosomes(layout.chromosomes(genome))}
    wanted = [known[chrom] for chrom in chroms if chrom in known and known[chrom].included]
    if missing := set(chroms) - {chromosome.chrom for chromosome in wanted}:
        raise DatasetError(
            f"genome {genome} has no chromosomes {', '.join(sorted(missing))} in its table"
            f" {layout.chromosomes(genome)}; build the chromosome catalogue again"
        )
    landmarks = landmarks_of(read_transcripts(layout, genome), wanted)
    return [
        ChromosomeTask(
            root=layout.root,
            genome=genome,
            chrom=chromosome.chrom,
            length=chromosome.length,
            split=chromosome.split,
            kernel=catalogue.kernel_of(genome),
            block_size_bp=catalogue.block_size_bp,
            block_writer=catalogue.block_writer,
            sequence_sha256=source.sequence_sha256,
            annotation_sha256=summary.sha256,
            landmarks=landmarks[chromosome.chrom],
            with_blocks=with_blocks,
        )
        for chromosome in wanted
        if chromosome.split is not None
    ]
