"""The way back: what files say of themselves, who made them, and the command that follows them to the inputs."""

import hashlib
import json
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from built import Dataset, build_small, copy_of, edit_block, edit_rows
from click.testing import CliRunner, Result

from genatator_assets.cli import main
from genatator_assets.errors import DatasetError
from genatator_assets.query.connect import ask, connect
from genatator_assets.query.lineage import Origin, lineage_of
from genatator_assets.sources.assembly import import_assembly
from genatator_assets.work.made import Made, read_made, record_of, recorded

BLOCK = "blocks/train/genome=sim-gencode/chrom=chr1/60000.parquet"
SEGMENTS = "targets/sim-gencode/chr1.parquet"
TRANSCRIPTS = "annotation/sim-gencode/transcripts.parquet"
PIECES = {"bases", "transcripts", "targets"}
KEYS = {"format_version", "step", "fingerprint", "inputs", "parameters"}


@pytest.fixture
def root(dataset: Dataset, tmp_path: Path) -> Path:
    return copy_of(dataset, tmp_path / "root")


def flat(origin: Origin) -> Iterator[Origin]:
    yield origin
    for other in origin.origins:
        yield from flat(other)


def paths(origin: Origin) -> list[str]:
    return [one.path for one in flat(origin)]


def tables_of(root: Path) -> list[Path]:
    return sorted(root.rglob("*.parquet"))


# --- What files say of themselves ---


def test_every_parquet_file_says_what_it_was_made_from(dataset):
    """The hashes are of input files, of the index, or of what is not a file of its own: bases, transcripts, targets."""
    known = {
        hashlib.sha256(path.read_bytes()).hexdigest()
        for path in [*dataset.root.glob("assemblies/*/simulated/*"), dataset.layout.index]
    }
    for path in tables_of(dataset.root):
        said = {key.decode(): value.decode() for key, value in pq.read_metadata(path).metadata.items()}
        stated = {key.removeprefix("genatator_assets."): value for key, value in said.items() if "genatator" in key}
        assert stated.keys() >= KEYS, path
        inputs = json.loads(stated["inputs"])
        assert inputs, path
        assert {value for name, value in inputs.items() if name not in PIECES} <= known, path


def test_no_parquet_file_says_who_made_it_where_or_when(dataset):
    for path in tables_of(dataset.root):
        said = b"".join(value for key, value in pq.read_metadata(path).metadata.items() if b"genatator" in key)
        for private in (platform.node(), str(dataset.root), "202"):
            assert f'"{private}'.encode() not in said


def test_view_has_every_file_and_every_input(dataset):
    with connect(dataset.root) as connection:
        rows = ask(connection, "select file, input, sha256, read_from from lineage").rows
        (index,) = ask(connection, "select count(*) from lineage where file = 'dataset/blocks.parquet'").rows
    assert {row[0] for row in rows} == {path.relative_to(dataset.root).as_posix() for path in tables_of(dataset.root)}
    assert index == (6,)
    for _, name, sha256, read_from in rows:
        if name not in {"index", *PIECES}:
            assert hashlib.sha256(Path(read_from).read_bytes()).hexdigest() == sha256


def test_input_files_are_where_they_were_read_from(dataset):
    with connect(dataset.root) as connection:
        rows = ask(connection, "select genome, input, sha256, url, path from input_files").rows
    assert [row[:2] for row in rows] == [
        (f"sim-{flavour}", kind) for flavour in ("ensembl", "gencode", "refseq") for kind in ("annotation", "sequence")
    ]
    for *_, sha256, url, path in rows:
        assert url is None
        assert hashlib.sha256(Path(path).read_bytes()).hexdigest() == sha256


# --- The way back ---


def test_a_block_leads_back_to_fasta_and_annotation(dataset):
    way = lineage_of(dataset.root / BLOCK)
    simulated = dataset.layout.simulated("sim-gencode")
    assert paths(way) == [
        BLOCK,
        SEGMENTS,
        TRANSCRIPTS,
        "assemblies/sim-gencode/chromosomes.parquet",
        str(simulated / "sequence.fa"),
        str(simulated / "annotation.gtf"),
        "assemblies/sim-gencode/sequence.fa",
        str(simulated / "sequence.fa"),
    ]
    assert way.state == "is as it was made, from the present inputs"
    assert way.said["parameters"]["kernel"] == {"shape": "laplace", "width_bp": 2.0, "radius_bp": 20}
    for one in flat(way):
        if one.what.startswith("input"):
            assert one.said["sha256"] == hashlib.sha256(Path(one.path).read_bytes()).hexdigest()
            assert one.state == "is there"


def test_every_file_that_is_made_leads_back_to_inputs(dataset):
    more = ["dataset/README.md", "assemblies/sim-refseq/sequence.fa"]
    for path in [*tables_of(dataset.root), *(dataset.root / name for name in more)]:
        leaves = [one for one in flat(lineage_of(path)) if not one.origins]
        assert leaves, path
        assert all(leaf.what in {"input: sequence", "input: annotation"} for leaf in leaves), path


def states(root: Path, path: str) -> dict[str, str]:
    """What is told of the files on the way, of those of which not all is well."""
    told = {one.path: one.state for one in flat(lineage_of(root / path))}
    return {path: state for path, state in told.items() if not state.startswith(("is there", "is as it was made"))}


def test_changed_block_is_told(root):
    edit_block(root / BLOCK, lambda parts: parts.targets.fill(0))
    assert states(root, BLOCK) == {BLOCK: "has CHANGED since it was made"}


def test_changed_targets_are_told(root):
    edit_rows(root / SEGMENTS, lambda rows: rows[1:])
    assert states(root, BLOCK) == {SEGMENTS: "has CHANGED since it was made"}


def test_unfinished_block_is_told(root):
    (root / BLOCK).with_name("manifest.json").unlink()
    assert states(root, BLOCK) == {BLOCK: "is not finished: no manifest lists it"}


def test_missing_file_on_the_way_is_told(root):
    (root / TRANSCRIPTS).unlink()
    assert states(root, BLOCK) == {TRANSCRIPTS: "is missing"}


def test_everything_made_from_an_annotation_that_changed_is_stale(tmp_path):
    small = build_small(tmp_path / "own")
    annotation = small.layout.simulated("sim-gencode") / "annotation.gtf"
    annotation.write_text(annotation.read_text() + "# a line more\n")
    record = json.loads(small.layout.source("sim-gencode").read_text())
    record["inputs"]["annotation"]["sha256"] = hashlib.sha256(annotation.read_bytes()).hexdigest()
    small.layout.source("sim-gencode").write_text(json.dumps(record))
    stale = "is STALE: it was made from another annotation than there is now"
    assert states(small.root, BLOCK) == {BLOCK: stale, SEGMENTS: stale, TRANSCRIPTS: stale}
    told = states(small.root, "dataset/blocks.parquet")
    assert told.pop("dataset/blocks.parquet").replace("sim-gencode.", "") == stale
    assert told == {TRANSCRIPTS: stale}
    assert states(small.root, "blocks/test/genome=sim-refseq/chrom=NC_903001.1/0.parquet") == {}


def test_statistics_of_an_older_index_are_stale(root):
    edit_rows(root / "dataset/blocks.parquet", lambda rows: rows[1:])
    told = states(root, "dataset/statistics/target_sums.parquet")
    assert told == {
        "dataset/statistics/target_sums.parquet": "is STALE: it was made from another index than there is now"
    }


def test_input_that_is_gone_is_told(tmp_path):
    small = build_small(tmp_path / "own")
    annotation = small.layout.simulated("sim-gencode") / "annotation.gtf"
    annotation.unlink()
    assert states(small.root, BLOCK) == {str(annotation): "is GONE from where it was"}


def test_input_that_was_fetched_is_told_with_its_address(root):
    path = root / "assemblies/sim-gencode/source.json"
    url = "https://example.org/annotation.gtf"
    record = json.loads(path.read_text())
    record["inputs"]["annotation"]["url"] = url
    path.write_text(json.dumps(record))
    (annotation,) = [one for one in flat(lineage_of(root / BLOCK)) if one.what == "input: annotation"]
    assert annotation.said["fetched from"] == url
    with connect(root) as connection:
        question = "select distinct read_from from lineage where input = 'annotation' and file like '%sim-gencode%'"
        assert ask(connection, question).rows == ((url,),)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nothing.parquet", "nothing.parquet: no such file"),
        ("../small/catalogue.yaml", "is in no dataset"),
        ("assemblies/sim-gencode/source.json", "is none of the files"),
        ("dataset/catalog.sql", "is none of the files"),
        ("blocks", "no such file"),
    ],
)
def test_what_leads_nowhere_is_a_users_error(dataset, path, message):
    with pytest.raises(DatasetError, match=message):
        lineage_of(dataset.root.parent / "root" / path if not path.startswith("..") else dataset.root.parent / path)


def test_damaged_file_is_a_users_error(root):
    (root / BLOCK).write_bytes(b"PAR1")
    with pytest.raises(DatasetError, match=r"60000\.parquet can't be read"):
        lineage_of(root / BLOCK)


# --- The command ---


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["lineage", *arguments])


def test_command_prints_the_way_as_a_tree(dataset):
    result = run(str(dataset.root / BLOCK))
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0] == f"{BLOCK} (block) is as it was made, from the present inputs"
    assert f"├── {SEGMENTS} (targets of a chromosome) is as it was made, from the present inputs" in lines
    assert any(line.endswith("annotation.gtf (input: annotation) is there") for line in lines)
    assert any('"radius_bp": 20' in line for line in lines)
    assert any("made by a call without Dagster on" in line for line in lines)


def test_command_tells_a_users_error(dataset):
    result = run(str(dataset.root / "nothing"))
    assert result.exit_code == 2
    assert "no such file" in result.output


# --- Who made it ---


def test_chromosomes_record_who_made_them_and_an_intact_one_keeps_its_record(dataset):
    for record in (dataset.root / BLOCK).with_name("manifest.json"), (dataset.root / SEGMENTS).with_suffix(".json"):
        made = read_made(record)
        assert made is not None
        assert (made.run_id, made.host) == (None, platform.node())
        assert made.started.endswith("+00:00")
        assert 0 <= made.seconds < 60


def test_a_record_is_written_when_the_work_is_done(tmp_path):
    path = tmp_path / "new" / "a.b.json"
    with recorded(path, "run"):
        assert not record_of(path).exists()
    assert record_of(path).name == "a.b.made"
    made = read_made(path)
    assert made == Made("run", platform.node(), made.started, made.seconds)


def test_what_is_left_alone_keeps_its_record_and_what_has_none_is_given_one(tmp_path):
    path = tmp_path / "a.json"
    with recorded(path, "first"):
        path.write_text("1")
    with recorded(path, "second"):
        pass
    assert read_made(path).run_id == "first"
    with recorded(path, "third"):
        path.write_text("1")
    assert read_made(path).run_id == "third"
    record_of(path).unlink()
    with recorded(path, "fourth"):
        pass
    assert read_made(path).run_id == "fourth"


def test_failed_work_leaves_no_record(tmp_path):
    with pytest.raises(ValueError, match="no"), recorded(tmp_path / "a.json", None):
        raise ValueError("no")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "[]", "{}", "null", '{"run_id": 1}', '{"a": 1}'])
def test_what_is_no_record_tells_nothing(tmp_path, content):
    record_of(tmp_path / "a.json").write_text(content)
    assert read_made(tmp_path / "a.json") is None


def test_import_says_which_table_of_names_it_was_made_with(tmp_path):
    """A table of names decides which chromosome a transcript lies on, so it is an input like the others."""
    from genatator_assets.annotation.transcripts import select_isoforms  # noqa: PLC0415
    from genatator_assets.parts import load_catalogue  # noqa: PLC0415
    from genatator_assets.work.layout import Layout  # noqa: PLC0415

    (tmp_path / "a.fa").write_text(">seq1\n" + "ACGT" * 30 + "\n")
    (tmp_path / "a.gtf").write_text(
        'one\tx\ttranscript\t5\t50\t.\t+\t.\ttranscript_type "protein_coding"; transcript_id "t";\n'
    )
    (tmp_path / "names.txt").write_text("seq1\tone\n")
    (tmp_path / "catalogue.yaml").write_text(
        "dataset: d\nmin_chromosome_length_bp: 100\nassemblies:\n- genome: g\n  species: S\n  sequence: {path: a.fa}\n"
        "  annotation: {path: a.gtf, flavour: gencode}\n  aliases: {path: names.txt}\n"
    )
    catalogue, layout = load_catalogue(tmp_path / "catalogue.yaml"), Layout(tmp_path / "root")
    import_assembly(catalogue, "g", layout)
    select_isoforms(catalogue, "g", layout)
    expected = hashlib.sha256((tmp_path / "names.txt").read_bytes()).hexdigest()
    for path in (layout.chromosomes("g"), layout.transcripts("g")):
        said: Any = json.loads(pq.read_metadata(path).metadata[b"genatator_assets.inputs"])
        assert said["aliases"] == expected
    assert "input: aliases" in [one.what for one in flat(lineage_of(layout.transcripts("g")))]
