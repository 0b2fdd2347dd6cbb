"""From the catalogue's section to chunks: the steps of a dataset of cells, and what each needs of the ones before.

    survey -> genes ----------------> chunks -> gather
          \\-> publications -> donors -/

Each step goes through datasets by name, leaves bad ones out with their reason, and does only what is not done already.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from genatator_assets.cells.chunks import build_chunks, intact
from genatator_assets.cells.finish import DatasetTask, dataset_task, finish_datasets, sort_by_rows, whole
from genatator_assets.cells.layout import CellsLayout
from genatator_assets.cells.publications import Refreshed, read_publications, write_publications
from genatator_assets.cells.recipe import ChunkTask, GeneList, Recipe, SentenceRules, chunk_tasks
from genatator_assets.cells.section import CellFile, Cells, CellSplit
from genatator_assets.cells.split import Scoped, write_donors
from genatator_assets.cells.survey import Surveyed, SurveyTask, read_surveyed, survey
from genatator_assets.cells.symbols import GeneTask, SymbolRules, name_all
from genatator_assets.errors import DatasetError, GenatatorError, H5adError
from genatator_assets.sources.fetch import Cache
from genatator_assets.sources.inputs import Remote, fetch_input, stated_checksum
from genatator_assets.work.files import Measured, remove_folder, sha256_of_file, write_json
from genatator_assets.work.layout import Layout
from genatator_assets.work.manifest import read_manifest
from genatator_assets.work.outcome import Outcome
from genatator_assets.work.pool import Workers, run_batches

_RANGES_AT_ONCE = 64
_SPILL_FROM = 2_000_000

Tell = Callable[[Outcome, int], None]
"""Called with the outcome of each range of rows and its size."""


def untold(_outcome: Outcome, _size: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class CellsBuild:
    """A section of a catalogue and the root where it is built."""

    cells: Cells
    root: Path
    run_id: str | None = None

    @property
    def layout(self) -> CellsLayout:
        """Where its files stand."""
        return CellsLayout(self.root)

    @cached_property
    def files(self) -> dict[str, CellFile]:
        """The files, by dataset."""
        return {file.name: file for file in self.cells.files()}

    @property
    def split(self) -> CellSplit | None:
        """How donors are split; None if they are not."""
        return None if self.cells.split == "none" else self.cells.split

    def survey(self, datasets: Iterable[str], workers: Workers, cache: Cache) -> Iterator[Outcome]:
        """Look at files, which are fetched first where the catalogue gives an address; an outcome per dataset."""
        tasks = []
        for dataset in datasets:
            try:
                tasks.append(self._survey_task(self.files[dataset], cache))
            except GenatatorError as error:
                yield self._told(Outcome(dataset, "failed", error=str(error)), "survey")
        for outcome in run_batches(workers, survey, tasks):
            yield self._told(outcome, "survey")

    def _survey_task(self, file: CellFile, cache: Cache) -> SurveyTask:
        source, lists = file.source, tuple(self.cells.sentence.lists)
        path = source.path
        if path is None:
            path = fetch_input(Remote(str(source.url), stated_checksum(source)), cache).path
        rules = self.cells.age, self.cells.chunk_cells, self.cells.primary_only
        return SurveyTask(self.root, file.name, path, file.matrix, *rules, lists)

    def name_genes(self, datasets: Iterable[str], workers: Workers) -> Iterator[Outcome]:
        """Find the symbols of the genes of files; an outcome per dataset.

        Raises:
            DatasetError: the assembly whose genes are to be used has no transcripts yet.
        """
        rules = SymbolRules.of(self.cells.genes, Layout(self.root))
        for outcome in run_batches(
            workers, name_all, [self._gene_task(*one, rules) for one in self._surveyed(datasets)]
        ):
            yield self._told(outcome, "genes")

    def _gene_task(self, dataset: str, found: Surveyed, rules: SymbolRules) -> GeneTask:
        return GeneTask(self.root, dataset, Path(found.path), found.sha256, found.matrix, rules)

    def write_publications(self, cache: Cache) -> Refreshed:
        """Make the table of publications, unless it is fresh."""
        return write_publications(self.cells.publications, self.layout, cache, self.run_id)

    def write_donors(self) -> Measured:
        """Decide the split of all donors of all datasets that could be looked at.

        Raises:
            DatasetError: there are none.
        """
        known, rules = read_publications(self.layout), self.split
        scoped = [Scoped.of(dataset, found, known, rules) for dataset, found in self._surveyed(self.files)]
        if not scoped:
            raise DatasetError("no dataset of cells could be read, so there are no donors to split")
        return write_donors(scoped, rules, self.layout)

    def build_chunks(self, datasets: Sequence[str], workers: Workers, tell: Tell = untold) -> Iterator[Outcome]:
        """Build the chunks of datasets; an outcome per dataset, as they are finished.

        Small datasets are built at the same time, and the ranges of large ones are.
        """
        waiting: list[tuple[DatasetTask, list[ChunkTask]]] = []
        for dataset, found in self._surveyed(datasets):
            try:
                recipe = self.recipe(dataset)
                ranges = chunk_tasks(recipe, found, self.split is not None)
            except GenatatorError as error:
                yield self._told(Outcome(dataset, "failed", error=str(error)), "chunks")
                continue
            task = replace(dataset_task(recipe, ranges, found.cells, dict(found.dropped)), run_id=self.run_id)
            if done := whole(task):
                yield self._told(done, "chunks")
                continue
            waiting.append((task, ranges))
            if sum(len(ranges) for _, ranges in waiting) >= _RANGES_AT_ONCE:
                yield from self._together(waiting, workers, tell)
                waiting = []
        yield from self._together(waiting, workers, tell)

    def _together(
        self, datasets: Sequence[tuple[DatasetTask, list[ChunkTask]]], workers: Workers, tell: Tell
    ) -> Iterator[Outcome]:
        """Build some datasets at once: CSC matrices are sorted, then ranges built, then each dataset is finished."""
        failed: dict[str, list[Outcome]] = defaultdict(list)
        unsorted = [task.recipe for task, ranges in datasets if _needs_sorting(task.recipe, ranges)]
        for outcome in run_batches(workers, sort_by_rows, unsorted) if unsorted else ():
            failed[outcome.key] += [outcome] if outcome.error else []
        ranges = {one.key: one for task, ranges in datasets for one in ranges if not failed[task.key]}
        for outcome in run_batches(workers, build_chunks, ranges.values()) if ranges else ():
            tell(outcome, ranges[outcome.key].length)
            failed[ranges[outcome.key].recipe.dataset] += [outcome] if outcome.error else []
        for task, _ in datasets:
            if failed[task.key]:
                yield self._told(_first_of(task, failed[task.key]), "chunks")
            else:
                yield self._told(finish_datasets([task])[0], "chunks")

    def recipe(self, dataset: str) -> Recipe:
        """Return what all chunks of a dataset have in common.

        Raises:
            DatasetError: an earlier step has not been done for it.
        """
        layout, found = self.layout, read_surveyed(self.layout, dataset)
        plan, genes = read_manifest(layout.source(dataset)), read_manifest(layout.genes_manifest(dataset))
        if plan is None or genes is None:
            raise DatasetError(f"dataset {dataset} has no table of genes yet; build it first")
        publication = read_publications(layout).find(dataset, found.citation)
        return Recipe(
            root=self.root,
            dataset=dataset,
            path=Path(found.path),
            matrix=found.matrix,
            layout_of_matrix=found.layout,
            made_from={"source": found.sha256, "plan": plan.fingerprint, "genes": genes.fingerprint},
            sentence=self._sentence_rules,
            publication=publication if self.cells.publications.contacts else publication.without_contacts(),
            has_donors=found.donor_column is not None,
            stored_per_cell=found.stored / max(1, found.cells),
        )

    @cached_property
    def _sentence_rules(self) -> SentenceRules:
        rules = self.cells.sentence
        lists = tuple(GeneList(name, path, sha256_of_file(path)) for name, path in sorted(rules.lists.items()))
        return SentenceRules(rules.top_genes, rules.upper_case, lists)

    def _surveyed(self, datasets: Iterable[str]) -> Iterator[tuple[str, Surveyed]]:
        """Return what was found in those of the datasets that could be looked at."""
        for dataset in datasets:
            if read_manifest(self.layout.source(dataset)) is not None:
                yield dataset, read_surveyed(self.layout, dataset)

    def _told(self, outcome: Outcome, step: str) -> Outcome:
        """Keep why a dataset could not be built, for the summary of all."""
        place = self.layout.failure(outcome.key)
        if outcome.error:
            write_json(place, {"step": step, "error": outcome.error})
        elif read_failure(self.layout, outcome.key).get("step") == step:
            place.unlink()
        return outcome


def read_failure(layout: CellsLayout, dataset: str) -> Mapping[str, Any]:
    """Return at which `step` a dataset failed, and the `error`; nothing if it did not."""
    try:
        told: Mapping[str, Any] = json.loads(layout.failure(dataset).read_text())
    except FileNotFoundError:
        return {}
    return told


def _needs_sorting(recipe: Recipe, ranges: Sequence[ChunkTask]) -> bool:
    """Return whether to sort a matrix by rows first: it is in CSC and large, and some of its ranges are to be built."""
    stored = sum(one.length for one in ranges)
    return recipe.layout_of_matrix == "csc" and stored > _SPILL_FROM and not all(map(intact, ranges))


def _first_of(task: DatasetTask, failed: Sequence[Outcome]) -> Outcome:
    """Return the outcome of a dataset of which ranges failed. If the file is at fault, none of its chunks are kept."""
    first = min(failed, key=lambda outcome: outcome.key)
    if any(outcome.facts.get("fault") == H5adError.__name__ for outcome in failed):
        for folder in (task.recipe.layout.dataset(task.key), task.recipe.layout.counts(task.key, 0).parent):
            if folder.is_dir():
                remove_folder(folder)
    more = f" (and {len(failed) - 1} more of its ranges)" if len(failed) > 1 else ""
    return Outcome(task.key, "failed", first.facts, f"{first.error}{more}")
