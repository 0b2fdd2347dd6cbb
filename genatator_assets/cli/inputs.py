"""Commands about inputs, before anything is built: `fetch`, `simulate`."""

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import click

from genatator_assets.catalogue import Assembly, Catalogue
from genatator_assets.cli.common import catalogue_option, genomes_option
from genatator_assets.errors import GenatatorError
from genatator_assets.parts import load_catalogue
from genatator_assets.sources.input_file import KINDS, Kind
from genatator_assets.work.terminal import console, print_table, say, write_data
from genatator_assets.work.text import TextTable
from genatator_assets.work.watch import download_bars

if TYPE_CHECKING:
    from genatator_assets.sources.fetch import Cache, Fetched


@click.command()
@catalogue_option
@genomes_option
@click.option("--names", is_flag=True, help="Only the tables of sequence names: small, and enough for 'plan'.")
@click.option("--again", is_flag=True, help="Ask the servers again, also for files that are in the cache.")
def fetch(catalogue: str, genomes: tuple[str, ...], names: bool, again: bool) -> None:
    """Fetch a catalogue's inputs.

    Files go to the cache; their paths are printed.

    'build' fetches what it needs by itself; this does it beforehand, as for machines without a network. The cache is
    the folder GENATATOR_CACHE. Interrupted downloads are resumed. Exits with 2 if anything could not be fetched.
    """
    from genatator_assets.sources.fetch import Cache

    stated = load_catalogue(catalogue)
    assemblies = [stated.assembly(genome) for genome in genomes or stated.genomes]
    kinds: Collection[Kind] = ("aliases",) if names else KINDS
    cache = Cache(again=again, watch=download_bars(console(errors=True)))
    rows, faults = _fetch(assemblies, kinds, cache)
    if not genomes and not names:
        of_parts, faults_of_parts = _fetch_others(stated, cache)
        rows, faults = rows + of_parts, faults + faults_of_parts
    if rows:
        print_table(TextTable("", ("genome", "input", "bytes", "checksum", "path"), tuple(rows)))
    elif not faults:
        say("nothing to fetch: every input has a path or is simulated")
    if faults:
        raise GenatatorError("\n".join(faults))


def _fetch(
    assemblies: list[Assembly], kinds: Collection[Kind], cache: "Cache"
) -> tuple[list[tuple[str, ...]], list[str]]:
    """Fetch the inputs of assemblies; give a row for each, and why others could not be fetched."""
    from genatator_assets.sources.inputs import fetch_input, remote_inputs

    rows: list[tuple[str, ...]] = []
    faults: list[str] = []
    for assembly in assemblies:
        try:
            remote = {kind: file for kind, file in remote_inputs(assembly, cache).items() if kind in kinds}
        except GenatatorError as error:
            faults.append(f"{assembly.genome}: {error}")
            continue
        for kind, address in remote.items():
            try:
                file = fetch_input(address, cache)
            except GenatatorError as error:
                faults.append(f"{assembly.genome}, {kind}: {error}")
            else:
                rows.append((assembly.genome, kind, f"{file.bytes:,}", _compared(file), str(file.path)))
    return rows, faults


def _fetch_others(catalogue: Catalogue, cache: "Cache") -> tuple[list[tuple[str, ...]], list[str]]:
    """Fetch what other sections state by address, such as BED, BAM and h5ad files."""
    from genatator_assets.sources.inputs import fetch_input, remote_of

    rows: list[tuple[str, ...]] = []
    faults: list[str] = []
    for one in catalogue.remote_files():
        try:
            file = fetch_input(remote_of(one), cache)
        except GenatatorError as error:
            faults.append(str(error))
        else:
            rows.append(("-", file.url.rpartition("/")[2], f"{file.bytes:,}", _compared(file), str(file.path)))
    return rows, faults


def _compared(file: "Fetched") -> str:
    """Describe what a file was compared with: the algorithm, and where the checksum stood."""
    if file.checksum is None:
        return "none stated"
    return f"{file.checksum.text.partition(':')[0]}, {file.checksum.source.rpartition('/')[2]}"


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the genome.")
@click.option("--total-bp", type=int, default=2_000_000, show_default=True, help="Size of the genome.")
@click.option("--chromosomes", type=int, default=3, show_default=True, help="Number of chromosomes.")
@click.option(
    "--flavour",
    type=click.Choice(["gencode", "refseq", "ensembl"]),
    default="gencode",
    show_default=True,
    help="Whose file formats it imitates.",
)
def simulate(folder: Path, seed: int, total_bp: int, chromosomes: int, flavour: str) -> None:
    """Write a simulated genome into FOLDER.

    An assembly and its annotation."""
    from pydantic import ValidationError

    from genatator_assets.simulate import Simulation, write_assembly

    try:
        wanted = Simulation.model_validate(
            {"seed": seed, "total_bp": total_bp, "chromosomes": chromosomes, "flavour": flavour}
        )
    except ValidationError as error:
        faults = [": ".join([*map(str, fault["loc"]), fault["msg"]]) for fault in error.errors()]
        raise GenatatorError("; ".join(faults).replace("Value error, ", "")) from None
    try:
        written = write_assembly(wanted, folder)
    except OSError as error:
        raise GenatatorError(f"{folder} can't be written ({error}); give another folder") from error
    write_data(f"{written.sequence}\n{written.annotation}\n")
