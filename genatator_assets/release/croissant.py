"""croissant.json: the release described for machines, as the MLCommons Croissant format 1.1 has it."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from genatator_assets.catalogue.part import ReleasedFile
from genatator_assets.catalogue.values import SPLITS
from genatator_assets.gene_finding.channels import CHANNELS
from genatator_assets.release.names import INDEX

_PARQUET = "application/x-parquet"
_FORMATS = {"parquet": _PARQUET, "h5": "application/x-hdf5", "tsv": "text/tab-separated-values", "bed": "text/plain"}
_INDEX = "A row per block: typed metadata, composition, target sums, path, size and SHA-256."
_FLOATS = {"halffloat": "float16", "float": "float32", "double": "float64"}  # as Arrow calls them
_NUMBER = re.compile(r"(u?int|float)(8|16|32|64)")
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


def croissant(
    dataset: str,
    description: str,
    license_name: str,
    version: str,
    files: Mapping[str, str],
    others: Sequence[ReleasedFile],
    *,
    blocks: bool,
) -> str:
    """Describe a release: its files, and the records of each config.

    files: SHA-256 of the files that are no rows of a config, by path. others: the files of all parts but gene finding.
    blocks: whether there are blocks of gene finding, and so the configs `default` and `preview`.
    """
    configs = _by_config(others)
    document = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": dataset,
        "description": description,
        "license": license_name,
        "version": version,
        "distribution": [
            *(_file(path, sha256) for path, sha256 in files.items()),
            *(_BLOCKS if blocks else []),
            *(
                _file_set(f"{config}-files", f"The files of {config}.", _patterns(own))
                for config, own in configs.items()
            ),
        ],
        "recordSet": [
            *(_of_blocks() if blocks else []),
            *(_records(config, own[0].path) for config, own in configs.items()),
        ],
    }
    return json.dumps(document, indent=1) + "\n"


def _by_config(others: Sequence[ReleasedFile]) -> dict[str, list[ReleasedFile]]:
    found: dict[str, list[ReleasedFile]] = {}
    for file in others:
        if file.config:
            found.setdefault(file.config, []).append(file)
    return found


def _patterns(files: Sequence[ReleasedFile]) -> list[str]:
    """Return the patterns of a config's files, which are all the Parquet files of their folders."""
    return sorted({f"{file.name.rpartition('/')[0]}/*.parquet" for file in files})


def _file(path: str, sha256: str) -> dict[str, Any]:
    described = {"description": _INDEX} if path == INDEX else {}
    return {
        "@type": "cr:FileObject",
        "@id": "index" if path == INDEX else path,
        "name": "index" if path == INDEX else path,
        **described,
        "contentUrl": path,
        "encodingFormat": _FORMATS.get(path.rpartition(".")[2], "application/octet-stream"),
        "sha256": sha256,
    }


def _records(config: str, path: Path) -> dict[str, Any]:
    """Return the records of a config, by the columns of one of its files, in Croissant's types."""
    schema = pq.read_schema(path)
    return {
        "@type": "cr:RecordSet",
        "@id": config,
        "name": config,
        "description": f"The rows of {config}.",
        "field": [
            _field(config, name, _type(field.type), field.name, _column(f"{config}-files", field.name))
            | _array(field.type)
            for name, field in zip(_names(schema.names), schema, strict=True)
        ],
    }


def _names(columns: Sequence[str]) -> list[str]:
    """Return names for fields, in which no white space may stand.

    >>> _names(["age", "cell type", "cell_type"])
    ['age', 'cell_type_1', 'cell_type_2']
    """
    names = ["_".join(column.split()) for column in columns]
    return [name if names.count(name) == 1 else f"{name}_{place}" for place, name in enumerate(names)]


def _type(of: pa.DataType) -> str:
    """Return the name of a column's type.

    >>> _type(pa.int64()), _type(pa.list_(pa.float32())), _type(pa.dictionary(pa.int32(), pa.string()))
    ('cr:Int64', 'cr:Float32', 'sc:Text')
    """
    while _is_list(of):
        of = of.value_type
    if pa.types.is_boolean(of):
        return "sc:Boolean"
    number = _NUMBER.fullmatch(_FLOATS.get(str(of), str(of)))
    return {"int": "cr:Int", "uint": "cr:UInt", "float": "cr:Float"}[number[1]] + number[2] if number else "sc:Text"


def _is_list(of: pa.DataType) -> bool:
    return any(kind(of) for kind in (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list))


def _array(of: pa.DataType) -> dict[str, Any]:
    """Return the shape of a column of lists."""
    shape = []
    while _is_list(of):
        shape.append(str(of.list_size) if pa.types.is_fixed_size_list(of) else "-1")
        of = of.value_type
    return {"isArray": True, "arrayShape": ",".join(shape)} if shape else {}


def _file_set(name: str, description: str, includes: str | list[str]) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": name,
        "name": name,
        "description": description,
        "encodingFormat": _PARQUET,
        "includes": includes,
    }


_BLOCKS = [
    _file_set("blocks", "The blocks, one row and one file each.", "data/*.parquet"),
    _file_set("windows", "The windows of the preview, one row and one file each.", "preview/*.parquet"),
]


def _of_blocks() -> list[dict[str, Any]]:
    return [
        _record_set("default", "All blocks.", "blocks", "data"),
        _record_set("preview", "A short window from each of some chromosomes.", "windows", "preview"),
    ]


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
