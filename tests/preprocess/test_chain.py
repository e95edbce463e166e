"""Covers sadm.preprocess.register, strip, refine, bias and grid: the whole chain on one real head, and on the SRI24 head moved by a known affine."""

from dataclasses import asdict
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from sadm.preprocess.bias import bias
from sadm.preprocess.deepbet import stripper
from sadm.preprocess.grid import grid
from sadm.preprocess.refine import refine
from sadm.preprocess.register import register
from sadm.preprocess.space import Grid, read_transform
from sadm.preprocess.strip import strip_one
from sadm.runtime.files import load_nifti, read_json
from sadm.study.keys.preparation import Quality, Registration

RAW = {"t1": "bids:raw:t1.nii.gz"}
PLACE = {"shape": [192, 192, 160], "spacing": 1.0}


@pytest.fixture(scope="module")
def template_files(shared_data, tmp_path_factory):
    """SRI24 head and brain, axes RAS+."""
    folder = tmp_path_factory.mktemp("template")
    for source, name in (("t1_brats_space", "head"), ("spgr", "brain")):
        image = nib.as_closest_canonical(load_nifti(shared_data / "sri24" / f"{source}.nii.gz"))
        image.to_filename(folder / f"{name}.nii.gz")
    return str(folder / "head.nii.gz"), str(folder / "brain.nii.gz")


def registered(t1, template_files, folder):
    """Files start, mask, refined of the first three steps on the head ``t1``."""
    head, template = template_files
    start, mask, refined = (str(folder / name) for name in ("start.mat", "mask.nii.gz", "refined.mat"))
    settings = asdict(Registration())
    kind = {"space": "native", "stripped": False, "seed": settings["seed"]}
    first = {key: settings[key] for key in ("iterations", "retry_below", "refine_retry_below")}
    register(t1, head, template, start, grid=PLACE, **kind, **first)
    strip_one(stripper(1), t1, start, Grid.of(load_nifti(template)), Path(mask))
    second = {key: settings[key] for key in ("refine_iterations", "refine_retry_below")}
    refine(t1, mask, start, template, refined, space=kind["space"], seed=kind["seed"], **second)
    return start, mask, refined


def test_a_raw_head_becomes_a_prepared_volume(shared_data, template_files, tmp_path):
    template = template_files[1]
    t1 = str(shared_data / "IXI-T1" / "IXI080-HH-1341-T1.nii.gz")
    start, mask, refined = registered(t1, template_files, tmp_path)
    field, qc = str(tmp_path / "field.nii.gz"), str(tmp_path / "qc.json")
    n4 = {"shrink": 8, "iterations": [40, 30, 20], "tolerance": 0.001}
    bias(t1, mask, start, refined, template, field, space="native", grid=PLACE, **n4)
    outputs = {name: str(tmp_path / f"out_{name}.nii.gz") for name in ("t1", "brain", "lesion")} | {
        "qc": qc,
        "picture": str(tmp_path / "qc.png"),
    }
    sizes = PLACE | {"downsample": 2, "crop": 15}
    whose = {"dataset": "ixi", "scan": "sub-IXI080", "space": "native"}
    grid(
        t1,
        mask,
        start,
        refined,
        field,
        "",
        template,
        outputs,
        **whose,
        grid=sizes,
        limits=asdict(Quality()),
        raw=RAW,
    )
    found, inside = (np.asarray(load_nifti(outputs[name]).dataobj) for name in ("t1", "brain"))
    check = read_json(qc)
    assert check["passed"], check["reasons"]
    assert check["overlap"] > 0.94
    assert 1150 < check["brain_ml"] < 1400
    assert found.shape == (96, 96, 50)
    assert 0.5 < found[inside > 0].mean() < 0.8
    assert not np.asarray(load_nifti(outputs["lesion"]).dataobj).any()


def apart(found, true, template):
    """Distances in mm, over every fourth voxel of the SRI24 brain, between where two matrices place it."""
    voxels = np.argwhere(np.asarray(template.dataobj)[::4, ::4, ::4] > 0) * 4
    shift = ((found - true) @ template.affine)[:3]
    return np.linalg.norm(voxels @ shift[:, :3].T + shift[:, 3], axis=1)


def test_registration_finds_an_affine_planted_in_the_sri24_head(template_files, planted, saved):
    head, template = load_nifti(template_files[0]), load_nifti(template_files[1])
    moved = nib.Nifti1Image(np.asarray(head.dataobj), planted @ head.affine)
    t1 = saved(moved.as_reoriented(np.array([[1, -1], [2, 1], [0, -1]])), "moved.nii.gz")
    _, _, refined = registered(t1, template_files, Path(t1).parent)
    distance = apart(read_transform(refined), planted, template)
    assert distance.mean() < 0.15
    assert distance.max() < 0.4
