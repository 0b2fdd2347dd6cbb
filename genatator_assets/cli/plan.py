"""Commands about a catalogue, before anything is built: `init`, `plan`."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.filesize import decimal
from rich.status import Status

from genatator_assets.catalogue import Catalogue
from genatator_assets.cli.common import dataset_options, print_suspicions
from genatator_assets.errors import GenatatorError
from genatator_assets.parts import load_catalogue
from genatator_assets.work.layout import Layout
from genatator_assets.work.machine import free_bytes
from genatator_assets.work.terminal import console, plain, print_table, say
from genatator_assets.work.text import TextTable, format_bp

if TYPE_CHECKING:
    from genatator_assets.gene_finding.plan import GenomePlan


@click.command()
@click.argument("fasta", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("annotation", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    default=Path("catalogue.yaml"),
    show_default=True,
    help="The catalogue's file.",
)
@click.option("--genome", help="Name of the genome; by default that of the FASTA file.")
@click.option("--species", help="Name of the species.")
def init(fasta: Path, annotation: Path, output: Path, genome: str | None, species: str | None) -> None:
    """Write a first catalogue.

    For a FASTA file and its ANNOTATION (GFF3 or GTF): every key, explained."""
    from genatator_assets.gene_finding.starter import genome_name, least_length, starter_catalogue
    from genatator_assets.sources.lengths import lengths_of_file

    if output.exists():
        raise GenatatorError(f"{output} exists and is left as it is; give another --output")
    with _busy(f"Reading {fasta.name}"):
        lengths = lengths_of_file(fasta)
    name = genome or genome_name(fasta.name)
    folder = output.parent.resolve()
    text = starter_catalogue(name, species, _beside(fasta, folder), _beside(annotation, folder), lengths)
    _write_new_catalogue(output, text)
    least = least_length(lengths)
    kept = sum(length >= least for length in lengths.values())
    say(f"{output}: {kept:,} of {len(lengths):,} sequences have at least {least:,} bp and will be included")
    if not species:
        say("The species was not given: write its name into the file")
    arguments = f"--catalogue {shlex.quote(str(output))} --root {name}-data"
    say(f"Next:\n  genatator-assets plan {arguments}\n  genatator-assets build {arguments}")


@click.command()
@dataset_options
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Number of worker processes; by default as many as cores and memory allow.",
)
def plan(catalogue: str, root: Path, workers: int | None) -> None:
    """Show what a build will make and take.

    Nothing is built or written.
    """
    from genatator_assets.parts import part_named, parts_of
    from genatator_assets.work.machine import default_workers

    wanted, layout = load_catalogue(catalogue), Layout(root)
    plans, unknown, faults = _plans_of(wanted, layout)
    if "gene_finding" in parts_of(wanted):
        print_table(_by_genome(wanted, plans))
    for table in (table for name in parts_of(wanted) for table in part_named(name).plan(wanted, layout.root)):
        print_table(table)
    if plans and "gene_finding" in parts_of(wanted):
        print_table(_by_split(wanted, plans))
        _print_estimate(plans, root, workers or default_workers())
    if unknown:
        say(
            f"Not counted: {unknown:,} of {len(wanted.genomes):,} genomes, because the lengths of their sequences are"
            " known only when their files are here, or at least the assembly reports of those with an accession.\n"
            f"To fetch the reports: genatator-assets fetch --names --catalogue {shlex.quote(catalogue)}\n"
            f"To fetch all files: genatator-assets fetch --catalogue {shlex.quote(catalogue)}"
        )
    print_suspicions(root)
    if faults:
        raise GenatatorError("\n".join(faults))


def _plans_of(catalogue: Catalogue, layout: Layout) -> tuple[dict[str, "GenomePlan"], int, list[str]]:
    """Return the plan of each genome that can be planned, the number of those not known yet, and what is wrong."""
    from genatator_assets.gene_finding.plan import plan_genome
    from genatator_assets.gene_finding.tasks import require_own_root
    from genatator_assets.parts import DEFAULT, parts_of
    from genatator_assets.sources.lengths import lengths_of

    plans, unknown, faults = {}, 0, []
    try:
        require_own_root(catalogue, layout)
    except GenatatorError as error:
        faults.append(str(error))
    for assembly in catalogue.assemblies if DEFAULT in parts_of(catalogue) else ():
        try:
            with _busy(f"Reading the lengths of {assembly.genome}"):
                lengths = lengths_of(assembly, layout)
            if lengths is None:
                unknown += 1
            else:
                plans[assembly.genome] = plan_genome(catalogue, assembly.genome, lengths)
        except GenatatorError as error:
            faults.append(str(error))
    return plans, unknown, faults


def _by_genome(catalogue: Catalogue, plans: Mapping[str, "GenomePlan"]) -> TextTable:
    rows: list[tuple[str, ...]] = []
    for assembly in catalogue.assemblies:
        if assembly.genome not in plans:
            rows.append((assembly.genome, ", ".join(assembly.splits.used), *"????"))
            continue
        planned = plans[assembly.genome]
        left_out = ", ".join(f"{count:,} {reason}" for reason, count in planned.left_out.items()) or "-"
        for split, amount in planned.splits.items():
            counts = (f"{count:,}" for count in (amount.chromosomes, amount.blocks, amount.nt))
            rows.append((assembly.genome, split, *counts, left_out))
            left_out = "as above"
    return TextTable(f"Plan of {catalogue.dataset}", _GENOME_HEADER, tuple(rows))


def _by_split(catalogue: Catalogue, plans: Mapping[str, "GenomePlan"]) -> TextTable:
    from genatator_assets.gene_finding.plan import totals_of
    from genatator_assets.gene_finding.section import gene_finding_of

    rows = []
    for split, amount in totals_of(plans.values(), gene_finding_of(catalogue).block_size_bp).items():
        counts = (amount.chromosomes, amount.blocks, amount.nt)
        sizes = (amount.mean_bp, amount.std_bp, amount.min_bp, amount.max_bp)
        genomes = sum(split in plan.splits for plan in plans.values())
        rows.append((split, str(genomes), *(f"{count:,}" for count in counts), *map(format_bp, sizes)))
    return TextTable("By split", _SPLIT_HEADER, tuple(rows)).fitting()


_GENOME_HEADER = ("genome", "split", "chroms", "blocks", "nt", "left out")
_SPLIT_HEADER = ("split", "genomes", "chroms", "blocks", "nt", "mean chr", "std chr", "min chr", "max chr")


def _print_estimate(plans: Mapping[str, "GenomePlan"], root: Path, workers: int) -> None:
    from genatator_assets.gene_finding.plan import estimate

    needs = estimate(plans.values(), workers)
    parts = {"sequences": needs.sequence_bytes, "targets": needs.target_bytes, "blocks": needs.block_bytes}
    shown = ", ".join(f"{name} {decimal(size)}" for name, size in parts.items())
    free = free_bytes(root)
    told = "" if free is None else f"; free at {root}: {decimal(free)}"
    say(f"Disk, about: {decimal(needs.bytes)} ({shown}){told}")
    if free is not None and needs.bytes > free:
        say("That is more than is free, unless part of it has been built already", "yellow")
    say(f"Time, about: {_duration(needs.seconds)} with {workers} worker{'s' * (workers > 1)}")


def _duration(seconds: float) -> str:
    """Spell a duration roughly.

    >>> _duration(40), _duration(1000), _duration(10_000)
    ('40 s', '17 min', '2.8 h')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6_000 else f"{seconds / 3_600:.1f} h"


def _beside(path: Path, folder: Path) -> str:
    """Spell a file's path for a catalogue in `folder`: relative if the file is in or below it."""
    absolute = path.parent.resolve() / path.name
    return str(absolute.relative_to(folder)) if absolute.is_relative_to(folder) else str(absolute)


def _write_new_catalogue(path: Path, text: str) -> None:
    """Write a catalogue where there is no file yet; one that can't be loaded again doesn't stay."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise GenatatorError(f"{path} can't be written ({error}); give another --output") from error
    try:
        load_catalogue(path)
    except GenatatorError:
        path.unlink()
        raise


def _busy(what: str) -> Status:
    """Show on a terminal what is going on, as long as it does."""
    return console(errors=True).status(plain(what))
