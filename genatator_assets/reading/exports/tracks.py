"""Stored tracks for other programs: bigWig files, and the tables by which Borzoi and AlphaGenome's fine-tuning find
them. Values are those of the stored runs, not of the files that they once came from."""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from genatator_assets.errors import ReadingError
from genatator_assets.reading.along import chromosomes_by_name
from genatator_assets.reading.dataset import Dataset
from genatator_assets.reading.exports.bigwig import add_runs, opened_bigwig, require_room
from genatator_assets.reading.tracks import TrackReader
from genatator_assets.signals.columns import METADATA
from genatator_assets.work.files import path_name, whole_file
from genatator_assets.work.layout_signals import SignalLayout
from genatator_assets.work.tables import read_table

_BORZOI_TYPES = {"RNA_SEQ": "RNA", "CHIP_HISTONE": "CHIP", "CHIP_TF": "CHIP"}
_OF_BORZOI = ("clip", "clip_soft")

Row = Mapping[str, Any]


def write_track_bigwigs(dataset: Dataset, folder: str | Path, tracks: Iterable[Row]) -> dict[tuple[str, str], Path]:
    """Write <genome>.<track>.bw for each of some rows of the track table; return the paths by genome and track.

    A file lists the chromosomes of the dataset, or of its split. Bases without a value are not in it.

    Raises:
        ReadingError: a track is only listed, or there is none at all.
        OSError: a file can't be written, or the disk is nearly full.
    """
    reader, written = TrackReader(dataset.store.origin), {}
    for row in tracks:
        genome, name = row["genome"], row["track_id"]
        reader.names(genome, [name])
        path = Path(folder) / f"{path_name(genome)}.{path_name(name)}.bw"
        path.parent.mkdir(parents=True, exist_ok=True)
        chromosomes = chromosomes_by_name(dataset, genome)
        with opened_bigwig(path, chromosomes) as file:
            for chromosome in chromosomes:
                for runs in reader.runs(genome, name, chromosome.chrom):
                    require_room(path.parent)
                    add_runs(file, chromosome.chrom, runs)
        written[genome, name] = path
    if not written:
        raise ReadingError(f"{dataset.store.origin} has no recorded track of these conditions; see 'signals list'")
    return written


def write_borzoi_targets(path: Path, tracks: Sequence[Row], files: Mapping[tuple[str, str], Path]) -> None:
    """Write Borzoi's targets.txt. `strand_pair` is the row of the other strand; without that it is its own.

    `clip` and `clip_soft` are written if every track's own table states them.
    """
    places = {(row["genome"], row["output_type"], row["name"], row["strand"]): i for i, row in enumerate(tracks)}
    extras = [dict(row["extra"] or ()) for row in tracks]
    stated = [name for name in _OF_BORZOI if all(name in extra for extra in extras)]
    rows: list[dict[str, Any]] = []
    for place, (row, extra) in enumerate(zip(tracks, extras, strict=True)):
        other = {"+": "-", "-": "+"}.get(row["strand"], ".")
        rows.append(
            {
                "": place,
                "identifier": f"{row['name']}{row['strand'] if row['strand'] in {'+', '-'} else ''}",
                "file": str(files[row["genome"], row["track_id"]]),
                **{name: extra[name] for name in stated},
                "scale": extra.get("scale", "1"),
                "sum_stat": extra.get("sum_stat", row["aggregate"]),
                "strand_pair": places.get((row["genome"], row["output_type"], row["name"], other), place),
                "description": _description(row),
            }
        )
    _write(path, rows, "\t")


def _description(row: Row) -> str:
    kind = row["output_type"] or "TRACK"
    target = row["histone_mark"] or row["transcription_factor"]
    parts = (_BORZOI_TYPES.get(kind, kind), target, row["biosample_name"])
    return ":".join(part for part in parts if part)


def write_fine_tuning_table(
    path: Path, root: Path, tracks: Sequence[Row], files: Mapping[tuple[str, str], Path]
) -> None:
    """Write the metadata table that AlphaGenome's fine-tuning takes: its columns and `file_path`, as CSV.

    `nonzero_mean` is what was measured here, over bases that are not 0.
    """
    means = _nonzero_means(root)
    rows = [
        {
            "output_type": row["output_type"],
            "name": row["name"],
            "strand": row["strand"],
            **{column: row[column] for column in METADATA},
            "nonzero_mean": means.get((row["genome"], row["track_id"])),
            "file_path": str(files[row["genome"], row["track_id"]]),
        }
        for row in tracks
    ]
    _write(path, rows, ",")


def _nonzero_means(root: Path) -> dict[tuple[str, str], float]:
    columns = ["genome", "track_id", "sum", "covered", "zeros"]
    totals: Counter[tuple[str, str]] = Counter()
    bases: Counter[tuple[str, str]] = Counter()
    for row in read_table(SignalLayout(root).statistics, columns=columns).to_pylist():
        totals[row["genome"], row["track_id"]] += row["sum"]
        bases[row["genome"], row["track_id"]] += row["covered"] - row["zeros"]
    return {key: totals[key] / count for key, count in bases.items() if count}


def _write(path: Path, rows: Sequence[Mapping[str, Any]], delimiter: str) -> None:
    with whole_file(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(rows[0]), delimiter=delimiter, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
