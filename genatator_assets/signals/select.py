"""Which tracks are meant: by output type, by a term or all below one, by tissue, assay and strand."""

from collections.abc import Mapping

from genatator_assets.signals.columns import Row
from genatator_assets.signals.gtex import plain_tissue
from genatator_assets.signals.section import Select
from genatator_assets.signals.terms import Term, ancestors_of


def selected(select: Select, row: Row, terms: Mapping[str, Term]) -> bool:
    """Return whether a track meets all conditions; each is met by any one of its values."""
    of_column = {"output_type": select.output_type, "Assay title": select.assay, "strand": select.strand}
    if any(wanted and row.get(column) not in wanted for column, wanted in of_column.items()):
        return False
    if select.tissue:
        tissue = plain_tissue(row.get("gtex_tissue") or "")
        if tissue not in {plain_tissue(wanted) for wanted in select.tissue}:
            return False
    if select.ontology is None:
        return True
    curie, under = row.get("ontology_curie"), select.ontology.under
    if curie is None or under is None:
        return curie is not None and curie == select.ontology.term
    return curie == under or under in ancestors_of(curie, terms)
