"""Tracks of a root: which there are, and their values over an interval, in bins, on either strand."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from genatator_assets.catalogue.values import nearest
from genatator_assets.errors import ReadingError
from genatator_assets.signals.normalize import Fitted, read_normalizers
from genatator_assets.signals.section import Ontology, Select
from genatator_assets.signals.select import selected
from genatator_assets.signals.terms import Term, read_terms
from genatator_assets.tracks.bins import Aggregate, binned
from genatator_assets.tracks.runs import Runs, Values
from genatator_assets.tracks.track_file import KeptGroups, TrackFile
from genatator_assets.work.layout_signals import SignalLayout
from genatator_assets.work.tables import read_table

_OPEN_FILES = 512


class TrackReader:
    """Reads the tracks under a root. A copy that is sent to another process opens its files there."""

    def __init__(self, root: Path) -> None:
        """Read nothing yet."""
        self._layout = SignalLayout(root)
        self._open = lru_cache(_OPEN_FILES)(self._opened)
        self._groups = KeptGroups()

    def __reduce__(self) -> tuple[Any, ...]:
        """Send where it reads, not what is open."""
        return type(self), (self._layout.root,)

    @cached_property
    def table(self) -> pa.Table:
        """The track table.

        Raises:
            DatasetError: the dataset has no tracks.
        """
        return read_table(self._layout.table)

    @cached_property
    def _rows(self) -> Mapping[tuple[str, str], dict[str, Any]]:
        return {(row["genome"], row["track_id"]): row for row in self.table.to_pylist()}

    @cached_property
    def _terms(self) -> Mapping[str, Term]:
        return read_terms([self._layout.terms]) if self._layout.terms.is_file() else {}

    def select(self, select: Select) -> pa.Table:
        """Return the rows of the track table that meet all conditions."""
        terms = self._terms if select.ontology else {}
        return self.table.filter(pa.array([selected(select, row, terms) for row in self.table.to_pylist()], pa.bool_()))

    def names(self, genome: str, wanted: Sequence[str]) -> tuple[str, ...]:
        """Return the ids of tracks, which must be recorded.

        Raises:
            ReadingError: there is no such track, or it has no data here.
        """
        for name in wanted:
            row = self._rows.get((genome, name))
            if row is None:
                known = [track for own, track in self._rows if own == genome]
                raise ReadingError(f"no track {name!r} of {genome}{nearest(name, known)}; there are {len(known):,}")
            if row["recording"] is None:
                raise ReadingError(f"track {name!r} of {genome} is only listed: no data of it is here")
        return tuple(wanted)

    def normalizers(self, genome: str) -> Mapping[str, Fitted]:
        """Return what normalises each track, fitted on the training chromosomes; tracks without are not there."""
        return self._normalizers.get(genome, {})

    @cached_property
    def _normalizers(self) -> Mapping[str, Mapping[str, Fitted]]:
        return read_normalizers(self._layout.normalizers)

    def partner(self, genome: str, name: str) -> str:
        """Return the track of the same signal on the other strand; itself, where it has no strand.

        Raises:
            ReadingError: there is none.
        """
        row = self._rows[genome, name]
        if row["strand"] not in ("+", "-"):
            return name
        key = (row["genome"], row["output_type"], row["name"], "-" if row["strand"] == "+" else "+")
        for other in self._rows.values():
            if (other["genome"], other["output_type"], other["name"], other["strand"]) == key:
                return str(other["track_id"])
        raise ReadingError(f"track {name!r} of {genome} has no partner on the other strand, so it can't be reversed")

    def read(  # noqa: PLR0913 - an interval, and how it is read
        self,
        genome: str,
        chrom: str,
        start: int,
        end: int,
        names: Sequence[str],
        *,
        resolution: int = 1,
        aggregate: Aggregate | None = None,
        normalize: bool = False,
    ) -> Values:
        """Return values of [start, end) in bins of `resolution` bp on the + strand: float32 [bins, tracks].

        Bins are aggregated over the bases that have a value, by each track's own rule unless `aggregate` is given. A
        bin where no base has one, also outside the chromosome, is NaN, or 0 for tracks whose missing values mean 0.
        With `normalize`, the tracks' own normalisers change single bases before they are aggregated.

        Raises:
            ReadingError: the interval's length is not a multiple of `resolution`.
            DatasetError: a file is missing or damaged.
        """
        if resolution < 1 or (end - start) % resolution:
            raise ReadingError(f"{end - start:,} bp are not bins of {resolution=} bp; give a length that it divides")
        values = np.empty(((end - start) // resolution, len(names)), np.float32)
        for column, name in enumerate(names):
            row = self._rows[genome, name]
            missing = 0.0 if row["missing"] == "zero" else np.nan
            files = (self._open(genome, name, chrom),)
            bases = self._groups.windows(files, np.array([start]), end - start, missing)[0]
            if normalize and name in (fitted := self.normalizers(genome)):
                bases = fitted[name](bases)
            values[:, column] = binned(bases, resolution, aggregate or row["aggregate"])
        return values

    def runs(self, genome: str, name: str, chrom: str) -> Iterator[Runs]:
        """Yield the runs of a track along a chromosome, some at a time.

        Raises:
            DatasetError: the file is damaged.
        """
        file = self._open(genome, name, chrom)
        return file.stretches() if file else iter(())

    def within(self, genome: str, name: str, chrom: str, start: int, end: int) -> Runs:
        """Return the runs of a track that overlap [start, end), cut to it."""
        file = self._open(genome, name, chrom)
        return file.within(start, end) if file else Runs.none()

    def rows(self, genome: str, names: Sequence[str]) -> list[dict[str, Any]]:
        """Return what the track table says of tracks."""
        return [self._rows[genome, name] for name in names]

    def _opened(self, genome: str, name: str, chrom: str) -> TrackFile | None:
        path = self._layout.track(genome, name, chrom)
        return TrackFile.open(path) if path.is_file() else None


def select_of(
    output_type: str | Sequence[str] = (),
    term: str | None = None,
    under: str | None = None,
    tissue: str | Sequence[str] = (),
    assay: str | Sequence[str] = (),
    strand: str | Sequence[str] = (),
) -> Select:
    """Return conditions on tracks."""
    ontology = Ontology(term=term, under=under) if term or under else None
    keys = {"output_type": output_type, "tissue": tissue, "assay": assay, "strand": strand}
    return Select.model_validate({**keys, "ontology": ontology})
