"""Builds of damaged and half-built roots: what is wrong is named, nothing is made of it, the next build mends it."""

import hashlib
import json
import shutil
from pathlib import Path

import dagster as dg
import pytest
from kept import given, keep

from genatator_assets.orchestration import build_definitions
from genatator_assets.orchestration.build import build
from genatator_assets.orchestration.instance import open_instance
from genatator_assets.orchestration.outcomes import faults_of
from genatator_assets.orchestration.partitions import range_tags
from genatator_assets.orchestration.progress import Progress
from genatator_assets.orchestration.settings import Settings
from genatator_assets.work.damage import stored_units
from genatator_assets.work.layout import Layout
from genatator_assets.work.made import SUFFIX

pytestmark = [
    pytest.mark.filterwarnings("ignore:Parameter `backfill_policy`"),
    pytest.mark.filterwarnings("ignore:Function `.*BackfillPolicy"),
]

CATALOGUE = """
dataset: mended
gene_finding: {block_size_bp: 1_000}
min_chromosome_length_bp: 1
assemblies:
  - genome: g
    species: S
    sequence: {path: g.fa}
    annotation: {path: g.gtf}
    splits: {test: [b], validation: [c]}
"""
SEQUENCES = {"a": "ACgtTGCA" * 300, "b": "GATTACAN" * 250, "c": "CCGGTA" * 200}


def gtf(*transcripts: tuple[str, int, int]) -> str:
    """Rows of lncRNA transcripts on the + strand, 0-based."""
    names = 'gene_id "g{0}"; transcript_id "t{0}"; gene_type "lncRNA"; transcript_type "lncRNA";'
    return "".join(
        f"{chrom}\tx\t{kind}\t{start + 1}\t{end}\t.\t+\t.\t{names.format(number)}\n"
        for number, (chrom, start, end) in enumerate(transcripts)
        for kind in ("transcript", "exon")
    )


TRANSCRIPTS = [("a", 100, 900), ("a", 1_500, 2_200), ("b", 50, 1_500), ("c", 0, 1_200)]


class Said(Progress):
    def __init__(self) -> None:
        self.texts: list[str] = []

    def say(self, text: str) -> None:
        self.texts.append(text)


@pytest.fixture
def _no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a catalogue, its inputs and a finished root."""
    folder = tmp_path_factory.mktemp("mending") / "base"
    folder.mkdir()
    (folder / "catalogue.yaml").write_text(CATALOGUE)
    (folder / "g.fa").write_text("".join(f">{name}\n{dna}\n" for name, dna in SEQUENCES.items()))
    (folder / "g.gtf").write_text(gtf(*TRANSCRIPTS))
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DAGSTER_HOME", raising=False)
        assert built(folder) == []
    return keep(folder)


@pytest.fixture
def base(kept: Path, _no_home: None) -> Path:
    with given(kept) as folder:
        yield folder


@pytest.fixture
def fresh(base: Path) -> Path:
    """The same, without a root."""
    shutil.rmtree(base / "root")
    return base


def settings(base: Path) -> Settings:
    return Settings(str(base / "catalogue.yaml"), base / "root", workers=0)


def built(base: Path, said: Said | None = None, check_hashes: bool = False) -> list[str]:
    return build(settings(base), said or Said(), check_hashes)


def run(base: Path, job: str, keys: list[str]) -> tuple[bool, list[str]]:
    """Run one job, as somebody does who launches it; return whether it succeeded, and its faults."""
    definitions = build_definitions(settings(base))
    with open_instance(base / "root") as instance:
        result = definitions.resolve_job_def(job).execute_in_process(
            instance=instance, tags=range_tags(keys) if keys else {}, raise_on_error=False
        )
        return result.success, faults_of(result.all_events)


def files_of(base: Path) -> dict[str, str]:
    """SHA-256 of every file of the root, without records of runs and Dagster's own."""
    root = base / "root"
    paths = (path for path in root.rglob("*") if path.is_file() and ".dagster" not in path.parts)
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
        if path.suffix != SUFFIX and not path.name.startswith(".lock")
    }


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


# --- Damaged ---


def test_a_sequence_that_is_damaged_between_two_steps_fails_its_chromosome_and_is_mended_by_the_next_build(base):
    whole = files_of(base)
    shutil.rmtree(base / "root")
    assert run(base, "prepare", ["g"]) == (True, [])
    path = Layout(base / "root").sequence("g")
    text = path.read_bytes()
    place = text.index(b">b\n") + 1_000
    path.write_bytes(text[:place] + b"TTTTT" + text[place + 5 :])
    (fault,) = built(base)
    assert fault == (
        f"1 of 3 chromosomes failed:\ng/b: {path} is damaged: the bases of b are not those that were imported (SHA-256"
        f" {hashlib.sha256(damaged_dna(place - text.index(b'>b') - 3)).hexdigest()}, expected"
        f" {hashlib.sha256(SEQUENCES['b'].encode()).hexdigest()}); the next build imports it again"
    )
    assert not Layout(base / "root").card.exists()
    said = Said()
    assert built(base, said) == []
    assert said.texts == ["2 chromosomes intact, 1 to do"]
    assert files_of(base) == whole


def damaged_dna(place: int) -> bytes:
    dna = SEQUENCES["b"].encode()
    return dna[:place] + b"TTTTT" + dna[place + 5 :]


def test_every_stored_byte_is_known(base):
    """A flipped bit in every file that steps make: all are found, named and mended by one build."""
    whole = files_of(base)
    root = base / "root"
    known = {output for unit in stored_units(root) for output in named_in(root / unit.manifest)}
    assert known == {path for path in whole if path.startswith(("assemblies", "targets", "blocks"))} - {
        path for path in whole if path.endswith((".json", "chromosomes.parquet"))
    }
    others = {path for path in whole if path.endswith(".parquet") and path not in known}
    assert {Path(path).name for path in others} > {"transcripts.parquet", "chromosomes.parquet", "blocks.parquet"}
    for path in known | others:
        flip(root / path)
    said = Said()
    assert built(base, said, check_hashes=True) == []
    assert {text for text in said.texts if "damaged" in text} == {
        f"{path} is damaged: it is made again" for path in known
    }
    assert files_of(base) == whole


def named_in(manifest: Path) -> list[str]:
    return [output["path"] for output in json.loads(manifest.read_text())["outputs"]]


def test_damaged_segments_are_not_cut_into_blocks(base):
    whole = files_of(base)
    layout = Layout(base / "root")
    flip(layout.segments("g", "a"))
    layout.blocks_manifest("train", "g", "a").unlink()
    (fault,) = built(base)
    assert f"g/a: {layout.segments('g', 'a')} is damaged: it is not what was written; the next build paints" in fault
    assert built(base) == []
    assert files_of(base) == whole


def test_transcripts_that_are_damaged_after_prepare_are_not_painted(fresh):
    assert run(fresh, "prepare", ["g"]) == (True, [])
    flip(Layout(fresh / "root").transcripts("g"))
    succeeded, (fault,) = run(fresh, "build_blocks", ["g/a", "g/b", "g/c"])
    assert not succeeded
    assert "transcripts.parquet is damaged: its SHA-256 is " in fault
    assert built(fresh) == []


def test_stray_files_among_the_blocks_are_told_until_they_are_gone(base):
    """Loaders of the published dataset take every Parquet file there."""
    names = ["stray.parquet", "test/genome=g/chrom=b/500.parquet", "train/notes.txt"]
    strays = [base / "root/blocks" / name for name in names]
    for stray in strays:
        shutil.copy(base / "root/blocks/train/genome=g/chrom=a/0.parquet", stray)
    (fault, *_) = [fault for fault in built(base) if "index_agrees_with_files" in fault]
    assert "3 offend: " in fault
    assert all(f"{stray} not in the index: if a build leaves it so, delete the file" in fault for stray in strays)
    for stray in strays:
        stray.unlink()
    assert built(base) == []


# --- Half built ---


def test_finish_of_a_half_built_root_fails_and_makes_no_card(fresh):
    assert run(fresh, "prepare", ["g"])[0]
    assert run(fresh, "build_blocks", ["g/a"])[0]
    succeeded, faults = run(fresh, "finish", [])
    assert not succeeded
    assert any("every_chromosome_has_blocks: 2 offend: g b has no finished blocks; g c" in fault for fault in faults)
    layout = Layout(fresh / "root")
    assert layout.index.is_file()
    assert not layout.card.exists()
    assert not layout.statistics("split_overview").exists()


def test_a_fault_of_an_earlier_index_takes_no_card_of_a_later_one_away(base):
    """The card stays until there is another to take its place."""
    before = Layout(base / "root").card.read_text()
    shutil.rmtree(base / "root/blocks/test")
    succeeded, _ = run(base, "finish", [])
    assert not succeeded
    assert Layout(base / "root").card.read_text() == before


def test_what_may_be_meant_is_told_and_blocks_nothing(fresh):
    """Two equal sequences in two splits."""
    (fresh / "g.fa").write_text("".join(f">{name}\n{SEQUENCES['a']}\n" for name in SEQUENCES))
    (fault,) = built(fresh)
    assert fault.startswith("check sequences_are_in_one_split: 2 offend: ")
    assert Layout(fresh / "root").card.is_file()


# --- Cut off between two steps ---


def test_an_index_of_older_chromosomes_is_never_taken_for_finished(base):
    """A build is cut off when the chromosomes are made and the index is not, after an earlier one had ended."""
    layout = Layout(base / "root")
    before = layout.index.read_bytes()
    (base / "g.gtf").write_text(gtf(*TRANSCRIPTS[1:]))
    assert run(base, "prepare", ["g"])[0]
    assert run(base, "build_blocks", ["g/a", "g/b", "g/c"])[0]
    assert layout.index.read_bytes() == before
    said = Said()
    assert built(base, said) == []
    assert said.texts == ["3 chromosomes intact, 0 to do"]
    assert layout.index.read_bytes() != before


def test_a_run_of_finish_that_did_not_end_well_is_run_again(base):
    with open_instance(base / "root") as instance:
        (last,) = instance.get_runs(dg.RunsFilter(job_name="finish"), limit=1)
        instance.report_run_failed(
            instance.create_run_for_job(
                build_definitions(settings(base)).resolve_job_def("finish"), tags=dict(last.tags)
            )
        )
        runs = len(instance.get_runs(dg.RunsFilter(job_name="finish")))
    assert built(base) == []
    with open_instance(base / "root") as instance:
        assert len(instance.get_runs(dg.RunsFilter(job_name="finish"))) == runs + 1
