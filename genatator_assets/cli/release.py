"""Commands that give a dataset away: `release`, `push`."""

from contextlib import nullcontext
from pathlib import Path

import click

from genatator_assets.cli.common import root_option
from genatator_assets.release import Part
from genatator_assets.release import release as make_release
from genatator_assets.work.layout import Layout
from genatator_assets.work.lock import only_writer
from genatator_assets.work.terminal import print_table, say
from genatator_assets.work.text import TextTable, format_bytes


@click.command()
@root_option
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of the release.  [default: the folder 'release' of the root]",
)
def release(root: Path, folder: Path | None) -> None:
    """Make the release.

    Blocks, preview, card, tables and checksums in one folder, as the hub takes it.

    An earlier release there is replaced once the new one is complete. Where possible, blocks are hard links to those
    of the root, which take no extra space.
    """
    with only_writer(root) if root.is_dir() else nullcontext():
        made = make_release(Layout(root), folder)
    _print_parts(f"Release of {made.dataset}", made.parts)
    say(f"{made.folder}\nfiles are {'hard links to those of the root' if made.linked else 'copies'}")


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.argument("repo_id", metavar="OWNER/NAME")
@click.option("--yes", is_flag=True, help="Send it. Without this, only say what would be sent.")
def push(folder: Path, repo_id: str, yes: bool) -> None:
    """Send a release to the Hugging Face hub.

    The release in FOLDER, to the dataset repository OWNER/NAME.

    Only reports what would be sent, unless --yes is given. The token is that of HF_TOKEN or of 'hf auth login'. A
    repository that does not exist is created as a private one. An interrupted upload is resumed.
    """
    from genatator_assets.release.hub import plan_upload, upload

    planned = plan_upload(folder, repo_id)
    _print_parts(f"{folder} to the hub's dataset {repo_id}", planned.parts)
    if yes:
        say(f"sent to {upload(planned)}")
    else:
        say("nothing was sent; to send it, add --yes")


def _print_parts(title: str, parts: tuple[Part, ...]) -> None:
    total = Part("all", sum(part.files for part in parts), sum(part.bytes for part in parts))
    rows = tuple((part.name, f"{part.files:,}", format_bytes(part.bytes)) for part in (*parts, total))
    print_table(TextTable(title, ("part", "files", "size"), rows))
