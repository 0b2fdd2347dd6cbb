"""FANTOM5's sample table (SDRF): each library has a CAGE track for either strand.

The columns are those of the consortium's files, `Charateristics` spelt as it is there. FF ids lead to CL and UBERON
through the consortium's own ontology (an OBO file), never through the text of a description.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from genatator_assets.signals.columns import Reject, Row, text_or_none
from genatator_assets.signals.terms import Term

_WANTED = re.compile(r"(CL|UBERON|EFO|CLO):\S+")
_STRANDS = {"+": re.compile(r"\b(fwd|forward|plus)\b"), "-": re.compile(r"\b(rev|reverse|minus)\b")}
_TYPES = {
    "cell lines": "cell_line",
    "primary cells": "primary_cell",
    "tissues": "tissue",
    "time courses": "in_vitro_differentiated_cells",
}


def read_rows(
    table: Iterable[Row], terms: Mapping[str, Term], files: Path | None, *, without_term: bool = False
) -> tuple[list[Row], list[Reject]]:
    """Return two tracks for each library, and the rows that are none; `terms` are those of the OBO files."""
    tracks: list[Row] = []
    rejects: list[Reject] = []
    there = sorted(files.iterdir()) if files and files.is_dir() else []
    for number, row in enumerate(table, 1):
        values = {_plain(key): text_or_none(value) for key, value in row.items() if key}
        library = values.get("extractname") or values.get("sourcename") or ""
        sample = values.get("characteristicsffontology")
        term = _nearest(sample, terms) if sample else None
        if term is None and not without_term:
            rejects.append(Reject(row=number, identifier=library, reason="no_ontology_term"))
            continue
        own = [path for path in there if library and library in path.name]
        both = (_track(values, library, term or sample, strand, own) for strand in ("+", "-"))
        tracks += [{"row": number, **track} for track in both]
    return tracks, rejects


def _track(values: Mapping[str, str | None], library: str, term: str | None, strand: str, files: list[Path]) -> Row:
    category = values.get("characteristicscategory")
    described = values.get("characteristicscelltype") or values.get("characteristicstissue")
    return {
        "output_type": "CAGE",
        "name": f"hCAGE {term or library}",
        "strand": strand,
        "Assay title": "hCAGE",
        "ontology_curie": term,
        "biosample_name": described or values.get("characteristicsdescription"),
        "biosample_type": _TYPES.get(category or "", (category or "").replace(" ", "_") or None),
        "biosample_life_stage": values.get("characteristicsdevelopmentalstage"),
        "data_source": "fantom",
        "file": next((str(path) for path in files if _STRANDS[strand].search(path.name.replace("_", "."))), None),
        "accession": library,
        "experiment": values.get("sourcename"),
    }


def _plain(column: str) -> str:
    """Return a column's name as it is looked up: `Charateristics [ff_ontology]` has a letter missing there.

    >>> _plain("Charateristics [ff_ontology]"), _plain("Source Name")
    ('characteristicsffontology', 'sourcename')
    """
    return re.sub("[^a-z]", "", column.lower()).replace("charateristics", "characteristics")


def _nearest(term: str, terms: Mapping[str, Term]) -> str | None:
    """Return the nearest term of CL, UBERON, EFO or CLO that lies above a sample's own."""
    seen, waiting = {term}, [term]
    while waiting:
        following: list[str] = []
        for one in waiting:
            if _WANTED.fullmatch(one):
                return one
            above = terms[one].parents if one in terms else ()
            following += [parent for parent in above if parent not in seen]
            seen.update(above)
        waiting = following
    return None
