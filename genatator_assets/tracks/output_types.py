"""The eleven output types of AlphaGenome's documentation: what kind of signal a track is.

Text and numbers are those of its page "Model output metadata" (table 1, human), as they stand there; what the released
metadata hold may be more (29 histone marks and 751 proteins where the page says 24 and 43).
"""

from dataclasses import dataclass
from typing import Literal

OutputTypeName = Literal[
    "RNA_SEQ",
    "CAGE",
    "PROCAP",
    "DNASE",
    "ATAC",
    "CHIP_HISTONE",
    "CHIP_TF",
    "SPLICE_SITES",
    "SPLICE_JUNCTIONS",
    "SPLICE_SITE_USAGE",
    "CONTACT_MAPS",
]


@dataclass(frozen=True)
class OutputType:
    """A kind of signal: what its values mean, in which units, and how many bp share one.

    `biosamples` and `tracks` are the documentation's counts for human; tracks of SPLICE_JUNCTIONS are counted twice
    there, because a junction has a strand and its track has none.
    """

    name: OutputTypeName
    description: str
    units: str
    resolution_bp: int
    biosamples: int | None
    tracks: int

    @property
    def rows(self) -> int:
        """Rows of the documentation's tracks in a table of tracks."""
        return self.tracks // 2 if self.name == "SPLICE_JUNCTIONS" else self.tracks


OUTPUT_TYPES: tuple[OutputType, ...] = (
    OutputType(
        "RNA_SEQ",
        "RNA expression as measured by RNA-seq. Includes a mixture of PolyA+ RNA and Total RNA assays. Some tracks are"
        " also stranded.",
        "Normalized read signal",
        1,
        285,
        667,
    ),
    OutputType(
        "CAGE",
        "RNA expression at transcription start-sites as measured by Cap Analysis Gene Expression (CAGE) assay.",
        "Normalized read signal",
        1,
        264,
        546,
    ),
    OutputType(
        "PROCAP",
        "RNA expression at transcription start-sites as measured by Precision Run-On sequencing and capping (PROCAP)"
        " assay.",
        "Normalized read signal",
        1,
        6,
        12,
    ),
    OutputType(
        "DNASE",
        "Chromatin accessibility as measured by DNase I hypersensitive sites sequencing (DNase-seq) assay.",
        "Normalized insertion signal",
        1,
        305,
        305,
    ),
    OutputType(
        "ATAC",
        "Chromatin accessibility as measured by the transposase-accessible chromatin (ATAC-seq) assay.",
        "Normalized insertion signal",
        1,
        167,
        167,
    ),
    OutputType(
        "CHIP_HISTONE",
        "Relative abundance of histone modification marks as measured by chromatin immunoprecipitation (ChIP-seq) for"
        " 24 different markers e.g. H3k27ac (see ENCODE documentation).",
        "Fold-change over control",
        128,
        219,
        1116,
    ),
    OutputType(
        "CHIP_TF",
        "Relative abundance of DNA-bound transcription factors as measured by ChIP-seq targeting 43 different proteins"
        " (see ENCODE documentation).",
        "Fold-change over control",
        128,
        163,
        1617,
    ),
    OutputType(
        "SPLICE_SITES",
        "Predicted location of donor or acceptor splice sites, for both the positive and negative strand, expressed as"
        " a probability (higher numbers indicate higher probability of the base being a splice site).",
        "Predicted probability",
        1,
        None,
        4,
    ),
    OutputType(
        "SPLICE_JUNCTIONS",
        "Splice junction spliced read counts, as measured by RNA-Seq. Predictions are for all possible pairings of at"
        " most 512 donors and 512 acceptors from each strand in the requested interval, where the position of donors"
        " and acceptors along the input sequence is given by predictions of splice site positions.",
        "Normalized junction signal",
        1,
        282,
        734,
    ),
    OutputType(
        "SPLICE_SITE_USAGE",
        "Fraction of transcripts using a splice site, as measured by RNA-seq. All reads that span a given splice site"
        " are considered, and we predict the fraction of these that use the site (donor or acceptor).",
        "Fraction",
        1,
        282,
        734,
    ),
    OutputType(
        "CONTACT_MAPS",
        "Relative frequency of physical contact between pairwise positions (symmetric), derived from chromatin contact"
        " maps (Micro-C and Hi-C assays). Values are coarse-grained and normalized by removing the off-diagonal power"
        " law decay (as also done in Zhou, J. 2022).",
        "Log-fold over genomic distance-based expectation",
        2048,
        12,
        28,
    ),
)

_BY_NAME: dict[str, OutputType] = {one.name: one for one in OUTPUT_TYPES}


def output_type(name: str) -> OutputType | None:
    """Return the output type of a name; None where there is none.

    >>> output_type("CHIP_TF").resolution_bp
    128
    """
    return _BY_NAME.get(name)
