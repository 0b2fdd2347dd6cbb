"""`make mutants`: which faults are put into code, and by which tests they are tried."""

import importlib.util
from pathlib import Path

import grimp
import pytest

_PATH = Path(__file__).parent / "mutants" / "mutate.py"


@pytest.fixture(scope="module")
def run():
    spec = importlib.util.spec_from_file_location("run_of_mutants", _PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("code", "faulty"),
    [
        ("x = a < b", {"x = a <= b"}),
        ("x = a in b and c", {"x = a not in b and c", "x = a in b or c"}),
        ("x = a + 1", {"x = a - 1", "x = a + 2"}),
        ("x = not a", {"x = a"}),
        ("x = True", {"x = False"}),
        ("def f(a: int = 3) -> int:\n    pass", {"def f(a: int=4) -> int:\n    pass"}),
        ("def f():\n    return a", {"def f():\n    return None"}),
        ("f(a)", {"pass"}),
        ("x = 'text' + f'{a + 1}'", set()),
        ("x: Literal[1] = a", set()),
        ("if TYPE_CHECKING:\n    import b", set()),
    ],
)
def test_each_fault_is_one_change(run, code, faulty):
    assert {mutant.source for mutant in run.mutants("module.py", code)} == faulty


def test_mutants_say_where_they_are_and_what_they_change(run):
    found = run.mutants("module.py", "a = b\n\nc = (\n    d < 1\n)\n")
    assert [(mutant.line, mutant.before, mutant.after) for mutant in found] == [(4, "d < 1", "d <= 1"), (4, "1", "2")]


def test_the_nearest_tests_import_the_module_or_what_imports_it(run):
    graph = grimp.ImportGraph()
    for importer, imported in [("p.outer", "p.inner"), ("p.top", "p.outer")]:
        graph.add_import(importer=importer, imported=imported)
    tests = {
        Path("test_outer.py"): "from p.outer import (\n    one,\n)\n",
        Path("test_top.py"): "from p import top\n",
        Path("test_other.py"): "from p.inner_too import two\n",
    }
    assert run.nearest_tests("p.inner", graph, tests) == [Path("test_outer.py")]
    assert run.nearest_tests("p.top", graph, tests) == [Path("test_top.py")]
    del tests[Path("test_outer.py")], tests[Path("test_top.py")]
    assert run.nearest_tests("p.inner", graph, tests) == []
