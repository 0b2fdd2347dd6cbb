"""Scoring predictions against a split of a dataset, or against a file of gene models: what `ga.evaluate` does."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from genatator_assets.catalogue.values import nearest
from genatator_assets.errors import EvaluationError
from genatator_assets.evaluation.bins import BinCounts, Intervals, overlap
from genatator_assets.evaluation.counts import Counted
from genatator_assets.evaluation.hashes import Hashed
from genatator_assets.evaluation.levels import KS, Comparison, all_levels, site_distances, sites
from genatator_assets.evaluation.mistakes import MATCHES_SCHEMA, Mistake, matches, mistakes
from genatator_assets.evaluation.models import Models
from genatator_assets.evaluation.naming import Dropped, Names
from genatator_assets.evaluation.per_base import CountTask, Positive, channel_names, count, scores_of, whole
from genatator_assets.evaluation.places import Places, Regions
from genatator_assets.evaluation.predictions import (
    SITE_KINDS,
    TRUTH_FILE,
    Found,
    place_models,
    read_sites,
    read_transcripts,
)
from genatator_assets.evaluation.probabilities import ScoreFile, is_probabilities, score_files, shares
from genatator_assets.evaluation.scores import Curves, Scored, Scores, matches_of, table_of
from genatator_assets.evaluation.scoring import STRATA, By, Rules, Score, batches, score
from genatator_assets.evaluation.truth import Truth, truth_of_found, truth_of_split
from genatator_assets.regions.bed import read_bed
from genatator_assets.tracks.runs import Positions, merge
from genatator_assets.version import __version__
from genatator_assets.work.layout import Layout
from genatator_assets.work.pool import process_pool
from genatator_assets.work.storage import root_of

Path_ = str | Path


class Opened(Protocol):
    """An open dataset: where it is read from has its root."""

    @property
    def store(self) -> Any:
        """Has `origin`, the root."""


@dataclass(frozen=True)
class Options:
    """What else decides the scores, or how they are computed.

    deduplicate: predictions of one place count once. positive: which bases are positive. sites: BED files hold single
    sites. genome: only this one is judged. mask: a BED file of bases that don't count. lenient: names and positions
    that are wrong are dropped and counted. terminal_tolerance: exons are counted once more, forgiving so many bp at the
    free ends of true first and last exons. workers: processes that read scores per base.
    """

    deduplicate: bool = False
    positive: Positive = "target"
    sites: bool = False
    genome: str | None = None
    mask: Path | None = None
    lenient: bool = False
    terminal_tolerance: int | None = None
    workers: int = 1


def evaluate(
    dataset: Path_ | Opened,
    split: str | None,
    prediction: Path_ | Sequence[Path_] | Mapping[str, Path_],
    *,
    k: Sequence[int] = KS,
    by: Sequence[By] = (),
    stranded: bool = True,
    **options: Any,
) -> Scores:
    """Score predictions against a split of a dataset.

    dataset: a root or an open dataset; or a file of gene models, which is the truth then, and `split` is None.
    prediction: a file of gene models or a folder of scores per base; several of them as a list, or by name.
    k: distances in bp within which ends match, ascending. by: strata (`scoring.STRATA`). stranded: strands must agree.
    options: see `Options`.

    Raises:
        EvaluationError: a name, a position, a score or an option is wrong.
        AnnotationError, BedError: a file of gene models can't be read.
        DatasetError: the dataset is incomplete or damaged.
    """
    rules, wanted = Rules(_ascending(k), stranded, _strata(by)), Options(**options)
    judge = _Judge.of(dataset, split, wanted)
    scored = [_scored(judge, name, path, rules) for name, path in _named(prediction).items()]
    table = table_of(scored, judge.dataset, split or "", stranded)
    return Scores(table, matches_of(scored), tuple(scored), judge.about(rules))


def _ascending(k: Sequence[int]) -> tuple[int, ...]:
    if not k or list(k) != sorted({*k}) or min(k) < 0:
        raise EvaluationError(f"k={list(k)}: expected distances of 0 bp or more, ascending, each once")
    return tuple(k)


def _strata(by: Sequence[By]) -> tuple[By, ...]:
    for one in by:
        if one not in STRATA:
            raise EvaluationError(f"no stratum {one!r}{nearest(one, list(STRATA))}; expected {', '.join(STRATA)}")
    return tuple(by)


def _named(prediction: Path_ | Sequence[Path_] | Mapping[str, Path_]) -> dict[str, Path]:
    """Return predictions by name: the file's, without what its suffix says."""
    if isinstance(prediction, Mapping):
        named = [(name, Path(path)) for name, path in prediction.items()]
    else:
        paths = [prediction] if isinstance(prediction, str | Path) else prediction
        named = [(Path(path).name.removesuffix(".gz").rsplit(".", 1)[0] or str(path), Path(path)) for path in paths]
    found: dict[str, Path] = {}
    for name, path in named:
        if not path.exists():
            beside = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
            raise EvaluationError(f"no file or folder at {path}{nearest(path.name, beside)}")
        if name in found:
            raise EvaluationError(f"two predictions are named {name!r}; give them different names")
        found[name] = path
    if not found:
        raise EvaluationError("found no predictions; give at least one")
    return found


@dataclass(frozen=True, eq=False)
class _Judge:
    """The truth, from a dataset's split or from a file, and the options."""

    layout: Layout | None
    of_split: Truth | None
    of_file: tuple[Path, Found] | None
    options: Options

    @classmethod
    def of(cls, dataset: Path_ | Opened, split: str | None, options: Options) -> "_Judge":
        source = root_of(dataset if isinstance(dataset, str | Path) else dataset.store.origin)
        if (source / TRUTH_FILE).is_file():  # what `truth` wrote
            source /= TRUTH_FILE
        if source.is_file():
            if split is not None:
                raise EvaluationError(f"{source} is a file of gene models, which has no split {split!r}")
            return cls(None, None, (source, read_transcripts(source)), options)
        if split is None:
            raise EvaluationError(f"{source} is a dataset; say which split its predictions are scored on")
        layout = Layout(source)
        return cls(layout, truth_of_split(layout, split, [options.genome] if options.genome else None), None, options)

    @property
    def dataset(self) -> str:
        """Name of what is compared with."""
        return self.layout.root.name if self.layout else str(self.of_file[0].name if self.of_file else "")

    def truth_for(self, found: Found | None) -> Truth:
        """Return the truth; that of a file without lengths is also asked about the sequences of a prediction."""
        if self.of_split is not None:
            return self.of_split
        if self.of_file is None or found is None:
            raise EvaluationError(
                "scores per base and single sites are compared with a dataset: give its root and a split, not a file"
            )
        return truth_of_found(*self.of_file, found)

    def masked(self, places: Places) -> Places:
        """Return the places with the bases that don't count."""
        if self.options.mask is None:
            return places
        bed = read_bed(self.options.mask)
        names = [bed.chrom.values[chrom] for chrom in bed.chrom.of.tolist()]
        seq = Names(places.sequences).numbers(names, str(self.options.mask), Dropped(lenient=True), self.options.genome)
        kept = (seq >= 0) & (bed.start < bed.end)
        masked = Regions(seq[kept], bed.start[kept], bed.end[kept])
        return Places(places.sequences, masked, places.seen, places.unseen)

    def about(self, rules: Rules) -> dict[str, str]:
        """Say what decides the numbers."""
        options, truth = self.options, self.of_split
        return {
            "version": __version__,
            "truth": f"split {truth.split} of {self.dataset}" if truth else self.dataset,
            "k": ", ".join(map(str, rules.k)),
            "strands": "must agree" if rules.stranded else "are ignored",
            "duplicates": "count once" if options.deduplicate else "count as often as they are written",
            "positive bases": "target > 0" if options.positive == "target" else "the sites themselves",
            "mask": str(options.mask.name) if options.mask else "none",
            "genome": options.genome or "all",
        }


def _scored(judge: _Judge, name: str, path: Path, rules: Rules) -> Scored:
    dropped = Dropped(judge.options.lenient)
    sha256 = Hashed.of(path, workers=judge.options.workers).sha256(path)
    if is_probabilities(path):
        scores, curves = _score_bases(judge, path, rules, dropped)
        return _result(name, sha256, scores, dropped, curves=curves)
    if judge.options.sites:
        return _result(name, sha256, _score_sites(judge, path, rules, dropped), dropped)
    found = read_transcripts(path)
    truth = judge.truth_for(found)
    places = judge.masked(truth.places)
    predicted = place_models(path, found, Names(places.sequences), dropped, judge.options.genome)
    if rules.stranded:
        dropped.counts["unstranded_predictions"] += int(np.sum(predicted.strand == 0))
    if judge.options.deduplicate:
        predicted = predicted.without_repeats()
    levels = partial(all_levels, terminal_tolerance=judge.options.terminal_tolerance)
    tables: list[pa.Table] = []
    wrongs: list[Mistake] = []
    distances = {kind: np.zeros(0, np.int64) for kind in SITE_KINDS}
    for compared in _comparisons(predicted, truth.models, places, rules):
        tables.append(matches(compared, name, places.sequences))
        wrongs += mistakes(compared, places.sequences)
        for kind in SITE_KINDS:
            found_here = site_distances(compared, kind)
            distances[kind] = found_here if not len(distances[kind]) else distances[kind] + found_here
    return _result(
        name,
        sha256,
        score(predicted, truth.models, places, rules, levels),
        dropped,
        matches=pa.concat_tables(tables),
        mistakes=wrongs,
        distances={kind: counts.tolist() for kind, counts in distances.items()},
    )


def _comparisons(predicted: Models, true: Models, places: Places, rules: Rules) -> Iterator[Comparison]:
    predicted, true = places.unmasked(predicted), places.unmasked(true)
    for sequences in batches(predicted, true, places):
        sides = [side.take((side.seq >= sequences.start) & (side.seq < sequences.stop)) for side in (predicted, true)]
        yield Comparison.of(sides[0], sides[1], places.lengths, rules.k, rules.stranded)


def _result(name: str, sha256: str, scores: Sequence[Score], dropped: Dropped, **more: Any) -> Scored:
    defaults = {"matches": MATCHES_SCHEMA.empty_table(), "mistakes": (), "curves": {}, "distances": {}}
    counts = {reason: found for reason, found in dropped.counts.items() if found}
    return Scored(name, sha256, tuple(scores), dropped=counts, **{**defaults, **more})


def _score_sites(judge: _Judge, path: Path, rules: Rules, dropped: Dropped) -> list[Score]:
    """Score single sites: each kind's as transcripts of one base, at the level of sites alone."""
    truth = judge.truth_for(None)
    places = judge.masked(truth.places)
    found = read_sites(path, Names(places.sequences), dropped, judge.options.genome)
    scores = []
    for kind, predicted in found.items():

        def of_kind(compared: Comparison, _: Positions, kind: str = kind) -> list[Counted]:
            return [one for one in sites(compared) if one.kind in (kind, f"{kind}_any")]

        scores += score(predicted, truth.models, places, rules, of_kind)
    return scores


def _score_bases(judge: _Judge, path: Path, rules: Rules, dropped: Dropped) -> tuple[list[Score], Curves]:
    """Score a folder of scores per base, chromosome by chromosome; counts of all are pooled."""
    truth = judge.truth_for(None)
    places = judge.masked(truth.places)
    totals: dict[str, dict[str, BinCounts]] = defaultdict(dict)
    scores: list[Score] = []
    tasks = _count_tasks(judge, path, places, rules, dropped)
    with ExitStack() as stack:
        workers = judge.options.workers
        each = stack.enter_context(process_pool(workers)).map if workers > 1 and len(tasks) > 1 else map
        counted = zip(tasks, each(count, tasks), strict=True)
        for place, of in groupby(counted, lambda one: (one[0].genome, one[0].chrom, one[0].length)):
            genome, chrom, _ = place
            of_chromosome: dict[str, BinCounts] = {}
            for (subset, channel), found in whole(*place, (share for _, share in of)).items():
                if subset == "all":
                    of_chromosome[channel] = found
                for name in (subset, *([f"genome={genome}"] if subset == "all" and "genome" in rules.by else [])):
                    totals[name][channel] = totals[name][channel] + found if channel in totals[name] else found
            if "chrom" in rules.by:
                scores += scores_of(of_chromosome, f"chrom={genome}/{chrom}")
    pooled = [one for subset, counts in totals.items() for one in scores_of(counts, subset)]
    curves = {channel: found.curve().points() for channel, found in totals["all"].items()}
    return [*pooled, *scores], curves


def _count_tasks(judge: _Judge, path: Path, places: Places, rules: Rules, dropped: Dropped) -> list[CountTask]:
    """Return tasks for each judged chromosome that has scores, the largest first."""
    layout = judge.layout
    if layout is None:
        raise EvaluationError("scores per base are compared with a dataset's targets: give its root and a split")
    segments = [layout.segments(one.genome, one.chrom) for one in places.sequences]
    channels = next(filter(None, map(channel_names, segments)), ())
    if not channels:
        raise EvaluationError(f"{layout.root} has no targets on the judged chromosomes, so nothing is positive there")
    files_of: dict[int, list[ScoreFile]] = defaultdict(list)
    names = Names(places.sequences)
    for file in score_files(path, channels, [one.genome for one in places.sequences]):
        genome = file.genome or judge.options.genome
        (seq,) = names.numbers([file.chrom], str(file.path), dropped, genome).tolist()
        if seq >= 0:
            _require_length(file, places.sequences[seq].length)
            files_of[seq].append(file)
    without = [one for number, one in enumerate(places.sequences) if number not in files_of]
    if without:
        shown = ", ".join(f"{one.genome}/{one.chrom}" for one in without[:5])
        dropped.drop("chromosomes_without_scores", len(without), f"{path} has no scores of {shown}")
    tasks = [
        CountTask(
            *(places.sequences[seq].genome, places.sequences[seq].chrom, places.sequences[seq].length),
            share,
            segments[seq],
            judge.options.positive,
            _subsets(places, seq, rules),
        )
        for seq, files in files_of.items()
        for share in shares(files)
    ]
    return sorted(tasks, key=lambda task: (-task.length, task.genome, task.chrom))


def _require_length(file: ScoreFile, length: int) -> None:
    if file.start + file.length > length:
        raise EvaluationError(
            f"{file.path}: has scores up to base {file.start + file.length:,} of {file.chrom}, which has {length:,} bp:"
            " it is of another assembly or version"
        )


def _subsets(places: Places, seq: int, rules: Rules) -> dict[str, Intervals | None]:
    """Return the bases of each subset; None for all of them."""
    judged: Intervals | None = places.judged_on(seq) if len(places.masked) else None
    subsets: dict[str, Intervals | None] = {"all": judged}
    if "leakage" in rules.by:
        for name, regions in (("leakage=seen", places.seen), ("leakage=unseen", places.unseen)):
            of = _on(regions, seq)
            subsets[name] = of if judged is None else overlap(of, judged)
    return subsets


def _on(regions: Regions, seq: int) -> Intervals:
    wanted = regions.seq == seq
    return merge(regions.start[wanted], regions.end[wanted])
