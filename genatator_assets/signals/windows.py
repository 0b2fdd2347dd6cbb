"""Window sets: which windows there are, how they are read, and their arrays where the catalogue asks for them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from genatator_assets.catalogue.model import Catalogue
from genatator_assets.catalogue.values import nearest
from genatator_assets.errors import SignalError, optional_import
from genatator_assets.regions.bed import BED, GFF, STRAND, read_bed
from genatator_assets.regions.tiles import tiles
from genatator_assets.signals.features import ending_of
from genatator_assets.signals.normalize import read_normalizers
from genatator_assets.signals.section import Signals, WindowSet
from genatator_assets.signals.statistics import finished_tracks, statistics_unit
from genatator_assets.signals.track_table import genome_of, read_track_table, recordings_of
from genatator_assets.signals.window_values import SetReader, SetSpec, SetTrack
from genatator_assets.sources.aliases import chromosomes_named, some_of
from genatator_assets.sources.chromosomes import Chromosome, read_chromosomes
from genatator_assets.work.files import Measured, measure, sha256_of_file, whole_file, write_json
from genatator_assets.work.layout import Layout
from genatator_assets.work.layout_signals import SignalLayout
from genatator_assets.work.manifest import Manifest
from genatator_assets.work.outcome import Outcome, guarded
from genatator_assets.work.tables import write_table
from genatator_assets.work.unit import Provenance, Step, Unit

STEP = Step("windows", 1)

SCHEMA = pa.schema(
    [
        ("index", pa.int64()),
        ("genome", pa.string()),
        ("chrom", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("strand", pa.string()),
        ("split", pa.string()),
    ]
)
"""A row per window, in the order of the arrays. [start, end) has the flanks, and may leave the chromosome."""

SETS = pa.schema(
    [
        ("name", pa.string()),
        ("genome", pa.string()),
        ("windows", pa.int64()),
        ("window_bp", pa.int64()),
        ("resolution_bp", pa.int64()),
        ("bins", pa.int64()),
        ("tracks", pa.list_(pa.string())),
        ("sequence_order", pa.int64()),
        ("stored", pa.bool_()),
    ]
)
"""A row per window set."""

_GFF_STRAND = 6
_BATCH = 256
_NOT_READY = Provenance({"tracks": "the tracks of this dataset are not built yet"}, {}, STEP)

Window = tuple[str, int, int, str, str | None]


@dataclass(frozen=True)
class SetPiece:
    """One window set, as a worker makes it: `unit` is its table, how it is read and, if it is stored, its arrays.

    `regions` is the file of its regions on this machine, `shares` what `shares_of` gives; `chromosomes` are none as
    long as the genome is not imported.
    """

    root: Path
    window_set: WindowSet
    genome: str
    regions: Path | None
    chromosomes: tuple[Chromosome, ...]
    shares: Mapping[str, float]
    unit: Unit

    @property
    def key(self) -> str:
        """Its name."""
        return self.window_set.name

    @property
    def size(self) -> int:
        """Tracks to read."""
        return len(self.window_set.tracks)


@dataclass(frozen=True)
class WindowsTask:
    """Make all window sets of a catalogue, and the table of them."""

    root: Path
    pieces: tuple[SetPiece, ...]
    key: str = ""
    size: int = 1

    @property
    def units(self) -> Mapping[str, Unit]:
        """The table of the sets."""
        made = {piece.key: piece.unit.fingerprint for piece in self.pieces}
        manifest = SignalLayout(self.root).window_sets.with_suffix(".json")
        return {"windows": Unit(self.root, manifest, Provenance(made, {}, STEP))}


def windows_task(catalogue: Catalogue, root: Path) -> WindowsTask:
    """Return what makes the window sets of a catalogue; regions that are not here are fetched.

    Raises:
        FetchError: regions can't be fetched.
        CatalogueError: a set names no genome, and there are several.
    """
    from genatator_assets.sources.inputs import resolve_file  # noqa: PLC0415 - requests: slow to import

    section = catalogue.section(Signals)
    regions = {one.name: resolve_file(one.regions).path if one.regions else None for one in section.windows}
    pieces = tuple(_piece(catalogue, root, one, regions[one.name]) for one in section.windows)
    return WindowsTask(root, pieces)


def _piece(catalogue: Catalogue, root: Path, window_set: WindowSet, regions: Path | None) -> SetPiece:
    genome = genome_of(catalogue, window_set)
    path = Layout(root).chromosomes(genome)
    chromosomes = tuple(read_chromosomes(path)) if path.is_file() else ()
    made_from = _made_from(catalogue, root, window_set, genome, regions, chromosomes)
    unit = Unit(root, SignalLayout(root).windows_manifest(window_set.name), made_from)
    return SetPiece(root, window_set, genome, regions, chromosomes, shares_of(catalogue, genome), unit)


def _made_from(
    catalogue: Catalogue,
    root: Path,
    window_set: WindowSet,
    genome: str,
    regions: Path | None,
    chromosomes: tuple[Chromosome, ...],
) -> Provenance:
    if not SignalLayout(root).statistics.is_file():
        return _NOT_READY
    recordings = recordings_of(catalogue, read_track_table(root))
    tracks = finished_tracks(root, recordings, {genome: chromosomes})
    inputs = {one.recording.key: one.unit.fingerprint for one in tracks}
    inputs["statistics"] = statistics_unit(catalogue, root, tracks).fingerprint
    inputs |= {"regions": sha256_of_file(regions)} if regions else {}
    places = [[one.chrom, one.length, one.split, one.included, one.sha256] for one in chromosomes]
    own = window_set.model_dump(mode="json", exclude={"regions"})
    shares = {name: share for name, share in shares_of(catalogue, genome).items() if name in window_set.tracks}
    asked = {"min_overlap_share": shares} if shares else {}
    return Provenance(inputs, {"set": own, "chromosomes": places, **asked}, STEP)


def shares_of(catalogue: Catalogue, genome: str) -> dict[str, float]:
    """Return by recording which share of a window its features must cover, where the catalogue says so."""
    entries = (one for one in catalogue.section(Signals).tracks if genome_of(catalogue, one) == genome)
    return {one.name: one.min_overlap_share for one in entries if one.min_overlap_share is not None}


def build_sets(pieces: Sequence[SetPiece]) -> list[Outcome]:
    """Build each set; a bad one becomes a failed outcome and leaves the others alone."""
    return [guarded(_build, piece) for piece in pieces]


def _build(piece: SetPiece) -> Outcome:
    if kept := piece.unit.finished():
        return Outcome(piece.key, "intact", kept.facts)
    return Outcome(piece.key, "built", build_set(piece).facts)


def join_sets(task: WindowsTask, outcomes: Sequence[Outcome]) -> Outcome:
    """Write the table of the sets, once all are built."""
    if failed := [one for one in outcomes if one.error]:
        told = "; ".join(f"window set {one.key}: {one.error}" for one in failed)
        return Outcome(task.key, "failed", error=told, traceback=failed[0].traceback)
    unit, path = task.units["windows"], SignalLayout(task.root).window_sets
    manifests = (piece.unit.finished() for piece in task.pieces)
    rows = [manifest.facts["row"] for manifest in manifests if manifest]
    unit.begin()
    table = write_table(path, pa.Table.from_pylist(rows, SETS), unit.provenance)
    return Outcome(task.key, "built", unit.finish({path: table}, {"sets": rows}).facts)


def build_set(piece: SetPiece) -> Manifest:
    """Store a set's windows, how they are read and, if it is asked for, what they hold.

    Raises:
        SignalError: a track is not there, or no region lies on the genome.
        BedError: the file of the regions can't be used.
        MissingExtraError: arrays are asked for, and h5py is not installed.
    """
    unit, layout = piece.unit, SignalLayout(piece.root)
    windows, passed_over = _windows(piece)
    binsize = piece.window_set.binsize_bp or max(end - start for _, start, end, *_ in windows)
    spec = _spec(piece, binsize)
    flank = spec.flank_bp
    windows = [(chrom, start - flank, end + flank, strand, split) for chrom, start, end, strand, split in windows]
    _require_partners(spec, windows)
    store = piece.window_set.store
    if store and store.shuffle_seed is not None:
        order = np.random.RandomState(store.shuffle_seed).permutation(len(windows))
        windows = [windows[place] for place in order]
    unit.begin()
    columns = list(zip(*windows, strict=True))
    table = pa.table([range(len(windows)), [spec.genome] * len(windows), *columns], schema=SCHEMA)
    outputs: dict[Path, Measured] = {
        layout.windows(piece.key): write_table(layout.windows(piece.key), table, unit.provenance)
    }
    write_json(layout.window_set(piece.key), spec.as_json())
    outputs[layout.window_set(piece.key)] = measure(layout.window_set(piece.key))
    arrays = layout.arrays(piece.key)
    if spec.stored:
        with whole_file(arrays) as temporary:
            _write_arrays(temporary, SetReader(piece.root, spec), windows, unit.fingerprint)
        outputs[arrays] = measure(arrays)
    else:
        arrays.unlink(missing_ok=True)
    row = {
        "name": spec.name,
        "genome": spec.genome,
        "windows": len(windows),
        "window_bp": spec.window_bp,
        "resolution_bp": spec.resolution_bp,
        "bins": spec.bins,
        "tracks": [track.track_id for track in spec.tracks],
        "sequence_order": spec.order,
        "stored": spec.stored,
    }
    return unit.finish(outputs, {"row": row, "passed_over": passed_over})


def _windows(piece: SetPiece) -> tuple[list[Window], dict[str, int]]:
    """Return the windows of a set without their flanks, and how many regions are on no included chromosome."""
    included = {one.chrom: one for one in piece.chromosomes if one.included}
    regions = list(_regions(piece)) if piece.regions else [(name, 0, one.length, ".") for name, one in included.items()]
    kept = [region for region in regions if region[0] in included]
    if not kept:
        raise SignalError(
            f"window set {piece.key!r}: none of the {len(regions):,} regions lies on an included chromosome of"
            f" {piece.genome}, which has {some_of(included)}"
        )
    binsize = piece.window_set.binsize_bp or max(end - start for _, start, end, _ in kept)
    stepsize = piece.window_set.stepsize_bp or binsize
    windows: list[Window] = [
        (chrom, first, last, strand, included[chrom].split)
        for chrom, start, end, strand in kept
        for first, last in tiles(start, end, binsize, stepsize)
    ]
    return windows, {"not_on_an_included_chromosome": len(regions) - len(kept)}


def _regions(piece: SetPiece) -> Iterator[tuple[str, int, int, str]]:
    """Yield the regions of the file, by the genome's names of chromosomes; other names stay as they are."""
    assert piece.regions is not None  # noqa: S101 - the caller looked
    gff = ending_of(piece.regions) in {".gff", ".gff3", ".gtf"}
    column = _GFF_STRAND if gff else STRAND
    bed = read_bed(piece.regions, {column}, form=GFF if gff else BED)
    known, _ = chromosomes_named(bed.chrom.values, {one.chrom: one.aliases for one in piece.chromosomes})
    names = [known.get(name, name) for name in bed.chrom.values]
    signs = {1: "+", -1: "-", 0: "."}
    rows = zip(bed.chrom.of.tolist(), bed.start.tolist(), bed.end.tolist(), bed.strands(column).tolist(), strict=True)
    return ((names[code], start, end, signs[sign]) for code, start, end, sign in rows if start < end)


def _spec(piece: SetPiece, binsize: int) -> SetSpec:
    own = piece.window_set
    fitted = read_normalizers(SignalLayout(piece.root).normalizers).get(piece.genome, {})
    rows = [row for row in read_track_table(piece.root).to_pylist() if row["genome"] == piece.genome]
    tracks: list[SetTrack] = []
    for name in own.tracks:
        found = [row for row in rows if row["recording"] == name] or [row for row in rows if row["track_id"] == name]
        if not found:
            known = [row["recording"] for row in rows if row["recording"]]
            raise SignalError(
                f"window set {own.name!r}: no track {name!r} of {piece.genome}{nearest(name, known)}; there are"
                f" {some_of(dict.fromkeys(known))}"
            )
        for row in found:
            if row["recording"] is None:
                raise SignalError(f"window set {own.name!r}: track {name!r} is only listed: no data of it is here")
            normalizer = fitted[row["track_id"]].as_json() if row["track_id"] in fitted else []
            tracks.append(
                SetTrack(
                    row["track_id"],
                    _partner(row, rows),
                    row["strand"],
                    row["recording"],
                    own.collapser.get(name, row["aggregate"]),
                    row["missing"],
                    tuple(normalizer),
                    piece.shares.get(row["recording"]),
                )
            )
    if len({track.track_id for track in tracks}) < len(tracks):
        raise SignalError(f"window set {own.name!r} has a track twice: {', '.join(track.track_id for track in tracks)}")
    return SetSpec(
        name=own.name,
        genome=piece.genome,
        window_bp=binsize + 2 * own.flank_bp,
        binsize_bp=binsize,
        stepsize_bp=own.stepsize_bp or binsize,
        flank_bp=own.flank_bp,
        resolution_bp=own.resolution_bp,
        tracks=tuple(tracks),
        order=own.sequence.order if own.sequence else None,
        stored=own.store is not None,
    )


def _partner(row: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the track of the same signal on the other strand; itself, where it has none."""
    other = {"+": "-", "-": "+"}.get(row["strand"])
    key = [row[column] for column in ("output_type", "name")]
    same = (one for one in rows if [one[column] for column in ("output_type", "name")] == key)
    return next((str(one["track_id"]) for one in same if one["strand"] == other), str(row["track_id"]))


def _require_partners(spec: SetSpec, windows: Sequence[Window]) -> None:
    names = {track.track_id for track in spec.tracks}
    stranded = (track for track in spec.tracks if track.strand in {"+", "-"})
    alone = [track for track in stranded if track.partner not in names - {track.track_id}]
    if alone and any(strand == "-" for *_, strand, _ in windows):
        raise SignalError(
            f"window set {spec.name!r} has windows on the - strand, where tracks of + and - are exchanged; beside"
            f" {alone[0].track_id} it needs the track of the other strand"
        )


def _write_arrays(path: Path, reader: SetReader, windows: Sequence[Window], fingerprint: str) -> None:
    """Write `values` float32 [windows, bins, tracks] and, if the set has a sequence, `dna`: ASCII uint8 [windows, bp].

    Rows are those of the table. They are read along the chromosomes, whatever their order.
    """
    with optional_import("h5py", "signals"):
        import h5py  # noqa: PLC0415 - an extra

    spec = reader.spec
    shape = (len(windows), spec.bins, len(spec.tracks))
    with h5py.File(path, "w") as file:
        file.attrs["tracks"] = [track.track_id for track in spec.tracks]
        file.attrs["resolution_bp"] = spec.resolution_bp
        file.attrs["genome"] = spec.genome
        file.attrs["fingerprint"] = fingerprint
        values = file.create_dataset("values", shape, np.float32)
        dna = file.create_dataset("dna", (len(windows), spec.window_bp), np.uint8) if spec.order else None
        along = sorted(range(len(windows)), key=lambda place: windows[place][:3])
        for first in range(0, len(along), _BATCH):
            batch = along[first : first + _BATCH]
            read = np.stack([reader.values(*windows[place][:4]) for place in batch])
            rows = np.argsort(batch)
            values[np.array(batch)[rows]] = read[rows]
            if dna is not None:
                letters = np.stack([reader.letters(*windows[place][:4]) for place in batch])
                dna[np.array(batch)[rows]] = letters[rows]
