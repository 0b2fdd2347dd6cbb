"""The section `signals` of a catalogue: which files become tracks, how, and what is known of each."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from genatator_assets.catalogue.model import Input
from genatator_assets.catalogue.section import SectionKind
from genatator_assets.catalogue.values import InputFile, Value, one_line, repeated

Count = Literal["5prime", "midpoint", "depth"]
Excluded = Literal["secondary", "supplementary", "duplicate", "failed", "improper_pair"]
ValueOf = Literal["binary", "score", "bedgraph", "score_category", "name_category"]
Aggregate = Literal["mean", "sum", "max", "min"]
Format = Literal["encode", "fantom", "borzoi", "alphagenome", "table"]
Missing = Literal["zero", "keep"]
Kind = Literal["reads", "signal", "intervals"]

_CURIE = re.compile(r"[A-Za-z][A-Za-z0-9_]*:[A-Za-z0-9_.-]+")
_LONGEST_NAME = 150


def _track_name(name: str) -> str:
    if len(one_line(name).encode()) > _LONGEST_NAME:
        raise ValueError(f"{name!r} has {len(name.encode())} bytes, expected at most {_LONGEST_NAME}")
    return name


def _curie(term: str) -> str:
    if not _CURIE.fullmatch(term):
        raise ValueError(f"found {term!r}, expected an ontology term such as UBERON:0002107 or CL:0000084")
    return term


TrackName = Annotated[str, AfterValidator(_track_name)]
Curie = Annotated[str, AfterValidator(_curie)]


class Reads(Input):
    """A BAM or CRAM file; its index is looked for beside it unless `index` says where it is."""

    index: Input | None = None


class Signal(Value):
    """A bigWig or bedGraph file, or one for each strand."""

    path: InputFile | None = None
    url: str | None = None
    md5: str | None = None
    sha256: str | None = None
    plus: Input | None = None
    minus: Input | None = None

    @model_validator(mode="after")
    def _one_or_two(self) -> Self:
        both = self.plus is not None and self.minus is not None
        if both == (self.path is not None or self.url is not None):
            raise ValueError("expected one file ('path' or 'url'), or 'plus' and 'minus'")
        _ = self.files
        return self

    @property
    def files(self) -> dict[str, Input]:
        """The file of each strand: ".", or "+" and "-"."""
        if self.plus is not None and self.minus is not None:
            return {"+": self.plus, "-": self.minus}
        return {".": Input(path=self.path, url=self.url, md5=self.md5, sha256=self.sha256)}


class Intervals(Input):
    """A BED, narrowPeak, broadPeak, bedGraph, GFF or GTF file."""


class Trim(Value):
    """Values above the percentile are set to it."""

    percentile: float = Field(gt=0, le=100)


Normalizer = Literal["tpm", "zscore", "zscorelog", "binsizenorm", "perctrim"] | Trim


class Metadata(Value):
    """What is known of a track, by the columns of AlphaGenome's metadata; columns of one's own go to `extra`."""

    model_config = ConfigDict(populate_by_name=True)

    output_type: str | None = None
    assay_title: str | None = Field(default=None, alias="Assay title")
    ontology_curie: Curie | None = None
    biosample_name: str | None = None
    biosample_type: str | None = None
    biosample_life_stage: str | None = None
    transcription_factor: str | None = None
    histone_mark: str | None = None
    gtex_tissue: str | None = None
    data_source: str | None = None
    endedness: Literal["single", "paired"] | None = None
    genetically_modified: bool | None = None
    units: str | None = None
    resolution_bp: int | None = Field(default=None, strict=True, ge=1)
    experiment: str | None = None
    extra: dict[str, str] = Field(default_factory=dict)


class TrackEntry(Value):
    """One file, or one for each strand, and how it becomes tracks."""

    name: TrackName
    genome: str | None = None
    reads: Reads | None = None
    signal: Signal | None = None
    intervals: Intervals | None = None
    count: Count = "5prime"
    stranded: bool = False
    min_mapq: int = Field(default=0, strict=True, ge=0, le=255)
    exclude: tuple[Excluded, ...] = ()
    shift_bp: tuple[int, int] = (0, 0)
    extend_bp: int | None = Field(default=None, strict=True, ge=1, le=1_000_000)
    value: ValueOf = "binary"
    min_overlap_share: float | None = Field(default=None, ge=0, le=1)
    missing: Missing | None = None
    lengths: Literal["compare", "ignore"] = "compare"
    normalize: tuple[Normalizer, ...] = ()
    metadata: Metadata = Metadata()

    @field_validator("normalize", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, str | dict) else value

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [kind for kind in ("reads", "signal", "intervals") if getattr(self, kind) is not None]
        if len(kinds) != 1:
            found = " and ".join(repr(kind) for kind in kinds) or "none of them"
            raise ValueError(f"expected one of 'reads', 'signal' and 'intervals', found {found}")
        for key, kind in _KEYS_OF.items():
            if key in self.model_fields_set and kind != kinds[0]:
                raise ValueError(f"'{key}' goes with '{kind}', found '{kinds[0]}'")
        if self.stranded and kinds[0] == "signal":
            raise ValueError("'stranded' goes with 'reads' and 'intervals'; a stranded signal has 'plus' and 'minus'")
        if self.count == "depth" and any(self.shift_bp):
            raise ValueError("'shift_bp' moves single bases; with 'count: depth' give 'extend_bp' instead")
        return self

    @property
    def kind(self) -> Kind:
        """What the file holds."""
        return "reads" if self.reads else "signal" if self.signal else "intervals"

    @property
    def missing_means(self) -> Missing:
        """What a base without a value means: 0 for counted reads and intervals, nothing known for signals."""
        return self.missing or ("keep" if self.kind == "signal" else "zero")


_KEYS_OF: dict[str, Kind] = {
    "count": "reads",
    "min_mapq": "reads",
    "exclude": "reads",
    "shift_bp": "reads",
    "extend_bp": "reads",
    "value": "intervals",
    "min_overlap_share": "intervals",
}


class TrackTable(Input):
    """A table of many tracks: ENCODE's metadata.tsv, FANTOM's SDRF, Borzoi's targets.txt, AlphaGenome's metadata, or
    a CSV, TSV or Parquet table of one's own (`format: table`).

    `files` is the folder of the tracks' files. `prefer: all` takes every kind of signal of an experiment, where
    `default` takes the one that models are trained on. `without_term: keep` lets in tracks that name no ontology term.
    """

    format: Format = "table"
    genome: str | None = None
    files: Path | None = None
    prefer: Literal["default", "all"] = "default"
    without_term: Literal["reject", "keep"] = "reject"
    missing: Missing | None = None
    lengths: Literal["compare", "ignore"] = "compare"

    @field_validator("files")
    @classmethod
    def _from_the_catalogue(cls, folder: Path | None, info: ValidationInfo) -> Path | None:
        """Make a folder of a catalogue file absolute, as paths are."""
        if folder is None or info.context is None:
            return folder
        return Path(info.context["folder"]) / folder.expanduser()

    @model_validator(mode="after")
    def _a_file(self) -> Self:
        if not self.stated:
            raise ValueError("expected 'path' or 'url' of the table")
        return self


class Ontology(Value):
    """A term, or a term and all below it."""

    term: Curie | None = None
    under: Curie | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.term is None) == (self.under is None):
            raise ValueError("expected 'term', or 'under' for the term and all below it")
        return self


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class Select(Value):
    """Which tracks of the tables are wanted; all conditions must hold, each by one of its values."""

    output_type: tuple[str, ...] = ()
    ontology: Ontology | None = None
    tissue: tuple[str, ...] = ()
    assay: tuple[str, ...] = ()
    strand: tuple[Literal["+", "-", "."], ...] = ()

    _lists = field_validator("output_type", "tissue", "assay", "strand", mode="before")(_as_list)


class Tile(Value):
    """Every included chromosome of the genome, from end to end."""


class Sequence(Value):
    """DNA beside the tracks, one-hot over words of `order` letters."""

    order: int = Field(default=1, strict=True, ge=1, le=8)


class Stored(Value):
    """Windows kept as dense arrays, in an order that `shuffle_seed` decides."""

    model_config = ConfigDict(populate_by_name=True)

    format: Literal["hdf5"] = Field(default="hdf5", alias="as")
    shuffle_seed: int | None = Field(default=None, strict=True, ge=0)


class WindowSet(Value):
    """Windows over regions, and which tracks are read in them, in bins of `resolution_bp`."""

    name: TrackName
    genome: str | None = None
    regions: Input | None = None
    tile: Tile | None = None
    binsize_bp: int | None = Field(default=None, strict=True, ge=1)
    stepsize_bp: int | None = Field(default=None, strict=True, ge=1)
    flank_bp: int = Field(default=0, strict=True, ge=0)
    resolution_bp: int = Field(default=1, strict=True, ge=1)
    collapser: dict[str, Aggregate] = Field(default_factory=dict)
    tracks: tuple[str, ...] = Field(min_length=1)
    sequence: Sequence | None = None
    store: Stored | None = None

    @model_validator(mode="after")
    def _regions_or_tiles(self) -> Self:
        if (self.regions is None) == (self.tile is None):
            raise ValueError("expected 'regions', or 'tile: {}' for whole chromosomes")
        if self.tile is not None and self.binsize_bp is None:
            raise ValueError("'tile' needs 'binsize_bp'")
        if unknown := sorted(set(self.collapser) - set(self.tracks)):
            raise ValueError(f"collapser names tracks that are not in 'tracks': {', '.join(unknown)}")
        return self


class Signals(Value):
    """Tracks along genomes, one by one or by tables, and windows over them.

    `select` chooses among the tracks of tables. `ontology` names OBO files, or tables of terms, that say which terms
    lie below which. `resolution` (bp) and `aggregate` say by output type how tracks are read; `default` is for all
    others.
    """

    tracks: tuple[TrackEntry, ...] = ()
    tables: tuple[TrackTable, ...] = ()
    select: Select = Select()
    ontology: tuple[Input, ...] = ()
    resolution: dict[str, Annotated[int, Field(strict=True, ge=1)]] = Field(default_factory=dict)
    aggregate: dict[str, Aggregate] = Field(default_factory=dict)
    windows: tuple[WindowSet, ...] = ()

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.tracks and not self.tables:
            raise ValueError("expected 'tracks' or 'tables'")
        if twice := repeated(f"{one.name} of {one.genome or 'the genome'}" for one in self.tracks):
            raise ValueError(f"tracks named more than once: {', '.join(twice)}; give each its own name")
        if twice := repeated(one.name for one in self.windows):
            raise ValueError(f"window sets named more than once: {', '.join(twice)}; give each its own name")
        return self


def _needs(_: BaseModel) -> set[Literal["assemblies", "annotation"]]:
    return {"assemblies"}


SECTION = SectionKind(Signals, needs=_needs)
