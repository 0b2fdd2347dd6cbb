"""The standing checks as asset checks: SQL over the whole dataset that names what offends, and a verified sample."""

from collections.abc import Iterator

import dagster as dg
import duckdb

from genatator_assets.catalogue import Catalogue
from genatator_assets.errors import EmptyRootError, NotBuiltError, QueryError
from genatator_assets.orchestration.failures import offending
from genatator_assets.orchestration.metadata import markdown_table
from genatator_assets.orchestration.part_assets import part_checks
from genatator_assets.parts import part_named, parts_of
from genatator_assets.query.checks import Finding, check_names, describe_check, is_advisory, run_check, warns
from genatator_assets.query.connect import connect
from genatator_assets.work.layout import Layout
from genatator_assets.work.text import Markdown, first_of

_OF_CATALOGUE = (
    "annotations_look_right",
    "every_genome_has_selected_transcripts",
    "selected_transcripts_are_inside",
)
"""Checks that need no blocks, and so run as soon as annotations are read."""

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
        *part_checks(catalogue, part_named("gene_finding").as_asked(catalogue)),
    ]


def _checks(asset: str, names: tuple[str, ...]) -> dg.AssetChecksDefinition:
    specs = [
        dg.AssetCheckSpec(
            name,
            asset=asset,
            description=Markdown.of(describe_check(name)),
            blocking=not (is_advisory(name) or warns(name)),
        )
        for name in names
    ]

    @dg.multi_asset_check(name=f"checks_of_{asset}", specs=specs, can_subset=True)
    def checks(
        context: dg.AssetCheckExecutionContext, layout: dg.ResourceParam[Layout]
    ) -> Iterator[dg.AssetCheckResult]:
        wanted = sorted(key.name for key in context.selected_asset_check_keys)
        early = names == _OF_CATALOGUE  # then there may be nothing yet to check: why, the assets' own run has said
        try:
            with connect(layout.root) as connection:
                yield from _results(connection, asset, wanted, context if early else None)
        except EmptyRootError as error:
            if not early:
                raise
            context.log.info(f"{first_of(wanted, len(wanted))}: skipped, {error}")

    return checks


def _results(
    connection: duckdb.DuckDBPyConnection, asset: str, names: list[str], early: dg.AssetCheckExecutionContext | None
) -> Iterator[dg.AssetCheckResult]:
    """Run checks; with `early`, one is skipped if what it looks at is not built."""
    for name in names:
        try:
            yield _result(asset, run_check(connection, name))
        except QueryError as error:  # such as a file that can't be read: the other checks go on
            if early and isinstance(error, NotBuiltError):
                early.log.info(f"{name}: skipped, {error}")
                continue
            yield dg.AssetCheckResult(
                passed=False, asset_key=asset, check_name=name, description=Markdown.of(str(error))
            )


def _result(asset: str, finding: Finding) -> dg.AssetCheckResult:
    rows = [tuple(str(cell) for cell in row) for row in finding.sample.rows]
    shown = {"sample": markdown_table(finding.sample.columns, rows, of=finding.offenders)} if rows else {}
    return dg.AssetCheckResult(
        passed=finding.passed,
        asset_key=asset,
        check_name=finding.name,
        severity=dg.AssetCheckSeverity.WARN if warns(finding.name) else dg.AssetCheckSeverity.ERROR,
        description=Markdown.of(_in_words(finding)),
        metadata={"offenders": finding.offenders, **offending(finding.keys), **shown},
    )


def _in_words(finding: Finding) -> str:
    """Describe what offends, so that a person sees it without opening the sample."""
    if finding.passed:
        return "nothing offends"
    first = [
        " ".join(f"{cell}" for cell in row[:_SHOWN_CELLS] if cell is not None)
        for row in finding.sample.rows[:_SHOWN_ROWS]
    ]
    more = f"; ... and {finding.offenders - len(first):,} more" if finding.offenders > len(first) else ""
    return f"{finding.offenders:,} offend: {'; '.join(first)}{more}"
