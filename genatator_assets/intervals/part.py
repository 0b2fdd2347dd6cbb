"""What interval sets are to the platform."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.part import Asset, Check, Finding, Part, Partitions, ReleasedFile, Shown, Stage
from genatator_assets.catalogue.values import SPLITS
from genatator_assets.intervals.build import BED_LIST, DATASET, REGIONS, IntervalTask, build_sets, names_of, tasks_of
from genatator_assets.intervals.figure import regions_figure
from genatator_assets.intervals.section import IntervalSet, interval_sets
from genatator_assets.intervals.splits import PARTS
from genatator_assets.intervals.tables import REGIONS_SCHEMA, SOURCES_SCHEMA
from genatator_assets.intervals.verify import verify_set
from genatator_assets.work.files import size_of
from genatator_assets.work.layout_intervals import IntervalLayout
from genatator_assets.work.manifest import Manifest, read_manifest
from genatator_assets.work.text import Markdown, TextTable, format_bytes

CHECKED_ROWS = 1_000
_MOST_LABELS = 40

_CATALOGUE, _FILES = "the catalogue", "the BED files, tracks or gene models"
_SOURCES_FROM = {
    **dict.fromkeys(("set", "source", "kind", "name", "label", "label_column"), _CATALOGUE),
    **dict.fromkeys(("sha256", "rows", "malformed"), _FILES),
    "passed_over": "assembly.chrom, assembly.aliases, assembly.included",
    **dict.fromkeys(("outside", "past_end"), "assembly.length"),
}
_REGIONS_FROM = {
    **dict.fromkeys(("set", "genome"), _CATALOGUE),
    **dict.fromkeys(("hull_start", "hull_end", "strand"), _FILES),
    "chrom": "assembly.chrom, assembly.aliases",
    **dict.fromkeys(("start", "end"), "regions.hull_start, regions.hull_end, assembly.length"),
    "labels": "bed_list.label_column",
    **dict.fromkeys(("sources", "rows", "negative"), "bed_list.source"),
    **dict.fromkeys(("kept", "reason"), "regions.labels, assembly.length"),
    **dict.fromkeys(("split", "place"), "assembly.split"),
}


def _show(task: IntervalTask, manifests: Mapping[str, Manifest]) -> Mapping[str, Shown]:
    listed, regions, dataset = (manifests[name].facts for name in (BED_LIST, REGIONS, DATASET))
    labels = _label_table("", regions["by_label"])
    return {
        BED_LIST: {**listed, "uri": task.layout.sources(task.key)},
        REGIONS: {
            **regions["counts"],
            **{f"negatives {name}": str(value) for name, value in regions.get("negatives", {}).items()},
            "rows": regions["counts"]["kept"],
            "regions along the chromosomes": Markdown(regions_figure(regions["by_chromosome"])),
            "regions by label": Markdown(regions_figure(dict(regions["by_label"]))),
            "labels": labels,
            "uri": task.layout.regions(task.key),
        },
        DATASET: {
            **dataset["rows"],
            "rows": sum(dataset["rows"].values()),
            "bytes": sum(output.bytes for output in manifests[DATASET].outputs),
            "uri": task.layout.hdf5(task.key),
        },
    }


def _label_table(title: str, by_label: Sequence[tuple[str, Sequence[int]]]) -> TextTable:
    rows = [(label, *(f"{count:,}" for count in counts)) for label, counts in by_label]
    left = len(rows) - _MOST_LABELS
    more = [(f"... {left:,} labels more", *("" for _ in PARTS))] if left > 0 else []
    return TextTable(title, ("label", *PARTS), (*rows[:_MOST_LABELS], *more))


def _page(catalogue: Catalogue, root: Path) -> list[str | TextTable]:
    """Return the page of the card: the sets, and the labels of each."""
    layout = IntervalLayout(root)
    built = [
        (one, manifest)
        for one in interval_sets(catalogue)
        if (manifest := read_manifest(layout.manifest(one.name, REGIONS))) is not None
    ]
    if not built:
        return []
    about = (
        "Labelled regions of one length: as `regions.parquet`, as rows with their sequences in `rows/<split>.parquet`,"
        " and as one-hot HDF5 with the tables"
        " `training_sequences`, `training_labels`, `training_coords`, and as many for validation and test."
    )
    header = ("set", "genome", "method", "length", "merged", "kept", *PARTS)
    rows = tuple((*_described(one), *_counted(manifest)) for one, manifest in built)
    labels = [_label_table(f"Regions of {one.name} by label", manifest.facts["by_label"]) for one, manifest in built]
    return [about, TextTable("Sets of regions", header, rows), *labels]


def _described(one: IntervalSet) -> tuple[str, ...]:
    return (one.name, one.genome, one.method, f"{one.length_bp:,}")


def _counted(manifest: Manifest) -> tuple[str, ...]:
    counts = manifest.facts["counts"]
    of_part = [sum(column) for column in zip(*manifest.facts["by_chromosome"].values(), strict=True)]
    return tuple(f"{number:,}" for number in (counts["merged"], counts["kept"], *of_part))


def _plan(catalogue: Catalogue, _: Path) -> list[TextTable]:
    rows = tuple(
        (*_described(one), f"{len(one.beds):,}", format_bytes(sum(max(0, size_of(path)) for path in one.files)))
        for one in interval_sets(catalogue)
    )
    return [
        TextTable("Sets of labelled intervals", ("set", "genome", "method", "length", "sources", "BED files"), rows)
    ]


def _verify(catalogue: Catalogue, root: Path, sample: int | None) -> list[str]:
    return [
        difference for one in interval_sets(catalogue) for difference in verify_set(root, one.genome, one.name, sample)
    ]


def _one_hot_is_the_sequence(catalogue: Catalogue, root: Path) -> Finding:
    found = _verify(catalogue, root, CHECKED_ROWS)
    return Finding(len(found), ("difference",), tuple((line,) for line in found[:20]), f"{CHECKED_ROWS:,} rows a set")


def _release(catalogue: Catalogue, root: Path) -> list[ReleasedFile]:
    """Return the HDF5 files and tables; the rows of each set are a config of its own, by split."""
    layout = IntervalLayout(root)
    files = []
    for one in interval_sets(catalogue):
        tables = (layout.sources(one.name), layout.regions(one.name), layout.hdf5(one.name))
        rows = [layout.rows(one.name) / f"{split}.parquet" for split in SPLITS]
        files += [ReleasedFile(path.relative_to(root).as_posix(), path) for path in tables if path.is_file()]
        files += [
            ReleasedFile(path.relative_to(root).as_posix(), path, one.name, path.stem)
            for path in rows
            if path.is_file()
        ]
    return files


SETS = Partitions("interval_sets", names_of)

PART = Part(
    name="intervals",
    title="Interval sets",
    stages=(
        Stage(
            (
                Asset(
                    BED_LIST,
                    "What the intervals of a set come from, BED files above all: labels, and what became of the rows.",
                    after=("assembly",),
                    schema=SOURCES_SCHEMA,
                    columns_from=_SOURCES_FROM,
                ),
                Asset(
                    REGIONS,
                    "Regions of one length with their labels: merged, centred, split; and those that are left out.",
                    after=(BED_LIST, "assembly"),
                    schema=REGIONS_SCHEMA,
                    columns_from=_REGIONS_FROM,
                ),
                Asset(
                    DATASET,
                    "Sequences and labels of the regions: one-hot as HDF5 in intervals/<set>/<set>.h5, and as text in"
                    " intervals/<set>/rows/<split>.parquet.",
                    after=(REGIONS, "assembly"),
                    kinds=frozenset({"hdf5", "parquet"}),
                ),
            ),
            tasks_of,
            build_sets,
            SETS,
            show=_show,
        ),
    ),
    checks=(
        Check(
            "one_hot_is_the_sequence",
            DATASET,
            f"Rows of the HDF5 and Parquet files, {CHECKED_ROWS:,} of each set drawn by a seed, hold the bases of their"
            " regions and their labels; and each table has the sums that the regions have.",
            _one_hot_is_the_sequence,
        ),
    ),
    page=_page,
    verify=_verify,
    plan=_plan,
    release=_release,
)
