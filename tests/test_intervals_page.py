"""docs/intervals.md, run from its first line to its last in an empty folder."""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import h5py
from test_tutorial import AS_TOLD, BLOCK, in_python

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "intervals.md").read_text()
FUNCTIONS = """
genatator-assets() { "$PYTHON" -m genatator_assets.cli "$@"; }
in_pysam() { "$PYTHON" -c "import pysam, sys; path = sys.argv[1]; $1" "$2"; }
bgzip() { in_pysam 'pysam.tabix_compress(path, path + ".gz", force=True)' "${@: -1}"; }
samtools() { in_pysam 'pysam.faidx(path)' "${@: -1}"; }
"""


def test_the_page_works_and_prints_what_it_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    printed = ""
    for language, text in BLOCK.findall(PAGE):
        match language:
            case "console":
                printed = in_shell(text)
            case "python":
                printed = in_python(text, names)
            case "yaml":
                Path("catalogue.yaml").write_text(text)
            case "text":
                assert doctest.OutputChecker().check_output(text, printed, AS_TOLD), f"{text}\nbut was:\n{printed}"
            case "py":  # TensorFlow is not installed here: the tables that it names are there
                with h5py.File("small_dataset.h5") as file:
                    named = re.findall(r'from_hdf5\(dataset, "(\w+)"\)', text)
                    assert len(named) == 2
                    assert set(named) <= set(file)
            case _:
                raise AssertionError(language)


def in_shell(commands: str) -> str:
    """Run commands by bash; bgzip and samtools are those of pysam. Return what they print on standard output."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("GENATATOR_", "DAGSTER_"))}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"{FUNCTIONS}\n{commands}"],
        env={**inherited, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
