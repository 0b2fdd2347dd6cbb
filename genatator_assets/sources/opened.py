"""Text files as they come: compressed, in NCBI's bundle, in UTF-16, or with the line ends of old Macs.

What is read is plain bytes, UTF-8 or ASCII, with newlines or CRLF at the ends of lines. What is no such text is refused
by its name: an archive, a 2bit file, a workbook.
"""

import bz2
import codecs
import fnmatch
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, Literal

from genatator_assets.errors import GenatatorError

BOM = b"\xef\xbb\xbf"
_PIECE_BYTES = 2 << 20
_BUFFER_BYTES = 1 << 20
_GZIP, _BZIP2, _XZ, _ZIP = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"PK\x03\x04"
_TAR = slice(257, 262)
_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}

# What a file begins with, and what it is then; and what to do about it.
_REFUSED: tuple[tuple[bytes, str, str], ...] = (
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", "decompress it (zstd -d), or compress it by gzip"),
    (b"\x04\x22\x4d\x18", "compressed by lz4", "decompress it (lz4 -d), or compress it by gzip"),
    (b"\x1f\x9d", "compressed by compress", "decompress it (uncompress), or compress it by gzip"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it and give the file inside"),
    (b"Rar!", "a rar archive", "unpack it and give the file inside"),
    (b"\x43\x27\x41\x1a", "a 2bit file", "write it as FASTA with UCSC's twoBitToFa"),
    (b"\x1a\x41\x27\x43", "a 2bit file", "write it as FASTA with UCSC's twoBitToFa"),
    (b"\xeb\xf2\x89\x87", "a bigBed file", "write it as BED with UCSC's bigBedToBed"),
    (b"\x87\x89\xf2\xeb", "a bigBed file", "write it as BED with UCSC's bigBedToBed"),
    (b"SQLite format 3\x00", "an SQLite database", "write its features as GFF3 and give that file"),
    (b"\x89HDF", "an HDF5 file", "give a text file"),
    (b"PAR1", "a Parquet file", "give a text file"),
    (b"%PDF", "a PDF document", "give a text file"),
    (b"<!DOCTYPE", "a web page", "download the file itself"),
    (b"<!doctype", "a web page", "download the file itself"),
    (b"<html", "a web page", "download the file itself"),
)
_BUNDLE = "ncbi_dataset/data/"
# In NCBI's bundle: which files of an assembly's folder are wanted; the first pattern with any counts.
_WANTED: dict[str, tuple[str, ...]] = {
    "sequence": ("*_genomic.fna", "*.fna"),
    "annotation": ("genomic.gff", "genomic.gtf"),
}
_NOT_GENOMIC = ("cds_from_genomic.fna", "rna*.fna", "*_rna.fna", "gene.fna")
_INCLUDE = {"sequence": "genome", "annotation": "gff3"}

Kind = Literal["sequence", "annotation"]


@contextmanager
def opened(path: Path, kind: Kind, error: type[GenatatorError]) -> Iterator[BinaryIO]:
    """Open a FASTA file or an annotation for reading its plain bytes; errors are raised as `error`.

    Raises:
        GenatatorError: the file is empty, or no text; or, while it is read, turns out truncated or damaged.
    """
    try:
        with io.BufferedReader(path.open("rb", buffering=0), _BUFFER_BYTES) as file:
            yield _as_text(_decompressed(path, file, kind, error), path, error)
    except (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, zipfile.BadZipFile) as why:
        raise error(f"{path}: the compressed file is truncated or damaged ({why}); get it again") from why
    except UnicodeDecodeError as why:
        raise error(f"{path}: begins as UTF-16 and goes on as something else ({why}); save it as UTF-8") from why
    except OSError as why:
        if why.errno is None and str(why) == "Invalid data stream":  # how bz2 says it
            raise error(f"{path}: the compressed file is truncated or damaged ({why}); get it again") from why
        raise


def is_plain(path: Path) -> bool:
    """Return whether a file is as long as what is read of it, or nearly so: not compressed, nor UTF-16."""
    with path.open("rb") as file:
        head = file.read(512)
    return not head.startswith((_GZIP, _BZIP2, _XZ, _ZIP)) and _utf16(head) is None


def _pieces_of(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_PIECE_BYTES):
        yield piece


def _decompressed(path: Path, file: Any, kind: Kind, error: type[GenatatorError]) -> Any:
    head = file.peek(1)[:512]
    if head.startswith(_GZIP):
        return _buffered(gzip.GzipFile(fileobj=file))
    if head.startswith(_BZIP2):
        return _buffered(bz2.BZ2File(file))
    if head.startswith(_XZ):
        return _buffered(lzma.LZMAFile(file))
    if head.startswith(_ZIP):
        return _buffered(_of_bundle(path, file, kind, error))
    return file


def _buffered(stream: Any) -> io.BufferedReader:
    return io.BufferedReader(stream, _BUFFER_BYTES)


def _as_text(file: io.BufferedReader, path: Path, error: type[GenatatorError]) -> io.BufferedReader:
    """Refuse what is no text, and make UTF-16 and the line ends of old Macs plain."""
    head = file.peek(512)
    expected = "expected a text file: FASTA, GFF3, GTF, BED12 or genePred, plain or compressed by gzip, bzip2 or xz"
    if head[_TAR] == b"ustar":
        raise error(f"{path}: a tar archive; unpack it and give the file inside")
    for magic, what, remedy in _REFUSED:
        if head.startswith(magic):
            raise error(f"{path}: {what}, {expected}; {remedy}")
    if encoding := _utf16(head):
        file = io.BufferedReader(_Pieces(_decoded(file, encoding)), _BUFFER_BYTES)
        head = file.peek(512)
    if b"\r" in head and b"\n" not in head:
        return io.BufferedReader(_Pieces(_old_mac(file)), _BUFFER_BYTES)
    return file


def _utf16(head: bytes) -> str | None:
    """Return the name of the encoding of a file in UTF-16, with or without its mark; None for all others."""
    if stated := _UTF16.get(head[:2]):
        return stated
    even, odd = head[:200:2], head[1:200:2]
    if len(odd) >= 4 and not any(odd) and all(even):
        return "utf-16-le"
    return "utf-16-be" if len(odd) >= 4 and not any(even) and all(odd) else None


def _decoded(file: BinaryIO, encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    first = True
    for piece in _pieces_of(file):
        text = decoder.decode(piece)
        yield (text.removeprefix("\ufeff") if first else text).encode()
        first = False
    yield decoder.decode(b"", final=True).encode()


def _old_mac(file: BinaryIO) -> Iterator[bytes]:
    return (piece.replace(b"\r", b"\n") for piece in _pieces_of(file))


class _Pieces(io.RawIOBase):
    """Pieces of bytes, one after another, as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            if (piece := next(self._pieces, None)) is None:
                return 0
            self._rest = memoryview(piece)
        taken = self._rest[: len(buffer)]
        buffer[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)


# NCBI's bundle


def _of_bundle(path: Path, file: BinaryIO, kind: Kind, error: type[GenatatorError]) -> Any:
    """Open an assembly's sequence or annotation in the zip archive that NCBI Datasets gives."""
    archive = zipfile.ZipFile(file)
    names = archive.namelist()
    if not any(name.startswith(_BUNDLE) for name in names):
        what = "an Excel workbook; save it as text" if "xl/workbook.xml" in names else "a zip archive"
        raise error(f"{path}: {what}: unzip it and give the file inside; only NCBI's ncbi_dataset.zip is read as it is")
    members = _members(names, kind)
    folders = sorted({name.rpartition("/")[0] for name in members})
    if not members:
        dehydrated = "ncbi_dataset/fetch.txt" in names
        raise error(
            f"{path}: this bundle of NCBI has no {kind}"
            + (
                ": it is dehydrated; run 'datasets rehydrate' and give the files"
                if dehydrated
                else f"; download it with --include {_INCLUDE[kind]}"
            )
        )
    if len(folders) > 1:
        raise error(
            f"{path}: this bundle of NCBI holds {len(folders):,} assemblies"
            f" ({', '.join(folder.removeprefix(_BUNDLE) for folder in folders[:4])}); unzip it, give the files of one"
        )
    return _Pieces(piece for name in members for piece in _ending_a_line(archive.open(name)))


def _members(names: list[str], kind: Kind) -> list[str]:
    files = {name: name.rpartition("/")[2] for name in names if name.startswith(_BUNDLE)}
    if kind == "sequence":
        files = {name: file for name, file in files.items() if not _any(file, _NOT_GENOMIC)}
    for pattern in _WANTED[kind]:
        if found := sorted(name for name, file in files.items() if fnmatch.fnmatchcase(file, pattern)):
            return found
    return []


def _any(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _ending_a_line(member: IO[bytes]) -> Iterator[bytes]:
    """Read a file that another one follows."""
    last = b"\n"
    while piece := member.read(_PIECE_BYTES):
        yield piece
        last = piece
    if not last.endswith(b"\n"):
        yield b"\n"
