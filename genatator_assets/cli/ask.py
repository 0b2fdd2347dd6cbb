"""Commands that ask: `sql`, `statistics`, `explain`, `verify`, `lineage`, `chromosomes`."""

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click
import duckdb
from rich.progress import Progress, TextColumn, TimeElapsedColumn
from rich.tree import Tree

from genatator_assets.catalogue import Catalogue
from genatator_assets.cli.answers import interruptible, print_answer, typed_questions, write_answer
from genatator_assets.cli.common import (
    FAILED,
    USER_ERROR,
    dataset_options,
    genomes_option,
    print_statistics,
    root_option,
)
from genatator_assets.errors import GenatatorError
from genatator_assets.gene_finding.statistics import read_statistics
from genatator_assets.gene_finding.verify import Difference
from genatator_assets.query.catalog import catalog_with_root
from genatator_assets.query.connect import connect, questions_in, stream
from genatator_assets.query.dictionary import add_comments, as_question
from genatator_assets.query.explain import explain as explain_transcript
from genatator_assets.query.lineage import Origin, lineage_of
from genatator_assets.work.files import whole_file
from genatator_assets.work.layout import Layout
from genatator_assets.work.storage import root_of
from genatator_assets.work.terminal import complain, console, plain, print_table, say, write_data
from genatator_assets.work.text import TextTable

_PROMPT = "genatator> "
_SHOWN_DIFFERENCES = 20


class _Sql(click.Command):
    """Takes a question that begins with a comment, `-- like this`, for a question and not for an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse arguments."""
        return super().parse_args(ctx, [f" {one}" if re.match(r"--\s|--.*\n", one) else one for one in args])


@click.command(cls=_Sql)
@click.argument("question", required=False)
@root_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="How the answer is written.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the answer to this file: .parquet, .csv, .json or .xlsx.",
)
@click.option(
    "--allow",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="A file or folder outside the root that questions may read, too; may be repeated.",
)
@click.option(
    "--catalog",
    is_flag=True,
    help="Print all views and macros as statements for DuckDB, with the root written in; -o writes them to a file.",
)
@click.option("--schema", help="With --catalog: the schema to make them in, beside those of other datasets.")
def sql(
    question: str | None,
    root: Path,
    form: str,
    output: Path | None,
    allow: tuple[Path, ...],
    catalog: bool,
    schema: str | None,
) -> None:
    """Ask in SQL.

    Without a QUESTION, a prompt takes questions.

    'help' lists all views and macros and says what each is, '.tables' the views alone, and 'describe transcripts' the
    columns of one; they are questions, too. Examples: docs/sql.md. Everything there is: docs/dictionary.md.

    Questions only read, and only files of the root and of what --allow names.
    """
    if catalog or schema is not None:
        if question is not None or not catalog:
            raise click.UsageError("--catalog takes no QUESTION, and --schema goes with --catalog")
        _write_catalog(catalog_with_root(root, schema), output)
        return
    if output is not None and question is None:
        raise click.UsageError("-o writes the answer to the QUESTION; give one")
    with connect(root, allow) as connection:
        add_comments(connection)
        if question is None:
            _answer_typed(connection, form)
        else:
            asked = as_question(connection, question)
            interruptible(connection, lambda: _answer(connection, asked, form, output))


def _write_catalog(text: str, output: Path | None) -> None:
    if output is None:
        write_data(text)
        return
    with whole_file(output) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _answer(connection: duckdb.DuckDBPyConnection, question: str, form: str, output: Path | None = None) -> None:
    if output is not None:
        write_answer(connection, question, output)
    else:
        print_answer(stream(connection, question), form)


def _answer_typed(connection: duckdb.DuckDBPyConnection, form: str) -> None:
    """Answer what is typed or piped; a fault of what is piped is told by the exit code, too."""
    person, faults = sys.stdin.isatty(), 0
    for typed in typed_questions(_PROMPT):
        try:
            for question in questions_in(connection, as_question(connection, typed)):
                interruptible(connection, partial(_answer, connection, question, form))
        except GenatatorError as error:
            complain("Error", str(error))
            faults += 1
        except KeyboardInterrupt:
            if not person:
                raise
            complain("Interrupted", "the question was given up")
    if faults and not person:
        raise SystemExit(USER_ERROR)


@click.command()
@click.argument("name")
@root_option
def explain(name: str, root: Path) -> None:
    """Explain what became of a transcript.

    Selected or not and why, its line in the annotation, its exons and coding sequence, the blocks it lies in.

    NAME is a transcript's id, or a gene's id or name for all its transcripts: with or without version and prefix, in
    any letter case. A place (chr1:1,001-2,000, chr1:1001..2000, chr1:1001, chr1) explains what lies there.
    """
    for number, transcript in enumerate(explain_transcript(root, name)):
        title, *lines = transcript.lines()
        say(f"{'' if number == 0 else chr(10)}{title}", "bold")
        say("\n".join(f"  {line}" for line in lines))


@click.command()
@root_option
@click.option("--json", "as_json", is_flag=True, help="As JSON: the tables by name, each a list of rows.")
def statistics(root: Path, as_json: bool) -> None:
    """Print the card's tables."""
    if as_json:
        tables = {name: table.to_pylist() for name, table in read_statistics(Layout(root)).items()}
        write_data(f"{json.dumps(tables, indent=1)}\n")
    else:
        print_statistics(root)


@click.command()
@dataset_options
@genomes_option
@click.option(
    "--sample", type=click.IntRange(min=1), help="Compare only this many blocks, drawn at random; by default all."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the sample.")
@click.option(
    "--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Processes, of up to 1.8 GB each."
)
def verify(catalogue: str, root: Path, genomes: tuple[str, ...], sample: int | None, seed: int, workers: int) -> None:
    """Derive everything again and compare.

    Blocks are derived from FASTA and annotation, and compared base for base with what is stored.

    Files are hashed, and every clause of the format is checked, too. Exits with 1 if anything differs.
    """
    from genatator_assets.gene_finding.verify import verify as verify_dataset
    from genatator_assets.parts import load_catalogue, parts_of

    read = load_catalogue(catalogue)
    _verify_parts(read, root.absolute(), sample)
    if "gene_finding" not in parts_of(read):
        say("Nothing differs.")
        return
    with _bases_done() as tell:
        report = verify_dataset(
            read,
            Layout(root.absolute()),
            genomes=genomes,
            sample=sample,
            seed=seed,
            workers=workers,
            tell=tell,
        )
    _print_differences(report.differences)
    drawn = "" if report.seed is None else f", drawn by seed {report.seed},"
    say(
        f"Compared {report.blocks:,} of {report.blocks_in_all:,} blocks{drawn} of {report.genomes} genomes:"
        f" {report.nt:,} nt in {report.seconds:.1f} s, {report.nt / report.seconds / 1e6:.1f} Mnt/s."
    )
    if report.differences:
        say(f"{len(report.differences):,} differences.")
        raise SystemExit(FAILED)
    say("Nothing differs.")


def _verify_parts(catalogue: Catalogue, root: Path, sample: int | None) -> None:
    """Derive channel sets and the other parts again; exit with 1 if anything differs."""
    from genatator_assets.parts import part_named, parts_of

    for name in parts_of(catalogue):
        differing = part_named(name).verify(catalogue, root, sample)
        for line in differing:
            say(f"{name}: {line}")
        if differing:
            raise SystemExit(FAILED)


@click.command()
@click.argument("path", metavar="PATH|URL")
def lineage(path: str) -> None:
    """Trace a file back to its inputs.

    PATH is any file of a dataset; it is traced back to the FASTA and annotation files that it was made from.

    For each file on the way: what is known to have changed since it was made, its parameters, and which run made it,
    where and when. Blocks and targets are hashed; to compare what is in them with the inputs, use 'verify'.
    """

    def branch(origin: Origin) -> Tree:
        tree = Tree(plain("\n".join(_about(origin))))
        for other in origin.origins:
            tree.add(branch(other))
        return tree

    console().print(branch(lineage_of(root_of(path))))


def _about(origin: Origin) -> list[str]:
    """Describe what a file is, one thing a line. The hashes of its inputs are said where the inputs are."""
    said = {key: value for key, value in origin.said.items() if key != "inputs" and value}
    lines = [f"{origin.path} ({origin.what}) {origin.state}"]
    lines += [f"{key}: {value if isinstance(value, str) else json.dumps(value)}" for key, value in said.items()]
    if made := origin.made:
        run = f"run {made.run_id}" if made.run_id else "a call without Dagster"
        lines.append(f"made by {run} on {made.host}, {made.started}, in {made.seconds:,.1f} s")
    return lines


@contextmanager
def _bases_done() -> Iterator[Callable[[int], None]]:
    """Show how many bases have been compared, where a person watches."""
    columns = TextColumn("compared"), TextColumn("{task.completed:,.0f} nt"), TimeElapsedColumn()
    with Progress(*columns, transient=True, console=console(errors=True)) as bar:
        task = bar.add_task("", total=None)
        yield lambda bases: bar.advance(task, bases)


def _print_differences(differences: Sequence[Difference]) -> None:
    """Print the first differences, and how many there are of each kind."""
    if not differences:
        return
    header = ("genome", "chrom", "position", "what", "expected", "found", "values")
    rows = tuple(map(_cells, differences[:_SHOWN_DIFFERENCES]))
    print_table(TextTable("What differs", header, rows))
    if len(differences) > _SHOWN_DIFFERENCES:
        kinds = Counter(difference.what for difference in differences)
        told = ", ".join(f"{what} {count:,}" for what, count in kinds.items())
        say(f"Shown are the first {_SHOWN_DIFFERENCES}. In all: {told}.")


def _cells(one: Difference) -> tuple[str, ...]:
    position = "-" if one.position is None else f"{one.position:,}"
    return (one.genome, one.chrom or "-", position, one.what, one.expected, one.found, f"{one.count:,}")


@click.command()
@dataset_options
@genomes_option
@click.option("--to-do", "only_to_do", is_flag=True, help="Only chromosomes that are not built.")
def chromosomes(catalogue: str, root: Path, genomes: tuple[str, ...], only_to_do: bool) -> None:
    """List chromosomes.

    One tab-separated line each: key, split, length, and whether there is something to do.

    Keys are those of Dagster's partitions. Genomes that are not prepared yet have no chromosomes.
    """
    from genatator_assets.gene_finding.tasks import in_words, included_chromosomes, sort_out, tasks_of_keys
    from genatator_assets.parts import load_catalogue
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
                write_data(f"{key}\t{task.split}\t{task.size}\t{'intact' if key in done else 'to do'}\n")
        finished, to_do = finished + len(done), to_do + len(tasks) - len(done)
    say(in_words(finished, to_do), errors=True)
