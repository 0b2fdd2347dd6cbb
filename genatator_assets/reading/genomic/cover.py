"""Cover: values of tracks over windows, as numpy has them: windows x bins x strands x conditions.

Bins are formed on the + strand from a window's start; a last bin of fewer bases is of those alone. Windows on the -
strand are returned reversed, by bin and strand; what fills a short window up comes last on either strand.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Literal, Self, cast

import numpy as np
import numpy.typing as npt

from genatator_assets.errors import optional_import
from genatator_assets.reading.genomic import source as sources
from genatator_assets.reading.genomic.indexer import GenomicIndexer, Interval, WindowError, WindowIndexError
from genatator_assets.reading.genomic.kept import kept
from genatator_assets.reading.genomic.normalizers import Floats, Garray, normalizers_of
from genatator_assets.reading.genomic.source import Source
from genatator_assets.reading.window_set import WindowSet
from genatator_assets.signals.count import CountRule
from genatator_assets.signals.section import ValueOf
from genatator_assets.signals.window_values import set_columns
from genatator_assets.tracks.runs import Positions

_NAMED: dict[str, Callable[[Any], Any]] = {
    "mean": lambda x: x.mean(axis=1),
    "sum": lambda x: x.sum(axis=1),
    "max": lambda x: x.max(axis=1),
}
_MODES: dict[str, ValueOf] = {"categorical": "score_category"}
_BED_MODES = ("binary", "score", "bedgraph", "categorical", "score_category", "name_category")
_STORAGES = ("hdf5", "ndarray", "sparse")


def _collapser(method: Any) -> Callable[[Any], Any]:
    if isinstance(method, str) and method not in _NAMED:
        raise WindowError(f"unknown collapser: {method}; expected {', '.join(_NAMED)}, or a callable")
    found: Callable[[Any], Any] = _NAMED[method] if isinstance(method, str) else method
    return found


class Cover:
    """Windows of a source, by their place; or any interval, base by base."""

    def __init__(  # noqa: PLR0913 - what a cover is made of
        self,
        name: str,
        source: Source,
        gindexer: GenomicIndexer | None,
        resolution: int | None,
        collapser: Any,
        *,
        whole_genome: bool,
        normalizer: Any = None,
        min_overlap: float | None = None,
        channel_last: bool = True,
        lengths: Mapping[str, int] | None = None,
    ) -> None:
        """Take what `create_from_...` found; normalised values are made dense now."""
        self.name, self._source, self._gindexer, self._resolution = name, source, gindexer, resolution
        self._collapse, self._min_overlap, self._channel_last = _collapser(collapser), min_overlap, channel_last
        self._whole_genome = whole_genome and resolution is not None
        self._lengths = dict(lengths or source.lengths)
        self._dense: Garray | None = None
        if steps := normalizers_of(normalizer):
            garray = self._made_dense()
            for step in steps:
                garray = step(garray)
            self._dense = garray

    @classmethod
    def create_from_bam(  # noqa: PLR0913, PLR0917 - Janggu's own arguments
        cls,
        name: str,
        bamfiles: Any,
        roi: Any = None,
        genomesize: Mapping[str, int] | None = None,
        conditions: Sequence[str] | None = None,
        min_mapq: int | None = None,
        binsize: int | None = None,
        stepsize: int | None = None,
        flank: int = 0,
        resolution: int | None = 1,
        storage: str = "ndarray",
        dtype: str = "float32",
        stranded: bool = True,
        pairedend: Literal["5prime", "midpoint"] = "5prime",
        cache: bool = False,
        channel_last: bool = True,
        normalizer: Any = None,
        zero_padding: bool = True,
        random_state: int | None = None,
        store_whole_genome: bool = False,
    ) -> Self:
        """Count reads at their own 5' bases, or pairs at their midpoints; improper pairs are passed over."""
        del dtype
        files = sources.require_files(bamfiles)
        indexer = _indexer(roi, binsize, stepsize, flank, resolution, zero_padding, random_state, store_whole_genome)
        _require_storage(storage, cache)
        rule = CountRule(pairedend, stranded, min_mapq or 0, ("improper_pair",))
        made = sources.of_bams(files, rule, conditions)
        made = kept(made, name, files, {"reads": asdict(rule)}) if cache else made
        return cls(
            name,
            made,
            indexer,
            resolution,
            "sum",
            whole_genome=store_whole_genome,
            normalizer=normalizer,
            channel_last=channel_last,
            lengths=genomesize,
        )

    @classmethod
    def create_from_bigwig(  # noqa: PLR0913, PLR0917 - Janggu's own arguments
        cls,
        name: str,
        bigwigfiles: Any,
        roi: Any = None,
        genomesize: Mapping[str, int] | None = None,
        conditions: Sequence[str] | None = None,
        binsize: int | None = None,
        stepsize: int | None = None,
        resolution: int | None = 1,
        flank: int = 0,
        storage: str = "ndarray",
        dtype: str = "float32",
        cache: bool = False,
        store_whole_genome: bool = False,
        channel_last: bool = True,
        zero_padding: bool = True,
        normalizer: Any = None,
        collapser: Any = None,
        random_state: int | None = None,
        nan_to_num: bool = True,
    ) -> Self:
        """Read values of bigWig files; bases without one are 0, or NaN without `nan_to_num`."""
        del dtype
        files = sources.require_files(bigwigfiles)
        indexer = _indexer(roi, binsize, stepsize, flank, resolution, zero_padding, random_state, store_whole_genome)
        _require_storage(storage, cache)
        made = sources.of_bigwigs(files, conditions, nan_to_num=nan_to_num)
        made = kept(made, name, files, {"signal": "bigWig"}) if cache else made
        return cls(
            name,
            made,
            indexer,
            resolution,
            collapser or "mean",
            whole_genome=store_whole_genome,
            normalizer=normalizer,
            channel_last=channel_last,
            lengths=genomesize,
        )

    @classmethod
    def create_from_bed(  # noqa: PLR0913, PLR0917 - Janggu's own arguments
        cls,
        name: str,
        bedfiles: Any,
        roi: Any = None,
        genomesize: Mapping[str, int] | None = None,
        conditions: Sequence[str] | None = None,
        binsize: int | None = None,
        stepsize: int | None = None,
        resolution: int | None = 1,
        flank: int = 0,
        storage: str = "ndarray",
        dtype: str = "float32",
        mode: str = "binary",
        store_whole_genome: bool = False,
        zero_padding: bool = True,
        normalizer: Any = None,
        collapser: Any = None,
        minoverlap: float | None = None,
        random_state: int | None = None,
        cache: bool = False,
        channel_last: bool = True,
    ) -> Self:
        """Read features of interval files: that they are there, their scores, or their categories one-hot."""
        del dtype
        if mode not in _BED_MODES:
            raise WindowError(f"unknown mode: {mode}; expected {', '.join(_BED_MODES)}")
        files = sources.require_files(bedfiles)
        value: ValueOf = _MODES.get(mode, mode)  # type: ignore[arg-type]
        if value.endswith("category") and len(files) > 1:
            raise WindowError(f"Only one bed-file is allowed with mode={mode}, found {len(files)}.")
        indexer = _indexer(roi, binsize, stepsize, flank, resolution, zero_padding, random_state, store_whole_genome)
        _require_storage(storage, cache)
        made = sources.of_beds(files, value, conditions)
        chosen = list(conditions) if conditions is not None and value.endswith("category") else None
        made = kept(made, name, files, {"intervals": value, "categories": chosen}) if cache else made
        return cls(
            name,
            made,
            indexer,
            resolution,
            collapser or "max",
            whole_genome=store_whole_genome,
            normalizer=normalizer,
            min_overlap=minoverlap,
            channel_last=channel_last,
            lengths=genomesize,
        )

    @classmethod
    def create_from_array(
        cls,
        name: str,
        array: npt.NDArray[Any],
        gindexer: GenomicIndexer,
        conditions: Sequence[str] | None = None,
        store_whole_genome: bool = False,
        channel_last: bool = True,
    ) -> Self:
        """Take values of windows, (windows, bins, strands, conditions) or (windows, conditions), from an array."""
        values = array if array.ndim == 4 else array.reshape(len(array), 1, 1, -1)
        if len(values) != len(gindexer):
            raise WindowError(f"array has {len(values)} rows, and gindexer {len(gindexer)} windows")
        overlapping = not gindexer.collapse and (gindexer.binsize or 0) > (gindexer.stepsize or 0)
        if store_whole_genome and overlapping:
            raise WindowError("Overlapping intervals: an array by genome needs binsize <= stepsize")
        named = tuple(conditions) if conditions is not None else tuple(f"Cond_{i}" for i in range(values.shape[-1]))
        resolution = None if gindexer.collapse else max(1, (gindexer.binsize or 1) // values.shape[1])
        cover = cls(
            name,
            Source(named, values.shape[2], {}, lambda _: ()),
            gindexer,
            resolution,
            "mean",
            whole_genome=False,
            channel_last=channel_last,
        )
        ordered = np.empty_like(values)
        ordered[[gindexer.number(place) for place in range(len(gindexer))]] = values
        lengths = np.array([window.length for window in gindexer.windows])
        cover._dense = Garray({"data": _turned(ordered, gindexer)}, named, resolution, lengths)
        return cover

    @classmethod
    def from_dataset(cls, root: str | Path, window_set: str, split: str | None = None) -> "Cover":
        """Return a window set of a dataset's catalogue (`signals: windows`), all of it or a split.

        Values are those of the set: normalised, and by each track's own collapser. Where all tracks have both strands,
        conditions are the recordings, else the tracks.
        """
        return _SetCover(WindowSet.open(Path(root), window_set, split))

    @property
    def gindexer(self) -> GenomicIndexer:
        """The windows."""
        if self._gindexer is None:
            raise WindowError("No GenomicIndexer available. Please specify an gindexer.")
        return self._gindexer

    @gindexer.setter
    def gindexer(self, gindexer: GenomicIndexer) -> None:
        self._gindexer = gindexer

    def with_indexer(self, gindexer: GenomicIndexer, kept: Sequence[int] | None = None) -> "Cover":
        """Return the same values by other windows; `kept` are their places among the windows of now, if they are."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._gindexer = gindexer
        if self._dense is not None and "data" in self._dense.handle:
            if kept is None:
                raise WindowError("values by region have no other windows; use store_whole_genome=True")
            lengths = self._dense.lengths
            other._dense = replace(
                self._dense,
                handle={"data": self._dense.handle["data"][list(kept)]},
                lengths=None if lengths is None else lengths[list(kept)],
            )
        return other

    @property
    def conditions(self) -> list[str]:
        """Names of the conditions."""
        return list(self._source.conditions)

    def __len__(self) -> int:
        """Number of windows."""
        return len(self.gindexer)

    @property
    def _bins(self) -> int:
        return 1 if self._resolution is None else -(-self.gindexer.length // self._resolution)

    @property
    def shape(self) -> tuple[int, ...]:
        """(windows, bins, strands, conditions)."""
        shape = (len(self), self._bins, self._source.strands, len(self._source.conditions))
        return shape if self._channel_last else (shape[0], *shape[:0:-1])

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return 4

    def __repr__(self) -> str:
        """Return a short summary."""
        return f"Cover({self.name!r})"

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        """Return windows by numpy's indexing, float32; or an interval (chrom, start, end, strand) base by base."""
        if isinstance(index, tuple) and not isinstance(index[0], str):  # windows, then bins, strands, conditions
            return self[index[0]][(slice(None), *index[1:])]
        if isinstance(index, Interval):
            return self._laid_out(self._bases(index))
        if isinstance(index, tuple):
            return self._laid_out(self._bases(Interval(index[0], int(index[1]), int(index[2]), *index[3:4])))
        return self._laid_out(self._windows(self._places(index)))

    def _laid_out(self, values: Floats) -> npt.NDArray[Any]:
        return values if self._channel_last else np.transpose(values, (0, 3, 2, 1))

    def _places(self, index: Any) -> list[int]:
        if isinstance(index, bool | float | str):
            raise WindowIndexError(f"Cannot interpret index: {type(index)}; expected integers, a slice or an interval")
        try:
            return [int(place) for place in np.atleast_1d(np.arange(len(self))[index])]
        except (IndexError, TypeError) as error:
            raise WindowIndexError(f"Cannot interpret index {index!r} of {len(self)} windows: {error}") from error

    def _windows(self, places: Sequence[int]) -> Floats:
        """Return windows on their strands: float32 (windows, bins, strands, conditions)."""
        windows = [self.gindexer[place] for place in places]
        if self._dense is not None and "data" in self._dense.handle:
            own = self._dense.handle["data"][[self.gindexer.number(place) for place in places]]
            values: Floats = own.astype(np.float32)
        else:
            values = self._filled_up(windows).astype(np.float32, copy=False)
        for row, window in enumerate(windows):
            if window.strand == "-":
                used = self._used(window)
                values[row, :used] = values[row, :used][::-1, ::-1].copy()
        return values

    def _used(self, window: Interval) -> int:
        return 1 if self._resolution is None else min(self._bins, -(-window.length // self._resolution))

    def _filled_up(self, windows: Sequence[Interval]) -> Floats:
        """Return windows on the + strand, the short ones filled up with 0; those of one length are read together."""
        together: dict[tuple[str, int], list[int]] = {}
        for row, window in enumerate(windows):
            together.setdefault((window.chrom, window.length), []).append(row)
        parts = {
            key: self._binned(key[0], np.array([windows[row].start for row in rows], np.int64), key[1])
            for key, rows in together.items()
        }
        if len(parts) == 1 and (only := next(iter(parts.values()))).shape[1] == self._bins:
            return only
        shape = (len(windows), self._bins, self._source.strands, len(self._source.conditions))
        values = np.zeros(shape, np.result_type(np.float32, *parts.values()))
        for key, binned in parts.items():
            values[together[key], : binned.shape[1]] = binned
        return values

    def _binned(self, chrom: str, start: Positions, length: int) -> Floats:
        """Return the bins of windows of one length on the + strand: (windows, bins, strands, conditions)."""
        if self._dense is not None:
            return np.stack([self._of_genome(chrom, first, length) for first in start.tolist()])
        values = self._source.windows(chrom, start, length)
        if self._min_overlap is not None:
            values[np.mean(np.any(values != 0, axis=(2, 3)), axis=1) < self._min_overlap] = 0
        resolution = self._resolution or max(1, length)
        whole = length // resolution
        parts = [(values[:, : whole * resolution], whole, resolution), (values[:, whole * resolution :], 1, None)]
        return np.concatenate([self._collapsed(*part) for part in parts if part[0].size] or [values], axis=1)

    def _collapsed(self, values: Floats, bins: int, size: int | None) -> Floats:
        """Collapse windows, (windows, bases, strands, conditions), to bins of `size` bases, or to one of all."""
        size = size or values.shape[1]
        if size == 1:
            return values
        shaped = values.reshape(-1, size, *values.shape[2:])
        collapsed = np.stack([self._collapse(shaped[..., c]) for c in range(shaped.shape[-1])], axis=-1)
        return collapsed.reshape(len(values), bins, *values.shape[2:])

    def _of_window(self, window: Interval) -> Floats:
        """Return a window's bins on the + strand, without what fills it up."""
        (binned,) = self._binned(window.chrom, np.array([window.start], np.int64), window.length)
        return cast(Floats, binned)

    def _of_genome(self, chrom: str, start: int, length: int) -> Floats:
        """Return bins of dense values by genome; 0 outside the chromosome."""
        assert self._dense is not None  # noqa: S101 - the caller looked
        resolution = self._resolution or 1
        bins = -(-length // resolution)
        first = start // resolution
        values = np.zeros((bins, self._source.strands, len(self._source.conditions)), np.float32)
        array = self._dense.handle.get(chrom)
        if array is not None:
            inside = slice(max(0, first), min(len(array), first + bins))
            if inside.start < inside.stop:
                values[inside.start - first : inside.stop - first] = array[inside]
        return values

    def _made_dense(self) -> Garray:
        if self._whole_genome:
            handle = {chrom: self._of_window(Interval(chrom, 0, length)) for chrom, length in self._lengths.items()}
            return Garray({k: v.astype(np.float64) for k, v in handle.items()}, self.conditions, self._resolution, None)
        flank = self.gindexer.flank
        windows = [replace(one, start=one.start - flank, end=one.end + flank) for one in self.gindexer.windows]
        data = self._filled_up(windows).astype(np.float64)
        return Garray({"data": data}, self.conditions, self._resolution, np.array([one.length for one in windows]))

    def _bases(self, interval: Interval) -> Floats:
        """Return an interval base by base, (1, length, strands, conditions); where no window is, 0."""
        values = np.zeros((interval.length, self._source.strands, len(self._source.conditions)), np.float32)
        if self._whole_genome:
            resolution = self._resolution or 1
            start = interval.start // resolution * resolution
            binned = self._of_window(replace(interval, start=start, end=-(-interval.end // resolution) * resolution))
            values[:] = np.repeat(binned, resolution, axis=0)[interval.start - start :][: interval.length]
        else:
            for place in self.gindexer.idx_by_region(include=interval.chrom, start=interval.start, end=interval.end):
                self._paint(values, interval, place)
        return (values[::-1, ::-1] if interval.strand == "-" else values)[np.newaxis]

    def _paint(self, values: Floats, interval: Interval, place: int) -> None:
        window = self.gindexer.windows[place]
        window = replace(window, start=window.start - self.gindexer.flank, end=window.end + self.gindexer.flank)
        by_region = self._dense is not None and "data" in self._dense.handle
        binned = self._dense.handle["data"][place] if by_region and self._dense else self._of_window(window)
        bases = np.repeat(binned, self._resolution or window.length, axis=0)[: window.length]
        first, last = max(window.start, interval.start), min(window.end, interval.end)
        values[first - interval.start : last - interval.start] = bases[first - window.start : last - window.start]

    def export_to_bigwig(self, output_dir: str | Path, genomesize: Mapping[str, int] | None = None) -> list[Path]:
        """Write `<name>.<condition>.bigwig` files: the values of all windows in + direction; NaN leaves gaps."""
        with optional_import("pyBigWig", "signals"):
            import pyBigWig  # noqa: PLC0415 - an extra

        ends: dict[str, int] = {}
        for window in self.gindexer:
            ends[window.chrom] = max(ends.get(window.chrom, 0), window.end)
        folder = Path(output_dir)
        folder.mkdir(parents=True, exist_ok=True)
        order = sorted(range(len(self)), key=lambda place: (self.gindexer[place].chrom, self.gindexer[place].start))
        paths: list[Path] = []
        for condition, name in enumerate(self.conditions):
            paths.append(folder / f"{self.name}.{name}.bigwig")
            file = pyBigWig.open(str(paths[-1]), "w")
            file.addHeader(sorted((genomesize or ends).items()))
            for place in order:
                self._export(file, place, condition)
            file.close()
        return paths

    def _export(self, file: Any, place: int, condition: int) -> None:
        window = self.gindexer[place]
        used = self._used(window)
        values = self._windows([place])[0, :used]
        values = values[::-1, ::-1] if window.strand == "-" else values
        size = self._resolution or window.length
        starts = window.start + size * np.arange(used)
        heights = values[:, :, condition].sum(axis=1).astype(np.float64)
        kept = ~np.isnan(heights) & (starts >= 0)
        if kept.any():
            ends = np.minimum(starts + size, window.end)[kept]
            file.addEntries([window.chrom] * int(kept.sum()), starts[kept], ends=ends, values=heights[kept])


class _SetCover(Cover):
    """The windows of a window set."""

    def __init__(self, windows: WindowSet) -> None:
        spec = windows.spec
        conditions, self._columns = set_columns(spec)
        rows = windows.table.select(["chrom", "start", "end", "strand"]).to_pylist()
        own = tuple(
            Interval(row["chrom"], row["start"] + spec.flank_bp, row["end"] - spec.flank_bp, row["strand"])
            for row in rows
        )
        indexer = GenomicIndexer(own, spec.binsize_bp, spec.stepsize_bp, spec.flank_bp)
        source = Source(conditions, len(self._columns), {}, lambda _: ())
        super().__init__(spec.name, source, indexer, spec.resolution_bp, "mean", whole_genome=False)
        self._set = windows
        self._place = {indexer[place]: place for place in range(len(own))}

    def _windows(self, places: Sequence[int]) -> Floats:
        windows = [self.gindexer[place] for place in places]
        if all(window in self._place for window in windows):
            return self._in_columns(self._set.batch([self._place[window] for window in windows]))
        of_any = [self._set.values(one.chrom, one.start, one.end, one.strand) for one in windows]
        return self._in_columns(np.stack(of_any))

    def _binned(self, chrom: str, start: Positions, length: int) -> Floats:
        values = [self._set.values(chrom, first, first + length) for first in start.tolist()]
        used = self._used(Interval(chrom, 0, length))
        return self._in_columns(np.stack(values))[:, :used]

    def _in_columns(self, values: Floats) -> Floats:
        """Return (windows, bins, strands, conditions) of (windows, bins, tracks)."""
        return np.stack([values[..., list(columns)] for columns in self._columns], axis=2)


def _turned(values: Floats, gindexer: GenomicIndexer) -> Floats:
    """Return the values of - windows in + direction."""
    turned = values.copy()
    for place, window in enumerate(gindexer.windows):
        if window.strand == "-":
            turned[place] = turned[place][::-1, ::-1]
    return turned


def _require_storage(storage: str, cache: bool) -> None:
    if storage not in _STORAGES:
        raise WindowError(f"Storage type must be 'hdf5', 'ndarray' or 'sparse', found {storage!r}")
    if storage == "hdf5" and not cache:
        raise WindowError("cache=True required for HDF format")


def _indexer(  # noqa: PLR0913, PLR0917 - what all constructors share
    roi: Any,
    binsize: int | None,
    stepsize: int | None,
    flank: int,
    resolution: int | None,
    zero_padding: bool,
    random_state: int | None,
    whole_genome: bool,
) -> GenomicIndexer | None:
    if resolution is not None and resolution <= 0:
        raise WindowError(f"resolution>0 required, found {resolution}")
    if roi is None:
        if not whole_genome:
            raise WindowError("Either specify roi or store_whole_genome=True")
        return None
    indexer = GenomicIndexer.create_from_file(
        roi, binsize, stepsize, flank, zero_padding, resolution is None, random_state
    )
    if whole_genome and resolution is not None and resolution > 1:
        if (indexer.binsize or 0) % resolution:
            raise WindowError(
                f"binsize must be an integer-multipe of resolution. Got binsize={indexer.binsize} and {resolution=}"
            )
        for window in indexer.windows:
            if window.start % resolution:
                raise WindowError(
                    "Please ensure that all interval starts line up with the resolution-sized bins: interval"
                    f" ({window.chrom}:{window.start}-{window.end}) does not with {resolution=}; see trim-regions"
                )
    return indexer
