"""A part takes a folder and a line in `parts.py`: the toy in tests/toy is in the build, SQL, checks, UI and card."""

import subprocess
import sys

import pytest
from click.testing import CliRunner
from dagster import DagsterRunStatus
from dagster._core.scheduler.instigation import InstigatorStatus
from test_first_hour import backfill_of_all, followed, run, switch_carry_on
from toy.part import PART

from genatator_assets import parts
from genatator_assets.cli import main
from genatator_assets.errors import CatalogueError, DatasetError
from genatator_assets.orchestration.build import build
from genatator_assets.orchestration.definitions import build_definitions
from genatator_assets.orchestration.instance import open_instance
from genatator_assets.orchestration.launch import Launcher, Wanted
from genatator_assets.orchestration.outcomes import faults_of_run
from genatator_assets.orchestration.partitions import range_tags
from genatator_assets.orchestration.progress import Progress
from genatator_assets.orchestration.settings import Settings
from genatator_assets.query import checks, definitions
from genatator_assets.query.connect import ask, connect
from genatator_assets.release import release
from genatator_assets.release.publish import read_checksums
from genatator_assets.work.layout import Layout

CATALOGUE = "dataset: d\ntoy: {texts: {a: one two, b: three}}\n"


@pytest.fixture(autouse=True)
def with_toy(monkeypatch):
    """The one line."""
    monkeypatch.setitem(parts.PARTS, "toy", "toy")
    cached = (parts._model_of, definitions.definitions, checks._texts)
    for one in cached:
        one.cache_clear()
    yield
    for one in cached:
        one.cache_clear()


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """Build a catalogue into a root; return the faults."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)

    def built(text=CATALOGUE, **how):
        (tmp_path / "catalogue.yaml").write_text(text)
        return build(settings(tmp_path), Progress(), **how)

    return built


def settings(folder):
    return Settings(str(folder / "catalogue.yaml"), folder / "root", workers=0)


def test_a_part_alone_is_a_dataset(toy, tmp_path):
    assert toy() == []
    with connect(tmp_path / "root") as connection:
        assert ask(connection, "from toy_words order by all").rows == (("a", 2), ("b", 1))
    assert "### Words\n\n| words |\n| --- |\n| 3 |" in (tmp_path / "root/dataset/README.md").read_text()
    assert 'create or replace view "toy_words"' in (tmp_path / "root/dataset/catalog.sql").read_text()


def test_only_what_is_missing_or_changed_is_built(toy, tmp_path):
    assert toy() == []
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "root/toy").iterdir()}
    assert toy() == []
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "root/toy").iterdir()} == before
    assert toy(CATALOGUE.replace("three", "three four")) == []
    changed = {path.name for path, time in before.items() if path.stat().st_mtime_ns != time}
    assert changed == {f"{name}.{kind}" for name in ("toy_words-b", "toy_sum") for kind in ("parquet", "json")}


def test_a_bad_one_fails_by_name_and_leaves_the_others_alone(toy, tmp_path):
    faults = toy(CATALOGUE.replace("three", "bad"))
    assert faults[0] == "1 of 2 toy_texts failed:\nb: text b is bad"
    with connect(tmp_path / "root") as connection:
        assert ask(connection, "from toy_words").rows == (("a", 2),)


def test_checks_of_a_part_are_asset_checks(toy):
    faults = toy(CATALOGUE.replace("three", '"", c: 1 2 3 4 5 6'))
    assert len(faults) == 2
    assert "every_text_has_words" in "".join(faults)
    assert "texts_are_short: 1 offend: c" in "".join(faults)


def test_a_part_has_its_assets_and_its_job(toy, tmp_path):
    (tmp_path / "catalogue.yaml").write_text(CATALOGUE)
    made = build_definitions(settings(tmp_path))
    assets = {key.to_user_string() for key in made.resolve_asset_graph().get_all_asset_keys()}
    assert assets == {asset.name for asset in PART.assets} | {"dataset_card", "release"}
    jobs = {job.name for job in made.jobs}
    assert {"prepare", "toy", "finish"} <= jobs
    assert "build_blocks" not in jobs


def test_its_job_is_launched_for_all_or_what_is_to_do(toy, tmp_path):
    def launched(**wanted):
        with open_instance(tmp_path / "root") as instance:
            return Launcher(settings(tmp_path), instance, tmp_path).tags_of_runs("toy", Wanted(**wanted))

    (tmp_path / "catalogue.yaml").write_text(CATALOGUE)
    with pytest.raises(DatasetError, match="nothing is known yet of what 'toy' builds: run 'prepare' first"):
        launched()
    toy(CATALOGUE.replace("three", "bad"))
    assert launched() == [range_tags(["a", "b"])]
    assert launched(to_do=True) == [range_tags(["b"])]
    toy()
    assert launched(to_do=True) == []
    with open_instance(tmp_path / "root") as instance, pytest.raises(DatasetError, match="no job 'signals'; its parts"):
        Launcher(settings(tmp_path), instance, tmp_path).tags_of_runs("signals", Wanted())


def test_outcomes_are_recorded_by_partition(toy, tmp_path):
    toy(CATALOGUE.replace("three", "bad"))
    with open_instance(tmp_path / "root") as instance:
        from dagster import AssetKey  # noqa: PLC0415

        assert instance.get_materialized_partitions(AssetKey("toy_words")) == {"a"}


def test_materialize_all_on_an_empty_root_is_carried_on(tmp_path, monkeypatch):
    """The sum, which Dagster starts at once, leaves its turn out; after the list the rest is built for the backfill."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    (tmp_path / "catalogue.yaml").write_text(CATALOGUE)
    where = settings(tmp_path)
    with open_instance(where.root) as instance:
        switch_carry_on(instance, InstigatorStatus.RUNNING)
        tags = backfill_of_all(instance, *(asset.name for asset in PART.assets), "dataset_card")
        early = run(where, instance, "finish", tags)
        assert (early.status, faults_of_run(instance, early)) == (DagsterRunStatus.SUCCESS, [])
        assert not (where.root / "toy").exists()
        asked = followed(where, instance, run(where, instance, "prepare", tags))
        assert (asked.job_name, asked.tags) == ("build_everything", tags)
        assert run(where, instance, asked.job_name, asked.tags).status == DagsterRunStatus.SUCCESS
    with connect(where.root) as connection:
        assert ask(connection, "from toy_words order by all").rows == (("a", 2), ("b", 1))


def test_a_dataset_without_the_part_has_nothing_of_it(tmp_path):
    """In a process of its own: no module of the toy is imported for the demo."""
    code = (
        "import sys; from genatator_assets import parts; parts.PARTS['toy'] = 'toy';"
        "from genatator_assets.orchestration.definitions import build_definitions;"
        "from genatator_assets.orchestration.settings import Settings; from pathlib import Path;"
        "made = build_definitions(Settings('demo', Path('r')));"
        "assert not [name for name in sys.modules if name.startswith('toy.')], 'imported';"
        "assert not [one for one in made.resolve_asset_graph().get_all_asset_keys() if 'toy' in one.to_user_string()]"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=_with_tests(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def _with_tests():
    import os  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    here = Path(__file__).parent
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(here), str(here.parent)])}


def test_the_plan_of_a_part_is_shown_without_gene_finding(tmp_path):
    (tmp_path / "catalogue.yaml").write_text(
        CATALOGUE + "assemblies: [{genome: g, species: S, sequence: {path: g.fa}}]\n"
    )
    (tmp_path / "g.fa").write_text(">a\nACGT\n")
    shown = CliRunner().invoke(main, ["plan", "--catalogue", str(tmp_path / "catalogue.yaml"), "--root", str(tmp_path)])
    assert shown.exit_code == 0, shown.output
    assert "Texts" in shown.output


def test_a_release_has_its_files_and_its_page(toy, tmp_path):
    toy()
    made = release(Layout(tmp_path / "root"))
    assert set(read_checksums(made.folder)) == {
        "README.md", "croissant.json", "dataset/catalog.sql", "toy/toy_words-a.parquet", "toy/toy_words-b.parquet"
    }  # fmt: skip
    card = (made.folder / "README.md").read_text()
    assert "| words |" in card
    assert "config_name: toy" in card


def test_an_unknown_key_of_a_section_is_told(tmp_path):
    (tmp_path / "catalogue.yaml").write_text("dataset: d\ntoy: {texts: {}, tetx: 1}\n")
    with pytest.raises(CatalogueError, match=r"catalogue\.yaml:2: toy\.tetx: unknown key; did you mean 'texts'"):
        parts.load_catalogue(tmp_path / "catalogue.yaml")
