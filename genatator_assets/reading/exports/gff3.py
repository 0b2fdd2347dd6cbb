"""GFF3 of the selected transcripts: the truth that predictions are compared with, a file per genome and split."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from genatator_assets.errors import DatasetError
from genatator_assets.reading.dataset import Dataset
from genatator_assets.reading.exports.common import chromosomes_by_name, file_name, selected_transcripts
from genatator_assets.work.files import whole_file
from genatator_assets.work.layout import Layout

_ROWS_AT_ONCE = 10_000
_SOURCE = "genatator-assets"
_TYPES = {"mRNA": "mRNA", "lncRNA": "lnc_RNA"}
_NOT_IN_SEQID = re.compile(r"[^a-zA-Z0-9.:^*$@!+_?|-]")
_NOT_IN_VALUE = re.compile(r"[\x00-\x1f\x7f%;=&,]|^ | $")


def write_gff3(dataset: Dataset, folder: str | Path) -> list[Path]:
    """Write <genome>.<split>.gff3 into a folder.

    A row is a transcript, of type mRNA or lnc_RNA: 1-based, both ends inside, sorted by sequence, start and end.
    Column 9 has ID (transcript_id, numbered where several rows have the same), transcript_id and, where they are
    known, gene_id, transcript_biotype and partial=true. Exons are not kept, so there are none. Every chromosome of
    the split has its ##sequence-region.

    Raises:
        DatasetError: the dataset has no transcripts, or a file of it is damaged.
        OSError: a file can't be written.
    """
    written = []
    for split in dataset.splits:
        part = dataset[split]
        for genome in part.genomes:
            path = Path(folder) / file_name(genome, split, "gff3")
            with whole_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(f"{line}\n" for line in _lines(part, genome))
            written.append(path)
    return written


def _lines(part: Dataset, genome: str) -> Iterator[str]:
    transcripts = selected_transcripts(part, genome)
    if transcripts is None:
        origin = part.store.origin
        raise DatasetError(
            f"{origin} has no transcripts of {genome}: blocks alone don't tell them; expected"
            f" {Layout(origin).transcripts(genome)}, which a root and a release have"
        )
    yield "##gff-version 3"
    for chromosome in chromosomes_by_name(part, genome):
        yield f"##sequence-region {_encoded(_NOT_IN_SEQID, chromosome.chrom)} 1 {chromosome.length}"
    yield from _rows(transcripts)


def _rows(transcripts: pa.Table) -> Iterator[str]:
    order = [(name, "ascending") for name in ("chrom", "start", "end", "strand", "transcript_id", "source_line")]
    used: set[str] = set()
    for batch in transcripts.sort_by(order).to_batches(_ROWS_AT_ONCE):
        for row in batch.to_pylist():
            yield _row(row, _unused(row["transcript_id"], used))


def _unused(name: str, used: set[str]) -> str:
    """Number a name that another row has as its ID."""
    identity, number = name, 1
    while identity in used:
        number += 1
        identity = f"{name}-{number}"
    used.add(identity)
    return identity


def _row(row: dict[str, Any], identity: str) -> str:
    attributes = {
        "ID": identity,
        "transcript_id": row["transcript_id"],
        "gene_id": row["gene_id"],
        "transcript_biotype": row["biotype"],
        "partial": "true" if row["partial"] else None,
    }
    return "\t".join(
        [
            _encoded(_NOT_IN_SEQID, row["chrom"]),
            _SOURCE,
            _TYPES[row["type"]],
            str(row["start"] + 1),
            str(row["end"]),
            ".",
            row["strand"],
            ".",
            ";".join(f"{key}={_encoded(_NOT_IN_VALUE, value)}" for key, value in attributes.items() if value),
        ]
    )


def _encoded(wrong: re.Pattern[str], text: str) -> str:
    """Spell letters that may not stand in a column as %XX."""
    return wrong.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), text)
