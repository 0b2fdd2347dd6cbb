"""The truth of a split: its sequences, its selected transcripts with exons and coding parts, and what was seen before.

`write_truth` publishes it, so that predictions can be scored without the dataset.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.annotation.transcripts import read_exons, read_transcripts
from genatator_assets.catalogue.values import SPLITS, nearest
from genatator_assets.errors import EvaluationError
from genatator_assets.evaluation.models import TYPES, Models, Numbers
from genatator_assets.evaluation.naming import Dropped, Names
from genatator_assets.evaluation.places import Judged, Places, Regions
from genatator_assets.evaluation.predictions import Found, place_models
from genatator_assets.evaluation.tables import models_of
from genatator_assets.sources.aliases import aliases_of
from genatator_assets.sources.assembly import read_source
from genatator_assets.sources.chromosomes import read_chromosomes
from genatator_assets.work.files import plain_name, sha256_of_file
from genatator_assets.work.layout import Layout
from genatator_assets.work.tables import read_table

SEEN_FROM = 0.5
"""A locus was seen in training if this share of its windows' k-mers occurs in train."""


@dataclass(frozen=True, eq=False)
class Truth:
    """What predictions are compared with.

    `tables` are the transcripts of `models`, in order, with all their columns, and `exons` their exons. `inputs` are
    the hashes of the files that it was read from.
    """

    split: str
    places: Places
    models: Models
    tables: pa.Table
    exons: pa.Table
    inputs: dict[str, str]


def truth_of_split(layout: Layout, split: str, genomes: Collection[str] | None = None) -> Truth:
    """Read the truth of a split of a dataset, or of some genomes in it.

    Genomes without an annotation are not judged: nobody knows what there is to be found.

    Raises:
        EvaluationError: the dataset has no such split or genome.
        DatasetError: the annotation has not been read yet, or a file is damaged.
    """
    sequences = _sequences(layout, split, genomes)
    inputs: dict[str, str] = {}
    tables: list[pa.Table] = []
    models, parts = [], []
    for name in dict.fromkeys(one.genome for one in sequences):
        for file in (layout.transcripts(name), layout.exons(name)):
            inputs[file.relative_to(layout.root).as_posix()] = sha256_of_file(file)
        transcripts, exons = read_transcripts(layout, name), read_exons(layout, name)
        numbers = {one.chrom: number for number, one in enumerate(sequences) if one.genome == name}
        seq = _selected_on(transcripts, numbers)
        models.append(models_of(transcripts, exons, seq))
        before = sum(map(len, tables))
        tables.append(transcripts.take(pa.array(np.flatnonzero(seq >= 0))))
        parts.append(_renumbered(exons, seq, before))
    seen, unseen = _leakage(layout, sequences)
    places = Places(tuple(sequences), seen=seen, unseen=unseen)
    return Truth(split, places, Models.joined(models), pa.concat_tables(tables), pa.concat_tables(parts), inputs)


def _renumbered(exons: pa.Table, seq: Numbers, before: int) -> pa.Table:
    """Return the exons of transcripts that have a place, which are numbered anew, behind those of other genomes."""
    number = np.where(seq >= 0, np.cumsum(seq >= 0) - 1 + before, -1).astype(np.int32)
    place = number[exons["transcript"].to_numpy()]
    return exons.set_column(0, "transcript", pa.array(place)).filter(pa.array(place >= 0))


def truth_of_found(path: Path, true: Found, predicted: Found) -> Truth:
    """Return the truth that stands in a file of gene models: its mRNAs and lncRNAs or, where none are called so, all.

    Its sequences are those that it states (`##sequence-region`); if it states none, all that either file names.

    Raises:
        EvaluationError: it has no transcripts.
    """
    rows = true.transcripts
    if not len(rows):
        raise EvaluationError(f"{path} has no transcripts, so there is nothing to be found")
    lengths = true.lengths or _reach(true, predicted)
    wanted = pc.is_in(rows["type"], pa.array(TYPES[:2]))
    models = place_models(
        path,
        true if not pc.any(wanted).as_py() else true.of(wanted),
        names := Names(tuple(Judged("", chrom, length, others) for chrom, length, others in _with_aliases(lengths))),
        Dropped(lenient=False),
    )
    return Truth("", Places(names.sequences), models, rows, true.exons, {path.name: sha256_of_file(path)})


def _reach(*sides: Found) -> dict[str, int]:
    """Return how far the transcripts on each sequence reach."""
    ends: dict[str, int] = {}
    for side in sides:
        rows = side.transcripts.group_by("seqid").aggregate([("end", "max")])
        for name, end in zip(rows["seqid"].to_pylist(), rows["end_max"].to_pylist(), strict=True):
            ends[name] = max(ends.get(name, 0), end)
    return ends


def _with_aliases(lengths: dict[str, int]) -> Iterator[tuple[str, int, tuple[str, ...]]]:
    aliases = aliases_of(lengths, ())
    return ((chrom, length, aliases[chrom]) for chrom, length in lengths.items())


def _sequences(layout: Layout, split: str, genomes: Collection[str] | None) -> list[Judged]:
    folder = layout.root / "assemblies"
    there = sorted(plain_name(path.name) for path in folder.iterdir()) if folder.is_dir() else []
    if not there:
        raise EvaluationError(f"{layout.root} does not hold a dataset with assemblies; give --root")
    annotated = [name for name in there if "annotation" in read_source(layout, name).inputs]
    for name in genomes or ():
        if name not in annotated:
            what = "has no annotation, so nothing is known to be found" if name in there else "is not"
            raise EvaluationError(f"genome {name!r} {what} in {layout.root}{nearest(name, annotated)}")
    if split not in SPLITS:
        raise EvaluationError(f"no split {split!r}{nearest(split, list(SPLITS))}; expected {', '.join(SPLITS)}")
    found = [
        Judged(one.genome, one.chrom, one.length, one.aliases)
        for name in annotated
        if genomes is None or name in genomes
        for one in read_chromosomes(layout.chromosomes(name))
        if one.split == split
    ]
    if not found:
        raise EvaluationError(
            f"{layout.root} has no chromosome of an annotated genome in the split {split!r}; see the view 'chromosomes'"
        )
    return found


def _selected_on(transcripts: pa.Table, numbers: dict[str, int]) -> Numbers:
    """Return the number of the sequence that each selected transcript lies on, -1 for all others."""
    place = pc.fill_null(pc.index_in(transcripts["chrom"], pa.array(list(numbers), pa.string())), -1).to_numpy()
    seq = np.array([*numbers.values(), -1], np.int64)[place]
    return np.where(transcripts["selected"].to_numpy(), seq, -1)


def _leakage(layout: Layout, sequences: Sequence[Judged]) -> tuple[Regions, Regions]:
    """Return the windows that were seen in training and those that were not; none where no leakage report is."""
    path = layout.leakage("windows")
    if not path.is_file():
        return Regions.none(), Regions.none()
    table = read_table(path, columns=["genome", "chrom", "start", "end", "score", "judged"])
    numbers = {(one.genome, one.chrom): number for number, one in enumerate(sequences)}
    names = zip(table["genome"].to_pylist(), table["chrom"].to_pylist(), strict=True)
    seq = np.array([numbers.get(name, -1) for name in names], np.int64)
    wanted = (seq >= 0) & table["judged"].to_numpy()
    score = np.nan_to_num(table["score"].to_numpy())
    start, end = table["start"].to_numpy(), table["end"].to_numpy()
    return tuple(  # type: ignore[return-value]
        Regions(seq[of], start[of], end[of]) for of in (wanted & (score >= SEEN_FROM), wanted & (score < SEEN_FROM))
    )
