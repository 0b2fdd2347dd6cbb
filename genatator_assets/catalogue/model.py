"""What a catalogue says, as frozen values that validate themselves."""

import difflib
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, ValidationInfo, model_validator

from genatator_assets.errors import CatalogueError
from genatator_assets.simulate import Simulation

Split = Literal["train", "validation", "test"]
BlockWriter = Literal["pages", "pyarrow"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")

_GENOME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)


def _genome_name(name: str) -> str:
    if not _GENOME.fullmatch(name) or ".." in name:
        raise ValueError(
            f"{name!r} can't name a genome; expected letters, digits and any of ._+- , starting with a letter"
            " or digit and without '..', because it becomes part of paths and partition keys"
        )
    return name


def _input_file(path: Path, info: ValidationInfo) -> Path:
    """Make a path of a catalogue file absolute and see that a file is there."""
    if info.context is None:
        return path
    try:
        path = info.context["folder"] / path.expanduser()
        if path.is_file():
            return path
    except (RuntimeError, OSError) as error:  # no such user, a name too long, no right to look
        raise ValueError(f"{path}: {error}") from error
    if not path.parent.is_dir():
        raise ValueError(f"no file at {path}; its folder {path.parent} does not exist")
    raise ValueError(f"no file at {path}{nearest(path.name, [other.name for other in path.parent.iterdir()])}")


InputFile = Annotated[Path, AfterValidator(_input_file)]


class Kernel(_Value):
    """The smooth signal around a TSS or polyA site: k(d) for |d| <= radius_bp, 0 beyond, 1 at the site."""

    shape: Literal["laplace", "gaussian", "triangular", "box"] = "laplace"
    width_bp: float = Field(default=2.0, strict=True, gt=0, allow_inf_nan=False)
    radius_bp: int = Field(default=20, strict=True, ge=0, le=1_000_000)


class Sequence(_Value):
    """A genome's FASTA file: plain, gzip or bgzip. The path is absolute once loaded."""

    path: InputFile


class Annotation(_Value):
    """A genome's GFF3 or GTF file, plain or gzip. The path is absolute once loaded."""

    path: InputFile
    flavour: Literal["auto", "refseq", "gencode", "ensembl"] = "auto"


class ChromosomeRules(_Value):
    """Which sequences of an assembly are wanted, by their names in the FASTA file."""

    include: tuple[str, ...] | None = Field(default=None, min_length=1)
    exclude: tuple[str, ...] = ()

    def wants(self, chrom: str) -> bool:
        """Say whether the rules let `chrom` in."""
        return (self.include is None or chrom in self.include) and chrom not in self.exclude


class SplitRules(_Value):
    """Which chromosomes go to which split; the rest goes to `default`."""

    train: tuple[str, ...] = ()
    validation: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    default: Split = "train"

    @model_validator(mode="after")
    def _each_chromosome_once(self) -> Self:
        named = [*self.train, *self.validation, *self.test]
        if repeated := sorted({chrom for chrom in named if named.count(chrom) > 1}):
            raise ValueError(f"chromosomes named more than once: {', '.join(repeated)}; name each in one split")
        return self

    def split_of(self, chrom: str) -> Split:
        """Give the split of a chromosome."""
        lists: dict[Split, tuple[str, ...]] = {
            "train": self.train,
            "validation": self.validation,
            "test": self.test,
        }
        return next((split for split, chroms in lists.items() if chrom in chroms), self.default)


class Assembly(_Value):
    """One genome: its sequence and annotation (or a simulation of both), its chromosomes and their splits."""

    genome: Annotated[str, AfterValidator(_genome_name)]
    species: str = Field(min_length=1)
    sequence: Sequence | None = None
    annotation: Annotation | None = None
    simulate: Simulation | None = None
    min_chromosome_length_bp: int | None = Field(default=None, strict=True, ge=1)
    kernel: Kernel | None = None
    chromosomes: ChromosomeRules = ChromosomeRules()
    splits: SplitRules = SplitRules()

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        files = self.sequence is not None and self.annotation is not None
        partly = self.sequence is not None or self.annotation is not None
        if (self.simulate is None and not files) or (self.simulate is not None and partly):
            raise ValueError("expected either both 'sequence' and 'annotation', or 'simulate' alone")
        return self


class Catalogue(_Value):
    """What a dataset is made of."""

    dataset: Annotated[str, AfterValidator(_genome_name)]
    block_size_bp: int = Field(default=10_000_000, strict=True, ge=1, le=10_000_000)
    min_chromosome_length_bp: int = Field(default=100_000, strict=True, ge=1)
    kernel: Kernel = Kernel()
    block_writer: BlockWriter = "pages"
    assemblies: tuple[Assembly, ...] = Field(min_length=1)
    _origin: str = PrivateAttr(default="")

    def model_post_init(self, context: Any) -> None:
        """Remember where it was read."""
        self._origin = context["origin"] if context else ""

    @model_validator(mode="after")
    def _each_genome_once(self) -> Self:
        names = [assembly.genome for assembly in self.assemblies]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"genomes named more than once: {', '.join(repeated)}; give each its own name")
        return self

    @property
    def origin(self) -> str:
        """The YAML file it was read from, for messages."""
        return self._origin

    @property
    def genomes(self) -> tuple[str, ...]:
        """Names of the genomes, in the catalogue's order."""
        return tuple(assembly.genome for assembly in self.assemblies)

    def assembly(self, genome: str) -> Assembly:
        """Give a genome's entry.

        Raises:
            CatalogueError: there is none; the message names the nearest.
        """
        for assembly in self.assemblies:
            if assembly.genome == genome:
                return assembly
        raise CatalogueError(
            f"{self.origin}: no genome {genome!r}{nearest(genome, self.genomes)}; there are: {', '.join(self.genomes)}"
        )

    def kernel_of(self, genome: str) -> Kernel:
        """Give the kernel of a genome: its own, or else the dataset's."""
        return self.assembly(genome).kernel or self.kernel

    def min_length_of(self, genome: str) -> int:
        """Give the least length in bp of a genome's chromosomes: its own rule, or else the dataset's."""
        return self.assembly(genome).min_chromosome_length_bp or self.min_chromosome_length_bp


def nearest(name: str, known: tuple[str, ...] | list[str]) -> str:
    """Give "; did you mean 'X'?" where a known name is near, else nothing.

    >>> nearest("chr22", ["chr2", "chrX"]), nearest("abc", ["xyz"])
    ("; did you mean 'chr2'?", '')
    """
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""
