"""Which parts are of which transcript, where their names alone do not say it: an ID at several places of a sequence, on
both strands, or without a row of its own."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.annotation.lines import Flags, Places
from genatator_assets.annotation.parts import CDS, EXON, PART, STOP, UTR, PartArray

# Exons without numbers that come again just as they are, this many times their span further on, are another molecule.
_FAR = 10
_MOST_COPIES = 5
_CELLS = 1_000_000
_OTHER_STRAND = np.int64(1) << 40  # farther than any place


@dataclass(frozen=True)
class Added:
    """A transcript without a row of its own: `name` is its ID, `like` the row that it has the attributes of, None where
    those of its first part are needed; strand 1, -1, or 0 for none."""

    name: str
    start: int
    end: int
    strand: int
    like: int | None = None
    trans_spliced: bool = False


@dataclass(eq=False)
class Transcripts:
    """The transcripts on some sequences: rows, numbered from 0, and those that were added behind them.

    `keys` are the IDs of the rows; start, end int64, strand int8 (1, -1 or 0) and `trans_spliced` bool [rows];
    `dropped` are the rows that turned out to be part of another, or several transcripts.
    """

    keys: pa.StringArray
    start: Places
    end: Places
    strand: npt.NDArray[np.int8]
    trans_spliced: Flags
    dropped: set[int] = field(default_factory=set)
    added: list[Added] = field(default_factory=list)

    def add(self, added: Added) -> int:
        """Add a transcript and return its number."""
        self.added.append(added)
        return len(self.keys) + len(self.added) - 1


def owners_of(parts: PartArray, names: pa.StringArray, transcripts: Transcripts, gff3: bool) -> Places:
    """Return which transcript each part is of, -1 for none, and add those that have no row.

    parts: sorted by name and start. `names` are those that their numbers stand for, each once. In GFF3 only rows are
    transcripts, and rows of one ID are one transcript. In GTF parts make transcripts, too.
    """
    of_name = pc.fill_null(pc.index_in(names, transcripts.keys), -1).to_numpy(zero_copy_only=False).astype(np.int64)
    several = _repeated(transcripts.keys)
    owner: Places = of_name[parts["name"]]
    cuts = np.searchsorted(parts["name"], np.arange(len(names) + 1))
    odd = np.flatnonzero(_odd(parts, of_name, gff3)).tolist()
    places = pc.index_in(pa.array(list(several), pa.string()), names).to_pylist()
    for rows, place in zip(several.values(), places, strict=True):
        own = slice(0, 0) if place is None else slice(cuts[place], cuts[place + 1])
        owner[own] = _of_several(parts[own], rows, transcripts, gff3)
    for place in sorted(set(odd) - set(places)):
        own = slice(cuts[place], cuts[place + 1])
        rows = [int(of_name[place])] if of_name[place] >= 0 else []
        owner[own] = _of_one(parts[own], names[place].as_py(), rows, transcripts)
    if not gff3:
        rest = np.setdiff1d(np.flatnonzero(of_name < 0), odd)
        new = _add_the_rest(parts, names, rest, transcripts)[parts["name"]]
        owner[new >= 0] = new[new >= 0]
    return owner


def _repeated(keys: pa.StringArray) -> dict[str, list[int]]:
    """Return the rows of each ID that has several."""
    encoded = keys.dictionary_encode()
    if len(encoded.dictionary) == len(keys):
        return {}
    codes = encoded.indices.to_numpy()
    rows_of: dict[str, list[int]] = {}
    for row in np.flatnonzero(np.bincount(codes)[codes] > 1).tolist():
        rows_of.setdefault(keys[row].as_py(), []).append(row)
    return rows_of


def _odd(parts: PartArray, of_name: Places, gff3: bool) -> Flags:
    """Return which names may be at more than one place: on both strands without a row; exons whose numbers begin anew,
    or that come again."""
    names = len(of_name)
    if gff3 or not len(parts):
        return np.zeros(names, bool)
    plus, minus = (np.zeros(names, bool) for _ in range(2))
    plus[parts["name"][parts["strand"] > 0]] = True
    minus[parts["name"][parts["strand"] < 0]] = True
    exons = parts[_exon_like(parts, names)]
    same = exons["name"][1:] == exons["name"][:-1]
    step = np.diff(exons["number"].astype(np.int64))
    numbered = same & (exons["number"][1:] > 0) & (exons["number"][:-1] > 0)
    up, down, again = (np.zeros(names, bool) for _ in range(3))
    up[exons["name"][1:][numbered & (step > 0)]] = True
    down[exons["name"][1:][numbered & (step < 0)]] = True
    again[exons["name"][1:][numbered & (step == 0) & (exons["start"][1:] >= exons["end"][:-1])]] = True
    odd: Flags = (plus & minus & (of_name < 0)) | (up & down) | again | _copied(exons, names)
    return odd


def _exon_like(parts: PartArray, names: int) -> Flags:
    """Return which parts are exons, or coding sequence where a name has no exons."""
    has_exons = np.zeros(names, bool)
    has_exons[parts["name"][parts["kind"] == EXON]] = True
    like: Flags = (parts["kind"] == EXON) | ((parts["kind"] == CDS) & ~has_exons[parts["name"]])
    return like


def _copied(exons: PartArray, names: int) -> Flags:
    """Return which names have exons without numbers that come again, just as they are and far away."""
    found = np.zeros(names, bool)
    if np.all(exons["number"] > 0):
        return found
    count = np.bincount(exons["name"], minlength=names)
    begin = np.cumsum(count) - count
    numbered = np.zeros(names, bool)
    numbered[exons["name"][exons["number"] > 0]] = True
    start, length = exons["start"].astype(np.int64), exons["end"] - exons["start"]
    for copies in range(2, _MOST_COPIES + 1):
        each = count // copies
        wanted = np.flatnonzero((count % copies == 0) & (each >= 2) & ~numbered)
        if not len(wanted):
            continue
        sizes = each[wanted]
        first = np.repeat(begin[wanted] - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
        bounds = np.cumsum(sizes) - sizes
        ahead = first + np.repeat(sizes, sizes)
        shift = start[ahead] - start[first]
        span = exons["end"][begin[wanted] + sizes - 1] - start[begin[wanted]]
        same = (shift == np.repeat(shift[bounds], sizes)) & (length[ahead] == length[first])
        found[wanted[np.logical_and.reduceat(same, bounds) & (shift[bounds] > (_FAR + 1) * span)]] = True
    return found


def _add_the_rest(parts: PartArray, names: pa.StringArray, wanted: Places, transcripts: Transcripts) -> Places:
    """Add a transcript for each of some names that has parts for it; return name -> its number, -1 for none.

    A transcript lies where its exons and CDS lie, or else its UTRs and stop codons.
    """
    number_of = np.full(len(names), -1)
    has_exons = np.zeros(len(names), bool)
    has_exons[parts["name"][parts["kind"] == EXON]] = True
    kind, name = parts["kind"], parts["name"]
    spanning = (kind == EXON) | (kind == CDS) | (~has_exons[name] & ((kind == UTR) | (kind == STOP)))
    parts = parts[spanning & np.isin(name, wanted)]
    begins = np.flatnonzero(np.diff(parts["name"], prepend=-1))
    if not len(begins):
        return number_of
    found = parts["name"][begins]
    ends, plus, minus = (
        function.reduceat(parts[column], begins)
        for function, column in ((np.maximum, "end"), (np.maximum, "strand"), (np.minimum, "strand"))
    )
    columns = (parts["start"][begins], ends, np.where(plus > 0, 1, minus))
    for place, name_of, *own in zip(
        found.tolist(), pc.take(names, found).to_pylist(), *map(np.ndarray.tolist, columns), strict=True
    ):
        number_of[place] = transcripts.add(Added(name_of, *own))
    return number_of


def _span(parts: PartArray) -> tuple[int, int] | None:
    """Return the place of a transcript by its parts: of exons and CDS, or else of UTRs and stop codons; None without
    any."""
    exons = parts["kind"] == EXON
    wanted = exons | (parts["kind"] == CDS)
    if not np.any(exons):
        wanted |= (parts["kind"] == UTR) | (parts["kind"] == STOP)
    if not np.any(wanted):
        return None
    return int(parts["start"][wanted].min()), int(parts["end"][wanted].max())


# One name


def _of_one(parts: PartArray, name: str, rows: list[int], transcripts: Transcripts) -> Places:
    """Place the parts of a name that has one row or none: the first of its molecules keeps the row, where it fits."""
    row = rows[0] if rows else -1
    strands = [int(transcripts.strand[row])] if rows else sorted({*parts["strand"].tolist()} - {0}, reverse=True)
    owner = np.full(len(parts), row)
    whole = len(strands) < 2 or _complete(*(parts[parts["strand"] == strand] for strand in strands))
    for strand in strands or [0]:
        own = np.flatnonzero((parts["strand"] == strand) | (parts["strand"] == 0) | (strand == 0))
        placed = _placements(parts[own]) if whole else [np.arange(len(own))]
        if rows and len(placed) == 1:
            continue
        kept = _kept(parts[own], placed, row, transcripts) if rows else None
        for number, places in enumerate(placed):
            if number == kept:
                continue
            span = _span(parts[own[places]])
            if span is None:
                continue
            like = row if rows else None
            owner[own[places]] = transcripts.add(Added(name, *span, strand, like, not whole))
        if rows and kept is None:
            transcripts.dropped.add(row)
    return owner


def _kept(parts: PartArray, placed: list[Places], row: int, transcripts: Transcripts) -> int | None:
    """Return which of several molecules is the one that the row is of: the only one that it overlaps."""
    first, last = transcripts.start[row], transcripts.end[row]
    meeting = [
        number
        for number, places in enumerate(placed)
        if np.any((parts["start"][places] < last) & (parts["end"][places] > first))
    ]
    return meeting[0] if len(meeting) == 1 else None


def _complete(one: PartArray, other: PartArray) -> bool:
    """Return whether the exons on either strand are a whole molecule each, and not shared out between them."""
    (one, numbers), (other, others) = _exons(one), _exons(other)
    if len(numbers) and len(others):
        return bool(set(numbers.tolist()) & set(others.tolist()))
    lengths: list[list[int]] = [(exons["end"] - exons["start"]).tolist() for exons in (one, other)]
    return lengths[0] == lengths[1][::-1]


def _exons(parts: PartArray) -> tuple[PartArray, Places]:
    """Return the exons of a molecule, each once, ascending, and the numbers that they have."""
    kind = EXON if np.any(parts["kind"] == EXON) else CDS
    exons = np.sort(parts[parts["kind"] == kind], order=["start", "end"])
    new = np.append(True, (np.diff(exons["start"]) != 0) | (np.diff(exons["end"]) != 0))[: len(exons)]
    exons = exons[new]
    return exons, exons["number"][exons["number"] > 0].astype(np.int64)


def _placements(parts: PartArray) -> list[Places]:
    """Cut the parts of a name on one strand into those of its molecules."""
    exons, numbers = _exons(parts)
    if not len(exons):
        return [np.arange(len(parts))]
    breaks = _new_numbers(exons) if len(numbers) == len(exons) else _new_copies(exons)
    reach = np.maximum.accumulate(exons["end"])
    breaks = [place for place in breaks if exons["start"][place] >= reach[place - 1]]
    begins = exons["start"][breaks]
    middles = (reach[np.array(breaks, np.int64) - 1] + begins) // 2
    of = np.searchsorted(middles, (parts["start"].astype(np.int64) + parts["end"]) // 2, side="right")
    return [np.flatnonzero(of == number) for number in range(len(breaks) + 1)]


def _new_numbers(exons: PartArray) -> list[int]:
    """Return the exons at which numbers begin anew; they ascend or descend along the sequence."""
    numbers = exons["number"].astype(np.int64)
    if len(set(numbers.tolist())) == len(numbers):
        return []
    rising, falling = (np.flatnonzero(sign * np.diff(numbers) <= 0) + 1 for sign in (1, -1))
    return (rising if len(rising) <= len(falling) else falling).tolist()


def _new_copies(exons: PartArray) -> list[int]:
    """Return the exons at which others come again, just as they are and far away."""
    count = len(exons)
    names = np.zeros(count, PART)
    names["start"], names["end"] = exons["start"], exons["end"]
    for copies in range(_MOST_COPIES, 1, -1):
        each = count // copies
        if count % copies == 0 and each >= 2:
            cut = exons["start"].astype(np.int64).reshape(copies, each)
            lengths = (exons["end"] - exons["start"]).reshape(copies, each)
            shifts = cut - cut[:, :1]
            far = np.diff(cut[:, 0]) > (_FAR + 1) * (exons["end"][each - 1] - exons["start"][0])
            if np.all(shifts == shifts[0]) and np.all(lengths == lengths[0]) and np.all(far):
                return list(range(each, count, each))
    return []


def _of_several(parts: PartArray, rows: list[int], transcripts: Transcripts, gff3: bool) -> Places:
    """Place the parts of an ID that has several rows on a sequence.

    Rows on both strands are whole molecules, or one that is spliced together of parts. In GFF3 rows on one strand are
    one discontinuous feature, unless their exons are those of several molecules. A row that repeats another has no
    parts of its own.
    """
    strands = sorted({*transcripts.strand[rows].tolist()} - {0})
    if len(strands) > 1 and not (len(parts) and _complete(*(parts[parts["strand"] == strand] for strand in strands))):
        transcripts.trans_spliced[rows] = True
    places: dict[tuple[int, int, int], int] = {}
    columns = (transcripts.strand, transcripts.start, transcripts.end)
    for row, *place in zip(rows, *(values[rows].tolist() for values in columns), strict=True):
        places.setdefault(tuple(place), row)
    kept = list(places.values())
    if gff3:
        for strand in {strand for strand, _, _ in places}:
            _join(parts, [row for (own, _, _), row in places.items() if own == strand], transcripts)
        kept = [row for row in kept if row not in transcripts.dropped]
    return _nearest(parts, kept, transcripts)


def _join(parts: PartArray, rows: list[int], transcripts: Transcripts) -> None:
    """Make one transcript of the rows of a discontinuous feature, unless they are several molecules."""
    own = parts[parts["strand"] == transcripts.strand[rows[0]]]
    if len(rows) == 1 or len(_placements(own)) == len(rows):
        return
    first, *others = rows
    transcripts.start[first] = transcripts.start[rows].min()
    transcripts.end[first] = transcripts.end[rows].max()
    transcripts.dropped.update(others)


def _nearest(parts: PartArray, rows: list[int], transcripts: Transcripts) -> Places:
    """Return for each part the row on its strand that it lies in, or else is nearest to."""
    start, end, strand = transcripts.start[rows], transcripts.end[rows], transcripts.strand[rows].astype(np.int64)
    found = np.empty(len(parts), np.int64)
    at_once = max(1, _CELLS // len(rows))
    for begin in range(0, len(parts), at_once):
        some = parts[begin : begin + at_once, None]
        outside = np.maximum(start - some["start"], 0) + np.maximum(some["end"] - end, 0)
        outside = outside + (strand * some["strand"] < 0) * _OTHER_STRAND
        found[begin : begin + at_once] = np.array(rows)[np.argmin(outside, axis=1)]
    return found
