"""Pictures: the numbers that are drawn, what stands where, and the command. (What they look like, people must see.)"""

import itertools
import shutil
import subprocess
import sys
from functools import partial
from xml.etree import ElementTree

import numpy as np
import pyarrow.parquet as pq
import pytest
from blockfiles import blocks_of
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from releases import published

import genatator_assets as ga
from genatator_assets.cli import main
from genatator_assets.errors import ReadingError
from genatator_assets.reading import Interval, plot
from genatator_assets.reading.bins import bin_edges, composition, maxima, merged_edges, pieces, rows_of
from genatator_assets.reading.stacking import Gene, Model, stacked

GENOME, CHROM = "sim-gencode", "chr1"


@pytest.fixture(scope="module")
def truth(dataset):
    blocks = blocks_of(dataset.root, GENOME)[CHROM]
    return "".join(block.dna for block in blocks), np.concatenate([block.targets for block in blocks])


@pytest.fixture(scope="module")
def transcripts(dataset):
    rows = pq.ParquetFile(dataset.root / f"annotation/{GENOME}/transcripts.parquet").read().to_pylist()
    return [row for row in rows if row["chrom"] == CHROM]


def texts(axes):
    return [text.get_text() for text in axes.texts]


def panels_of(figure: Figure):
    """The panels by the first line of their label; those of channels by both lines."""
    named = {}
    for axes in figure.axes:
        label = [text.get_text() for text in axes.texts if text.get_position()[0] < 0 and text.get_ha() == "right"]
        named[" ".join(label) if label[0] in {"TSS", "polyA", "intragenic"} else label[0]] = axes
    return named


# --- the numbers ---


@given(st.integers(0, 1_000), st.integers(1, 3_000), st.integers(1, 100))
def test_bins_are_nearly_equal_and_cover_all(start, length, most):
    edges = bin_edges(start, start + length, most)
    assert (edges[0], edges[-1], len(edges) - 1) == (start, start + length, min(most, length))
    assert set(np.diff(edges)) <= {length // (len(edges) - 1), length // (len(edges) - 1) + 1}


@given(st.integers(1, 3_000), st.integers(1, 100), st.integers(1, 50), st.integers(1, 40), st.integers(1, 500))
def test_merged_bins_and_pieces_are_made_of_whole_bins(length, most, fewer, least_bp, bp):
    edges = bin_edges(5, 5 + length, most)
    merged = merged_edges(edges, fewer, least_bp)
    assert set(merged) <= set(edges)
    assert (merged[0], merged[-1]) == (5, 5 + length)
    assert len(merged) - 1 <= fewer
    turns = list(pieces(merged, bp))
    assert [edge for turn in turns for edge in turn[:-1]] == merged[:-1].tolist()
    assert all(turn[-1] - turn[0] <= bp or len(turn) == 2 for turn in turns)
    assert all(one[-1] == other[0] for one, other in itertools.pairwise(turns))


@given(st.text("ACGTN", min_size=1, max_size=60), st.integers(1, 20))
def test_bins_have_the_greatest_value_and_the_shares_of_their_bases(dna, most):
    edges = bin_edges(100, 100 + len(dna), most)
    values = np.array([[ord(letter) % 7 / 7, ord(letter) % 5 / 5] for letter in dna], np.float32)
    stretches = [(edges[i] - 100, edges[i + 1] - 100) for i in range(len(edges) - 1)]
    np.testing.assert_array_equal(maxima(values, edges), [values[a:b].max(axis=0) for a, b in stretches])
    shares = composition(dna, edges)
    for (a, b), gc, n in zip(stretches, shares.gc, shares.n, strict=True):
        known = [letter for letter in dna[a:b] if letter != "N"]
        assert n == dna[a:b].count("N") / (b - a)
        assert np.isnan(gc) if not known else gc == sum(letter in "GC" for letter in known) / len(known)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), max_size=15), st.integers(0, 3))
def test_rows_are_the_first_with_room(intervals, gap):
    starts, ends = [start for start, _ in intervals], [start + length for start, length in intervals]
    rows = rows_of(starts, ends, gap)
    placed = []
    for start, end, row in zip(starts, ends, rows, strict=True):
        clash = {other for s, e, other in placed if end + gap > s and e + gap > start}
        assert row not in clash
        assert set(range(row)) <= clash
        placed.append((start, end, row))


@pytest.mark.parametrize("piece_bp", [7_000, 2_000_000])
def test_a_locus_is_summed_up_piece_by_piece(small, truth, piece_bp, monkeypatch):
    monkeypatch.setattr(plot, "_PIECE_BP", piece_bp)
    dna, targets = truth
    edges, values, shares = plot._summary(partial(small.window, GENOME, CHROM), Interval(GENOME, CHROM, 10_000, 90_000))
    assert len(values) == 1_000
    expected = [targets[a:b].max(axis=0) for a, b in itertools.pairwise(edges)]
    np.testing.assert_array_equal(values, expected)
    stretches = [dna[a:b] for a, b in zip(shares.edges, shares.edges[1:], strict=False)]
    np.testing.assert_array_equal(shares.n, [own.count("N") / len(own) for own in stretches])
    assert len(stretches) == 250


# --- what stands where ---


def bars_of(axes):
    """The bars of a panel of gene models: by row, start, end and height."""
    _, bars = axes.collections
    found = []
    for path in bars.get_paths():
        for corners in path.vertices.reshape(-1, 5, 2):
            x, y = corners.T
            found.append((round(-y[:4].mean()), x.min(), x.max(), round(y.max() - y.min(), 2)))
    return found


def test_genes_stand_apart_by_selection_each_with_one_name(small, transcripts, models):
    start, end = 10_000, 60_000
    panels = panels_of(small.plot(GENOME, CHROM, start, end))
    here = [row for row in transcripts if row["start"] < end and row["end"] > start]
    for panel, wanted in (("selected", True), ("rejected", False)):
        own = [row for row in here if row["selected"] is wanted]
        assert own
        lines, _ = panels[panel].collections
        spans = sorted(tuple(line[:, 0]) for path in lines.get_paths() for line in path.vertices.reshape(-1, 2, 2))
        assert spans == sorted((max(row["start"], start), min(row["end"], end)) for row in own)
        genes = {(row["gene_name"] or row["gene_id"], row["strand"]) for row in own}
        said = [
            text for text in texts(panels[panel]) if "\N{RIGHTWARDS ARROW}" in text or "\N{LEFTWARDS ARROW}" in text
        ]
        arrows = {"+": "{} \N{RIGHTWARDS ARROW}", "-": "\N{LEFTWARDS ARROW} {}"}
        assert sorted(said) == sorted(arrows[strand].format(name) for name, strand in genes)
    counts = {kind: sum(row["type"] == kind for row in here if row["selected"]) for kind in ("mRNA", "lncRNA")}
    for kind, count in counts.items():
        assert (f"{count} {kind}" in texts(panels["selected"])) == (count > 0)


def test_exons_are_bars_and_coding_sequence_higher_ones(small, transcripts, models):
    """A locus of 2 kb, in which no two exons are so near to each other that they are drawn as one."""
    row = next(row for row in transcripts if row["selected"] and row["type"] == "mRNA")
    place = next(one for one in models[0] if one["transcript_id"] == row["transcript_id"])
    start = row["start"] - 100
    bars = bars_of(panels_of(small.plot(GENOME, CHROM, start, start + 2_000))["selected"])
    own = [exon for exon in models[1] if exon["transcript"] == models[0].index(place) and exon["start"] < start + 2_000]
    heights = sorted({height for *_, height in bars})
    assert len(heights) == 2
    for first, last, height in (("start", "end", heights[0]), ("cds_start", "cds_end", heights[1])):
        for exon in own:
            if exon[first] is not None and exon[first] < start + 2_000:
                wanted = (exon[first], min(exon[last], start + 2_000), height)
                assert wanted in [bar[1:] for bar in bars]


@pytest.fixture(scope="module")
def models(dataset):
    """All transcripts of the genome, and all exons."""
    folder = dataset.root / f"annotation/{GENOME}"
    return [pq.ParquetFile(folder / f"{name}.parquet").read().to_pylist() for name in ("transcripts", "exons")]


def gene(name, *spans):
    return Gene(name, tuple(Model(start, end, "+", "red", ((start, end),)) for start, end in spans))


spans = st.tuples(st.integers(0, 990), st.integers(1, 300)).map(lambda span: (span[0], span[0] + span[1]))
genes = st.lists(st.lists(spans, min_size=1, max_size=4), max_size=8)


@given(genes)
def test_no_two_things_stand_in_one_place_and_every_gene_has_its_name(stretches):
    interval, bp_per_inch = Interval("g", "c", 0, 1_000), 120.0
    stack = stacked([gene(f"g{number}", *own) for number, own in enumerate(stretches)], interval, bp_per_inch)
    assert sorted(name.text.split()[0] for name in stack.names) == sorted(f"g{n}" for n in range(len(stretches)))
    taken = [(row, one.start, one.end) for one, row in stack.models]
    taken += [(name.row, name.x, name.x + 0.05 * len(name.text) * bp_per_inch) for name in stack.names]
    for (row, start, end), (other, first, last) in itertools.combinations(taken, 2):
        assert row != other or end <= first or last <= start
    assert all(0 <= row < stack.rows for row, *_ in taken)
    rows = {name.text: name.row for name in stack.names}
    assert len(stack.models) == sum(map(len, stretches))
    assert all(row not in rows.values() for _, row in stack.models) or len(stretches) > 1


def test_where_isoforms_take_too_many_rows_they_are_one_and_the_picture_says_so():
    interval = Interval("g", "c", 0, 1_000)
    stack = stacked([gene("a", *[(number, 900) for number in range(60)])], interval, 120)
    ((model, _),) = stack.models
    assert (model.start, model.end, model.exons) == (0, 900, ((0, 900),))
    assert [name.text for name in stack.names] == ["a \N{MULTIPLICATION SIGN}60 \N{RIGHTWARDS ARROW}"]
    assert stack.remarks == ("isoforms merged",)
    many = stacked([gene(f"gene{number}", (0, 900)) for number in range(500)], interval, 120)
    assert (len(many.models), many.names) == (500, ())
    assert many.remarks == ("strand +", "500 names left out:", "zoom in to see them")


def test_where_names_are_left_out_strands_stand_apart():
    genes = [Gene("g", (Model(0, 900, strand, "red", ((0, 900),)),)) for strand in "+-?-+" * 40]
    stack = stacked(genes, Interval("g", "c", 0, 1_000), 120)
    assert (len(stack.models), stack.names) == (200, ())
    assert stack.remarks[0] == "strand + above \N{MINUS SIGN} above neither"
    rows = {strand: sorted(row for model, row in stack.models if model.strand == strand) for strand in "+-?"}
    assert rows == {"+": list(range(80)), "-": list(range(81, 161)), "?": list(range(162, 202))}
    assert stack.rows == 202


def test_channels_stand_up_for_plus_and_down_for_minus(small, truth):
    start, end = 0, 150_000
    panels = panels_of(small.plot(GENOME, CHROM, start, end))
    titles = [f"{kind} {group}" for group in ("all isoforms", "mRNA only") for kind in ("TSS", "polyA", "intragenic")]
    assert list(panels) == ["GC", "selected", "rejected", *titles]
    for number, title in enumerate(titles):
        for strand, collection in enumerate(panels[title].collections):
            expected = truth[1][start:end, 2 * number + strand]
            assert expected.any()
            heights = collection.get_paths()[0].vertices[:, 1]
            assert (heights.max(), -heights.min()) == ((1, 0) if strand == 0 else (0, 1))
            x = collection.get_paths()[0].vertices[np.abs(heights) == 1, 0]
            first, last = np.flatnonzero(expected == 1)[[0, -1]]
            assert abs(x.min() - first) <= 150  # a bin
            assert abs(x.max() - last) <= 150


@pytest.mark.parametrize(("start", "end"), [(20_000, 20_001), (20_000, 22_000), (0, None)])
def test_any_length_can_be_drawn(small, truth, start, end, tmp_path):
    figure = small.plot(GENOME, CHROM, start, end or len(truth[0]))
    figure.savefig(tmp_path / "locus.png")
    assert 3 < figure.get_figheight() < 16
    assert f"{CHROM}:{start + 1:,}-{end or len(truth[0]):,}" in figure.texts[0].get_text()


def test_a_dense_megabase_has_every_gene_named(four_genomes):
    figure = ga.open_dataset(four_genomes.root).plot("GRCh38-chr1-1Mb", "chr1", 0, 1_000_000)
    panels = panels_of(figure)
    assert {"66 lncRNA", "27 mRNA"} <= set(texts(panels["selected"]))  # by awk: see test_oracle.py
    assert "102 other type" in texts(panels["rejected"])
    assert {"OR4F5 \N{RIGHTWARDS ARROW}", "\N{LEFTWARDS ARROW} OR4F29"} <= set(texts(panels["selected"]))
    assert figure.get_figheight() < 16


def test_a_megabase_of_yeast_has_every_gene_named(four_genomes):
    """Half a gene in 1,000 bases, the densest of genomes: the picture is higher, but no name is left out."""
    dataset = ga.open_dataset(four_genomes.root)
    own = panels_of(dataset.plot("GCF_000146045.2_R64", "NC_001136.10", 0, 1_000_000))["selected"]
    rows = pq.ParquetFile(four_genomes.root / "annotation/GCF_000146045.2_R64/transcripts.parquet").read().to_pylist()
    genes = {
        row["gene_name"] or row["gene_id"]
        for row in rows
        if row["selected"] and row["chrom"] == "NC_001136.10" and row["start"] < 1_000_000
    }
    assert len(genes) == 499
    assert genes <= {text.strip(" \N{RIGHTWARDS ARROW}\N{LEFTWARDS ARROW}") for text in texts(own)}


def test_positions_are_counted_from_1_in_the_middle_of_their_bases(small):
    axis = small.plot(GENOME, CHROM, 20_000, 20_100).axes[-1].xaxis
    shown = {text.get_text(): text.get_position()[0] for text in axis.get_ticklabels()}
    assert shown["20,020"] == 20_019.5  # base 20,020 is [20,019, 20,020)
    assert all(20_001 <= int(text.replace(",", "")) <= 20_100 for text in shown)


def test_blocks_alone_have_no_transcripts_to_draw(dataset, tmp_path):
    release = ga.open_dataset(published(dataset.root, tmp_path))
    assert list(panels_of(release.plot(GENOME, CHROM, 0, 5_000)))[:2] == ["GC", "TSS all isoforms"]


def test_a_release_has_transcripts_beside_its_blocks(dataset, small, tmp_path):
    folder = published(dataset.root, tmp_path)
    shutil.copytree(dataset.root / "annotation", folder / "annotation")
    of_release, of_root = (panels_of(ds.plot(GENOME, CHROM, 0, 60_000)) for ds in (ga.open_dataset(folder), small))
    assert list(of_release) == list(of_root)
    assert texts(of_release["selected"]) == texts(of_root["selected"])


def test_what_is_not_there_can_not_be_drawn(small):
    with pytest.raises(ReadingError, match=r"found \[-1, 10\)"):
        small.plot(GENOME, CHROM, -1, 10)
    with pytest.raises(ReadingError, match="no chromosome 'chr9'"):
        small.plot(GENOME, "chr9", 0, 10)


# --- the command ---


def run(dataset, *arguments):
    return CliRunner(env={"GENATATOR_ROOT": str(dataset.root)}).invoke(main, ["plot", *arguments])


@pytest.mark.parametrize(("name", "begins"), [("a.png", b"\x89PNG"), ("b.PDF", b"%PDF"), ("c.svg", b"<?xml")])
def test_the_command_writes_a_picture(dataset, tmp_path, name, begins):
    result = run(dataset, f"{GENOME}:{CHROM}:1,001-5,000", "-o", str(tmp_path / name))
    assert (result.exit_code, result.stdout.strip(), result.stderr) == (0, str(tmp_path / name), "")
    assert (tmp_path / name).read_bytes().startswith(begins)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("locus", "name", "message"),
    [
        (f"{GENOME}:{CHROM}:1-5", "a.gif", "can be written as png, pdf, svg; found '.gif'"),
        (f"{GENOME}:{CHROM}:7-5", "a.png", "is reversed: it ends at 5, before 7"),
        (f"{GENOME}:chr12:1-5", "a.png", "no chromosome, gene or transcript of"),
        (f"{GENOME}:{CHROM}:1-50000000", "a.png", "found 1-50,000,000"),
        (f"{GENOME}:{CHROM}:1-5", "file/a.png", "can't be written"),
    ],
)
def test_what_the_command_can_not_draw_is_a_users_error(dataset, tmp_path, locus, name, message):
    (tmp_path / "file").touch()
    result = run(dataset, locus, "-o", str(tmp_path / name))
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_text_in_svg_stays_text_and_the_file_is_small_and_always_the_same(four_genomes, tmp_path):
    locus = "GRCh38-chr1-1Mb:chr1"  # 1 Mb with 197 transcripts, of which text and outlines took 289 kB
    for name in ("a.svg", "b.svg"):
        assert run(four_genomes, locus, "-o", str(tmp_path / name)).exit_code == 0
    svg = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert svg == (tmp_path / "b.svg").read_text(encoding="utf-8")
    said = {text.text for text in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")}
    assert {"OR4F5 \N{RIGHTWARDS ARROW}", "102 other type", "GRCh38-chr1-1Mb  chr1:1-1,000,000"} <= said
    assert len(svg) < 150_000


def test_without_matplotlib_the_command_says_how_to_install_it(dataset, tmp_path):
    code = "import sys; sys.modules['matplotlib'] = None; from genatator_assets.cli import main; main()"
    arguments = ["plot", "--root", str(dataset.root), f"{GENOME}:{CHROM}:1-5", "-o", str(tmp_path / "a.png")]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "Error: this needs matplotlib, which is not installed: pip install 'genatator-assets[plot]'\n"
