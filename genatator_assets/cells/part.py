"""The part `cells`: its assets, and how tasks make them."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path

from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.part import FINISH, PREPARE, Asset, Part, Partitions, Shown, Stage, Tasks
from genatator_assets.cells import gather, genes, publications, split, survey
from genatator_assets.cells.card import page, plan, release
from genatator_assets.cells.checks import CHECKS
from genatator_assets.cells.chunks import build_chunks
from genatator_assets.cells.datasets import DatasetTask, join
from genatator_assets.cells.figure import ages_figure, tissues_figure
from genatator_assets.cells.gather import AGE_YEARS, GatherTask, build_tables
from genatator_assets.cells.layout import CellsLayout
from genatator_assets.cells.outcomes import read_failure
from genatator_assets.cells.publications import PublicationsTask, build_publications, read_publications
from genatator_assets.cells.recipe import GeneList, Recipe, SentenceRules, chunk_tasks
from genatator_assets.cells.section import CellFile, Cells, CellSplit
from genatator_assets.cells.sources import SourcesTask, SourceTask, build_sources, join_sources
from genatator_assets.cells.split import DonorsTask, Scoped, build_donors
from genatator_assets.cells.survey import SurveyRules, read_surveyed
from genatator_assets.cells.symbols import SymbolRules, read_named
from genatator_assets.cells.verify import verify
from genatator_assets.errors import DatasetError, GenatatorError
from genatator_assets.work.files import sha256_of_file
from genatator_assets.work.layout import Layout
from genatator_assets.work.manifest import Manifest
from genatator_assets.work.text import Markdown, TextTable, format_bytes


def _section(catalogue: Catalogue) -> Cells:
    return catalogue.section(Cells)


def _files(catalogue: Catalogue) -> dict[str, CellFile]:
    return {file.name: file for file in _section(catalogue).files()}


FILES = Partitions("cell_files", lambda catalogue, _: list(_files(catalogue)), dynamic=True)


def _rules_of_split(cells: Cells) -> CellSplit | None:
    return None if cells.split == "none" else cells.split


def source_tasks(catalogue: Catalogue, root: Path, _keys: Collection[str]) -> Tasks:
    """Return the task of looking at all files."""
    cells, layout = _section(catalogue), CellsLayout(root)
    try:
        symbols = SymbolRules.of(cells.genes, Layout(root))
    except GenatatorError as error:
        return Tasks({}, {"": str(error)})
    lists = tuple(sorted(cells.sentence.lists))
    files = []
    for name, file in _files(catalogue).items():
        rules = SurveyRules(file.matrix, cells.age, cells.chunk_cells, cells.primary_only, lists)
        files.append(SourceTask(root, name, file.source, rules, symbols))
    failures = {one.key: told for one in files if (told := read_failure(layout, one.key)).get("step") == "sources"}
    return Tasks({"": SourcesTask(root, tuple(files), failures)})


def publication_tasks(catalogue: Catalogue, root: Path, _keys: Collection[str]) -> Tasks:
    """Return the task of the table of publications."""
    today = datetime.now(UTC).date()
    return Tasks({"": PublicationsTask.of(root, _section(catalogue).publications, today)})


def donor_tasks(catalogue: Catalogue, root: Path, _keys: Collection[str]) -> Tasks:
    """Return the task of splitting all donors of the files that could be looked at."""
    layout, rules = CellsLayout(root), _rules_of_split(_section(catalogue))
    found = {name: surveyed for name in _files(catalogue) if (surveyed := read_surveyed(layout, name)) is not None}
    if not found:
        return Tasks({}, {"": _with_reasons("no file of cells could be read", catalogue, root)})
    known = read_publications(layout)
    scoped = tuple(Scoped.of(name, surveyed, known, rules) for name, surveyed in found.items())
    return Tasks({"": DonorsTask(root, scoped, {name: surveyed.plan for name, surveyed in found.items()}, rules)})


def dataset_tasks(catalogue: Catalogue, root: Path, keys: Collection[str]) -> Tasks:
    """Return the tasks of building the chunks of datasets."""
    tasks, faults = {}, {}
    for key in keys:
        try:
            tasks[key] = _dataset_task(_section(catalogue), root, key)
        except GenatatorError as error:
            faults[key] = str(error)
    return Tasks(tasks, faults)


def _dataset_task(cells: Cells, root: Path, dataset: str) -> DatasetTask:
    layout = CellsLayout(root)
    found, named = read_surveyed(layout, dataset), read_named(layout, dataset)
    if found is None or named is None:
        told = read_failure(layout, dataset).get("error", "it has not been read; build cell_sources first")
        raise DatasetError(told)
    publication = read_publications(layout).find(dataset, found.citation)
    recipe = Recipe(
        root=root,
        dataset=dataset,
        path=Path(found.path),
        matrix=found.matrix,
        made_from={"source": found.sha256, "plan": found.plan, "genes": named.made_from},
        sentence=_sentence_rules(cells),
        publication=publication if cells.publications.contacts else publication.without_contacts(),
        has_donors=found.donor_column is not None,
        stored_per_cell=found.stored / max(1, found.cells),
    )
    ranges = chunk_tasks(recipe, found, split=cells.split != "none")
    return DatasetTask(recipe, tuple(ranges), found.cells, found.dropped)


def _sentence_rules(cells: Cells) -> SentenceRules:
    rules = cells.sentence
    lists = tuple(GeneList(name, path, sha256_of_file(path)) for name, path in sorted(rules.lists.items()))
    return SentenceRules(rules.top_genes, rules.upper_case, lists)


def gather_tasks(catalogue: Catalogue, root: Path, _keys: Collection[str]) -> Tasks:
    """Return the task of the tables over all datasets."""
    task = GatherTask(root, tuple(_files(catalogue)))
    return Tasks({"": task}) if task.built else Tasks({}, {"": _with_reasons("no cells are built", catalogue, root)})


def _with_reasons(text: str, catalogue: Catalogue, root: Path) -> str:
    """Return a text with the reasons why datasets failed."""
    failed = {name: read_failure(CellsLayout(root), name) for name in _files(catalogue)}
    return "; ".join([text, *(f"{name}: {told['error']}" for name, told in failed.items() if told)])


def _counts(title: str, heading: str, counts: Mapping[str, int], of: str = "cells") -> TextTable:
    rows = sorted(counts.items(), key=lambda one: -one[1])
    return TextTable(title, (heading, of), tuple((name, f"{count:,}") for name, count in rows))


def show_sources(task: SourcesTask, made: Mapping[str, Manifest]) -> Mapping[str, Shown]:
    """Return what is shown of the files."""
    found, named = made["cell_sources"].facts["files"], made["gene_symbols"].facts["files"]
    numbers, layout = ("cells", "planned", "genes", "units"), CellsLayout(task.root)
    files = tuple(
        (name, *(f"{one[number]:,}" for number in numbers), one["matrix"], one["layout"], one["dtype"])
        for name, one in found.items()
    )
    ages, columns, sources = Counter[str](), Counter[tuple[str, str]](), Counter[str]()
    for one in found.values():
        ages.update(one["ages"])
        columns.update(one["columns"].items())
    for one in named.values():
        sources.update(one["symbols"])
    failed = made["cell_sources"].facts["failed"]
    unread = {"not read": TextTable("not read", ("file", "why"), tuple(failed.items()))} if failed else {}
    return {
        "cell_sources": {
            "uri": layout.sources.with_suffix(""),
            "rows": len(found),
            "files": TextTable("files", ("file", *numbers, "matrix", "layout", "type"), files),
            "ages": _counts("ages", "age", ages),
            "columns of obs": TextTable(
                "columns of obs", ("column", "type", "files"), tuple((*one, f"{n:,}") for one, n in columns.items())
            ),
            **unread,
        },
        "gene_symbols": {
            "uri": layout.symbols.with_suffix(""),
            "rows": sum(one["genes"] for one in named.values()),
            "symbols": _counts("symbols", "source, or why none", sources, "genes"),
        },
    }


def show_publications(task: PublicationsTask, made: Mapping[str, Manifest]) -> Mapping[str, Shown]:
    """Return what is shown of the table of publications."""
    facts = made["publications"].facts
    told = {key: facts[key] for key in ("origin", "fetched", "warning") if facts[key]}
    return {"publications": {"uri": task.layout.publications, "rows": facts["publications"], **told}}


def show_donors(task: DonorsTask, made: Mapping[str, Manifest]) -> Mapping[str, Shown]:
    """Return what is shown of the table of donors."""
    facts = made["donors"].facts
    return {"donors": {"uri": task.layout.donors, "rows": facts["rows"], "scopes": facts["scopes"]}}


def show_dataset(task: DatasetTask, made: Mapping[str, Manifest]) -> Mapping[str, Shown]:
    """Return what is shown of a dataset's chunks."""
    facts = made["cell_chunks"].facts
    kept = {("all" if split == "None" else split): count for split, count in facts["kept"].items()}
    fit = facts["rank_fit"]
    return {
        "cell_chunks": {
            "uri": task.recipe.layout.dataset(task.key),
            "rows": sum(kept.values()),
            "chunks": len(facts["chunks"]),
            "kept": _counts("kept", "split", kept),
            "left out": _counts("left out", "reason", facts["dropped"]),
            **({"R2 of expression by rank": fit["r2"]} if fit else {}),
        }
    }


def show_tables(task: GatherTask, made: Mapping[str, Manifest]) -> Mapping[str, Shown]:
    """Return what is shown of all datasets together."""
    facts = made["cell_dataset"].facts
    absent = {"not built": ", ".join(facts["absent"])} if facts["absent"] else {}
    drawn = {}
    if facts["ages"]:
        drawn["ages by split"] = Markdown(ages_figure(facts["ages"], AGE_YEARS))
    if facts["tissues"]:
        drawn["cells by tissue"] = Markdown(tissues_figure(facts["tissues"]))
    return {
        "cell_dataset": {
            "uri": task.layout.top,
            "rows": facts["cells"],
            "datasets": facts["datasets"],
            "chunks": facts["chunks"],
            "size": format_bytes(facts["bytes"]),
            "symbols": facts["symbols"],
            **absent,
            **drawn,
        }
    }


_PLAN_FROM = {
    "row": "the place in obs",
    "unit": "the donor column of obs, or the cell's id",
    **dict.fromkeys(("age", "age_months", "age_low", "age_high", "age_reason"), "the stage in obs, by its ontology"),
}
_GENES_FROM = {
    **dict.fromkeys(("gene", "var_name", "ensembl_id"), "var"),
    **dict.fromkeys(("symbol", "source", "reason"), "the table of symbols, else var"),
}
_DONORS_FROM = {
    "dataset": "the catalogue",
    "scope": "publications.collection_id, cell_sources.unit",
    **dict.fromkeys(("kind", "unit", "cells"), "cell_sources.unit"),
    "age": "cell_sources.age",
    "split": "cell_sources.unit, cell_sources.age",
}
_CHUNKS_FROM = {
    "dataset": "the catalogue",
    "split": "donors.split",
    **dict.fromkeys(("path", "cells", "bytes", "sha256"), "the chunk's file"),
}

PART = Part(
    name="cells",
    title="Cell sentences",
    stages=(
        Stage(
            assets=(
                Asset(
                    "cell_sources",
                    "What each h5ad file holds: layout, obs, ages, donors, and which cells are kept, by obs alone.",
                    kinds=frozenset({"hdf5", "parquet"}),
                    schema=survey.PLAN,
                    columns_from=_PLAN_FROM,
                ),
                Asset(
                    "gene_symbols",
                    "The symbol of each gene of each file, where it is from, or why it has none.",
                    after=("cell_sources",),
                    schema=genes.SCHEMA,
                    columns_from=_GENES_FROM,
                ),
            ),
            tasks=source_tasks,
            build=build_sources,
            job=PREPARE,
            registers=FILES,
            show=show_sources,
            pieces=lambda task: task.files,
            join=join_sources,
        ),
        Stage(
            assets=(
                Asset(
                    "publications",
                    "The publications of CELLxGENE Discover's datasets, from a file or refreshed from its address.",
                    schema=publications.SCHEMA,
                    columns_from=dict.fromkeys(publications.SCHEMA.names, "CELLxGENE Discover's collections"),
                ),
            ),
            tasks=publication_tasks,
            build=build_publications,
            job=PREPARE,
            show=show_publications,
        ),
        Stage(
            assets=(
                Asset(
                    "donors",
                    "All donors of all files, with their median ages and the split that each is in, decided before any"
                    " sentence is written.",
                    after=("cell_sources", "publications"),
                    schema=split.SCHEMA,
                    columns_from=_DONORS_FROM,
                ),
            ),
            tasks=donor_tasks,
            build=build_donors,
            job=PREPARE,
            show=show_donors,
        ),
        Stage(
            assets=(
                Asset(
                    "cell_chunks",
                    "The sentences of a file's cells with all columns of obs, ages, donors and publications:"
                    " cells/<dataset>/<train|test>/chunk_NNNN.parquet.",
                    after=("gene_symbols", "donors"),
                ),
            ),
            tasks=dataset_tasks,
            build=build_chunks,
            partitions=FILES,
            show=show_dataset,
            pieces=lambda task: task.ranges,
            join=join,
        ),
        Stage(
            assets=(
                Asset(
                    "cell_dataset",
                    "The tables over all datasets of cells: chunks, what was left out and why, the vocabulary, and what"
                    " became of each file.",
                    after=("cell_chunks",),
                    schema=gather.CHUNKS,
                    columns_from=_CHUNKS_FROM,
                ),
            ),
            tasks=gather_tasks,
            build=build_tables,
            job=FINISH,
            show=show_tables,
        ),
    ),
    checks=CHECKS,
    page=page,
    verify=verify,
    plan=plan,
    release=release,
)
