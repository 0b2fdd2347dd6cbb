"""croissant.json: the release described for machines, as the MLCommons Croissant format 1.1 has it."""

import json
from typing import Any

from genatator_assets.catalogue.values import SPLITS
from genatator_assets.gene_finding.channels import CHANNELS
from genatator_assets.release.names import INDEX

_PARQUET = "application/x-parquet"
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context that the format prescribes, word for word."""


def croissant(dataset: str, description: str, license_name: str, version: str, index_sha256: str) -> str:
    """Describe a release: its files, and the records of the configs `default` and `preview`."""
    document = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": dataset,
        "description": description,
        "license": license_name,
        "version": version,
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": "index",
                "name": "index",
                "description": "A row per block: typed metadata, composition, target sums, path, size and SHA-256.",
                "contentUrl": INDEX,
                "encodingFormat": _PARQUET,
                "sha256": index_sha256,
            },
            _file_set("blocks", "The blocks, one row and one file each.", "data/*.parquet"),
            _file_set("windows", "The windows of the preview, one row and one file each.", "preview/*.parquet"),
        ],
        "recordSet": [
            _record_set("default", "All blocks.", "blocks", "data"),
            _record_set("preview", "A short window from each of some chromosomes.", "windows", "preview"),
        ],
    }
    return json.dumps(document, indent=1) + "\n"


def _file_set(name: str, description: str, includes: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": name,
        "name": name,
        "description": description,
        "encodingFormat": _PARQUET,
        "includes": includes,
    }


def _record_set(name: str, description: str, files: str, folder: str) -> dict[str, Any]:
    of_path = {
        "fileSet": {"@id": files},
        "extract": {"fileProperty": "fullpath"},
        "transform": {"regex": f"^{folder}/({'|'.join(SPLITS)})/.*$"},
    }
    targets = {"isArray": True, "arrayShape": f"-1,{len(CHANNELS)}"}
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": description,
        "field": [
            _field(name, "split", "sc:Text", "The split, which is the folder.", of_path),
            _field(name, "dna_sequence", "sc:Text", "DNA: A, C, G, T and N.", _column(files, "dna_sequence")),
            _field(
                name,
                "targets",
                "cr:Float32",
                f"A row per base and a column per channel: {', '.join(CHANNELS.names)}.",
                _column(files, "targets"),
            )
            | targets,
            _field(name, "metadata", "sc:Text", "Where the DNA lies, as a JSON object.", _column(files, "metadata")),
        ],
    }


def _field(record_set: str, name: str, data_type: str, description: str, source: dict[str, Any]) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"{record_set}/{name}",
        "name": name,
        "description": description,
        "dataType": data_type,
        "source": source,
    }


def _column(files: str, column: str) -> dict[str, Any]:
    return {"fileSet": {"@id": files}, "extract": {"column": column}}
