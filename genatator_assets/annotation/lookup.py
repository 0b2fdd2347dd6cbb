"""What a person means: a place written in any usual form, or the name of a transcript or gene, told from a near miss.

`explain`, `plot` and `browse` take the same words. Places are 0-based half-open here, and as typed in messages.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.errors import ReadingError

NAMES = ("transcript_id", "row_id", "gene_id", "gene_name")
_PREFIX = re.compile(r"^(rna-|gene-|cds-|transcript:|gene:)")
_VERSION = r"\.[0-9]+$"
_SUGGESTED = 3
_NUMBER = r"[0-9][0-9,_]*"
_PLACE = re.compile(rf"(?P<where>.+):(?P<first>{_NUMBER})(?:(?:-|\.\.)(?P<last>{_NUMBER}))?")
_FORMS = "chr1:1,001-2,000, chr1:1001..2000, chr1:1001 or chr1, each also behind a genome (hg38:chr1), or a name"


class Known(Protocol):
    """A chromosome that a place may be on."""

    @property
    def genome(self) -> str:
        """Its assembly."""

    @property
    def chrom(self) -> str:
        """Its name."""

    @property
    def length(self) -> int:
        """Its bases."""


@dataclass(frozen=True)
class Place:
    """Bases [start, end) of a chromosome, 0-based half-open."""

    genome: str
    chrom: str
    start: int
    end: int


def place_of(text: str, chromosomes: Sequence[Known], around_bp: int = 0) -> Place | None:
    """Return the place that a person wrote, counted from 1 with both ends inside; None if it names no chromosome.

    `genome:` may be left out where only one genome has the chromosome. Names may be in any letter case, with or without
    `chr`, or aliases. A single place comes with `around_bp` on both sides, a chromosome alone is all of it.

    Raises:
        ReadingError: several genomes have the chromosome, or it does not have the bases.
    """
    text = text.strip()
    if whole := _chromosome(text, chromosomes):
        return Place(whole.genome, whole.chrom, 0, whole.length)
    if not (found := _PLACE.fullmatch(text)) or not (one := _chromosome(found["where"], chromosomes)):
        return None
    first, last = (int(re.sub("[,_]", "", found[end] or found["first"])) for end in ("first", "last"))
    if last < first:
        raise ReadingError(f"{text!r} is reversed: it ends at {last:,}, before {first:,}; expected first-last")
    if not 1 <= first <= last <= one.length:
        typed = f"{first:,}-{last:,}" if found["last"] else f"{first:,}"
        raise ReadingError(f"{one.chrom} of {one.genome} has the bases 1-{one.length:,}; found {typed}")
    around = 0 if found["last"] else around_bp
    return Place(one.genome, one.chrom, max(0, first - 1 - around), min(one.length, last + around))


def looks_like_place(text: str) -> bool:
    """Return whether a text is written as a place is."""
    return _PLACE.fullmatch(text.strip()) is not None


def no_such(text: str, what: str, near: Sequence[str] = ()) -> str:
    """Return the words for a name or place that is not there."""
    suggested = f"; did you mean {' or '.join(map(repr, near))}?" if near else f"; expected {_FORMS}"
    return f"{what} goes by {text!r}{suggested}"


def _chromosome(where: str, chromosomes: Sequence[Known]) -> Known | None:
    """Return the one chromosome that is called so: exactly, else by an alias, else by name in any letter case."""
    for same in (_exactly, _by_alias, _loosely):
        found = [one for one in chromosomes if any(same(name, one) for name in _names(where, one))]
        if len(found) > 1:
            some = ", ".join(f"{one.genome}:{one.chrom}" for one in found[:5])
            raise ReadingError(f"{where!r} may be {some}; give the one that is meant with its genome")
        if found:
            return found[0]
    return None


def _names(where: str, one: Known) -> Iterable[str]:
    yield where
    genome, colon, chrom = where[: len(one.genome)], where[len(one.genome) :][:1], where[len(one.genome) + 1 :]
    if genome.casefold() == one.genome.casefold() and colon == ":":
        yield chrom


def _exactly(name: str, one: Known) -> bool:
    return name == one.chrom


def _by_alias(name: str, one: Known) -> bool:
    return name in getattr(one, "aliases", ())


def _loosely(name: str, one: Known) -> bool:
    return name.casefold().removeprefix("chr") == one.chrom.casefold().removeprefix("chr")


def rows_named(transcripts: pa.Table, name: str) -> np.ndarray:
    """Return the rows of transcripts (`annotation.select.SCHEMA`) that go by a name: their id, their row's, their
    gene's, or their gene's name.

    The strictest reading that finds any is taken: as written; without prefix (`rna-`, `gene-`, `transcript:`, `gene:`)
    and in any letter case; and without the version that the annotation gives.
    """
    columns = [transcripts[column] for column in NAMES]
    bare = [_bare(column) for column in columns]
    wanted = _PREFIX.sub("", name.strip().casefold())
    readings = (
        (columns, name.strip()),
        (bare, wanted),
        ([pc.replace_substring_regex(column, _VERSION, "") for column in bare], wanted),
    )
    for read, said in readings:
        hit = np.zeros(len(transcripts), bool)
        for column in read:
            hit |= pc.fill_null(pc.equal(column, said), False).to_numpy()
        if hit.any():
            return np.flatnonzero(hit)
    return np.empty(0, np.int64)


def without_version(name: str) -> str:
    """Return a name without the version that it may end with.

    >>> without_version("ENST00000641515.2"), without_version("OR4F5")
    ('ENST00000641515', 'OR4F5')
    """
    return re.sub(_VERSION, "", name)


def names_near(tables: Iterable[pa.Table], name: str) -> list[str]:
    """Return the ids and names nearest to one that is not there: those that begin with it, then by edit distance."""
    import duckdb  # noqa: PLC0415 - takes time to import, and is needed for a mistake only

    wanted = _PREFIX.sub("", name.strip().casefold())
    columns = [pc.unique(table[column]) for table in tables for column in NAMES if column != "row_id"]
    known = pa.table({"name": pa.concat_arrays(columns)}) if columns else pa.table({"name": pa.array([], pa.string())})
    with duckdb.connect() as connection:
        connection.register("known", known)
        rows = connection.execute(
            """
            with rated as (
                select distinct name, starts_with(lower(name), $1) as begins, levenshtein(lower(name), $1) as edits
                from known where name is not null
            )
            select name from rated where begins or edits <= greatest(1, length($1) // 4)
            order by begins desc, edits, name limit $2
            """,
            [wanted, _SUGGESTED],
        ).fetchall()
    return [name for (name,) in rows]


def _bare(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.replace_substring_regex(pc.utf8_lower(column), _PREFIX.pattern, "")
