"""A table of one's own: `file` and any columns of the track table; columns that it does not know are kept as they are.

Without a `name`, the file's name is one; without a strand, a track is unstranded.
"""

from collections.abc import Iterable
from pathlib import Path

from genatator_assets.errors import SignalError
from genatator_assets.signals.columns import METADATA, Reject, Row, text_or_none

_STRANDS = ("+", "-", ".")
_TEXTS = (*METADATA, "name", "output_type", "units", "aggregate", "file", "url", "md5", "accession", "experiment")
_NUMBERS = ("nonzero_mean", "track_index", "resolution_bp")
_TRUE = {"true", "yes", "1", "1.0"}


def read_rows(table: Iterable[Row], path: Path) -> tuple[list[Row], list[Reject]]:
    """Return the tracks of a table, and the rows without a file.

    Raises:
        SignalError: a value is not of its column.
    """
    tracks: list[Row] = []
    rejects: list[Reject] = []
    for number, row in enumerate(table, 1):
        track = _track(row, f"{path}: row {number}")
        if track["file"] or track["url"]:
            tracks.append({"row": number, **track})
        else:
            rejects.append(Reject(row=number, identifier=track["name"], reason="no_file"))
    return tracks, rejects


def _track(row: Row, place: str) -> Row:
    track: Row = {column: text_or_none(row.get(column)) for column in _TEXTS}
    modified = track["genetically_modified"]
    track["genetically_modified"] = None if modified is None else modified.lower() in _TRUE
    track["strand"] = text_or_none(row.get("strand")) or "."
    if track["strand"] not in _STRANDS:
        raise SignalError(f"{place}: strand is {track['strand']!r}, expected +, - or .")
    for column in _NUMBERS:
        text = text_or_none(row.get(column))
        try:
            number = None if text is None else float(text)
        except ValueError as error:
            raise SignalError(f"{place}: {column} is {text!r}, expected a number") from error
        track[column] = int(number) if number is not None and column != "nonzero_mean" else number
    origin = track["file"] or track["url"]
    track["name"] = track["name"] or (Path(origin).name.split(".")[0] if origin else "")
    known = {*_TEXTS, *_NUMBERS, "strand"}
    track["extra"] = {key: text for key, value in row.items() if key not in known and (text := text_or_none(value))}
    return track
