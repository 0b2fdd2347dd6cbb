"""docs/tutorial.md, run from its first line to its last as a new user would, in an empty folder."""

import contextlib
import doctest
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import yaml

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "tutorial.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
AS_TOLD = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def test_the_tutorial_works_and_prints_what_it_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall(PAGE)
    assert [language for language, _ in blocks].count("text") >= 9
    names: dict[str, object] = {}
    printed = ""
    for language, text in blocks:
        match language:
            case "console":
                printed = in_shell(text)
            case "python":
                printed = in_python(text, names)
            case "yaml":
                as_edited(Path("catalogue.yaml"), text)
            case "text":
                assert doctest.OutputChecker().check_output(text, printed, AS_TOLD), f"{text}\nbut was:\n{printed}"
            case _:
                raise AssertionError(language)
    assert Path("locus.png").stat().st_size > 10_000


def in_shell(commands: str) -> str:
    """Run commands by bash; give what they print on standard output."""
    called = f'genatator-assets() {{ "{sys.executable}" -m genatator_assets.cli "$@"; }}\n{commands}'
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("GENATATOR_", "DAGSTER_"))}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", called],
        env=inherited,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def in_python(code: str, names: dict[str, object]) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(code, names)
    return printed.getvalue()


def as_edited(catalogue: Path, told: str) -> None:
    """Take the comments away from the lines that the page tells of; the file then says what the page shows."""
    edited = re.sub(r"# ((validation|test): .*)# example", r"\1", catalogue.read_text())
    assert yaml.safe_load(edited) == yaml.safe_load(told)
    catalogue.write_text(edited)
