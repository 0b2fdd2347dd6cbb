"""The card's tables, computed by SQL over the index and the transcripts (the queries stand in sql/)."""

from importlib.resources import files

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.annotation.transcripts import read_transcripts
from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.values import SPLITS, Split
from genatator_assets.gene_finding.channels import CHANNELS
from genatator_assets.tracks.runs import Positions
from genatator_assets.work.files import sha256_of_file
from genatator_assets.work.layout import Layout
from genatator_assets.work.tables import read_table, write_table
from genatator_assets.work.unit import Provenance, Step

STEP = Step("statistics", 2)
TABLES = ("split_overview", "dna_alphabet", "target_sums", "species_coverage", "transcript_reasons")


def build_statistics(catalogue: Catalogue, layout: Layout) -> dict[str, pa.Table]:
    """Compute and store the tables of TABLES; give them by name.

    Raises:
        DatasetError: there is no index yet.
    """
    blocks = read_table(layout.index)
    genomes = pc.unique(blocks["genome"]).to_pylist()
    transcripts = pa.concat_tables([read_transcripts(layout, genome) for genome in genomes])
    tables = compute_statistics(blocks, transcripts)
    inputs = {"index": sha256_of_file(layout.index)}
    for name, table in tables.items():
        write_table(layout.statistics(name), table, Provenance(inputs, {"dataset": catalogue.dataset}, STEP))
    return tables


def compute_statistics(blocks: pa.Table, transcripts: pa.Table) -> dict[str, pa.Table]:
    """Compute the tables of TABLES from an index and the transcripts of its genomes."""
    channels = pa.table({"channel_index": list(range(len(CHANNELS))), "channel": list(CHANNELS.names)})
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")  # sums of floats in one order: the same inputs give the same bytes
        for name, table in {"blocks": blocks, "transcripts": transcripts, "channels": channels}.items():
            connection.register(name, table)
        queries = files("genatator_assets.gene_finding") / "sql" / "statistics"
        return {name: connection.sql((queries / f"{name}.sql").read_text()).to_arrow_table() for name in TABLES}


def read_statistics(layout: Layout) -> dict[str, pa.Table]:
    """Read the stored tables by name.

    Raises:
        DatasetError: they have not been computed yet.
    """
    return {name: read_table(layout.statistics(name)) for name in TABLES}


def lengths_of_splits(layout: Layout) -> dict[Split, Positions]:
    """Return the lengths in bp of the chromosomes in each split that has any, as the index has them.

    Raises:
        DatasetError: there is no index yet.
    """
    columns = ["split", "genome", "chrom", "chrom_length"]
    chromosomes = read_table(layout.index, columns=columns).group_by(columns).aggregate([])
    of_splits = {split: chromosomes.filter(pc.equal(chromosomes["split"], split)) for split in SPLITS}
    return {split: of_split["chrom_length"].to_numpy() for split, of_split in of_splits.items() if len(of_split)}


def densities_of(target_sums: pa.Table) -> dict[Split, npt.NDArray[np.float64]]:
    """Return the density of each channel in each split that there is, from the table of that name; float64 [12]."""
    of_splits = {split: target_sums.filter(pc.equal(target_sums["split"], split)) for split in SPLITS}
    return {split: of_split["density"].to_numpy() for split, of_split in of_splits.items() if len(of_split)}
