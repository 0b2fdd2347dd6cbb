"""Channel sets: gene structure base by base, compared with an oracle's hashes and with models worked out by hand."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from segmentationbuilds import fixture

from genatator_assets.annotation.structure import Structure
from genatator_assets.annotation.transcripts import select_isoforms
from genatator_assets.errors import CatalogueError, ReadingError
from genatator_assets.gene_finding.blocks.chromosome import build_chromosomes
from genatator_assets.gene_finding.channel_sets import card, statistics
from genatator_assets.gene_finding.channel_sets.build import STEP, build_sets, keys_of, tasks_of
from genatator_assets.gene_finding.channel_sets.paint import Model
from genatator_assets.gene_finding.channel_sets.sets import SETS
from genatator_assets.gene_finding.channel_sets.statistics import build_statistics
from genatator_assets.gene_finding.part import PART
from genatator_assets.gene_finding.tasks import chromosome_tasks
from genatator_assets.gene_finding.verify.sets import verify_sets
from genatator_assets.parts import load_catalogue
from genatator_assets.query.connect import ask, connect
from genatator_assets.reading import open_dataset
from genatator_assets.reading.encodings import TIBERIUS, bend_classes, helixer_classes, tiberius_states
from genatator_assets.reading.window import Interval, Window
from genatator_assets.sources.assembly import import_assembly
from genatator_assets.tracks.store import read_segments
from genatator_assets.work.layout import Layout
from genatator_assets.work.layout_channels import ChannelLayout

EXPECTED = {entry["source"]: entry for entry in fixture("channel_sets.json")}
FILES = {entry["source"]: (entry["annotation"], entry["sequence"]) for entry in fixture("expected.json")["entries"]}


def channel_sets(folder: Path, genomes: dict[str, tuple[Path, Path]], **section):
    """Build channel sets of genomes (annotation, sequence) in `folder`/root, without Dagster."""
    folder.mkdir(parents=True, exist_ok=True)
    section = {"channel_sets": list(SETS), **section}
    entries = "".join(
        f"  - genome: {name}\n    species: x\n    sequence: {{path: {sequence}}}\n"
        f"    annotation: {{path: {annotation}, lengths: ignore}}\n"
        for name, (annotation, sequence) in genomes.items()
    )
    (folder / "catalogue.yaml").write_text(
        f"dataset: sets\nmin_chromosome_length_bp: 1\ngene_finding: {json.dumps(section)}\nassemblies:\n{entries}"
    )
    catalogue, layout = load_catalogue(folder / "catalogue.yaml"), Layout(folder / "root")
    for genome in catalogue.genomes:
        import_assembly(catalogue, genome, layout)
        select_isoforms(catalogue, genome, layout)
    return catalogue, layout.root


def built(catalogue, root):
    outcomes = []
    for name in catalogue.gene_finding.channel_sets:
        found = tasks_of(name, catalogue, root, keys_of(catalogue, root))
        assert not found.faults
        outcomes += build_sets(list(found.by_key.values()))
    return outcomes


@pytest.fixture(scope="module")
def real(data, tmp_path_factory):
    genomes = {name: tuple(data / path for path in FILES[name]) for name in EXPECTED}
    catalogue, root = channel_sets(tmp_path_factory.mktemp("sets"), genomes, block_size_bp=300_000)
    assert {outcome.error for outcome in built(catalogue, root)} == {None}
    return catalogue, root


GOLDEN_OF = sorted(EXPECTED)[0]
GOLDEN = {
    "segments": "189392f3f294f393ea3bb67d5e5c0e50178208ee9c3b36ecc1c7bc7d496cd19d",
    "block": "f66358cbe7b211dea2831775fd1fe2c8a2336c16fbedefb25354ba4240a69836",
}
"""Of the set coding on one chromosome: other bytes need a step with a higher number, so that they are built again."""


def test_the_step_makes_the_bytes_that_it_made(real):
    layout, chrom = ChannelLayout(real[1]), EXPECTED[GOLDEN_OF]["chrom"]
    block = layout.block("coding", "train", GOLDEN_OF, chrom, 0)
    files = {"segments": layout.segments("coding", GOLDEN_OF, chrom), "block": block}
    found = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    assert found == GOLDEN, f"step {STEP.name} {STEP.number} made other bytes: raise STEP"


@pytest.mark.parametrize("source", EXPECTED)
@pytest.mark.parametrize("name", SETS)
def test_channels_of_real_genomes_are_those_of_the_oracle(real, source, name):
    expected = EXPECTED[source]
    path = ChannelLayout(real[1]).segments(name, source, expected["chrom"])
    segments = read_segments(path, expected["length"], SETS[name])
    dense = segments.dense(0, expected["length"]).astype(np.uint8)
    for place, channel in enumerate(SETS[name].names):
        of = expected["channels"][channel]
        assert hashlib.sha256(np.ascontiguousarray(dense[:, place])).hexdigest() == of["dense_uint8_sha256"], channel
        runs = segments.runs[place]
        assert (int(dense[:, place].sum()), len(runs)) == (of["bases"], of["runs"])
        assert np.stack([runs.start, runs.end], axis=1)[:6].tolist() == of["first_runs"]


def test_the_oracle_knows_all_channels_and_no_others():
    every = {name for tracks in SETS.values() for name in tracks.names}
    assert {frozenset(entry["channels"]) for entry in EXPECTED.values()} == {frozenset(every)}


@pytest.mark.parametrize("name", SETS)
def test_blocks_hold_the_same_bases_as_any_parquet_reader_reads_them(real, name):
    expected = EXPECTED["arabidopsis"]
    folder = ChannelLayout(real[1]).blocks(name, "train", "arabidopsis", expected["chrom"])
    files = sorted(folder.glob("*.parquet"), key=lambda path: int(path.stem))
    assert [int(path.stem) for path in files] == [0, 300_000]
    dense = []
    for path, (start, end) in zip(files, [(0, 300_000), (300_000, expected["length"])], strict=True):
        table = pq.ParquetFile(path, page_checksum_verification=True).read()
        assert table.schema.names == ["targets", "metadata"]
        assert str(table.schema.field("targets").type) == (
            f"list<element: fixed_size_list<element: uint8>[{len(SETS[name])}]>"
        )
        values = table["targets"].combine_chunks().flatten().flatten()
        dense.append(values.to_numpy().reshape(-1, len(SETS[name])))
        metadata = json.loads(table["metadata"][0].as_py())
        assert (metadata["start"], metadata["end"], metadata["target_names"]) == (start, end, list(SETS[name].names))
        assert (metadata["channel_set"], metadata["isoforms"]) == (name, "all")
        limits = pq.read_metadata(path).row_group(0).column(0).statistics
        assert (limits.min, limits.max, limits.null_count) == (0, int(dense[-1].max()), 0)
    whole = np.concatenate(dense)
    for place, channel in enumerate(SETS[name].names):
        of = expected["channels"][channel]["dense_uint8_sha256"]
        assert hashlib.sha256(np.ascontiguousarray(whole[:, place])).hexdigest() == of, channel


def test_nothing_is_built_twice_and_a_changed_option_builds_again(real):
    catalogue, root = real
    assert {outcome.status for outcome in built(catalogue, root)} == {"intact"}
    representative = catalogue.model_copy(
        update={"gene_finding": catalogue.gene_finding.model_copy(update={"isoforms": "representative"})}
    )
    (task,) = tasks_of("splice", representative, root, ["arabidopsis/Chr1"]).by_key.values()
    assert task.unit.finished() is None
    assert task.key == "arabidopsis/Chr1"


def test_a_set_is_a_stage_only_where_a_catalogue_asks_for_it(real):
    catalogue, _ = real
    alone = catalogue.model_copy(
        update={"gene_finding": catalogue.gene_finding.model_copy(update={"channel_sets": ("splice",)})}
    )
    assert [asset.name for asset in PART.as_asked(catalogue).assets] == [
        "structure_channels", "splice_channels", "coding_channels", "channel_statistics"
    ]  # fmt: skip
    splice, statistics = PART.as_asked(alone).assets
    assert (splice.name, statistics.after) == ("splice_channels", ("splice_channels",))


@pytest.mark.parametrize(
    ("section", "told"), [({"channel_sets": ["exons"]}, "structure"), ({"channel_sets": ["splice", "splice"]}, "once")]
)
def test_a_catalogue_that_asks_for_what_there_is_not_is_refused(tmp_path, section, told):
    (tmp_path / "a.fa").write_text(">c\nACGT\n")
    (tmp_path / "a.gff3").write_text("##gff-version 3\n")
    with pytest.raises(CatalogueError, match=told):
        channel_sets(tmp_path, {"g": (tmp_path / "a.gff3", tmp_path / "a.fa")}, **section)


# Two exons of a transcript on [2, 22) whose coding sequence is ATG GC|C TAA: 0-based, exons [2, 9) and [14, 22), coding
# [4, 9) and [14, 18). On the - strand the same picture is mirrored in 24 bases: position p becomes 23 - p.
#         0123456789012345678901234
#         --uuATGGCiiiiiCTAAuuuu--
DNA = b"NNCCATGGCGTNAGCTAAGGGGNN"
FORWARD = Structure(
    start=np.array([2]),
    end=np.array([22]),
    strand=np.array([1]),
    first=np.array([0, 2]),
    exon_start=np.array([2, 14]),
    exon_end=np.array([9, 22]),
    cds_start=np.array([4, 14]),
    cds_end=np.array([9, 18]),
    phase=np.array([0, 1]),
    gap_exon=np.empty(0, np.int64),
    gap_from=np.empty(0, np.int64),
    gap_to=np.empty(0, np.int64),
)
EXPECTED_BY_HAND = {
    "exon": [2, 3, 4, 5, 6, 7, 8, 14, 15, 16, 17, 18, 19, 20, 21],
    "intron": [9, 10, 11, 12, 13],
    "CDS": [4, 5, 6, 7, 8, 14, 15, 16, 17],
    "5UTR": [2, 3],
    "3UTR": [18, 19, 20, 21],
    "donor": [8],
    "acceptor": [14],
    "codon_position_0": [4, 7, 15],
    "codon_position_1": [5, 8, 16],
    "codon_position_2": [6, 14, 17],
    "start_codon": [4, 5, 6],
    "stop_codon": [15, 16, 17],
}


def found(of, dna, begun=True):
    model, letters = Model(of, np.array([begun]), len(dna)), np.frombuffer(dna, np.uint8)
    painted = [model.paint(name, lambda positions: letters[positions]) for name in SETS]
    return {
        track.name: np.flatnonzero(segments.dense(0, len(dna))[:, place]).tolist()
        for segments in painted
        for place, track in enumerate(segments.tracks)
    }


def on_strand(expected, strand):
    other = "-" if strand == "+" else "+"
    return {f"{name}_{strand}": of for name, of in expected.items()} | {f"{name}_{other}": [] for name in expected}


def test_a_transcript_by_hand():
    assert found(FORWARD, DNA) == on_strand(EXPECTED_BY_HAND, "+")


def test_the_same_on_the_other_strand():
    end = len(DNA)

    def turned(edges):
        return end - edges[::-1]

    backward = replace(
        FORWARD,
        start=turned(FORWARD.end),
        end=turned(FORWARD.start),
        strand=np.array([-1]),
        exon_start=turned(FORWARD.exon_end),
        exon_end=turned(FORWARD.exon_start),
        cds_start=turned(FORWARD.cds_end),
        cds_end=turned(FORWARD.cds_start),
        phase=FORWARD.phase[::-1],
    )
    dna = DNA.translate(bytes.maketrans(b"ACGT", b"TGCA"))[::-1]
    expected = {name: sorted(end - 1 - position for position in of) for name, of in EXPECTED_BY_HAND.items()}
    assert found(backward, dna) == on_strand(expected, "-")


def test_without_its_beginning_there_is_no_start_codon_and_codons_begin_by_the_phase():
    # The first coding base is the last of a codon that began before; then TGG, CCT; AA is no whole codon.
    of = replace(FORWARD, phase=np.array([1, 2]))
    expected = EXPECTED_BY_HAND | {
        "codon_position_0": [5, 8, 16],
        "codon_position_1": [6, 14, 17],
        "codon_position_2": [4, 7, 15],
        "start_codon": [],
        "stop_codon": [],
    }
    assert found(of, DNA, begun=False) == on_strand(expected, "+")


def test_a_last_codon_that_is_no_stop_is_none():
    assert found(FORWARD, DNA.replace(b"CTAA", b"CTAC"))["stop_codon_+"] == []


def test_a_stop_codon_over_a_splice_site():
    # Coding [4, 9) and [14, 15): ATG, then G C of one exon and the T of the next - no stop; with T A | A it is one.
    of = replace(FORWARD, cds_end=np.array([9, 15]))
    assert found(of, DNA)["stop_codon_+"] == []
    assert found(of, b"NNCCATGTAGTNAGATAAGGGGNN")["stop_codon_+"] == [7, 8, 14]


def test_bases_that_are_read_twice_have_two_places_in_codons():
    # A -1 slippage: coding [2, 7) and, again from 6 on, [6, 10): 2 3 4 | 5 6 6 | 7 8 9
    of = Structure(
        *(np.array([value]) for value in (2, 10, 1)),
        first=np.array([0, 1]),
        exon_start=np.array([2]),
        exon_end=np.array([10]),
        cds_start=np.array([2]),
        cds_end=np.array([10]),
        phase=np.array([0]),
        gap_exon=np.array([0]),
        gap_from=np.array([7]),
        gap_to=np.array([6]),
    )
    by_name = found(of, b"NNATGCCTAGNN")
    assert by_name["codon_position_0_+"] == [2, 5, 7]
    assert by_name["codon_position_1_+"] == [3, 6, 8]
    assert by_name["codon_position_2_+"] == [4, 6, 9]
    assert by_name["stop_codon_+"] == [7, 8, 9]
    assert by_name["intron_+"] == []


# What follows from them: statistics, SQL, windows, a release's files, verifying


@pytest.fixture(scope="module")
def small_root(data, tmp_path_factory):
    """One small genome with its statistics, to look at and to damage."""
    genomes = {"fly": tuple(data / path for path in FILES["drosophila"])}
    catalogue, root = channel_sets(tmp_path_factory.mktemp("small"), genomes)
    built(catalogue, root)
    (outcome,) = build_statistics([statistics.StatisticsTask(catalogue, root)])
    assert outcome.error is None
    return catalogue, root


def test_statistics_and_sql_say_what_the_oracle_counts(small_root):
    _, root = small_root
    expected = EXPECTED["drosophila"]["channels"]
    with connect(root) as connection:
        rows = ask(connection, "select channel, bases, runs from channel_statistics where chrom = '2L'").rows
        assert {row[0]: row[1:] for row in rows} == {name: (of["bases"], of["runs"]) for name, of in expected.items()}
        first = expected["donor_-"]["first_runs"][0]
        asked = f"select channel, start, \"end\", value from set_runs('splice', 'fly', '2L', {first[0]}, {first[1]})"
        assert ("donor_-", *first, 1.0) in ask(connection, asked).rows
        counted = "select count(*) from set_segments where set = 'coding' and chrom = '2L' and channel = 'stop_codon_+'"
        assert list(ask(connection, counted).rows) == [(expected["stop_codon_+"]["runs"],)]
        names = "select list(channel order by channel_index) from set_channels where set = 'structure'"
        assert list(ask(connection, names).rows) == [(list(SETS["structure"].names),)]


def test_windows_have_channels_of_sets(small_root):
    catalogue, root = small_root
    tasks = chromosome_tasks(catalogue, Layout(root), "fly", ["2L"], with_blocks=False)
    assert [outcome.error for outcome in build_chromosomes(tasks)] == [None]
    dataset, expected = open_dataset(root), EXPECTED["drosophila"]
    whole = dataset.chromosome("fly", "2L", channels="structure")
    assert whole.channels == SETS["structure"].names
    for place, channel in enumerate(whole.channels):
        column = np.ascontiguousarray(whole.targets[:, place].astype(np.uint8))
        assert hashlib.sha256(column).hexdigest() == expected["channels"][channel]["dense_uint8_sha256"]
    start, end = expected["channels"]["donor_+"]["first_runs"][0]
    mixed = ["donor_+", "mrna_tss_+", "donor_-", "mrna_tss_-"]
    window = dataset.window("fly", "2L", start - 5, end + 5, channels=mixed)
    assert window.targets[:, 0].tolist() == [0] * 5 + [1] + [0] * 5
    twelve = dataset.window("fly", "2L", start - 5, end + 5)
    assert np.array_equal(window.targets[:, 1], twelve.targets[:, twelve.channels.index("mrna_tss_+")])
    turned = dataset.read(Interval("fly", "2L", start - 5, end + 5, "-"), channels=mixed)
    assert np.array_equal(turned.targets, window.targets[::-1][:, [2, 3, 0, 1]])
    assert dataset.positive_share("splice")[0] * expected["length"] == pytest.approx(
        expected["channels"]["donor_+"]["bases"]
    )
    with pytest.raises(ReadingError, match="is a channel of a set"):
        dataset.windows(1_000, without="splice")


def test_a_window_of_a_set_that_is_not_there_says_how_to_get_it(small):
    one = small.chromosomes()[0]
    with pytest.raises(ReadingError, match="channel_sets: \\[splice\\]"):
        small.window(one.genome, one.chrom, 0, 10, channels="splice")


def test_a_release_has_blocks_runs_and_statistics(small_root):
    catalogue, root = small_root
    files = card.release(catalogue, root)
    chroms = {file.path.parent.name for file in files if file.config == "splice"}
    assert chroms == {f"chrom={chrom}" for chrom in ("2L", "2R", "3L", "3R", "4", "X", "Y")}
    assert {(file.config, file.split) for file in files if file.config} == {(name, "train") for name in SETS}
    assert {"channel_sets/coding/fly/2L.parquet", "dataset/statistics/channel_sets.parquet"} <= {
        file.name for file in files
    }
    assert all(file.path.is_file() for file in files)


def test_verifying_finds_nothing_of_what_was_built(real, small_root):
    assert verify_sets(*real, None) == []
    assert verify_sets(*small_root, None) == []


@pytest.mark.parametrize("name", SETS)
def test_verifying_finds_one_changed_base(small_root, tmp_path, name):
    catalogue, root = small_root
    copied = tmp_path / "root"
    shutil.copytree(root, copied)
    layout = ChannelLayout(copied)
    path = layout.segments(name, "fly", "2L")
    table = pq.ParquetFile(path).read()
    ends = table["end"].to_pylist()
    moved = next(row for row in range(len(ends) - 1) if ends[row] + 1 < table["start"][row + 1].as_py())
    channel, base = table["channel"][moved].as_py(), ends[moved]
    ends[moved] += 1
    pq.write_table(table.set_column(4, "end", pa.array(ends)), path)
    assert verify_sets(catalogue, copied, None) == [
        f"fly: {name}: 2L:0: {channel} of the runs differs at 1 bases, the first {base:,}"
    ]
    layout.block(name, "train", "fly", "4", 0).unlink()
    assert any("4:0: can't be read" in line for line in verify_sets(catalogue, copied, None))


def test_representative_sets_are_of_one_isoform_of_each_gene(data, tmp_path):
    genomes = {"fly": tuple(data / path for path in FILES["drosophila"])}
    catalogue, root = channel_sets(tmp_path, genomes, channel_sets=["splice", "structure"], isoforms="representative")
    assert {outcome.error for outcome in built(catalogue, root)} == {None}
    assert verify_sets(catalogue, root, None) == []
    transcripts = pq.ParquetFile(Layout(root).transcripts("fly")).read().to_pylist()
    exons = pq.ParquetFile(Layout(root).exons("fly")).read().to_pylist()
    chosen = {number for number, row in enumerate(transcripts) if row["representative"] and row["chrom"] == "2L"}
    sites = set()
    for number in chosen:
        own = sorted((one["start"], one["end"]) for one in exons if one["transcript"] == number)
        sites |= {end - 1 for _, end in own[:-1]} if transcripts[number]["strand"] == "+" else set()
    segments = read_segments(ChannelLayout(root).segments("splice", "fly", "2L"), 235_137, SETS["splice"])
    assert set(np.flatnonzero(segments.dense(0, 235_137)[:, 0]).tolist()) == sites


# Exclusive encodings


def window_of(of, dna, first=0, last=None):
    """A window of the model, with the channels of all sets."""
    last = len(dna) if last is None else last
    model, letters = Model(of, np.array([True]), len(dna)), np.frombuffer(dna, np.uint8)
    painted = [model.paint(name, lambda positions: letters[positions]) for name in SETS]
    return Window(
        interval=Interval("g", "c", first, last),
        dna=dna[first:last].decode(),
        targets=np.concatenate([segments.dense(first, last) for segments in painted], axis=1),
        channels=tuple(name for segments in painted for name in segments.tracks.names),
        split="train",
        chrom_length=len(dna),
    )


def test_classes_of_helixer_by_hand():
    #        --uuCCCCCiiiiiCCCCuuuu--
    classes = "001122222333332222111100"
    assert "".join(map(str, helixer_classes(window_of(FORWARD, DNA)))) == classes


def test_classes_of_bend_by_hand():
    #          --eeeeeeDiiiiiAeeeeeee--
    classes = "880000001222223000000088"
    assert "".join(map(str, bend_classes(window_of(FORWARD, DNA)))) == classes
    turned = bend_classes(window_of(FORWARD, DNA).reverse_complement())
    assert "".join(map(str, turned)) == "880000000322222100000088".translate(str.maketrans("0123", "4567"))


STATES = [*["IR"] * 4, "START", "E1", "E2", "E0", "EI1", *["I1"] * 5, "IE2", "E0", "E1", "STOP", *["IR"] * 6]


@pytest.mark.parametrize(("first", "last"), [(0, 24), (11, 24), (0, 12), (6, 10), (5, 20), (16, 24)])
def test_states_of_tiberius_by_hand_also_where_an_intron_is_cut(first, last):
    found = tiberius_states(window_of(FORWARD, DNA, first, last))
    assert [TIBERIUS[state] for state in found] == STATES[first:last]


def test_a_window_within_an_intron_has_no_state():
    with pytest.raises(ReadingError, match="within one intron"):
        tiberius_states(window_of(FORWARD, DNA, 10, 13))
    with pytest.raises(ReadingError, match="without exon_\\+"):
        helixer_classes(replace(window_of(FORWARD, DNA), channels=(), targets=np.empty((24, 0), np.float32)))
