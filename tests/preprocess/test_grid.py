"""The prepared volume: one interpolation, volumes of labels, right affines, no dependence on the order of axes."""

from dataclasses import asdict

import nibabel as nib
import numpy as np
import pytest
from scipy import ndimage

from sadm.preprocess.derivative import sidecar
from sadm.preprocess.grid import grid, normalise, prepare
from sadm.preprocess.head import Head
from sadm.preprocess.space import sample, scaling, translation, write_transform
from sadm.preprocess.target import Target
from sadm.runtime.files import load_nifti, read_json
from sadm.study.keys.preparation import Quality

PAPER = {"shape": [192, 192, 160], "spacing": 1.0, "downsample": 2, "crop": 15}


def flat_field(target: Target) -> nib.Nifti1Image:
    return nib.Nifti1Image(np.zeros((2, 2, 2), dtype=np.float32), target.fine.affine @ scaling(100.0))


def brain_mask(phantom) -> nib.Nifti1Image:
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


def test_the_scan_is_interpolated_once(phantom, planted):
    """On white noise a second interpolation would smooth: each value is one trilinear sample of the raw voxels."""
    target = Target.of(phantom.brain, [48, 48, 48], 1.0, 1, 0)
    affine = planted @ target.fine.affine @ translation([-20, -20, -20]) @ scaling(1.1)
    raw = np.random.default_rng(0).random((80, 80, 80), dtype=np.float32)
    start = planted @ translation([0.4, 0.2, -0.3])
    head = Head.of(nib.Nifti1Image(raw, affine))
    made = prepare(head, brain_mask(phantom), flat_field(target), target, start, planted)
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
    start_mask = nib.Nifti1Image(np.asarray(brain_mask(phantom).dataobj), shift @ phantom.head.affine)
    brain = prepare(Head.of(moved), start_mask, flat_field(target), target, np.eye(4), shift).brain
    wanted = target.reduce(sample(brain_mask(phantom), target.fine) >= 0.5) >= 0.5
    np.testing.assert_array_equal(brain > 0, wanted)


def run(
    phantom,
    native,
    transform,
    saved,
    tmp_path,
    turn=lambda image: image,
    brain_ml=(500, 900, 1900, 2500),
    factor=1.0,
):
    """The grid step on the moved phantom, its axes turned; the outputs' paths."""
    outputs = {name: str(tmp_path / f"{name}.nii.gz") for name in ("t1", "brain", "lesion")} | {
        "qc": str(tmp_path / "qc.json")
    }
    scan = native(transform)
    ball = np.indices(scan.shape) - np.reshape([40, 55, 45], (3, 1, 1, 1))
    lesion = nib.Nifti1Image(((ball**2).sum(axis=0) < 36).astype(np.uint8) * 4, scan.affine)
    target = Target.of(phantom.brain, **PAPER)
    files = (saved(turn(scan), "t1.nii.gz"), saved(brain_mask(phantom), "mask.nii.gz"))
    write_transform(transform, tmp_path / "x.mat")
    places = (
        str(tmp_path / "x.mat"),
        str(tmp_path / "x.mat"),
        saved(flat_field(target), "field.nii.gz"),
        saved(turn(lesion), "lesion.nii.gz"),
    )
    outputs |= {name: str(tmp_path / f"out_{name}.nii.gz") for name in ("t1", "brain", "lesion")}
    limits = asdict(Quality()) | {
        "brain_ml": list(brain_ml),
        "stretch": [9.0, 20.0],
    }  # the phantom is no adult
    outputs["picture"] = str(tmp_path / "qc.png")
    raw = {"t1": "bids:raw:1/t1.nii.gz", "lesion": "bids:raw:1/lesion.nii.gz"}
    whose = {"dataset": "set", "scan": "sub-1", "space": "native", "raw": raw}
    grid(*files, *places, phantom.brain_file, outputs, **whose, grid=PAPER, limits=limits)
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
    assert int(t1.header["sform_code"]) == int(t1.header["qform_code"]) == 5, "a template's"
    said = {name: read_json(sidecar(outputs[name])) for name in ("t1", "brain", "lesion")}
    assert {each["Resolution"] for each in said.values()} == {"the study's grid: 96 x 96 x 50 voxels of 2 mm"}
    assert said["lesion"]["Sources"] == ["bids:raw:1/lesion.nii.gz", "bids::x.mat"]
    values = t1.get_fdata()
    assert values.min() >= 0
    assert values.max() <= 1
    assert (values[brain.get_fdata() == 0] == 0).all()
    centre = label.affine @ [*np.argwhere(label.get_fdata() > 0).mean(axis=0), 1]
    wanted = np.linalg.inv(planted) @ lesion.affine @ [*np.argwhere(lesion.get_fdata() > 0).mean(axis=0), 1]
    np.testing.assert_allclose(centre, wanted, atol=0.25)  # an eighth of a voxel
    qc = read_json(outputs["qc"])
    assert (qc["dataset"], qc["scan"]) == ("set", "sub-1")
    assert qc["passed"]
    assert qc["reasons"] == []
    assert qc["overlap"] > 0.999
    expected = (np.asarray(phantom.brain.dataobj) > 0).sum() * np.linalg.det(planted[:3, :3]) / 1000
    assert qc["brain_ml"] == pytest.approx(expected, rel=0.02)
    assert qc["lesion_ml_prepared"] == pytest.approx(qc["lesion_ml"], rel=0.02)


def test_a_brain_that_is_too_small_fails_with_its_numbers_and_is_written_all_the_same(
    phantom, native, planted, saved, tmp_path
):
    outputs, _ = run(phantom, native, planted, saved, tmp_path, brain_ml=(1600, 1700, 1900, 2000))
    qc = read_json(outputs["qc"])
    assert not qc["passed"]
    assert len(qc["reasons"]) == 1
    assert "not 1700 to 1900" in qc["reasons"][0]
    assert load_nifti(outputs["t1"]).shape == (96, 96, 50)
