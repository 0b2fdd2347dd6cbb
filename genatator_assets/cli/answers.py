"""Answers to questions in SQL: printed as a table, CSV or JSON, or written to a file; and questions as they come."""

import csv
import json
import math
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from genatator_assets.errors import QueryError, optional_import
from genatator_assets.query.connect import Rows, semicolon_at, stream, write_parquet
from genatator_assets.query.dictionary import is_word
from genatator_assets.work.files import whole_file
from genatator_assets.work.terminal import console, print_table, say, write_data
from genatator_assets.work.text import TextTable

SHOWN_ROWS = 1_000
"""A table has no more rows; CSV, JSON and files have all."""

FILES = (".parquet", ".csv", ".json", ".xlsx")

_SHEET_ROWS = 1_048_576
_SIDEWAYS_ROWS = 3
_LEAST_WIDTH, _BORDER = 4, 3
_END = {"exit", "quit", ".exit", ".quit"}

Result = TypeVar("Result")


def print_answer(rows: Rows, form: str) -> None:
    """Print an answer as `table`, `csv` or `json`; the last two without holding more than a batch of it."""
    match form:
        case "csv":
            for line in _csv_lines(rows):
                write_data(line)
        case "json":
            for piece in _json_pieces(rows):
                write_data(piece)
        case _:
            _print_table(rows)


def write_answer(connection: duckdb.DuckDBPyConnection, question: str, path: Path) -> None:
    """Write the answer to a question to a file, whole or not at all, in the format that its name says.

    Raises:
        QueryError: the name says no format that is known, the question can't be answered, or not in a sheet's rows.
        MissingExtraError: a sheet is wanted and openpyxl is not installed.
    """
    if path.suffix not in FILES:
        raise QueryError(f"{path}: expected a name that ends with one of {', '.join(FILES)}")
    with whole_file(path) as temporary:
        if path.suffix == ".parquet":
            write_parquet(connection, question, temporary)
        elif path.suffix == ".xlsx":
            _write_sheet(stream(connection, question), temporary, path)
        else:
            rows = stream(connection, question)
            with temporary.open("w", encoding="utf-8", newline="") as handle:
                handle.writelines(_csv_lines(rows) if path.suffix == ".csv" else _json_pieces(rows))


def interruptible(connection: duckdb.DuckDBPyConnection, work: Callable[[], Result]) -> Result:
    """Do work with a connection in a thread, so that Ctrl-C reaches this one and ends DuckDB's at once.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed; the connection can be used on.
    """
    results: list[Result] = []
    errors: list[BaseException] = []
    ended = threading.Event()  # a thread whose join() was interrupted counts as ended (Python 3.11)

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - raised below, in the thread that asked
            errors.append(error)
        finally:
            ended.set()

    threading.Thread(target=run, daemon=True).start()
    try:
        ended.wait()
    except KeyboardInterrupt:
        while not ended.is_set():  # between two of DuckDB's calls there is nothing to interrupt: so until it ends
            connection.interrupt()
            ended.wait(0.05)
        raise
    if errors:
        raise errors[0]
    return results[0]


def typed_questions(prompt: str) -> Iterator[str]:
    """Yield what is typed or piped, up to each line that ends with a semicolon of its own, or is a word such as 'help';
    of what is piped also the rest. 'exit' ends it too. A person's Ctrl-C drops what is half typed."""
    typed, person = "", sys.stdin.isatty()
    while True:
        try:
            line = input((prompt if not typed else "...> ".rjust(len(prompt))) if person else "")
        except EOFError:
            if typed.strip() and not person:
                yield typed
            return
        except KeyboardInterrupt:
            if not person:
                raise
            typed = ""
            say("")
            continue
        if not typed and line.strip(" \t;") in _END:
            return
        typed = f"{typed}\n{line}" if typed else line
        if semicolon_at(typed) is not None or is_word(typed):
            yield typed
            typed = ""


def _csv_lines(rows: Rows) -> Iterator[str]:
    written: list[str] = []
    writer = csv.writer(_Lines(written), lineterminator="\n")
    for batch in chain([[rows.columns]], rows.batches):
        writer.writerows(batch)
        yield "".join(written)
        written.clear()


class _Lines:
    """What csv writes to."""

    def __init__(self, lines: list[str]) -> None:
        self.write = lines.append


def _json_pieces(rows: Rows) -> Iterator[str]:
    opening = "["
    for batch in rows.batches:
        for row in batch:
            named = {name: _plain(value) for name, value in zip(rows.columns, row, strict=True)}
            yield opening + "\n " + json.dumps(named, default=str, allow_nan=False)
            opening = ","
    yield "[]\n" if opening == "[" else "\n]\n"


def _plain(value: Any) -> Any:
    """Return a value that JSON has: null where a number is none."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _print_table(rows: Rows) -> None:
    cells = chain.from_iterable(rows.batches)
    shown = [tuple(map(str, row)) for row in islice(cells, SHOWN_ROWS)]
    left = sum(1 for _ in cells)
    width = console().width
    if 0 < len(shown) <= _SIDEWAYS_ROWS and len(_kept(rows.columns, shown, width)) < len(rows.columns):
        for number, row in enumerate(shown):
            say(f"row {number + 1}", "bold")
            print_table(TextTable("", ("column", "value"), tuple(zip(rows.columns, row, strict=True))))
        return
    kept = _kept(rows.columns, shown, width)
    header = tuple(rows.columns[place] for place in kept)
    print_table(TextTable("", header, tuple(tuple(row[place] for place in kept) for row in shown)))
    if left:
        say(f"... {left:,} more rows; --format csv or json and -o FILE have them all", errors=True)
    if out := [name for place, name in enumerate(rows.columns) if place not in kept]:
        say(f"... {len(out)} columns have no room here: {', '.join(out)}", errors=True)


def _kept(columns: Sequence[str], rows: Iterable[Sequence[str]], width: int) -> list[int]:
    """Return the columns that fit beside each other, each at least a few letters wide: the middle ones go first."""
    needed = [min(max(map(len, [name, *values])), 20) for name, *values in zip(columns, *rows, strict=True)]
    kept = list(range(len(columns)))
    while len(kept) > 2 and sum(max(needed[place], _LEAST_WIDTH) + _BORDER for place in kept) + 1 > width:
        kept.pop(len(kept) // 2)
    return kept


def _write_sheet(rows: Rows, temporary: Path, path: Path) -> None:
    with optional_import("openpyxl", "export"):
        from openpyxl import Workbook
    book = Workbook(write_only=True)
    sheet = book.create_sheet("answer")
    sheet.append(list(rows.columns))
    for number, row in enumerate(chain.from_iterable(rows.batches), 2):
        if number > _SHEET_ROWS:
            raise QueryError(f"{path}: a sheet has {_SHEET_ROWS:,} rows at most, and the answer more; write .parquet")
        sheet.append([_cell(value) for value in row])
    with temporary.open("wb") as handle:
        book.save(handle)


def _cell(value: Any) -> Any:
    """Return what a cell can hold: numbers and texts as they are, whatever has parts as text."""
    plain = _plain(value)
    return plain if plain is None or isinstance(plain, int | float | str | bool) else json.dumps(plain, default=str)
