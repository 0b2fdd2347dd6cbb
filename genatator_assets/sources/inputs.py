"""The files that an assembly is made from: on this machine already, simulated, or fetched."""

from dataclasses import dataclass
from pathlib import Path

from genatator_assets.catalogue import Assembly, Input
from genatator_assets.errors import AbsentError, FetchError
from genatator_assets.simulate import write_assembly
from genatator_assets.sources.fetch import Cache, Checksum, Fetched
from genatator_assets.sources.input_file import InputFile, Kind
from genatator_assets.sources.ncbi import NcbiAssembly, locate
from genatator_assets.work.files import sha256_of_file
from genatator_assets.work.layout import Layout

_NO_ANNOTATION = (
    "NCBI has no annotation of this assembly, as of many GenBank (GCA) ones: give the accession of its RefSeq (GCF)"
    " assembly, or an annotation of your own as 'annotation'"
)
_NO_FILE = "is the accession right? Without the assembly's name behind it, it is looked up"


@dataclass(frozen=True)
class Remote:
    """An input to be fetched; `absent` is the remedy if the server doesn't have it."""

    url: str
    stated: Checksum | None = None
    absent: str = "is the address right?"


def resolve(assembly: Assembly, layout: Layout, cache: Cache | None = None) -> dict[Kind, InputFile]:
    """Return an assembly's files, fetched or simulated first where the catalogue says so; FASTA there always is.

    Raises:
        FetchError: one can't be fetched.
    """
    if assembly.simulate is not None:
        simulated = write_assembly(assembly.simulate, layout.simulated(assembly.genome))
        return {"sequence": _local(simulated.sequence), "annotation": _local(simulated.annotation)}
    files = {kind: _local(stated.path) for kind, stated in _stated(assembly).items() if stated.path is not None}
    cache = cache or Cache()
    for kind, remote in remote_inputs(assembly, cache).items():
        fetched = fetch_input(remote, cache)
        checksum = fetched.checksum.text if fetched.checksum else None
        files[kind] = InputFile(fetched.path, fetched.sha256, fetched.url, checksum, fetched.served_from)
    return files


def remote_inputs(assembly: Assembly, cache: Cache) -> dict[Kind, Remote]:
    """Return those of an assembly's files that are fetched: from their own addresses, or by the assembly's accession.

    Raises:
        FetchError: the accession can't be found.
    """
    stated = _stated(assembly)
    remote = {kind: Remote(file.url, _checksum(file)) for kind, file in stated.items() if file.url is not None}
    open_kinds = [kind for kind, file in stated.items() if not file.stated]
    if assembly.accession is not None and open_kinds:
        by_accession = _of_ncbi(locate(assembly.accession, cache))
        remote |= {kind: by_accession[kind] for kind in open_kinds}
    return remote


def fetch_inputs(assembly: Assembly, cache: Cache) -> None:
    """Have all of an assembly's files in the cache that are not on this machine.

    Raises:
        FetchError: one can't be fetched.
    """
    for remote in remote_inputs(assembly, cache).values():
        fetch_input(remote, cache)


def fetch_input(remote: Remote, cache: Cache) -> Fetched:
    """Return an input from the cache, fetched unless it is there.

    Raises:
        FetchError: it can't be fetched.
    """
    try:
        return cache.fetch(remote.url, remote.stated)
    except AbsentError as error:
        raise FetchError(f"{error}; {remote.absent}") from error


def resolve_file(file: Input, cache: Cache | None = None) -> InputFile:
    """Return a file that a catalogue states by path or address, fetched unless it is there.

    Raises:
        FetchError: it can't be fetched.
    """
    if file.path is not None:
        return _local(file.path)
    fetched = fetch_input(remote_of(file), cache or Cache())
    return InputFile(fetched.path, fetched.sha256, fetched.url, fetched.checksum.text if fetched.checksum else None)


def remote_of(file: Input) -> Remote:
    """Return what a catalogue states of a file by its address."""
    if file.url is None:
        raise ValueError("the catalogue states no address")
    return Remote(file.url, _checksum(file))


def _stated(assembly: Assembly) -> dict[Kind, Input]:
    return {"sequence": assembly.sequence, "annotation": assembly.annotation, "aliases": assembly.aliases}


def _of_ncbi(found: NcbiAssembly) -> dict[Kind, Remote]:
    return {
        "sequence": Remote(found.sequence, absent=_NO_FILE),
        "annotation": Remote(found.annotation, absent=_NO_ANNOTATION),
        "aliases": Remote(found.report, absent=_NO_FILE),
    }


def _checksum(file: Input) -> Checksum | None:
    """Return what a catalogue states of a file; of two, the stronger."""
    text = f"sha256:{file.sha256}" if file.sha256 else f"md5:{file.md5}" if file.md5 else None
    return Checksum(text, "the catalogue") if text else None


def _local(path: Path) -> InputFile:
    return InputFile(path, sha256_of_file(path))
