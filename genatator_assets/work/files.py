"""Files that appear whole or not at all, their hashes, and names from the outside made safe for paths."""

import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from genatator_assets.errors import GenatatorError

TEMPORARY_SUFFIX = ".tmp"
_HASH_PIECE_BYTES = 1 << 20
_NAME_BYTES = 255


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` when the block ends well, else remove it.

    The temporary file stands in the same folder, so that the rename is atomic; it is synced to disk before
    the rename, so that after a power cut the name never leads to half a file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{TEMPORARY_SUFFIX}")
    try:
        yield temporary
        _sync(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


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
    """Give the one compact spelling of `value`, for hashing and for metadata.

    >>> canonical_json({"b": 1, "a": [1, 2]})
    '{"a":[1,2],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def sha256_of_file(path: Path) -> str:
    """Give the SHA-256 of a file's bytes as 64 hexadecimal digits."""
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
