"""One file over HTTP: resumed where it was cut off, if the server allows, and retried where that may help."""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Self
from urllib.parse import urlsplit, urlunsplit

import requests
from urllib3.exceptions import HTTPError, MaxRetryError
from urllib3.util import Retry

from genatator_assets.errors import AbsentError, FetchError, RefusedError, UnreachableError
from genatator_assets.version import __version__
from genatator_assets.work.files import write_json
from genatator_assets.work.watch import Arriving

if TYPE_CHECKING:
    from genatator_assets.sources.fetch import Patience

_PIECE_BYTES = 1 << 16
_OK, _PARTIAL, _NO_SUCH_RANGE = 200, 206, 416
_ABSENT = {404, 410}
_PASSING = {408, 425, 429}


class _PassingError(Exception):
    """Something that may pass; `after_s` is the wait that the server asks for."""

    def __init__(self, message: str, after_s: float | None = None) -> None:
        super().__init__(message)
        self.after_s = after_s


@dataclass(frozen=True)
class _Identity:
    """What tells one version of a file from another: its ETag or date on the server, and its size in bytes.

    `served_from` is where another server sent it from.
    """

    validator: str
    total: int
    served_from: str | None = None

    @classmethod
    def read(cls, path: Path) -> Self | None:
        try:
            return cls(**json.loads(path.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def continues(self, response: requests.Response, start: int) -> bool:
        """Return whether a partial response goes on with this version of the file at `start`."""
        stretch = f"bytes {start}-{self.total - 1}/{self.total}"
        return response.headers.get("Content-Range") == stretch and _validator(response) in (None, self.validator)


class Downloader:
    """A downloader for pooch. What has arrived stays in `part` until it is whole, also when the process is killed.

    A later call goes on from there if the server serves ranges and says that the file is the same as it was: with a
    strong ETag or a date, and the same size. In all other cases the file is fetched from its start.
    """

    def __init__(self, part: Path, tell: Arriving, patience: "Patience") -> None:
        """Keep what has arrived in `part`; `tell` whoever watches."""
        self.served_from: str | None = None
        self._part = part
        self._identity_file = part.with_name(f"{part.name}.json")
        self._tell = tell
        self._patience = patience

    def __call__(self, url: str, output_file: Any, _pooch: Any = None, **_: Any) -> None:
        """Fetch `url` to the path `output_file`, which is written when all of it has arrived.

        If the server sent us to another, `served_from` is then the address there.

        Raises:
            RefusedError: the server does not give it; AbsentError if it has no such file.
            UnreachableError: no connection could be made.
            FetchError: too many tries in a row brought nothing new.
        """
        furthest, failures = self._size(), 0
        while True:
            try:
                self._go_on(url)
                break
            except _PassingError as error:
                failures = 1 if self._size() > furthest else failures + 1
                furthest = max(furthest, self._size())
                time.sleep(self._wait(url, error, failures))
        self._part.replace(output_file)
        self._identity_file.unlink(missing_ok=True)

    def _wait(self, url: str, error: _PassingError, failures: int) -> float:
        """Return the seconds to wait before the next try, if there is to be one."""
        patience = self._patience
        if failures >= patience.tries:
            what = UnreachableError if isinstance(error.__cause__, requests.ConnectionError) else FetchError
            kept = f"; {self._size():,} bytes are kept to go on from if the server allows" if self._size() else ""
            raise what(f"{url}: given up after {failures} tries in a row without progress: {error}{kept}") from error
        asked = error.after_s or 0.0
        if asked > patience.longest_wait_s:
            raise FetchError(f"{url}: {error}; the server asks to come back in {asked:,.0f} s: fetch later") from error
        doubled: float = patience.first_wait_s * 2 ** (failures - 1)
        return max(asked, min(doubled, patience.longest_wait_s))

    def _go_on(self, url: str) -> None:
        """Take up where the part ends, or from the start."""
        identity, there = _Identity.read(self._identity_file), self._size()
        if identity and 0 < there == identity.total:
            self.served_from = identity.served_from
            return
        known = identity if identity and 0 < there < identity.total else None
        timeout = (self._patience.connect_s, self._patience.read_s)
        try:
            with requests.get(url, headers=_headers(known, there), stream=True, timeout=timeout) as response:
                self._take(response, known, there)
        except requests.exceptions.SSLError as error:
            raise FetchError(f"{url}: no secure connection: {_cause(error)}") from error
        except (requests.ConnectionError, requests.Timeout, HTTPError) as error:
            raise _PassingError(_cause(error)) from error
        except requests.RequestException as error:
            raise FetchError(f"{url}: {error}") from error

    def _take(self, response: requests.Response, known: _Identity | None, there: int) -> None:
        self.served_from = _another_server(response)
        if response.status_code == _OK:
            total = self._begin(response)
        elif known and response.status_code == _PARTIAL and known.continues(response, there):
            total = known.total
        elif known and response.status_code in (_PARTIAL, _NO_SUCH_RANGE):
            self._part.unlink()
            raise _PassingError("the file changed on the server while it was fetched")
        else:
            _refuse(response)
        with self._part.open("ab") as part:
            # As sent: a server that calls a .gz file a compressed transfer must not have it decompressed.
            for piece in response.raw.stream(_PIECE_BYTES, decode_content=False):
                part.write(piece)
                self._tell(part.tell(), total)
            part.flush()
            os.fsync(part.fileno())

    def _begin(self, response: requests.Response) -> int | None:
        """Make ready for a file from its start; give its size if the server tells it."""
        self._part.unlink(missing_ok=True)  # before its identity changes, so that no two versions are ever joined
        validator, length = _validator(response), response.headers.get("Content-Length", "")
        total = int(length) if length.isdigit() else None
        if validator and total is not None:
            write_json(self._identity_file, asdict(_Identity(validator, total, self.served_from)))
        else:
            self._identity_file.unlink(missing_ok=True)
        return total

    def _size(self) -> int:
        return self._part.stat().st_size if self._part.is_file() else 0


def _headers(known: _Identity | None, there: int) -> Mapping[str, str]:
    ours = {"User-Agent": f"genatator-assets/{__version__}", "Accept-Encoding": "identity"}
    return {**ours, "Range": f"bytes={there}-", "If-Range": known.validator} if known else ours


def _another_server(response: requests.Response) -> str | None:
    """Return the address of another server that a response came from, without what signs it; None if of none."""
    asked, answered = (urlsplit(one.url) for one in (*response.history[:1], response, response)[:2])
    return None if asked.netloc == answered.netloc else urlunsplit((*answered[:3], "", ""))


def _validator(response: requests.Response) -> str | None:
    tag = response.headers.get("ETag")
    return tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified")


def _refuse(response: requests.Response) -> NoReturn:
    said = f"{response.status_code} {response.reason}"
    if response.status_code in _ABSENT:
        raise AbsentError(f"{response.url}: the server has no such file ({said})")
    if response.status_code in _PASSING or response.status_code >= 500:
        raise _PassingError(said, Retry().get_retry_after(response.raw))
    raise RefusedError(f"{response.url}: the server answers {said}")


def _cause(error: Exception) -> str:
    """Return the innermost words of an error that requests wraps."""
    wrapped = error.args[0] if error.args else error
    return str(wrapped.reason if isinstance(wrapped, MaxRetryError) else wrapped)
