"""Units of work: what each is made from, whether it is finished, and the tasks that make units on workers."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from genatator_assets.version import __version__
from genatator_assets.work.files import Measured, canonical_json
from genatator_assets.work.manifest import Manifest, OutputFile, finished

FORMAT_VERSION = "1"
"""Version of the layout and schemas under a dataset root; a change that old readers can't read raises it."""

_KEY = "genatator_assets."


class Step(NamedTuple):
    """A step that makes files, and its number: raised when the same ingredients are to give other bytes.

    What is out of date follows from these numbers, never from the package's version; tests/test_steps.py holds
    hashes of what each step makes, and says when a number has to be raised.
    """

    name: str
    number: int


NO_STEP = Step("", 0)


@dataclass(frozen=True)
class Provenance:
    """All that decides the bytes of a unit's files: `inputs` name -> sha256, every parameter, and the step."""

    inputs: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    step: Step = NO_STEP

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of all of it, as 64 hexadecimal digits."""
        whole = {"format": FORMAT_VERSION, **self.as_record()}
        return hashlib.sha256(canonical_json(whole).encode()).hexdigest()

    def as_record(self) -> dict[str, Any]:
        """Return it as what JSON has, without copies of what is in it: of thousands of units those take seconds."""
        return {"inputs": dict(self.inputs), "parameters": dict(self.parameters), "step": list(self.step)}

    def as_metadata(self) -> dict[str, str]:
        """Return the key-value metadata of a Parquet file. No time, host or path, so that bytes stay the same."""
        return {
            f"{_KEY}format_version": FORMAT_VERSION,
            f"{_KEY}step": f"{self.step.name} {self.step.number}",
            f"{_KEY}inputs": canonical_json(dict(self.inputs)),
            f"{_KEY}parameters": canonical_json(dict(self.parameters)),
            f"{_KEY}fingerprint": self.fingerprint,
        }


@dataclass(frozen=True)
class Unit:
    """Files that are made together under `root`; a manifest, written last, says that they are finished."""

    root: Path
    manifest: Path
    provenance: Provenance

    @property
    def fingerprint(self) -> str:
        """Of all that decides the bytes of its files."""
        return self.provenance.fingerprint

    def finished(self) -> Manifest | None:
        """Return its manifest if it was made from these ingredients and its files have their sizes."""
        return finished(self.manifest, self.fingerprint, self.root)

    def begin(self) -> None:
        """Have it count as unfinished, before the first of its files is touched."""
        self.manifest.unlink(missing_ok=True)

    def finish(self, outputs: Mapping[Path, Measured], facts: Mapping[str, Any]) -> Manifest:
        """Record that it is finished: its files, and facts that later steps need."""
        files = tuple(OutputFile.of(path, self.root, measured) for path, measured in outputs.items())
        manifest = Manifest(self.fingerprint, files, facts, self.provenance.as_record(), __version__)
        manifest.write(self.manifest)
        return manifest


class Task(Protocol):
    """What a worker is given: it names itself, and knows how large it is, and which units it makes.

    Tasks are pickled: they name files and hold none open.
    """

    @property
    def key(self) -> str:
        """Name of the task among those of its kind: that of its partition."""

    @property
    def size(self) -> int:
        """How large it is, in any measure that all tasks of its kind share: bases, reads, cells."""

    @property
    def units(self) -> Mapping[str, Unit]:
        """The units that it makes, by the asset that each is a part of."""


class OnlyTask:
    """A task that is the only one of its stage: it needs no name, and there is no other to be larger or smaller."""

    @property
    def key(self) -> str:
        """The name of the task of a stage without partitions."""
        return ""

    @property
    def size(self) -> int:
        """One: there is nothing to compare it with."""
        return 1
