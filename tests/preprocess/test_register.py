"""Covers sadm.preprocess.register, sadm.preprocess.refine: planted affines come back; spaces that need none import no ANTs."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from sadm.preprocess import affine as module
from sadm.preprocess import register as steps
from sadm.preprocess.refine import refine
from sadm.preprocess.register import register
from sadm.preprocess.space import Grid, read_transform, sample, study_grid

GRID = {"shape": [192, 192, 160], "spacing": 1.0}
SETTINGS = {
    "iterations": [200, 100, 50, 0],
    "retry_below": 0.2,
    "refine_retry_below": 0.06,
    "seed": 1,
    "grid": GRID,
}


def distance(found: np.ndarray, wanted: np.ndarray, brain: nib.Nifti1Image) -> float:
    """Mean distance in mm, over the brain's voxels, between where two maps send them."""
    index = np.argwhere(np.asarray(brain.dataobj) > 0)[::101]
    world = brain.affine @ np.c_[index, np.ones(len(index))].T
    return float(np.linalg.norm(((found - wanted) @ world)[:3], axis=0).mean())


@pytest.fixture
def no_ants(monkeypatch):
    def refuse():
        raise AssertionError("ants is not needed here")

    monkeypatch.setattr(module, "import_ants", refuse)


def test_a_planted_affine_is_found_by_the_head_and_refined_by_the_brain(
    phantom, native, planted, saved, tmp_path
):
    t1 = saved(native(planted), "t1.nii.gz")
    out = [str(tmp_path / f"{i}.mat") for i in range(4)]
    for path in out[:2]:
        register(t1, phantom.head_file, phantom.brain_file, path, space="native", stripped=False, **SETTINGS)
    found = read_transform(out[0])
    assert Path(out[0]).read_bytes() == Path(out[1]).read_bytes()
    assert distance(np.eye(4), planted, phantom.brain) > 15
    assert distance(found, planted, phantom.brain) < 2
    grid = Grid.of(phantom.brain)
    inside = sample(
        nib.Nifti1Image((np.asarray(phantom.brain.dataobj) > 0).astype(np.float32), grid.affine),
        grid,
        np.linalg.inv(planted) @ found,
    )
    mask = saved(nib.Nifti1Image((inside >= 0.5).astype(np.uint8), grid.affine), "mask.nii.gz")
    rest = {
        "space": "native",
        "refine_iterations": [100, 50, 20, 0],
        "refine_retry_below": 0.2,
        "seed": 1,
    }
    refine(t1, mask, out[0], phantom.brain_file, out[2], **rest)
    assert distance(read_transform(out[2]), planted, phantom.brain) < 1
    refine(t1, mask, out[0], phantom.brain_file, out[3], **(rest | {"space": "sri24"}))
    np.testing.assert_allclose(read_transform(out[3]), found, atol=1e-12)


def test_a_stripped_scan_is_registered_to_the_brain(phantom, native, planted, saved, tmp_path, monkeypatch):
    used = []

    def spy(head, template, iterations, retry_below, seed):
        used.append(np.asarray(template.dataobj))
        return np.eye(4)

    monkeypatch.setattr(steps, "native", spy)
    for stripped in (True, False):
        t1 = saved(native(planted, 4.0, brain=stripped), f"t1_{stripped}.nii.gz")
        register(
            t1,
            phantom.head_file,
            phantom.brain_file,
            str(tmp_path / "x.mat"),
            space="native",
            stripped=stripped,
            **SETTINGS,
        )
    assert (used[0] == np.asarray(phantom.brain.dataobj)).all()
    assert (used[1] == np.asarray(phantom.head.dataobj)).all()


def test_a_scan_in_sri24_space_gets_the_identity_without_ants(phantom, tmp_path, no_ants):
    out = str(tmp_path / "x.mat")
    register(
        phantom.head_file,
        phantom.head_file,
        phantom.brain_file,
        out,
        space="sri24",
        stripped=True,
        **SETTINGS,
    )
    np.testing.assert_array_equal(read_transform(out), np.eye(4))


@pytest.mark.parametrize("shape", [(192, 192, 160), (170, 201, 155), (200, 191, 161)])
def test_a_released_volume_is_cropped_or_padded_about_its_centre(phantom, saved, tmp_path, no_ants, shape):
    values = np.random.default_rng(0).random(shape, dtype=np.float32)
    t1 = saved(nib.Nifti1Image(values, np.diag([-1.0, -1, 1, 1])), "t1.nii.gz")
    out = str(tmp_path / "x.mat")
    register(t1, phantom.head_file, phantom.brain_file, out, space="study", stripped=True, **SETTINGS)
    fine = study_grid(phantom.brain, **GRID)
    found = sample(nib.load(t1), fine, read_transform(out))[:, :, 30:130]
    wanted = values  # as the released code reads it, LPS: the low end gets the odd voxel
    for axis, size in enumerate((*fine.shape[:2], 100)):
        excess = wanted.shape[axis] - size
        low = -(-abs(excess) // 2)
        if excess > 0:
            wanted = wanted.take(range(low, low + size), axis)
        else:
            wanted = np.pad(wanted, [(low, -excess - low) if a == axis else (0, 0) for a in range(3)])
    np.testing.assert_allclose(found, wanted[::-1, ::-1], atol=1e-5)
