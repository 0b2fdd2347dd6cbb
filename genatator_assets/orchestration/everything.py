"""The job of all steps: one run that does what `genatator-assets build` does.

An asset job covers one set of partitions, so the steps are runs of their own, which this run starts within itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from genatator_assets.orchestration.carried import backfill_tags
from genatator_assets.orchestration.progress import Amount, Progress, Tell, in_bp
from genatator_assets.orchestration.settings import Settings

EVERYTHING = "build_everything"


class _Logged(Progress):
    """Writes what is said between steps, and how far they are, into the log of the run that starts them."""

    def __init__(self, log: dg.DagsterLogManager) -> None:
        self._log = log

    def say(self, text: str) -> None:
        self._log.info(text)

    @contextmanager
    def of(self, log: dg.DagsterLogManager, title: str, total: int, amount: Amount = in_bp) -> Iterator[Tell]:
        with super().of(self._log, title, total, amount) as tell:
            yield tell


def everything_job(settings: Settings) -> dg.JobDefinition:
    """Return the job; it has no partitions, and needs none to be known before."""

    @dg.op(name="all_steps", out=dg.Out(dg.Nothing), description="Runs prepare, build_blocks and finish.")
    def all_steps(context: dg.OpExecutionContext) -> None:
        from genatator_assets.orchestration.build import build  # noqa: PLC0415 - it needs the definitions itself

        progress = _Logged(context.log)
        tags = backfill_tags(context.run)
        faults = build(settings, progress, wait=lambda holder: progress.say(f"waiting: {holder}"), tags=tags)
        if faults:
            raise dg.Failure("\n".join(faults), allow_retries=False)

    @dg.job(
        name=EVERYTHING,
        description="All steps in one: prepare, build what is missing or changed, finish. Start here.",
    )
    def everything() -> None:
        all_steps()

    return everything
