"""The cache of fetched inputs, which all datasets share: checked when a file arrives and each time it is used."""

import hashlib
import json
import logging
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urljoin, urlsplit

import pooch
from filelock import FileLock, Timeout

from genatator_assets.errors import FetchError, RefusedError, UnreachableError
from genatator_assets.work.files import measure, path_name, sha256_of_file, write_json
from genatator_assets.work.storage import CACHE_VARIABLE, ROOTS, cache_folder
from genatator_assets.work.watch import Arriving, Watch, unwatched

_LISTS = ("md5checksums.txt", "md5sum.txt", "MD5SUMS")  # NCBI's, UCSC's, GENCODE's
_LISTED = re.compile(r"([0-9a-fA-F]{32})\s+\*?(?:\./)?(\S+)\s*")
_LONGEST_NAME = 120
_HOME = re.compile("[0-9a-f]{16}")


@dataclass(frozen=True)
class Patience:
    """How long a server is borne with: seconds, and how many tries in a row may bring nothing new.

    The wait between tries doubles from `first_wait_s`. A server that asks for more than `longest_wait_s` is left.
    """

    connect_s: float = 15
    read_s: float = 60
    tries: int = 6
    first_wait_s: float = 1
    longest_wait_s: float = 120


@dataclass(frozen=True)
class Checksum:
    """What a file must hash to, as pooch spells it (`md5:...` or `sha256:...`), and who says so."""

    text: str
    source: str


@dataclass(frozen=True)
class Fetched:
    """A file of the cache; `checksum` is what it was compared with, None if nobody states any.

    `served_from` is the address at another server to which that of `url` sent us, None if it did not.
    """

    url: str
    path: Path
    bytes: int
    sha256: str
    checksum: Checksum | None
    served_from: str | None = None


@dataclass(frozen=True)
class Cache:
    """Fetched files, a folder for each address. Processes may share it; it may be read-only if all is there.

    `again` asks the servers anew: a file then stays as it is only if a stated or published checksum says so. `offline`
    asks nobody: what is not there can't be had. Servers that can't be reached are remembered in `unreachable`, so that
    each is waited for once, not for every file; so are `lists` of checksums by their address, None where there is none.
    """

    folder: Path = field(default_factory=cache_folder)
    again: bool = False
    offline: bool = False
    watch: Watch = unwatched
    patience: Patience = field(default_factory=Patience)
    unreachable: set[str] = field(default_factory=set)
    lists: dict[str, str | None] = field(default_factory=dict)

    def fetch(self, url: str, stated: Checksum | None = None) -> Fetched:
        """Return the file at `url`, fetched unless it is there.

        What arrives must have the checksum that is `stated`, or else the one that is published beside the file; if
        there is none it is taken as it is. A file that was fetched before must still be what then arrived.

        Raises:
            AbsentError: the server has no such file.
            FetchError: it can't be fetched or kept, or is not what it should be.
        """
        return self._get(url, stated, lambda: stated or self._published(url))

    def page(self, url: str) -> str:
        """Return the text at `url`, such as a folder's listing, which has no checksum.

        Raises:
            AbsentError: the server has no such page.
            FetchError: it can't be fetched or kept.
        """
        return replace(self, watch=unwatched)._get(url, None, lambda: None).path.read_text(errors="replace")

    def _get(self, url: str, stated: Checksum | None, look_up: Callable[[], Checksum | None]) -> Fetched:
        home = self._home(url)
        if not self.again and (kept := _kept(home, url, stated)):
            return kept
        if self.offline:
            raise FetchError(f"{url} is not in {self.folder}; get it by 'genatator-assets fetch'")
        with self.watch(url) as tell, self._alone(home, url):
            if not self.again and (kept := _kept(home, url, stated)):
                return kept  # another process has fetched it meanwhile
            checksum = look_up()
            if checksum and (kept := _kept(home, url, checksum)):
                return kept
            return self._bring(home, url, checksum, tell)

    @contextmanager
    def _alone(self, home: Path, url: str) -> Iterator[None]:
        """Have an address to oneself, and say what is wrong if its server can't be reached or its folder be written."""
        server = urlsplit(url).netloc
        if server in self.unreachable:
            raise UnreachableError(f"{url}: {server} could not be reached")
        try:
            home.mkdir(parents=True, exist_ok=True)
            with FileLock(home / ".lock"):
                yield
        except UnreachableError:
            self.unreachable.add(server)
            raise
        except OSError as error:
            raise FetchError(
                f"{url}: can't be kept in {home} ({error}); make room, or let {CACHE_VARIABLE} name another folder"
            ) from error

    def _home(self, url: str) -> Path:
        """Return the folder of an address: by server, then by a hash of the whole."""
        return self.folder / path_name(urlsplit(url).netloc) / hashlib.sha256(url.encode()).hexdigest()[:16]

    def _bring(self, home: Path, url: str, checksum: Checksum | None, tell: Arriving) -> Fetched:
        """Fetch a file into `incoming`, and from there, when it is whole and checked, to its place."""
        incoming, name = home / "incoming", _file_name(url)
        if self.again:
            shutil.rmtree(incoming, ignore_errors=True)
        pooch.get_logger().setLevel(logging.WARNING)
        keeper = pooch.create(
            path=incoming,
            base_url="",
            registry={name: checksum.text if checksum else None},
            urls={name: url},
            retry_if_failed=1,  # wrong bytes may come from a damaged part: once more, then from the start
        )
        from genatator_assets.sources.download import Downloader  # noqa: PLC0415 - requests: slow to import, seldom needed

        downloader = Downloader(incoming / f"{name}.part", tell, self.patience)
        try:
            arrived = Path(keeper.fetch(name, downloader=downloader))
        except ValueError as error:
            shutil.rmtree(incoming)
            raise FetchError(f"{url}: {error} {_remedy(checksum)}") from error
        measured = measure(arrived)
        fetched = Fetched(url, home / name, measured.bytes, measured.sha256, checksum, downloader.served_from)
        known = asdict(fetched)
        del known["path"]  # a cache may be moved
        write_json(_record(home), known)
        arrived.replace(fetched.path)
        shutil.rmtree(incoming, ignore_errors=True)
        return fetched

    def _published(self, url: str) -> Checksum | None:
        """Look for a file's MD5 in the lists that genome archives keep beside their files."""
        wanted = unquote(urlsplit(url).path.rpartition("/")[2])
        for name in _LISTS:
            address = urljoin(url, name)
            try:
                lines = self._list(address)
            except FetchError as error:
                raise type(error)(f"{url}: looking for a checksum beside it: {error}") from error
            for line in lines:
                listed = _LISTED.fullmatch(line.strip())
                if listed and listed[2] == wanted:
                    return Checksum(f"md5:{listed[1].lower()}", address)
        return None

    def _list(self, url: str) -> list[str]:
        """Return the lines of a list of checksums; none if there is none. Each is fetched once."""
        if url not in self.lists:
            try:
                self.lists[url] = self._text(url)
            except RefusedError:  # an object store says 403 of what it doesn't have
                self.lists[url] = None
        return (self.lists[url] or "").splitlines()

    def _text(self, url: str) -> str:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "text"
            from genatator_assets.sources.download import Downloader  # noqa: PLC0415 - as above

            Downloader(path.with_suffix(".part"), lambda _there, _total: None, self.patience)(url, path)
            return path.read_text(errors="replace")


@dataclass(frozen=True)
class CachedFile:
    """The folder of a cached file, and the address it came from; empty where nothing arrived whole."""

    folder: Path
    url: str


def cached_files(cache: Path) -> Iterator[CachedFile]:
    """Return what is in a cache, but for what somebody is fetching at the moment."""
    for folder in sorted(cache.glob("*/*")):
        if not _HOME.fullmatch(folder.name) or folder.parent.name == ROOTS:
            continue
        try:
            with FileLock(folder / ".lock", blocking=False):
                stored = json.loads(_record(folder).read_text())
                yield CachedFile(folder, str(stored["url"]))
        except Timeout:
            continue
        except (OSError, ValueError, KeyError, TypeError):
            yield CachedFile(folder, "")


def _kept(home: Path, url: str, checksum: Checksum | None) -> Fetched | None:
    """Return the file at `home` if it is what once arrived, and has `checksum`."""
    path = home / _file_name(url)
    try:
        stored = json.loads(_record(home).read_text())
        known = Checksum(**stored["checksum"]) if stored["checksum"] else None
        there = Fetched(url, path, stored["bytes"], stored["sha256"], known, stored.get("served_from"))
        if path.stat().st_size != there.bytes or sha256_of_file(path) != there.sha256:
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if checksum is None or (known and known.text == checksum.text):
        return there
    algorithm, _, digest = checksum.text.partition(":")
    return replace(there, checksum=checksum) if pooch.file_hash(path, algorithm) == digest else None


def _record(home: Path) -> Path:
    """Return the path of what is known of the file at `home`."""
    return home / ".fetched.json"


def _file_name(url: str) -> str:
    """Return a file's name in the cache: its own, safe for paths.

    >>> _file_name("https://host/a/GCF_1.1_x_genomic.fna.gz?download=1"), _file_name("https://host/a/")
    ('GCF_1.1_x_genomic.fna.gz', 'index.html')
    """
    return path_name(unquote(urlsplit(url).path.rpartition("/")[2])[-_LONGEST_NAME:] or "index.html")


def _remedy(checksum: Checksum | None) -> str:
    source = checksum.source if checksum else "nobody"
    return f"The known hash is from {source}; if that is wrong, state the right md5 or sha256 in the catalogue."
