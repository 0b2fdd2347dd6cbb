"""The views and macros of a dataset: an SQL file each, in `query/sql` and in the `sql` folder of each part.

A file begins with a comment that says what it is, and a line that says what it needs:

    -- A row per block: ...
    -- needs: glob_root, dataset/blocks.parquet
    -- columns: genome, chrom, start, end
    --   chrom_length: bases of the chromosome

What a column is stands behind its name or, if it is the same word in many views, in `words.txt` of the part or of
`query/sql`; `*` stands for columns that are not known beforehand. The comments of DuckDB, the prompt's `help` and
docs/dictionary.md are made from that.

Names under `needs` are those of other views and macros; what has a slash is a pattern for files, relative to the
dataset's folder, at least one of which must be there. `views/NAME.sql` holds a query, `macros/NAME.sql` the whole
statement. What is generated is in the module `sql` of a part, as GENERATED. A definition in `release/` takes the place
of one of the same name in a release: it knows where files are there.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from graphlib import TopologicalSorter
from importlib import import_module
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from genatator_assets.parts import PARTS

_HEAD = re.compile(r"(?:--.*\n)+")
_NEEDS, _COLUMNS, _OWN = "-- needs:", "-- columns:", "--   "
_OTHERS = "*"
_PARAMETERS = re.compile(r'create or replace macro (?:"(?:[^"]|"")*"\.)?\w+\((.*?)\) as', re.DOTALL)


@dataclass(frozen=True)
class Definition:
    """A view or macro: `comment` says what it is, `statement` makes it, `needs` are names and patterns for files;
    `columns` of a view says what each is; `before` is its schema with a point, if it has one."""

    name: str
    comment: str
    needs: tuple[str, ...]
    statement: str
    part: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    before: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The views and macros that it needs."""
        return tuple(need for need in self.needs if "/" not in need)

    @property
    def patterns(self) -> tuple[str, ...]:
        """The files that it needs."""
        return tuple(need for need in self.needs if "/" in need)

    @property
    def told(self) -> str:
        """What it is, on one line."""
        return " ".join(line.removeprefix("--").strip() for line in self.comment.splitlines())

    def in_schema(self, schema: str) -> "Definition":
        """Return it as it is made in a schema of that name, with what it needs taken from there."""
        before = f"{identifier(schema)}."
        made = re.compile(rf'(create or replace (?:macro|view) )("?{self.name}"?)(?=\W)')
        statement = made.sub(lambda found: f"{found[1]}{before}{found[2]}", self.statement, count=1)
        for need in self.names:
            call = rf"(?<![\w.]){need}(?=\()" if definitions()[need].parameters is not None else None
            use = re.compile(call or rf"(?<=\bfrom ){need}\b|(?<=\bjoin ){need}\b")
            statement = use.sub(f"{before}{need}", statement)
        return replace(self, statement=statement, before=before)

    @property
    def parameters(self) -> str | None:
        """A macro's parameters, as they are written; None of a view.

        >>> definitions()["soft_masked_of"].parameters
        'genome, chrom'
        """
        found = _PARAMETERS.match(self.statement)
        return " ".join(found[1].replace('"', "").split()) if found else None

    def column_told(self, column: str) -> str | None:
        """Return what a column is; None if that is not known."""
        return self.columns.get(column, self.columns.get(_OTHERS))

    def comments(self, columns: Iterable[str] | None = None) -> Iterator[str]:
        """Yield the statements that comment it, and of its columns those that are given or else all known ones."""
        if self.parameters is not None:
            kind = "macro table" if re.search(r"\) as table\b", self.statement) else "macro"
        else:
            kind = "view"
        name = f"{self.before}{identifier(self.name)}"
        yield f"comment on {kind} {name} is {quoted(_cut_nowhere(self.told))}"
        for column in self.columns if columns is None else columns:
            told = self.column_told(column)
            if told is not None and column != _OTHERS:
                yield f"comment on column {name}.{identifier(column)} is {quoted(_cut_nowhere(told))}"


@cache
def definitions(release: bool = False) -> Mapping[str, Definition]:
    """Return all views and macros, of a root or of a release, in an order in which each needs only those before it.

    >>> definitions()["root"].comment
    "-- The dataset's folder: the variable `root` where it is set, else the folder that the program runs in."
    """
    found = dict(_in_folder(files("genatator_assets.query") / "sql", ""))
    for part, package in PARTS.items():
        found |= _in_folder(files(package) / "sql", part)
        if (files(package) / "sql" / "__init__.py").is_file():
            generated: Mapping[str, str] = import_module(f"{package}.sql").GENERATED
            found |= {name: _definition(name, text, part) for name, text in generated.items()}
        if release:
            found |= {one.name: one for one in _of_kind(files(package) / "sql" / "release", part, _macro)}
    order = TopologicalSorter({name: one.names for name, one in found.items()}).static_order()
    return {name: found[name] for name in order}


def available(root: Path, release: bool = False) -> dict[str, Definition]:
    """Return the views and macros for which a dataset's folder has the files, in order."""
    there: dict[str, Definition] = {}
    looked: dict[str, bool] = {}
    for name, one in definitions(release).items():
        for pattern in one.patterns:
            if pattern not in looked:
                looked[pattern] = holds(root, pattern)
        if all(looked[pattern] for pattern in one.patterns) and all(need in there for need in one.names):
            there[name] = one
    return there


def holds(folder: Path, pattern: str) -> bool:
    """Return whether a folder holds a file of a pattern: components of which each is a name, has `*` in it, or is `**`
    for any number of folders, also none."""
    first, _, rest = pattern.partition("/")
    if first == "**":
        return holds(folder, rest) or (folder.is_dir() and any(holds(one, pattern) for one in _folders(folder)))
    if "*" not in first:
        below = folder / first
        return holds(below, rest) if rest else below.is_file()
    if not folder.is_dir():
        return False
    fits = re.compile(".*".join(map(re.escape, first.split("*")))).fullmatch
    return any((holds(one, rest) if rest else one.is_file()) for one in folder.iterdir() if fits(one.name))


def _folders(folder: Path) -> list[Path]:
    return [one for one in folder.iterdir() if one.is_dir()]


def _in_folder(folder: Traversable, part: str) -> Iterator[tuple[str, Definition]]:
    for kind, read in (("macros", _macro), ("views", _view)):
        for one in _of_kind(folder / kind, part, read):
            yield one.name, one


def _of_kind(folder: Traversable, part: str, read: Callable[[str, str], str]) -> Iterator[Definition]:
    if not folder.is_dir():
        return
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".sql"):
            name = file.name.removesuffix(".sql")
            yield _definition(name, read(name, file.read_text().strip()), part)


def _macro(_: str, text: str) -> str:
    return text


def _view(name: str, text: str) -> str:
    head = _HEAD.match(text)
    end = head.end() if head else 0
    return f'{text[:end]}create or replace view "{name}" as\n{text[end:]}'


def _definition(name: str, text: str, part: str) -> Definition:
    head = _HEAD.match(text)
    if head is None:
        raise ValueError(f"the SQL of {name} does not begin with a comment")
    lines = head[0].splitlines()
    comment = "\n".join(line for line in lines if not line.startswith((_NEEDS, _COLUMNS, _OWN)))
    words = _words(part)
    columns = {column: words[column] for column in _listed(lines, _COLUMNS)}
    own = (line.removeprefix(_OWN).partition(": ") for line in lines if line.startswith(_OWN))
    columns |= {column: told for column, _, told in own}
    return Definition(name, comment, tuple(_listed(lines, _NEEDS)), text[head.end() :], part, columns)


def _listed(lines: Iterable[str], before: str) -> list[str]:
    """Return the names that stand behind a word, separated by commas."""
    lists = [line.removeprefix(before).split(",") for line in lines if line.startswith(before)]
    return [name.strip() for names in lists for name in names]


@cache
def _words(part: str) -> Mapping[str, str]:
    """Return what columns of many views are: those of a part, else of all."""
    found: dict[str, str] = {}
    for package in ("genatator_assets.query", *([PARTS[part]] if part else [])):
        file = files(package) / "sql" / "words.txt"
        if file.is_file():
            found |= dict(line.split(": ", 1) for line in file.read_text().splitlines())
    return found


def quoted(text: str) -> str:
    """Return a text as SQL has it.

    >>> quoted("a gene's")
    "'a gene''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def _cut_nowhere(text: str) -> str:
    """Return a comment without semicolons, at which some tools split statements."""
    return text.replace(";", ",")


def identifier(name: str) -> str:
    """Return a name as SQL has it.

    >>> identifier("end")
    '"end"'
    """
    return '"' + name.replace('"', '""') + '"'
