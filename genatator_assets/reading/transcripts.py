"""Transcripts of a segmentation dataset, with their bases and labels as arrays, for PyTorch and for Hugging Face's
`datasets`.

Opening reads metadata and status of all rows; bases and labels are read row group by row group when asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from genatator_assets.catalogue.values import nearest
from genatator_assets.errors import DatasetError, ReadingError, optional_import
from genatator_assets.reading.window import one_hot
from genatator_assets.work.storage import ask_each, file_of, is_remote

if TYPE_CHECKING:
    from genatator_assets.reading.torch import TranscriptDataset

LABELS = ("5UTR", "exon", "intron", "3UTR", "CDS")
"""The columns of labels, in order."""

_FIELDS = ("transcript_id", "gene_id", "type", "strand", "genome", "chrom")
_SHOWN = 12

Labels = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Transcript:
    """A transcript: [start, end) is 0-based half-open; `dna` and `labels` (float32 [L, 5], columns LABELS) are along
    the genome, whatever its strand.

    `type` is `mRNA` or `lnc_RNA`; `representative` is whether it represents its gene.
    """

    transcript_id: str
    gene_id: str
    type: str
    strand: str
    genome: str
    chrom: str
    start: int
    end: int
    split: str
    representative: bool
    dna: str
    labels: Labels

    def __len__(self) -> int:
        """Length in bp."""
        return self.end - self.start

    def one_hot(self) -> npt.NDArray[np.uint8]:
        """Return its bases as uint8 [L, 4], columns A, C, G, T; N is four zeros."""
        return one_hot(self.dna)


@dataclass(frozen=True, eq=False)
class Transcripts:
    """Transcripts by their place, in the order of files. Processes may be sent copies.

    `table` has a row per transcript: transcript_id, gene_id, type, strand, genome, chrom, start, end, split,
    representative; and where its row is: `path`, `row_group`, `row`.
    """

    table: pa.Table

    @classmethod
    def of(
        cls,
        root: Path,
        *,
        config: str | None = None,
        split: str | None = None,
        genome: str | None = None,
        type: str | None = None,  # noqa: A002 - what the dataset calls it
        representative: bool | None = None,
    ) -> Transcripts:
        """Return the transcripts of a root or a release. A transcript that is in several configs is there once.

        Raises:
            ReadingError: there is no segmentation dataset, or no such config, split, genome or type.
            DatasetError: a file is damaged.
        """
        folder = root / "segmentation"
        files = sorted(folder.glob("*/*/*.parquet"), key=str)
        if not files:
            raise ReadingError(
                f"{root} holds no segmentation dataset; expected {folder}/<config>/<split>/*.parquet:"
                " ask for it by the section 'segmentation' of the catalogue and build"
            )
        wanted = _named("config", config, {path.parts[-3] for path in files})
        table = pa.concat_tables(
            list(ask_each(root, _rows_of, [path for path in files if wanted in (None, path.parts[-3])]))
        )
        keys = pc.binary_join_element_wise(table["metadata"], table["split"], "|").combine_chunks().dictionary_encode()
        _, first = np.unique(keys.indices.to_numpy(), return_index=True)
        table = table.take(pa.array(np.sort(first))).drop_columns(["metadata"])
        for column, value in (("split", split), ("genome", genome), ("type", type)):
            if value is not None:
                _named(column, value, set(pc.unique(table[column]).to_pylist()))
                table = table.filter(pc.equal(table[column], value))
        if representative is not None:
            table = table.filter(pc.equal(table["representative"], representative))
        return cls(table.combine_chunks())

    def __len__(self) -> int:
        """Number of transcripts."""
        return len(self.table)

    def __getitem__(self, place: int) -> Transcript:
        """Read a transcript."""
        if not -len(self) <= place < len(self):
            raise IndexError(f"there are {len(self):,} transcripts; found {place}")
        row = self.table.slice(place % len(self), 1).to_pylist()[0]
        path, group, number = (row.pop(name) for name in ("path", "row_group", "row"))
        stored = _row_group(path, group)
        labels = stored["labels"][number].values.flatten().to_numpy().reshape(-1, len(LABELS))
        return Transcript(**row, dna=stored["dna_sequence"][number].as_py(), labels=labels)

    def __iter__(self) -> Iterator[Transcript]:
        """Read all of them in order."""
        return (self[place] for place in range(len(self)))

    def share(self, number: int, of: int) -> Transcripts:
        """Return the `number`-th of `of` equal shares: what one of several workers reads."""
        edges = np.linspace(0, len(self), of + 1).astype(int)
        return replace(self, table=self.table.slice(edges[number], edges[number + 1] - edges[number]))

    def to_torch(self, transform: Callable[[Transcript], Any] | None = None) -> TranscriptDataset:
        """Return the transcripts as a map-style dataset of PyTorch.

        `transform` makes of a `Transcript` what the loader collates, by default a dict of tensors (see
        `reading.torch.transcript_tensors`). Transcripts differ in length, so a loader of batches needs a `collate_fn`,
        or a `transform` that crops.
        """
        from genatator_assets.reading import torch  # noqa: PLC0415 - an extra

        return torch.TranscriptDataset(self, transform or torch.transcript_tensors)

    def to_datasets(self) -> Any:
        """Return the transcripts as an iterable dataset of Hugging Face's `datasets`, with the published columns."""
        with optional_import("datasets", "dev"):
            import datasets  # type: ignore[import-untyped]  # noqa: PLC0415 - an extra

        features = datasets.Features(
            {
                "dna_sequence": datasets.Value("string"),
                "labels": datasets.List(datasets.List(datasets.Value("float32"), length=len(LABELS))),
                "metadata": datasets.Value("string"),
                "status": datasets.Value("int32"),
            }
        )
        shares = [self.share(number, count) for count in (max(1, min(len(self), 16)),) for number in range(count)]
        return datasets.IterableDataset.from_generator(_published, features=features, gen_kwargs={"shares": shares})

    def __repr__(self) -> str:
        """Report what is in it."""
        genomes = len(pc.unique(self.table["genome"]))
        represent = int(pc.sum(self.table["representative"]).as_py() or 0)
        return f"<{len(self):,} transcripts of {genomes:,} genomes; {represent:,} represent their genes>"


def _published(shares: list[Transcripts]) -> Iterator[Mapping[str, Any]]:
    for share in shares:
        for row in share.table.select(["path", "row_group", "row"]).to_pylist():
            yield _row_group(row["path"], row["row_group"]).slice(row["row"], 1).to_pylist()[0]


def _named(what: str, name: str | None, known: set[str]) -> str | None:
    if name is not None and name not in known:
        near, there = nearest(name, sorted(known)), ", ".join(sorted(known)[:_SHOWN])
        raise ReadingError(f"no {what} {name!r} in the segmentation dataset{near}; there are {there}")
    return name


def _rows_of(path: Path) -> pa.Table:
    """Return where the rows of a file are, and what they say of themselves."""
    try:
        file = _parquet(path)
        rows = file.read(columns=["metadata", "status"])
        groups = [file.metadata.row_group(number).num_rows for number in range(file.metadata.num_row_groups)]
    except (OSError, ValueError, KeyError) as error:
        raise DatasetError(f"{path} can't be read ({error}); delete it and build again") from error
    fields = pc.split_pattern(rows["metadata"], "|")
    spans = pc.split_pattern(pc.list_element(fields, len(_FIELDS)), ":")
    group = np.repeat(np.arange(len(groups)), groups)
    within = np.arange(len(group)) - np.repeat(np.cumsum(groups) - groups, groups) if groups else group
    return pa.table(
        {
            **{name: pc.list_element(fields, place) for place, name in enumerate(_FIELDS)},
            "start": pc.list_element(spans, 0).cast(pa.int64()),
            "end": pc.list_element(spans, 1).cast(pa.int64()),
            "split": pa.repeat(pa.scalar(path.parent.name), len(rows)),
            "representative": pc.equal(rows["status"], 1),
            "path": pa.repeat(pa.scalar(str(path)), len(rows)),
            "row_group": pa.array(group, pa.int32()),
            "row": pa.array(within, pa.int32()),
            "metadata": rows["metadata"],
        }
    )


def _parquet(path: Path) -> pq.ParquetFile:
    """Open a file; of one in an object store only what is asked for is fetched."""
    return pq.ParquetFile(path.open("rb") if is_remote(path) else path)


@lru_cache(maxsize=4)
def _row_group(path: str, number: int) -> pa.Table:
    """Read a row group; the last ones are kept, because rows are mostly read in order."""
    try:
        return _parquet(file_of(path)).read_row_group(number)
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path} can't be read ({error}); delete it and build again") from error
