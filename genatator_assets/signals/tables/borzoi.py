"""Borzoi's `targets.txt`: one row a target; `strand_pair` is the row of its other strand, or its own."""

import re
from collections.abc import Iterable

from genatator_assets.signals.columns import Reject, Row, text_or_none

COLUMNS = ("identifier", "file", "clip", "clip_soft", "scale", "sum_stat", "strand_pair", "description")
_TYPES = {"CAGE": "CAGE", "RNA": "RNA_SEQ", "DNASE": "DNASE", "ATAC": "ATAC"}
_HISTONE = re.compile(r"H[1-4][A-Z0-9]*[a-z0-9]*|H2A[A-Z.]*")
_AGGREGATES = {"mean": "mean", "max": "max"}


def read_rows(table: Iterable[Row]) -> tuple[list[Row], list[Reject]]:
    """Return the targets as tracks, and the rows that are none."""
    rows = [{key: text_or_none(value) for key, value in row.items()} for row in table]
    tracks: list[Row] = []
    rejects: list[Reject] = []
    for number, row in enumerate(rows, 1):
        identifier, description = row.get("identifier") or "", row.get("description") or ""
        assay, _, rest = description.partition(":")
        kind = _TYPES.get(assay) or (_chip(rest) if assay == "CHIP" else None)
        if kind is None:
            rejects.append(Reject(row=number, identifier=identifier, reason="unknown_output_type"))
        else:
            tracks.append({"row": number, **_track(row, number - 1, kind, rest)})
    return tracks, rejects


def _chip(rest: str) -> str:
    return "CHIP_HISTONE" if _HISTONE.fullmatch(rest.partition(":")[0]) else "CHIP_TF"


def _track(row: Row, place: int, kind: str, rest: str) -> Row:
    identifier = row.get("identifier") or ""
    pair = row.get("strand_pair")
    strand = "." if pair is None or int(pair) == place else identifier[-1:]
    target = rest.partition(":")[0] if kind.startswith("CHIP") else None
    return {
        "output_type": kind,
        "name": identifier[:-1] if strand in "+-" else identifier,
        "strand": strand if strand in "+-" else ".",
        "biosample_name": rest.partition(":")[2] or rest if kind.startswith("CHIP") else rest or None,
        "transcription_factor": target if kind == "CHIP_TF" else None,
        "histone_mark": target if kind == "CHIP_HISTONE" else None,
        "aggregate": _AGGREGATES.get(row.get("sum_stat") or "", "sum"),
        "file": row.get("file"),
        "accession": identifier,
        "extra": {key: row[key] for key in ("clip", "clip_soft", "scale", "sum_stat") if row.get(key)},
    }
