"""Small inputs on which the package once broke, with what it says of them now; None: it takes them."""

from pathlib import Path

import properties
import pytest
from strategies import Inputs
from test_fuzz import judge

from genatator_assets.errors import GenatatorError

FOUND = Path(__file__).parent / "found"
GENOME = b">chr1\n" + b"ACGTN" * 20 + b"\n"  # 100 bp: two blocks
ROW = b"chr1\tx\tmRNA\t1\t9\t.\t+\t.\tID=t\n"
CATALOGUE = """
dataset: found
gene_finding: {block_size_bp: 50}
min_chromosome_length_bp: 1
assemblies:
  - genome: g
    species: SPECIES
    sequence: {path: sequence}
    annotation: {path: annotation}
"""

SAID = {
    # PyYAML lets Python's own errors pass: IndexError, AttributeError, KeyError, OverflowError
    "tagged_int_of_nothing.yaml": 'the value can\'t be read as int\n  in "<unicode string>", line 7, column 31:',
    "tagged_float_of_nothing.yaml": "the value can't be read as float",
    "tagged_timestamp_of_text.yaml": "the value can't be read as timestamp",
    "tagged_bool_of_text.yaml": "the value can't be read as bool",
    "float_in_base_60_without_end.yaml": "the value can't be read as float",
    "hexadecimal_without_end.yaml": "found a number of more than 64 bits",  # ValueError when it was to be shown
    # no end of time and memory
    "lists_of_lists_of_lists.yaml": "assemblies[8]: found [[[...], [...], [...], ",
    "merges_of_merges_of_merges.yaml": "keys in one mapping, expected 10,000 at most",
    # valid YAML, refused: "the key 'shape' stands twice"
    "merged_mapping_merged_again.yaml": None,
    # messages that steered the terminal, filled it, or named no file
    "escape_in_a_key.yaml": "a\\x1b[2J: unknown key",
    "path_of_a_long_name.yaml": "letters more) ... xx",
    "genome_of_a_long_name.yaml": "no longer than 100",
    "no_common_names.gff3": "annotation: genome g: the annotation and the FASTA file name their sequences differently",
    "coding_sequences_only.gff3": "annotation: none of its",
    "escape_in_a_name.gff3": "chr\\x1b[2J",
    # tables of the card that fell apart
    "species_on_two_lines.yaml": "assemblies[0].species: found 'a\\nb', expected a name on one line",
    # a GenatatorError out of `build_chromosomes`, which never raises
    "id_too_long_for_a_path.fa": "sequence:1: The name 'xxx",
    "id_too_long_when_encoded.fa": "sequence:3: The name '///",
    # faults of a line without its number, or with another
    "uneven_line.fa": "sequence:6: the lines of >b are not equally long",
    "line_after_a_form_feed.tsv": "aliases:3: found ",
    # int() takes less than str.isdigit() does
    "superscript_length.tsv": "aliases:2: found ['1', 'X', '²']",
    "length_without_end.tsv": "aliases:2: found ['1', 'X', '999",
    # a check that found fault with a sound block: the greatest value of a tail, 0.3678..., compared as text
    "peak_across_a_block_edge.gff3": None,
}


def judged(path):
    content = path.read_bytes()
    with judge() as one:
        match path.suffix:
            case ".yaml":
                return properties.judge_catalogue(one, content)
            case ".fa":
                return properties.judge_sequence(one, content)
            case ".tsv":
                return properties.judge_names(one, content)
            case _:
                refused = properties.judge_annotation(one, content)
                if isinstance(refused, GenatatorError):
                    return refused
                inputs = Inputs(GENOME, content, None, CATALOGUE.replace("SPECIES", "Homo sapiens"))
                return properties.judge_build(one, inputs, with_checks=True)


@pytest.mark.parametrize("name", sorted(path.name for path in FOUND.iterdir()))
def test_what_once_broke_is_now_refused_by_name_or_taken(name):
    result, said = judged(FOUND / name), SAID[name]
    assert isinstance(result, GenatatorError) == (said is not None)
    assert said is None or said in str(result)


def test_a_species_with_a_bar_in_it_does_not_break_the_card():
    with judge() as one:
        inputs = Inputs(GENOME, ROW, None, CATALOGUE.replace("SPECIES", "a|b"))
        assert not isinstance(properties.judge_build(one, inputs, with_checks=True), GenatatorError)
        card = (one.root / "dataset" / "README.md").read_text()
    assert r"| g | a\|b | train |" in card


def test_every_input_is_there():
    assert set(SAID) == {path.name for path in FOUND.iterdir()}
