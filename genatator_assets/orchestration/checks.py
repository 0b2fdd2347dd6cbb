"""The standing checks as asset checks: SQL over the whole dataset that names what offends, and a verified sample."""

from collections.abc import Iterator

import dagster as dg

from genatator_assets.catalogue import Catalogue
from genatator_assets.errors import NotBuiltError, QueryError
from genatator_assets.gene_finding.verify import PAGES, Difference, Sample, verify_pages
from genatator_assets.orchestration.failures import offending
from genatator_assets.orchestration.metadata import markdown_table
from genatator_assets.orchestration.part_assets import part_checks
from genatator_assets.parts import part_named, parts_of
from genatator_assets.query.checks import SAMPLE_ROWS, Finding, check_names, describe_check, is_advisory, run_check
from genatator_assets.query.connect import connect
from genatator_assets.work.files import path_name, sha256_of_file
from genatator_assets.work.layout import Layout, chromosome_key
from genatator_assets.work.text import Markdown, first_of

_OF_CATALOGUE = ("every_genome_has_selected_transcripts", "selected_transcripts_are_inside")
"""Checks that need no blocks, and so run as soon as annotations are read."""

VERIFIED = "blocks_are_what_the_inputs_say"

_SHOWN_ROWS, _SHOWN_CELLS = 3, 3


def build_checks(catalogue: Catalogue) -> list[dg.AssetChecksDefinition]:
    """Return the checks of all parts that a catalogue asks for."""
    asked = parts_of(catalogue)
    others = [part_named(name) for name in asked if name != "gene_finding"]
    return [
        *(_of_gene_finding(catalogue) if "gene_finding" in asked else []),
        *(check for part in others for check in part_checks(catalogue, part)),
        *(_checks(part.assets[-1].name, names) for part in others if (names := check_names(part.name))),
    ]


def _of_gene_finding(catalogue: Catalogue) -> list[dg.AssetChecksDefinition]:
    of_index = tuple(name for name in check_names("gene_finding") if name not in _OF_CATALOGUE)
    return [
        _checks("chromosome_catalogue", _OF_CATALOGUE),
        _checks("block_index", of_index),
        _verified(catalogue),
    ]


def _checks(asset: str, names: tuple[str, ...]) -> dg.AssetChecksDefinition:
    specs = [
        dg.AssetCheckSpec(
            name, asset=asset, description=Markdown.of(describe_check(name)), blocking=not is_advisory(name)
        )
        for name in names
    ]

    @dg.multi_asset_check(name=f"checks_of_{asset}", specs=specs, can_subset=True)
    def checks(
        context: dg.AssetCheckExecutionContext, layout: dg.ResourceParam[Layout]
    ) -> Iterator[dg.AssetCheckResult]:
        with connect(layout.root) as connection:
            for name in sorted(key.name for key in context.selected_asset_check_keys):
                try:
                    yield _result(asset, run_check(connection, name))
                except QueryError as error:  # such as a file that can't be read: the other checks go on
                    if names == _OF_CATALOGUE and isinstance(error, NotBuiltError):
                        context.log.info(f"check {name} is skipped: {error}")  # why, its own run has said
                        continue
                    yield dg.AssetCheckResult(
                        passed=False, asset_key=asset, check_name=name, description=Markdown.of(str(error))
                    )

    return checks


def _verified(catalogue: Catalogue) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset="block_index",
        name=VERIFIED,
        blocking=True,
        description=f"{PAGES} pages of blocks and the DNA beside them, drawn anew for each index over as many"
        " chromosomes as there are, are base for base what follows from the imported sequence and the selected"
        " transcripts. 'genatator-assets verify' compares all blocks with the input files.",
    )
    def verified(layout: dg.ResourceParam[Layout]) -> dg.AssetCheckResult:
        seed = int(sha256_of_file(layout.index)[:8], 16)
        return _verdict(verify_pages(catalogue, layout, seed))

    return verified


def _verdict(report: Sample) -> dg.AssetCheckResult:
    header = ("genome", "chrom", "position", "what", "expected", "found", "values")
    rows = [tuple(str(cell) for cell in vars(difference).values()) for difference in report.differences[:SAMPLE_ROWS]]
    drawn = (
        f"{report.pages:,} pages of {report.chromosomes:,} of {report.chromosomes_in_all:,} chromosomes, drawn by seed"
        f" {report.seed}: targets of {report.nt:,} nt, DNA of {report.dna_nt:,} nt"
    )
    first = first_of([" ".join(row[: len(header) - 1]) for row in rows], _SHOWN_ROWS, "; ")
    said = f"{len(report.differences):,} differ: {first}" if rows else "nothing differs"
    return dg.AssetCheckResult(
        passed=not report.differences,
        description=Markdown.of(f"{drawn}: {said}"),
        metadata={
            "seed": report.seed,
            "differences": len(report.differences),
            **offending(_key(one) for one in report.differences),
            **({"sample": markdown_table(header, rows, of=len(report.differences))} if rows else {}),
        },
    )


def _key(difference: Difference) -> str:
    if difference.chrom is None:
        return path_name(difference.genome)
    return chromosome_key(difference.genome, difference.chrom)


def _result(asset: str, finding: Finding) -> dg.AssetCheckResult:
    rows = [tuple(str(cell) for cell in row) for row in finding.sample.rows]
    shown = {"sample": markdown_table(finding.sample.columns, rows, of=finding.offenders)} if rows else {}
    return dg.AssetCheckResult(
        passed=finding.passed,
        asset_key=asset,
        check_name=finding.name,
        description=Markdown.of(_in_words(finding)),
        metadata={"offenders": finding.offenders, **offending(finding.keys), **shown},
    )


def _in_words(finding: Finding) -> str:
    """Describe what offends, so that a person sees it without opening the sample."""
    if finding.passed:
        return "nothing offends"
    first = [" ".join(f"{cell}" for cell in row[:_SHOWN_CELLS]) for row in finding.sample.rows[:_SHOWN_ROWS]]
    more = f"; ... and {finding.offenders - len(first):,} more" if finding.offenders > len(first) else ""
    return f"{finding.offenders:,} offend: {'; '.join(first)}{more}"
