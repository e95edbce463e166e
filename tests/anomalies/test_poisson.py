"""Poisson image interpolation against a sparse solver, and the laws of its patches and labels."""

import numpy as np
import pytest
import torch
from scipy.sparse import lil_matrix
from scipy.sparse.linalg import spsolve

from sadm.anomalies.poisson import STEP, Poisson, drawn, interpolate


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def reference(f: np.ndarray, g: np.ndarray, first: list[int], last: list[int], alpha: float) -> np.ndarray:
    """h by the five-point system of one slice, pixel by pixel, not clipped."""
    pixels = [(i, j) for i in range(first[0], last[0]) for j in range(first[1], last[1])]
    number = {pixel: k for k, pixel in enumerate(pixels)}
    matrix, right = lil_matrix((len(pixels), len(pixels))), np.zeros(len(pixels))
    for (i, j), k in number.items():
        matrix[k, k] = 4
        for q in ((i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)):
            u, v = (1 - alpha) * (f[i, j] - f[q]), alpha * (g[i, j] - g[q])
            right[k] += u if abs(u) > abs(v) else v
            if q in number:
                matrix[k, number[q]] = -1
            else:
                right[k] += f[q]
    h = f.copy()
    h[tuple(zip(*pixels))] = spsolve(matrix.tocsc(), right)
    return h


def pairs(n: int, *shape: int) -> tuple[torch.Tensor, torch.Tensor]:
    f, g = torch.rand(2, n, *shape, dtype=torch.float64, generator=seeded(0))
    # Flat regions, as outside a brain, in which guidances tie.
    f[:, :, : shape[1] // 3] = 0
    g[:, : shape[0] // 3] = 0
    return f, g


# Whole slice, clipped at two borders, single pixel, line, and two ordinary ones.
FIRST = torch.tensor([[1, 1, 9, 4, 5, 2], [1, 12, 9, 7, 3, 6]])
LAST = torch.tensor([[19, 8, 10, 15, 12, 14], [23, 23, 10, 8, 14, 11]])


@pytest.mark.parametrize("alpha", [0.0, 0.05, 0.5, 0.95, 1.0])
def test_agrees_with_a_sparse_solver(alpha: float) -> None:
    f, g = pairs(6, 20, 24)
    weights = (alpha + torch.tensor([0, 1e-7, 0.01, -0.01, 0.03, -0.03], dtype=torch.float64)).clamp(0, 1)
    found, label = interpolate(f, g, FIRST, LAST, weights)
    for k in range(6):
        one = f[k].numpy(), g[k].numpy(), FIRST[:, k].tolist(), LAST[:, k].tolist(), weights[k].item()
        wanted = reference(*one).clip(f[k].numpy().min(), f[k].numpy().max())
        assert np.abs(found[k].numpy() - wanted).max() <= 1e-10
        other = np.floor(wanted / STEP) != np.floor(f[k].numpy() / STEP)
        # Rounding decides where a value lies on a step: there alone may labels differ.
        edge = np.abs(wanted / STEP - np.round(wanted / STEP)) < 1e-6
        assert (((label[k].numpy() > 0) == (other & (weights[k].item() > 0))) | edge).all()


def test_agrees_with_a_sparse_solver_on_drawn_patches() -> None:
    f, g = pairs(12, 48, 40)
    first, last = Poisson(centre_in_brain=False).boxes(f > -1, seeded(1))
    alpha = 0.05 + 0.9 * torch.rand(12, dtype=torch.float64, generator=seeded(2))
    found = interpolate(f, g, first, last, alpha)[0]
    for k in range(12):
        one = first[:, k].tolist(), last[:, k].tolist(), alpha[k].item()
        wanted = reference(f[k].numpy(), g[k].numpy(), *one).clip(f[k].numpy().min(), f[k].numpy().max())
        assert np.abs(found[k].numpy() - wanted).max() <= 1e-10


def test_empty_patches_and_a_weight_of_zero_change_nothing() -> None:
    f, g = pairs(3, 16, 16)
    first, last = torch.full((2, 3), 4), torch.tensor([[4, 3, 9], [12, 12, 2]])
    found, label = interpolate(f, g, first, last, torch.full((3,), 0.7))
    assert torch.equal(found, f)
    assert not label.any()
    found, label = interpolate(f, g, torch.full((2, 3), 4), torch.full((2, 3), 12), torch.zeros(3))
    torch.testing.assert_close(found, f, rtol=0, atol=1e-15)
    assert not label.any()


def test_values_are_clipped_to_the_range_of_each_slice() -> None:
    """A patch of far larger contrast leaves the slice's range; its extremes are then exactly the slice's."""
    f, g = pairs(4, 24, 24)
    f = (0.3 + 0.1 * f).float()
    first, last = torch.full((2, 4), 3), torch.full((2, 4), 20)
    found, _ = interpolate(f, 50 * g.float(), first, last, torch.full((4,), 0.9))
    assert torch.equal(found.amin((1, 2)), f.amin((1, 2)))
    assert torch.equal(found.amax((1, 2)), f.amax((1, 2)))
    assert (found == f.amax((1, 2), True)).float().mean() > 0.05


def test_the_label_is_alpha_where_the_slice_moved_to_another_step() -> None:
    f, g = pairs(5, 32, 32)
    first, last = torch.full((2, 5), 6), torch.full((2, 5), 22)
    alpha = torch.tensor([0.1, 0.3, 0.5, 0.7, 0.9])
    found, label = interpolate(f, g, first, last, alpha)
    changed = torch.floor(f / STEP) != torch.floor(found / STEP)
    assert torch.equal(label, changed * alpha.double()[:, None, None])
    inside = torch.zeros(32, 32, dtype=torch.bool)
    inside[6:22, 6:22] = True
    assert not label[:, ~inside].any()
    assert torch.equal(found[:, ~inside], f[:, ~inside])
    assert changed[:, inside].float().mean() > 0.5
    # Changes within a step are none.
    small, none = interpolate(0.5005 + 1e-5 * f, 1e-5 * g, first, last, alpha)
    assert (small != 0.5005 + 1e-5 * f).any()
    assert not none.any()


def test_samples_are_independent_of_the_batch() -> None:
    f, g = pairs(6, 20, 24)
    alpha = torch.full((6,), 0.6)
    whole = interpolate(f, g, FIRST, LAST, alpha)
    for k in range(6):
        alone = interpolate(
            *(a[k : k + 1] for a in (f, g)), FIRST[:, k : k + 1], LAST[:, k : k + 1], alpha[:1]
        )
        torch.testing.assert_close(whole[0][k], alone[0][0], rtol=0, atol=1e-13)
        torch.testing.assert_close(whole[1][k], alone[1][0], rtol=0, atol=0)


def test_half_widths_and_centres_have_the_reference_law() -> None:
    """Half widths 5 ... 18 and centres 9 ... 85 at 96, both uniform."""
    n = 6000
    first, last = Poisson(centre_in_brain=False).boxes(torch.zeros(n, 96, 96, dtype=torch.bool), seeded(3))
    side = last - first
    free = ((first > 1) & (last < 95)).all(0)
    assert (side[0] == side[1])[free].all()
    assert (side[0] % 2 == 0)[free].all()
    # Patches that no border can cut: all half widths alike.
    inner = ((first + last) // 2 >= 19).all(0) & ((first + last) // 2 < 77).all(0) & free
    half = side[0, inner] // 2
    assert (int(half.min()), int(half.max())) == (5, 18)
    shares = torch.bincount(half)[5:] / len(half)
    torch.testing.assert_close(shares, torch.full((14,), 1 / 14), atol=0.017, rtol=0)
    centre = ((first + last) // 2)[:, free]
    assert centre.min() >= 9
    assert centre.max() <= 85
    assert first.min() == 1
    assert last.max() == 95


def test_centres_are_uniform_over_the_allowed_pixels() -> None:
    allowed = torch.rand(3, 30, generator=seeded(4)) < 0.4
    for row in allowed:
        pixel = drawn(row.expand(20000, -1), seeded(5))
        shares = torch.bincount(pixel, minlength=30) / 20000
        torch.testing.assert_close(shares, row / row.sum(), atol=0.015, rtol=0)


def test_centres_lie_in_the_brain_where_there_is_one() -> None:
    brain = torch.zeros(400, 64, 64, dtype=torch.bool)
    brain[:200, 20:24, 40:46] = True
    first, last = Poisson().boxes(brain, seeded(6))
    middle = (first + last) // 2
    assert ((middle[0, :200] >= 20) & (middle[0, :200] < 24)).all()
    assert ((middle[1, :200] >= 40) & (middle[1, :200] < 46)).all()
    elsewhere = middle[:, 200:].double()
    assert elsewhere.std(1).min() > 10, "the plain law for slices without brain"


def test_what_is_blended_is_cut_to_the_brain_only_if_centred_there() -> None:
    f, g = (a.float()[:, None] + 0.1 for a in pairs(40, 32, 32))
    brain = torch.zeros(40, 1, 32, 32, dtype=torch.bool)
    brain[:, :, 8:20, 8:24] = True
    found, label = Poisson()(f, g, brain, seeded(7))
    assert found.dtype == label.dtype == torch.float32
    assert not found[~brain].any()
    assert not label[~brain].any()
    assert ((found != f) & brain).any()
    whole, wide = Poisson(centre_in_brain=False)(f, g, brain, seeded(7))
    assert (whole[~brain] > 0).all()
    assert (wide[~brain] > 0).any()
    values = torch.cat([image[image > 0].unique() for image in wide])
    assert values.min() >= 0.05
    assert values.max() <= 0.95
    assert all(len(image[image > 0].unique()) <= 1 for image in wide)


def test_only_the_generator_decides() -> None:
    f, g = (a.float()[:, None] for a in pairs(8, 32, 32))
    before = torch.get_rng_state()
    first, again, other = (Poisson()(f, g, f > 0, seeded(seed)) for seed in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(first, again))
    assert not torch.equal(first[0], other[0])
    assert torch.equal(torch.get_rng_state(), before)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(Poisson()(f, g, f > 0, seeded(1))[0], first[0])


@pytest.mark.parametrize("shape", [(8, 8), (8, 40), (5, 5)])
def test_slices_may_be_tiny(shape: tuple[int, int]) -> None:
    f, g = (a.float()[:, None] for a in pairs(50, *shape))
    found, label = Poisson()(f, g, f >= 0, seeded(8))
    assert found.isfinite().all()
    assert label.any()
