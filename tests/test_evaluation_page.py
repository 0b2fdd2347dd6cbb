"""docs/evaluation.md, run from its first line to its last; what AUGUSTUS wrote was recorded."""

import doctest
import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path

from conftest import data_folder
from kit import FIXTURES
from test_tutorial import AS_TOLD, BLOCK, in_python

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "evaluation.md").read_text()
HUMAN = data_folder() / "human_GRCh38_chr1_1Mb"
FUNCTIONS = """
genatator-assets() { "$PYTHON" -m genatator_assets.cli "$@"; }
augustus() { cat augustus.recorded; }
"""


def test_the_page_works_and_prints_what_it_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copyfile(HUMAN / "hg38_chr1_1-1000000.fa.gz", "chr1.fa.gz")
    shutil.copyfile(HUMAN / "trimmed_gencode.v29.chr1_1-1000000.gtf.gz", "gencode.gtf.gz")
    Path("augustus.recorded").write_bytes(gzip.decompress((FIXTURES / "raw_augustus_chr1.gff3.gz").read_bytes()))
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
            case _:
                raise AssertionError(language)


def in_shell(commands: str) -> str:
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
