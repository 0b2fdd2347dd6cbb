"""Commands about models and splits: `evaluate`, `truth` and `split`."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genatator_assets.cli.common import dataset_options, exit_with, root_option
from genatator_assets.errors import EvaluationError
from genatator_assets.work.terminal import print_table, say, write_data

if TYPE_CHECKING:
    from genatator_assets.evaluation.scores import Scores

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)
_LIMIT = re.compile(r"(?P<metric>[^=\s]+)=(?P<least>[0-9.]+)")
_SHOWN = ("gene", "interval", "site", "base", "nucleotide")


class _Words(click.ParamType[tuple[str, ...]]):
    """Comma-separated words."""

    name = "words"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Split them."""
        return value if isinstance(value, tuple) else tuple(word for word in str(value).split(",") if word)


class _Numbers(click.ParamType[tuple[float, ...]]):
    """Comma-separated numbers."""

    name = "numbers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        """Read them."""
        try:
            return value if isinstance(value, tuple) else tuple(float(number) for number in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r}: expected comma-separated numbers", param, ctx)


@click.command()
@click.argument("predictions", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@root_option
@click.option("--split", help="Score against this split of the dataset: train, validation or test.")
@click.option(
    "--truth",
    type=click.Path(exists=True, path_type=Path),
    help="Score against the gene models of this file, or a folder that 'truth' wrote, instead of a dataset.",
)
@click.option(
    "-k",
    "--k",
    "ks",
    type=_Numbers(),
    default=(0, 50, 100, 250, 500),
    show_default="0,50,100,250,500",
    help="Distances in bp within which ends of transcripts match.",
)
@click.option("--by", type=_Words(), default=(), help="Also score strata: genome, chrom, strand, type, leakage.")
@click.option("--genome", help="Judge only this genome of the split.")
@click.option("--mask", type=_FILE, help="BED of bases that don't count.")
@click.option("--unstranded", is_flag=True, help="Let predictions match on either strand.")
@click.option("--deduplicate", is_flag=True, help="Count predictions of the same place once.")
@click.option(
    "--positive",
    type=click.Choice(["target", "site"]),
    default="target",
    show_default=True,
    help="Which bases are positive for scores per base: those with a target above 0, or the sites alone.",
)
@click.option("--sites", is_flag=True, help="BED files hold single sites, named tss or polya.")
@click.option(
    "--terminal-tolerance",
    type=click.IntRange(min=0),
    help="Count exons once more, forgiving so many bp at the free ends of first and last exons, as gffcompare does.",
)
@click.option("--lenient", is_flag=True, help="Drop and count rows with unknown names or positions past the end.")
@click.option(
    "--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Processes for scores per base."
)
@click.option("-o", "--output", type=_FOLDER, help="Write tables, a card, errors and a picture into this folder.")
@click.option("--fail-under", multiple=True, metavar="METRIC=NUMBER", help="Exit with 1 below it: interval@50.f1=0.4.")
def evaluate(
    predictions: tuple[Path, ...],
    root: Path,
    split: str | None,
    truth: Path | None,
    output: Path | None,
    fail_under: tuple[str, ...],
    **options: Any,
) -> None:
    """Score predictions.

    PREDICTIONS are files of gene models (GFF3, GTF, BED) or folders with scores per base (bigWig, .npz, .npy, blocks).

    \b
        genatator-assets evaluate augustus.gff3 --split test -o scores
        genatator-assets evaluate helixer.gff3 tiberius.gtf --truth truth.gff3.gz --fail-under interval@50.f1=0.4

    What is counted, and how, is in docs/evaluation.md.
    """
    from genatator_assets.evaluation.evaluate import evaluate as score_predictions
    from genatator_assets.evaluation.scores import text_tables

    if (truth is None) == (split is None):
        raise EvaluationError("expected either --split, of the dataset at --root, or --truth")
    limits = [_limit(text) for text in fail_under]
    rules = {
        "k": [int(k) for k in options.pop("ks")],
        "by": options.pop("by"),
        "stranded": not options.pop("unstranded"),
    }
    scores = score_predictions(truth or root, split, predictions, **rules, **options)
    for table in text_tables(scores):
        if table.title in _SHOWN:
            print_table(table)
    for path in scores.save(output) if output else ():
        write_data(f"{path}\n")
    exit_with([fault for limit in limits for fault in _below(scores, *limit)])


def _limit(text: str) -> tuple[str, float]:
    found = _LIMIT.fullmatch(text)
    if found is None:
        raise EvaluationError(f"--fail-under {text!r}: expected METRIC=NUMBER, such as interval@50.f1=0.4")
    return found["metric"], float(found["least"])


def _below(scores: "Scores", metric: str, least: float) -> list[str]:
    """Return what falls below a limit; what is not defined does, too."""
    faults = []
    for one in scores.predictions:
        value = scores.value(metric, one.name)
        if value is None or value < least:
            shown = "not defined" if value is None else f"{value:.4f}"
            faults.append(f"{one.name}: {metric} is {shown}, expected at least {least:g}")
    return faults


@click.command()
@root_option
@click.option("--split", required=True, help="The split: train, validation or test.")
@click.option("--genome", help="Only this genome of the split.")
@click.option("-o", "--output", "--out", type=_FOLDER, required=True, help="Folder for the files.")
def truth(root: Path, split: str, genome: str | None, output: Path) -> None:
    """Write the truth of a split.

    Gene models as GFF3 with exons and CDS, tables of transcripts and sites, and the regions that are judged. With
    these, predictions can be scored without the dataset: evaluate PREDICTION --truth FOLDER.
    """
    from genatator_assets.evaluation.publish import write_truth
    from genatator_assets.evaluation.truth import truth_of_split
    from genatator_assets.work.layout import Layout
    from genatator_assets.work.unit import Provenance

    found = truth_of_split(Layout(root), split, [genome] if genome else None)
    for path in write_truth(found, output, Provenance(found.inputs, {"split": split, "genome": genome})):
        write_data(f"{path}\n")


@click.command()
@dataset_options
@click.option("--by", type=click.Choice(["homology"]), default="homology", show_default=True, help="What joins units.")
@click.option(
    "--fractions",
    type=_Numbers(),
    default=(0.9, 0.05, 0.05),
    show_default="0.9,0.05,0.05",
    help="Shares of train, validation and test.",
)
@click.option(
    "--unit-bp", type=click.IntRange(min=1_000), default=1_000_000, show_default=True, help="Length of a unit."
)
@click.option("--chromosomes", is_flag=True, help="Whole chromosomes are units, so that no mask is needed.")
@click.option("-o", "--output", type=_FOLDER, required=True, help="Folder for the catalogue, BED files and table.")
def split(
    catalogue: str, root: Path, by: str, fractions: tuple[float, ...], unit_bp: int, chromosomes: bool, output: Path
) -> None:
    """Propose splits by homology.

    Units (stretches of chromosomes) that share k-mers, gene names or similar proteins go to the same split. The
    assemblies must be imported. Writes a catalogue, splits.bed, a mask for each split, and residual_leakage.tsv.
    """
    from genatator_assets.leakage.splitting import residual_table, split_by_homology, write_splits
    from genatator_assets.leakage.tasks import judging_of
    from genatator_assets.parts import load_catalogue

    read = load_catalogue(catalogue)
    judging = judging_of(read, root.absolute())
    splits = split_by_homology(judging, fractions, None if chromosomes else unit_bp)
    print_table(residual_table(splits))
    say(
        f"Edges of weight {splits.dealt.threshold:g} or more were kept; the largest group of units has"
        f" {splits.dealt.largest:.1%} of all bases."
    )
    for path in write_splits(splits, output, read.model_dump(mode="json", exclude_defaults=True, by_alias=True)):
        write_data(f"{path}\n")
