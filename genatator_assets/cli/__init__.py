"""The command line, `genatator-assets`; each module holds the commands of one concern."""

from typing import Any

import click

from genatator_assets.cli import (
    ask,
    build,
    cells,
    export,
    inputs,
    intervals,
    plan,
    release,
    score,
    signals,
    upkeep,
    use,
)
from genatator_assets.cli.common import USER_ERROR
from genatator_assets.errors import GenatatorError
from genatator_assets.version import __version__
from genatator_assets.work.terminal import complain


class _Commands(click.Group):
    """Turns our own errors into a message and exit code 2, without a traceback; lists commands by what they are for."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except GenatatorError as error:
            complain("Error", str(error))
            raise SystemExit(USER_ERROR) from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, group by group."""
        return [str(command.name) for commands in GROUPS.values() for command in commands]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the groups of commands, a line for each command."""
        width = max(len(name) for name in self.list_commands(ctx))
        for group, commands in GROUPS.items():
            with formatter.section(group):
                rows = [(str(command.name).ljust(width), command.get_short_help_str(limit=100)) for command in commands]
                formatter.write_dl(rows)


@click.group(cls=_Commands)
@click.version_option(__version__)
def main() -> None:
    """Turn genomes, and what is known about them, into data sets for training models."""


GROUPS: dict[str, list[click.Command]] = {
    "Build": [plan.init, plan.plan, inputs.fetch, build.build, build.launch, build.ui, ask.chromosomes],
    "Keep": [upkeep.status, upkeep.prune],
    "Ask": [ask.sql, ask.statistics, ask.explain, ask.verify, ask.lineage],
    "Look": [use.plot, use.browse],
    "Score": [score.evaluate, score.truth, score.split],
    "Publish": [export.export, release.release, release.push],
    "More data sets": [signals.signals, intervals.intervals, intervals.trim_regions, cells.cells],
    "Make up": [inputs.simulate],
}
"""The commands, by what they are for."""

for command in (command for commands in GROUPS.values() for command in commands):
    main.add_command(command)
