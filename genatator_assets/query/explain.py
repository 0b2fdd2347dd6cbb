"""What became of a transcript: selected or not and why, where it stands in the annotation, where it lies in blocks."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.annotation.explained import Explained, Known, explained, sharing_tss
from genatator_assets.annotation.lookup import looks_like_place, names_near, no_such, place_of, rows_named
from genatator_assets.annotation.transcripts import read_exons, read_transcripts
from genatator_assets.errors import QueryError, ReadingError
from genatator_assets.query.connect import ask, connect
from genatator_assets.sources.chromosomes import Chromosome, read_chromosomes
from genatator_assets.work.files import plain_name
from genatator_assets.work.layout import Layout

_BLOCKS = """
select path, start, "end", split from blocks
where genome = $genome and chrom = $chrom and start < $last and "end" > $first order by start
"""


def explain(root: Path, name: str) -> list[Explained]:
    """Explain every transcript of the dataset at `root` that goes by `name`, or that lies at a place.

    `name`: a transcript's id or its row's ID in GFF3, a gene's id or name; with or without prefix and version, in any
    letter case. A place is written in any of the forms of `annotation.lookup.place_of`.

    Raises:
        DatasetError: there is no dataset at `root`.
        QueryError: nothing goes by that name; the nearest ones are named.
    """
    with connect(root) as connection:
        ask(connection, "select 1 from transcripts limit 1")  # says so, where no annotation has been read
        layout = Layout(root)
        folders = sorted(
            folder for folder in layout.annotations.iterdir() if (folder / "transcripts.parquet").is_file()
        )
        genomes = [plain_name(folder.name) for folder in folders]
        return [
            one
            for genome, table, rows in _found(layout, genomes, name)
            for one in _explained(connection, layout, genome, table, rows)
        ]


def _found(layout: Layout, genomes: Sequence[str], name: str) -> list[tuple[str, pa.Table, np.ndarray]]:
    """Return the rows that are meant, by genome."""
    tables = {genome: read_transcripts(layout, genome) for genome in genomes}
    own, _, rest = name.partition(":")
    named = {own: tables[own]} if rest and own in tables else tables
    for said, within in ((name, tables), (rest, named)):
        found = [(genome, table, rows_named(table, said)) for genome, table in within.items() if said]
        if any(len(rows) for *_, rows in found):
            return [one for one in found if len(one[2])]
    chromosomes = [one for genome in genomes for one in _chromosomes(layout, genome)]
    try:
        place = place_of(name, chromosomes)
    except ReadingError as error:
        raise QueryError(str(error)) from error
    if place:
        table = tables[place.genome]
        here = pc.and_(pc.less(table["start"], place.end), pc.greater(table["end"], place.start))
        rows = np.flatnonzero(pc.fill_null(pc.and_(here, pc.equal(table["chrom"], place.chrom)), False).to_numpy())
        if len(rows):
            return [(place.genome, table, rows)]
        raise QueryError(f"no transcript of {place.genome} lies at {name!r}{_left_out(chromosomes, place.chrom)}")
    near = [] if looks_like_place(name) else names_near(tables.values(), name)
    raise QueryError(no_such(name, f"no transcript, gene or place of {layout.root}", near))


def _chromosomes(layout: Layout, genome: str) -> list[Chromosome]:
    path = layout.chromosomes(genome)
    return read_chromosomes(path) if path.is_file() else []


def _left_out(chromosomes: Iterable[Chromosome], chrom: str) -> str:
    reasons = [one.reason for one in chromosomes if one.chrom == chrom and one.reason]
    return f", whose sequence is left out ({reasons[0].replace('_', ' ')})" if reasons else ""


def _explained(
    connection: duckdb.DuckDBPyConnection, layout: Layout, genome: str, table: pa.Table, rows: np.ndarray
) -> list[Explained]:
    lengths = {one.chrom: one.length for one in _chromosomes(layout, genome)}
    known, sharing = Known.of(layout, genome), sharing_tss(table)
    exons = read_exons(layout, genome)
    exons = exons.filter(pc.is_in(exons["transcript"], pa.array(rows, pa.int32()))).to_pylist()
    return [
        explained(
            row,
            [one for one in exons if one["transcript"] == place],
            known,
            chrom_length=lengths.get(row["chrom"]),
            shares_tss=bool(sharing[place]),
            blocks=_blocks(connection, layout, genome, row["chrom"], row["start"], row["end"]),
        )
        for place, row in zip(rows.tolist(), table.take(pa.array(rows)).to_pylist(), strict=True)
    ]


def _blocks(
    connection: duckdb.DuckDBPyConnection, layout: Layout, genome: str, chrom: str, start: int | None, end: int | None
) -> tuple[str, ...]:
    if start is None or not layout.index.is_file():
        return ()
    found = connection.execute(_BLOCKS, {"genome": genome, "chrom": chrom, "first": start, "last": end}).fetchall()
    return tuple(f"{path}: [{first:,}, {last:,}) of the {split} split" for path, first, last, split in found)
