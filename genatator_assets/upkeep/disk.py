"""How much room things take on this machine's disks; a file with several names is counted once."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

OTHER = "(other files)"


def bytes_of(path: Path) -> int:
    """Return the size of a file, or of all files in a folder; of a symbolic link that of the link."""
    return sum(size for _, size in _sizes(path, set()))


def bytes_by_folder(root: Path) -> dict[str, int]:
    """Return the sizes of the folders directly under `root`, by name, and of the files beside them.

    Where two folders have a file in common (the blocks of a release are second names of the root's), it is counted
    for the first of them in the order of the alphabet.
    """
    seen: set[tuple[int, int]] = set()
    found: Counter[str] = Counter()
    with os.scandir(root) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            name = entry.name if entry.is_dir() else OTHER
            found[name] += sum(size for _, size in _sizes(Path(entry.path).resolve(), seen))
    return dict(found)


def _sizes(path: Path, seen: set[tuple[int, int]]) -> Iterator[tuple[str, int]]:
    """Return path and size of each file that has not been seen yet by another of its names."""
    waiting = [str(path)]
    while waiting:
        current = waiting.pop()
        try:
            with os.scandir(current) as entries:
                inside = list(entries)
        except NotADirectoryError:
            told = os.lstat(current)
            yield current, told.st_size
            continue
        except FileNotFoundError:  # gone meanwhile: somebody builds
            continue
        for entry in inside:
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
                continue
            try:
                told = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            name = (told.st_dev, told.st_ino)
            if told.st_nlink == 1 or name not in seen:
                seen.add(name)
                yield entry.path, told.st_size
