"""`export`: a dataset in the formats of others, a command each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.progress import Progress

from genatator_assets.cli.common import root_option
from genatator_assets.errors import GenatatorError
from genatator_assets.work.terminal import console, write_data

if TYPE_CHECKING:
    from genatator_assets.reading import Dataset
    from genatator_assets.reading.channels import Channels
    from genatator_assets.reading.windows import Windows

_GROUPS = ("all", "combined", "mrna", "structure", "splice", "coding")
_EXCLUDE = (
    "Leave out windows that have a base of a region of this BED file; of several genomes, it names them in column 4."
)

Command = Callable[..., Any]


class _Output(click.Path):
    """A path on this machine."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse URLs, which would make odd folders here."""
        if "://" in str(value):
            self.fail(f"{value!r} is a URL; exports are written on this machine: give a path", param, ctx)
        return super().convert(value, param, ctx)


class _Channels(click.ParamType["Channels"]):
    """A group of channels, or comma-separated names."""

    name = "channels"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Channels:
        """Split names."""
        return value if value in _GROUPS else [name.strip() for name in value.split(",")]


def _of_a_part(command: Command) -> Command:
    """Return a command the options that say which part of which dataset is meant; it gets that as `part`."""

    @wraps(command)
    def with_part(root: Path, genome: str | None, split: str | None, output: Path, **options: Any) -> None:
        from genatator_assets.reading import open_dataset

        part = open_dataset(root).select(split).select(genome=genome)
        try:
            command(part=part, output=output, **options)
        except OSError as error:
            raise GenatatorError(f"{output} can't be written ({error}); make room, or give another place") from error

    genome = click.option("--genome", help="Only this genome.")
    split = click.option("--split", help="Only this split; the files are then named after it.")
    return root_option(genome(split(with_part)))


_channels_option = click.option(
    "--channels",
    type=_Channels(),
    default="all",
    show_default=True,
    metavar="GROUP|NAME,...",
    help=f"{', '.join(_GROUPS)}, or comma-separated names.",
)
_folder_option = click.option(
    "--output",
    "-o",
    type=_Output(file_okay=False, path_type=Path),
    required=True,
    help="The folder of the files; created if missing.",
)


@click.group()
def export() -> None:
    """Write a dataset in another format.

    For genome browsers, for Keras, for comparing annotations.

    The dataset may also be a folder of blocks alone, such as a release. Examples: docs/exports.md.
    """


@export.command()
@_of_a_part
@_channels_option
@_folder_option
def bigwig(part: Dataset, output: Path, channels: Channels) -> None:
    """Write bigWig: a file per genome and channel. Needs the extra [export]."""
    from genatator_assets.reading.exports.bigwig import write_bigwig

    _print_paths(write_bigwig(part, output, channels))


@export.command()
@_of_a_part
@_channels_option
@_folder_option
def bedgraph(part: Dataset, output: Path, channels: Channels) -> None:
    """Write bedGraph: a file per genome and channel; zeros are left out."""
    from genatator_assets.reading.exports.bed import write_bedgraph

    _print_paths(write_bedgraph(part, output, channels))


@export.command()
@_of_a_part
@_channels_option
@_folder_option
def bed(part: Dataset, output: Path, channels: Channels) -> None:
    """Write BED6 of TSS and polyA sites, one base each, and of intragenic intervals; both strands in one file."""
    from genatator_assets.reading.exports.bed import write_bed

    _print_paths(write_bed(part, output, channels))


@export.command()
@_of_a_part
@_folder_option
def gff3(part: Dataset, output: Path) -> None:
    """Write GFF3 of the selected transcripts, with genes, exons and CDS: a file per genome and split."""
    from genatator_assets.reading.exports.gff3 import write_gff3

    _print_paths(write_gff3(part, output))


@export.command()
@_of_a_part
@_folder_option
def bed12(part: Dataset, output: Path) -> None:
    """Write BED12 of the selected transcripts: exons are blocks, coding sequence is thick; a file per genome."""
    from genatator_assets.reading.exports.bed12 import write_bed12

    _print_paths(write_bed12(part, output))


def _of_windows(command: Command) -> Command:
    """Return a command the options that say which windows are meant; it gets them as `windows`, and `tell`."""

    @wraps(command)
    def with_windows(
        part: Dataset,
        length: int,
        overlap: float | None,
        stride: int | None,
        drop_n_fraction: float | None,
        exclude: Path | None,
        seed: int | None,
        **others: Any,
    ) -> None:
        rule: dict[str, Any] = {"overlap": overlap, "stride": stride, "drop_n_fraction": drop_n_fraction}
        windows = part.windows(length, shuffle=seed is not None, seed=seed or 0, exclude=exclude, **rule)
        with _progress(len(windows)) as tell:
            command(part=part, windows=windows, tell=tell, **others)

    options = (
        click.option("--length", type=int, required=True, help="Bases of a window."),
        click.option("--overlap", type=float, help="Share of its bases that a window has in common with the next."),
        click.option("--stride", type=int, help="Bases from one window's start to the next, instead of --overlap."),
        click.option("--drop-n-fraction", type=float, help="Leave out windows with a greater share of N."),
        click.option("--exclude", type=click.Path(path_type=Path), help=_EXCLUDE),
        click.option("--seed", type=int, help="Shuffle by this seed; without it windows go along the chromosomes."),
    )
    decorated: Command = with_windows
    for option in reversed(options):
        decorated = option(decorated)
    return decorated


@export.command()
@_of_a_part
@_channels_option
@_of_windows
@click.option(
    "--output", "-o", type=_Output(dir_okay=False, path_type=Path), required=True, help="The file, such as train.h5."
)
def hdf5(part: Dataset, windows: Windows, output: Path, channels: Channels, tell: Callable[[int], None]) -> None:
    """Write HDF5 of windows, for Keras: x one-hot, y targets, and where each window is. Needs the extra [export].

    Windows are adjacent unless --overlap or --stride is given.
    """
    from genatator_assets.reading.exports.hdf5 import write_windows

    write_windows(part, windows, output, channels, tell)
    _print_paths([output])


@export.command()
@_of_a_part
@_channels_option
@_of_windows
@click.option(
    "--output", "-o", type=_Output(file_okay=False, path_type=Path), required=True, help="A new folder: train.zarr."
)
def zarr(part: Dataset, windows: Windows, output: Path, channels: Channels, tell: Callable[[int], None]) -> None:
    """Write Zarr of windows: the arrays of hdf5, for many readers at once. Needs the extra [export].

    Windows are adjacent unless --overlap or --stride is given.
    """
    from genatator_assets.reading.exports.zarr import write_zarr

    write_zarr(part, windows, output, channels, tell)
    _print_paths([output])


@export.command()
@_of_a_part
@_channels_option
@_of_windows
@click.option("--per-shard", type=int, default=1_000, show_default=True, help="Windows of a tar file.")
@click.option("--output", "-o", type=_Output(file_okay=False, path_type=Path), required=True, help="A new folder.")
def webdataset(
    part: Dataset,
    windows: Windows,
    output: Path,
    channels: Channels,
    tell: Callable[[int], None],
    per_shard: int,
) -> None:
    """Write WebDataset of windows: tar files that are streamed, from a bucket too; shuffle them by --seed.

    Windows are adjacent unless --overlap or --stride is given.
    """
    from genatator_assets.reading.exports.webdataset import write_webdataset

    _print_paths(write_webdataset(part, windows, output, channels, tell, per_shard))


@contextmanager
def _progress(count: int) -> Iterator[Callable[[int], None]]:
    """Show how many windows are written, where a person watches."""
    watched = console(errors=True)
    with Progress(transient=True, console=watched, disable=not watched.is_terminal) as bar:
        task = bar.add_task("windows", total=count)
        yield lambda windows: bar.advance(task, windows)


def _print_paths(paths: list[Path]) -> None:
    write_data("".join(f"{path}\n" for path in paths))
