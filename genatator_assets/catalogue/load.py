"""Reading a catalogue: YAML to validated objects, with errors that name the file, the key and the nearest one."""

from collections.abc import Hashable
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from genatator_assets.catalogue.model import Catalogue, nearest
from genatator_assets.errors import CatalogueError

_PRESETS = files("genatator_assets.catalogue") / "presets"
_EXPECTED = {"model_type": "a mapping", "tuple_type": "a list"}
_MERGE = "tag:yaml.org,2002:merge"


class _UniqueKeyLoader(yaml.SafeLoader):
    """YAML without repeated keys: PyYAML would silently keep the last of them."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key_node, _ in node.value:
            if key_node.tag == _MERGE:
                continue
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise yaml.constructor.ConstructorError(
                    None, None, f"found {key!r} as a key, expected a name", key_node.start_mark
                )
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands twice; keep one", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def preset_names() -> tuple[str, ...]:
    """Give the names of the catalogues that come with the package.

    >>> "demo" in preset_names()
    True
    """
    return tuple(sorted(preset.name.removesuffix(".yaml") for preset in _PRESETS.iterdir()))


def load_catalogue(source: str | Path) -> Catalogue:
    """Read the catalogue at the path `source`, or the preset of that name.

    Relative paths in it are relative to its own folder; a file that it names must exist.

    >>> load_catalogue("demo").dataset
    'demo'

    Raises:
        CatalogueError: no such file, not YAML, or not a catalogue; one line per fault.
    """
    if str(source) in preset_names():
        return _parse((_PRESETS / f"{source}.yaml").read_text(), f"preset {source}", Path.cwd())
    path = Path(source)
    if not path.is_file():
        raise CatalogueError(
            f"{path}: no such catalogue{nearest(str(source), preset_names())};"
            f" give a YAML file or one of the presets: {', '.join(preset_names())}"
        )
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CatalogueError(f"{path}: not a text file ({error}); expected YAML in UTF-8") from error
    return _parse(text, str(path), path.resolve().parent)


def _parse(text: str, origin: str, folder: Path) -> Catalogue:
    try:
        document = yaml.load(text, _UniqueKeyLoader)  # noqa: S506 - it is a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a date such as 2020-13-45
        raise CatalogueError(f"{origin}: not valid YAML: {error}") from error
    if not isinstance(document, dict):
        raise CatalogueError(
            f"{origin}: found {type(document).__name__}, expected a mapping with 'dataset' and 'assemblies'"
        )
    try:
        return Catalogue.model_validate(document, context={"folder": folder, "origin": origin})
    except ValidationError as error:
        # Pydantic also calls a list too short when its entries have faults.
        faults = [fault for fault in error.errors() if fault["type"] != "too_short" or not fault["input"]]
        raise CatalogueError("\n".join(f"{origin}: {_fault(fault)}" for fault in faults)) from error


def _fault(fault: Any) -> str:
    """Say one fault of pydantic's in our words: the key's place, what is wrong, what was found."""
    place = ".".join(f"[{part}]" if isinstance(part, int) else str(part) for part in fault["loc"]).replace(".[", "[")
    match fault["type"]:
        case "extra_forbidden":
            *parents, key = fault["loc"]
            known = _keys_at(parents)
            return f"{place}: unknown key{nearest(str(key), known)}; known here: {', '.join(known)}"
        case "missing":
            return f"{place}: missing; it must be given"
        case "too_short":
            return f"{place}: found an empty list, expected at least one entry"
        case "model_type" | "tuple_type":
            return f"{place}: found {fault['input']!r}, expected {_EXPECTED[fault['type']]}"
        case "value_error":
            return f"{place}: {fault['ctx']['error']}" if place else str(fault["ctx"]["error"])
        case _:
            return f"{place}: found {fault['input']!r}: {fault['msg']}"


def _keys_at(parents: list[str | int]) -> list[str]:
    """Give the keys that the catalogue knows at a place such as ["assemblies", 0, "splits"]."""
    model: type[BaseModel] = Catalogue
    for part in parents:
        if isinstance(part, str):
            model = _model_in(model.model_fields[part].annotation)
    return sorted(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel]:
    """Find the model in an annotation such as `tuple[Assembly, ...]` or `Kernel | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part
    raise TypeError(f"no model in {annotation}")
