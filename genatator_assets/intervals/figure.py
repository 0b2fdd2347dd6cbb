"""The pictures of a set that people see in Dagster's UI: regions by chromosome, or by label, and split. Numbers in,
Markdown out."""

from collections.abc import Mapping, Sequence

from genatator_assets.work.svg import SPLIT_COLOURS, markdown, stacked


def regions_figure(by_name: Mapping[str, Sequence[int]]) -> str:
    """Return a bar for each chromosome or label: how many regions of each part it has, in the order of `PARTS`.

    Of many, those with fewest are one bar. The picture stays below the 1,000 characters that the UI shows at once.
    """
    most = max(map(sum, by_name.values()), default=0)
    colours = [number for _, number in SPLIT_COLOURS.values()]
    said = f"Training blue, validation orange, test green; at most {most:,} regions in a bar."
    return markdown(stacked(by_name, colours), said)
