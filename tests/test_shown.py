"""What Dagster's UI is given to show: descriptions, groups, columns, numbers; and checks that quote files."""

import re
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest
from built import Dataset
from hypothesis import given
from hypothesis import strategies as st

from genatator_assets.errors import printable
from genatator_assets.gene_finding.index import IndexSummary
from genatator_assets.orchestration import build_definitions
from genatator_assets.orchestration.checks import _result
from genatator_assets.orchestration.metadata import of_assembly, of_index
from genatator_assets.orchestration.outcomes import faults_of
from genatator_assets.orchestration.settings import Settings
from genatator_assets.query.checks import Finding
from genatator_assets.query.connect import Answer
from genatator_assets.sources.chromosomes import read_chromosomes
from genatator_assets.work.layout import Layout
from genatator_assets.work.text import Markdown

SMALL = Path(__file__).resolve().parent / "catalogues" / "small.yaml"

pytestmark = pytest.mark.filterwarnings("ignore:Function `.*BackfillPolicy")


@pytest.fixture(scope="module")
def nodes():
    graph = build_definitions(Settings(str(SMALL), Path("unused"))).resolve_asset_graph()
    return {key.to_user_string(): graph.get(key) for key in graph.get_all_asset_keys()}


def test_assets_stand_in_groups_of_parts(nodes):
    groups: dict[str, set[str]] = {}
    for name, node in nodes.items():
        groups.setdefault(node.group_name, set()).add(name)
    assert groups == {
        "assemblies": {"assembly", "selected_isoforms", "chromosome_catalogue", "chromosome_inputs"},
        "gene_finding": {"chromosome_targets", "blocks", "block_index", "split_statistics"},
        "dataset": {"dataset_card", "release"},
    }


def test_descriptions_lose_nothing(nodes):
    """The UI reads them as Markdown with HTML: `<genome>` would be a tag, unless it is code."""
    for node in nodes.values():
        assert "<" not in re.sub(r"`[^`]*`", "", node.description)
    assert "`blocks/<split>/genome=<genome>/chrom=<chrom>/<start>.parquet`" in nodes["blocks"].description


def test_each_column_says_where_it_comes_from(nodes):
    """The open-source UI shows no column lineage."""
    described = {
        f"{name}.{column.name}": column.description
        for name, node in nodes.items()
        for column in getattr(node.metadata.get("dagster/column_schema"), "columns", [])
    }
    assert len(described) == 9 + 34 + 6 + 3 + 19
    assert all(description.startswith("from ") for description in described.values())
    assert described["blocks.dna_sequence"] == "from assembly.chrom"
    assert described["selected_isoforms.transcript_id"] == "from the annotation file"


def test_numbers_have_separators(dataset: Dataset):
    shown = of_index(Layout(Path("root")), IndexSummary(21_439, 14_491, 100_700_000_000, 4_000_000_000_000, ()))
    assert (shown["nt"], shown["chromosomes"]) == ("100,700,000,000", "14,491")
    chromosomes = read_chromosomes(dataset.layout.chromosomes("sim-gencode"))
    assert of_assembly(dataset.layout, chromosomes)["included bp"] == "400,000"


NAME = "every_genome_has_selected_transcripts"
AWKWARD = "![p](http://host/p.png) <img src=x> a_b _c_ [red]"


def test_a_check_that_quotes_a_file_loads_nothing_and_is_told_as_it_is():
    finding = Finding(NAME, 1_234, Answer(("genome", "species"), (("g", AWKWARD),)))
    result = _result("block_index", finding)
    assert result.description == (
        r"1,234 offend: g !\[p\](http://host/p.png) \<img src=x> a_b \_c_ \[red\]; ... and 1,233 more"
    )
    assert r"!\[p\](http" in result.metadata["sample"].value
    evaluation = SimpleNamespace(
        passed=False,
        check_name=NAME,
        description=result.description,
        metadata={},
        severity=result.severity,
    )
    event = SimpleNamespace(
        is_step_failure=False,
        event_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION,
        asset_check_evaluation_data=evaluation,
    )
    assert faults_of([event]) == [f"check {NAME}: 1,234 offend: g {AWKWARD}; ... and 1,233 more"]


@given(st.text())
def test_markdown_shows_the_text_that_it_was_made_of(text):
    assert Markdown.of(text).shown() == printable(text)
