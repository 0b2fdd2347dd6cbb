"""VariantStreamer: the sequence around each single-nucleotide variant of a VCF file, by both alleles."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from genatator_assets.reading.genomic.bioseq import Bioseq, OneHot
from genatator_assets.reading.genomic.indexer import Interval, WindowError
from genatator_assets.work.lines import whole_lines

_BASES = frozenset("ACGT")
_COLUMNS = 5


class Variant(NamedTuple):
    """A single-nucleotide variant; `pos` is 0-based."""

    name: str
    chrom: str
    pos: int
    ref: str
    alt: str


class Batch(NamedTuple):
    """Variants, their reference sequences and their alternative ones, one-hot (variants, positions, 1, words)."""

    names: list[str]
    chroms: list[str]
    positions: list[int]
    reference: list[str]
    alternative: list[str]
    reference_sequences: OneHot
    alternative_sequences: OneHot


class VariantStreamer:
    """Sequences of `binsize` bp around variants, in batches.

    Only variants of one base by one base are taken, and those whose sequence does not begin before the chromosome.
    Where the genome has another base than the variant's reference, both sequences are the genome's.
    """

    def __init__(self, bioseq: Bioseq, variants: str | Path, binsize: int, batch_size: int) -> None:
        """Take a genome, a VCF file (plain or compressed), and how much is wanted at once.

        Raises:
            WindowError: a number is not positive, or the file does not exist.
        """
        for name, value in (("binsize", binsize), ("batch_size", batch_size)):
            if value < 1:
                raise WindowError(f"{name}>0 required, found {value}")
        if not Path(variants).is_file():
            raise WindowError(f"File {variants} does not exist.")
        self.bioseq, self.variants, self.binsize, self.batch_size = bioseq, Path(variants), binsize, batch_size

    def get_variant_count(self) -> int:
        """Return the number of variants that are taken."""
        return sum(1 for _ in self._taken())

    def flow(self) -> Iterator[Batch]:
        """Yield batches; the last may have fewer variants.

        Raises:
            WindowError: the file is not a VCF file.
        """
        batch: list[Variant] = []
        for variant in self._taken():
            batch.append(variant)
            if len(batch) == self.batch_size:
                yield self._batch(batch)
                batch = []
        if batch:
            yield self._batch(batch)

    def _start(self, pos: int) -> int:
        return pos - (self.binsize - 1) // 2

    def _batch(self, variants: list[Variant]) -> Batch:
        reference, alternative = [], []
        for one in variants:
            start = self._start(one.pos)
            letters = self.bioseq.letters(Interval(one.chrom, start, start + self.binsize), self.binsize).upper()
            place = one.pos - start
            matches = letters[place : place + 1] == one.ref.encode()
            reference.append(letters)
            alternative.append(letters[:place] + one.alt.encode() + letters[place + 1 :] if matches else letters)
        return Batch(
            [one.name for one in variants],
            [one.chrom for one in variants],
            [one.pos for one in variants],
            [one.ref for one in variants],
            [one.alt for one in variants],
            self.bioseq.laid_out(reference),
            self.bioseq.laid_out(alternative),
        )

    def _taken(self) -> Iterator[Variant]:
        for number, columns in self._rows():
            chrom, pos, name, ref, alt = columns[:_COLUMNS]
            if not pos.isdecimal():
                raise WindowError(f"{self.variants}:{number}: found {pos!r}, expected a position")
            ref, alt, place = ref.upper(), alt.upper(), int(pos) - 1
            if ref in _BASES and alt in _BASES and self._start(place) >= 0:
                yield Variant("" if name == "." else name, chrom, place, ref, alt)

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        number = 0
        for piece in whole_lines(self.variants, WindowError, "a VCF file"):
            for line in piece.decode("utf-8", "replace").splitlines():
                number += 1
                if not line or line.startswith("#"):
                    continue
                columns = line.split("\t")
                if len(columns) < _COLUMNS:
                    raise WindowError(
                        f"{self.variants}:{number}: found {line[:80]!r}, expected the columns of a VCF file"
                    )
                yield number, columns
