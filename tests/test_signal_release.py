"""A release of tracks: nothing of the machine is in it, it reads as the root does, and what is not whole is refused."""

import hashlib
import shutil
from pathlib import Path
from typing import Any

import mlcroissant
import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from built import CATALOGUE, Dataset
from signalfiles import built, catalogue_of

from genatator_assets.catalogue.remembered import remember
from genatator_assets.errors import DatasetError
from genatator_assets.query.connect import connect
from genatator_assets.reading import open_dataset
from genatator_assets.release import release
from genatator_assets.work.layout import Layout
from genatator_assets.work.layout_signals import SignalLayout

LENGTHS = {"chrA": 1_000, "chrB": 600}
FILES = {
    "g.fa": "".join(f">{name}\n{'ACGTN' * (n // 5)}\n" for name, n in LENGTHS.items()),
    "p.bed": "chrA\t120\t180\tp\t5\t+\nchrA\t940\t1000\tp\t7\t-\nchrB\t10\t20\tp\t3\t-\n",
    "plus.bedGraph": "chrA\t0\t400\t2.5\nchrB\t0\t50\t4\n",
    "minus.bedGraph": "chrA\t10\t400\t3.5\n",
    "listed/deep/s.bedGraph": "chrA\t0\t400\t2.5\nchrA\t400\t1000\t-1\nchrB\t0\t50\t4\n",
    "a/t.csv": "file,name,output_type,strand,note\ndeep/s.bedGraph,one,RNA_SEQ,.,hello\n",
    "b/t.csv": "file,name,output_type,strand,note\ndeep/s.bedGraph,two,RNA_SEQ,.,\n,three,RNA_SEQ,.,\n",
}
SETS = {"tile": {}, "binsize_bp": 100, "resolution_bp": 10, "tracks": ["peaks", "both"], "sequence": {"order": 1}}
SIGNALS: dict[str, Any] = {
    "tracks": [
        {"name": "peaks", "intervals": {"path": "p.bed"}, "value": "score", "stranded": True, "normalize": ["zscore"]},
        {"name": "both", "signal": {"plus": {"path": "plus.bedGraph"}, "minus": {"path": "minus.bedGraph"}}},
    ],
    "tables": [{"path": f"{name}/t.csv", "files": "listed", "missing": "zero"} for name in ("a", "b")],
    "windows": [{"name": "runs", **SETS}, {"name": "kept", **SETS, "store": {"as": "hdf5", "shuffle_seed": 3}}],
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("this-machine")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    assembly = {"genome": "g", "species": "Homo sapiens", "sequence": {"path": "g.fa"}, "splits": {"test": ["chrB"]}}
    catalogue = catalogue_of(folder, {"assemblies": [assembly], "signals": SIGNALS})
    assert [one.error for one in built(catalogue, folder / "root") if one.error] == []
    remember(catalogue, folder / "root")
    return folder / "root"


@pytest.fixture(scope="module")
def released(root: Path) -> Path:
    """The release, after all that it was made from has gone."""
    folder = root.parent.parent / "somewhere-else"
    release(Layout(root), folder)
    return folder


@pytest.fixture
def copy(root: Path, tmp_path: Path) -> Path:
    """A root that may be damaged."""
    return Path(shutil.copytree(root, tmp_path / "root"))


def test_nothing_of_this_machine_is_in_it(root: Path, released: Path) -> None:
    here = str(root.parent)
    files = [path for path in released.rglob("*") if path.is_file()]
    assert {"tracks", "windows", "dataset", "assemblies"} <= {path.relative_to(released).parts[0] for path in files}
    for path in files:
        assert here.encode() not in path.read_bytes(), path
        if path.suffix == ".parquet":
            assert here not in repr(pq.read_metadata(path).metadata), path
            assert here not in repr(pq.read_table(path).to_pylist()), path


def test_the_table_names_files_and_their_hashes(released: Path) -> None:
    rows = {row["track_id"]: row for row in open_dataset(released).tracks().to_pylist()}
    named = {name: (row["file"], row["sha256"], row["origin"]) for name, row in rows.items()}
    hashed = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in FILES.items()}
    assert named == {
        "peaks.plus": ("p.bed", hashed["p.bed"], None),
        "peaks.minus": ("p.bed", hashed["p.bed"], None),
        "both.plus": ("plus.bedGraph", hashed["plus.bedGraph"], None),
        "both.minus": ("minus.bedGraph", hashed["minus.bedGraph"], None),
        "RNA_SEQ.one": ("s.bedGraph", hashed["listed/deep/s.bedGraph"], "t.csv"),
        "RNA_SEQ.two": ("s.bedGraph", hashed["listed/deep/s.bedGraph"], "t.csv (2)"),
    }
    assert dict(rows["RNA_SEQ.one"]["extra"]) == {"note": "hello"}


def test_it_reads_as_the_root_does(root: Path, released: Path) -> None:
    own, of_release = open_dataset(root), open_dataset(released)
    names = own.tracks()["track_id"].to_pylist()
    for chrom, length in LENGTHS.items():
        one, other = (ds.window("g", chrom, 0, length, tracks=names, resolution=10) for ds in (own, of_release))
        assert np.array_equal(one.tracks, other.tracks, equal_nan=True)
        assert other.dna == "ACGTN" * (length // 5)
    assert other.tracks[:6, names.index("both.plus")].tolist() == pytest.approx([4] * 5 + [np.nan], nan_ok=True)
    for name in ("runs", "kept"):
        pairs = zip(own.window_set(name), of_release.window_set(name), strict=True)
        assert all(np.array_equal(a.values, b.values, equal_nan=True) for a, b in pairs)
    assert of_release.normalizers("g") == own.normalizers("g")
    with connect(released) as con:
        found = con.execute("select track_id, covered from track_profiles order by track_id").fetchall()
    assert found[0] == ("RNA_SEQ.one", 1_050)


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated", "ignore:The inplace keyword")
def test_it_is_described_for_people_and_machines(released: Path) -> None:
    card = (released / "README.md").read_text()
    assert "6 tracks" in card
    assert "| g | both.plus | 450 bp | 28.12% | 2.667 | 4 |" in card
    assert f"| g | both | minus.bedGraph | `{hashlib.sha256(FILES['minus.bedGraph'].encode()).hexdigest()}` |" in card
    described = mlcroissant.Dataset(str(released / "croissant.json")).metadata
    assert not described.ctx.issues.errors
    listed = {one.content_url for one in described.file_objects}
    assert {"dataset/tracks.parquet", "tracks/g/both.plus/chrA.parquet", "windows/kept/arrays.h5"} <= listed


def test_the_same_root_gives_the_same_bytes(root: Path, released: Path, tmp_path: Path) -> None:
    release(Layout(root), tmp_path / "again")
    sums = [(folder / "SHA256SUMS").read_text() for folder in (released, tmp_path / "again")]
    assert sums[0] == sums[1]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda layout: layout.track("g", "both.plus", "chrA").unlink(), "track g/both is not built"),
        (lambda layout: layout.recording("g", "RNA_SEQ.two").unlink(), "track g/RNA_SEQ.two is not built"),
        (lambda layout: layout.statistics.unlink(), "statistics"),
        (lambda layout: layout.windows("kept").unlink(), "window set kept is not built"),
    ],
)
def test_what_is_not_whole_is_not_released(copy: Path, tmp_path: Path, damage: Any, message: str) -> None:
    damage(SignalLayout(copy))
    with pytest.raises(DatasetError, match=message):
        release(Layout(copy), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_tracks_and_blocks_are_read_from_one_release(dataset: Dataset, tmp_path: Path) -> None:
    """The DNA is that of the blocks: no second copy of the sequence."""
    root = Path(shutil.copytree(dataset.root, tmp_path / "root"))
    (tmp_path / "p.bed").write_text("chr1\t70000\t70010\tp\t5\n")
    tracks = [{"name": "peaks", "genome": "sim-gencode", "intervals": {"path": "p.bed"}, "value": "score"}]
    catalogue = catalogue_of(tmp_path, {**yaml.safe_load(CATALOGUE), "signals": {"tracks": tracks}})
    assert [one.error for one in built(catalogue, root) if one.error] == []
    remember(catalogue, root)
    release(Layout(root), tmp_path / "out")
    assert not list((tmp_path / "out").rglob("*.fa"))
    own, of_release = (open_dataset(folder) for folder in (root, tmp_path / "out"))
    place = ("sim-gencode", "chr1", 69_990, 70_020)
    one, other = (ds.window(*place, tracks=["peaks"], resolution=10) for ds in (own, of_release))
    assert other.tracks.tolist() == [[0], [5], [0]]
    assert (one.dna, one.targets.tolist()) == (other.dna, other.targets.tolist())
