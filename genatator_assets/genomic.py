"""Genomic datasets by the names a Janggu user knows; see docs/signals.md.

>>> GenomicIndexer.create_from_file([("chr1", 0, 500, "+")], 200, 200)[2]
Interval(chrom='chr1', start=400, end=500, strand='+')
"""

from genatator_assets.reading.genomic.bioseq import Bioseq
from genatator_assets.reading.genomic.cover import Cover
from genatator_assets.reading.genomic.indexer import GenomicIndexer, Interval
from genatator_assets.reading.genomic.normalizers import (
    TPM,
    LogTransform,
    PercentileTrimming,
    RegionLengthNormalization,
    ZScore,
    ZScoreLog,
)
from genatator_assets.reading.genomic.plot import HeatTrack, LineTrack, SeqTrack, plotGenomeTrack
from genatator_assets.reading.genomic.variants import VariantStreamer
from genatator_assets.reading.genomic.views import JangguSequence, split_train_test, subset, view
from genatator_assets.reading.genomic.wrappers import (
    Array,
    NanToNumConverter,
    RandomOrientation,
    RandomShift,
    RandomSignalScale,
    ReduceDim,
    SqueezeDim,
    Transpose,
)

__all__ = [
    "TPM",
    "Array",
    "Bioseq",
    "Cover",
    "GenomicIndexer",
    "HeatTrack",
    "Interval",
    "JangguSequence",
    "LineTrack",
    "LogTransform",
    "NanToNumConverter",
    "PercentileTrimming",
    "RandomOrientation",
    "RandomShift",
    "RandomSignalScale",
    "ReduceDim",
    "RegionLengthNormalization",
    "SeqTrack",
    "SqueezeDim",
    "Transpose",
    "VariantStreamer",
    "ZScore",
    "ZScoreLog",
    "plotGenomeTrack",
    "split_train_test",
    "subset",
    "view",
]
