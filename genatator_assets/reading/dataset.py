"""A dataset, opened: what is in it, and any interval of it. Opening reads an index; bases are read when asked for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import numpy.typing as npt

from genatator_assets.annotation.explained import Known
from genatator_assets.catalogue.values import SPLITS, nearest
from genatator_assets.errors import DatasetError, ReadingError
from genatator_assets.reading.arguments import whole
from genatator_assets.reading.batch import Arrays, Batch, read_batch
from genatator_assets.reading.blocks import BlockStore, found_blocks, indexed_blocks
from genatator_assets.reading.channels import EVERY, Channels, channel_numbers, other_strand, require_values
from genatator_assets.reading.choice import Bed, Marks, Without, places_of, windows_of
from genatator_assets.reading.locus import Row, transcripts_at
from genatator_assets.reading.positives import pos_weight, positive_share
from genatator_assets.reading.store import Chromosome, NoChromosomes, RootStore, Store
from genatator_assets.reading.tracks import TrackReader, select_of
from genatator_assets.reading.window import Interval, OneHot, Window, reverse_complement
from genatator_assets.reading.windows import Windows, step_of
from genatator_assets.tracks.bins import Aggregate
from genatator_assets.tracks.runs import Values
from genatator_assets.work.layout import Layout
from genatator_assets.work.storage import is_remote, root_of

if TYPE_CHECKING:
    import pyarrow as pa
    from matplotlib.figure import Figure

    from genatator_assets.reading.cells import CellSentences
    from genatator_assets.reading.track_data import TrackData
    from genatator_assets.reading.transcripts import Transcripts
    from genatator_assets.reading.window_set import WindowSet
    from genatator_assets.signals.normalize import Fitted

CACHE_BYTES = 1_000_000_000

_SHOWN = 12


def open_dataset(folder: str | Path, cache_bytes: int = CACHE_BYTES) -> Dataset:
    """Open a dataset: a root that `genatator-assets build` made, or a folder of blocks alone.

    A root is read from its segments and FASTA files. Blocks alone are those of dataset/blocks.parquet, or else those
    found under data/<split>/, <split>/ or blocks/<split>/, at any depth, whoever wrote them: the published dataset is
    one. Opening them reads the metadata of each file once; the dataset does not see what changes afterwards.

    A root may also be in an object store (`s3://bucket/folder`); blocks alone must be on this machine.

    `cache_bytes` bounds the memory for what was read last, in each process: the segments of a root, or the DNA and
    the targets' runs of blocks.

    Raises:
        DatasetError: there is no dataset in the folder, or it is damaged or incomplete.
    """
    return Dataset(_open_store(root_of(folder), cache_bytes))


def _open_store(folder: Path, cache_bytes: int) -> Store:
    has_assemblies = (folder / "assemblies").is_dir()
    if has_assemblies and (folder / "targets").is_dir():
        return RootStore.open(folder, cache_bytes)
    if not is_remote(folder) and (blocks := indexed_blocks(folder) or found_blocks(folder)):
        return BlockStore.open(folder, blocks, cache_bytes)
    if has_assemblies and any((folder / name).is_dir() for name in ("tracks", "segmentation")):
        return RootStore.open(folder, cache_bytes)
    if is_remote(folder):
        raise DatasetError(
            f"{folder} holds no root with assemblies/ and targets/, and nothing else is read from an object store:"
            " copy blocks or a release to this machine"
        )
    if any((folder / name).is_dir() for name in ("cells", "segmentation")):
        return NoChromosomes(folder)
    if not folder.is_dir():
        beside = [path.name for path in folder.parent.iterdir()] if folder.parent.is_dir() else []
        raise DatasetError(f"{folder} is not a folder{nearest(folder.name, beside)}")
    raise DatasetError(
        f"{folder} holds no dataset; expected a root with assemblies/ and targets/, or blocks under data/<split>/;"
        f" it has {_some([path.name for path in folder.iterdir()])}"
    )


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """A dataset, or some of its chromosomes. Processes may be sent copies: each opens what it reads by itself."""

    store: Store
    _split: str | None = None
    _genome: str | None = None

    @cached_property
    def _chromosomes(self) -> dict[tuple[str, str], Chromosome]:
        wanted = [
            one
            for one in self.store.chromosomes
            if self._split in (None, one.split) and self._genome in (None, one.genome)
        ]
        return {(one.genome, one.chrom): one for one in sorted(wanted, key=_in_order)}

    @property
    def split(self) -> str | None:
        """The split that was selected; None where all are there."""
        return self._split

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits, as train, validation, test."""
        known = [*SPLITS, *sorted({one.split for one in self._chromosomes.values()} - set(SPLITS))]
        return tuple(split for split in known if any(one.split == split for one in self._chromosomes.values()))

    @property
    def genomes(self) -> tuple[str, ...]:
        """The genomes, in the order of their names."""
        return tuple(dict.fromkeys(genome for genome, _ in self._chromosomes))

    def chromosomes(self, split: str | None = None, genome: str | None = None) -> tuple[Chromosome, ...]:
        """Return the chromosomes: all, or those of a split, a genome, or both; by genome, chr2 before chr10.

        Raises:
            ReadingError: there is no such split or genome.
        """
        return tuple(self.select(split, genome)._chromosomes.values())

    def select(self, split: str | None = None, genome: str | None = None) -> Dataset:
        """Return the part of the dataset that is in a split, a genome, or both.

        Raises:
            ReadingError: there is no such split or genome.
        """
        if split is not None and split not in self.splits:
            raise ReadingError(self._no("split", split, self.splits))
        if genome is not None and genome not in self.genomes:
            raise ReadingError(self._no("genome", genome, self.genomes))
        return replace(self, _split=split or self._split, _genome=genome or self._genome)

    def cells(
        self, split: str | None = None, where: str | None = None, columns: Sequence[str] | None = None
    ) -> CellSentences:
        """Return the cell sentences of a root: those of a split, or all, of which the SQL condition `where` is true.

        For example `ds.cells(split="train", where="tissue = 'blood' and age > 60").to_torch()`.

        Raises:
            ReadingError: there are no cells, no such split, or the condition is not SQL on the columns of cells.
        """
        from genatator_assets.reading.cells import CellSentences  # noqa: PLC0415 - DuckDB takes time to import

        return CellSentences.of(self.store.origin, split or self._split, where, columns)

    def transcripts(
        self,
        split: str | None = None,
        *,
        representative: bool | None = None,
        config: str | None = None,
        type: str | None = None,  # noqa: A002 - what the dataset calls it
    ) -> Transcripts:
        """Return the transcripts of the segmentation dataset, with bases and labels: all, or those of a split, of a
        config, of a type (`mRNA` or `lnc_RNA`), or those that represent their genes (`representative=True`).

        For example `ds.transcripts(split="train", representative=True)[0].labels`, float32 [L, 5].

        Raises:
            ReadingError: there is no segmentation dataset, or no such split, config or type.
        """
        from genatator_assets.reading.transcripts import Transcripts  # noqa: PLC0415 - seldom needed

        return Transcripts.of(
            self.store.origin,
            config=config,
            split=split or self._split,
            genome=self._genome,
            type=type,
            representative=representative,
        )

    def __getitem__(self, split: str) -> Dataset:
        """Return the part of the dataset that is in a split."""
        return self.select(split)

    def __iter__(self) -> NoReturn:
        """Refuse: a dataset has chromosomes and windows, and neither is meant before the other."""
        raise ReadingError("a dataset can't be iterated; iterate .chromosomes(), .windows(length), or .splits")

    @cached_property
    def track_reader(self) -> TrackReader:
        """What reads the stored tracks."""
        return TrackReader(self.store.origin)

    def tracks(
        self,
        *,
        output_type: str | Sequence[str] = (),
        term: str | None = None,
        under: str | None = None,
        tissue: str | Sequence[str] = (),
        assay: str | Sequence[str] = (),
        strand: str | Sequence[str] = (),
    ) -> pa.Table:
        """Return the rows of the track table that meet all conditions; `under` is a term or any below it.

        Raises:
            DatasetError: the dataset has no tracks.
        """
        return self.track_reader.select(select_of(output_type, term, under, tissue, assay, strand))

    def track_data(  # noqa: PLR0913 - an interval, and what is read of it
        self,
        genome: str,
        chrom: str,
        start: int,
        end: int,
        tracks: Sequence[str],
        *,
        resolution: int = 1,
        aggregate: Aggregate | None = None,
        normalize: bool = False,
    ) -> TrackData:
        """Return tracks over bases [start, end) with their rows of the track table: to slice, pad, resize, group ...

        The + and the - strand of a track share their `name`. Bases outside the chromosome have no value.

        Raises:
            ReadingError: there is no such genome, chromosome or track, or bins are not whole.
        """
        from genatator_assets.reading.track_data import Place, TrackData  # noqa: PLC0415 - seldom needed

        self._chromosome(genome, chrom)
        reader = self.track_reader
        names = reader.names(genome, tracks)
        values = reader.read(
            genome, chrom, start, end, names, resolution=resolution, aggregate=aggregate, normalize=normalize
        )
        return TrackData(values, tuple(reader.rows(genome, names)), resolution, Place(chrom, start, end))

    def normalizers(self, genome: str) -> Mapping[str, Fitted]:
        """Return what normalises each track: a function of values, fitted on the training chromosomes.

        It goes with a model as JSON: `one.as_json()`, and `Fitted.of_json` where the model is deployed.
        """
        return self.track_reader.normalizers(genome)

    def window_set(self, name: str, split: str | None = None) -> WindowSet:
        """Return the windows of a set of the catalogue (`signals: windows`), all or those of a split.

        Raises:
            ReadingError: there is no such set, or none of it is in the split.
        """
        from genatator_assets.reading.window_set import WindowSet  # noqa: PLC0415 - seldom needed

        return WindowSet.open(self.store.origin, name, split or self._split)

    def window(  # noqa: PLR0913 - an interval, and what is read of it
        self,
        genome: str,
        chrom: str,
        start: int,
        end: int,
        *,
        channels: Channels = "all",
        pad: bool = False,
        context: int = 0,
        tracks: Sequence[str] = (),
        resolution: int = 1,
        aggregate: Aggregate | None = None,
        normalize: bool = False,
    ) -> Window:
        """Read bases [start, end), 0-based half-open, of a chromosome.

        `channels`: "all" (the contract's twelve), "combined" or "mrna" (six each), a set ("structure", "splice",
        "coding") that the dataset has beside them, or names of any in the order wanted.
        With `pad`, bases outside the chromosome come as N with targets 0; otherwise they are an error. `context` is how
        many bases of DNA are read on either side beyond the interval, N past the chromosome's ends. `tracks` are ids
        of the track table, read in bins of `resolution` bp by each track's own rule unless `aggregate` is given; with
        `normalize`, by the tracks' normalisers of the catalogue, which were fitted on the training chromosomes.

        Raises:
            ReadingError: there is no such genome, chromosome, interval, channel or track.
            DatasetError: a file is damaged.
        """
        interval = Interval(genome, chrom, start, end)
        return self.read(
            interval,
            channels=channels,
            pad=pad,
            context=context,
            tracks=tracks,
            resolution=resolution,
            aggregate=aggregate,
            normalize=normalize,
        )

    def read(  # noqa: PLR0913 - an interval, and what is read of it
        self,
        interval: Interval | str,
        *,
        channels: Channels = "all",
        pad: bool = False,
        context: int = 0,
        tracks: Sequence[str] = (),
        resolution: int = 1,
        aggregate: Aggregate | None = None,
        normalize: bool = False,
        out: Values | None = None,
    ) -> Window:
        """Read an interval, as `window` does; on the - strand it comes as its reverse complement, and tracks of the +
        and the - strand are exchanged. A text is what `locate` takes, such as "hg38:chr20:1,001-2,000".

        With `out`, float32 [L, C], the targets are written over it and it is the window's: reading into an array that
        is kept costs about half as much. Of an array [C, L] give the transpose.

        Raises:
            ReadingError: there is no such place, or an argument makes no sense.
        """
        if isinstance(interval, str):
            interval = self.locate(interval)
        if not isinstance(interval, Interval):
            raise ReadingError(f"found {interval!r}, expected an Interval or a place such as 'hg38:chr20:1,001-2,000'")
        require_values(channels, tracks)
        window = self._read(interval, channels, pad=pad, context=whole("context", context), out=out)
        if not tracks:
            return window
        names, values = self.read_tracks(
            interval, tracks, resolution=resolution, aggregate=aggregate, normalize=normalize
        )
        return replace(window, tracks=values, track_names=names)

    def read_batch(  # noqa: PLR0913 - intervals, and what is read of them
        self,
        intervals: Sequence[Interval],
        *,
        channels: Channels = "all",
        pad: bool = False,
        context: int = 0,
        tracks: Sequence[str] = (),
        resolution: int = 1,
        aggregate: Aggregate | None = None,
        normalize: bool = False,
        channels_first: bool = False,
        out: Arrays | tuple[OneHot, Values] | None = None,
    ) -> Batch:
        """Read intervals of one length, each as `read` does, into arrays that hold them all. Of `Windows`, the short
        ones are filled up with `pad`.

        With `channels_first` the arrays are [B, C, L] instead of [B, L, C]. With `out`, uint8 `dna` and float32
        `targets` of those shapes, they are written over these, such as the arrays of the batch before: new memory
        costs about as much as what is written into it.

        Raises:
            ReadingError: as `read`; or the intervals differ in length, or `out` is of other shapes.
        """
        return read_batch(
            self,
            intervals,
            channels,
            out,
            pad=pad,
            context=whole("context", context),
            channels_first=channels_first,
            tracks=tracks,
            how={"resolution": resolution, "aggregate": aggregate, "normalize": normalize},
        )

    def read_tracks(self, interval: Interval, tracks: Sequence[str], **how: Any) -> tuple[tuple[str, ...], Values]:
        """Return the ids of tracks and their values in an interval, float32 [bins, T]; `how` is that of `window`."""
        reader, genome = self.track_reader, interval.genome
        names = reader.names(genome, tracks)
        own = names if interval.strand == "+" else [reader.partner(genome, name) for name in names]
        values = reader.read(genome, interval.chrom, interval.start, interval.end, own, **how)
        return names, values if interval.strand == "+" else np.ascontiguousarray(values[::-1])

    def _read(
        self, interval: Interval, channels: Channels, *, pad: bool, context: int, out: Values | None = None
    ) -> Window:
        numbers = self.channel_numbers(channels)
        chromosome = self.chromosome_of(interval, beyond=pad)
        targets = np.empty((interval.length, len(numbers)), np.float32) if out is None else out
        self.paint(targets, chromosome, interval, numbers)
        return Window(
            interval=interval,
            dna=self.letters(chromosome, interval, context),
            targets=targets,
            channels=tuple(EVERY.names[number] for number in numbers),
            split=chromosome.split,
            chrom_length=chromosome.length,
            context=context,
            lower_case=self.store.lower_case(chromosome),
        )

    def channel_numbers(self, channels: Channels) -> tuple[int, ...]:
        """Return the places of the channels that are wanted; of a root without targets, "all" is none."""
        no_targets = channels == "all" and not getattr(self.store, "has_targets", True)
        return () if no_targets else channel_numbers(channels)

    def paint(self, out: Values, chromosome: Chromosome, interval: Interval, numbers: tuple[int, ...]) -> None:
        """Write the targets of an interval over an array, float32 [L, C]; outside the chromosome they are 0.

        Raises:
            ReadingError: the array is of another shape or type.
        """
        if out.shape != (interval.length, len(numbers)) or out.dtype != np.float32:
            expected = f"float32 {(interval.length, len(numbers))}"
            raise ReadingError(
                f"{interval}: its targets were to be written into {out.dtype} {out.shape}, not {expected}"
            )
        start, end = (min(max(0, edge), chromosome.length) for edge in (interval.start, interval.end))
        backwards = interval.strand == "-"
        forwards = out[::-1] if backwards else out
        first = min(max(0, -interval.start), interval.length)
        last = first + max(0, end - start)
        forwards[:first] = forwards[last:] = 0
        if first < last and numbers:
            inner = forwards[first:last]
            own = other_strand(numbers) if backwards else numbers
            self.store.paint(inner[::-1] if backwards else inner, chromosome, start, own, backwards=backwards)

    def letters(self, chromosome: Chromosome, interval: Interval, context: int) -> str:
        """Return the DNA of an interval as it is read, with so many bases more on either side; outside it is N."""
        dna = self._dna(chromosome, interval.start - context, interval.end + context)
        return dna if interval.strand == "+" else reverse_complement(dna)

    def _dna(self, chromosome: Chromosome, first: int, last: int) -> str:
        """Read bases [first, last); outside the chromosome they are N."""
        start, end = (min(max(0, edge), chromosome.length) for edge in (first, last))
        dna = self.store.dna(chromosome, start, end) if start < end else ""
        before = min(max(0, -first), last - first)
        return "N" * before + dna + "N" * (last - first - before - len(dna))

    def chromosome(self, genome: str, chrom: str, *, channels: Channels = "all") -> Window:
        """Read a chromosome whole. Its targets take 4 bytes a base and channel: 48 MB per Mbp for all twelve.

        Raises:
            ReadingError: there is no such genome or chromosome.
        """
        return self.window(genome, chrom, 0, self._chromosome(genome, chrom).length, channels=channels)

    def windows(  # noqa: PLR0913 - where they begin, and which of them are kept
        self,
        length: int,
        *,
        overlap: float | None = None,
        stride: int | None = None,
        split: str | None = None,
        shuffle: bool = False,
        seed: int = 0,
        drop_n_fraction: float | None = None,
        exclude: Bed | None = None,
        without: Marks | None = None,
        margin: int = 0,
    ) -> Windows:
        """Return the windows of `length` bp of all chromosomes, by the rule of the published trainer.

        They begin every max(1, int(length * (1 - overlap))) bases, or every `stride`, and side by side if neither is
        given. The last window of a chromosome ends at its end, and is shorter than `length` unless it fits; a
        chromosome shorter than `length` has one window, which is all of it.

        `shuffle`: in the order that `seed` decides, else along the chromosomes. `drop_n_fraction`: without those of
        whose bases more than this share is N, for which all DNA is read once.

        `exclude`: without those that have a base of a region of a BED file ({genome: file} where there are several
        genomes). `without`: without those that have a base of "genes" or of the peaks of "sites", "tss" or "polya", or
        one where a channel of a group, or of some names, is above 0: such windows are negatives. With `margin`, also
        without those closer than so many bp to either, so that a shift of as much does not reach it.

        Raises:
            ReadingError: a number makes no sense, there is no such split or channel, or a BED file is of others.
            BedError: a BED file is missing or malformed.
        """
        unwanted = Without(exclude, without, margin, drop_n_fraction)
        windows = Windows.of(self.chromosomes(split), length, step_of(length, overlap, stride), self)
        windows = unwanted.keep(self, windows)
        return windows.shuffled(seed) if shuffle else windows

    def windows_around(  # noqa: PLR0913 - what stands in their middle, and which of them are kept
        self,
        what: Marks | Bed,
        length: int,
        *,
        split: str | None = None,
        oriented: bool = False,
        shuffle: bool = False,
        seed: int = 0,
        drop_n_fraction: float | None = None,
        exclude: Bed | None = None,
        margin: int = 0,
    ) -> Windows:
        """Return the windows of `length` bp around sites, or around the regions of a BED file, each once.

        `what`: "tss", "polya", "sites" (both), or a list of names of channels of sites; else a BED file, a region of
        which lies with its middle in the middle of a window. A window that would leave its chromosome is moved until it
        is on it. `oriented`: windows of what is on the - strand are read on it, as reverse complements.

        The other arguments are those of `windows`.

        Raises:
            ReadingError: a number makes no sense, there is no such split or channel, or a BED file is of others.
            BedError: a BED file is missing or malformed.
            DatasetError: the blocks alone don't tell where the sites are.
        """
        unwanted = Without(exclude, None, margin, drop_n_fraction)
        windows = windows_of(self, places_of(self, what, self.chromosomes(split)), length, oriented=oriented)
        windows = unwanted.keep(self, windows)
        return windows.shuffled(seed) if shuffle else windows

    def positive_share(self, channels: Channels = "all", split: str | None = None) -> npt.NDArray[np.float64]:
        """Return the share of bases above 0 in each channel, float64 [C]: what guessing scores by the area under the
        precision-recall curve. Of all bases, or of a split's; blocks without an index are read for it.

        Raises:
            ReadingError: there is no such channel or split.
        """
        return positive_share(self.select(split), channel_numbers(channels))

    def pos_weight(self, channels: Channels = "all", split: str | None = None) -> npt.NDArray[np.float32]:
        """Return how many bases are 0 for each that is above 0, float32 [C]: by `torch.from_numpy` the `pos_weight` of
        `BCEWithLogitsLoss`, with which both count alike. Take its root, or a maximum, where that is too much.

        Raises:
            ReadingError: there is no such channel or split.
        """
        return pos_weight(self.select(split), channel_numbers(channels))

    def plot(self, genome: str, chrom: str, start: int, end: int, *, tracks: Sequence[str] = ()) -> Figure:
        """Draw bases [start, end), 0-based half-open: DNA, tracks, and what there is of transcripts and channels.

        `tracks` are ids of the track table; the two strands of one track share a panel.

        Raises:
            MissingExtraError: matplotlib is not installed.
            ReadingError: there is no such genome, chromosome, interval or track.
        """
        from genatator_assets.reading.plot import plot_locus  # noqa: PLC0415 - needs an extra

        interval = Interval(genome, chrom, start, end)
        self.chromosome_of(interval)
        read, transcripts = partial(self.window, genome, chrom), self._transcripts_at(interval)
        return plot_locus(read, transcripts, interval, tracks, self.track_reader)

    def page(
        self,
        genome: str,
        chrom: str,
        start: int,
        end: int,
        *,
        igv: str | Path | None = None,
        tracks: Sequence[str] = (),
    ) -> str:
        """Return an HTML page that shows bases [start, end), 0-based half-open, in igv.js, without any network.

        `igv` is the file igv.min.js of the npm package igv; without it, it is looked for in node_modules/igv/dist of
        the working folder and those above. `tracks` are ids of the track table.

        Raises:
            GenatatorError: there is no igv.js.
            ReadingError: there is no such genome, chromosome or interval, or it is longer than a page can hold.
        """
        from genatator_assets.reading.page import locus_page, read_igv, require_short  # noqa: PLC0415 - seldom needed

        interval = Interval(genome, chrom, start, end)
        self.chromosome_of(interval)
        require_short(interval)
        script = read_igv(Path(igv) if igv is not None else None)
        window, transcripts = self.read(interval), self._transcripts_at(interval)
        known = Known.of(Layout(self.store.origin), genome)
        return locus_page(window, transcripts, known, script, tracks, self.track_reader)

    def locate(self, text: str) -> Interval:
        """Return the interval that a person means: a place in any usual form, or a gene or transcript with some margin.

        Places are counted from 1 with both ends inside: `chr1:1,001-2,000`, `chr1:1001..2000`, a base with its
        surroundings (`chr1:1001`), or a whole chromosome (`chr1`), each also behind a genome (`hg38:chr1`). Names are
        ids of transcripts and genes and genes' names; with or without prefix and version, in any letter case.

        Raises:
            ReadingError: there is no such place or name, or several; the nearest names are told.
        """
        from genatator_assets.reading.find import find_interval  # noqa: PLC0415 - seldom needed

        return find_interval(self.store, tuple(self._chromosomes.values()), text)

    def _transcripts_at(self, interval: Interval) -> dict[str, list[Row]]:
        """Return the transcripts of an interval; nothing if the dataset doesn't have any."""
        table = self.store.transcripts(interval.genome)
        return {} if table is None else transcripts_at(table, self.store.exons(interval.genome), interval)

    def __repr__(self) -> str:
        """Report what is in it."""
        counts = Counter(one.split for one in self._chromosomes.values())
        total = sum(one.length for one in self._chromosomes.values())
        return (
            f"<dataset at {self.store.origin}: {len(self.genomes):,} genomes, {total:,} bp; chromosomes:"
            f" {', '.join(f'{split} {counts[split]:,}' for split in self.splits)}>"
        )

    def chromosome_of(self, interval: Interval, beyond: bool = False) -> Chromosome:
        """Return the chromosome of an interval, which lies on it unless it may go `beyond`.

        Raises:
            ReadingError: there is no such chromosome, or the interval leaves it.
        """
        chromosome = self._chromosome(interval.genome, interval.chrom)
        if not beyond and not 0 <= interval.start < interval.end <= chromosome.length:
            raise ReadingError(
                f"{interval.chrom} of {interval.genome} is [0, {chromosome.length:,}); found [{interval.start:,},"
                f" {interval.end:,}): stay within it, or read with pad=True for N outside"
            )
        return chromosome

    def _chromosome(self, genome: str, chrom: str) -> Chromosome:
        if found := self._chromosomes.get((genome, chrom)):
            return found
        if genome not in self.genomes:
            raise ReadingError(self._no("genome", genome, self.genomes))
        names = [one.chrom for one in self._chromosomes.values() if one.genome == genome]
        elsewhere = [one.split for one in self.store.chromosomes if (one.genome, one.chrom) == (genome, chrom)]
        if elsewhere:
            raise ReadingError(f"{chrom} of {genome} is in split {elsewhere[0]}, and this is split {self._split} alone")
        raise ReadingError(f"genome {genome}: {self._no('chromosome', chrom, names)}")

    def _no(self, what: str, name: str, known: Iterable[str]) -> str:
        known = tuple(known)
        return f"no {what} {name!r} in {self.store.origin}{nearest(str(name), known)}; there are {_some(known)}"


def _in_order(chromosome: Chromosome) -> tuple[str, list[str | int], str]:
    """Sort chr2 before chr10, the same for every way of keeping a dataset: a seed gives the same windows."""
    pieces = re.split(r"([0-9]+)", chromosome.chrom)
    by_number = [int(piece) if number % 2 else piece for number, piece in enumerate(pieces)]
    return chromosome.genome, by_number, chromosome.chrom


def _some(names: Iterable[str]) -> str:
    names = sorted(names) if not isinstance(names, tuple | list) else list(names)
    if not names:
        return "nothing"
    return ", ".join(names[:_SHOWN]) + (f", ... ({len(names):,})" if len(names) > _SHOWN else "")
