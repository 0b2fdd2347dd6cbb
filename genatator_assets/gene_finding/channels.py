"""The twelve channels, in the order of the published dataset."""

from dataclasses import dataclass
from typing import Literal

from genatator_assets.gene_finding.landmarks import Group, Strand


@dataclass(frozen=True)
class Channel:
    """One track along the DNA."""

    name: str
    group: Group
    kind: Literal["tss", "polya", "intragenic"]
    strand: Strand

    @property
    def unstranded(self) -> str:
        """The name without the strand, which both strands share."""
        return self.name.removesuffix(f"_{self.strand}")


CHANNELS: tuple[Channel, ...] = (
    Channel("primary_tss_+", "combined", "tss", "+"),
    Channel("primary_tss_-", "combined", "tss", "-"),
    Channel("primary_polya_+", "combined", "polya", "+"),
    Channel("primary_polya_-", "combined", "polya", "-"),
    Channel("intragenic_regions_+", "combined", "intragenic", "+"),
    Channel("intragenic_regions_-", "combined", "intragenic", "-"),
    Channel("mrna_tss_+", "mrna", "tss", "+"),
    Channel("mrna_tss_-", "mrna", "tss", "-"),
    Channel("mrna_polya_+", "mrna", "polya", "+"),
    Channel("mrna_polya_-", "mrna", "polya", "-"),
    Channel("mrna_intragenic_regions_+", "mrna", "intragenic", "+"),
    Channel("mrna_intragenic_regions_-", "mrna", "intragenic", "-"),
)

TARGET_NAMES: tuple[str, ...] = tuple(channel.name for channel in CHANNELS)
