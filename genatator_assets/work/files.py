"""Files that appear whole or not at all, their hashes, and names from the outside made safe for paths."""

import hashlib
import json
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import psutil

from genatator_assets.errors import DatasetError, GenatatorError
from genatator_assets.work.storage import is_remote

TEMPORARY_SUFFIX = ".tmp"
_HASH_PIECE_BYTES = 1 << 20
_NAME_BYTES = 255


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Return a temporary path beside `path`; rename it to `path` when the block ends well, else remove it.

    The temporary file stands in the same folder, so that the rename is atomic; it is synced to disk before
    the rename, so that after a power cut the name never leads to half a file. In an object store it stands in the
    system's folder for temporary files, and is put in its place by one upload, which is whole or nothing.
    """
    if is_remote(path):
        with tempfile.TemporaryDirectory(prefix="genatator-") as folder:
            yield (temporary := Path(folder, path.name))
            path.fs.put_file(str(temporary), path.path)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{TEMPORARY_SUFFIX}")
    try:
        yield temporary
        _sync(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Return a new folder beside `path`; put it in the place of `path` when the block ends well, else remove it.

    What stood at `path` is moved aside and removed: a reader finds the old folder, or for a moment none, or the new
    one, never a mixture. What a killed process left behind is cleared away first.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _clear_left_behind(path)
    beside, aside = (path.with_name(f".{path.name}.{what}.{os.getpid()}{TEMPORARY_SUFFIX}") for what in ("new", "old"))
    beside.mkdir()
    try:
        yield beside
        if path.exists():
            path.rename(aside)
        try:
            beside.rename(path)
        except OSError:
            if aside.exists():
                aside.rename(path)
            raise
    finally:
        for folder in (beside, aside):
            with suppress(OSError):
                remove_folder(folder)


def _clear_left_behind(path: Path) -> None:
    """Remove the folders that killed processes left, but put the old one back that has lost its place."""
    mine = re.compile(rf"\.{re.escape(path.name)}\.(new|old)\.(\d+){re.escape(TEMPORARY_SUFFIX)}")
    for folder in list(path.parent.iterdir()):
        found = mine.fullmatch(folder.name)
        if found is None or psutil.pid_exists(int(found[2])):
            continue
        if found[1] == "old" and not path.exists():
            folder.rename(path)
        else:
            remove_folder(folder)


def files_under(folder: Path) -> Iterator[str]:
    """Return the paths of all files under a folder, relative to it; none if there is no such folder.

    What is in hidden folders, such as Dagster's record, is passed over.
    """
    if is_remote(folder):
        there = folder.fs.find(folder.path) if folder.exists() else []
        paths = (path.removeprefix(f"{folder.path}/") for path in there)
        yield from (path for path in paths if not any(part.startswith(".") for part in path.split("/")[:-1]))
        return
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(parent, name).relative_to(folder).as_posix() for name in names)


def link_or_copy(source: Path, target: Path) -> bool:
    """Return a file a second name, or copy it where the file system can't do that; True where it is a second name."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if is_remote(source):
        bring(source, target)
        return False
    try:
        target.hardlink_to(source)
    except OSError:  # another device, or a file system without links
        with whole_file(target) as temporary:
            shutil.copyfile(source, temporary)
        return False
    return True


def bring(source: Path, target: Path) -> None:
    """Copy a file of an object store to this machine's disk."""
    remote: Any = source
    with whole_file(target) as temporary:
        remote.fs.get_file(remote.path, str(temporary))


def remove_folder(path: Path) -> None:
    """Remove a folder with all that is in it; of a symbolic link the link, never what it leads to."""
    if is_remote(path):
        path.fs.rm(path.path, recursive=True)
    elif path.is_symlink():
        path.unlink()
    else:
        shutil.rmtree(path)


def require_own_folder(path: Path, top: Path) -> None:
    """Ensure that no folder between `top` and `path` (`path` included, `top` not) is a symbolic link.

    Files that are removed or replaced in such a folder would be those of somebody else.

    Raises:
        DatasetError: one is.
    """
    if is_remote(path):
        return
    for folder in (path, *path.parents):
        if folder == top:
            return
        if folder.is_symlink():
            raise DatasetError(
                f"{folder} is a symbolic link to {folder.readlink()}, which is not followed when something is built;"
                " replace it by a folder, or delete it, and build again"
            )


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as canonical, indented JSON, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n")


def canonical_json(value: Any) -> str:
    """Return the one compact spelling of `value`, for hashing and for metadata.

    >>> canonical_json({"b": 1, "a": [1, 2]})
    '{"a":[1,2],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True)
class Measured:
    """A file's size and the SHA-256 of its bytes, as 64 hexadecimal digits."""

    bytes: int
    sha256: str


def measure(path: Path) -> Measured:
    """Measure a file that exists."""
    return Measured(path.stat().st_size, sha256_of_file(path))


def size_of(path: Path) -> int:
    """Return a file's size in bytes; -1 if there is no such file."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return -1
    return found.st_size if stat.S_ISREG(found.st_mode) else -1


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while piece := handle.read(_HASH_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def path_name(name: str) -> str:
    """Spell a genome's or chromosome's name as one component of a path; `plain_name` reverses it.

    Everything but letters, digits and `._+-` is percent-encoded, and so are a leading dot and two dots together, so
    the component never is `.` or `..`, is never hidden and holds neither a separator nor a partition range's `...`.

    >>> path_name("chr1"), path_name("HLA*01/02"), path_name("..")
    ('chr1', 'HLA%2A01%2F02', '%2E%2E')

    Raises:
        GenatatorError: the name is empty or too long for a file system.
    """
    encoded = quote(name, safe="._+-").replace("~", "%7E").replace("..", "%2E%2E")
    if encoded.startswith("."):
        encoded = "%2E" + encoded[1:]
    if not encoded or len(encoded) > _NAME_BYTES - 40:
        raise GenatatorError(
            f"The name {name[:80]!r} can't be used in a path: it has {len(encoded)} bytes there,"
            f" expected 1 to {_NAME_BYTES - 40}. Rename the sequence or genome."
        )
    return encoded


def plain_name(component: str) -> str:
    """Reverse `path_name`.

    >>> plain_name("HLA%2A01%2F02")
    'HLA*01/02'
    """
    return unquote(component)
