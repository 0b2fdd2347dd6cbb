"""Commands that look after a root: `status`, `prune`."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from genatator_assets.cli.common import dataset_options
from genatator_assets.upkeep.prune import KINDS, SHARED, Found, Kind, Needless, find_needless, remove
from genatator_assets.upkeep.status import AssetState, Status, status_of
from genatator_assets.work.layout import Layout
from genatator_assets.work.lock import only_writer
from genatator_assets.work.machine import free_bytes
from genatator_assets.work.storage import cache_folder
from genatator_assets.work.terminal import print_table, say, write_data
from genatator_assets.work.text import TextTable, first_of, format_bytes

if TYPE_CHECKING:
    import dagster as dg

_RUNS = "runs"
_SHOWN = 20
_NAMED = 5


@click.command()
@dataset_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="How it is written.",
)
def status(catalogue: str, root: Path, form: str) -> None:
    """Show what is in a root.

    What is intact, stale, damaged or missing, who writes to it, and disk usage.

    Quick and without Dagster: files are judged by their sizes and manifests, and inputs are not read again ('build'
    does that, and 'build --check-hashes' reads every stored byte).
    """
    from genatator_assets.parts import load_catalogue

    found = status_of(load_catalogue(catalogue), Layout(root.absolute()))
    if form == "json":
        write_data(f"{json.dumps({**asdict(found), 'finished': found.finished}, indent=1)}\n")
        return
    _print_status(found, root)


@click.command()
@dataset_options
@click.option(
    "--only",
    "kinds",
    type=click.Choice([*KINDS, _RUNS]),
    multiple=True,
    help=f"Only this kind; may be repeated.  [default: all but {', '.join(SHARED)}]",
)
@click.option("--days", type=click.FloatRange(min=0), default=30, show_default=True, help="Keep runs of the last days.")
@click.option("--yes", is_flag=True, help="Delete it. Without this, only list what would be deleted.")
def prune(catalogue: str, root: Path, kinds: tuple[str, ...], days: float, yes: bool) -> None:
    """List what is no longer needed.

    With --yes, delete it.

    \b
    genomes    folders of genomes that the catalogue does not name
    units      chromosomes left out or in another split now, tracks not asked for, folders of parts not asked for
    releases   the release in the root, if the dataset has other blocks now
    leftovers  what killed processes left behind
    inputs     simulated files of genomes that are not simulated any more
    runs       runs in Dagster's record that made nothing that still exists
    cache      fetched files that this dataset does not use; other datasets may: only by --only cache

    Symbolic links are deleted, never what they lead to. Blocks that a release has as hard links free no space.
    """
    from genatator_assets.parts import load_catalogue

    wanted = kinds or tuple(kind for kind in (*KINDS, _RUNS) if kind not in SHARED)
    of_files: list[Kind] = [kind for kind in KINDS if kind in wanted]
    read, layout = load_catalogue(catalogue), Layout(root.absolute())
    with only_writer(layout.root) if yes else _as_it_is():
        found = find_needless(read, layout, of_files, alone=yes)
        with _old_runs(layout, days, _RUNS in wanted) as (instance, runs):
            _print_needless(found, runs, days)
            if yes and instance is not None:
                from genatator_assets.orchestration.runs import delete_runs

                delete_runs(instance, runs)
        if yes:
            remove(found, layout.root)
    amount = f"{format_bytes(found.bytes)} of files and {len(runs):,} runs"
    if not (found.needless or runs):
        say("nothing to delete")
    else:
        say(f"deleted: {amount}" if yes else f"to delete: {amount}. Nothing was deleted; to delete it, add --yes")


@contextmanager
def _as_it_is() -> Iterator[None]:
    yield


@contextmanager
def _old_runs(
    layout: Layout, days: float, wanted: bool
) -> Iterator[tuple["dg.DagsterInstance | None", list["dg.RunRecord"]]]:
    """Return Dagster's record and its old runs; none where there is no record yet, which is not made for that."""
    import os

    if not wanted or not (layout.dagster_home.is_dir() or os.environ.get("DAGSTER_HOME")):
        yield None, []
        return
    from genatator_assets.orchestration.instance import open_instance
    from genatator_assets.orchestration.runs import old_runs

    with open_instance(layout.root) as instance:
        yield instance, old_runs(instance, days)


def _print_status(found: Status, root: Path) -> None:
    say(f"{found.dataset} at {root}", "bold")
    say(f"written to now by {found.writer}" if found.writer else "no process is writing to it")
    ready = found.genomes - len(found.not_ready)
    waiting = f"; still to be prepared: {first_of(found.not_ready, _NAMED)}" if found.not_ready else ""
    say(f"{ready:,} of {found.genomes:,} genomes ready{waiting}")
    if found.foreign:
        say(f"not in the catalogue: {first_of(found.foreign, _NAMED)}; see 'genatator-assets prune'", "yellow")
    if found.assets:
        header = ("asset", "intact", "stale", "damaged", "missing", "not intact")
        print_table(TextTable("Units", header, tuple(map(_asset_row, found.assets))))
    if found.strays:
        say(
            f"{found.strays:,} more files lie among the blocks than are blocks: 'build' names and refuses them",
            "yellow",
        )
    for table, state in found.tables.items():
        say(f"{table}: {state}")
    say(f"release: {'none' if found.release == 'missing' else found.release}")
    if found.disk:
        _print_disk(found, root)
    say("a build would find nothing to do" if found.finished else "next: genatator-assets build")


def _asset_row(asset: AssetState) -> tuple[str, ...]:
    counts = (f"{asset.counts.get(state, 0):,}" for state in ("intact", "stale", "damaged", "missing"))
    return (asset.asset, *counts, first_of(asset.to_do, _NAMED) or "-")


def _print_disk(found: Status, root: Path) -> None:
    from genatator_assets.upkeep.disk import bytes_of

    rows = [(name, format_bytes(size)) for name, size in sorted(found.disk.items(), key=lambda item: -item[1])]
    rows.append(("all", format_bytes(sum(found.disk.values()))))
    if (free := free_bytes(root)) is not None:
        rows.append(("free", format_bytes(free)))
    if (cache := cache_folder()).is_dir():
        rows.append((f"fetched inputs, {cache}", format_bytes(bytes_of(cache))))
    print_table(TextTable("Disk", ("folder", "size"), tuple(rows)))


def _print_needless(found: Found, runs: list["dg.RunRecord"], days: float) -> None:
    for kind in KINDS:
        of_kind = [one for one in found.needless if one.kind == kind]
        if of_kind:
            print_table(TextTable(f"{kind}: {len(of_kind):,}", ("what", "why", "size"), tuple(_rows(of_kind))))
    if runs:
        jobs = sorted({record.dagster_run.job_name for record in runs})
        say(f"runs: {len(runs):,} of {', '.join(jobs)}, ended more than {days:g} days ago and needed by nothing")
    for note in found.notes:
        say(note, "yellow")


def _rows(needless: list[Needless]) -> Iterator[tuple[str, ...]]:
    yield from ((one.what, one.why, format_bytes(one.bytes)) for one in needless[:_SHOWN])
    if rest := needless[_SHOWN:]:
        yield f"... and {len(rest):,} more", "", format_bytes(sum(one.bytes for one in rest))
