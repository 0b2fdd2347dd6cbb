"""Stored bytes read again: every file of a root that a manifest names must have the hash that it was written with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from genatator_assets.work.files import files_under, sha256_of_file, size_of
from genatator_assets.work.manifest import OutputFile, read_manifest
from genatator_assets.work.outcome import Outcome, guarded

_NOT_OURS = ("release/",)  # hard links to files that are read anyway, and copies of them


@dataclass(frozen=True)
class StoredUnit:
    """A finished unit, whatever part it is of: its manifest, relative to the root, and how many bytes it names."""

    root: Path
    manifest: str
    size: int

    @property
    def key(self) -> str:
        """Name of the unit: its manifest."""
        return self.manifest


def stored_units(root: Path) -> Iterator[StoredUnit]:
    """Return the finished units under a root: all that have a manifest."""
    for name in files_under(root):
        if name.endswith(".json") and not name.startswith(_NOT_OURS) and (manifest := read_manifest(root / name)):
            yield StoredUnit(root, name, sum(output.bytes for output in manifest.outputs))


def discard_damaged(units: Sequence[StoredUnit]) -> list[Outcome]:
    """Read all files of each unit; if one is damaged, remove the manifest, so that the next build makes the unit anew.

    The outcome is `intact`, or else `built`, with the damaged files as the fact `damaged`.
    """
    return [guarded(_discard_damaged, unit) for unit in units]


def damaged_files(manifest: Path, root: Path) -> list[str]:
    """Return the files of the unit at `manifest` that are missing or have other bytes than were written, relative to
    the root; reads all of them."""
    found = read_manifest(manifest)
    return [output.path for output in found.outputs if _is_damaged(output, root)] if found else []


def _discard_damaged(unit: StoredUnit) -> Outcome:
    manifest = unit.root / unit.manifest
    bad = damaged_files(manifest, unit.root)
    if not bad:
        return Outcome(unit.key, "intact")
    manifest.unlink(missing_ok=True)
    return Outcome(unit.key, "built", {"damaged": bad})


def _is_damaged(output: OutputFile, root: Path) -> bool:
    path = root / output.path
    return size_of(path) != output.bytes or sha256_of_file(path) != output.sha256
