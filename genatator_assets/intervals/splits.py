"""Which split each region is in: by its chromosome, or at random with whatever overlaps it. No I/O."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from genatator_assets.intervals.beds import Chromosomes
from genatator_assets.intervals.labels import Label
from genatator_assets.intervals.regions import Numbers, Regions

PARTS = ("training", "validation", "test")
"""The splits as the document names them, in the order of their numbers; the catalogue's are train, validation, test."""

Splits = npt.NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class LabelledRegions:
    """Regions that are kept, ordered by chromosome and start, the split of each, and the names of the label columns."""

    chromosomes: Chromosomes
    regions: Regions
    splits: Splits
    labels: tuple[Label, ...]

    def by_chromosome(self) -> Iterator[tuple[str, npt.NDArray[np.int64]]]:
        """Return each chromosome that has regions, and the numbers of its regions."""
        chrom = self.regions.chrom
        for number in np.unique(chrom).tolist():
            yield self.chromosomes.names[number], np.arange(*np.searchsorted(chrom, [number, number + 1]))

    def count(self) -> dict[str, int]:
        """Count the regions of each part."""
        return dict(zip(PARTS, np.bincount(self.splits, minlength=len(PARTS)).tolist(), strict=True))

    def count_by_chromosome(self) -> dict[str, list[int]]:
        """Count the regions of each chromosome that has some, by part."""
        return {
            chrom: np.bincount(self.splits[numbers], minlength=len(PARTS)).tolist()
            for chrom, numbers in self.by_chromosome()
        }

    def count_by_label(self) -> dict[str, list[int]]:
        """Count the regions of each label, by part."""
        labels = self.regions.labels
        split = np.repeat(self.splits, labels.lengths)
        counts = np.zeros((len(self.labels), len(PARTS)), np.int64)
        np.add.at(counts, (labels.values, split), 1)
        return {str(label): row for label, row in zip(self.labels, counts.tolist(), strict=True)}


@dataclass(frozen=True)
class RandomSplit:
    """How much goes to test and validation: a share of the regions (below 1) or a number of them; the rest trains."""

    test: float
    validation: float
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuse what leaves nothing to train on whatever there is."""
        for name in ("test", "validation"):
            value = getattr(self, name)
            if value < 0 or (value >= 1 and value != int(value)):
                raise ValueError(f"found {name} {value}, expected a share from 0 to 1 or a whole number of regions")
        if self.test < 1 and self.validation < 1 and self.test + self.validation >= 1:
            raise ValueError(
                f"the shares of test and validation are {self.test} and {self.validation}: nothing is left"
            )


def split_counts(count: int, test: float, validation: float, batch: int | None = None) -> tuple[int, int, int]:
    """Return how many of `count` are for training, validation and test; shares are rounded half up.

    With a `batch`, each is rounded down to whole batches.

    >>> split_counts(10_472, 0.1, 0.1), split_counts(10_472, 0.1, 0.1, batch=128)
    ((8378, 1047, 1047), (8320, 1024, 1024))

    Raises:
        ValueError: there are not so many.
    """
    for_test, for_validation = (int(0.5 + share * count) if share < 1 else int(share) for share in (test, validation))
    if for_test + for_validation > count:
        raise ValueError(
            f"found {count:,} regions, fewer than {for_test:,} for test and {for_validation:,} for validation"
        )
    counts = (count - for_test - for_validation, for_validation, for_test)
    return counts if batch is None else tuple(number - number % batch for number in counts)  # type: ignore[return-value]


def split_by_chromosome(regions: Regions, validation: Numbers, test: Numbers) -> Splits:
    """Return the number of each region's split; `validation` and `test` are numbers of chromosomes."""
    splits = np.zeros(len(regions), np.int8)
    splits[np.isin(regions.chrom, validation)] = 1
    splits[np.isin(regions.chrom, test)] = 2
    return splits


def split_at_random(regions: Regions, rule: RandomSplit) -> Splits:
    """Return the number of each region's split, drawn by the rule's seed.

    Regions that overlap, on either strand, stay together, and so do chains of them: no base is in two splits. Where no
    chain is left that fits, a split has fewer regions than were asked for; it never has more.

    Raises:
        ValueError: there are not so many regions.
    """
    _, validation, test = split_counts(len(regions), rule.test, rule.validation)
    order = np.lexsort((regions.start, regions.chrom))
    chrom, start = regions.chrom[order], regions.start[order]
    new = np.ones(len(order), bool)
    new[1:] = (np.diff(chrom) != 0) | (start[1:] >= regions.end[order][:-1])
    chain = np.cumsum(new) - 1  # all regions have one length, so that starts and ends have one order
    sizes = np.bincount(chain).tolist()
    of_chain = np.zeros(len(sizes), np.int8)
    left = {2: test, 1: validation}
    for number in np.random.RandomState(rule.seed).permutation(len(sizes)).tolist():
        for split, room in left.items():
            if sizes[number] <= room:
                of_chain[number], left[split] = split, room - sizes[number]
                break
        if not any(left.values()):
            break
    splits = np.empty(len(regions), np.int8)
    splits[order] = of_chain[chain]
    return splits
