"""Reading a catalogue: YAML to validated objects, with errors that name the file, the key and the nearest one."""

import reprlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, RootModel, ValidationError

from genatator_assets.catalogue.model import Catalogue
from genatator_assets.catalogue.values import nearest
from genatator_assets.errors import CatalogueError
from genatator_assets.work.storage import is_remote

_PRESETS = files("genatator_assets.catalogue") / "presets"
_EXPECTED = {"model_type": "a mapping", "tuple_type": "a list"}
_TAGS = "tag:yaml.org,2002:"
_MERGE = f"{_TAGS}merge"
_MOST_BITS = 64
_MOST_KEYS = 10_000
_SHORT = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxstring, _SHORT.maxother = 2, 200, 200


class _Loader(yaml.SafeLoader):
    """YAML that says at which line it is wrong, and that can't be made to grow without bounds."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """Refuse repeated keys, of which PyYAML would silently keep the last."""
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            name = (key.tag, key.value) if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE else key
            if name in seen:
                raise _fault_at(key, f"the key {key.value!r} stands twice; keep one")
            seen.add(name)
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Refuse what is not what its tag says, such as `!!int ""`: PyYAML lets Python's own errors pass."""
        try:
            value = super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError, ArithmeticError) as error:
            raise _fault_at(node, f"the value can't be read as {node.tag.removeprefix(_TAGS)}") from error
        if isinstance(value, int) and value.bit_length() > _MOST_BITS:
            raise _fault_at(node, f"found a number of more than {_MOST_BITS} bits")
        return value

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Refuse merges (`<<`) of merges of merges that multiply."""
        super().flatten_mapping(node)
        if len(node.value) > _MOST_KEYS:
            raise _fault_at(node, f"found {len(node.value):,} keys in one mapping, expected {_MOST_KEYS:,} at most")


def _fault_at(node: yaml.Node, fault: str) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, fault, node.start_mark)


def preset_names() -> tuple[str, ...]:
    """Return the names of the catalogues that come with the package.

    >>> "demo" in preset_names()
    True
    """
    return tuple(sorted(preset.name.removesuffix(".yaml") for preset in _PRESETS.iterdir()))


@dataclass(frozen=True)
class Sections:
    """What the parts know of their sections.

    model: returns the model that a document is validated with; validate: makes a catalogue of a document and its
    context (the folder that paths are relative to, and where the document is); parts_with: names the parts whose
    section has a key.
    """

    model: Callable[[Mapping[str, Any]], type[Catalogue]]
    validate: Callable[[Mapping[str, Any], Mapping[str, Any]], Catalogue]
    parts_with: Callable[[str], list[str]]


def load_catalogue(source: str | Path, sections: Sections) -> Catalogue:
    """Read the catalogue at the path `source`, or the preset of that name: `genatator_assets.parts.load_catalogue`.

    Raises:
        CatalogueError: no such file, not YAML, or not a catalogue; one line per fault, with its line in the file.
    """
    if str(source) in preset_names():
        text = (_PRESETS / f"{source}.yaml").read_text()
        return _Reader(f"preset {source}", Path.cwd(), sections).catalogue(text)
    path = Path(source) if isinstance(source, str) else source  # of a root in an object store it is no pathlib.Path
    if not _is_file(path):
        raise CatalogueError(
            f"{path}: no such catalogue{nearest(str(source), preset_names())};"
            f" give a YAML file or one of the presets: {', '.join(preset_names())}"
        )
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CatalogueError(f"{path}: not a text file ({error}); expected YAML in UTF-8") from error
    except OSError as error:
        raise CatalogueError(f"{path}: can't be read: {error}") from error
    folder = Path.cwd() if is_remote(path) else path.resolve().parent
    return _Reader(str(path), folder, sections).catalogue(text)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long, no right to look
        return False


@dataclass(frozen=True)
class _Reader:
    """Reads one catalogue: `origin` is how messages name it, `folder` what its paths are relative to."""

    origin: str
    folder: Path
    sections: Sections

    def catalogue(self, text: str) -> Catalogue:
        """Make the catalogue of a text."""
        try:
            loader = _Loader(text)
            node = loader.get_single_node()
            document = loader.construct_document(node) if node is not None else None
        except (yaml.YAMLError, RecursionError) as error:
            raise CatalogueError(f"{self.origin}: not valid YAML: {error}") from error
        if node is None or not isinstance(document, dict):
            raise CatalogueError(
                f"{self.origin}: found {type(document).__name__}, expected a mapping with 'dataset' and 'assemblies'"
            )
        try:
            return self.sections.validate(document, {"folder": self.folder, "origin": self.origin})
        except ValidationError as error:
            model = self.sections.model(document)
            # Pydantic also calls a list too short when its entries have faults.
            faults = [fault for fault in error.errors() if fault["type"] != "too_short" or not fault["input"]]
            numbered = sorted((_line_of(node, fault["loc"]), self._fault(fault, model)) for fault in faults)
            raise CatalogueError("\n".join(f"{self.origin}:{line}: {told}" for line, told in numbered)) from error

    def _fault(self, fault: Any, model: type[Catalogue]) -> str:  # noqa: PLR0911 - a case for each kind of fault
        """Describe one of pydantic's errors in our words: the key's place, what is wrong, what was found (shortened:
        with aliases, a few lines of YAML hold a list of billions)."""
        loc = fault["loc"]
        place = ".".join(f"[{part}]" if isinstance(part, int) else str(part) for part in loc).replace(".[", "[")
        match fault["type"]:
            case "extra_forbidden":
                *parents, key = loc
                known = _keys_at(parents, model)
                near = nearest(str(key), known)
                if not near and len(parents) in {0, 2} and (moved := self.sections.parts_with(str(key))):
                    return f"{place}: moved to {moved[0]}:, as {moved[0]}: {{{key}: ...}}"
                return f"{place}: unknown key{near}; known here: {', '.join(known)}"
            case "missing":
                return f"{place}: missing; it must be given"
            case "too_short":
                return f"{place}: found an empty list, expected at least one entry"
            case "model_type" | "tuple_type":
                return f"{place}: found {_SHORT.repr(fault['input'])}, expected {_EXPECTED[fault['type']]}"
            case "value_error":
                return f"{place}: {fault['ctx']['error']}" if place else str(fault["ctx"]["error"])
            case _:
                return f"{place}: found {_SHORT.repr(fault['input'])}: {fault['msg']}"


def _line_of(node: yaml.Node, loc: Iterable[str | int]) -> int:
    """Return the line, from 1, of the value at a place in a document, or of the nearest thing around it that there is.

    A key that is itself at fault is where the place ends; what a merge (`<<`) brought is where the merge is.
    """
    line = node.start_mark.line
    for part in loc:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
        elif isinstance(node, yaml.MappingNode):
            found = next((pair for pair in node.value if str(pair[0].value) == str(part)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line, found[1]
            continue
        else:
            break
        line = node.start_mark.line
    return int(line) + 1


def _keys_at(parents: list[str | int], model: type[BaseModel]) -> list[str]:
    """Return the keys that the catalogue knows at a place such as ["assemblies", 0, "splits"]."""
    for part in parents:
        if isinstance(part, str):
            model = _model_in(model.model_fields[part].annotation)
        elif issubclass(model, RootModel):  # of a section that is a list
            model = _model_in(model.model_fields["root"].annotation)
    return sorted(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel]:
    """Find the model in an annotation such as `tuple[Assembly, ...]` or `Kernel | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part
    raise TypeError(f"no model in {annotation}")
