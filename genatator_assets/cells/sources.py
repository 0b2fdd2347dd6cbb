"""A dataset's file, as it comes in: fetched if need be, hashed, surveyed, its genes named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genatator_assets.cells import survey as surveys
from genatator_assets.cells import symbols
from genatator_assets.cells.layout import CellsLayout
from genatator_assets.cells.outcomes import noted
from genatator_assets.cells.survey import SurveyRules, read_surveyed
from genatator_assets.cells.symbols import SymbolRules
from genatator_assets.errors import H5adError
from genatator_assets.sources.h5ad import open_h5ad
from genatator_assets.work.files import Measured, require_own_folder, sha256_of_file
from genatator_assets.work.made import recorded
from genatator_assets.work.outcome import Outcome
from genatator_assets.work.unit import Provenance, Step, Unit

if TYPE_CHECKING:
    from genatator_assets.catalogue.model import Input

SOURCES, GENES = "cell_sources", "gene_symbols"


@dataclass(frozen=True)
class SourcesTask:
    """All files of a catalogue. `failures` are those of datasets that could not be read before: they are tried again.

    A file that can't be read leaves the others alone; its chunks then say why there are none.
    """

    root: Path
    files: tuple[SourceTask, ...]
    failures: Mapping[str, Mapping[str, Any]]

    @property
    def key(self) -> str:
        """There is one."""
        return ""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @cached_property
    def units(self) -> dict[str, Unit]:
        """What is known of all files, by asset: each file has units of its own."""
        layout, failed = CellsLayout(self.root), {"failed": dict(self.failures)}
        places = {SOURCES: (layout.sources, surveys.STEP), GENES: (layout.symbols, symbols.STEP)}
        units = {}
        for asset, (place, step) in places.items():
            inputs = {file.dataset: file.units[asset].fingerprint for file in self.files}
            units[asset] = Unit(self.root, place, Provenance(inputs, failed, step))
        return units


def join_sources(task: SourcesTask, outcomes: Sequence[Outcome]) -> Outcome:
    """Tell what became of all files; it fails if none could be read."""
    failed = sorted((one for one in outcomes if one.error), key=lambda one: one.key)
    if len(failed) == len(task.files):
        told = "; ".join(f"{one.key}: {one.error}" for one in failed)
        return Outcome(task.key, "failed", error=told, traceback=failed[0].traceback)
    for asset, unit in task.units.items():
        made = {file.dataset: file.units[asset].finished() for file in task.files}
        outputs = {
            task.root / output.path: Measured(output.bytes, output.sha256)
            for manifest in made.values()
            if manifest is not None
            for output in manifest.outputs
        }
        facts = {name: dict(manifest.facts) for name, manifest in made.items() if manifest is not None}
        unit.finish(outputs, {"files": facts, "failed": {one.key: one.error for one in failed}})
    return Outcome(task.key, "built")


@dataclass(frozen=True)
class SourceTask:
    """A file to be looked at, and by what rules."""

    root: Path
    dataset: str
    source: Input
    rules: SurveyRules
    symbols: SymbolRules
    run_id: str | None = None

    @property
    def key(self) -> str:
        """Name of the dataset."""
        return self.dataset

    @cached_property
    def size(self) -> int:
        """Size of the file in bytes; 0 for one that is still to be fetched."""
        path = self.source.path
        return path.stat().st_size if path is not None and path.is_file() else 0

    @property
    def layout(self) -> CellsLayout:
        """Where its files stand."""
        return CellsLayout(self.root)

    @cached_property
    def units(self) -> dict[str, Unit]:
        """What it makes, by asset. Whether that is finished is asked of the file's size and time, not of all bytes."""
        layout, rules, genes = self.layout, self.rules.recorded, self.symbols.recorded
        made_of = {SOURCES: (layout.source, rules, surveys.STEP), GENES: (layout.genes_manifest, genes, symbols.STEP)}
        return {
            asset: Unit(
                self.root, place(self.dataset), self._as_it_lies({**parameters, "matrix": rules["matrix"]}, step)
            )
            for asset, (place, parameters, step) in made_of.items()
        }

    def _as_it_lies(self, parameters: dict[str, Any], step: Step) -> Provenance:
        path, stated = self.source.path, self.source.model_dump(mode="json")
        if path is not None and path.is_file():
            found = path.stat()
            stated |= {"bytes": found.st_size, "modified_ns": found.st_mtime_ns}
        return Provenance({}, {**parameters, "file": stated}, step)


def build_sources(tasks: Sequence[SourceTask]) -> list[Outcome]:
    """Look at each file; a bad one becomes a failed outcome and leaves the others alone."""
    return [noted(_build, task, task.layout, task.dataset, "sources") for task in tasks]


def _build(task: SourceTask) -> Outcome:
    units = task.units
    if all(unit.finished() for unit in units.values()):
        return Outcome(task.key, "intact")
    path = _path(task)
    sha256 = _hash(task, path)
    for unit in units.values():
        require_own_folder(unit.manifest.parent, task.root)
        unit.begin()
    with recorded(units[SOURCES].manifest, task.run_id), open_h5ad(path) as file:
        surveyed, plan = surveys.survey(file, task.dataset, sha256, task.rules, task.layout)
        named, genes = symbols.write_genes(file, task.dataset, sha256, task.rules.matrix, task.symbols, task.layout)
    units[SOURCES].finish(plan, asdict(surveyed))
    units[GENES].finish(genes, asdict(named))
    return Outcome(task.key, "built")


def _path(task: SourceTask) -> Path:
    """Return where the file is on this machine; it is fetched if the catalogue gives its address."""
    if task.source.path is None:
        from genatator_assets.sources.inputs import resolve_file  # noqa: PLC0415 - slow to import, seldom needed

        return resolve_file(task.source).path
    if not task.source.path.is_file():
        raise H5adError(f"{task.source.path} does not exist; it was there when the catalogue was read")
    return task.source.path


def _hash(task: SourceTask, path: Path) -> str:
    """Return the file's SHA-256: as it is recorded if neither its size nor its time has changed since."""
    found, now = read_surveyed(task.layout, task.dataset), path.stat()
    if found and (found.path, found.bytes, found.modified_ns) == (str(path), now.st_size, now.st_mtime_ns):
        return found.sha256
    return sha256_of_file(path)
