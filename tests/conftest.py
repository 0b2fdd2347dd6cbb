"""What several test modules need."""

import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from built import Dataset, small_dataset
from hypothesis import settings

from genatator_assets import reading

_DATA_VARIABLE = "GENATATOR_TEST_DATA"

# How long an example takes says nothing on a shared machine; in CI the same examples come each time.
settings.register_profile("tests", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("tests")


def data_folder() -> Path:
    """Where real genomes and annotations are looked for."""
    beside_the_repository = Path(__file__).resolve().parents[1].parent / "shared" / "data"
    return Path(os.environ.get(_DATA_VARIABLE, beside_the_repository))


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real genomes and annotations; without it tests are skipped, but never in CI."""
    folder = data_folder()
    if not folder.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"no real data at {folder}; set {_DATA_VARIABLE}")
        pytest.skip(f"no real data at {folder}; set {_DATA_VARIABLE} to run this test")
    return folder


@pytest.fixture(scope="session")
def cell_fixtures(data: Path) -> Path:
    """h5ad files and what cell sentences must come of them, by an implementation of others."""
    return data.parent / "fixtures" / "cells"


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The small simulated dataset; tests that damage it use a copy."""
    return small_dataset(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def small(dataset: Dataset) -> reading.Dataset:
    """The same, opened by coordinate."""
    return reading.open_dataset(dataset.root)


@pytest.fixture(autouse=True)
def signals_as_they_were() -> Iterator[None]:
    """A run of Dagster in this process leaves SIGTERM as Ctrl-C; what a later test forks would not end by it."""
    yield
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


@dataclass(frozen=True)
class Built:
    """A dataset that was built from the real genomes, and what the command said."""

    catalogue: Path
    root: Path
    printed: str


@pytest.fixture(scope="session")
def catalogue_file(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a catalogue of tests/catalogues with the data folder filled in."""

    def filled_in(name: str) -> Path:
        text = (Path(__file__).parent / "catalogues" / f"{name}.yaml").read_text()
        path = tmp_path_factory.mktemp("catalogues") / f"{name}.yaml"
        path.write_text(text.replace("DATA/", f"{data.resolve()}/"))
        return path

    return filled_in


@pytest.fixture(scope="session")
def four_genomes(catalogue_file: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The four real genomes, built by the one command that the README tells."""
    return built(catalogue_file("four_genomes"), tmp_path_factory.mktemp("four") / "root")


@pytest.fixture(scope="session")
def more_flavours(catalogue_file: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Real genomes with annotations of other names, no known flavour, or no rows of transcripts."""
    return built(catalogue_file("more_flavours"), tmp_path_factory.mktemp("more") / "root")


@pytest.fixture(scope="session")
def untrimmed(catalogue_file: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Human chr1 with an annotation that runs past the sequence's end."""
    return built(catalogue_file("untrimmed"), tmp_path_factory.mktemp("untrimmed") / "root")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds the demo dataset as `demo-data`, as after `make demo`."""
    folder = tmp_path_factory.mktemp("demo")
    done = command("build", "--catalogue", "demo", "--root", str(folder / "demo-data"))
    assert done.returncode == 0, done.stderr
    return folder


def built(catalogue: Path, root: Path) -> Built:
    """Run `genatator-assets build`; it must succeed."""
    done = command("build", "--catalogue", str(catalogue), "--root", str(root))
    assert done.returncode == 0, done.stderr
    return Built(catalogue, root, done.stdout)


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is in the wheel, in a folder of its own: with that as PYTHONPATH the repository is not needed."""
    folder = tmp_path_factory.mktemp("wheel")
    sources = folder / "sources"
    sources.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "genatator_assets", "definitions.py"):
        (sources / name).symlink_to(Path(__file__).resolve().parents[1] / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(folder), str(sources)], capture_output=True, check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def command(*arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `genatator-assets` in a process of its own, without the caller's settings."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("GENATATOR_", "DAGSTER_"))}
    return subprocess.run(
        [sys.executable, "-m", "genatator_assets.cli", *arguments],
        env={**inherited, **environment},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
