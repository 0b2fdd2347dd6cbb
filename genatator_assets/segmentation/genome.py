"""One genome's rows, while they are made: the stop codons that are added, what each transcript is, and the files."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.annotation.structure import (
    CODING,
    EXON,
    FIVE,
    INTRON,
    KINDS,
    THREE,
    Places,
    Runs,
    Structure,
    coding_pieces,
    first_phase,
    following,
    runs_of,
    short_introns,
    with_stops,
)
from genatator_assets.segmentation.frames import STOPS, Frame, frame_of, spliced
from genatator_assets.segmentation.rows import (
    FILE_BP,
    ROW_GROUP_BP,
    ROW_GROUP_ROWS,
    ROWS_SCHEMA,
    SETTINGS,
    pieces_of,
    row_group,
)
from genatator_assets.segmentation.section import Orientation, StopCodon
from genatator_assets.segmentation.selection import Selected
from genatator_assets.sources.sequence import read_dna
from genatator_assets.work.files import Measured
from genatator_assets.work.layout_segmentation import SegmentationLayout
from genatator_assets.work.tables import table_writer, write_table
from genatator_assets.work.unit import Provenance

Flags = npt.NDArray[np.bool_]

PREVIEW_ROWS, PREVIEW_BP = 10, 10_000
_JUDGED, _LEAST = 1_000, 20
_AT_ONCE = 10_000
_MOSTLY, _HARDLY = 0.9, 0.1

TRANSCRIPTS_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("genome", "chrom", "split", "transcript_id", "gene_id", "type", "strand")),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("transcript", pa.int32()),
        ("representative", pa.bool_()),
        ("representative_by", pa.string()),
        ("left_out", pa.string()),
        *((name, pa.int32()) for name in ("utr_5_bp", "cds_bp", "utr_3_bp", "exon_only_bp", "intron_bp")),
        *((name, pa.int32()) for name in ("introns", "short_introns")),
        ("complete", pa.bool_()),
        ("first_codon", pa.string()),
        ("last_codon", pa.string()),
        ("internal_stops", pa.int32()),
        ("open_frame", pa.bool_()),
        ("stop_added", pa.bool_()),
    ]
)
"""A row per transcript whose model is whole. `transcript` is its row in the table of transcripts; `left_out` says why
it is in no config: `too_long`, `not_representative`, `no_config`; null if it is. Bases by kind add up to its length;
`exon_only_bp` are neither coding nor UTR. `short_introns` are shorter than 20 bp. Of an mRNA, `complete` is whether the
annotation has both ends of its coding sequence, the codons are the first and the last one (null if it is not whole),
and `open_frame` is whether they are ATG and a stop without another between; `stop_added` is whether a stop codon that
the annotation leaves out was added."""


@dataclass(frozen=True)
class Rules:
    """What the catalogue says of rows; `splits_of` are the splits of each config that take this genome's."""

    splits_of: Mapping[str, tuple[str, ...]]
    representative: bool
    utr_orientation: Orientation
    stop_codon: StopCodon
    too_long: int | None


@dataclass(frozen=True)
class File:
    """A file of rows: the `place`-th of a split of a config, with the rows [first, last) of the split, `bp` in all."""

    config: str
    split: str
    place: int
    first: int
    last: int
    bp: int


class GenomeRows:
    """A genome while its rows are made."""

    def __init__(self, genome: str, chosen: Selected, rules: Rules, fasta: Path) -> None:
        """Make rows of the chosen transcripts, whose bases are in a file on this machine's disk."""
        self._genome, self._chosen, self._rules, self._fasta = genome, chosen, rules, fasta
        self._represents: Flags = chosen.table["representative"].to_numpy()
        self._added = np.zeros(len(chosen), bool)
        self._structure = self._with_stops()
        self._left_out = self._reasons()

    def _dna(self, number: int, start: int, end: int) -> bytes:
        chrom = self._chosen.table["chrom"][number].as_py()
        return read_dna(self._fasta, chrom, start, end).encode("ascii")

    # Stop codons that the annotation leaves out

    def _with_stops(self) -> Structure:
        of, rule = self._chosen.structure, self._rules.stop_codon
        if rule == "rows":
            return of
        ended = np.flatnonzero(self._chosen.is_mrna & pc.fill_null(self._chosen.open_3, False).to_numpy())
        if rule == "auto":
            judged = ended[:: max(1, len(ended) // _JUDGED)]
            follow = sum(self._follows(number) is not None for number in judged.tolist())
            within = sum(self._ends(number) for number in judged.tolist())
            if len(judged) < _LEAST or follow <= _MOSTLY * len(judged) or within >= _HARDLY * len(judged):
                return of
        stretches = []
        for number in ended.tolist():
            if found := self._follows(number):
                stretches += found
                self._added[number] = True
        return with_stops(of, stretches)

    def _follows(self, number: int) -> list[tuple[int, int, int]] | None:
        """Return where the three bases behind a coding sequence lie, if they are a stop codon."""
        found = following(self._chosen.structure, number, 3)
        pieces = sorted((start, end) for _, start, end in found)
        if not pieces:
            return None
        return found if self._read(number, pieces) in STOPS else None

    def _ends(self, number: int) -> bool:
        """Return whether a coding sequence ends with a stop codon."""
        pieces = coding_pieces(self._chosen.structure, number)
        return self._read(number, pieces)[-3:] in STOPS

    def _read(self, number: int, pieces: Sequence[tuple[int, int]]) -> bytes:
        start, end = min(piece[0] for piece in pieces), max(piece[1] for piece in pieces)
        return spliced(self._dna(number, start, end), start, pieces, bool(self._chosen.structure.strand[number] > 0))

    # What each transcript is

    def _reasons(self) -> npt.NDArray[np.object_]:
        """Return why transcripts are in no config; None where they are in one."""
        rules, table = self._rules, self._chosen.table
        lengths = self._structure.end - self._structure.start
        reasons = {  # the last one that fits counts
            "too_long": lengths > (rules.too_long or np.iinfo(np.int64).max),
            "not_representative": rules.representative & ~self._represents,
            "no_config": ~pc.is_in(table["split"], pa.array(sorted(self._splits), pa.string())).to_numpy(),
        }
        found = np.full(len(table), None, object)
        for reason, fits in reasons.items():
            found[fits] = reason
        return found

    @cached_property
    def transcripts(self) -> pa.Table:
        """A row per transcript (TRANSCRIPTS_SCHEMA)."""
        chosen, table = self._chosen, self._chosen.table
        bases, introns, short = self._counted()
        frames = [self._frame(number) if mrna else None for number, mrna in enumerate(chosen.is_mrna.tolist())]
        columns: dict[str, Any] = {
            **{name: table[name] for name in TRANSCRIPTS_SCHEMA.names if name in table.column_names},
            "left_out": pa.array(self._left_out, pa.string()),
            "utr_5_bp": bases[:, FIVE],
            "cds_bp": bases[:, CODING],
            "utr_3_bp": bases[:, THREE],
            "exon_only_bp": bases[:, EXON],
            "intron_bp": bases[:, INTRON],
            "introns": introns,
            "short_introns": short,
            "complete": pc.if_else(pa.array(chosen.is_mrna), pa.array(chosen.complete), None),
            "first_codon": [frame and frame.first_codon for frame in frames],
            "last_codon": [frame and frame.last_codon for frame in frames],
            "internal_stops": [frame and frame.internal_stops for frame in frames],
            "open_frame": [frame and frame.open for frame in frames],
            "stop_added": pc.if_else(pa.array(chosen.is_mrna), pa.array(self._added), None),
        }
        return pa.table(columns).select(TRANSCRIPTS_SCHEMA.names).cast(TRANSCRIPTS_SCHEMA)

    def _counted(self) -> tuple[Places, Places, Places]:
        """Return the bases of each kind, the introns and the short introns of all transcripts, some at a time."""
        counted = []
        for first in range(0, len(self._chosen), _AT_ONCE):
            of = self._structure.take(np.arange(first, min(first + _AT_ONCE, len(self._chosen))))
            runs = self._runs(of)
            counted.append((runs.bases(len(of)), *short_introns(runs, len(of))))
        if not counted:
            return np.zeros((0, len(KINDS)), np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64)
        bases, introns, short = (np.concatenate(column) for column in zip(*counted, strict=True))
        return bases, introns, short

    def _runs(self, of: Structure) -> Runs:
        return runs_of(of, self._rules.utr_orientation == "genome")

    def _frame(self, number: int) -> Frame:
        pieces = coding_pieces(self._structure, number)
        return frame_of(self._read(number, pieces), first_phase(self._structure, number))

    # Files

    def write(self, layout: SegmentationLayout, provenance: Provenance) -> dict[Path, Measured]:
        """Write all files: what each transcript is, a preview of each split, and the rows of all configs."""
        written = self.write_tables(layout, provenance)
        for file in self.files:
            written |= self.write_file(layout, provenance, file)
        return written

    def write_tables(self, layout: SegmentationLayout, provenance: Provenance) -> dict[Path, Measured]:
        """Write what each transcript is, and a preview of each split."""
        path = layout.transcripts(self._genome)
        written = {path: write_table(path, self.transcripts, provenance)}
        for split in sorted(self._splits):
            if len(numbers := self._shown(split)):
                path = layout.preview(split, self._genome)
                written[path] = self._write(path, numbers, provenance)
        return written

    @property
    def files(self) -> list[File]:
        """The files of rows that there are to write."""
        return [
            File(config, split, place, piece.start, piece.stop, int(lengths[piece].sum()))
            for config, splits in self._rules.splits_of.items()
            for split in splits
            for lengths in (self._lengths(self._of_split(split)),)
            for place, piece in enumerate(pieces_of(lengths, FILE_BP))
        ]

    def write_file(self, layout: SegmentationLayout, provenance: Provenance, file: File) -> dict[Path, Measured]:
        """Write one file of rows."""
        path = layout.rows(file.config, file.split, self._genome, file.place)
        return {path: self._write(path, self._of_split(file.split)[file.first : file.last], provenance)}

    @property
    def _splits(self) -> set[str]:
        return {split for splits in self._rules.splits_of.values() for split in splits}

    def _shown(self, split: str) -> Places:
        """Return some short transcripts of a split, those that represent their genes first."""
        numbers = self._of_split(split)
        short = numbers[self._lengths(numbers) <= PREVIEW_BP]
        order = np.argsort(~self._represents[short], kind="stable")
        return np.sort(short[order][:PREVIEW_ROWS])

    def _of_split(self, split: str) -> Places:
        in_split = pc.equal(self._chosen.table["split"], split).to_numpy()
        return np.flatnonzero(in_split & (self._left_out == None))  # noqa: E711 - of each of an array

    def _lengths(self, numbers: Places) -> Places:
        return self._structure.end[numbers] - self._structure.start[numbers]

    def _write(self, path: Path, numbers: Places, provenance: Provenance) -> Measured:
        with table_writer(path, ROWS_SCHEMA, provenance, **SETTINGS) as writer:
            for group in self._groups(numbers):
                writer.write(group)
        return writer.measured

    def _groups(self, numbers: Places) -> Iterator[pa.Table]:
        for piece in pieces_of(self._lengths(numbers), ROW_GROUP_BP, ROW_GROUP_ROWS):
            own = numbers[piece]
            of = self._structure.take(own)
            dna = [self._dna(*place) for place in zip(own.tolist(), of.start.tolist(), of.end.tolist(), strict=True)]
            yield row_group(dna, self._runs(of), self._chosen.metadata(own), self._represents[own].astype(np.int32))

    def facts(self) -> dict[str, Any]:
        """Return counts for the card, the plan and Dagster's UI."""
        table = self.transcripts
        kept = table.filter(pc.is_null(table["left_out"]))
        mrna = kept.filter(pc.equal(kept["type"], "mRNA"))
        complete = mrna.filter(mrna["complete"])
        return {
            "configs": {
                config: {split: len(self._of_split(split)) for split in splits}
                for config, splits in self._rules.splits_of.items()
            },
            "rows": len(kept),
            "bp": int(pc.sum(pc.subtract(kept["end"], kept["start"])).as_py() or 0),
            "types": _counts(kept["type"]),
            "representative_by": _counts(kept["representative_by"].drop_null()),
            "left_out": _counts(table["left_out"].drop_null()),
            "stop_codon": "extend" if self._added.any() else "rows",
            "stops_added": int(self._added.sum()),
            "short_introns": int(pc.sum(kept["short_introns"]).as_py() or 0),
            "frames": {
                "mRNA": len(mrna),
                "complete": len(complete),
                "start": _true(pc.equal(complete["first_codon"], "ATG")),
                "stop": _true(pc.is_in(complete["last_codon"], pa.array([stop.decode() for stop in STOPS]))),
                "without_internal_stop": _true(pc.equal(complete["internal_stops"], 0)),
                "open": _true(complete["open_frame"]),
                "internal_stops": int(pc.sum(mrna["internal_stops"]).as_py() or 0),
            },
        }


def _counts(column: pa.ChunkedArray) -> dict[str, int]:
    return dict(sorted(Counter(column.to_pylist()).items()))


def _true(flags: pa.ChunkedArray) -> int:
    return int(pc.sum(flags).as_py() or 0)
