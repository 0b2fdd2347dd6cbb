"""What there is to do: the chromosomes of a catalogue's assemblies, and the task of each."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from genatator_assets.annotation.transcripts import is_ready, read_summary, read_transcripts
from genatator_assets.catalogue import Catalogue
from genatator_assets.errors import DatasetError, GenatatorError
from genatator_assets.gene_finding.blocks.chromosome import ChromosomeTask, Recipe, intact
from genatator_assets.gene_finding.landmarks import landmarks_of, selected_hashes
from genatator_assets.gene_finding.plan import BLOCK_BYTES_PER_NT, TARGET_BYTES_PER_NT
from genatator_assets.gene_finding.section import gene_finding_of, kernel_of
from genatator_assets.sources.assembly import input_hashes, read_source
from genatator_assets.sources.chromosomes import Chromosome, read_chromosomes
from genatator_assets.work.files import files_under, plain_name
from genatator_assets.work.layout import Layout, chromosome_key, parse_key
from genatator_assets.work.outcome import Outcome
from genatator_assets.work.storage import ask_each

_BESIDE_BLOCKS = ("/manifest.json", "/manifest.made")


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
            " --root for another dataset; if a genome was taken out of the catalogue or renamed,"
            " 'genatator-assets prune' finds its files, and deletes them with --yes"
        )


def included_chromosomes(catalogue: Catalogue, layout: Layout) -> dict[str, list[Chromosome]]:
    """Return the included chromosomes of each genome that is ready to be built, in the catalogue's order."""
    return {
        genome: [chromosome for chromosome in read_chromosomes(layout.chromosomes(genome)) if chromosome.included]
        for genome in catalogue.annotated_genomes
        if is_ready(catalogue, layout, genome)
    }


def chromosome_tasks(
    catalogue: Catalogue, layout: Layout, genome: str, chroms: Collection[str], with_blocks: bool = True
) -> list[ChromosomeTask]:
    """Return the tasks of chromosomes of one genome: all that painting and cutting them needs.

    Raises:
        DatasetError: the genome is not ready, or it has no included chromosome of a name.
    """
    return with_landmarks(layout, _tasks(catalogue, layout, genome, chroms, with_blocks))


def with_landmarks(layout: Layout, tasks: Iterable[ChromosomeTask]) -> list[ChromosomeTask]:
    """Give tasks the landmarks that painting needs: only now are they derived from the transcripts."""
    by_genome: dict[str, list[ChromosomeTask]] = {}
    for task in tasks:
        by_genome.setdefault(task.genome, []).append(task)
    full = []
    for genome, of_genome in by_genome.items():
        lengths = {task.chrom: task.size for task in of_genome}
        landmarks = landmarks_of(read_transcripts(layout, genome), lengths)
        full += [replace(task, landmarks=landmarks[task.chrom]) for task in of_genome]
    return full


def _tasks(
    catalogue: Catalogue, layout: Layout, genome: str, chroms: Collection[str], with_blocks: bool
) -> list[ChromosomeTask]:
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
    return [
        ChromosomeTask(layout.root, genome, chrom, recipe, with_blocks=with_blocks) for chrom, recipe in recipes.items()
    ]


def _bases_sha256(layout: Layout, chromosome: Chromosome) -> str:
    if chromosome.sha256 is None:
        path = layout.chromosomes(chromosome.genome)
        raise DatasetError(f"{path} does not say the SHA-256 of {chromosome.chrom}; build the assembly again")
    return chromosome.sha256


def tasks_of_keys(
    catalogue: Catalogue, layout: Layout, keys: Iterable[str], with_blocks: bool = True
) -> tuple[dict[str, ChromosomeTask], dict[str, str]]:
    """Return the tasks of chromosomes by key, and why others have none: the genome isn't ready, or the key is none.

    The tasks have no landmarks yet: what is to be painted gets them by `with_landmarks`.
    """
    by_genome: dict[str, list[str]] = {}
    tasks: dict[str, ChromosomeTask] = {}
    failed: dict[str, str] = {}
    for key in keys:
        try:
            genome, chrom = parse_key(key)
            by_genome.setdefault(genome, []).append(chrom)
        except GenatatorError as error:
            failed[key] = str(error)
    for genome, chroms in by_genome.items():
        try:
            made = _tasks(catalogue, layout, genome, chroms, with_blocks)
            tasks |= {task.key: task for task in made}
        except GenatatorError as error:
            failed |= {chromosome_key(genome, chrom): str(error) for chrom in chroms}
    return tasks, failed


def sort_out(tasks: Iterable[ChromosomeTask]) -> tuple[list[Outcome], list[ChromosomeTask]]:
    """Separate chromosomes that need no work, with their outcomes, from those that do."""
    done: list[Outcome] = []
    to_do: list[ChromosomeTask] = []
    tasks = list(tasks)
    for task, outcome in zip(tasks, ask_each(tasks[0].root, intact, tasks) if tasks else (), strict=True):
        if outcome:
            done.append(outcome)
        else:
            to_do.append(task)
    return done, to_do


def count_block_files(layout: Layout) -> int:
    """Count the files where the blocks are, but for the manifests and records beside them: there must be as many as
    there are blocks."""
    return sum(not name.endswith(_BESIDE_BLOCKS) for name in files_under(layout.blocks))


def in_words(done: int, to_do: int) -> str:
    """Format how much is left.

    >>> in_words(14_300, 191)
    '14,300 chromosomes intact, 191 to do'
    """
    return f"{done:,} chromosomes intact, {to_do:,} to do"


def space_of(tasks: Iterable[ChromosomeTask]) -> int:
    """Estimate the bytes that tasks will write."""
    return round((TARGET_BYTES_PER_NT + BLOCK_BYTES_PER_NT) * sum(task.size for task in tasks))


def recipes_of(
    catalogue: Catalogue, layout: Layout, genome: str, chromosomes: Collection[Chromosome]
) -> dict[str, Recipe]:
    """Return the recipe of each of a genome's included chromosomes, by its name, as catalogue and inputs now are."""
    source, summary = read_source(layout, genome), read_summary(layout, genome)
    inputs = {**input_hashes(source), "annotation": summary.sha256}
    section = gene_finding_of(catalogue)
    selected = selected_hashes(read_transcripts(layout, genome), [chromosome.chrom for chromosome in chromosomes])
    return {
        chromosome.chrom: Recipe(
            inputs=inputs,
            bases_sha256=_bases_sha256(layout, chromosome),
            selected_sha256=selected[chromosome.chrom],
            selection=summary.selection,
            length=chromosome.length,
            split=chromosome.split,
            kernel=kernel_of(catalogue, genome),
            block_size_bp=section.block_size_bp,
            block_writer=section.block_writer,
        )
        for chromosome in chromosomes
        if chromosome.split is not None
    }
