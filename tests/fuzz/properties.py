"""What must hold whatever a file contains: each function puts it through the package and judges what comes out.

An input is either refused by an error of ours that names the file, or taken, and then what was made of it agrees with
what is found here by plainer means. Everything else is a finding: another exception, a hang, a write outside the root.
"""

import ast
import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import oracle
import pyarrow.parquet as pq
from guard import HangError, OutsideError, within, writes_only_to
from strategies import Inputs

from genatator_assets.annotation.parsed import PARSED_SCHEMA, ParsedAnnotation
from genatator_assets.annotation.reader import read_annotation
from genatator_assets.annotation.select import select
from genatator_assets.annotation.transcripts import AnnotationSummary, read_transcripts, select_isoforms
from genatator_assets.catalogue import Catalogue
from genatator_assets.errors import AnnotationError, CatalogueError, GenatatorError, SequenceError
from genatator_assets.gene_finding.blocks.chromosome import build_chromosomes
from genatator_assets.gene_finding.index import build_index
from genatator_assets.gene_finding.section import kernel_of
from genatator_assets.gene_finding.statistics import build_statistics
from genatator_assets.gene_finding.tasks import chromosome_tasks, included_chromosomes
from genatator_assets.parts import load_catalogue
from genatator_assets.query.checks import check_names, run_check, warns
from genatator_assets.query.connect import connect
from genatator_assets.release.card import write_card
from genatator_assets.sources.aliases import aliases_of, chromosomes_named, read_names
from genatator_assets.sources.assembly import import_assembly
from genatator_assets.sources.chromosomes import Chromosome
from genatator_assets.sources.fasta import import_fasta, index_path, read_index
from genatator_assets.sources.sequence import read_dna
from genatator_assets.work.files import TEMPORARY_SUFFIX
from genatator_assets.work.layout import Layout

SECONDS = 10.0
"""What one input may take of the processor; most take some milliseconds, a whole genome half a second."""

_LONGEST_LINE = 1_200
_MOST_LINES = 60
# Faults of a whole file; each other fault is a line's, and its number must be told.
_WHOLE_FILE = {
    "sequence": ("the file is empty", "the compressed file is truncated", "the bgzip file is truncated", "no sequence"),
    "annotation": (
        "the file is empty",
        "the compressed file is truncated",
        "no transcripts",
        "none of its",
        "genome ",
    ),
    "aliases": ("not a text file", "no rows", "calls one sequence", "says that", "has none of"),
}
_INTERNAL = re.compile(r"^\w+: .*\(\w+\.py:\d+ in \w+\)$", re.DOTALL)

Result = TypeVar("Result")


@dataclass(frozen=True)
class Judge:
    """Puts files of a folder through the package; only `folder`/root may change. `timed` needs the main thread."""

    folder: Path
    timed: bool = True

    @property
    def root(self) -> Path:
        """Where everything is to be written."""
        return self.folder / "root"

    def file(self, name: str, content: bytes) -> Path:
        """Write an input."""
        path = self.folder / name
        path.write_bytes(content)
        return path

    def result_of(self, work: Callable[[], Result], files: Iterable[Path]) -> Result | GenatatorError:
        """Return what `work` gives, or the error by which it refuses; the error must name one of the files."""
        try:
            with writes_only_to(self.root), within(SECONDS) if self.timed else nullcontext():
                return work()
        except GenatatorError as error:
            require_good_message(error, list(files))
            return error
        except (OutsideError, HangError) as error:
            raise AssertionError(f"{type(error).__name__}: {error}") from error
        finally:
            left = [path.name for path in self.root.rglob("*") if path.name.endswith(TEMPORARY_SUFFIX)]
            assert not left, f"left behind: {left}"


def require_good_message(error: GenatatorError, files: list[Path]) -> None:
    """The message names a file and a line that it has, fits a screen and can be printed anywhere."""
    message = str(error)
    assert any(str(path) in message for path in files), f"names no file: {message!r}"
    assert all(letter.isprintable() or letter == "\n" for letter in message), f"can't be printed: {message!r}"
    lines = message.split("\n")
    assert len(lines) <= _MOST_LINES, f"{len(lines)} lines: {message[:500]!r}"
    assert max(map(len, lines)) <= _LONGEST_LINE, f"a line of {max(map(len, lines))} letters: {message[:500]!r}"
    for path in files:
        numbers = re.findall(re.escape(f"{path}:") + r"(\d+):", message)
        if message.startswith(str(path)) and path.name in _WHOLE_FILE:
            assert numbers or any(words in message for words in _WHOLE_FILE[path.name]), f"no line: {message!r}"
        for number in numbers:
            last = len(re.split(rb"\r\n|\r|\n", readable(path)))
            assert 1 <= int(number) <= last, f"no such line: {message!r}"


def lines_of(path: Path) -> list[bytes]:
    """Return the lines of a file, plain or gzip, as far as it can be decompressed."""
    return readable(path).split(b"\n")


def readable(path: Path) -> bytes:
    """Return a file's bytes, decompressed as far as it can be."""
    content = path.read_bytes()
    return with_newlines(plain(content) if content.startswith(b"\x1f\x8b") else content)


def with_newlines(text: bytes) -> bytes:
    """Return text whose lines end as those of old Macs do, by carriage returns alone, with newlines."""
    return text if b"\n" in text else text.replace(b"\r", b"\n")


def plain(content: bytes) -> bytes:
    """Decompress as much of a gzip file as there is, member by member."""
    text = b""
    while content.startswith(b"\x1f\x8b"):
        inflate = zlib.decompressobj(31)
        try:
            text += inflate.decompress(content)
        except zlib.error:
            break
        content = inflate.unused_data
    return text


# A catalogue


def judge_catalogue(judge: Judge, content: bytes) -> Catalogue | GenatatorError:
    """Load a catalogue; the names in it then lead nowhere but to their own places."""
    path = judge.file("catalogue.yaml", content)
    for name in ("sequence", "annotation", "aliases"):
        judge.file(name, b"")
    catalogue = judge.result_of(lambda: load_catalogue(path), [path])
    if isinstance(catalogue, GenatatorError):
        assert isinstance(catalogue, CatalogueError)
        return catalogue
    layout = Layout(judge.root)
    assert len(set(catalogue.genomes)) == len(catalogue.genomes) > 0
    for genome in catalogue.genomes:
        assert layout.assembly(genome).resolve().parent == (judge.root / "assemblies").resolve()
        assert catalogue.min_length_of(genome) >= 1
        assert kernel_of(catalogue, genome).radius_bp >= 0
        stated = [catalogue.assembly(genome).sequence.path, catalogue.assembly(genome).annotation.path]
        assert all(one is None or (one.is_absolute() and one.is_file()) for one in stated)
    json.dumps(catalogue.model_dump(mode="json"), allow_nan=False).encode()
    return catalogue


# A FASTA file


def judge_sequence(judge: Judge, content: bytes) -> Mapping[str, str] | GenatatorError:
    """Import a FASTA file; it then holds the sequences that a plain reading finds, and else nothing is left."""
    path, copy = judge.file("sequence", content), judge.root / "sequence.fa"
    refused = judge.result_of(lambda: import_fasta(path, copy), [path])
    if isinstance(refused, GenatatorError):
        assert isinstance(refused, SequenceError)
        assert list(judge.root.iterdir()) == []
        return refused
    found = {name: read_dna(copy, name, 0, length) for name, length in read_index(copy).items()}
    assert found == _sequences(content)
    copy.unlink()
    index_path(copy).unlink()
    return found


def _sequences(content: bytes) -> dict[str, str]:
    text = gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
    letters: dict[str, list[str]] = {}
    for line in with_newlines(text).removeprefix(b"\xef\xbb\xbf").replace(b"\r", b"").decode("ascii").split("\n"):
        if line.startswith(">"):
            name = re.split("[ \t]", line[1:])[0]
            letters[name] = []
        elif line:
            letters[name].append(line)
    return {name: re.sub("[^ACGT]", "N", "".join(found).upper()) for name, found in letters.items()}


# An annotation


def judge_annotation(judge: Judge, content: bytes) -> ParsedAnnotation | GenatatorError:
    """Read an annotation, passing over malformed lines and not, and select from it."""
    path = judge.file("annotation", content)
    tolerant = judge.result_of(lambda: read_annotation(path, max_malformed=1.0), [path])
    strict = judge.result_of(lambda: read_annotation(path), [path])
    lines = lines_of(path)
    for refused in (tolerant, strict):
        if isinstance(refused, GenatatorError):
            assert isinstance(refused, AnnotationError)
            _require_the_line_shown(str(refused), path, lines)
    if isinstance(tolerant, GenatatorError):
        assert isinstance(strict, GenatatorError)
        return tolerant
    assert isinstance(strict, GenatatorError) == (tolerant.malformed > 0)
    _require_true_transcripts(tolerant, lines)
    _judge_selection(judge, tolerant)
    return tolerant


def _require_the_line_shown(message: str, path: Path, lines: list[bytes]) -> None:
    told = re.match(
        re.escape(f"{path}:") + r"(\d+): .*Mend or remove the line: ('.*'|\".*\") \([\d,]+ of", message, re.DOTALL
    )
    if told:
        line = lines[int(told[1]) - 1].removeprefix(b"\xef\xbb\xbf" if told[1] == "1" else b"").strip()
        assert ast.literal_eval(told[2]) == line[:120].decode("utf-8", "backslashreplace")


def _require_true_transcripts(parsed: ParsedAnnotation, lines: list[bytes]) -> None:
    assert parsed.transcripts.schema == PARSED_SCHEMA
    for one in parsed.transcripts.to_pylist():
        columns = lines[one["source_line"] - 1].split(b"\t")
        if one["malformed"] is not None:
            assert one["start"] is None
            assert one["end"] is None
        else:
            assert 0 <= one["start"] < one["end"]
            assert one["transcript_id"]
            assert len(columns) >= 9  # a comment may follow
            if one["assembled_from"] == "row":
                assert one["start"] <= int(columns[3]) - 1
                assert int(columns[4]) <= one["end"]
    assert all(1 <= bad.line <= len(lines) for bad in parsed.malformed_lines)
    assert len(parsed.malformed_lines) == min(parsed.malformed, 100)


def _judge_selection(judge: Judge, parsed: ParsedAnnotation) -> None:
    """Select for a genome that has two of the annotation's sequences, one of them short."""
    named = [name for name in dict.fromkeys(parsed.transcripts["seqid"].to_pylist()) if name]
    lengths = dict(zip(named[:2], (1_000_000_000, 1_000), strict=False))
    chromosomes = [
        Chromosome("g", "S s", chrom, length, aliases, True, None, "train")
        for (chrom, length), aliases in zip(lengths.items(), aliases_of(lengths, []).values(), strict=True)
    ]
    selection = judge.result_of(lambda: select("g", parsed, chromosomes, False, False), [Path("genome g")])
    if isinstance(selection, GenatatorError):
        return
    rows = selection.transcripts.to_pylist()
    assert len(rows) == len(parsed.transcripts)
    chosen = [one for one in rows if one["selected"]]
    assert chosen == [one for one in rows if one["reason"] == "selected"]
    for one in chosen:
        assert one["type"] in ("mRNA", "lncRNA")
        assert one["strand"] in ("+", "-")
        assert one["end"] <= lengths[one["chrom"]]


# A table of names


def judge_names(judge: Judge, content: bytes) -> Mapping[str, tuple[str, ...]] | GenatatorError:
    """Read a table of names and use it for a FASTA file that has two of its sequences."""
    path = judge.file("aliases", content)
    names = judge.result_of(lambda: read_names(path), [path])
    if isinstance(names, GenatatorError):
        assert isinstance(names, SequenceError)
        return names
    lengths = {one.names[0]: one.length or 5 for one in names[:2] if one.names} or {"chr1": 5}
    aliases = judge.result_of(lambda: aliases_of(lengths, names, path), [path])
    if isinstance(aliases, GenatatorError):
        assert isinstance(aliases, SequenceError)
        return aliases
    assert aliases.keys() == lengths.keys()
    every = {name for one in names for name in one.names}
    known, ambiguous = chromosomes_named(sorted(every), aliases)
    assert set(known.values()) <= set(lengths)
    assert not known.keys() & ambiguous.keys()
    return aliases


# The whole way


@dataclass(frozen=True)
class BuiltDataset:
    """What became of the inputs of a dataset."""

    summary: AnnotationSummary
    failed: int


def judge_build(judge: Judge, inputs: Inputs, with_checks: bool) -> BuiltDataset | GenatatorError:
    """Build a dataset of one genome; it then fulfils the contract, by the standing checks and by its DNA."""
    files = [judge.file("sequence", inputs.sequence), judge.file("annotation", inputs.annotation)]
    files += [judge.file("aliases", inputs.aliases)] if inputs.aliases is not None else []
    files.append(judge.file("catalogue.yaml", inputs.catalogue.encode()))
    catalogue, layout = load_catalogue(files[-1]), Layout(judge.root)
    built = judge.result_of(lambda: _build(catalogue, layout), files)
    if isinstance(built, GenatatorError):
        return built
    if not built.failed:
        _require_its_content(catalogue, layout, inputs.sequence)
        if with_checks:
            _require_contract(layout, built)
    return built


def _build(catalogue: Catalogue, layout: Layout) -> BuiltDataset:
    (genome,) = catalogue.genomes
    import_assembly(catalogue, genome, layout)
    summary = select_isoforms(catalogue, genome, layout)
    chroms = [chromosome.chrom for chromosome in included_chromosomes(catalogue, layout)[genome]]
    outcomes = build_chromosomes(chromosome_tasks(catalogue, layout, genome, chroms))
    assert len(outcomes) == len(chroms)
    failed = [outcome.error for outcome in outcomes if outcome.error]
    assert not any(_INTERNAL.match(error) for error in failed), failed
    if len(failed) < len(outcomes):
        build_index(catalogue, layout)
        build_statistics(catalogue, layout)
        write_card(catalogue, layout)
        _require_a_card(layout, summary)
    return BuiltDataset(summary, len(failed))


def _require_a_card(layout: Layout, summary: AnnotationSummary) -> None:
    """Rows of a table of the card have the columns of its header, whatever the names are."""
    tables = re.findall(r"(?:^\|.*\n)+", layout.card.read_text(), re.MULTILINE)
    assert len(tables) == 5 + bool(summary.suspicions)
    for table in tables:
        header, _, *rows = [re.split(r"(?<!\\)\|", line) for line in table.splitlines()]
        assert rows
        assert {len(row) for row in rows} == {len(header)}


def _require_its_content(catalogue: Catalogue, layout: Layout, sequence: bytes) -> None:
    """The blocks, put together, are the DNA of the sequences and what the oracle paints of the transcripts."""
    (genome,) = catalogue.genomes
    stored: dict[str, list[tuple[int, str, np.ndarray]]] = {}
    for path in filter(Path.is_file, layout.blocks.rglob("*.parquet")):
        row = pq.read_table(path, partitioning=None)
        told = json.loads(row["metadata"][0].as_py())
        targets = row["targets"].combine_chunks().flatten().flatten().to_numpy().reshape(-1, 12)
        stored.setdefault(told["chrom"], []).append((told["start"], row["dna_sequence"][0].as_py(), targets))
    chosen = [one for one in read_transcripts(layout, genome).to_pylist() if one["selected"]]
    kernel, dna = kernel_of(catalogue, genome), _sequences(sequence)
    for chrom, blocks in stored.items():
        _, of_dna, of_targets = zip(*sorted(blocks, key=lambda block: block[0]), strict=True)
        assert "".join(of_dna) == dna[chrom]
        here = [
            oracle.Transcript(chrom, one["start"] + 1, one["end"], one["strand"], one["type"])
            for one in chosen
            if one["chrom"] == chrom
        ]
        painted = oracle.targets(len(dna[chrom]), here, kernel.shape, kernel.width_bp, kernel.radius_bp)
        np.testing.assert_allclose(np.concatenate(of_targets), painted, rtol=1e-6)


def _require_contract(layout: Layout, built: BuiltDataset) -> None:
    nothing_selected = "selected" not in built.summary.reasons
    with connect(layout.root) as connection:
        findings = [run_check(connection, name) for name in check_names("gene_finding")]
    bad = {one.name: one.sample.rows for one in findings if not one.passed and not warns(one.name)}
    expected = {"every_genome_has_selected_transcripts"} if nothing_selected else set()
    assert set(bad) == expected, bad
