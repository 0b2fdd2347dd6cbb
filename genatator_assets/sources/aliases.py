"""Other names of an assembly's sequences: from NCBI's assembly report, UCSC's chromAlias, and chrN for N."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from genatator_assets.errors import SequenceError

_REPORT_HEADER = re.compile(r"#\s*Sequence-Name\t")
_REPORT_NAMES = ("Sequence-Name", "GenBank-Accn", "RefSeq-Accn", "UCSC-style-name")
_REPORT_LENGTH = "Sequence-Length"
_LENGTH = re.compile("[0-9]{1,18}")
_ABSENT = {"", "na"}
_EXPECTED = "an assembly report of NCBI or a chromAlias table of UCSC: names with tabs between"

_WITH_CHR = re.compile(r"\Achr(?!om)(?=.)", re.IGNORECASE)
_PLAIN = re.compile(r"[A-Z]?[0-9]{1,2}[A-Za-z]?|[XYZWIV]{1,5}|U|Un")
_ORGANELLES = (("chrM", "ChrM", "chrMT", "M", "MT", "Mt", "MtDNA"), ("chrC", "ChrC", "Pt"))
_SHOWN_NAMES = 5


@dataclass(frozen=True)
class SequenceNames:
    """All names that a table gives to one sequence, and its length in bp where the table states it."""

    names: tuple[str, ...]
    length: int | None = None


def read_names(path: Path) -> list[SequenceNames]:
    """Read an assembly report of NCBI or a chromAlias table of UCSC, with or without a header.

    Raises:
        SequenceError: it is neither.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")  # splitlines would also cut at form feeds and more
    except UnicodeDecodeError as error:
        raise SequenceError(f"{path}: not a text file ({error}); expected {_EXPECTED}") from error
    rows = [(number, line.split("\t")) for number, line in enumerate(lines, 1) if line.strip() and line[0] != "#"]
    if not rows:
        raise SequenceError(f"{path}: found no rows, expected {_EXPECTED}")
    for number, columns in rows:
        if len(columns) < 2:
            raise SequenceError(f"{path}:{number}: found {columns[0][:120]!r}, expected {_EXPECTED}")
    if header := next(filter(_REPORT_HEADER.match, lines), None):
        return [_of_report(path, number, header.lstrip("# ").split("\t"), columns) for number, columns in rows]
    table = [columns for _, columns in rows]
    return _of_pairs(table) if _are_pairs(table) else [SequenceNames(_stated(columns)) for columns in table]


def aliases_of(
    lengths: Mapping[str, int], names: Iterable[SequenceNames], origin: Path | None = None
) -> dict[str, tuple[str, ...]]:
    """Return the other names of each sequence of a FASTA file (`lengths`: name -> bp): stated ones, then plain ones.

    >>> aliases_of({"chr1": 5, "NC_2.1": 7}, [SequenceNames(("2", "NC_2.1"))])
    {'chr1': ('1', 'Chr1'), 'NC_2.1': ('2', 'chr2', 'Chr2')}

    Raises:
        SequenceError: two sequences of the file go by one name, or a stated length differs, or no stated name is in
            the file: it is another assembly.
    """
    names = list(names)
    stated: dict[str, tuple[str, ...]] = {}
    for sequence in names:
        found = [name for name in sequence.names if name in lengths]
        if len(found) > 1:
            raise SequenceError(
                f"{origin}: calls one sequence {' and '.join(found)}, but the FASTA file has both, as two sequences;"
                " it does not belong to this FASTA file"
            )
        for chrom in found:
            if sequence.length not in (None, lengths[chrom]):
                raise SequenceError(
                    f"{origin}: says that {chrom} has {sequence.length:,} bp, but in the FASTA file it has"
                    f" {lengths[chrom]:,}: they are not of the same assembly; give the FASTA file's own report"
                )
            stated[chrom] = tuple(name for name in sequence.names if name != chrom)
    if names and not stated:
        theirs = some_of(name for sequence in names for name in sequence.names)
        raise SequenceError(
            f"{origin}: has none of the FASTA file's names.\n  table: {theirs}\n  FASTA file: {some_of(lengths)}\nGive"
            " the table of this assembly, one column of which has these names."
        )
    taken = {*lengths, *(name for others in stated.values() for name in others)}
    return {
        chrom: (*others, *_plain((chrom, *others), taken))
        for chrom, others in ((chrom, stated.get(chrom, ())) for chrom in lengths)
    }


def some_of(names: Iterable[str]) -> str:
    """Show the first of many names, and say how many there are.

    >>> some_of("abcdefg")
    'a, b, c, d, e, ... (7 names)'
    """
    shown = list(names)
    more = f", ... ({len(shown):,} names)" if len(shown) > _SHOWN_NAMES else ""
    return ", ".join(shown[:_SHOWN_NAMES]) + more


def chromosomes_named(
    found: Iterable[str], aliases: Mapping[str, tuple[str, ...]]
) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """Match names of an annotation to the sequences of a FASTA file, each with its aliases.

    Gives name -> sequence, and of the ambiguous names the sequences that each may be; the rest is unknown.
    """
    by_alias: dict[str, list[str]] = defaultdict(list)
    for chrom, others in aliases.items():
        for other in others:
            by_alias[other].append(chrom)
    known: dict[str, str] = {}
    ambiguous: dict[str, tuple[str, ...]] = {}
    for name in found:
        chroms = [name] if name in aliases else by_alias.get(name, [])
        if len(chroms) == 1:
            known[name] = chroms[0]
        elif chroms:
            ambiguous[name] = tuple(chroms)
    return known, ambiguous


def _of_report(path: Path, number: int, header: list[str], columns: list[str]) -> SequenceNames:
    """Of a row of an assembly report: a chromosome's number is a name too, but its scaffolds state it as well."""
    values = dict(zip(header, columns, strict=False))
    chromosome = values.get("Sequence-Role") == "assembled-molecule"
    names = _stated([values.get(key, "") for key in (*_REPORT_NAMES, *(["Assigned-Molecule"] if chromosome else []))])
    length = values.get(_REPORT_LENGTH, "")
    if not names or not (_LENGTH.fullmatch(length) or length in _ABSENT):
        raise SequenceError(f"{path}:{number}: found {columns[:9]}, expected the columns {header}")
    return SequenceNames(names, None if length in _ABSENT else int(length))


def _are_pairs(rows: list[list[str]]) -> bool:
    """Return whether rows are of UCSC's database table: alias, sequence, source.

    In a table of names each name stands once; there, sequences or sources stand many times.
    """
    if any(len(columns) != 3 for columns in rows):
        return False
    return any(
        count > 1
        for place in (1, 2)
        for name, count in Counter(columns[place] for columns in rows).items()
        if name not in _ABSENT
    )


def _of_pairs(rows: list[list[str]]) -> list[SequenceNames]:
    names: dict[str, list[str]] = {}
    for alias, chrom, _ in rows:
        names.setdefault(chrom, [chrom]).append(alias)
    return [SequenceNames(_stated(of_chrom)) for of_chrom in names.values()]


def _stated(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name not in _ABSENT))


def _plain(names: tuple[str, ...], taken: set[str]) -> list[str]:
    """Return chr1 and Chr1 for 1, 1 for chr1, and an organelle's usual names, unless another sequence is called so."""
    others: list[str] = []
    for name in names:
        bare = _WITH_CHR.sub("", name, count=1)
        if bare != name or _PLAIN.fullmatch(name):
            others += [bare, f"chr{bare}", f"Chr{bare}"]
    for organelle in _ORGANELLES:
        used = [name for name in organelle if name in taken]
        if used and set(used) <= set(names):
            others += organelle
    return [other for other in dict.fromkeys(others) if other not in taken]
