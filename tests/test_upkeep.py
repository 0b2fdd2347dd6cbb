"""What a root holds (`status`), and what of it nobody needs any more (`prune`)."""

import json
import os
import shutil

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from built import CATALOGUE, CHROMOSOMES, copy_of
from click.testing import CliRunner
from test_machine import holder

from genatator_assets.annotation.transcripts import select_isoforms
from genatator_assets.cli import main
from genatator_assets.errors import DatasetError
from genatator_assets.gene_finding.index import build_index
from genatator_assets.gene_finding.statistics import build_statistics
from genatator_assets.orchestration.instance import open_instance
from genatator_assets.orchestration.runs import delete_runs, old_runs
from genatator_assets.parts import load_catalogue
from genatator_assets.release import release
from genatator_assets.sources.assembly import import_assembly
from genatator_assets.upkeep.prune import KINDS, _recordings, _window_sets, find_needless, remove
from genatator_assets.upkeep.status import status_of
from genatator_assets.work.files import measure
from genatator_assets.work.layout import Layout
from genatator_assets.work.layout_signals import SignalLayout
from genatator_assets.work.storage import CACHE_VARIABLE
from genatator_assets.work.unit import Provenance, Unit

GONE = "sim-refseq"
FILES: tuple = ("genomes", "units", "releases", "leftovers", "inputs")


@pytest.fixture
def layout(dataset, tmp_path):
    return Layout(copy_of(dataset, tmp_path / "root"))


@pytest.fixture
def changed(tmp_path):
    """Return a catalogue like the dataset's but for a change."""

    def load(change):
        document = yaml.safe_load(CATALOGUE)
        change(document)
        (tmp_path / "changed.yaml").write_text(yaml.safe_dump(document))
        return load_catalogue(tmp_path / "changed.yaml")

    return load


def without_genome(document):
    document["assemblies"] = [one for one in document["assemblies"] if one["genome"] != GONE]


def prepare(catalogue, layout, genome):
    import_assembly(catalogue, genome, layout)
    select_isoforms(catalogue, genome, layout)


def tree(root):
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if not path.is_dir() or path.is_symlink()}


def pruned(catalogue, layout, kinds=FILES):
    """Delete what is found, and return it by kind and name."""
    found = find_needless(catalogue, layout, kinds, alone=True)
    remove(found, layout.root)
    return {(one.kind, one.what) for one in found.needless}


def counts(status):
    return {asset.asset: dict(asset.counts) for asset in status.assets}


# Status


def test_a_finished_dataset_is_intact_and_current(dataset, layout):
    status = status_of(dataset.catalogue, layout)
    assert counts(status) == {"chromosome_targets": {"intact": CHROMOSOMES}, "blocks": {"intact": CHROMOSOMES}}
    assert (status.not_ready, status.foreign, status.writer, status.release) == ((), (), None, "missing")
    assert status.tables == {"index": "current", "statistics": "current"}
    assert status.finished
    everything = [path for path in layout.root.rglob("*") if path.is_file()]
    assert sum(status.disk.values()) == sum(path.stat().st_size for path in everything)
    blocks = [path for path in everything if path.is_relative_to(layout.blocks)]
    assert status.disk["blocks"] == sum(path.stat().st_size for path in blocks)


@pytest.mark.parametrize("name", ["blocks/test/stray.parquet", "blocks/train/genome=sim-gencode/chrom=chr1/notes.txt"])
def test_a_file_among_the_blocks_that_is_none_is_told(dataset, layout, name):
    (layout.root / name).parent.mkdir(parents=True, exist_ok=True)
    (layout.root / name).touch()
    status = status_of(dataset.catalogue, layout)
    assert (status.strays, status.finished) == (1, False)


def test_another_kernel_makes_all_stale(changed, layout):
    catalogue = changed(lambda document: document["gene_finding"].update(kernel={"shape": "box"}))
    status = status_of(catalogue, layout)
    assert counts(status) == {"chromosome_targets": {"stale": CHROMOSOMES}, "blocks": {"stale": CHROMOSOMES}}
    assert status.tables["index"] == "out of date"
    assert not status.finished


def test_what_is_missing_or_damaged_is_named(dataset, layout):
    layout.segments_manifest("sim-gencode", "chr1").unlink()
    os.truncate(layout.block("validation", "sim-gencode", "chr3", 0), 10)
    layout.block("train", "sim-gencode", "chr2", 0).unlink()
    targets, blocks = status_of(dataset.catalogue, layout).assets
    assert (targets.counts, targets.to_do) == ({"missing": 1, "intact": 6}, ("sim-gencode/chr1",))
    assert (blocks.counts, set(blocks.to_do)) == (
        {"damaged": 2, "intact": 5},
        {"sim-gencode/chr2", "sim-gencode/chr3"},
    )


def test_who_writes_and_what_is_not_ready_is_told(dataset, layout):
    layout.annotation_summary("sim-ensembl").unlink()
    layout.source("sim-refseq").write_text("not JSON")
    with holder(layout.root, 600) as other:
        status = status_of(dataset.catalogue, layout)
    assert status.writer.startswith(f"process {other.pid} on ")
    assert status.not_ready == ("sim-ensembl", "sim-refseq")
    assert counts(status)["blocks"] == {"intact": 3}


def test_tables_of_other_blocks_are_out_of_date(dataset, layout, changed):
    build_index(changed(without_genome), layout)
    status = status_of(dataset.catalogue, layout)
    assert status.tables == {"index": "out of date", "statistics": "out of date"}
    layout.index.write_bytes(b"no table")
    assert status_of(dataset.catalogue, layout).tables["index"] == "out of date"
    layout.index.unlink()
    assert status_of(dataset.catalogue, layout).tables == {"index": "missing", "statistics": "missing"}


def test_a_release_is_current_until_the_blocks_are_others_and_its_links_take_no_room(dataset, layout, changed):
    before = status_of(dataset.catalogue, layout)
    release(layout)
    status = status_of(dataset.catalogue, layout)
    assert (status.release, status.disk["blocks"]) == ("current", before.disk["blocks"])
    own = [path for path in layout.release.rglob("*") if path.is_file() and path.stat().st_nlink == 1]
    assert status.disk["release"] == sum(path.stat().st_size for path in own)
    build_index(changed(without_genome), layout)
    assert status_of(dataset.catalogue, layout).release == "out of date"


def test_a_root_that_is_not_there_is_told(dataset, tmp_path):
    with pytest.raises(DatasetError, match="does not exist; give --root, or build first"):
        status_of(dataset.catalogue, Layout(tmp_path / "nowhere"))


def run(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)))


def test_the_command_says_it_in_words_and_in_json(dataset, layout):
    layout.segments_manifest("sim-gencode", "chr1").unlink()
    where = ("--catalogue", dataset.catalogue.origin, "--root", layout.root)
    told = run("status", *where)
    assert told.exit_code == 0, told.output
    assert "3 of 3 genomes ready" in told.stdout
    row = next(line for line in told.stdout.splitlines() if "chromosome_targets" in line)
    assert [cell.strip() for cell in row.split("│")[1:-1]] == [
        "chromosome_targets",
        "6",
        "0",
        "0",
        "1",
        "sim-gencode/chr1",
    ]
    assert told.stdout.endswith("next: genatator-assets build\n")
    stored = json.loads(run("status", *where, "--format", "json").stdout)
    assert stored["finished"] is False
    assert stored["assets"][0]["counts"] == {"missing": 1, "intact": 6}


# Prune


def test_nothing_is_found_in_a_finished_dataset(dataset, layout):
    assert find_needless(dataset.catalogue, layout, FILES).needless == ()


def test_a_genome_that_the_catalogue_does_not_name_goes_whole(layout, changed):
    before = tree(layout.root)
    assert pruned(changed(without_genome), layout) == {("genomes", GONE)}
    gone = {path for path in before if f"/{GONE}/" in path or f"genome={GONE}/" in path}
    assert {path.split("/")[0] for path in gone} == {"assemblies", "annotation", "targets", "blocks"}
    assert tree(layout.root) == before - gone
    assert not list(layout.root.glob(f"**/*{GONE}*"))


def test_only_a_genome_s_link_goes_and_not_what_it_leads_to(layout, changed, tmp_path):
    folder = layout.segments(GONE, "x").parent
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    kept = tree(tmp_path / "elsewhere")
    pruned(changed(without_genome), layout)
    assert not folder.is_symlink()
    assert tree(tmp_path / "elsewhere") == kept != set()


def leave_out_chr3(document):
    document["assemblies"][0]["chromosomes"] = {"exclude": ["chr3"]}
    document["assemblies"][0]["splits"] = {}


def move_chr3(document):
    document["assemblies"][0]["splits"] = {"test": ["chr3"]}


@pytest.mark.parametrize("change", [leave_out_chr3, move_chr3])
def test_a_chromosome_that_is_left_out_or_moved_goes_with_all_its_files(layout, changed, change):
    catalogue = changed(change)
    prepare(catalogue, layout, "sim-gencode")
    before = tree(layout.root)
    folder = "blocks/validation/genome=sim-gencode/chrom=chr3"
    expected = {("units", f"{folder}/manifest.json")}
    gone = {path for path in before if path.startswith(f"{folder}/")}
    if change is leave_out_chr3:
        expected.add(("units", "targets/sim-gencode/chr3.json"))
        gone |= {path for path in before if path.startswith("targets/sim-gencode/chr3.")}
    assert pruned(catalogue, layout) == expected
    assert tree(layout.root) == before - gone
    assert not (layout.root / "blocks/validation").exists()  # it was the only chromosome there


def test_units_are_not_looked_for_as_long_as_a_genome_is_to_be_prepared(layout, changed):
    catalogue = changed(leave_out_chr3)
    layout.annotation_summary("sim-ensembl").unlink()
    found = find_needless(catalogue, layout, FILES)
    assert found.needless == ()
    assert found.notes == ("units: not looked for, because genomes are still to be prepared by a build: sim-ensembl",)


def test_a_manifest_that_names_files_outside_takes_nothing_with_it(dataset, layout, tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("of somebody else")
    unit = {"fingerprint": "f", "facts": {}, "outputs": []}
    for name in ("../precious", str(precious), "blocks/../../precious"):
        unit["outputs"].append({"path": name, "bytes": 16, "sha256": "x"})
    (layout.root / "targets" / "forged.json").write_text(json.dumps(unit))
    assert pruned(dataset.catalogue, layout) == {("units", "targets/forged.json")}
    assert precious.read_text() == "of somebody else"


def test_folders_of_a_part_that_is_not_asked_for_go_whole_and_others_are_left_alone(dataset, layout, changed):
    (layout.root / "cells" / "sources").mkdir(parents=True)
    (layout.root / "cells" / "sources" / "x.json").write_text("{}")
    (layout.root / "notes").mkdir()
    (layout.root / "notes" / "of a person.txt").write_text("kept")
    assert pruned(dataset.catalogue, layout) == {("units", "cells")}
    without = changed(lambda document: document.update(gene_finding=False))
    assert pruned(without, layout) == {("units", "targets"), ("units", "blocks")}
    assert (layout.root / "notes" / "of a person.txt").is_file()
    assert layout.transcripts("sim-gencode").is_file()


def test_of_tracks_the_folders_of_recordings_go_that_are_not_asked_for(dataset, tmp_path):
    """A recording that is asked for has further manifests beside its own, one a chromosome."""
    tracks = tmp_path / "tracks"
    for genome, recording in (("sim-gencode", "a"), ("sim-gencode", "b"), ("unknown", "c")):
        (tracks / genome / recording).mkdir(parents=True)
        for name in (".recording.json", "chr1.json", "chr1.parquet"):
            (tracks / genome / recording / name).write_text("x")
    wanted = {tracks / "sim-gencode" / "a" / ".recording.json"}
    found = list(_recordings(tracks, dataset.catalogue, wanted))
    assert [one.paths for one in found] == [(tracks / "sim-gencode" / "b",)]


def test_the_tracks_that_a_stranded_recording_made_stay(dataset, tmp_path):
    """Their folders have names of their own, and no manifest in them."""
    genome = tmp_path / "tracks" / "sim-gencode"
    for name in ("a", "a.plus", "a.minus", "b.plus"):
        (genome / name).mkdir(parents=True)
        (genome / name / "chr1.parquet").write_text("x")
    unit = Unit(tmp_path, genome / "a" / ".recording.json", Provenance())
    made = [genome / f"a.{strand}" / "chr1.parquet" for strand in ("plus", "minus")]
    unit.finish({path: measure(path) for path in made}, {})
    found = list(_recordings(tmp_path / "tracks", dataset.catalogue, {unit.manifest}))
    assert [one.paths for one in found] == [(genome / "b.plus",)]


def test_window_sets_go_that_the_catalogue_does_not_name(tmp_path):
    for name in ("a%20b", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "windows.parquet").write_text("x")
    assert [one.paths for one in _window_sets(tmp_path, ["a b"])] == [(tmp_path / "c",)]


def test_files_that_a_wanted_unit_has_too_are_kept(dataset, layout):
    wanted = layout.segments_manifest("sim-gencode", "chr1")
    shutil.copy(wanted, wanted.with_name("copy.json"))
    pruned(dataset.catalogue, layout)
    assert layout.segments("sim-gencode", "chr1").is_file()
    assert status_of(dataset.catalogue, layout).finished


def test_a_superseded_release_goes_and_a_current_one_stays(dataset, layout, changed):
    release(layout)
    assert pruned(dataset.catalogue, layout) == set()
    catalogue = changed(without_genome)
    build_index(catalogue, layout)
    build_statistics(catalogue, layout)
    assert pruned(catalogue, layout, ("releases",)) == {("releases", "release")}
    assert not layout.release.exists()
    assert layout.index.is_file()


def test_leftovers_go_but_not_while_somebody_writes(dataset, layout):
    (layout.root / "dataset" / ".blocks.parquet.ab12.tmp").write_text("half")
    (layout.root / ".release.new.99999999.tmp").mkdir()
    (layout.root / ".release.new.99999999.tmp" / "file").write_text("half")
    (layout.root / ".dask-17").mkdir()
    (layout.root / "dataset" / "notes.tmp").write_text("of a person")
    with holder(layout.root, 600) as other:
        found = find_needless(dataset.catalogue, layout, ["leftovers"])
    assert found.needless == ()
    assert f"the root is written to now, by process {other.pid}" in found.notes[0]
    assert pruned(dataset.catalogue, layout) == {
        ("leftovers", ".dask-17"),
        ("leftovers", ".release.new.99999999.tmp"),
        ("leftovers", "dataset/.blocks.parquet.ab12.tmp"),
    }
    assert (layout.root / "dataset" / "notes.tmp").is_file()


def test_simulated_files_go_when_the_genome_is_not_simulated_any_more(dataset, layout, changed):
    files = {
        "sequence": {"path": str(dataset.layout.simulated("sim-refseq") / "sequence.fa")},
        "annotation": {"path": str(next(dataset.layout.simulated("sim-refseq").glob("annotation*")))},
    }

    def real_files(document):
        del document["assemblies"][2]["simulate"]
        document["assemblies"][2] |= files

    assert pruned(changed(real_files), layout, ("inputs",)) == {("inputs", "simulated files of sim-refseq")}
    assert not layout.simulated("sim-refseq").exists()
    assert layout.simulated("sim-gencode").is_dir()


def cached(cache, name, url, text="x" * 1000):
    home = cache / "host" / name
    home.mkdir(parents=True)
    (home / "file").write_text(text)
    if url:
        (home / ".fetched.json").write_text(json.dumps({"url": url, "bytes": 1, "sha256": "", "checksum": None}))
    return home


def test_fetched_files_that_the_dataset_does_not_use_go_only_by_name(dataset, layout, tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    monkeypatch.setenv(CACHE_VARIABLE, str(cache))
    source = json.loads(layout.source("sim-gencode").read_text())
    source["inputs"]["sequence"]["url"] = "https://host/genomes/a/genome.fa.gz"
    layout.source("sim-gencode").write_text(json.dumps(source))
    used = cached(cache, "0" * 16, "https://host/genomes/a/genome.fa.gz")
    beside = cached(cache, "1" * 16, "https://host/genomes/a/md5checksums.txt")
    above = cached(cache, "2" * 16, "https://host/genomes/")
    other = cached(cache, "3" * 16, "https://host/genomes/b/genome.fa.gz")
    broken = cached(cache, "4" * 16, "")
    (cache / "roots" / ("5" * 16)).mkdir(parents=True)
    assert find_needless(dataset.catalogue, layout, FILES).needless == ()
    assert pruned(dataset.catalogue, layout, ("cache",)) == {
        ("cache", "https://host/genomes/b/genome.fa.gz"),
        ("cache", "4" * 16),
    }
    assert [folder.exists() for folder in (used, beside, above, other, broken)] == [True, True, True, False, False]
    assert (cache / "roots" / ("5" * 16)).is_dir()


def test_fetched_files_of_other_parts_are_used(tmp_path, monkeypatch):
    cache, layout = tmp_path / "cache", Layout(tmp_path / "root")
    monkeypatch.setenv(CACHE_VARIABLE, str(cache))
    (tmp_path / "cells.yaml").write_text(
        "dataset: c\ncells:\n  datasets: [{url: 'https://host/a/x.h5ad'}]\n"
        "  publications: {url: 'https://host/c/p.json'}\n"
    )
    tracks = SignalLayout(layout.root).table
    tracks.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"url": ["https://host/b/x.bigWig", None]}), tracks)
    used = [cached(cache, str(n) * 16, f"https://host/{path}") for n, path in enumerate(("a/x.h5ad", "b/x.bigWig"))]
    other = cached(cache, "3" * 16, "https://host/d/x.h5ad")
    pruned(load_catalogue(tmp_path / "cells.yaml"), layout, ("cache",))
    assert [folder.exists() for folder in (*used, other)] == [True, True, False]


def test_a_root_of_another_dataset_is_refused_before_anything_is_looked_for(dataset, layout, changed):
    other_name = changed(lambda document: document.update(dataset="other"))
    with pytest.raises(DatasetError, match="is of dataset 'small' with the genomes sim-ensembl, sim-gencode"):
        find_needless(other_name, layout, KINDS)

    def rename(document):
        for assembly in document["assemblies"]:
            assembly["genome"] = assembly["genome"].replace("sim", "other")

    layout.index.unlink()
    with pytest.raises(DatasetError, match=r"Nothing was looked for: give the root's own --catalogue"):
        find_needless(changed(rename), layout, KINDS)


def test_the_command_deletes_only_when_it_is_told_to(layout, changed):
    catalogue = changed(without_genome)
    (layout.root / ".dask-17").mkdir()
    before = tree(layout.root)
    where = ("--catalogue", catalogue.origin, "--root", layout.root)
    told = run("prune", *where)
    assert (told.exit_code, tree(layout.root)) == (0, before)
    assert GONE in told.stdout
    assert told.stdout.rstrip().endswith("Nothing was deleted; to delete it, add --yes")
    only = run("prune", *where, "--only", "leftovers", "--yes")
    assert "deleted: 0 B of files and 0 runs" in only.stdout
    assert not (layout.root / ".dask-17").exists()
    assert layout.assembly(GONE).is_dir()
    told = run("prune", *where, "--yes")
    assert told.stdout.rstrip().split("\n")[-1].startswith("deleted: ")
    assert not layout.assembly(GONE).exists()
    assert run("prune", *where).stdout == "nothing to delete\n"


# Old runs


@dg.asset(partitions_def=dg.StaticPartitionsDefinition(["a", "b"]))
def parted():
    return None


@dg.asset_check(asset=parted)
def checked():
    return dg.AssetCheckResult(passed=True)


@pytest.fixture
def record(tmp_path, monkeypatch):
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    with open_instance(tmp_path) as instance:
        yield instance


def materialize(instance, partition):
    run = dg.materialize([parted, checked], partition_key=partition, instance=instance)
    assert run.success
    return run.run_id


def test_runs_that_hold_what_is_latest_are_kept_and_others_go_with_their_files(record, tmp_path):
    first_a, b, second_a = (materialize(record, partition) for partition in "aba")
    started = record.create_run_for_job(dg.define_asset_job("job").resolve(asset_graph=graph_of(parted, checked)))
    assert old_runs(record, days=1) == []
    needless = old_runs(record, days=0)
    assert [one.dagster_run.run_id for one in needless] == [first_a]
    files = {path.name for path in (tmp_path / ".dagster/history/runs").glob("*.db")}
    delete_runs(record, needless)
    left = {path.name for path in (tmp_path / ".dagster/history/runs").glob("*.db")}
    assert files - left == {f"{first_a}.db"}
    assert {run.run_id for run in record.get_runs()} == {b, second_a, started.run_id}
    assert record.get_materialized_partitions(dg.AssetKey("parted")) == {"a", "b"}
    assert record.all_logs(first_a) == []
    assert old_runs(record, days=0) == []


def graph_of(*definitions):
    assets = [one for one in definitions if not isinstance(one, dg.AssetChecksDefinition)]
    checks = [one for one in definitions if isinstance(one, dg.AssetChecksDefinition)]
    return dg.Definitions(assets=assets, asset_checks=checks).resolve_asset_graph()
