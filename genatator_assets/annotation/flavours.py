"""Annotation flavours: how RefSeq, GENCODE and Ensembl name transcripts, read from flavours.yaml, and detection."""

import re
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from genatator_assets.errors import AnnotationError

FlavourName = Literal["refseq", "gencode", "ensembl", "generic"]
TranscriptType = Literal["mRNA", "lncRNA", "other"]

_SIGNS: tuple[tuple[re.Pattern[bytes], FlavourName], ...] = (
    (re.compile(rb"^#+\s*provider:\s*GENCODE", re.MULTILINE), "gencode"),
    (re.compile(rb"\bgbkey[= ]"), "refseq"),
    (re.compile(rb"\b(?:gene|transcript)_type[= ]"), "gencode"),
    (re.compile(rb"\b(?:gene_|transcript_)?biotype[= ]|\bID=(?:gene|transcript):"), "ensembl"),
)


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Flavour(_Value):
    """How one kind of annotation says what a transcript is; the keys are explained in flavours.yaml."""

    classify_by: Literal["feature", "biotype"]
    more_transcripts: tuple[str, ...] = ()
    biotype: tuple[str, ...]
    gene_biotype: tuple[str, ...] = ()
    transcript_id: tuple[str, ...]
    gene_id: tuple[str, ...]
    prefixes: tuple[str, ...]
    types: dict[Literal["mRNA", "lncRNA"], tuple[str, ...]]

    def type_of(self, feature: str, biotype: str | None) -> TranscriptType:
        """Classify a transcript. In GTF every transcript's feature is `transcript`, which tells nothing."""
        by_feature = self.classify_by == "feature" and feature != "transcript"
        return self._type_of_word.get(feature if by_feature else biotype, "other")

    @cached_property
    def _type_of_word(self) -> dict[str | None, TranscriptType]:
        return {word: name for name, words in self.types.items() for word in words}


class FeatureTypes(_Value):
    """Which types of rows are transcripts, and which are genes."""

    transcript: frozenset[str]
    gene: frozenset[str]


class _Table(_Value):
    features: FeatureTypes
    flavours: dict[FlavourName, Flavour]


@cache
def _table() -> _Table:
    text = (files("genatator_assets.annotation") / "flavours.yaml").read_text()
    return _Table.model_validate(yaml.safe_load(text))


def flavour_named(name: FlavourName) -> Flavour:
    """Give a flavour.

    >>> flavour_named("refseq").type_of("lnc_RNA", None), flavour_named("gencode").type_of("transcript", "lincRNA")
    ('lncRNA', 'lncRNA')
    """
    return _table().flavours[name]


def feature_types() -> FeatureTypes:
    """Give the types of rows that are transcripts and genes."""
    return _table().features


def detect_flavour(head: list[bytes], path: Path) -> FlavourName:
    """Tell a file's flavour from its first lines.

    Raises:
        AnnotationError: no flavour shows.
    """
    text = b"".join(head)
    for sign, flavour in _SIGNS:
        if sign.search(text):
            return flavour
    raise AnnotationError(
        f"{path}: can't tell the annotation's flavour from its first {len(head):,} lines: found none of the"
        " attributes gbkey (RefSeq), gene_type or transcript_type (GENCODE), biotype, gene_biotype or"
        " transcript_biotype (Ensembl). Say it in the catalogue: annotation.flavour: refseq, gencode or ensembl."
    )
