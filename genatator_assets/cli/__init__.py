"""The command line, `genatator-assets`; each module holds the commands of one concern."""

from importlib import import_module
from typing import Any, cast

import click

from genatator_assets.cli.common import USER_ERROR
from genatator_assets.errors import GenatatorError
from genatator_assets.version import __version__
from genatator_assets.work.terminal import complain

GROUPS: dict[str, dict[str, str]] = {
    "Build": {
        "init": "plan",
        "plan": "plan",
        "fetch": "inputs",
        "build": "build",
        "launch": "build",
        "ui": "build",
        "chromosomes": "ask",
    },
    "Maintain": {"status": "upkeep", "prune": "upkeep"},
    "Ask": {"sql": "ask", "statistics": "ask", "explain": "ask", "verify": "ask", "lineage": "ask"},
    "Look": {"plot": "use", "browse": "use"},
    "Score": {"evaluate": "score", "truth": "score", "split": "score"},
    "Publish": {"export": "export", "release": "release", "push": "release"},
    "More datasets": {"signals": "signals", "intervals": "intervals", "trim-regions": "intervals", "cells": "cells"},
    "Simulate": {"simulate": "inputs"},
}
"""The commands, by what they are for, and the module of each: imported when the command is run or described."""

_MODULES = {name: module for commands in GROUPS.values() for name, module in commands.items()}


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
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; None if there is none of that name."""
        module = _MODULES.get(cmd_name)
        if module is None:
            return None
        return cast(click.Command, getattr(import_module(f"{__name__}.{module}"), cmd_name.replace("-", "_")))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the groups of commands, a line for each command."""
        width = max(map(len, _MODULES))
        for group, names in GROUPS.items():
            with formatter.section(group):
                commands = {name: self.get_command(ctx, name) for name in names}
                rows = [(name.ljust(width), one.get_short_help_str(limit=100)) for name, one in commands.items() if one]
                formatter.write_dl(rows)


@click.group(cls=_Commands)
@click.version_option(__version__)
def main() -> None:
    """Turn genomes, and what is known about them, into datasets for training models."""
