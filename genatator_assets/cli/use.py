"""Commands that use a finished dataset: `plot` and `browse`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from genatator_assets.cli.common import root_option
from genatator_assets.errors import GenatatorError
from genatator_assets.work.terminal import write_data

_FORMATS = ("png", "pdf", "svg")


@click.command()
@click.argument("locus")
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help=f"The picture; its name says the format: {', '.join(f'.{form}' for form in _FORMATS)}.",
)
@click.option("--track", "tracks", multiple=True, help="A track to draw, by its id; may be repeated.")
@root_option
def plot(locus: str, output: Path, root: Path, tracks: tuple[str, ...]) -> None:
    """Draw a locus.

    DNA, transcripts (selected and rejected), the twelve channels, and the tracks that are asked for.

    A locus is written as in a genome browser, counted from 1 with both ends inside:

    \b
        genatator-assets plot hg38:chr20:1,000,000-1,050,000 -o locus.png

    The dataset may also be a folder of blocks: a release or, without transcripts, blocks alone.
    """
    from genatator_assets.reading import Interval, open_dataset

    form = output.suffix.lower().removeprefix(".")
    if form not in _FORMATS:
        raise GenatatorError(f"{output}: a picture can be written as {', '.join(_FORMATS)}; found {output.suffix!r}")
    interval = Interval.from_locus(locus)
    figure = open_dataset(root).plot(interval.genome, interval.chrom, interval.start, interval.end, tracks=tracks)
    with _written(output) as temporary:
        figure.savefig(temporary, format=form)


@click.command()
@click.argument("locus")
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The page, an HTML file.",
)
@click.option(
    "--igv",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="GENATATOR_IGV",
    show_envvar=True,
    help="igv.min.js of the npm package igv; by default looked for in node_modules here and above.",
)
@click.option("--track", "tracks", multiple=True, help="A track to show, by its id; may be repeated.")
@root_option
def browse(locus: str, output: Path, igv: Path | None, root: Path, tracks: tuple[str, ...]) -> None:
    """Make a page of a locus to browse.

    DNA, transcripts (selected and rejected), the twelve channels, and the tracks that are asked for, in igv.js.

    The page is one file that opens in any web browser and asks nothing of any network. It needs igv.js once, when it
    is made: 'npm install igv' puts it where it is found.

    A locus is written as in a genome browser, counted from 1 with both ends inside:

    \b
        genatator-assets browse hg38:chr20:1,000,000-1,050,000 -o locus.html

    The dataset may also be a folder of blocks: a release or, without transcripts, blocks alone.
    """
    from genatator_assets.reading import Interval, open_dataset

    interval = Interval.from_locus(locus)
    page = open_dataset(root).page(
        interval.genome, interval.chrom, interval.start, interval.end, igv=igv, tracks=tracks
    )
    with _written(output) as temporary:
        temporary.write_text(page, encoding="utf-8")


@contextmanager
def _written(output: Path) -> Iterator[Path]:
    """Return a temporary path for `output`, and say its name when it is written."""
    from genatator_assets.work.files import whole_file

    try:
        with whole_file(output) as temporary:
            yield temporary
    except OSError as error:
        raise GenatatorError(f"{output} can't be written ({error}); give another file") from error
    write_data(f"{output}\n")
