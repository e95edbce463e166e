"""Perlin noise against the formula; rotations."""

import math

import numpy as np
import pytest
import torch

from sadm.anomalies.perlin import Perlin, rotate


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def naive_perlin(y: float, x: float, angle: np.ndarray) -> float:
    """Perlin noise at (y, x) in cells, the textbook way: four corners, one after the other."""

    def fade(t: float) -> float:
        return ((6 * t - 15) * t + 10) * t**3

    row, column = math.floor(y), math.floor(x)
    value = 0.0
    for i in (row, row + 1):
        for j in (column, column + 1):
            dot = math.cos(angle[i, j]) * (y - i) + math.sin(angle[i, j]) * (x - j)
            value += (1 - fade(abs(y - i))) * (1 - fade(abs(x - j))) * dot
    return math.sqrt(2) * value


def test_perlin_is_the_textbook_formula_on_every_scale() -> None:
    """A 24 x 40 slice of 4 mm is the corner of a canvas of 64 x 64 pixels."""
    perlin = Perlin((24, 40), 4.0, max_scale=5)
    scale = torch.cartesian_prod(torch.arange(6), torch.arange(6))
    angle = 2 * torch.pi * torch.rand(36, perlin.y.shape[-1], perlin.x.shape[-1], generator=seeded(0))
    fields = perlin.field(scale[:, 0], scale[:, 1], angle)
    for k, (a, b) in enumerate(scale.tolist()):
        for i, j in ((0, 0), (23, 39), (7, 20), (16, 33)):
            expected = naive_perlin(i * 2**a / 64, j * 2**b / 64, angle[k].numpy())
            assert fields[k, i, j].item() == pytest.approx(expected, abs=2e-6)


def test_perlin_draws_every_scale_equally_often() -> None:
    """Noise is exactly 0 on lattice points and nowhere else: their number in the first column, a lattice line, is 2^a."""
    fields = Perlin((32, 32), 8.0, max_scale=3)(2000, seeded(1))
    zero = fields[:, :, 0].eq(0).sum(1)
    counts = torch.bincount(zero, minlength=9)[[1, 2, 4, 8]].float() / 2000
    torch.testing.assert_close(counts, torch.full((4,), 0.25), atol=0.04, rtol=0)


@pytest.mark.parametrize(
    ("shape", "spacing", "expected"),
    [
        ((96, 96), 2.0, 6),
        ((48, 48), 4.0, 5),
        ((192, 192), 1.0, 6),
        ((64, 64), 3.0, 5),
        ((128, 96), 1.5, 6),
        ((24, 24), 8.0, 4),
        ((160, 160), 2.0, 7),
    ],
)
def test_the_finest_cells_have_4_mm_or_two_pixels(
    shape: tuple[int, int], spacing: float, expected: int
) -> None:
    """The last one does not fit 256 mm: its lattices divide 512."""
    perlin = Perlin(shape, spacing)
    cell = (512 if expected == 7 else 256) / 2**perlin.max_scale
    assert perlin.max_scale == expected
    assert cell >= max(4, 2 * spacing) > cell / 2


def test_a_lattice_has_the_same_size_in_mm_on_every_grid() -> None:
    """Of the same gradients, a pixel of 4 mm has the value of the pixel of 2 mm whose corner it shares."""
    angle = 2 * torch.pi * torch.rand(1, 9, 9, generator=seeded(3))
    scale = torch.tensor([3])
    coarse, fine = Perlin((48, 48), 4.0, 3), Perlin((96, 96), 2.0, 3)
    lattices = [angle[:, : each.y.shape[-1], : each.x.shape[-1]] for each in (coarse, fine)]
    found = [
        each.field(scale, scale, lattice) for each, lattice in zip((coarse, fine), lattices, strict=True)
    ]
    torch.testing.assert_close(found[0], found[1][:, ::2, ::2])


def test_rotation_moves_each_image_by_its_angle() -> None:
    images = torch.rand(3, 20, 20, generator=seeded(2))
    turned = rotate(images, torch.tensor([0.0, 90.0, -90.0]))
    torch.testing.assert_close(turned[0], images[0], atol=1e-5, rtol=0)
    torch.testing.assert_close(turned[1], torch.rot90(images[1], -1), atol=1e-4, rtol=0)
    torch.testing.assert_close(turned[2], torch.rot90(images[2], 1), atol=1e-4, rtol=0)


def test_rotation_of_a_rectangle_keeps_shapes_and_fills_zeros() -> None:
    """A disc about the centre of a 30 x 50 image stays a disc; a full image loses its corners."""
    y, x = torch.meshgrid(torch.arange(30) - 14.5, torch.arange(50) - 24.5, indexing="ij")
    disc = (-((y**2 + x**2) / 60)).exp()
    torch.testing.assert_close(rotate(disc[None], torch.tensor([37.0]))[0], disc, atol=0.02, rtol=0)
    assert rotate(torch.ones(1, 30, 50), torch.tensor([45.0]))[0, 0, 0] == 0
