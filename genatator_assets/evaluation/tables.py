"""Gene models from the tables of transcripts and exons that an annotation is read into, and sites from BED."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.evaluation.models import (
    FORWARD,
    OTHER,
    REVERSE,
    TYPES,
    UNSTRANDED,
    Models,
    Numbers,
    Parts,
    numbered,
)
from genatator_assets.tracks.runs import Positions

_STRANDS = {"+": FORWARD, "-": REVERSE}


def models_of(transcripts: pa.Table, exons: pa.Table, seq: Numbers) -> Models:
    """Return the transcripts that lie on a sequence: those with `seq` of 0 or more.

    transcripts: columns transcript_id, gene_id, strand, start, end, type; exons: `annotation.parsed.EXONS_SCHEMA`, of
    which `transcript` is a place in `transcripts`. A transcript without exons is one exon; one without a gene is its
    own gene. Genes of one name on different sequences are different genes.
    """
    rows = np.flatnonzero(seq >= 0)
    own = transcripts.take(pa.array(rows))
    names = pc.coalesce(own["gene_id"], own["transcript_id"]).combine_chunks().dictionary_encode()
    gene = numbered(seq[rows], names.indices.to_numpy().astype(np.int64))
    first = np.full(int(gene.max(initial=-1)) + 1, len(gene), np.int64)
    np.minimum.at(first, gene, np.arange(len(gene)))
    start, end = own["start"].to_numpy(), own["end"].to_numpy()
    place = np.full(len(transcripts), -1, np.int64)
    place[rows] = np.arange(len(rows))
    exon_parts, coding_parts = _parts(exons, place, len(rows))
    return Models(
        seq=seq[rows],
        strand=_codes(own["strand"], _STRANDS, UNSTRANDED),
        start=start,
        end=end,
        gene=gene,
        kind=_codes(own["type"], {name: number for number, name in enumerate(TYPES)}, OTHER),
        ids=own["transcript_id"].to_numpy(),
        gene_ids=names.dictionary.take(names.indices.take(pa.array(first))).to_numpy(zero_copy_only=False),
        exons=_whole_where_none(exon_parts, start, end),
        cds=coding_parts,
    )


def _codes(column: pa.ChunkedArray, codes: dict[str, int], otherwise: int) -> npt.NDArray[np.int8]:
    """Return a number for each name."""
    place = pc.fill_null(pc.index_in(column, pa.array(list(codes))), len(codes)).to_numpy()
    numbers: npt.NDArray[np.int8] = np.array([*codes.values(), otherwise], np.int8)[place]
    return numbers


def _parts(exons: pa.Table, place: Numbers, transcripts: int) -> tuple[Parts, Parts]:
    """Return the exons and the coding parts of the transcripts that have a place."""
    owner = place[exons["transcript"].to_numpy()]
    exons, owner = exons.filter(pa.array(owner >= 0)), owner[owner >= 0]
    starts, ends = (exons[name].to_numpy().astype(np.int64) for name in ("start", "end"))
    coding = pc.is_valid(exons["cds_start"]).to_numpy()
    coded = exons.filter(pa.array(coding))
    cds_start, cds_end = (coded[name].to_numpy().astype(np.int64) for name in ("cds_start", "cds_end"))
    coding_owner, cds_start, cds_end = _without_gaps(owner[coding], cds_start, cds_end, coded)
    return Parts.of(owner, starts, ends, transcripts), Parts.of(coding_owner, cds_start, cds_end, transcripts)


def _without_gaps(
    owner: Numbers, start: Positions, end: Positions, coded: pa.Table
) -> tuple[Numbers, Positions, Positions]:
    """Cut out the stretches of an exon that lie between coding parts; where parts overlap, they are one."""
    gaps = coded["cds_gaps"].combine_chunks()
    edges = gaps.flatten().to_numpy(zero_copy_only=False).astype(np.int64).reshape(-1, 2)
    of_exon = np.repeat(np.arange(len(coded)), pc.fill_null(pc.list_value_length(gaps), 0).to_numpy() // 2)
    apart = edges[:, 0] < edges[:, 1]
    edges, of_exon = edges[apart], of_exon[apart]
    owners = np.concatenate([owner, owner[of_exon]])
    exon = np.concatenate([np.arange(len(coded)), of_exon])
    starts = np.concatenate([start, edges[:, 1]])
    order = np.lexsort((starts, exon))
    ends = np.concatenate([end, edges[:, 0]])
    return owners[order], starts[order], ends[np.lexsort((ends, exon))]


def _whole_where_none(exons: Parts, start: Positions, end: Positions) -> Parts:
    """Have transcripts without exons be one exon."""
    none = np.flatnonzero(exons.count == 0)
    if not len(none):
        return exons
    columns = zip((exons.owner, exons.start, exons.end), (none, start[none], end[none]), strict=True)
    owner, starts, ends = (np.concatenate(pair) for pair in columns)
    return Parts.of(owner, starts, ends, len(start))
