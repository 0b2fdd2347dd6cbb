"""Lists of BED files, as text: which files and addresses they name, and their labels. Light: only text is read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from genatator_assets.catalogue.model import Input
from genatator_assets.catalogue.values import address, nearest
from genatator_assets.errors import BedError
from genatator_assets.intervals.labels import Label
from genatator_assets.work.lines import whole_lines

_NUMBER = re.compile(r"-?[0-9]{1,18}")
_ADDRESS = re.compile(r"(https?|ftp)://")
_EXPECTED = "a list of BED files: a path on each line and, after a space, its numeric label if files have labels"


@dataclass(frozen=True)
class Listed:
    """A BED file that a list names, by its path or its address, and its label if it has one."""

    path: Path | None = None
    label: Label | None = None
    url: str | None = None

    @property
    def local(self) -> Path:
        """Where it is on this machine; what has an address is fetched unless the cache has it.

        Raises:
            FetchError: it can't be fetched.
        """
        if self.path:
            return self.path
        from genatator_assets.sources.inputs import resolve_file  # noqa: PLC0415 - slow to import, seldom needed

        return resolve_file(Input(url=self.url)).path


@dataclass(frozen=True)
class BedList:
    """A list of BED files at `path`. What it names is looked for in `folders`, in this order."""

    path: Path
    folders: tuple[Path, ...]

    def read(self) -> tuple[Listed, ...]:
        """Read a list as genomic_interval_pipeline has it: a path on each line, then its label, a whole number, if any.

        In the place of a path may stand the address of a file (http, https).

        Blank lines and comments (`#`) are passed over.

        Raises:
            BedError: there is no list or no file in it, a file does not exist, or some files have labels and others
                none.
        """
        text = b"".join(whole_lines(self.path, BedError, _EXPECTED)).decode("utf-8", "backslashreplace")
        lines = ((number, line.strip()) for number, line in enumerate(text.split("\n"), 1))
        found = [(number, self._file(number, line)) for number, line in lines if line and line[0] != "#"]
        if not found:
            raise BedError(f"{self.path}: found no files; expected {_EXPECTED}")
        labelled = [file.label is not None for _, file in found]
        if any(labelled) and not all(labelled):
            number, file = found[labelled.index(False)]
            raise BedError(
                f"{self.path}:{number}: {file.path or file.url} has no label, but {sum(labelled)} of {len(found)} files"
                " have one; label all of them, or none"
            )
        return tuple(file for _, file in found)

    def require(self, number: int, name: str, label: Label | None = None) -> Listed:
        """Return the file that line `number` names, by its path or its address.

        Raises:
            BedError: there is no such file, or it is no address that can be fetched.
        """
        if _ADDRESS.match(name):
            try:
                return Listed(label=label, url=address(name))
            except ValueError as error:
                raise BedError(f"{self.path}:{number}: {error}") from error
        if file := self._existing(name):
            return Listed(file, label)
        where = [folder.absolute() / name for folder in self.folders]
        near = next((hint for path in where if path.parent.is_dir() and (hint := _nearest(path))), "")
        raise BedError(f"{self.path}:{number}: no file at {' or '.join(dict.fromkeys(map(str, where)))}{near}")

    def _file(self, number: int, line: str) -> Listed:
        """Read a line. A path may hold spaces: the last word is a label only where the whole line names no file."""
        if file := self._existing(line):
            return Listed(file)
        name, *label = line.rsplit(maxsplit=1)
        if label and _NUMBER.fullmatch(label[0]):
            return self.require(number, name, int(label[0]))
        if label and (self._existing(name) or _ADDRESS.match(name)):
            raise BedError(f"{self.path}:{number}: found the label {label[0]!r}, expected a whole number: {line!r}")
        return self.require(number, line)

    def _existing(self, name: str) -> Path | None:
        for folder in self.folders:
            try:
                if (path := folder / name).is_file():
                    return path
            except OSError:  # a name too long
                continue
        return None


def read_bed_list(path: Path, folders: Sequence[Path] = (Path(),)) -> tuple[Listed, ...]:
    """Read a list of BED files; paths are relative to `folders` and, behind them, to the list's own folder.

    Raises:
        BedError: as `BedList.read`.
    """
    return BedList(path, (*folders, path.parent)).read()


def _nearest(path: Path) -> str:
    return nearest(path.name, [other.name for other in path.parent.iterdir()])
