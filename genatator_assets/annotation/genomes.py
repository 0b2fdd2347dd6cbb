"""Genomes brought in by workers: of each its assembly and then its annotation, as one task.

Both are one task, not two in turn: a bad sequence of one genome keeps no other genome's annotation from being read.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from genatator_assets.annotation.transcripts import read_as_wanted, select_isoforms
from genatator_assets.catalogue import Annotation, Assembly, Catalogue
from genatator_assets.sources.assembly import import_assembly
from genatator_assets.work.layout import Layout
from genatator_assets.work.made import recorded
from genatator_assets.work.outcome import Outcome
from genatator_assets.work.pool import Workers, run_tasks


@dataclass(frozen=True)
class GenomeTask:
    """All that a worker needs to know of a genome: `catalogue` has no other, and no sections.

    assembly, annotation: whether each of them is brought in. run_id: what is recorded beside the files.
    """

    catalogue: Catalogue
    root: Path
    assembly: bool
    annotation: bool
    run_id: str | None = None

    @property
    def key(self) -> str:
        """The genome."""
        return self.catalogue.genomes[0]

    @property
    def size(self) -> int:
        """Bytes of its files, as far as they are on this machine; bases of a simulated one."""
        entry = self._entry
        if entry.simulate is not None:
            return entry.simulate.total_bp
        paths = (entry.sequence.path, entry.annotation.path)
        return sum(path.stat().st_size for path in paths if path is not None and path.is_file())

    @property
    def annotated(self) -> bool:
        """Whether its annotation is brought in, if it has one."""
        return self.annotation and self._entry.annotated

    @property
    def to_read(self) -> tuple[Path, Annotation] | None:
        """The annotation that is certainly to be read: a file on this machine, of a genome that has none yet."""
        wanted = self._entry.annotation
        if not (self.assembly and self.annotated) or wanted.path is None:
            return None
        return None if Layout(self.root).annotation_summary(self.key).exists() else (wanted.path, wanted)

    @property
    def _entry(self) -> Assembly:
        return self.catalogue.assembly(self.key)


def bring_in_all(tasks: Sequence[GenomeTask], workers: Workers) -> Iterator[Outcome]:
    """Bring genomes in, each by one of the workers or, where they are fewer than these, one after another by all."""
    if workers.local and 2 * len(tasks) < workers.at_once:
        return (_bring_in(task, workers) for task in tasks)
    return run_tasks(workers, bring_in, tasks)


def bring_in(tasks: Sequence[GenomeTask]) -> list[Outcome]:
    """Bring genomes in; what is there already, made from the same bytes by the same rules, is left as it is.

    The facts of an outcome are "assembly", its chromosomes, and "annotation", its summary. A genome whose annotation
    fails has the facts of its assembly all the same.
    """
    return [_bring_in(task) for task in tasks]


def _bring_in(task: GenomeTask, workers: Workers | None = None) -> Outcome:
    """Bring a genome in; where `workers` check the sequence, this process reads the annotation meanwhile."""
    layout, genome = Layout(task.root), task.key
    facts: dict[str, Any] = {}
    with ThreadPoolExecutor(1) as meanwhile:
        begun = meanwhile.submit(read_as_wanted, *task.to_read) if workers and task.to_read else None
        try:
            if task.assembly:
                with recorded(layout.source(genome), task.run_id):
                    facts["assembly"] = import_assembly(task.catalogue, genome, layout, workers=workers)
            if task.annotated:
                with recorded(layout.annotation_summary(genome), task.run_id):
                    facts["annotation"] = select_isoforms(task.catalogue, genome, layout, begun)
        except Exception as error:  # noqa: BLE001 - one bad genome must not take the others down
            return replace(Outcome.failed(genome, error), facts=facts)
    return Outcome(genome, "built", facts)
