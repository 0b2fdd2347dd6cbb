"""Commands that build and serve: `build`, `launch`, `ui`."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from genatator_assets.cli.common import dataset_options, exit_with, genomes_option, print_statistics, print_suspicions
from genatator_assets.parts import PARTS
from genatator_assets.work.layout import Layout
from genatator_assets.work.terminal import console, say

_PARTS = [name for name in PARTS if name != "gene_finding"]  # whose job is build_blocks
_JOBS = ["build_everything", "prepare", "build_blocks", *_PARTS, "finish", "make_release"]


@click.command()
@dataset_options
@click.option(
    "--workers",
    type=click.IntRange(min=0),
    help="Number of worker processes; by default as many as cores and memory allow; 0 works in this process.",
)
@click.option(
    "--dask",
    envvar="GENATATOR_DASK",
    show_envvar=True,
    metavar="WHERE",
    help="Use the Dask cluster with this address (tcp://host:8786) or scheduler file, instead of processes.",
)
@click.option("--check-hashes", is_flag=True, help="Read every finished file again to detect changed bytes.")
@click.option("--only", type=click.Choice(list(PARTS)), help="Build only this part and what it needs.")
def build(
    catalogue: str, root: Path, workers: int | None, dask: str | None, check_hashes: bool, only: str | None
) -> None:
    """Build a dataset.

    Runs every step through Dagster. Exits with 1 if anything failed.

    What is already built and intact is kept.
    """
    from genatator_assets.orchestration.build import build as build_dataset
    from genatator_assets.orchestration.progress import ProgressBar
    from genatator_assets.orchestration.settings import Settings

    stated = Settings.from_environment(catalogue, root)
    settings = replace(stated, workers=stated.workers if workers is None else workers, dask=dask or stated.dask)
    try:
        faults = build_dataset(settings, ProgressBar(console(errors=True)), check_hashes, only=only)
    except KeyboardInterrupt:
        raise SystemExit("Interrupted. What is finished is kept: run again to go on.") from None
    if not faults and Layout(root).index.is_file():
        print_statistics(root)
    print_suspicions(root)
    exit_with(faults)


@click.command()
@click.argument("job", type=click.Choice(_JOBS))
@dataset_options
@genomes_option
@click.option(
    "--chromosomes",
    metavar="KEY[...KEY]",
    help="Only this chromosome, such as hg38/chr1, or the stretch from one to another: hg38/chr1...hg38/chr5.",
)
@click.option("--to-do", is_flag=True, help="Only what is not built, or failed; for build_blocks and parts.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait, and exit with 1 if a run failed.")
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="Wait no longer for a run.")
@click.option("--workspace", type=click.Path(exists=True, path_type=Path), help="Another workspace.yaml.")
def launch(
    job: str, catalogue: str, root: Path, wait: bool, timeout: float | None, workspace: Path | None, **wanted: Any
) -> None:
    """Launch a job and wait for it.

    JOB is launched with `dagster job launch`. Exits with 1 if a run failed.

    A run of build_blocks covers a range of one genome's chromosomes, a run of another part the whole part. Exits
    with 2 if no daemon would ever start the runs.
    """
    from genatator_assets.orchestration.instance import open_instance
    from genatator_assets.orchestration.launch import WORKSPACE, Launcher, Wanted
    from genatator_assets.orchestration.settings import Settings

    settings = Settings.from_environment(catalogue, root)
    all_faults = []
    with open_instance(settings.root) as instance:
        launcher = Launcher(settings, instance, workspace or WORKSPACE)
        runs = launcher.tags_of_runs(job, Wanted(**wanted))
        if not runs:
            say("nothing to do")
        for tags in runs:
            run_id = launcher.launch(job, tags)
            say(f"{run_id} launched: {' '.join([job, *tags.values()])}")
            if wait:
                status, faults = launcher.wait(run_id, say, timeout)
                say(f"{run_id} ended: {status}")
                all_faults += faults
    exit_with(all_faults)


@click.command()
@dataset_options
@click.option("--port", type=click.IntRange(1, 65_535), default=3000, show_default=True, help="Port of the UI.")
def ui(catalogue: str, root: Path, port: int) -> None:
    """Serve Dagster's UI.

    At http://127.0.0.1:PORT, until stopped.

    Steps follow each other automatically there: the sensor 'carry_on' builds what 'prepare' finds to do, and then
    runs 'finish'. It can be switched off in the UI, under Automation.
    """
    from genatator_assets.orchestration.launch import serve
    from genatator_assets.orchestration.settings import Settings

    settings = replace(Settings.from_environment(catalogue, root), sensors=True)
    serve(settings, port)
