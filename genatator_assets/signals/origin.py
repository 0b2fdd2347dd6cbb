"""Where a recording's files come from: fetched or local, hashed, and which of the assembly's chromosomes they have."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from genatator_assets.catalogue.model import Input
from genatator_assets.errors import SignalError
from genatator_assets.signals.recording import Recording, Strand
from genatator_assets.sources.aliases import chromosomes_named, some_of
from genatator_assets.sources.chromosomes import Chromosome
from genatator_assets.sources.input_file import InputFile
from genatator_assets.work.files import canonical_json, write_json

if TYPE_CHECKING:
    from genatator_assets.sources.fetch import Cache

Format = Literal["BAM", "CRAM", "bigWig", "bedGraph", "BED", "GFF"]

_SHOWN = 20


@dataclass(frozen=True)
class OriginFile:
    """A file on this machine. `url` and `checksum` are those it was fetched by; `modified_ns` tells versions apart.

    `names` is what the file calls the assembly's chromosomes that it has. `others` are names in it that the assembly
    does not know, at most 20 of the `other_count` that there are. `totals` are what the file says of itself: how many
    alignments there are (`alignments`, with the unplaced), or bases with a value and their sum (`covered`, `sum`).
    """

    strand: Strand
    path: Path
    sha256: str
    url: str | None
    checksum: str | None
    bytes: int
    modified_ns: int
    format: Format
    index: Path | None
    names: Mapping[str, str]
    others: tuple[str, ...]
    other_count: int
    totals: Mapping[str, float]


@dataclass(frozen=True)
class Origin:
    """The files of a recording, and the chromosomes of its assembly that none of them has.

    `matched_to` is the hash of what the files' names were matched to.
    """

    recording: str
    files: tuple[OriginFile, ...]
    absent: tuple[str, ...]
    matched_to: str

    @property
    def sha256(self) -> dict[str, str]:
        """Hash of each strand's file."""
        return {file.strand: file.sha256 for file in self.files}

    def write(self, path: Path) -> None:
        """Store it."""
        write_json(path, json.loads(json.dumps(asdict(self), default=str)))

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Read what `write` stored; None where there is none or it can't be one."""
        try:
            stored = json.loads(path.read_text())
            files = tuple(_file_of(file) for file in stored["files"])
            return cls(stored["recording"], files, tuple(stored["absent"]), stored["matched_to"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None


def _file_of(stored: dict[str, Any]) -> OriginFile:
    index = stored.pop("index")
    path, others = Path(stored.pop("path")), tuple(stored.pop("others"))
    return OriginFile(path=path, others=others, index=Path(index) if index else None, **stored)


def find_origin(
    recording: Recording,
    chromosomes: Iterable[Chromosome],
    kept: Origin | None = None,
    cache: "Cache | None" = None,
) -> Origin:
    """Fetch a recording's files, hash them, and match their names with the assembly's.

    `kept` is what was found before: a local file of the same size and time is not hashed again.

    Raises:
        FetchError: a file can't be fetched.
        SignalError: a file can't be used, is of another assembly, or has none of its chromosomes.
    """
    chromosomes = list(chromosomes)
    before = {(file.strand, file.path): file for file in kept.files} if kept else {}
    files = tuple(
        _origin_file(recording, strand, file, chromosomes, before, cache) for strand, file in recording.inputs.items()
    )
    named = {chrom for file in files for chrom in file.names}
    absent = tuple(one.chrom for one in chromosomes if one.included and one.chrom not in named)
    return Origin(recording.name, files, absent, _matched_to(recording, chromosomes))


def current_origin(kept: Origin, recording: Recording, chromosomes: Iterable[Chromosome]) -> bool:
    """Return whether what was found before still holds: the same files, unchanged, and the same chromosomes."""
    by_strand = {file.strand: file for file in kept.files}
    return (
        kept.matched_to == _matched_to(recording, chromosomes)
        and set(by_strand) == set(recording.inputs)
        and all(_is_current(by_strand[strand], file) for strand, file in recording.inputs.items())
    )


def _is_current(kept: OriginFile, file: Input) -> bool:
    if file.path is not None:
        return kept.path == file.path and _unchanged(file.path, kept)
    stated = f"sha256:{file.sha256}" if file.sha256 else f"md5:{file.md5}" if file.md5 else None
    return kept.url == file.url and stated in (None, kept.checksum) and _unchanged(kept.path, kept)


def _matched_to(recording: Recording, chromosomes: Iterable[Chromosome]) -> str:
    names = [[one.chrom, one.length, list(one.aliases), one.included] for one in chromosomes]
    text = canonical_json([recording.lengths, recording.kind, dict(recording.md5), names])
    return hashlib.sha256(text.encode()).hexdigest()


def _origin_file(
    recording: Recording,
    strand: Strand,
    file: Input,
    chromosomes: list[Chromosome],
    before: Mapping[tuple[Strand, Path], OriginFile],
    cache: "Cache | None",
) -> OriginFile:
    from genatator_assets.signals.formats import describe  # noqa: PLC0415 - readers of formats: extras
    from genatator_assets.sources.inputs import resolve_file  # noqa: PLC0415 - requests: slow to import

    known = before.get((strand, file.path)) if file.path else None
    if file.path and known and _unchanged(file.path, known):
        found = InputFile(file.path, known.sha256)
    else:
        found = resolve_file(file, cache)
        _require_md5(found.path, recording.md5.get(strand))
    index = resolve_file(recording.index, cache).path if recording.index else None
    described = describe(found.path, recording.kind, index)
    names, others = _matched(recording, found.path, described.lengths, chromosomes)
    stat = found.path.stat()
    return OriginFile(
        strand=strand,
        path=found.path,
        sha256=found.sha256,
        url=found.url,
        checksum=found.checksum,
        bytes=stat.st_size,
        modified_ns=stat.st_mtime_ns,
        format=described.format,
        index=index,
        names=names,
        others=tuple(others[:_SHOWN]),
        other_count=len(others),
        totals=described.totals,
    )


def _require_md5(path: Path, expected: str | None) -> None:
    if expected is None:
        return
    with path.open("rb") as handle:
        found = hashlib.file_digest(handle, partial(hashlib.md5, usedforsecurity=False)).hexdigest()
    if found != expected.lower():
        raise SignalError(f"{path} has MD5 {found}, but its table says {expected}: fetch the file again")


def _unchanged(path: Path, known: OriginFile) -> bool:
    if not path.is_file():
        return False
    stat = path.stat()
    return (stat.st_size, stat.st_mtime_ns) == (known.bytes, known.modified_ns)


def _matched(
    recording: Recording, path: Path, lengths: Mapping[str, int | None], chromosomes: list[Chromosome]
) -> tuple[dict[str, str], list[str]]:
    """Return what a file calls each included chromosome, and its names that are none of the assembly's."""
    known, ambiguous = chromosomes_named(lengths, {one.chrom: one.aliases for one in chromosomes})
    if ambiguous:
        name, chroms = next(iter(ambiguous.items()))
        raise SignalError(f"{path}: {name} may be any of {', '.join(chroms)} of {recording.genome}; rename it")
    if not known:
        raise SignalError(
            f"{path}: has none of the chromosomes of {recording.genome}.\n  file: {some_of(lengths)}\n"
            f"  assembly: {some_of(one.chrom for one in chromosomes)}\nIt is of another assembly, or its names need a"
            " table of aliases (assemblies: ... aliases)"
        )
    by_chrom = {one.chrom: one for one in chromosomes}
    names: dict[str, str] = {}
    for name, chrom in known.items():
        if chrom in names:
            raise SignalError(f"{path}: has {chrom} of {recording.genome} twice, as {names[chrom]} and {name}")
        names[chrom] = name
        length = lengths[name]
        if recording.lengths == "compare" and length not in (None, by_chrom[chrom].length):
            raise SignalError(
                f"{path}: {name} has {length:,} bp there, but {chrom} of {recording.genome} has"
                f" {by_chrom[chrom].length:,}: it is of another assembly. If it is not (the FASTA file is a piece of"
                f" it), state 'lengths: ignore' for {recording.name}"
            )
    included = {chrom: name for chrom, name in names.items() if by_chrom[chrom].included}
    return included, [name for name in lengths if name not in known]
