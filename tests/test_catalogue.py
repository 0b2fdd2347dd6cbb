"""The catalogue: what a correct one says, and what is told about each fault."""

import re
from pathlib import Path

import pytest

from genatator_assets.catalogue import preset_names
from genatator_assets.errors import CatalogueError
from genatator_assets.gene_finding.section import GeneFinding, Kernel, kernel_of
from genatator_assets.parts import load_catalogue, parts_of

FILES = "sequence: {path: genome.fa}, annotation: {path: genes.gtf}"
SIMULATE = "simulate: {seed: 1, flavour: gencode}"
GENOME = f"genome: g, species: S s, {FILES}"


@pytest.fixture
def write(tmp_path):
    """Write a catalogue into a folder that has genome.fa and genes.gtf."""
    (tmp_path / "genome.fa").write_text(">chr1\nACGT\n")
    (tmp_path / "genes.gtf").write_text("")

    def written(text):
        path = tmp_path / "catalogue.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return written


@pytest.fixture
def load(write):
    """Load a catalogue of these assemblies (in YAML's flow style) and further lines."""
    return lambda *assemblies, top="": load_catalogue(write(document(*assemblies, top=top)))


@pytest.fixture
def faults(write):
    """Return the lines of the error that a text causes, without the file's name, which each must begin with."""

    def lines(text):
        path = write(text)
        with pytest.raises(CatalogueError) as caught:
            load_catalogue(path)
        found = str(caught.value).splitlines()
        assert re.match(rf"{path}:([0-9]+:)? ", found[0])
        return [re.sub(rf"^{path}:([0-9]+:)? ", "", line) for line in found]

    return lines


def document(*assemblies, top=""):
    entries = "".join(f"  - {{{assembly}}}\n" for assembly in assemblies or [GENOME])
    return f"dataset: d\n{top}\nassemblies:\n{entries}"


def test_a_minimal_catalogue_has_the_documented_defaults(load):
    catalogue = load()
    assembly = catalogue.assembly("g")
    assert (catalogue.dataset, catalogue.genomes) == ("d", ("g",))
    assert (catalogue.section(GeneFinding).block_size_bp, catalogue.min_length_of("g")) == (10_000_000, 100_000)
    assert kernel_of(catalogue, "g") == Kernel(shape="laplace", width_bp=2.0, radius_bp=20)
    assert assembly.annotation.flavour == "auto"
    assert assembly.chromosomes.wants("any")
    assert assembly.splits.split_of("any") == "train"


def test_the_catalogue_remembers_its_file(write):
    path = write(document())
    assert load_catalogue(path).origin == str(path)


def test_kernel_and_minimum_length_are_the_assemblys_own_or_else_the_datasets(load):
    catalogue = load(
        f"{GENOME}, gene_finding: {{kernel: {{shape: box, radius_bp: 0}}}}, min_chromosome_length_bp: 7",
        GENOME.replace("genome: g", "genome: h"),
        top="gene_finding: {kernel: {width_bp: 5}}\nmin_chromosome_length_bp: 30_000",
    )
    assert kernel_of(catalogue, "g") == Kernel(shape="box", width_bp=2.0, radius_bp=0)
    assert kernel_of(catalogue, "h") == Kernel(shape="laplace", width_bp=5.0, radius_bp=20)
    assert (catalogue.min_length_of("g"), catalogue.min_length_of("h")) == (7, 30_000)


def test_numbers_may_name_chromosomes(load):
    assembly = load(
        f"{GENOME}, chromosomes: {{include: [1, 2, X]}}, splits: {{test: [2], default: validation}}"
    ).assembly("g")
    assert assembly.chromosomes.include == ("1", "2", "X")
    assert [assembly.splits.split_of(chrom) for chrom in "12"] == ["validation", "test"]


def test_excluded_wins_over_included(load):
    rules = load(f"{GENOME}, chromosomes: {{include: [a, b], exclude: [b]}}").assembly("g").chromosomes
    assert [rules.wants(chrom) for chrom in "abc"] == [True, False, False]


def test_numbers_may_be_written_with_underscores(load):
    assert load(top="gene_finding: {block_size_bp: 1_000_000}").section(GeneFinding).block_size_bp == 1_000_000


def test_yaml_anchors_and_merges_work(load):
    merged = GENOME.replace("genome: g", "genome: h") + ", gene_finding: {kernel: {<<: *wide, shape: box}}"
    catalogue = load(f"{GENOME}, gene_finding: {{kernel: &wide {{width_bp: 9, shape: gaussian}}}}", merged)
    assert kernel_of(catalogue, "h") == Kernel(shape="box", width_bp=9.0)


def test_relative_paths_are_relative_to_the_file(write, tmp_path, monkeypatch):
    write(document())
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assembly = load_catalogue("../catalogue.yaml").assembly("g")
    assert assembly.sequence.path == tmp_path / "genome.fa"
    assert assembly.annotation.path == tmp_path / "genes.gtf"


@pytest.mark.parametrize("absolute", [True, False])
def test_absolute_paths_and_the_home_folder_are_taken_as_they_are(load, tmp_path, monkeypatch, absolute):
    home = tmp_path / "home"
    home.mkdir()
    (home / "own.fa").touch()
    monkeypatch.setenv("HOME", str(home))
    spelled = home / "own.fa" if absolute else "~/own.fa"
    assert load(GENOME.replace("genome.fa", str(spelled))).assembly("g").sequence.path == home / "own.fa"


@pytest.mark.parametrize("preset", preset_names())
def test_every_preset_loads_in_any_folder(preset, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_catalogue(preset).origin == f"preset {preset}"


@pytest.mark.parametrize(
    ("assembly", "top", "place", "near"),
    [
        (GENOME, "gene_finding: {blok_size_bp: 5}", "gene_finding.blok_size_bp", "block_size_bp"),
        (GENOME, "gene_finding: {kernel: {shap: box}}", "gene_finding.kernel.shap", "shape"),
        (f"{GENOME}, split: {{}}", "", "assemblies[0].split", "splits"),
        (GENOME.replace("genome.fa", "genome.fa, paht: x"), "", "assemblies[0].sequence.paht", "path"),
        (GENOME.replace("genes.gtf", "genes.gtf, flavor: x"), "", "assemblies[0].annotation.flavor", "flavour"),
        (
            f"{GENOME}, gene_finding: {{kernel: {{width: 3}}}}",
            "",
            "assemblies[0].gene_finding.kernel.width",
            "width_bp",
        ),
        (f"{GENOME}, chromosomes: {{includes: [a]}}", "", "assemblies[0].chromosomes.includes", "include"),
        (f"{GENOME}, splits: {{trian: [a]}}", "", "assemblies[0].splits.trian", "train"),
        (
            "genome: g, species: S, simulate: {seed: 1, flavour: gencode, totl_bp: 1}",
            "",
            "assemblies[0].simulate.totl_bp",
            "total_bp",
        ),
    ],
)
def test_an_unknown_key_is_named_with_its_place_and_the_nearest_known_one(faults, assembly, top, place, near):
    (line,) = faults(document(assembly, top=top))
    assert line.startswith(f"{place}: unknown key; did you mean {near!r}?; known here: ")


def test_an_unknown_key_like_no_other_comes_with_the_known_ones(faults):
    (line,) = faults(document(top="zzz: 1"))
    assert line.startswith("zzz: unknown key; known here: assemblies, dataset, ")


def test_where_a_catalogue_comes_from_is_not_for_the_file_to_say(faults):
    (line,) = faults(document(top="origin: elsewhere"))
    assert line.startswith("origin: unknown key")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (document() + "dataset: e\n", 5),
        (document(f"{GENOME}, species: other"), 4),
        (document(top="gene_finding: {kernel: {shape: box, radius_bp: 1, shape: box}}"), 2),
    ],
)
def test_a_repeated_key_is_refused(faults, text, line):
    told = faults(text)
    assert "stands twice" in told[0]
    assert f"line {line}," in told[1]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [1", "not valid YAML"),
        ("a: b: c", "not valid YAML"),
        ("---\na: 1\n---\nb: 2\n", "not valid YAML"),
        ("a: \x00", "not valid YAML"),
        ("a: !!python/object/apply:os.getcwd []", "not valid YAML"),
        ("dataset: 2020-13-45", "not valid YAML"),
        ("dataset: 0b_", "not valid YAML"),
        ("[" * 3_000, "not valid YAML"),
        ("? [a, b]\n: c", "not valid YAML"),
        ("dataset: {{name}}", "not valid YAML"),
        ("", "found NoneType, expected a mapping"),
        ("- a\n- b", "found list, expected a mapping"),
        ("hg38", "found str, expected a mapping"),
        (b"\xff\xfe\x00d\xd8", "not a text file"),
        (b"\x1f\x8b\x08\x00\x00", "not a text file"),
    ],
)
def test_what_is_not_a_yaml_mapping_is_refused(faults, text, told):
    assert faults(text)[0].startswith(told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (document().replace("dataset: d", ""), "dataset: missing"),
        (document(f"species: S, {FILES}"), "assemblies[0].genome: missing"),
        (document(f"genome: g, {FILES}"), "assemblies[0].species: missing"),
        (document("genome: g, species: S, simulate: {seed: 1}"), "assemblies[0].simulate.flavour: missing"),
    ],
)
def test_a_missing_key_is_named(faults, text, told):
    assert faults(text) == [f"{told}; it must be given"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (document(top="gene_finding: {block_size_bp: big}"), "gene_finding.block_size_bp: found 'big': "),
        (document(top="gene_finding: {block_size_bp: yes}"), "gene_finding.block_size_bp: found True: "),
        (document(top="gene_finding: {block_size_bp: 0}"), "gene_finding.block_size_bp: found 0: "),
        (document(top="gene_finding: {block_size_bp: 10_000_001}"), "gene_finding.block_size_bp: found 10000001: "),
        (document(top="min_chromosome_length_bp: 1.5"), "min_chromosome_length_bp: found 1.5: "),
        (document(top="gene_finding: {kernel: laplace}"), "gene_finding.kernel: found 'laplace', expected a mapping"),
        (document(top="gene_finding: {kernel: {shape: round}}"), "gene_finding.kernel.shape: found 'round': "),
        (document(top="gene_finding: {kernel: {width_bp: 0}}"), "gene_finding.kernel.width_bp: found 0: "),
        (document(top="gene_finding: {kernel: {width_bp: .inf}}"), "gene_finding.kernel.width_bp: found inf: "),
        (document(top="gene_finding: {kernel: {width_bp: yes}}"), "gene_finding.kernel.width_bp: found True: "),
        (document(top="gene_finding: {kernel: {radius_bp: -1}}"), "gene_finding.kernel.radius_bp: found -1: "),
        (document(top="1: x"), "[1]: found 1: "),
        ("dataset: d\nassemblies: {genome: g}", "assemblies: found {'genome': 'g'}, expected a list"),
        ("dataset: d\nassemblies: []", "assemblies: found an empty list, expected at least one entry"),
        ("dataset: d\nassemblies: [g]", "assemblies[0]: found 'g', expected a mapping"),
        (document(GENOME.replace("genome.fa", "3")), "assemblies[0].sequence.path: found 3: "),
        (document(f"{GENOME}, splits: {{default: tran}}"), "assemblies[0].splits.default: found 'tran': "),
        (document(f"{GENOME}, chromosomes: {{include: chr1}}"), "assemblies[0].chromosomes.include: found 'chr1'"),
        (document(f"{GENOME}, chromosomes: {{include: []}}"), "assemblies[0].chromosomes.include: found an empty list"),
        (document(f"{GENOME}, chromosomes: {{include: [no]}}"), "assemblies[0].chromosomes.include[0]: found False: "),
    ],
)
def test_a_wrong_value_is_named_once_with_its_place(faults, text, told):
    (line,) = faults(text)
    assert line.startswith(told)


@pytest.mark.parametrize(
    "name", ["..", ".", "../g", "a/b", "a\\\\b", "/g", ".hidden", "a..b", "a b", "-g", "", "g\\n", "ä", "a*"]
)
@pytest.mark.parametrize("key", ["genome", "dataset"])
def test_names_that_would_leave_their_folder_are_refused(faults, key, name):
    text = document().replace({"genome": "genome: g", "dataset": "dataset: d"}[key], f'{key}: "{name}"')
    (line,) = faults(text)
    assert re.match(rf"(assemblies\[0\]\.)?{key}: .* can't name a genome", line)


def test_a_genome_stands_once(faults):
    (line,) = faults(document(GENOME, GENOME))
    assert "genomes named more than once: g" in line


@pytest.mark.parametrize("splits", ["train: [a], test: [b, a]", "validation: [1, a], train: [a, 1]", "test: [a, a]"])
def test_a_chromosome_stands_in_one_split(faults, splits):
    (line,) = faults(document(f"{GENOME}, splits: {{{splits}}}"))
    assert re.match(r"assemblies\[0\]\.splits: chromosomes named more than once: (1, )?a;", line)


@pytest.mark.parametrize("origin", ["", "annotation: {path: genes.gtf}", "sequence: {}, annotation: {path: genes.gtf}"])
def test_an_assembly_has_a_sequence_or_an_accession(faults, origin):
    (line,) = faults(document(f"genome: g, species: S, {origin}"))
    assert line.startswith("assemblies[0]: expected 'sequence' with 'path' or 'url', or 'accession', or 'simulate'")


@pytest.mark.parametrize("beside", [FILES, "accession: GCF_000146045.2", "aliases: {path: genome.fa}"])
def test_an_assembly_is_read_or_simulated(faults, beside):
    (line,) = faults(document(f"genome: g, species: S, {SIMULATE}, {beside}"))
    assert line == "assemblies[0]: found 'simulate' beside real inputs; give one or the other"


def test_an_accession_stands_for_what_is_not_stated(load):
    assembly = load("genome: g, species: S, accession: GCF_000146045.2, annotation: {path: genes.gtf}").assembly("g")
    assert (assembly.sequence.stated, assembly.annotation.stated, assembly.aliases.stated) == (False, True, False)


@pytest.mark.parametrize(
    ("sequence", "place", "told"),
    [
        ("path: genome.fa, url: https://h/f.fa", "sequence", "found both 'path' and 'url'"),
        (f"path: genome.fa, md5: {'a' * 32}", "sequence", "'md5' and 'sha256' go with 'url'"),
        ("url: ftp://h/f.fa", "sequence.url", "'ftp://h/f.fa' can't be fetched: only http and https"),
        ("url: genome.fa", "sequence.url", "'genome.fa' can't be fetched"),
        ("url: https://host", "sequence.url", "'https://host' can't be fetched"),
        ("url: 'https://me:secret@host/f.fa'", "sequence.url", "secrets never stand in a catalogue"),
        ("url: https://h/f.fa, md5: abc", "sequence.md5", "found 'abc', expected 32 hexadecimal digits"),
        (f"url: https://h/f.fa, sha256: {'g' * 64}", "sequence.sha256", f"found '{'g' * 64}', expected 64"),
    ],
)
def test_a_file_to_fetch_is_stated_well(faults, sequence, place, told):
    (line,) = faults(document(f"genome: g, species: S, sequence: {{{sequence}}}, annotation: {{path: genes.gtf}}"))
    assert line.startswith(f"assemblies[0].{place}: ")
    assert told in line


@pytest.mark.parametrize("accession", ["GCF_1", "GCF_000146045", "NC_000001.11", "GCF_000146045.2/..", "x"])
def test_an_accession_has_a_version(faults, accession):
    (line,) = faults(document(f"genome: g, species: S, accession: {accession}"))
    assert line.startswith(f"assemblies[0].accession: found {accession!r}, expected an accession with its version")


def test_a_missing_file_is_named_with_the_nearest_in_its_folder(faults, tmp_path):
    assert faults(document(GENOME.replace("genome.fa", "genom.fa"))) == [
        f"assemblies[0].sequence.path: no file at {tmp_path / 'genom.fa'}; did you mean 'genome.fa'?"
    ]


def test_a_missing_folder_is_named(faults, tmp_path):
    (line,) = faults(document(GENOME.replace("genes.gtf", "absent/genes.gtf")))
    assert line.startswith(f"assemblies[0].annotation.path: no file at {tmp_path / 'absent' / 'genes.gtf'}")
    assert line.endswith(f"its folder {tmp_path / 'absent'} does not exist")


@pytest.mark.parametrize("path", [".", "~no-such-user-here/genome.fa", "g" * 300 + ".fa", ""])
def test_a_path_that_can_lead_to_no_file_is_refused(faults, path):
    (line,) = faults(document(GENOME.replace("genome.fa", f'"{path}"')))
    assert line.startswith("assemblies[0].sequence.path: ")


def test_every_fault_has_a_line_of_its_own(faults):
    first = f"{GENOME}, sprecies: x, splits: {{default: none}}".replace("genes.gtf", "gene.gtf")
    second = GENOME.replace("genome: g", "genome: h").replace("genome.fa", "genome.f")
    lines = faults(document(first, second, top="gene_finding: {block_size: 3, kernel: 4}"))
    assert sorted(line.split(": ")[0] for line in lines) == [
        "assemblies[0].annotation.path",
        "assemblies[0].splits.default",
        "assemblies[0].sprecies",
        "assemblies[1].sequence.path",
        "gene_finding.block_size",
        "gene_finding.kernel",
    ]


def test_a_preset_that_does_not_exist_is_answered_with_the_nearest():
    with pytest.raises(CatalogueError, match=r"^dmo: no such catalogue; did you mean 'demo'\?; .*presets: demo"):
        load_catalogue("dmo")


@pytest.mark.parametrize("source", ["absent.yaml", "."])
def test_a_catalogue_that_is_not_there_is_named(tmp_path, source):
    with pytest.raises(CatalogueError, match=re.escape(f"{tmp_path / source}: no such catalogue; give a YAML file")):
        load_catalogue(Path(tmp_path, source))


def test_an_unknown_genome_is_answered_with_the_nearest(load):
    catalogue = load(GENOME.replace("genome: g", "genome: hg38"))
    with pytest.raises(CatalogueError, match=r"no genome 'hg83'; did you mean 'hg38'\?; there are: hg38"):
        catalogue.assembly("hg83")


def test_a_catalogue_can_not_be_changed(load):
    with pytest.raises(ValueError, match="frozen"):
        load().dataset = "other"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (document(top="block_size_bp: 5"), "block_size_bp: moved to gene_finding:"),
        (document(f"{GENOME}, kernel: {{shape: box}}"), "assemblies[0].kernel: moved to gene_finding:"),
    ],
)
def test_keys_of_a_part_belong_to_its_section(faults, text, told):
    (line,) = faults(text)
    assert line.startswith(told)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (document(top="license: CC BY"), 2),
        (document(top="gene_finding:\n  kernel:\n    shape: round"), 4),
        (document(top="# one\n# two\nmin_chromosome_length_bp: none"), 4),
        (
            "dataset: d\nassemblies:\n  - {genome: g, species: S}\n  - genome: h\n    specis: S",
            3,
        ),
        ("dataset: d\nassemblies:\n  - {<<: {species: S}, genome: 'a b', sequence: {path: genome.fa}}\n", 3),
    ],
)
def test_a_fault_names_its_line(write, text, line):
    path = write(text)
    with pytest.raises(CatalogueError) as caught:
        load_catalogue(path)
    assert re.match(rf"{path}:{line}: ", str(caught.value))


def test_gene_finding_is_there_where_an_assembly_has_an_annotation(load):
    sequence_only = "genome: s, species: S, sequence: {path: genome.fa}"
    assert parts_of(load()) == ("gene_finding",)
    assert parts_of(load(GENOME, sequence_only)) == ("gene_finding",)
    assert load(GENOME, sequence_only).annotated_genomes == ("g",)
    assert parts_of(load(sequence_only)) == ()
    assert parts_of(load(top="gene_finding: false")) == ()


def test_a_part_says_what_it_needs(faults):
    sequence_only = "genome: s, species: S, sequence: {path: genome.fa}"
    assert faults(document(sequence_only, top="gene_finding: {}")) == [
        "gene_finding: needs the annotation of an assembly, and none has one"
    ]
    assert faults("dataset: d\ngene_finding: {}") == ["gene_finding: needs 'assemblies', and there are none"]
    (line,) = faults("dataset: d")
    assert line.startswith("asks for nothing; expected 'assemblies', or a section of: gene_finding")
