"""Commands that use a finished dataset: `plot`."""

from pathlib import Path

import click

from genatator_assets.cli.common import root_option
from genatator_assets.errors import GenatatorError

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
@root_option
def plot(locus: str, output: Path, root: Path) -> None:
    """Draw a LOCUS: DNA, transcripts (selected and rejected), and the twelve channels.

    A locus is written as in a genome browser, counted from 1 with both ends inside:

    \b
        genatator-assets plot hg38:chr20:1,000,000-1,050,000 -o locus.png

    The dataset may also be a folder of blocks: a release or, without transcripts, blocks alone.
    """
    from genatator_assets.reading import Interval, open_dataset
    from genatator_assets.work.files import whole_file

    form = output.suffix.lower().removeprefix(".")
    if form not in _FORMATS:
        raise GenatatorError(f"{output}: a picture can be written as {', '.join(_FORMATS)}; found {output.suffix!r}")
    interval = Interval.from_locus(locus)
    figure = open_dataset(root).plot(interval.genome, interval.chrom, interval.start, interval.end)
    try:
        with whole_file(output) as temporary:
            figure.savefig(temporary, format=form)
    except OSError as error:
        raise GenatatorError(f"{output} can't be written ({error}); give another file") from error
    click.echo(output)
