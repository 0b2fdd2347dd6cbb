"""Commands about tracks: `signals types`, `import`, `list`, `profile`, `export`."""

from __future__ import annotations

from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from genatator_assets.cli.common import root_option
from genatator_assets.work.terminal import print_table, write_data
from genatator_assets.work.text import TextTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from genatator_assets.signals.section import Format, Select


@click.group()
def signals() -> None:
    """Look at tracks along genomes, and at what kinds of them there are."""


@signals.command()
def types() -> None:
    """Show AlphaGenome's output types: units, resolution, and how many tracks its documentation counts."""
    from genatator_assets.tracks.output_types import OUTPUT_TYPES

    header = ("output type", "units", "resolution", "unique biosamples", "tracks")
    rows = [
        (one.name, one.units, f"{one.resolution_bp} bp", f"{one.biosamples or 'NA'}", f"{one.tracks:,}")
        for one in OUTPUT_TYPES
    ]
    total = ("all", "", "", "", f"{sum(one.tracks for one in OUTPUT_TYPES):,}")
    print_table(TextTable("Output types (human)", header, (*rows, total)))


@signals.command(name="import")
@click.argument("table", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--genome", required=True, help="The genome that the tracks are of, such as hg38.")
@click.option("--species", default="Homo sapiens", show_default=True, help="Its species.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["encode", "fantom", "borzoi", "alphagenome", "table"]),
    default="table",
    show_default=True,
    help="ENCODE's metadata.tsv, FANTOM's SDRF, Borzoi's targets.txt, AlphaGenome's metadata, or a table of your own.",
)
@click.option("--files", type=click.Path(file_okay=False, path_type=Path), help="The folder of the tracks' files.")
@click.option(
    "--ontology",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="An OBO file, or a table of terms; may be repeated.",
)
@click.option("--prefer", type=click.Choice(["default", "all"]), default="default", help="`all`: every kind of signal.")
@click.option("--keep-without-term", is_flag=True, help="Let in tracks that name no ontology term.")
@click.option(
    "--output",
    "-o",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write tracks.parquet and track_rejects.parquet into this folder.",
)
def import_tracks(  # noqa: PLR0913 - options of a command
    *,
    table: Path,
    genome: str,
    species: str,
    form: Format,
    files: Path | None,
    ontology: tuple[Path, ...],
    prefer: Literal["default", "all"],
    keep_without_term: bool,
    output: Path | None,
) -> None:
    """Show what a TABLE of tracks would add to a dataset, and which of its rows it would not, and why.

    Nothing is fetched and no track is read. A catalogue names the table under `signals: tables` with the same keys.
    """
    from genatator_assets.signals import importing
    from genatator_assets.signals.section import TrackTable
    from genatator_assets.work.files import sha256_of_file

    path = table.absolute()
    named = TrackTable(
        path=path,
        format=form,
        files=files.absolute() if files else None,
        prefer=prefer,
        without_term="keep" if keep_without_term else "reject",
    )
    listed = importing.import_table(named, path, genome, species, [one.absolute() for one in ontology])
    for counts in importing.counted(listed):
        print_table(counts)
    if output is not None:
        for written in importing.write_listed(listed, output, sha256_of_file(path)):
            write_data(f"{written}\n")


def _conditions(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say which tracks are meant; the command gets them as one `select`."""

    @wraps(command)
    def selecting(
        *,
        output_type: tuple[str, ...],
        term: str | None,
        under: str | None,
        tissue: tuple[str, ...],
        assay: tuple[str, ...],
        strand: tuple[str, ...],
        **others: Any,
    ) -> None:
        from genatator_assets.reading.tracks import select_of

        command(**others, select=select_of(output_type, term, under, tissue, assay, strand))

    made: Callable[..., None] = selecting
    for option in (
        click.option("--strand", multiple=True, type=click.Choice(["+", "-", "."]), help="Only tracks of this strand."),
        click.option("--assay", multiple=True, help="Only tracks of this assay title; may be repeated."),
        click.option("--tissue", multiple=True, help="Only tracks of this GTEx tissue; may be repeated."),
        click.option("--under", help="Only tracks of this ontology term or any below it."),
        click.option("--term", help="Only tracks of this ontology term, such as UBERON:0002107."),
        click.option("--output-type", multiple=True, help="Only tracks of this output type; may be repeated."),
    ):
        made = option(made)
    return root_option(made)


@signals.command(name="list")
@_conditions
def list_tracks(*, root: Path, select: Select) -> None:
    """List the tracks of a dataset."""
    from genatator_assets.reading.tracks import TrackReader

    rows = TrackReader(root).select(select).to_pylist()
    columns = ("genome", "track_id", "output_type", "strand", "ontology_curie", "biosample_name")
    shown = tuple(
        (*(str(row[column] or "-") for column in columns), "yes" if row["recording"] else "no") for row in rows
    )
    print_table(TextTable(f"{len(rows):,} tracks", (*columns, "data here"), shown))


@signals.command()
@_conditions
def profile(*, root: Path, select: Select) -> None:
    """Show what the tracks of a dataset hold: bases with a value, zeros, extremes and means.

    The last column is the mean over bases that are not 0, AlphaGenome's scale.
    """
    from genatator_assets.query.connect import connect
    from genatator_assets.reading.tracks import TrackReader

    wanted = {(row["genome"], row["track_id"]) for row in TrackReader(root).select(select).to_pylist()}
    columns = ("covered", "zeros", "negative", "minimum", "maximum", "mean_covered", "nonzero_mean")
    with connect(root) as connection:
        query = f"select genome, track_id, bases, {', '.join(columns)} from track_profiles order by 1, 2"
        found = [row for row in connection.sql(query).fetchall() if row[:2] in wanted]
    shown = tuple(
        (*row[:2], *(f"{number:,}" for number in row[2:6]), *("-" if v is None else f"{v:.6g}" for v in row[6:]))
        for row in found
    )
    print_table(TextTable(f"{len(found):,} tracks with data", ("genome", "track", "bases", *columns), shown))


@signals.command(name="export")
@_conditions
@click.option(
    "--format",
    "form",
    type=click.Choice(["bigwig", "borzoi", "fine-tuning"]),
    default="bigwig",
    show_default=True,
    help="What is written beside the bigWig files: nothing, Borzoi's targets.txt, or tracks.csv, the table that"
    " AlphaGenome's fine-tuning takes (its metadata and file_path).",
)
@click.option("--split", help="Only the chromosomes of this split.")
@click.option(
    "--output",
    "-o",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="The folder of the files; created if missing.",
)
def export_tracks(*, root: Path, select: Select, form: str, split: str | None, output: Path) -> None:
    """Write tracks as bigWig files, and the table by which another program finds them. Needs the extra [export]."""
    from genatator_assets.reading import open_dataset
    from genatator_assets.reading.exports import tracks as exports
    from genatator_assets.reading.tracks import TrackReader

    dataset = open_dataset(root).select(split)
    rows = [row for row in TrackReader(root).select(select).to_pylist() if row["recording"]]
    files = exports.write_track_bigwigs(dataset, output.absolute(), rows)
    written = list(files.values())
    if form == "borzoi":
        written.append(output.absolute() / "targets.txt")
        exports.write_borzoi_targets(written[-1], rows, files)
    elif form == "fine-tuning":
        written.append(output.absolute() / "tracks.csv")
        exports.write_fine_tuning_table(written[-1], root, rows, files)
    write_data("".join(f"{path}\n" for path in written))
