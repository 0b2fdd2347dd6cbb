"""Commands that ask: `sql`, `statistics`."""

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from genatator_assets.cli.common import print_statistics, print_table, root_option
from genatator_assets.dataset.card import TextTable
from genatator_assets.errors import GenatatorError
from genatator_assets.query.connect import Answer, ask, connect

_PROMPT = "genatator> "


@click.command()
@click.argument("question", required=False)
@root_option
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
def sql(question: str | None, root: Path, form: str) -> None:
    """Answer a QUESTION in SQL about a dataset; without one, prompt for questions.

    Views: blocks, block_targets, chromosomes, transcripts, sites, segments, channels, statistics, split_overview,
    dna_alphabet, target_sums, species_coverage, transcript_reasons, stored_blocks, input_files, lineage.

    Macros, called like tables: blocks_overlapping, transcripts_around, target_runs and targets (genome, chrom, start,
    end), segments_of (genome, chrom), lineage_of (file); and dna (genome, chrom, start, end), which gives one value.
    Examples: docs/sql.md.
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
