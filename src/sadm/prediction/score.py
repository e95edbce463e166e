"""The anomaly score of a volume: local dissimilarity to its reconstruction, smoothed, and added to the segmentation map.

    u = median_5((1 - SSIM(x, r)) m) m,    score = u + p

with volume x, reconstruction r (mean over t), brain mask m and segmentation probability p (paper, section 3). The axes may come in any order: window and median are cubes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from sadm.runtime.errors import ConfigError

K1, K2 = 0.01, 0.03  # constants of SSIM (Wang et al. 2004)


def ssim_map(x: np.ndarray, y: np.ndarray, sigma: float = 1.0) -> np.ndarray:
    """Structural similarity of two volumes at each voxel: float64 in [-1, 1], the same shape [A, B, C].

    Gaussian window of ``sigma`` voxels cut at 4 sigma (9 voxels wide at 1), mirrored borders, no Bessel correction. The data
    range is that of the volumes, the larger of the two; two constant volumes count as range 1.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)

    def mean(a: np.ndarray) -> np.ndarray:
        return gaussian_filter(a, sigma, mode="mirror", truncate=4.0)

    spread = max(np.ptp(x), np.ptp(y)) or 1.0
    c1, c2 = (K1 * spread) ** 2, (K2 * spread) ** 2
    mx, my = mean(x), mean(y)
    xx, yy, xy = mx * mx, my * my, mx * my
    variances = mean(x * x + y * y) - xx - yy
    covariance = mean(x * y) - xy
    return (2 * xy + c1) * (2 * covariance + c2) / ((xx + yy + c1) * (variances + c2))


def median_map(values: np.ndarray, brain: np.ndarray, size: int) -> np.ndarray:
    """Median over a cube of ``size`` voxels, symmetric borders, at brain voxels; 0 elsewhere. Same shape and dtype.

    Equal to ``scipy.ndimage.median_filter(values, size) * brain``, in a third of its time: only brain voxels are sorted.
    """
    inside, out = np.asarray(brain, dtype=bool), np.zeros_like(values)
    padded = np.pad(values, (size // 2, (size - 1) // 2), mode="symmetric")
    cubes = np.lib.stride_tricks.sliding_window_view(padded, (size, size, size))
    middle = size**3 // 2
    for k, voxels in enumerate(inside):  # by slice, so that the cubes fit into the cache
        neighbours = cubes[k][voxels].reshape(-1, size**3)
        neighbours.partition(middle, axis=1)
        out[k][voxels] = neighbours[:, middle]
    return out


def residual_map(
    x: np.ndarray, reconstruction: np.ndarray, brain: np.ndarray, sigma: float = 1.0, median: int = 5
) -> np.ndarray:
    """Unsupervised anomaly map u of one volume: float32 in [0, 2], 0 outside the brain (paper, section 3).

    ``x`` and ``reconstruction`` [A, B, C] in [0, 1], the reconstruction averaged over t; ``brain`` [A, B, C] 0/1;
    ``sigma`` and ``median`` (edge of the cube) in voxels.
    """
    distance = ((1.0 - ssim_map(x, reconstruction, sigma)) * brain).astype(np.float32)
    return median_map(np.maximum(distance, 0.0), brain, median)  # rounding alone makes 1 - SSIM negative


@dataclass(frozen=True)
class Scoring:
    """The study's parameters of the score, for the methods: ``sigma`` of the SSIM and ``median`` edge, in voxels."""

    sigma: float = 1.0
    median: int = 5

    def residual(self, x: np.ndarray, reconstruction: np.ndarray, brain: np.ndarray) -> np.ndarray:
        """`residual_map` with these parameters."""
        return residual_map(x, reconstruction, brain, self.sigma, self.median)

    def smooth(self, values: np.ndarray, brain: np.ndarray) -> np.ndarray:
        """`median_map` of ``values`` [A, B, C] float32 with this median."""
        return median_map(values, brain, self.median)


def fuse(maps: Sequence[np.ndarray], beta: float = 0.5) -> np.ndarray:
    """Score of a row: its one map, or 2 (beta u + (1 - beta) p) of two, float32, the same shape.

    ``maps`` in the order of the row: the unsupervised map u, then the segmentation probability p. The default beta is the
    paper's sum u + p; other values are those of its Appendix D, times 2. Raises ConfigError for more than two maps.
    """
    if not 1 <= len(maps) <= 2:
        fix = "write METHOD or METHOD + METHOD"
        raise ConfigError("A row adds one or two maps.", cause=f"it has {len(maps)}", fix=fix)
    if len(maps) == 1:
        return maps[0].astype(np.float32)
    u, p = (each.astype(np.float32) for each in maps)
    return np.float32(2 * beta) * u + np.float32(2 * (1 - beta)) * p
