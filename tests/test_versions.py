"""What Dagster holds out of date: data versions, and the columns that come from columns."""

import json
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest
from kept import given, keep

from genatator_assets.orchestration import build_definitions
from genatator_assets.orchestration.build import build
from genatator_assets.orchestration.instance import open_instance
from genatator_assets.orchestration.partitions import range_tags, registered_chromosomes
from genatator_assets.orchestration.progress import Progress
from genatator_assets.orchestration.settings import Settings
from genatator_assets.simulate import Simulation, write_assembly
from genatator_assets.version import __version__
from genatator_assets.work.made import read_made

GENOMES = ("one", "two")
PARTITIONED = {
    "assembly": "genome",
    "selected_isoforms": "genome",
    "chromosome_targets": "chromosome",
    "blocks": "chromosome",
}
WHOLE = ("chromosome_catalogue", "block_index", "split_statistics", "dataset_card")

pytestmark = [
    pytest.mark.filterwarnings("ignore:Parameter `backfill_policy`"),
    pytest.mark.filterwarnings("ignore:Function `.*BackfillPolicy"),
]


@pytest.fixture(autouse=True)
def no_home(monkeypatch):
    monkeypatch.delenv("DAGSTER_HOME", raising=False)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of a finished dataset of two simulated genomes, and of their input files."""
    folder = tmp_path_factory.mktemp("versions") / "dataset"
    assemblies = []
    for seed, genome in enumerate(GENOMES):
        simulation = Simulation(seed=seed, total_bp=300_000, chromosomes=2, short_scaffolds=0, flavour="gencode")
        written = write_assembly(simulation, folder / genome)
        files = {"sequence": {"path": str(written.sequence)}, "annotation": {"path": str(written.annotation)}}
        assemblies.append({"genome": genome, "species": "S", **files})
    catalogue = {"dataset": "d", "gene_finding": {"block_size_bp": 100_000}, "assemblies": assemblies}
    (folder / "catalogue.yaml").write_text(yaml.safe_dump(catalogue))
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DAGSTER_HOME", raising=False)
        assert build(settings_in(folder), Progress()) == []
    return keep(folder)


@pytest.fixture
def settings(finished):
    """A finished dataset whose input files a test may edit."""
    with given(finished) as folder:
        yield settings_in(folder)


def settings_in(folder):
    return Settings(str(folder / "catalogue.yaml"), folder / "root", workers=0)


def stale(settings):
    """Every asset and partition that Dagster's UI marks as out of date (as `asset` or `asset key`)."""
    graph = build_definitions(settings).resolve_asset_graph()
    with open_instance(settings.root) as instance:
        resolver = CachingStaleStatusResolver(instance, graph, LoadingContextForTest(instance))
        keys = {"genome": list(GENOMES), "chromosome": registered_chromosomes(instance)}
        found = {
            f"{asset} {key}": resolver.get_status(dg.AssetKey(asset), key)
            for asset, kind in PARTITIONED.items()
            for key in keys[kind]
        } | {asset: resolver.get_status(dg.AssetKey(asset)) for asset in WHOLE}
    assert StaleStatus.MISSING not in found.values()
    return {name for name, status in found.items() if status == StaleStatus.STALE}


def run(settings, job, keys=None, only=None):
    """Run a job as the UI does, in a process that is not a build."""
    definitions = build_definitions(settings)
    with open_instance(settings.root) as instance:
        result = definitions.resolve_job_def(job).execute_in_process(
            instance=instance,
            tags=range_tags(keys) if keys else {},
            asset_selection=[dg.AssetKey(asset) for asset in only] if only else None,
        )
        assert result.success


def end_first_transcript_earlier(settings, genome):
    """Change one transcript: everything made from this genome's annotation is another then."""
    path = settings.root.parent / genome / "annotation.gtf"
    lines = path.read_text().splitlines(keepends=True)
    place = next(place for place, line in enumerate(lines) if "\ttranscript\t" in line and "protein_coding" in line)
    columns = lines[place].split("\t")
    columns[4] = str(int(columns[4]) - 1)
    lines[place] = "\t".join(columns)
    path.write_text("".join(lines))


def of_genome(settings, genome, *assets):
    with open_instance(settings.root) as instance:
        keys = [key for key in registered_chromosomes(instance) if key.startswith(f"{genome}/")]
    return {f"{asset} {key}" for asset in assets for key in keys}


def test_nothing_is_stale_after_a_build(settings):
    assert stale(settings) == set()
    assert build(settings, Progress()) == []
    assert stale(settings) == set()


def test_changing_one_annotation_makes_stale_what_is_made_from_it_and_nothing_else(settings):
    end_first_transcript_earlier(settings, "two")
    run(settings, "prepare", ["one", "two"])
    assert stale(settings) == of_genome(settings, "two", "chromosome_targets")
    with open_instance(settings.root) as instance:
        keys = [key for key in registered_chromosomes(instance) if key.startswith("two/")]
    run(settings, "build_blocks", keys, ["chromosome_targets"])
    assert stale(settings) == of_genome(settings, "two", "blocks")
    run(settings, "build_blocks", keys)
    assert stale(settings) == {"block_index"}
    run(settings, "finish")
    assert stale(settings) == set()


def test_step_by_step_for_the_changed_genome_alone(settings):
    end_first_transcript_earlier(settings, "two")
    run(settings, "prepare", ["two"], ["assembly"])
    assert "selected_isoforms two" in stale(settings)
    assert not {name for name in stale(settings) if "one" in name.split("/")[0]}
    run(settings, "prepare", ["two"], ["selected_isoforms"])
    assert "chromosome_catalogue" in stale(settings)
    run(settings, "prepare", None, ["chromosome_catalogue"])
    assert stale(settings) == of_genome(settings, "two", "chromosome_targets")


def test_a_whole_build_leaves_nothing_stale_again(settings):
    end_first_transcript_earlier(settings, "two")
    assert build(settings, Progress()) == []
    assert stale(settings) == set()


def test_another_kernel_for_one_genome_makes_its_chromosomes_stale(settings):
    path = Path(settings.catalogue)
    catalogue = yaml.safe_load(path.read_text())
    catalogue["assemblies"][1]["gene_finding"] = {"kernel": {"shape": "box", "radius_bp": 5}}
    path.write_text(yaml.safe_dump(catalogue))
    run(settings, "prepare", ["one", "two"])
    assert stale(settings) == of_genome(settings, "two", "chromosome_targets")


def test_preparing_again_without_a_change_makes_nothing_stale_and_observes_nothing(settings):
    run(settings, "prepare", ["one", "two"])
    assert stale(settings) == set()
    with open_instance(settings.root) as instance:
        observed = instance.fetch_observations(dg.AssetKey("chromosome_inputs"), limit=100).records
        assert sorted(record.partition_key for record in observed) == sorted(registered_chromosomes(instance))


def test_a_chromosome_s_data_version_is_the_fingerprint_of_its_manifest(settings):
    with open_instance(settings.root) as instance:
        for key in registered_chromosomes(instance):
            genome, chrom = key.split("/")
            manifests = {
                "chromosome_targets": settings.root / "targets" / genome / f"{chrom}.json",
                "blocks": next(settings.root.glob(f"blocks/*/genome={genome}/chrom={chrom}/manifest.json")),
            }
            for asset, manifest in manifests.items():
                records = instance.fetch_materializations(
                    dg.AssetRecordsFilter(dg.AssetKey(asset), asset_partitions=[key]), limit=1
                ).records
                tags = records[0].asset_materialization.tags
                fingerprint = json.loads(manifest.read_text())["fingerprint"]
                assert len(tags["dagster/data_version"]) == 16
                assert fingerprint.startswith(tags["dagster/data_version"])
                assert read_made(manifest).run_id == records[0].run_id


def test_records_of_genomes_and_of_the_dataset_name_the_run(settings):
    with open_instance(settings.root) as instance:
        runs = {run.run_id: run.job_name for run in instance.get_runs()}
    made_by = {
        path: runs[read_made(settings.root / path).run_id]
        for path in (
            "assemblies/one/source.json",
            "annotation/two/summary.json",
            "dataset/blocks.parquet",
            "dataset/statistics",
            "dataset/README.md",
        )
    }
    assert list(made_by.values()) == ["prepare", "prepare", "finish", "finish", "finish"]


def test_columns_come_from_columns_that_there_are(settings):
    graph = build_definitions(settings).resolve_asset_graph()
    assets = {key.to_user_string(): graph.get(key) for key in graph.get_all_asset_keys()}
    columns = {
        name: {column.name for column in asset.metadata["dagster/column_schema"].columns}
        for name, asset in assets.items()
        if "dagster/column_schema" in asset.metadata
    }
    lineages = {
        name: asset.metadata["dagster/column_lineage"].deps_by_column
        for name, asset in assets.items()
        if "dagster/column_lineage" in asset.metadata
    }
    assert set(lineages) == {"selected_isoforms", "chromosome_targets", "blocks", "block_index"}
    for name, lineage in lineages.items():
        assert set(lineage) <= columns[name]
        for origins in lineage.values():
            assert all(origin.column_name in columns[origin.asset_key.to_user_string()] for origin in origins)
    targets = {str(origin.asset_key.to_user_string()) for origin in lineages["blocks"]["targets"]}
    assert targets == {"chromosome_targets"}
    assert set(lineages["chromosome_targets"]) == columns["chromosome_targets"]
    assert set(lineages["blocks"]) == columns["blocks"]


def test_the_code_version_of_what_steps_make_is_their_numbers_and_not_the_packages(settings):
    """Numbers as they stand in the modules of the steps."""
    graph = build_definitions(settings).resolve_asset_graph()
    found = {asset: graph.get(dg.AssetKey(asset)).code_version for asset in ("assembly", "selected_isoforms", "blocks")}
    assert found == {"assembly": "1.1", "selected_isoforms": "2", "blocks": "2"}
    assert graph.get(dg.AssetKey("dataset_card")).code_version == __version__


def test_every_asset_that_is_run_has_a_code_version(settings):
    graph = build_definitions(settings).resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        assert graph.get(key).code_version or key == dg.AssetKey("chromosome_inputs")
