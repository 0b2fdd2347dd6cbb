"""`intervals`: lists of BED files become labelled one-hot HDF5; also as the script `genomic_interval_pipeline`."""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genatator_assets.cli.common import FAILED
from genatator_assets.errors import BedError
from genatator_assets.work.terminal import complain, write_data

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genatator_assets.intervals.dataset import Prepared, Recipe
    from genatator_assets.intervals.lists import Listed
    from genatator_assets.intervals.splits import RandomSplit

_LOG = logging.getLogger("genatator_assets.intervals")
_LEVELS = {
    "off": logging.CRITICAL + 1,
    "error": logging.ERROR,
    "warn": logging.WARNING,
    "info": logging.INFO,
    "debug": logging.DEBUG,
    "trace": logging.DEBUG,
}
_SHOWN_NAMES = 40
_ALPHABETS = {"gip": "ACTG", "basset": "ACGT"}

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OUTPUT = click.Path(dir_okay=False, path_type=Path)


class _Names(click.ParamType[tuple[str, ...]]):
    """Comma-separated names."""

    name = "names"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Split them."""
        return value if isinstance(value, tuple) else tuple(name for name in str(value).split(",") if name)


@click.group(invoke_without_command=True, no_args_is_help=True)
@click.option("-i", "--input", "beds", type=_FILE, help="List of BED files: on each line a path, and a label if any.")
@click.option(
    "-f",
    "--fasta",
    "--fastq",
    "fasta",
    type=_FILE,
    help="The genome's FASTA file, bgzip or plain, indexed by samtools faidx; any other is indexed first.",
)
@click.option(
    "-o", "--output", type=_OUTPUT, default=Path("dataset"), show_default=True, help="The HDF5 file; .h5 is added."
)
@click.option(
    "-m",
    "--min_overlap",
    "--min-overlap",
    "min_overlap",
    type=int,
    default=200,
    show_default=True,
    help="Merge intervals that have at least so many bases in common.",
)
@click.option(
    "-e",
    "--exclusive",
    is_flag=False,
    flag_value="true",
    default="false",
    type=bool,
    help="Keep only regions with exactly one label (multiclass instead of multilabel).",
)
@click.option("-l", "--length", type=int, default=600, show_default=True, help="Length of each region.")
@click.option(
    "--test_chr",
    "--test-chr",
    "test_chr",
    type=_Names(),
    default="chr19,chr20",
    show_default=True,
    help="Chromosomes for testing, comma-separated.",
)
@click.option(
    "--valid_chr",
    "--valid-chr",
    "valid_chr",
    type=_Names(),
    default="chr21,chr22",
    show_default=True,
    help="Chromosomes for validation; all others are for training.",
)
@click.option(
    "--loglevel",
    type=click.Choice(list(_LEVELS), case_sensitive=False),
    default="info",
    show_default=True,
    help="How much to report on standard error.",
)
@click.option(
    "--method",
    type=click.Choice(["gip", "basset"]),
    default="gip",
    show_default=True,
    help="Merge intervals as they are, or extend them to the length first, as Basset does.",
)
@click.option(
    "--ends",
    type=click.Choice(["pad", "shift", "drop"]),
    help="Regions that run past a chromosome's end are padded with zeros (default), shifted back (basset) or dropped.",
)
@click.option(
    "--chromosomes",
    type=_Names(),
    default="autosomes",
    show_default=True,
    metavar="autosomes|all|NAME,...",
    help="Chromosomes that are wanted; autosomes are chr1 to chr22.",
)
@click.option("--alphabet", help="Order of the bases' columns.  [default: ACTG; basset: ACGT]")
@click.option(
    "--random-split",
    "random_split",
    metavar="TEST,VALIDATION",
    help="Draw regions for testing and validation instead of chromosomes: shares, or numbers of regions.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the random split.")
@click.option(
    "--compression",
    type=click.Choice(["none", "lzf", "gzip"]),
    default="none",
    show_default=True,
    help="Compression of the sequences.",
)
@click.option("--sizes", type=_FILE, help="With --regions-only: chromosomes and their lengths, instead of --fasta.")
@click.option(
    "--regions-only", "regions_only", type=_OUTPUT, help="Write only the regions, as BED with label columns as names."
)
@click.pass_context
def intervals(ctx: click.Context, /, **options: Any) -> None:
    """Make a labelled one-hot HDF5 dataset of BED files and a genome.

    Does what genomic_interval_pipeline does, and takes the same options:

    \b
        genatator-assets intervals -i data/metadata.txt -f hg19.fa.gz -o small_dataset

    The last line printed is the count of all rows and regions, as key=value.
    """
    if ctx.invoked_subcommand is None:
        _run(**options)


def pipeline() -> None:
    """Run `genatator-assets intervals` under the name genomic_interval_pipeline."""
    from genatator_assets.cli import main

    main(args=["intervals", *sys.argv[1:]])


def _run(beds: Path | None, output: Path, loglevel: str, regions_only: Path | None, **options: Any) -> None:
    from genatator_assets.intervals.lists import read_bed_list

    started = time.perf_counter()
    if beds is None:
        raise click.UsageError("Missing option '-i' / '--input': a list of BED files.")
    _log_to_stderr(loglevel)
    recipe = _recipe(**options)
    files = read_bed_list(beds)
    _LOG.info("%s: %d BED files", beds, len(files))
    if regions_only is None:
        written = output if output.suffix == ".h5" else output.with_name(output.name + ".h5")
        prepared = _write_dataset(files, recipe, written, **options)
    else:
        written = regions_only
        prepared = _write_regions(files, recipe, written, **options)
    counts: dict[str, Any] = {**prepared.count(), "seconds": f"{time.perf_counter() - started:.2f}"}
    told = {key: value for key, value in {**counts, "file": written}.items() if value is not None}
    write_data(" ".join(f"{key}={value}" for key, value in told.items()) + "\n")
    if not len(prepared.dataset.regions):
        complain("failed", f"no region is left, so {written} was not written; the line above says where rows went")
        raise SystemExit(FAILED)


def _write_dataset(
    files: Sequence[Listed],
    recipe: Recipe,
    output: Path,
    fasta: Path | None,
    alphabet: str | None,
    compression: Any,
    **_: Any,
) -> Prepared:
    from genatator_assets.intervals.dataset import attributes_of, prepare_listed
    from genatator_assets.intervals.write import Encoding, write_hdf5
    from genatator_assets.sources.stretches import open_indexed
    from genatator_assets.work.files import whole_file

    if fasta is None:
        raise click.UsageError("Missing option '-f' / '--fasta': the genome's FASTA file.")
    try:
        encoding = Encoding(alphabet or _ALPHABETS[recipe.rules.method], compression)
    except ValueError as error:
        raise BedError(f"--alphabet: {error}") from error
    with open_indexed(fasta) as genome:
        prepared = prepare_listed(files, genome.lengths, recipe)
        _report(prepared)
        if len(prepared.dataset.regions):
            with whole_file(output) as temporary:
                write_hdf5(temporary, genome, prepared.dataset, attributes_of(prepared, fasta), encoding)
    return prepared


def _write_regions(
    files: Sequence[Listed], recipe: Recipe, output: Path, fasta: Path | None, sizes: Path | None, **_: Any
) -> Prepared:
    from genatator_assets.intervals.dataset import prepare_listed
    from genatator_assets.intervals.features import write_bed
    from genatator_assets.regions.sizes import read_sizes
    from genatator_assets.sources.lengths import lengths_of_file

    lengths = read_sizes(sizes) if sizes else lengths_of_file(fasta) if fasta else None
    if lengths is None:
        raise click.UsageError("'--regions-only' needs chromosome lengths: give '--fasta' or '--sizes'.")
    prepared = prepare_listed(files, lengths, recipe)
    _report(prepared)
    if len(prepared.dataset.regions):
        write_bed(output, prepared.dataset)
    return prepared


def _report(prepared: Prepared) -> None:
    """Log what became of rows."""
    passed_over = prepared.collected.passed_over
    if passed_over:
        shown = [f"{name} {count:,}" for name, count in list(passed_over.items())[:_SHOWN_NAMES]]
        more = [f"and {len(passed_over) - len(shown):,} names more"] if len(passed_over) > len(shown) else []
        _LOG.warning("rows passed over, of other chromosomes: %s", ", ".join([*shown, *more]))
    for name, told in _WORTH_SAYING.items():
        if count := prepared.count()[name]:
            _LOG.warning(told, count)
    regions = prepared.dataset.regions
    for chrom, numbers in prepared.dataset.by_chromosome():
        _LOG.debug("%s: %d regions", chrom, len(numbers))
    _LOG.info("%d regions with %d labels", len(regions), len(prepared.dataset.labels))


_WORTH_SAYING = {
    "malformed": "%d malformed rows were passed over",
    "outside": "%d rows begin behind their chromosome's end and were passed over",
    "past_end": "%d rows end behind their chromosome's end",
    "duplicates": "%d regions became equal by centring, and were united",
}


def _log_to_stderr(level: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    _LOG.handlers = [handler]
    _LOG.setLevel(_LEVELS[level.lower()])


def _recipe(
    method: Any, ends: Any, random_split: str | None, seed: int, chromosomes: tuple[str, ...], **options: Any
) -> Recipe:
    """Put the options together.

    Raises:
        BedError: they make no sense together.
    """
    from genatator_assets.intervals.dataset import ChromosomeSplit, Recipe
    from genatator_assets.intervals.regions import Rules

    try:
        rules = Rules(
            method=method,
            length=options["length"],
            min_overlap=options["min_overlap"],
            exclusive=options["exclusive"],
            ends=ends or ("shift" if method == "basset" else "pad"),
        )
        by_chromosome = ChromosomeSplit(validation=options["valid_chr"], test=options["test_chr"])
        split = _random_split(random_split, seed) if random_split else by_chromosome
    except ValueError as error:
        raise BedError(str(error)) from error
    whole = chromosomes[0] if len(chromosomes) == 1 and chromosomes[0] in {"autosomes", "all"} else chromosomes
    return Recipe(rules, split, whole)


def _random_split(text: str, seed: int) -> RandomSplit:
    from genatator_assets.intervals.splits import RandomSplit

    try:
        test, validation = map(float, text.split(","))
    except ValueError as error:
        raise BedError(f"--random-split {text!r}: expected two numbers such as 0.1,0.1") from error
    return RandomSplit(test, validation, seed)


@intervals.command("basset-features")
@click.argument("beds", type=_FILE, metavar="LIST")
@click.option("-a", "table", type=_FILE, help="Table of activities of the database (-b).")
@click.option("-b", "--add", "database", type=_FILE, help="BED file of a database of features to add to.")
@click.option("-c", "sizes", type=_FILE, help="Table of chromosome lengths; regions are shifted back from the ends.")
@click.option("-i", "ignore_auxiliary", is_flag=True, help="Only chromosomes called chr and a number, or chrX.")
@click.option(
    "-m", "min_overlap", type=int, default=200, show_default=True, help="Minimum overlap of features to merge."
)
@click.option("-n", "no_activities", is_flag=True, help="Drop the activities of the database.")
@click.option("-o", "prefix", default="features", show_default=True, help="Files are PREFIX.bed and PREFIX_act.txt.")
@click.option("-s", "size", type=int, default=600, show_default=True, help="Length of features.")
@click.option("-y", "ignore_y", is_flag=True, help="Without chrY.")
def basset_features(beds: Path, prefix: str, min_overlap: int, size: int, **options: Any) -> None:
    """Make features and a table of activities of BED files, as Basset's preprocess_features.py does.

    LIST has a label and the path of a BED file on each line.
    """
    from genatator_assets.intervals import basset
    from genatator_assets.intervals.features import write_bed
    from genatator_assets.intervals.regions import Rules
    from genatator_assets.regions.sizes import read_sizes

    database, table, sizes = options["database"], options["table"], options["sizes"]
    if database and not table and not options["no_activities"]:
        raise click.UsageError("'-b' needs the database's table of activities, '-a', or '-n' to drop them.")
    try:
        rules = Rules("basset", size, min_overlap, ends="shift")
    except ValueError as error:
        raise BedError(str(error)) from error
    targets = basset.read_targets(table) if database and not options["no_activities"] else ()
    features = basset.basset_features(
        basset.read_basset_list(beds),
        read_sizes(sizes) if sizes else {},
        rules,
        basset.Database(database, targets) if database else None,
        basset.wanted(options["ignore_auxiliary"], options["ignore_y"]),
    )
    if not len(features.regions):
        raise BedError(f"{beds}: no feature is left; are there intervals on the chromosomes that are wanted?")
    write_bed(Path(f"{prefix}.bed"), features)
    basset.write_activities(Path(f"{prefix}_act.txt"), features)
    write_data(f"kept={len(features.regions)} targets={len(features.labels)} file={prefix}.bed\n")


@intervals.command("basset-hdf5")
@click.argument("fasta", type=_FILE)
@click.argument("table", type=_FILE)
@click.argument("output", type=_OUTPUT)
@click.option("-b", "batch", type=click.IntRange(1), help="Round each part down to whole batches.")
@click.option("-c", "counts", is_flag=True, help="-t and -v are numbers of sequences, not shares.")
@click.option("-e", "length", type=click.IntRange(1), help="Pad or trim sequences to this length.")
@click.option("-r", "permute", is_flag=True, hidden=True, help="Sequences are always permuted.")
@click.option("-s", "seed", type=int, default=1, show_default=True, help="Seed of the permutation.")
@click.option("-t", "test", type=click.FloatRange(0), default=0, show_default=True, help="Share for testing.")
@click.option("-v", "validation", type=click.FloatRange(0), default=0, show_default=True, help="Share for validation.")
@click.option("--vt", "validation_is_test", is_flag=True, help="Use the validation set as test set, too.")
def basset_hdf5(fasta: Path, table: Path, output: Path, counts: bool, length: int | None, **shares: Any) -> None:
    """Write sequences and their activities for training, as Basset's seq_hdf5.py means to do.

    FASTA holds the features' sequences, or is their genome; TABLE is their table of activities.
    """
    from genatator_assets.intervals.basset_hdf5 import Shares, write_basset_hdf5

    shares.pop("permute")
    for option, value in (("-t", shares["test"]), ("-v", shares["validation"])):
        if counts == (0 < value < 1) and value:
            raise click.UsageError(
                f"'{option}' {value:g}: expected a {'number, with -c' if counts else 'share below 1'}."
            )
    written = write_basset_hdf5(output, fasta, table, Shares(**shares), length)
    write_data(" ".join(f"{key}={value}" for key, value in {**written, "file": output}.items()) + "\n")


@click.command("trim-regions")
@click.argument("bed", type=_FILE)
@click.argument("output", type=_OUTPUT)
@click.option("--divisible-by", "length", type=click.IntRange(1), required=True, help="Bases of a bin, such as 50.")
def trim_regions(bed: Path, output: Path, length: int) -> None:
    """Trim regions so that they line up with bins.

    The intervals of the file BED are written to OUTPUT, each starting and ending at multiples of --divisible-by, within
    what it was. Those of which nothing is left are left out. Janggu's janggu-trim does the same.
    """
    from genatator_assets.regions.trim import trim_bed

    done = trim_bed(bed, output, length)
    write_data(f"read={done.read} shortened={done.shortened} left_out={done.left_out} kept={done.kept} file={output}\n")
