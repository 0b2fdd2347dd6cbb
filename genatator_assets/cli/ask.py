"""Commands that ask: `sql`, `statistics`, `chromosomes`."""

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from genatator_assets.cli.common import catalogue_option, print_statistics, print_table, root_option
from genatator_assets.dataset.card import TextTable
from genatator_assets.errors import GenatatorError
from genatator_assets.query.connect import Answer, ask, connect
from genatator_assets.work.layout import Layout

_PROMPT = "genatator> "


@click.command()
@click.argument("question", required=False)
@root_option
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


@click.command()
@root_option
def statistics(root: Path) -> None:
    """Print the card's tables of a dataset."""
    print_statistics(root)


@click.command()
@catalogue_option
@root_option
@click.option("--genome", "genomes", multiple=True, help="Only this genome; may be given several times.")
@click.option("--to-do", "only_to_do", is_flag=True, help="Only chromosomes that are not built.")
def chromosomes(catalogue: str, root: Path, genomes: tuple[str, ...], only_to_do: bool) -> None:
    """List a dataset's chromosomes: key, split, length, and whether there is something to do; tabs between.

    Keys are those of Dagster's partitions. Genomes that are not prepared yet have no chromosomes.
    """
    from genatator_assets.catalogue import load_catalogue
    from genatator_assets.dataset.tasks import in_words, included_chromosomes, sort_out, tasks_of_keys
    from genatator_assets.work.layout import chromosome_key

    read, layout = load_catalogue(catalogue), Layout(root.absolute())
    wanted = {read.assembly(genome).genome for genome in genomes or read.genomes}
    finished = to_do = 0
    for genome, included in included_chromosomes(read, layout).items():
        if genome not in wanted:
            continue
        tasks, _ = tasks_of_keys(read, layout, [chromosome_key(genome, one.chrom) for one in included])
        done = {outcome.key for outcome in sort_out(tasks.values())[0]}
        for key, task in tasks.items():
            if key not in done or not only_to_do:
                click.echo(f"{key}\t{task.split}\t{task.length}\t{'intact' if key in done else 'to do'}")
        finished, to_do = finished + len(done), to_do + len(tasks) - len(done)
    click.echo(in_words(finished, to_do), err=True)


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
            print_table(TextTable("", answer.columns, texts))


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
