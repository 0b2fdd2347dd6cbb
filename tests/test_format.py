"""docs/format.md against the files of a dataset and its release: which there are, their columns, types and keys."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from blockfiles import read_block
from built import copy_of

import genatator_assets as ga
from genatator_assets.errors import DatasetError
from genatator_assets.gene_finding.blocks.window import read_targets
from genatator_assets.release import release
from genatator_assets.work.layout import Layout

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "format.md").read_text()
SPLIT = re.split(r"(?m)^##+ (.*)\n", PAGE)
SECTIONS = dict(zip(SPLIT[1::2], SPLIT[2::2], strict=True))
COLUMNS = [heading.strip("`") for heading, body in SECTIONS.items() if "| column | type | |" in body]
TYPES = {
    "list<element: string>": "list<string>",
    "list<element: int32>": "list<int32>",
    "list<element: fixed_size_list<element: float>[12]>": "list<fixed list<float32>[12]>",
    "fixed_size_list<element: double>[12]": "fixed list<float64>[12]",
    "fixed_size_list<element: float>[12]": "fixed list<float32>[12]",
    "fixed_size_list<element: int64>[12]": "fixed list<int64>[12]",
    "dictionary<values=string, indices=int32, ordered=0>": "dictionary<string>",
    "double": "float64",
    "float": "float32",
}


@pytest.fixture(scope="module")
def root(demo: Path) -> Path:
    """The demo dataset, as the command builds it."""
    return demo / "demo-data"


@pytest.fixture(scope="module")
def released(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    release(Layout(root), folder := tmp_path_factory.mktemp("format") / "release")
    return folder


def rows_of(section: str, header: str) -> list[list[str]]:
    """The rows of the table with this header in a section of the page."""
    table = re.search(rf"^{re.escape(header)}\n[|\- ]+\n((?:\|.*\n)+)", SECTIONS[section], re.MULTILINE)
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[1].splitlines()]


def names_in(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def columns_of(heading: str) -> dict[str, str]:
    return {cells[0].strip("`"): cells[1].replace("`", "") for cells in rows_of(f"`{heading}`", "| column | type | |")}


def matching(pattern: str) -> re.Pattern[str]:
    """Of a path of the page: a word in angle brackets is any name, and a folder is all that is in it."""
    text = re.sub(r"<\w+>", r"[^/]+", re.escape(pattern)).replace(r"[^/]+/[^/]+\.made", r".+\.made")
    return re.compile(text + (".+" if pattern.endswith("/") else ""))


def files_in(folder: Path) -> Iterator[str]:
    return (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def found(folder: Path, pattern: str) -> list[Path]:
    return [folder / path for path in files_in(folder) if matching(pattern).fullmatch(path)]


# --- files ---


@pytest.mark.parametrize("section", ["Files", "The release"])
def test_the_page_names_every_file_and_no_other(section, root, released):
    patterns = [name for first, _ in rows_of(section, "| file | what |") for name in names_in(first)]
    folder = root if section == "Files" else released
    there = list(files_in(folder))
    unknown = [path for path in there if not any(matching(pattern).fullmatch(path) for pattern in patterns)]
    assert unknown == []
    absent = [pattern for pattern in patterns if not any(matching(pattern).fullmatch(path) for path in there)]
    assert absent == (["release/"] if section == "Files" else [])  # it was made elsewhere


def test_every_place_that_the_page_leads_to_is_on_it():
    slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in SECTIONS}
    assert {place for place in re.findall(r"\]\(#([^)]+)\)", PAGE) if place not in slugs} == set()


# --- columns ---


def test_every_kind_of_parquet_file_has_its_columns_on_the_page(root):
    patterns = [matching(heading) for heading in COLUMNS]
    there = [path for path in files_in(root) if path.endswith(".parquet")]
    assert [path for path in there if sum(bool(one.fullmatch(path)) for one in patterns) != 1] == []
    assert len(COLUMNS) == len(set(COLUMNS)) == 12


@pytest.mark.parametrize("heading", COLUMNS)
def test_columns_are_those_of_the_files(heading, root, released):
    said = {name: kind.removesuffix(" or null") for name, kind in columns_of(heading).items()}
    files = found(root, heading) + found(released, heading)
    assert files
    for path in files:
        assert {field.name: TYPES.get(str(field.type), str(field.type)) for field in pq.read_schema(path)} == said
        assert list(said) == pq.read_schema(path).names


@pytest.mark.parametrize("heading", [heading for heading in COLUMNS if not heading.startswith("blocks/")])
def test_columns_have_nulls_only_where_the_page_says_so(heading, root):
    said = {name for name, kind in columns_of(heading).items() if kind.endswith(" or null")}
    for path in found(root, heading):
        table = pq.ParquetFile(path).read()
        assert {name for name in table.column_names if table[name].null_count} <= said, path


def test_the_preview_and_the_released_blocks_have_the_columns_of_the_contract(released):
    said = columns_of(COLUMNS[0])
    for folder in ("data", "preview"):
        for path in (released / folder).rglob("*.parquet"):
            assert {one.name: TYPES.get(str(one.type), str(one.type)) for one in pq.read_schema(path)} == said


# --- what the files say of themselves ---


def test_metadata_and_channels_of_blocks_are_those_of_the_page(root):
    path = found(root, COLUMNS[0])[0]
    metadata = read_block(path).metadata
    kinds = {"string": str, "integer": int, "array": list}
    said = rows_of(f"`{COLUMNS[0]}`", "| key of `metadata` | JSON | |")
    assert [(name, type(value)) for name, value in metadata.items()] == [
        (cells[0].strip("`"), kinds[cells[1]]) for cells in said
    ]
    channels = rows_of(f"`{COLUMNS[0]}`", "| index | channel | of | what |")
    assert [(number, name.strip("`")) for number, name, *_ in channels] == [
        (str(number), name) for number, name in enumerate(metadata["target_names"])
    ]


def test_key_value_metadata_are_those_of_the_page(root):
    keys = {cells[0].strip("`") for cells in rows_of("Key-value metadata", "| key | value |")}
    inputs = {files: (names_in(made), names_in(how)) for files, made, how in _made_from()}
    targets = inputs["`targets/`"][1][:3]
    seen = set()
    for path in files_in(root):
        if not path.endswith(".parquet"):
            continue
        said = {key.decode(): value.decode() for key, value in pq.read_metadata(root / path).metadata.items()}
        assert set(said) == keys - (set() if path.startswith("blocks/") else {"genatator_assets.page_table"}), path
        assert said["genatator_assets.format_version"] == re.search(r"format version `(\d+)`", PAGE)[1]
        (files,) = (name for name in inputs if path.startswith(name.strip("`")) or path.endswith("/" + name.strip("`")))
        made = {re.sub("^.*[.]", "<genome>.", name) for name in json.loads(said["genatator_assets.inputs"])}
        how = set(json.loads(said["genatator_assets.parameters"]))
        names, wanted = inputs[files]
        assert made == {name for name in names if name != "aliases"}, path
        assert how == set(targets + wanted[-3:] if path.startswith("blocks/") else wanted[: len(how)]), path
        seen.add(files)
    assert seen == set(inputs)


def _made_from() -> list[list[str]]:
    return rows_of("Key-value metadata", "| file | inputs | parameters |")


@pytest.mark.parametrize(
    ("section", "pattern"),
    [
        ("`assemblies/<genome>/source.json`", "assemblies/<genome>/source.json"),
        ("Inputs in `source.json`", "assemblies/<genome>/source.json"),
        ("`annotation/<genome>/summary.json`", "annotation/<genome>/summary.json"),
        ("Manifests", "assemblies/<genome>/sequence.json"),
        ("Manifests", "targets/<genome>/<chrom>.json"),
        ("Manifests", "blocks/<split>/genome=<genome>/chrom=<chrom>/manifest.json"),
        ("Records of runs", "<folder>/<name>.made"),
    ],
)
def test_keys_of_json_are_those_of_the_page(section, pattern, root):
    said = {name for first, _ in rows_of(section, "| key | |") for name in names_in(first)}
    files = found(root, pattern)
    assert files
    for path in files:
        record = json.loads(path.read_text())
        parts = record["inputs"].values() if section.startswith("Inputs") else [record]
        assert {key for part in parts for key in part} == said, path


def test_keys_of_the_page_table_are_those_of_the_page(root):
    said = pq.read_metadata(found(root, COLUMNS[0])[0]).metadata[b"genatator_assets.page_table"]
    key, *parts = names_in(SECTIONS["The page table"].split("With it")[0])
    assert (key, set(parts)) == ("genatator_assets.page_table", set(json.loads(said)))


def test_facts_of_manifests_are_those_of_the_page(root):
    (facts,) = (what for first, what in rows_of("Manifests", "| key | |") if first == "`facts`")
    of_targets, of_blocks, of_sequences = (names_in(part) for part in re.split("; of blocks|; of sequences", facts))
    (sequences, *_) = found(root, "assemblies/<genome>/sequence.json")
    assert set(json.loads(sequences.read_text())["facts"]) == set(of_sequences)
    assert set(json.loads(found(root, "targets/<genome>/<chrom>.json")[0].read_text())["facts"]) == set(of_targets)
    blocks = json.loads(next(root.glob("blocks/**/manifest.json")).read_text())["facts"]
    assert set(blocks) == set(of_blocks[:4])
    index = set(columns_of("dataset/blocks.parquet"))
    assert set(blocks["chromosome"]) | set(blocks["blocks"][0]) == index - {"species"}


# --- versions ---


def of_version(path: Path, version: str) -> None:
    """Write a file anew that says to be of a format version."""
    file = pq.ParquetFile(path)
    table, said = file.read(), {key: value for key, value in file.metadata.metadata.items() if key != b"ARROW:schema"}
    with pq.ParquetWriter(path, table.schema) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({**said, b"genatator_assets.format_version": version})


def test_files_of_another_format_version_are_refused_by_name(dataset, tmp_path):
    root = copy_of(dataset, tmp_path / "root")
    for path in (root / "assemblies/sim-gencode/chromosomes.parquet", root / "targets/sim-gencode/chr1.parquet"):
        of_version(path, "2")
        with pytest.raises(DatasetError, match=rf"{path} is of format '2', and genatator-assets .* reads format '1'"):
            ga.open_dataset(root).window("sim-gencode", "chr1", 0, 10)
        of_version(path, "1")
    ga.open_dataset(root).window("sim-gencode", "chr1", 0, 10)
    block = next(root.glob("blocks/**/*.parquet"))
    of_version(block, "2")
    with pytest.raises(DatasetError, match="is of format '2'"):
        read_targets(block, 0, 10)
