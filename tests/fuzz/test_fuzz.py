"""Inputs made by grammars and damaged real files: refused by name or taken as they are, and nothing else."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import properties
import pytest
import seeds
import strategies
from hypothesis import HealthCheck, Phase, event, given, settings
from properties import Judge

from genatator_assets.errors import GenatatorError

SETTINGS = settings(
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=[phase for phase in Phase if phase is not Phase.explain],  # it runs many more examples
)
_MEMORY = Path("/dev/shm")
FILES = {
    "sequence": (properties.judge_sequence, strategies.fasta, seeds.sequences, 150),
    "annotation": (properties.judge_annotation, strategies.annotation, seeds.annotations, 100),
    "aliases": (properties.judge_names, strategies.names_table, seeds.aliases, 150),
    "catalogue": (properties.judge_catalogue, strategies.catalogue, seeds.catalogues, 100),
}


@contextmanager
def judge() -> Iterator[Judge]:
    """Each input gets a folder of its own, in memory where there is such: syncing to disk takes most of the time."""
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        (Path(folder) / "root").mkdir()
        yield Judge(Path(folder).resolve())


class Results:
    """What became of the inputs; a test of which all inputs are refused, or none, tests little."""

    def __init__(self):
        self.counts = Counter()

    def note(self, result):
        what = "refused" if isinstance(result, GenatatorError) else "taken"
        event(what)
        self.counts[what] += 1

    def require_both(self):
        assert set(self.counts) == {"refused", "taken"}


@pytest.mark.parametrize("kind", FILES)
def test_a_made_file_is_refused_by_name_or_taken_as_it_is(kind):
    judged, made, _, most = FILES[kind]
    results = Results()

    @settings(SETTINGS, max_examples=most)
    @given(made())
    def check(content):
        with judge() as one:
            results.note(judged(one, content))

    check()
    results.require_both()


@pytest.mark.parametrize("kind", FILES)
def test_a_damaged_real_file_is_refused_by_name_or_taken_as_it_is(data, kind):
    judged, _, real, most = FILES[kind]
    results = Results()

    @settings(SETTINGS, max_examples=most)
    @given(strategies.damaged(real() if kind == "catalogue" else real(data)))
    def check(content):
        with judge() as one:
            results.note(judged(one, content))

    check()
    results.require_both()


def test_a_made_genome_is_built_to_the_contract_or_refused_by_name():
    results = Results()

    @settings(SETTINGS, max_examples=20)
    @given(strategies.made_inputs())
    def check(inputs):
        with judge() as one:
            results.note(properties.judge_build(one, inputs, with_checks=True))

    check()
    results.require_both()


def test_a_damaged_real_genome_is_built_to_the_contract_or_refused_by_name(data):
    results = Results()
    pairs = seeds.pairs(data)

    @settings(SETTINGS, max_examples=10)
    @given(strategies.damaged_inputs(pairs))
    def check(inputs):
        with judge() as one:
            results.note(properties.judge_build(one, inputs, with_checks=True))

    check()
    results.require_both()
