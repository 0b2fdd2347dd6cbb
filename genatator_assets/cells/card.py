"""The page of the card about cell sentences, what a build will make of the files, and the files of a release."""

from collections.abc import Sequence
from pathlib import Path

from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.part import ReleasedFile
from genatator_assets.cells.gather import AGE_YEARS
from genatator_assets.cells.layout import CellsLayout
from genatator_assets.cells.section import Cells
from genatator_assets.cells.symbols import read_named
from genatator_assets.work.manifest import read_manifest
from genatator_assets.work.tables import read_table
from genatator_assets.work.text import TextTable, format_bytes

_TISSUES, _BAR = 20, 20

_ABOUT = (
    "Cell sentences: one row per cell, with the symbols of its {top:,} most expressed genes, separated by blanks, in"
    " `cell_sentence`, its `age` in years, its `donor`, its `split`, its publication, and the columns of obs."
)


def page(catalogue: Catalogue, root: Path) -> Sequence[str | TextTable]:
    """Return the page of the card."""
    layout, section = CellsLayout(root), catalogue.section(Cells)
    if not layout.summary.is_file():
        return []
    datasets = [row for row in read_table(layout.summary).to_pylist() if row["status"] == "built"]
    counts = ("cells", "kept", "train", "test", "donors")
    rows = tuple(
        (row["dataset"], *(_number(row[name]) for name in counts), row["publication_doi"] or "-") for row in datasets
    )
    dropped = read_table(layout.dropped).group_by("reason").aggregate([("cells", "sum")]).sort_by("reason").to_pylist()
    left_out = tuple((row["reason"], _number(row["cells_sum"])) for row in dropped)
    pieces: list[str | TextTable] = [
        _ABOUT.format(top=section.sentence.top_genes),
        TextTable("Cells", ("dataset", *counts, "DOI"), rows),
    ]
    pieces += _distributions(layout)
    if left_out:
        pieces.append(TextTable("Cells left out", ("reason", "cells"), left_out))
    dates = {named.hgnc_date for row in datasets if (named := read_named(layout, row["dataset"])) and named.hgnc_date}
    if dates:
        pieces.append(
            f"Symbols: HGNC of {', '.join(sorted(dates))} (CC0). Ages: HsapDv and MmusDv v2025-01-23 (OBO Foundry,"
            " CC BY 4.0). The cells themselves remain under the licences of their collections."
        )
    return pieces


def _distributions(layout: CellsLayout) -> list[TextTable]:
    """Return how ages are spread over the splits, and cells over tissues, as tables with bars."""
    manifest = read_manifest(layout.gathered)
    if manifest is None:
        return []
    ages, tissues = manifest.facts["ages"], manifest.facts["tissues"]
    splits = sorted({split for counts in ages.values() for split in counts}, reverse=True)
    most = {split: max(counts.get(split, 0) for counts in ages.values()) for split in splits}
    rows = tuple(
        (
            f"{age} - {int(age) + AGE_YEARS}",
            *(cell for split in splits for cell in _bar(ages[age].get(split, 0), most[split])),
        )
        for age in sorted(ages, key=int)
    )
    header = ("years", *(name for split in splits for name in (split, f"share of {split}'s most")))
    by_tissue = sorted(tissues.items(), key=lambda one: -one[1])[:_TISSUES]
    found = [TextTable("Ages by split", header, rows)] if rows else []
    if by_tissue:
        rows = tuple((name, *_bar(count, by_tissue[0][1])) for name, count in by_tissue)
        found.append(TextTable("Cells by tissue", ("tissue", "cells", "share of the most"), rows))
    return found


def _bar(count: int, most: int) -> tuple[str, str]:
    return f"{count:,}", "█" * round(_BAR * count / max(1, most))


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def plan(catalogue: Catalogue, root: Path) -> Sequence[TextTable]:
    """Return the files that there are to build, and what is known of them already."""
    layout, rows = CellsLayout(root), []
    for file in catalogue.section(Cells).files():
        path, known = file.source.path, read_manifest(layout.source(file.name))
        size = format_bytes(path.stat().st_size) if path is not None and path.is_file() else "to be fetched"
        found = known.facts if known else {}
        cells, planned = _number(found.get("cells")), _number(found.get("planned"))
        rows.append((file.name, size, file.matrix, cells, planned, _number(found.get("ranges"))))
    return [TextTable("Cells", ("dataset", "file", "matrix", "cells", "kept at most", "chunks"), tuple(rows))]


def release(_catalogue: Catalogue, root: Path) -> Sequence[ReleasedFile]:
    """Return the chunks and tables of a release, at the places that they have in a root; no path of this machine."""
    layout = CellsLayout(root)
    if not layout.chunks.is_file():
        return []
    index = read_table(layout.chunks)
    datasets = sorted(set(index["dataset"].to_pylist()))
    tables = (layout.chunks, layout.donors, layout.publications, layout.dropped, layout.vocabulary, layout.fits)
    chunks = [  # a config for each dataset, for their columns of obs differ
        ReleasedFile(row["path"], root / row["path"], row["dataset"], row["split"]) for row in index.to_pylist()
    ]
    preview = [
        ReleasedFile(place.relative_to(root).as_posix(), place, "cells_preview", place.stem.replace("all", ""))
        for place in sorted(layout.preview(None).parent.glob("*.parquet"), reverse=True)
    ]
    others = [*tables, *map(layout.genes, datasets)]
    return [*preview, *chunks, *(ReleasedFile(place.relative_to(root).as_posix(), place) for place in others)]
