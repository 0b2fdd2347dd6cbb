"""Watching a file arrive: nobody does by default; on a terminal there is a bar for each file."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from genatator_assets.errors import printable

Arriving = Callable[[int, int | None], None]
"""Called with the bytes that are there, and how many there will be if that is known."""

Watch = Callable[[str], AbstractContextManager[Arriving]]
"""Called with the address of a file; gives what is told while it arrives."""


@contextmanager
def unwatched(_url: str) -> Iterator[Arriving]:
    """Let a file arrive without telling anybody."""
    yield lambda _there, _total: None


def download_bars(console: Console) -> Watch:
    """Draw a bar on `console` for each file that arrives; what fails leaves none behind."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )

    @contextmanager
    def watch(url: str) -> Iterator[Arriving]:
        with Progress(*columns, console=console) as bar:
            task = bar.add_task(printable(url.rsplit("/", 1)[-1]), total=None)
            try:
                yield lambda there, total: bar.update(task, completed=there, total=total)
            except BaseException:
                bar.update(task, visible=False)
                raise

    return watch
