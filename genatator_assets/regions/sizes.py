"""Tables of chromosome lengths in: a name and a length on each line, as `chrom.sizes` and `.fai` files have them."""

from collections.abc import Mapping
from pathlib import Path

from genatator_assets.errors import BedError
from genatator_assets.work.lines import whole_lines

_EXPECTED = "a table of chromosome lengths: on each line a name and a length, with a tab between"


def read_sizes(path: Path) -> Mapping[str, int]:
    """Return name -> length in bp, in the order of the table; further columns are ignored.

    Raises:
        BedError: it is no such table, or a name stands twice.
    """
    text = b"".join(whole_lines(path, BedError, _EXPECTED)).decode("utf-8", "backslashreplace")
    lengths: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split()
        if not words or line.startswith("#"):
            continue
        if len(words) < 2 or not words[1].isdecimal():
            raise BedError(f"{path}:{number}: found {line[:120]!r}, expected {_EXPECTED}")
        if words[0] in lengths:
            raise BedError(f"{path}:{number}: the name {words[0]!r} stands twice; remove one line")
        lengths[words[0]] = int(words[1])
    if not lengths:
        raise BedError(f"{path}: found no lengths; expected {_EXPECTED}")
    return lengths
