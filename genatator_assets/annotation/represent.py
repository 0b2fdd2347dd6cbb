"""Which isoform represents its gene, and by which rule: the curators' choice, or else the most complete one."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.annotation.lines import Flags, Places

_NONE = np.iinfo(np.int64).max
_TAGS: Mapping[str, tuple[str, ...]] = {
    "mane_select": ("MANE Select", "MANE_Select"),
    "refseq_select": ("RefSeq Select",),
    "canonical": ("Ensembl_canonical", "GENCODE_Primary"),
}
_PRINCIPAL = r"^appris_principal_([1-5])$"
_PREDICTED = r"^X[MR]_"
_NUMBER = r"^[A-Z]+_?(?P<number>[0-9]{1,18})(?:\.[0-9]+)?$"

RULES: tuple[str, ...] = (
    "mrna",
    *_TAGS,
    "appris_principal",
    "curated",
    "complete_cds",
    "coding_bp",
    "exonic_bp",
    "accession",
    "id",
    "line",
)
"""The rules, in order: the first that leaves one isoform decides. An mRNA before lncRNA; the tags of MANE Select,
RefSeq Select, and of Ensembl's canonical or GENCODE's primary; the best appris_principal; curated (NM_, NR_) before
predicted (XM_, XR_); a coding sequence that is complete; the most coding bases; the most exonic bases; the lowest
number of an accession; the least id; and of those with one id the first in the file. Where a gene has one isoform, it
is `only`."""


def representatives(transcripts: pa.Table, candidates: Flags) -> pa.Array:
    """Return the rule by which each transcript represents its gene, null for all that don't.

    A gene is an id on a chromosome; a transcript without a gene is one of its own. Transcripts that are no candidates
    represent nothing.
    """
    rows = np.flatnonzero(candidates)
    found = np.full(len(transcripts), None, object)
    if not len(rows):
        return pa.array(found, pa.string())
    table = transcripts.take(pa.array(rows))
    gene = _genes(table)
    keys = _keys(table)
    order = np.lexsort((*reversed(keys), gene))
    gene, keys = gene[order], [key[order] for key in keys]
    first = np.flatnonzero(np.diff(gene, prepend=-1))
    best = np.repeat(first, np.diff(np.append(first, len(gene))))
    decided = np.full(len(gene), len(RULES))
    for number in range(len(RULES) - 1, -1, -1):
        decided[keys[number] != keys[number][best]] = number
    decided[first] = -1  # it does not differ from itself
    rules = np.maximum.reduceat(decided, first)
    found[rows[order[first]]] = ["only" if rule < 0 else RULES[rule] for rule in rules.tolist()]
    return pa.array(found, pa.string())


def _genes(table: pa.Table) -> Places:
    """Return the number of each transcript's gene."""
    own = pc.binary_join_element_wise("", pa.array(np.arange(len(table))).cast(pa.string()), "\n")
    key = pc.coalesce(pc.binary_join_element_wise(table["chrom"], table["gene_id"], "\t"), own)
    gene: Places = key.combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
    return gene


def _keys(table: pa.Table) -> list[Places]:
    """Return what each rule goes by: the least value is the best."""
    accessions, ids = table["transcript_id"], table["transcript_id"].combine_chunks().dictionary_encode()
    text = pc.struct_field(pc.extract_regex(accessions.combine_chunks(), _NUMBER), "number")
    number = pc.if_else(pc.equal(text, ""), None, text)  # text is "" where the pattern does not match
    complete = pc.and_(pc.fill_null(table["cds_complete_5"], False), pc.fill_null(table["cds_complete_3"], False))
    return [
        _without(pc.equal(table["type"], "mRNA")),
        *(_tag_rank(table["tags"], tags) for tags in _TAGS.values()),
        _principal(table["tags"]),
        pc.match_substring_regex(accessions, _PREDICTED).to_numpy().astype(np.int64),
        _without(complete),
        -pc.fill_null(table["coding_bp"], 0).to_numpy().astype(np.int64),
        -pc.fill_null(table["exonic_bp"], 0).to_numpy().astype(np.int64),
        pc.fill_null(number.cast(pa.int64()), _NONE).to_numpy(),
        pc.rank(ids.dictionary).to_numpy().astype(np.int64)[ids.indices.to_numpy()],
        np.arange(len(table)),
    ]


def _without(flags: pa.ChunkedArray) -> Places:
    without: Places = 1 - flags.to_numpy().astype(np.int64)
    return without


def _tag_rank(tags: pa.ChunkedArray, wanted: tuple[str, ...]) -> Places:
    """Return 0 for transcripts with one of some tags, and 1 for others."""
    flat, of = pc.list_flatten(tags), pc.list_parent_indices(tags)
    rank = np.ones(len(tags), np.int64)
    rank[of.filter(pc.is_in(flat, pa.array(wanted))).to_numpy()] = 0
    return rank


def _principal(tags: pa.ChunkedArray) -> Places:
    """Return the best appris_principal of each transcript, 6 for none."""
    flat, of = pc.list_flatten(tags), pc.list_parent_indices(tags)
    principal = pc.match_substring_regex(flat, _PRINCIPAL)
    rank = np.full(len(tags), 6, np.int64)
    values = pc.utf8_slice_codeunits(flat.filter(principal), -1).cast(pa.int64()).to_numpy()
    np.minimum.at(rank, of.filter(principal).to_numpy(), values)
    return rank
