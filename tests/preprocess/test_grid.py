"""The prepared volume: one interpolation, volumes of labels, right affines, no dependence on the order of axes."""

from dataclasses import asdict

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from sadm.preprocess.grid import Target, grid, normalise, prepare
from sadm.preprocess.label import keep_volume, share
from sadm.preprocess.space import Grid, sample, scaling, translation, write_transform
from sadm.runtime.files import load_nifti, read_json
from sadm.study.keys.preparation import Quality

PAPER = {"shape": [192, 192, 160], "spacing": 1.0, "downsample": 2, "crop": 15}


def flat_field(target: Target) -> nib.Nifti1Image:
    return nib.Nifti1Image(np.zeros((2, 2, 2), dtype=np.float32), target.fine.affine @ scaling(100.0))


def atlas_mask(phantom) -> nib.Nifti1Image:
    return nib.Nifti1Image((np.asarray(phantom.brain.dataobj) > 0).astype(np.uint8), phantom.brain.affine)


def test_normalise_against_percentiles():
    rng = np.random.default_rng(0)
    values, mask = rng.normal(100, 20, (20, 20, 20)).astype(np.float32), rng.random((20, 20, 20)) < 0.4
    found, span, clipped = normalise(values, mask)
    low, high = np.percentile(values[mask].astype(np.float64), (1, 99))
    assert (found[~mask] == 0).all()
    np.testing.assert_allclose(found[mask], ((values[mask] - low) / (high - low)).clip(0, 1), atol=1e-6)
    assert span == pytest.approx(high - low)
    assert clipped == pytest.approx(0.02, abs=0.002)


@pytest.mark.parametrize("values", [np.full((5, 5, 5), 7.0), np.full((5, 5, 5), np.nan)])
def test_normalise_of_a_constant_or_broken_image_is_zero(values):
    assert not normalise(values.astype(np.float32), np.ones((5, 5, 5), dtype=bool))[0].any()


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


def test_the_scan_is_interpolated_once(phantom, planted):
    """On white noise a second interpolation would smooth: each value is one trilinear sample of the raw voxels."""
    target = Target.of(phantom.brain, [48, 48, 48], 1.0, 1, 0)
    affine = planted @ target.fine.affine @ translation([-20, -20, -20]) @ scaling(1.1)
    raw = np.random.default_rng(0).random((80, 80, 80), dtype=np.float32)
    start = planted @ translation([0.4, 0.2, -0.3])
    made = prepare(
        nib.Nifti1Image(raw, affine), atlas_mask(phantom), flat_field(target), target, start, planted
    )
    matrix = np.linalg.inv(affine) @ planted @ target.fine.affine
    wanted = ndimage.affine_transform(raw, matrix[:3, :3], matrix[:3, 3], output_shape=(48, 48, 48), order=1)
    found, inside = made.t1, made.brain > 0
    assert inside.mean() > 0.5
    low, high = np.percentile(wanted[inside].astype(np.float64), (1, 99))
    np.testing.assert_allclose(found[inside], ((wanted[inside] - low) / (high - low)).clip(0, 1), atol=1e-4)


def test_the_mask_goes_by_register_and_the_scan_by_refine(phantom):
    """A mask made in register's space, which is 6 mm off refine's, lands where refine sees the brain."""
    target = Target.of(phantom.brain, **PAPER)
    shift = translation([6, 0, 0])
    moved = nib.Nifti1Image(np.asarray(phantom.head.dataobj), shift @ phantom.head.affine)
    start_mask = nib.Nifti1Image(np.asarray(atlas_mask(phantom).dataobj), shift @ phantom.head.affine)
    brain = prepare(moved, start_mask, flat_field(target), target, np.eye(4), shift).brain
    wanted = target.reduce(sample(atlas_mask(phantom), target.fine) >= 0.5) >= 0.5
    np.testing.assert_array_equal(brain > 0, wanted)


def run(
    phantom, native, transform, saved, tmp_path, turn=lambda image: image, brain_ml=(900, 1900), factor=1.0
):
    """The grid step on the moved phantom, its axes turned; the outputs' paths."""
    outputs = {name: str(tmp_path / f"{name}.nii.gz") for name in ("t1", "brain", "lesion")} | {
        "qc": str(tmp_path / "qc.json")
    }
    scan = native(transform)
    ball = np.indices(scan.shape) - np.reshape([40, 55, 45], (3, 1, 1, 1))
    lesion = nib.Nifti1Image(((ball**2).sum(axis=0) < 36).astype(np.uint8) * 4, scan.affine)
    target = Target.of(phantom.brain, **PAPER)
    files = (saved(turn(scan), "t1.nii.gz"), saved(atlas_mask(phantom), "mask.nii.gz"))
    write_transform(transform, tmp_path / "x.mat")
    places = (
        str(tmp_path / "x.mat"),
        str(tmp_path / "x.mat"),
        saved(flat_field(target), "field.nii.gz"),
        saved(turn(lesion), "lesion.nii.gz"),
    )
    outputs |= {name: str(tmp_path / f"out_{name}.nii.gz") for name in ("t1", "brain", "lesion")}
    limits = asdict(Quality()) | {"brain_ml": list(brain_ml), "stretch": 9.0}  # the phantom is no adult
    outputs["picture"] = str(tmp_path / "qc.png")
    grid(*files, *places, phantom.brain_file, outputs, grid=PAPER, limits=limits)
    return outputs, lesion


@pytest.mark.parametrize(
    ("order", "flips"), [((2, 0, 1), (1, -1, -1)), ((1, 0, 2), (-1, 1, 1)), ((0, 2, 1), (-1, -1, -1))]
)
def test_axis_order_and_flips_play_no_part(
    phantom, native, planted, saved, tmp_path, reoriented, order, flips
):
    found = []
    for turn in (lambda image: image, lambda image: reoriented(image, order, flips)):
        outputs, _ = run(phantom, native, planted, saved, tmp_path, turn)
        found.append(
            {name: np.asarray(load_nifti(outputs[name]).dataobj) for name in ("t1", "brain", "lesion")}
        )
    np.testing.assert_allclose(found[0]["t1"], found[1]["t1"], atol=1e-4)
    np.testing.assert_array_equal(found[0]["brain"], found[1]["brain"])
    assert (found[0]["lesion"] != found[1]["lesion"]).sum() <= 2


def test_outputs_and_their_world(phantom, native, planted, saved, tmp_path):
    outputs, lesion = run(phantom, native, planted, saved, tmp_path)
    t1, brain, label = (nib.load(outputs[name]) for name in ("t1", "brain", "lesion"))
    assert t1.shape == brain.shape == label.shape == (96, 96, 50)
    assert (t1.affine == label.affine).all()
    assert t1.get_data_dtype() == np.float32
    assert brain.get_data_dtype() == label.get_data_dtype() == np.uint8
    assert nib.aff2axcodes(t1.affine) == ("R", "A", "S")
    assert t1.header.get_xyzt_units()[0] == "mm"
    assert int(t1.header["sform_code"]) > 0
    values = t1.get_fdata()
    assert values.min() >= 0
    assert values.max() <= 1
    assert (values[brain.get_fdata() == 0] == 0).all()
    centre = label.affine @ [*np.argwhere(label.get_fdata() > 0).mean(axis=0), 1]
    wanted = np.linalg.inv(planted) @ lesion.affine @ [*np.argwhere(lesion.get_fdata() > 0).mean(axis=0), 1]
    np.testing.assert_allclose(centre, wanted, atol=0.25)  # an eighth of a voxel
    qc = read_json(outputs["qc"])
    assert qc["passed"]
    assert qc["reasons"] == []
    assert qc["overlap"] > 0.999
    expected = (np.asarray(phantom.brain.dataobj) > 0).sum() * np.linalg.det(planted[:3, :3]) / 1000
    assert qc["brain_ml"] == pytest.approx(expected, rel=0.02)
    assert qc["lesion_ml_prepared"] == pytest.approx(qc["lesion_ml"], rel=0.02)


def test_a_brain_that_is_too_small_fails_with_its_numbers_and_is_written_all_the_same(
    phantom, native, planted, saved, tmp_path
):
    outputs, _ = run(phantom, native, planted, saved, tmp_path, brain_ml=(1700, 1900))
    qc = read_json(outputs["qc"])
    assert not qc["passed"]
    assert len(qc["reasons"]) == 1
    assert "not 1700 to 1900" in qc["reasons"][0]
    assert load_nifti(outputs["t1"]).shape == (96, 96, 50)
