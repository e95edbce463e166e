"""SSIM in the plane against sums over windows."""

import numpy as np
import pytest
import torch

from sadm.networks.ssim import C1, C2, ssim


def brute_force(x: np.ndarray, y: np.ndarray, window: int, sigma: float, c1: float, c2: float) -> np.ndarray:
    """SSIM of two images [H, W], window by window, zeros outside."""
    reach = window // 2
    line = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weight = np.outer(line, line) / line.sum() ** 2
    a, b = np.pad(x, reach), np.pad(y, reach)
    out = np.zeros(x.shape)
    for i, j in np.ndindex(x.shape):
        p, q = a[i : i + window, j : j + window], b[i : i + window, j : j + window]
        mx, my = (weight * p).sum(), (weight * q).sum()
        vx, vy = (weight * p * p).sum() - mx**2, (weight * q * q).sum() - my**2
        both = (weight * p * q).sum() - mx * my
        out[i, j] = (2 * mx * my + c1) * (2 * both + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
    return out


def images() -> tuple[torch.Tensor, torch.Tensor]:
    x, noise = torch.rand(2, 2, 3, 14, 19, generator=torch.Generator().manual_seed(0))
    return x, 0.7 * x + 0.3 * noise


@pytest.mark.parametrize(
    ("window", "sigma", "c1", "c2"), [(11, 1.5, C1, C2), (5, 1.5, C1, C2), (3, 0.7, 0.1, 0.2)]
)
def test_is_that_of_each_window(window: int, sigma: float, c1: float, c2: float) -> None:
    x, y = images()
    found = ssim(x, y, window, sigma, c1, c2)
    assert found.shape == x.shape
    for sample, channel in np.ndindex(2, 3):
        pair = (a[sample, channel].double().numpy() for a in (x, y))
        wanted = brute_force(*pair, window, sigma, c1, c2)
        np.testing.assert_allclose(found[sample, channel], wanted, atol=1e-4)


def test_is_one_for_equal_images_and_symmetric() -> None:
    x, y = images()
    torch.testing.assert_close(ssim(x, x, 11, 1.5), torch.ones_like(x))
    torch.testing.assert_close(ssim(x, y, 11, 1.5), ssim(y, x, 11, 1.5))
    assert ssim(x, y, 11, 1.5).mean() < 0.99
    assert ssim(x, 1 - x, 11, 1.5).min() < 0


def test_gradient_is_finite_on_flat_images_and_full_precision_under_autocast() -> None:
    x, y = images()
    flat = torch.zeros_like(x, requires_grad=True)
    ssim(flat, y, 11, 1.5).mean().backward()
    assert flat.grad is not None
    assert flat.grad.isfinite().all()
    wanted = ssim(x, y, 11, 1.5)
    with torch.autocast("cpu", torch.bfloat16):
        found = ssim(x, y, 11, 1.5)
    assert torch.equal(found, wanted)
