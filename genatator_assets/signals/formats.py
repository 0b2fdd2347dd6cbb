"""Which format a file has, and which chromosomes it names: looked at before anything is read of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from genatator_assets.errors import SignalError
from genatator_assets.signals.features import chromosomes_of, ending_of, is_bedgraph
from genatator_assets.signals.origin import Format
from genatator_assets.signals.section import Kind
from genatator_assets.sources.alignments import AlignmentFile
from genatator_assets.sources.bigwig import BigWig, is_bigwig


@dataclass(frozen=True)
class Described:
    """A file's format, and the length in bp of each chromosome that it names; None where the format states none.

    `totals`: see `origin.OriginFile`.
    """

    format: Format
    lengths: Mapping[str, int | None]
    totals: Mapping[str, float] = field(default_factory=dict)


def describe(path: Path, kind: Kind, index: Path | None = None) -> Described:
    """Look at a file that holds `kind`.

    Raises:
        SignalError: it can't be used, or holds something else.
        BedError: it is an interval file that can't be used.
    """
    if kind == "reads":
        file = AlignmentFile(path, index)
        counts = [file.count(name) for name in file.lengths]
        known = [count for count in (*counts, file.unplaced) if count is not None]
        totals = {"alignments": float(sum(known))} if len(known) == len(counts) + 1 else {}
        return Described(file.format, dict(file.lengths), totals)
    if kind == "signal" and is_bigwig(path):
        with BigWig.open(path) as bigwig:
            header = bigwig.totals
            stated = {"covered": float(header.covered), "sum": header.sum} if header else {}
            return Described("bigWig", dict(bigwig.lengths), stated)
    if kind == "signal" and not is_bedgraph(path):
        raise SignalError(
            f"{path} can't be a signal: it is not a bigWig file, and is not called as bedGraph files are (.bedGraph,"
            " .bg or .bdg, compressed or not). Features of other files are 'intervals'"
        )
    gff = ending_of(path) in {".gff", ".gff3", ".gtf"}
    return Described("bedGraph" if kind == "signal" else "GFF" if gff else "BED", chromosomes_of(path))
