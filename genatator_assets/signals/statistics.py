"""Statistics of all tracks, gathered from the manifests: sums, histograms, counts, and what normalises each track."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from genatator_assets.catalogue.model import Catalogue
from genatator_assets.errors import DatasetError
from genatator_assets.signals.normalize import Fitted, fit
from genatator_assets.signals.origin import Origin
from genatator_assets.signals.recording import Recording
from genatator_assets.signals.section import Signals
from genatator_assets.signals.tasks import Tracks
from genatator_assets.sources.chromosomes import Chromosome
from genatator_assets.tracks.tally import Tally
from genatator_assets.work.files import Measured, measure, write_json
from genatator_assets.work.layout_signals import SignalLayout
from genatator_assets.work.manifest import Manifest, read_manifest
from genatator_assets.work.tables import write_table
from genatator_assets.work.unit import Provenance, Step, Unit

STEP = Step("track_statistics", 1)

_LEVEL = pa.list_(pa.struct([("value", pa.float32()), ("bases", pa.int64())]))
SCHEMA = pa.schema(
    [
        ("genome", pa.string()),
        ("track_id", pa.string()),
        ("chrom", pa.string()),
        ("split", pa.string()),
        ("length", pa.int64()),
        ("runs", pa.int64()),
        ("covered", pa.int64()),
        ("zeros", pa.int64()),
        ("negative", pa.int64()),
        ("sum", pa.float64()),
        ("sum_of_squares", pa.float64()),
        ("minimum", pa.float64()),
        ("maximum", pa.float64()),
        ("histogram", _LEVEL),
    ]
)
"""A row per track and chromosome. `covered` bases have a value, of which `zeros` are 0 and `negative` below 0; the
others are 0 or unknown, as the track table says. Values of the histogram have 8 significant bits."""

COUNTS = pa.schema(
    [
        ("genome", pa.string()),
        ("recording", pa.string()),
        ("chrom", pa.string()),
        ("reason", pa.string()),
        ("count", pa.int64()),
    ]
)
"""Alignments or intervals of each recording: those `counted`, and those passed over by reason. `chrom` is null for what
the file says of itself: `in_file`, all alignments that its index counts."""


def gathered(tracks: Iterable[Tracks]) -> dict[tuple[str, str], dict[str, Manifest]]:
    """Return the manifests of each recording's chromosomes; recordings that are not finished are left out."""
    found: dict[tuple[str, str], dict[str, Manifest]] = {}
    for one in tracks:
        if one.unit.finished() is None:
            continue
        manifests = {chrom: kept for chrom, unit in one.chromosomes.items() if (kept := read_manifest(unit.manifest))}
        found[one.recording.genome, one.recording.name] = manifests
    return found


def finished_tracks(
    root: Path, recordings: Iterable[Recording], chromosomes: Mapping[str, tuple[Chromosome, ...]]
) -> list[Tracks]:
    """Return the tracks of recordings whose files were looked at; `chromosomes` are those of each genome."""
    layout = SignalLayout(root)
    tracks: list[Tracks] = []
    for recording in recordings:
        origin = Origin.read(layout.source(recording.genome, recording.name))
        own = chromosomes.get(recording.genome, ())
        there = {chrom for file in origin.files for chrom in file.names} if origin else set()
        lengths = {one.chrom: one.length for one in own if one.included and one.chrom in there}
        if origin and lengths:
            tracks.append(Tracks(root, recording, origin, lengths))
    return tracks


def statistics_unit(catalogue: Catalogue, root: Path, tracks: Iterable[Tracks]) -> Unit:
    """Return the unit of the statistics of all tracks that are finished."""
    section = catalogue.section(Signals)
    normalize = {one.name: [str(step) for step in one.normalize] for one in section.tracks if one.normalize}
    made = {one.unit.provenance.fingerprint: one.recording.key for one in tracks if one.unit.finished()}
    splits = {one.genome: one.splits.model_dump(mode="json") for one in catalogue.assemblies}
    inputs = {key: fingerprint for fingerprint, key in made.items()}
    provenance = Provenance(inputs, {"splits": splits, "normalize": normalize}, STEP)
    return Unit(root, SignalLayout(root).statistics.with_suffix(".json"), provenance)


def build_statistics(
    catalogue: Catalogue, root: Path, tracks: list[Tracks], chromosomes: Mapping[str, tuple[Chromosome, ...]]
) -> Manifest:
    """Store the statistics, the counts and the normalisers, unless that is done.

    Raises:
        DatasetError: no track is finished.
    """
    unit = statistics_unit(catalogue, root, tracks)
    if kept := unit.finished():
        return kept
    found = gathered(tracks)
    if not found:
        raise DatasetError(f"{root} has no finished track yet; build the tracks first")
    splits = {(genome, one.chrom): one for genome, own in chromosomes.items() for one in own}
    rows = [
        {"genome": genome, "track_id": name, "chrom": chrom, **_place(splits[genome, chrom]), **_statistics(row)}
        for (genome, _), manifests in found.items()
        for chrom, manifest in manifests.items()
        for name, row in manifest.facts["tracks"].items()
    ]
    counts = [row for one in tracks if one.unit.finished() for row in _counts(one, found)]
    unit.begin()
    layout = SignalLayout(root)
    outputs: dict[Path, Measured] = {
        layout.statistics: write_table(layout.statistics, pa.Table.from_pylist(rows, SCHEMA), unit.provenance),
        layout.counts: write_table(layout.counts, pa.Table.from_pylist(counts, COUNTS), unit.provenance),
    }
    fitted = _fitted(catalogue, found, splits)
    stored = {genome: {name: one.as_json() for name, one in own.items()} for genome, own in fitted.items()}
    write_json(layout.normalizers, stored)
    outputs[layout.normalizers] = measure(layout.normalizers)
    return unit.finish(outputs, {"tracks": len({(row["genome"], row["track_id"]) for row in rows}), "rows": len(rows)})


def _place(chromosome: Chromosome) -> dict[str, Any]:
    return {"split": chromosome.split, "length": chromosome.length}


def _statistics(row: Mapping[str, Any]) -> dict[str, Any]:
    tally = Tally.of_row(row)
    values, bases = tally.levels()
    levels = [{"value": value, "bases": count} for value, count in zip(values.tolist(), bases.tolist(), strict=True)]
    return {**{key: value for key, value in row.items() if key != "histogram"}, "histogram": levels}


def _counts(tracks: Tracks, found: Mapping[tuple[str, str], Mapping[str, Manifest]]) -> list[dict[str, Any]]:
    key = (tracks.recording.genome, tracks.recording.name)
    rows: list[tuple[str | None, str, int]] = [
        (chrom, reason, count)
        for chrom, manifest in found[key].items()
        for reason, count in {"counted": manifest.facts["counted"], **manifest.facts["passed_over"]}.items()
    ]
    rows += [
        (None, "in_file", int(file.totals["alignments"])) for file in tracks.origin.files if "alignments" in file.totals
    ]
    columns = ("chrom", "reason", "count")
    return [{"genome": key[0], "recording": key[1], **dict(zip(columns, row, strict=True))} for row in rows]


def _fitted(
    catalogue: Catalogue,
    found: Mapping[tuple[str, str], Mapping[str, Manifest]],
    splits: Mapping[tuple[str, str], Chromosome],
) -> dict[str, dict[str, Fitted]]:
    """Fit the normalisers of each track on its training chromosomes."""
    wanted = {one.name: one.normalize for one in catalogue.section(Signals).tracks if one.normalize}
    fitted: dict[str, dict[str, Fitted]] = {}
    for (genome, name), manifests in found.items():
        if name not in wanted:
            continue
        training = [chrom for chrom in manifests if splits[genome, chrom].split == "train"] or list(manifests)
        length = sum(splits[genome, chrom].length for chrom in training)
        for track_id in {track for manifest in manifests.values() for track in manifest.facts["tracks"]}:
            tally = Tally()
            for chrom in training:
                tally = tally + Tally.of_row(manifests[chrom].facts["tracks"][track_id])
            missing = _missing(catalogue, name)
            fitted.setdefault(genome, {})[track_id] = fit(wanted[name], tally, length if missing == "zero" else None)
    return fitted


def _missing(catalogue: Catalogue, name: str) -> str:
    return next(one.missing_means for one in catalogue.section(Signals).tracks if one.name == name)
