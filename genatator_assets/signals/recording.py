"""What is to be recorded: an entry of the catalogue or a row of a table, as one value that decides its tracks."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from genatator_assets.catalogue.model import Input
from genatator_assets.signals.count import CountRule
from genatator_assets.signals.section import Kind, Missing, TrackEntry, ValueOf

Strand = Literal["+", "-", "."]

SUFFIXES: Mapping[Strand, str] = {"+": ".plus", "-": ".minus", ".": ""}
"""What a track's id has behind the recording's name, by strand."""


@dataclass(frozen=True)
class Recording:
    """Files that become tracks of one genome together, and how.

    `inputs` has the file of each strand: "." alone, or "+" and "-". A base that has no value in a file is 0 if
    `missing` is "zero", else unknown. `lengths: ignore` accepts files whose chromosomes have other lengths than the
    assembly's. `md5` is what files of this machine must hash to, where a table states it.
    """

    genome: str
    name: str
    kind: Kind
    inputs: Mapping[Strand, Input]
    missing: Missing
    index: Input | None = None
    rule: CountRule = field(default_factory=CountRule)
    value: ValueOf = "binary"
    stranded: bool = False
    lengths: Literal["compare", "ignore"] = "compare"
    md5: Mapping[Strand, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Name among all recordings of a dataset."""
        return f"{self.genome}/{self.name}"

    @property
    def parameters(self) -> dict[str, Any]:
        """All that decides what a file's content becomes."""
        of_kind: dict[str, Any] = {}
        if self.kind == "reads":
            of_kind = asdict(self.rule)
        elif self.kind == "intervals":
            of_kind = {"value": self.value, "stranded": self.stranded}
        return {"kind": self.kind, "missing": self.missing, **of_kind}

    @property
    def strands(self) -> tuple[Strand, ...]:
        """The strands of its tracks."""
        both = self.stranded or self.rule.stranded or "+" in self.inputs
        return ("+", "-") if both else (".",)


def recording_of(entry: TrackEntry, genome: str) -> Recording:
    """Return what an entry of the catalogue asks for; `genome` is its own or the catalogue's only one."""
    inputs: Mapping[Strand, Input]
    if entry.signal is not None:
        inputs = {strand: file for strand, file in entry.signal.files.items() if strand in SUFFIXES}  # type: ignore[misc]
    else:
        file = entry.reads or entry.intervals
        inputs = {".": file} if file else {}
    rule = CountRule(entry.count, entry.stranded, entry.min_mapq, entry.exclude, entry.shift_bp, entry.extend_bp)
    return Recording(
        genome,
        entry.name,
        entry.kind,
        inputs,
        entry.missing_means,
        index=entry.reads.index if entry.reads else None,
        rule=rule if entry.reads else CountRule(),
        value=entry.value,
        stranded=entry.stranded and entry.intervals is not None,
        lengths=entry.lengths,
    )
