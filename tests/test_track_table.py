"""The track table: real metadata, every format of tables, questions in SQL, and what is refused."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from alphagenome.models.v1 import track_data_utils
from alphagenome.protos.v1 import dna_model_pb2, dna_model_service_pb2
from click.testing import CliRunner
from conftest import data_folder
from google.protobuf import text_format
from signalfiles import built, catalogue_of

from genatator_assets.catalogue import Catalogue
from genatator_assets.cli import main
from genatator_assets.errors import CatalogueError, SignalError
from genatator_assets.query.checks import check_names, run_check
from genatator_assets.query.connect import ask, connect
from genatator_assets.signals.gtex import GTEX_TERMS, gtex_tissue
from genatator_assets.signals.part import PART
from genatator_assets.signals.tables.encode import same_assembly
from genatator_assets.signals.track_table import Listed, build_track_table, fetch_tables, list_tracks
from genatator_assets.tracks.output_types import OUTPUT_TYPES, output_type
from genatator_assets.work.layout_signals import SignalLayout

FASTA = ">chrA\n" + "ACGT" * 12_500 + "\n>chrB\n" + "ACGTC" * 4_003 + "AC\n"


@pytest.fixture
def alphagenome(data: Path) -> Path:
    return data.parent / "fixtures/alphagenome"


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Catalogue]:
    """Return a catalogue with a section, of small genomes hg38 and mm10 by default."""
    (tmp_path / "g.fa").write_text(FASTA)

    def made(signals: dict[str, Any], *genomes: str) -> Catalogue:
        species = {"hg38": "Homo sapiens", "mm10": "Mus musculus"}
        assemblies = [
            {"genome": genome, "species": species.get(genome, "S"), "sequence": {"path": "g.fa"}}
            for genome in genomes or ("hg38",)
        ]
        return catalogue_of(tmp_path, {"assemblies": assemblies, "signals": signals})

    return made


def listed(catalogue: Catalogue) -> Listed:
    return list_tracks(catalogue, fetch_tables(catalogue))


def test_the_documentation_is_quoted_right(data: Path) -> None:
    document = (data.parent / "seeds/001_603bc1f56798afce.txt").read_text()
    words = [line.strip() for line in document.splitlines() if line.strip()]
    for one in OUTPUT_TYPES:
        at = words.index(one.name)
        units, resolution, samples, tracks = words[at + 2 : at + 6]
        assert words[at + 1] == one.description
        assert (units, resolution) == (one.units, f"{one.resolution_bp}bp")
        assert (samples, tracks) == (str(one.biosamples or "NA"), str(one.tracks))
    assert (sum(one.tracks for one in OUTPUT_TYPES), sum(one.rows for one in OUTPUT_TYPES)) == (5_930, 5_563)
    assert output_type("CONTACT_MAPS") is OUTPUT_TYPES[-1]
    assert output_type("X") is None


@pytest.fixture(scope="module")
def real_metadata(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with the released metadata of human and mouse, and the terms of the fixtures."""
    folder = tmp_path_factory.mktemp("metadata")
    (folder / "g.fa").write_text(FASTA)
    fixtures = data_folder().parent / "fixtures/alphagenome"
    species = {"hg38": "Homo sapiens", "mm10": "Mus musculus"}
    tables = [
        {"path": str(fixtures / f"track_metadata_{name}.parquet"), "format": "alphagenome", "genome": genome}
        for name, genome in (("human", "hg38"), ("mouse", "mm10"))
    ]
    catalogue = catalogue_of(
        folder,
        {
            "assemblies": [
                {"genome": genome, "species": name, "sequence": {"path": "g.fa"}} for genome, name in species.items()
            ],
            "signals": {"tables": tables, "ontology": [{"path": str(fixtures / "ontology_terms.parquet")}]},
        },
    )
    build_track_table(catalogue, folder / "root", fetch_tables(catalogue))
    return folder / "root"


def test_questions_to_the_real_metadata_have_their_answers(real_metadata: Path, alphagenome: Path) -> None:
    questions = json.loads((alphagenome / "queries.json").read_text())["queries"]
    assert len(questions) == 21
    with connect(real_metadata) as connection:
        for question in questions:
            answer = ask(connection, question["sql"])
            found = json.loads(json.dumps(answer.rows))
            assert found == question["rows"], question["id"]
            assert list(answer.columns) == question["columns"]


def test_counts_and_terms_have_views_and_macros(real_metadata: Path) -> None:
    with connect(real_metadata) as connection:

        def rows(sql: str) -> tuple[tuple[Any, ...], ...]:
            return ask(connection, sql).rows

        human = "select output_type, total_tracks, unique_biosamples from track_counts where organism = 'Homo sapiens'"
        assert set(rows(human)) == {(one.name, one.tracks, one.biosamples) for one in OUTPUT_TYPES}
        types = tuple((one.name, one.tracks) for one in OUTPUT_TYPES)
        assert rows("select output_type, tracks from output_types") == types
        liver = "select count(*) from {}('UBERON:0002107') where organism = 'Homo sapiens' and output_type = 'RNA_SEQ'"
        assert rows(liver.format("tracks_of")) == ((5,),)
        assert rows(liver.format("tracks_under")) == ((10,),)
        columns = "gtex_tissue, ontology_curie, gtex_curie"
        differing = rows(f"select {columns} from gtex_tissues where ontology_curie <> gtex_curie")
        assert differing == (("Brain_Cerebellar_Hemisphere", "UBERON:0002245", "UBERON:0002037"),)
        assert rows("select count(distinct gtex_tissue) from gtex_tissues") == ((54,),)
        units = "select distinct units, resolution_bp from tracks where output_type = 'CHIP_TF'"
        assert rows(units) == (("Fold-change over control", 128),)
        stages = "select distinct life_stages from tracks where biosample_life_stage in ('adult,child', 'child,adult')"
        assert rows(stages) == ((["adult", "child"],),)


def test_gtex_terms_are_those_of_the_metadata(alphagenome: Path) -> None:
    rows = pq.read_table(alphagenome / "track_metadata_human.parquet", columns=["gtex_tissue", "ontology_curie"])
    assert {(row["gtex_tissue"], row["ontology_curie"]) for row in rows.to_pylist() if row["gtex_tissue"]} == set(
        GTEX_TERMS.items()
    )
    assert gtex_tissue("brain cerebellum") == ("Brain_Cerebellum", "UBERON:0002037")
    assert gtex_tissue("spleen of a mouse") is None


def test_encode_metadata_becomes_tracks_and_rejects(make: Callable[..., Catalogue], alphagenome: Path) -> None:
    table = {"path": str(alphagenome / "encode_metadata_made.tsv"), "format": "encode"}
    found = listed(make({"tables": [table]}))
    expected = json.loads((alphagenome / "encode_expected.json").read_text())
    tracks = found.tracks.to_pylist()
    assert len(tracks) == len(expected["tracks"]) == 10
    for track, want in zip(tracks, expected["tracks"], strict=True):
        assert {key: track[key] for key in want} == want
    rejects = [{key: row[key] for key in ("identifier", "reason")} for row in found.rejects.to_pylist()]
    assert rejects == [{"identifier": one["accession"], "reason": one["reason"]} for one in expected["rejected"]]
    assert [track["track_id"] for track in tracks[:2]] == [
        "RNA_SEQ.UBERON:0001157 total RNA-seq.plus",
        "RNA_SEQ.UBERON:0001157 total RNA-seq.minus",
    ]
    assert {track["kind"] for track in tracks} == {"signal", "reads"}


def test_encode_all_signals_and_no_terms_can_be_had(make: Callable[..., Catalogue], alphagenome: Path) -> None:
    table = {"path": str(alphagenome / "encode_metadata_made.tsv"), "format": "encode", "prefer": "all"}
    found = listed(make({"tables": [{**table, "without_term": "keep"}]}))
    accessions = {track["accession"] for track in found.tracks.to_pylist()}
    assert {"ENCFF000AAC", "ENCFF000ACB", "ENCFF000APA"} <= accessions
    names = {track["accession"]: track["name"] for track in found.tracks.to_pylist()}
    for accession in ("ENCFF000AAA", "ENCFF000AAC"):
        assert names[accession] == f"UBERON:0001157 total RNA-seq {accession}"


def test_merged_replicates_come_before_single_ones(
    make: Callable[..., Catalogue], alphagenome: Path, tmp_path: Path
) -> None:
    text = (alphagenome / "encode_metadata_made.tsv").read_text().splitlines()
    merged = next(line for line in text if line.startswith("ENCFF000ACA"))
    single = merged.replace("ENCFF000ACA", "ENCFF000ACX").replace("1, 2", "2")
    (tmp_path / "metadata.tsv").write_text("\n".join([text[0], single, merged, ""]))
    found = listed(make({"tables": [{"path": "metadata.tsv", "format": "encode"}]}))
    assert found.tracks["accession"].to_pylist() == ["ENCFF000ACA"]
    assert found.rejects.to_pylist()[0]["reason"] == "not_merged_replicates"


def test_assemblies_have_several_names() -> None:
    assert same_assembly("GRCh38", "GRCh38.p14")
    assert same_assembly("mm10", "GRCm38")
    assert not same_assembly("hg19", "hg38")
    assert not same_assembly("", "hg38")


BORZOI = """\tidentifier\tfile\tclip\tclip_soft\tscale\tsum_stat\tstrand_pair\tdescription
0\tCNhs10608+\t/x/CNhs10608+.w5\t768\t384\t1.0\tsum_sqrt\t1\tCAGE:Clontech Human Universal Reference Total RNA
1\tCNhs10608-\t/x/CNhs10608-.w5\t768\t384\t1.0\tsum_sqrt\t0\tCAGE:Clontech Human Universal Reference Total RNA
2\tENCFF833POA\t/x/ENCFF833POA.w5\t64\t32\t2.0\tmean\t2\tDNASE:cerebellum male adult
3\tENCFF601VTB\t/x/ENCFF601VTB.w5\t64\t32\t1.0\tmean\t3\tCHIP:H3K4me3:motor neuron
4\tENCFF1\t/x/ENCFF1.w5\t64\t32\t1.0\tmean\t4\tCHIP:CTCF:K562
5\tENCFF2\t/x/ENCFF2.w5\t64\t32\t1.0\tmean\t5\tWEIRD:x
"""


def test_borzoi_targets_are_listed(make: Callable[..., Catalogue], tmp_path: Path) -> None:
    (tmp_path / "targets.txt").write_text(BORZOI)
    found = listed(make({"tables": [{"path": "targets.txt", "format": "borzoi"}]}))
    columns = ("output_type", "name", "strand", "aggregate", "histone_mark", "transcription_factor", "biosample_name")
    rows = [tuple(track[column] for column in columns) for track in found.tracks.to_pylist()]
    rna = "Clontech Human Universal Reference Total RNA"
    assert rows == [
        ("CAGE", "CNhs10608", "+", "sum", None, None, rna),
        ("CAGE", "CNhs10608", "-", "sum", None, None, rna),
        ("DNASE", "ENCFF833POA", ".", "mean", None, None, "cerebellum male adult"),
        ("CHIP_HISTONE", "ENCFF601VTB", ".", "mean", "H3K4me3", None, "motor neuron"),
        ("CHIP_TF", "ENCFF1", ".", "mean", None, "CTCF", "K562"),
    ]
    assert {track["recording"] for track in found.tracks.to_pylist()} == {None}
    assert found.rejects["reason"].to_pylist() == ["unknown_output_type"]


SDRF = "\n".join(
    "\t".join(columns)
    for columns in (
        (
            "Source Name",
            "Charateristics [description]",
            "Charateristics [ff_ontology]",
            "Characteristics [Category]",
            "Characteristics[Tissue]",
            "Characteristics [Cell type]",
            "Extract Name",
        ),
        ("10012-101C3", "adipose tissue, adult, pool1", "FF:10010-101C1", "tissues", "adipose", "", "CNhs10615"),
        ("x", "unknown", "FF:9", "tissues", "", "", "CNhs1"),
    )
)
OBO = """format-version: 1.2

[Term]
id: FF:10010-101C1
name: adipose tissue, adult, pool1
is_a: FF:0000210 ! human sample
relationship: part_of UBERON:0001013 ! adipose tissue

[Term]
id: UBERON:0001013
name: adipose tissue
is_a: UBERON:0002384 ! connective tissue

[Term]
id: UBERON:0000001
name: old
is_obsolete: true
replaced_by: UBERON:0001013

[Typedef]
id: part_of
name: part of
"""


def test_fantom_libraries_have_a_track_a_strand(make: Callable[..., Catalogue], tmp_path: Path) -> None:
    (tmp_path / "sdrf.txt").write_text(SDRF)
    (tmp_path / "ff.obo").write_text(OBO)
    (tmp_path / "files").mkdir()
    for strand in ("fwd", "rev"):
        (tmp_path / f"files/adipose.CNhs10615.{strand}.bw").write_bytes(b"")
    table = {"path": "sdrf.txt", "format": "fantom", "files": "files"}
    found = listed(make({"tables": [table], "ontology": [{"path": "ff.obo"}]}))
    columns = ("name", "strand", "ontology_curie", "biosample_name", "biosample_type", "file")
    rows = [tuple(track[column] for column in columns) for track in found.tracks.to_pylist()]
    sample = ("UBERON:0001013", "adipose", "tissue")
    assert rows == [
        ("hCAGE UBERON:0001013", "+", *sample, str(tmp_path / "files/adipose.CNhs10615.fwd.bw")),
        ("hCAGE UBERON:0001013", "-", *sample, str(tmp_path / "files/adipose.CNhs10615.rev.bw")),
    ]
    assert [(row["identifier"], row["reason"]) for row in found.rejects.to_pylist()] == [("CNhs1", "no_ontology_term")]
    terms = {term["ontology_curie"]: term for term in found.terms.to_pylist()}
    assert (terms["UBERON:0001013"]["label"], terms["UBERON:0001013"]["role"]) == ("adipose tissue", "track")
    assert (terms["UBERON:0002384"]["resolved"], terms["UBERON:0002384"]["role"]) == (False, "ancestor")


def test_alphagenome_textproto_and_csv_are_read(make: Callable[..., Catalogue], tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "name": ["Padding", "CL:0000084 ATAC-seq", "padding"],
            "strand": [".", ".", "."],
            "Assay title": [None, "ATAC-seq", None],
            "ontology_curie": [None, "CL:0000084", None],
            "biosample_name": [None, "T-cell", None],
            "biosample_type": [None, "primary_cell", None],
            "gtex_tissue": ["", "", ""],
            "nonzero_mean": [None, 0.5, None],
        }
    )
    output = dna_model_pb2.OutputMetadata(
        output_type=dna_model_pb2.OUTPUT_TYPE_ATAC, tracks=track_data_utils.metadata_to_proto(frame)
    )
    text = text_format.MessageToString(dna_model_service_pb2.MetadataResponse(output_metadata=[output]))
    (tmp_path / "metadata.textproto").write_text(text)
    frame.assign(output_type="OutputType.ATAC").to_csv(tmp_path / "metadata.csv", index=False)
    for name in ("metadata.textproto", "metadata.csv"):
        found = listed(make({"tables": [{"path": name, "format": "alphagenome"}]}))
        (track,) = found.tracks.to_pylist()
        columns = (
            "track_id",
            "output_type",
            "ontology_curie",
            "biosample_name",
            "nonzero_mean",
            "track_index",
        )
        assert tuple(track[column] for column in columns) == (
            "ATAC.CL:0000084 ATAC-seq",
            "ATAC",
            "CL:0000084",
            "T-cell",
            0.5,
            1,
        )
        assert track["gtex_tissue"] is None
        assert found.rejects["reason"].to_pylist() == ["padding", "padding"]
    (tmp_path / "metadata.textproto").write_text("output_metadata { nonsense: 1 }")
    with pytest.raises(SignalError, match="textproto"):
        listed(make({"tables": [{"path": "metadata.textproto", "format": "alphagenome"}]}))


@pytest.fixture
def windows_tracks(make: Callable[..., Catalogue], alphagenome: Path) -> Callable[..., Catalogue]:
    """A catalogue of the made bigWigs of the fixtures."""

    def made(**section: Any) -> Catalogue:
        table = {"path": str(alphagenome / "windows/tracks.csv"), "missing": "keep"}
        return make({"tables": [table], **section})

    return made


def test_a_table_of_ones_own_is_built_profiled_and_asked(
    windows_tracks: Callable[..., Catalogue], alphagenome: Path, tmp_path: Path
) -> None:
    catalogue = windows_tracks()
    outcomes = built(catalogue, tmp_path / "root")
    assert [outcome.error for outcome in outcomes] == [None] * 9  # the table, six recordings, statistics, window sets
    expected = json.loads((alphagenome / "windows/expected.json").read_text())["profiles"]
    with connect(tmp_path / "root") as connection:
        rows = ask(
            connection,
            "select t.file, bases, covered, zeros, negative, minimum, maximum, mean_covered, p.nonzero_mean"
            " from track_profiles p join tracks t using (genome, track_id)",
        ).rows
        assert len(rows) == 6
        for file, *numbers in rows:
            want = expected[Path(file).name]
            bases = sum({"chrA": 50_000, "chrB": 20_017}[c] for c in {"chrA", "chrB"} - set(want["chromosomes_absent"]))
            keys = ("covered", "zeros", "negative", "min", "max", "mean_covered", "nonzero_mean")
            assert numbers == pytest.approx([bases, *(want[key] for key in keys)])
        sums = ask(
            connection,
            "select track_sum('hg38', 'ATAC.atac', 'chrA', 1000, 3000), sum(value::double * (\"end\" - start))"
            " from runs_of_track('hg38', 'ATAC.atac', 'chrA', 1000, 3000)",
        ).rows[0]
        assert sums[0] == pytest.approx(sums[1])
        runs = "select count(distinct (genome, track_id, chrom)) from track_runs"
        assert ask(connection, runs).rows == ((11,),)
    again = built(catalogue, tmp_path / "root")
    assert {outcome.status for outcome in again if "/" in outcome.key} == {"intact"}
    about, types, contents, _ = PART.page(catalogue, tmp_path / "root")
    assert "6 tracks" in str(about)
    assert ("hg38", "DNASE", "2", "2", "2", "Normalized insertion signal") in types.rows
    assert contents.rows[4][1:4] == ("DNASE.one chromosome only", "31.25 kbp", "62.51%")
    assert PART.plan(catalogue, tmp_path)[0].rows == (("signal", "6"),)


@pytest.fixture
def asked(windows_tracks: Callable[..., Catalogue], tmp_path: Path) -> Callable[[str], int]:
    """Return how many offend a check, after the fixtures' tracks were built."""
    root = tmp_path / "root"
    built(windows_tracks(), root)

    def ask_check(name: str) -> int:
        with connect(root) as connection:
            return run_check(connection, name).offenders

    return ask_check


def replace_rows(path: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    table = pq.read_table(path)
    rows = [change(row) for row in table.to_pylist()]
    pq.write_table(pa.Table.from_pylist(rows, table.schema).replace_schema_metadata(table.schema.metadata), path)


def test_checks_find_what_they_are_for(asked: Callable[[str], int], tmp_path: Path) -> None:
    names = check_names("signals")
    assert {name: asked(name) for name in names} == dict.fromkeys(names, 0)
    layout = SignalLayout(tmp_path / "root")
    atac = layout.track("hg38", "ATAC.atac", "chrA")
    replace_rows(atac, lambda row: {**row, "value": row["value"] * 2})
    assert asked("sums_of_runs_agree") == 1
    replace_rows(atac, lambda row: {**row, "end": row["end"] + 50_000})
    assert asked("runs_stay_on_their_chromosomes") == 1
    replace_rows(layout.table, lambda row: {**row, "strand": "+", "ontology_curie": "liver"})
    assert asked("every_track_has_its_partner") == 5
    assert asked("ontology_terms_are_well_formed") == 6
    replace_rows(layout.statistics, lambda row: {**row, "minimum": 1.0, "maximum": 1.0, "covered": row["length"]})
    assert asked("no_track_is_constant") == 6


def test_alignments_in_the_index_are_no_fewer_than_were_counted(
    make: Callable[..., Catalogue], data: Path, tmp_path: Path
) -> None:
    globin = data / "alpha_globin_8species"
    assembly = {"genome": "mm10", "species": "Mus musculus", "sequence": {"path": str(globin / "genomes/mm10.fa")}}
    reads = {"path": str(globin / "bams/mm10.16493_7_4Aligned.sortedByCoord.out.bam")}
    normalize = [{"percentile": 99}, "zscore"]
    track = {"name": "rna", "reads": reads, "stranded": True, "min_mapq": 255, "normalize": normalize}
    catalogue = catalogue_of(tmp_path, {"assemblies": [assembly], "signals": {"tracks": [track]}})
    assert [outcome.error for outcome in built(catalogue, tmp_path / "root")] == [None] * 4
    with connect(tmp_path / "root") as connection:
        assert run_check(connection, "no_alignment_is_counted_twice").passed
        counts = dict(ask(connection, "select reason, sum(count)::bigint from track_passed_over group by all").rows)
        assert counts["in_file"] == 42_915 + 91
        assert counts["counted"] + counts["low_mapq"] == 42_915
    layout = SignalLayout(tmp_path / "root")
    replace_rows(layout.counts, lambda row: {**row, "count": row["count"] * (2 if row["reason"] == "counted" else 1)})
    with connect(tmp_path / "root") as connection:
        assert not run_check(connection, "no_alignment_is_counted_twice").passed
    fitted = json.loads(layout.normalizers.read_text())["mm10"]
    assert [step["kind"] for step in fitted["rna.plus"]] == ["trim", "shift_scale"]


def test_tracks_can_be_selected(windows_tracks: Callable[..., Catalogue], alphagenome: Path) -> None:
    def names(**select: Any) -> list[str]:
        ontology = [{"path": str(alphagenome / "ontology_terms.parquet")}]
        found = listed(windows_tracks(select=select, ontology=ontology))
        reasons = set(found.rejects["reason"].to_pylist())
        assert reasons <= {"not_selected"}
        return [track["name"] for track in found.tracks.to_pylist()]

    assert names(output_type="DNASE") == ["one chromosome only", "empty-ish"]
    assert names(strand="-", assay=["total RNA-seq"]) == ["rna"]
    assert names(ontology={"term": "CL:0000100"}) == ["chip H3K27ac"]
    assert names(ontology={"under": "CL:0000542"}) == ["atac"]  # a T cell is a lymphocyte
    assert names(ontology={"term": "CL:0000542"}) == []
    assert names(tissue="Liver") == []


def test_resolution_and_aggregate_follow_the_output_type(windows_tracks: Callable[..., Catalogue]) -> None:
    found = listed(windows_tracks(resolution={"default": 32, "CHIP_HISTONE": 64}, aggregate={"RNA_SEQ": "sum"}))
    rows = {track["name"]: (track["resolution_bp"], track["aggregate"]) for track in found.tracks.to_pylist()}
    assert rows["atac"] == (32, "mean")
    assert rows["rna"] == (32, "sum")
    assert rows["chip H3K27ac"] == (64, "mean")
    plain = {track["name"]: track["resolution_bp"] for track in listed(windows_tracks()).tracks.to_pylist()}
    assert plain == {"atac": 1, "rna": 1, "chip H3K27ac": 128, "one chromosome only": 1, "empty-ish": 1}


def test_entries_say_what_is_known_of_them(make: Callable[..., Catalogue], tmp_path: Path) -> None:
    (tmp_path / "x.bed").write_text("chrA\t1\t2\tzwei\nchrA\t5\t6\teins\n")
    metadata = {"output_type": "CHIP_TF", "transcription_factor": "CTCF", "gtex_tissue": "liver", "extra": {"batch": 7}}
    entry = {"name": "states", "intervals": {"path": "x.bed"}, "value": "name_category", "metadata": metadata}
    found = listed(make({"tracks": [entry]})).tracks.to_pylist()
    assert [(row["track_id"], row["category"], row["missing"], row["aggregate"]) for row in found] == [
        ("states.eins", "eins", "zero", "max"),
        ("states.zwei", "zwei", "zero", "max"),
    ]
    tissue = (found[0]["gtex_tissue"], found[0]["ontology_curie"])
    assert (tissue, found[0]["extra"]) == (("Liver", "UBERON:0001114"), [("batch", "7")])


CSV = "file,name,strand,output_type,batch\nx.bw,a,{strand},DNASE,3\n"


@pytest.mark.parametrize(
    ("section", "error", "words"),
    [
        ({"tables": [{"path": "t.csv"}]}, SignalError, "row 1: strand is 'plus'"),
        ({"tables": [{"path": "u.csv"}]}, SignalError, "row 1: no file at"),
        ({"tables": [{"path": "v.csv"}]}, SignalError, "line 2 has 2 columns, the header 3"),
        ({"tables": [{"path": "w.csv"}]}, SignalError, "track_index is 'x'"),
        ({"tables": [{"path": "twice.csv"}]}, SignalError, "two tracks 'x'"),
        ({"tables": [{"path": "empty.csv"}]}, SignalError, "empty"),
        ({"tracks": [{"name": "x", "genome": "mm9", "signal": {"path": "x.bw"}}]}, CatalogueError, "no genome 'mm9'"),
        (
            {"tracks": [{"name": "x", "signal": {"path": "x.bw"}, "metadata": {"output_type": "CHIP_TF"}}]},
            CatalogueError,
            "states no transcription_factor",
        ),
        ({"tables": [{"path": "x.bw", "format": "encode"}]}, SignalError, "found text in UTF-16"),
        ({"tables": [{"path": "u.csv"}], "ontology": [{"path": "t.csv"}]}, SignalError, "has no terms"),
    ],
)
def test_wrong_tables_are_refused(
    make: Callable[..., Catalogue], tmp_path: Path, section: dict[str, Any], error: type[Exception], words: str
) -> None:
    (tmp_path / "t.csv").write_text(CSV.format(strand="plus"))
    (tmp_path / "u.csv").write_text(CSV.format(strand="+"))
    (tmp_path / "v.csv").write_text("a,b,c\n1,2\n")
    (tmp_path / "w.csv").write_text("file,track_index\nx.bw,x\n")
    (tmp_path / "twice.csv").write_text("file\nt.bw\nt.bw\n".replace("t.bw", "t/x.bw"))
    (tmp_path / "t").mkdir()
    (tmp_path / "t/x.bw").write_bytes(b"")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "x.bw").write_bytes(b"\xff\xfe\x00")
    if section["tables" if "tables" in section else "tracks"][0].get("path") == "u.csv" and "ontology" not in section:
        (tmp_path / "x.bw").unlink()
    with pytest.raises(error, match=re.escape(words)):
        listed(make(section))


def test_several_genomes_need_a_name(make: Callable[..., Catalogue], tmp_path: Path) -> None:
    (tmp_path / "x.bw").write_bytes(b"")
    with pytest.raises(CatalogueError, match="track 'x' names no genome, and there are hg38, mm10"):
        listed(make({"tracks": [{"name": "x", "signal": {"path": "x.bw"}}]}, "hg38", "mm10"))


def test_md5_of_a_table_is_compared(windows_tracks: Any, make: Any, alphagenome: Path, tmp_path: Path) -> None:
    (tmp_path / "x.bw").write_bytes((alphagenome / "windows/atac.bw").read_bytes())
    (tmp_path / "t.csv").write_text(f"file,md5\nx.bw,{'0' * 32}\n")
    outcomes = built(make({"tables": [{"path": "t.csv"}]}), tmp_path / "root")
    assert "but its table says 00000000" in str(outcomes[1].error)


def test_a_table_can_be_looked_at_before_anything_is_built(alphagenome: Path, tmp_path: Path) -> None:
    expected = json.loads((alphagenome / "encode_expected.json").read_text())
    table = alphagenome / "encode_metadata_made.tsv"
    asked = ["signals", "import", str(table), "--format", "encode", "--genome", "hg38", "-o", str(tmp_path / "listed")]
    done = CliRunner().invoke(main, asked)
    assert done.exit_code == 0, done.output
    tracks, rejects = (pq.read_table(tmp_path / f"listed/{name}.parquet") for name in ("tracks", "track_rejects"))
    assert f"{len(tracks):,} tracks" in done.output
    assert tracks["accession"].to_pylist() == [one["accession"] for one in expected["tracks"]]
    assert rejects["reason"].to_pylist() == [one["reason"] for one in expected["rejected"]]
    assert str(alphagenome) not in repr(rejects.to_pylist())
    wrong = CliRunner().invoke(main, [*asked[:2], str(alphagenome / "SOURCE.md"), *asked[3:]])
    assert wrong.exit_code == 2
    assert "SOURCE.md" in wrong.output
