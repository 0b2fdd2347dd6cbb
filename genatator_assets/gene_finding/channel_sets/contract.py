"""The contract of a channel set's block: its columns and its metadata. Nothing here reads or writes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from genatator_assets.gene_finding.blocks.contract import BlockPlace
from genatator_assets.gene_finding.channel_sets.sets import SETS
from genatator_assets.gene_finding.section import Isoforms, SetName


def schema_of(name: SetName) -> pa.Schema:
    """Return the columns of the blocks of a set; `targets` has as many values a base as the set has channels."""
    channels = len(SETS[name])
    return pa.schema([("targets", pa.list_(pa.list_(pa.uint8(), channels))), ("metadata", pa.string())])


@dataclass(frozen=True)
class SetPlace:
    """A block of a set: where it lies, which is where a block of the twelve channels lies, and of which isoforms."""

    name: SetName
    isoforms: Isoforms
    place: BlockPlace

    def metadata_json(self) -> str:
        """Return the metadata as it is stored: that of the block of the twelve channels, of this set's channels."""
        names: Sequence[str] = SETS[self.name].names
        shape = [self.place.end - self.place.start, len(names)]
        of_set = {"target_shape": shape, "target_names": list(names)}
        return json.dumps({**self.place.metadata(), **of_set, "channel_set": self.name, "isoforms": self.isoforms})
