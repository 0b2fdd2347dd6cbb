"""Which rows there must be, and what of the stored ones differs."""

import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from genatator_assets.annotation.plainly import Found, Parts, parts_of, sequences
from genatator_assets.annotation.transcripts import fresh_transcripts
from genatator_assets.catalogue import Catalogue
from genatator_assets.errors import GenatatorError
from genatator_assets.segmentation.section import Segmentation, configs_of
from genatator_assets.segmentation.verify.derive import Row, labels_of
from genatator_assets.sources.assembly import Source, read_source
from genatator_assets.work.layout import Layout
from genatator_assets.work.layout_segmentation import SegmentationLayout
from genatator_assets.work.manifest import read_manifest

_NAMES = ("5UTR", "exon", "intron", "3UTR", "CDS")
_TYPES = {"mRNA": "mRNA", "lncRNA": "lnc_RNA"}
_AT_ONCE = 20_000
_SHOWN = 20


def verify(catalogue: Catalogue, root: Path, sample: int | None) -> list[str]:
    """Derive the rows of all genomes again, or `sample` of each drawn by a seed, and return what differs.

    Whatever is drawn, every row that there must be is looked for, and there must be no others.
    """
    differing = []
    for genome in catalogue.annotated_genomes:
        found = list(_of_genome(catalogue, root, genome, sample))
        more = [f"{genome}: ... and {len(found) - _SHOWN:,} more"] if len(found) > _SHOWN else []
        differing += found[:_SHOWN] + more
    return differing


def _of_genome(catalogue: Catalogue, root: Path, genome: str, sample: int | None) -> Iterator[str]:
    layout = Layout(root)
    manifest = read_manifest(SegmentationLayout(root).manifest(genome))
    if manifest is None:
        yield f"{genome}: has no finished rows"
        return
    try:
        source = read_source(layout, genome)
        if changed := list(_changed(genome, source)):
            yield from changed
            return
        expected = _expected(catalogue, layout, genome)
    except GenatatorError as error:
        yield f"{genome}: {error}"
        return
    stored = _Stored(root, genome)
    yield from stored.compare_names(expected)
    drawn = list(stored.places)
    if sample is not None:
        drawn = random.Random(genome).sample(drawn, min(sample, len(drawn)))  # noqa: S311 - can be drawn again
    known = {row.metadata: row for rows in expected.values() for row in rows}
    digests: dict[str, list[tuple[Row, str]]] = defaultdict(list)
    for first in range(0, len(drawn), _AT_ONCE):
        places = [place for place in sorted(drawn[first : first + _AT_ONCE]) if place.metadata in known]
        parts = parts_of(source.inputs["annotation"].path, {known[place.metadata].row_id for place in places})
        for place, content in stored.read(places):
            row = known[place.metadata]
            digests[row.chrom].append((row, hashlib.sha256(content["dna_sequence"].encode()).hexdigest()))
            yield from _of_row(catalogue, place, row, content, parts, manifest.facts["stops_added"] > 0)
    for chrom, bases in sequences(source.sequence.path, digests):
        for row, found in digests.pop(chrom):
            if hashlib.sha256(bases[row.start : row.end]).hexdigest() != found:
                yield f"{genome}: {row.metadata}: the bases are not those of the FASTA file"
    yield from (f"{genome}: {chrom} is not in the FASTA file" for chrom in digests)


def _changed(genome: str, source: Source) -> Iterator[str]:
    for kind, file, found in source.changed():
        yield f"{genome}: input {kind}: expected {file.path} with SHA-256 {file.sha256}, found {found}"


def _expected(catalogue: Catalogue, layout: Layout, genome: str) -> Mapping[tuple[str, str], list[Row]]:
    """Return the rows that there must be by config and split: those selected anew."""
    rows = fresh_transcripts(catalogue, genome, layout).to_pylist()
    section, splits = catalogue.section(Segmentation), catalogue.assembly(genome).splits
    wanted: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        too_long = section.too_long is not None and row["end"] - row["start"] > section.too_long
        if row["segmentation_reason"] != "selected" or too_long:
            continue
        if section.representative and not row["representative"]:
            continue
        split = splits.split_of(row["chrom"])
        for name, config in configs_of(catalogue).items():
            if (config.genomes is None or genome in config.genomes) and config.split in (None, split):
                wanted[name, split].append(_row(genome, row))
    return wanted


def _row(genome: str, row: Mapping[str, Any]) -> Row:
    name = row["transcript_id"]
    gene = name if row["gene_id"] is None else row["gene_id"]
    place = f"{row['chrom']}|{row['start']}:{row['end']}"
    return Row(
        metadata=f"{name}|{gene}|{_TYPES[row['type']]}|{row['strand']}|{genome}|{place}",
        seqid=row["seqid"],
        row_id=row["row_id"],
        chrom=row["chrom"],
        start=row["start"],
        end=row["end"],
        strand=row["strand"],
        coding=row["type"] == "mRNA",
        status=int(row["representative"]),
        ends=bool(row["cds_complete_3"]),
    )


@dataclass(frozen=True, order=True)
class _Place:
    """Where a row stands."""

    path: Path
    group: int
    number: int
    metadata: str
    status: int


class _Stored:
    """The stored rows of a genome."""

    def __init__(self, root: Path, genome: str) -> None:
        self._root, self._genome = root, genome
        layout = SegmentationLayout(root)
        name = layout.rows("", "", genome, 0).name.removesuffix("-0000.parquet")
        files = [
            path
            for path in sorted(layout.folder.glob("*/*/*.parquet"))
            if path.name.removesuffix(".parquet").rpartition("-")[0] == name
        ]
        self.places = [place for path in files for place in self._places(path)]

    def _places(self, path: Path) -> Iterator[_Place]:
        file = pq.ParquetFile(path)
        for group in range(file.metadata.num_row_groups):
            rows = file.read_row_group(group, columns=["metadata", "status"]).to_pylist()
            for number, row in enumerate(rows):
                yield _Place(path, group, number, row["metadata"], row["status"])

    def compare_names(self, expected: Mapping[tuple[str, str], list[Row]]) -> Iterator[str]:
        """Compare which rows there are with those that there must be, and their statuses."""
        must = Counter((*key, row.metadata, row.status) for key, rows in expected.items() for row in rows)
        there = Counter((one.path.parts[-3], one.path.parts[-2], one.metadata, one.status) for one in self.places)
        for told, rows in (("expected and not there", must - there), ("there and not expected", there - must)):
            yield from (
                f"{self._genome}: {config}/{split}: {metadata} with status {status}: {told}"
                for config, split, metadata, status in rows.elements()
            )

    def read(self, places: list[_Place]) -> Iterator[tuple[_Place, dict[str, Any]]]:
        """Read rows, which are in the order of files."""
        last, group = None, None
        for place in places:
            if (place.path, place.group) != last:
                last = place.path, place.group
                group = pq.ParquetFile(place.path).read_row_group(place.group)
            if group is not None:
                labels = group["labels"][place.number].values.flatten().to_numpy()
                dna = group["dna_sequence"][place.number].as_py()
                yield place, {"dna_sequence": dna, "labels": labels}


def _of_row(
    catalogue: Catalogue, place: _Place, row: Row, content: dict[str, Any], found: Found, added: bool
) -> Iterator[str]:
    section, dna = catalogue.section(Segmentation), content["dna_sequence"]
    told = f"{place.path.parts[-3]}/{place.path.parts[-2]}: {row.metadata}"
    length = row.end - row.start
    if len(dna) != length or len(content["labels"]) != 5 * length:
        yield f"{told}: expected {length:,} bases and labels, found {len(dna):,} and {len(content['labels']) / 5:,.1f}"
        return
    asked = section.stop_codon == "extend" or (section.stop_codon == "auto" and added and not found.has_stop_rows)
    expected = labels_of(
        row,
        found.parts.get((row.seqid, row.row_id), Parts()),
        dna,
        add_stop=asked,
        genome_orientation=section.utr_orientation == "genome",
    )
    wrong = content["labels"].reshape(-1, 5) != expected
    for channel in np.flatnonzero(wrong.any(axis=0)).tolist():
        bases = np.flatnonzero(wrong[:, channel])
        first = f"{row.chrom}:{row.start + bases[0]:,}"
        yield f"{told}: {_NAMES[channel]} differs at {len(bases):,} bases, the first {first}"
