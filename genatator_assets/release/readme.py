"""The card of a release: front matter that the hub and `datasets` read, and the text (card.md) that people read."""

import json
from collections.abc import Sequence
from importlib.resources import files
from string import Template
from typing import Any

import yaml

from genatator_assets.gene_finding.blocks.contract import BlockPlace
from genatator_assets.gene_finding.card import shared_loci, text_tables
from genatator_assets.gene_finding.channels import CHANNELS, Channel
from genatator_assets.release.contents import Contents, InputFile
from genatator_assets.release.others import Others, configs_of
from genatator_assets.release.preview import WINDOW_BP, PreviewFile
from genatator_assets.version import __version__
from genatator_assets.work.text import Markdown, TextTable, format_bp, format_bytes

_MEANINGS = {
    "tss": "a peak at each transcription start site",
    "polya": "a peak at each transcript's end",
    "intragenic": "1 within transcripts",
}
_GROUPS = {"combined": "all selected isoforms, mRNA and lncRNA", "mrna": "mRNA isoforms only"}
_ROWS_BELOW = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_BYTES_A_BASE = 1 + 4 * len(CHANNELS)
_BYTES_A_ROW = 24
"""Offsets of three columns, once a row is in Arrow's memory."""

Sized = Sequence[tuple[BlockPlace, int]]
"""Rows of a config, and the bytes of their files."""


def write_readme(contents: Contents, preview: Sequence[PreviewFile], others: Others) -> str:
    """Return the card's text."""
    blocks = [(block.place, block.bytes) for block in contents.blocks]
    windows = [(file.place, file.bytes) for file in preview]
    card = Template((files("genatator_assets.release") / "card.md").read_text())
    return card.substitute(
        front_matter=_front_matter(contents, {"default": blocks, "preview": windows}, configs_of(others.files)),
        dataset=contents.dataset,
        description=describe(contents),
        rows=f"{len(blocks):,}",
        block_bp=f"{contents.block_size_bp:,}",
        windows=f"{len(windows):,}",
        window_bp=f"{WINDOW_BP:,}",
        data_bytes=format_bytes(sum(size for _, size in blocks)),
        preview_bytes=format_bytes(sum(size for _, size in windows)),
        arrow_bytes=format_bytes(sum(_arrow_bytes(place) for place, _ in blocks)),
        splits="\n".join(_split_lines(contents)),
        **_example(contents),
        channels=_channels().as_markdown(),
        selection=_selection(contents).as_markdown(),
        statistics="\n\n".join(
            [
                *shared_loci(contents.statistics["species_coverage"]),
                *(f"### {table.title}\n\n{table.as_markdown()}" for table in text_tables(contents.statistics)),
                *others.pages,
            ]
        ),
        inputs=_inputs(contents).as_markdown(),
        version=__version__,
    )


def _example(contents: Contents) -> dict[str, str]:
    """Return what the card's code is run with: the first split, and its shortest chromosome, as Python writes them."""
    split, blocks = next(iter(contents.splits.items()))
    place = min((block.place for block in blocks), key=lambda place: (place.chrom_length, place.genome, place.chrom))
    species = {origin.genome: origin.species for origin in contents.origins}[place.genome]
    names = {"genome": place.genome, "chrom": place.chrom, "species": species}
    return {"split": split, **{name: json.dumps(value, ensure_ascii=False) for name, value in names.items()}}


def describe(contents: Contents) -> str:
    """Describe in a sentence what the dataset is."""
    species = {origin.species for origin in contents.origins}
    return (
        f"Nucleotide-level gene finding: {format_bp(contents.nt)} of DNA of {_count(len(contents.origins), 'assembly')}"
        f" ({_count(len(species), 'species')}) in {_count(len(contents.blocks), 'block')}, with {len(CHANNELS)} target"
        " channels for every base: TSS, polyA and intragenic regions on both strands, of all selected isoforms and of"
        " mRNA alone."
    )


def _count(number: int, what: str) -> str:
    plural = {"assembly": "assemblies", "species": "species"}.get(what, f"{what}s")
    return f"{number:,} {what if number == 1 else plural}"


def _front_matter(contents: Contents, configs: dict[str, Sized], others: list[dict[str, Any]]) -> str:
    patterns = {"default": "data/{}/part-*/*.parquet", "preview": "preview/{}/*.parquet"}
    matter = {
        "pretty_name": contents.dataset,
        "license": contents.license,
        "task_categories": ["token-classification"],
        "tags": ["biology", "genomics", "dna", "gene-finding", "genome-annotation", "genatator-assets"],
        "size_categories": [next((name for rows, name in _ROWS_BELOW if len(contents.blocks) < rows), "1M<n<10M")],
        "configs": [
            {
                "config_name": config,
                **({"default": True} if config == "default" else {}),
                "data_files": [{"split": split, "path": patterns[config].format(split)} for split in contents.splits],
            }
            for config in configs
        ]
        + others,
        "dataset_info": [_info(config, rows, list(contents.splits)) for config, rows in configs.items()],
    }
    return yaml.safe_dump(matter, sort_keys=False, allow_unicode=True).strip()


def _info(config: str, rows: Sized, splits: list[str]) -> dict[str, Any]:
    of_splits = {split: [place for place, _ in rows if place.split == split] for split in splits}
    sizes = {split: sum(_arrow_bytes(place) for place in places) for split, places in of_splits.items()}
    return {
        "config_name": config,
        "features": [
            {"name": "dna_sequence", "dtype": "string"},
            {"name": "targets", "list": {"list": "float32", "length": len(CHANNELS)}},
            {"name": "metadata", "dtype": "string"},
        ],
        "splits": [
            {"name": split, "num_bytes": sizes[split], "num_examples": len(places)}
            for split, places in of_splits.items()
        ],
        "download_size": sum(size for _, size in rows),
        "dataset_size": sum(sizes.values()),
    }


def _arrow_bytes(place: BlockPlace) -> int:
    """Return what a row takes in Arrow's memory, and so in the cache of `datasets`."""
    return _BYTES_A_BASE * (place.end - place.start) + len(place.metadata_json()) + _BYTES_A_ROW


def _split_lines(contents: Contents) -> list[str]:
    return [
        f"  {split}/part-00000/*.parquet ...".ljust(44) + f"{len(blocks):,} blocks"
        for split, blocks in contents.splits.items()
    ]


def _channels() -> TextTable:
    def row(number: int, channel: Channel) -> tuple[str, ...]:
        meaning = f"{_MEANINGS[channel.kind]} on the {channel.strand} strand: {_GROUPS[channel.group]}"
        return str(number), Markdown.code(channel.name), meaning

    rows = tuple(row(number, channel) for number, channel in enumerate(CHANNELS))
    return TextTable("Channels", ("index", "channel", "meaning"), rows)


def _selection(contents: Contents) -> TextTable:
    rows = tuple(
        (
            origin.genome,
            f"{origin.kernel.shape}, width {origin.kernel.width_bp:g} bp, radius {origin.kernel.radius_bp} bp",
            str(origin.selection["flavour"]),
            ", ".join(origin.selection["types"]["mRNA"]),
            ", ".join(origin.selection["types"]["lncRNA"]),
            str(origin.selection["partial"]),
        )
        for origin in contents.origins
    )
    header = ("Assembly", "kernel", "annotation read as", "types taken as mRNA", "as lncRNA", "partial models")
    return TextTable("Selection", header, rows)


def _inputs(contents: Contents) -> TextTable:
    def named(file: InputFile) -> str:
        return Markdown.link(file.name, file.url) if file.url else file.name

    rows = tuple(
        (origin.genome, file.kind, named(file), Markdown.code(file.sha256))
        for origin in contents.origins
        for file in origin.inputs
    )
    return TextTable("Inputs", ("Assembly", "input", "file", "SHA-256"), rows)
