"""What parts other than gene finding add to a release: their files, and what the release's card says of them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.part import ReleasedFile
from genatator_assets.catalogue.remembered import remembered_path
from genatator_assets.gene_finding.channel_sets import card as channel_sets
from genatator_assets.parts import DEFAULT, load_catalogue, part_named, parts_of
from genatator_assets.release.card import sections
from genatator_assets.work.text import Markdown


@dataclass(frozen=True)
class Others:
    """The parts of a dataset other than gene finding, and their files; `catalogue` is None where none is remembered."""

    catalogue: Catalogue | None
    files: tuple[ReleasedFile, ...] = ()
    pages: tuple[str, ...] = ()

    @property
    def alone(self) -> bool:
        """Whether the dataset has no gene finding."""
        return self.catalogue is not None and DEFAULT not in parts_of(self.catalogue)


def others_of(root: Path) -> Others:
    """Return what channel sets and the other parts of the dataset at a root add, by the catalogue that it was built
    from."""
    if not remembered_path(root).is_file():
        return Others(None)
    catalogue = load_catalogue(remembered_path(root))
    names = [name for name in parts_of(catalogue) if name != DEFAULT]
    taken = {"default", "preview"} if DEFAULT in parts_of(catalogue) else set()
    files: list[ReleasedFile] = []
    for name in parts_of(catalogue):
        own = apart(name, part_named(name).release(catalogue, root), taken)
        files += own
        taken |= {file.config for file in own}
    pages = [part_named(name).page(catalogue, root) for name in names]
    if DEFAULT in parts_of(catalogue):
        pages.insert(0, channel_sets.page(catalogue, root))
    return Others(catalogue, tuple(files), tuple(sections(pages)))


def apart(part: str, files: Sequence[ReleasedFile], taken: Collection[str]) -> list[ReleasedFile]:
    """Return a part's files, of which configs that are taken already get the part's name before theirs.

    >>> [file.config for file in apart("intervals", [ReleasedFile("a", Path("a"), "preview", "test")], {"preview"})]
    ['intervals_preview']
    """
    clash = {config for config in taken if config}
    return [replace(file, config=f"{part}_{file.config}") if file.config in clash else file for file in files]


def configs_of(files: Iterable[ReleasedFile]) -> list[dict[str, Any]]:
    """Return the hub's configs of released files that belong to one.

    >>> configs_of([ReleasedFile("cells/train/a.parquet", Path("a"), "cells", "train")])
    [{'config_name': 'cells', 'data_files': [{'split': 'train', 'path': ['cells/train/a.parquet']}]}]
    """
    found: dict[str, dict[str, list[str]]] = {}
    for file in files:
        if file.config:
            found.setdefault(file.config, {}).setdefault(file.split or "train", []).append(file.name)
    return [
        {
            "config_name": config,
            "data_files": [{"split": split, "path": paths} for split, paths in of_splits.items()],
        }
        for config, of_splits in found.items()
    ]


def described_alone(others: Others) -> tuple[str, str, str]:
    """Return the name of a dataset without gene finding, what it is, and its licence."""
    catalogue = others.catalogue
    if catalogue is None:
        raise ValueError("a dataset without gene finding has a remembered catalogue")
    titles = [part_named(name).title for name in parts_of(catalogue)]
    return catalogue.dataset, f"{', '.join(titles)}.", catalogue.license


def readme_alone(others: Others) -> str:
    """Return the card of a release without gene finding."""
    dataset, _, license_name = described_alone(others)
    matter = {
        "pretty_name": dataset,
        "license": license_name,
        "tags": ["biology", "genatator-assets"],
        "configs": configs_of(others.files),
    }
    front = yaml.safe_dump(matter, sort_keys=False, allow_unicode=True).strip()
    return "\n\n".join([f"---\n{front}\n---", f"# {Markdown.of(dataset)}", *others.pages]) + "\n"
