"""genatator-assets: genome assemblies and annotations to nucleotide-level gene-finding datasets."""

from genatator_assets.version import __version__

__all__ = ["__version__"]
