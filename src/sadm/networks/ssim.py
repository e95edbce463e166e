"""Structural similarity of two batches of images in the plane, as a loss (Wang et al. 2004).

Each channel by itself, Gaussian window, zero padding. The score of a volume is another one: `sadm.prediction.score.ssim_map`.
"""

import torch
from torch import Tensor

C1, C2 = 0.01**2, 0.03**2  # constants of SSIM for values of range 1


def ssim(x: Tensor, y: Tensor, window: int, sigma: float, c1: float = C1, c2: float = C2) -> Tensor:
    """SSIM of ``x`` and ``y`` [B, C, H, W] at each pixel, float32 in [-1, 1] of the same shape, also under autocast.

    ``window``: odd width in pixels of a Gaussian of ``sigma`` pixels whose weights sum to 1.
    """
    with torch.autocast(x.device.type, enabled=False):
        x, y = x.float(), y.float()
        rows, columns = (weights(size, window, sigma, x.device) for size in x.shape[2:])
        # A product with banded matrices: no convolution, which could run in TF32, too coarse for differences of squares.
        mx, my, xx, yy, xy = (rows @ torch.stack([x, y, x * x, y * y, x * y]) @ columns).unbind()
        variances, covariance = xx + yy - mx * mx - my * my, xy - mx * my
        return (2 * mx * my + c1) * (2 * covariance + c2) / ((mx * mx + my * my + c1) * (variances + c2))


def weights(size: int, window: int, sigma: float, device: torch.device) -> Tensor:
    """Symmetric matrix [size, size] that takes the Gaussian mean along an axis; what lies outside counts as 0."""
    place = torch.arange(size, dtype=torch.float64)
    distance = (place[:, None] - place).abs()
    bell = torch.exp(-0.5 * (distance / sigma) ** 2) * (distance <= window // 2)
    middle = torch.arange(-(window // 2), window // 2 + 1, dtype=torch.float64)
    total = torch.exp(-0.5 * (middle / sigma) ** 2).sum()
    return (bell / total).to(device, torch.float32)
