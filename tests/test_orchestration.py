"""The Dagster side: the graph, partitions, runs with bad chromosomes, reruns, launching, and the code location."""

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import dagster as dg
import psutil
import pyarrow.parquet as pq
import pytest
import yaml
from built import edit_block
from click.testing import CliRunner
from conftest import command
from dagster._core.definitions.data_version import CachingStaleStatusResolver
from dagster._core.loader import LoadingContextForTest
from dagster._core.storage.partition_status_cache import get_and_update_asset_status_cache_value
from drawn import drawn
from kept import given, keep
from test_machine import holder

from genatator_assets.annotation.parsed import MalformedLine
from genatator_assets.annotation.transcripts import AnnotationSummary
from genatator_assets.catalogue.remembered import content_of, remembered, remembered_path
from genatator_assets.cli import main
from genatator_assets.errors import ClusterError, DatasetError, GenatatorError
from genatator_assets.gene_finding.index import build_index
from genatator_assets.orchestration import build_definitions, versions
from genatator_assets.orchestration.build import build
from genatator_assets.orchestration.instance import open_instance
from genatator_assets.orchestration.launch import Launcher, Wanted
from genatator_assets.orchestration.metadata import markdown_table, of_annotation
from genatator_assets.orchestration.outcomes import faults_of, faults_of_run
from genatator_assets.orchestration.partitions import (
    RANGE_END_TAG,
    RANGE_START_TAG,
    genome_ranges,
    range_tags,
    register_chromosomes,
    registered_chromosomes,
)
from genatator_assets.orchestration.progress import Progress
from genatator_assets.orchestration.settings import Settings
from genatator_assets.parts import load_catalogue
from genatator_assets.query.checks import check_names
from genatator_assets.sources import fasta
from genatator_assets.work import lock
from genatator_assets.work.layout import Layout
from genatator_assets.work.unit import Step

REPOSITORY = Path(__file__).resolve().parents[1]
SMALL = REPOSITORY / "tests" / "catalogues" / "small.yaml"
CHROMOSOMES = {"one/chr1", "one/chr2", "two/NC_912001.1", "two/NC_912002.1"}

VERIFIED, HASHES = "blocks_are_what_the_inputs_say", "files_have_their_hashes"

pytestmark = [
    pytest.mark.filterwarnings("ignore:Parameter `backfill_policy`"),
    pytest.mark.filterwarnings("ignore:Function `.*BackfillPolicy"),
]


@pytest.fixture
def no_home(monkeypatch):
    monkeypatch.delenv("DAGSTER_HOME", raising=False)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The root of a small dataset, built once."""
    root = tmp_path_factory.mktemp("small") / "root"
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DAGSTER_HOME", raising=False)
        assert build_small(root) == []
    return keep(root)


@pytest.fixture
def small_root(finished, no_home):
    """A finished small dataset of this test's own."""
    with given(finished) as root:
        yield root


class Said(Progress):
    """Keeps what is said."""

    def __init__(self):
        self.texts = []

    def say(self, text):
        self.texts.append(text)


def build_small(root, catalogue=SMALL, progress=None, **how):
    return build(Settings(str(catalogue), root, workers=0), progress or Progress(), **how)


BOX = {"shape": "box", "radius_bp": 5}


def changed_catalogue(folder, **changes):
    """Write the small catalogue with other values: keys name places such as `assemblies.1.gene_finding`."""
    catalogue = yaml.safe_load(SMALL.read_text())
    for place, value in changes.items():
        *parents, key = place.split(".")
        inside = catalogue
        for parent in parents:
            inside = inside[int(parent) if parent.isdigit() else parent]
        inside[key] = value
    path = folder / "changed.yaml"
    path.write_text(yaml.safe_dump(catalogue))
    return path


def files_of(root):
    """SHA-256 of every file of a dataset, by its path, without the records of runs: Dagster's own, and `*.made`."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".dagster" not in path.parts and path.suffix != ".made"
    }


def latest(instance, asset):
    return instance.get_latest_materialization_events([dg.AssetKey(asset)])[dg.AssetKey(asset)]


def materialized(instance, asset):
    return instance.get_materialized_partitions(dg.AssetKey(asset))


# The graph


def test_the_graph_is_the_data_s_way():
    graph = build_definitions(Settings(str(SMALL), Path("unused"))).resolve_asset_graph()
    edges = {
        (parent.to_user_string(), key.to_user_string())
        for key in graph.get_all_asset_keys()
        for parent in graph.get(key).parent_keys
    }
    assert edges == {
        ("assembly", "selected_isoforms"),
        ("assembly", "chromosome_catalogue"),
        ("selected_isoforms", "chromosome_catalogue"),
        ("chromosome_catalogue", "chromosome_inputs"),
        ("chromosome_inputs", "chromosome_targets"),
        ("chromosome_targets", "blocks"),
        ("blocks", "block_index"),
        ("block_index", "split_statistics"),
        ("split_statistics", "dataset_card"),
        ("dataset_card", "release"),
    }


def test_genomes_and_chromosomes_are_never_joined_directly():
    """Dagster can't map one onto the other in its own processes: an unpartitioned asset must stand between."""
    graph = build_definitions(Settings(str(SMALL), Path("unused"))).resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        own = graph.get(key).partitions_def
        for parent in graph.get(key).parent_keys:
            theirs = graph.get(parent).partitions_def
            assert own is None or theirs is None or own == theirs


def test_every_asset_and_check_is_described():
    definitions = build_definitions(Settings(str(SMALL), Path("unused")))
    graph = definitions.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        assert graph.get(key).description
    checks = {key.name: graph.get_check_spec(key) for key in graph.asset_check_keys}
    assert set(checks) == {*check_names("gene_finding"), VERIFIED, HASHES}
    assert all(spec.description for spec in checks.values())


def test_an_error_in_the_catalogue_is_said_when_loading(tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("dataset: x\nassembly: []\n")
    with pytest.raises(Exception, match="did you mean 'assemblies'"):
        build_definitions(Settings(str(bad), tmp_path))


# Partitions


def test_registering_adds_removes_and_leaves_the_rest_in_place():
    with dg.DagsterInstance.ephemeral() as instance:
        assert register_chromosomes(instance, ["a/1", "a/2", "b/1"]) == (["a/1", "a/2", "b/1"], [])
        assert register_chromosomes(instance, ["a/1", "a/3", "b/1"]) == (["a/3"], ["a/2"])
        assert registered_chromosomes(instance) == ["a/1", "b/1", "a/3"]
        assert genome_ranges(registered_chromosomes(instance)) == [["a/1"], ["b/1"], ["a/3"]]


# Whole builds


def test_a_build_materializes_every_partition_with_its_own_metadata(small_root):
    with open_instance(small_root) as instance:
        assert set(registered_chromosomes(instance)) == CHROMOSOMES
        assert materialized(instance, "assembly") == {"one", "two"}
        assert materialized(instance, "selected_isoforms") == {"one", "two"}
        for asset in ("chromosome_targets", "blocks"):
            assert materialized(instance, asset) == CHROMOSOMES
        shown = shown_of(instance, "blocks", "one/chr1")
        length = pq.read_table(small_root / "assemblies/one/chromosomes.parquet").to_pylist()[0]["length"]
        files = list((small_root / "blocks/train/genome=one/chrom=chr1").glob("*.parquet"))
        assert len(files) == -(-length // 100_000)
        size = sum(file.stat().st_size for file in files)
        assert shown["holds"] == f"{len(files)} blocks, {length:,} nt, {size:,} bytes"
        transcripts = pq.read_table(small_root / "annotation/one/transcripts.parquet").to_pylist()
        selected = sum(row["selected"] and row["chrom"] == "chr1" for row in transcripts)
        assert drawn(shown["transcripts"]).caption.startswith(f"{selected} begin in {length / 1000:.2f} kbp, at most")
        assert drawn(shown["intragenic"]).outlines("#65b")
        reasons = drawn(shown_of(instance, "selected_isoforms", "one")["reasons"])
        assert (0, 6, f"selected {sum(row['selected'] for row in transcripts)}") in reasons.texts
        stored = latest(instance, "split_statistics").asset_materialization.metadata
        splits = {key: entry.value for key, entry in stored.items()}
        assert drawn(splits["Chromosome lengths"]).texts[0][2].startswith("train: 1, ")
        assert len(drawn(splits["Densities"]).paths) == len({"train", "validation", "test"})


def test_what_is_intact_shows_the_same_when_its_record_is_lost(small_root):
    with open_instance(small_root) as instance:
        before = {key: shown_of(instance, "blocks", key) for key in CHROMOSOMES}
    files = files_of(small_root)
    shutil.rmtree(Layout(small_root).dagster_home)
    assert build_small(small_root) == []
    assert files_of(small_root) == files
    with open_instance(small_root) as instance:
        assert {key: shown_of(instance, "blocks", key) for key in CHROMOSOMES} == before


def shown_of(instance, asset, partition):
    """The values of what the UI shows of a partition."""
    wanted = dg.AssetRecordsFilter(dg.AssetKey(asset), asset_partitions=[partition])
    (record,) = instance.fetch_materializations(wanted, limit=1).records
    return {key: entry.value for key, entry in record.asset_materialization.metadata.items()}


def test_all_checks_are_evaluated_and_passed(small_root):
    definitions = build_definitions(Settings(str(SMALL), small_root))
    with open_instance(small_root) as instance:
        keys = list(definitions.resolve_asset_graph().asset_check_keys)
        records = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
        assert {key.name for key in records} == {*check_names("gene_finding"), VERIFIED, HASHES}
        assert all(record.event.dagster_event.asset_check_evaluation_data.passed for record in records.values())


def test_a_damaged_block_fails_the_checks_that_look_at_it_and_the_others_go_on(small_root):
    """One target of every block is changed: 20 checks still speak, and those that compare contents say no."""
    for path in small_root.glob("blocks/**/*.parquet"):
        edit_block(path, lambda parts: parts.targets.fill(0.5))
    os.truncate(next(small_root.glob("blocks/test/**/*.parquet")), 1_000)
    failed = evaluations(small_root, "block_index")
    assert len(failed) == len(check_names("gene_finding")) - 3 + len((VERIFIED, HASHES))
    assert not failed[VERIFIED].passed
    assert "pages of 4 of 4 chromosomes, drawn by seed" in failed[VERIFIED].description
    assert "primary_tss_+" in failed[VERIFIED].metadata["sample"].value
    assert not failed[HASHES].passed
    assert "can't be read" in failed["lengths_agree"].description or "Invalid" in failed["lengths_agree"].description
    assert failed["splits_are_disjoint"].passed


def evaluations(root, asset):
    """Run all checks of an asset as the UI does, and give what became of each."""
    job = dg.define_asset_job("checks", dg.AssetSelection.checks_for_assets(dg.AssetKey(asset)))
    definitions = dg.Definitions.merge(build_definitions(Settings(str(SMALL), root)), dg.Definitions(jobs=[job]))
    with dg.DagsterInstance.ephemeral() as instance:
        result = definitions.resolve_job_def("checks").execute_in_process(instance=instance, raise_on_error=False)
        return {evaluation.check_name: evaluation for evaluation in result.get_asset_check_evaluations()}


def test_one_check_can_be_run_alone(small_root):
    """What 'Execute' on a check does in the UI."""
    key = dg.AssetCheckKey(dg.AssetKey("block_index"), "splits_are_disjoint")
    job = dg.define_asset_job("one_check", dg.AssetSelection.checks(key))
    definitions = dg.Definitions.merge(build_definitions(Settings(str(SMALL), small_root)), dg.Definitions(jobs=[job]))
    with dg.DagsterInstance.ephemeral() as instance:
        result = definitions.resolve_job_def("one_check").execute_in_process(instance=instance)
        assert [evaluation.check_name for evaluation in result.get_asset_check_evaluations()] == [key.name]


def test_a_check_waits_for_no_writer(small_root):
    """It would wait for ever: the one who writes is this very process."""
    with lock.only_writer(small_root):
        test_one_check_can_be_run_alone(small_root)


def test_building_again_changes_nothing(small_root):
    before = {path: path.stat().st_mtime_ns for path in small_root.glob("blocks/**/*") if path.is_file()}
    content = files_of(small_root)
    with open_instance(small_root) as instance:
        said = Said()
        assert build_small(small_root, progress=said) == []
        assert said.texts == ["4 chromosomes intact, 0 to do"]
        runs = Counter(run.job_name for run in instance.get_runs())
        assert runs == {"prepare": 2, "build_blocks": 2, "finish": 1}
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert files_of(small_root) == content


def test_tables_are_made_anew_when_they_are_gone_or_the_catalogue_says_otherwise(small_root, tmp_path_factory):
    (small_root / "dataset/statistics/split_overview.parquet").unlink()
    assert build_small(small_root) == []
    assert (small_root / "dataset/statistics/split_overview.parquet").is_file()
    renamed = changed_catalogue(tmp_path_factory.mktemp("renamed"), **{"assemblies.0.species": "Simulata nova"})
    assert build_small(small_root, renamed) == []
    species = {row["species"] for row in pq.read_table(small_root / "dataset/blocks.parquet").to_pylist()}
    assert species == {"Simulata nova", "Simulata secunda"}


def test_a_flipped_bit_that_finish_found_is_told_until_it_is_mended(small_root):
    block = next(small_root.glob("blocks/train/*/*/0.parquet"))
    flipped = bytearray(block.read_bytes())
    flipped[len(flipped) // 2] ^= 1
    block.write_bytes(flipped)
    with open_instance(small_root) as instance:
        job = build_definitions(Settings(str(SMALL), small_root)).resolve_job_def("finish")
        found = faults_of(job.execute_in_process(instance=instance, raise_on_error=False).all_events)
    assert any("check files_have_their_hashes: 1 offend" in fault for fault in found)
    assert any("check files_have_their_hashes: 1 offend" in fault for fault in build_small(small_root))
    assert build_small(small_root, check_hashes=True) == []


def test_another_kernel_for_one_genome_rebuilds_that_genome_only(small_root, tmp_path_factory):
    catalogue = changed_catalogue(
        tmp_path_factory.mktemp("changed"),
        **{"assemblies.1.gene_finding": {"kernel": BOX}},
    )
    before = files_of(small_root)
    assert build_small(small_root, catalogue) == []
    after = files_of(small_root)
    differing = {path for path in after if before.get(path) != after[path]}
    assert {path for path in differing if "two" in path} == {
        path for path in after if path.startswith(("targets/two", "blocks/test"))
    }
    assert not any(path.startswith(("targets/one", "blocks/train", "blocks/validation")) for path in differing)


def test_another_block_size_or_split_leaves_no_old_blocks(small_root, tmp_path_factory):
    catalogue = changed_catalogue(
        tmp_path_factory.mktemp("changed"),
        gene_finding={"block_size_bp": 150_000},
        **{"assemblies.0.splits": {"test": ["chr2"]}},
    )
    assert build_small(small_root, catalogue) == []
    fresh = tmp_path_factory.mktemp("fresh")
    assert build_small(fresh, catalogue) == []
    assert without_paths(files_of(small_root)) == without_paths(files_of(fresh))


def test_a_root_of_another_dataset_is_refused_before_anything_is_written(small_root):
    before = files_of(small_root)
    done = command("build", "--catalogue", "demo", "--root", str(small_root))
    assert done.returncode == 2
    assert "also holds one, two, which preset demo does not name" in done.stderr
    assert "Traceback" not in done.stderr
    assert files_of(small_root) == before


def test_blocks_of_an_older_kernel_count_as_absent(small_root, tmp_path_factory):
    """A build that was interrupted after the catalogue changed must not pass old blocks off as new."""
    catalogue = changed_catalogue(
        tmp_path_factory.mktemp("changed"),
        **{"assemblies.1.gene_finding": {"kernel": BOX}},
    )
    summary = build_index(load_catalogue(catalogue), Layout(small_root))
    assert set(summary.absent) == {key for key in CHROMOSOMES if key.startswith("two/")}


def test_a_build_leaves_signals_as_they_were(small_root):
    """Else a process that is forked later would not end when it is told to: Dagster leaves SIGTERM as Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    assert build_small(small_root) == []
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


# Bad chromosomes and genomes


def spoil(root, genome, chrom, split):
    """Make a chromosome's first block impossible to write: a folder stands where the file should."""
    path = Layout(root).block(split, genome, chrom, 0)
    path.unlink()
    path.mkdir()
    return path


def test_one_bad_chromosome_leaves_the_others_alone_and_is_named(small_root):
    obstacle = spoil(small_root, "one", "chr1", "train")
    Layout(small_root).blocks_manifest("validation", "one", "chr2").unlink()
    (fault,) = build_small(small_root)
    assert fault.startswith("1 of 2 chromosomes failed:\none/chr1: ")
    index = pq.read_table(small_root / "dataset/blocks.parquet").to_pylist()
    assert {(row["genome"], row["chrom"]) for row in index} == {
        ("one", "chr2"),
        ("two", "NC_912001.1"),
        ("two", "NC_912002.1"),
    }
    with open_instance(small_root) as instance:
        assert latest(instance, "block_index").asset_materialization.metadata["absent"].value == "one/chr1"
        run = instance.get_runs(dg.RunsFilter(job_name="build_blocks"), limit=1)[0]
        finish = instance.get_runs(dg.RunsFilter(job_name="finish"), limit=1)[0]
        checked = instance.all_logs(finish.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
        evaluations = [entry.dagster_event.asset_check_evaluation_data for entry in checked]
        said = {one.check_name: one.description for one in evaluations if not one.passed}
        assert said["every_chromosome_has_blocks"] == "1 offend: one chr1 has no finished blocks"
        records = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
        assert {entry.dagster_event.partition for entry in records} == {"one/chr2"}
        definition = build_definitions(Settings(str(SMALL), small_root))
        assert failed_in_ui(instance, definition, "blocks") == {"one/chr1"}
        obstacle.rmdir()
        said = Said()
        assert build_small(small_root, progress=said) == []
        assert said.texts == ["3 chromosomes intact, 1 to do"]
        assert stretches_of_runs(instance) == ["one/chr1...one/chr1"]
        assert failed_in_ui(instance, definition, "blocks") == set()


def failed_in_ui(instance, definitions, asset):
    """The partitions that the UI shows as failed."""
    key = dg.AssetKey(asset)
    partitions = definitions.resolve_asset_graph().get(key).partitions_def
    status = get_and_update_asset_status_cache_value(instance, key, partitions)
    return set(status.deserialize_failed_partition_subsets(partitions).get_partition_keys())


def stretches_of_runs(instance, count=1):
    """The chromosomes that the latest runs of build_blocks were for."""
    runs = instance.get_runs(dg.RunsFilter(job_name="build_blocks"), limit=count)
    return [f"{run.tags[RANGE_START_TAG]}...{run.tags[RANGE_END_TAG]}" for run in runs]


def test_a_chromosome_without_space_is_refused_before_it_is_begun(tmp_path, no_home, monkeypatch):
    monkeypatch.setattr(fasta, "free_bytes", lambda _: None)  # the import looks for itself
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 10**12 - 1000, 1000))
    with pytest.raises(GenatatorError, match=r"has too little space: .* are still to be written"):
        build_small(tmp_path)
    assert list(tmp_path.glob("blocks/**/*")) == []
    monkeypatch.undo()
    assert build_small(tmp_path) == []
    # What is there takes no space any more.
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 10**12 - 1000, 1000))
    assert build_small(tmp_path) == []


def test_a_key_that_a_person_added_in_the_ui_fails_alone_and_goes_with_the_next_build(small_root):
    settings = Settings(str(SMALL), small_root, workers=0)
    with open_instance(small_root) as instance:
        instance.add_dynamic_partitions("chromosomes", ["two/a,b"])
        job = build_definitions(settings).resolve_job_def("build_blocks")
        tags = range_tags(["two/NC_912002.1", "two/a,b"])
        result = job.execute_in_process(instance=instance, tags=tags, raise_on_error=False)
        assert faults_of(result.all_events) == [
            "1 of 2 chromosomes failed:\ntwo/a,b: 'two/a,b' is not the key of a chromosome: expected <genome>/<chrom>,"
            " as the catalogue registers it"
        ]
        recorded = result.get_asset_materialization_events()
        assert {event.partition for event in recorded} == {"two/NC_912002.1"}
        assert failed_in_ui(instance, build_definitions(settings), "blocks") == {"two/a,b"}
        assert build_small(small_root) == []
        assert set(registered_chromosomes(instance)) == CHROMOSOMES


def test_one_bad_genome_leaves_the_others_alone_and_is_named(tmp_path, no_home):
    fasta, gtf = tmp_path / "bad.fa", tmp_path / "bad.gtf"
    fasta.write_text(">a\n" + "ACGT" * 30_000 + "\n")
    gtf.write_text('a\tx\ttranscript\t5\t1\t.\t+\t.\ttranscript_type "protein_coding"; transcript_id "t";\n')
    catalogue = yaml.safe_load(SMALL.read_text())
    bad = {"genome": "bad", "species": "S", "sequence": {"path": str(fasta)}, "annotation": {"path": str(gtf)}}
    catalogue["assemblies"].insert(0, bad)
    (tmp_path / "catalogue.yaml").write_text(yaml.safe_dump(catalogue))
    faults = build_small(tmp_path / "root", tmp_path / "catalogue.yaml")
    assert any(
        "1 of 3 genomes failed" in fault and "bad.gtf:1: found start '5' and end '1'" in fault for fault in faults
    )
    index = pq.read_table(tmp_path / "root/dataset/blocks.parquet").to_pylist()
    assert {row["genome"] for row in index} == {"one", "two"}


def test_what_is_shown_of_an_annotation(tmp_path):
    lines = (MalformedLine(7, "found 1 tab-separated columns, expected 9", "'chr1 a b'"),)
    summary = AnnotationSummary(
        genome="g",
        sha256="0",
        chromosomes_sha256="0",
        table_sha256="0",
        step=1,
        rules={},
        flavour="generic",
        types={"mRNA": ["mRNA"], "lncRNA": []},
        rows={"exon": 1200, "mRNA": 3},
        transcripts=3,
        exons_sha256="0",
        exons=7,
        types_from={"column_3": 3},
        segmentation_reasons={"selected": 1, "out_of_bounds": 2},
        representative_by={"only": 1},
        parts_of_others={},
        suspicions=(),
        reasons={"selected": 1, "out_of_bounds": 2},
        unknown_names={"scaffold_9": 2},
        malformed=1,
        malformed_lines=lines,
    )
    shown = {key: getattr(value, "value", value) for key, value in of_annotation(Layout(tmp_path), summary).items()}
    tables = {key: value for key, value in shown.items() if isinstance(value, str) and value.startswith("|")}
    assert {key: value.strip().splitlines()[2:] for key, value in tables.items()} == {
        "transcripts by reason": [
            "| selected | 1 | it is in the targets |",
            "| out_of_bounds | 2 | it ends past the end of its sequence |",
        ],
        "types, and what they follow from": ["| column_3 | 3 |"],
        "reasons of segmentation": ["| selected | 1 |", "| out_of_bounds | 2 |"],
        "representatives by rule": ["| only | 1 |"],
        "rows of the file": ["| exon | 1,200 |", "| mRNA | 3 |"],
        "names that are not in the FASTA file": ["| scaffold_9 | 2 |"],
        "malformed lines, the first": ["| 7 | found 1 tab-separated columns, expected 9 | `'chr1 a b'` |"],
    }
    assert (shown["flavour"], shown["selected"], shown["malformed lines"]) == ("generic", "1", "1")


def test_a_wide_table_is_long_enough_for_the_window_that_scrolls():
    """The UI shows Markdown of 1,000 characters in a window; shorter in its place, which cuts off what is wide."""
    narrow, wide = (markdown_table(("path",), [("x" * width,)]).value for width in (68, 69))
    assert narrow == f"| path |\n| --- |\n| {'x' * 68} |"
    assert wide.rstrip("\n") == f"| path |\n| --- |\n| {'x' * 69} |"
    assert len(wide) == 1_000


def test_only_targets_or_only_blocks_of_one_chromosome(tmp_path, no_home):
    """What a person does in the UI: one asset, one partition."""
    settings = Settings(str(SMALL), tmp_path, workers=0)
    definitions = build_definitions(settings)
    with dg.DagsterInstance.ephemeral() as instance:
        prepare = definitions.resolve_job_def("prepare")
        assert prepare.execute_in_process(instance=instance, tags=range_tags(["one", "two"])).success
        for asset in ("chromosome_targets", "blocks"):
            job = definitions.resolve_implicit_global_asset_job_def()
            result = job.execute_in_process(
                instance=instance, asset_selection=[dg.AssetKey(asset)], partition_key="one/chr2"
            )
            assert result.success
            assert materialized(instance, asset) == {"one/chr2"}
            assert bool(list(tmp_path.glob("blocks/**/*.parquet"))) == (asset == "blocks")


# What Dagster knows of what is there


def out_of_date(instance, definitions, asset, partition=None):
    """Why the UI shows an asset, or a partition of it, as out of date."""
    graph = definitions.resolve_asset_graph()
    resolver = CachingStaleStatusResolver(instance, graph, LoadingContextForTest(instance))
    return [cause.reason for cause in resolver.get_stale_causes(dg.AssetKey(asset), partition)]


def test_what_another_step_built_is_out_of_date(small_root, monkeypatch):
    monkeypatch.setitem(versions._STEPS, "blocks", (Step("blocks", 999),))
    definitions = build_definitions(Settings(str(SMALL), small_root))
    with open_instance(small_root) as instance:
        assert out_of_date(instance, definitions, "blocks", "one/chr1") == ["has a new code version"]


def test_a_chromosome_s_data_version_is_that_of_its_content(small_root, tmp_path_factory):
    catalogue = changed_catalogue(tmp_path_factory.mktemp("changed"), **{"assemblies.1.gene_finding": {"kernel": BOX}})

    def data_versions():
        with open_instance(small_root) as instance:
            return {
                (asset, key): instance.fetch_materializations(
                    dg.AssetRecordsFilter(dg.AssetKey(asset), asset_partitions=[key]), limit=1
                )
                .records[0]
                .asset_materialization.tags["dagster/data_version"]
                for asset in ("chromosome_targets", "blocks")
                for key in CHROMOSOMES
            }

    before = data_versions()
    assert len(set(before.values())) == 2 * len(CHROMOSOMES)
    assert build_small(small_root, catalogue) == []
    after = data_versions()
    assert {key for _, key in before if before[_, key] != after[_, key]} == {"two/NC_912001.1", "two/NC_912002.1"}


def test_a_run_waits_for_another_writer_and_says_for_whom(small_root, monkeypatch):
    settings = Settings(str(SMALL), small_root)
    job = build_definitions(settings).resolve_job_def("finish")
    with holder(small_root, 600) as other, open_instance(small_root) as instance:
        read = lock._holder
        monkeypatch.setattr(lock, "_holder", lambda layout: (read(layout), other.kill())[0])  # then it gets its turn
        result = job.execute_in_process(instance=instance)
        assert other.wait(5) == -signal.SIGKILL
        messages = [entry.user_message for entry in instance.all_logs(result.run_id)]
    assert any(f"waiting: {small_root}/.lock is held by process {other.pid} on" in message for message in messages)


def test_a_run_of_dagster_s_own_has_the_root_remember_the_catalogue(small_root, tmp_path, no_home):
    """And says what it changes; a dataset of another name is refused before anything is written."""

    def log_of(catalogue):
        job = build_definitions(Settings(str(catalogue), small_root)).resolve_job_def("finish")
        with open_instance(small_root) as instance:
            result = job.execute_in_process(instance=instance, raise_on_error=False)
            run = instance.get_run_by_id(result.run_id)
            log = [entry.user_message for entry in instance.all_logs(result.run_id)]
            return run.status.value, log, faults_of_run(instance, run)

    remembered_path(small_root).unlink()
    assert log_of(SMALL)[0] == "SUCCESS"
    assert remembered(small_root) == content_of(load_catalogue(SMALL))
    _, said, _ = log_of(changed_catalogue(tmp_path, license="mit"))
    assert "the catalogue has changed: license: nothing -> mit" in said
    assert remembered(small_root)["license"] == "mit"
    before = files_of(small_root)
    status, _, faults = log_of(changed_catalogue(tmp_path, dataset="other"))
    assert status == "FAILURE"
    assert faults == [
        f"finish: {small_root} was built from the dataset 'small', and {tmp_path}/changed.yaml is of 'other'; give"
        " another --root, or the catalogue of that dataset"
    ]
    assert files_of(small_root) == before


def test_a_build_without_its_cluster_does_nothing(tmp_path, no_home):
    settings = Settings(str(SMALL), tmp_path / "root", dask="no/such/file.json")
    with pytest.raises(ClusterError, match="no Dask cluster at no/such/file"):
        build(settings, Progress())
    assert list(tmp_path.iterdir()) == []


def test_settings_come_back_from_the_environment_of_another_process(monkeypatch, tmp_path):
    for settings in (Settings("c.yaml", tmp_path, 3, "tcp://127.0.0.1:8786"), Settings("demo", tmp_path)):
        with monkeypatch.context() as environment:
            for name, value in settings.as_environment().items():
                environment.setenv(name, value)
            assert Settings.from_environment() == settings


# The code location and launching


def stretches(small_root, instance, **wanted):
    launcher = Launcher(Settings(str(SMALL), small_root), instance, Path("unused"))
    return [
        f"{tags[RANGE_START_TAG]}...{tags[RANGE_END_TAG]}"
        for tags in launcher.tags_of_runs("build_blocks", Wanted(**wanted))
    ]


def test_all_or_a_stretch_or_what_is_to_do_can_be_launched(small_root):
    one, two = "one/chr1...one/chr2", "two/NC_912001.1...two/NC_912002.1"
    Layout(small_root).block("test", "two", "NC_912001.1", 0).unlink()
    with open_instance(small_root) as instance:
        assert stretches(small_root, instance) == [one, two]
        assert stretches(small_root, instance, genomes=("two",)) == [two]
        assert stretches(small_root, instance, chromosomes="one/chr2") == ["one/chr2...one/chr2"]
        assert stretches(small_root, instance, chromosomes="one/chr2...two/NC_912001.1") == [
            "one/chr2...one/chr2",
            "two/NC_912001.1...two/NC_912001.1",
        ]
        assert stretches(small_root, instance, to_do=True) == ["two/NC_912001.1...two/NC_912001.1"]
        assert stretches(small_root, instance, to_do=True, genomes=("one",)) == []
        with pytest.raises(DatasetError, match=r"no chromosome 'one/chr3' is registered; did you mean 'one/chr"):
            stretches(small_root, instance, chromosomes="one/chr3")
        with pytest.raises(DatasetError, match="one/chr1 comes before one/chr2"):
            stretches(small_root, instance, chromosomes="one/chr2...one/chr1")
    where = ["--catalogue", str(SMALL), "--root", str(small_root)]
    said = CliRunner().invoke(main, ["launch", "build_blocks", "--to-do", "--genome", "one", *where])
    assert (said.exit_code, said.output) == (0, "nothing to do\n")


def test_the_ui_ends_when_it_is_terminated(tmp_path):
    """Started in the background of a script, which ignores interrupts for it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = f"--catalogue {SMALL} --root {tmp_path} --port {port}"
    shell = f"trap '' INT; exec {sys.executable} -m genatator_assets.cli ui {arguments}"
    with (tmp_path / "said").open("w") as said:
        served = subprocess.Popen(["bash", "-c", shell], stdout=said, stderr=said)
    children = []
    try:
        assert within(60, lambda: answers(port))
        children = psutil.Process(served.pid).children(recursive=True)
        served.terminate()
        served.wait(30)
        assert within(30, lambda: not any(child.is_running() for child in children))
        first, *others = (tmp_path / "said").read_text().splitlines()
        assert first == f"Dagster's UI starts; in half a minute it is at http://127.0.0.1:{port}. Ctrl-C ends it."
        assert not any("Warning" in line for line in others)
    finally:
        for process in [served, *children]:
            with suppress(psutil.NoSuchProcess):
                process.kill()


def answers(port):
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def within(seconds, condition):
    """Return whether a condition came true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True


@pytest.mark.parametrize(
    "arguments",
    [["-m", "dagster", "definitions", "validate"], ["-m", "dagster", "definitions", "validate", "-w", "WORKSPACE"]],
)
def test_dagster_loads_the_code_location_from_anywhere(arguments, tmp_path):
    workspace = str(REPOSITORY / "workspace.yaml")
    given = [workspace if argument == "WORKSPACE" else argument for argument in arguments]
    folder = tmp_path if workspace in given else REPOSITORY
    done = subprocess.run([sys.executable, *given], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_dg_check_defs_passes():
    dg_command = Path(sys.executable).with_name("dg")
    done = subprocess.run([dg_command, "check", "defs"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "All definitions loaded successfully" in done.stdout + done.stderr


def test_launched_jobs_give_the_same_bytes_as_the_one_command(small_root, tmp_path, installed):
    """Job by job through `dagster job launch`, with what a wheel installs and nothing of the repository."""
    where = ("--catalogue", str(SMALL), "--root", str(tmp_path))
    for job in ("prepare", "build_blocks", "finish"):
        done = command("launch", job, *where, cwd=installed.parent, PYTHONPATH=str(installed))
        assert done.returncode == 0, done.stdout + done.stderr
        assert "ended: SUCCESS" in done.stdout
    assert without_paths(files_of(tmp_path)) == without_paths(files_of(small_root))


def without_paths(files):
    """Leave out records of origin: they say where inputs were, not what they are."""
    return {path: digest for path, digest in files.items() if not path.endswith("source.json")}


def test_a_launched_job_that_fails_exits_with_1_and_says_why(small_root):
    spoil(small_root, "two", "NC_912002.1", "test")
    where = ("--catalogue", str(SMALL), "--root", str(small_root))
    done = command("launch", "build_blocks", "--genome", "two", *where)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "ended: FAILURE" in done.stdout
    assert "two/NC_912002.1" in done.stderr


def test_launching_blocks_before_chromosomes_are_known_says_what_to_do(tmp_path):
    done = command("launch", "build_blocks", "--catalogue", str(SMALL), "--root", str(tmp_path))
    assert done.returncode == 2
    assert "run 'prepare' first" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_genome_is_answered_with_the_nearest(small_root):
    done = command("launch", "prepare", "--genome", "onne", "--catalogue", str(SMALL), "--root", str(small_root))
    assert done.returncode == 2
    assert "did you mean 'one'?" in done.stderr


def test_a_dataset_whose_only_genome_fails_says_why_without_a_traceback(tmp_path):
    (tmp_path / "genome.fa").write_text(">chr1\n" + "ACGT" * 50 + "\n")
    (tmp_path / "genes.gtf").write_text("nothing of the kind\n")
    (tmp_path / "catalogue.yaml").write_text(
        "dataset: bad\nmin_chromosome_length_bp: 1\nassemblies:\n"
        "  - {genome: g, species: S, sequence: {path: genome.fa}, annotation: {path: genes.gtf}}\n"
    )
    done = command("build", "--catalogue", str(tmp_path / "catalogue.yaml"), "--root", str(tmp_path / "root"))
    assert done.returncode == 1
    assert "genes.gtf: none of its first 1 lines has 9 columns" in done.stderr
    assert "Skipped, because there is nothing yet to check: annotations_look_right, " in done.stderr
    assert "Traceback" not in done.stderr
    assert "Stack Trace" not in done.stderr
