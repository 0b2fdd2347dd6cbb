"""Names of sequences: assembly reports, chromAlias tables, plain rules, and how an annotation's names are matched."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genatator_assets.errors import SequenceError
from genatator_assets.sources.aliases import SequenceNames, aliases_of, chromosomes_named, read_names

# The layout of NCBI's files: comments, then a header that is a comment too; lines end with CR LF.
REPORT = "\r\n".join(
    [
        "# Assembly name:  GRCh38.p14",
        "# Organism name:  Homo sapiens (human)",
        "# Taxid:          9606",
        "# RefSeq assembly accession: GCF_000001405.40",
        "#",
        "## Assembly-Units:",
        "## GenBank Unit Accession\tRefSeq Unit Accession\tAssembly-Unit name",
        "## GCA_000001305.2\tGCF_000001305.16\tPrimary Assembly",
        "#",
        "# Sequence-Name\tSequence-Role\tAssigned-Molecule\tAssigned-Molecule-Location/Type\tGenBank-Accn\tRelationship"
        "\tRefSeq-Accn\tAssembly-Unit\tSequence-Length\tUCSC-style-name",
        "1\tassembled-molecule\t1\tChromosome\tCM000663.2\t=\tNC_000001.11\tPrimary Assembly\t248956422\tchr1",
        "SUPER_X\tassembled-molecule\tX\tChromosome\tCM000685.2\t=\tna\tPrimary Assembly\t156040895\tna",
        "HSCHR1_CTG1_UNLOCALIZED\tunlocalized-scaffold\t1\tChromosome\tKI270706.1\t=\tNT_187361.1\tPrimary Assembly"
        "\t175055\tchr1_KI270706v1_random",
        "MT\tassembled-molecule\tMT\tMitochondrion\tJ01415.2\t=\tNC_012920.1\tnon-nuclear\t16569\tchrM",
        "",
    ]
)
OF_REPORT = [
    SequenceNames(("1", "CM000663.2", "NC_000001.11", "chr1"), 248_956_422),
    SequenceNames(("SUPER_X", "CM000685.2", "X"), 156_040_895),
    SequenceNames(("HSCHR1_CTG1_UNLOCALIZED", "KI270706.1", "NT_187361.1", "chr1_KI270706v1_random"), 175_055),
    SequenceNames(("MT", "J01415.2", "NC_012920.1", "chrM"), 16_569),
]
# Three forms of UCSC: of bigZips now and before, where an absent name is nothing between tabs; of the database.
WIDE = """\
# ucsc\tassembly\tensembl\tgenbank\trefseq
chr1\t1\t1\tCM000663.2\tNC_000001.11
chrX\tX\tX\tCM000685.2\tNC_000023.11
chr1_KI270706v1_random\tHSCHR1_CTG1_UNLOCALIZED\tKI270706.1\tKI270706.1\t
"""
OLD_WIDE = "# sequenceName\talias names\tUCSC database: mm10\nchr1\tCM000994.2\tNC_000067.6\nchrM\tAY172335.1\tMT\n"
PAIRS = """\
1\tchr1\tassembly,ensembl
CM000663.2\tchr1\tgenbank
NC_000001.11\tchr1\trefseq
MT\tchrM\tensembl
"""


@pytest.fixture
def names_in(tmp_path):
    def read(text):
        path = tmp_path / "names.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_names(path)

    return read


@pytest.fixture
def refusal(names_in, tmp_path):
    def message(text):
        with pytest.raises(SequenceError) as caught:
            names_in(text)
        return str(caught.value).removeprefix(str(tmp_path / "names.txt"))

    return message


# Tables


def test_an_assembly_report_gives_all_names_and_the_lengths(names_in):
    assert names_in(REPORT) == OF_REPORT
    assert names_in(b"\xef\xbb\xbf" + REPORT.replace("\r\n", "\n").encode()) == OF_REPORT


def test_an_old_assembly_report_has_no_lengths(names_in):
    old = "\n".join("\t".join(line.split("\t")[:8]) for line in REPORT.splitlines() if not line.startswith("##"))
    # without the last two columns there are no names of UCSC either
    assert names_in(old) == [
        SequenceNames(("1", "CM000663.2", "NC_000001.11")),
        SequenceNames(("SUPER_X", "CM000685.2", "X")),
        SequenceNames(("HSCHR1_CTG1_UNLOCALIZED", "KI270706.1", "NT_187361.1")),
        SequenceNames(("MT", "J01415.2", "NC_012920.1")),
    ]


def test_a_chrom_alias_table_with_a_column_for_each_authority(names_in):
    assert names_in(WIDE) == [
        SequenceNames(("chr1", "1", "CM000663.2", "NC_000001.11")),
        SequenceNames(("chrX", "X", "CM000685.2", "NC_000023.11")),
        SequenceNames(("chr1_KI270706v1_random", "HSCHR1_CTG1_UNLOCALIZED", "KI270706.1")),
    ]
    assert names_in(OLD_WIDE) == [
        SequenceNames(("chr1", "CM000994.2", "NC_000067.6")),
        SequenceNames(("chrM", "AY172335.1", "MT")),
    ]
    assert names_in("a\tb\nc\td") == [SequenceNames(("a", "b")), SequenceNames(("c", "d"))]


def test_a_chrom_alias_table_of_the_database_is_one_of_pairs(names_in):
    assert names_in(PAIRS) == [
        SequenceNames(("chr1", "1", "CM000663.2", "NC_000001.11")),
        SequenceNames(("chrM", "MT")),
    ]
    # a source that is said of several sequences, whatever it is called
    assert names_in("1\tchr1\tinsdc\n2\tchr2\tinsdc\n") == [SequenceNames(("chr1", "1")), SequenceNames(("chr2", "2"))]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "",
            ": found no rows, expected an assembly report of NCBI or a chromAlias table of UCSC",
        ),
        ("# only\tcomments\n", ": found no rows, expected an assembly report"),
        ("chr1\t1\nchr2 2\n", ":2: found 'chr2 2', expected an assembly report"),
        (">chr1\nACGT\n", ":1: found '>chr1', expected an assembly report"),
        (REPORT.replace("156040895", "long"), ":12: found ['SUPER_X', 'assembled-molecule', 'X', "),
        (gzip.compress(REPORT.encode(), mtime=0), ": not a text file ("),
    ],
)
def test_what_is_no_table_of_names_is_refused_with_its_line(refusal, text, said):
    assert refusal(text).startswith(said)


# Names of a FASTA file's sequences


@pytest.mark.parametrize(
    ("fasta", "expected"),
    [
        ({"chr1": 248_956_422}, ("1", "CM000663.2", "NC_000001.11", "Chr1")),
        ({"NC_000001.11": 248_956_422}, ("1", "CM000663.2", "chr1", "Chr1")),
        ({"SUPER_X": 156_040_895}, ("CM000685.2", "X", "chrX", "ChrX")),
        ({"NC_012920.1": 16_569}, ("MT", "J01415.2", "chrM", "M", "ChrM", "chrMT", "Mt", "MtDNA")),
    ],
)
def test_a_sequence_has_all_names_of_its_row_and_the_plain_ones(fasta, expected):
    assert aliases_of(fasta, OF_REPORT) == {next(iter(fasta)): expected}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("chr1", "1 Chr1"),
        ("1", "chr1 Chr1"),
        ("Chr5", "5 chr5"),
        ("22", "chr22 Chr22"),
        ("X", "chrX ChrX"),
        ("2L", "chr2L Chr2L"),
        ("2a", "chr2a Chr2a"),
        ("XVI", "chrXVI ChrXVI"),
        ("B4", "chrB4 ChrB4"),
        ("Un", "chrUn ChrUn"),
        ("chrUn_KI270302v1", "Un_KI270302v1 ChrUn_KI270302v1"),
        ("MT", "chrM ChrM chrMT M Mt MtDNA"),
        ("chrM", "M ChrM chrMT MT Mt MtDNA"),
        ("Pt", "chrC ChrC"),
        ("ChrC", "C chrC Pt"),
        ("123", ""),
        ("chr", ""),
        ("chromosome_1", ""),
        ("NC_000001.11", ""),
        ("scaffold_1", ""),
        ("scaffold_chr1", ""),
        ("my.Chr2", ""),
        ("HSCHR1_CTG1_UNLOCALIZED", ""),
    ],
)
def test_plain_names_of_a_sequence(name, expected):
    assert aliases_of({name: 9}, []) == {name: tuple(expected.split())}


def test_names_of_other_sequences_are_no_plain_names():
    assert aliases_of({"chr1": 9, "1": 9}, []) == {"chr1": ("Chr1",), "1": ("Chr1",)}
    # hg19 of UCSC has two mitochondria: each keeps chrN and N only
    assert aliases_of({"chrM": 9, "chrMT": 9}, []) == {"chrM": ("M", "ChrM"), "chrMT": ("MT", "ChrMT")}
    # a stated name counts more than a plain rule
    stated = [SequenceNames(("NC_5.1", "1"))]
    assert aliases_of({"chr1": 9, "NC_5.1": 9}, stated) == {"chr1": ("Chr1",), "NC_5.1": ("1", "Chr1")}


def test_rows_of_absent_sequences_are_passed_over():
    assert aliases_of({"chrM": 16_569, "extra": 5}, OF_REPORT)["extra"] == ()


def message_of(fasta, names):
    with pytest.raises(SequenceError) as caught:
        aliases_of(fasta, names, "report.txt")
    return str(caught.value)


def test_a_length_that_differs_is_of_another_assembly():
    assert message_of({"chr1": 248_956_422, "NC_012920.1": 16_571}, OF_REPORT) == (
        "report.txt: says that NC_012920.1 has 16,569 bp, but in the FASTA file it has 16,571: they are not of the same"
        " assembly; give the FASTA file's own report"
    )


def test_a_table_that_calls_two_sequences_one_is_refused():
    assert message_of({"chr1": 9, "CM000663.2": 9}, [SequenceNames(("chr1", "1", "CM000663.2"))]) == (
        "report.txt: calls one sequence chr1 and CM000663.2, but the FASTA file has both, as two sequences; it does not"
        " belong to this FASTA file"
    )


def test_a_table_without_any_of_the_names_is_refused_with_both_sides():
    """The report of GRCh38 with the sequences of GRCh37."""
    assert message_of({"NC_000001.10": 9, "NC_000002.11": 9}, OF_REPORT[:2]) == (
        "report.txt: has none of the FASTA file's names.\n  table: 1, CM000663.2, NC_000001.11, chr1, SUPER_X, ..."
        " (7 names)\n  FASTA file: NC_000001.10, NC_000002.11\nGive the table of this assembly, one column of which has"
        " these names."
    )


# Names of an annotation


def test_an_exact_name_comes_before_an_alias():
    aliases = {"1": ("chr1",), "chr1": (), "NC_2.1": ("2", "1")}
    assert chromosomes_named(["1", "chr1", "2", "3"], aliases) == ({"1": "1", "chr1": "chr1", "2": "NC_2.1"}, {})


def test_an_alias_of_two_sequences_is_ambiguous():
    aliases = {"u1": ("1", "x"), "u2": ("1",), "u3": ("1",)}
    assert chromosomes_named(["1", "x"], aliases) == ({"x": "u1"}, {"1": ("u1", "u2", "u3")})


@given(st.sets(st.sampled_from(["1", "chr1", "Chr1", "MT", "chrM", "M", "2", "chr2", "Pt", "scaffold"]), min_size=1))
def test_no_sequence_has_an_alias_that_is_the_name_of_another(names):
    aliases = aliases_of(dict.fromkeys(names, 9), [])
    assert list(aliases) == list(names)
    for chrom, others in aliases.items():
        assert not names & set(others)
        assert len(set(others)) == len(others)
        assert chrom not in others
