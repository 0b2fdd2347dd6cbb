"""Names of sequences in predictions, matched to the judged sequences through their aliases."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from genatator_assets.catalogue.values import nearest
from genatator_assets.errors import EvaluationError
from genatator_assets.evaluation.models import Numbers
from genatator_assets.evaluation.places import Judged
from genatator_assets.tracks.runs import Positions

_SHOWN = 5


@dataclass
class Dropped:
    """What is left out of a prediction, by reason; asked to be lenient, names and positions don't stop it."""

    lenient: bool
    counts: Counter[str] = field(default_factory=Counter)

    def drop(self, reason: str, count: int, why: str) -> None:
        """Leave `count` things out.

        Raises:
            EvaluationError: leniency was not asked for; the message says `why`.
        """
        if count and not self.lenient:
            raise EvaluationError(f"{why}. Correct the prediction, or drop such rows with --lenient")
        self.counts[reason] += count


@dataclass(frozen=True)
class Names:
    """The judged sequences by all their names."""

    sequences: tuple[Judged, ...]

    @property
    def _by_name(self) -> Mapping[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for number, one in enumerate(self.sequences):
            for name in dict.fromkeys((one.chrom, *one.aliases)):
                found[name].append(number)
        return found

    def numbers(self, names: Iterable[str], origin: str, dropped: Dropped, genome: str | None = None) -> Numbers:
        """Return the number of the sequence that each row lies on; -1 where it is none that is judged.

        `genome` says whose names they are where several genomes are judged.

        Raises:
            EvaluationError: a name is unknown or may mean several sequences.
        """
        rows = Counter(names := list(names))
        known = self._by_name
        places: dict[str, int] = {}
        for name in rows:
            found = [n for n in known.get(name, []) if genome in (None, self.sequences[n].genome)]
            if len(found) > 1:
                genomes = ", ".join(sorted({self.sequences[number].genome for number in found}))
                raise EvaluationError(
                    f"{origin}: the sequence {name!r} may be of {genomes}: predictions of several genomes must be"
                    " scored genome by genome; say which with --genome"
                )
            places[name] = found[0] if found else -1
        self._drop_unknown({name: rows[name] for name, place in places.items() if place < 0}, origin, dropped)
        return np.array([places[name] for name in names], np.int64)

    def _drop_unknown(self, unknown: Mapping[str, int], origin: str, dropped: Dropped) -> None:
        named = [f"{name!r} ({count:,} rows){nearest(name, list(self._by_name))}" for name, count in unknown.items()]
        shown = ", ".join(named[:_SHOWN]) + (f", ... ({len(named):,} names)" if len(named) > _SHOWN else "")
        judged = ", ".join(one.chrom for one in self.sequences[:_SHOWN])
        dropped.drop(
            "unknown_sequence",
            sum(unknown.values()),
            f"{origin}: no judged sequence goes by the name {shown}; judged are {judged}"
            + (", ..." if len(self.sequences) > _SHOWN else ""),
        )

    def within(self, seq: Numbers, end: Positions, ids: Iterable[str], origin: str, dropped: Dropped) -> Numbers:
        """Return `seq` with -1 for what ends past the end of its sequence.

        Raises:
            EvaluationError: something does.
        """
        lengths = np.array([*(one.length for one in self.sequences), np.iinfo(np.int64).max])
        past = end > lengths[seq]
        if past.any():
            first = int(np.flatnonzero(past)[0])
            one = self.sequences[seq[first]]
            name = list(ids)[first]
            dropped.drop(
                "past_the_end",
                int(past.sum()),
                f"{origin}: {name} ends at {end[first]:,} on {one.chrom} of {one.genome}, which has {one.length:,} bp:"
                " it is of another assembly or version",
            )
        return np.where(past, -1, seq)
