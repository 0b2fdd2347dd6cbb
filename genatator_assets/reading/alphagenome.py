"""`TrackData` of the package alphagenome: what its plots, its slices and its aggregations take."""

from typing import TYPE_CHECKING

import pandas as pd

from genatator_assets.errors import optional_import
from genatator_assets.gene_finding.channel_sets.sets import set_of
from genatator_assets.reading.channels import EVERY, opposite_columns

if TYPE_CHECKING:
    from genatator_assets.reading.window import Window

with optional_import("alphagenome", "alphagenome"):
    from alphagenome.data.genome import Interval
    from alphagenome.data.track_data import TrackData


def track_data(window: "Window") -> TrackData:
    """Return a window's targets; the values are not copied.

    Both strands of a track share their `name` (mrna_tss). A track's `strand` is the genome's, as it is after
    alphagenome's `reverse_complement`: of a window on -, the column mrna_tss_+ is mrna_tss on -. Further columns of
    the metadata are `channel` (mrna_tss_-), `group` and `kind`. The interval has the window's strand and, as `info`,
    its genome and split.
    """
    names = window.channels
    if window.interval.strand == "-":
        names = tuple(names[column] for column in opposite_columns(names))
    channels = [EVERY[EVERY.index_of(name)] for name in names]
    metadata = pd.DataFrame(
        {
            "name": [one.stem for one in channels],
            "strand": [one.strand for one in channels],
            "channel": [one.name for one in channels],
            "group": [getattr(one, "group", set_of(one.name)) for one in channels],
            "kind": [getattr(one, "kind", one.stem) for one in channels],
        }
    )
    of = window.interval
    interval = Interval(of.chrom, of.start, of.end, of.strand, info={"genome": of.genome, "split": window.split})
    return TrackData(window.targets, metadata, resolution=1, interval=interval)
