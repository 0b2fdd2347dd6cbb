"""The catalogue that a root was built from, kept in the root: afterwards the root alone says what it is.

It stands in dataset/catalogue.yaml with absolute paths, is written anew by each build, and is never part of a release.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from genatator_assets.catalogue.model import Catalogue
from genatator_assets.errors import CatalogueError, DatasetError
from genatator_assets.work.files import whole_file

_HEAD = "# The catalogue that this root was last built from; each build rewrites it. Paths are absolute.\n"
_SHOWN = 200


def remembered_path(root: Path) -> Path:
    """Return where a root keeps its catalogue."""
    return root / "dataset" / "catalogue.yaml"


def remembered(root: Path) -> dict[str, Any] | None:
    """Return the content of the catalogue that a root was built from; None if it has none.

    Raises:
        DatasetError: it can't be read.
    """
    path = remembered_path(root)
    if not path.is_file():
        return None
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path} can't be read ({error}); give the catalogue by --catalogue") from error
    if not isinstance(content, dict) or "dataset" not in content:
        raise DatasetError(f"{path} does not hold a catalogue; give the catalogue by --catalogue")
    return content


def require_same_dataset(catalogue: Catalogue, root: Path) -> None:
    """Make sure that a root was not built from a dataset of another name.

    Raises:
        CatalogueError: it was.
    """
    before = remembered(root)
    if before is not None and before["dataset"] != catalogue.dataset:
        raise CatalogueError(
            f"{root} was built from the dataset {before['dataset']!r}, and {catalogue.origin} is of"
            f" {catalogue.dataset!r}; give another --root, or the catalogue of that dataset"
        )


def remember(catalogue: Catalogue, root: Path) -> list[str]:
    """Have a root keep a catalogue; return what it changes of the one that was kept, a line for each value.

    Raises:
        CatalogueError: the root was built from a dataset of another name.
    """
    require_same_dataset(catalogue, root)
    before, now = remembered(root), content_of(catalogue)
    if before == now:
        return []
    with whole_file(remembered_path(root)) as temporary:
        temporary.write_text(_HEAD + yaml.safe_dump(now, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return list(_changes(before, now)) if before is not None else []


def content_of(catalogue: Catalogue) -> dict[str, Any]:
    """Return a catalogue as what a YAML file says that reads as the same, on this machine."""
    content: dict[str, Any] = catalogue.model_dump(mode="json", exclude_defaults=True)
    return {
        **content,
        **{name: False for name in type(catalogue).model_fields if getattr(catalogue, name) is None},
    }


def _changes(before: Any, now: Any, place: str = "") -> Iterator[str]:
    """Describe where two contents differ."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key in dict.fromkeys([*before, *now]):
            inside = f"{place}.{key}" if place else str(key)
            yield from _changes(before.get(key), now.get(key), inside)
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for number, pair in enumerate(zip(before, now, strict=True)):
            yield from _changes(*pair, f"{place}[{number}]")
    elif before != now:
        yield f"{place}: {_shown(before)} -> {_shown(now)}"


def _shown(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
