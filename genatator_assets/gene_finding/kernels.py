"""The smooth signal around a site, as a function of the distance in bp."""

import numpy as np
import numpy.typing as npt

from genatator_assets.gene_finding.section import Kernel


def kernel_values(kernel: Kernel) -> npt.NDArray[np.float32]:
    """Return k(d) for d = 0 .. radius_bp, float32 [radius_bp + 1]: 1 at the site, never rising with the distance.

    Computed in float64 and rounded once. Source of the shapes: the dataset's contract.

    >>> kernel_values(Kernel(shape="triangular", width_bp=4, radius_bp=3)).tolist()
    [1.0, 0.75, 0.5, 0.25]
    """
    distance = np.arange(kernel.radius_bp + 1, dtype=np.float64)
    match kernel.shape:
        case "laplace":
            values = np.exp(-distance / kernel.width_bp)
        case "gaussian":
            values = np.exp(-(distance**2) / (2 * kernel.width_bp**2))
        case "triangular":
            values = np.maximum(0.0, 1.0 - distance / kernel.width_bp)
        case "box":
            values = np.ones_like(distance)
    return values.astype(np.float32)
