"""Score: the golden numbers of the released code, and laws against scipy and brute force."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.ndimage import median_filter
from torch.nn import functional as F

from sadm.evaluation.metrics import auprc, best_dice, curve, greedy
from sadm.prediction.score import fuse, median_map, residual_map, ssim_map
from sadm.runtime.errors import ConfigError


def dense_ssim(x: np.ndarray, y: np.ndarray, dtype: torch.dtype) -> np.ndarray:
    """SSIM by its definition, one dense 9 x 9 x 9 convolution, in the precision ``dtype``."""
    a, b = (torch.tensor(v, dtype=dtype)[None, None] for v in (x, y))
    spread = max(a.max() - a.min(), b.max() - b.min())
    c1, c2 = (0.01 * spread) ** 2, (0.03 * spread) ** 2
    line = torch.exp(-(torch.arange(-4, 5, dtype=dtype) ** 2) / 2)
    line = line / line.sum()
    window = (line[:, None, None] * line[None, :, None] * line[None, None, :])[None, None]
    a, b = (F.pad(v, (4,) * 6, mode="reflect") for v in (a, b))
    ma, mb, aa, bb, ab = F.conv3d(torch.cat([a, b, a * a, b * b, a * b]), window)
    variances = (aa - ma**2) + (bb - mb**2)
    found = (2 * ma * mb + c1) * (2 * (ab - ma * mb) + c2) / ((ma**2 + mb**2 + c1) * (variances + c2))
    return found[0].numpy()


@pytest.fixture(scope="module")
def case() -> dict[str, np.ndarray]:
    """The analytic volume of golden/scoring.json."""
    i, j, k = np.indices((24, 20, 18)).astype(np.float32)
    original = 0.5 + 0.4 * np.sin(i / 3) * np.cos(j / 4) * np.sin(k / 5 + 1)
    inside = ((i - 12) / 11) ** 2 + ((j - 10) / 9) ** 2 + ((k - 9) / 8) ** 2 < 1
    label = ((i - 14) / 4) ** 2 + ((j - 9) / 4) ** 2 + ((k - 9) / 3) ** 2 < 1
    logit = 3 - ((i - 14) ** 2 + (j - 9) ** 2 + (k - 9) ** 2) / 6 + np.sin(i * j + k)
    made = {"x": original, "r": 0.95 * original + 0.05 * np.cos(i * j / 9 + k), "p": 1 / (1 + np.exp(-logit))}
    return {name: v.astype(np.float32) for name, v in made.items()} | {"brain": inside, "label": label}


@pytest.fixture(scope="module")
def expected(golden: Path) -> dict:
    return json.loads((golden / "scoring.json").read_text())


def test_golden_numbers_in_the_precision_they_were_made_in(case, expected):
    """The released code works in float32; with its SSIM in float32, all that follows agrees to 1e-5 and better."""
    ssim = dense_ssim(case["x"], case["r"], torch.float32)
    assert ssim.mean(dtype=float) == pytest.approx(expected["ssim_mean"], abs=1e-6)
    assert (ssim.min(), ssim.max()) == pytest.approx((expected["ssim_min"], expected["ssim_max"]), abs=1e-6)
    masked = ((1 - ssim) * case["brain"]).astype(np.float32)
    smooth = median_map(masked, np.ones_like(case["brain"]), 5)
    assert smooth.sum(dtype=float) == pytest.approx(expected["median_sum"], rel=1e-6)
    for point, value in expected["median_pts"].items():
        assert smooth[tuple(json.loads(point.replace("(", "[").replace(")", "]")))] == pytest.approx(
            value, abs=1e-7
        )
    u = median_map(masked, case["brain"], 5)
    score = fuse([u, case["p"] * case["brain"]])
    assert score.sum(dtype=float) == pytest.approx(expected["AS_sum"], rel=1e-6)
    for volume, numbers in ((score, expected), (u, expected["recon_only"])):
        points = curve(volume, case["label"])
        searched = greedy(points.dice, volume.max())
        assert searched == pytest.approx((numbers["best_dice"], numbers["best_thr"]), abs=1e-5)
        assert auprc(points) == pytest.approx(numbers["auprc"], abs=1e-9)
        assert numbers["best_dice"] <= best_dice(points)[0] <= numbers["best_dice"] + 0.01
    assert points.lesion == expected["seg_voxels"]


def test_ssim_is_its_definition_and_the_golden_one_up_to_single_precision(case, expected):
    ssim = ssim_map(case["x"], case["r"])
    np.testing.assert_allclose(ssim, dense_ssim(case["x"], case["r"], torch.float64), atol=1e-7)
    for point, value in expected["ssim_pts"].items():
        at = tuple(json.loads(point.replace("(", "[").replace(")", "]")))
        assert ssim[at] == pytest.approx(value, abs=2e-4)  # float32 loses this much in E[x^2] - E[x]^2
    u = residual_map(case["x"], case["r"], case["brain"])
    assert auprc(curve(u, case["label"])) == pytest.approx(expected["recon_only"]["auprc"], abs=1e-4)


def test_ssim_is_one_for_equal_symmetric_and_blind_to_scale(case):
    x, r = case["x"], case["r"]
    np.testing.assert_allclose(ssim_map(x, x), 1)
    np.testing.assert_allclose(ssim_map(x, r), ssim_map(r, x), atol=1e-12)
    np.testing.assert_allclose(
        ssim_map(7.0 * x.astype(float), 7.0 * r.astype(float)), ssim_map(x, r), atol=1e-9
    )
    assert np.isfinite(ssim_map(np.zeros((9, 9, 9)), np.zeros((9, 9, 9)))).all()


@pytest.mark.parametrize("size", [1, 3, 4, 5])
def test_median_is_scipys_inside_the_brain(size):
    draw = np.random.default_rng(size)
    values = draw.random((7, 11, 9)).astype(np.float32)
    brain = draw.random(values.shape) < 0.6
    np.testing.assert_array_equal(median_map(values, brain, size), median_filter(values, size) * brain)


def test_residual_map_is_bounded_zero_outside_and_zero_for_a_perfect_reconstruction(case):
    u = residual_map(case["x"], 1 - case["x"], case["brain"])
    assert u.dtype == np.float32
    assert u.min() >= 0
    assert 1 < u.max() <= 2
    assert not u[~case["brain"]].any()
    assert residual_map(case["x"], case["x"], case["brain"]).max() < 1e-7


def test_fuse_is_the_sum_at_one_half_and_either_map_at_the_ends():
    u, p = np.random.default_rng(0).random((2, 50)).astype(np.float16)
    np.testing.assert_array_equal(fuse([u, p]), u.astype(np.float32) + p.astype(np.float32))
    np.testing.assert_array_equal(fuse([u, p], beta=1), 2 * u.astype(np.float32))
    np.testing.assert_array_equal(fuse([u, p], beta=0), 2 * p.astype(np.float32))
    np.testing.assert_array_equal(fuse([u], beta=0.1), u.astype(np.float32))
    with pytest.raises(ConfigError, match="one or two maps"):
        fuse([u, p, u])
