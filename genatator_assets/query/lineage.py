"""The way back from any file of a dataset to the FASTA and annotation files that it was made from."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from genatator_assets.annotation.transcripts import read_transcripts
from genatator_assets.errors import DatasetError
from genatator_assets.gene_finding.landmarks import selected_hashes
from genatator_assets.sources.assembly import input_hashes, read_source
from genatator_assets.sources.chromosomes import read_chromosomes
from genatator_assets.work.files import plain_name, sha256_of_file
from genatator_assets.work.layout import Layout
from genatator_assets.work.layout_segmentation import SegmentationLayout
from genatator_assets.work.made import Made, read_made
from genatator_assets.work.manifest import read_manifest
from genatator_assets.work.tables import readable

_SAID = "genatator_assets."
_PIECES = ("bases", "transcripts", "targets")
"""Ingredients that are not files of their own: if the file that holds one is missing, that is said of the file."""


@dataclass(frozen=True)
class Origin:
    """A file and what it was made from; `path` is relative to the root, or else that of an input.

    `said` is what the file itself says: versions, parameters and the hashes of its inputs. `state` says in words what
    is known to have changed since: blocks and targets are hashed, inputs only looked for.
    """

    what: str
    path: str
    said: Mapping[str, Any]
    state: str
    made: Made | None
    origins: tuple["Origin", ...] = ()


@dataclass(frozen=True)
class _Kind:
    """What a file is; beside `record` stands who made it; it was made from other files, and inputs of a genome."""

    what: str
    record: Path
    files: tuple[Path, ...] = ()
    genome: str = ""
    inputs: tuple[str, ...] = ()
    chrom: str = ""
    manifest: Path | None = None  # which has its hash


def lineage_of(path: Path) -> Origin:
    """Follow a file of a dataset back to the inputs.

    Raises:
        DatasetError: it does not exist, is in no dataset, or is none of the files that steps make.
    """
    path = path.resolve()
    if not path.is_file():
        raise DatasetError(f"{path}: no such file")
    root = next((folder for folder in path.parents if (folder / "assemblies").is_dir()), None)
    if root is None:
        raise DatasetError(f"{path} is in no dataset: no folder above it holds a folder 'assemblies'")
    return _origin(Layout(root), path)


def _origin(layout: Layout, path: Path) -> Origin:
    kind, relative = _kind(layout, path), path.relative_to(layout.root).as_posix()
    if not path.is_file():
        return Origin(kind.what, relative, {}, "is missing", None)
    said = _said(path)
    return Origin(
        kind.what,
        relative,
        said,
        "; ".join(_faults(layout, kind, path, said)) or _in_order(kind, said),
        read_made(kind.record),
        (*(_origin(layout, file) for file in kind.files), *_inputs(layout, kind)),
    )


def _kind(layout: Layout, path: Path) -> _Kind:  # noqa: PLR0911 - a case for each kind of file
    parts = path.relative_to(layout.root).parts
    match parts:
        case ("blocks", _, folder, subfolder, name) if name.endswith(".parquet"):
            genome, chrom = (plain_name(part.partition("=")[2]) for part in (folder, subfolder))
            made_from = layout.segments(genome, chrom), layout.sequence(genome)
            manifest = path.parent / "manifest.json"
            return _Kind("block", manifest, made_from, genome, chrom=chrom, manifest=manifest)
        case ("targets", folder, name) if name.endswith(".parquet"):
            genome, chrom = plain_name(folder), plain_name(name.removesuffix(".parquet"))
            manifest, transcripts = path.with_suffix(".json"), (layout.transcripts(genome),)
            return _Kind("targets of a chromosome", manifest, transcripts, genome, chrom=chrom, manifest=manifest)
        case ("annotation", folder, "transcripts.parquet" | "exons.parquet" as name):
            genome = plain_name(folder)
            record = layout.annotation_summary(genome)
            return _Kind(name.removesuffix(".parquet"), record, (layout.chromosomes(genome),), genome, ("annotation",))
        case ("assemblies", folder, "chromosomes.parquet"):
            genome = plain_name(folder)
            return _Kind("chromosomes", layout.source(genome), (), genome, ("sequence", "aliases"))
        case ("assemblies", folder, "sequence.fa" | "sequence.fa.fai"):
            genome = plain_name(folder)
            return _Kind("sequence, decompressed and indexed", layout.source(genome), (), genome, ("sequence",))
        case ("assemblies", folder, "soft_masked.parquet"):
            genome = plain_name(folder)
            record, manifest = layout.source(genome), layout.sequence_manifest(genome)
            return _Kind("soft masking", record, (), genome, ("sequence",), manifest=manifest)
        case ("segmentation", "genomes", name) | ("dataset", "segmentation_preview", _, name):
            return _of_transcripts(layout, plain_name(name.removesuffix(".parquet")))
        case ("segmentation", _, _, name):
            return _of_transcripts(layout, plain_name(name.rpartition("-")[0]))
        case ("dataset", "blocks.parquet"):
            return _Kind("index of blocks", path, tuple(_of_all_genomes(layout)))
        case ("dataset", "statistics", _):
            return _Kind("statistics", path.parent, (layout.index,))
        case ("dataset", "README.md"):
            return _Kind("card", path, (layout.index,))
    raise DatasetError(
        f"{'/'.join(parts)} is none of the files that are made from others: expected a block, or a Parquet file, a"
        " sequence or the card under targets, segmentation, annotation, assemblies or dataset"
    )


def _of_transcripts(layout: Layout, genome: str) -> _Kind:
    manifest = SegmentationLayout(layout.root).manifest(genome)
    made_from = layout.transcripts(genome), layout.exons(genome), layout.sequence(genome)
    return _Kind("rows of transcripts", manifest, made_from, genome, manifest=manifest)


def _of_all_genomes(layout: Layout) -> Iterator[Path]:
    for folder in sorted((layout.root / "annotation").iterdir()):
        genome = plain_name(folder.name)
        yield from (layout.transcripts(genome), layout.sequence(genome))


def _said(path: Path) -> dict[str, Any]:
    """Return what a Parquet file's key-value metadata say; nothing of files of other kinds."""
    if path.suffix != ".parquet":
        return {}
    try:
        stored = pq.read_metadata(readable(path)).metadata or {}
    except (ValueError, OSError) as error:
        raise DatasetError(f"{path} can't be read ({error}); delete it and build again") from error
    pairs = {key.decode(): value.decode() for key, value in stored.items()}
    versions = {key: pairs[_SAID + key] for key in ("step", "format_version", "fingerprint") if _SAID + key in pairs}
    return versions | {key: json.loads(pairs.get(_SAID + key, "{}")) for key in ("parameters", "inputs")}


def _in_order(kind: _Kind, said: Mapping[str, Any]) -> str:
    found = "is as it was made" if kind.manifest else "is there"
    return f"{found}, from the present inputs" if said.get("inputs") else found


def _faults(layout: Layout, kind: _Kind, path: Path, said: Mapping[str, Any]) -> Iterator[str]:
    """Describe where a file is not what its manifest says, or was made from something else than what is there now."""
    if kind.manifest:
        manifest = read_manifest(kind.manifest)
        outputs = {output.path: output.sha256 for output in manifest.outputs} if manifest else {}
        known = outputs.get(path.relative_to(layout.root).as_posix())
        if known is None:
            yield "is not finished: no manifest lists it"
        elif known != sha256_of_file(path):
            yield "has CHANGED since it was made"
    for name, sha256 in said.get("inputs", {}).items():
        present = _present_hash(layout, kind, name)
        if present != sha256 and not (present is None and name in _PIECES):
            yield f"is STALE: it was made from another {name} than there is now"


def _present_hash(layout: Layout, kind: _Kind, name: str) -> str | None:
    """Return the hash of an ingredient as it now is: of the index, of a chromosome's bases, selected transcripts or
    targets, or of an input file of a genome, whose name may be in front of it."""
    match name:
        case "index" | "transcripts_table" | "exons_table" | "chromosomes_table":
            table = _table(layout, kind.genome, name)
            return sha256_of_file(table) if table.is_file() else None
        case "bases":
            chromosomes = read_chromosomes(layout.chromosomes(kind.genome))
            return next((one.sha256 for one in chromosomes if one.chrom == kind.chrom), None)
        case "transcripts" if layout.transcripts(kind.genome).is_file():
            return selected_hashes(read_transcripts(layout, kind.genome), [kind.chrom])[kind.chrom]
        case "targets":
            manifest = read_manifest(layout.segments_manifest(kind.genome, kind.chrom))
            return manifest.fingerprint if manifest else None
        case "transcripts":
            return None
    before, _, file = name.rpartition(".")
    return input_hashes(read_source(layout, before or kind.genome)).get(file)


def _table(layout: Layout, genome: str, name: str) -> Path:
    match name:
        case "transcripts_table":
            return layout.transcripts(genome)
        case "exons_table":
            return layout.exons(genome)
        case "chromosomes_table":
            return layout.chromosomes(genome)
    return layout.index


def _inputs(layout: Layout, kind: _Kind) -> Iterator[Origin]:
    if not kind.inputs:
        return
    for name, file in read_source(layout, kind.genome).inputs.items():
        if name in kind.inputs:
            state = "is there" if file.path.is_file() else "is GONE from where it was"
            said = {"sha256": file.sha256} | ({"fetched from": file.url} if file.url else {})
            yield Origin(f"input: {name}", str(file.path), said, state, None)
