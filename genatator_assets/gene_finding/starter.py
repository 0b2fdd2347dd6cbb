"""The text of a first catalogue for one FASTA file and its annotation: every key, with its default as a comment."""

import re
from collections.abc import Iterable, Mapping

import yaml

from genatator_assets.catalogue.model import Annotation, Catalogue
from genatator_assets.gene_finding.section import GeneFinding

_DEFAULT, _CHANNELS = Catalogue.model_construct(), GeneFinding()
_DEFAULT_LEAST_BP = _DEFAULT.min_chromosome_length_bp
_ROUND_BP: list[int] = [factor * 10**power for power in range(4, -1, -1) for factor in (5, 2, 1)]
_LOST_SHARE = 0.1
_SUFFIXES = re.compile(r"(_genomic)?\.(fa|fna|fas|fasta|fsa)(\.(gz|bgz))?$", re.IGNORECASE)
_PLAIN = re.compile(r"[\w./+-][\w ./+-]*")

_TEXT = """\
# What a dataset is made of, begun by 'genatator-assets init'. Paths are relative to this file's folder.
# A key behind a '# ' shows what holds without it, or an example where it says so: to set it, take the '# ' away.
# Further assemblies: further entries. All keys, and files that are to be fetched: docs/catalogue.md.

# The name of the dataset, as its card shows it.
dataset: {genome}

# Shorter sequences are left out; may also stand in an assembly. {least}

# Of a release, by the hub's name for it.
# license: {default.license}

# The twelve channels over DNA; gene_finding: false leaves them out.
gene_finding:
  # The longest block, at most 10_000_000.
  block_size_bp: {channels.block_size_bp:_}

  # The kernel of the TSS and polyA channels, exactly 0 beyond its radius; also in an assembly, under gene_finding.
  # laplace exp(-|d|/w), gaussian exp(-d^2/2w^2), triangular 1-|d|/w, box 1.
  # kernel: {{shape: {kernel.shape}, width_bp: {kernel.width_bp}, radius_bp: {kernel.radius_bp}}}

  # pages, or pyarrow: the same content, slower.
  # block_writer: {channels.block_writer}
  # channel_sets: [structure, splice, coding]  # example: gene structure base by base, in blocks beside the twelve
  # isoforms: {channels.isoforms}  # representative: channel sets of one isoform a gene

assemblies:
  - genome: {genome}  # its name in metadata, paths and partition keys
    species: {species}
    sequence:
      path: {sequence}
    annotation:
      path: {annotation}
      # flavour: {how.flavour}  # auto (detected), refseq, gencode, ensembl or generic
      # types: {{mRNA: [mRNA], lncRNA: [lnc_RNA]}}  # example: what counts, instead of the flavour's own
      # partial: {how.partial}  # drop: reject transcripts that are called incomplete
      # lengths: {how.lengths}  # ignore: take an annotation that states other lengths of the sequences
      # max_malformed: {how.max_malformed}  # the maximum share of malformed lines, which are counted and passed over
      # strict: {strict}  # true: allow no malformed line

    # Other names of the sequences, where FASTA and annotation differ: NCBI's assembly report or UCSC's chromAlias.
    # aliases: {{path: assembly_report.txt}}  # example

    # The sequences wanted, by their names in the FASTA file; by default every one that is long enough.
    # chromosomes: {{include: {include}, exclude: []}}  # example

    # The chromosomes of each split; the rest goes to default.
    splits:
      # validation: {validation}  # example
      # test: {test}  # example
      default: train
"""


def starter_catalogue(
    genome: str, species: str | None, sequence: str, annotation: str, lengths: Mapping[str, int]
) -> str:
    """Return the text of a catalogue of one genome; `lengths` (name -> bp) are of the sequences of its FASTA file.

    The two paths are written as they are given.
    """
    least = least_length(lengths)
    longest = sorted(lengths, key=lambda chrom: -lengths[chrom])
    included = [chrom for chrom in longest if lengths[chrom] >= least]
    validation, test = included[-1:], included[-2:-1]
    return _TEXT.format(
        genome=_scalar(genome),
        species=_scalar(species) if species else "unknown  # not given: put the name of the species here",
        sequence=_scalar(sequence),
        annotation=_scalar(annotation),
        least=_least(lengths, least),
        default=_DEFAULT,
        channels=_CHANNELS,
        kernel=_CHANNELS.kernel,
        how=Annotation(),
        strict=str(Annotation().strict).lower(),
        include=_list([*included[:1], *test, *validation]),
        validation=_list(validation),
        test=_list(test),
    )


def genome_name(fasta: str) -> str:
    """Make a genome's name from the name of its FASTA file.

    >>> genome_name("GCF_000146045.2_R64_genomic.fna.gz"), genome_name("my yeast (2).fa")
    ('GCF_000146045.2_R64', 'my_yeast_2')
    """
    bare = re.sub(r"[^A-Za-z0-9._+-]+|\.\.+", "_", _SUFFIXES.sub("", fasta))
    return bare.strip("._+-") or "genome"


def least_length(lengths: Mapping[str, int]) -> int:
    """Choose the least length in bp of a chromosome, so that the sequences that are kept hold nearly all bases.

    The default, unless the sequences shorter than it hold more than a tenth of all bases: then the greatest round
    number for which they don't.

    >>> least_length({"chr1": 5_000_000, "MT": 16_569}), least_length({"a": 90_000, "b": 70_000, "c": 900})
    (100000, 50000)
    """
    allowed = _LOST_SHARE * sum(lengths.values())
    return next(least for least in (_DEFAULT_LEAST_BP, *_ROUND_BP) if sum(_shorter(lengths, least)) <= allowed)


def _least(lengths: Mapping[str, int], least: int) -> str:
    short = _shorter(lengths, _DEFAULT_LEAST_BP)
    share = sum(short) / max(1, sum(lengths.values()))
    left_out = f"{len(short):,} of {len(lengths):,} sequences, {share:.1%} of all bases"
    if least == _DEFAULT_LEAST_BP:
        return f"Here: {left_out}.\n# min_chromosome_length_bp: {least:_}"
    return f"The default, {_DEFAULT_LEAST_BP:_},\n# would leave out {left_out}.\nmin_chromosome_length_bp: {least:_}"


def _shorter(lengths: Mapping[str, int], least: int) -> list[int]:
    return [length for length in lengths.values() if length < least]


def _scalar(text: str) -> str:
    """Spell a text in YAML so that it is read back as this text: plain where that can be, else in double quotes."""
    if _PLAIN.fullmatch(text) and yaml.safe_load(text) == text:
        return text
    quoted: str = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=10**9)
    return quoted.rstrip("\n")


def _list(names: Iterable[str]) -> str:
    return f"[{', '.join(map(_scalar, dict.fromkeys(names)))}]"
