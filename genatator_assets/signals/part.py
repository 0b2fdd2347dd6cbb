"""What signals are to the platform: the track table, a track for each recording, and statistics of all."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.part import (
    FINISH,
    PREPARE,
    Asset,
    Part,
    Partitions,
    ReleasedFile,
    Shown,
    Stage,
    Tasks,
)
from genatator_assets.errors import DatasetError, GenatatorError
from genatator_assets.signals import columns, statistics, windows
from genatator_assets.signals.figure import counts_figure
from genatator_assets.signals.recording import Recording
from genatator_assets.signals.release import released
from genatator_assets.signals.statistics import build_statistics, finished_tracks, statistics_unit
from genatator_assets.signals.tasks import RecordingTask, build_recordings
from genatator_assets.signals.track_table import (
    TableFiles,
    build_track_table,
    fetch_tables,
    read_track_table,
    recordings_of,
    table_unit,
)
from genatator_assets.signals.windows import build_sets, join_sets, windows_task
from genatator_assets.sources.chromosomes import Chromosome, read_chromosomes
from genatator_assets.tracks import track_file
from genatator_assets.work.layout import Layout
from genatator_assets.work.layout_signals import SignalLayout
from genatator_assets.work.manifest import Manifest
from genatator_assets.work.outcome import Outcome, guarded
from genatator_assets.work.text import Markdown, TextTable
from genatator_assets.work.unit import Task, Unit


@dataclass(frozen=True)
class TableTask:
    """Make the track table."""

    catalogue: Catalogue
    root: Path
    files: TableFiles
    key: str = ""
    size: int = 1

    @property
    def units(self) -> Mapping[str, Unit]:
        """The track table."""
        return {"track_table": table_unit(self.catalogue, self.root, self.files)}


@dataclass(frozen=True)
class StatisticsTask:
    """Gather the statistics of all tracks."""

    catalogue: Catalogue
    root: Path
    key: str = ""
    size: int = 1

    @property
    def units(self) -> Mapping[str, Unit]:
        """The statistics of the tracks that are finished now."""
        tracks = finished_tracks(
            self.root, recordings(self.catalogue, self.root), chromosomes_of(self.catalogue, self.root)
        )
        return {"track_statistics": statistics_unit(self.catalogue, self.root, tracks)}


def chromosomes_of(catalogue: Catalogue, root: Path) -> dict[str, tuple[Chromosome, ...]]:
    """Return the chromosomes of each genome that has been imported."""
    layout = Layout(root)
    there = (genome for genome in catalogue.genomes if layout.chromosomes(genome).is_file())
    return {genome: tuple(read_chromosomes(layout.chromosomes(genome))) for genome in there}


def recordings(catalogue: Catalogue, root: Path) -> list[Recording]:
    """Return what the track table asks to be recorded; nothing as long as there is no table."""
    if not SignalLayout(root).table.is_file():
        return []
    return recordings_of(catalogue, read_track_table(root))


def _recording_tasks(catalogue: Catalogue, root: Path) -> dict[str, RecordingTask]:
    chromosomes = chromosomes_of(catalogue, root)
    tasks = (
        RecordingTask(root, recording, chromosomes.get(recording.genome, ()))
        for recording in recordings(catalogue, root)
    )
    return {task.key: task for task in tasks}


def _keys(catalogue: Catalogue, root: Path) -> Sequence[str]:
    return list(_recording_tasks(catalogue, root))


RECORDINGS = Partitions("recordings", _keys, dynamic=True)


def _table_tasks(catalogue: Catalogue, root: Path, _: Collection[str]) -> Tasks:
    return Tasks({"": TableTask(catalogue, root, fetch_tables(catalogue))})


def _build_tables(tasks: Sequence[TableTask]) -> list[Outcome]:
    return [guarded(_build_table, task) for task in tasks]


def _build_table(task: TableTask) -> Outcome:
    return Outcome(task.key, "built", build_track_table(task.catalogue, task.root, task.files).facts)


def _track_tasks(catalogue: Catalogue, root: Path, keys: Collection[str]) -> Tasks:
    known = _recording_tasks(catalogue, root)
    tasks: dict[str, Task] = {}
    faults: dict[str, str] = {}
    for key in keys:
        if key not in known:
            faults[key] = f"no track {key!r} in the track table; run the job prepare"
        elif not known[key].chromosomes:
            faults[key] = f"genome {known[key].recording.genome} is not ready: build its assembly first"
        else:
            tasks[key] = known[key]
    return Tasks(tasks, faults)


def _statistics_tasks(catalogue: Catalogue, root: Path, _: Collection[str]) -> Tasks:
    return Tasks({"": StatisticsTask(catalogue, root)})


def _build_all_statistics(tasks: Sequence[StatisticsTask]) -> list[Outcome]:
    return [guarded(_build_statistics, task) for task in tasks]


def _build_statistics(task: StatisticsTask) -> Outcome:
    chromosomes = chromosomes_of(task.catalogue, task.root)
    tracks = finished_tracks(task.root, recordings(task.catalogue, task.root), chromosomes)
    return Outcome(task.key, "built", build_statistics(task.catalogue, task.root, tracks, chromosomes).facts)


def _window_tasks(catalogue: Catalogue, root: Path, _: Collection[str]) -> Tasks:
    return Tasks({"": windows_task(catalogue, root)})


def _shown_windows(_: Task, manifests: Mapping[str, Manifest]) -> Mapping[str, Shown]:
    rows = manifests["windows"].facts["sets"]
    shown = tuple(
        (
            row["name"],
            f"{row['windows']:,}",
            f"{row['bins']:,}",
            f"{len(row['tracks']):,}",
            "yes" if row["stored"] else "no",
        )
        for row in rows
    )
    table = TextTable("Window sets", ("set", "windows", "bins", "tracks", "arrays stored"), shown)
    return {"windows": {"rows": len(rows), "sets": table}}


def _shown_table(_: Task, manifests: Mapping[str, Manifest]) -> Mapping[str, Shown]:
    facts = manifests["track_table"].facts
    rejects = tuple((reason, f"{count:,}") for reason, count in facts["rejects"].items())
    return {
        "track_table": {
            "rows": facts["tracks"],
            "recordings": facts["recordings"],
            "rejects": TextTable("Rows that did not become tracks", ("reason", "rows"), rejects),
        }
    }


def _shown_track(task: Task, manifests: Mapping[str, Manifest]) -> Mapping[str, Shown]:
    facts = manifests["track"].facts
    passed_over = tuple((reason, f"{count:,}") for reason, count in facts["passed_over"].items())
    shown: dict[str, int | float | str | Path | TextTable] = {
        "read": facts["read"],
        "counted": facts["counted"],
        "tracks": len(facts["tracks"]),
        "chromosomes": len(facts["chromosomes"]),
        "passed over": TextTable("Passed over", ("reason", "count"), passed_over),
    }
    if by_chromosome := facts.get("by_chromosome"):
        shown["counted along the chromosomes"] = Markdown(counts_figure(by_chromosome))
    for title in ("absent", "others"):
        if names := facts[title]:
            more = f" and {len(names) - 20:,} more" if len(names) > 20 else ""
            shown[_TITLES[title]] = ", ".join(names[:20]) + more
    return {"track": shown}


_TITLES = {"absent": "chromosomes without data", "others": "names that the assembly does not know"}


def _shown_statistics(_: Task, manifests: Mapping[str, Manifest]) -> Mapping[str, Shown]:
    facts = manifests["track_statistics"].facts
    return {"track_statistics": {"rows": facts["rows"], "tracks": facts["tracks"]}}


def _page(_: Catalogue, root: Path) -> Sequence[str | TextTable]:
    from genatator_assets.signals.card import page  # noqa: PLC0415 - only the card needs it

    try:
        return page(root)
    except DatasetError:
        return []


def _plan(catalogue: Catalogue, _: Path) -> Sequence[TextTable]:
    from genatator_assets.signals.card import plan  # noqa: PLC0415

    try:
        return plan(catalogue)
    except GenatatorError:
        return []


def _release(catalogue: Catalogue, root: Path) -> Sequence[ReleasedFile]:
    found = recordings(catalogue, root)
    return released(catalogue, root, found, finished_tracks(root, found, chromosomes_of(catalogue, root)))


PART = Part(
    name="signals",
    title="Signals",
    stages=(
        Stage(
            (
                Asset(
                    "track_table",
                    "All tracks of the catalogue and its tables, with what is known of each; and the rows of tables"
                    " that did not become tracks, by reason.",
                    schema=columns.SCHEMA,
                    columns_from=dict.fromkeys(columns.SCHEMA.names, "the catalogue, or a table that it names"),
                ),
            ),
            _table_tasks,
            _build_tables,
            job=PREPARE,
            registers=RECORDINGS,
            show=_shown_table,
        ),
        Stage(
            (
                Asset(
                    "track",
                    "Runs of the values of a recording (a BAM, bigWig or interval file) along each chromosome.",
                    after=("assembly", "track_table"),
                    schema=track_file.SCHEMA,
                    columns_from=dict.fromkeys(track_file.SCHEMA.names, "the recording's files"),
                ),
            ),
            _track_tasks,
            build_recordings,
            RECORDINGS,
            show=_shown_track,
        ),
        Stage(
            (
                Asset(
                    "track_statistics",
                    "Sums, extremes and histograms of each track and chromosome, counts of what was passed over, and"
                    " what normalises each track.",
                    after=("track",),
                    schema=statistics.SCHEMA,
                    columns_from={
                        **dict.fromkeys(statistics.SCHEMA.names, "track.value"),
                        **dict.fromkeys(("genome", "track_id"), "track_table.track_id"),
                        **dict.fromkeys(("chrom", "split", "length"), "assembly.chrom"),
                    },
                ),
            ),
            _statistics_tasks,
            _build_all_statistics,
            job=FINISH,
            show=_shown_statistics,
        ),
        Stage(
            (
                Asset(
                    "windows",
                    "The window sets: which windows each has, how its tracks are read, and its arrays if it is stored.",
                    after=("track", "track_statistics", "assembly"),
                    kinds=frozenset({"parquet", "hdf5"}),
                    schema=windows.SETS,
                    columns_from=dict.fromkeys(windows.SETS.names, "the catalogue"),
                ),
            ),
            _window_tasks,
            build_sets,
            job=FINISH,
            show=_shown_windows,
            pieces=lambda task: task.pieces,
            join=join_sets,
        ),
    ),
    page=_page,
    plan=_plan,
    release=_release,
)
