"""A table of tracks on its own, before a dataset is built of it: what would become tracks, what not, and why."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from genatator_assets.catalogue.model import Assembly, Catalogue, Input
from genatator_assets.signals.section import Signals, TrackTable
from genatator_assets.signals.track_table import STEP, Listed, TableFiles, list_tracks
from genatator_assets.work.tables import write_table
from genatator_assets.work.text import TextTable
from genatator_assets.work.unit import Provenance


class _Alone(Catalogue):
    signals: Signals


def import_table(table: TrackTable, path: Path, genome: str, species: str, ontology: Sequence[Path] = ()) -> Listed:
    """Return the tracks and rejects of a table whose file is at `path`, as a catalogue that names it would have them.

    Raises:
        SignalError: the table can't be used.
    """
    section = Signals(tables=(table,), ontology=tuple(Input(path=file) for file in ontology))
    alone = _Alone.model_construct(
        dataset="import", assemblies=(Assembly.model_construct(genome=genome, species=species),), signals=section
    )
    return list_tracks(alone, TableFiles((path,), tuple(ontology), {}))


def counted(listed: Listed) -> tuple[TextTable, TextTable]:
    """Return how many tracks there are by output type, those whose files are here, and rejects by reason."""
    rows = listed.tracks.to_pylist()
    kinds = Counter(row["output_type"] or "-" for row in rows)
    here = Counter(row["output_type"] or "-" for row in rows if row["recording"])
    by_kind = tuple((kind, f"{count:,}", f"{here[kind]:,}") for kind, count in sorted(kinds.items()))
    reasons = Counter(listed.rejects["reason"].to_pylist())
    by_reason = tuple((reason, f"{count:,}") for reason, count in reasons.most_common())
    return (
        TextTable(f"{len(rows):,} tracks", ("output type", "tracks", "with a file or an address"), by_kind),
        TextTable(f"{len(listed.rejects):,} rows that are not tracks", ("reason", "rows"), by_reason),
    )


def write_listed(listed: Listed, folder: Path, sha256: str) -> list[Path]:
    """Write `tracks.parquet` and `track_rejects.parquet` into a folder; `sha256` is of the table's file."""
    provenance = Provenance({"table 0": sha256}, {}, STEP)
    tables = {folder / "tracks.parquet": listed.tracks, folder / "track_rejects.parquet": listed.rejects}
    for path, table in tables.items():
        write_table(path, table, provenance)
    return list(tables)
