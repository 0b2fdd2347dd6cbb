"""The errors a user can cause. Each message names the place, the value found, the value expected and the remedy."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_LONGEST_LINE = 1_000
_MOST_LINES = 50


class GenatatorError(Exception):
    r"""An error the user can mend: the command line prints it without a traceback and exits with code 2.

    Messages quote what stands in files, so they are made fit to be shown: letters that can't be printed (control
    characters steer terminals) are spelled as escapes, a very long line loses its middle, very many lines their end.

    >>> print(GenatatorError("found \x1b[2J"))
    found \x1b[2J
    """

    def __str__(self) -> str:
        """Return the message, fit to be shown."""
        lines = super().__str__().split("\n")
        more = [f"... and {len(lines) - _MOST_LINES:,} lines more"] if len(lines) > _MOST_LINES else []
        return "\n".join([*map(_shown, lines[:_MOST_LINES]), *more])


def printable(text: str, keep: str = "\n") -> str:
    r"""Return a text fit for a terminal: characters that can't be printed, but those to keep, become escapes.

    >>> print(printable("chr1\x1b[2J\tfor 日本"))
    chr1\x1b[2J\tfor 日本
    """
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() or letter in keep else letter.encode("unicode_escape").decode()
        for letter in text
    )


def _shown(line: str) -> str:
    if len(line) > _LONGEST_LINE:
        half = _LONGEST_LINE // 2
        line = f"{line[:half]} ... ({len(line) - 2 * half:,} letters more) ... {line[-half:]}"
    return printable(line)


class CatalogueError(GenatatorError):
    """The catalogue, or a name in it, is wrong."""


class SequenceError(GenatatorError):
    """A FASTA file can't be used."""


class AnnotationError(GenatatorError):
    """A GFF3 or GTF file can't be used."""


class H5adError(GenatatorError):
    """An h5ad file can't be used."""


class BedError(GenatatorError):
    """A BED file, or a list of BED files, can't be used."""


class SignalError(GenatatorError):
    """A BAM, CRAM, bigWig or interval file, or a table of tracks, can't be used."""


class DatasetError(GenatatorError):
    """A dataset root is incomplete or damaged."""


class DamagedError(DatasetError):
    """A file of a dataset is not what was written."""

    def __init__(self, what: str) -> None:
        """Say `what` is damaged, and how it is mended."""
        super().__init__(f"{what}; 'genatator-assets build --check-hashes' makes it again")
        self.what = what


class QueryError(GenatatorError):
    """An SQL statement can't be run on a dataset."""


class EmptyRootError(DatasetError):
    """Nothing has been built at a root yet."""


class NotBuiltError(QueryError):
    """What an SQL statement asks about has not been built yet."""


class FetchError(GenatatorError):
    """An input can't be fetched."""


class RefusedError(FetchError):
    """A server does not give a file."""


class AbsentError(RefusedError):
    """A server says that it has no such file."""


class UnreachableError(FetchError):
    """No connection to a server could be made."""


class ReadingError(GenatatorError):
    """A dataset does not have what is asked of it: a split, genome, chromosome, interval or channel."""


class EvaluationError(GenatatorError):
    """Predictions can't be compared with a dataset: a name, a position or a score is wrong."""


class MissingExtraError(GenatatorError, ImportError):
    """An optional dependency is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        """State how to install it."""
        super().__init__(f"this needs {package}, which is not installed: pip install 'genatator-assets[{extra}]'")


@contextmanager
def optional_import(module: str, extra: str, package: str | None = None) -> Iterator[None]:
    """Report in words that the optional `module` imported in the block is not installed.

    Only that module's own absence is reported so: if it is installed but can't be imported, for example because a
    package that it needs is missing, its own error says more than the advice to install it again.

    Raises:
        MissingExtraError: `module` is not installed; `package` is its name for people.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        below = f"{error.name}".startswith(f"{module}.") and sys.modules.get(module) is None
        if error.name != module and not below:
            raise
        raise MissingExtraError(package or module, extra) from error


class ClusterError(GenatatorError):
    """A cluster's workers can't be used, so that nothing can go on."""
