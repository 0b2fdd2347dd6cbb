"""The columns of the track table: those of AlphaGenome's metadata, and where a track comes from and how it is read."""

from typing import Any, TypedDict

import pyarrow as pa

METADATA = (
    "Assay title",
    "ontology_curie",
    "biosample_name",
    "biosample_type",
    "biosample_life_stage",
    "transcription_factor",
    "histone_mark",
    "gtex_tissue",
    "data_source",
    "endedness",
    "genetically_modified",
)
"""Columns of AlphaGenome's metadata beside output type, name, strand and nonzero_mean."""

SCHEMA = pa.schema(
    [
        ("organism", pa.string()),
        ("genome", pa.string()),
        ("track_id", pa.string()),
        ("output_type", pa.string()),
        ("name", pa.string()),
        ("strand", pa.string()),
        ("Assay title", pa.string()),
        ("ontology_curie", pa.string()),
        ("biosample_name", pa.string()),
        ("biosample_type", pa.string()),
        ("biosample_life_stage", pa.string()),
        ("life_stages", pa.list_(pa.string())),
        ("transcription_factor", pa.string()),
        ("histone_mark", pa.string()),
        ("gtex_tissue", pa.string()),
        ("data_source", pa.string()),
        ("endedness", pa.string()),
        ("genetically_modified", pa.bool_()),
        ("nonzero_mean", pa.float64()),
        ("track_index", pa.int32()),
        ("units", pa.string()),
        ("resolution_bp", pa.int32()),
        ("aggregate", pa.string()),
        ("missing", pa.string()),
        ("kind", pa.string()),
        ("recording", pa.string()),
        ("category", pa.string()),
        ("file", pa.string()),
        ("url", pa.string()),
        ("md5", pa.string()),
        ("format", pa.string()),
        ("accession", pa.string()),
        ("experiment", pa.string()),
        ("audit", pa.string()),
        ("origin", pa.string()),
        ("extra", pa.map_(pa.string(), pa.string())),
    ]
)
"""A row per track. `recording` is None for a track that is only listed, because no file is known of it.

`nonzero_mean` is what its own table states; what was measured here stands in the statistics. `extra` holds the columns
of a table of one's own that are none of these. `file` is where the file is on this machine; `origin` names the table
that a row is from, null for an entry of the catalogue.
"""

RELEASED = SCHEMA.insert(SCHEMA.get_field_index("md5"), pa.field("sha256", pa.string()))
"""The track table of a release: `file` is the file's name alone, and `sha256` the hash of its bytes."""

REJECTS = pa.schema(
    [("origin", pa.string()), ("row", pa.int64()), ("identifier", pa.string()), ("reason", pa.string())]
)
"""A row per row of a table that did not become a track: `row` counts from 1, without the header."""

REASONS = (
    "format_not_a_track",
    "format_not_supported",
    "peaks_need_kind_bed",
    "not_released",
    "other_assembly",
    "unknown_output_type",
    "not_preferred_output_type",
    "not_merged_replicates",
    "no_ontology_term",
    "no_file",
    "padding",
    "not_selected",
)
"""Why a row did not become a track; the first that holds."""

Row = dict[str, Any]
"""A track, by column; columns that are not there are null."""


class Reject(TypedDict):
    """A row of a table that did not become a track."""

    row: int
    identifier: str
    reason: str


def text_or_none(value: Any) -> str | None:
    """Return a text; None for null, an empty text, and what tables write for none.

    >>> text_or_none(" liver "), text_or_none(""), text_or_none(float("nan"))
    ('liver', None, None)
    """
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return None
    text = str(value).strip()
    return text if text and text.lower() not in {"nan", "na", "none", "null"} else None


def life_stages(text: str | None) -> list[str] | None:
    """Return the stages of a text, sorted, each once: "child,adult" and "adult,child" are the same.

    >>> life_stages("child,adult")
    ['adult', 'child']
    """
    return sorted({stage.strip() for stage in text.split(",") if stage.strip()}) if text else None
