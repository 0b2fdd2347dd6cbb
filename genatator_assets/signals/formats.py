"""Which format a file has, and which chromosomes it names: looked at before anything is read of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from genatator_assets.errors import SignalError
from genatator_assets.signals.origin import Format
from genatator_assets.signals.section import Kind
from genatator_assets.sources.alignments import AlignmentFile
from genatator_assets.sources.bigwig import BigWig, is_bigwig


@dataclass(frozen=True)
class Described:
    """A file's format, and the length in bp of each chromosome that it names; None where the format states none."""

    format: Format
    lengths: Mapping[str, int | None]


def describe(path: Path, kind: Kind, index: Path | None = None) -> Described:
    """Look at a file that holds `kind`.

    Raises:
        SignalError: it can't be used, or holds something else.
    """
    if kind == "reads":
        file = AlignmentFile(path, index)
        return Described(file.format, dict(file.lengths))
    if kind == "signal" and is_bigwig(path):
        with BigWig.open(path) as bigwig:
            return Described("bigWig", dict(bigwig.lengths))
    raise SignalError(f"{path}: not implemented")
