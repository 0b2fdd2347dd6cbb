"""What the toy is to the platform."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.part import (
    FINISH,
    PREPARE,
    Asset,
    Check,
    Finding,
    Part,
    Partitions,
    ReleasedFile,
    Stage,
    Tasks,
)
from genatator_assets.errors import DatasetError
from genatator_assets.work.outcome import Outcome, guarded
from genatator_assets.work.tables import read_table, write_table
from genatator_assets.work.text import TextTable
from genatator_assets.work.unit import Provenance, Step, Unit
from toy.section import Toy

WORDS = pa.schema([("text", pa.string()), ("words", pa.int64())])
STEP = Step("toy", 1)


@dataclass(frozen=True)
class Text:
    root: Path
    asset: str
    key: str
    text: str
    size: int = 1

    @property
    def path(self) -> Path:
        return self.root / "toy" / f"{self.asset}{self.key and '-'}{self.key}.parquet"

    @cached_property
    def units(self) -> dict[str, Unit]:
        inputs = {"text": hashlib.sha256(self.text.encode()).hexdigest()}
        return {self.asset: Unit(self.root, self.path.with_suffix(".json"), Provenance(inputs, {}, STEP))}


def texts(catalogue: Catalogue) -> dict[str, str]:
    return catalogue.section(Toy).texts


def names(catalogue: Catalogue, root: Path) -> list[str]:
    return list(texts(catalogue))


def word_tasks(catalogue: Catalogue, root: Path, keys: Collection[str]) -> Tasks:
    known = texts(catalogue)
    by_key = {key: Text(root, "toy_words", key, known[key]) for key in keys if key in known}
    return Tasks(by_key, {key: f"no text {key!r}" for key in keys if key not in known})


def list_task(catalogue: Catalogue, root: Path, keys: Collection[str]) -> Tasks:
    return Tasks({"": Text(root, "toy_list", "", " ".join(texts(catalogue)))})


def sum_task(catalogue: Catalogue, root: Path, keys: Collection[str]) -> Tasks:
    return Tasks({"": Text(root, "toy_sum", "", " ".join(texts(catalogue).values()))})


def build(tasks: Sequence[Text]) -> list[Outcome]:
    return [guarded(_build, task) for task in tasks]


def _build(task: Text) -> Outcome:
    unit = task.units[task.asset]
    if task.text == "bad":
        raise DatasetError(f"text {task.key} is bad")
    table = pa.table([[task.key], [len(task.text.split())]], schema=WORDS)
    unit.finish({task.path: write_table(task.path, table, unit.provenance)}, {"words": len(task.text.split())})
    return Outcome(task.key, "built")


def few(catalogue: Catalogue, root: Path) -> Finding:
    many = tuple(name for name, text in texts(catalogue).items() if len(text.split()) > 5)
    return Finding(len(many), ("text",), tuple((name,) for name in many))


def page(catalogue: Catalogue, root: Path) -> list[str | TextTable]:
    rows = read_table(root / "toy" / "toy_sum.parquet").to_pylist()
    return [TextTable("Words", ("words",), tuple((str(row["words"]),) for row in rows))]


PART = Part(
    name="toy",
    title="Toy",
    stages=(
        Stage(
            (Asset("toy_list", "The names of the texts."),),
            list_task,
            build,
            job=PREPARE,
            registers=Partitions("toy_texts", names, dynamic=True),
        ),
        Stage(
            (
                Asset(
                    "toy_words",
                    "How many words a text has.",
                    after=("toy_list",),
                    schema=WORDS,
                    columns_from={"text": "the catalogue", "words": "the catalogue"},
                ),
            ),
            word_tasks,
            build,
            Partitions("toy_texts", names, dynamic=True),
            show=lambda task, manifests: {"toy_words": {"words": manifests["toy_words"].facts["words"]}},
        ),
        Stage((Asset("toy_sum", "How many words there are.", after=("toy_words",)),), sum_task, build, job=FINISH),
    ),
    checks=(Check("texts_are_short", "toy_sum", "No text has more than five words.", few),),
    page=page,
    plan=lambda catalogue, root: [TextTable("Texts", ("texts",), ((str(len(texts(catalogue))),),))],
    verify=lambda catalogue, root, sample: [],
    release=lambda catalogue, root: [
        ReleasedFile(f"toy/{path.name}", path, "toy", "train")
        for path in sorted((root / "toy").glob("*_words-*.parquet"))
    ],
)
