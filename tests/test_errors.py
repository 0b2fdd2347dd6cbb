"""Messages of errors, which quote what stands in files, are fit to be shown."""

import ast
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from genatator_assets import errors
from genatator_assets.errors import GenatatorError


@pytest.mark.parametrize("letter", ["\0", "\x1b", "\t", "\r", "\x85", "\u2028", "\u202e", "\ud800"])
def test_letters_that_can_not_be_printed_are_spelled(letter):
    said = str(GenatatorError(f"found a{letter}b"))
    assert said == f"found a{letter.encode('unicode_escape').decode()}b"
    assert said.isprintable()


def test_letters_of_every_script_are_kept():
    assert str(GenatatorError("Ω 日本 é\n²")) == "Ω 日本 é\n²"


def test_a_long_line_loses_its_middle_and_the_others_nothing():
    said = str(GenatatorError("file.fa:3: found " + "x" * 10_000 + "; expected less\nremedy"))
    first, second = said.split("\n")
    assert first.startswith("file.fa:3: found xxx")
    # 17 letters, 10,000 and 15 are 10,032, of which 1,000 are shown
    assert "x ... (9,032 letters more) ... x" in first
    assert first.endswith("xxx; expected less")
    assert len(first) == 1_000 + len(" ... (9,032 letters more) ... ")
    assert second == "remedy"


def test_of_many_lines_the_first_fifty_are_shown():
    said = str(GenatatorError("\n".join(map(str, range(1_234)))))
    assert said.split("\n") == [*map(str, range(50)), "... and 1,184 lines more"]


EXTRAS = {  # module of ours, the optional module that it imports, the extra that brings it
    "genatator_assets.reading.torch": ("torch", "torch"),
    "genatator_assets.reading.plot": ("matplotlib", "plot"),
    "genatator_assets.reading.exports.bigwig": ("pyBigWig", "export"),
    "genatator_assets.reading.exports.hdf5": ("h5py", "export"),
    "genatator_assets.reading.exports.zarr": ("zarr", "export"),
    "genatator_assets.reading.alphagenome": ("alphagenome", "alphagenome"),
    "genatator_assets.release.hub": ("huggingface_hub", "hub"),
}
IMPORTED = """
import importlib, json, sys
from genatator_assets.work.cluster import DaskWorkers
from genatator_assets.work.storage import root_of
from genatator_assets.errors import MissingExtraError
def try_to(do):
    try:
        do()
    except Exception as error:
        return [type(error).__name__, str(error)]
said = {name: try_to(lambda: importlib.import_module(name)) for name in sys.argv[1:]}
said["s3"] = try_to(lambda: root_of("s3://bucket/folder"))
said["dask"] = try_to(lambda: DaskWorkers("tcp://host:8786"))
print(json.dumps(said))
"""


def imported_with(modules, tmp_path):
    """What becomes of our modules in a process in which these modules are found first."""
    for name, text in modules.items():
        (tmp_path / f"{name}.py").write_text(text)
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, *EXTRAS], env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_a_missing_extra_is_told_with_the_way_to_install_it(tmp_path):
    absent = "import sys\nraise ModuleNotFoundError(f'No module named {__name__!r}', name=__name__)\n"
    said = imported_with({**dict.fromkeys((module for module, _ in EXTRAS.values()), absent)}, tmp_path)
    for name, (_, extra) in EXTRAS.items():
        assert said[name][0] == "MissingExtraError", name
        assert said[name][1].endswith(f"pip install 'genatator-assets[{extra}]'"), name


def test_an_extra_that_is_installed_but_broken_says_so_itself(tmp_path):
    broken = "import lost_dependency\n"
    optional = {*(module for module, _ in EXTRAS.values()), "s3fs", "distributed"}
    said = imported_with(dict.fromkeys(optional, broken), tmp_path)
    told = ["ModuleNotFoundError", "No module named 'lost_dependency'"]
    assert [name for name in (*EXTRAS, "s3", "dask") if said[name] != told] == []


def test_no_other_code_takes_a_failed_import_for_a_missing_extra():
    """An `except ImportError` that does not look at the name hides broken packages."""
    allowed = {"errors.py": 1, "work/storage.py": 1, "work/cluster.py": 1}  # the latter two show the error's own words
    package = Path(errors.__file__).parent
    found = Counter(
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler) and node.type is not None
        for name in ast.walk(node.type)
        if isinstance(name, ast.Name) and name.id in {"ImportError", "ModuleNotFoundError"}
    )
    assert dict(found) == allowed
