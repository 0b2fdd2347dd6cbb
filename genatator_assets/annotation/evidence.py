"""What a transcript is, by the first evidence that says anything: the same rule for every row of every file."""

from dataclasses import dataclass

from genatator_assets.annotation.flavours import Place, TranscriptType, TypeFrom, Words, feature_types

_LNCRNA_SIGNS = ("lnc", "linc", "long_non", "long non", "long-non")


@dataclass(frozen=True)
class Evidence:
    """What an annotation says of a transcript: its own biotype, the class of an ncRNA, the type of its row (column 3,
    None where it has no row), its gene's biotype, whether RefSeq calls it a misc_RNA, and whether it has a CDS."""

    biotype: str | None = None
    ncrna_class: str | None = None
    row_type: str | None = None
    gene_biotype: str | None = None
    misc_rna: bool = False
    coding: bool = False


def type_of(evidence: Evidence, words: Words, biotype_is_type: bool = False) -> tuple[TranscriptType, TypeFrom]:
    """Return a transcript's type and what it follows from.

    `biotype_is_type`: biotypes are types of column 3, as in RefSeq's GTF.
    """
    row_type, of_gene = evidence.row_type, evidence.gene_biotype
    if evidence.biotype is not None and words.says_something(evidence.biotype):
        is_type = biotype_is_type and evidence.biotype in feature_types().transcript
        return _of_biotype(evidence.biotype, of_gene, words, "column_3" if is_type else "biotype"), "biotype"
    if evidence.ncrna_class is not None and words.says_something(evidence.ncrna_class):
        return words.type_of(evidence.ncrna_class, "ncrna_class"), "ncrna_class"
    if evidence.misc_rna or (row_type is not None and words.says_something(row_type)):
        return words.type_of(row_type or "", "column_3"), "column_3"
    may_code = evidence.coding and row_type not in words.noncoding
    if of_gene is not None and words.says_something(of_gene):
        found = words.type_of(of_gene, "gene_biotype")
        if found != "mRNA" or may_code:
            return found, "gene_biotype"
    return ("mRNA", "cds") if may_code else ("other", "none")


def _of_biotype(biotype: str, of_gene: str | None, words: Words, place: Place) -> TranscriptType:
    if biotype in words.lncrna_in_lncrna_genes - words.own:
        in_lncrna = of_gene is not None and words.type_of(of_gene, "gene_biotype") == "lncRNA"
        return "lncRNA" if in_lncrna else "other"
    return words.type_of(biotype, place)


def doubtful_word(evidence: Evidence) -> str | None:
    """Return the biotype or class by which a transcript would be a lncRNA if anyone knew the word; None for none."""
    for word in (evidence.biotype, evidence.ncrna_class):
        if word is not None and any(sign in word.lower() for sign in _LNCRNA_SIGNS):
            return word
    return None
