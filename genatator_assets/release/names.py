"""Where everything stands in a release: data/<split>/part-NNNNN/ for blocks, preview/<split>/ for the preview."""

from collections import Counter
from collections.abc import Iterable

from genatator_assets.errors import DatasetError
from genatator_assets.work.files import path_name

FILES_A_FOLDER = 10_000
"""The hub takes no more."""

CARD, CROISSANT, CHECKSUMS = "README.md", "croissant.json", "SHA256SUMS"
INDEX, CATALOG = "dataset/blocks.parquet", "dataset/catalog.sql"

_FILE_NAME_BYTES = 255


def block_paths(blocks: Iterable[tuple[str, str, str, int]], files_a_folder: int = FILES_A_FOLDER) -> list[str]:
    """Return the paths of blocks (split, genome, chrom, start) in their order, which is that of the parts too.

    >>> block_paths([("train", "hg38", "chr1", 0), ("train", "hg38", "chr1", 10_000_000)], files_a_folder=1)
    ['data/train/part-00000/hg38~chr1~0000000000.parquet', 'data/train/part-00001/hg38~chr1~0010000000.parquet']

    Raises:
        DatasetError: names are too long for a file system.
    """
    before: Counter[str] = Counter()
    paths = []
    for split, genome, chrom, start in blocks:
        part = before[split] // files_a_folder
        before[split] += 1
        paths.append(f"data/{split}/part-{part:05d}/{_file_name(genome, chrom, start)}")
    return paths


def preview_path(split: str, genome: str, chrom: str, start: int) -> str:
    """Return the path of a window of the preview.

    >>> preview_path("test", "T2T", "HLA*01", 5)
    'preview/test/T2T~HLA%2A01~0000000005.parquet'
    """
    return f"preview/{split}/{_file_name(genome, chrom, start)}"


def _file_name(genome: str, chrom: str, start: int) -> str:
    """Name a file after its place; `~` is in no part of it, so that no two places have one name."""
    name = f"{path_name(genome)}~{path_name(chrom)}~{start:010d}.parquet"
    if len(name) > _FILE_NAME_BYTES:
        raise DatasetError(
            f"{chrom} of {genome} can't be released: the file name {name[:80]}... would have {len(name)} letters,"
            f" a file system takes {_FILE_NAME_BYTES}; give the genome a shorter name in the catalogue"
        )
    return name
