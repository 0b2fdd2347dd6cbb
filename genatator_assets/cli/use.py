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

    DNA, gene models (selected and rejected transcripts with exons and coding sequence), the twelve channels, and the
    tracks that are asked for.

    LOCUS is a place, counted from 1 with both ends inside, or a gene or transcript by any of its names:

    \b
        genatator-assets plot hg38:chr20:1,000,000-1,050,000 -o locus.png
        genatator-assets plot chr20:1000000..1050000 -o locus.png
        genatator-assets plot chr20:1000000 -o base.png
        genatator-assets plot BRCA2 -o gene.png

    The dataset may also be a folder of blocks: a release or, without transcripts, blocks alone.
    """
    from genatator_assets.reading import open_dataset

    form = output.suffix.lower().removeprefix(".")
    if form not in _FORMATS:
        raise GenatatorError(f"{output}: a picture can be written as {', '.join(_FORMATS)}; found {output.suffix!r}")
    dataset = open_dataset(root)
    interval = dataset.locate(locus)
    figure = dataset.plot(interval.genome, interval.chrom, interval.start, interval.end, tracks=tracks)
    from genatator_assets.reading.plot import save

    with _written(output) as temporary:
        save(figure, temporary, form)


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

    DNA, gene models (selected and rejected transcripts), GC, N, the twelve channels, and the tracks that are asked
    for, in igv.js.

    The page is one file that opens in any web browser and asks nothing of any network. It needs igv.js once, when it
    is made: 'npm install igv' puts it where it is found.

    LOCUS is a place, counted from 1 with both ends inside, or a gene or transcript by any of its names:

    \b
        genatator-assets browse hg38:chr20:1,000,000-1,050,000 -o locus.html
        genatator-assets browse BRCA2 -o gene.html

    The dataset may also be a folder of blocks: a release or, without transcripts, blocks alone.
    """
    from genatator_assets.reading import open_dataset

    dataset = open_dataset(root)
    interval = dataset.locate(locus)
    page = dataset.page(interval.genome, interval.chrom, interval.start, interval.end, igv=igv, tracks=tracks)
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
