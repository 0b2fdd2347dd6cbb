"""The errors a user can cause. Each message names the place, the value found, the value expected and the remedy."""


class GenatatorError(Exception):
    """An error the user can mend: the command line prints it without a traceback and exits with code 2."""


class CatalogueError(GenatatorError):
    """The catalogue, or a name in it, is wrong."""


class SequenceError(GenatatorError):
    """A FASTA file can't be used."""


class AnnotationError(GenatatorError):
    """A GFF3 or GTF file can't be used."""


class DatasetError(GenatatorError):
    """A dataset root is incomplete or damaged."""


class QueryError(GenatatorError):
    """An SQL statement can't be run on a dataset."""


class ClusterError(GenatatorError):
    """A cluster's workers can't be used, so that nothing can go on."""
