"""A file that something is made from, as it was found on this machine: its bytes' hash, and where it was fetched."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from genatator_assets.work.files import sha256_of_file

Kind = Literal["sequence", "annotation", "aliases"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class InputFile:
    """A file on this machine; `url` is where it was fetched from, `checksum` what it then was compared with.

    `served_from` is the address at another server that the one of `url` sent us to. All three are None for a file that
    was here already.
    """

    path: Path
    sha256: str
    url: str | None = None
    checksum: str | None = None
    served_from: str | None = None

    @property
    def name(self) -> str:
        """The file's name where it came from."""
        return self.url.rsplit("/", 1)[-1] if self.url else self.path.name

    def found(self) -> str:
        """Return the SHA-256 of the file as it is now, or "no such file"."""
        return sha256_of_file(self.path) if self.path.is_file() else "no such file"

    def as_record(self) -> dict[str, Any]:
        """Return the file as JSON has it."""
        return {**asdict(self), "path": str(self.path)}

    @classmethod
    def of_record(cls, record: dict[str, Any]) -> "InputFile":
        """Return the file of a record that `as_record` made.

        Raises:
            TypeError: it isn't one.
        """
        return cls(**{**record, "path": Path(record["path"])})
