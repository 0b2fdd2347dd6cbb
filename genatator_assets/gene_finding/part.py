"""What gene finding is to the platform. Its assets are in `orchestration`, which records them by chromosome."""

from dataclasses import asdict, astuple
from pathlib import Path

from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.part import Check, Finding, Part
from genatator_assets.gene_finding.card import page
from genatator_assets.gene_finding.verify import PAGES, Difference, changed_blocks, verify_pages
from genatator_assets.gene_finding.verify.hashes import ChangedFile
from genatator_assets.work.files import sha256_of_file
from genatator_assets.work.layout import Layout

_SHOWN = 20


def _hashes(_: Catalogue, root: Path) -> Finding:
    changed = list(changed_blocks(Layout(root)))
    columns = tuple(ChangedFile.__dataclass_fields__)
    return Finding(len(changed), columns, tuple(astuple(one) for one in changed[:_SHOWN]))


def _sample(catalogue: Catalogue, root: Path) -> Finding:
    layout = Layout(root)
    seed = int(sha256_of_file(layout.index)[:8], 16)  # another for each index
    sample = verify_pages(catalogue, layout, seed)
    note = (
        f"{sample.pages:,} pages of {sample.chromosomes:,} of {sample.chromosomes_in_all:,} chromosomes, drawn by seed"
        f" {seed}: targets of {sample.nt:,} nt, DNA of {sample.dna_nt:,} nt"
    )
    rows = tuple(tuple(asdict(one).values()) for one in sample.differences[:_SHOWN])
    return Finding(len(sample.differences), tuple(Difference.__dataclass_fields__), rows, note)


PART = Part(
    name="gene_finding",
    title="Gene finding",
    stages=(),
    checks=(
        Check(
            "files_have_their_hashes",
            "block_index",
            "Every block file is byte for byte the one that the index knows: a changed target, even a single NaN, is"
            " found so.",
            _hashes,
            blocking=True,
        ),
        Check(
            "blocks_are_what_the_inputs_say",
            "block_index",
            f"{PAGES} pages of blocks and the DNA beside them, drawn afresh for each index over as many chromosomes as"
            " there are, are base for base what follows from the imported sequence and the selected transcripts."
            " 'genatator-assets verify' compares all blocks with the input files.",
            _sample,
            blocking=True,
        ),
    ),
    page=page,
)
