"""Whom assets tell of progress: nobody but the log by default, a bar on the terminal for the command line."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg
from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress

from genatator_assets.errors import printable
from genatator_assets.work.outcome import Outcome
from genatator_assets.work.terminal import say
from genatator_assets.work.text import format_bp
from genatator_assets.work.watch import Arriving, Watch, download_bars, unwatched

Tell = Callable[[Outcome, int], None]
"""Called with each outcome and the size of its task."""

Amount = Callable[[int, int], str]
"""Returns how much is done, of how much, in words."""

_TOLD = 10


def in_bp(done: int, total: int) -> str:
    """Return how many bases of how many are done."""
    return f"{format_bp(done)} of {format_bp(total)}"


def in_percent(done: int, total: int) -> str:
    """Return the share that is done, where sizes have no unit that a person would read.

    >>> in_percent(1, 3), in_percent(0, 0)
    ('33 %', '100 %')
    """
    return f"{done * 100 // total if total else 100} %"


class Progress:
    """Shows nothing: how far a run is, and what fails, is in its log."""

    def say(self, text: str) -> None:
        """Print something between runs."""

    @contextmanager
    def of(self, log: dg.DagsterLogManager, title: str, total: int, amount: Amount = in_bp) -> Iterator[Tell]:
        """Return the function to call with each outcome of work of the size `total`."""
        done = 0

        def tell(_outcome: Outcome, size: int) -> None:
            nonlocal done
            before, done = done, done + size
            if total and done * _TOLD // total > before * _TOLD // total:
                log.info(f"{title}: {amount(done, total)}")

        yield tell

    def downloads(self, log: dg.DagsterLogManager) -> Watch:
        """Return whoever watches inputs arrive."""

        @contextmanager
        def watch(url: str) -> Iterator[Arriving]:
            log.info(f"fetching {url}")
            with unwatched(url) as tell:
                yield tell

        return watch


class ProgressBar(Progress):
    """Draws a bar per run of tasks, and one per input that is fetched."""

    def __init__(self, console: Console) -> None:
        """Draw on `console`."""
        self._console = console

    def say(self, text: str) -> None:
        """Print it."""
        say(text, to=self._console)

    @contextmanager
    def of(self, log: dg.DagsterLogManager, title: str, total: int, amount: Amount = in_bp) -> Iterator[Tell]:
        """Return the function that moves the bar."""
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[done]}", markup=False),
            TimeElapsedColumn(),
        )
        with RichProgress(*columns, console=self._console) as bar:
            task = bar.add_task(printable(title), total=total, done="")
            done = 0

            def tell(outcome: Outcome, size: int) -> None:
                nonlocal done
                done += size
                bar.update(task, completed=done, done=amount(done, total))

            yield tell

    def downloads(self, log: dg.DagsterLogManager) -> Watch:
        """Return what draws the bars of inputs."""
        return download_bars(self._console)
