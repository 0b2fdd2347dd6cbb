"""What a catalogue says of its assemblies, as frozen values that validate themselves; parts add their sections."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, Field, PrivateAttr, model_validator

from genatator_assets.catalogue.values import (
    SPLITS,
    InputFile,
    Split,
    Value,
    accession_name,
    address,
    genome_name,
    hash_of,
    license_name,
    nearest,
    one_line,
    repeated,
)
from genatator_assets.errors import CatalogueError
from genatator_assets.simulate import Simulation

SectionModel = TypeVar("SectionModel", bound=BaseModel)


class Input(Value):
    """An input file: at `path` on this machine, or to be fetched from `url`. The path is absolute once loaded."""

    path: InputFile | None = None
    url: Annotated[str, AfterValidator(address)] | None = None
    md5: Annotated[str, AfterValidator(hash_of(32))] | None = None
    sha256: Annotated[str, AfterValidator(hash_of(64))] | None = None

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


class TypeRules(Value):
    """Which types (column 3) or biotypes count as what.

    A list that is given stands in the place of the usual words; `usual` in it stands for these.
    """

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


class ChromosomeRules(Value):
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


class SplitRules(Value):
    """Which chromosomes go to which split; the rest goes to `default`."""

    train: tuple[str, ...] = ()
    validation: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    default: Split = "train"

    @model_validator(mode="after")
    def _each_chromosome_once(self) -> Self:
        if twice := repeated([*self.train, *self.validation, *self.test]):
            raise ValueError(f"chromosomes named more than once: {', '.join(twice)}; name each in one split")
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


class Assembly(Value):
    """One genome: its sequence and annotation (or a simulation of both), its chromosomes and their splits.

    With an `accession`, whichever of sequence, annotation and aliases states no file comes from NCBI. An assembly
    without an annotation gives sequence alone. Parts add what an assembly may say under their names.
    """

    genome: Annotated[str, AfterValidator(genome_name)]
    species: Annotated[str, AfterValidator(one_line)]
    accession: Annotated[str, AfterValidator(accession_name)] | None = None
    sequence: Sequence = Sequence()
    annotation: Annotation = Annotation()
    aliases: Aliases = Aliases()
    simulate: Simulation | None = None
    min_chromosome_length_bp: int | None = Field(default=None, strict=True, ge=1)
    chromosomes: ChromosomeRules = ChromosomeRules()
    splits: SplitRules = SplitRules()

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        given = [file.stated for file in (self.sequence, self.annotation, self.aliases)]
        if self.simulate is not None and (any(given) or self.accession):
            raise ValueError("found 'simulate' beside real inputs; give one or the other")
        if self.simulate is None and self.accession is None and not self.sequence.stated:
            raise ValueError("expected 'sequence' with 'path' or 'url', or 'accession', or 'simulate'")
        return self

    @property
    def annotated(self) -> bool:
        """Whether it has an annotation."""
        return self.annotation.stated or self.accession is not None or self.simulate is not None

    def override(self, model: type[SectionModel]) -> SectionModel | None:
        """Return what the assembly says under the name of a part, validated by `model`; None where it says nothing."""
        return _of_type(self, model)


class Catalogue(Value):
    """What a dataset is made of: its assemblies, and a section for each part that is asked for.

    `genatator_assets.parts` makes the model of a whole catalogue from this one and the sections' own.
    """

    dataset: Annotated[str, AfterValidator(genome_name)]
    min_chromosome_length_bp: int = Field(default=100_000, strict=True, ge=1)
    license: Annotated[str, AfterValidator(license_name)] = "other"
    assemblies: tuple[Assembly, ...] = Field(default=(), min_length=1)
    _origin: str = PrivateAttr(default="")

    def model_post_init(self, context: Any) -> None:
        """Remember where it was read."""
        self._origin = context["origin"] if context else ""

    @model_validator(mode="after")
    def _each_genome_once(self) -> Self:
        if twice := repeated(self.genomes):
            raise ValueError(f"genomes named more than once: {', '.join(twice)}; give each its own name")
        return self

    @property
    def origin(self) -> str:
        """The YAML file it was read from, for messages."""
        return self._origin

    @property
    def genomes(self) -> tuple[str, ...]:
        """Names of the genomes, in the catalogue's order."""
        return tuple(assembly.genome for assembly in self.assemblies)

    @property
    def annotated_genomes(self) -> tuple[str, ...]:
        """Names of the genomes that have an annotation, in the catalogue's order."""
        return tuple(assembly.genome for assembly in self.assemblies if assembly.annotated)

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

    def of_genome(self, genome: str) -> "Catalogue":
        """Return what the catalogue says of one genome alone, without the parts' sections: a worker is sent that.

        Raises:
            CatalogueError: there is no such genome.
        """
        entry = Assembly.model_construct(**_fields(self.assembly(genome), Assembly))
        alone = Catalogue.model_construct(**{**_fields(self, Catalogue), "assemblies": (entry,)})
        alone._origin = self.origin
        return alone

    def section(self, model: type[SectionModel]) -> SectionModel:
        """Return the section that `model` validated.

        Raises:
            CatalogueError: the catalogue does not ask for that part.
        """
        if (found := _of_type(self, model)) is None:
            raise CatalogueError(f"{self.origin}: has no section that is a {model.__name__}")
        return found

    def remote_files(self) -> list[Input]:
        """Return the files of all sections but `assemblies` that are stated by address."""
        return [file for name, section in vars(self).items() if name != "assemblies" for file in _remote_files(section)]

    def min_length_of(self, genome: str) -> int:
        """Return the minimum length in bp of a genome's chromosomes: its own rule, or else the dataset's."""
        return self.assembly(genome).min_chromosome_length_bp or self.min_chromosome_length_bp


def _fields(entry: BaseModel, model: type[BaseModel]) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in model.model_fields}


def _remote_files(entry: object) -> Iterator[Input]:
    """Return what has an address, and may have checksums, anywhere in a value."""
    if isinstance(entry, BaseModel):
        stated = vars(entry)
        if stated.get("url") and {"md5", "sha256"} <= stated.keys():
            yield Input(url=stated["url"], md5=stated["md5"], sha256=stated["sha256"])
        entry = list(stated.values())
    elif isinstance(entry, Mapping):
        entry = list(entry.values())
    if isinstance(entry, list | tuple):
        for one in entry:
            yield from _remote_files(one)


def _of_type(entry: BaseModel, model: type[SectionModel]) -> SectionModel | None:
    values = (getattr(entry, name) for name in type(entry).model_fields)
    return next((value for value in values if isinstance(value, model)), None)
