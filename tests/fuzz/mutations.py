"""How files are damaged: bytes, lines and columns are changed, repeated, swapped, cut, and odd things put in.

Each change takes a file's bytes and a source of chance, which is hypothesis's own or `random.Random`.
"""

from collections.abc import Callable, Sequence
from random import Random

TRICK_NAMES = (
    "../../x", "..", ".", "...", "/etc/x", "a,b", "a/b", "a\\b", "a=b", "a b", "a|b", "~", "~root", "-rf", "$HOME",
    "`id`", "{root}", "%2e%2e%2fx", "a%0Ab", "a%09b", "a%00b", "%", "%zz", "%1b[2J", "*", "?", "[a]", "a'b", 'a"b',
    "a;b", "#a", ">a", "CON", "nul", "manifest.json", "0.parquet", "chrom=a", "x" * 200, "x" * 216, "x" * 5_000,
    "NaN", "null", "1e3",
)  # fmt: skip
"""Names that try to be more than a name. All are printable ASCII; some hold a space, which ends an id in FASTA."""

ODD_TEXTS = (
    "\0", "\x01", "\x07", "\x0b", "\x0c", "\x1b[31m", "\x1c", "\x7f", "\x85", "\xa0", "\u200b", "\u2028", "\u202e",
    "\ufeff", "\ufffe", "²", "٣", "Ω", "é", "e\u0301", "𝟙", "😀", "\r", "\r\n", "\n\n", "\t", "\t\t", " ", "##FASTA\n",
    "###\n", ">", "#", "%00", "%0A", "%",
)  # fmt: skip

ODD_NUMBERS = (
    "-1", "0", "-0", "1", "00001", "+1", "1.0", "1e9", "1_000", "1,000", "0x10", "2147483647", "2147483648",
    "4294967296", "999999999999999999", "9223372036854775807", "9223372036854775808", "9" * 40, "9" * 5_000, "inf",
    "nan", ".", "", "٣", "²",
)  # fmt: skip

_BAD_BYTES = (b"\xff", b"\xfe", b"\x80", b"\xc3", b"\xed\xa0\x80", b"\xf8\x88", b"\x1f\x8b", b"\xef\xbb\xbf", b"\0")
_WORDS = (
    b"transcript", b"mRNA", b"lnc_RNA", b"exon", b"CDS", b"gene", b"+", b"-", b".", b"?", b"ID=", b"Parent=",
    b"transcript_id ", b'transcript_id ""', b'gene_type "', b"gbkey=mRNA", b"part=1/2", b"pseudo=true",
    b"##sequence-region a 1 9\n", b"{", b"}", b"[", b"]", b"*a", b"&a ", b"<<: ", b"!!int ", b"- ", b": ", b"~", b'"',
)  # fmt: skip

Change = Callable[[bytes, Random], bytes]


def mutated(content: bytes, random: Random, most: int = 5) -> bytes:
    """Change `content` one to `most` times."""
    for _ in range(random.randint(1, most)):
        content = random.choice(CHANGES)(content, random)
    return content


def _place(content: bytes, random: Random) -> int:
    return random.randint(0, len(content))


def _flip(content: bytes, random: Random) -> bytes:
    place = random.randrange(len(content)) if content else 0
    flipped = (content[place : place + 1] or b"\0")[0] ^ (1 << random.randrange(8))
    return content[:place] + bytes([flipped]) + content[place + 1 :]


def _cut(content: bytes, random: Random) -> bytes:
    return content[: _place(content, random)]


def _delete(content: bytes, random: Random) -> bytes:
    place = _place(content, random)
    return content[:place] + content[place + random.randint(1, 80) :]


def _repeat(content: bytes, random: Random) -> bytes:
    place = _place(content, random)
    piece = content[place : place + random.randint(1, 80)]
    return content[:place] + piece * random.choice([2, 3, 50]) + content[place + len(piece) :]


def _insert(content: bytes, random: Random) -> bytes:
    place = _place(content, random)
    texts = [text.encode() for text in (*ODD_TEXTS, *ODD_NUMBERS, *TRICK_NAMES)]
    return content[:place] + random.choice([*texts, *_BAD_BYTES, *_WORDS]) + content[place:]


def _lines_changed(content: bytes, random: Random, change: Callable[[list[bytes], Random], None]) -> bytes:
    lines = content.split(b"\n")
    change(lines, random)
    return b"\n".join(lines)


def _swap(parts: list[bytes], random: Random) -> None:
    one, other = random.randrange(len(parts)), random.randrange(len(parts))
    parts[one], parts[other] = parts[other], parts[one]


def _swap_lines(content: bytes, random: Random) -> bytes:
    return _lines_changed(content, random, _swap)


def _drop_line(content: bytes, random: Random) -> bytes:
    return _lines_changed(content, random, lambda lines, random: lines.__delitem__(random.randrange(len(lines))))


def _repeat_line(content: bytes, random: Random) -> bytes:
    def change(lines: list[bytes], random: Random) -> None:
        line = random.randrange(len(lines))
        lines[line:line] = [lines[line]] * random.choice([1, 2, 30])

    return _lines_changed(content, random, change)


def _in_columns(content: bytes, random: Random, change: Callable[[list[bytes], Random], None]) -> bytes:
    def in_a_line(lines: list[bytes], random: Random) -> None:
        with_columns = [number for number, line in enumerate(lines) if b"\t" in line] or [0]
        number = random.choice(with_columns)
        columns = lines[number].split(b"\t")
        change(columns, random)
        lines[number] = b"\t".join(columns)

    return _lines_changed(content, random, in_a_line)


def _swap_columns(content: bytes, random: Random) -> bytes:
    return _in_columns(content, random, _swap)


def _odd_column(content: bytes, random: Random) -> bytes:
    """Put an odd name or number in the place of a column."""

    def change(columns: list[bytes], random: Random) -> None:
        columns[random.randrange(len(columns))] = random.choice(_ODD_COLUMNS)

    return _in_columns(content, random, change)


def _drop_column(content: bytes, random: Random) -> bytes:
    return _in_columns(content, random, lambda columns, random: columns.__delitem__(random.randrange(len(columns))))


def _line_ends(content: bytes, random: Random) -> bytes:
    return content.replace(b"\n", random.choice([b"\r\n", b"\r", b"\n\n", b" \n", b"\t\n"]))


_ODD_COLUMNS: Sequence[bytes] = [text.encode() for text in (*TRICK_NAMES, *ODD_NUMBERS, *ODD_TEXTS)]
CHANGES: Sequence[Change] = (
    _flip,
    _cut,
    _delete,
    _repeat,
    _insert,
    _insert,
    _swap_lines,
    _drop_line,
    _repeat_line,
    _swap_columns,
    _odd_column,
    _odd_column,
    _drop_column,
    _line_ends,
)
