"""What commands print: each value as it is, whatever it would mean to Rich or to a terminal."""

import csv
import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from built import Dataset, build_small, copy_of, edit_block
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from webserver import web_server

import genatator_assets
from genatator_assets.cli import main
from genatator_assets.simulate import Simulation, write_assembly
from genatator_assets.work.terminal import print_table, say
from genatator_assets.work.text import Markdown, TextTable

EMOJI, MARKUP, ESCAPE = "chr1:100:200", "[red]x[/red]", "\x1b[2J"
"""Rich makes an emoji of `:100:` and colour of `[red]`; ESC [2J clears a terminal."""

CHROM = f"{EMOJI}[b]"  # what FASTA files may hold: ASCII
TRANSCRIPT = f"{EMOJI}{MARKUP}{ESCAPE}"  # what annotations may hold
FOLDER = f"in:100:{MARKUP.replace('/', '')}{ESCAPE}"
SHOWN_FOLDER = FOLDER.replace(ESCAPE, r"\x1b[2J")
SPECIES = f"Simulata :100: {MARKUP}"


@pytest.fixture(scope="module")
def awkward(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """A dataset of a genome whose names all mean something to Rich or to a terminal."""
    base = tmp_path_factory.mktemp("awkward")
    simulated = write_assembly(Simulation(seed=1, total_bp=60_000, chromosomes=2, flavour="gencode"), base / FOLDER)
    fasta, gtf = simulated.sequence.read_text(), simulated.annotation.read_text()
    simulated.sequence.write_text(fasta.replace(">chr1 ", f">{CHROM} "))
    named = re.sub(r"(?m)^chr1\t", f"{CHROM}\t", gtf)
    first = re.search(r'transcript_id "([^"]+)"', named)
    assert first
    simulated.annotation.write_text(named.replace(first[1], TRANSCRIPT))
    inputs = base.as_posix() + "/" + FOLDER.replace(ESCAPE, r"\e[2J")
    return build_small(
        base / "small",
        f"""
dataset: awkward
gene_finding: {{block_size_bp: 20_000}}
min_chromosome_length_bp: 5_000
assemblies:
  - genome: g
    species: "{SPECIES}"
    sequence: {{path: "{inputs}/sequence.fa"}}
    annotation: {{path: "{inputs}/annotation.gtf"}}
    chromosomes: {{include: ["{CHROM}"]}}
""",
    )


@pytest.fixture
def printed(awkward):
    """Run a command on the awkward dataset and return what it printed, which must not steer a terminal."""

    def running(*arguments: str, exits: int = 0, root: Path = awkward.root) -> str:
        options = {"GENATATOR_ROOT": str(root), "GENATATOR_CATALOGUE": awkward.catalogue.origin}
        result = CliRunner(env=options).invoke(main, arguments)
        assert result.exit_code == exits, result.output
        assert set(re.findall(r"[\x00-\x1f\x7f-\x9f]", result.output)) <= {"\n", "\t"}
        return result.output

    return running


def test_sql(printed):
    asked = f"select '{EMOJI}' as \"n:100:\", '{MARKUP}' as \"{MARKUP}\", chr(27) || '[2J' as \"e{ESCAPE}\""
    text = printed("sql", asked)
    for value in (EMOJI, "n:100:", r" \x1b[2J ", r"e\x1b[2J"):
        assert text.count(value) == 1
    assert text.count(MARKUP) == 2
    text = printed("sql", "select chrom, transcript_id from transcripts where transcript_id like '%:100:%'")
    assert f"│ {CHROM} │ {EMOJI}{MARKUP}\\x1b[2J │" in text


def test_sql_s_errors(printed):
    text = printed("sql", f"select '{EMOJI}{MARKUP}{ESCAPE}'::int", exits=2)
    assert f"{EMOJI}{MARKUP}\\x1b[2J" in text


def test_statistics(printed):
    assert f" {SPECIES} " in printed("statistics")


def test_explain(printed):
    text = printed("explain", TRANSCRIPT)
    assert text.startswith(f"{EMOJI}{MARKUP}\\x1b[2J of gene ")
    assert f"/{SHOWN_FOLDER}/annotation.gtf" in text
    assert f"\n  {CHROM}:" in text


def test_plan(printed, awkward, tmp_path):
    text = printed("plan", root=tmp_path / f"{FOLDER}")
    assert f"{tmp_path}/{SHOWN_FOLDER}: " in text


def test_fetch(printed, tmp_path, monkeypatch):
    monkeypatch.setenv("GENATATOR_CACHE", str(tmp_path / FOLDER))
    with web_server() as web:
        web.files |= {"/chr1:100:200%5Bred%5D.fa": b">a\nACGT\n", "/a.gff": b"##gff-version 3\n"}
        catalogue = tmp_path / "catalogue.yaml"
        catalogue.write_text(
            "dataset: fetched\nassemblies:\n  - genome: g\n    species: S\n"
            f'    sequence: {{url: "{web.url("/chr1:100:200[red].fa")}"}}\n'
            f'    annotation: {{url: "{web.url("/a.gff")}"}}\n'
        )
        text = printed("fetch", "--catalogue", str(catalogue))
        assert f"{tmp_path}/{SHOWN_FOLDER}/" in text
        assert text.startswith("chr1:100:200[red].fa ━")  # its bar


def test_verify(printed, awkward, tmp_path):
    root = copy_of(awkward, tmp_path / "root")
    block = next(root.glob("blocks/**/*.parquet"))
    edit_block(block, lambda parts: parts.metadata.update(species=f"{EMOJI}{MARKUP}{ESCAPE}"))
    text = printed("verify", exits=1, root=root)
    assert f"│ {CHROM} │" in text
    assert f"{EMOJI}{MARKUP}" in text


def test_lineage(printed, awkward):
    text = printed("lineage", str(awkward.layout.transcripts("g")))
    assert f"/{SHOWN_FOLDER}/annotation.gtf (input: annotation) is there" in text
    assert f"/{SHOWN_FOLDER}/sequence.fa (input: sequence) is there" in text


def test_chromosomes(printed):
    key = "g/" + CHROM.replace(":", "%3A").replace("[", "%5B").replace("]", "%5D")
    assert printed("chromosomes").splitlines()[0].split("\t")[0] == key


@pytest.mark.parametrize("job", [["release"], ["export", "bed", "-o"], ["export", "gff3", "-o"]])
def test_what_is_written_is_named_as_it_is(printed, tmp_path, job):
    folder = tmp_path / "out:100:[red]"
    options = ["--to", str(folder)] if job == ["release"] else [str(folder)]
    assert str(folder) in printed(*job, *options)


def test_a_refusal(printed, tmp_path):
    text = printed("statistics", exits=2, root=tmp_path / FOLDER)
    assert text.startswith("Error: ")
    assert f"{tmp_path}/{SHOWN_FOLDER}" in text


def test_data_for_programs_is_unchanged(awkward):
    """But to a terminal it is shown like anything else."""
    asked = f"select '{EMOJI}{MARKUP}{ESCAPE}' as x"
    result = CliRunner().invoke(main, ["sql", "--root", str(awkward.root), "--format", "csv", asked])
    assert list(csv.reader(io.StringIO(result.stdout))) == [["x"], [f"{EMOJI}{MARKUP}{ESCAPE}"]]


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_a_terminal_is_not_steered(awkward, form):
    asked = f"select '{EMOJI}{MARKUP}' || chr(27) || '[2J' as x"
    command = [
        sys.executable,
        "-m",
        "genatator_assets.cli",
        "sql",
        "--root",
        str(awkward.root),
        "--format",
        form,
        asked,
    ]
    master, terminal = pty.openpty()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal) as process:
        os.close(terminal)
        shown = b""
        while chunk := _read(master):
            shown += chunk
        os.close(master)
    assert process.returncode == 0
    styled = re.sub(r"\x1b\[[0-9;]*m", "", shown.decode())  # bold and the like: our own
    assert "\x1b" not in styled
    assert f"{EMOJI}{MARKUP}" in styled


def _read(master: int) -> bytes:
    try:
        return os.read(master, 10_000)
    except OSError:  # Linux says so when the other end is closed
        return b""


def test_nothing_is_printed_by_any_other_way():
    package = Path(genatator_assets.__file__).parent
    other_ways = re.compile(r"click\.(echo|secho|style)|(?<![\w.])print\(|(?<!\w)Console\(|rich\.markup")
    found = {
        f"{path.relative_to(package)}:{number}"
        for path in package.rglob("*.py")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if other_ways.search(line) and not line.strip().startswith((">>>", '"'))
    }
    assert {place.partition(":")[0] for place in found} == {"work/terminal.py"}


@given(st.text())
def test_any_text_is_one_to_be_shown(text):
    """Printable characters stay, in order; others become escapes; only line ends are ends of lines."""
    for shown in (_out(lambda: say(text)), _out(lambda: print_table(TextTable("", ("x",), ((text,),))))):
        assert all(letter.isprintable() or letter == "\n" for letter in shown)
    kept = [letter for letter in text if letter.isprintable() or letter == "\n"]
    shown = iter(_out(lambda: say(text)))
    assert all(letter in shown for letter in kept)


def _out(call) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", io.StringIO())
        call()
        return sys.stdout.getvalue()


# What becomes Markdown: the card, and tables in Dagster's UI

SHOWN_BY_MARKDOWN = {
    "![p](http://host/p.png)": r"!\[p\](http://host/p.png)",
    "<img src=http://host/p.png>": r"\<img src=http://host/p.png>",
    "[a](http://host)": r"\[a\](http://host)",
    "a|b": r"a\|b",
    "`code` *strong* ~no~ $x$": r"\`code\` \*strong\* \~no\~ \$x\$",
    "&lt; & &#60;": r"\&lt; & \&#60;",
    "GCF_000001405.40 snake_case_ _em_ __strong__": r"GCF_000001405.40 snake_case_ \_em_ \_\_strong_\_",
    "back\\slash": r"back\\slash",
    "two\nlines\x1b": r"two\\nlines\\x1b",
    "Homo sapiens (human), 97.36 Gbp; +1.5 #1": "Homo sapiens (human), 97.36 Gbp; +1.5 #1",
}


@pytest.mark.parametrize(("text", "markdown"), SHOWN_BY_MARKDOWN.items())
def test_text_is_text_in_markdown(text, markdown):
    assert TextTable("", (text,), ((text,),)).as_markdown() == f"| {markdown} |\n| --- |\n| {markdown} |"


def test_code_and_links_can_not_be_left():
    row = (Markdown.code("a`b|c"), Markdown.link("x](http://a) <b>", "http://host/a>(b)|c"))
    assert TextTable("", ("h", "h"), (row,)).as_markdown().splitlines()[2] == (
        r"| `` a`b\|c `` | [x\](http://a) \<b>](http://host/a%3E%28b%29%7Cc) |"
    )


def test_the_card_loads_nothing(awkward):
    assert r"| Simulata :100: \[red\]x\[/red\] |" in awkward.card
