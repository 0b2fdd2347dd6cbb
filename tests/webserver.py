"""A server on 127.0.0.1 that serves files as archives do (ranges, ETags, listings), and misbehaves as it is told."""

import hashlib
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

DATE = "Fri, 21 Nov 2025 09:00:00 GMT"


@dataclass
class Web:
    """`misdeeds` of a path are done one a request, in order; then it is served well. `asked` is what came in."""

    address: str
    files: dict[str, bytes] = field(default_factory=dict)
    misdeeds: dict[str, list["Misdeed"]] = field(default_factory=lambda: defaultdict(list))
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    ranges: bool = True
    validators: Literal["tag", "date", "none"] = "tag"
    encoding: str | None = None
    released: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str) -> str:
        return self.address + path

    def ranges_asked(self, path: str) -> list[str | None]:
        return [asked for name, asked in self.asked if name == path]

    def listing(self, folder: str) -> bytes | None:
        """What is in a folder, as NCBI shows it."""
        inside = {name[len(folder) :] for name in self.files if name.startswith(folder)}
        entries = sorted({name.split("/")[0] + "/" * ("/" in name) for name in inside})
        links = "".join(f'<a href="{entry}">{entry}</a>   2024-01-01 00:00    -\n' for entry in entries)
        page = f'<html><title>Index of {folder}</title><pre><a href="../">Parent Directory</a>\n{links}</pre></html>'
        return page.encode() if entries else None


class Answer(BaseHTTPRequestHandler):
    server: Any

    @property
    def web(self) -> Web:
        return self.server.web

    def do_GET(self) -> None:
        self.web.asked.append((self.path, self.headers.get("Range")))
        waiting = self.web.misdeeds[self.path]
        misdeed = waiting.pop(0) if waiting else serve
        misdeed(self)

    def send_file(self, content: bytes, up_to: int | None = None) -> None:
        """Send a file or the range that is asked for; of that, only so many bytes."""
        start = self.start_of_range(content)
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        if self.web.validators != "none":
            self.send_header(*self.validator(content))
        if self.web.encoding:
            self.send_header("Content-Encoding", self.web.encoding)
        self.end_headers()
        self.wfile.write(content[start:] if up_to is None else content[start:][:up_to])
        self.wfile.flush()

    def start_of_range(self, content: bytes) -> int:
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        unchanged = self.headers.get("If-Range") in (None, self.validator(content)[1])
        return int(asked[1]) if asked and self.web.ranges and unchanged else 0

    def validator(self, content: bytes) -> tuple[str, str]:
        """An ETag tells all versions apart; the date of files that change too fast does not."""
        return ("ETag", tag_of(content)) if self.web.validators == "tag" else ("Last-Modified", DATE)

    def log_message(self, *_: object) -> None:
        pass


Misdeed = Callable[[Answer], None]


def tag_of(content: bytes) -> str:
    return f'"{hashlib.md5(content).hexdigest()}"'


def serve(answer: Answer) -> None:
    path = answer.path
    content = answer.web.files.get(path) or (answer.web.listing(path) if path.endswith("/") else None)
    if content is None:
        answer.send_error(404)
    else:
        answer.send_file(content)


def cut(up_to: int, then: bytes | None = None) -> Misdeed:
    """Promise the whole and send only so many bytes; `then` the file changes."""

    def misdeed(answer: Answer) -> None:
        answer.send_file(answer.web.files[answer.path], up_to)
        if then is not None:
            answer.web.files[answer.path] = then

    return misdeed


def stall(up_to: int) -> Misdeed:
    """Send so many bytes, and then nothing until the test releases it."""

    def misdeed(answer: Answer) -> None:
        answer.send_file(answer.web.files[answer.path], up_to)
        answer.web.released.wait(60)

    return misdeed


def status(code: int, **headers: str) -> Misdeed:
    def misdeed(answer: Answer) -> None:
        answer.send_response(code)
        for name, value in headers.items():
            answer.send_header(name.replace("_", "-"), value)
        answer.send_header("Content-Length", "0")
        answer.end_headers()

    return misdeed


def instead(content: bytes) -> Misdeed:
    """Send something else."""
    return lambda answer: answer.send_file(content)


@contextmanager
def web_server() -> Iterator[Web]:
    """Serve until the block ends."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        server.daemon_threads = True
        web = Web(f"http://127.0.0.1:{server.server_port}")
        server.web = web  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield web
        finally:
            web.released.set()
            server.shutdown()
            thread.join()
