"""The section `cells` of a catalogue, as frozen values that validate themselves."""

import glob
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from genatator_assets.catalogue.model import Input
from genatator_assets.catalogue.section import Need, SectionKind
from genatator_assets.catalogue.values import InputFile, Value, address, repeated

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
_LONGEST_NAME = 100
_MATRIX = re.compile(r"X|raw|layers/[^/]+")
RESERVED = ("cells_preview", "counts", "genes", "plans", "preview", "sources", "units")
"""Folders beside those of the datasets, and the config of the preview."""


def _dataset_name(name: str) -> str:
    if not _NAME.fullmatch(name) or ".." in name or len(name) > _LONGEST_NAME or name.endswith(".parquet"):
        raise ValueError(
            f"{name!r} can't name a dataset; expected letters, digits and any of ._+- , starting with a letter or"
            f" digit, without '..', not ending in '.parquet' and no longer than {_LONGEST_NAME}, because it becomes a"
            " folder; give another 'name'"
        )
    if name in RESERVED:
        raise ValueError(f"{name!r} can't name a dataset: what has that name holds tables; give another 'name'")
    return name


def _matrix_name(name: str) -> str:
    if not _MATRIX.fullmatch(name):
        raise ValueError(f"found {name!r}, expected X, raw or layers/<name>")
    return name


class CellFiles(Input):
    """One h5ad file, by `path` or `url`, or many by `glob`; `name` is its folder, by default the file's stem."""

    glob: str | None = None
    name: Annotated[str, AfterValidator(_dataset_name)] | None = None
    matrix: Annotated[str, AfterValidator(_matrix_name)] = "X"

    @field_validator("glob")
    @classmethod
    def _from_the_catalogue(cls, pattern: str | None, info: ValidationInfo) -> str | None:
        """Make a pattern of a catalogue file absolute, as paths are."""
        if pattern is None or info.context is None:
            return pattern
        return str(Path(info.context["folder"]) / Path(pattern).expanduser())

    @model_validator(mode="after")
    def _one_of_three(self) -> Self:
        if (self.glob is not None) == self.stated:
            raise ValueError("expected one of 'path', 'glob' and 'url'")
        if self.glob is not None and self.name is not None:
            raise ValueError("found 'name' beside 'glob'; many files can't have one name")
        return self


class Genes(Value):
    """Where symbols of genes come from, by Ensembl id: the genes of an assembly of the catalogue first, then `table`.

    `table` is `hgnc`, which is shipped, or a TSV, CSV or Parquet file whose columns `id` and `symbol` are named. With
    `hgnc`, `id` names the column of var that holds Ensembl ids where var's own names are symbols.
    """

    table: Literal["hgnc"] | InputFile = "hgnc"
    id: str | None = None
    symbol: str | None = None
    assembly: str | None = None


class Sentence(Value):
    """How sentences are made: of the `top_genes` most expressed genes; `lists` adds columns of some genes only."""

    top_genes: int = Field(default=2_000, strict=True, ge=1)
    lists: Mapping[Annotated[str, AfterValidator(_dataset_name)], InputFile] = Field(default_factory=dict)
    upper_case: bool = False


class AgeRules(Value):
    """Where ages come from: the stage by ontology, the document's narrower rule, or a column of obs in some unit.

    `from: midpoint` gives the middle of a stage that is a range, such as a decade; by default it has no age.
    """

    required: bool = True
    rule: Literal["ontology", "document"] = "ontology"
    column: str | None = None
    unit: Literal["years", "months", "weeks", "days"] = "years"
    ranges: Literal["none", "midpoint"] = Field(default="none", alias="from")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.column is not None and self.rule == "document":
            raise ValueError("found 'column' beside 'rule: document'; give one of them")
        if self.column is None and "unit" in self.model_fields_set:
            raise ValueError("'unit' goes with 'column': stages say their unit themselves")
        return self


class Publications(Value):
    """Where publications come from: a JSON file of CELLxGENE Discover's collections, or its address.

    An address is asked again when what it gave is older than `refresh_days`. `contacts: false` leaves out the names
    and mail addresses of contact persons.
    """

    path: InputFile | None = None
    url: Annotated[str, AfterValidator(address)] | None = None
    refresh_days: int | None = Field(default=None, strict=True, ge=0)
    contacts: bool = True

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.path is not None and (self.url is not None or self.refresh_days is not None):
            raise ValueError("found 'path' beside 'url' or 'refresh_days'; a file is read as it is")
        return self

    @property
    def address(self) -> str | None:
        """The address to ask; None where nothing is fetched."""
        if self.url is None and self.refresh_days is None:
            return None
        return self.url or "https://api.cellxgene.cziscience.com/curation/v1/collections"


class CellSplit(Value):
    """How donors are split: the share of donors in test, spread over age; decided for all datasets of a collection.

    `method: hash` puts each donor by its own hash: none ever moves when datasets are added, but the share is not exact
    and not spread over age.
    """

    test: float = Field(default=0.05, gt=0, lt=1)
    seed: int = Field(default=42, strict=True, ge=0)
    method: Literal["systematic", "hash"] = "systematic"
    stratify: Literal["age", "none"] = "age"
    scope: Literal["collection", "dataset"] = "collection"


class Cells(Value):
    """What cell sentences are made of."""

    datasets: tuple[CellFiles, ...] = Field(min_length=1)
    genes: Genes = Genes()
    sentence: Sentence = Sentence()
    age: AgeRules = AgeRules()
    publications: Publications = Publications()
    split: CellSplit | Literal["none"] = CellSplit()
    chunk_cells: int = Field(default=10_000, strict=True, ge=1)
    primary_only: bool = False

    @field_validator("split", mode="before")
    @classmethod
    def _no_split(cls, split: object) -> object:
        """Take YAML's words for nothing as `none`."""
        return "none" if split is None or split is False else split

    @model_validator(mode="after")
    def _each_name_once(self) -> Self:
        if names := repeated(file.name for file in self.files()):
            raise ValueError(f"datasets of the same name: {', '.join(names)}; give each a 'name' of its own")
        return self

    def files(self) -> tuple["CellFile", ...]:
        """Return the files one by one, in the catalogue's order, those of a pattern by name."""
        return tuple(file for entry in self.datasets for file in _files_of(entry))


class CellFile(Value):
    """One dataset: its name, its file (`path`, or `url` with a checksum), and which of its matrices is used."""

    name: str
    source: Input
    matrix: str


def _files_of(entry: CellFiles) -> list[CellFile]:
    if entry.glob is None:
        stated = entry.path.name if entry.path else str(entry.url).rpartition("/")[2].partition("?")[0]
        name = entry.name or _dataset_name(Path(stated).stem)
        source = Input(path=entry.path, url=entry.url, md5=entry.md5, sha256=entry.sha256)
        return [CellFile(name=name, source=source, matrix=entry.matrix)]
    found = sorted(Path(one) for one in glob.glob(entry.glob, recursive=True) if Path(one).is_file())  # noqa: PTH207
    if not found:
        raise ValueError(f"no file matches {entry.glob}")
    return [CellFile(name=_dataset_name(path.stem), source=Input(path=path), matrix=entry.matrix) for path in found]


def _needs(cells: Cells) -> set[Need]:
    return {"annotation"} if cells.genes.assembly is not None else set()


SECTION = SectionKind(Cells, needs=_needs)
