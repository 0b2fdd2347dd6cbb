"""What nobody needs any more in a root, and in this machine's cache: found first, deleted when somebody says so.

Found are whole genomes and single units that the catalogue no longer asks for, the release of an earlier dataset, what
killed processes left behind, inputs that were made or fetched for nothing that there is now, and old runs of Dagster
(`orchestration.runs`). Symbolic links are deleted as links: nothing outside the root is touched.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal, get_args

from genatator_assets.catalogue import Catalogue
from genatator_assets.errors import DatasetError
from genatator_assets.parts import PARTS, parts_of
from genatator_assets.sources.assembly import read_source
from genatator_assets.sources.fetch import cached_files
from genatator_assets.upkeep.disk import bytes_of
from genatator_assets.upkeep.tables import release_state
from genatator_assets.upkeep.units import not_ready, wanted_units
from genatator_assets.work.files import TEMPORARY_SUFFIX, path_name, plain_name, remove_folder, size_of
from genatator_assets.work.layout import Layout
from genatator_assets.work.layout_signals import SignalLayout
from genatator_assets.work.lock import holder_of
from genatator_assets.work.made import record_of
from genatator_assets.work.manifest import Manifest, OutputFile, read_manifest
from genatator_assets.work.storage import cache_folder, is_remote
from genatator_assets.work.tables import provenance_of, read_table
from genatator_assets.work.text import first_of

Kind = Literal["genomes", "units", "releases", "leftovers", "inputs", "cache"]
KINDS: tuple[Kind, ...] = get_args(Kind)
SHARED: tuple[Kind, ...] = ("cache",)
"""Kinds that other datasets have a share in: they are only looked for by name."""

_NAMED = 5
_PART_OF = {
    **dict.fromkeys(("targets", "blocks", "channel_sets", "channel_blocks"), "gene_finding"),
    **dict.fromkeys(("tracks", "windows"), "signals"),
    **{name: name for name in ("segmentation", "intervals", "cells")},
}
"""The part that a folder of the root is of; reports, which commands make as well, are of none."""

_ONE_UNIT_EACH = ("targets", "blocks", "channel_sets", "segmentation")
"""Folders in which each manifest is that of a unit of its own; elsewhere a unit may have several manifests."""


@dataclass(frozen=True)
class Needless:
    """Files and folders that can go: `what` they are and `why` nobody needs them."""

    kind: Kind
    what: str
    why: str
    paths: tuple[Path, ...]
    bytes: int


@dataclass(frozen=True)
class Found:
    """What can go, and what was not looked for and why."""

    needless: tuple[Needless, ...]
    notes: tuple[str, ...]

    @property
    def bytes(self) -> int:
        """How much it frees."""
        return sum(one.bytes for one in self.needless)


def find_needless(catalogue: Catalogue, layout: Layout, kinds: Sequence[Kind], alone: bool = False) -> Found:
    """Look for what can go. Nothing is changed. `alone` says that the caller is the root's only writer.

    Raises:
        DatasetError: the root is in an object store, or it is that of another dataset.
    """
    if is_remote(layout.root):
        raise DatasetError(f"{layout.root} is in an object store: delete there by its own tools what 'status' names")
    _require_same_dataset(catalogue, layout)
    finders: dict[Kind, Callable[[], Iterator[Needless]]] = {
        "genomes": lambda: _genomes(catalogue, layout),
        "units": lambda: _units(catalogue, layout),
        "releases": lambda: _releases(layout),
        "leftovers": lambda: _leftovers(layout, alone),
        "inputs": lambda: _simulated(catalogue, layout),
        "cache": lambda: _cached(catalogue, layout),
    }
    found: list[Needless] = []
    notes: list[str] = []
    for kind in kinds:
        try:
            found += finders[kind]()
        except _NotKnownError as why:
            notes.append(f"{kind}: not looked for, because {why}")
    return Found(tuple(found), tuple(notes))


class _NotKnownError(Exception):
    """What of a kind can go is not known now."""


def remove(found: Found, root: Path) -> None:
    """Delete what was found, and the folders that are empty then. The caller is the only writer of `root`."""
    for one in found.needless:
        for path in one.paths:
            if path.is_dir() and not path.is_symlink():
                remove_folder(path)
            else:
                path.unlink(missing_ok=True)
            _remove_empty(path.parent, root)


def foreign_genomes(catalogue: Catalogue, layout: Layout) -> list[str]:
    """Return the genomes that have folders in a root and that the catalogue does not name."""
    return sorted({genome for genome, _ in layout.folders_of_genomes()} - set(catalogue.genomes))


def _require_same_dataset(catalogue: Catalogue, layout: Layout) -> None:
    """Ensure that a root is of this catalogue: by another one, all of it would be needless."""
    held = {genome for genome, _ in layout.folders_of_genomes()}
    name = catalogue.dataset
    if layout.index.is_file():
        name = provenance_of(layout.index).parameters.get("dataset", name)
    if name != catalogue.dataset or (held and not held & set(catalogue.genomes)):
        raise DatasetError(
            f"{layout.root} is of dataset {name!r} with the genomes {', '.join(sorted(held))};"
            f" {catalogue.origin} is of {catalogue.dataset!r} with {', '.join(catalogue.genomes)}."
            " Nothing was looked for: give the root's own --catalogue"
        )


def _genomes(catalogue: Catalogue, layout: Layout) -> Iterator[Needless]:
    for genome in foreign_genomes(catalogue, layout):
        folders = [folder for held, folder in layout.folders_of_genomes() if held == genome]
        yield _needless("genomes", genome, "the catalogue does not name it", folders)


def _units(catalogue: Catalogue, layout: Layout) -> Iterator[Needless]:
    """Return what is stored and not asked for: folders of parts, and units of chromosomes left out, of tracks, ..."""
    if waiting := not_ready(catalogue, layout):
        raise _NotKnownError(f"genomes are still to be prepared by a build: {', '.join(waiting)}")
    unknown: list[tuple[str, str]] = []
    wanted = {one.unit.manifest for one in wanted_units(catalogue, layout, unknown)}
    if unknown:
        named = [" ".join(one).strip() for one in unknown]
        raise _NotKnownError(f"what is asked for is known only after a build: {first_of(named, _NAMED)}")
    asked = parts_of(catalogue)
    for name, part in _PART_OF.items():
        folder = layout.root / name
        if part in PARTS and part not in asked and folder.is_dir():
            yield _needless("units", name, f"the catalogue has no {part}", [folder])
        elif name in _ONE_UNIT_EACH:
            yield from _units_in(folder, layout, catalogue, wanted)
        elif name == "tracks":
            yield from _recordings(folder, catalogue, wanted)
        elif name == "windows" and part in asked:
            yield from _window_sets(folder, [one.name for one in getattr(catalogue, part).windows])


def _recordings(tracks: Path, catalogue: Catalogue, wanted: set[Path]) -> Iterator[Needless]:
    """Return the folders tracks/<genome>/<name> in which no unit that is asked for lies, nor anything it made.

    A stranded recording keeps its manifests in the folder of its name, and its runs in those of its two tracks.
    """
    own = [manifest for manifest in wanted if tracks in manifest.parents]
    made = [tracks.parent / file.path for path in own if (kept := read_manifest(path)) for file in kept.outputs]
    asked = {folder for path in (*own, *made) for folder in path.parents}
    for folder in sorted(tracks.glob("*/*")):
        if folder not in asked and folder.is_dir() and plain_name(folder.parent.name) in catalogue.genomes:
            what = folder.relative_to(tracks.parent).as_posix()
            yield _needless("units", what, "the catalogue does not ask for it", [folder])


def _window_sets(windows: Path, asked: Sequence[str]) -> Iterator[Needless]:
    """Return the folders of window sets, windows/<set>, that the catalogue does not name."""
    known = {path_name(name) for name in asked}
    for folder in sorted(windows.glob("*")):
        if folder.is_dir() and folder.name not in known:
            yield _needless("units", f"windows/{folder.name}", "the catalogue does not ask for it", [folder])


def _units_in(folder: Path, layout: Layout, catalogue: Catalogue, wanted: set[Path]) -> Iterator[Needless]:
    gone = {held for genome, held in layout.folders_of_genomes() if genome not in catalogue.genomes}
    stored = [
        (path, manifest)
        for path in _json_files(folder)
        if path not in wanted and not gone & set(path.parents) and (manifest := read_manifest(path))
    ]
    kept = {output.path for path in wanted for output in _outputs(read_manifest(path))} if stored else set()
    for path, manifest in stored:
        own = [output.path for output in _outputs(manifest) if output.path not in kept]
        paths = [path, record_of(path), *(layout.root / name for name in own if _is_inside(name))]
        what = path.relative_to(layout.root).as_posix()
        yield _needless("units", what, "the catalogue does not ask for it", [one for one in paths if size_of(one) >= 0])


def _outputs(manifest: Manifest | None) -> tuple[OutputFile, ...]:
    return manifest.outputs if manifest else ()


def _is_inside(name: str) -> bool:
    """Return whether a path that a manifest names stays in the root."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts


def _json_files(folder: Path) -> Iterator[Path]:
    for inside, _, files in os.walk(folder):
        yield from (Path(inside, name) for name in sorted(files) if name.endswith(".json"))


def _releases(layout: Layout) -> Iterator[Needless]:
    if release_state(layout) == "out of date":
        yield _needless("releases", layout.release.name, "it has other blocks than the dataset now", [layout.release])


def _leftovers(layout: Layout, alone: bool) -> Iterator[Needless]:
    """Return what killed processes left."""
    if not alone and (writer := holder_of(layout.root)):
        raise _NotKnownError(f"the root is written to now, by {writer}")
    for folder, names, files in os.walk(layout.root):
        left = [name for name in (*names, *files) if name.startswith(".") and name.endswith(TEMPORARY_SUFFIX)]
        if Path(folder) == layout.root:
            left += [name for name in names if name.startswith(".dask-")]
            names[:] = [name for name in names if name != layout.dagster_home.name]
        names[:] = [name for name in names if name not in left]
        for path in (Path(folder, name) for name in left):
            what = path.relative_to(layout.root).as_posix()
            yield _needless("leftovers", what, "a process that was killed left it", [path])


def _simulated(catalogue: Catalogue, layout: Layout) -> Iterator[Needless]:
    for assembly in catalogue.assemblies:
        folder = layout.simulated(assembly.genome)
        if assembly.simulate is None and folder.is_dir():
            yield _needless("inputs", f"simulated files of {assembly.genome}", "it is not simulated any more", [folder])


def _cached(catalogue: Catalogue, layout: Layout) -> Iterator[Needless]:
    """Return what was fetched and is neither an input of this dataset nor beside one (such as its checksums)."""
    named = [assembly.genome for assembly in catalogue.assemblies if assembly.accession]
    if unknown := [genome for genome in named if not layout.source(genome).is_file()]:
        raise _NotKnownError(f"genomes are still to be imported by a build: {', '.join(unknown)}")
    used = {url for assembly in catalogue.assemblies for url in _addresses(catalogue, layout, assembly.genome)}
    used |= {str(file.url) for file in catalogue.remote_files()}
    if (tracks := SignalLayout(layout.root).table).is_file():
        used |= {url for url in read_table(tracks, columns=["url"])["url"].to_pylist() if url}
    for cached in cached_files(cache_folder()):
        beside = f"{cached.url.rpartition('/')[0]}/"
        if not cached.url or not any(url.startswith(beside) for url in used):
            why = "this dataset does not use it" if cached.url else "it never arrived whole"
            yield _needless("cache", cached.url or cached.folder.name, why, [cached.folder])


def _addresses(catalogue: Catalogue, layout: Layout, genome: str) -> Iterator[str]:
    assembly = catalogue.assembly(genome)
    for given in (assembly.sequence, assembly.annotation, assembly.aliases):
        if url := getattr(given, "url", None):
            yield url
    if layout.source(genome).is_file():
        yield from (file.url for file in read_source(layout, genome).inputs.values() if file.url)


def _needless(kind: Kind, what: str, why: str, paths: Sequence[Path]) -> Needless:
    return Needless(kind, what, why, tuple(paths), sum(map(bytes_of, paths)))


def _remove_empty(folder: Path, root: Path) -> None:
    while folder != root and folder.is_relative_to(root) and not (folder.is_dir() and any(folder.iterdir())):
        if folder.is_dir():
            folder.rmdir()
        folder = folder.parent
