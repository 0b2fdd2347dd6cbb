"""genatator_assets.genomic against the fixtures: every call, every indexer, and behaviours one by one."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyBigWig
import pytest
from conftest import data_folder

from genatator_assets import genomic

FIXTURES = data_folder().parent / "fixtures/janggu"
INDEX = json.loads((FIXTURES / "index.json").read_text())
RESOURCES = data_folder() / "basset_gip_janggu/janggu_resources"
SHARED: dict[str, genomic.ZScore] = {}


def path(value: Any) -> Any:
    if isinstance(value, list):
        return [path(one) for one in value]
    return value.replace("data:", f"{data_folder()}/").replace("inputs:", f"{FIXTURES}/inputs/")


def regions(value: Any) -> Any:
    if isinstance(value, str):
        return path(value)
    return pd.DataFrame(value, columns=["chrom", "start", "end", "strand"])


def normalizer(value: Any) -> Any:
    if isinstance(value, list):
        return [normalizer(one) for one in value]
    if value.startswith("shared:"):
        return SHARED.setdefault(value, genomic.ZScore())
    if "(" in value:
        name, rest = value[:-1].split("(")
        return getattr(genomic, name)(*[float(one) for one in rest.split(",") if one])
    return value


def made(call: dict[str, Any]) -> Any:
    keys = dict(call["args"])
    for key in ("bamfiles", "bigwigfiles", "bedfiles", "refgenome", "fastafile"):
        if key in keys:
            keys[key] = path(keys[key])
    if "roi" in keys:
        keys["roi"] = regions(keys["roi"])
    if "normalizer" in keys:
        keys["normalizer"] = normalizer(keys["normalizer"])
    if isinstance(keys.get("collapser"), dict):
        function = getattr(np, keys["collapser"]["callable"])
        keys["collapser"] = lambda x: function(x, axis=1)
    if call["make"] == "Cover.create_from_array":
        shape = keys["array"]["arange"]
        keys["array"] = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
        indexer = (keys.pop("roi"), keys.pop("binsize", None), keys.pop("stepsize", None))
        keys["gindexer"] = genomic.GenomicIndexer.create_from_file(*indexer)
    of, method = call["make"].split(".")
    return getattr(getattr(genomic, of), method)(call["id"], **keys)


def bigwig_rows(cover: Any, folder: Path) -> Any:
    rows: list[tuple[float, ...]] = []
    for number, file in enumerate(sorted(cover.export_to_bigwig(folder))):
        opened = pyBigWig.open(str(file))
        for place, chrom in enumerate(sorted(opened.chroms())):
            rows += [(number, place, *row) for row in opened.intervals(chrom) or []]
    return np.array(rows)


def done(dataset: Any, op: list[Any], folder: Path) -> Any:  # noqa: PLR0911 - one for each kind of operation
    what, *rest = op
    if what == "index":
        index = {"slice": [None]} if rest[0] == "all" else rest[0]
        return dataset[slice(*index["slice"]) if isinstance(index, dict) else index]
    if what == "interval":
        return dataset[tuple(rest[0])]
    if what == "wrap":
        keys = {key: tuple(value) if isinstance(value, list) else value for key, value in rest[1].items()}
        return getattr(genomic, rest[0])(dataset, **keys)
    if what == "view":
        return genomic.view(dataset, path(rest[0]))
    if what == "subset":
        return genomic.subset(dataset, **rest[0])
    if what == "split":
        return genomic.split_train_test(dataset, [rest[0]])[rest[1]]
    return bigwig_rows(dataset, folder)


@pytest.mark.parametrize("call", INDEX["calls"], ids=lambda call: call["id"])
def test_a_call_returns_what_is_right(call: dict[str, Any], tmp_path: Path) -> None:
    if call["id"] == "bam-norm-reuse-test":  # the statistics are those of the training set
        made(next(one for one in INDEX["calls"] if one["id"] == "bam-norm-reuse-train"))
    dataset = made(call)
    if call["make"] != "Cover.create_from_array":
        assert list(dataset.conditions) == call["conditions"]
    for op in call["ops"]:
        dataset = done(dataset, op, tmp_path)
    expected = np.load(FIXTURES / call["array"])["data"]
    np.testing.assert_allclose(np.asarray(dataset, float), expected.astype(float), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("one", INDEX["indexers"], ids=lambda one: one["id"])
def test_windows_are_the_right_ones(one: dict[str, Any]) -> None:
    keys = dict(one["args"])
    which = keys.pop("filter", None)
    if "genomesize" in keys:
        indexer = genomic.GenomicIndexer.create_from_genomesize(keys["genomesize"])
    else:
        own = regions(keys.pop("regions"))
        indexer = genomic.GenomicIndexer.create_from_file(own, keys.pop("binsize"), keys.pop("stepsize"), **keys)
    indexer = indexer.filter_by_region(**which) if which else indexer
    found = [[window.chrom, window.start, window.end, window.strand] for window in indexer]
    assert found in (one["expected"], one.get("also_right"))


SAMPLE: dict[str, Any] = {"bamfiles": FIXTURES / "inputs/sample.bam", "roi": RESOURCES / "sample.bed"}


def cover(**keys: Any) -> genomic.Cover:
    return genomic.Cover.create_from_bam("track", **{**SAMPLE, "binsize": 200, "resolution": 50, **keys})


def refused() -> dict[str, tuple[type[Exception], Callable[[], Any], str]]:
    bed, bigwig, seq = genomic.Cover.create_from_bed, genomic.Cover.create_from_bigwig, genomic.Bioseq.create_from_seq
    positive = {"bedfiles": RESOURCES / "positive.bed", "roi": RESOURCES / "10regions.bed", "binsize": 200}
    overlapping = genomic.GenomicIndexer.create_from_file([("chr1", 0, 800, ".")], 200, 100)
    genome = {"roi": RESOURCES / "sample.bed", "binsize": 200}
    return {
        "err-normalizer": (ValueError, lambda: cover(normalizer="nope"), "unknown normalizer: nope"),
        "err-storage": (ValueError, lambda: cover(storage="nope"), "Storage type must be"),
        "err-hdf5-without-cache": (ValueError, lambda: cover(storage="hdf5"), "cache=True required"),
        "err-resolution-0": (ValueError, lambda: cover(resolution=0), "resolution>0 required"),
        "err-bin-not-multiple": (
            ValueError,
            lambda: cover(resolution=30, store_whole_genome=True),
            "binsize=200 and resolution=30",
        ),
        "err-start-not-multiple": (
            ValueError,
            lambda: cover(roi=[("chr1", 15_010, 15_210)], store_whole_genome=True),
            "chr1:15010-15210",
        ),
        "err-file-missing": (ValueError, lambda: cover(bamfiles="/nowhere/x.bam"), "/nowhere/x.bam does not exist"),
        "err-no-files": (ValueError, lambda: bigwig("x", []), "Empty list of files"),
        "err-array-overlap": (
            ValueError,
            lambda: genomic.Cover.create_from_array("x", np.zeros((7, 1, 1, 1)), overlapping, store_whole_genome=True),
            "Overlapping intervals",
        ),
        "err-seq-lengths": (ValueError, lambda: seq("x", RESOURCES / "sample_protein.fa"), "must be of equal length"),
        "err-seq-ids": (ValueError, lambda: seq("x", [RESOURCES / "sample2_test.fa"] * 2), "must be unique"),
        "err-seq-interval": (
            ValueError,
            lambda: genomic.Bioseq.create_from_refgenome("x", RESOURCES / "sample_genome.fa", **genome)["chr1", 0, 10],
            "requires store_whole_genome=True",
        ),
        "err-two-category-files": (
            ValueError,
            lambda: bed("x", [RESOURCES / "scored_sample.bed"] * 2, mode="categorical", **genome),
            "Only one bed-file is allowed",
        ),
        "err-score-missing": (Exception, lambda: bed("x", mode="score", **positive)[:], "has nothing in column 5"),
        "err-indexer-flank": (ValueError, lambda: cover(flank=-1), "flank>=0 required"),
        "err-indexer-index": (IndexError, lambda: cover().gindexer[1.5], "Cannot interpret index"),  # type: ignore[index]
        "err-view-type": (ValueError, lambda: genomic.view(np.zeros(3), genome["roi"]), "Unknown dataset type"),
        "err-subset-empty": (ValueError, lambda: genomic.subset(cover()), "No filter specified"),
        "err-sequence-length": (
            ValueError,
            lambda: genomic.JangguSequence(cover(), genomic.Array("y", np.zeros(3))),
            "differing number of datapoints",
        ),
    }


@pytest.mark.parametrize("name", [one["id"] for one in INDEX["behaviours"] if one["id"].startswith("err-")])
def test_wrong_arguments_are_refused_by_name(name: str) -> None:
    error, call, words = refused()[name]
    with pytest.raises(error, match=words):
        call()


def test_a_score_may_be_no_integer(tmp_path: Path) -> None:
    (tmp_path / "x.bed").write_text("chr1\t15600\t15800\tx\t12.5\n")
    made = genomic.Cover.create_from_bed(
        "x", tmp_path / "x.bed", roi=RESOURCES / "sample.bed", binsize=200, resolution=200, mode="score"
    )
    assert made[3].item() == 12.5


def test_indexing_is_numpys() -> None:
    own = cover()
    assert own[np.int64(3)].shape == (1, 4, 2, 1)
    assert own[np.array([3, 5])].shape == (2, 4, 2, 1)
    assert own[-3:].shape == (3, 4, 2, 1)
    assert own[0:0].shape == (0, 4, 2, 1)
    mask = np.zeros(100, bool)
    mask[7] = True
    assert np.array_equal(own[mask], own[7])
    assert own[:].dtype == np.float32
    assert (len(own), own.shape, own.ndim) == (100, (100, 4, 2, 1), 4)
    for wrong in (1.5, "x", 100):
        with pytest.raises(IndexError, match="Cannot interpret index"):
            own[wrong]


def test_files_give_their_names_and_channels_may_come_first() -> None:
    both = cover(bamfiles=[FIXTURES / "inputs/sample.bam", RESOURCES / "sample2.bam"])
    assert both.conditions == ["sample", "sample2"]
    first = cover(channel_last=False)
    assert first.shape == (100, 1, 2, 4)
    assert np.array_equal(first[:], np.transpose(cover()[:], (0, 3, 2, 1)))


def test_one_value_a_region_is_kept_by_region_whatever_is_asked() -> None:
    own = cover(resolution=None, binsize=None, store_whole_genome=True)
    assert own.shape == (2, 1, 2, 1)
    assert own[:].sum() == 29


def test_all_storages_give_equal_numbers() -> None:
    expected = cover(normalizer="tpm")[:]
    for keys in ({"storage": "sparse"}, {"storage": "hdf5", "cache": True}):
        assert np.array_equal(cover(normalizer="tpm", **keys)[:], expected)


def test_random_wrappers_keep_their_source_and_have_their_range() -> None:
    data = np.arange(1.0, 25.0).reshape(2, 6, 2, 1)
    source = genomic.Array("x", data.copy())
    seen: set[int] = set()
    shifted = genomic.RandomShift(source, 2, seed=1)
    for _ in range(60):
        rows = shifted[:]
        for row, whole in zip(rows, data, strict=True):
            (shift,) = [s for s in range(-2, 3) if np.array_equal(row, moved(whole, s))]
            seen.add(shift)
    assert seen == {-2, -1, 0, 1, 2}
    scaled = [genomic.RandomSignalScale(source, 0.1, seed=seed)[:] for seed in range(50)]
    factors = [rows[:, 0, 0, 0] / data[:, 0, 0, 0] for rows in scaled]
    assert np.min(factors) >= 0.9
    assert np.max(factors) <= 1.1
    assert np.max(factors) - np.min(factors) > 0.1
    turned = genomic.RandomOrientation(source, seed=0)
    kinds = {np.array_equal(row, data[0]) for row in (turned[[0]][0] for _ in range(20))}
    assert kinds == {True, False}
    assert np.array_equal(source.data, data)


def moved(row: np.ndarray, shift: int) -> np.ndarray:
    out = np.zeros_like(row)
    for place in range(len(row)):
        if 0 <= place - shift < len(row):
            out[place] = row[place - shift]
    return out


def test_wrappers_have_the_shape_of_what_they_return() -> None:
    squeezed = genomic.SqueezeDim(cover(stranded=False), axis=2)
    assert squeezed.shape == squeezed[:].shape == (100, 4, 1)
    with pytest.raises(ValueError, match="unknown aggregator"):
        genomic.ReduceDim(cover(), aggregator="nope")
    named = genomic.Array("x", np.zeros(5))
    assert (named.shape, named.ndim, len(named)) == ((5, 1), 2, 5)


def test_batches_hold_all_datasets() -> None:
    batches = genomic.JangguSequence(cover(), genomic.Array("y", np.arange(100)), batch_size=32)
    assert len(batches) == 4
    inputs, outputs, weights = batches[3]
    assert inputs["track"].shape == (4, 4, 2, 1)
    assert outputs is not None
    assert outputs["y"].tolist() == [96, 97, 98, 99]
    assert weights is None


def test_exported_files_have_names_and_headers(tmp_path: Path) -> None:
    (exported,) = cover(conditions=["one"]).export_to_bigwig(tmp_path)
    assert exported.name == "track.one.bigwig"
    assert pyBigWig.open(str(exported)).chroms() == {"chr1": 25_000, "chr2": 25_000}


def test_views_and_parts_share_their_values() -> None:
    train, test = genomic.split_train_test([cover(), cover(store_whole_genome=True)], "chr2")
    assert [len(one) for one in (*train, *test)] == [50] * 4
    assert np.array_equal(test[0][:], test[1][:])
    seen = genomic.view(cover(store_whole_genome=True), [("chr1", 15_000, 15_400, "+")])
    assert np.array_equal(seen[:], cover()[:2])


def test_a_genome_with_an_index_is_not_loaded(tmp_path: Path) -> None:
    shutil.copy(RESOURCES / "sample_genome.fa", tmp_path / "g.fa")
    keys: dict[str, Any] = {"roi": RESOURCES / "sample.bed", "binsize": 200, "order": 2}
    loaded = genomic.Bioseq.create_from_refgenome("x", tmp_path / "g.fa", **keys)[:]
    pysam_index(tmp_path / "g.fa")
    assert np.array_equal(genomic.Bioseq.create_from_refgenome("x", tmp_path / "g.fa", **keys)[:], loaded)


def pysam_index(fasta: Path) -> None:
    import pysam  # noqa: PLC0415

    pysam.faidx(str(fasta))


def test_tracks_are_drawn_as_lines_maps_and_letters() -> None:
    one = cover(stranded=False)
    line = genomic.plotGenomeTrack(one, "chr1", 15_000, 25_000)
    expected = next(row["janggu"]["returns"] for row in INDEX["behaviours"] if row["id"] == "plot-line")
    assert [axes.get_title() for axes in line.axes] == expected["titles"]
    assert [len(axes.lines) for axes in line.axes] == expected["lines"]
    assert line.get_size_inches().tolist() == expected["size"]
    drawn = line.axes[2].lines[0].get_ydata()
    np.testing.assert_array_equal(drawn, one["chr1", 15_000, 25_000][0, :, 0, 0])
    heat = genomic.plotGenomeTrack([genomic.HeatTrack(one)], "chr1", 15_000, 25_000)
    expected = next(row["janggu"]["returns"] for row in INDEX["behaviours"] if row["id"] == "plot-heat")
    assert [len(axes.images) for axes in heat.axes] == expected["images"]
    assert [len(axes.lines) for axes in heat.axes] == expected["lines"]
    dna = genomic.Bioseq.create_from_refgenome("dna", RESOURCES / "sample_genome.fa", store_whole_genome=True)
    both = genomic.plotGenomeTrack([cover(), dna], "chr1", 15_000, 15_020, plottypes=["line", "seqplot"])
    assert len(both.axes[2].lines) == 2
    letters = sorted(both.axes[3].texts, key=lambda text: text.get_position()[0])
    assert "".join(text.get_text() for text in letters) == dna_letters("chr1", 15_000, 15_020)
    with pytest.raises(ValueError, match="unknown plottype: bars"):
        genomic.plotGenomeTrack(one, "chr1", 0, 10, plottypes="bars")
    with pytest.raises(ValueError, match="start=10 is not before end=10"):
        genomic.plotGenomeTrack(one, "chr1", 10, 10)


def dna_letters(chrom: str, start: int, end: int) -> str:
    record = (RESOURCES / "sample_genome.fa").read_text().split(f">{chrom}\n")[1].split(">")[0]
    return record.replace("\n", "")[start:end].upper()


def test_sequences_around_variants_have_both_alleles() -> None:
    expected = next(row["janggu"]["returns"] for row in INDEX["behaviours"] if row["id"] == "variants")
    dna = genomic.Bioseq.create_from_refgenome("dna", RESOURCES / "sample_genome.fa", store_whole_genome=True)
    streamer = genomic.VariantStreamer(dna, RESOURCES / "sample.vcf", binsize=11, batch_size=10)
    assert streamer.get_variant_count() == expected["n"]
    (batch,) = streamer.flow()
    assert batch[:3] == (expected["names"], expected["chrom"], expected["pos0"])
    assert batch[3:5] == (expected["ref"], expected["alt"])
    reference, alternative = batch[5:]
    assert list(reference.shape) == expected["shape"]
    assert reference.sum() == expected["ref_sum"]
    changed = (reference != alternative).any(axis=(1, 2, 3))
    assert changed.sum() == expected["changed"]
    differing = (reference != alternative).any(axis=(2, 3))
    assert [np.flatnonzero(row).tolist() for row in differing] == [[], [5], [5], [5], [5]]
    assert ["ACGT"[code] for code in alternative[1:, 5, 0].argmax(axis=1)] == expected["alt"][1:]
    sizes = [len(names) for names, *_ in genomic.VariantStreamer(dna, RESOURCES / "sample.vcf", 10, 2).flow()]
    assert sizes == [2, 2, 1]


def test_what_are_no_variants_is_refused(tmp_path: Path) -> None:
    dna = genomic.Bioseq.create_from_refgenome("dna", RESOURCES / "sample_genome.fa", store_whole_genome=True)
    (tmp_path / "x.vcf").write_text("#CHROM\tPOS\nchr1\tten\ta\tA\tC\n")
    with pytest.raises(ValueError, match=r"x\.vcf:2: found 'ten', expected a position"):
        list(genomic.VariantStreamer(dna, tmp_path / "x.vcf", 11, 1).flow())
    with pytest.raises(ValueError, match="does not exist"):
        genomic.VariantStreamer(dna, tmp_path / "y.vcf", 11, 1)
    with pytest.raises(ValueError, match="binsize>0 required, found 0"):
        genomic.VariantStreamer(dna, tmp_path / "x.vcf", 0, 1)


def covers(folder: Path, bed: Path, **keys: Any) -> Any:
    return genomic.Cover.create_from_bed("my peaks", bed, roi=folder / "roi.bed", binsize=20, cache=True, **keys)


def test_runs_are_kept_by_the_content_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once kept they are not read from the file; another content, mode or callable never meets what was kept."""
    monkeypatch.setenv("JANGGU_OUTPUT", str(tmp_path / "out"))
    (tmp_path / "roi.bed").write_text("c/1\t0\t20\nc2\t0\t20\n")
    bed = tmp_path / "a.bed"
    bed.write_text("c/1\t5\t10\tx\t3\nc2\t0\t4\tx\t7\n")
    first = covers(tmp_path, bed, mode="score")[:]
    assert first[:, :, 0, 0].tolist() == [[0] * 5 + [3] * 5 + [0] * 10, [7] * 4 + [0] * 16]
    kept = sorted((tmp_path / "out/datasets").rglob("*.npz"))
    assert [path.relative_to(tmp_path / "out/datasets").parts[::2] for path in kept] == [
        ("my%20peaks", "c%2F1.npz"),
        ("my%20peaks", "c2.npz"),
    ]
    monkeypatch.setattr("genatator_assets.reading.genomic.source.feature_runs", None)  # reading again would fail
    again = covers(tmp_path, bed, mode="score", storage="hdf5")
    assert np.array_equal(again[:], first)
    sums = [
        covers(tmp_path, bed, mode="score", resolution=20, collapser=collapser)[:, 0, 0, 0].tolist()
        for collapser in (lambda x: x.sum(axis=1), lambda x: x.max(axis=1))
    ]
    assert sums == [[15, 28], [3, 7]]
    monkeypatch.undo()
    monkeypatch.setenv("JANGGU_OUTPUT", str(tmp_path / "out"))
    assert covers(tmp_path, bed)[:].max() == 1
    bed.write_text("c/1\t5\t10\tx\t4\nc2\t0\t4\tx\t7\n")
    assert covers(tmp_path, bed, mode="score")[0].max() == 4
    for path in (tmp_path / "out").rglob("*.npz"):
        path.write_bytes(path.read_bytes()[:100])  # what is damaged is made anew
    assert covers(tmp_path, bed, mode="score")[0].max() == 4


def test_nothing_is_kept_unless_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JANGGU_OUTPUT", str(tmp_path / "out"))
    (tmp_path / "a.bed").write_text("c\t5\t10\n")
    assert genomic.Cover.create_from_bed("a", tmp_path / "a.bed", roi=tmp_path / "a.bed")[:].sum() == 5
    assert not (tmp_path / "out").exists()
