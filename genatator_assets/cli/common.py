"""What commands share: options, exit codes, and printing statistics."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from genatator_assets.annotation.transcripts import suspicions_of
from genatator_assets.catalogue import preset_names
from genatator_assets.gene_finding.card import text_tables
from genatator_assets.gene_finding.statistics import read_statistics
from genatator_assets.parts import DEMO, choose
from genatator_assets.work.files import plain_name
from genatator_assets.work.layout import Layout
from genatator_assets.work.storage import root_of
from genatator_assets.work.terminal import complain, print_table, say

FAILED = 1
USER_ERROR = 2


class _Root(click.ParamType[Path]):
    """A folder, or the URL of one."""

    name = "root"

    def convert(self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Open it."""
        return root_of(value)


_ROOT = {
    "type": _Root(),
    "metavar": "DIRECTORY|URL",
    "envvar": "GENATATOR_ROOT",
    "show_envvar": True,
}
_ROOT_HELP = "The dataset's folder: a path, or the URL of a folder in an object store, such as s3://bucket/folder."

root_option = click.option("--root", **_ROOT, default=Path("demo-data"), show_default=True, help=_ROOT_HELP)  # type: ignore[arg-type]

Command = TypeVar("Command", bound=Callable[..., Any])


def dataset_options(command: Command) -> Command:
    """Give a command `--catalogue` and `--root`, of which one is enough: see `parts.choose`."""

    @wraps(command)
    def chosen(catalogue: str | None, root: Path | None, **others: Any) -> Any:
        catalogue, root = choose(catalogue, root)
        return command(catalogue=catalogue, root=root, **others)

    root_help = f"{_ROOT_HELP}  [default: <dataset>-data]"
    with_root = click.option("--root", **_ROOT, help=root_help)(chosen)  # type: ignore[arg-type]
    return click.option(  # type: ignore[return-value]
        "--catalogue",
        envvar="GENATATOR_CATALOGUE",
        show_envvar=True,
        metavar="FILE|PRESET",
        help=f"A catalogue's YAML file, or a preset: {', '.join(preset_names())}."
        "  [default: the one that the root was built from, or else demo]",
    )(with_root)


catalogue_option = click.option(
    "--catalogue",
    envvar="GENATATOR_CATALOGUE",
    show_envvar=True,
    default=DEMO,
    show_default=True,
    metavar="FILE|PRESET",
    help=f"A catalogue's YAML file, or a preset: {', '.join(preset_names())}.",
)
genomes_option = click.option(
    "--genome", "genomes", multiple=True, metavar="NAME", help="Only this genome; may be repeated."
)


def exit_with(faults: list[str]) -> None:
    """Print faults, and exit with 1 if there are any."""
    for fault in faults:
        complain("failed", fault)
    if faults:
        raise SystemExit(FAILED)


def print_suspicions(root: Path) -> None:
    """Print what looks wrong with the annotations of the dataset at `root`, as far as they have been read."""
    layout = Layout(root)
    genomes = sorted(path.parent.name for path in layout.annotations.glob("*/summary.json"))
    for genome, told in suspicions_of(layout, map(plain_name, genomes)).rows:
        say(f"warning: {genome}: {told}", "yellow", errors=True)


def print_statistics(root: Path) -> None:
    """Print the card's tables of the dataset at `root`."""
    for table in text_tables(read_statistics(Layout(root))):
        print_table(table.fitting())
