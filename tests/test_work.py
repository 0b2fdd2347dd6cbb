"""Whole files, safe names, manifests and tables."""

import hashlib
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jobs import Job

from genatator_assets.errors import DatasetError, GenatatorError
from genatator_assets.work.damage import damaged_files
from genatator_assets.work.files import (
    canonical_json,
    measure,
    path_name,
    plain_name,
    sha256_of_file,
    whole_file,
    write_json,
)
from genatator_assets.work.layout import Layout, chromosome_key, parse_key
from genatator_assets.work.manifest import Manifest, OutputFile, fingerprint_of, finished, read_manifest
from genatator_assets.work.outcome import Outcome, guarded
from genatator_assets.work.tables import read_table, write_table
from genatator_assets.work.unit import Provenance, Step

# Files


def test_a_whole_file_takes_the_place_of_the_old_one(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    with whole_file(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
        assert temporary.parent == tmp_path
        assert temporary.name.startswith(".")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("interruption", [ValueError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("before", [["file"], []])
def test_an_interrupted_file_leaves_what_was_there(tmp_path, interruption, before):
    path = tmp_path / "file"
    for _ in before:
        path.write_text("old")

    def write_half():
        with whole_file(path) as temporary:
            temporary.write_text("half")
            raise interruption

    with pytest.raises(interruption):
        write_half()
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [(name, "old") for name in before]


def test_a_file_that_was_never_written_is_an_error(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(FileNotFoundError), whole_file(path):
        pass
    assert path.read_text() == "old"


def test_folders_are_made_for_a_file(tmp_path):
    write_json(tmp_path / "a" / "b" / "file.json", {"b": 1, "a": "é"})
    assert (tmp_path / "a" / "b" / "file.json").read_text() == '{\n "a": "\\u00e9",\n "b": 1\n}\n'


def test_canonical_json_and_hashes_are_the_known_ones(tmp_path):
    assert canonical_json({"b": [1, None], "a": {"d": 0.5, "c": True}}) == '{"a":{"c":true,"d":0.5},"b":[1,null]}'
    (tmp_path / "abc").write_bytes(b"abc")  # the example of FIPS 180-2
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256_of_file(tmp_path / "abc") == expected


# Names

names = st.text(st.one_of(st.sampled_from("./%~ *\\:_=+-\0\n"), st.characters(codec="utf-8")), min_size=1, max_size=17)


@given(names)
@example("..")
@example("...")
@example(".a")
@example("%2E")
@example("a..b...c")
def test_every_name_becomes_a_safe_component_and_comes_back(name):
    component = path_name(name)
    assert plain_name(component) == name
    assert re.fullmatch(r"[A-Za-z0-9_+%-][A-Za-z0-9._+%-]*", component)
    assert ".." not in component


@given(names, names)
def test_a_chromosome_key_names_one_chromosome(genome, chrom):
    key = chromosome_key(genome, chrom)
    assert parse_key(key) == (genome, chrom)
    assert key.count("/") == 1
    assert "..." not in key


@pytest.mark.parametrize(("name", "size"), [("", 0), ("a" * 216, 216), ("*" * 72, 216)])
def test_names_that_no_file_system_takes_are_refused(name, size):
    with pytest.raises(GenatatorError, match=f"it has {size} bytes there, expected 1 to 215"):
        path_name(name)


def test_the_longest_name_can_be_written(tmp_path):
    layout = Layout(tmp_path)
    longest = "a" * 215
    for path in [layout.segments(longest, longest), layout.blocks_manifest("validation", longest, longest)]:
        write_json(path, {})


@given(names, names)
def test_no_path_leaves_the_root(genome, chrom):
    layout = Layout(Path("/root"))
    for path in [layout.sequence(genome), layout.segments(genome, chrom), layout.block("test", genome, chrom, 0)]:
        assert os.path.normpath(path) == str(path)
        assert path.is_relative_to("/root")


@pytest.mark.parametrize(
    "key",
    [
        "",
        "a",
        "a/",
        "/b",
        "a/b/c",
        "../b",
        "a/..",
        "a/b c",
        "a,b/c",
        "a/b...c",
        "a/b\n",
        "a/%62",
        "a/b%2",
        "a/b\0",
        "é/b",
    ],
)
def test_what_is_no_key_is_told(key):
    with pytest.raises(DatasetError, match="is not the key of a chromosome"):
        parse_key(key)


# Manifests


@pytest.fixture
def unit(tmp_path):
    """A finished unit of two files, made by the fingerprint 'f'."""
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
    outputs = tuple(OutputFile.of(tmp_path / name, tmp_path, measure(tmp_path / name)) for name in ("one", "two"))
    manifest = Manifest("f", outputs, {"nt": 5})
    manifest.write(tmp_path / "manifest.json")
    return manifest


def test_a_finished_unit_gives_its_manifest(tmp_path, unit):
    assert finished(tmp_path / "manifest.json", "f", tmp_path) == unit
    assert unit.outputs[0] == OutputFile(
        "one", 3, "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
    )  # printf one | sha256sum


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "one").unlink(),
        lambda folder: (folder / "two").write_text("tw"),
        lambda folder: (folder / "two").write_text(""),
        lambda folder: [(folder / "one").unlink(), (folder / "one").mkdir()],
        lambda folder: (folder / "manifest.json").unlink(),
    ],
)
@pytest.mark.usefixtures("unit")
def test_a_unit_without_all_its_files_is_not_finished(tmp_path, damage):
    damage(tmp_path)
    assert finished(tmp_path / "manifest.json", "f", tmp_path) is None


@pytest.mark.usefixtures("unit")
def test_a_unit_made_from_something_else_is_not_finished(tmp_path):
    assert finished(tmp_path / "manifest.json", "g", tmp_path) is None


@pytest.mark.usefixtures("unit")
def test_bytes_that_changed_are_found_and_nothing_else(tmp_path):
    manifest = tmp_path / "manifest.json"
    assert damaged_files(manifest, tmp_path) == []
    (tmp_path / "two").write_text("twp")
    assert finished(manifest, "f", tmp_path)  # as large as it was: only reading it tells
    assert damaged_files(manifest, tmp_path) == ["two"]
    (tmp_path / "two").unlink()
    assert damaged_files(manifest, tmp_path) == ["two"]
    manifest.unlink()
    assert damaged_files(manifest, tmp_path) == []


GARBAGE = [
    b"",
    b"{",
    b"null",
    b"3",
    b'"text"',
    b"[]",
    b"{}",
    b"\xff\xfe\x00",
    b'{"fingerprint": "f", "outputs": 3, "facts": {}}',
    b'{"fingerprint": "f", "outputs": ["one"], "facts": {}}',
    b'{"fingerprint": "f", "outputs": [{"path": "one"}], "facts": {}}',
    b'{"fingerprint": "f", "outputs": [{"path": "one", "bytes": 3, "sha256": "", "more": 1}], "facts": {}}',
    b'{"fingerprint": "f", "outputs": []}',
]


@pytest.mark.parametrize("content", GARBAGE)
def test_what_is_no_manifest_finishes_nothing(tmp_path, content):
    path = tmp_path / "manifest.json"
    path.write_bytes(content)
    assert read_manifest(path) is None
    assert finished(path, "f", tmp_path) is None


def test_a_fingerprint_depends_on_every_ingredient_and_not_on_their_order():
    assert fingerprint_of({"a": 1, "b": {"c": 2, "d": 3}}) == fingerprint_of({"b": {"d": 3, "c": 2}, "a": 1})
    others = [{"a": 1}, {"a": "1"}, {"a": 2}, {"b": 1}, {"a": 1, "b": None}, {"a": [1]}]
    assert len({fingerprint_of(other) for other in others}) == len(others)


@pytest.mark.parametrize(("status", "error"), [("built", "told"), ("intact", ""), ("failed", None)])
def test_an_error_and_the_status_failed_come_together(status, error):
    with pytest.raises(ValueError, match="does not go with"):
        Outcome("g/c", status, error=error)


def test_an_error_that_was_expected_is_its_words():
    assert Outcome.failed("g/c", DatasetError("x.fa:3: mend it")) == Outcome("g/c", "failed", error="x.fa:3: mend it")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("found\n\t3"), "ValueError: found 3"),
        (MemoryError(), "MemoryError"),
        (OSError(28, "No space left on device"), "OSError: [Errno 28] No space left on device"),
    ],
)
def test_an_error_that_nobody_expected_is_one_line_with_a_traceback_beside_it(error, told):
    def work(task):
        raise error

    outcome = guarded(work, Job("g/c", 1))
    assert (outcome.key, outcome.status) == ("g/c", "failed")
    assert re.fullmatch(rf"{re.escape(told)} \(test_work\.py:\d+ in work\)", outcome.error)
    assert outcome.traceback.startswith("Traceback (most recent call last)")
    assert ", in work\n" in outcome.traceback


def test_a_traceback_has_those_of_the_causes():
    def work(task):
        try:
            {}["lost"]
        except KeyError as error:
            raise ValueError("the rest") from error

    assert "KeyError: 'lost'" in guarded(work, Job("g/c", 1)).traceback


def test_of_a_very_long_traceback_the_end_is_kept():
    def work(task):
        raise ValueError("x" * 30_000)

    outcome = guarded(work, Job("g/c", 1))
    assert len(outcome.traceback) == 20_003
    assert outcome.traceback.endswith("xx\n")


def test_interruptions_are_no_outcome():
    def work(task):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        guarded(work, Job("g/c", 1))


def test_there_is_no_traceback_without_an_error():
    with pytest.raises(ValueError, match="has no error, but a traceback"):
        Outcome("g/c", "built", traceback="Traceback")


# Tables

TABLE = pa.table({"chrom": ["chr1", "chr2", None], "length": [3, 2, 1], "aliases": [["1"], [], ["M", "MT"]]})
PROVENANCE = Provenance(
    {"sequence": "ab" * 32}, {"kernel": {"width_bp": 2.0, "shape": "box"}, "length": 5}, Step("made up", 3)
)
WHOLE = (
    f'{{"format":"1","inputs":{{"sequence":"{"ab" * 32}"}},'
    '"parameters":{"kernel":{"shape":"box","width_bp":2.0},"length":5},"step":["made up",3]}'
)


def test_a_table_comes_back_with_its_provenance(tmp_path):
    path = tmp_path / "new" / "table.parquet"
    write_table(path, TABLE, PROVENANCE)
    assert read_table(path).equals(TABLE)
    assert read_table(path, columns=["length"]).column_names == ["length"]
    metadata = pq.read_metadata(path).metadata
    assert {key.decode(): value.decode() for key, value in metadata.items() if key.startswith(b"genatator")} == {
        "genatator_assets.format_version": "1",
        "genatator_assets.inputs": json.dumps({"sequence": "ab" * 32}, separators=(",", ":")),
        "genatator_assets.parameters": '{"kernel":{"shape":"box","width_bp":2.0},"length":5}',
        "genatator_assets.step": "made up 3",
        "genatator_assets.fingerprint": hashlib.sha256(WHOLE.encode()).hexdigest(),
    }


def test_the_same_table_and_provenance_give_the_same_bytes(tmp_path):
    again = replace(PROVENANCE, parameters=dict(reversed(PROVENANCE.parameters.items())))
    for name, provenance in [("a", PROVENANCE), ("b", again), ("c", replace(PROVENANCE, parameters={"length": 6}))]:
        write_table(tmp_path / name, pa.table(TABLE.to_pydict(), TABLE.schema), provenance)
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_a_table_that_is_not_there_is_told(tmp_path):
    with pytest.raises(DatasetError, match=r"absent\.parquet does not exist: .*build the dataset"):
        read_table(tmp_path / "absent.parquet")


@pytest.mark.parametrize("kept", [0, 3, 100, 0.5, -9, -1])
def test_a_truncated_table_is_told(tmp_path, kept):
    path = tmp_path / "table.parquet"
    write_table(path, TABLE, PROVENANCE)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole)) if isinstance(kept, float) else kept])
    with pytest.raises(DatasetError, match=r"table\.parquet can't be read .*; delete it and build again"):
        read_table(path)


def test_a_table_with_a_damaged_byte_is_read_or_told_but_never_crashes(tmp_path):
    path = tmp_path / "table.parquet"
    write_table(path, TABLE, PROVENANCE)
    whole = path.read_bytes()
    told = 0
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            read_table(path)
        except DatasetError:
            told += 1
    assert told > len(whole) // 3
