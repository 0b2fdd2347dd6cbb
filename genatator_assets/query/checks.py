"""The standing checks: each is an SQL file in checks/ that gives the offending rows, so none means it passed."""

import re
from dataclasses import dataclass
from importlib.resources import files

import duckdb

from genatator_assets.errors import QueryError
from genatator_assets.query.connect import Answer, ask, not_built

SAMPLE_ROWS = 20
_CHECKS = files("genatator_assets.query") / "checks"


@dataclass(frozen=True)
class Finding:
    """What a check found: how many offending rows, and the first of them."""

    name: str
    offenders: int
    sample: Answer

    @property
    def passed(self) -> bool:
        """Whether nothing offends."""
        return self.offenders == 0


def check_names() -> tuple[str, ...]:
    """Return the names of all checks.

    >>> "splits_are_disjoint" in check_names()
    True
    """
    return tuple(sorted(check.name.removesuffix(".sql") for check in _CHECKS.iterdir()))


def describe_check(name: str) -> str:
    """Return what a check demands: the comment at the head of its file.

    >>> describe_check("splits_are_disjoint")
    'No chromosome has blocks in two splits, and each is in the split of the catalogue.'
    """
    comment = re.match(r"(?:--.*\n)+", (_CHECKS / f"{name}.sql").read_text())
    return " ".join(line.removeprefix("--").strip() for line in comment[0].splitlines()) if comment else ""


def run_check(connection: duckdb.DuckDBPyConnection, name: str) -> Finding:
    """Run a check on the dataset to which `connection` is open. Statements before the last only set variables.

    Raises:
        QueryError: what the check asks for has not been built.
    """
    *settings, query = connection.extract_statements((_CHECKS / f"{name}.sql").read_text())
    try:
        for setting in settings:
            connection.execute(setting)
    except duckdb.Error as error:
        raise QueryError(f"check {name}: {error}{not_built(connection, str(error))}") from error
    answer = ask(connection, query.query)
    return Finding(name, len(answer.rows), Answer(answer.columns, answer.rows[:SAMPLE_ROWS]))
