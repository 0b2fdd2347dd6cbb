"""From a list of BED files and a genome to labelled regions and their HDF5 file, with a count of everything."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from genatator_assets.errors import BedError
from genatator_assets.intervals.beds import BedFile, Chromosomes, Collected, Source, choose_chromosomes, collect
from genatator_assets.intervals.labels import Label, label_columns
from genatator_assets.intervals.lists import Listed
from genatator_assets.intervals.regions import Regions, Rules, make_regions_of_each
from genatator_assets.intervals.splits import (
    LabelledRegions,
    RandomSplit,
    Splits,
    split_at_random,
    split_by_chromosome,
)
from genatator_assets.sources.aliases import aliases_of
from genatator_assets.version import __version__
from genatator_assets.work.files import canonical_json, sha256_of_file

FORMAT_VERSION = "1"
"""Of the HDF5 file; a change that old readers can't read raises it."""


@dataclass(frozen=True)
class ChromosomeSplit:
    """Chromosomes for validation and test, by name; all others are for training."""

    validation: tuple[str, ...] = ("chr21", "chr22")
    test: tuple[str, ...] = ("chr19", "chr20")

    def __post_init__(self) -> None:
        """Refuse a chromosome that is in both."""
        if both := sorted({*self.validation} & {*self.test}):
            raise ValueError(
                f"{', '.join(both)} stands among the chromosomes of both test and validation; name it once"
            )


@dataclass(frozen=True)
class Recipe:
    """What is made of BED files: which chromosomes are wanted, how regions are made, and how they are split."""

    rules: Rules = field(default_factory=Rules)
    split: ChromosomeSplit | RandomSplit = field(default_factory=ChromosomeSplit)
    chromosomes: str | tuple[str, ...] = "autosomes"


@dataclass(frozen=True, eq=False)
class Prepared:
    """What became of BED files by a recipe: all regions, and those that are kept, with their splits."""

    sources: tuple[Source, ...]
    recipe: Recipe
    collected: Collected
    regions: Regions
    dataset: LabelledRegions

    def count(self) -> dict[str, int]:
        """Count rows and regions, by fate, split and label, in the order in which they are printed."""
        rows = self.collected.count()
        return {
            **{name: rows[name] for name in ("read", "passed_over", "malformed", "outside", "past_end")},
            **self.regions.count(),
            **self.dataset.count(),
            **{f"label_{label}": sum(counts) for label, counts in self.dataset.count_by_label().items()},
        }


def prepare(
    sources: Sequence[Source], labels: Sequence[Label | None], chromosomes: Chromosomes, recipe: Recipe
) -> Prepared:
    """Make labelled regions of the intervals of sources, each of which has a label.

    Raises:
        BedError: a source or a label can't be used, or there are too few regions to split.
    """
    try:
        columns = label_columns(labels)
    except ValueError as error:
        raise BedError(f"{sources[0].name} and others: {error}") from error
    collected = collect(sources, columns, chromosomes)
    regions = make_regions_of_each(collected.by_chromosome(), chromosomes.lengths, recipe.rules)
    kept = regions.only(regions.kept)
    dataset = LabelledRegions(chromosomes, kept, _splits(kept, recipe.split, chromosomes), columns.names)
    return Prepared(tuple(sources), recipe, collected, regions, dataset)


def prepare_listed(beds: Sequence[Listed], lengths: Mapping[str, int], recipe: Recipe) -> Prepared:
    """Make labelled regions of BED files on a genome (`lengths`: name -> bp, in the order of the FASTA file).

    Raises:
        BedError: a file, a label or the name of a chromosome can't be used, or there are too few regions to split.
    """
    chromosomes = choose_chromosomes(lengths, aliases_of(lengths, ()), recipe.chromosomes)
    return prepare([BedFile(file.local) for file in beds], [file.label for file in beds], chromosomes, recipe)


def _splits(regions: Regions, rule: ChromosomeSplit | RandomSplit, chromosomes: Chromosomes) -> Splits:
    if isinstance(rule, ChromosomeSplit):
        return split_by_chromosome(regions, chromosomes.numbers(rule.validation), chromosomes.numbers(rule.test))
    try:
        return split_at_random(regions, rule)
    except ValueError as error:
        raise BedError(f"the regions can't be split: {error}") from error


def attributes_of(prepared: Prepared, fasta: Path) -> dict[str, Any]:
    """Return what an HDF5 file says of itself: inputs by name and SHA-256, parameters, counts and versions.

    No path, time or host is among it, so that the same inputs give the same bytes.
    """
    inputs = [
        {"name": source.name, "sha256": source.sha256, "rows": count.read}
        for source, count in zip(prepared.sources, prepared.collected.counts, strict=True)
    ]
    return {
        "format_version": FORMAT_VERSION,
        "genatator_assets.platform_version": __version__,
        "inputs": canonical_json([*inputs, {"name": fasta.name, "sha256": sha256_of_file(fasta)}]),
        "parameters": canonical_json(asdict(prepared.recipe)),
        "counts": canonical_json(prepared.count()),
    }
