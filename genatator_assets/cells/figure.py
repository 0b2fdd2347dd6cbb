"""The pictures of cells that people see in Dagster's UI: ages by split, cells by tissue. Numbers in, Markdown out."""

from collections.abc import Mapping

from genatator_assets.work.svg import SPLIT_COLOURS, WIDTH, bars, markdown, picture, stacked, text

_UP, _RULER, _LEAST_SPAN = 40, 8, 10
_GREY = ("grey", "#888")


def ages_figure(ages: Mapping[str, Mapping[str, int]], years: int) -> str:
    """Return bars of the cells of each split, by age in stretches of `years`: the highest of each split are as high.

    ages: cells by split, by the first year of a stretch as text.
    """
    splits = sorted({split for counts in ages.values() for split in counts}, reverse=True)
    first, last = (choose(map(int, ages)) // years for choose in (min, max))
    wide = WIDTH // max(_LEAST_SPAN, last - first + 1)
    thick = max(1, (wide - 2) // len(splits))
    drawn, told = [], []
    for place, split in enumerate(splits):
        colour, number = SPLIT_COLOURS.get(split, _GREY)
        most = max(counts.get(split, 0) for counts in ages.values())
        lines = ""
        for age, counts in sorted(ages.items(), key=lambda one: int(one[0])):
            if high := round(counts.get(split, 0) * _UP / most):
                lines += f"M{(int(age) // years - first) * wide + place * thick + thick // 2 + 1} {_UP}v-{high}"
        drawn.append(bars(number, lines, thick))
        told.append(f"{split} {colour}, at most {most:,} cells")
    names = "".join(text((step - first) * wide, _UP + _RULER - 1, f"{step * years}") for step in range(first, last + 1))
    return markdown(picture(_UP + _RULER, *drawn, names), f"{'; '.join(told)} in {years} years.".capitalize())


def tissues_figure(tissues: Mapping[str, int]) -> str:
    """Return a bar for each tissue, as long as it has cells; of many, those with fewest are one bar."""
    colour = SPLIT_COLOURS["train"][1]
    drawn = stacked({name: (cells,) for name, cells in tissues.items()}, [colour])
    return markdown(drawn, f"{len(tissues):,} tissues, at most {max(tissues.values()):,} cells of one.")
