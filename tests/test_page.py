"""Pages of loci: what is in them, that they ask for nothing, and the command. (tests/browser opens them.)"""

import base64
import dataclasses
import gzip
import html
import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from blockfiles import blocks_of
from built import build_small
from click.testing import CliRunner
from releases import published

import genatator_assets as ga
from genatator_assets.cli import main
from genatator_assets.errors import GenatatorError, ReadingError
from genatator_assets.query.explain import explain
from genatator_assets.reading import page

GENOME, CHROM = "sim-gencode", "chr1"
START, END = 1_000, 150_000
IGV = (
    "(self).igv=(()=>({createBrowser(){return '</script><b>'+'<!--'+'</SCRIPT>'}}))();\n//# sourceMappingURL=igv.map\n"
)


@pytest.fixture(scope="module")
def igv(tmp_path_factory) -> Path:
    """A file that passes for igv.js."""
    path = tmp_path_factory.mktemp("igv") / "igv.min.js"
    path.write_text(IGV)
    return path


@pytest.fixture(scope="module")
def made(small, igv) -> str:
    return small.page(GENOME, CHROM, START, END, igv=igv)


class Parsed(HTMLParser):
    """A page as a browser takes it apart: text by element, attributes of all, scripts one by one."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.scripts: list[str] = []
        self.texts: dict[str, str] = {}
        self.attributes: list[tuple[str, str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.attributes += [(tag, *pair) for pair in attributes]
        self.open.append(tag)
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, text):
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += text
        elif self.open:
            self.texts[self.open[-1]] = self.texts.get(self.open[-1], "") + text


def locus_of(text: str) -> dict:
    return json.loads(Parsed(text).scripts[0])


def fasta_of(locus: dict) -> list[str]:
    kind, _, packed = locus["fasta"].partition(",")
    assert kind == "data:application/gzip;base64"
    return gzip.decompress(base64.b64decode(packed)).decode().splitlines()


# --- what is in it ---


def test_the_dna_and_its_place_are_those_of_the_blocks(dataset, made):
    blocks = blocks_of(dataset.root, GENOME)[CHROM]
    dna, length = "".join(block.dna for block in blocks), blocks[0].metadata["chrom_length"]
    locus = locus_of(made)
    assert fasta_of(locus) == [f">{CHROM}:{START + 1}-{END} @len={length}", dna[START:END]]
    assert (locus["chrom"], locus["start"], locus["end"], locus["chrom_length"]) == (CHROM, START, END, length)


def test_the_channels_are_those_of_the_blocks(dataset, made):
    blocks = blocks_of(dataset.root, GENOME)[CHROM]
    channels = locus_of(made)["channels"]
    assert [one["name"] for one in channels] == blocks[0].metadata["target_names"]
    assert [one["strand"] for one in channels] == ["+", "-"] * 6
    painted = np.zeros((END - START, 12), np.float32)
    for column, one in zip(painted.T, channels, strict=True):
        edges = np.array([one["starts"], one["ends"]]).T.ravel()
        assert (np.diff([START, *edges, END]) >= 0).all()
        for first, last, value in zip(one["starts"], one["ends"], one["values"], strict=True):
            column[first - START : last - START] = value
    expected = np.concatenate([block.targets for block in blocks])[START:END]
    assert expected.any(axis=0).all()
    np.testing.assert_array_equal(painted, expected)


def test_the_transcripts_stand_apart_by_selection_with_reasons(dataset, made):
    rows = pq.ParquetFile(dataset.root / f"annotation/{GENOME}/transcripts.parquet").read().to_pylist()
    here = [row for row in rows if row["chrom"] == CHROM and row["start"] < END and row["end"] > START]
    groups = {group["name"]: group["rows"] for group in locus_of(made)["transcripts"]}
    assert list(groups) == ["selected +", "selected -", "rejected +", "rejected -"]
    for name, features in groups.items():  # strands stand apart: neighbours on two strands never join
        expected = [row for row in here if row["selected"] is name.startswith("sel") and row["strand"] == name[-1]]
        found = sorted((one["name"], one["start"], one["end"], one["strand"]) for one in features)
        assert found == sorted((row["transcript_id"], row["start"], row["end"], row["strand"]) for row in expected)
    assert all(groups[name] for name in ("selected +", "selected -"))
    rejected = groups["rejected +"] + groups["rejected -"]
    assert {one["label"] for one in rejected} == {f"{one['gene_name']} (other type)" for one in rejected}
    about = rejected[0]["about"]
    assert about["Selected"] == "no, other type: it is neither mRNA nor lncRNA"
    row = next(row for row in here if row["transcript_id"] == about["Transcript"])
    assert about["Place"] == f"{CHROM}:{row['start'] + 1:,}-{row['end']:,} ({row['strand']})"
    counts = {kind: sum(row["type"] == kind for row in here if row["selected"]) for kind in ("mRNA", "lncRNA")}
    told = Parsed(made).texts["span"]
    assert all((f"{count} {kind}" in told) == (count > 0) for kind, count in counts.items())


def test_what_explain_says_of_each_transcript_stands_where_popups_lead_to(dataset, made):
    features = [one for group in locus_of(made)["transcripts"] for one in group["rows"]]
    told = dict(re.findall(r'<pre id="([^"]+)">(.*?)</pre>', made, re.DOTALL))
    assert sorted(told) == sorted(one["anchor"] for one in features)
    for one in features:
        (found,) = explain(dataset.root, one["name"])
        title, *lines = dataclasses.replace(found, blocks=()).lines()
        assert told[one["anchor"]] == html.escape("\n".join([title, *(f"  {line}" for line in lines)]))


def test_transcripts_are_found_by_every_name_that_they_have(dataset, made):
    rows = pq.ParquetFile(dataset.root / f"annotation/{GENOME}/transcripts.parquet").read().to_pylist()
    rows = {row["transcript_id"]: row for row in rows}
    fields = re.search(r"searchableFields: (\[.*?\])", made)[1]
    for one in (one for group in locus_of(made)["transcripts"] for one in group["rows"]):
        row = rows[one["name"]]
        expected = {row["transcript_id"], row["gene_id"], row["gene_name"], row["row_id"]} - {None}
        expected |= {row[which].rpartition(".")[0] for which in ("transcript_id", "gene_id")}
        assert {one[field] for field in json.loads(fields)} - {None} == expected


def test_the_exons_are_those_of_the_annotation(dataset, made):
    folder = dataset.root / f"annotation/{GENOME}"
    rows, exons = (pq.ParquetFile(folder / f"{name}.parquet").read().to_pylist() for name in ("transcripts", "exons"))
    expected = {}
    for exon in exons:
        expected.setdefault(rows[exon["transcript"]]["transcript_id"], []).append(exon)
    drawn = {one["name"]: one for group in locus_of(made)["transcripts"] for one in group["rows"]}
    heights = set()
    for name, feature in drawn.items():
        for one, exon in zip(feature["exons"], expected[name], strict=True):
            assert (one["start"], one["end"]) == (exon["start"], exon["end"])
            coding = (
                (one.get("cdStart", one["start"]), one.get("cdEnd", one["end"])) if "utr" not in one else (None, None)
            )
            assert coding == (exon["cds_start"], exon["cds_end"])
            heights.add(tuple(one))
        row = next(row for row in rows if row["transcript_id"] == name)
        assert (feature["gene"], feature["gene_name"]) == (row["gene_id"], row["gene_name"])
    assert len(heights) == 3  # not coding, coding in part, coding


def test_gc_and_n_are_shares_of_the_bases(made):
    gc, n = locus_of(made)["shares"]
    dna = fasta_of(locus_of(made))[1]
    assert (gc["name"], n["name"]) == ("GC", "N")
    for first, last, value in zip(gc["starts"], gc["ends"], gc["values"], strict=True):
        own = dna[first - START : last - START].replace("N", "")
        assert value == round(sum(base in "GC" for base in own) / len(own), 4)
    inside = set(n["starts"])
    edges = sorted(set(gc["starts"]) | set(n["starts"]))
    assert inside
    assert all(
        ("N" in dna[first - START : last - START]) == (first in inside) for first, last in itertools.pairwise(edges)
    )


def test_blocks_alone_have_no_transcripts_to_show(dataset, tmp_path, igv, made):
    release = ga.open_dataset(published(dataset.root, tmp_path))
    whole, alone = locus_of(made), locus_of(release.page(GENOME, CHROM, START, END, igv=igv))
    assert alone == {**whole, "transcripts": []}
    assert "<details>" not in release.page(GENOME, CHROM, START, END, igv=igv)


def test_the_same_locus_is_the_same_page(small, igv, made):
    assert small.page(GENOME, CHROM, START, END, igv=igv) == made


def test_a_page_has_a_greatest_length(small, igv, monkeypatch):
    monkeypatch.setattr(page, "MOST_BP", 2_000)
    assert small.page(GENOME, CHROM, 0, 2_000, igv=igv)
    with pytest.raises(ReadingError, match="has 2,001 bp, and a page at most 2,000; give a shorter locus"):
        small.page(GENOME, CHROM, 0, 2_001, igv=igv)


# --- it asks for nothing, and nothing that is in it gets out of its place ---


def test_nothing_is_loaded_from_elsewhere(made):
    parsed = Parsed(made)
    policy = next(value for tag, name, value in parsed.attributes if tag == "meta" and name == "content")
    allowed = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert allowed == {
        "default-src": "'none'",
        "script-src": "'unsafe-inline'",
        "style-src": "'unsafe-inline'",
        "img-src": "data: blob:",
    }
    assert {name for _, name, _ in parsed.attributes} <= {
        *("lang", "charset", "http-equiv", "content", "id", "role", "style", "type")  # neither src nor href
    }
    own = made.replace(parsed.scripts[1], "")
    assert not re.search(r"https?:|[\"'(]//|url\(|@import|import\(|fetch\(|XMLHttp", own)


def test_igv_is_one_script_that_does_what_it_did(made):
    scripts = Parsed(made).scripts
    assert len(scripts) == 3
    assert scripts[1] == IGV.replace("</", "<\\/").replace("<!--", "<\\!--").replace("//# sourceMappingURL=igv.map", "")


def test_names_of_any_letters_stay_names(tmp_path, igv):
    (tmp_path / "g.fa").write_text(">HLA*01:01</script><b>&amp;\n" + "ACGTN" * 100 + "\n")
    (tmp_path / "g.gff3").write_text(
        "##gff-version 3\n" + "HLA*01:01</script><b>%26amp%3B\tx\tmRNA\t11\t400\t.\t-\t.\tID=</script><b>@@igv@@\n"
    )
    text = f"""
dataset: odd
min_chromosome_length_bp: 100
assemblies:
  - genome: odd
    species: Simulata
    sequence: {{path: {tmp_path}/g.fa}}
    annotation: {{path: {tmp_path}/g.gff3}}
"""
    root = build_small(tmp_path / "odd", text).root
    made = ga.open_dataset(root).page("odd", "HLA*01:01</script><b>&amp;", 0, 500, igv=igv)
    parsed, locus = Parsed(made), locus_of(made)
    assert len(parsed.scripts) == 3
    assert parsed.texts["h1"] == parsed.texts["title"] == "odd:HLA*01:01</script><b>&amp;:1-500"
    assert locus["name"] == "HLA*01:01</script><b>&amp;"
    assert locus["chrom"] == "HLA*01_01</script><b>&amp;"  # igv.js parts a place from its chromosome at the colon
    assert fasta_of(locus) == [">HLA*01_01</script><b>&amp;:1-500 @len=500", "ACGTN" * 100]
    assert [one["name"] for one in locus["transcripts"][1]["rows"]] == ["</script><b>@@igv@@"]


# --- igv.js ---


def test_igv_is_found_where_npm_puts_it(tmp_path, monkeypatch, small):
    file = tmp_path / "node_modules/igv/dist/igv.min.js"
    file.parent.mkdir(parents=True)
    file.write_text(IGV)
    (tmp_path / "deep/down").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep/down")
    assert "createBrowser" in Parsed(small.page(GENOME, CHROM, 0, 100)).scripts[1]


@pytest.mark.parametrize("text", ["export default {createBrowser(){}};", "var igv = {};", ""])
def test_another_file_is_told(tmp_path, text, small):
    (tmp_path / "igv.esm.js").write_text(text)
    with pytest.raises(GenatatorError, match=r"igv\.esm\.js is not igv\.js as a script; expected dist/igv\.min\.js"):
        small.page(GENOME, CHROM, 0, 100, igv=tmp_path / "igv.esm.js")


# --- the command ---


def run(dataset, *arguments, **environment):
    return CliRunner(env={"GENATATOR_ROOT": str(dataset.root), **environment}).invoke(main, ["browse", *arguments])


def test_the_command_writes_the_page(dataset, tmp_path, igv, made):
    locus = f"{GENOME}:{CHROM}:{START + 1:,}-{END:,}"
    for options, environment in ((["--igv", str(igv)], {}), ([], {"GENATATOR_IGV": str(igv)})):
        result = run(dataset, locus, "-o", str(tmp_path / "a.html"), *options, **environment)
        assert (result.exit_code, result.stdout.strip(), result.stderr) == (0, str(tmp_path / "a.html"), "")
        assert (tmp_path / "a.html").read_text(encoding="utf-8") == made
        assert [path.name for path in tmp_path.iterdir()] == ["a.html"]


@pytest.mark.parametrize(
    ("locus", "output", "igv_name", "message"),
    [
        (f"{GENOME}:{CHROM}:1-5", "a.html", None, "run 'npm install igv' here, or give it by --igv"),
        (f"{GENOME}:{CHROM}:1-5", "a.html", "none.js", "none.js can't be read as igv.js"),
        (f"{GENOME}:{CHROM}:1-5", "file/a.html", "igv.js", "can't be written"),
        (f"{GENOME}:{CHROM}:", "a.html", "igv.js", "no chromosome, gene or transcript of"),
        (f"{GENOME}:{CHROM}:1-50000000", "a.html", "igv.js", "found 1-50,000,000"),
    ],
)
def test_what_the_command_can_not_show_is_a_users_error(
    dataset, tmp_path, monkeypatch, locus, output, igv_name, message
):
    (tmp_path / "file").touch()
    (tmp_path / "igv.js").write_text(IGV)
    monkeypatch.chdir(tmp_path)
    result = run(dataset, locus, "-o", output, *(["--igv", igv_name] if igv_name else []))
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "igv.js"]
