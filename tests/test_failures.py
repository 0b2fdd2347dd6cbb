"""Failures told well: by their cause, once, and with the traceback in the run's log where nobody expected them."""

import json
import re
import shutil
from contextlib import contextmanager

import dagster as dg
import pytest
import yaml
from kept import given, keep

from genatator_assets.annotation import genomes
from genatator_assets.gene_finding import index, statistics
from genatator_assets.orchestration.build import build
from genatator_assets.orchestration.definitions import build_definitions
from genatator_assets.orchestration.failures import Failures, offending
from genatator_assets.orchestration.instance import open_instance
from genatator_assets.orchestration.outcomes import faults_of
from genatator_assets.orchestration.partitions import range_tags
from genatator_assets.orchestration.progress import Progress
from genatator_assets.orchestration.settings import Settings
from genatator_assets.orchestration.survey import survey
from genatator_assets.parts import load_catalogue
from genatator_assets.simulate import Simulation, write_assembly
from genatator_assets.upkeep.status import status_of
from genatator_assets.work.layout import Layout
from genatator_assets.work.outcome import Outcome
from genatator_assets.work.unit import Step

pytestmark = [
    pytest.mark.filterwarnings("ignore:Parameter `backfill_policy`"),
    pytest.mark.filterwarnings("ignore:Function `.*BackfillPolicy"),
]
GENOMES = ("one", "two")
BAD_SEQUENCE = ">chr1\nAC\x01GT\n"
BAD_ANNOTATION = "nothing of the kind\n"


@pytest.fixture(autouse=True)
def no_home(monkeypatch):
    monkeypatch.delenv("DAGSTER_HOME", raising=False)


@pytest.fixture(scope="module")
def kept_folder(tmp_path_factory):
    """The folder of a catalogue of two simulated genomes, with their files, and of the finished dataset."""
    folder = tmp_path_factory.mktemp("failures") / "dataset"
    assemblies = []
    for seed, genome in enumerate(GENOMES):
        simulation = Simulation(seed=seed, total_bp=200_000, chromosomes=2, short_scaffolds=0, flavour="gencode")
        written = write_assembly(simulation, folder / genome)
        files = {"sequence": {"path": str(written.sequence)}, "annotation": {"path": str(written.annotation)}}
        assemblies.append({"genome": genome, "species": "S", **files})
    catalogue = {"dataset": "d", "min_chromosome_length_bp": 10_000, "assemblies": assemblies}
    (folder / "catalogue.yaml").write_text(yaml.safe_dump(catalogue))
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DAGSTER_HOME", raising=False)
        assert build(settings_in(folder), Progress()) == []
    return keep(folder)


@pytest.fixture
def folder(kept_folder):
    with given(kept_folder) as folder:
        yield folder


@pytest.fixture
def unbuilt(folder):
    """The same, with nothing built."""
    shutil.rmtree(folder / "root")
    return folder


def settings_in(folder):
    return Settings(str(folder / "catalogue.yaml"), folder / "root", workers=0)


def spoil(folder, genome, text=BAD_SEQUENCE, file="sequence.fa"):
    path = folder / genome / file
    before = path.read_bytes()
    path.write_text(text)
    return lambda: path.write_bytes(before)


def genomes_of_index(folder):
    with open_instance(folder / "root") as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey("block_index"))
        return int(event.asset_materialization.metadata["chromosomes"].value)


@contextmanager
def prepared(folder):
    """The job `prepare` as the UI runs it, for all genomes."""
    job = build_definitions(settings_in(folder)).resolve_job_def("prepare")
    with open_instance(folder / "root") as instance:
        yield job.execute_in_process(instance=instance, tags=range_tags(list(GENOMES)), raise_on_error=False), instance


def log_of(folder, job):
    """What the latest run of a job logged as an error."""
    with open_instance(folder / "root") as instance:
        run = instance.get_runs(dg.RunsFilter(job_name=job), limit=1)[0]
        return run.run_id, [entry.user_message for entry in instance.all_logs(run.run_id) if entry.level == 40]


# One bad genome


def test_a_genome_that_fails_is_told_once_and_the_others_are_built(unbuilt):
    mend = spoil(unbuilt, "two")
    (fault,) = build(settings_in(unbuilt), Progress())
    assert re.fullmatch(
        r"1 of 2 genomes failed:\ntwo: \S+/two/sequence\.fa:2: found '\\x01' in the sequence; expected [^\n]+", fault
    )
    assert genomes_of_index(unbuilt) == 2  # both chromosomes of the other genome
    mend()
    assert build(settings_in(unbuilt), Progress()) == []
    assert genomes_of_index(unbuilt) == 4


def test_a_genome_that_fails_is_told_once_where_other_parts_need_it_too(unbuilt):
    path = unbuilt / "catalogue.yaml"
    path.write_text(path.read_text() + "segmentation: {}\n")
    spoil(unbuilt, "two", BAD_ANNOTATION, "annotation.gtf")
    (fault,) = build(settings_in(unbuilt), Progress())
    assert fault.startswith("1 of 2 genomes failed:\ntwo: ")
    assert "is not ready" not in fault


def test_a_genome_that_was_built_and_then_fails_is_told_once_too(folder):
    """Its chromosomes are registered and its blocks are there, so that several checks see it."""
    spoil(folder, "two", BAD_ANNOTATION, "annotation.gtf")
    (fault,) = build(settings_in(folder), Progress())
    assert re.fullmatch(
        r"1 of 2 genomes failed:\ntwo: \S+/two/annotation\.gtf: none of its first 1 lines has 9 columns[^\n]+", fault
    )


def test_if_all_genomes_fail_checks_are_skipped_in_one_clause(unbuilt):
    for genome in GENOMES:
        spoil(unbuilt, genome)
    (fault,) = build(settings_in(unbuilt), Progress())
    *causes, clause = fault.split("\n")
    assert [cause.split(":")[0] for cause in causes] == ["2 of 2 genomes failed", "one", "two"]
    assert clause == (
        "Skipped, because there is nothing yet to check: annotations_look_right, every_genome_has_selected_transcripts,"
        " selected_transcripts_are_inside"
    )


def test_a_run_from_the_ui_records_the_good_genomes_and_fails_the_bad_one(unbuilt):
    spoil(unbuilt, "one")
    with prepared(unbuilt) as (result, instance):
        assert not result.success
        for asset in ("assembly", "selected_isoforms"):
            assert instance.get_materialized_partitions(dg.AssetKey(asset)) == {"two"}
    assert Layout(unbuilt / "root").transcripts("two").is_file()


def test_what_nobody_expected_fails_its_genome_alone_and_is_in_the_log_with_its_traceback(unbuilt, monkeypatch):
    select = genomes.select_isoforms

    def select_but_for_one(catalogue, genome, *more):
        if genome == "one":
            raise MemoryError
        return select(catalogue, genome, *more)

    monkeypatch.setattr(genomes, "select_isoforms", select_but_for_one)
    with prepared(unbuilt) as (result, instance):
        (fault,) = faults_of(result.all_events)
        assert instance.get_materialized_partitions(dg.AssetKey("selected_isoforms")) == {"two"}
    run_id, errors = log_of(unbuilt, "prepare")
    first, told, hint = fault.split("\n")
    assert first == "1 of 2 genomes failed:"
    assert re.fullmatch(r"one: MemoryError \(test_failures\.py:\d+ in select_but_for_one\)", told)
    assert hint == f"Tracebacks of unexpected errors are in the log of run {run_id}"
    assert any("Traceback (most recent call last)" in text and "in select_but_for_one" in text for text in errors)


# A raised step of a table


@pytest.mark.parametrize("module", [index, statistics])
def test_a_dataset_whose_tables_were_made_by_an_earlier_step_is_not_finished(folder, monkeypatch, module):
    layout = Layout(folder / "root")
    catalogue = load_catalogue(folder / "catalogue.yaml")
    with open_instance(layout.root) as instance:
        assert survey(catalogue, layout, instance).finished
        monkeypatch.setattr(module, "STEP", Step(module.STEP.name, module.STEP.number + 1))
        assert not survey(catalogue, layout, instance).finished
    table = {index: "index", statistics: "statistics"}[module]
    assert status_of(catalogue, layout).tables[table] == "out of date"


# One bad chromosome


def test_an_unexpected_error_of_a_chromosome_is_in_the_log_with_its_traceback(folder):
    layout = Layout(folder / "root")
    layout.blocks_manifest("train", "one", "chr1").unlink()
    block = layout.block("train", "one", "chr1", 0)
    block.unlink()
    block.mkdir()  # where the file is to be
    (fault,) = build(settings_in(folder), Progress())
    run_id, errors = log_of(folder, "build_blocks")
    first, told, hint = fault.split("\n")
    assert first == "1 of 1 chromosomes failed:"
    assert told.startswith("one/chr1: IsADirectoryError: [Errno 21] Is a directory: ")
    assert hint == f"Tracebacks of unexpected errors are in the log of run {run_id}"
    assert any("Traceback (most recent call last)" in text and "in whole_file" in text for text in errors)


# Checks whose input is gone: they must not pass for skipped


def test_a_check_whose_input_is_gone_fails_in_one_clause(folder):
    shutil.rmtree(folder / "root" / "targets")
    job = build_definitions(settings_in(folder)).resolve_job_def("finish")
    with open_instance(folder / "root") as instance:
        faults = faults_of(job.execute_in_process(instance=instance, raise_on_error=False).all_events)
    assert "check combined_covers_mrna: no file that this looks at is there: run 'genatator-assets build'" in faults
    assert not re.search(r"\b\w+ Error: ", "".join(faults))  # as DuckDB's all begin


def test_checks_that_say_the_same_are_told_together():
    events = [evaluation("a", "no file"), evaluation("b", "1 offends"), evaluation("c", "no file")]
    assert faults_of(events) == ["checks a, c: no file", "check b: 1 offends"]


def evaluation(name, description):
    told = dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey("x"), check_name=name, passed=False, metadata={}, description=description
    )
    return dg.DagsterEvent(dg.DagsterEventType.ASSET_CHECK_EVALUATION.value, "job", event_specific_data=told)


# Many failures


@dg.op
def fail_often(context):
    failures = Failures("chromosomes", 100, context)
    for number in range(60):
        failures.add(Outcome(f"g/{number}", "failed", error=f"bad {number}"))
    raise failures.failure()


@dg.job
def failing():
    fail_often()


def test_what_is_cut_off_says_how_much_more_there_is():
    with dg.DagsterInstance.ephemeral() as instance:
        result = failing.execute_in_process(instance=instance, raise_on_error=False)
        errors = [entry.user_message for entry in instance.all_logs(result.run_id) if entry.level == 40]
    told = result.failure_data_for_node("fail_often").user_failure_data
    lines = told.description.split("\n")
    assert (lines[0], lines[1], lines[20], lines[21:]) == (
        "60 of 100 chromosomes failed:",
        "g/0: bad 0",
        "g/19: bad 19",
        ["... and 40 more"],
    )
    assert (len(told.metadata["failed"].value), told.metadata["more"].value) == (50, 10)
    ours = [text for text in errors if "bad" in text or "further" in text]
    assert ours == [*(f"g/{number}: bad {number}" for number in range(50)), ours[-1]]
    assert ours[-1] == "more than 50 chromosomes failed; further ones are counted at the end"


def test_what_offends_is_named_by_chromosome_or_if_it_is_many_by_genome():
    keys = [f"g/{number}" for number in range(51)]
    assert json.loads(json.dumps(offending(keys[:2])["offending"].value)) == ["g/0", "g/1"]
    assert offending(keys)["offending"].value == ["g"]
    assert offending([f"{number}/c" for number in range(51)]) == {}
    assert offending([]) == {}
