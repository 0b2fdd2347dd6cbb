"""The twelve channels, in the order of the published dataset."""

from dataclasses import dataclass
from typing import Literal

from genatator_assets.tracks.runs import Strand
from genatator_assets.tracks.track import Track, TrackSet

Group = Literal["combined", "mrna"]
Kind = Literal["tss", "polya", "intragenic"]

GROUPS: tuple[Group, ...] = ("combined", "mrna")


@dataclass(frozen=True)
class Channel(Track):
    """A target of gene finding: what it marks (`kind`) of which isoforms (`group`), on one strand; 0 means nothing."""

    strand: Strand = "+"
    group: Group = "combined"
    kind: Kind = "tss"


def _channel(stem: str, group: Group, kind: Kind, strand: Strand) -> Channel:
    return Channel(f"{stem}_{strand}", strand, stem, lowest=0, highest=1, group=group, kind=kind)


CHANNELS: TrackSet[Channel] = TrackSet(
    (
        _channel("primary_tss", "combined", "tss", "+"),
        _channel("primary_tss", "combined", "tss", "-"),
        _channel("primary_polya", "combined", "polya", "+"),
        _channel("primary_polya", "combined", "polya", "-"),
        _channel("intragenic_regions", "combined", "intragenic", "+"),
        _channel("intragenic_regions", "combined", "intragenic", "-"),
        _channel("mrna_tss", "mrna", "tss", "+"),
        _channel("mrna_tss", "mrna", "tss", "-"),
        _channel("mrna_polya", "mrna", "polya", "+"),
        _channel("mrna_polya", "mrna", "polya", "-"),
        _channel("mrna_intragenic_regions", "mrna", "intragenic", "+"),
        _channel("mrna_intragenic_regions", "mrna", "intragenic", "-"),
    )
)
