"""Laws of the random fields and of sampling."""

import numpy as np
import pytest
from scipy import ndimage

from sadm.demo.random_fields import field, rotation, sigmoid, smooth, trilinear, upsample


@pytest.mark.parametrize("spacing", [2.2, 5, 10])
def test_field_has_unit_variance_and_its_scale(spacing: float) -> None:
    """Zero mean, unit std, and a correlation that falls below a half within 1.2 spacings."""
    made = field((96, 90, 80), spacing, np.random.default_rng(1))
    assert abs(made.mean()) < 0.15
    assert made.std() == pytest.approx(1, abs=0.12)
    lag = round(1.2 * spacing) + 1
    near, far = ((made[:-k] * made[k:]).mean() / made.var() for k in (1, lag))
    assert near > 0.75
    assert far < 0.5


def test_field_is_its_seed() -> None:
    """Equal generators, equal fields; another seed, another field."""
    one, two, other = (field((20, 21, 22), 4, np.random.default_rng(s)) for s in (3, 3, 4))
    assert np.array_equal(one, two)
    assert not np.allclose(one, other)


def test_smooth_equals_scipy() -> None:
    """The matrix form is scipy's Gaussian filter with repeated borders, cut at three sigmas."""
    x = np.random.default_rng(0).random((17, 20, 23), dtype=np.float32)
    for sigma in (0.8, 1.7):
        expected = ndimage.gaussian_filter(x, sigma, mode="nearest", radius=int(3 * sigma + 0.5))
        np.testing.assert_allclose(smooth(x, sigma), expected, atol=1e-5)


def test_trilinear_equals_scipy() -> None:
    """Equal to scipy's linear interpolation inside, the border's value outside."""
    rng = np.random.default_rng(0)
    x = rng.random((9, 10, 11), dtype=np.float32)
    points = rng.uniform(-2, 12, (3, 500)).astype(np.float32)
    expected = ndimage.map_coordinates(x, points, order=1, mode="nearest")
    np.testing.assert_allclose(trilinear([x], points)[0], expected, atol=2e-3)


def test_upsample_keeps_planes() -> None:
    """A linear ramp at every second voxel gives the ramp at every voxel (except past the last one)."""
    ramp = np.add.outer(np.add.outer(2.0 * np.arange(11), np.arange(8)), np.arange(13)).astype(np.float32)
    made = upsample(np.ascontiguousarray(ramp[::2, ::2, ::2]), (11, 8, 13), (2, 2, 2))
    np.testing.assert_allclose(made[:, :7], ramp[:, :7], atol=1e-4)


def test_rotation_and_sigmoid() -> None:
    """A rotation is orthogonal with determinant 1; the logistic function is symmetric and safe at the extremes."""
    turn = rotation((0.3, -0.2, 1.1))
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(turn) == pytest.approx(1)
    x = np.array([-1e6, -2, 0, 2, 1e6], np.float32)
    np.testing.assert_allclose(sigmoid(x) + sigmoid(-x), 1, atol=1e-6)
