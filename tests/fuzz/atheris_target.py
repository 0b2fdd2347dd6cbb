"""One target of atheris (coverage-guided): `atheris_target.py KIND WORK FINDINGS [libFuzzer's options, corpus]`.

`run.py` starts it for each kind of input. What breaks is saved in FINDINGS as the files that the package was given.
"""

import hashlib
import random
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

KINDS = ("sequence", "annotation", "aliases", "catalogue", "genome")
LONGEST_INPUT = 20_000


def main(kind: str, work: Path, findings: Path, options: list[str]) -> None:
    """Try inputs until libFuzzer ends the process."""
    import atheris  # noqa: PLC0415 - an extra: only this process needs it

    with atheris.instrument_imports(include=["genatator_assets"]):
        import properties  # noqa: PLC0415

    judge = properties.Judge(work.resolve(), timed=False)  # libFuzzer has the alarm clock
    judged = {
        "sequence": properties.judge_sequence,
        "annotation": properties.judge_annotation,
        "aliases": properties.judge_names,
        "catalogue": properties.judge_catalogue,
    }
    if kind == "genome":
        try_one, mutator = _whole_way(judge), None
    else:
        try_one, mutator = partial(judged[kind], judge), _mutator(atheris)

    def target(content: bytes) -> None:
        shutil.rmtree(judge.root, ignore_errors=True)
        judge.root.mkdir()
        try:
            try_one(content)
        except Exception:
            _save(judge.folder, findings, content)
            raise

    atheris.Setup([sys.argv[0], *options], target, **({"custom_mutator": mutator} if mutator else {}))
    atheris.Fuzz()


def _whole_way(judge: object) -> Callable[[bytes], object]:
    """Genomes made by hypothesis, of which atheris gives the choices."""
    import properties  # noqa: PLC0415
    import seeds  # noqa: PLC0415
    import strategies  # noqa: PLC0415
    from conftest import data_folder  # noqa: PLC0415
    from hypothesis import given  # noqa: PLC0415
    from test_fuzz import SETTINGS  # noqa: PLC0415

    @SETTINGS
    @given(strategies.made_inputs() | strategies.damaged_inputs(seeds.pairs(data_folder())))
    def build(inputs: strategies.Inputs) -> None:
        properties.judge_build(judge, inputs, with_checks=False)

    return build.hypothesis.fuzz_one_input


def _mutator(atheris: ModuleType) -> Callable[[bytes, int, int], bytes]:
    """Damage lines and columns as well as bytes."""
    import mutations  # noqa: PLC0415

    def mutate(content: bytes, most_bytes: int, seed: int) -> bytes:
        chance = random.Random(seed)
        if chance.random() < 0.5:
            return atheris.Mutate(content, most_bytes)  # another function once fuzzing has begun: look it up here
        return mutations.mutated(content, chance, most=2)[:most_bytes]

    return mutate


def _save(folder: Path, findings: Path, content: bytes) -> None:
    saved = findings / hashlib.sha256(content).hexdigest()[:12]
    saved.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.is_file():
            shutil.copy(path, saved)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:])
