"""Making a release: everything is put together in a folder beside its place, which it takes when it is whole."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from genatator_assets.catalogue.part import ReleasedFile
from genatator_assets.catalogue.values import SPLITS
from genatator_assets.errors import DatasetError
from genatator_assets.evaluation.publish import write_truth
from genatator_assets.evaluation.truth import truth_of_split
from genatator_assets.query.catalog import catalog_of
from genatator_assets.release.contents import Contents, gather
from genatator_assets.release.croissant import croissant
from genatator_assets.release.names import CARD, CATALOG, CHECKSUMS, CROISSANT, INDEX
from genatator_assets.release.others import Others, described_alone, others_of, readme_alone
from genatator_assets.release.preview import write_preview
from genatator_assets.release.readme import describe, write_readme
from genatator_assets.sources.chromosomes import read_chromosomes
from genatator_assets.version import __version__
from genatator_assets.work.files import link_or_copy, sha256_of_file, whole_file, whole_folder
from genatator_assets.work.layout import Layout
from genatator_assets.work.storage import is_remote
from genatator_assets.work.tables import write_table
from genatator_assets.work.unit import Provenance

_JUDGED = ("validation", "test")
_SHOWN = 5
_FOLDERS = (
    "preview",
    "channel_blocks",
    "channel_sets",
    "segmentation",
    "segmentation_preview",
    "tracks",
    "windows",
    "intervals",
    "cells",
    "leakage",
    "evaluation",
)


@dataclass(frozen=True)
class Part:
    """Some of a release's files."""

    name: str
    files: int
    bytes: int


@dataclass(frozen=True)
class Release:
    """A release in a folder; `linked` says whether its blocks are second names of the root's files, not copies."""

    folder: Path
    dataset: str
    parts: tuple[Part, ...]
    linked: bool

    @property
    def files(self) -> int:
        """Files in all."""
        return sum(part.files for part in self.parts)

    @property
    def bytes(self) -> int:
        """Bytes in all."""
        return sum(part.bytes for part in self.parts)


def release(layout: Layout, folder: Path | None = None) -> Release:
    """Make the release of the dataset at a root, by default into the root's folder `release`.

    It takes the place of an earlier release, whole or not at all. Blocks are hard links where the file system has
    them, so that a release takes no room of its own; nothing is hashed again that the index has the hash of. The caller
    sees to it that nobody builds the dataset meanwhile.

    Raises:
        DatasetError: the dataset is not whole, or the folder holds what is no release, or can't be written.
    """
    folder = (folder or layout.release).resolve()
    if is_remote(folder):
        raise DatasetError(f"a release is made in a folder of this machine, not at {folder}; give one")
    _require_free(folder, layout)
    others = others_of(layout.root)
    contents = None if others.alone else gather(layout)
    if contents is None and not others.files:
        raise DatasetError(f"{layout.root} has nothing to release: none of its parts has files yet; build it first")
    try:
        with whole_folder(folder) as beside:
            linked = [_put(file, beside / file.name) for file in others.files]
            known = _fill(contents, others, beside, linked) if contents else _fill_alone(others, layout, beside)
            _write(beside / CHECKSUMS, "".join(_checksums(beside, known)))
            parts = parts_of(beside)
    except OSError as error:
        raise DatasetError(f"the release can't be written into {folder} ({error}); give another folder") from error
    name = contents.dataset if contents else others.catalogue.dataset if others.catalogue else ""
    return Release(folder, name, parts, all(linked))


def read_checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each of a release's files by its path.

    Raises:
        DatasetError: the folder holds no release.
    """
    path = folder / CHECKSUMS
    if not path.is_file():
        raise DatasetError(f"{folder} holds no release: found no {CHECKSUMS} in it; make one by 'release'")
    lines = path.read_text().splitlines()
    return {name: sha256 for sha256, _, name in (line.partition("  ") for line in lines)}


def parts_of(folder: Path) -> tuple[Part, ...]:
    """Count a release's files: those of each split, of the preview, of each other part, and all others."""
    names = [*(f"data/{split}" for split in SPLITS), *_FOLDERS, "card and tables"]
    sizes: dict[str, list[int]] = {name: [] for name in names}
    for path in folder.rglob("*"):
        if path.is_file():
            inside = path.relative_to(folder).as_posix()
            name = next((name for name in names if inside.startswith(f"{name}/")), names[-1])
            sizes[name].append(path.stat().st_size)
    return tuple(Part(name, len(of_part), sum(of_part)) for name, of_part in sizes.items() if of_part)


def foreign_files(folder: Path) -> list[str]:
    """Name the files in a folder that no release put there; if none did, all that stands in it."""
    if not (folder / CHECKSUMS).is_file():
        return sorted(path.name for path in folder.iterdir())
    known = {*read_checksums(folder), CHECKSUMS}
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    return sorted(found - known)


def _require_free(folder: Path, layout: Layout) -> None:
    root = layout.root.resolve()
    if not is_remote(root) and (
        (folder.is_relative_to(root) and folder != layout.release.resolve()) or root.is_relative_to(folder)
    ):
        raise DatasetError(
            f"{folder} can't take a release: it is part of the dataset at {root}, or holds it; give another folder"
        )
    if folder.is_dir() and (foreign := foreign_files(folder)):
        more = f" and {len(foreign) - _SHOWN:,} more" if len(foreign) > _SHOWN else ""
        raise DatasetError(
            f"{folder} holds files that are of no release: {', '.join(foreign[:_SHOWN])}{more}; a release would replace"
            " the folder, so give another, or move them elsewhere"
        )
    if folder.exists() and not folder.is_dir():
        raise DatasetError(f"{folder} is a file; give a folder")


def _put(file: ReleasedFile, target: Path) -> bool:
    """Put a part's file into its place; True unless it had to be copied."""
    if file.write is None:
        return link_or_copy(file.path, target)
    file.write(target)
    return True


def _fill_alone(others: Others, layout: Layout, folder: Path) -> dict[str, str]:
    """Write what goes with the files of parts where there is no gene finding; return the known checksums."""
    known = _hashes(others, folder)
    annotated = others.catalogue.annotated_genomes if others.catalogue else ()
    _write_truth(layout, [genome for genome in annotated if layout.transcripts(genome).is_file()], folder)
    about = croissant(*described_alone(others), __version__, known, others.files, blocks=False)
    _write(folder / CROISSANT, about)
    _write(folder / CARD, readme_alone(others))
    if layout.catalog.is_file():
        _write(folder / CATALOG, catalog_of(folder, release=True))
    return known


def _hashes(others: Others, folder: Path) -> dict[str, str]:
    """Hash the files of parts that are no rows of a config."""
    return {file.name: sha256_of_file(folder / file.name) for file in others.files if not file.config}


def _fill(contents: Contents, others: Others, folder: Path, linked: list[bool]) -> dict[str, str]:
    """Write everything else into a folder; return the known checksums. `linked` learns which blocks are hard links."""
    linked += [link_or_copy(block.source, folder / block.path) for block in contents.blocks]
    known = {block.path: block.sha256 for block in contents.blocks}
    for path in _tables(contents):
        link_or_copy(contents.layout.root / path, folder / path)
    _write_truth(contents.layout, [origin.genome for origin in contents.origins], folder)
    _write_index(contents, folder)
    preview = write_preview(contents, folder)
    files = {INDEX: sha256_of_file(folder / INDEX), **_hashes(others, folder)}
    about = croissant(
        contents.dataset, describe(contents), contents.license, __version__, files, others.files, blocks=True
    )
    _write(folder / CROISSANT, about)
    _write(folder / CARD, write_readme(contents, preview, others))
    if contents.layout.catalog.is_file():
        _write(folder / CATALOG, catalog_of(folder, release=True))
    return {**known, **files}


def _tables(contents: Contents) -> Iterator[str]:
    """Name the tables that stand in a release where they stand in a root."""
    layout = contents.layout
    paths = [layout.statistics(name) for name in contents.statistics]
    for origin in contents.origins:
        paths += [
            layout.chromosomes(origin.genome),
            layout.soft_masked(origin.genome),
            layout.transcripts(origin.genome),
            layout.exons(origin.genome),
        ]
    return (path.relative_to(layout.root).as_posix() for path in paths)


def _write_truth(layout: Layout, genomes: Collection[str], folder: Path) -> None:
    """Write what predictions of the judged splits are compared with, unless the part `evaluation` has released it."""
    splits = {one.split for genome in genomes for one in read_chromosomes(layout.chromosomes(genome))}
    for split in _JUDGED:
        of_split = Layout(folder).truth(split)
        if split in splits and not of_split.is_dir():
            truth = truth_of_split(layout, split, genomes)
            write_truth(truth, of_split, Provenance(truth.inputs, {"split": split}))


def _write_index(contents: Contents, folder: Path) -> None:
    column = contents.index.schema.get_field_index("path")
    paths = pa.array([block.path for block in contents.blocks])
    table = contents.index.replace_schema_metadata().set_column(column, "path", paths)
    write_table(folder / INDEX, table, contents.index_provenance)


def _checksums(folder: Path, known: dict[str, str]) -> Iterator[str]:
    """Return the lines that `sha256sum --check` reads."""
    for path in sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()):
        yield f"{known.get(path) or sha256_of_file(folder / path)}  {path}\n"


def _write(path: Path, text: str) -> None:
    with whole_file(path) as temporary:
        temporary.write_text(text)
