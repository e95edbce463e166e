"""Other starts: rotations are rotations, and a head whose first registration failed is found again."""

import nibabel as nib
import numpy as np
import pytest

from sadm.preprocess.head import Head
from sadm.preprocess.restarts import about_x, agreement, candidates, moments, rigid, search, upright
from sadm.preprocess.space import Grid, block_mean, translation


@pytest.fixture
def small(phantom) -> nib.Nifti1Image:
    """The phantom's head at 4 mm."""
    return nib.Nifti1Image(
        block_mean(np.asarray(phantom.head.dataobj), 4), Grid.of(phantom.head).coarse(4).affine
    )


def test_every_start_is_rigid(small):
    for start in candidates(small, Head(small, np.eye(4))):
        np.testing.assert_allclose(start[:3, :3] @ start[:3, :3].T, np.eye(3), atol=1e-9)
        assert np.linalg.det(start[:3, :3]) > 0


def test_moments_move_with_the_head(small):
    moved = nib.Nifti1Image(small.dataobj, translation([5, -7, 11]) @ small.affine)
    np.testing.assert_allclose(moments(moved)[0] - moments(small)[0], [5, -7, 11], atol=1e-4)


def test_a_head_that_lies_turned_is_found_from_another_start(small):
    turned = rigid(about_x(90.0), np.zeros(3), np.array([10.0, 20, -15]))
    moved = nib.Nifti1Image(small.dataobj, turned @ small.affine)
    found = search(np.eye(4), small, Head(moved, np.eye(4)), [60, 30, 0, 0], 1, 0.2)
    assert agreement(small, moved, np.eye(4)) < 0.3
    assert agreement(small, moved, found) > 0.5
    points = np.array([[0, 0, 0, 1], [50, 0, 0, 1], [0, 50, 0, 1], [0, 0, 50, 1.0]]).T
    assert np.linalg.norm(((found - turned) @ points)[:3], axis=0).max() < 4


def test_an_oblique_scan_starts_upright_by_its_array_or_by_its_world(small):
    tilt = rigid(about_x(30.0), np.zeros(3), np.zeros(3))
    assert upright(small, Head(small, rigid(about_x(2.0), np.zeros(3), np.zeros(3)))) is None
    assert upright(small, Head(small, tilt)) is None  # the head lay askew, the slices followed
    askew = nib.Nifti1Image(small.dataobj, np.linalg.inv(tilt) @ small.affine)  # the slices alone
    np.testing.assert_allclose(upright(small, Head(askew, tilt))[:3, :3], tilt[:3, :3].T, atol=1e-9)
