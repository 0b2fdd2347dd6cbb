"""The picture of a set that people see in Dagster's UI: regions along the chromosomes, by split. Numbers in, Markdown
out."""

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from genatator_assets.intervals.splits import PARTS
from genatator_assets.work.text import Markdown

_COLOURS = dict(zip(PARTS, ("#26a", "#d71", "#2a6"), strict=True))
_MOST_ROWS, _ROW, _BARS_AT, _BARS_WIDE = 9, 8, 50, 160
_IN_ADDRESS = str.maketrans({character: f"%{ord(character):02X}" for character in "%#<>&"})


def regions_figure(by_chromosome: Mapping[str, Sequence[int]]) -> Markdown:
    """Return a bar for each chromosome: how many regions of each part it has. Of many, those with fewest are one bar.

    The picture stays below the 1,000 characters that Dagster's UI shows at once.
    """
    rows = sorted(by_chromosome.items(), key=lambda row: -sum(row[1]))
    if len(rows) > _MOST_ROWS + 1:
        few = [sum(column) for column in zip(*(counts for _, counts in rows[_MOST_ROWS:]), strict=True)]
        rows = [*rows[:_MOST_ROWS], (f"{len(rows) - _MOST_ROWS} others", few)]
    most = max((sum(counts) for _, counts in rows), default=0) or 1
    lines: dict[str, str] = dict.fromkeys(PARTS, "")
    names = ""
    for number, (chrom, counts) in enumerate(rows):
        y, at = number * _ROW, _BARS_AT
        names += f"<text y='{y + 6}'>{escape(chrom[:12])}</text>"
        for part, count in zip(PARTS, counts, strict=True):
            wide = round(count * _BARS_WIDE / most)
            lines[part] += f"M{at} {y + 4}h{wide}" if wide else ""
            at += wide
    bars = "".join(f"<path stroke='{_COLOURS[part]}' stroke-width='6' d='{d}'/>" for part, d in lines.items() if d)
    head = f"xmlns='http://www.w3.org/2000/svg' width='480' viewBox='0 0 240 {len(rows) * _ROW}'"
    svg = f"<svg {head} style='background:#fff;font:5.5px arial'>{names}{bars}</svg>"
    return Markdown(
        f"![](<data:image/svg+xml,{svg.translate(_IN_ADDRESS)}>)\n\nBlue: training, orange: validation, green: test; at"
        f" most {most:,} regions in a bar."
    )
