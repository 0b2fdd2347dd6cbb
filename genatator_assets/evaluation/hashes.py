"""Hashes of predictions, remembered beside their scores: a file of the same size and time is not read again for it."""

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from genatator_assets.work.files import sha256_of_file, write_json


@dataclass(frozen=True)
class HashedFile:
    """A file as it lay there when it was hashed; `modified_ns` tells versions apart."""

    bytes: int
    modified_ns: int
    sha256: str

    def is_still(self, path: Path) -> bool:
        """Return whether a file is taken to be this one."""
        found = path.stat()
        return (found.st_size, found.st_mtime_ns) == (self.bytes, self.modified_ns)


@dataclass(frozen=True)
class Hashed:
    """The files of a prediction with their hashes: by their paths in its folder or, of a single file, by its own."""

    files: Mapping[str, HashedFile] = field(default_factory=dict)

    @classmethod
    def of(cls, prediction: Path, known: Self | None = None, workers: int = 1) -> Self:
        """Hash the files of a prediction, `workers` at once, but for those that are as they are known."""
        before = known.files if known else {}

        def hashed(name: str, path: Path) -> HashedFile:
            if (one := before.get(name)) and one.is_still(path):
                return one
            found = path.stat()
            return HashedFile(found.st_size, found.st_mtime_ns, sha256_of_file(path))

        files = _files(prediction)
        with ThreadPoolExecutor(workers) as threads:  # hashing lets go of Python's lock
            return cls(dict(zip(files, threads.map(hashed, files.keys(), files.values()), strict=True)))

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Read what `write` stored; None where there is none or it can't be one."""
        try:
            return cls({name: HashedFile(**file) for name, file in json.loads(path.read_text()).items()})
        except (FileNotFoundError, ValueError, TypeError, AttributeError):
            return None

    def write(self, path: Path) -> None:
        """Store it."""
        write_json(path, {name: asdict(file) for name, file in self.files.items()})

    def is_still(self, prediction: Path) -> bool:
        """Return whether a prediction has these files and no others."""
        files = _files(prediction)
        return files.keys() == self.files.keys() and all(self.files[name].is_still(files[name]) for name in files)

    def sha256(self, prediction: Path) -> str:
        """Return the hash of a prediction: the file's or, of a folder, that of the names and hashes of its files."""
        if prediction.is_file():
            (only,) = self.files.values()
            return only.sha256
        lines = (f"{name}\t{self.files[name].sha256}\n" for name in sorted(self.files, key=Path))
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def _files(prediction: Path) -> dict[str, Path]:
    if prediction.is_file():
        return {str(prediction): prediction}
    return {file.relative_to(prediction).as_posix(): file for file in prediction.rglob("*") if file.is_file()}
