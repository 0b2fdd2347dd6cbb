"""Parts of a dataset by other windows, without a copy; and batches of several datasets."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from genatator_assets.reading.genomic.indexer import GenomicIndexer, WindowError

_Names = str | Sequence[str] | None


def view(dataset: Any, use_regions: Any) -> Any:
    """Return the same values by the windows over other regions: of one binsize, stepsize and flank.

    Raises:
        WindowError: it is not a dataset with windows.
    """
    own = _indexer_of(dataset)
    gindexer = GenomicIndexer.create_from_file(
        use_regions, own.binsize, own.stepsize, own.flank, own.zero_padding, own.collapse, own.random_state
    )
    places = {window: place for place, window in enumerate(own.windows)}
    kept = [places[window] for window in gindexer.windows if window in places]
    return dataset.with_indexer(gindexer, kept if len(kept) == len(gindexer) else None)


def subset(dataset: Any, include_regions: _Names = None, exclude_regions: _Names = None) -> Any:
    """Return the windows of some chromosomes.

    Raises:
        WindowError: nothing is said of which.
    """
    if include_regions is None and exclude_regions is None:
        raise WindowError("No filter specified.")
    own = _indexer_of(dataset)
    kept = own.idx_by_region(include=include_regions, exclude=exclude_regions)
    return dataset.with_indexer(own.filter_by_region(include=include_regions, exclude=exclude_regions), kept)


def split_train_test(datasets: Any, holdout: _Names) -> tuple[Any, Any]:
    """Return the windows of all other chromosomes, and those of the chromosomes that are held out."""
    if isinstance(datasets, list | tuple):
        pairs = [split_train_test(one, holdout) for one in datasets]
        return [train for train, _ in pairs], [test for _, test in pairs]
    return subset(datasets, exclude_regions=holdout), subset(datasets, include_regions=holdout)


def _indexer_of(dataset: Any) -> GenomicIndexer:
    if not hasattr(dataset, "with_indexer"):
        raise WindowError(f"Unknown dataset type: {type(dataset)}; expected a Cover or a Bioseq")
    indexer: GenomicIndexer = dataset.gindexer
    return indexer


class JangguSequence:
    """Batches of datasets of one length: (inputs, outputs, weights), each a dict by the datasets' names."""

    def __init__(
        self, inputs: Any, outputs: Any = None, sample_weights: Any = None, batch_size: int = 32, shuffle: bool = False
    ) -> None:
        """Take datasets, one or a list.

        Raises:
            WindowError: they are of different lengths.
        """
        self._inputs, self._outputs = _listed(inputs), _listed(outputs)
        self._weights, self.batch_size, self.shuffle = sample_weights, batch_size, shuffle
        if len({len(one) for one in [*self._inputs, *self._outputs]}) > 1:
            raise WindowError("Datasets contain differing number of datapoints.")
        self._order = np.arange(len(self._inputs[0]))

    def __len__(self) -> int:
        """Number of batches."""
        return math.ceil(len(self._order) / self.batch_size)

    def __getitem__(self, place: int) -> tuple[dict[str, Any], dict[str, Any] | None, Any]:
        """Return a batch."""
        rows = self._order[place * self.batch_size : (place + 1) * self.batch_size]
        inputs = {one.name: one[rows] for one in self._inputs}
        outputs = {one.name: one[rows] for one in self._outputs} if self._outputs else None
        return inputs, outputs, None if self._weights is None else np.asarray(self._weights)[rows]

    def on_epoch_end(self) -> None:
        """Bring the rows into another order, where `shuffle` is on."""
        if self.shuffle:
            np.random.default_rng().shuffle(self._order)


def _listed(datasets: Any) -> list[Any]:
    if datasets is None:
        return []
    return list(datasets) if isinstance(datasets, list | tuple) else [datasets]
