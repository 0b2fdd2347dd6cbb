"""The interval that a person means: a place, or a gene or transcript by name."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
import pyarrow as pa

from genatator_assets.annotation.lookup import looks_like_place, names_near, no_such, place_of, rows_named
from genatator_assets.errors import ReadingError
from genatator_assets.reading.store import Chromosome, Store
from genatator_assets.reading.window import Interval
from genatator_assets.sources import chromosomes as stored
from genatator_assets.work.layout import Layout

_AROUND_BP, _LEAST_MARGIN_BP, _MARGIN_SHARE = 50, 20, 0.05
_SOME = 5


def find_interval(store: Store, chromosomes: Sequence[Chromosome], text: str) -> Interval:
    """Return the interval; see `Dataset.locate`."""
    genomes = list(dict.fromkeys(one.genome for one in chromosomes))
    known = [one for genome in genomes for one in _with_aliases(store, genome)]
    built = {(one.genome, one.chrom): one for one in chromosomes}
    if place := place_of(text, known or chromosomes, _AROUND_BP):
        _require_built(place.genome, place.chrom, known, built)
        return Interval(place.genome, place.chrom, place.start, place.end)
    tables = {genome: table for genome in genomes if (table := store.transcripts(genome)) is not None}
    own, _, rest = text.partition(":")
    for within, name in ((tables, text), ({own: tables[own]} if own in tables else {}, rest)):
        if spans := [span for genome, table in within.items() for span in _spans(genome, table, name)]:
            return _with_margin(_only(text, spans), known, built)
    near = [] if looks_like_place(text) else names_near(tables.values(), text)
    raise ReadingError(no_such(text, f"no chromosome, gene or transcript of {store.origin}", near))


def _with_aliases(store: Store, genome: str) -> list[stored.Chromosome]:
    path = Layout(store.origin).chromosomes(genome)
    return stored.read_chromosomes(path) if path.is_file() else []


def _require_built(
    genome: str, chrom: str, known: Sequence[object], built: dict[tuple[str, str], Chromosome]
) -> Chromosome:
    if found := built.get((genome, chrom)):
        return found
    reasons = [one.reason for one in known if isinstance(one, stored.Chromosome) and one.chrom == chrom and one.reason]
    why = f"is left out of the dataset ({reasons[0].replace('_', ' ')})" if reasons else "is not built"
    raise ReadingError(f"{chrom} of {genome} {why}: its bases can't be shown")


def _spans(genome: str, table: pa.Table, name: str) -> list[Interval]:
    """Return the stretches that the transcripts of a name cover, those that overlap being one."""
    rows = table.take(pa.array(rows_named(table, name))).select(["chrom", "start", "end"]).to_pylist()
    rows = sorted((row["chrom"], row["start"], row["end"]) for row in rows if row["start"] is not None)
    spans: list[Interval] = []
    for chrom, own in groupby(rows, key=lambda row: row[0]):
        for _, start, end in own:
            last = spans[-1] if spans and spans[-1].chrom == chrom else None
            if last and start < last.end:
                spans[-1] = Interval(genome, chrom, last.start, max(end, last.end))
            else:
                spans.append(Interval(genome, chrom, start, end))
    return spans


def _only(text: str, spans: Sequence[Interval]) -> Interval:
    if len(spans) > 1:
        more = f", ... ({len(spans):,})" if len(spans) > _SOME else ""
        raise ReadingError(f"{text!r} is at several places: {', '.join(map(str, spans[:_SOME]))}{more}; give one")
    return spans[0]


def _with_margin(span: Interval, known: Sequence[object], built: dict[tuple[str, str], Chromosome]) -> Interval:
    length = _require_built(span.genome, span.chrom, known, built).length
    margin = max(_LEAST_MARGIN_BP, int(np.ceil(span.length * _MARGIN_SHARE)))
    if span.start >= length:
        raise ReadingError(f"{span} lies beyond the end of {span.chrom}, which has {length:,} bp")
    return Interval(span.genome, span.chrom, max(0, span.start - margin), min(length, span.end + margin))
