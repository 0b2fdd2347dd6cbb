"""What commands share: options, exit codes, and printing statistics."""

from pathlib import Path

import click

from genatator_assets.catalogue import preset_names
from genatator_assets.gene_finding.card import text_tables
from genatator_assets.gene_finding.statistics import read_statistics
from genatator_assets.work.layout import Layout
from genatator_assets.work.storage import root_of
from genatator_assets.work.terminal import complain, print_table

FAILED = 1
USER_ERROR = 2


class _Root(click.ParamType[Path]):
    """A folder, or the URL of one."""

    name = "root"

    def convert(self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Open it."""
        return root_of(value)


root_option = click.option(
    "--root",
    type=_Root(),
    metavar="DIRECTORY|URL",
    envvar="GENATATOR_ROOT",
    default=Path("demo-data"),
    show_default=True,
    help="The dataset's folder: a path, or the URL of a folder in an object store, such as s3://bucket/folder.",
)
catalogue_option = click.option(
    "--catalogue",
    envvar="GENATATOR_CATALOGUE",
    default="demo",
    show_default=True,
    help=f"A catalogue's YAML file, or a preset: {', '.join(preset_names())}.",
)


def exit_with(faults: list[str]) -> None:
    """Print faults, and exit with 1 if there are any."""
    for fault in faults:
        complain("failed", fault)
    if faults:
        raise SystemExit(FAILED)


def print_statistics(root: Path) -> None:
    """Print the card's tables of the dataset at `root`."""
    for table in text_tables(read_statistics(Layout(root))):
        print_table(table.fitting())
