"""Publications of datasets: from CELLxGENE Discover's collections, in either API's shape, or a file's own citation.

A table is made from a whole answer or not at all: a part of one would silently give datasets no publication.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from genatator_assets.cells.layout import CellsLayout
from genatator_assets.errors import DatasetError, FetchError
from genatator_assets.work.files import canonical_json, measure, sha256_of_file
from genatator_assets.work.made import recorded
from genatator_assets.work.manifest import read_manifest
from genatator_assets.work.outcome import Outcome, guarded
from genatator_assets.work.tables import read_table, write_table
from genatator_assets.work.unit import OnlyTask, Provenance, Step, Unit

if TYPE_CHECKING:
    from genatator_assets.cells.section import Publications

STEP = Step("publications", 1)
ASSET = "publications"

_REFRESH_DAYS = 30
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_STEM = re.compile(_UUID)
_DEPLOYED = re.compile(rf"/e/({_UUID})\.cxg")
_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:)?(10\.\d{4,9}/\S+)", re.IGNORECASE)
_CITED = {
    "publication_doi": re.compile(r"Publication: (\S+)"),
    "dataset_version_id": re.compile(rf"Dataset Version: \S*/({_UUID})\.h5ad"),
    "collection_id": re.compile(rf"Collection: \S*/collections/({_UUID})"),
}


@dataclass(frozen=True)
class Publication:
    """What is known of where a dataset was published; None where it is not known. The DOI is bare: 10.x/..."""

    dataset_id: str | None = None
    dataset_version_id: str | None = None
    collection_id: str | None = None
    publication_title: str | None = None
    publication_doi: str | None = None
    publication_description: str | None = None
    publication_contact_name: str | None = None
    publication_contact_email: str | None = None

    def without_contacts(self) -> Publication:
        """Return it without personal data."""
        return replace(self, publication_contact_name=None, publication_contact_email=None)


SCHEMA = pa.schema([(field.name, pa.string()) for field in fields(Publication)])
"""A row per dataset of each collection."""


def read_collections(text: str, origin: str) -> list[Publication]:
    """Return the publications in an answer of the API: of `curation/v1`, or of `dp/v1` as its list with all details.

    Raises:
        DatasetError: it is something else, or only a part of it.
    """
    try:
        told = json.loads(text)
        return [publication for collection in _collections(told) for publication in _of_collection(collection)]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"{type(error).__name__}: {error}"
        raise DatasetError(
            f"{origin}: not the whole of CELLxGENE Discover's collections ({what}); expected the answer of"
            " curation/v1/collections, or of dp/v1 as {'collections': [...], 'details': [...]}"
        ) from error


def _collections(told: Any) -> Iterable[Mapping[str, Any]]:
    if isinstance(told, list):
        return told
    details = {detail["id"]: detail for detail in told["details"]}
    if missing := [one["id"] for one in told["collections"] if one["id"] not in details]:
        raise ValueError(f"{len(missing)} of {len(told['collections'])} collections have no details: {missing[0]}")
    return details.values()


def _of_collection(collection: Mapping[str, Any]) -> Iterator[Publication]:
    old = "collection_id" not in collection
    doi = _doi_in_links(collection["links"]) if old else collection["doi"]
    common = Publication(
        collection_id=collection["id" if old else "collection_id"],
        publication_title=collection["name"] or None,
        publication_doi=bare_doi(doi),
        publication_description=collection["description"] or None,
        publication_contact_name=collection["contact_name"] or None,
        publication_contact_email=collection["contact_email"] or None,
    )
    for dataset in collection["datasets"]:
        version = dataset["id" if old else "dataset_version_id"]
        dataset_id = _deployed_id(dataset["dataset_deployments"]) if old else dataset["dataset_id"]
        yield replace(common, dataset_id=dataset_id, dataset_version_id=version)


def _doi_in_links(links: Iterable[Mapping[str, Any]]) -> str | None:
    return next((link["link_url"] for link in links if link["link_type"] == "DOI"), None)


def _deployed_id(deployments: Iterable[Mapping[str, Any]]) -> str | None:
    found = (_DEPLOYED.search(deployment["url"]) for deployment in deployments)
    return next((match[1] for match in found if match), None)


def bare_doi(text: str | None) -> str | None:
    """Return a DOI without the address of its resolver; None for what is no DOI.

    >>> bare_doi("https://doi.org/10.1101/2025.04.14.648850"), bare_doi("https://example.org")
    ('10.1101/2025.04.14.648850', None)
    """
    found = _DOI.fullmatch((text or "").strip())
    return found[1] if found else None


def cited(citation: str | None) -> Publication:
    """Return what a file says itself: the text that CELLxGENE Discover writes into `uns/citation`."""
    found = {name: pattern.search(citation or "") for name, pattern in _CITED.items()}
    known: dict[str, Any] = {name: match[1] for name, match in found.items() if match}
    known["publication_doi"] = bare_doi(known.get("publication_doi"))
    return Publication(**known)


@dataclass(frozen=True)
class PublicationTable:
    """Publications by dataset id and by version id."""

    by_id: Mapping[str, Publication]

    @classmethod
    def of(cls, publications: Iterable[Publication]) -> PublicationTable:
        """Index publications; a file may be named by either id."""
        by_id: dict[str, Publication] = {}
        for publication in publications:
            for one in (publication.dataset_id, publication.dataset_version_id):
                if one is not None:
                    by_id.setdefault(one, publication)
        return cls(by_id)

    def find(self, stem: str, citation: str | None) -> Publication:
        """Return the publication of a file by its name, else by its citation; a name that is an id is kept as that."""
        told = cited(citation)
        for one in (stem, told.dataset_version_id):
            if one is not None and one in self.by_id:
                return self.by_id[one]
        return replace(told, dataset_id=stem) if _STEM.fullmatch(stem) else told


@dataclass(frozen=True)
class PublicationsTask(OnlyTask):
    """The table of publications, and where it comes from.

    `asked` is the day of the last request that counts: a table that an address gave is fresh until `refresh_days` after
    it. If the address can't be asked, the stored table stays, and it is asked again the next day.
    """

    root: Path
    rules: Publications
    asked: str | None
    run_id: str | None = None

    @classmethod
    def of(cls, root: Path, rules: Publications, today: date) -> PublicationsTask:
        """Return the task of a day."""
        asked = None
        if rules.address is not None:
            stored = read_manifest(CellsLayout(root).publications_manifest)
            facts = stored.facts if stored and stored.facts["origin"] == rules.address else {}
            fresh = timedelta(days=_REFRESH_DAYS if rules.refresh_days is None else rules.refresh_days)
            last = facts.get("fetched")
            asked = last if last and today - date.fromisoformat(last) < fresh else today.isoformat()
        return cls(root, rules, asked)

    @property
    def layout(self) -> CellsLayout:
        """Where its files stand."""
        return CellsLayout(self.root)

    @cached_property
    def units(self) -> dict[str, Unit]:
        """The table."""
        made_from = {"address": self.rules.address, "asked": self.asked}
        inputs = {"collections": sha256_of_file(self.rules.path)} if self.rules.path else {}
        return {ASSET: Unit(self.root, self.layout.publications_manifest, Provenance(inputs, made_from, STEP))}


def build_publications(tasks: Sequence[PublicationsTask]) -> list[Outcome]:
    """Make the table."""
    return [guarded(_build, task) for task in tasks]


def _build(task: PublicationsTask) -> Outcome:
    if task.units[ASSET].finished():
        return Outcome(task.key, "intact")
    if task.rules.address is None:
        text = task.rules.path.read_text(encoding="utf-8") if task.rules.path else "[]"
        return _store(task, read_collections(text, str(task.rules.path)))
    from genatator_assets.sources.fetch import Cache  # noqa: PLC0415 - slow to import, seldom needed

    try:
        return _store(task, read_collections(Cache(again=True).page(task.rules.address), task.rules.address))
    except (FetchError, DatasetError) as error:
        before = read_manifest(task.layout.publications_manifest)
        if before is None or before.facts["origin"] != task.rules.address or not task.layout.publications.is_file():
            raise
        warning = f"the table of publications could not be refreshed and stays as it was: {error}"
        measured = measure(task.layout.publications)
        task.units[ASSET].finish({task.layout.publications: measured}, {**before.facts, "warning": warning})
        return Outcome(task.key, "built")


def _store(task: PublicationsTask, publications: Sequence[Publication]) -> Outcome:
    unit, path = task.units[ASSET], task.layout.publications
    unit.begin()
    rows = [asdict(one) for one in publications]
    content = hashlib.sha256(canonical_json(rows).encode()).hexdigest()
    with recorded(unit.manifest, task.run_id):
        measured = write_table(
            path, pa.Table.from_pylist(rows, SCHEMA), Provenance({"publications": content}, {}, STEP)
        )
    origin = task.rules.address or (str(task.rules.path) if task.rules.path else None)
    facts = {"publications": len(rows), "origin": origin, "fetched": task.asked, "warning": None}
    unit.finish({path: measured}, facts)
    return Outcome(task.key, "built")


def read_publications(layout: CellsLayout) -> PublicationTable:
    """Read the table that `write_publications` wrote.

    Raises:
        DatasetError: it has not been written, or is damaged.
    """
    return PublicationTable.of(Publication(**row) for row in read_table(layout.publications).to_pylist())
