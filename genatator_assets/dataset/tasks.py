"""What there is to do: the chromosomes of a catalogue's assemblies, and the task of each."""

from collections.abc import Collection, Iterable

from genatator_assets.annotation.landmarks import landmarks_of
from genatator_assets.annotation.transcripts import is_ready, read_summary, read_transcripts
from genatator_assets.blocks.chromosome import ChromosomeTask, Recipe
from genatator_assets.catalogue import Catalogue
from genatator_assets.errors import DatasetError
from genatator_assets.sources.assembly import read_source
from genatator_assets.sources.chromosomes import Chromosome, read_chromosomes
from genatator_assets.work.files import plain_name
from genatator_assets.work.layout import Layout


def require_own_root(catalogue: Catalogue, layout: Layout) -> None:
    """Make sure that a root holds nothing of another dataset, with which this one's blocks would be mixed up.

    Raises:
        DatasetError: the root holds genomes that the catalogue does not name.
    """
    assemblies = layout.root / "assemblies"
    held = [plain_name(folder.name) for folder in assemblies.iterdir()] if assemblies.is_dir() else []
    if foreign := sorted(set(held) - set(catalogue.genomes)):
        raise DatasetError(
            f"{layout.root} also holds {', '.join(foreign)}, which {catalogue.origin} does not name. Give another"
            " --root for another dataset; if a genome was taken out of the catalogue or renamed, delete its folders"
            " under assemblies, annotation, targets and blocks/*."
        )


def included_chromosomes(catalogue: Catalogue, layout: Layout) -> dict[str, list[Chromosome]]:
    """Give the included chromosomes of each genome that is ready to be built, in the catalogue's order."""
    return {
        genome: [chromosome for chromosome in read_chromosomes(layout.chromosomes(genome)) if chromosome.included]
        for genome in catalogue.genomes
        if is_ready(catalogue, layout, genome)
    }


def chromosome_tasks(
    catalogue: Catalogue, layout: Layout, genome: str, chroms: Collection[str], with_blocks: bool = True
) -> list[ChromosomeTask]:
    """Give the tasks of chromosomes of one genome: all that painting and cutting them needs.

    Raises:
        DatasetError: the genome is not ready, or a name is none of its chromosomes.
    """
    if not is_ready(catalogue, layout, genome):
        raise DatasetError(f"genome {genome} is not ready: build its assembly and its selected isoforms first")
    known = {chromosome.chrom: chromosome for chromosome in read_chromosomes(layout.chromosomes(genome))}
    wanted = [known[chrom] for chrom in chroms if chrom in known and known[chrom].included]
    if missing := set(chroms) - {chromosome.chrom for chromosome in wanted}:
        raise DatasetError(
            f"genome {genome} has no chromosomes {', '.join(sorted(missing))} in its table"
            f" {layout.chromosomes(genome)}; build the chromosome catalogue again"
        )
    recipes = recipes_of(catalogue, layout, genome, wanted)
    landmarks = landmarks_of(read_transcripts(layout, genome), wanted)
    return [
        ChromosomeTask(
            layout.root,
            genome,
            chromosome.chrom,
            chromosome.split,
            recipes[chromosome.chrom],
            landmarks[chromosome.chrom],
            with_blocks,
        )
        for chromosome in wanted
        if chromosome.split is not None
    ]


def recipes_of(
    catalogue: Catalogue, layout: Layout, genome: str, chromosomes: Iterable[Chromosome]
) -> dict[str, Recipe]:
    """Give the recipe of each of a genome's chromosomes, by its name, as the catalogue and the inputs now are."""
    source, summary = read_source(layout, genome), read_summary(layout, genome)
    return {
        chromosome.chrom: Recipe(
            sequence_sha256=source.sequence_sha256,
            annotation_sha256=summary.sha256,
            selection=summary.selection,
            length=chromosome.length,
            kernel=catalogue.kernel_of(genome),
            block_size_bp=catalogue.block_size_bp,
            block_writer=catalogue.block_writer,
        )
        for chromosome in chromosomes
    }
