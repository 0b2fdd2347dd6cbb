"""The catalogue that a root keeps: it reads as what was built, and says what another one would change."""

import pytest

from genatator_assets.catalogue.remembered import remember, remembered, remembered_path
from genatator_assets.errors import CatalogueError, DatasetError
from genatator_assets.parts import load_catalogue, parts_of

TEXT = """\
dataset: d
license: mit
gene_finding: {kernel: {width_bp: 5}}
assemblies:
  - {genome: g, species: S s, sequence: {path: g.fa}, annotation: {path: g.gtf}, splits: {test: [1]}}
  - {genome: h, species: S s, simulate: {seed: 1, flavour: gencode}, gene_finding: {kernel: {shape: box}}}
"""


@pytest.fixture
def load(tmp_path):
    (tmp_path / "g.fa").write_text(">1\nACGT\n")
    (tmp_path / "g.gtf").touch()

    def loaded(text=TEXT):
        (tmp_path / "catalogue.yaml").write_text(text)
        return load_catalogue(tmp_path / "catalogue.yaml")

    return loaded


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        TEXT.replace("gene_finding: {kernel: {width_bp: 5}}", "gene_finding: false"),
        TEXT.split("  - {g", maxsplit=1)[0],
    ],
)
def test_it_reads_as_the_catalogue_itself(load, tmp_path, text):
    if text.endswith("assemblies:\n"):
        text = "dataset: d\nassemblies: [{genome: g, species: S, sequence: {path: g.fa}}]\n"
    catalogue = load(text)
    assert remember(catalogue, tmp_path / "root") == []
    again = load_catalogue(remembered_path(tmp_path / "root"))
    assert again.model_dump() == catalogue.model_dump()
    assert parts_of(again) == parts_of(catalogue)


def test_what_another_catalogue_changes_is_told(load, tmp_path):
    remember(load(), tmp_path)
    changes = remember(load(TEXT.replace("width_bp: 5", "width_bp: 6").replace("license: mit\n", "")), tmp_path)
    assert changes == ["license: mit -> nothing", "gene_finding.kernel.width_bp: 5.0 -> 6.0"]
    assert remember(load(TEXT.replace("width_bp: 5", "width_bp: 6").replace("license: mit\n", "")), tmp_path) == []


def test_a_dataset_of_another_name_is_refused(load, tmp_path):
    remember(load(), tmp_path)
    before = remembered(tmp_path)
    with pytest.raises(CatalogueError, match=r"was built from the dataset 'd', and .* is of 'e'"):
        remember(load(TEXT.replace("dataset: d", "dataset: e")), tmp_path)
    assert remembered(tmp_path) == before


@pytest.mark.parametrize("content", [b"- a", b"\xff\xfe\x00", b"a: [1", b"a: 1"])
def test_what_is_no_catalogue_is_told(tmp_path, content):
    remembered_path(tmp_path).parent.mkdir()
    remembered_path(tmp_path).write_bytes(content)
    with pytest.raises(DatasetError, match="give the catalogue by --catalogue"):
        remembered(tmp_path)


def test_a_root_without_one_has_none(tmp_path):
    assert remembered(tmp_path) is None
