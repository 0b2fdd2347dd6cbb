"""The page of the card about tracks, and what there is to build of them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from genatator_assets.catalogue.model import Catalogue
from genatator_assets.signals.origin import Origin
from genatator_assets.signals.section import Signals
from genatator_assets.signals.track_table import fetch_tables, list_tracks, read_track_table
from genatator_assets.tracks.output_types import OUTPUT_TYPES
from genatator_assets.tracks.tally import Tally
from genatator_assets.work.layout_signals import SignalLayout
from genatator_assets.work.tables import read_table
from genatator_assets.work.text import Markdown, TextTable, format_bp

_MOST_ROWS = 50


def page(root: Path) -> Sequence[str | TextTable]:
    """Return the page: how many tracks there are of each kind, and what is in them.

    Raises:
        DatasetError: there is no track table yet.
    """
    tracks = read_track_table(root).to_pylist()
    about = (
        f"{len(tracks):,} tracks: signals along the genomes, stored as runs of values (`tracks/`), with what is known"
        " of each in `dataset/tracks.parquet`. Bases without a run are 0 where `missing` is `zero`, else unknown."
    )
    return [about, _by_type(tracks), _contents(root), _files(root, tracks)]


def _by_type(tracks: Sequence[dict[str, Any]]) -> TextTable:
    rows: list[tuple[str, ...]] = []
    by_type: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in tracks:
        by_type[row["genome"], row["output_type"] or "-"].append(row)
    order: dict[str, int] = {one.name: place for place, one in enumerate(OUTPUT_TYPES)}
    for (genome, kind), own in sorted(by_type.items(), key=lambda item: (item[0][0], order.get(item[0][1], 99))):
        recorded = sum(row["recording"] is not None for row in own)
        samples = len({row["biosample_name"] for row in own if row["biosample_name"]})
        units = ", ".join(sorted({row["units"] for row in own if row["units"]})) or "-"
        rows.append((genome, kind, f"{len(own):,}", f"{recorded:,}", f"{samples:,}", units))
    header = ("genome", "output type", "tracks", "with data here", "biosamples", "units")
    return TextTable("Tracks by output type", header, tuple(rows))


def _contents(root: Path) -> TextTable:
    layout = SignalLayout(root)
    tallies: dict[tuple[str, str], Tally] = {}
    lengths: Counter[tuple[str, str]] = Counter()
    if layout.statistics.is_file():
        columns = ["genome", "track_id", "length", "covered", "zeros", "sum", "minimum", "maximum"]
        for row in read_table(layout.statistics, columns=columns).to_pylist():
            key = (row["genome"], row["track_id"])
            lengths[key] += row["length"]
            own = tallies.setdefault(key, Tally())
            own.covered, own.zeros, own.sum = (
                own.covered + row["covered"],
                own.zeros + row["zeros"],
                own.sum + row["sum"],
            )
            if row["maximum"] is not None:
                own.minimum, own.maximum = min(own.minimum, row["minimum"]), max(own.maximum, row["maximum"])
    rows = tuple(
        (genome, name, format_bp(own.covered), f"{own.covered / lengths[genome, name]:.2%}", *_values(own))
        for (genome, name), own in list(tallies.items())[:_MOST_ROWS]
    )
    more = f" (first {_MOST_ROWS} of {len(tallies):,})" if len(tallies) > _MOST_ROWS else ""
    header = ("genome", "track", "bases with a value", "share", "mean where not 0", "maximum")
    return TextTable(f"What tracks hold{more}", header, rows)


def _files(root: Path, tracks: Sequence[dict[str, Any]]) -> TextTable:
    """Return the files that tracks were recorded from, by name and hash: what a reader of the card can compare."""
    layout = SignalLayout(root)
    keys = dict.fromkeys((row["genome"], row["recording"]) for row in tracks if row["recording"])
    found = [
        (genome, recording, Markdown.link(_last(file.url), file.url) if file.url else file.path.name, file.sha256)
        for genome, recording in list(keys)[:_MOST_ROWS]
        if (origin := Origin.read(layout.source(genome, recording)))
        for file in origin.files
    ]
    more = f" (first {_MOST_ROWS} of {len(keys):,} recordings)" if len(keys) > _MOST_ROWS else ""
    rows = tuple((*names, Markdown.code(sha256)) for *names, sha256 in found)
    return TextTable(f"Files of the tracks{more}", ("genome", "recording", "file", "SHA-256"), rows)


def _last(url: str) -> str:
    return url.rsplit("/", 1)[-1]


def _values(tally: Tally) -> tuple[str, str]:
    mean = tally.nonzero_mean
    return ("-" if mean is None else f"{mean:.4g}", "-" if not tally.covered else f"{tally.maximum:.4g}")


def plan(catalogue: Catalogue) -> Sequence[TextTable]:
    """Return how many tracks there are to record, by kind."""
    listed = list_tracks(catalogue, fetch_tables(catalogue))
    kinds = Counter(kind or "listed only" for kind in listed.tracks["kind"].to_pylist())
    rows = tuple((kind, f"{count:,}") for kind, count in sorted(kinds.items()))
    windows = len(catalogue.section(Signals).windows)
    more = (("window sets", f"{windows:,}"),) if windows else ()
    return [TextTable("Tracks", ("kind", "tracks"), (*rows, *more))]
