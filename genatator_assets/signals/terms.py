"""Ontology terms: which lie below which, which are obsolete; from OBO files, or from a table of terms."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from genatator_assets.errors import SignalError
from genatator_assets.work.lines import whole_lines

SCHEMA = pa.schema(
    [
        ("ontology_curie", pa.string()),
        ("label", pa.string()),
        ("deprecated", pa.bool_()),
        ("replaced_by", pa.string()),
        ("ancestors", pa.list_(pa.string())),
        ("resolved", pa.bool_()),
        ("role", pa.string()),
    ]
)
"""A row per term that a track has (`role` is "track"), and per term above these ("ancestor").

`ancestors` are all terms above it, sorted. A term that no ontology at hand has is not `resolved`: CLO and NTR terms
often are not, and that is no fault.
"""

_RELATIONS = ("part_of", "BFO:0000050")


@dataclass(frozen=True)
class Term:
    """A term. `parents` are those that it is a kind of, or a part of."""

    curie: str
    label: str | None = None
    obsolete: bool = False
    replaced_by: str | None = None
    parents: tuple[str, ...] = ()


@dataclass
class _Stanza:
    curie: str = ""
    label: str | None = None
    obsolete: bool = False
    replaced_by: str | None = None
    parents: list[str] = field(default_factory=list)

    def take(self, tag: str, value: str) -> None:
        if tag == "id":
            self.curie = value
        elif tag == "name":
            self.label = value
        elif tag == "is_obsolete":
            self.obsolete = value == "true"
        elif tag == "replaced_by":
            self.replaced_by = value
        elif tag == "is_a":
            self.parents.append(value.split(maxsplit=1)[0])
        elif tag == "relationship" and len(words := value.split()) > 1 and words[0] in _RELATIONS:
            self.parents.append(words[1])

    def term(self) -> Term:
        return Term(self.curie, self.label, self.obsolete, self.replaced_by, tuple(self.parents))


def read_terms(paths: Iterable[Path]) -> dict[str, Term]:
    """Return the terms of OBO files (plain or gzip) and of Parquet tables with the columns of SCHEMA, by their CURIEs.

    Raises:
        SignalError: a file is neither.
    """
    terms: dict[str, Term] = {}
    for path in paths:
        found = _of_table(path) if path.suffix == ".parquet" else {term.curie: term for term in _of_obo(path)}
        if not found:
            raise SignalError(f"{path}: has no terms; expected an OBO file with [Term] stanzas, or a Parquet table")
        terms |= found
    return terms


def _of_obo(path: Path) -> Iterator[Term]:
    stanza: _Stanza | None = None
    for piece in whole_lines(path, SignalError, "an OBO file"):
        for line in piece.decode("utf-8", "replace").splitlines():
            if line.startswith("["):
                if stanza and stanza.curie:
                    yield stanza.term()
                stanza = _Stanza() if line.startswith("[Term]") else None
            elif stanza and ": " in line:
                tag, _, value = line.strip().partition(": ")
                stanza.take(tag, value.partition(" ! ")[0].strip())
    if stanza and stanza.curie:
        yield stanza.term()


def _of_table(path: Path) -> dict[str, Term]:
    try:
        rows = pq.read_table(path).to_pylist()
        return {
            row["ontology_curie"]: Term(
                row["ontology_curie"],
                row["label"],
                bool(row["deprecated"]),
                row["replaced_by"],
                tuple(row["ancestors"]),
            )
            for row in rows
            if row.get("resolved", True)
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        expected = ", ".join(SCHEMA.names)
        raise SignalError(f"{path} is not a table of terms ({error}); expected columns {expected}") from error


def ancestors_of(curie: str, terms: Mapping[str, Term]) -> list[str]:
    """Return all terms above one, sorted.

    >>> terms = {"A:1": Term("A:1", parents=("A:2",)), "A:2": Term("A:2", parents=("A:3",))}
    >>> ancestors_of("A:1", terms)
    ['A:2', 'A:3']
    """
    above: set[str] = set()
    waiting = [curie]
    while waiting:
        parents = terms[term].parents if (term := waiting.pop()) in terms else ()
        waiting += [parent for parent in parents if parent not in above]
        above.update(parents)
    return sorted(above - {curie})


def table_of(used: Iterable[str], terms: Mapping[str, Term]) -> pa.Table:
    """Return the table of the terms that tracks use and of all above them."""
    used = sorted(set(used))
    above = sorted({ancestor for curie in used for ancestor in ancestors_of(curie, terms)} - set(used))
    rows = [
        {
            "ontology_curie": curie,
            "label": terms[curie].label if curie in terms else None,
            "deprecated": terms[curie].obsolete if curie in terms else False,
            "replaced_by": terms[curie].replaced_by if curie in terms else None,
            "ancestors": ancestors_of(curie, terms),
            "resolved": curie in terms,
            "role": role,
        }
        for role, curies in (("track", used), ("ancestor", above))
        for curie in curies
    ]
    return pa.Table.from_pylist(rows, SCHEMA)
