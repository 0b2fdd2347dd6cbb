"""All mammals on paper: how long the measured costs would take for thousands of assemblies, by 1 to 4,096 workers.

    python benchmarks/scale.py [--assemblies 4582] [--total-bp 11e12] [--chromosomes 2_000_000]

Nothing is built: the constants below were measured (docs/benchmarks.md says how), and a simulation of a queue puts
them together. Workers take tasks largest first; whoever records takes what they come back with, chromosome by
chromosome.
"""

import argparse
import heapq
from collections.abc import Iterator

from genatator_assets.gene_finding.plan import (
    BLOCK_BYTES_PER_NT,
    BUILT_NT_PER_S,
    PREPARED_NT_PER_S,
    SEQUENCE_BYTES_PER_NT,
    TARGET_BYTES_PER_NT,
)
from genatator_assets.work.pool import BATCH_SIZE

RECORDED_S = 321 / 14_491
"""A chromosome, of the command's own processor: of the rehearsal of 14,491."""
EVENTS_S = 0.0117
"""A chromosome, for Dagster's events alone: the least that recording them one by one can take."""
SURVEYED_S = 11.0 / 14_491
FINISHED_S_PER_CHROMOSOME, FINISHED_S_PER_NT = 54 / 14_491, 8.3 / 3.1e9
RECORD_BYTES, FILES = 18_741, 105_136 / 14_491
LARGE, LARGE_SHARE = 24, 0.95
"""An assembly is taken to have so many chromosomes with this share of its bases; the rest are scaffolds."""


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--assemblies", type=int, default=4_582)
    options.add_argument("--total-bp", type=float, default=11e12)
    options.add_argument("--chromosomes", type=int, default=2_000_000)
    given = options.parse_args()
    count, total, chromosomes = given.assemblies, given.total_bp, given.chromosomes
    print(f"{count:,} assemblies, {total / 1e12:.0f} Tbp, {chromosomes:,} chromosomes")
    written = {"sequence": SEQUENCE_BYTES_PER_NT, "blocks": BLOCK_BYTES_PER_NT, "runs": TARGET_BYTES_PER_NT}
    print("disk: " + ", ".join(f"{name} {share * total / 1e12:.2f} TB" for name, share in written.items()))
    print(f"files: {FILES * chromosomes / 1e6:.1f} M; Dagster's record: {RECORD_BYTES * chromosomes / 1e9:.0f} GB")
    print(f"to see what is to do: {hours(SURVEYED_S * chromosomes)}")
    print(f"to finish, of which bases: {hours(finished(total, chromosomes))}, {hours(FINISHED_S_PER_NT * total)}")
    print("| workers | bring in | build and record | all | if recording took Dagster's events alone |")
    print("| --- | --- | --- | --- | --- |")
    for workers in (4**power for power in range(7)):
        prepared = makespan([total / count / PREPARED_NT_PER_S] * count, workers)
        built, least = (building(given, workers, recorded) for recorded in (RECORDED_S, EVENTS_S))
        rest = prepared + finished(total, chromosomes) + SURVEYED_S * chromosomes
        print(" | ".join([f"| {workers:,}", *map(hours, (prepared, built, built + rest, least + rest))]), "|")


def finished(total: float, chromosomes: int) -> float:
    return FINISHED_S_PER_CHROMOSOME * chromosomes + FINISHED_S_PER_NT * total


def makespan(seconds: list[float], workers: int) -> float:
    """Return when the last of tasks is done, each taken by the first worker that is free."""
    free = [0.0] * workers
    for task in seconds:
        heapq.heappush(free, heapq.heappop(free) + task)
    return max(free)


def building(given: argparse.Namespace, workers: int, recorded: float) -> float:
    """Return when the last chromosome is recorded."""
    free = [0.0] * workers
    done = []
    for size, held in batches(given.assemblies, given.total_bp, given.chromosomes):
        end = heapq.heappop(free) + size / BUILT_NT_PER_S
        heapq.heappush(free, end)
        done.append((end, held))
    clock = 0.0
    for end, held in sorted(done):
        clock = max(clock, end) + held * recorded
    return clock


def batches(assemblies: int, total: float, chromosomes: int) -> Iterator[tuple[float, float]]:
    """Return the bases and the number of chromosomes of each task, largest first."""
    large = LARGE_SHARE * total / assemblies / LARGE
    scaffolds, left = chromosomes / assemblies - LARGE, (1 - LARGE_SHARE) * total / assemblies
    small = max(1, round(left / BATCH_SIZE))
    yield from [(large, 1)] * (LARGE * assemblies)
    yield from [(left / small, scaffolds / small)] * (small * assemblies)


def hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h"


if __name__ == "__main__":
    main()
