"""genatator-assets: genome assemblies and annotations to nucleotide-level gene-finding datasets."""

from typing import TYPE_CHECKING, Any

from genatator_assets.version import __version__

if TYPE_CHECKING:
    from genatator_assets.reading import open_dataset

__all__ = ["__version__", "open_dataset"]


def __getattr__(name: str) -> Any:
    """Import what reads datasets when it is first used: the command line and the workers that build don't need it."""
    if name == "open_dataset":
        from genatator_assets.reading import open_dataset  # noqa: PLC0415

        return open_dataset
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
