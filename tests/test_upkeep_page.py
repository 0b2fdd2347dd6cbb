"""docs/upkeep.md and the page of operations say what the code does."""

import re
import shlex
from pathlib import Path

import pytest

from genatator_assets.cli import main
from genatator_assets.cli.upkeep import prune
from genatator_assets.upkeep.prune import KINDS

REPOSITORY = Path(__file__).resolve().parents[1]
PAGE = (REPOSITORY / "docs" / "upkeep.md").read_text()
OPERATIONS = (REPOSITORY / "docs" / "operations.md").read_text()


def test_steps_on_the_page_are_steps_that_there_are_and_none_of_gene_finding_s_is_missing():
    package = REPOSITORY / "genatator_assets"
    steps = {
        name: path.relative_to(package).parts[0]
        for path in package.rglob("*.py")
        for name in re.findall(r'Step\("(\w+)", \d+\)', path.read_text())
    }
    table = PAGE.split("| step raised |")[1].split("\n\n")[0]
    named = {name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert named <= set(steps)
    assert {name for name, part in steps.items() if part in {"sources", "annotation", "gene_finding"}} <= named


def test_every_kind_that_can_be_pruned_is_in_the_table_and_in_the_help():
    table = OPERATIONS.split("| kind | what |")[1].split("\n\n")[0]
    kinds = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    assert kinds == {*KINDS, "runs"}
    for kind in kinds:
        assert re.search(rf"^    {kind} +\w", prune.help, re.MULTILINE), kind


@pytest.mark.parametrize(
    "command", re.findall(r"`(?:genatator-assets )?((?:prune|status|build|release)\b[^`]*)`", PAGE)
)
def test_commands_of_the_page_are_understood(command):
    name, *arguments = shlex.split(command)
    main.get_command(None, name).make_context(name, arguments)


def test_links_lead_to_headings_that_there_are():
    for page, anchor in re.findall(r"\]\(([\w.]+)#([\w-]+)\)", PAGE):
        lines = (REPOSITORY / "docs" / page).read_text().splitlines()
        titles = [re.sub(r"[^\w -]", "", line.lstrip("# ").lower()) for line in lines if line.startswith("#")]
        assert anchor in {title.replace(" ", "-") for title in titles}
