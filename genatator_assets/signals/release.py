"""Tracks in a release: their runs, table, statistics and window sets, and nothing of the machine they were made on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from genatator_assets.catalogue.model import Catalogue
from genatator_assets.catalogue.part import ReleasedFile
from genatator_assets.errors import DatasetError
from genatator_assets.signals.columns import RELEASED
from genatator_assets.signals.recording import Recording
from genatator_assets.signals.section import Signals
from genatator_assets.signals.statistics import statistics_unit
from genatator_assets.signals.tasks import Tracks
from genatator_assets.signals.track_table import genome_of, read_track_table
from genatator_assets.work.files import path_name
from genatator_assets.work.layout import Layout
from genatator_assets.work.layout_signals import SignalLayout
from genatator_assets.work.tables import provenance_of, write_table

_SHOWN = 5


def released(
    catalogue: Catalogue, root: Path, recordings: Sequence[Recording], tracks: Sequence[Tracks]
) -> list[ReleasedFile]:
    """Return a release's files of tracks; `tracks` are those of the recordings whose files were looked at.

    Where no blocks hold the DNA, or a window set is read with it, the genome's sequence goes with them.

    Raises:
        DatasetError: a recording is not finished, or tables were made of other tracks.
    """
    if faults := [*_unfinished(recordings, tracks), *_stale(catalogue, root, tracks)]:
        more = f"\n... and {len(faults) - _SHOWN:,} more" if len(faults) > _SHOWN else ""
        raise DatasetError("\n".join([f"{root} can't be released:", *faults[:_SHOWN]]) + more)
    layout = SignalLayout(root)
    files = [root / file.path for one in tracks if (kept := one.unit.finished()) for file in kept.outputs]
    files += [layout.rejects, layout.terms, layout.statistics, layout.counts, layout.normalizers, layout.window_sets]
    for window_set in catalogue.section(Signals).windows:
        name = window_set.name
        files += [layout.window_set(name), layout.windows(name), layout.arrays(name)]
    files += _sequences(catalogue, root, tracks)
    there = [ReleasedFile(path.relative_to(root).as_posix(), path) for path in files if path.is_file()]
    table = ReleasedFile(
        layout.table.relative_to(root).as_posix(), layout.table, write=partial(_write_table, root, _hashes(tracks))
    )
    return [table, *there]


def _unfinished(recordings: Iterable[Recording], tracks: Iterable[Tracks]) -> Iterator[str]:
    finished = {one.recording.key for one in tracks if one.unit.finished()}
    for recording in recordings:
        if recording.key not in finished:
            yield f"track {recording.key} is not built, or not whole; build it, or take it out of the catalogue"


def _stale(catalogue: Catalogue, root: Path, tracks: Sequence[Tracks]) -> Iterator[str]:
    layout = SignalLayout(root)
    if tracks and statistics_unit(catalogue, root, tracks).finished() is None:
        yield "the statistics of the tracks were computed from other tracks; run the job 'finish'"
    for window_set in catalogue.section(Signals).windows:
        if not layout.windows(window_set.name).is_file():
            yield f"window set {window_set.name} is not built; run the job 'finish'"


def _sequences(catalogue: Catalogue, root: Path, tracks: Iterable[Tracks]) -> list[Path]:
    layout = Layout(root)
    with_dna = {genome_of(catalogue, one) for one in catalogue.section(Signals).windows if one.sequence}
    files: list[Path] = []
    for genome in dict.fromkeys(one.recording.genome for one in tracks):
        has_blocks = (layout.targets / path_name(genome)).is_dir()
        fasta = layout.sequence(genome)
        files += [] if has_blocks else [layout.chromosomes(genome), layout.soft_masked(genome)]
        files += [] if has_blocks and genome not in with_dna else [fasta, fasta.with_name(f"{fasta.name}.fai")]
    return files


Hashes = Mapping[tuple[str, str], Mapping[str, str]]


def _hashes(tracks: Iterable[Tracks]) -> Hashes:
    return {(one.recording.genome, one.recording.name): one.origin.sha256 for one in tracks}


def _write_table(root: Path, hashes: Hashes, target: Path) -> None:
    """Write the track table with the names and hashes of files in place of where they are on this machine."""
    rows = read_track_table(root).to_pylist()
    table = pa.Table.from_pylist([_released_row(row, hashes) for row in rows], RELEASED)
    write_table(target, table, provenance_of(SignalLayout(root).table))


def _released_row(row: dict[str, Any], hashes: Hashes) -> dict[str, Any]:
    own = hashes.get((row["genome"], row["recording"]), {})
    name = Path(row["file"]).name if row["file"] else None
    extra = list(row["extra"]) if row["extra"] is not None else None
    return {**row, "file": name, "extra": extra, "sha256": own.get(row["strand"]) or own.get(".")}
