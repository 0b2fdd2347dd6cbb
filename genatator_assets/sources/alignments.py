"""BAM and CRAM in: the alignments of one reference as arrays, batch by batch.

oxbow reads BAM, several times as fast as pysam, between the virtual offsets that the index states: so that a
reference's number is all that is asked for, whatever its name. pysam reads CRAM, and BAM files whose header the
others refuse (`@PG CL=`, as some old tools wrote it).
"""

import contextlib
import gzip
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from genatator_assets.errors import SignalError, optional_import
from genatator_assets.sources.bam_index import BamIndex, index_beside, read_bam_index
from genatator_assets.sources.cigar import skipped
from genatator_assets.sources.pieces import BGZF_END

Part = Literal["mapq", "mate", "gaps"]
"""What costs time to read: mapping qualities; where mates are; which reference bases alignments skip."""

Positions = npt.NDArray[np.int64]

PAIRED, PROPER, UNMAPPED, REVERSE, SECOND = 0x1, 0x2, 0x4, 0x10, 0x80
SECONDARY, FAILED, DUPLICATE, SUPPLEMENTARY = 0x100, 0x200, 0x400, 0x800

_BATCH = 65_536
_MAPQ_ABSENT = 255
_GZIP, _BAM, _CRAM = b"\x1f\x8b", b"BAM\1", b"CRAM"
_EXTRA = "signals"


@dataclass(frozen=True, eq=False)
class Mates:
    """Of each alignment: where its mate begins, the signed length of the template, and if both have one reference.

    start and template int64 [n], together bool [n]; start is -1 for those without a mate.
    """

    start: Positions
    template: Positions
    together: npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Gaps:
    """Reference bases [start, end) that alignment number `read` skips (introns): int64 [gaps] each."""

    read: Positions
    start: Positions
    end: Positions


@dataclass(frozen=True, eq=False)
class Alignments:
    """A batch of n alignments to one reference, in the order of the file.

    flag uint16 [n], as in the SAM specification; start and end int64 [n], 0-based half-open; mapq uint8 [n], 255 where
    a file gives none. Parts that were not asked for are None.
    """

    flag: npt.NDArray[np.uint16]
    start: Positions
    end: Positions
    mapq: npt.NDArray[np.uint8] | None = None
    mates: Mates | None = None
    gaps: Gaps | None = None


class _Reader(Protocol):
    @property
    def lengths(self) -> Mapping[str, int]: ...

    def batches(self, number: int, name: str, parts: Sequence[Part]) -> Iterator[Alignments]: ...


@dataclass(frozen=True)
class AlignmentFile:
    """A BAM or CRAM file that is sorted by coordinate and has an index, beside it unless `index` is another place.

    `reference` is the FASTA file that a CRAM file refers to.

    Raises:
        MissingExtraError: what reads it is not installed.
        SignalError: it is missing, something else, truncated, or has no index.
    """

    path: Path
    index: Path | None = None
    reference: Path | None = None

    def __post_init__(self) -> None:
        """Look at the first and the last bytes of the file."""
        if self.format == "BAM":
            _require_end(self.path)
        _ = self._index

    @cached_property
    def format(self) -> Literal["BAM", "CRAM"]:
        """The file's format, by its first bytes."""
        try:
            with self.path.open("rb") as handle:
                start = handle.read(4)
                handle.seek(0)
                if start[:2] == _GZIP:
                    with contextlib.suppress(OSError, EOFError):
                        start = gzip.GzipFile(fileobj=handle).read(4)
        except OSError as error:
            raise SignalError(f"{self.path} can't be opened: {error.strerror}") from error
        if start == _BAM:
            return "BAM"
        if start == _CRAM:
            return "CRAM"
        raise SignalError(
            f"{self.path} is neither BAM nor CRAM: it begins with {start!r}. SAM text can be converted with"
            " 'samtools sort -o x.bam' and 'samtools index x.bam'"
        )

    @property
    def lengths(self) -> Mapping[str, int]:
        """Length in bp of each reference that the header names, in its order."""
        return self._reader.lengths

    @property
    def unplaced(self) -> int | None:
        """Alignments without a reference; None where the index does not say."""
        return self._index.unplaced if self._index else None

    def count(self, name: str) -> int | None:
        """Return how many alignments a reference has by the index; None where it does not say."""
        if self._index is None:
            return None
        span = self._index.spans.get(self._numbers[name])
        return span.count if span else 0

    def batches(self, name: str, parts: Sequence[Part] = ()) -> Iterator[Alignments]:
        """Return the alignments of a reference, in order of their start, with the parts that are asked for.

        Raises:
            SignalError: the file is damaged, or has another number of alignments than its index says.
        """
        expected, found = self.count(name), 0
        for batch in self._reader.batches(self._numbers[name], name, parts):
            found += len(batch.flag)
            yield batch
        if expected is not None and found != expected:
            raise SignalError(
                f"{self.path}: found {found:,} alignments to {name}, but its index says {expected:,}: the index is of"
                " another version of the file. Make it again with 'samtools index'"
            )

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.lengths)}

    @cached_property
    def _index(self) -> BamIndex | None:
        if self.format == "BAM":
            return read_bam_index(self.index or index_beside(self.path))
        _ = self._cram_index
        return None

    @cached_property
    def _cram_index(self) -> Path:
        index = self.index or self.path.with_name(self.path.name + ".crai")
        if not index.is_file():
            raise SignalError(
                f"{self.path} has no index; expected {index.name} beside it. Make one with 'samtools index'"
            )
        return index

    @cached_property
    def _reader(self) -> _Reader:
        if self._index is None:
            return _Pysam(self.path, self._cram_index, self.reference)
        try:
            return _Oxbow(self.path, self._index)
        except (OSError, ValueError):  # oxbow's word for a header it can't parse; pysam is more lenient
            return _Pysam(self.path, self.index or index_beside(self.path), None)


class _Oxbow:
    """Reads BAM between the virtual offsets of its index."""

    def __init__(self, path: Path, index: BamIndex) -> None:
        self._path, self._index = path, index
        with optional_import("oxbow", _EXTRA):
            import oxbow.core  # noqa: PLC0415 - an extra, and slow to import
        self._scanners = oxbow.core.PyBamScanner
        self.lengths: Mapping[str, int] = dict(self._scanner(["flag"]).chrom_sizes())

    def batches(self, number: int, name: str, parts: Sequence[Part]) -> Iterator[Alignments]:
        span = self._index.spans.get(number)
        if span is None:
            return
        fields = ["flag", "pos", "end"]
        fields += ["mapq"] if "mapq" in parts else []
        fields += ["rnext", "pnext", "tlen"] if "mate" in parts else []
        fields += ["cigar"] if "gaps" in parts else []
        scan = self._scanner(fields).scan_virtual_ranges([(span.begin, span.end)], batch_size=_BATCH)
        try:
            for batch in scan:
                yield _of_arrow(pa.record_batch(batch), name)
        except Exception as error:
            if isinstance(error, SignalError):
                raise
            raise SignalError(
                f"{self._path}: alignments to {name} can't be read ({error}): the file is damaged, or truncated, or"
                " its index is of another version of it"
            ) from error

    def _scanner(self, fields: list[str]) -> Any:
        return self._scanners(str(self._path), True, fields=fields, coords="01")


def _of_arrow(batch: pa.RecordBatch, name: str) -> Alignments:
    start = batch["pos"].fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    end = batch["end"].fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    columns = set(batch.schema.names)
    mapq = batch["mapq"].fill_null(_MAPQ_ABSENT).to_numpy(zero_copy_only=False) if "mapq" in columns else None
    return Alignments(
        batch["flag"].to_numpy(zero_copy_only=False),
        start,
        end,
        mapq,
        _mates(batch, name) if "rnext" in columns else None,
        Gaps(*skipped(batch["cigar"], start)) if "cigar" in columns else None,
    )


def _mates(batch: pa.RecordBatch, name: str) -> Mates:
    reference = batch["rnext"]
    together = np.zeros(len(reference), np.bool_)
    number = reference.dictionary.index(name).as_py()
    if number >= 0:
        together = reference.indices.fill_null(-1).to_numpy(zero_copy_only=False) == number
    start = batch["pnext"].fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    template = batch["tlen"].fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    return Mates(start, template, together)


class _Pysam:
    """Reads CRAM, and BAM with a header that can't be parsed, by the number of the reference."""

    def __init__(self, path: Path, index: Path, reference: Path | None) -> None:
        with optional_import("pysam", _EXTRA):
            import pysam  # noqa: PLC0415 - an extra
        pysam.set_verbosity(0)  # what htslib says of a file is in its error, too
        self._path, self._index, self._open = path, str(index), pysam.AlignmentFile
        self._reference = str(reference) if reference else None
        with self._opened() as file:
            self.lengths: Mapping[str, int] = dict(zip(file.references, file.lengths, strict=True))

    def batches(self, number: int, name: str, parts: Sequence[Part]) -> Iterator[Alignments]:
        try:
            with self._opened() as file:
                rows: list[Any] = []
                for row in file.fetch(tid=number):
                    rows.append(row)
                    if len(rows) == _BATCH:
                        yield _of_pysam(rows, parts)
                        rows = []
                if rows:
                    yield _of_pysam(rows, parts)
        except (OSError, ValueError) as error:
            raise SignalError(
                f"{self._path}: alignments to {name} can't be read ({error}): the file is damaged, or a CRAM file's"
                " reference is not the assembly's FASTA file"
            ) from error

    def _opened(self) -> Any:
        try:
            return self._open(str(self._path), reference_filename=self._reference, check_sq=False, require_index=True)
        except (OSError, ValueError) as error:
            raise SignalError(f"{self._path} can't be opened: {error}") from error


def _of_pysam(rows: list[Any], parts: Sequence[Part]) -> Alignments:
    def column(values: Iterator[int | None], missing: int = -1) -> Positions:
        return np.array([missing if value is None else value for value in values], np.int64)

    start = column(row.reference_start for row in rows)
    mates = Mates(
        column(row.next_reference_start for row in rows),
        column(row.template_length for row in rows),
        np.array([row.next_reference_id == row.reference_id for row in rows], np.bool_),
    )
    return Alignments(
        np.array([row.flag for row in rows], np.uint16),
        start,
        column(row.reference_end for row in rows),
        np.array([row.mapping_quality for row in rows], np.uint8) if "mapq" in parts else None,
        mates if "mate" in parts else None,
        Gaps(*skipped(pa.array([row.cigarstring for row in rows], pa.string()), start)) if "gaps" in parts else None,
    )


def _require_end(path: Path) -> None:
    with path.open("rb") as handle:
        size = handle.seek(0, 2)
        handle.seek(max(0, size - len(BGZF_END)))
        if handle.read() != BGZF_END:
            raise SignalError(
                f"{path} is truncated: it lacks the block that ends every BAM file. Fetch or make it again (only if it"
                " is known to be whole: 'samtools view -b' writes it again, with that block)"
            )
