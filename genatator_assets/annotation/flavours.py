"""The words of annotations, from flavours.yaml: which rows are transcripts, what makes one an mRNA or a lncRNA, and how
RefSeq, GENCODE, Ensembl and others spell it."""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache, cached_property
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from genatator_assets.catalogue.model import TypeRules

FlavourName = Literal["refseq", "gencode", "ensembl", "generic"]
TranscriptType = Literal["mRNA", "lncRNA", "other"]
Place = Literal["biotype", "ncrna_class", "column_3", "gene_biotype"]
"""Where a word stands that says what a transcript is."""
TypeFrom = Literal["biotype", "ncrna_class", "column_3", "gene_biotype", "cds", "none"]
"""What a transcript's type follows from: the first of these that says anything."""

Spelling = Literal["gff3", "gtf"]

USUAL = "usual"  # in a list of a catalogue: all words that are usual


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Flavour(_Value):
    """How one kind of annotation spells what it says; the keys are explained in flavours.yaml."""

    signs: dict[Spelling, tuple[tuple[str, ...], ...]]
    transcript_id: tuple[str, ...]
    gene_id: tuple[str, ...]
    prefixes: tuple[str, ...]
    biotype_is_type: bool = False

    def without_prefix(self, name: str) -> str:
        """Take off a prefix such as `rna-`.

        >>> flavour_named("refseq").without_prefix("rna-NM_1.1"), flavour_named("generic").without_prefix("rna-1")
        ('NM_1.1', 'rna-1')
        """
        if name.startswith(self.prefixes):
            return next(name[len(prefix) :] for prefix in self.prefixes if name.startswith(prefix)) or name
        return name


class FeatureTypes(_Value):
    """Which types of rows are transcripts, genes and parts of transcripts."""

    transcript: frozenset[str]
    gene: frozenset[str]
    exon: frozenset[str]
    cds: frozenset[str]
    utr: frozenset[str]
    stop_codon: frozenset[str]
    start_codon: frozenset[str]


class AttributeKeys(_Value):
    """Attributes that say what a transcript or a gene is and what it is called; the first that is there counts."""

    biotype: tuple[str, ...]
    ncrna_class: tuple[str, ...]
    gene_biotype: tuple[str, ...]
    of_gene: tuple[str, ...]
    gene_name: tuple[str, ...]
    name_of_gene: tuple[str, ...]


class Marks(_Value):
    """Words in column 9 that mark a transcript."""

    pseudo: tuple[str, ...]
    trans_spliced: tuple[str, ...]
    partial: tuple[str, ...]
    misc_rna: tuple[str, ...]


class Words(_Value):
    """Which words make a transcript an mRNA or a lncRNA, by where they stand."""

    words: dict[Literal["mRNA", "lncRNA"], dict[Place, tuple[str, ...]]]
    lncrna_in_lncrna_genes: frozenset[str]
    says_nothing: frozenset[str]
    noncoding: frozenset[str]
    source_biotypes: frozenset[str]
    own: frozenset[str] = frozenset()

    def with_types(self, rules: TypeRules) -> "Words":
        """Return the words with a catalogue's own lists in the place of those that the rules state.

        In a list, `usual` stands for the words that are usual at each place.
        """
        stated = {name: words for name, words in rules.model_dump().items() if words is not None}
        own = {word for words in stated.values() for word in words} - {USUAL}
        words = {}
        for name, places in self.words.items():
            wanted = stated.get(name, (USUAL,))
            mine = tuple(word for word in wanted if word != USUAL)
            words[name] = {
                place: mine + tuple(word for word in known if USUAL in wanted and word not in own)
                for place, known in places.items()
            }
        return Words.model_validate({**self.model_dump(), "words": words, "own": own})

    def type_of(self, word: str, place: Place) -> TranscriptType:
        """Return what a word makes a transcript.

        >>> words().type_of("lincRNA", "biotype"), words().type_of("antisense_RNA", "column_3")
        ('lncRNA', 'other')
        """
        return self._types[place].get(word, "other")

    def says_something(self, word: str | None) -> bool:
        """Return whether a word says what a transcript is, if only that it is neither an mRNA nor a lncRNA."""
        return word is not None and (word in self.own or word not in self.says_nothing)

    def biotype_in(self, source: str) -> str | None:
        """Return the biotype that column 2 states, if it states one."""
        return source if source in self.source_biotypes or source in self._types["biotype"] else None

    def listed(self) -> dict[Literal["mRNA", "lncRNA"], list[str]]:
        """Return all words of each type, each once."""
        return {
            name: list(dict.fromkeys(word for words in places.values() for word in words))
            for name, places in self.words.items()
        }

    @cached_property
    def _types(self) -> dict[Place, dict[str, TranscriptType]]:
        return {
            place: {word: name for name, places in self.words.items() for word in places[place]}
            for place in self.words["mRNA"]
        }


class _Table(_Value):
    features: FeatureTypes
    attributes: AttributeKeys
    words: dict[Literal["mRNA", "lncRNA"], dict[Place, tuple[str, ...]]]
    lncrna_in_lncrna_genes: frozenset[str]
    says_nothing: frozenset[str]
    noncoding: frozenset[str]
    source_biotypes: frozenset[str]
    marks: dict[Spelling, Marks]
    partial_tags: tuple[str, ...]
    flavours: dict[FlavourName, Flavour]


@cache
def _table() -> _Table:
    text = (files("genatator_assets.annotation") / "flavours.yaml").read_text()
    return _Table.model_validate(yaml.safe_load(text))


def flavour_named(name: FlavourName) -> Flavour:
    """Return a flavour."""
    return _table().flavours[name]


def feature_types() -> FeatureTypes:
    """Return the types of rows that mean something."""
    return _table().features


def attribute_keys() -> AttributeKeys:
    """Return the attributes that mean something."""
    return _table().attributes


@cache
def words() -> Words:
    """Return the words that say what a transcript is."""
    table = _table()
    return Words(
        words=table.words,
        lncrna_in_lncrna_genes=table.lncrna_in_lncrna_genes,
        says_nothing=table.says_nothing,
        noncoding=table.noncoding,
        source_biotypes=table.source_biotypes,
    )


def marks(gff3: bool) -> Marks:
    """Return the words that mark transcripts in GFF3 or GTF."""
    return _table().marks["gff3" if gff3 else "gtf"]


def partial_tags() -> tuple[str, ...]:
    """Return how tags end that mark a transcript as partial."""
    return _table().partial_tags


def detect_flavour(samples: Iterable[bytes], gff3: bool) -> FlavourName:
    """Return the flavour of most rows that show one, by their columns 9; `generic` where none does.

    >>> detect_flavour([b"ID=gene:1", b"ID=x;gbkey=Gene"], gff3=True)
    'refseq'
    """
    signs = {name: _signs(flavour, gff3) for name, flavour in _table().flavours.items()}
    votes = Counter(
        next((name for name, needed in signs.items() if needed and all(sign.search(text) for sign in needed)), None)
        for text in samples
    )
    del votes[None]
    return max(signs, key=lambda name: votes[name]) if votes else "generic"


def _signs(flavour: Flavour, gff3: bool) -> list[re.Pattern[bytes]]:
    return [
        re.compile(rb"(?:\A|;)\s*(?:" + b"|".join(map(_sign, one)) + b")")
        for one in flavour.signs["gff3" if gff3 else "gtf"]
    ]


def _sign(text: str) -> bytes:
    return re.escape(text.encode()) + (b"" if "=" in text else rb"\s*[\s=\"']")
