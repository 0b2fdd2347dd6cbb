"""The section `intervals` of a catalogue: sets of labelled intervals, and how they become regions."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, RootModel, ValidationInfo, field_validator, model_validator

from genatator_assets.catalogue.model import Catalogue, Input
from genatator_assets.catalogue.section import Need, SectionKind
from genatator_assets.catalogue.values import InputFile, Value, address, genome_name, one_line, repeated
from genatator_assets.errors import BedError
from genatator_assets.intervals.labels import label_columns
from genatator_assets.intervals.lists import read_bed_list

Genes = Literal["tss", "polya", "transcripts"]
Label = Annotated[int, Field(strict=True)] | Annotated[str, AfterValidator(one_line)]


class Source(Value):
    """What intervals come from: one of `path`, `url`, `track` and `genes`.

    path: a BED file, plain or compressed; absolute once loaded. url: the address of one, with `md5` or `sha256` if it
    must be that of a certain file. track: where a track of the dataset is `at_least` some
    value; runs that touch are one interval. genes: around the starts (`tss`) or ends (`polya`) of the genome's selected
    transcripts of some `types`, with `flank_bp` on both sides, or the transcripts themselves.
    """

    path: InputFile | None = None
    url: Annotated[str, AfterValidator(address)] | None = None
    md5: str | None = None
    sha256: str | None = None
    track: Annotated[str, AfterValidator(one_line)] | None = None
    genes: Genes | None = None
    at_least: float = Field(default=1.0, allow_inf_nan=False)
    flank_bp: int = Field(default=0, strict=True, ge=0, le=1_000_000)
    types: tuple[Literal["mRNA", "lncRNA"], ...] = Field(default=("mRNA", "lncRNA"), min_length=1)
    label: Label | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [kind for kind in ("path", "url", "track", "genes") if getattr(self, kind) is not None]
        if len(kinds) != 1:
            found = " and ".join(map(repr, kinds)) or "none of them"
            raise ValueError(f"expected one of 'path', 'url', 'track' and 'genes', found {found}")
        for key, kind in _KEYS_OF.items():
            if key in self.model_fields_set and kind != kinds[0]:
                raise ValueError(f"'{key}' goes with '{kind}', found '{kinds[0]}'")
        _ = self.file
        return self

    @property
    def file(self) -> Input | None:
        """The BED file, by path or address; None for other sources."""
        if self.path is None and self.url is None:
            return None
        return Input(path=self.path, url=self.url, md5=self.md5, sha256=self.sha256)

    @property
    def shown(self) -> str:
        """Its name for a person."""
        stated = self.path.name if self.path else str(self.url).rpartition("/")[2]
        return self.track or self.genes or stated.split(".bed")[0]


_KEYS_OF = {"md5": "url", "sha256": "url", "at_least": "track", "flank_bp": "genes", "types": "genes"}


class RandomShares(Value):
    """How much goes to test and validation: shares below 1, or numbers of regions; the rest is for training."""

    test: float = Field(default=0.1, ge=0, allow_inf_nan=False)
    validation: float = Field(default=0.1, ge=0, allow_inf_nan=False)
    seed: int = Field(default=1, strict=True, ge=0, lt=1 << 32)


class AtRandom(Value):
    """Regions are split at random; those that overlap stay together."""

    random: RandomShares = RandomShares()


class Negatives(Value):
    """Regions without labels, drawn to have the GC content of those with: so many for each of them."""

    ratio: float = Field(default=1.0, gt=0, le=100, allow_inf_nan=False)
    seed: int = Field(default=1, strict=True, ge=0, lt=1 << 32)


class IntervalSet(Value):
    """A set of labelled intervals on one genome; `name` becomes part of paths."""

    name: Annotated[str, AfterValidator(genome_name)]
    genome: str
    beds: tuple[Source, ...] = Field(min_length=1)
    method: Literal["gip", "basset"] = "gip"
    length_bp: int = Field(default=600, strict=True, ge=1, le=10_000_000)
    min_overlap_bp: int = Field(default=200, strict=True, ge=1)
    exclusive: bool = False
    alphabet: str = ""
    ends: Literal["pad", "shift", "drop"] | None = None
    chromosomes: Literal["all", "autosomes"] | tuple[str, ...] = "all"
    splits: Literal["assembly"] | AtRandom = "assembly"
    negatives: Negatives | None = None
    compression: Literal["none", "lzf", "gzip"] = "none"

    @field_validator("beds", mode="before")
    @classmethod
    def _of_list(cls, beds: Any, info: ValidationInfo) -> Any:
        """Read a list of BED files in the place of its path.

        The files that it names are looked for beside the catalogue and beside the list.
        """
        if not isinstance(beds, str | Path) or info.context is None:
            return beds
        folder: Path = info.context["folder"]
        try:
            return [
                {"url": file.url, "label": file.label}
                if file.path is None
                else {"path": file.path.absolute(), "label": file.label}
                for file in read_bed_list(folder / beds, (folder,))
            ]
        except BedError as error:
            raise ValueError(str(error)) from error

    @field_validator("alphabet")
    @classmethod
    def _has_each_base_once(cls, alphabet: str) -> str:
        if alphabet and sorted(alphabet) != sorted("ACGT"):
            raise ValueError(f"found {alphabet!r}, expected A, C, G and T in some order, such as ACGT")
        return alphabet

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if self.method == "basset" and self.ends not in {None, "shift"}:
            raise ValueError(f"found ends: {self.ends}; the method basset always shifts regions back: leave it out")
        if self.method == "basset" and self.min_overlap_bp >= self.length_bp:
            raise ValueError(
                f"found min_overlap_bp: {self.min_overlap_bp} and length_bp: {self.length_bp}; the method basset"
                " extends intervals to their length first: it must be greater"
            )
        label_columns(self.labels)
        return self

    @property
    def labels(self) -> list[int | str | None]:
        """The label of each source.

        Where none is given, BED files are numbered; beside other sources, all are called by their names.
        """
        given = [source.label for source in self.beds]
        if any(label is not None for label in given) or all(source.file for source in self.beds):
            return given
        return [source.shown for source in self.beds]

    @property
    def files(self) -> tuple[Path, ...]:
        """The BED files among its sources."""
        return tuple(source.path for source in self.beds if source.path)


class Intervals(RootModel[tuple[IntervalSet, ...]]):
    """All sets of labelled intervals of a dataset."""

    root: tuple[IntervalSet, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_name_once(self) -> Self:
        if twice := repeated(one.name for one in self.root):
            raise ValueError(f"sets named more than once: {', '.join(twice)}; give each its own name")
        return self


def interval_sets(catalogue: Catalogue) -> tuple[IntervalSet, ...]:
    """Return the sets of a catalogue that asks for intervals."""
    return catalogue.section(Intervals).root


def _needs(section: Intervals) -> set[Need]:
    of_genes = any(source.genes for one in section.root for source in one.beds)
    return {"assemblies", "annotation"} if of_genes else {"assemblies"}


SECTION = SectionKind(Intervals, needs=_needs)
