"""Stored tracks against other programs' counts of the same files: bedtools and samtools run here, and pyBigWig's sums.

bedtools and samtools are Debian's packages; `make programs` installs them where they are missing, and runs these tests.
"""

import math
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyBigWig
import pytest
from test_signal_counts import BEDTOOLS

from genatator_assets.signals.recording import recording_of
from genatator_assets.signals.section import TrackEntry
from genatator_assets.signals.tasks import RecordingTask, build_recordings
from genatator_assets.sources.chromosomes import Chromosome
from genatator_assets.tracks.runs import Runs
from genatator_assets.tracks.track_file import TrackFile
from genatator_assets.work.layout_signals import SignalLayout

BIGWIGS = (
    "basset_gip_janggu/janggu_resources/sample.bw",
    "drosophila/chrX_dm3_pygenometracks/bigwig2_X_2.5e6_3.5e6.bw",
    "drosophila/chrX_dm3_pygenometracks/bigwig3_X_2.5e6_3.5e6.bw",
    "drosophila/chrX_dm3_pygenometracks/bigwig_chrx_2e6_5e6.bw",
    "signal_tracks/asciigenome_hg19/wgEncodeCaltechRnaSeqGm12878R2x75Il400SigRep2V2.sample.bigWig",
)


def stored(root: Path, lengths: dict[str, int], entry: dict[str, Any]) -> tuple[dict[tuple[str, str], Runs], Any]:
    """Build a recording; return the runs of its tracks by suffix and chromosome, and the facts of its manifest."""
    chromosomes = tuple(
        Chromosome("g", "Mus musculus", chrom, length, (), True, None, "train") for chrom, length in lengths.items()
    )
    recording = recording_of(TrackEntry.model_validate({"name": "a", **entry}), "g")
    (outcome,) = build_recordings([RecordingTask(root, recording, chromosomes)])
    assert outcome.error is None, outcome.error
    layout = SignalLayout(root)
    names = [name.removeprefix("a") for name in outcome.facts["tracks"]]
    paths = {(name, chrom): layout.track("g", f"a{name}", chrom) for name in names for chrom in lengths}
    return {key: TrackFile.open(path).runs() for key, path in paths.items() if path.is_file()}, outcome.facts


def told(*arguments: object) -> Iterator[list[str]]:
    """Run a program; yield the fields of the lines that it prints."""
    done = subprocess.run([*map(str, arguments)], capture_output=True, text=True, check=True)
    return (line.split("\t") for line in done.stdout.splitlines())


def genomecov(chrom: str, bam: Path, *options: str) -> list[tuple[int, int, float]]:
    rows = told("bedtools", "genomecov", "-bg", *options, "-ibam", bam)
    return [(int(start), int(end), float(count)) for name, start, end, count in rows if name == chrom]


def rows_of(runs: Runs) -> list[tuple[int, int, float]]:
    return list(zip(runs.start.tolist(), runs.end.tolist(), runs.value.tolist(), strict=True))


@pytest.mark.programs
@pytest.mark.parametrize("name", [name for name in BEDTOOLS if name.startswith(("alpha", "mouse"))])  # short headers:
# bedtools takes memory for every base of all chromosomes that a header names
def test_stored_counts_are_those_of_bedtools_and_samtools(name: str, data: Path, tmp_path: Path) -> None:
    chrom, _ = BEDTOOLS[name]
    bam = data / name
    header = (dict(field.split(":", 1) for field in row[1:]) for row in told("samtools", "view", "-H", bam))
    lengths = {row["SN"]: int(row["LN"]) for row in header if "SN" in row}
    one = {chrom: lengths[chrom]}
    ends, facts = stored(tmp_path / "ends", one, {"reads": {"path": bam}, "stranded": True})
    for suffix, strand in ((".plus", "+"), (".minus", "-")):
        assert rows_of(ends[suffix, chrom]) == genomecov(chrom, bam, "-5", "-strand", strand)
    ((count,),) = told("samtools", "view", "-c", bam, chrom)
    ((mapped,),) = told("samtools", "view", "-c", "-F", 4, bam, chrom)
    assert (facts["read"], facts["counted"]) == (int(count), int(mapped))
    ((good,),) = told("samtools", "view", "-c", "-F", 4 + 0x900, "-q", 10, bam, chrom)
    choice = {"min_mapq": 10, "exclude": ["secondary", "supplementary"]}
    _, facts = stored(tmp_path / "good", one, {"reads": {"path": bam}, **choice})
    assert facts["counted"] == int(good)
    depth, _ = stored(tmp_path / "depth", one, {"reads": {"path": bam}, "count": "depth"})
    # -J counts deletions, as ours; without -s both mates of a pair count; -g takes in what depth leaves out by default
    by_samtools = list(told("samtools", "depth", "-J", "-g", "0x704", "-r", chrom, bam))
    places, depths = (np.array([int(row[column]) for row in by_samtools]) for column in (1, 2))
    assert np.array_equal(depth["", chrom].at(places - 1), depths)
    assert depth["", chrom].sum == depths.sum()


@pytest.mark.parametrize("name", BIGWIGS)
def test_stored_signals_have_the_sums_of_pybigwig(name: str, data: Path, tmp_path: Path) -> None:
    with pyBigWig.open(str(data / name)) as file:
        lengths = {chrom: length for chrom, length in file.chroms().items() if file.intervals(chrom)}
        exact = {chrom: file.stats(chrom, 0, length, type="sum", exact=True)[0] for chrom, length in lengths.items()}
        covered = sum(end - start for chrom in lengths for start, end, _ in file.intervals(chrom))
    found, facts = stored(tmp_path, lengths, {"signal": {"path": data / name}})
    assert {chrom: runs.sum for (_, chrom), runs in found.items()} == pytest.approx(exact, rel=1e-6)
    assert sum(int((runs.end - runs.start).sum()) for runs in found.values()) == covered
    assert math.isfinite(sum(exact.values()))
    assert facts["passed_over"] == {}
