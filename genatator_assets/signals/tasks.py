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
from genatator_assets.work.files import path_name
from genatator_assets.work.layout_signals import SignalLayout
from genatator_assets.work.made import recorded
from genatator_assets.work.manifest import Manifest, OutputFile, fingerprint_of, finished
from genatator_assets.work.outcome import Outcome
from genatator_assets.work.tables import Provenance

STEP = 1
"""Raised when the same files and parameters are to give other runs."""


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

    @cached_property
    def manifest(self) -> Path:
        """Where it is said that the unit is finished."""
        return SignalLayout(self.root).manifest(self.recording.genome, self.recording.name, self.chrom)

    @cached_property
    def made_from(self) -> Provenance:
        """What its tracks are made from."""
        inputs = {f"file{SUFFIXES[file.strand]}": file.sha256 for file in self.origin.files}
        names = {SUFFIXES[file.strand]: file.names.get(self.chrom) for file in self.origin.files}
        parameters = {**self.recording.parameters, "chrom": self.chrom, "length": self.length, "names": names}
        return Provenance(inputs, {**parameters, "step": STEP})

    @cached_property
    def fingerprint(self) -> str:
        """Of all that decides the bytes of its tracks."""
        return fingerprint_of({"inputs": self.made_from.inputs, "parameters": self.made_from.parameters})

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
    kept = finished(task.manifest, task.fingerprint, task.root)
    return Outcome(task.key, "intact", kept.facts) if kept else None


def build_tracks(tasks: Sequence[TrackTask]) -> list[Outcome]:
    """Build each unit; a bad one becomes a failed outcome and leaves the others alone."""
    return [_guarded(task) for task in tasks]


def _guarded(task: TrackTask) -> Outcome:
    try:
        if kept := intact(task):
            return kept
        with recorded(task.manifest, task.run_id):
            facts = _build(task)
        return Outcome(task.key, "built", facts)
    except GenatatorError as error:
        return Outcome(task.key, "failed", error=str(error))
    except Exception:  # noqa: BLE001 - one bad unit must not end the others
        return Outcome(task.key, "failed", error=traceback.format_exc())


def _build(task: TrackTask) -> Mapping[str, Any]:
    task.manifest.unlink(missing_ok=True)
    found = Found()
    outputs: list[OutputFile] = []
    tracks: dict[str, Any] = {}
    for suffixes, stretches in runs_of(task.recording, task.origin, task.chrom, task.length, found):
        with ExitStack() as stack:
            paths = [task.track(suffix) for suffix in suffixes]
            metadata = task.made_from.as_metadata()
            writers = [stack.enter_context(track_writer(path, task.length, metadata)) for path in paths]
            for stretch in stretches:
                for writer, runs in zip(writers, stretch, strict=True):
                    writer.add(runs)
        for suffix, path, writer in zip(suffixes, paths, writers, strict=True):
            outputs.append(OutputFile.of(path, task.root, writer.finished))
            tracks[task.recording.name + suffix] = writer.tally.as_row()
    facts = {**found.as_facts(), "tracks": tracks}
    Manifest(task.fingerprint, tuple(outputs), facts).write(task.manifest)
    return facts
