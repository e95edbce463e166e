"""N4: a planted field comes back, stored coarse, evaluated anywhere."""

import nibabel as nib
import numpy as np
import pytest

from sadm.preprocess.bias import bias, coarse_grid, evaluate
from sadm.preprocess.space import Grid, sample, scaling, study_grid, translation, write_transform
from sadm.runtime.files import load_nifti

PLACE = {"shape": [192, 192, 160], "spacing": 1.0}
SETTINGS = {"grid": PLACE, "iterations": [40, 30, 20], "tolerance": 0.001}


@pytest.fixture
def setting(phantom, saved, tmp_path):
    """A scan in the atlas's space with a planted field of +-40 %, its mask and transforms, and the field on the grid."""
    grid = Grid.of(phantom.brain)
    x, y, z = (np.linspace(-1, 1, n).reshape(np.roll([-1, 1, 1], axis)) for axis, n in enumerate(grid.shape))
    planted = np.exp(0.35 * x + 0.3 * y * z - 0.2 * z**2).astype(np.float32)
    tissues = np.array(
        [0, 200, 550, 800]
    )  # without the phantom's own slow change, which N4 would find as well
    values = tissues[np.digitize(np.asarray(phantom.brain.dataobj), [1, 300, 700])]
    noise = np.random.default_rng(0).normal(1, 0.02, grid.shape)
    t1 = saved(nib.Nifti1Image((values * planted * noise).astype(np.float32), grid.affine), "t1.nii.gz")
    mask = saved(nib.Nifti1Image((values > 0).astype(np.uint8), grid.affine), "mask.nii.gz")
    write_transform(np.eye(4), tmp_path / "x.mat")
    files = (
        t1,
        mask,
        str(tmp_path / "x.mat"),
        str(tmp_path / "x.mat"),
        phantom.brain_file,
        str(tmp_path / "field.nii.gz"),
    )
    return files, nib.Nifti1Image(planted, grid.affine)


def test_a_planted_field_comes_back(setting, phantom):
    files, planted = setting
    bias(*files, space="native", shrink=6, **SETTINGS)
    field = load_nifti(files[-1])
    assert field.shape == (32, 32, 27)
    fine = study_grid(phantom.brain, **PLACE)
    inside = sample(phantom.brain, fine) > 0
    wanted = np.log(sample(planted, fine)[inside])
    found = np.log(evaluate(field, fine)[inside])
    assert wanted.std() > 0.1
    assert (found - wanted).std() < 0.015


def test_volumes_that_the_authors_prepared_and_empty_masks_get_no_field(setting, phantom, saved):
    files, _ = setting
    bias(*files, space="study", shrink=4, **SETTINGS)
    assert not np.asarray(load_nifti(files[-1]).dataobj).any()
    empty = saved(
        nib.Nifti1Image(np.zeros(phantom.brain.shape, np.uint8), phantom.brain.affine), "empty.nii.gz"
    )
    bias(files[0], empty, *files[2:], space="native", shrink=4, **SETTINGS)
    assert not np.asarray(load_nifti(files[-1]).dataobj).any()


@pytest.mark.parametrize("shrink", [3, 4, 5])
def test_the_coarse_grid_covers_the_fine_one(shrink):
    fine = Grid((12, 16, 10), translation([3, 4, 5]) @ scaling(1.5))
    coarse = coarse_grid(fine, shrink)
    first = np.linalg.inv(coarse.affine) @ fine.affine @ [0, 0, 0, 1]
    last = np.linalg.inv(coarse.affine) @ fine.affine @ [11, 15, 9, 1]
    assert (first[:3] >= -0.5).all()
    assert (last[:3] <= np.array(coarse.shape) - 0.5).all()


def test_evaluation_is_linear_in_the_log_inside_and_constant_beyond():
    coarse, fine = Grid((4, 4, 4), translation([1.5] * 3) @ scaling(4)), Grid((16, 16, 16), np.eye(4))
    log = 0.1 * np.indices(coarse.shape)[0].astype(np.float32)
    found = np.log(evaluate(nib.Nifti1Image(log, coarse.affine), fine))
    wanted = 0.1 * np.clip((np.arange(16) - 1.5) / 4, 0, 3)
    np.testing.assert_allclose(found, np.broadcast_to(wanted[:, None, None], found.shape), atol=1e-6)
