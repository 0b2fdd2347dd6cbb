"""The one list of the parts of a dataset, and the catalogues that ask for them.

A part is a package with two modules: `section` has SECTION, how its section of a catalogue is read (light: no library
of the part is imported), and `part` has PART, all else that the platform needs of it (see `catalogue.part`). Nothing of
a part is imported unless a catalogue asks for it.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from pydantic import Field, create_model

from genatator_assets.catalogue import load
from genatator_assets.catalogue.model import Assembly, Catalogue
from genatator_assets.catalogue.part import Part
from genatator_assets.catalogue.remembered import remembered_path
from genatator_assets.catalogue.section import Need, SectionKind
from genatator_assets.errors import CatalogueError

PARTS: dict[str, str] = {
    "gene_finding": "genatator_assets.gene_finding",
    "segmentation": "genatator_assets.segmentation",
    "signals": "genatator_assets.signals",
    "intervals": "genatator_assets.intervals",
    "cells": "genatator_assets.cells",
    "leakage": "genatator_assets.leakage",
    "evaluation": "genatator_assets.evaluation",
}
"""The section's name in a catalogue, and the package; in the order in which parts are built and shown."""

DEMO = "demo"
"""The catalogue of whoever names none."""

DEFAULT = "gene_finding"
"""The part that is asked for without a section where an assembly has an annotation."""


def section_kind(part: str) -> SectionKind:
    """Return how the section of a part is read."""
    return cast(SectionKind, import_module(f"{PARTS[part]}.section").SECTION)


def part_named(name: str) -> Part:
    """Return a part."""
    return cast(Part, import_module(f"{PARTS[name]}.part").PART)


def asked_parts(catalogue: Catalogue) -> list[Part]:
    """Return the parts that a catalogue asks for, in order, each with the stages that it asks for."""
    return [part_named(name).as_asked(catalogue) for name in parts_of(catalogue)]


def parts_of(catalogue: Catalogue) -> tuple[str, ...]:
    """Return the names of the parts that a catalogue asks for, in order."""
    return tuple(name for name in PARTS if getattr(catalogue, name, None) is not None)


def load_catalogue(source: str | Path) -> Catalogue:
    """Read the catalogue at the path `source`, or the preset of that name.

    Relative paths in it are relative to its own folder; a file that it names must exist.

    >>> load_catalogue("demo").dataset
    'demo'

    Raises:
        CatalogueError: no such file, not YAML, or not a catalogue; one line per fault, with its line in the file.
    """
    return load.load_catalogue(source, load.Sections(_model, validate, parts_with))


def choose(catalogue: str | None, root: Path | None) -> tuple[str, Path]:
    """Return the catalogue and the root that are meant where one of them, or both, are not given.

    A root alone is of the catalogue that it was built from, a catalogue alone has the root `<dataset>-data`, and if
    neither is given it is the demo.

    Raises:
        CatalogueError: the root was not built yet, so that the catalogue has to be given; or it can't be used.
    """
    if catalogue is None and root is None:
        catalogue = DEMO
    if root is None:
        return str(catalogue), Path(f"{load_catalogue(str(catalogue)).dataset}-data")
    if catalogue is None:
        if not remembered_path(root).is_file():
            raise CatalogueError(
                f"{root} does not say which catalogue it was built from: nothing has been built there yet; give"
                " --catalogue"
            )
        catalogue = str(remembered_path(root))
    return catalogue, root


def validate(document: Mapping[str, Any], context: Mapping[str, Any] | None = None) -> Catalogue:
    """Validate the content of a catalogue. `gene_finding: false` turns off what is there by default.

    Raises:
        pydantic.ValidationError: a key or a value is wrong.
        CatalogueError: nothing is asked for, or a part lacks what it needs.
    """
    entries = {name: value for name, value in document.items() if not (name in PARTS and value is False)}
    catalogue = _model(entries).model_validate(entries, context=context)
    if DEFAULT not in document and catalogue.annotated_genomes:
        catalogue = catalogue.model_copy(update={DEFAULT: section_kind(DEFAULT).model()})
    if faults := list(_faults(catalogue)):
        raise CatalogueError("\n".join(f"{catalogue.origin}: {fault}" for fault in faults))
    return catalogue


def _model(document: Mapping[str, Any]) -> type[Catalogue]:
    return _model_of(frozenset(document) & frozenset(PARTS))


@lru_cache
def _model_of(given: frozenset[str]) -> type[Catalogue]:
    """Return the model of catalogues that have the sections `given`; the default part's may be added later."""
    kinds = {name: section_kind(name) for name in PARTS if name in given or name == DEFAULT}
    overrides: dict[str, Any] = {
        name: (kind.of_assembly | None, None) for name, kind in kinds.items() if kind.of_assembly
    }
    entries: Any = tuple[create_model("Assembly", __base__=Assembly, **overrides), ...]  # type: ignore[misc]
    sections: dict[str, Any] = {
        name: (kind.model, ...) if name in given else (kind.model | None, None) for name, kind in kinds.items()
    }
    assemblies: Any = (entries, Field(default=(), min_length=1))
    return create_model("Catalogue", __base__=Catalogue, assemblies=assemblies, **sections)


def needs_of(catalogue: Catalogue) -> set[Need]:
    """Return what the parts that a catalogue asks for need of its assemblies."""
    return {need for part in parts_of(catalogue) for need in section_kind(part).needs(getattr(catalogue, part))}


def parts_with(key: str) -> list[str]:
    """Return the names of the parts whose section has this key."""
    return [name for name in PARTS if key in section_kind(name).model.model_fields]


def _faults(catalogue: Catalogue) -> Iterator[str]:
    parts = parts_of(catalogue)
    if not parts and not catalogue.assemblies:
        yield f"asks for nothing; expected 'assemblies', or a section of: {', '.join(PARTS)}"
    for part in parts:
        needs = section_kind(part).needs(getattr(catalogue, part))
        if needs and not catalogue.assemblies:
            yield f"{part}: needs 'assemblies', and there are none"
        elif "annotation" in needs and not catalogue.annotated_genomes:
            yield f"{part}: needs the annotation of an assembly, and none has one"
