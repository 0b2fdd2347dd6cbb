"""The evaluation fixtures, read by a few lines of code that know nothing of the package's readers."""

import gzip
import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from conftest import data_folder

from genatator_assets.evaluation.models import LNCRNA, MRNA, OTHER, Models, Parts

FIXTURES = data_folder().parent / "fixtures" / "evaluation"
_KINDS = {"mRNA": MRNA, "lnc_RNA": LNCRNA}
_STRANDS = {"+": 1, "-": -1, ".": 0}


def cases(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FIXTURES / name).read_text())
    return found


def models_of(rows: list[dict[str, Any]], chroms: list[str]) -> Models:
    """Models of rows with chrom, strand, start, end, id, gene, kind and lists of exons and cds."""
    genes = sorted({(row["chrom"], row["gene"]) for row in rows})
    numbers = {gene: number for number, gene in enumerate(genes)}

    def parts(key: str) -> Parts:
        flat = sorted((owner, start, end) for owner, row in enumerate(rows) for start, end in row[key])
        owner, start, end = (
            np.array(column, np.int64) for column in (zip(*flat, strict=True) if flat else ((), (), ()))
        )
        return Parts.of(owner, start, end, len(rows))

    def column(key: str, kind: Any = np.int64) -> np.ndarray:
        return np.array([row[key] for row in rows], kind)

    return Models(
        seq=np.array([chroms.index(row["chrom"]) for row in rows], np.int64),
        strand=column("strand", np.int8),
        start=column("start"),
        end=column("end"),
        gene=np.array([numbers[row["chrom"], row["gene"]] for row in rows], np.int64),
        kind=column("kind", np.int8),
        ids=column("id", np.object_),
        gene_ids=np.array([gene for _, gene in genes], np.object_),
        exons=parts("exons"),
        cds=parts("cds"),
    )


def rows_of_gff3(path: Path) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    parts: dict[str, dict[str, list[tuple[int, int]]]] = defaultdict(lambda: {"exon": [], "CDS": []})
    for line in gzip.decompress(path.read_bytes()).decode().splitlines():
        if line.startswith("#") or not line:
            continue
        chrom, _, feature, first, last, _, strand, _, attributes = line.split("\t")
        found = dict(re.findall(r"([^=;]+)=([^;]*)", attributes))
        if feature in _KINDS:
            rows[found["ID"]] = {
                "chrom": chrom,
                "strand": _STRANDS[strand],
                "start": int(first) - 1,
                "end": int(last),
                "id": found["ID"],
                "gene": found["Parent"],
                "kind": _KINDS[feature],
            }
        elif feature in ("exon", "CDS"):
            parts[found["Parent"]][feature].append((int(first) - 1, int(last)))
    return [{**row, "exons": parts[name]["exon"], "cds": parts[name]["CDS"]} for name, row in rows.items()]


def rows_of_bed(path: Path) -> list[dict[str, Any]]:
    rows = []
    for line in gzip.decompress(path.read_bytes()).decode().splitlines():
        chrom, start, end, name, _, strand = line.split("\t")[:6]
        span = (int(start), int(end))
        rows.append(
            {"chrom": chrom, "strand": _STRANDS[strand], "start": span[0], "end": span[1], "id": name}
            | {"gene": name, "kind": OTHER, "exons": [span], "cds": []}
        )
    return rows


def rows_of_sites(path: Path, chrom: str) -> list[dict[str, Any]]:
    rows = []
    header, *lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    for line in lines:
        row = dict(zip(header.split("\t"), line.split("\t"), strict=True))
        ends = sorted((int(row["TSS"]), int(row["PolyA"])))
        span = (ends[0] - 1, ends[1])
        rows.append(
            {
                "chrom": chrom,
                "strand": _STRANDS[row["strand"]],
                "start": span[0],
                "end": span[1],
                "id": row["transcript"],
            }
            | {"gene": row["gene"], "kind": _KINDS[row["type"]], "exons": [span], "cds": []}
        )
    return rows
