"""Gene models: the transcripts of a file put together with their parts and their genes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.annotation.evidence import Evidence, doubtful_word, type_of
from genatator_assets.annotation.exons import Exons, Flags, Models, models_of
from genatator_assets.annotation.flavours import Words
from genatator_assets.annotation.lines import Places
from genatator_assets.annotation.parsed import EXONS_SCHEMA, FAULTS, PARSED_SCHEMA, RAW_SCHEMA
from genatator_assets.annotation.parts import (
    CDS,
    EXON,
    NO_PHASE,
    PART,
    SEVERAL,
    START,
    STOP,
    UTR,
    PartArray,
    Parts,
)
from genatator_assets.annotation.places import Added, Transcripts, owners_of

_PARTS_AT_ONCE = 100_000
_KIND_NAMES = {EXON: "exon", CDS: "CDS", STOP: "stop_codon", UTR: "UTR", START: "start_codon"}
_SOUND, _INCONSISTENT, _CDS_OUTSIDE, _EXON_OUTSIDE = range(len(FAULTS) + 1)
_STRANDS = {1: "+", -1: "-", 0: "."}
_CODING_BEGINS, _CODING_ENDS = "cds_start_NF", "cds_end_NF"


KNOWN = np.dtype(
    [
        ("count", np.int32),
        ("exonic_bp", np.int32),
        ("coding_bp", np.int32),
        ("open_5", np.bool_),
        ("open_3", np.bool_),
        ("has_start", np.bool_),
        ("has_stop", np.bool_),
        ("from_parts", np.bool_),
        ("fault", np.int8),
    ]
)
"""What the parts of a transcript say of it; see `exons.Models`. `fault` is 0, or 1 more than its place in FAULTS."""

KnownArray = npt.NDArray[np.void]


@dataclass(eq=False)
class Assembled:
    """The transcripts of a file and their parts. Rows keep their numbers; those added follow them.

    start, end int64 and trans_spliced bool [rows] are those of the rows' table but for rows that were joined; `dropped`
    bool [rows] are rows that are part of another, or several transcripts. `added` are transcripts without rows, with
    their sequences. `known` is of all, and `exons` (EXONS_SCHEMA) has the numbers of all. `others` counts parts of what
    is no transcript.
    """

    start: Places
    end: Places
    trans_spliced: Flags
    dropped: Flags
    added: list[tuple[str, Added]]
    known: KnownArray
    exons: pa.Table
    others: Mapping[str, int]


def assemble(raw: pa.Table, parts: dict[str, Parts], gff3: bool, parents: Mapping[str, str]) -> Assembled:
    """Put transcripts (RAW_SCHEMA) and their parts together, some sequences at a time; `parts` is emptied on the way.

    parents: what the rows are that are no transcripts, by sequence and ID with a tab between.
    """
    rows = len(raw)
    start, end = (pc.fill_null(raw[name], 0).to_numpy().copy() for name in ("start", "end"))
    trans_spliced, dropped = raw["trans_spliced"].to_numpy().copy(), np.zeros(rows, bool)
    strand = _strands(raw["strand"])
    keys = pc.binary_join_element_wise(raw["seqid"], pc.fill_null(raw["row_id"], ""), "\t")
    added: list[tuple[str, Added]] = []
    known = np.zeros(rows, KNOWN)
    known_added = [np.empty(0, KNOWN)]
    tables: list[pa.RecordBatch] = []
    others: dict[str, int] = {}
    rows_of = _rows_by_sequence(raw)
    for seqids in _batches([*rows_of, *(seqid for seqid in parts if seqid not in rows_of)], parts):
        here = np.concatenate([np.empty(0, np.int64), *(rows_of[seqid] for seqid in seqids if seqid in rows_of)])
        transcripts = Transcripts(
            pc.take(keys, pa.array(here)).combine_chunks(), start[here], end[here], strand[here], trans_spliced[here]
        )
        own, names = _joined({seqid: parts.pop(seqid) for seqid in seqids if seqid in parts})
        if not gff3:
            own, names = _of_lists(own, names, transcripts.keys)
        owner = owners_of(own, names, transcripts, gff3)
        _count_others(own, names, owner, parents, others)
        models, of_these = _models(own[owner >= 0], owner[owner >= 0], transcripts)
        number_of = np.concatenate([here, rows + len(added) + np.arange(len(transcripts.added))])
        tables.append(_exons_table(models.exons, number_of))
        start[here], end[here], trans_spliced[here] = transcripts.start, transcripts.end, transcripts.trans_spliced
        dropped[here[list(transcripts.dropped)]] = True
        known[here] = of_these[: len(here)]
        known_added.append(of_these[len(here) :])
        added += [(one.name.partition("\t")[0], one) for one in transcripts.added]
    return Assembled(
        start=start,
        end=end,
        trans_spliced=trans_spliced,
        dropped=dropped,
        added=added,
        known=np.concatenate([known, *known_added]),
        exons=pa.Table.from_batches(tables, EXONS_SCHEMA),
        others=others,
    )


def _strands(column: pa.ChunkedArray) -> npt.NDArray[np.int8]:
    plus, minus = (pc.fill_null(pc.equal(column, strand), False).to_numpy() for strand in "+-")
    return np.where(plus, 1, np.where(minus, -1, 0)).astype(np.int8)


def _rows_by_sequence(raw: pa.Table) -> dict[str, Places]:
    """Return the rows on each sequence, in order; malformed ones have no place."""
    placed = np.flatnonzero(pc.is_valid(raw["start"]).to_numpy())
    encoded = pc.take(raw["seqid"], pa.array(placed)).combine_chunks().dictionary_encode()
    codes = encoded.indices.to_numpy()
    order = np.argsort(codes, kind="stable")
    cuts = np.searchsorted(codes[order], np.arange(len(encoded.dictionary) + 1))
    return {
        seqid: placed[order[cuts[number] : cuts[number + 1]]]
        for number, seqid in enumerate(encoded.dictionary.to_pylist())
    }


def _batches(seqids: Iterable[str], parts: Mapping[str, Parts]) -> Iterator[list[str]]:
    """Return sequences in turn, as many together as have enough parts: a draft assembly has tens of thousands."""
    batch: list[str] = []
    count = 0
    for seqid in seqids:
        batch.append(seqid)
        count += len(parts[seqid]) if seqid in parts else 1
        if count >= _PARTS_AT_ONCE:
            yield batch
            batch, count = [], 0
    if batch:
        yield batch


def _joined(parts: Mapping[str, Parts]) -> tuple[PartArray, pa.StringArray]:
    """Return the parts on some sequences, by name and start, and their names with the sequences' before them."""
    together, names, count = [np.empty(0, PART)], [pa.array([], pa.string())], 0
    for seqid, of_seqid in parts.items():
        rows, own = of_seqid.joined()
        rows["name"] += count
        count += len(own)
        together.append(rows)
        names.append(pc.binary_join_element_wise(seqid, own, "\t"))
    return _in_order(np.concatenate(together)), pa.concat_arrays(names)


def _of_lists(parts: PartArray, names: pa.StringArray, keys: pa.StringArray) -> tuple[PartArray, pa.StringArray]:
    """Give parts with a list of transcripts for their name, with commas, to each of them: some GTF files have such."""
    lists: dict[int, list[str]] = {}
    for place in np.flatnonzero(pc.match_substring(names, ",").to_numpy(zero_copy_only=False)).tolist():
        seqid, _, text = names[place].as_py().partition("\t")
        several = [f"{seqid}\t{name.strip()}" for name in text.split(",")]
        if len(several) > 1 and all(pc.any(pc.equal(keys, name)).as_py() for name in several):
            lists[place] = several
    if not lists:
        return parts, names
    number_of = {name: number for number, name in enumerate(names.to_pylist())}
    pieces = [parts[~np.isin(parts["name"], list(lists))]]
    for place, several in lists.items():
        for name in several:
            pieces.append(parts[parts["name"] == place])
            pieces[-1]["name"] = number_of.setdefault(name, len(number_of))
    return _in_order(np.concatenate(pieces)), pa.array(list(number_of), pa.string())


def _in_order(parts: PartArray) -> PartArray:
    """Sort parts by name and start."""
    return parts[np.argsort(parts["name"].astype(np.int64) << 32 | parts["start"], kind="stable")]


def _count_others(
    parts: PartArray, names: pa.StringArray, owner: Places, parents: Mapping[str, str], others: dict[str, int]
) -> None:
    """Count the parts of what is no transcript, by what they are part of."""
    lost = parts[(owner < 0) & ((parts["marks"] & SEVERAL) == 0)]
    found, counts = np.unique(np.stack([lost["kind"], lost["name"]]), axis=1, return_counts=True)
    for kind, name, count in zip(*found.tolist(), counts.tolist(), strict=True):
        of = f"{_KIND_NAMES[kind]} of {parents.get(names[name].as_py(), 'what has no row')}"
        others[of] = others.get(of, 0) + count


def _models(parts: PartArray, owner: Places, transcripts: Transcripts) -> tuple[Models, KnownArray]:
    """Return the models of some transcripts."""
    rows = len(transcripts.keys)
    start, end, strand = (
        np.concatenate([getattr(transcripts, name), [getattr(one, name) for one in transcripts.added]]).astype(np.int64)
        for name in ("start", "end", "strand")
    )
    models = models_of(parts, owner, strand.astype(np.int8))
    fault = np.where(models.cds_outside, _CDS_OUTSIDE, _SOUND)
    is_exon = parts["kind"] == EXON
    core = is_exon | (parts["kind"] == CDS)
    reaches_out = (parts["start"] < start[owner]) | (parts["end"] > end[owner])
    fault[(fault == _SOUND) & _any(owner[is_exon & reaches_out], len(start))] = _EXON_OUTSIDE
    outside = (parts["start"] >= end[owner]) | (parts["end"] <= start[owner])
    other_strand = parts["strand"] * strand[owner] < 0
    fault[owner[core & (outside | other_strand)]] = _INCONSISTENT
    fault[rows:][models.cds_apart[rows:]] = _INCONSISTENT  # put together from what is left of a transcript
    known = np.zeros(len(start), KNOWN)
    for name in KNOWN.names or ():
        known[name] = fault if name == "fault" else getattr(models, name)
    return models, known


def _any(owners: Places, count: int) -> Flags:
    found = np.zeros(count, bool)
    found[owners] = True
    return found


def _exons_table(exons: Exons, number_of: Places) -> pa.RecordBatch:
    """Return exons as a table, with the numbers that their transcripts have."""
    coding = exons.cds_start >= 0
    gaps = np.stack([exons.gap_from, exons.gap_to], axis=1).ravel()
    count = 2 * np.bincount(exons.gap_exon, minlength=len(exons.start))
    offsets = pa.array(np.append(0, np.cumsum(count)), pa.int32(), mask=np.append(count == 0, False))
    columns = {
        "transcript": pa.array(number_of[exons.owner], pa.int32()),
        "start": pa.array(exons.start, pa.int32()),
        "end": pa.array(exons.end, pa.int32()),
        "cds_start": pa.array(exons.cds_start, pa.int32(), mask=~coding),
        "cds_end": pa.array(exons.cds_end, pa.int32(), mask=~coding),
        "phase": pa.array(exons.phase, pa.int8(), mask=exons.phase == NO_PHASE),
        "cds_gaps": pa.ListArray.from_arrays(offsets, pa.array(gaps, pa.int32())),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in EXONS_SCHEMA.names], schema=EXONS_SCHEMA)


# What transcripts are


@dataclass(frozen=True, eq=False)
class GeneModels:
    """The transcripts of a file (PARSED_SCHEMA), in the order of their lines, their exons (EXONS_SCHEMA), and those of
    type `other` by words that sound like lncRNA."""

    transcripts: pa.Table
    exons: pa.Table
    doubtful: Mapping[str, int]


def gene_models(
    raw: pa.Table, assembled: Assembled, of_added: pa.Table, genes: pa.Table, words: Words, biotype_is_type: bool
) -> GeneModels:
    """Return the gene models of a file.

    of_added: what the first parts say of each transcript without a row (RAW_SCHEMA). genes: key, biotype and name.
    """
    rows = len(raw)
    strand = pa.array([_STRANDS[one.strand] for _, one in assembled.added], pa.string())
    added = {
        "start": pa.array([one.start for _, one in assembled.added], pa.int64()),
        "end": pa.array([one.end for _, one in assembled.added], pa.int64()),
        "strand": strand,
        "trans_spliced": pc.or_(
            of_added["trans_spliced"], pa.array([one.trans_spliced for _, one in assembled.added], pa.bool_())
        ),
    }
    changed = {
        "start": pa.array(assembled.start, mask=pc.is_null(raw["start"]).to_numpy()),
        "end": pa.array(assembled.end, mask=pc.is_null(raw["end"]).to_numpy()),
        "trans_spliced": pa.array(assembled.trans_spliced),
    }
    whole = pa.concat_tables([_with(raw, changed), _with(of_added, added)])
    from_parts = np.arange(len(whole)) >= rows
    kept = np.flatnonzero(np.append(~assembled.dropped, np.ones(len(added["start"]), bool)))
    kept = kept[np.argsort(whole["source_line"].to_numpy()[kept], kind="stable")]
    if len(kept) < len(whole) or np.any(np.diff(kept) < 0):
        whole = whole.take(pa.array(kept))
    table, doubtful = _typed(whole, assembled.known[kept], from_parts[kept], genes, words, biotype_is_type)
    number_of = np.full(rows + len(added["start"]), -1)
    number_of[kept] = np.arange(len(kept))
    return GeneModels(table, _renumbered(assembled.exons, number_of), doubtful)


def _with(table: pa.Table, columns: Mapping[str, pa.Array]) -> pa.Table:
    for name, column in columns.items():
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(name), column)
    return table


def _renumbered(exons: pa.Table, number_of: Places) -> pa.Table:
    """Give exons the numbers of their transcripts in the final table, and leave out those of transcripts left out."""
    numbers = number_of[exons["transcript"].to_numpy()]
    exons = _with(exons, {"transcript": pa.array(numbers, pa.int32())})
    kept = numbers >= 0
    if not np.all(kept):
        exons, numbers = exons.filter(pa.array(kept)), numbers[kept]
    if np.any(np.diff(numbers) < 0):
        exons = exons.take(pa.array(np.argsort(numbers, kind="stable")))
    return exons


def _typed(
    raw: pa.Table, known: KnownArray, from_parts: Flags, genes: pa.Table, words: Words, biotype_is_type: bool
) -> tuple[pa.Table, dict[str, int]]:
    gene = _genes_of(raw, genes)
    gene_biotype = pc.coalesce(raw["gene_biotype"], _taken(genes["biotype"], gene))
    coding = known["coding_bp"] > 0
    kinds, kinds_from, doubtful = _types(raw, gene_biotype, coding, from_parts, words, biotype_is_type)
    # A file that has no rows of start or stop codons does not say by them what is complete.
    begun, ended = (known[name] | ~np.any(known[name]) for name in ("has_start", "has_stop"))
    complete_5 = ~known["open_5"] & ~_tagged(raw["tags"], _CODING_BEGINS) & begun
    complete_3 = ~known["open_3"] & ~_tagged(raw["tags"], _CODING_ENDS) & ended
    columns = {
        **{name: raw[name] for name in RAW_SCHEMA.names if name in PARSED_SCHEMA.names},
        "gene_name": pc.coalesce(raw["gene_name"], _taken(genes["name"], gene)),
        "biotype": pc.coalesce(raw["biotype"], gene_biotype),
        "gene_biotype": gene_biotype,
        "type": kinds,
        "type_from": kinds_from,
        "assembled_from": pa.array(np.where(from_parts, "parts", "row"), pa.string()),
        "exons": pa.array(known["count"], pa.int32()),
        "exonic_bp": pa.array(known["exonic_bp"], pa.int32()),
        "coding_bp": pa.array(known["coding_bp"], pa.int32()),
        "cds_complete_5": pa.array(complete_5, mask=~coding),
        "cds_complete_3": pa.array(complete_3, mask=~coding),
        "exons_from_parts": pa.array(known["from_parts"]),
        "fault": pc.take(pa.array([None, *FAULTS], pa.string()), pa.array(known["fault"])),
    }
    return pa.table([columns[name] for name in PARSED_SCHEMA.names], schema=PARSED_SCHEMA), doubtful


def _taken(column: pa.ChunkedArray, places: pa.Array) -> pa.ChunkedArray:
    return pc.take(column, places)


def _genes_of(raw: pa.Table, genes: pa.Table) -> pa.ChunkedArray:
    """Return the place of each transcript's gene among the genes, null where it has no row: of several genes the first
    that states a biotype, or else the first."""
    keys = genes["key"].combine_chunks()
    place = pc.index_in(pc.binary_join_element_wise(raw["seqid"], raw["genes"], "\t"), keys)
    several = np.flatnonzero(pc.fill_null(pc.match_substring(raw["genes"], "\t"), False).to_numpy())
    if not len(several):
        return place
    places = place.to_pylist()
    known = {key: number for number, key in enumerate(keys.to_pylist())}
    states = pc.is_valid(genes["biotype"]).to_pylist()
    for row in several.tolist():
        seqid, named = raw["seqid"][row].as_py(), raw["genes"][row].as_py()
        found = [known[key] for name in named.split("\t") if (key := f"{seqid}\t{name}") in known]
        places[row] = next((one for one in found if states[one]), found[0] if found else None)
    return pa.chunked_array([pa.array(places, pa.int32())])


def _types(
    raw: pa.Table, gene_biotype: pa.ChunkedArray, coding: Flags, from_parts: Flags, words: Words, biotype_is_type: bool
) -> tuple[pa.Array, pa.Array, dict[str, int]]:
    """Return the type of each transcript, what it follows from, and those of type `other` by words that sound like
    lncRNA. All is asked once for each combination of evidence."""
    row_type = pc.if_else(pa.array(from_parts), "transcript", raw["row_type"])
    columns = [raw["biotype"], raw["ncrna_class"], row_type, gene_biotype, raw["misc_rna"], pa.array(coding)]
    names = ["biotype", "ncrna_class", "row_type", "gene_biotype", "misc_rna", "coding"]
    table = pa.table(columns, names=names).append_column("place", pa.array(np.arange(len(raw))))
    groups = table.group_by(names).aggregate([("place", "list")])
    kind, kind_from = np.empty(len(raw), object), np.empty(len(raw), object)
    doubtful: dict[str, int] = {}
    for *evidence, places in zip(*(groups[name].to_pylist() for name in names), groups["place_list"], strict=True):
        own = places.values.to_numpy()
        kind[own], kind_from[own] = found = type_of(Evidence(*evidence), words, biotype_is_type)
        if found[0] == "other" and (word := doubtful_word(Evidence(*evidence))):
            doubtful[word] = doubtful.get(word, 0) + len(own)
    malformed = pc.is_valid(raw["malformed"]).to_numpy()
    kind[malformed], kind_from[malformed] = "other", "none"
    return pa.array(kind, pa.string()), pa.array(kind_from, pa.string()), doubtful


def _tagged(tags: pa.ChunkedArray, tag: str) -> Flags:
    """Return which transcripts have a tag."""
    flat, of = pc.list_flatten(tags), pc.list_parent_indices(tags).to_numpy()
    return _any(of[pc.equal(flat, tag).to_numpy()], len(tags))
