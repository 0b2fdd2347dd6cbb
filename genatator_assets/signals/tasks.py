"""A recording on its chromosomes: a task that a worker runs, from files to tracks that are stored and counted.

A task does only what its manifests do not say is done, and never raises: what went wrong is in its outcome. Each
chromosome has a manifest of its own, written when it is finished, so that a build that was killed goes on from there;
that of the recording, written last, names the files of all.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from genatator_assets.errors import SignalError
from genatator_assets.signals.origin import Origin, current_origin, find_origin
from genatator_assets.signals.read import Stream, streams_of
from genatator_assets.signals.recording import SUFFIXES, Recording
from genatator_assets.sources.chromosomes import Chromosome
from genatator_assets.tracks.track_file import track_writer
from genatator_assets.work.files import Measured, path_name
from genatator_assets.work.layout_signals import SignalLayout
from genatator_assets.work.manifest import Manifest
from genatator_assets.work.outcome import Outcome, guarded
from genatator_assets.work.unit import Provenance, Step, Unit

STEP = Step("track", 1)
_NOT_LOOKED_AT = Provenance({"file": "its files are new or have changed, and have not been hashed yet"}, {}, STEP)


@dataclass(frozen=True)
class RecordingTask:
    """All that a worker needs to know to record tracks on the included of a genome's `chromosomes`."""

    root: Path
    recording: Recording
    chromosomes: tuple[Chromosome, ...]

    @property
    def key(self) -> str:
        """Name of the recording among all of a dataset."""
        return f"{path_name(self.recording.genome)}/{path_name(self.recording.name)}"

    @property
    def size(self) -> int:
        """Length of the chromosomes in bp."""
        return sum(one.length for one in self.chromosomes if one.included)

    @property
    def units(self) -> Mapping[str, Unit]:
        """All its tracks, by the asset that they are; what they are made from is known once its files were hashed."""
        layout = SignalLayout(self.root)
        kept = Origin.read(layout.source(self.recording.genome, self.recording.name))
        if kept is None or not current_origin(kept, self.recording, self.chromosomes):
            manifest = layout.recording(self.recording.genome, self.recording.name)
            return {"track": Unit(self.root, manifest, _NOT_LOOKED_AT)}
        return {"track": Tracks.of(self, kept).unit}


@dataclass(frozen=True)
class Tracks:
    """The tracks of a recording, whose files are known; `lengths` are the chromosomes that they have, in bp."""

    root: Path
    recording: Recording
    origin: Origin
    lengths: Mapping[str, int]

    @classmethod
    def of(cls, task: RecordingTask, origin: Origin) -> "Tracks":
        """Return the tracks of a task."""
        there = {chrom for file in origin.files for chrom in file.names}
        lengths = {one.chrom: one.length for one in task.chromosomes if one.included and one.chrom in there}
        return cls(task.root, task.recording, origin, lengths)

    @cached_property
    def unit(self) -> Unit:
        """All of them, and what they are made from."""
        chromosomes = {chrom: unit.fingerprint for chrom, unit in self.chromosomes.items()}
        provenance = Provenance(self._inputs, {**self.recording.parameters, "chromosomes": chromosomes}, STEP)
        return Unit(self.root, self._layout.recording(self.recording.genome, self.recording.name), provenance)

    @cached_property
    def chromosomes(self) -> Mapping[str, Unit]:
        """Those on each chromosome, and what they are made from."""
        return {chrom: self._chromosome(chrom) for chrom in self.lengths}

    def _chromosome(self, chrom: str) -> Unit:
        names = {file.strand: file.names.get(chrom) for file in self.origin.files}
        own = {"chrom": chrom, "length": self.lengths[chrom], "names": names}
        manifest = self._layout.manifest(self.recording.genome, self.recording.name, chrom)
        return Unit(self.root, manifest, Provenance(self._inputs, {**self.recording.parameters, **own}, STEP))

    @property
    def _inputs(self) -> Mapping[str, str]:
        return {f"file{SUFFIXES[file.strand]}": file.sha256 for file in self.origin.files}

    @property
    def _layout(self) -> SignalLayout:
        return SignalLayout(self.root)

    def path(self, chrom: str, suffix: str) -> Path:
        """Where the runs of the track with this suffix stand."""
        return self._layout.track(self.recording.genome, self.recording.name + suffix, chrom)

    @property
    def read_once(self) -> bool:
        """Whether a file is read from end to end for all chromosomes: only then is it known to be in order."""
        return any(file.format == "bedGraph" for file in self.origin.files)


def build_recordings(tasks: Sequence[RecordingTask]) -> list[Outcome]:
    """Build each recording; a bad one becomes a failed outcome and leaves the others alone."""
    return [guarded(_build, task) for task in tasks]


def _build(task: RecordingTask) -> Outcome:
    tracks = Tracks.of(task, _looked_at(task))
    if kept := tracks.unit.finished():
        return Outcome(task.key, "intact", kept.facts)
    tracks.unit.begin()
    return Outcome(task.key, "built", _finish(tracks, build_chromosomes(tracks)))


def _looked_at(task: RecordingTask) -> Origin:
    """Return where the task's files come from, hashing those that are new or have changed."""
    path = SignalLayout(task.root).source(task.recording.genome, task.recording.name)
    kept = Origin.read(path)
    if kept and current_origin(kept, task.recording, task.chromosomes):
        return kept
    origin = find_origin(task.recording, task.chromosomes, kept)
    origin.write(path)
    return origin


def _finish(tracks: Tracks, manifests: Mapping[str, Manifest]) -> Mapping[str, Any]:
    outputs = {
        tracks.root / file.path: Measured(file.bytes, file.sha256)
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
        "chromosomes": list(manifests),
        "by_chromosome": {
            chrom: [manifest.facts["counted"], manifest.facts["read"] - manifest.facts["counted"]]
            for chrom, manifest in manifests.items()
        },
        "absent": list(tracks.origin.absent),
        "others": sorted({name for file in tracks.origin.files for name in file.others}),
        "expected": [file.totals for file in tracks.origin.files],
    }
    return tracks.unit.finish(outputs, totals).facts


@dataclass
class _Written:
    """What has been written of a chromosome."""

    streams: int = 0
    outputs: dict[Path, Measured] = field(default_factory=dict)
    tallies: dict[str, Any] = field(default_factory=dict)
    read: int = 0
    counted: int = 0
    passed_over: Counter[str] = field(default_factory=Counter)


def build_chromosomes(tracks: Tracks, only: Iterable[str] | None = None) -> dict[str, Manifest]:
    """Build the chromosomes that are not finished, or some of them; return the manifests of all, in order.

    Raises:
        SignalError, BedError: a file is damaged, or holds what can't be a track.
    """
    wanted = list(tracks.lengths if only is None else only)
    manifests = {chrom: kept for chrom in wanted if (kept := tracks.chromosomes[chrom].finished())}
    to_do = {chrom: tracks.lengths[chrom] for chrom in wanted if chrom not in manifests}
    for chrom in to_do:
        tracks.chromosomes[chrom].begin()
    expected = Counter(chrom for file in tracks.origin.files for chrom in file.names)
    written = {chrom: _Written() for chrom in to_do}
    for stream in streams_of(tracks.recording, tracks.origin, to_do):
        own = written[stream.chrom]
        _write(tracks, stream, own)
        if own.streams == expected[stream.chrom] and not tracks.read_once:
            manifests[stream.chrom] = _finish_chromosome(tracks, stream.chrom, written.pop(stream.chrom))
    for chrom, own in written.items():
        if own.streams == expected[chrom]:
            manifests[chrom] = _finish_chromosome(tracks, chrom, own)
    if missing := [chrom for chrom in wanted if chrom not in manifests]:
        raise SignalError(
            f"{tracks.origin.files[0].path} no longer has {', '.join(missing)}: it changed while it was read; build"
            " again"
        )
    return {chrom: manifests[chrom] for chrom in wanted}


def _finish_chromosome(tracks: Tracks, chrom: str, own: _Written) -> Manifest:
    facts = {"read": own.read, "counted": own.counted, "passed_over": dict(sorted(own.passed_over.items()))}
    return tracks.chromosomes[chrom].finish(own.outputs, {**facts, "tracks": own.tallies})


def _write(tracks: Tracks, stream: Stream, own: _Written) -> None:
    unit, length = tracks.chromosomes[stream.chrom], tracks.lengths[stream.chrom]
    paths = [tracks.path(stream.chrom, suffix) for suffix in stream.suffixes]
    with ExitStack() as stack:
        metadata = unit.provenance.as_metadata()
        writers = [stack.enter_context(track_writer(path, length, metadata)) for path in paths]
        for stretch in stream.stretches:
            try:
                for writer, runs in zip(writers, stretch, strict=True):
                    writer.add(runs)
            except ValueError as error:
                raise SignalError(f"{stream.file.path}: on {stream.chrom}, {error}; it is not sorted") from error
    names = [tracks.recording.name + suffix for suffix in stream.suffixes]
    own.streams += 1
    own.outputs |= {path: writer.finished for path, writer in zip(paths, writers, strict=True)}
    own.tallies |= {name: writer.tally.as_row() for name, writer in zip(names, writers, strict=True)}
    own.read += stream.found.read
    own.counted += stream.found.counted
    own.passed_over += stream.found.passed_over
