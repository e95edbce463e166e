"""Lesion labels on another grid keep their volume."""

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from sadm.preprocess.grid import labelled
from sadm.preprocess.label import keep_volume, share
from sadm.preprocess.space import Grid, translation
from sadm.preprocess.target import Target

PAPER = {"shape": [192, 192, 160], "spacing": 1.0, "downsample": 2, "crop": 15}


@settings(max_examples=50, deadline=None)
@given(arrays(np.float32, (4, 5, 3), elements=st.floats(0, 1, width=16)))
def test_the_label_has_the_volume_of_the_shares_and_takes_the_fullest_voxels(shares):
    label = keep_volume(shares)
    assert label.sum() == round(float(shares.sum(dtype=np.float64)))
    if label.any() and not label.all():
        assert shares[label == 1].min() >= shares[label == 0].max()


def test_whole_voxels_stay_as_they_are():
    shares = (np.random.default_rng(0).random((9, 8, 7)) < 0.3).astype(np.float32)
    np.testing.assert_array_equal(keep_volume(shares), shares)


@pytest.mark.parametrize(("downsample", "tolerance"), [(1, 0.02), (2, 0.05)])
@pytest.mark.parametrize("voxel", [(2.0, 2.0, 2.0), (1.0, 1.0, 1.0), (0.9, 0.9, 4.0)])
def test_labels_of_more_than_1_ml_keep_their_volume(phantom, planted, voxel, downsample, tolerance):
    target = Target.of(phantom.brain, **(PAPER | {"downsample": downsample, "crop": 0}))
    shape = tuple(int(90 / v) for v in voxel)
    affine = planted @ translation([-40, -40, -40]) @ np.diag([*voxel, 1.0])
    fields = np.random.default_rng(0).normal(size=(6, *shape))
    for number, field in enumerate(fields):
        world = [
            ((np.arange(n) + 0.5) * v).reshape(np.roll([-1, 1, 1], a))
            for a, (n, v) in enumerate(zip(shape, voxel))
        ]
        radius = np.sqrt(sum((w - 45) ** 2 for w in world))
        rough = ndimage.gaussian_filter(field, [3 / v for v in voxel])
        mask = radius + 3 * rough / rough.std() < 7 + 3 * number
        label = nib.Nifti1Image(np.where(mask, 1 + (radius > 9) * 3, 0).astype(np.uint8), affine)
        volume = mask.sum() * Grid.of(label).voxel
        assert volume > 1000
        found = keep_volume(target.reduce(share(label, target.fine, planted)))
        assert found.sum() * target.coarse.voxel * np.linalg.det(planted[:3, :3]) == pytest.approx(
            volume, rel=tolerance
        )


@pytest.mark.parametrize("order", [[[0, -1], [1, -1], [2, 1]], [[2, -1], [0, 1], [1, -1]]])
@pytest.mark.parametrize("intercept", [0.0, 1e-5])
def test_a_label_lies_where_it_lies_whatever_its_axes_and_background(
    phantom, planted, tmp_path, order, intercept
):
    target = Target.of(phantom.brain, **PAPER)
    affine = translation([-40.3, -39.8, -40.1]) @ np.diag([1.9, 2.1, 2, 1])
    rough = ndimage.gaussian_filter(np.random.default_rng(3).normal(size=(40, 44, 36)), 2)
    mask = (90 + 900 * rough > np.sum((np.indices(rough.shape).T - [18, 22, 15]) ** 2, axis=-1).T).astype(
        np.uint8
    )
    plain = nib.Nifti1Image(mask, affine)
    turned = plain.as_reoriented(np.array(order, float))
    files = []
    for number, image in enumerate((plain, turned)):
        values = np.asarray(image.dataobj).astype(np.float32) + np.float32(number * intercept)
        files.append(tmp_path / f"{number}.nii")
        nib.save(nib.Nifti1Image(values, image.affine), files[-1])
    (one, one_fine, volumes), (other, other_fine, others) = (labelled(str(f), target, planted) for f in files)
    assert one.any()
    for first, second in ((one, other), (one_fine, other_fine)):  # headers are rounded at 1e-6 mm
        assert np.count_nonzero(first != second) <= 2
    assert volumes == pytest.approx(others)
    assert volumes["lesion_ml"] == pytest.approx(mask.sum() * abs(np.linalg.det(affine)) / 1000)


def test_a_scan_without_a_label_says_so(phantom):
    target = Target.of(phantom.brain, **PAPER)
    label, fine, volumes = labelled("", target, np.eye(4))
    assert not label.any()
    assert not fine.any()
    assert (label.shape, fine.shape) == (target.coarse.shape, target.fine.shape)
    assert volumes == {"lesion_ml": 0.0, "lesion_ml_prepared": 0.0, "labelled": 0}
