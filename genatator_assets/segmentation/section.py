"""The section `segmentation` of a catalogue: which rows there are, and how they are labelled."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.section import SectionKind
from genatator_assets.catalogue.values import Split, Value, nearest
from genatator_assets.errors import CatalogueError

DEFAULT = "default"

_CONFIG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_RESERVED = ("genomes", "preview", "segmentation", "segmentation_preview")

Orientation = Literal["transcript", "genome"]
StopCodon = Literal["auto", "rows", "extend"]


def _config_name(name: str) -> str:
    if not _CONFIG.fullmatch(name) or name in _RESERVED:
        raise ValueError(
            f"{name!r} can't name a config; expected letters, digits, _ and -, and none of {', '.join(_RESERVED)}"
        )
    return name


class Config(Value):
    """Rows that are published together: those of some genomes (all, if none are named) and of one split, or of all."""

    genomes: tuple[str, ...] | None = Field(default=None, min_length=1)
    split: Split | None = None

    def has(self, genome: str, split: str) -> bool:
        """Return whether the rows of a genome's chromosomes of a split are in it."""
        return (self.genomes is None or genome in self.genomes) and self.split in (None, split)


class Segmentation(Value):
    """A row per transcript, in one or several configs.

    `representative` keeps only the isoform that represents its gene. `utr_orientation: transcript` tells 5' and 3' UTR
    by the transcript's strand, `genome` left and right. `stop_codon` says whether coding sequences get the stop codon
    that follows them: `auto` if the annotation leaves stop codons out, `rows` never, `extend` always. Transcripts
    longer than `too_long` bp are left out.
    """

    configs: dict[Annotated[str, AfterValidator(_config_name)], Config] = Field(
        default={DEFAULT: Config()}, min_length=1
    )
    representative: bool = Field(default=False, strict=True)
    utr_orientation: Orientation = "transcript"
    stop_codon: StopCodon = "auto"
    too_long: int | None = Field(default=None, strict=True, ge=1)


def configs_of(catalogue: Catalogue) -> Mapping[str, Config]:
    """Return the configs that a catalogue asks for.

    Raises:
        CatalogueError: one names a genome that has no annotation, or that there is not.
    """
    configs = catalogue.section(Segmentation).configs
    for name, config in configs.items():
        for genome in config.genomes or ():
            if genome not in catalogue.annotated_genomes:
                known = catalogue.annotated_genomes
                raise CatalogueError(
                    f"{catalogue.origin}: segmentation: config {name}: no genome {genome!r} with an annotation"
                    f"{nearest(genome, known)}; there are: {', '.join(known)}"
                )
    return configs


SECTION = SectionKind(Segmentation, needs=lambda _: {"assemblies", "annotation"})
