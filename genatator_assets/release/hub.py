"""Sending a release to the Hugging Face hub by huggingface_hub, which knows the token and is an optional dependency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from genatator_assets.errors import DatasetError, GenatatorError, optional_import
from genatator_assets.release import Part, foreign_files, parts_of, read_checksums
from genatator_assets.release.names import INDEX
from genatator_assets.work.files import sha256_of_file
from genatator_assets.work.tables import read_table

with optional_import("huggingface_hub", "hub"):
    from huggingface_hub import HfApi, get_token
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

    from httpx2 import HTTPError  # isort: skip - it comes with huggingface_hub

_REPLACED = [
    f"{folder}/*"
    for folder in (
        *("data", "preview", "dataset", "assemblies", "annotation", "segmentation", "tracks"),
        *(
            "segmentation_preview",
            "channel_sets",
            "channel_blocks",
            "windows",
            "intervals",
            "cells",
            "leakage",
            "evaluation",
        ),
    )
]
"""What a repository has there and this release has not is of an earlier release, and is deleted."""

_SHOWN = 5


@dataclass(frozen=True)
class Upload:
    """What would be sent where."""

    folder: Path
    repo_id: str
    parts: tuple[Part, ...]


def plan_upload(folder: Path, repo_id: str) -> Upload:
    """See what sending a release would take; nothing is sent, and nobody is asked.

    Raises:
        DatasetError: the folder holds no release, or not all of it, or more.
        GenatatorError: the repository's name is none.
    """
    try:
        validate_repo_id(repo_id)
    except HFValidationError as error:
        raise GenatatorError(f"{repo_id!r} is not the name of a repository: {error}; expected owner/name") from error
    if repo_id.count("/") != 1:
        raise GenatatorError(f"{repo_id!r} does not say whose repository it is; expected owner/name")
    _require_whole(folder)
    return Upload(folder, repo_id, parts_of(folder))


def upload(planned: Upload) -> str:
    """Send a release, into a private repository if there is none yet; give its address.

    What is already there is not sent again, so that an interrupted upload is resumed. The token is that of
    the environment (HF_TOKEN) or of `hf auth login`.

    Raises:
        GenatatorError: there is no token, or the hub refuses, or can't be reached.
    """
    if get_token() is None:
        raise GenatatorError("there is no token for the hub: set HF_TOKEN, or log in by 'hf auth login'")
    client = HfApi()
    try:
        repository = client.create_repo(planned.repo_id, repo_type="dataset", private=True, exist_ok=True)
        client.upload_folder(
            repo_id=planned.repo_id,
            repo_type="dataset",
            folder_path=planned.folder,
            commit_message="Release by genatator-assets",
            delete_patterns=_REPLACED,
        )
    except (HTTPError, OSError, RuntimeError) as error:
        raise GenatatorError(
            f"the hub did not take all of it ({error}); once that is mended, the same command goes on where it was"
        ) from error
    return str(repository)


def _require_whole(folder: Path) -> None:
    """Require a release's files and no others, the blocks with their sizes, all else with its bytes."""
    listed = read_checksums(folder)
    _refuse(folder, "lacks", [path for path in listed if not (folder / path).is_file()])
    _refuse(folder, "also holds", foreign_files(folder))
    sizes: dict[str, int] = {}
    if INDEX in listed:
        index = read_table(folder / INDEX, columns=["path", "bytes"])
        sizes = dict(zip(index["path"].to_pylist(), index["bytes"].to_pylist(), strict=True))
    _refuse(
        folder, "has in another size than it should", [path for path in sizes if not _has_size(folder, path, sizes)]
    )
    others = {path: sha256 for path, sha256 in listed.items() if path not in sizes}
    changed = [path for path, sha256 in others.items() if sha256_of_file(folder / path) != sha256]
    _refuse(folder, "has with other bytes than it should", changed)


def _has_size(folder: Path, path: str, sizes: Mapping[str, int]) -> bool:
    return (folder / path).is_file() and (folder / path).stat().st_size == sizes[path]


def _refuse(folder: Path, what: str, paths: Sequence[str]) -> None:
    if paths:
        more = f" and {len(paths) - _SHOWN:,} more" if len(paths) > _SHOWN else ""
        raise DatasetError(
            f"the release in {folder} {what} {', '.join(paths[:_SHOWN])}{more}; make it again by 'release'"
        )
