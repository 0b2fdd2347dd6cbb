"""Mutants of one's own: small faults, drawn by seed and put one at a time into changed modules, that tests should find.

    tests/mutants/mutate.py [--since REVISION] [--count 20] [--seed 1] [MODULE.py...]

Each fault is tried in a copy of the repository, by the examples in the module's docstrings and by the two test files
that are nearest to it: of those that import it (or, if there is none, that import what imports it, and so on) the ones
that import least else. They run first without a fault, and must pass. A mutant that they don't notice is shown with its
line: it lacks a test near by, is code that nobody needs, or makes no difference (what is only faster, or only logged).
The repository itself is not changed.
"""

import argparse
import ast
import copy
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import grimp

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = "genatator_assets"
NEAREST = 2
PATIENCE = 5
"""A mutant may take so many times as long as the tests without one, and a minute, before it counts as noticed."""

COMPARISONS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
OPERATORS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult, ast.Mod: ast.Add,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A module's source with one fault in `line`; `before` and `after` are the code that it changes."""

    path: str
    line: int
    before: str
    after: str
    source: str


def mutants(path: str, source: str) -> Iterator[Mutant]:
    """Yield all mutants of a module, in the order of its code."""
    tree = ast.parse(source)
    places = [node for node in ast.walk(tree) if hasattr(node, "lineno")]
    left_out = {id(inner) for node in places for outer in _no_code(node) for inner in ast.walk(outer)}
    for number, node in enumerate(places):
        if id(node) in left_out:
            continue
        for choice, _ in enumerate(_faulty(node)):
            changed = copy.deepcopy(tree)
            same = [one for one in ast.walk(changed) if hasattr(one, "lineno")][number]
            after = list(_faulty(same))[choice]
            _Exchange(same, after).visit(changed)
            ast.fix_missing_locations(changed)
            yield Mutant(path, node.lineno, ast.unparse(node), ast.unparse(after), ast.unparse(changed))


def _no_code(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what of a node nobody runs, or what only people read: annotations, messages."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns:
        yield node.returns
    if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation:
        yield node.annotation
    if isinstance(node, ast.JoinedStr):
        yield node
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        yield node


def _faulty(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may stand in a node's place."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield ast.Compare(node.left, [COMPARISONS[type(node.ops[0])]()], node.comparators)
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS and not _is_text(node):
        yield ast.BinOp(node.left, OPERATORS[type(node.op)](), node.right)
    if isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield ast.BoolOp(other, node.values)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield ast.Constant(node.value + 1)
    if isinstance(node, ast.IfExp):
        yield ast.IfExp(node.test, node.orelse, node.body)
    if isinstance(node, ast.Return) and node.value is not None:
        yield ast.Return(ast.Constant(None))
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield ast.Pass()
    if isinstance(node, ast.Continue):
        yield ast.Break()


def _is_text(node: ast.BinOp) -> bool:
    sides = (node.left, node.right)
    return any(isinstance(side, ast.JoinedStr) or isinstance(getattr(side, "value", None), str) for side in sides)


class _Exchange(ast.NodeTransformer):
    def __init__(self, before: ast.AST, after: ast.AST) -> None:
        self._before, self._after = before, after

    def visit(self, node: ast.AST) -> ast.AST:
        return self._after if node is self._before else self.generic_visit(node)


def nearest_tests(module: str, graph: grimp.ImportGraph, tests: dict[Path, str]) -> list[Path]:
    """Return the test files nearest to a module; none if all that it is imported by is without one."""
    near = seen = {module}
    while near:
        if found := [path for path, text in tests.items() if any(_imports(text, one) for one in near)]:
            return sorted(sorted(found, key=lambda path: (tests[path].count(PACKAGE), path))[:NEAREST])
        near = {importer for one in near for importer in graph.find_modules_that_directly_import(one)} - seen
        seen = seen | near
    return []


def _imports(text: str, module: str) -> bool:
    package, _, name = module.rpartition(".")
    direct = rf"^\s*(from|import) {re.escape(module)}\b(?!\.)"
    by_name = rf"^\s*from {re.escape(package)} import (\([^)]*|[^\n]*)\b{re.escape(name)}\b"
    return re.search(f"{direct}|{by_name}", text, re.MULTILINE) is not None


def module_of(path: str) -> str:
    """Return the dotted name of a module's file."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def changed_modules(since: str) -> list[str]:
    """Return the package's modules that differ from a revision, uncommitted changes included."""
    command = ["git", "diff", "--name-only", "--diff-filter=d", since, "--", f"{PACKAGE}/*.py"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return done.stdout.split()


def run_tests(where: Path, tests: Sequence[Path], timeout: float | None) -> str:
    """Return what became of tests in a copy of the repository: "passed", or how they noticed something."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *map(str, tests)]
    environment = {**os.environ, "PYTHONPATH": str(where), "PYTHONDONTWRITEBYTECODE": "yes", "CI": "true"}
    environment.setdefault("GENATATOR_TEST_DATA", str(REPOSITORY.parent / "shared" / "data"))
    try:
        done = subprocess.run(
            command, cwd=where, env=environment, capture_output=True, text=True, check=False, timeout=timeout
        )
    except subprocess.TimeoutExpired:
        return "took too long"
    if done.returncode == 0:
        return "passed"
    told = re.findall(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    return told[0] if told else (done.stdout + done.stderr).strip().splitlines()[-1]


def main() -> int:
    """Draw mutants, try them, and print which are not noticed; 1 if the tests fail without any."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--since", default="HEAD~10", help="modules that differ from this revision (default: HEAD~10)")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("modules", nargs="*", metavar="MODULE.py", help="these modules instead, as paths from here")
    asked = parser.parse_args()
    given = [str(Path(module).resolve().relative_to(REPOSITORY)) for module in asked.modules]
    paths = given or changed_modules(asked.since)
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    files = {
        path.relative_to(REPOSITORY): path.read_text() for path in sorted((REPOSITORY / "tests").glob("test_*.py"))
    }
    tests_of = {path: nearest_tests(module_of(path), graph, files) for path in paths}
    every = [one for path in paths if tests_of[path] for one in mutants(path, (REPOSITORY / path).read_text())]
    drawn = random.Random(asked.seed).sample(every, min(asked.count, len(every)))
    print(f"{len(drawn)} of {len(every)} mutants of {len(paths)} modules, seed {asked.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="mutants.") as folder:
        return _try(drawn, tests_of, copy_to(Path(folder)))


def copy_to(folder: Path) -> Path:
    """Copy what git knows, as it is now; return where the copy is, beside nothing."""
    where = folder / "repository"
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():
        if (REPOSITORY / name).is_file():
            (where / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, where / name)
    return where


def _try(drawn: Sequence[Mutant], tests_of: dict[str, list[Path]], where: Path) -> int:
    seconds: dict[tuple[Path, ...], float] = {}
    unnoticed = 0
    for number, mutant in enumerate(drawn, start=1):
        tests = (Path(mutant.path), *tests_of[mutant.path])
        if tests not in seconds:
            began = time.monotonic()
            if (outcome := run_tests(where, tests, None)) != "passed":
                print(f"the tests fail without any mutant: {outcome}", file=sys.stderr)
                return 1
            seconds[tests] = time.monotonic() - began
        original = (where / mutant.path).read_text()
        (where / mutant.path).write_text(mutant.source)
        outcome = run_tests(where, tests, PATIENCE * seconds[tests] + 60)
        (where / mutant.path).write_text(original)
        unnoticed += outcome == "passed"
        names = ", ".join(path.name for path in tests)
        said = f"NOT NOTICED by {names}" if outcome == "passed" else f"noticed: {outcome}"
        change = f"{_short(mutant.before)}  ->  {_short(mutant.after)}"
        print(f"{number:3d}  {mutant.path}:{mutant.line}  {change}\n     {said}", flush=True)
    print(f"{len(drawn) - unnoticed} of {len(drawn)} mutants were noticed")
    return 0


def _short(code: str) -> str:
    line = " ".join(code.split())
    return line if len(line) <= 80 else f"{line[:77]}..."


if __name__ == "__main__":
    raise SystemExit(main())
