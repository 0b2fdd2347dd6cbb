"""The picture of a recording that people see in Dagster's UI: what was counted along the chromosomes."""

from collections.abc import Mapping, Sequence

from genatator_assets.work.svg import SPLIT_COLOURS, markdown, stacked

_PASSED_OVER = "#bbb"


def counts_figure(by_chromosome: Mapping[str, Sequence[int]]) -> str:
    """Return a bar for each chromosome: alignments or intervals that were counted, and those passed over.

    Of many chromosomes, those with fewest are one bar.
    """
    most = max(map(sum, by_chromosome.values()), default=0)
    said = f"Counted blue, passed over grey; at most {most:,} in a bar."
    return markdown(stacked(by_chromosome, [SPLIT_COLOURS["train"][1], _PASSED_OVER]), said)
