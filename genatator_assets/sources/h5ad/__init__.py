"""Reading h5ad files: obs and var by column and range, the expression matrix by rows; never the whole of either.

The file's own layout is read with h5py: what anndata 0.5 to 0.13 wrote, and whatever else writes the same. anndata
itself is not used, because it loads obs whole, needs one version of pandas, and does not read its own oldest files.
"""

from genatator_assets.sources.h5ad.file import H5ad, open_h5ad
from genatator_assets.sources.h5ad.frame import Frame
from genatator_assets.sources.h5ad.matrix import Matrix, RowSource
from genatator_assets.sources.h5ad.rows import Rows

__all__ = ["Frame", "H5ad", "Matrix", "RowSource", "Rows", "open_h5ad"]
