"""A recording on its chromosomes: a task that a worker runs, from files to tracks that are stored and counted.

A task does only what its manifests do not say is done, and never raises: what went wrong is in its outcome. Each
chromosome has a manifest of its own, written when it is finished, so that a build that was killed goes on from there;
that of the recording, written last, names the files of all.
"""

import traceback
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from genatator_assets.errors import GenatatorError, SignalError
from genatator_assets.signals.origin import Origin
from genatator_assets.signals.read import Stream, streams_of
from genatator_assets.signals.recording import SUFFIXES, Recording
from genatator_assets.sources.chromosomes import Chromosome
from genatator_assets.tracks.track_file import track_writer
from genatator_assets.work.files import Measured, path_name
from genatator_assets.work.layout_signals import SignalLayout
from genatator_assets.work.made import recorded
from genatator_assets.work.manifest import Manifest
from genatator_assets.work.outcome import Outcome
from genatator_assets.work.unit import Provenance, Step, Unit

STEP = Step("track", 1)


@dataclass(frozen=True)
class RecordingTask:
    """All that a worker needs to know of a recording; `lengths` are its chromosomes', in bp. `run_id` is recorded.

    One that is a `part` of a recording, some chromosomes only, leaves the recording's own manifest alone.
    """

    root: Path
    recording: Recording
    origin: Origin
    lengths: Mapping[str, int]
    part: bool = False
    run_id: str | None = None

    @property
    def key(self) -> str:
        """Name of the recording among all of a dataset; of a part, with its chromosomes."""
        own = f"{path_name(self.recording.genome)}/{path_name(self.recording.name)}"
        return f"{own}/{'+'.join(map(path_name, self.lengths))}" if self.part else own

    @property
    def size(self) -> int:
        """Length of all chromosomes in bp."""
        return sum(self.lengths.values())

    @cached_property
    def unit(self) -> Unit:
        """All its tracks, and what they are made from."""
        chromosomes = {chrom: unit.fingerprint for chrom, unit in self.chromosomes.items()}
        provenance = Provenance(self._inputs, {**self.recording.parameters, "chromosomes": chromosomes}, STEP)
        return Unit(self.root, self.layout.recording(self.recording.genome, self.recording.name), provenance)

    @property
    def units(self) -> Mapping[str, Unit]:
        """The unit, by the asset that it is."""
        return {"track": self.unit}

    @cached_property
    def chromosomes(self) -> Mapping[str, Unit]:
        """Its tracks on each chromosome, and what they are made from."""
        return {chrom: self._chromosome(chrom) for chrom in self.lengths}

    def _chromosome(self, chrom: str) -> Unit:
        names = {file.strand: file.names.get(chrom) for file in self.origin.files}
        own = {"chrom": chrom, "length": self.lengths[chrom], "names": names}
        manifest = self.layout.manifest(self.recording.genome, self.recording.name, chrom)
        return Unit(self.root, manifest, Provenance(self._inputs, {**self.recording.parameters, **own}, STEP))

    @property
    def _inputs(self) -> Mapping[str, str]:
        return {f"file{SUFFIXES[file.strand]}": file.sha256 for file in self.origin.files}

    @property
    def layout(self) -> SignalLayout:
        """Where its files stand."""
        return SignalLayout(self.root)

    def track(self, chrom: str, suffix: str) -> Path:
        """Where the runs of its track with this suffix stand."""
        return self.layout.track(self.recording.genome, self.recording.name + suffix, chrom)


def recording_task(
    root: Path, recording: Recording, origin: Origin, chromosomes: Iterable[Chromosome], run_id: str | None = None
) -> RecordingTask:
    """Return the task of a recording: all included chromosomes that its files have."""
    there = {chrom for file in origin.files for chrom in file.names}
    lengths = {one.chrom: one.length for one in chromosomes if one.included and one.chrom in there}
    return RecordingTask(root, recording, origin, lengths, run_id=run_id)


def parts_of(task: RecordingTask) -> list[RecordingTask]:
    """Return the parts of a task that can be built at the same time; the task itself then has little left to do.

    An indexed file is read chromosome by chromosome; one of text is better read once.
    """
    if task.recording.kind == "intervals" or _is_read_once(task):
        return []
    return [replace(task, lengths={chrom: length}, part=True) for chrom, length in task.lengths.items()]


def _is_read_once(task: RecordingTask) -> bool:
    return any(file.format == "bedGraph" for file in task.origin.files)


def intact(task: RecordingTask) -> Outcome | None:
    """Return the outcome of a recording that needs no work: its files are there, made by this very task."""
    kept = task.unit.finished()
    return Outcome(task.key, "intact", kept.facts) if kept else None


def build_recordings(tasks: Sequence[RecordingTask]) -> list[Outcome]:
    """Build each recording; a bad one becomes a failed outcome and leaves the others alone."""
    return [_guarded(task) for task in tasks]


def _guarded(task: RecordingTask) -> Outcome:
    try:
        if task.part:
            _build_chromosomes(task)
            return Outcome(task.key, "built")
        if kept := intact(task):
            return kept
        task.unit.begin()
        with recorded(task.unit.manifest, task.run_id):
            return Outcome(task.key, "built", _finished(task, _build_chromosomes(task)))
    except GenatatorError as error:
        return Outcome(task.key, "failed", error=str(error))
    except Exception:  # noqa: BLE001 - one bad recording must not end the others
        return Outcome(task.key, "failed", error=traceback.format_exc())


def _finished(task: RecordingTask, manifests: Mapping[str, Manifest]) -> Mapping[str, Any]:
    outputs = {
        task.root / file.path: Measured(file.bytes, file.sha256)
        for manifest in manifests.values()
        for file in manifest.outputs
    }
    counts = [manifest.facts for manifest in manifests.values()]
    passed_over: Counter[str] = Counter()
    for facts in counts:
        passed_over += Counter(facts["passed_over"])
    totals = {
        "read": sum(facts["read"] for facts in counts),
        "counted": sum(facts["counted"] for facts in counts),
        "passed_over": dict(sorted(passed_over.items())),
        "tracks": sorted({name for facts in counts for name in facts["tracks"]}),
        "chromosomes": len(manifests),
        "absent": list(task.origin.absent),
        "others": {file.strand: list(file.others) for file in task.origin.files if file.others},
    }
    return task.unit.finish(outputs, totals).facts


@dataclass
class _Written:
    """What has been written of a chromosome."""

    streams: int = 0
    outputs: dict[Path, Measured] = field(default_factory=dict)
    tracks: dict[str, Any] = field(default_factory=dict)
    read: int = 0
    counted: int = 0
    passed_over: Counter[str] = field(default_factory=Counter)


def _build_chromosomes(task: RecordingTask) -> dict[str, Manifest]:
    """Build the chromosomes that are not finished; return the manifests of all, in order."""
    manifests = {chrom: kept for chrom, unit in task.chromosomes.items() if (kept := unit.finished())}
    to_do = {chrom: length for chrom, length in task.lengths.items() if chrom not in manifests}
    for chrom in to_do:
        task.chromosomes[chrom].begin()
    expected = Counter(chrom for file in task.origin.files for chrom in file.names)
    written = {chrom: _Written() for chrom in to_do}
    for stream in streams_of(task.recording, task.origin, to_do):
        own = written[stream.chrom]
        _write(task, stream, own)
        if own.streams == expected[stream.chrom] and not _is_read_once(task):
            manifests[stream.chrom] = _finish_chromosome(task, stream.chrom, written.pop(stream.chrom))
    for chrom, own in written.items():  # of files that are known to be in order only now
        if own.streams == expected[chrom]:
            manifests[chrom] = _finish_chromosome(task, chrom, own)
    if missing := [chrom for chrom in task.lengths if chrom not in manifests]:
        raise SignalError(
            f"{task.origin.files[0].path} no longer has {', '.join(missing)}: it changed while it was read; build again"
        )
    return {chrom: manifests[chrom] for chrom in task.lengths}


def _finish_chromosome(task: RecordingTask, chrom: str, own: _Written) -> Manifest:
    facts = {"read": own.read, "counted": own.counted, "passed_over": dict(sorted(own.passed_over.items()))}
    return task.chromosomes[chrom].finish(own.outputs, {**facts, "tracks": own.tracks})


def _write(task: RecordingTask, stream: Stream, own: _Written) -> None:
    unit, length = task.chromosomes[stream.chrom], task.lengths[stream.chrom]
    paths = [task.track(stream.chrom, suffix) for suffix in stream.suffixes]
    with ExitStack() as stack:
        metadata = unit.provenance.as_metadata()
        writers = [stack.enter_context(track_writer(path, length, metadata)) for path in paths]
        for stretch in stream.stretches:
            try:
                for writer, runs in zip(writers, stretch, strict=True):
                    writer.add(runs)
            except ValueError as error:
                raise SignalError(f"{stream.file.path}: on {stream.chrom}, {error}; it is not sorted") from error
    names = [task.recording.name + suffix for suffix in stream.suffixes]
    own.streams += 1
    own.outputs |= {path: writer.finished for path, writer in zip(paths, writers, strict=True)}
    own.tracks |= {name: writer.tally.as_row() for name, writer in zip(names, writers, strict=True)}
    own.read += stream.found.read
    own.counted += stream.found.counted
    own.passed_over += stream.found.passed_over
