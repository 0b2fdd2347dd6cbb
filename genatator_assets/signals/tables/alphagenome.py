"""AlphaGenome's own metadata: an export of `output_metadata().concatenate()`, or the textproto of its research package.

The model's heads have more places than tracks; those are called Padding, stand anywhere, and are left out. What is kept
of each track is its place in its head, `track_index`.
"""

import gzip
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from genatator_assets.errors import SignalError, optional_import
from genatator_assets.signals.columns import METADATA, Reject, Row, text_or_none

_PADDING = "padding"
_TRUE = {"true", "1", "1.0"}


def read_rows(table: Iterable[Row], organism: str) -> tuple[list[Row], list[Reject]]:
    """Return the tracks of an organism, and the rows that are padding; rows of other organisms are passed over."""
    tracks: list[Row] = []
    rejects: list[Reject] = []
    places: Counter[str] = Counter()
    for number, row in enumerate(table, 1):
        if text_or_none(row.get("organism")) not in (None, organism):
            continue
        kind = (text_or_none(row.get("output_type")) or "").removeprefix("OutputType.")
        name = text_or_none(row.get("name")) or ""
        place = row.get("track_index")
        index = places[kind] if place is None else int(place)
        places[kind] += 1
        if name.lower() == _PADDING:
            rejects.append(Reject(row=number, identifier=f"{kind} {index}", reason="padding"))
        else:
            tracks.append({"row": number, **_track(row, kind, name, index)})
    return tracks, rejects


def _track(row: Row, kind: str, name: str, index: int) -> Row:
    track = {column: text_or_none(row.get(column)) for column in METADATA}
    modified, mean = track.pop("genetically_modified"), text_or_none(row.get("nonzero_mean"))
    strand = text_or_none(row.get("strand"))
    return {
        **track,
        "output_type": kind,
        "name": name,
        "strand": None if kind == "SPLICE_JUNCTIONS" else strand,
        "genetically_modified": None if modified is None else modified.lower() in _TRUE,
        "nonzero_mean": None if mean is None else float(mean),
        "track_index": index,
        "file": text_or_none(row.get("file_path")) or text_or_none(row.get("file")),
    }


def rows_of_textproto(path: Path) -> Iterator[Row]:
    """Return the rows of a textproto of the research package, padding too.

    Raises:
        MissingExtraError: the package alphagenome is not installed.
        SignalError: the file is not such a textproto.
    """
    with optional_import("alphagenome", "alphagenome"):
        import alphagenome  # noqa: F401, PLC0415 - an extra
    from alphagenome.models.v1 import junction_data_utils, track_data_utils  # noqa: PLC0415
    from alphagenome.protos.v1 import dna_model_pb2, dna_model_service_pb2  # noqa: PLC0415
    from google.protobuf import text_format  # noqa: PLC0415

    try:
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        response = text_format.Parse(text, dna_model_service_pb2.MetadataResponse())
    except (OSError, text_format.ParseError, UnicodeDecodeError) as error:
        raise SignalError(f"{path} can't be read as a textproto of AlphaGenome's metadata ({error})") from error
    for output in response.output_metadata:
        kind = dna_model_pb2.OutputType.Name(output.output_type).removeprefix("OUTPUT_TYPE_")
        of_junctions = output.WhichOneof("payload") == "junctions"
        frame: Any = (
            junction_data_utils.metadata_from_proto(output.junctions)
            if of_junctions
            else track_data_utils.metadata_from_proto(output.tracks)
        )
        for index, row in enumerate(frame.to_dict("records")):
            yield {**row, "output_type": kind, "track_index": index}
