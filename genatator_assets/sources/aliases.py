"""Other names of an assembly's sequences: from NCBI's assembly report, UCSC's chromAlias, and chrN for N."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from genatator_assets.errors import SequenceError

_REPORT_COLUMNS = ("Sequence-Name", "GenBank-Accn", "RefSeq-Accn", "UCSC-style-name")
_REPORT_LENGTH = "Sequence-Length"
_LENGTH = re.compile("[0-9]{1,18}")
_ABSENT = {"", "na"}
_SOURCES = {"assembly", "ensembl", "genbank", "refseq", "ncbi", "ucsc", "flybase", "wormbase", "vectorbase"}
_PLAIN = re.compile(r"[0-9]{1,2}[A-Za-z]?|[XYZWIV]{1,5}|U|Un")
_WITH_CHR = re.compile(r"chr(?=.)", re.IGNORECASE)
_MITOCHONDRION = ("chrM", "chrMT", "M", "MT", "Mt", "MtDNA")


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
    header = next((line for line in lines if line.startswith("#") and _REPORT_LENGTH in line), None)
    rows = [(number, line.split("\t")) for number, line in enumerate(lines, 1) if line.strip() and line[0] != "#"]
    if not rows or any(len(columns) < 2 for _, columns in rows):
        number, columns = next(((number, columns) for number, columns in rows if len(columns) < 2), (1, []))
        raise SequenceError(f"{path}:{number}: found {columns[:1]}, expected {_EXPECTED}")
    if header:
        return [_of_report(path, number, header.lstrip("# ").split("\t"), columns) for number, columns in rows]
    if all(len(columns) == 3 and set(columns[2].split(",")) <= _SOURCES for _, columns in rows):
        return _of_pairs([columns for _, columns in rows])
    return [SequenceNames(tuple(name for name in columns if name not in _ABSENT)) for _, columns in rows]


_EXPECTED = "an assembly report of NCBI or a chromAlias table of UCSC: names with tabs between"


def aliases_of(
    lengths: Mapping[str, int], names: Iterable[SequenceNames], origin: Path | None = None
) -> dict[str, tuple[str, ...]]:
    """Give the other names of each sequence of a FASTA file (`lengths`: name -> bp): stated ones, then plain ones.

    >>> aliases_of({"chr1": 5, "NC_2.1": 7}, [SequenceNames(("2", "NC_2.1"))])
    {'chr1': ('1',), 'NC_2.1': ('2',)}

    Raises:
        SequenceError: two sequences of the file go by one name, or a stated length differs: it is another assembly.
    """
    stated: dict[str, tuple[str, ...]] = {}
    for sequence in names:
        found = [name for name in sequence.names if name in lengths]
        if len(set(found)) > 1:
            raise SequenceError(
                f"{origin}: calls one sequence {' and '.join(found)}, but the FASTA file has both, as two sequences;"
                " it does not belong to this FASTA file"
            )
        for chrom in found[:1]:
            if sequence.length not in (None, lengths[chrom]):
                raise SequenceError(
                    f"{origin}: says that {chrom} has {sequence.length:,} bp, but in the FASTA file it has"
                    f" {lengths[chrom]:,}: they are not of the same assembly; give the FASTA file's own report"
                )
            stated[chrom] = tuple(dict.fromkeys(name for name in sequence.names if name != chrom))
    return {chrom: (*stated.get(chrom, ()), *_plain(chrom, stated.get(chrom, ()), lengths)) for chrom in lengths}


def chromosomes_named(
    found: Iterable[str], aliases: Mapping[str, tuple[str, ...]]
) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """Match names of an annotation to the sequences of a FASTA file, each with its aliases.

    Gives name -> sequence, and of the ambiguous names the sequences that each may be; the rest is unknown.
    """
    by_alias: dict[str, set[str]] = defaultdict(set)
    for chrom, others in aliases.items():
        for other in others:
            by_alias[other].add(chrom)
    known: dict[str, str] = {}
    ambiguous: dict[str, tuple[str, ...]] = {}
    for name in found:
        if name in aliases:
            known[name] = name
        elif len(by_alias.get(name, ())) == 1:
            known[name] = next(iter(by_alias[name]))
        elif name in by_alias:
            ambiguous[name] = tuple(sorted(by_alias[name]))
    return known, ambiguous


def _of_report(path: Path, number: int, header: list[str], columns: list[str]) -> SequenceNames:
    values = dict(zip(header, columns, strict=False))
    names = dict.fromkeys(values[key] for key in _REPORT_COLUMNS if values.get(key, "") not in _ABSENT)
    length = values.get(_REPORT_LENGTH, "")
    if not names or not (_LENGTH.fullmatch(length) or length in _ABSENT):
        raise SequenceError(f"{path}:{number}: found {columns[:9]}, expected the columns {header}")
    return SequenceNames(tuple(names), None if length in _ABSENT else int(length))


def _of_pairs(rows: list[list[str]]) -> list[SequenceNames]:
    """Of rows alias, sequence, source: UCSC's database table."""
    names: dict[str, dict[str, None]] = {}
    for alias, chrom, _ in rows:
        names.setdefault(chrom, {chrom: None})[alias] = None
    return [SequenceNames(tuple(of_chrom)) for of_chrom in names.values()]


def _plain(chrom: str, stated: tuple[str, ...], lengths: Mapping[str, int]) -> tuple[str, ...]:
    """Give chr1 for 1, 1 for chr1, and the mitochondrion's usual names, where no other sequence is called so."""
    if chrom in _MITOCHONDRION:
        others = [name for name in _MITOCHONDRION if name != chrom]
    elif _WITH_CHR.match(chrom):
        others = [chrom[3:]]
    else:
        others = [f"chr{chrom}"] if _PLAIN.fullmatch(chrom) else []
    return tuple(other for other in others if other not in lengths and other not in stated)
