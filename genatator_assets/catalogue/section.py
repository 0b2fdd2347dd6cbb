"""What a section of a catalogue is: the model that a part validates its section with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

Need = Literal["assemblies", "annotation"]
"""What must be imported first: the assemblies' sequences, or their annotations as well."""


@dataclass(frozen=True)
class SectionKind:
    """How a part reads its section.

    model: validates the section; a list of entries is a `pydantic.RootModel`. of_assembly: validates what an assembly
    may say under the part's name. needs: what the part, with such a section, needs of the assemblies; nothing, if there
    need not be any.
    """

    model: type[BaseModel]
    of_assembly: type[BaseModel] | None = None
    needs: Callable[[Any], set[Need]] = lambda _: {"assemblies"}
