"""The section `gene_finding` of a catalogue: how targets are painted and cut into blocks."""

from typing import Literal

from pydantic import Field, field_validator

from genatator_assets.catalogue.model import Catalogue
from genatator_assets.catalogue.section import SectionKind
from genatator_assets.catalogue.values import Value

BlockWriter = Literal["pages", "pyarrow"]
SetName = Literal["structure", "splice", "coding"]
Isoforms = Literal["all", "representative"]


class Kernel(Value):
    """The smooth signal around a TSS or polyA site: k(d) for |d| <= radius_bp, 0 beyond, 1 at the site."""

    shape: Literal["laplace", "gaussian", "triangular", "box"] = "laplace"
    width_bp: float = Field(default=2.0, strict=True, gt=0, allow_inf_nan=False)
    radius_bp: int = Field(default=20, strict=True, ge=0, le=1_000_000)


class GeneFinding(Value):
    """The twelve channels over DNA; there by default where assemblies have annotations.

    channel_sets: gene structure base by base, beside the twelve. isoforms: those that it is of.
    """

    block_size_bp: int = Field(default=10_000_000, strict=True, ge=1, le=10_000_000)
    kernel: Kernel = Kernel()
    block_writer: BlockWriter = "pages"
    channel_sets: tuple[SetName, ...] = ()
    isoforms: Isoforms = "all"

    @field_validator("channel_sets")
    @classmethod
    def _once(cls, names: tuple[SetName, ...]) -> tuple[SetName, ...]:
        if len(set(names)) < len(names):
            raise ValueError(f"found {', '.join(names)}; expected each set once")
        return names


class GeneFindingOfAssembly(Value):
    """What an assembly does otherwise than the dataset."""

    kernel: Kernel | None = None


def gene_finding_of(catalogue: Catalogue) -> GeneFinding:
    """Return the section of a catalogue that asks for gene finding."""
    return catalogue.section(GeneFinding)


def kernel_of(catalogue: Catalogue, genome: str) -> Kernel:
    """Return the kernel of a genome: its own, or else the dataset's."""
    own = catalogue.assembly(genome).override(GeneFindingOfAssembly)
    return (own.kernel if own else None) or gene_finding_of(catalogue).kernel


SECTION = SectionKind(GeneFinding, of_assembly=GeneFindingOfAssembly, needs=lambda _: {"annotation"})
