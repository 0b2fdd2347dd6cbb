"""How anything is printed for people: values are shown as they are, and nothing in them steers the terminal.

Texts come from catalogues, annotations and folders. Rich would read `:100:` as an emoji and `[red]` as a style, and a
terminal obeys escape sequences; so consoles are made here alone, with all of that off, and get texts by `plain`.
"""

import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from genatator_assets.errors import printable
from genatator_assets.work.text import TextTable

_WIDE = 10_000  # columns of what is not a terminal: nothing is folded there


def console(*, errors: bool = False) -> Console:
    """Return a console on standard output or standard error; where nobody watches, lines have any length."""
    width = None if (sys.stderr if errors else sys.stdout).isatty() else _WIDE
    return Console(stderr=errors, width=width, markup=False, emoji=False, highlight=False)


def plain(text: str, style: str = "") -> Text:
    """Return a text for a console, with control characters escaped."""
    return Text(printable(text), style)


def say(text: str, style: str = "", *, to: Console | None = None, errors: bool = False) -> None:
    """Print a text: its lines are not wrapped."""
    (to or console(errors=errors)).print(plain(text, style), soft_wrap=True)


def complain(opening: str, text: str) -> None:
    """Print to standard error what went wrong, after an `opening` in red."""
    console(errors=True).print(Text.assemble((f"{opening}: ", "red"), plain(text)), soft_wrap=True)


def print_table(text: TextTable) -> None:
    """Print a table, as wide as the terminal or, elsewhere, unfolded."""
    table = Table(title=plain(text.title) if text.title else None, title_justify="left")
    for name in text.header:
        table.add_column(plain(name), overflow="fold")  # a name that is cut off is of no use
    for row in text.rows:
        table.add_row(*map(plain, row))
    console().print(table)


def write_data(text: str) -> None:
    """Write lines for another program to standard output: unchanged, unless it is a terminal that would obey them."""
    sys.stdout.write(printable(text, keep="\n\t") if sys.stdout.isatty() else text)
    sys.stdout.flush()
