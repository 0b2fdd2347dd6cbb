"""Verifying the segmentation dataset: rows are derived again from the input files, by code of its own.

Nothing here uses the readers of gene models or the labels of the build; which transcripts are rows, and which isoform
represents its gene, is selected anew by the reader that the build has too, as `gene_finding.verify` does.
"""

from genatator_assets.segmentation.verify.run import verify

__all__ = ["verify"]
