"""Commands about h5ad files: `cells inspect`, `cells ages`."""

from pathlib import Path

import click

from genatator_assets.work.terminal import print_table

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def cells() -> None:
    """Look into h5ad files before cell sentences are built of them."""


@cells.command()
@click.argument("file", type=_FILE)
@click.option("--matrix", default="X", show_default=True, help="X, raw or layers/<name>.")
def inspect(file: Path, matrix: str) -> None:
    """Show what an h5ad FILE holds: matrices, symbols, ages, donors, and what would be left out."""
    from genatator_assets.cells.inspect import inspect_file

    for table in inspect_file(file, matrix):
        print_table(table)


@cells.command()
@click.argument("file", type=_FILE)
def ages(file: Path) -> None:
    """Show the age of each developmental stage in an h5ad FILE, or the reason why it has none."""
    from genatator_assets.cells.inspect import ages_in_file

    print_table(ages_in_file(file))
