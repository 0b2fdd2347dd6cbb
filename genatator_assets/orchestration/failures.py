"""Units that fail in a run: each is told in the run's log when it fails, and by the run's failure at its end."""

from collections.abc import Iterable

import dagster as dg

from genatator_assets.orchestration.partitions import genome_part
from genatator_assets.work.outcome import Outcome
from genatator_assets.work.text import first_of

FAILED = "failed"
"""The entry of a step failure's metadata that has the keys of what failed, and why."""
OFFENDING = "offending"
"""The entry of a check's metadata that has the keys of all that offend, or of their genomes, if these are few."""

_LOGGED, _SHOWN, _LISTED = 50, 20, 50


def offending(keys: Iterable[str]) -> dict[str, dg.JsonMetadataValue]:
    """Return the entry of a check's metadata that names what offends: chromosomes or, of many, their genomes."""
    named = set(keys)
    if len(named) > _LISTED:
        named = {genome_part(key) for key in named}
    return {OFFENDING: dg.MetadataValue.json(sorted(named))} if 0 < len(named) <= _LISTED else {}


class Failures:
    """The failed units of one run, `what` of which there are `count` in all."""

    def __init__(self, what: str, count: int, context: dg.AssetExecutionContext) -> None:
        """Start without any."""
        self._what, self._count = what, count
        self._log, self._run_id = context.log, context.run.run_id
        self._errors: dict[str, str] = {}
        self._unexpected = 0

    def __bool__(self) -> bool:
        """Return whether anything failed."""
        return bool(self._errors)

    def add(self, outcome: Outcome) -> None:
        """Take a failed outcome, and log it: with its traceback, if nobody expected its error."""
        self._errors[outcome.key] = outcome.error or ""
        self._unexpected += outcome.traceback is not None
        if len(self._errors) <= _LOGGED:
            self._log.error("\n".join(filter(None, [f"{outcome.key}: {outcome.error}", outcome.traceback])))
        elif len(self._errors) == _LOGGED + 1:
            self._log.error(f"more than {_LOGGED} {self._what} failed; further ones are counted at the end")

    def failure(self) -> dg.Failure:
        """Return what the run fails with."""
        lines = [f"{key}: {error}" for key, error in self._errors.items()]
        text = f"{len(lines):,} of {self._count:,} {self._what} failed:\n" + first_of(lines, _SHOWN, "\n")
        if self._unexpected:
            text += f"\nTracebacks of unexpected errors are in the log of run {self._run_id}"
        listed = dict(list(self._errors.items())[:_LISTED])
        left = len(self._errors) - len(listed)
        more = {"more": left} if left else {}
        return dg.Failure(text, metadata={FAILED: dg.MetadataValue.json(listed), **more}, allow_retries=False)
