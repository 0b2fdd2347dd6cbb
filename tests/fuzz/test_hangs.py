"""Large inputs of the kinds that make careless code quadratic or worse: each ends within a bounded time."""

import gzip
from collections.abc import Callable

import properties
import pytest
from test_fuzz import judge

from genatator_assets.errors import GenatatorError
from genatator_assets.parts import validate
from genatator_assets.sources.chromosomes import chromosomes_of

N = 20_000
ROW = b"chr1\tx\tmRNA\t1\t9\t.\t+\t.\t"
GTF = b"chr1\tx\texon\t1\t9\t.\t+\t.\t"
CATALOGUE = (
    b"dataset: d\nassemblies:\n- genome: g\n  species: s\n  sequence: {path: sequence}\n"
    b"  annotation: {path: annotation}\n"
)
# PyYAML reads some 10,000 names a second.
NAMES = b", ".join(b"scaffold%d" % number for number in range(N // 2))


def laughs(first: bytes, level: bytes, levels: int = 9) -> bytes:
    """Anchors of anchors: a few lines of YAML that mean 9 ** levels entries."""
    of_the_last = [b", ".join([b"*a%d" % number] * 9) for number in range(levels)]
    more = [b"- &a%d " % number + level % of_the_last[number - 1] for number in range(1, levels)]
    lines = [b"- &a0 " + first, *more]
    return b"dataset: d\nassemblies:\n" + b"\n".join(lines)


SEQUENCES = {
    "one line": lambda: b">a\n" + b"ACGT" * 500_000,
    "many sequences": lambda: b"".join(b">s%d\nA\n" % number for number in range(N)),
    "headers only": lambda: b">" * 2_000_000,
    "one long header": lambda: b">a " + b"x" * 2_000_000 + b"\nACGT\n",
    "blank lines": lambda: b"\n" * 2_000_000,
    "carriage returns": lambda: b">a\n" + b"\r" * 2_000_000,
    "one letter a line": lambda: b">a\n" + b"A\n" * 1_000_000,
    "uneven at the end": lambda: b">a\n" + b"ACGT\n" * 400_000 + b"A\nA\n",
    "gzip of zeros": lambda: gzip.compress(bytes(10_000_000)),
    "many gzip members": lambda: b"".join(gzip.compress(b">s%d\nA\n" % number, 1) for number in range(4_000)),
}
ANNOTATIONS = {
    "one key in one value again and again": lambda: ROW + b"Note=" + b"x ID=" * 400_000,
    "one key in GTF again and again": lambda: GTF + b'note "x' + b'x transcript_id "' * 200_000,
    "attributes": lambda: ROW + b"".join(b"k%d=v;" % number for number in range(200_000)) + b"ID=t\n",
    "semicolons": lambda: ROW + b";" * 2_000_000,
    "tabs": lambda: b"\t" * 2_000_000,
    "spaces": lambda: b" " * 2_000_000,
    "number signs": lambda: b"#" * 2_000_000,
    "number signs and line ends": lambda: b"#\n" * 200_000,
    "blank lines": lambda: b"\n" * 300_000,
    "percents": lambda: ROW + b"ID=" + b"%41" * 300_000 + b"\n",
    "parents": lambda: ROW + b"ID=t;Parent=" + b",".join(b"g%d" % number for number in range(N)) + b"\n",
    "parents of parts": lambda: (
        ROW + b"ID=t\n" + b"\tCDS\t".join([b"chr1\tx", b"1\t9\t.\t+\t.\tParent=" + b"t," * 500_000])
    ),
    "many sequences": lambda: b"".join(b"s%d" % number + ROW[4:] + b"ID=t%d\n" % number for number in range(N)),
    "many regions": lambda: b"".join(b"##sequence-region s%d 1 9\n" % number for number in range(N)) + ROW + b"ID=t\n",
    "many types": lambda: b"".join(b"chr1\tx\tt%d\t1\t9\t.\t+\t.\tID=t\n" % number for number in range(N)),
    "one transcript again and again": lambda: (ROW + b"ID=t\n") * N,
    "one transcript on both strands": lambda: (ROW + b"ID=t\n" + ROW.replace(b"+", b"-") + b"ID=t\n") * (N // 2),
    "parts of many transcripts": lambda: b"".join(GTF + b'transcript_id "t%d";\n' % number for number in range(N)),
    "malformed lines": lambda: (ROW + b"ID=t\n") + b"x\n" * 200_000,
    "digits": lambda: ROW.replace(b"\t9\t", b"\t" + b"9" * 1_000_000 + b"\t") + b"ID=t\n",
}
ALIASES = {
    "many rows": lambda: b"".join(b"s%d\tt%d\n" % (number, number) for number in range(N)),
    "many names of one": lambda: b"\t".join(b"s%d" % number for number in range(N)),
    "one name of all": lambda: b"".join(b"same\ts%d\n" % number for number in range(N)),
    "pairs": lambda: b"".join(b"t%d\tsame\tucsc\n" % number for number in range(N)),
    "columns without a name": lambda: b"\t" * 1_000_000,
    "digits": lambda: b"# Sequence-Name\tSequence-Length\nchr1\t" + b"9" * 1_000_000,
    "form feeds": lambda: b"a\tb\x0c" * 200_000,
}
CATALOGUES = {
    "many names in a split": lambda: CATALOGUE + b"  splits: {test: [%s]}\n" % NAMES,
    "many names included": lambda: CATALOGUE + b"  chromosomes: {include: [%s]}\n" % NAMES,
    "one name in a split again and again": lambda: (
        CATALOGUE + b"  splits: {test: [%s]}\n" % b",".join([b"a"] * (N // 2))
    ),
    "many genomes": lambda: CATALOGUE + b"".join(b"- {genome: g%d, species: s}\n" % number for number in range(1_000)),
    "many unknown keys": lambda: CATALOGUE + b"".join(b"key%d: 1\n" % number for number in range(5_000)),
    "nested lists": lambda: b"[" * 1_000,
    "nested mappings": lambda: b"{a: " * 1_000,
    "a long text": lambda: CATALOGUE.replace(b"species: s", b"species: " + b"x" * 1_000_000),
    "a long number": lambda: b"gene_finding: {block_size_bp: " + b"9" * 200_000 + b"}",
    "a long number in base 60": lambda: b"gene_finding: {block_size_bp: 1" + b":59" * 20_000 + b"}",
    "lists of lists of lists": lambda: laughs(b"[x, x, x]", b"[%s]"),
    "merges of merges of merges": lambda: laughs(b"{k: v}", b"{<<: [%s]}"),
}
KINDS = {
    "sequence": (properties.judge_sequence, SEQUENCES),
    "annotation": (properties.judge_annotation, ANNOTATIONS),
    "aliases": (properties.judge_names, ALIASES),
    "catalogue": (properties.judge_catalogue, CATALOGUES),
}


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        pytest.param(kind, make, id=f"{kind}: {name}")
        for kind, (_, inputs) in KINDS.items()
        for name, make in inputs.items()
    ],
)
def test_a_large_input_ends_in_a_bounded_time(kind: str, make: Callable[[], bytes]):
    with judge() as one:
        KINDS[kind][0](one, make())


SCAFFOLDS = [f"scaffold{number}" for number in range(2 * N)]
RULES = {
    "all included": {"chromosomes": {"include": SCAFFOLDS}},
    "all excluded but one": {"chromosomes": {"exclude": SCAFFOLDS[1:]}},
    "all in a split": {"splits": {"test": SCAFFOLDS}},
    "many misspelt": {"splits": {"test": [name.replace("d", "d_") for name in SCAFFOLDS[:1_000]]}},
}


@pytest.mark.parametrize("rule", RULES)
def test_rules_for_many_chromosomes_take_a_bounded_time(rule):
    genome = {"genome": "g", "species": "s", "sequence": {"path": "x"}, "annotation": {"path": "x"}, **RULES[rule]}
    with judge() as one:
        origin = one.file("x", b"")
        catalogue = validate(
            {"dataset": "d", "min_chromosome_length_bp": 1, "assemblies": [genome]},
            context={"folder": one.folder, "origin": str(origin)},
        )
        lengths = dict.fromkeys(SCAFFOLDS, 5)
        chromosomes = one.result_of(lambda: chromosomes_of(catalogue, "g", lengths), [origin])
    assert isinstance(chromosomes, GenatatorError) == (rule == "many misspelt")
