"""One recording on one chromosome: a task that a worker runs, from a file to tracks that are stored and counted.

A task does only what its manifest does not say is done, and never raises: what went wrong is in its outcome.
"""

import traceback
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from genatator_assets.errors import GenatatorError
from genatator_assets.signals.origin import Origin
from genatator_assets.signals.read import Found, runs_of
from genatator_assets.signals.recording import SUFFIXES, Recording
from genatator_assets.sources.chromosomes import Chromosome
from genatator_assets.tracks.track_file import track_writer
from genatator_assets.work.files import Measured, path_name
from genatator_assets.work.layout_signals import SignalLayout
from genatator_assets.work.made import recorded
from genatator_assets.work.outcome import Outcome
from genatator_assets.work.unit import Provenance, Step, Unit

STEP = Step("track", 1)


@dataclass(frozen=True)
class TrackTask:
    """All that a worker needs to know of a recording on a chromosome. `run_id` is recorded."""

    root: Path
    recording: Recording
    origin: Origin
    chrom: str
    length: int
    run_id: str | None = None

    @property
    def key(self) -> str:
        """Name of the unit among all of a dataset."""
        return f"{path_name(self.recording.genome)}/{path_name(self.recording.name)}/{path_name(self.chrom)}"

    @property
    def size(self) -> int:
        """Length of the chromosome in bp."""
        return self.length

    @cached_property
    def unit(self) -> Unit:
        """Its tracks on the chromosome, and what they are made from."""
        inputs = {f"file{SUFFIXES[file.strand]}": file.sha256 for file in self.origin.files}
        names = {file.strand: file.names.get(self.chrom) for file in self.origin.files}
        parameters = {**self.recording.parameters, "chrom": self.chrom, "length": self.length, "names": names}
        manifest = SignalLayout(self.root).manifest(self.recording.genome, self.recording.name, self.chrom)
        return Unit(self.root, manifest, Provenance(inputs, parameters, STEP))

    @property
    def units(self) -> Mapping[str, Unit]:
        """The unit, by the asset that it is a part of."""
        return {"track": self.unit}

    def track(self, suffix: str) -> Path:
        """Where the runs of its track with this suffix stand."""
        recording = self.recording
        return SignalLayout(self.root).track(recording.genome, recording.name + suffix, self.chrom)


def tasks_of(
    root: Path, recording: Recording, origin: Origin, chromosomes: Iterable[Chromosome], run_id: str | None = None
) -> list[TrackTask]:
    """Return the tasks of a recording: one for each included chromosome that its files have."""
    there = {chrom for file in origin.files for chrom in file.names}
    return [
        TrackTask(root, recording, origin, one.chrom, one.length, run_id)
        for one in chromosomes
        if one.included and one.chrom in there
    ]


def intact(task: TrackTask) -> Outcome | None:
    """Return the outcome of a unit that needs no work: its files are there, made by this very task."""
    kept = task.unit.finished()
    return Outcome(task.key, "intact", kept.facts) if kept else None


def build_tracks(tasks: Sequence[TrackTask]) -> list[Outcome]:
    """Build each unit; a bad one becomes a failed outcome and leaves the others alone."""
    return [_guarded(task) for task in tasks]


def _guarded(task: TrackTask) -> Outcome:
    try:
        if kept := intact(task):
            return kept
        with recorded(task.unit.manifest, task.run_id):
            facts = _build(task)
        return Outcome(task.key, "built", facts)
    except GenatatorError as error:
        return Outcome(task.key, "failed", error=str(error))
    except Exception:  # noqa: BLE001 - one bad unit must not end the others
        return Outcome(task.key, "failed", error=traceback.format_exc())


def _build(task: TrackTask) -> Mapping[str, Any]:
    task.unit.begin()
    found = Found()
    outputs: dict[Path, Measured] = {}
    tracks: dict[str, Any] = {}
    for suffixes, stretches in runs_of(task.recording, task.origin, task.chrom, task.length, found):
        with ExitStack() as stack:
            paths = [task.track(suffix) for suffix in suffixes]
            metadata = task.unit.provenance.as_metadata()
            writers = [stack.enter_context(track_writer(path, task.length, metadata)) for path in paths]
            for stretch in stretches:
                for writer, runs in zip(writers, stretch, strict=True):
                    writer.add(runs)
        outputs |= {path: writer.finished for path, writer in zip(paths, writers, strict=True)}
        names = (task.recording.name + suffix for suffix in suffixes)
        tracks |= {name: writer.tally.as_row() for name, writer in zip(names, writers, strict=True)}
    return task.unit.finish(outputs, {**found.as_facts(), "tracks": tracks}).facts
