"""What is written of scores: two tables, the mistakes for a genome browser, a card, and a picture."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

from genatator_assets.evaluation.levels import DISTANCES
from genatator_assets.evaluation.mistakes import Mistake
from genatator_assets.evaluation.picture import precision_recall
from genatator_assets.evaluation.scores import Scored, Scores, text_tables
from genatator_assets.work.files import Measured, measure, whole_file
from genatator_assets.work.tables import write_table
from genatator_assets.work.text import Markdown, TextTable
from genatator_assets.work.unit import Provenance

_SAFE = " :/+-_.@|()"


def write_report(scores: Scores, folder: Path, made_from: Provenance | None = None) -> dict[Path, Measured]:
    """Write scores.parquet, matches.parquet, errors.gff3, scores.md and curves.svg; return their sizes and hashes."""
    provenance = made_from or Provenance({one.name: one.sha256 for one in scores.predictions}, dict(scores.about))
    written = {
        (path := folder / f"{name}.parquet"): write_table(path, table, provenance)
        for name, table in (("scores", scores.table), ("matches", scores.matches))
    }
    texts = {
        "errors.gff3": "".join(f"{line}\n" for line in errors_gff3(scores.predictions)),
        "scores.md": card(scores),
        "curves.svg": precision_recall(scores),
    }
    for name, text in texts.items():
        with whole_file(folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
            written[folder / name] = measure(temporary)
    return written


def errors_gff3(predictions: Iterable[Scored]) -> Iterator[str]:
    """Return the mistakes of predictions as lines of GFF3, sorted by place; column 2 names the prediction."""
    yield "##gff-version 3"
    rows = sorted(
        ((one.chrom, one.start, one.end, one.what, of.name, one) for of in predictions for one in of.mistakes),
        key=lambda row: row[:5],
    )
    for number, (chrom, start, end, what, name, one) in enumerate(rows, 1):
        attributes = {"ID": f"error{number}", "Name": f"{what} {one.gene}", "gene": one.gene, **_more(one)}
        ninth = ";".join(f"{key}={quote(value, safe=_SAFE)}" for key, value in attributes.items())
        columns = (quote(chrom, safe=_SAFE), quote(name, safe=_SAFE), what, str(start + 1), str(end), ".", one.strand)
        yield "\t".join([*columns, ".", ninth])


def _more(one: Mistake) -> dict[str, str]:
    more = {"genome": one.genome} if one.genome else {}
    if one.genes:
        more["overlaps"] = " ".join(one.genes)
    if one.k_needed is not None:
        more["k_needed"] = str(one.k_needed)
    return more


def card(scores: Scores) -> str:
    """Return the scores as Markdown, with all that one needs to compute them again."""
    lines = ["# Scores", ""]
    lines += [f"- {key}: {Markdown.of(value)}" for key, value in scores.about.items()]
    for one in scores.predictions:
        dropped = ", ".join(f"{reason} {count:,}" for reason, count in one.dropped.items())
        lines.append(f"- prediction {Markdown.of(one.name)}: sha256 {one.sha256}" + (f"; {dropped}" if dropped else ""))
    lines += ["", _DEFINITIONS, ""]
    for table in text_tables(scores):
        lines += [f"## {table.title}", "", table.as_markdown(), ""]
    for one in scores.predictions:
        if any(map(sum, one.distances.values())):
            table = _distances(one.distances)
            lines += [f"## Distance to the nearest true site: {Markdown.of(one.name)}", "", table.as_markdown(), ""]
    others = list(dict.fromkeys(row["subset"] for row in scores.rows() if row["subset"] != "all"))
    if others:
        lines.append(f"Also scored, in scores.parquet: {', '.join(Markdown.of(name) for name in others)}.")
    return "\n".join(lines).rstrip() + "\n"


_DEFINITIONS = (
    "Precision is right / predicted, recall is found / true. An interval matches if both of its ends differ by k bp or"
    " less; recall of intervals is of genes with a matched transcript. Sites are in a largest one-to-one matching;"
    " `_any` asks only whether one is near. Intervals of 95 % are by bootstrap over tiles of 1 Mb."
)


def _distances(of_kinds: Mapping[str, Iterable[int]]) -> TextTable:
    bins = [f"{low + 1}-{high}" for low, high in itertools.pairwise(DISTANCES)]
    header = [f"> {DISTANCES[-1]} upstream", *(f"{name} upstream" for name in reversed(bins)), "0"]
    header += [*(f"{name} downstream" for name in bins), f"> {DISTANCES[-1]} downstream"]
    columns = [[f"{count:,}" for count in counts] for counts in of_kinds.values()]
    rows = tuple(zip(header, *columns, strict=True))
    return TextTable("", ("bp", *of_kinds), rows)
