"""Cell sentences in use: built by the command, asked in SQL, read as batches, shown; and what the checks find."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import mlcroissant
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import command
from drawn import drawn

import genatator_assets as ga
from genatator_assets.cells.card import release
from genatator_assets.cells.checks import CHECKS
from genatator_assets.cells.figure import ages_figure, tissues_figure
from genatator_assets.cells.verify import verify
from genatator_assets.errors import ReadingError
from genatator_assets.parts import load_catalogue
from genatator_assets.query.checks import check_names, run_check
from genatator_assets.query.connect import ask, connect

A, B = (f"{digit * 8}-{digit * 4}-4{digit * 3}-8{digit * 3}-{digit * 12}" for digit in "12")
BLUE, GREEN = "#26a", "#2a6"
CATALOGUE = """\
dataset: cells
cells:
  datasets:
    - {glob: "INPUT/*-1111-*.h5ad"}
    - {glob: "INPUT/*-2222-*.h5ad"}
    - {path: INPUT/many_donors.h5ad}
    - {path: INPUT/obs_types.h5ad}
    - {path: INPUT/no_stage_no_donor.h5ad}
    - {path: INPUT/scaled_with_raw.h5ad}
"""


@pytest.fixture(scope="module")
def root(cell_fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built by the command: one file is bad, and one has no cell that is kept."""
    folder = tmp_path_factory.mktemp("cells")
    (folder / "cells.yaml").write_text(CATALOGUE.replace("INPUT", str(cell_fixtures / "input")))
    done = command("build", "--catalogue", str(folder / "cells.yaml"), "--root", str(folder / "root"))
    assert done.returncode == 1
    told = done.stderr + done.stdout
    assert "1 of 6 cell_files failed:" in told
    assert told.count("set 'matrix' to raw") == 1
    after = told.partition("failed:")[2].replace(str(cell_fixtures), "")
    assert "check" not in after  # a file without cells is only warned of
    return folder / "root"


def test_views_and_macros(root: Path) -> None:
    with connect(root) as connection:
        counts = ask(connection, "select dataset, split, count(*) from cells group by all").rows
        assert ("many_donors", "test", 139) in counts
        assert ask(connection, "select count(*) from leaks()").rows == ((0,),)
        genes = ask(connection, "select rank, symbol from sentence_genes('cell0-1') where dataset = 'obs_types'").rows
        (sentence,) = ask(
            connection, "select cell_sentence from cells where dataset = 'obs_types' and cell_id = 'cell0-1'"
        ).rows[0]
        assert [symbol for _, symbol in genes] == sentence.split()
        assert [rank for rank, _ in genes] == list(range(1, len(genes) + 1))
        assert ask(connection, "select sum(cells) from age_histogram(years := 10)").rows == ((90 + 40 + 3_000 + 60,),)
        assert ask(connection, "select reason, cells from dropped_cells").rows == (("no_stage", 125),)
        status = dict(ask(connection, "select dataset, status from cell_datasets").rows)
        assert (status["scaled_with_raw"], status["no_stage_no_donor"]) == ("failed", "built")


def test_every_check_passes_on_a_good_dataset(root: Path) -> None:
    with connect(root) as connection:
        for name in check_names("cells"):
            assert run_check(connection, name).passed, name
    catalogue = load_catalogue(root.parent / "cells.yaml")
    found = {check.name: check.run(catalogue, root) for check in CHECKS}
    assert {name for name, finding in found.items() if not finding.passed} == {"every_file_has_cells_that_are_kept"}
    assert found["every_file_has_cells_that_are_kept"].rows == (("no_stage_no_donor", 125),)


@pytest.fixture
def damaged(root: Path, tmp_path: Path) -> Path:
    """A copy whose test chunk of many_donors a test rewrites."""
    shutil.copytree(root / "cells", tmp_path / "root" / "cells")
    return tmp_path / "root"


def rewrite(root: Path, folder: str = "test", /, **columns: list[object]) -> None:
    """Put other values into the first cells of a chunk of many_donors."""
    path = root / "cells" / "many_donors" / folder / "chunk_0000.parquet"
    table = pq.read_table(path, partitioning=None)
    for name, values in columns.items():
        place = table.schema.get_field_index(name)
        new = pa.array([*values, *table[name].to_pylist()[len(values) :]], table.schema.field(name).type)
        table = table.set_column(place, name, new)
    pq.write_table(table, path)


def offending(root: Path) -> set[str]:
    with connect(root) as connection:
        return {name for name in check_names("cells") if not run_check(connection, name).passed}


def test_checks_find_what_is_wrong(damaged: Path) -> None:
    train = pq.read_table(damaged / "cells/many_donors/train/chunk_0000.parquet", partitioning=None)
    rewrite(damaged, donor=[train["donor"][0].as_py()])
    assert "cell_donors_are_in_one_split" in offending(damaged)
    sentences: list[object] = ["MS4A1 MS4A1", "ENSG00000141510"]
    rewrite(damaged, age=[-1.0, 200.0], cell_sentence=sentences, publication_doi=["https://doi.org/10.1000/x"])
    assert {
        "cell_ages_are_in_range",
        "cell_sentences_are_of_symbols",
        "cell_publications_are_well_formed",
        "cell_chunks_agree_with_files",
    } <= offending(damaged)


def test_the_same_sentence_in_two_splits_is_found(damaged: Path) -> None:
    long = " ".join(f"G{number}" for number in range(250))
    for split in ("train", "test"):
        rewrite(damaged, split, cell_sentence=[long], n_genes=[250])
    assert "cells_are_in_one_split" in offending(damaged)
    with connect(damaged) as connection:
        assert ask(connection, "select what, splits, cells from leaks()").rows == (("sentence", ["test", "train"], 2),)


def test_the_same_cell_in_two_splits_is_found(damaged: Path) -> None:
    path = damaged / "cells" / A / "test" / "chunk_0000.parquet"
    table = pq.read_table(path, partitioning=None)
    train = pq.read_table(damaged / "cells" / A / "train" / "chunk_0000.parquet", partitioning=None)
    names = pa.array([train["observation_joinid"][0].as_py(), *table["observation_joinid"].to_pylist()[1:]])
    place = table.schema.get_field_index("observation_joinid")
    pq.write_table(table.set_column(place, "observation_joinid", names), path)
    with connect(damaged) as connection:
        assert [row[0] for row in ask(connection, "from leaks()").rows] == ["observation_joinid"]


def test_verify_finds_what_is_wrong(root: Path, damaged: Path) -> None:
    catalogue = load_catalogue(root.parent / "cells.yaml")
    assert verify(catalogue, damaged, 60) == []
    rewrite(damaged, cell_sentence=["CD3D"], age=[1.0], split=["train"])
    lines = verify(catalogue, damaged, None)
    found = {line.split(": ")[1] for line in lines if line.startswith("many_donors ")}
    assert found == {"cell_sentence", "age", "split"}
    path = damaged / "cells/many_donors/test/chunk_0000.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"copy (from '{path}' limit 100) to '{path}.new' (format parquet)")
    Path(f"{path}.new").replace(path)
    missing = [line for line in verify(catalogue, damaged, None) if "expected in a chunk, found in none" in line]
    assert len(missing) == 39


def test_reading_cells(root: Path) -> None:
    ds = ga.open_dataset(root)
    assert ds.genomes == ()
    cells = ds.cells(split="test", where="dataset = 'many_donors' and age > 60")
    table = cells.to_table()
    assert len(cells) == len(table) > 0
    assert set(table["split"].to_pylist()) == {"test"}
    assert min(table["age"].to_pylist()) > 60
    everything = ds.cells(columns=["cell_id", "cell_sentence"])
    assert sum(len(batch) for batch in everything.batches(500)) == len(everything) == 3_190
    assert everything.schema.names == ["cell_id", "cell_sentence"]


def test_wrong_questions_about_cells(root: Path, tmp_path: Path) -> None:
    ds = ga.open_dataset(root)
    with pytest.raises(ReadingError, match="no cells in the split 'validation'; there are: test, train"):
        ds.cells(split="validation")
    with pytest.raises(ReadingError, match=r"these cells can't be read: [\s\S]*tisue"):
        ds.cells(where="tisue = 'blood'")
    (tmp_path / "cells").mkdir()
    with pytest.raises(ReadingError, match="holds no cell sentences"):
        ga.open_dataset(tmp_path).cells()


def test_cells_for_pytorch(root: Path) -> None:
    cells = ga.open_dataset(root).cells(split="test", columns=["dataset", "cell_id", "age"])
    alone = [(cell["dataset"], cell["cell_id"]) for cell in cells.to_torch()]
    assert len(alone) == len(set(alone)) == 139 + 10 + 9
    shares = [cells.share(number, 2) for number in range(2)]
    assert sorted(map(len, shares)) == [10 + 9, 139]


def test_cells_for_hugging_face(root: Path) -> None:
    import datasets  # noqa: PLC0415 - slow to import

    stream = ga.open_dataset(root).cells(split="train", where="age < 30").to_datasets(c2s=True)
    first = next(iter(stream))
    assert {"cell_name", "cell_sentence"} <= set(first)
    files = str(root / "cells" / "many_donors" / "test" / "*.parquet")
    loaded = datasets.load_dataset("parquet", data_files={"test": files}, split="test", streaming=True)
    assert next(iter(loaded))["cell_sentence"].split()


def test_commands(cell_fixtures: Path) -> None:
    shown = command("cells", "inspect", str(cell_fixtures / "input" / "scaled_with_raw.h5ad"), COLUMNS="200")
    assert shown.returncode == 0, shown.stderr
    assert re.search(r"X\s+│ dense\s+│ float32\s+│ 4,000\s+│ no: negative values", shown.stdout)
    assert re.search(r"raw\s+│ csr\s+│ float32\s+│ 900\s+│ yes", shown.stdout)
    ages = command("cells", "ages", str(cell_fixtures / "input" / "mouse.h5ad"), COLUMNS="200")
    assert re.search(r"MmusDv:0000128 │ 24-month-old stage\s+│ 2\s+│ 2 - 2.08333\s+│ -\s+│ 10", ages.stdout)
    bad = command("cells", "inspect", str(cell_fixtures / "input" / "anndata_v0.11.4.h5ad"))
    assert (bad.returncode, "no X and no raw/X" in bad.stderr) == (2, True)


def test_the_card_and_a_release(root: Path) -> None:
    card = (root / "dataset" / "README.md").read_text()
    assert "### Cells left out" in card
    assert "3,000 | 3,000 | 2,861 | 139 | 120 |" in card
    assert "HGNC of 2025-11 (CC0)" in card
    files = {file.name: file.path for file in release(load_catalogue(root.parent / "cells.yaml"), root)}
    assert all(path.is_file() for path in files.values())
    assert f"cells/{A}/train/chunk_0000.parquet" in files
    assert not any(name.endswith(".json") or "summary" in name for name in files)
    assert "### Ages by split" in card
    assert re.search(r"\| 0 - 10 \|", card) is None  # the youngest of these cells are of 20 years
    assert re.search(r"\| 20 - 30 \| \d+ \| █+ \| \d+ \| █+ \|", card)


@pytest.fixture(scope="module")
def released(root: Path) -> Path:
    """A release, made by the command."""
    folder = root.parent / "release"
    done = command("release", "--root", str(root), "--to", str(folder))
    assert done.returncode == 0, done.stderr
    return folder


def test_a_release_loads_by_dataset(released: Path, tmp_path: Path) -> None:
    import datasets  # noqa: PLC0415 - slow to import

    loaded = datasets.load_dataset(str(released), "many_donors", cache_dir=str(tmp_path / "cache"))
    assert {split: len(cells) for split, cells in loaded.items()} == {"train": 2_861, "test": 139}


def test_the_preview_has_cells_of_every_dataset(released: Path, tmp_path: Path) -> None:
    import datasets  # noqa: PLC0415 - slow to import

    loaded = datasets.load_dataset(str(released), cache_dir=str(tmp_path / "cache"), name="cells_preview")
    of_files = {"train": 4 * 25, "test": 33 + 10 + 9}  # three files have test cells, two of them few
    assert {split: len(cells) for split, cells in loaded.items()} == of_files
    for split, cells in loaded.items():
        for cell in cells:
            assert (cell["split"], bool(cell["cell_sentence"])) == (split, True)
    assert set(loaded["train"]["dataset"]) == {A, B, "many_donors", "obs_types"}


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated", "ignore:The inplace keyword")
def test_mlcroissant_reads_the_cells(released: Path) -> None:
    described = mlcroissant.Dataset(str(released / "croissant.json"))
    assert not described.metadata.ctx.issues.errors
    assert {one.id for one in described.metadata.record_sets} == {"cells_preview", A, B, "many_donors", "obs_types"}
    cells = list(described.records("many_donors"))
    stored = pa.concat_tables(
        pq.read_table(path, partitioning=None) for path in sorted(released.glob("cells/many_donors/*/*.parquet"))
    )
    assert [one["many_donors/cell_sentence"].decode() for one in cells] == stored["cell_sentence"].to_pylist()
    assert [float(one["many_donors/age"]) for one in cells] == stored["age"].to_pylist()
    listed = {file.content_url: file.sha256 for file in described.metadata.file_objects}
    assert listed["cells/donors.parquet"] in (released / "SHA256SUMS").read_text()


def test_push_takes_a_release_of_cells_alone_if_it_is_whole(released: Path, tmp_path: Path) -> None:
    told = command("push", str(released), "lab/cells")
    assert told.returncode == 0, told.stderr
    assert re.search(r"│ cells +│ \d+ ", told.stdout)
    copy = tmp_path / "release"
    shutil.copytree(released, copy)
    path = copy / "cells" / "many_donors" / "test" / "chunk_0000.parquet"
    path.write_bytes(path.read_bytes()[:-1])
    told = command("push", str(copy), "lab/cells")
    assert told.returncode == 2
    assert "has with other bytes than it should cells/many_donors/test/chunk_0000.parquet" in told.stderr


def test_status_names_the_file_that_is_not_built(root: Path) -> None:
    told = json.loads(command("status", "--root", str(root), "--format", "json").stdout)
    states = {asset["asset"]: (asset["counts"], asset["to_do"]) for asset in told["assets"]}
    assert states["cell_chunks"] == ({"intact": 5, "missing": 1}, ["scaled_with_raw"])
    assert states["cell_dataset"] == ({"intact": 1}, [])
    assert not told["finished"]


def test_figures_show_what_was_counted() -> None:
    ages = drawn(ages_figure({"20": {"train": 10, "test": 1}, "40": {"train": 5, "test": 2}}, 10))
    # 3 decades of the 10 that there is room for: 24 units each, 11 for a split
    assert ages.outlines(BLUE) == ["M6 40v-40", "M54 40v-20"]
    assert ages.outlines(GREEN) == ["M17 40v-20", "M65 40v-40"]
    assert [said for *_, said in ages.texts] == ["20", "30", "40"]
    assert ages.caption == "Train blue, at most 10 cells; test green, at most 2 cells in 10 years."
    alone = drawn(ages_figure({"0": {"all": 3}}, 10))
    assert len(alone.paths) == 1
    tissues = drawn(tissues_figure({f"tissue {number}": 100 - number for number in range(14)} | {"<a> & b": 178}))
    assert [said for *_, said in tissues.texts] == ["<a> & b", *(f"tissue {n}" for n in range(7)), "7 others"]
    assert tissues.outlines(BLUE)[:2] == ["M62 4h50", "M62 12h28"]  # 7 others: 630 cells, 178 wide
    assert tissues.outlines(BLUE)[-1] == "M62 68h178"


def test_a_part_that_is_not_asked_for_costs_no_import() -> None:
    code = (
        "import sys; from genatator_assets.parts import load_catalogue; load_catalogue('demo');"
        "assert not [name for name in sys.modules if name.startswith('genatator_assets.cells') or name == 'h5py'];"
        "from genatator_assets.parts import part_named; part_named('cells'); assert 'h5py' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_units_are_told_in_manifests(root: Path) -> None:
    told = json.loads((root / "cells" / "many_donors" / "manifest.json").read_text())
    assert told["made_from"]["step"] == ["cell_dataset", 1]
    assert set(told["made_from"]["inputs"]) == {"source", "plan", "genes", "range_0000"}
