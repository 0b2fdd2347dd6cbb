"""The platform's version, read from the installed distribution so that it is written down once."""

from importlib.metadata import version

__version__ = version("genatator-assets")
