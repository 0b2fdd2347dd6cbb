"""Verifying: blocks derived again from the inputs, by the contract's plain definition, and compared base for base.

What is shared with the build: reading and selecting transcripts (`select_isoforms`, which the tests hold against an
implementation of its own), tables of sequence names, and the catalogue's rules. What is not: reading FASTA, kernels,
painting, cutting, and the reading of blocks, which is pyarrow's own.
"""

from genatator_assets.gene_finding.verify.difference import Difference
from genatator_assets.gene_finding.verify.hashes import changed_blocks
from genatator_assets.gene_finding.verify.pages import PAGES, Sample, verify_pages
from genatator_assets.gene_finding.verify.run import Report, verify

__all__ = ["PAGES", "Difference", "Report", "Sample", "changed_blocks", "verify", "verify_pages"]
