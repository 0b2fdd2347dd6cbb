"""What gene finding is to the platform. Its assets are in `orchestration`, which records them by chromosome."""

from genatator_assets.catalogue.part import Part
from genatator_assets.gene_finding.card import page

PART = Part(name="gene_finding", title="Gene finding", stages=(), page=page)
