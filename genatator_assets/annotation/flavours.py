"""Annotation flavours: how RefSeq, GENCODE, Ensembl and others name transcripts, from flavours.yaml; detection."""

import re
from functools import cache, cached_property
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from genatator_assets.catalogue.model import TypeRules

FlavourName = Literal["refseq", "gencode", "ensembl", "generic"]
TranscriptType = Literal["mRNA", "lncRNA", "other"]

_BARE = "transcript"
_SIGNS: tuple[tuple[re.Pattern[bytes], FlavourName], ...] = (
    (re.compile(rb"^#+\s*provider:\s*GENCODE", re.MULTILINE), "gencode"),
    (re.compile(rb"\bgbkey[= ]"), "refseq"),
    (re.compile(rb"\b(?:gene|transcript)_type[= ]"), "gencode"),
    (re.compile(rb"\b(?:(?:gene|transcript)_)?biotype |\bID=(?:gene|transcript):"), "ensembl"),
)


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Flavour(_Value):
    """How one kind of annotation says what a transcript is; the keys are explained in flavours.yaml."""

    classify_by: Literal["feature", "biotype"]
    coding: TranscriptType = "other"
    source_is_biotype: bool = False
    more_transcripts: tuple[str, ...] = ()
    biotype: tuple[str, ...]
    gene_biotype: tuple[str, ...] = ()
    transcript_id: tuple[str, ...]
    gene_id: tuple[str, ...]
    prefixes: tuple[str, ...]
    types: dict[Literal["mRNA", "lncRNA"], tuple[str, ...]]

    def type_of(self, feature: str, biotype: str | None) -> TranscriptType | None:
        """Classify a transcript; None where only its CDS rows can tell.

        In GTF every transcript's feature is `transcript`, which tells nothing unless a catalogue says that it does.
        """
        words = self._type_of_word
        if self.classify_by == "feature" and feature != _BARE:
            return words.get(feature, "other")
        if biotype is not None and biotype in words:
            return words[biotype]
        if feature == _BARE and _BARE in words:
            return words[_BARE]
        return None if biotype is None and self.coding != "other" else "other"

    def with_types(self, rules: TypeRules) -> "Flavour":
        """Return the flavour with a catalogue's own types in the place of those that the rules state."""
        own = {name: words for name, words in rules.model_dump().items() if words is not None}
        owned = [word for words in own.values() for word in words]
        types = {name: [word for word in words if word not in owned] for name, words in self.types.items()} | own
        return Flavour.model_validate({**self.model_dump(), "types": types})

    @property
    def transcript_types(self) -> tuple[str, ...]:
        """Types of rows that are transcripts in this flavour, beside those that are in all."""
        return (*self.more_transcripts, *(self._type_of_word if self.classify_by == "feature" else ()))

    def biotype_in(self, source: str) -> str | None:
        """Return the biotype that column 2 states, in a flavour where it may."""
        return source if self.source_is_biotype and source in self._type_of_word else None

    @cached_property
    def _type_of_word(self) -> dict[str, TranscriptType]:
        return {word: name for name, words in self.types.items() for word in words}


class FeatureTypes(_Value):
    """Which types of rows are transcripts, genes, exons and coding sequences."""

    transcript: frozenset[str]
    gene: frozenset[str]
    exon: frozenset[str]
    cds: frozenset[str]


class Marks(_Value):
    """Words in column 9 that mark a transcript."""

    pseudo: tuple[str, ...]
    trans_spliced: tuple[str, ...]
    partial: tuple[str, ...]


class _Table(_Value):
    features: FeatureTypes
    marks: dict[Literal["gff3", "gtf"], Marks]
    flavours: dict[FlavourName, Flavour]


@cache
def _table() -> _Table:
    text = (files("genatator_assets.annotation") / "flavours.yaml").read_text()
    return _Table.model_validate(yaml.safe_load(text))


def flavour_named(name: FlavourName) -> Flavour:
    """Return a flavour.

    >>> flavour_named("refseq").type_of("lnc_RNA", None), flavour_named("gencode").type_of("transcript", "lincRNA")
    ('lncRNA', 'lncRNA')
    """
    return _table().flavours[name]


def feature_types() -> FeatureTypes:
    """Return the types of rows that mean something."""
    return _table().features


def marks(gff3: bool) -> Marks:
    """Return the words that mark transcripts in GFF3 or GTF."""
    return _table().marks["gff3" if gff3 else "gtf"]


def detect_flavour(head: list[bytes]) -> FlavourName:
    """Report a file's flavour from its first lines; `generic` where no other flavour shows."""
    text = b"".join(head)
    return next((flavour for sign, flavour in _SIGNS if sign.search(text)), "generic")
