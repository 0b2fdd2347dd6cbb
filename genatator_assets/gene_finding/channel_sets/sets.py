"""The three sets and their channels, in the order in which they are stored. 1 where it is so, 0 elsewhere."""

from collections.abc import Mapping
from typing import get_args

from genatator_assets.gene_finding.section import SetName
from genatator_assets.tracks.runs import STRANDS
from genatator_assets.tracks.track import Track, TrackSet

_STEMS: Mapping[SetName, tuple[str, ...]] = {
    "structure": ("exon", "intron", "CDS", "5UTR", "3UTR"),
    "splice": ("donor", "acceptor"),
    "coding": ("codon_position_0", "codon_position_1", "codon_position_2", "start_codon", "stop_codon"),
}

SETS: Mapping[SetName, TrackSet[Track]] = {
    name: TrackSet(
        tuple(
            Track(f"{stem}_{strand}", strand, stem, lowest=0, highest=1) for stem in _STEMS[name] for strand in STRANDS
        )
    )
    for name in get_args(SetName)
}
"""Each signal on the + and on the - strand, one behind the other: exon_+, exon_-, intron_+, ..."""

MEANINGS: Mapping[str, str] = {
    "exon": "a base of an exon of any transcript",
    "intron": "a base between exons of any transcript, where another may have an exon",
    "CDS": "a coding base of any mRNA, its stop codon too",
    "5UTR": "a base of an exon before all coding bases of its mRNA, in the direction of transcription",
    "3UTR": "a base of an exon behind all coding bases of its mRNA, in the direction of transcription",
    "donor": "the last base of an exon before an intron, in the direction of transcription",
    "acceptor": "the first base of an exon behind an intron, in the direction of transcription",
    "codon_position_0": "the first base of a codon",
    "codon_position_1": "the second base of a codon",
    "codon_position_2": "the third base of a codon",
    "start_codon": "the first three coding bases of an mRNA whose coding sequence has its beginning",
    "stop_codon": "the last three coding bases of an mRNA, where they are TAA, TAG or TGA and a whole codon",
}
"""What 1 means, by the name that both strands share."""


def set_of(channel: str) -> SetName | None:
    """Return the set that a channel is in, None if it is in none.

    >>> set_of("donor_+"), set_of("mrna_tss_+")
    ('splice', None)
    """
    return next((name for name, tracks in SETS.items() if channel in tracks.names), None)
