"""The simulator: determinism, the DNA, the gene models, and files that read like the real ones."""

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from genatator_assets.simulate import SimulatedAssembly, Simulation, assembly, write_assembly
from genatator_assets.simulate.draws import Purpose, stream
from genatator_assets.simulate.formats import parts
from genatator_assets.simulate.genes import Gene, Locus, Transcript, genes
from genatator_assets.simulate.model import Molecule, molecules
from genatator_assets.simulate.sequence import PIECE, dna, fasta

FLAVOURS = ("gencode", "refseq", "ensembl")
TRANSCRIPT_ROWS = {"transcript", "mRNA", "lnc_RNA", "snoRNA"}
WITHIN_EXON = {"CDS", "start_codon", "stop_codon", "UTR", "five_prime_utr", "three_prime_utr"}


@dataclass(frozen=True)
class Row:
    """A row of an annotation file; start and end as written, 1-based inclusive."""

    molecule: str
    feature: str
    start: int
    end: int
    strand: str
    phase: str
    attributes: dict[str, str]

    def within(self, other: "Row") -> bool:
        return other.start <= self.start <= self.end <= other.end and self.molecule == other.molecule


@dataclass
class Annotation:
    """The rows of a file, put together to genes and transcripts by their identifiers."""

    genes: dict[str, Row] = field(default_factory=dict)
    transcripts: dict[str, Row] = field(default_factory=dict)
    gene_of: dict[str, str] = field(default_factory=dict)
    parts: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))

    def exons(self, transcript: str) -> list[Row]:
        return self.rows(transcript, "exon")

    def rows(self, transcript: str, feature: str) -> list[Row]:
        return [row for row in self.parts[transcript] if row.feature == feature]


def read_rows(path: Path) -> list[Row]:
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    gff3 = path.suffix == ".gff3"
    rows = []
    for line in lines:
        molecule, source, feature, start, end, score, strand, phase, text = line.split("\t")
        assert source
        assert score == "."
        assert strand in {"+", "-"}
        assert phase in ({"0", "1", "2"} if feature in {"CDS", "start_codon", "stop_codon"} else {"."})
        attributes = dict(item.split("=", 1) for item in text.split(";")) if gff3 else gtf_attributes(text)
        rows.append(Row(molecule, feature, int(start), int(end), strand, phase, attributes))
    return rows


def gtf_attributes(text: str) -> dict[str, str]:
    assert text.endswith(";")
    pairs = [item.split(" ", 1) for item in text[:-1].split("; ")]
    return {key: value.strip('"') for key, value in pairs}


def read_annotation(path: Path) -> Annotation:
    annotation = Annotation()
    gff3 = path.suffix == ".gff3"
    for row in read_rows(path):
        keys = row.attributes
        if row.feature in {"gene", "pseudogene"}:
            annotation.genes[keys["ID" if gff3 else "gene_id"]] = row
        elif row.feature in TRANSCRIPT_ROWS:
            name = keys["ID" if gff3 else "transcript_id"]
            annotation.transcripts[name] = row
            annotation.gene_of[name] = keys["Parent" if gff3 else "gene_id"]
        elif row.feature != "region":
            annotation.parts[keys["Parent" if gff3 else "transcript_id"]].append(row)
    return annotation


def read_sequences(path: Path) -> dict[str, str]:
    records = path.read_text().split(">")[1:]
    return {header.split()[0]: body.replace("\n", "") for header, _, body in (r.partition("\n") for r in records)}


def simulated(seed: int = 7, **fields: object) -> Simulation:
    return Simulation.model_validate({"seed": seed, "flavour": "gencode", **fields})


@pytest.fixture(scope="module", params=FLAVOURS)
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SimulatedAssembly:
    folder = tmp_path_factory.mktemp(request.param) / "made" / "if-needed"
    return write_assembly(simulated(flavour=request.param), folder)


@pytest.fixture(scope="module")
def many_genes() -> list[Gene]:
    return list(genes(molecules(simulated(total_bp=50_000_000, chromosomes=1))[0], 7, 20, first_number=1))


# --- The simulation


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"seed": -1}, "greater than or equal to 0"),
        ({"total_bp": 999}, "greater than or equal to 1000"),
        ({"chromosomes": 0}, "greater than or equal to 1"),
        ({"short_scaffolds": -1}, "greater than or equal to 0"),
        ({"genes_per_mb": 0}, "greater than 0"),
        ({"genes_per_mb": float("nan")}, "genes_per_mb"),
        ({"flavour": "ucsc"}, "'gencode', 'refseq' or 'ensembl'"),
        ({"size": 1}, "Extra inputs are not permitted"),
        ({"total_bp": 2_999, "chromosomes": 3}, "use total_bp >= 3000 or chromosomes <= 2"),
    ],
)
def test_a_wrong_simulation_is_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        simulated(**wrong)


def test_a_simulation_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        simulated().seed = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("flavour", "names"),
    [
        ("gencode", ["chr1", "chr2", "chrUn_sim0001", "chrUn_sim0002"]),
        ("ensembl", ["1", "2", "KI00000001.1", "KI00000002.1"]),
        ("refseq", ["NC_900001.1", "NC_900002.1", "NW_900000001.1", "NW_900000002.1"]),
    ],
)
def test_names_follow_the_flavour(flavour: str, names: list[str]) -> None:
    assert [one.name for one in molecules(simulated(seed=0, flavour=flavour, chromosomes=2))] == names


@pytest.mark.parametrize("chromosomes", [1, 2, 3, 24, 1_000])
def test_chromosome_lengths_fall_geometrically_and_sum_to_the_total(chromosomes: int) -> None:
    lengths = [one.length for one in molecules(simulated(chromosomes=chromosomes, short_scaffolds=0))]
    assert sum(lengths) == 2_000_000
    assert len(lengths) == chromosomes
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[-1] >= lengths[0] / 6


def test_scaffolds_have_2_to_20_kb() -> None:
    lengths = [one.length for one in molecules(simulated(chromosomes=1, short_scaffolds=50))[1:]]
    assert 2_000 <= min(lengths) < 6_000
    assert 16_000 < max(lengths) <= 20_000


# --- Files


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_equal_simulations_give_equal_bytes(flavour: str, tmp_path: Path) -> None:
    simulation = simulated(total_bp=300_000, flavour=flavour)
    first = write_assembly(simulation, tmp_path / "first")
    again = write_assembly(simulation, tmp_path / "again")
    other = write_assembly(simulation.model_copy(update={"seed": 8}), tmp_path / "other")
    for name in ("sequence", "annotation"):
        content = getattr(first, name).read_bytes()
        assert content == getattr(again, name).read_bytes()
        assert content != getattr(other, name).read_bytes()


def test_random_numbers_are_the_same_on_every_machine() -> None:
    # Written down once: a change of these breaks every simulation that someone has noted by its seed.
    chromosome = molecules(simulated(total_bp=1_000, chromosomes=1))[0]
    bases = b"".join(piece.tobytes() for piece in dna(chromosome, seed=7))
    assert stream(7, 0, Purpose.GENES).random() == 0.1326685577936616
    assert bases[100:130] == b"GCAAAGGGTGTGGGAGGTAAGTTAACACCT"


def test_the_flavours_share_dna_and_gene_models(tmp_path: Path) -> None:
    exons, sequences = [], []
    for flavour in FLAVOURS:
        result = write_assembly(simulated(total_bp=300_000, flavour=flavour), tmp_path / flavour)
        sequences.append(list(read_sequences(result.sequence).values()))
        spans = [(row.start, row.end) for row in read_annotation(result.annotation).genes.values()]
        exons.append(spans)
    assert sequences[0] == sequences[1] == sequences[2]
    assert exons[0] == exons[1] == exons[2]


def test_a_file_is_whole_or_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaking_off(molecule: Molecule, seed: int) -> list[bytes]:
        del seed
        if molecule.index == 1:
            raise OSError("no space left")
        return [b">first\nACGT\n"]

    monkeypatch.setattr(assembly, "fasta", breaking_off)
    with pytest.raises(OSError, match="no space left"):
        write_assembly(simulated(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_writing_leaves_the_two_files_only(written: SimulatedAssembly) -> None:
    names = {path.name for path in written.sequence.parent.iterdir()}
    assert names == {"sequence.fa", written.annotation.name}
    assert written.annotation.name in {"annotation.gtf", "annotation.gff3"}


# --- The DNA


def test_the_fasta_holds_what_the_result_says(written: SimulatedAssembly) -> None:
    sequences = read_sequences(written.sequence)
    lengths = [(name, len(letters)) for name, letters in sequences.items()]
    assert lengths == [*written.chromosomes, *written.scaffolds]
    assert sum(length for _, length in written.chromosomes) == 2_000_000
    assert len(written.scaffolds) == 2
    assert all(2_000 <= length < 100_000 for _, length in written.scaffolds)


def test_fasta_lines_have_60_columns(written: SimulatedAssembly) -> None:
    for record in written.sequence.read_text().split(">")[1:]:
        header, *lines = record.splitlines()
        assert " " in header
        assert {len(line) for line in lines[:-1]} == {60}
        assert 1 <= len(lines[-1]) <= 60


def test_letters(written: SimulatedAssembly) -> None:
    for name, letters in read_sequences(written.sequence).items():
        assert set(letters.upper()) <= set("ACGTNRYSWKMBDHV")
        assert 1 <= sum(letters.upper().count(letter) for letter in "RYSWKMBDHV") <= 12
        assert "N" in letters.strip("N")
        assert "n" not in letters
        masked = sum(map(str.islower, letters)) / len(letters)
        if name in dict(written.chromosomes):
            assert letters.startswith("N" * 1_000)
            assert letters.endswith("N" * 1_000)
            assert 0.35 < masked < 0.45
        else:
            assert 0 < masked < 1


def test_gc_content_varies_between_isochores() -> None:
    letters = b"".join(p.tobytes() for p in dna(molecules(simulated(chromosomes=1))[0], seed=7)).upper()
    isochores = [letters[start : start + 49_980] for start in range(0, 1_950_000, 49_980)]
    gc = [(one.count(b"G") + one.count(b"C")) / (len(one) - one.count(b"N")) for one in isochores]
    assert 0.33 < min(gc) < 0.40
    assert 0.55 < max(gc) < 0.62


@pytest.mark.parametrize("length", [PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + 61])
def test_pieces_join_to_one_record(length: int) -> None:
    molecule = Molecule(0, "chr1", "1", length, chromosome="1")
    assert sum(len(piece) for piece in dna(molecule, seed=1)) == length
    _, *lines = b"".join(fasta(molecule, seed=1)).splitlines()
    assert np.unique([len(line) for line in lines[:-1]]).tolist() == [60]
    assert sum(map(len, lines)) == length


# --- The gene models


def test_kinds_have_their_shares(many_genes: list[Gene]) -> None:
    shares = {
        kind: sum(gene.locus.kind == kind for gene in many_genes) / len(many_genes)
        for kind in ("coding", "lncrna", "snorna", "pseudogene")
    }
    assert len(many_genes) == 1_000
    assert shares == pytest.approx({"coding": 0.65, "lncrna": 0.25, "snorna": 0.05, "pseudogene": 0.05}, abs=0.04)


def test_isoforms_share_and_differ_in_both_ends(many_genes: list[Gene]) -> None:
    seen = set()
    for gene in many_genes:
        assert 1 <= len(gene.transcripts) <= 6
        first = gene.transcripts[0]
        assert (first.start, first.end) == (gene.locus.start, gene.locus.end)
        for other in gene.transcripts[1:]:
            assert other.exons != first.exons
            same_start, same_end = first.start == other.start, first.end == other.end
            same_tss, same_polya = (same_start, same_end) if gene.locus.strand == "+" else (same_end, same_start)
            seen.add((same_tss, same_polya))
    assert len(seen) == 4


def test_sizes_are_spread_widely(many_genes: list[Gene]) -> None:
    lengths = np.array([gene.locus.length for gene in many_genes])
    assert lengths.min() < 500
    assert lengths.max() > 100_000
    exons = {len(transcript.exons) for gene in many_genes for transcript in gene.transcripts}
    assert exons == set(range(1, 13))


def test_genes_overlap_on_both_strands_and_nest(many_genes: list[Gene]) -> None:
    loci = [gene.locus for gene in many_genes]
    near = [(one, other) for i, one in enumerate(loci) for other in loci[i + 1 : i + 40] if other.start < one.end]
    assert {(one.strand, other.strand) for one, other in near} == {(a, b) for a in "+-" for b in "+-"}
    nested = [other for one, other in near if other.end <= one.end]
    assert len(nested) > 50


def test_loci_are_ordered_and_numbered(many_genes: list[Gene]) -> None:
    starts = [gene.locus.start for gene in many_genes]
    assert starts == sorted(starts)
    assert [gene.number for gene in many_genes] == list(range(1, 1_001))


@pytest.mark.parametrize("seed", range(10))
def test_a_chromosome_of_100_kb_has_both_kinds(seed: int) -> None:
    chromosome = molecules(simulated(seed=seed, total_bp=100_000, chromosomes=1))[0]
    kinds = {t.kind for gene in genes(chromosome, seed, 0.001, 1) for t in gene.transcripts}
    assert {"coding", "lncrna"} <= kinds


@pytest.mark.parametrize(
    ("strand", "exons", "expected"),
    [
        ("+", ((10, 15), (20, 30)), [(0, 12, 15, 0), (1, 20, 25, 0)]),
        ("-", ((20, 30), (10, 15)), [(0, 20, 28, 0)]),
        ("+", ((10, 14), (20, 30)), [(0, 12, 14, 0), (1, 20, 26, 1)]),
        ("+", ((10, 13), (20, 30)), [(0, 12, 13, 0), (1, 20, 27, 2)]),
    ],
)
def test_a_stretch_is_split_at_exon_borders(
    strand: str, exons: tuple[tuple[int, int], ...], expected: list[tuple[int, int, int, int]]
) -> None:
    transcript = Transcript("coding", exons, (2, 10))
    gene = Gene(1, Locus(10, 30, strand, "coding"), (transcript,))  # type: ignore[arg-type]
    assert parts(gene, transcript, (2, 10)) == expected


# --- The formats


def check_annotation(written: SimulatedAssembly) -> Annotation:
    """What holds for every annotation file, of whatever size."""
    lengths = dict((*written.chromosomes, *written.scaffolds))
    annotation = read_annotation(written.annotation)
    assert {row.molecule for row in annotation.genes.values()} == set(lengths)
    for row in read_rows(written.annotation):
        assert 1 <= row.start <= row.end <= lengths[row.molecule]
    for name, transcript in annotation.transcripts.items():
        gene = annotation.genes[annotation.gene_of[name]]
        assert transcript.within(gene)
        assert transcript.strand == gene.strand
        check_transcript(transcript, annotation, name)
    for name in annotation.parts.keys() - annotation.transcripts.keys():
        assert annotation.genes[name].feature == "pseudogene"
        assert all(exon.within(annotation.genes[name]) for exon in annotation.parts[name])
    order = [(list(lengths).index(row.molecule), row.start) for row in annotation.genes.values()]
    assert order == sorted(order)
    return annotation


def check_transcript(transcript: Row, annotation: Annotation, name: str) -> None:
    exons = annotation.exons(name)
    in_order = exons if transcript.strand == "+" else exons[::-1]
    assert (in_order[0].start, in_order[-1].end) == (transcript.start, transcript.end)
    assert all(left.end < right.start for left, right in pairwise(in_order))
    for part in annotation.parts[name]:
        assert part.strand == transcript.strand
        assert part.feature in WITHIN_EXON | {"exon"}
        assert any(part.within(exon) for exon in exons)
    check_coding(annotation, name)


def check_coding(annotation: Annotation, name: str) -> None:
    cds = annotation.rows(name, "CDS")
    if not cds:
        return
    bases = 0
    for row in cds:
        assert int(row.phase) == -bases % 3
        bases += row.end - row.start + 1
    assert bases % 3 == 0
    for codon in ("start_codon", "stop_codon"):
        rows = annotation.rows(name, codon)
        assert sum(row.end - row.start + 1 for row in rows) == (3 if "gene_id" in cds[0].attributes else 0)


def test_annotation_is_consistent(written: SimulatedAssembly) -> None:
    annotation = check_annotation(written)
    assert len(annotation.genes) >= 40


@pytest.mark.parametrize("flavour", ["gencode", "ensembl"])
def test_start_codons_begin_the_cds_and_stop_codons_follow_it(flavour: str, tmp_path: Path) -> None:
    annotation = read_annotation(write_assembly(simulated(flavour=flavour), tmp_path).annotation)
    for name, transcript in annotation.transcripts.items():
        cds = annotation.rows(name, "CDS")
        if cds:
            covered = positions(cds)
            assert positions(annotation.rows(name, "start_codon")) <= covered
            stop = positions(annotation.rows(name, "stop_codon"))
            assert not stop & covered
            assert min(stop) > max(covered) if transcript.strand == "+" else max(stop) < min(covered)


def positions(rows: list[Row]) -> set[int]:
    return {position for row in rows for position in range(row.start, row.end + 1)}


@pytest.mark.parametrize("flavour", ["gencode", "ensembl"])
def test_coding_genes_have_other_transcripts_too(flavour: str, tmp_path: Path) -> None:
    annotation = read_annotation(write_assembly(simulated(flavour=flavour), tmp_path).annotation)
    word = {"gencode": "type", "ensembl": "biotype"}[flavour]
    pairs = {
        (row.attributes[f"gene_{word}"], row.attributes[f"transcript_{word}"])
        for row in annotation.transcripts.values()
    }
    assert {kind for gene, kind in pairs if gene == "protein_coding"} == {
        "protein_coding",
        "retained_intron",
        "nonsense_mediated_decay",
    }
    assert ("lncRNA", "lncRNA") in pairs


def test_gencode_conventions(tmp_path: Path) -> None:
    path = write_assembly(simulated(), tmp_path).annotation
    assert path.read_text().splitlines()[1] == "##provider: GENCODE"
    rows = read_rows(path)
    assert {row.feature for row in rows} == {"gene", "transcript", "exon"} | WITHIN_EXON - {
        "five_prime_utr",
        "three_prime_utr",
    }
    assert all({"gene_id", "gene_type", "gene_name", "level"} <= set(row.attributes) for row in rows)


def test_ensembl_conventions(tmp_path: Path) -> None:
    path = write_assembly(simulated(flavour="ensembl"), tmp_path).annotation
    assert path.read_text().startswith("#!genome-build SIM1\n")
    rows = read_rows(path)
    assert {row.feature for row in rows} == {"gene", "transcript", "exon"} | WITHIN_EXON - {"UTR"}
    assert all({"gene_id", "gene_version", "gene_biotype"} <= set(row.attributes) for row in rows)
    assert all("exon_id" in row.attributes for row in rows if row.feature == "exon")


def test_refseq_conventions(tmp_path: Path) -> None:
    result = write_assembly(simulated(flavour="refseq"), tmp_path)
    text = result.annotation.read_text()
    assert text.startswith("##gff-version 3\n")
    assert text.endswith("###\n")
    for name, length in (*result.chromosomes, *result.scaffolds):
        assert f"##sequence-region {name} 1 {length}\n{name}\tRefSeq\tregion\t1\t{length}\t" in text
    rows = read_rows(result.annotation)
    assert {row.feature for row in rows} >= {"gene", "mRNA", "lnc_RNA", "transcript", "exon", "CDS", "region"}
    assert all("gbkey" in row.attributes for row in rows)
    assert all("gene_biotype" in row.attributes for row in rows if row.feature == "gene")
    assert any("%2C" in row.attributes.get("product", "") for row in rows)
    assert any("%3B" in row.attributes.get("Note", "") for row in rows)
    coding = [row.attributes["ID"] for row in rows if row.feature == "CDS"]
    others = [row.attributes["ID"] for row in rows if row.feature != "CDS"]
    assert len(set(coding)) < len(coding)
    assert len(set(others)) == len(others)


simulations = st.builds(
    Simulation,
    seed=st.integers(0, 2**64),
    total_bp=st.integers(5_000, 60_000),
    chromosomes=st.integers(1, 5),
    short_scaffolds=st.integers(0, 2),
    genes_per_mb=st.floats(0.1, 1_000),
    flavour=st.sampled_from(FLAVOURS),
)


@settings(max_examples=40)
@given(simulations)
def test_every_small_assembly_is_consistent(simulation: Simulation) -> None:
    with TemporaryDirectory() as folder:
        result = write_assembly(simulation, Path(folder))
        check_annotation(result)
        lengths = [(name, len(letters)) for name, letters in read_sequences(result.sequence).items()]
        assert lengths == [*result.chromosomes, *result.scaffolds]
        assert sum(length for _, length in result.chromosomes) == simulation.total_bp
