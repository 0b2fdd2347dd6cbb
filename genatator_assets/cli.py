"""The command line: `genatator-assets build`, `launch`, `ui`, `sql`, `statistics`, `simulate`."""

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from genatator_assets.catalogue import preset_names
from genatator_assets.dataset.card import TextTable, text_tables
from genatator_assets.dataset.statistics import read_statistics
from genatator_assets.errors import GenatatorError
from genatator_assets.query.connect import Answer, ask, connect
from genatator_assets.version import __version__
from genatator_assets.work.layout import Layout

_FAILED = 1
_USER_ERROR = 2
_PROMPT = "genatator> "
_WIDE = 10_000  # columns of what is not a terminal: nothing is folded there

_root = click.option(
    "--root",
    type=click.Path(path_type=Path),
    envvar="GENATATOR_ROOT",
    default=Path("demo-data"),
    show_default=True,
    help="The dataset's folder.",
)
_catalogue = click.option(
    "--catalogue",
    envvar="GENATATOR_CATALOGUE",
    default="demo",
    show_default=True,
    help=f"A catalogue's YAML file, or a preset: {', '.join(preset_names())}.",
)


class _Commands(click.Group):
    """Turns our own errors into a message and exit code 2, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except GenatatorError as error:
            click.secho("Error: ", fg="red", err=True, nl=False)
            click.echo(str(error), err=True)
            raise SystemExit(_USER_ERROR) from error


@click.group(cls=_Commands)
@click.version_option(__version__)
def main() -> None:
    """Turn genome assemblies and their annotations into nucleotide-level gene-finding datasets."""


@main.command()
@_catalogue
@_root
@click.option("--workers", type=click.IntRange(min=1), help="Processes; by default what the machine carries.")
def build(catalogue: str, root: Path, workers: int | None) -> None:
    """Build a dataset, the whole way, through Dagster. Exits with 1 if anything failed."""
    from genatator_assets.orchestration.build import build as build_dataset
    from genatator_assets.orchestration.progress import ProgressBar
    from genatator_assets.orchestration.settings import Settings

    faults = build_dataset(Settings(catalogue, root.absolute(), workers), ProgressBar(Console(stderr=True)))
    if Layout(root).index.is_file():
        _print_statistics(root)
    _exit_with(faults)


@main.command()
@click.argument("job", type=click.Choice(["prepare", "build_blocks", "finish"]))
@_catalogue
@_root
@click.option("--genome", "genomes", multiple=True, help="Only this genome; may be given several times.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait, and exit with 1 if a run failed.")
@click.option("--workspace", type=click.Path(exists=True, path_type=Path), help="Another workspace.yaml.")
def launch(job: str, catalogue: str, root: Path, genomes: tuple[str, ...], wait: bool, workspace: Path | None) -> None:
    """Launch JOB by 'dagster job launch', and say truly what became of it."""
    from genatator_assets.orchestration.instance import open_instance
    from genatator_assets.orchestration.launch import Launcher, workspace_file
    from genatator_assets.orchestration.settings import Settings

    settings = Settings(catalogue, root.absolute(), Settings.from_environment().workers)
    all_faults = []
    with open_instance(settings.root) as instance:
        launcher = Launcher(settings, instance, workspace or workspace_file())
        for tags in launcher.tags_of_runs(job, genomes):
            run_id = launcher.launch(job, tags)
            click.echo(f"{run_id} launched: {' '.join([job, *tags.values()])}")
            if wait:
                status, faults = launcher.wait(run_id)
                click.echo(f"{run_id} ended: {status}")
                all_faults += faults
    _exit_with(all_faults)


@main.command()
@_catalogue
@_root
@click.option("--port", type=int, default=3000, show_default=True)
def ui(catalogue: str, root: Path, port: int) -> None:
    """Serve Dagster's UI of a dataset at http://127.0.0.1:PORT, until stopped."""
    from genatator_assets.orchestration.launch import serve
    from genatator_assets.orchestration.settings import Settings

    serve(Settings(catalogue, root.absolute(), Settings.from_environment().workers), port)


@main.command()
@click.argument("question", required=False)
@_root
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
def sql(question: str | None, root: Path, form: str) -> None:
    """Answer a QUESTION in SQL about a dataset; without one, prompt for questions.

    Views: blocks, block_targets, chromosomes, transcripts, segments, statistics, split_overview, dna_alphabet,
    target_sums, species_coverage, transcript_reasons, stored_blocks, channels.
    """
    with connect(root) as connection:
        if question is not None:
            _print_answer(ask(connection, question), form)
            return
        for asked in _questions():
            try:
                _print_answer(ask(connection, asked), form)
            except GenatatorError as error:
                click.echo(f"Error: {error}", err=True)


@main.command()
@_root
def statistics(root: Path) -> None:
    """Print the card's tables of a dataset."""
    _print_statistics(root)


@main.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--total-bp", type=int, default=2_000_000, show_default=True)
@click.option("--chromosomes", type=int, default=3, show_default=True)
@click.option("--flavour", type=click.Choice(["gencode", "refseq", "ensembl"]), default="gencode", show_default=True)
def simulate(folder: Path, seed: int, total_bp: int, chromosomes: int, flavour: str) -> None:
    """Write a simulated assembly and its annotation into FOLDER."""
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
    click.echo(f"{written.sequence}\n{written.annotation}")


def _exit_with(faults: list[str]) -> None:
    """Print faults, and exit with 1 if there are any."""
    for fault in faults:
        click.secho("failed: ", fg="red", err=True, nl=False)
        click.echo(fault, err=True)
    if faults:
        raise SystemExit(_FAILED)


def _print_statistics(root: Path) -> None:
    for table in text_tables(read_statistics(Layout(root))):
        _print_table(table.fitting())


def _print_answer(answer: Answer, form: str) -> None:
    match form:
        case "csv":
            writer = csv.writer(sys.stdout)
            writer.writerow(answer.columns)
            writer.writerows(answer.rows)
        case "json":
            named = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
            click.echo(json.dumps(named, indent=1, default=str))
        case _:
            texts = tuple(tuple(str(cell) for cell in row) for row in answer.rows)
            _print_table(TextTable("", answer.columns, texts))


def _print_table(text: TextTable) -> None:
    table = Table(*map(escape, text.header), title=text.title or None, title_justify="left")
    for row in text.rows:
        table.add_row(*(escape(cell) for cell in row))
    Console(width=None if sys.stdout.isatty() else _WIDE).print(table)


def _questions() -> Iterator[str]:
    """Give what is typed, up to each semicolon and, of what is not typed but piped, the rest; 'exit' ends it too."""
    typed = ""
    person = sys.stdin.isatty()
    while True:
        try:
            line = input((_PROMPT if not typed else "      ...> ") if person else "")
        except EOFError:
            if typed and not person:
                yield typed
            return
        if line.strip(" \t;") in {"exit", "quit", ".exit", ".quit"}:
            return
        typed = f"{typed}\n{line}".strip()
        if typed.endswith(";"):
            yield typed
            typed = ""


if __name__ == "__main__":
    main()
