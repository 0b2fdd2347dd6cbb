"""What several test modules need."""

import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from built import Dataset, small_dataset
from hypothesis import settings

from genatator_assets import reading

BUCKET = "bucket"
_DATA_VARIABLE = "GENATATOR_TEST_DATA"
_SECONDS_TO_START = 60

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


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _wait_for(port, server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < until and server.poll() is None:
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("moto's server did not start")


@pytest.fixture(scope="module")
def s3(endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The environment of somebody who has such a store, and a bucket in it."""
    import s3fs  # noqa: PLC0415

    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "DAGSTER_", "GENATATOR_"))]:
            patch.delenv(name)
        patch.setenv("AWS_ACCESS_KEY_ID", "someone")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "something")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_ENDPOINT_URL", endpoint)
        patch.setenv("GENATATOR_CACHE", str(tmp_path_factory.mktemp("cache")))
        s3fs.S3FileSystem.clear_instance_cache()  # of another module, whose server is gone
        store = s3fs.S3FileSystem(skip_instance_cache=True)
        store.mkdir(BUCKET)
        yield store


@pytest.fixture(scope="module")
def s3_root(s3: Any, dataset: Dataset) -> str:
    """The small dataset in such a store: its URL."""
    s3.put(f"{dataset.root}/", f"{BUCKET}/small/", recursive=True)
    return f"s3://{BUCKET}/small"
