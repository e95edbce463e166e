"""The study's grid, and how volumes get there: as the paper's text has it, and as the released code reads its files."""

from typing import Any

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from sadm.preprocess.grid import prepare
from sadm.preprocess.head import Head
from sadm.preprocess.intensities import Intensities
from sadm.preprocess.space import scaling
from sadm.preprocess.target import Target, smoothed

GRID = {"shape": [40, 36, 32], "spacing": 4.0, "downsample": 2, "crop": 3}
READER = {"curvature_flow": 3, "resampling": "bspline", "labels": "nearest"}


def scene(phantom: Any, **how: Any) -> tuple[Target, np.ndarray, np.ndarray]:
    """A target, and on its fine grid a rough volume with a brain mask, which reaches beyond the kept slices."""
    target = Target.of(phantom.brain, **GRID, **how)
    draws = np.random.default_rng(0)
    x, y, z = np.meshgrid(*(np.linspace(-1, 1, n) for n in target.fine.shape), indexing="ij")
    mask = x**2 + y**2 + z**2 < 0.8
    values = 100 + 40 * np.sin(5 * x) * np.cos(4 * y) + 60 * z + draws.normal(0, 8, mask.shape)
    return target, (values * mask).astype(np.float32), mask


def prepared(target: Target, values: np.ndarray, mask: np.ndarray) -> Any:
    """The volume on its own grid, with no transform and no field."""
    head = Head.of(nib.Nifti1Image(values, target.fine.affine))
    field = nib.Nifti1Image(np.zeros((2, 2, 2), dtype=np.float32), target.fine.affine @ scaling(100.0))
    brain = nib.Nifti1Image(mask.astype(np.uint8), target.fine.affine)
    return prepare(head, brain, field, target, np.eye(4), np.eye(4))


def flow(volume: np.ndarray, step: float) -> np.ndarray:
    """One step of I_t = |grad I| div(grad I / |grad I|) in central differences, borders repeated, written out."""
    p = np.pad(volume.astype(np.float64), 1, mode="edge")

    def at(*shift: int) -> np.ndarray:
        return p[tuple(slice(1 + s, n - 1 + s) for s, n in zip(shift, p.shape, strict=True))]

    axes = np.eye(3, dtype=int)
    first = [(at(*a) - at(*-a)) / 2 for a in axes]
    second = [at(*a) - 2 * at(0, 0, 0) + at(*-a) for a in axes]
    cross = {(i, j): (at(*(axes[i] + axes[j])) - at(*(axes[i] - axes[j])) - at(*(axes[j] - axes[i])) + at(*(-axes[i] - axes[j]))) / 4
             for i, j in ((0, 1), (0, 2), (1, 2))}  # fmt: skip
    size = sum(f**2 for f in first)
    bend = sum(s * (size - f**2) for s, f in zip(second, first, strict=True))
    bend = bend - 2 * sum(first[i] * first[j] * c for (i, j), c in cross.items())
    return volume + step * np.divide(bend, size, out=np.zeros_like(size), where=size > 1e-9)


def test_curvature_flow_is_the_equation():
    volume = np.random.default_rng(1).random((9, 8, 7)).astype(np.float32) * 50
    wanted = volume
    for _ in range(3):
        wanted = flow(wanted, 0.125)
    found = smoothed(volume, np.ones(volume.shape, dtype=bool), 3)
    np.testing.assert_allclose(found, wanted, atol=1e-3)
    assert np.abs(found - volume).max() > 1


def test_the_overlay_reads_a_volume_as_the_released_code_does(phantom):
    """Curvature flow, crop, percentiles in the mask, clip, cubic B-spline at 2 k + 0.5, labels at odd voxels, all of it in LPS."""
    target, values, mask = scene(phantom, **READER)
    found = prepared(target, values, mask)
    made, brain = (np.flip(each, (0, 1)) for each in (found.t1, found.brain))
    values, mask = (np.flip(each, (0, 1)) for each in (values, mask))

    image = sitk.CurvatureFlow(sitk.GetImageFromArray(values.T.copy()), timeStep=0.125, numberOfIterations=3)
    read = sitk.GetArrayFromImage(image).T[:, :, 6:26]
    inside = mask[:, :, 6:26]
    low, high = np.percentile(read[inside], (1, 99))
    scaled = ((np.clip(read, low, high) - low) / (high - low)).astype(np.float64)
    points = np.stack(np.meshgrid(*(2 * np.arange(n // 2) + 0.5 for n in scaled.shape), indexing="ij"))
    wanted = ndimage.map_coordinates(scaled, points, order=3, mode="mirror")
    # Theirs keeps what the flow spilled over the brain's border, up to a hundredth; ours is 0 there before the spline.
    core = ndimage.binary_erosion(inside, iterations=4)[1::2, 1::2, 1::2]
    np.testing.assert_allclose(made[core], wanted[core], atol=2e-3)
    np.testing.assert_array_equal(brain, inside[1::2, 1::2, 1::2])
    assert found.t1.min() < -0.02
    assert found.t1.max() > 1.0


def test_percentiles_are_those_of_the_slices_that_the_crop_keeps(phantom):
    target, values, mask = scene(phantom)
    other = values.copy()
    for cut in (np.s_[:, :, :6], np.s_[:, :, 26:]):
        other[cut] *= 50
    found, same = prepared(target, values, mask), prepared(target, other, mask)
    np.testing.assert_allclose(
        found.t1, same.t1, rtol=0, atol=1e-6
    )  # the whole scan's range is another, hence its rounding
    inside = mask[:, :, 6:26]
    low, high = np.percentile(values[:, :, 6:26][inside].astype(np.float64), (1, 99))
    bottom, top = Intensities(values).span
    assert found.numbers["intensity_range"] == pytest.approx((high - low) / (top - bottom), rel=1e-4)
    assert found.numbers["clipped"] == pytest.approx(0.02, abs=0.002)


@pytest.mark.parametrize("how", [{}, READER, {"labels": "nearest"}, {"resampling": "bspline"}])
def test_each_option_is_legal_alone_and_keeps_the_shape(phantom, how):
    target, values, mask = scene(phantom, **how)
    found = prepared(target, values, mask)
    assert found.t1.shape == found.brain.shape == target.coarse.shape == (20, 18, 10)
    assert found.t1.dtype == np.float32
    assert found.brain.dtype == np.uint8
    clipped = "bspline" not in how.values()
    assert (found.t1.min() >= 0 and found.t1.max() <= 1) == clipped
    if clipped:
        assert not found.t1[found.brain == 0].any()


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_labels_by_the_middle_voxel(phantom, factor):
    target = Target.of(phantom.brain, [36, 36, 36], 4.0, factor, 1, labels="nearest")
    part = np.random.default_rng(2).random((36, 36, 36), dtype=np.float32)
    kept = part[:, :, factor:-factor]
    low, high = {1: (0, 0), 2: (0, 1), 3: (1, 1)}[factor]
    wanted = kept[low::factor, low::factor, high::factor] >= 0.5
    np.testing.assert_array_equal(target.lesion(part), wanted)
    np.testing.assert_array_equal(target.brain(part >= 0.5), wanted)


def test_labels_by_share_keep_their_volume(phantom):
    target = Target.of(phantom.brain, **GRID)
    part = np.zeros((40, 36, 32), dtype=np.float32)
    part[11:18, 12:19, 13:20] = 1
    assert target.lesion(part).sum() == round(343 / 8)
