"""Which transcripts become rows, from the tables of an annotation, and what their rows say of them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.annotation.structure import Places, Structure, structure_of
from genatator_assets.errors import AnnotationError
from genatator_assets.work.text import first_of

SEPARATOR = "|"
TYPES: Mapping[str, str] = {"mRNA": "mRNA", "lncRNA": "lnc_RNA"}
"""The types of transcripts, and what rows call them."""

_SHOWN = 5


@dataclass(frozen=True, eq=False)
class Selected:
    """The transcripts of a genome whose models are whole, in the order of chromosomes and then of the annotation.

    table: their rows of the table of transcripts, with `transcript`, the row's number there, and `split`. structure:
    their exons; lncRNAs have no coding sequence.
    """

    table: pa.Table
    structure: Structure

    def __len__(self) -> int:
        """Number of transcripts."""
        return len(self.table)

    @property
    def is_mrna(self) -> npt.NDArray[np.bool_]:
        """Which are mRNAs."""
        found: npt.NDArray[np.bool_] = pc.equal(self.table["type"], "mRNA").to_numpy()
        return found

    @property
    def complete(self) -> npt.NDArray[np.bool_]:
        """Which are mRNAs whose coding sequence has both ends, as the annotation says."""
        both = pc.and_(pc.fill_null(self.table["cds_complete_5"], False), pc.fill_null(self.open_3, False))
        found: npt.NDArray[np.bool_] = both.to_numpy() & self.is_mrna
        return found

    @property
    def open_3(self) -> pa.ChunkedArray:
        """Whether coding sequences have their end; null without one."""
        return self.table["cds_complete_3"]

    def metadata(self, numbers: Places) -> pa.Array:
        """Return what the rows of some transcripts say of them: seven fields with `|` between.

        A transcript without a gene is the gene itself.
        """
        rows = self.table.take(pa.array(numbers)).combine_chunks()
        kind = pc.if_else(pc.equal(rows["type"], "mRNA"), TYPES["mRNA"], TYPES["lncRNA"])
        span = pc.binary_join_element_wise(rows["start"].cast(pa.string()), rows["end"].cast(pa.string()), ":")
        gene = pc.coalesce(rows["gene_id"], rows["transcript_id"])
        fields = (rows["transcript_id"], gene, kind, rows["strand"], rows["genome"], rows["chrom"], span)
        joined = pc.binary_join_element_wise(*fields, SEPARATOR)
        return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined


def select(transcripts: pa.Table, exons: pa.Table, splits: Mapping[str, str]) -> Selected:
    """Return the transcripts whose models are whole and that lie on a chromosome of a split.

    transcripts, exons: as `annotation.transcripts` stores them. splits: of chromosomes, in their order.

    Raises:
        AnnotationError: a name has `|` in it, which separates the fields of a row's metadata.
    """
    numbered = transcripts.append_column("transcript", pa.array(np.arange(len(transcripts)), pa.int32()))
    wanted = pc.and_(
        pc.equal(numbered["segmentation_reason"], "selected"), pc.is_in(numbered["chrom"], pa.array(list(splits)))
    )
    table = numbered.filter(wanted)
    rank = pc.index_in(table["chrom"], pa.array(list(splits), pa.string())).to_numpy()
    table = table.take(pa.array(np.argsort(rank, kind="stable")))
    split = pc.take(pa.array(list(splits.values()), pa.string()), pc.index_in(table["chrom"], pa.array(list(splits))))
    table = table.append_column("split", split).combine_chunks()
    _require_plain(table)
    return Selected(table, structure_of(table, exons, len(transcripts)))


def _require_plain(table: pa.Table) -> None:
    """Refuse names that would break a row's metadata."""
    for column in ("transcript_id", "gene_id", "chrom"):
        broken = table.filter(pc.fill_null(pc.match_substring(table[column], SEPARATOR), False))
        if len(broken):
            told = [
                f"{row[column]} (line {row['source_line']:,})"
                for row in broken.select([column, "source_line"]).to_pylist()
            ]
            raise AnnotationError(
                f"genome {table['genome'][0]}: {len(broken):,} transcripts have {SEPARATOR!r} in their {column}, which"
                f" separates the fields of a segmentation row's metadata: {first_of(told, _SHOWN)}. Replace it in the"
                " file, or leave the genome out of the segmentation's configs"
            )
