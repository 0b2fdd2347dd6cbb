"""What a catalogue says, as frozen values that validate themselves."""

import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, ValidationInfo, model_validator

from genatator_assets.errors import CatalogueError
from genatator_assets.simulate import Simulation

Split = Literal["train", "validation", "test"]
BlockWriter = Literal["pages", "pyarrow"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")

_LONGEST_GENOME = 100
_GENOME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)


def _genome_name(name: str) -> str:
    if not _GENOME.fullmatch(name) or ".." in name or len(name) > _LONGEST_GENOME:
        raise ValueError(
            f"{name!r} can't name a genome; expected letters, digits and any of ._+- , starting with a letter"
            f" or digit, without '..' and no longer than {_LONGEST_GENOME}, because it becomes part of paths and"
            " partition keys"
        )
    return name


def _one_line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError(f"found {text!r}, expected a name on one line, without control characters")
    return text


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


def _address(url: str) -> str:
    if url.startswith("ftp://"):
        raise ValueError(
            f"{url!r} can't be fetched: only http and https are spoken. NCBI, EBI, Ensembl and UCSC serve the same"
            f" files at {url.replace('ftp', 'https', 1)!r}"
        )
    if not re.fullmatch(r"https?://[^\s/]+/\S*[^\s/]", url):
        raise ValueError(f"{url!r} can't be fetched; expected the address of a file, as https://host/folder/file")
    if "@" in url.split("/")[2]:
        raise ValueError("the address holds a user name; secrets never stand in a catalogue")
    return url


def _hash_of(digits: int) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not re.fullmatch(rf"[0-9a-f]{{{digits}}}", text.lower()):
            raise ValueError(f"found {text!r}, expected {digits} hexadecimal digits")
        return text.lower()

    return check


def _license_name(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9.+-]*", name):
        raise ValueError(
            f"found {name!r}, expected a licence by the hub's name for it, such as cc-by-4.0, cc0-1.0, mit or other"
        )
    return name


def _accession_name(name: str) -> str:
    if not re.fullmatch(r"GC[AF]_\d{9}\.\d+(_[A-Za-z0-9._-]+)?", name):
        raise ValueError(f"found {name!r}, expected an accession with its version, such as GCF_009914755.1")
    return name


InputFile = Annotated[Path, AfterValidator(_input_file)]


def _repeated(names: Iterable[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)


class Kernel(_Value):
    """The smooth signal around a TSS or polyA site: k(d) for |d| <= radius_bp, 0 beyond, 1 at the site."""

    shape: Literal["laplace", "gaussian", "triangular", "box"] = "laplace"
    width_bp: float = Field(default=2.0, strict=True, gt=0, allow_inf_nan=False)
    radius_bp: int = Field(default=20, strict=True, ge=0, le=1_000_000)


class Input(_Value):
    """An input file: at `path` on this machine, or to be fetched from `url`. The path is absolute once loaded."""

    path: InputFile | None = None
    url: Annotated[str, AfterValidator(_address)] | None = None
    md5: Annotated[str, AfterValidator(_hash_of(32))] | None = None
    sha256: Annotated[str, AfterValidator(_hash_of(64))] | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.path is not None and self.url is not None:
            raise ValueError("found both 'path' and 'url'; give one of them")
        if self.url is None and (self.md5 or self.sha256):
            raise ValueError("'md5' and 'sha256' go with 'url': they say what must arrive")
        return self

    @property
    def stated(self) -> bool:
        """Whether a file is stated; if not, it comes with the assembly's accession."""
        return self.path is not None or self.url is not None


class Sequence(Input):
    """A genome's FASTA file: plain, gzip or bgzip."""


class Aliases(Input):
    """A table of a genome's sequence names: NCBI's assembly report or UCSC's chromAlias."""


class TypeRules(_Value):
    """Which types (column 3) or biotypes count as what; a list that is given replaces the flavour's own."""

    mRNA: tuple[str, ...] | None = None
    lncRNA: tuple[str, ...] | None = None


class Annotation(Input):
    """A genome's annotation: GFF3 or GTF, plain or gzip, and how it is to be read.

    `partial: drop` rejects transcripts that their annotation calls incomplete. `lengths: ignore` reads an annotation
    whose stated sequence lengths differ from the FASTA file's. Malformed lines are counted and passed over as long as
    they are no greater share of the file's rows than `max_malformed`; `strict` allows none.
    """

    flavour: Literal["auto", "refseq", "gencode", "ensembl", "generic"] = "auto"
    types: TypeRules = TypeRules()
    partial: Literal["keep", "drop"] = "keep"
    lengths: Literal["compare", "ignore"] = "compare"
    max_malformed: float = Field(default=0.01, ge=0, le=1)
    strict: bool = False


class ChromosomeRules(_Value):
    """Which sequences of an assembly are wanted, by their names in the FASTA file."""

    include: tuple[str, ...] | None = Field(default=None, min_length=1)
    exclude: tuple[str, ...] = ()

    def wants(self, chrom: str) -> bool:
        """Return whether the rules let `chrom` in."""
        return (self.include is None or chrom in self._included) and chrom not in self._excluded

    @cached_property
    def _included(self) -> frozenset[str]:  # of a draft assembly there are tens of thousands
        return frozenset(self.include or ())

    @cached_property
    def _excluded(self) -> frozenset[str]:
        return frozenset(self.exclude)


class SplitRules(_Value):
    """Which chromosomes go to which split; the rest goes to `default`."""

    train: tuple[str, ...] = ()
    validation: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    default: Split = "train"

    @model_validator(mode="after")
    def _each_chromosome_once(self) -> Self:
        if repeated := _repeated([*self.train, *self.validation, *self.test]):
            raise ValueError(f"chromosomes named more than once: {', '.join(repeated)}; name each in one split")
        return self

    @property
    def used(self) -> tuple[Split, ...]:
        """The splits that the rules name."""
        return tuple(split for split in SPLITS if split == self.default or getattr(self, split))

    def split_of(self, chrom: str) -> Split:
        """Return the split of a chromosome."""
        return self._named.get(chrom, self.default)

    @cached_property
    def _named(self) -> dict[str, Split]:
        return {chrom: split for split in SPLITS for chrom in getattr(self, split)}


class Assembly(_Value):
    """One genome: its sequence and annotation (or a simulation of both), its chromosomes and their splits.

    With an `accession`, whichever of sequence, annotation and aliases states no file comes from NCBI.
    """

    genome: Annotated[str, AfterValidator(_genome_name)]
    species: Annotated[str, AfterValidator(_one_line)]
    accession: Annotated[str, AfterValidator(_accession_name)] | None = None
    sequence: Sequence = Sequence()
    annotation: Annotation = Annotation()
    aliases: Aliases = Aliases()
    simulate: Simulation | None = None
    min_chromosome_length_bp: int | None = Field(default=None, strict=True, ge=1)
    kernel: Kernel | None = None
    chromosomes: ChromosomeRules = ChromosomeRules()
    splits: SplitRules = SplitRules()

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        given = [file.stated for file in (self.sequence, self.annotation, self.aliases)]
        if self.simulate is not None and (any(given) or self.accession):
            raise ValueError("found 'simulate' beside real inputs; give one or the other")
        if self.simulate is None and self.accession is None and not all(given[:2]):
            raise ValueError(
                "expected both 'sequence' and 'annotation', each with 'path' or 'url', or 'accession', or 'simulate'"
            )
        return self


class Catalogue(_Value):
    """What a dataset is made of."""

    dataset: Annotated[str, AfterValidator(_genome_name)]
    block_size_bp: int = Field(default=10_000_000, strict=True, ge=1, le=10_000_000)
    min_chromosome_length_bp: int = Field(default=100_000, strict=True, ge=1)
    kernel: Kernel = Kernel()
    block_writer: BlockWriter = "pages"
    license: Annotated[str, AfterValidator(_license_name)] = "other"
    assemblies: tuple[Assembly, ...] = Field(min_length=1)
    _origin: str = PrivateAttr(default="")

    def model_post_init(self, context: Any) -> None:
        """Remember where it was read."""
        self._origin = context["origin"] if context else ""

    @model_validator(mode="after")
    def _each_genome_once(self) -> Self:
        if repeated := _repeated(self.genomes):
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
        """Return a genome's entry.

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
        """Return the kernel of a genome: its own, or else the dataset's."""
        return self.assembly(genome).kernel or self.kernel

    def min_length_of(self, genome: str) -> int:
        """Return the least length in bp of a genome's chromosomes: its own rule, or else the dataset's."""
        return self.assembly(genome).min_chromosome_length_bp or self.min_chromosome_length_bp


def nearest(name: str, known: tuple[str, ...] | list[str]) -> str:
    """Return "; did you mean 'X'?" where a known name is near, else nothing.

    >>> nearest("chr22", ["chr2", "chrX"]), nearest("abc", ["xyz"])
    ("; did you mean 'chr2'?", '')
    """
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""
