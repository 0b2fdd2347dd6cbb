"""SQL that is made of the output types; all other SQL of the part is in files."""

from genatator_assets.tracks.output_types import OUTPUT_TYPES


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _output_types() -> str:
    rows = ",\n    ".join(
        f"({_quoted(one.name)}, {_quoted(one.description)}, {_quoted(one.units)}, {one.resolution_bp},"
        f" {'null' if one.biosamples is None else one.biosamples}, {one.tracks}, {one.rows})"
        for one in OUTPUT_TYPES
    )
    return f"""\
-- The output types of AlphaGenome's documentation, with its counts for human; `rows` of junctions are half its tracks.
-- needs: tracks
-- columns: output_type, units, resolution_bp, tracks
--   description: in words
--   biosamples: how many samples; null where the documentation doesn't say
--   rows: rows of the track table: half the tracks of junctions
create or replace view "output_types" as
select * from (values
    {rows}
) as output_types(output_type, description, units, resolution_bp, biosamples, tracks, "rows")"""


GENERATED = {"output_types": _output_types()}
