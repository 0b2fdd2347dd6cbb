"""The track table: entries of the catalogue and rows of tables, as one table; and which files have to be recorded."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from genatator_assets.catalogue.model import Catalogue, Input
from genatator_assets.errors import CatalogueError, DatasetError, SignalError
from genatator_assets.signals.columns import REJECTS, SCHEMA, Reject, Row, life_stages
from genatator_assets.signals.features import CATEGORIES, ending_of, is_bedgraph, read_features
from genatator_assets.signals.gtex import gtex_tissue
from genatator_assets.signals.recording import SUFFIXES, Recording, Strand, recording_of
from genatator_assets.signals.section import Signals, TrackEntry, TrackTable, WindowSet
from genatator_assets.signals.select import selected
from genatator_assets.signals.tables import alphagenome, borzoi, encode, fantom, plain
from genatator_assets.signals.tables.files import read_table as rows_of
from genatator_assets.signals.terms import Term, read_terms, table_of
from genatator_assets.tracks.output_types import output_type
from genatator_assets.work.files import canonical_json, sha256_of_file
from genatator_assets.work.layout_signals import SignalLayout
from genatator_assets.work.manifest import Manifest
from genatator_assets.work.tables import read_table, write_table
from genatator_assets.work.unit import Provenance, Step, Unit

if TYPE_CHECKING:
    from genatator_assets.sources.fetch import Cache

STEP = Step("track_table", 2)

_KINDS = {".bam": "reads", ".cram": "reads", ".bw": "signal", ".bigwig": "signal"}
_INTERVALS = {".bed", ".narrowpeak", ".broadpeak", ".gff", ".gff3", ".gtf"}
_AGGREGATES = {"reads": "sum", "signal": "mean", "intervals": "max"}
_LISTED = {"alphagenome", "borzoi"}
_STATED = {"CHIP_HISTONE": "histone_mark", "CHIP_TF": "transcription_factor"}


@dataclass(frozen=True)
class Listed:
    """All tracks of a catalogue, the rows that did not become tracks, and the ontology terms in use."""

    tracks: pa.Table
    rejects: pa.Table
    terms: pa.Table


@dataclass(frozen=True)
class TableFiles:
    """The files that tracks are listed from, as they are on this machine: tables, ontologies, and interval files whose
    categories become tracks, by the catalogue's entry."""

    tables: tuple[Path, ...]
    ontology: tuple[Path, ...]
    categories: Mapping[str, Path]

    def sha256(self) -> dict[str, str]:
        """Return the hash of each."""
        named = {f"table {number}": path for number, path in enumerate(self.tables)}
        named |= {f"ontology {number}": path for number, path in enumerate(self.ontology)}
        named |= {f"categories of {name}": path for name, path in self.categories.items()}
        return {name: sha256_of_file(path) for name, path in named.items()}


def fetch_tables(catalogue: Catalogue, cache: "Cache | None" = None) -> TableFiles:
    """Return the files that tracks are listed from, fetched unless they are there.

    Raises:
        FetchError: one can't be fetched.
    """
    from genatator_assets.sources.inputs import resolve_file  # noqa: PLC0415 - requests: slow to import

    section = catalogue.section(Signals)
    categories = {
        f"{genome_of(catalogue, one)}/{one.name}": resolve_file(one.intervals, cache).path
        for one in section.tracks
        if one.intervals and one.value in CATEGORIES
    }
    return TableFiles(
        tuple(resolve_file(table, cache).path for table in section.tables),
        tuple(resolve_file(file, cache).path for file in section.ontology),
        categories,
    )


def list_tracks(catalogue: Catalogue, files: TableFiles) -> Listed:
    """Return all tracks that a catalogue asks for.

    Raises:
        CatalogueError: an entry or a table names no genome, and there are several.
        SignalError: a table, or a file of categories, can't be used.
    """
    section = catalogue.section(Signals)
    terms = read_terms(files.ontology)
    rows = [row for entry in section.tracks for row in _rows_of_entry(catalogue, entry, files)]
    rejects: list[dict[str, Any]] = []
    for (origin, table), path in zip(_named(section.tables), files.tables, strict=True):
        found, own = _rows_of_table(catalogue, table, path, terms)
        rows += [{**row, "origin": origin} for row in found]
        rejects += [{"origin": origin, **reject} for reject in own]
    completed = [_completed(catalogue, section, row) for row in rows]
    _require_unique(completed)
    used = [row["ontology_curie"] for row in completed if row["ontology_curie"]]
    return Listed(
        pa.Table.from_pylist(_numbered(completed), SCHEMA),
        pa.Table.from_pylist(rejects, REJECTS),
        table_of(used, terms),
    )


def table_unit(catalogue: Catalogue, root: Path, files: TableFiles) -> Unit:
    """Return the unit of the track table."""
    section = catalogue.section(Signals).model_dump(mode="json", exclude={"windows"})
    stated = hashlib.sha256(canonical_json(section).encode()).hexdigest()  # has paths, which no footer shall have
    species = {one.genome: [one.species, one.accession] for one in catalogue.assemblies}
    layout = SignalLayout(root)
    provenance = Provenance(files.sha256() | {"signals": stated}, {"assemblies": species}, STEP)
    return Unit(root, layout.table.with_suffix(".json"), provenance)


def build_track_table(catalogue: Catalogue, root: Path, files: TableFiles) -> Manifest:
    """Store the track table, its rejects and its terms, unless that is done.

    Raises:
        CatalogueError, SignalError: as `list_tracks`.
    """
    unit = table_unit(catalogue, root, files)
    if kept := unit.finished():
        return kept
    listed, layout = list_tracks(catalogue, files), SignalLayout(root)
    unit.begin()
    tables = {layout.table: listed.tracks, layout.rejects: listed.rejects, layout.terms: listed.terms}
    outputs = {path: write_table(path, table, unit.provenance) for path, table in tables.items()}
    reasons = Counter(listed.rejects["reason"].to_pylist())
    recordings = {row for row in listed.tracks["recording"].to_pylist() if row}
    facts = {"tracks": len(listed.tracks), "recordings": len(recordings), "rejects": dict(sorted(reasons.items()))}
    return unit.finish(outputs, facts)


def read_track_table(root: Path) -> pa.Table:
    """Read the track table.

    Raises:
        DatasetError: there is none yet.
    """
    return read_table(SignalLayout(root).table)


def recordings_of(catalogue: Catalogue, tracks: pa.Table) -> list[Recording]:
    """Return what has to be recorded for the tracks of a table, in its order.

    Raises:
        DatasetError: the table is of another catalogue.
    """
    section = catalogue.section(Signals)
    entries = {(genome_of(catalogue, one), one.name): one for one in section.tracks}
    tables = dict(_named(section.tables))
    recordings: dict[tuple[str, str], Recording] = {}
    for row in tracks.to_pylist():
        key = (row["genome"], row["recording"])
        if row["recording"] is None or key in recordings:
            continue
        if row["origin"] is None and key in entries:
            recordings[key] = recording_of(entries[key], row["genome"])
        elif row["origin"] in tables:
            recordings[key] = _recording_of_row(row, tables[row["origin"]])
        else:
            raise DatasetError(
                f"the track table has {row['track_id']}, which {catalogue.origin} does not ask for; build it again"
            )
    return list(recordings.values())


def genome_of(catalogue: Catalogue, entry: TrackEntry | TrackTable | WindowSet) -> str:
    """Return the genome that an entry is of: its own, or the catalogue's only one.

    Raises:
        CatalogueError: there is no such genome, or several.
    """
    if entry.genome is not None:
        return catalogue.assembly(entry.genome).genome
    if len(catalogue.genomes) == 1:
        return catalogue.genomes[0]
    if isinstance(entry, TrackTable):
        what = f"table {_origin(entry)}"
    else:
        what = f"{'track' if isinstance(entry, TrackEntry) else 'window set'} {entry.name!r}"
    raise CatalogueError(
        f"{catalogue.origin}: signals: {what} names no genome, and there are {', '.join(catalogue.genomes)};"
        " add 'genome'"
    )


def _origin(table: TrackTable) -> str:
    return str(table.path or table.url)


def _named(tables: Iterable[TrackTable]) -> Iterator[tuple[str, TrackTable]]:
    """Return tables by the names of their files, with a number where several share one: they say nothing of folders."""
    seen: Counter[str] = Counter()
    for table in tables:
        name = table.url or Path(str(table.path)).name
        seen[name] += 1
        yield (name if seen[name] == 1 else f"{name} ({seen[name]})"), table


def _rows_of_entry(catalogue: Catalogue, entry: TrackEntry, files: TableFiles) -> list[Row]:
    genome = genome_of(catalogue, entry)
    recording = recording_of(entry, genome)
    metadata = entry.metadata.model_dump(by_alias=True, exclude={"extra"})
    kind = metadata["output_type"]
    if kind in _STATED and not metadata[_STATED[kind]]:
        raise CatalogueError(
            f"{catalogue.origin}: signals: track {entry.name!r} is {kind} and states no {_STATED[kind]} in its metadata"
        )
    categories: tuple[str, ...] = ()
    if (path := files.categories.get(f"{genome}/{entry.name}")) is not None:
        categories = read_features(path, entry.value).categories()
    rows: list[Row] = []
    for category in categories or (None,):
        stem = entry.name if category is None else f"{entry.name}.{category}"
        for strand in recording.strands:
            file = recording.inputs.get(strand) or recording.inputs["."]
            rows.append(
                {
                    **metadata,
                    "genome": genome,
                    "track_id": stem + SUFFIXES[strand],
                    "name": stem,
                    "strand": strand,
                    "kind": recording.kind,
                    "recording": entry.name,
                    "category": category,
                    "missing": recording.missing,
                    "file": str(file.path) if file.path else None,
                    "url": file.url,
                    "extra": dict(entry.metadata.extra),
                }
            )
    return rows


def _rows_of_table(
    catalogue: Catalogue, table: TrackTable, path: Path, terms: Mapping[str, Term]
) -> tuple[list[Row], list[Reject]]:
    genome = genome_of(catalogue, table)
    rows, rejects = _read(table, path, genome, catalogue.assembly(genome).species, terms)
    section = catalogue.section(Signals)
    placed: list[Row] = []
    for row in rows:
        reason = None if selected(section.select, row, terms) else "not_selected"
        reason = reason or _place(row, table)
        if reason:
            identifier = row.get("accession") or row["name"]
            rejects.append(Reject(row=row["row"], identifier=identifier, reason=reason))
        else:
            row |= {"genome": genome}
            placed.append(row)
    _make_names_unique(placed)
    for row in placed:
        stem = ".".join(part for part in (row["output_type"], row["name"]) if part)
        row["track_id"] = stem + SUFFIXES[row["strand"] or "."]
        row["recording"] = row["track_id"] if row["kind"] else None
    return placed, sorted(rejects, key=lambda reject: reject["row"])


def _read(
    table: TrackTable, path: Path, genome: str, species: str, terms: Mapping[str, Term]
) -> tuple[list[Row], list[Reject]]:
    """Read a table in its format."""
    keep = table.without_term == "keep"
    if table.format == "alphagenome" and ending_of(path) in {".textproto", ".pbtxt", ".txt"}:
        return alphagenome.read_rows(alphagenome.rows_of_textproto(path), species)
    readers: dict[str, Callable[[Iterable[Row]], tuple[list[Row], list[Reject]]]] = {
        "encode": partial(encode.read_rows, genome=genome, prefer_all=table.prefer == "all", without_term=keep),
        "fantom": partial(fantom.read_rows, terms=terms, files=table.files, without_term=keep),
        "borzoi": borzoi.read_rows,
        "alphagenome": partial(alphagenome.read_rows, organism=species),
        "table": partial(plain.read_rows, path=path),
    }
    return readers[table.format](rows_of(path))


def _place(row: Row, table: TrackTable) -> str | None:
    """Say of a row where its file is and what it holds; return why it can't be recorded, if so.

    Tables of models name files of other machines: their rows are listed, even where the files are not here.
    """
    folder = table.files or (table.path.parent if table.path else None)
    file, accession = row.get("file"), row.get("accession")
    if table.format == "encode" and table.files:
        url = row.get("url") or ""
        file = f"{accession}.{url.rpartition('/')[2].partition('.')[2] or row['format']}"
    there = folder / file if file and folder else Path(file or "")
    row["kind"] = None
    if file and there.is_file():
        row["file"] = str(there)
    elif row.get("url"):
        row["file"] = None
    elif file is None or table.format in _LISTED:
        return None
    else:
        raise SignalError(f"{_origin(table)}: row {row['row']}: no file at {there}, which {row['name']} names")
    place = row["file"] or row["url"]
    ending = ending_of(Path(place))
    kind = _KINDS.get(ending) or ("signal" if is_bedgraph(Path(place)) else None)
    kind = kind or ("intervals" if ending in _INTERVALS else None)
    row["kind"], row["missing"] = kind, table.missing or ("keep" if kind == "signal" else "zero")
    return None if kind else "format_not_supported"


def _make_names_unique(rows: list[Row]) -> None:
    """Append the accession to names that two files of one output type and strand share."""
    shared: dict[tuple[str, str, str | None], list[Row]] = defaultdict(list)
    for row in rows:
        shared[row["output_type"] or "", row["name"], row["strand"]].append(row)
    for own in shared.values():
        if len(own) > 1 and all(row.get("accession") for row in own):
            for row in own:
                row["name"] = f"{row['name']} {row['accession']}"


def _completed(catalogue: Catalogue, section: Signals, row: Row) -> Row:
    """Fill in what follows from the output type, the genome and the tissue."""
    kind = row.get("output_type")
    known = output_type(kind) if kind else None
    tissue = gtex_tissue(row["gtex_tissue"]) if row.get("gtex_tissue") else None
    resolution = section.resolution.get(kind or "") or section.resolution.get("default")
    aggregate = section.aggregate.get(kind or "") or section.aggregate.get("default")
    return {
        **{name: row.get(name) for name in SCHEMA.names},
        "organism": catalogue.assembly(row["genome"]).species,
        "ontology_curie": row.get("ontology_curie") or (tissue[1] if tissue else None),
        "gtex_tissue": tissue[0] if tissue else row.get("gtex_tissue"),
        "life_stages": life_stages(row.get("biosample_life_stage")),
        "units": row.get("units") or (known.units if known else None),
        "resolution_bp": row.get("resolution_bp") or resolution or (known.resolution_bp if known else 1),
        "aggregate": row.get("aggregate") or aggregate or _AGGREGATES.get(row.get("kind") or "", "mean"),
        "extra": list((row.get("extra") or {}).items()),
    }


def _numbered(rows: list[Row]) -> list[Row]:
    """Number the tracks of each genome and output type that have no number of their own."""
    places: Counter[tuple[str, str | None]] = Counter()
    for row in rows:
        key = (row["genome"], row["output_type"])
        if row["track_index"] is None:
            row["track_index"] = places[key]
        places[key] += 1
    return rows


def _require_unique(rows: list[Row]) -> None:
    seen: dict[tuple[str, str], Row] = {}
    for row in rows:
        key = (row["genome"], row["track_id"])
        if key in seen:
            places = " and ".join(str(one["origin"] or "the catalogue") for one in (seen[key], row))
            raise SignalError(
                f"{row['genome']} has two tracks {row['track_id']!r}, from {places}; give one another name, or leave"
                " one out by 'select'"
            )
        seen[key] = row


def _recording_of_row(row: Row, table: TrackTable) -> Recording:
    file = Input(path=row["file"]) if row["file"] else Input(url=row["url"], md5=row["md5"])
    md5: dict[Strand, str] = {".": row["md5"]} if row["file"] and row["md5"] else {}
    return Recording(
        row["genome"],
        row["recording"],
        row["kind"],
        {".": file},
        row["missing"],
        lengths=table.lengths,
        md5=md5,
    )
