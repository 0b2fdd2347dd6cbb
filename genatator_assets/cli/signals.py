"""Commands about tracks: `signals types`, `signals list`."""

from pathlib import Path

import click

from genatator_assets.cli.common import root_option
from genatator_assets.work.terminal import print_table
from genatator_assets.work.text import TextTable


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


@signals.command(name="list")
@root_option
@click.option("--output-type", multiple=True, help="Only tracks of this output type; may be repeated.")
@click.option("--term", help="Only tracks of this ontology term, such as UBERON:0002107.")
@click.option("--under", help="Only tracks of this ontology term or any below it.")
@click.option("--tissue", multiple=True, help="Only tracks of this GTEx tissue; may be repeated.")
@click.option("--assay", multiple=True, help="Only tracks of this assay title; may be repeated.")
@click.option("--strand", multiple=True, type=click.Choice(["+", "-", "."]), help="Only tracks of this strand.")
def list_tracks(
    *,
    root: Path,
    output_type: tuple[str, ...],
    term: str | None,
    under: str | None,
    tissue: tuple[str, ...],
    assay: tuple[str, ...],
    strand: tuple[str, ...],
) -> None:
    """List the tracks of a dataset."""
    from genatator_assets.reading.tracks import TrackReader, select_of

    rows = TrackReader(root).select(select_of(output_type, term, under, tissue, assay, strand)).to_pylist()
    columns = ("genome", "track_id", "output_type", "strand", "ontology_curie", "biosample_name")
    shown = tuple(
        (*(str(row[column] or "-") for column in columns), "yes" if row["recording"] else "no") for row in rows
    )
    print_table(TextTable(f"{len(rows):,} tracks", (*columns, "data here"), shown))
