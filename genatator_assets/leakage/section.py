"""The section `leakage` of a catalogue: how homologous sequence between splits is looked for."""

from typing import Annotated, Literal

from pydantic import Field

from genatator_assets.catalogue.section import SectionKind
from genatator_assets.catalogue.values import Value

Masked = Literal["query", "both", "none"]

Share = Annotated[float, Field(gt=0, le=1)]


class HoldOut(Value):
    """What to do about homologs: `drop: train` masks windows of train that have one in the judged splits.

    `drop: test` masks the judged windows instead. `of` and `chromosomes` narrow what is judged.
    """

    with_: Literal["homologs"] = Field(default="homologs", alias="with")
    threshold: Share = 0.2
    drop: Literal["train", "test"] = "train"
    of: str | None = None
    chromosomes: tuple[str, ...] | None = Field(default=None, min_length=1)


class Leakage(Value):
    """Windows of the judged splits, and how their k-mers are sampled and looked up in train.

    `masked: query` leaves soft-masked k-mers out of the judged windows, `both` out of train too. Windows with fewer
    than `min_samples` k-mers are not judged. `fail_over` is the share of test windows of which half or more is found in
    train that makes the check fail.
    """

    k: int = Field(default=21, strict=True, ge=8, le=32)
    scaled: int = Field(default=20, strict=True, ge=1)
    window_bp: int = Field(default=10_000, strict=True, ge=100)
    min_samples: int = Field(default=50, strict=True, ge=1)
    masked: Masked = "query"
    fail_over: Share | None = None
    hold_out: HoldOut | None = None


SECTION = SectionKind(Leakage, needs=lambda _: {"assemblies"})
