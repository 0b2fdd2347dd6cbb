"""The standing checks: each is an SQL file in checks/ that gives the offending rows, so none means it passed.

A check blocks what is made of the asset that it is on, such as the card, unless it is advisory.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import duckdb

from genatator_assets.errors import NotBuiltError
from genatator_assets.parts import PARTS
from genatator_assets.query.connect import BUILD_FIRST, Answer, ask, in_words
from genatator_assets.work.files import path_name
from genatator_assets.work.layout import chromosome_key

SAMPLE_ROWS = 20

_IN_PATH = re.compile("/genome=([^/]+)/chrom=([^/]+)/")
_ADVISORY, _WARNS = "-- advisory", "-- warns"
_VARIABLE = re.compile(r"set variable (\w+)")


@dataclass(frozen=True)
class Finding:
    """What a check found: how many offending rows, and the first of them.

    `keys` are those of all chromosomes that offend, or of genomes where no chromosome is named; none if a row names
    neither.
    """

    name: str
    offenders: int
    sample: Answer
    keys: frozenset[str] = frozenset()

    @property
    def passed(self) -> bool:
        """Whether nothing offends."""
        return self.offenders == 0


def check_names(part: str) -> tuple[str, ...]:
    """Return the names of the checks of a part that are SQL, each a file of its folder sql/checks.

    >>> "splits_are_disjoint" in check_names("gene_finding")
    True
    """
    folder = files(PARTS[part]) / "sql" / "checks"
    return tuple(sorted(one.name.removesuffix(".sql") for one in folder.iterdir())) if folder.is_dir() else ()


@cache
def _texts() -> dict[str, str]:
    folders = {part: files(package) / "sql" / "checks" for part, package in PARTS.items()}
    return {name: (folders[part] / f"{name}.sql").read_text() for part in PARTS for name in check_names(part)}


def describe_check(name: str) -> str:
    """Return what a check demands: the comment at the head of its file.

    >>> describe_check("splits_are_disjoint")
    'No chromosome has blocks in two splits, and each is in the split of the catalogue.'
    """
    lines = (line for line in _head(name) if line not in {_ADVISORY, _WARNS})
    return " ".join(line.removeprefix("--").strip() for line in lines)


def is_advisory(name: str) -> bool:
    """Return whether what a check finds may be meant, and makes no card or release wrong: a line of its head says so.

    >>> is_advisory("sequences_are_in_one_split"), is_advisory("splits_are_disjoint")
    (True, False)
    """
    return _ADVISORY in _head(name)


def warns(name: str) -> bool:
    """Return whether what a check finds is shown, but is no fault of the build: a line of its head says so.

    >>> warns("annotations_look_right"), warns("sequences_are_in_one_split")
    (True, False)
    """
    return _WARNS in _head(name)


def _head(name: str) -> list[str]:
    comment = re.match(r"(?:--.*\n)+", _texts()[name])
    return comment[0].splitlines() if comment else []


def run_check(connection: duckdb.DuckDBPyConnection, check: str) -> Finding:
    """Run a check on the dataset to which `connection` is open.

    Statements before the last only set variables, to lists of what is looked at.

    Raises:
        NotBuiltError: what the check asks about has not been built.
        QueryError: a file can't be read.
    """
    *settings, query = connection.extract_statements(_texts()[check])
    try:
        for setting in settings:
            connection.execute(setting)
            if (name := _VARIABLE.search(setting.query)) and _is_null(connection, name[1]):
                raise NotBuiltError(f"no file that this looks at is there: {BUILD_FIRST}")
    except duckdb.Error as error:
        raise in_words(connection, f"check {check}: {error}") from error
    answer = ask(connection, query.query)
    sample = Answer(answer.columns, answer.rows[:SAMPLE_ROWS])
    return Finding(check, len(answer.rows), sample, _keys_of(answer))


def _is_null(connection: duckdb.DuckDBPyConnection, variable: str) -> bool:
    return connection.execute("select getvariable(?) is null", [variable]).fetchone() == (True,)


def _keys_of(answer: Answer) -> frozenset[str]:
    keys = set()
    for row in answer.rows:
        named = dict(zip(answer.columns, row, strict=True))
        in_path = _IN_PATH.search(str(named.get("file")))
        if genome := named.get("genome"):
            keys.add(chromosome_key(genome, named["chrom"]) if named.get("chrom") else path_name(genome))
        elif in_path:
            keys.add(f"{in_path[1]}/{in_path[2]}")
        else:
            return frozenset()
    return frozenset(keys)
