"""Building the part `signals` without Dagster, for its tests."""

import pickle
from pathlib import Path
from typing import Any

import yaml

from genatator_assets.catalogue import Catalogue
from genatator_assets.parts import load_catalogue
from genatator_assets.signals.part import PART
from genatator_assets.sources.assembly import import_assembly
from genatator_assets.work.layout import Layout
from genatator_assets.work.outcome import Outcome


def catalogue_of(folder: Path, document: dict[str, Any]) -> Catalogue:
    """Write a catalogue and load it; chromosomes of any length are included."""
    path = folder / "catalogue.yaml"
    path.write_text(yaml.safe_dump({"dataset": "d", "min_chromosome_length_bp": 1, **document}))
    return load_catalogue(path)


def built(catalogue: Catalogue, root: Path) -> list[Outcome]:
    """Import the assemblies and run the stages of the part, in order; return what became of all tasks."""
    for genome in catalogue.genomes:
        import_assembly(catalogue, genome, Layout(root))
    outcomes: list[Outcome] = []
    for stage in PART.stages:
        keys = stage.partitions.keys(catalogue, root) if stage.partitions else [""]
        tasks = stage.tasks(catalogue, root, keys)
        assert not tasks.faults, tasks.faults
        for task in tasks.by_key.values():
            pieces = list(stage.pieces(task)) if stage.pieces else [task]
            for_workers = stage.pieces is not None or stage.partitions is not None
            made = stage.build(pickle.loads(pickle.dumps(pieces)) if for_workers else pieces)
            outcomes += [stage.join(task, made)] if stage.join else made
        shown = {
            name: manifest
            for task in tasks.by_key.values()
            for name, unit in task.units.items()
            if (manifest := unit.finished())
        }
        for task in tasks.by_key.values():
            if shown:
                stage.show(task, shown)
    return outcomes
