"""The whole chain on one real head."""

from dataclasses import asdict

import numpy as np
import pytest

from sadm.io import load_nifti, read_json
from sadm.keys import Quality
from sadm.preprocess.bias import bias
from sadm.preprocess.brain import brain
from sadm.preprocess.grid import grid
from sadm.preprocess.refine import refine
from sadm.preprocess.register import register

PLACE = {"shape": [192, 192, 160], "spacing": 1.0}


@pytest.fixture(scope="module")
def atlas_files(shared_data, tmp_path_factory):
    """SRI24 head and brain, axes RAS+."""
    import nibabel as nib

    folder = tmp_path_factory.mktemp("atlas")
    for source, name in (("t1_brats_space", "head"), ("spgr", "brain")):
        image = nib.as_closest_canonical(load_nifti(shared_data / "sri24" / f"{source}.nii.gz"))
        image.to_filename(folder / f"{name}.nii.gz")
    return str(folder / "head.nii.gz"), str(folder / "brain.nii.gz")


def test_a_raw_head_becomes_a_prepared_volume(shared_data, atlas_files, tmp_path):
    head, template = atlas_files
    t1 = str(shared_data / "IXI-T1" / "IXI080-HH-1341-T1.nii.gz")
    start, mask, refined, field, qc = (
        str(tmp_path / name)
        for name in ("start.mat", "mask.nii.gz", "refined.mat", "field.nii.gz", "qc.json")
    )
    kind = {"space": "native", "stripped": False, "seed": 1}
    register(t1, head, template, start, iterations=[200, 100, 50, 0], retry_below=0.23, grid=PLACE, **kind)
    rest = {"method": "deepbet", "tta": False, "device": "cpu", "hdbet_parameters": None, "threads": 1}
    brain(t1, start, template, "", mask, **rest)
    refine(
        t1,
        mask,
        start,
        template,
        refined,
        refine_iterations=[100, 50, 20, 0],
        refine_retry_below=0.06,
        **kind,
    )
    n4 = {"shrink": 8, "iterations": [40, 30, 20], "tolerance": 0.001}
    bias(t1, mask, start, refined, template, field, space="native", grid=PLACE, **n4)
    outputs = {name: str(tmp_path / f"out_{name}.nii.gz") for name in ("t1", "brain", "lesion")} | {
        "qc": qc,
        "picture": str(tmp_path / "qc.png"),
    }
    sizes = PLACE | {"downsample": 2, "crop": 15}
    grid(t1, mask, start, refined, field, "", template, outputs, grid=sizes, limits=asdict(Quality()))
    found, inside = (np.asarray(load_nifti(outputs[name]).dataobj) for name in ("t1", "brain"))
    check = read_json(qc)
    assert check["passed"], check["reasons"]
    assert check["overlap"] > 0.94
    assert 1150 < check["brain_ml"] < 1400
    assert found.shape == (96, 96, 50)
    assert 0.5 < found[inside > 0].mean() < 0.8
    assert not np.asarray(load_nifti(outputs["lesion"]).dataobj).any()
