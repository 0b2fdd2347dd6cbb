"""The section `evaluation` of a catalogue: which predictions are scored, against which split."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from genatator_assets.catalogue.section import SectionKind
from genatator_assets.catalogue.values import Split, Value, genome_name, nearest


def _there(path: Path, info: ValidationInfo) -> Path:
    """Make a path of a catalogue absolute, and see that a file or a folder is there."""
    if info.context is None:
        return path
    path = info.context["folder"] / path.expanduser()
    if path.exists():
        return path
    beside = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
    raise ValueError(f"no file or folder at {path}{nearest(path.name, beside)}")


class Prediction(Value):
    """Predictions of one model: a file of gene models, or a folder of scores per base.

    `name` names a folder of the dataset. `sites` says that a BED file holds single sites, not transcripts.
    """

    name: Annotated[str, AfterValidator(genome_name)]
    path: Annotated[Path, AfterValidator(_there)]
    split: Split = "test"
    sites: bool = False


class Evaluation(Value):
    """Predictions to be scored, and the distances in bp within which ends of transcripts match."""

    predictions: tuple[Prediction, ...] = ()
    k: tuple[Annotated[int, Field(strict=True, ge=0, le=100_000)], ...] = Field(
        default=(0, 50, 100, 250, 500), min_length=1
    )

    @model_validator(mode="after")
    def _each_name_once(self) -> Self:
        names = [prediction.name for prediction in self.predictions]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"predictions named more than once: {', '.join(twice)}; give each its own name")
        if list(self.k) != sorted(set(self.k)):
            raise ValueError(f"k must ascend, found {list(self.k)}")
        return self


SECTION = SectionKind(Evaluation, needs=lambda _: {"annotation"})
