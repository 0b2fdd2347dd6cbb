"""What became of one unit of work: workers return outcomes and never raise for one bad unit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Outcome:
    """`key` names the unit; `facts` are small values to show (counts, sizes, paths)."""

    key: str
    status: Literal["built", "intact", "failed"]
    facts: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None

    def __post_init__(self) -> None:
        """Check that an error and the status `failed` come together."""
        if (self.error is not None) != (self.status == "failed"):
            raise ValueError(f"{self.status=} does not go with {self.error=}")
