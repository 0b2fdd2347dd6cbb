"""Where a dataset's root stands: a folder of this machine, or one of an object store, named by its fsspec URL.

A remote root is an `upath.UPath`, which has the methods of `pathlib.Path` that are used on it, and is called a Path
in signatures. A local one is a `pathlib.Path` and nothing else, so that local work pays nothing for the other kind.
"""

import hashlib
import importlib
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeGuard, TypeVar, cast
from urllib.parse import unquote, urlsplit

from genatator_assets.errors import DatasetError, optional_import

CACHE_VARIABLE = "GENATATOR_CACHE"
ROOTS = "roots"
"""The folder of the cache that has this machine's share of remote roots."""
_EXTRAS = {"s3": ("s3fs", "s3")}
_QUESTIONS_AT_ONCE = 32

Thing = TypeVar("Thing")
Told = TypeVar("Told")


def root_of(name: str | Path) -> Path:
    """Return the root that a person names: by a path, by file://, or by the URL of a folder such as s3://bucket/folder.

    >>> root_of("file:///data/my%20dataset").as_posix(), root_of("demo-data").as_posix()
    ('/data/my dataset', 'demo-data')

    Raises:
        DatasetError: the URL can't be used, or its bucket can't be reached.
        MissingExtraError: what opens such URLs is not installed.
    """
    if not isinstance(name, str):
        return name
    protocol, separator, _ = name.partition("://")
    if not separator:
        return Path(name)
    if protocol == "file":
        return _local(name)
    if protocol in _EXTRAS:
        package, extra = _EXTRAS[protocol]
        with optional_import(package, extra):
            importlib.import_module(package)
    return _remote(name)


def file_of(name: str) -> Path:
    """Return a file by the name that `str` gives it, be it in a remote root: nobody is asked whether it is there."""
    if "://" not in name:
        return Path(name)
    from upath import UPath  # noqa: PLC0415 - only remote roots wait for it

    return cast("Path", UPath(name))


def _local(url: str) -> Path:
    parts = urlsplit(url)
    if parts.netloc not in {"", "localhost"} or parts.query or parts.fragment:
        raise DatasetError(f"{url} is not a folder of this machine; expected file:///folder, special characters as %XX")
    return Path(unquote(parts.path))


def _remote(url: str) -> Path:
    """Open a folder of an object store. What is listed there is not remembered: workers write there meanwhile."""
    from upath import UPath  # noqa: PLC0415 - only remote roots wait for it

    try:
        root: Any = UPath(url.rstrip("/"), use_listings_cache=False)
        container = root.drive
        there = bool(container) and bool(root.fs.info(container))
    except FileNotFoundError:
        there = False
    except ImportError as error:  # fsspec advises to install a driver also where it is installed but broken
        broken = f" ({error.__cause__})" if error.__cause__ else ""
        raise DatasetError(f"{url} can't be a root: {error}{broken}") from error
    except ValueError as error:
        raise DatasetError(f"{url} can't be a root: {error}") from error
    except Exception as error:
        raise DatasetError(f"{url} can't be reached: {type(error).__name__}: {error}; {_CREDENTIALS}") from error
    if not there:
        raise DatasetError(
            f"{url}: found no bucket {container!r}; make it first, or check the endpoint. {_CREDENTIALS}"
        )
    root._fs_cached = _EachProcessItsOwn(root.fs)  # paths that are made of a root have the file system of the root
    return cast("Path", root)


class _EachProcessItsOwn:
    """A file system that each process opens for itself: what a forked one inherits of fsspec refuses to work there."""

    def __init__(self, system: Any) -> None:
        """Take one that this process opened."""
        self._opened, self._process = system, os.getpid()

    def own(self) -> Any:
        """Return the file system of this process, as fsspec made it."""
        if self._process != os.getpid():
            opened = self._opened
            self._opened = type(opened)(*opened.storage_args, **opened.storage_options)
            self._process = os.getpid()
        return self._opened

    def __getattr__(self, name: str) -> Any:
        """Return what that file system has."""
        if name.startswith("__"):  # copy and pickle ask before there is anything
            raise AttributeError(name)
        return getattr(self.own(), name)


_CREDENTIALS = (
    "Credentials and endpoint are taken from the environment, for S3 from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,"
    " AWS_PROFILE, AWS_DEFAULT_REGION and AWS_ENDPOINT_URL"
)


def is_remote(path: object) -> TypeGuard[Any]:
    """Return whether a path is in an object store."""
    return not isinstance(path, Path)


def remembering(root: Path) -> Any:
    """Return a file system for a remote root that asks only once, from now on, what there is: quick, but a snapshot."""
    remote: Any = root
    opened = remote.fs.own() if isinstance(remote.fs, _EachProcessItsOwn) else remote.fs
    system = type(opened)(**{**remote.storage_options, "use_listings_cache": True})
    system.invalidate_cache()
    return system


def cache_folder() -> Path:
    """Return the folder of files that can be had again: GENATATOR_CACHE, or the system's folder for caches."""
    import pooch  # noqa: PLC0415 - slow to import, seldom needed

    return Path(os.environ.get(CACHE_VARIABLE) or pooch.os_cache("genatator-assets")).expanduser().absolute()


def machine_folder(root: Path) -> Path:
    """Return the folder where this machine keeps what a root needs on a local disk: the root itself if it is local."""
    if not is_remote(root):
        return root
    return cache_folder() / ROOTS / hashlib.sha256(str(root).encode()).hexdigest()[:16]


def ask_each(root: Path, question: Callable[[Thing], Told], things: Iterable[Thing]) -> Iterator[Told]:
    """Answer a question about files under `root` for each thing, in order; many at once where a server answers."""
    if not is_remote(root):
        yield from map(question, things)
        return
    with ThreadPoolExecutor(_QUESTIONS_AT_ONCE) as threads:
        yield from threads.map(question, things)
