"""Perlin noise of random lattices, and the rotation of a batch of images, batched on the device."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from sadm.study import fits


def uniform(n: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    """``n`` draws from U(low, high), float32 [n], on the generator's device."""
    return low + (high - low) * torch.rand(n, generator=generator, device=generator.device)


def rotate(images: Tensor, degrees: Tensor) -> Tensor:
    """Rotate each image [B, H, W] about its centre by ``degrees`` [B], clockwise: bilinear, zero outside."""
    height, width = images.shape[1:]
    cos, sin = torch.cos(torch.deg2rad(degrees)), torch.sin(torch.deg2rad(degrees))
    rows = [cos, sin * (height / width), 0 * cos, -sin * (width / height), cos, 0 * cos]
    theta = torch.stack(rows, dim=1).view(-1, 2, 3)
    grid = F.affine_grid(theta, [len(images), 1, height, width], align_corners=False)
    return F.grid_sample(images[:, None], grid, padding_mode="zeros", align_corners=False)[:, 0]


class Perlin:
    """Perlin noise on lattices of 2^a x 2^b cells, a and b uniform in 0..max_scale, drawn for each image.

    The cells divide a square of `fits.canvas` mm (256, as the released 128 pixels of 2 mm), of which the top left corner
    ``shape`` is kept: a cell has the same size in mm on each grid. Unit gradients at the lattice points, fade
    6t^5 - 15t^4 + 10t^3, times sqrt 2, so that values are in [-1, 1].

    The noise is a sum over lattice points of a weight in y times a weight in x times a linear ramp, so a batch is two
    chains of matrix products; nothing is gathered by pixel.
    """

    def __init__(self, shape: Sequence[int], spacing: float, max_scale: int | None = None) -> None:
        """``spacing`` of the pixels in mm; ``max_scale`` None: `fits.finest`, 6 on the paper's grid.

        Raises ConfigError where the finest lattice has more than one cell a pixel.
        """
        self.max_scale = fits.lattice(shape, spacing, max_scale)
        canvas = fits.canvas(shape, spacing) / spacing
        scales = [2**k for k in range(self.max_scale + 1)]
        self.y, self.x = (
            torch.stack([_weights(size, canvas, cells, scales[-1]) for cells in scales]) for size in shape
        )

    def __call__(self, n: int, generator: torch.Generator) -> Tensor:
        """``n`` independent fields, float32 [n, H, W], on the generator's device."""
        device = generator.device
        scale = torch.randint(self.max_scale + 1, (2, n), generator=generator, device=device)
        lattice = (n, self.y.shape[-1], self.x.shape[-1])
        angle = 2 * torch.pi * torch.rand(lattice, generator=generator, device=device)
        return self.field(scale[0], scale[1], angle)

    def field(self, scale_y: Tensor, scale_x: Tensor, angle: Tensor) -> Tensor:
        """Fields [n, H, W] of the scales [n] and the directions (radians, [n, rows, columns]) of the gradients."""
        self.y, self.x = self.y.to(angle.device), self.x.to(angle.device)
        y, x = self.y[scale_y], self.x[scale_x]
        ramps = torch.cos(angle) @ x[:, 0].mT, torch.sin(angle) @ x[:, 1].mT
        return 2**0.5 * (y[:, 1] @ ramps[0] + y[:, 0] @ ramps[1])


def _weights(size: int, canvas: float, cells: int, most: int) -> Tensor:
    """[2, size, lattice points]: the weight of each lattice point at each pixel, and that weight times the distance.

    ``canvas``: pixels that the ``cells`` divide. All scales have the lattice points that the finest one (``most`` cells) needs.
    """
    position = torch.arange(size, dtype=torch.float64) * cells / canvas
    distance = position[:, None] - torch.arange(int((size - 1) * most / canvas) + 2, dtype=torch.float64)
    t = (1 - distance.abs()).clamp(min=0)
    fade = 6 * t**5 - 15 * t**4 + 10 * t**3
    return torch.stack([fade, fade * distance]).float()
