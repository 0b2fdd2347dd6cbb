"""What there is to do for the evaluation: the truth of each split, and the scores of each prediction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from genatator_assets.annotation.transcripts import is_ready, read_summary
from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.part import Tasks
from genatator_assets.catalogue.values import SPLITS
from genatator_assets.evaluation.evaluate import evaluate
from genatator_assets.evaluation.hashes import Hashed
from genatator_assets.evaluation.publish import write_truth
from genatator_assets.evaluation.report import write_report
from genatator_assets.evaluation.scoring import By
from genatator_assets.evaluation.section import Evaluation, Prediction
from genatator_assets.evaluation.truth import truth_of_split
from genatator_assets.sources.chromosomes import read_chromosomes
from genatator_assets.work.files import Measured
from genatator_assets.work.layout import Layout
from genatator_assets.work.made import recorded
from genatator_assets.work.manifest import read_manifest
from genatator_assets.work.outcome import Outcome, guarded
from genatator_assets.work.unit import OnlyTask, Provenance, Step, Unit

TRUTH = Step("truth", 1)
SCORES = Step("evaluation", 1)
_NOT_LOOKED_AT = "its files are new or have changed, and have not been hashed yet"


def prediction_names(catalogue: Catalogue, _: Path) -> list[str]:
    """Return the names of the predictions of a catalogue."""
    return [prediction.name for prediction in catalogue.section(Evaluation).predictions]


@dataclass(frozen=True)
class TruthTask(OnlyTask):
    """The truth of all splits. `inputs` are the hashes of the annotations' tables, `splits` those that there are."""

    root: Path
    genomes: tuple[str, ...]
    splits: tuple[str, ...]
    inputs: Mapping[str, str]
    run_id: str | None = None

    @cached_property
    def unit(self) -> Unit:
        """The files of all splits and all that decides their bytes."""
        manifest = Layout(self.root).truth("truth").with_suffix(".json")
        return Unit(self.root, manifest, Provenance(self.inputs, {"splits": list(self.splits)}, TRUTH))

    @property
    def units(self) -> dict[str, Unit]:
        """What it makes, by asset."""
        return {"truth": self.unit}


def truth_tasks(catalogue: Catalogue, root: Path, _: Collection[str]) -> Tasks:
    """Return the task of the truth."""
    layout = Layout(root)
    missing = [genome for genome in catalogue.annotated_genomes if not is_ready(catalogue, layout, genome)]
    if missing:
        return Tasks({}, {"": f"genome {missing[0]} is not ready: build its assembly and its selected isoforms first"})
    inputs: dict[str, str] = {}
    found = set()
    for genome in catalogue.annotated_genomes:
        summary = read_summary(layout, genome)
        inputs |= {f"{genome}.transcripts": summary.table_sha256, f"{genome}.exons": summary.exons_sha256}
        found |= {one.split for one in read_chromosomes(layout.chromosomes(genome))}
    return Tasks(
        {"": TruthTask(root, catalogue.annotated_genomes, tuple(split for split in SPLITS if split in found), inputs)}
    )


def build_truth(tasks: Sequence[TruthTask]) -> list[Outcome]:
    """Write the truth of all splits."""
    return [guarded(_build_truth, task) for task in tasks]


def _build_truth(task: TruthTask) -> Outcome:
    if task.unit.finished():
        return Outcome(task.key, "intact")
    task.unit.begin()
    layout = Layout(task.root)
    written: dict[Path, Measured] = {}
    counts = {}
    with recorded(task.unit.manifest, task.run_id):
        for split in task.splits:
            truth = truth_of_split(layout, split, task.genomes)
            made_from = Provenance(truth.inputs, {"split": split}, TRUTH)
            written |= write_truth(truth, layout.truth(split), made_from)
            counts[split] = len(truth.models)
    task.unit.finish(written, {"transcripts": counts})
    return Outcome(task.key, "built")


@dataclass(frozen=True)
class EvaluationTask:
    """A prediction to be scored. `compared_with` are the hashes of all that it is compared with."""

    root: Path
    prediction: Prediction
    k: tuple[int, ...]
    compared_with: Mapping[str, str]
    run_id: str | None = None

    @property
    def key(self) -> str:
        """Name of the prediction."""
        return self.prediction.name

    @property
    def size(self) -> int:
        """Predictions count alike."""
        return 1

    @property
    def hashes(self) -> Path:
        """Where the hashes of the prediction's files are kept."""
        return Layout(self.root).evaluation(self.prediction.name) / ".prediction.json"

    def unit(self, sha256: str) -> Unit:
        """Return the report of a prediction that has this hash, and all that decides its bytes."""
        inputs = {"prediction": sha256, **self.compared_with}
        parameters = {"split": self.prediction.split, "k": list(self.k), "sites": self.prediction.sites}
        manifest = Layout(self.root).evaluation(self.prediction.name) / "manifest.json"
        return Unit(self.root, manifest, Provenance(inputs, parameters, SCORES))

    @property
    def units(self) -> dict[str, Unit]:
        """What it makes, by asset. A plan reads no prediction: it takes one whose files are as they were as known."""
        kept, path = Hashed.read(self.hashes), self.prediction.path
        return {"evaluation": self.unit(kept.sha256(path) if kept and kept.is_still(path) else _NOT_LOOKED_AT)}


def evaluation_tasks(catalogue: Catalogue, root: Path, keys: Collection[str]) -> Tasks:
    """Return the tasks of predictions by name."""
    layout, section = Layout(root), catalogue.section(Evaluation)
    known = {prediction.name: prediction for prediction in section.predictions}
    tasks = {}
    for name in keys:
        if prediction := known.get(name):
            compared_with = _compared_with(catalogue, layout, prediction.split)
            tasks[name] = EvaluationTask(root, prediction, section.k, compared_with)
    return Tasks(tasks, {name: f"the catalogue has no prediction {name!r}" for name in keys if name not in known})


def _compared_with(catalogue: Catalogue, layout: Layout, split: str) -> dict[str, str]:
    """Return what the truth of a split is made from: annotations' tables, targets, and the leakage report."""
    inputs: dict[str, str] = {}
    for genome in catalogue.annotated_genomes:
        if not is_ready(catalogue, layout, genome):
            continue
        summary = read_summary(layout, genome)
        inputs |= {f"{genome}.transcripts": summary.table_sha256, f"{genome}.exons": summary.exons_sha256}
        for one in read_chromosomes(layout.chromosomes(genome)):
            if one.split == split:
                targets = read_manifest(layout.segments_manifest(genome, one.chrom))
                inputs |= {f"{genome}/{one.chrom}.targets": targets.fingerprint} if targets else {}
    leakage = read_manifest(layout.leakage_manifest)
    return inputs | ({"leakage": leakage.fingerprint} if leakage else {})


def build_evaluation(tasks: Sequence[EvaluationTask]) -> list[Outcome]:
    """Score each prediction; a bad one becomes a failed outcome and leaves the others alone."""
    return [guarded(_build_evaluation, task) for task in tasks]


def _build_evaluation(task: EvaluationTask) -> Outcome:
    one, layout = task.prediction, Layout(task.root)
    hashed = Hashed.of(one.path, Hashed.read(task.hashes))
    unit = task.unit(hashed.sha256(one.path))
    hashed.write(task.hashes)
    if unit.finished():
        return Outcome(task.key, "intact")
    unit.begin()
    with recorded(unit.manifest, task.run_id):
        by: list[By] = ["genome", "type", "strand"]
        if layout.leakage("windows").is_file():
            by.append("leakage")
        scores = evaluate(task.root, one.split, {one.name: one.path}, k=task.k, by=by, sites=one.sites)
        written = write_report(scores, layout.evaluation(one.name), unit.provenance)
    unit.finish(written, {"rows": len(scores.table)})
    return Outcome(task.key, "built")
