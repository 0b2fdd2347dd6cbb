"""Publications of datasets: from CELLxGENE Discover's collections, in either API's shape, or a file's own citation.

A table is made from a whole answer or not at all: a part of one would silently give datasets no publication.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from genatator_assets.cells.layout import CellsLayout
from genatator_assets.errors import DatasetError, FetchError
from genatator_assets.work.made import read_made, recorded
from genatator_assets.work.tables import read_table, write_table
from genatator_assets.work.unit import Provenance

if TYPE_CHECKING:
    from genatator_assets.cells.section import Publications
    from genatator_assets.sources.fetch import Cache

STEP = 1
"""Raised when the same collections give another table."""

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
class Refreshed:
    """What became of the table: its rows, whether it is as it was, and why it could not be made anew."""

    publications: int
    kept: bool
    warning: str | None = None


def write_publications(
    rules: Publications, layout: CellsLayout, cache: Cache, run_id: str | None = None, now: datetime | None = None
) -> Refreshed:
    """Write the table of publications: from the file that the rules name, or its address if what is stored is too old.

    Without either it is empty, and files speak for themselves. If an address can't be asked, the stored table stays.

    Raises:
        DatasetError: what was found is only a part of an answer, or something else.
        FetchError: the address can't be asked, and nothing is stored.
    """
    if rules.address is None:
        text = rules.path.read_text(encoding="utf-8") if rules.path else "[]"
        return _stored(text, str(rules.path), layout, run_id)
    if _fresh(rules, layout, now or datetime.now(UTC)):
        return Refreshed(len(read_table(layout.publications)), kept=True)
    try:
        text = replace(cache, again=True).page(rules.address)
        return _stored(text, rules.address, layout, run_id)
    except (FetchError, DatasetError) as error:
        if not layout.publications.is_file():
            raise
        warning = f"the table of publications could not be refreshed and stays as it was: {error}"
        return Refreshed(len(read_table(layout.publications)), kept=True, warning=warning)


def _fresh(rules: Publications, layout: CellsLayout, now: datetime) -> bool:
    made = read_made(layout.publications)
    if made is None or not layout.publications.is_file():
        return False
    days = 30 if rules.refresh_days is None else rules.refresh_days
    return now - datetime.fromisoformat(made.started) < timedelta(days=days)


def _stored(text: str, origin: str, layout: CellsLayout, run_id: str | None) -> Refreshed:
    publications = read_collections(text, origin)
    table = pa.Table.from_pylist([asdict(one) for one in publications], SCHEMA)
    inputs = {"collections": hashlib.sha256(text.encode()).hexdigest()}
    with recorded(layout.publications, run_id):
        write_table(layout.publications, table, Provenance(inputs, {"step": STEP}))
    return Refreshed(len(publications), kept=False)


def read_publications(layout: CellsLayout) -> PublicationTable:
    """Read the table that `write_publications` wrote.

    Raises:
        DatasetError: it has not been written, or is damaged.
    """
    return PublicationTable.of(Publication(**row) for row in read_table(layout.publications).to_pylist())
