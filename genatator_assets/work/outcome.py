"""What became of one unit of work: workers return outcomes and never raise for one bad unit."""

import traceback as tracebacks
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from genatator_assets.errors import GenatatorError

_MOST_LETTERS = 20_000


@dataclass(frozen=True)
class Outcome:
    """`key` names the unit; `facts` are small values to show (counts, sizes, paths).

    `error` is one line for whoever has to mend it; an error that nobody expected also has its `traceback`.
    """

    key: str
    status: Literal["built", "intact", "failed"]
    facts: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None
    traceback: str | None = None

    def __post_init__(self) -> None:
        """Check that an error and the status `failed` come together, and that there is no traceback without them."""
        if (self.error is not None) != (self.status == "failed"):
            raise ValueError(f"{self.status=} does not go with {self.error=}")
        if self.traceback is not None and self.error is None:
            raise ValueError(f"{self.status=} has no error, but a traceback")

    @classmethod
    def failed(cls, key: str, error: Exception) -> "Outcome":
        """Return the outcome of a unit that ended in an exception."""
        if isinstance(error, GenatatorError):
            return cls(key, "failed", error=str(error))
        return cls(key, "failed", error=f"{_described(error)}{_place(error)}", traceback=traceback_of(error))


class Task(Protocol):
    """A unit of work that names itself."""

    @property
    def key(self) -> str:
        """Name of the unit."""


TaskType = TypeVar("TaskType", bound=Task)


def guarded(work: Callable[[TaskType], Outcome], task: TaskType) -> Outcome:
    """Run `work` on a task; whatever it raises becomes a failed outcome, so that one bad unit takes no other down."""
    try:
        return work(task)
    except Exception as error:  # noqa: BLE001 - also what nobody expected, such as too little memory or a full disk
        return Outcome.failed(task.key, error)


def traceback_of(error: BaseException) -> str:
    """Return the traceback of an exception with those of its causes; of a very long one the end.

    An exception that came from another process has the traceback of that process as its cause.
    """
    text = "".join(tracebacks.format_exception(error))
    return text if len(text) <= _MOST_LETTERS else f"...{text[-_MOST_LETTERS:]}"


def _described(error: Exception) -> str:
    """Return an exception in one line: `MemoryError` alone where it has no words of its own."""
    return ": ".join(part for part in (type(error).__name__, " ".join(str(error).split())) if part)


def _place(error: Exception) -> str:
    """Return where in the code it arose; nothing if that was in another process, whose traceback is the cause."""
    frames = tracebacks.extract_tb(error.__traceback__)
    if not frames or error.__cause__ is not None:
        return ""
    return f" ({Path(frames[-1].filename).name}:{frames[-1].lineno} in {frames[-1].name})"
