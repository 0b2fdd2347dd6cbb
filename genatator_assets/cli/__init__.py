"""The command line, `genatator-assets`; each module holds the commands of one concern."""

from typing import Any

import click

from genatator_assets.cli import ask, build, export, inputs, intervals, plan, release, upkeep, use
from genatator_assets.cli.common import USER_ERROR
from genatator_assets.errors import GenatatorError
from genatator_assets.version import __version__
from genatator_assets.work.terminal import complain


class _Commands(click.Group):
    """Turns our own errors into a message and exit code 2, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except GenatatorError as error:
            complain("Error", str(error))
            raise SystemExit(USER_ERROR) from error


@click.group(cls=_Commands)
@click.version_option(__version__)
def main() -> None:
    """Turn genome assemblies and their annotations into nucleotide-level gene-finding datasets."""


for command in (
    build.build,
    build.launch,
    build.ui,
    ask.sql,
    ask.statistics,
    ask.explain,
    ask.verify,
    ask.lineage,
    inputs.fetch,
    ask.chromosomes,
    inputs.simulate,
    plan.init,
    plan.plan,
    use.plot,
    use.browse,
    export.export,
    intervals.intervals,
    upkeep.status,
    upkeep.prune,
    release.release,
    release.push,
):
    main.add_command(command)
