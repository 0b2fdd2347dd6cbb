"""Windows that hold DNA and tracks: the arrays of the fixtures, both strands, and what is refused."""

import csv
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pyBigWig
import pytest
from click.testing import CliRunner
from conftest import data_folder
from signalfiles import built, catalogue_of

from genatator_assets.cli import main
from genatator_assets.errors import ReadingError
from genatator_assets.reading import open_dataset
from genatator_assets.reading.dataset import Dataset
from genatator_assets.reading.window import Interval
from genatator_assets.signals.tables import borzoi

WINDOWS = data_folder().parent / "fixtures/alphagenome/windows"
EXPECTED = json.loads((WINDOWS / "expected.json").read_text())["windows"]
FASTA = ">chrA\n" + "ACGT" * 12_500 + "\n>chrB\n" + "ACGTC" * 4_003 + "AC\n"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Dataset]:
    """The fixtures' tracks, with missing values kept, and as 0."""
    folder = tmp_path_factory.mktemp("windows")
    (folder / "g.fa").write_text(FASTA)
    datasets: dict[str, Dataset] = {}
    for missing in ("keep", "zero"):
        assembly = {"genome": "hg38", "species": "Homo sapiens", "sequence": {"path": "g.fa"}}
        table = {"path": str(WINDOWS / "tracks.csv"), "missing": missing}
        terms = [{"path": str(WINDOWS.parent / "ontology_terms.parquet")}]
        section = {"tables": [table], "ontology": terms}
        catalogue = catalogue_of(folder, {"assemblies": [assembly], "signals": section})
        assert all(outcome.error is None for outcome in built(catalogue, folder / missing))
        datasets[missing] = open_dataset(folder / missing)
    return datasets


@pytest.mark.parametrize("one", EXPECTED, ids=lambda one: one["key"])
def test_windows_are_those_of_the_fixtures(opened: dict[str, Dataset], one: dict[str, Any]) -> None:
    dataset = opened[one["missing"]]
    names = dataset.tracks()["track_id"].to_pylist()
    window = dataset.window(
        "hg38",
        one["chromosome"],
        one["start"],
        one["end"],
        pad=True,
        tracks=names,
        resolution=one["resolution"],
        aggregate=one["aggregate"],
    )
    expected = np.load(WINDOWS / "windows.npz")[one["key"]]
    assert window.tracks is not None
    assert window.tracks.shape == tuple(one["shape"])
    np.testing.assert_allclose(window.tracks, expected, rtol=1e-5)
    assert window.track_names == tuple(names)
    assert (len(window.dna), window.targets.shape) == (one["end"] - one["start"], (one["end"] - one["start"], 0))


def test_on_the_minus_strand_tracks_are_reversed_and_partners_exchanged(opened: dict[str, Dataset]) -> None:
    dataset = opened["zero"]
    names = ["RNA_SEQ.rna.plus", "RNA_SEQ.rna.minus", "ATAC.atac"]
    keys: dict[str, Any] = {"tracks": names, "resolution": 32}
    forward = dataset.window("hg38", "chrA", 1_024, 2_048, **keys)
    backward = dataset.read(Interval("hg38", "chrA", 1_024, 2_048, "-"), **keys)
    assert forward.tracks is not None
    assert backward.tracks is not None
    assert np.array_equal(backward.tracks, forward.tracks[::-1, [1, 0, 2]])
    turned = forward.reverse_complement()
    assert turned.tracks is not None
    assert np.array_equal(turned.tracks, backward.tracks)
    assert turned.dna == backward.dna
    alone = dataset.read(Interval("hg38", "chrA", 1_024, 2_048, "-"), tracks=names[:1], resolution=32)
    assert alone.tracks is not None
    assert np.array_equal(alone.tracks[:, 0], backward.tracks[:, 0])
    with pytest.raises(ReadingError, match=r"without RNA_SEQ\.rna\.minus"):
        dataset.window("hg38", "chrA", 0, 32, tracks=names[:1]).reverse_complement()


def test_each_track_has_its_own_rule(opened: dict[str, Dataset]) -> None:
    dataset = opened["keep"]
    own = dataset.window("hg38", "chrA", 0, 4_096, tracks=["ATAC.atac"], resolution=32).tracks
    alone = dataset.window("hg38", "chrA", 0, 4_096, channels=(), tracks=["ATAC.atac"], resolution=32)
    assert (alone.targets.shape, alone.channels) == ((4_096, 0), ())
    np.testing.assert_array_equal(alone.tracks, own)
    mean = dataset.window("hg38", "chrA", 0, 4_096, tracks=["ATAC.atac"], resolution=32, aggregate="mean").tracks
    assert own is not None
    assert mean is not None
    np.testing.assert_array_equal(own, mean)
    copy = pickle.loads(pickle.dumps(dataset))
    again = copy.window("hg38", "chrA", 0, 4_096, tracks=["ATAC.atac"], resolution=32).tracks
    np.testing.assert_array_equal(again, own)


def test_tracks_are_selected_in_python_too(opened: dict[str, Dataset]) -> None:
    dataset = opened["keep"]

    def names(**conditions: Any) -> list[str]:
        return dataset.tracks(**conditions)["track_id"].to_pylist()

    assert names(output_type="DNASE", term="UBERON:0002048") == ["DNASE.one chromosome only"]
    assert names(under="UBERON:0000955") == ["RNA_SEQ.rna.plus", "RNA_SEQ.rna.minus"]
    assert names(strand="-", assay="total RNA-seq") == ["RNA_SEQ.rna.minus"]
    assert names(tissue="Liver") == []
    assert len(names()) == 6


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"tracks": ["ATAC.atak"]}, "no track 'ATAC.atak' of hg38; did you mean 'ATAC.atac'"),
        ({"tracks": ["ATAC.atac"], "resolution": 33}, "not bins of resolution=33 bp"),
        ({"tracks": ["ATAC.atac"], "resolution": 0}, "not bins of resolution=0 bp"),
    ],
)
def test_what_is_not_there_is_refused(opened: dict[str, Dataset], keys: dict[str, Any], words: str) -> None:
    with pytest.raises(ReadingError, match=words):
        opened["keep"].window("hg38", "chrA", 0, 64, **keys)


def test_listed_tracks_have_no_data(tmp_path: Path) -> None:
    (tmp_path / "g.fa").write_text(FASTA)
    assembly = {"genome": "hg38", "species": "Homo sapiens", "sequence": {"path": "g.fa"}}
    (tmp_path / "m.csv").write_text("name,strand,output_type\nx,.,ATAC\n")
    (tmp_path / "t.csv").write_text(f"file,name\n{WINDOWS / 'atac.bw'},own\n")
    tables = [{"path": "m.csv", "format": "alphagenome"}, {"path": "t.csv"}]
    catalogue = catalogue_of(tmp_path, {"assemblies": [assembly], "signals": {"tables": tables}})
    built(catalogue, tmp_path / "root")
    with pytest.raises(ReadingError, match="only listed"):
        open_dataset(tmp_path / "root").window("hg38", "chrA", 0, 64, tracks=["ATAC.x"])


def test_commands_show_types_and_tracks(opened: dict[str, Dataset]) -> None:
    shown = CliRunner().invoke(main, ["signals", "types"])
    assert shown.exit_code == 0
    assert "5,930" in shown.output
    root = str(opened["keep"].store.origin)
    listed = CliRunner().invoke(main, ["signals", "list", "--root", root, "--output-type", "DNASE"])
    assert "2 tracks" in listed.output
    refused = CliRunner().invoke(main, ["signals", "list", "--root", f"{root}/nowhere"])
    assert refused.exit_code == 2


def test_tracks_have_a_profile(opened: dict[str, Dataset]) -> None:
    root = str(opened["keep"].store.origin)
    shown = CliRunner().invoke(main, ["signals", "profile", "--root", root, "--output-type", "ATAC"])
    assert shown.exit_code == 0, shown.output
    assert "1 tracks with data" in shown.output
    profile = json.loads((WINDOWS / "expected.json").read_text())["profiles"]["atac.bw"]
    assert f"{profile['nonzero_mean']:.6g}"[:6] in shown.output


def test_track_data_are_those_of_the_window_with_their_metadata(opened: dict[str, Dataset]) -> None:
    names = ["RNA_SEQ.rna.plus", "RNA_SEQ.rna.minus", "ATAC.atac"]
    data = opened["zero"].track_data("hg38", "chrA", 1_024, 2_048, names, resolution=32)
    window = opened["zero"].window("hg38", "chrA", 1_024, 2_048, tracks=names, resolution=32)
    np.testing.assert_array_equal(data.values, window.tracks)
    assert data.strands == ["+", "-", "."]
    assert data.names == ["rna", "rna", "atac"]
    turned = data.reverse_complement()
    assert turned.strands == ["-", "+", "."]
    np.testing.assert_array_equal(turned.values, data.values[::-1, [1, 0, 2]])
    assert list(data.groupby("output_type")) == ["RNA_SEQ", "ATAC"]
    assert data.downsample(128).values.shape == (8, 3)


def test_tracks_are_exported_for_other_programs(opened: dict[str, Dataset], tmp_path: Path) -> None:
    root = str(opened["keep"].store.origin)
    keys = ["signals", "export", "--root", root, "--output-type", "RNA_SEQ", "--output-type", "ATAC"]
    for form in ("borzoi", "fine-tuning"):
        done = CliRunner().invoke(main, [*keys, "--format", form, "-o", str(tmp_path)])
        assert done.exit_code == 0, done.output
    names = opened["keep"].tracks(output_type=["RNA_SEQ", "ATAC"]).to_pylist()
    for row in names:
        with (
            pyBigWig.open(str(tmp_path / f"hg38.{row['track_id']}.bw")) as found,
            pyBigWig.open(row["file"]) as given,
        ):
            for chrom, length in given.chroms().items():
                np.testing.assert_array_equal(found.values(chrom, 0, length), given.values(chrom, 0, length))
    with (tmp_path / "targets.txt").open() as handle:
        targets = list(csv.DictReader(handle, delimiter="\t"))
    again, rejects = borzoi.read_rows(targets)
    assert rejects == []
    keys_of = ("output_type", "name", "strand", "aggregate")
    assert [[row[key] for key in keys_of] for row in again] == [[row[key] for key in keys_of] for row in names]
    with (tmp_path / "tracks.csv").open() as handle:
        frame = list(csv.DictReader(handle))
    profiles = json.loads((WINDOWS / "expected.json").read_text())["profiles"]
    for row, track in zip(frame, names, strict=True):
        assert Path(row["file_path"]).is_file()
        assert (row["name"], row["strand"], row["ontology_curie"]) == (
            track["name"],
            track["strand"],
            track["ontology_curie"] or "",
        )
        expected = profiles[Path(track["file"]).name]["nonzero_mean"]
        assert float(row["nonzero_mean"]) == pytest.approx(expected, rel=1e-5)


def test_tracks_are_drawn(opened: dict[str, Dataset], tmp_path: Path) -> None:
    dataset, names = opened["keep"], ["RNA_SEQ.rna.plus", "RNA_SEQ.rna.minus", "ATAC.atac"]
    figure = dataset.plot("hg38", "chrA", 0, 500, tracks=names)
    named = {axes.texts[0].get_text(): axes for axes in figure.axes}
    assert list(named) == ["GC", "rna", "ATAC.atac"]
    values = dataset.window("hg38", "chrA", 0, 500, tracks=names).tracks
    assert values is not None
    heights = [np.nan_to_num(np.abs(values[:, column])) for column in range(3)]
    up, down = (path.get_paths()[0].vertices[:, 1] for path in named["rna"].collections)
    assert (up.max(), -down.min()) == (heights[0].max(), heights[1].max())
    assert named["ATAC.atac"].get_yticklabels()[0].get_text() == f"{heights[2].max():.3g}"
    keys = ["plot", "hg38:chrA:1-500", "--root", str(dataset.store.origin), "-o", str(tmp_path / "x.png")]
    assert CliRunner().invoke(main, [*keys, "--track", "ATAC.atac"]).exit_code == 0
    refused = CliRunner().invoke(main, [*keys, "--track", "ATAC.atak"])
    assert "no track 'ATAC.atak' of hg38; did you mean 'ATAC.atac'" in refused.output


def test_pages_show_tracks(opened: dict[str, Dataset], tmp_path: Path) -> None:
    (tmp_path / "igv.min.js").write_text("(self).igv=(()=>({createBrowser(){}}))();\n")
    page = opened["keep"].page("hg38", "chrA", 100, 400, igv=tmp_path / "igv.min.js", tracks=["ATAC.atac"])
    locus = json.loads(page.split('type="application/json" id="locus">')[1].split("</script>")[0])
    assert locus["channels"] == []
    (shown,) = locus["signals"]
    painted = np.full(300, np.nan, np.float32)
    for start, end, value in zip(shown["starts"], shown["ends"], shown["values"], strict=True):
        painted[start - 100 : end - 100] = value
    window = opened["keep"].window("hg38", "chrA", 100, 400, tracks=["ATAC.atac"])
    assert window.tracks is not None
    np.testing.assert_array_equal(painted, window.tracks[:, 0])
