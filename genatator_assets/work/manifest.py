"""Manifests: what made a finished unit of work, written last, so that a unit with a manifest is whole."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from genatator_assets.work.files import Measured, canonical_json, size_of, write_json


@dataclass(frozen=True)
class OutputFile:
    """A file of a finished unit; `path` is relative to the dataset root."""

    path: str
    bytes: int
    sha256: str

    @classmethod
    def of(cls, path: Path, root: Path, measured: Measured) -> "OutputFile":
        """Name a file that was measured before it was put in its place."""
        return cls(path.relative_to(root).as_posix(), measured.bytes, measured.sha256)


@dataclass(frozen=True)
class Manifest:
    """What made a unit (`fingerprint`, of `made_from`), its files, and facts about it that later steps need.

    `platform` is the version of the package that made it; it decides nothing.
    """

    fingerprint: str
    outputs: tuple[OutputFile, ...]
    facts: Mapping[str, Any]
    made_from: Mapping[str, Any] = field(default_factory=dict)
    platform: str = ""

    def write(self, path: Path) -> None:
        """Store it, whole or not at all."""
        write_json(path, asdict(self))


def fingerprint_of(ingredients: Mapping[str, Any]) -> str:
    """Hash everything that decides a unit's bytes: inputs' hashes, parameters, versions."""
    return hashlib.sha256(canonical_json(ingredients).encode()).hexdigest()


def read_manifest(path: Path) -> Manifest | None:
    """Read a manifest; None where there is none or it can't be one (then the unit is not finished)."""
    try:
        stored = json.loads(path.read_text())
        outputs = tuple(OutputFile(**output) for output in stored["outputs"])
        return Manifest(**{**stored, "outputs": outputs})
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def finished(path: Path, fingerprint: str, root: Path) -> Manifest | None:
    """Return the manifest at `path` if its unit was made by `fingerprint` and all its files have their sizes."""
    manifest = read_manifest(path)
    if manifest is None or manifest.fingerprint != fingerprint:
        return None
    whole = all(size_of(root / output.path) == output.bytes for output in manifest.outputs)
    return manifest if whole else None
