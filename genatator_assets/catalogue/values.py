"""Values that catalogues are made of: names, files, addresses and hashes, each of which validates itself."""

import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationInfo

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")

_LONGEST_GENOME = 100
_GENOME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")


class Value(BaseModel):
    """A frozen value of a catalogue; unknown keys are errors, and numbers may stand for texts."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)


def genome_name(name: str) -> str:
    """Check a name that becomes part of paths and partition keys."""
    if not _GENOME.fullmatch(name) or ".." in name or len(name) > _LONGEST_GENOME:
        raise ValueError(
            f"{name!r} can't name a genome; expected letters, digits and any of ._+- , starting with a letter"
            f" or digit, without '..' and no longer than {_LONGEST_GENOME}, because it becomes part of paths and"
            " partition keys"
        )
    return name


def one_line(text: str) -> str:
    """Check a name that a person reads."""
    if not text.strip() or not text.isprintable():
        raise ValueError(f"found {text!r}, expected a name on one line, without control characters")
    return text


def _input_file(path: Path, info: ValidationInfo) -> Path:
    """Make a path of a catalogue file absolute and see that a file is there."""
    if info.context is None:
        return path
    try:
        path = info.context["folder"] / path.expanduser()
        if path.is_file():
            return path
    except (RuntimeError, OSError) as error:  # no such user, a name too long, no right to look
        raise ValueError(f"{path}: {error}") from error
    if not path.parent.is_dir():
        raise ValueError(f"no file at {path}; its folder {path.parent} does not exist")
    raise ValueError(f"no file at {path}{nearest(path.name, [other.name for other in path.parent.iterdir()])}")


def address(url: str) -> str:
    """Check the address of a file that is to be fetched."""
    if url.startswith("ftp://"):
        raise ValueError(
            f"{url!r} can't be fetched: only http and https are spoken. NCBI, EBI, Ensembl and UCSC serve the same"
            f" files at {url.replace('ftp', 'https', 1)!r}"
        )
    if not re.fullmatch(r"https?://[^\s/]+/\S*[^\s/]", url):
        raise ValueError(f"{url!r} can't be fetched; expected the address of a file, as https://host/folder/file")
    if "@" in url.split("/")[2]:
        raise ValueError("the address holds a user name; secrets never stand in a catalogue")
    return url


def hash_of(digits: int) -> Callable[[str], str]:
    """Return what checks a hash of so many hexadecimal digits."""

    def check(text: str) -> str:
        if not re.fullmatch(rf"[0-9a-f]{{{digits}}}", text.lower()):
            raise ValueError(f"found {text!r}, expected {digits} hexadecimal digits")
        return text.lower()

    return check


def license_name(name: str) -> str:
    """Check a licence's name."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9.+-]*", name):
        raise ValueError(
            f"found {name!r}, expected a licence by the hub's name for it, such as cc-by-4.0, cc0-1.0, mit or other"
        )
    return name


def accession_name(name: str) -> str:
    """Check an assembly's accession at NCBI."""
    if not re.fullmatch(r"GC[AF]_\d{9}\.\d+(_[A-Za-z0-9._-]+)?", name):
        raise ValueError(f"found {name!r}, expected an accession with its version, such as GCF_009914755.1")
    return name


InputFile = Annotated[Path, AfterValidator(_input_file)]


def repeated(names: Iterable[str]) -> list[str]:
    """Return the names that occur more than once, in order."""
    return sorted(name for name, count in Counter(names).items() if count > 1)


def nearest(name: str, known: tuple[str, ...] | list[str]) -> str:
    """Return "; did you mean 'X'?" where a known name is near, else nothing.

    >>> nearest("chr22", ["chr2", "chrX"]), nearest("abc", ["xyz"])
    ("; did you mean 'chr2'?", '')
    """
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""
