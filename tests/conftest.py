"""What several test modules need."""

import os
from pathlib import Path

import pytest

_DATA_VARIABLE = "GENATATOR_TEST_DATA"


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real genomes and annotations; without it tests are skipped, but never in CI."""
    beside_the_repository = Path(__file__).resolve().parents[1].parent / "shared" / "data"
    folder = Path(os.environ.get(_DATA_VARIABLE, beside_the_repository))
    if not folder.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"no real data at {folder}; set {_DATA_VARIABLE}")
        pytest.skip(f"no real data at {folder}; set {_DATA_VARIABLE} to run this test")
    return folder
