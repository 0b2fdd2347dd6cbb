"""Where NCBI keeps an assembly's files: https://www.ncbi.nlm.nih.gov/genome/doc/ftpfaq/."""

import os
import re
from dataclasses import dataclass, replace
from urllib.parse import unquote

from genatator_assets.errors import AbsentError, FetchError
from genatator_assets.sources.fetch import Cache

BASE_VARIABLE = "GENATATOR_NCBI"
_BASE = "https://ftp.ncbi.nlm.nih.gov/genomes/all"
_IN_FULL = re.compile(r"GC[AF]_\d{9}\.\d+_.+")
_LISTED = re.compile(r'href="(?:[^"]*/)?(GC[AF]_[^"/]+)/"')


@dataclass(frozen=True)
class NcbiAssembly:
    """The addresses of an assembly's files; `name` is in full, as GCF_000146045.2_R64.

    >>> NcbiAssembly("https://ftp.ncbi.nlm.nih.gov/genomes/all", "GCF_000146045.2_R64").sequence
    'https://ftp.ncbi.nlm.nih.gov/genomes/all/GCF/000/146/045/GCF_000146045.2_R64/GCF_000146045.2_R64_genomic.fna.gz'
    """

    base: str
    name: str

    @property
    def sequence(self) -> str:
        """The FASTA file."""
        return self._file("genomic.fna.gz")

    @property
    def annotation(self) -> str:
        """The GFF3 file; many GenBank assemblies have none."""
        return self._file("genomic.gff.gz")

    @property
    def report(self) -> str:
        """The assembly report, with all names of each sequence."""
        return self._file("assembly_report.txt")

    def _file(self, content: str) -> str:
        return f"{_folder(self.base, self.name)}{self.name}/{self.name}_{content}"


def locate(accession: str, cache: Cache) -> NcbiAssembly:
    """Find an assembly by its accession with version, with or without the assembly's name behind it.

    Without the name NCBI's folder is listed; a listing that was fetched before is looked into first.

    Raises:
        FetchError: there is no such assembly, or there are several; the message says what is there.
    """
    base = os.environ.get(BASE_VARIABLE, _BASE).rstrip("/")
    if _IN_FULL.fullmatch(accession):
        return NcbiAssembly(base, accession)
    folder = _folder(base, accession)
    names = _names(folder, accession, cache)
    found = [name for name in names if name == accession or name.startswith(f"{accession}_")]
    if not found and not cache.again:  # it may be newer than the listing
        return locate(accession, replace(cache, again=True))
    if len(found) != 1:
        what = "no assembly" if not found else "more than one assembly"
        raise FetchError(
            f"accession {accession}: {what} of that name in {folder}; there are: {', '.join(names) or 'none'}."
            " Give one of them as the accession"
        )
    return NcbiAssembly(base, found[0])


def _names(folder: str, accession: str, cache: Cache) -> list[str]:
    """Return the names of the assemblies in a folder, in order."""
    try:
        return sorted({unquote(name) for name in _LISTED.findall(cache.page(folder))})
    except AbsentError as error:
        raise FetchError(f"accession {accession}: {error}; is the accession right?") from error


def _folder(base: str, accession: str) -> str:
    digits = accession[4:13]
    return f"{base}/{accession[:3]}/{digits[:3]}/{digits[3:6]}/{digits[6:]}/"
