"""Window sets of the catalogue: stored or read from runs they are the same, and both are what numpy makes of bases."""

import hashlib
import json
import pickle
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from signalfiles import built, catalogue_of
from torch.utils.data import DataLoader

from genatator_assets.errors import ReadingError
from genatator_assets.genomic import Cover, subset, view
from genatator_assets.query.connect import connect
from genatator_assets.reading import open_dataset
from genatator_assets.reading.torch import WindowDataset
from genatator_assets.reading.window_set import WindowSet
from genatator_assets.signals import windows
from genatator_assets.signals.normalize import Fitted

LENGTHS = {"chrA": 1_000, "chrB": 600}
WINDOWS_SHA256 = "239aaee0a54f9abd7ed7dc543974307f78e90b821477e2e2c069e43de785f610"
VALUES_SHA256 = "f4888b789600b0467ea53b9941bb7b4b63e465f37e783943631ee76e2e850b28"
REGIONS = "chrA\t100\t350\tx\t0\t+\nchrA\t900\t980\ty\t0\t-\nchrB\t0\t100\tz\t0\t-\nother\t0\t9\tw\t0\t+\n"
PEAKS = "chrA\t120\t180\tp\t5\t+\nchrA\t940\t1000\tp\t7\t-\nchrB\t10\t20\tp\t3\t-\nchrB\t500\t600\tp\t2\t+\n"
SIGNAL = "chrA\t0\t400\t2.5\nchrA\t400\t1000\t-1\nchrB\t0\t50\t4\n"


def section(**sets: Any) -> dict[str, Any]:
    tracks = [
        {"name": "peaks", "intervals": {"path": "p.bed"}, "value": "score", "stranded": True},
        {"name": "signal", "signal": {"path": "s.bedGraph"}, "normalize": ["zscore"]},
    ]
    return {"tracks": tracks, "windows": [{"name": name, **keys} for name, keys in sets.items()]}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sets")
    (folder / "g.fa").write_text("".join(f">{name}\n{'ACGTN' * (n // 5)}\n" for name, n in LENGTHS.items()))
    for name, text in (("r.bed", REGIONS), ("p.bed", PEAKS), ("s.bedGraph", SIGNAL)):
        (folder / name).write_text(text)
    own = {"regions": {"path": "r.bed"}, "binsize_bp": 100, "flank_bp": 10, "resolution_bp": 25}
    both = {**own, "tracks": ["peaks", "signal"], "collapser": {"peaks": "sum"}, "sequence": {"order": 2}}
    sets = {
        "runs": both,
        "kept": {**both, "store": {"as": "hdf5", "shuffle_seed": 3}},
        "tiled": {
            "tile": {},
            "binsize_bp": 300,
            "resolution_bp": 300,
            "tracks": ["peaks"],
            "collapser": {"peaks": "mean"},
        },
    }
    assembly = {
        "genome": "g",
        "species": "Homo sapiens",
        "sequence": {"path": "g.fa"},
        "splits": {"test": ["chrB"]},
    }
    catalogue = catalogue_of(folder, {"assemblies": [assembly], "signals": section(**sets)})
    assert [one.error for one in built(catalogue, folder / "root") if one.error] == []
    assert {one.status for one in built(catalogue, folder / "root") if one.key} == {"intact"}
    return folder / "root"


def bases(chrom: str, strand: str) -> Any:
    """Values of peaks (a strand) or of the signal (".") along a chromosome, from the lines of the files."""
    values = np.full(LENGTHS[chrom], np.nan if strand == "." else 0.0)
    for line in (SIGNAL if strand == "." else PEAKS).splitlines():
        name, start, end, *rest = line.split("\t")
        if name == chrom and strand in (".", rest[-1]):
            values[int(start) : int(end)] = float(rest[0] if strand == "." else rest[1])
    return values


def expected(chrom: str, start: int, end: int, strand: str) -> Any:
    """A window by numpy alone: each base, normalised, then in bins of 25."""
    training = bases("chrA", ".")
    columns = []
    order = ["+", "-", "."] if strand != "-" else ["-", "+", "."]
    for which in order:
        known = bases(chrom, which)
        own = np.full(end - start, np.nan if which == "." else 0.0)
        inside = slice(max(0, start), min(end, len(known)))
        own[inside.start - start : inside.stop - start] = known[inside]
        if which == ".":
            own = (own - training.mean()) / training.std(ddof=1)
        bins = [own[first : first + 25] for first in range(0, len(own), 25)]
        make = np.nanmean if which == "." else np.nansum
        found = [make(one) if not np.isnan(one).all() else np.nan for one in bins]
        found = found[::-1] if strand == "-" else found
        columns.append(found + [np.nan if which == "." else 0.0] * (5 - len(found)))
    return np.array(columns).T


def test_windows_are_what_numpy_makes_of_the_bases(root: Path) -> None:
    runs = open_dataset(root).window_set("runs")
    assert runs.track_names == ("peaks.plus", "peaks.minus", "signal")
    places = [(one.place["chrom"], one.place["start"], one.place["end"], one.place["strand"]) for one in runs]
    assert places == [
        ("chrA", 90, 210, "+"),
        ("chrA", 190, 310, "+"),
        ("chrA", 290, 360, "+"),
        ("chrA", 890, 990, "-"),
        ("chrB", -10, 110, "-"),
    ]
    for place, one in zip(places, runs, strict=True):
        np.testing.assert_allclose(one.values, expected(*place), rtol=1e-5)
    assert [one.place["split"] for one in runs] == ["train"] * 4 + ["test"]


def test_dna_is_of_the_same_bases(root: Path) -> None:
    window = open_dataset(root).window_set("runs")[4]  # chrB [-10, 110) on -: ... TGCAN reversed is NACGT
    assert window.dna is not None
    assert window.dna.shape == (119, 16)
    words = ["ACGT"[code // 4] + "ACGT"[code % 4] for code in window.dna[:5].argmax(axis=1)]
    assert window.dna[:5].any(axis=1).tolist() == [False, True, True, True, False]
    assert words[1:4] == ["AC", "CG", "GT"]
    assert not window.dna[-10:].any()


def test_what_is_stored_is_what_is_read_from_runs(root: Path) -> None:
    dataset = open_dataset(root)
    kept, runs = dataset.window_set("kept"), dataset.window_set("runs")
    assert (root / "windows/kept/arrays.h5").is_file()
    order = np.random.RandomState(3).permutation(5).tolist()
    for place, one in enumerate(kept):
        same = runs[order[place]]
        assert one.place == same.place
        np.testing.assert_array_equal(one.values, same.values)
        np.testing.assert_array_equal(one.dna, same.dna)
    copy: WindowSet = pickle.loads(pickle.dumps(kept))
    np.testing.assert_array_equal(copy.batch([4, -5]), np.stack([kept[4].values, kept[0].values]))


def test_a_cover_of_a_set_has_its_values(root: Path) -> None:
    dataset = open_dataset(root)
    tiled = Cover.from_dataset(root, "tiled")
    assert (tiled.shape, tiled.conditions) == ((6, 1, 2, 1), ["peaks"])
    plus, minus = (np.concatenate([bases(chrom, strand) for chrom in LENGTHS]) for strand in "+-")
    edges = [0, 300, 600, 900, 1_000, 1_300]
    means = [[one[a:b].mean() for one in (plus, minus)] for a, b in zip(edges, [*edges[1:], 1_600], strict=True)]
    np.testing.assert_allclose(tiled[:][:, 0, :, 0], means, rtol=1e-5)
    for name in ("runs", "kept"):
        cover = Cover.from_dataset(root, name)
        assert cover.conditions == ["peaks.plus", "peaks.minus", "signal"]
        np.testing.assert_array_equal(cover[:][:, :, 0], dataset.window_set(name).batch(range(5)))
    np.testing.assert_allclose(
        Cover.from_dataset(root, "runs", "test")[0][0, :, 0], expected("chrB", -10, 110, "-"), rtol=1e-5
    )
    part = subset(tiled, include_regions="chrB")
    np.testing.assert_array_equal(part[:], tiled[4:])
    elsewhere = view(tiled, [("chrA", 30, 630, "-")])
    np.testing.assert_allclose(
        elsewhere[:][:, 0, :, 0], [[minus[a:b].mean(), plus[a:b].mean()] for a, b in ((30, 330), (330, 630))]
    )
    np.testing.assert_array_equal(tiled["chrA", 900, 902][0, :, 1, 0], np.float32([means[3][1]] * 2))


def test_normalisers_are_of_training_chromosomes_and_go_with_a_model(root: Path) -> None:
    dataset = open_dataset(root)
    fitted = dataset.normalizers("g")
    assert set(fitted) == {"signal"}
    training = bases("chrA", ".")
    raw = dataset.window("g", "chrB", 0, 50, tracks=["signal"]).tracks
    normal = dataset.window("g", "chrB", 0, 50, tracks=["signal"], normalize=True).tracks
    assert raw is not None
    assert normal is not None
    np.testing.assert_allclose(normal, (raw - training.mean()) / training.std(ddof=1), rtol=1e-5)
    deployed = Fitted.of_json(json.loads(json.dumps(fitted["signal"].as_json())))
    np.testing.assert_array_equal(deployed(raw), normal)


def test_torch_gets_all_of_it(root: Path) -> None:
    dataset = open_dataset(root)
    batch = next(iter(DataLoader(dataset["train"].window_set("kept").to_torch(), batch_size=4)))
    assert tuple(batch["tracks"].shape) == (4, 5, 3)
    assert tuple(batch["dna"].shape) == (4, 119, 16)
    assert batch["split"] == ["train"] * 4
    stream = WindowDataset(dataset, dataset.windows(200), tracks=["signal"], resolution=50)
    assert tuple(stream[0]["tracks"].shape) == (4, 1)
    np.testing.assert_allclose(stream[0]["tracks"][:, 0], 2.5)


def test_sql_lists_sets_and_windows(root: Path) -> None:
    with connect(root) as connection:
        sets = connection.sql("select name, windows, bins, stored from window_sets order by name").fetchall()
        assert sets == [("kept", 5, 5, True), ("runs", 5, 5, False), ("tiled", 6, 1, False)]
        counts = connection.sql("select split, count(*) from windows where \"set\" = 'runs' group by 1 order by 1")
        assert counts.fetchall() == [("test", 1), ("train", 4)]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"tracks": ["signl"]}, "no track 'signl' of g; did you mean 'signal'"),
        ({"tracks": ["peaks.plus"]}, "beside peaks.plus it needs the track of the other strand"),
        ({"tracks": ["signal"], "regions": {"path": "o.bed"}}, "none of the 1 regions lies on an included chromosome"),
    ],
)
def test_what_cannot_be_a_set_is_refused(root: Path, tmp_path: Path, keys: dict[str, Any], words: str) -> None:
    for name in ("g.fa", "r.bed", "p.bed", "s.bedGraph"):
        (tmp_path / name).write_bytes((root.parent / name).read_bytes())
    (tmp_path / "o.bed").write_text("chrZ\t0\t10\n")
    assembly = {"genome": "g", "species": "Homo sapiens", "sequence": {"path": "g.fa"}}
    sets = {"bad": {"regions": {"path": "r.bed"}, "binsize_bp": 100, **keys}}
    catalogue = catalogue_of(tmp_path, {"assemblies": [assembly], "signals": section(**sets)})
    errors = [one.error for one in built(catalogue, tmp_path / "root") if one.error]
    assert len(errors) == 1
    assert words in errors[0]
    assert not (tmp_path / "root/windows").exists()


def test_a_set_that_is_not_there_is_named(root: Path) -> None:
    with pytest.raises(ReadingError, match=r"no window set 'rums'.*did you mean 'runs'"):
        open_dataset(root).window_set("rums")
    with pytest.raises(ReadingError, match="no window in split 'validation'"):
        open_dataset(root).window_set("runs", "validation")
    with pytest.raises(IndexError, match="place=5 is not one of 5 windows"):
        open_dataset(root).window_set("runs")[5]


def test_the_step_makes_the_bytes_that_it_made(root: Path) -> None:
    found = hashlib.sha256((root / "windows/kept/windows.parquet").read_bytes()).hexdigest()
    with h5py.File(root / "windows/kept/arrays.h5") as file:
        values = hashlib.sha256(file["values"][:].tobytes()).hexdigest()
        assert list(file.attrs["tracks"]) == ["peaks.plus", "peaks.minus", "signal"]
    assert (windows.STEP.number, found, values) == (1, WINDOWS_SHA256, VALUES_SHA256)


def test_a_window_that_features_hardly_cover_is_zero(tmp_path: Path) -> None:
    """Of windows of 20 bp, features cover 11, 10, 9 and 0 bases; categories count together, whichever has them."""
    (tmp_path / "g.fa").write_text(f">chrA\n{'ACGT' * 20}\n")
    (tmp_path / "p.bed").write_text("chrA\t0\t6\ta\nchrA\t15\t20\tb\nchrA\t30\t40\ta\nchrA\t40\t49\tb\n")
    track = {"name": "states", "intervals": {"path": "p.bed"}, "value": "name_category", "min_overlap_share": 0.5}
    one = {"name": "w", "tile": {}, "binsize_bp": 20, "resolution_bp": 20, "tracks": ["states"]}
    sets = [{**one, "collapser": {"states": "sum"}}, {**one, "name": "kept", "store": {}}]
    assembly = {"genome": "g", "species": "Homo sapiens", "sequence": {"path": "g.fa"}}
    document = {"assemblies": [assembly], "signals": {"tracks": [track], "windows": sets}}
    assert [one.error for one in built(catalogue_of(tmp_path, document), tmp_path / "root") if one.error] == []
    opened = open_dataset(tmp_path / "root")
    windows = opened.window_set("w")
    assert windows.track_names == ("states.a", "states.b")
    assert [windows[place].values.tolist() for place in range(4)] == [[[6, 5]], [[10, 0]], [[0, 0]], [[0, 0]]]
    assert opened.window_set("kept").batch(range(4))[:, 0].tolist() == [[1, 1], [1, 0], [0, 0], [0, 0]]
    track["min_overlap_share"] = 0.45
    again = {one.key: one.status for one in built(catalogue_of(tmp_path, document), tmp_path / "root")}
    assert again["g/states"] == "intact"
    assert open_dataset(tmp_path / "root").window_set("w")[2].values.tolist() == [[0, 9]]
