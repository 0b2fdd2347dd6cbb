"""`make fuzz`: gives each target of atheris its share of the time, and says how many inputs were tried."""

import argparse
import importlib.util
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
sys.path[:0] = [str(HERE.parent), str(HERE)]

import seeds  # noqa: E402
from atheris_target import KINDS, LONGEST_INPUT  # noqa: E402
from conftest import data_folder  # noqa: E402

FINDINGS = REPOSITORY / ".fuzz"
SECONDS_PER_INPUT = 25
MEGABYTES = 3_000
GRACE_SECONDS = 120
"""For starting up, and for the last input."""


@dataclass(frozen=True)
class Tried:
    """What became of a target: `log` is all that it printed, `code` None if it had to be ended."""

    kind: str
    inputs: int
    seconds: float
    code: int | None
    log: Path

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return self.code == 0

    def __str__(self) -> str:
        """Describe it on one line."""
        found = "nothing found" if self.ok else f"FOUND {self._fault()} (see {self.log.parent})"
        return f"{self.kind:<10} {self.inputs:>9,} inputs in {self.seconds:>5.0f} s   {found}"

    def _fault(self) -> str:
        log = self.log.read_text(errors="replace")
        told = re.search(r"Uncaught Python exception: ===\n(.*)|ERROR: (libFuzzer: .*)", log)
        if told:
            return next(filter(None, told.groups()), "")[:500]
        return "no end within the time" if self.code is None else f"exit code {self.code}"


def main() -> int:
    """Return 0 if nothing was found, 1 if something was, 2 if it can't be run."""
    parser = argparse.ArgumentParser(description="Fuzz the package with atheris.")
    parser.add_argument("--minutes", type=float, default=10, help="for all targets together (default: 10)")
    parser.add_argument("--only", choices=KINDS, action="append", help="a target; may be repeated")
    options = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed: pip install --editable '.[dev,fuzz]'", file=sys.stderr)
        return 2
    if not data_folder().is_dir():
        print(f"no real data at {data_folder()}: set GENATATOR_TEST_DATA", file=sys.stderr)
        return 2
    kinds = options.only or KINDS
    results = []
    for kind in kinds:
        results.append(tried(kind, 60 * options.minutes / len(kinds)))
        print(results[-1], flush=True)
    total, seconds = sum(result.inputs for result in results), sum(result.seconds for result in results)
    print(f"{'all':<10} {total:>9,} inputs in {seconds:>5.0f} s")
    return 0 if all(result.ok for result in results) else 1


def tried(kind: str, seconds: float) -> Tried:
    """Run one target for so many seconds, in a process that is gone afterwards."""
    findings = FINDINGS / kind
    findings.mkdir(parents=True, exist_ok=True)
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        folder = Path(name)
        work, corpus = folder / "work", folder / "corpus"
        work.mkdir()
        write_corpus(corpus, kind)
        command = [sys.executable, str(HERE / "atheris_target.py"), kind, str(work), str(findings)]
        command += [f"-max_total_time={seconds:.0f}", f"-timeout={SECONDS_PER_INPUT}", f"-rss_limit_mb={MEGABYTES}"]
        command += [f"-max_len={LONGEST_INPUT}", f"-artifact_prefix={findings}/", "-print_final_stats=1", str(corpus)]
        log = findings / "log.txt"
        begun = time.monotonic()
        with log.open("wb") as printed:
            code = _exit_code(command, seconds + GRACE_SECONDS, printed.fileno())
    inputs = re.findall(r"(?m)^(?:stat::number_of_executed_units:\s*|#)(\d+)", log.read_text(errors="replace"))
    return Tried(kind, int(inputs[-1]) if inputs else 0, time.monotonic() - begun, code, log)


def _exit_code(command: list[str], seconds: float, output: int) -> int | None:
    python_path = os.pathsep.join([str(REPOSITORY), str(HERE), str(HERE.parent)])
    try:
        return subprocess.run(
            command,
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": python_path},
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            check=False,
        ).returncode
    except subprocess.TimeoutExpired:
        return None


def write_corpus(folder: Path, kind: str) -> None:
    """Write what a target starts from: slices of real files; of a whole genome, chance that makes its choices."""
    chance = random.Random(1)
    contents: Iterable[bytes] = {
        "sequence": lambda: seeds.sequences(data_folder()),
        "annotation": lambda: seeds.annotations(data_folder()),
        "aliases": lambda: seeds.aliases(data_folder()),
        "catalogue": seeds.catalogues,
        "genome": lambda: [chance.randbytes(4_000) for _ in range(50)],
    }[kind]()
    folder.mkdir()
    for number, content in enumerate(contents):
        (folder / str(number)).write_bytes(content)


if __name__ == "__main__":
    raise SystemExit(main())
