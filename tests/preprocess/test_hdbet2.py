"""HD-BET 2 itself, on hand-set parameters: in this process, and the same bytes as its command."""

import os
import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hdbet_standin import make

from sadm.preprocess import hdbet2
from sadm.runtime.errors import MissingWeightsError, ProcessingError
from sadm.runtime.files import load_nifti


@pytest.fixture(scope="module")
def head(tmp_path_factory) -> Path:
    """A bright ball in a head, 2 mm, axes RAS."""
    axes = np.meshgrid(*[np.arange(-45, 45.0) * 2] * 3, indexing="ij")
    radius = np.sqrt(sum(a**2 for a in axes))
    values = 900.0 * (radius < 68) + 250 * ((radius >= 68) & (radius < 82))
    path = tmp_path_factory.mktemp("head") / "head.nii.gz"
    nib.Nifti1Image(
        (values + 5 * np.sin(axes[0] / 7)).astype(np.float32), np.diag([2.0, 2, 2, 1])
    ).to_filename(path)
    return path


@pytest.mark.parametrize("trainer", ["nnUNetTrainer", "nnUNetTrainerDA5"])
def test_in_process_for_both_trainer_names(tmp_path, head, trainer):
    stdout = sys.stdout
    predictor = hdbet2.load_predictor(make(tmp_path / "parameters", trainer), "cpu", tta=False, threads=1)
    assert sys.stdout is stdout
    hdbet2.predict(predictor, head, tmp_path / "mask.nii.gz")
    mask = np.asarray(load_nifti(tmp_path / "mask.nii.gz").dataobj)
    assert 500 < mask.sum() * 8 / 1000 < 2500
    assert mask[45, 45, 45] == 1
    assert mask[0, 0, 0] == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mask.nii.gz", "parameters"]


def test_the_command_gives_the_same_bytes(tmp_path, head):
    parameters = make(tmp_path / "hd-bet_params" / "release_2.0.0", "nnUNetTrainer")
    predictor = hdbet2.load_predictor(parameters, "cpu", tta=False, threads=1)
    hdbet2.predict(predictor, head, tmp_path / "ours.nii.gz")
    command = [
        str(Path(sys.executable).with_name("hd-bet")),
        "-i",
        str(head),
        "-o",
        str(tmp_path / "theirs.nii.gz"),
    ]
    command += ["-device", "cpu", "--disable_tta", "--save_bet_mask", "--no_bet_image"]
    env = os.environ | {"HOME": str(tmp_path), "OMP_NUM_THREADS": "1"}
    subprocess.run(command, check=True, env=env, timeout=300, capture_output=True)
    assert (tmp_path / "theirs_bet.nii.gz").read_bytes() == (tmp_path / "ours.nii.gz").read_bytes()


def test_missing_weights_are_listed_with_their_place(tmp_path):
    (tmp_path / "plans.json").write_text("{}")
    with pytest.raises(MissingWeightsError) as error:
        hdbet2.find_parameters(str(tmp_path))
    text = str(error.value)
    assert "missing: dataset.json, fold_all/checkpoint_final.pth" in text
    assert str(tmp_path) in text
    assert "brain.hdbet_parameters" in text


@pytest.mark.parametrize("fault", ["shape", "values", "affine"])
def test_a_mask_that_does_not_fit_is_refused(tmp_path, head, fault):
    image = nib.load(head)
    values, affine = np.ones(image.shape, dtype=np.uint8), image.affine.copy()
    if fault == "shape":
        values = values[1:]
    elif fault == "values":
        values[0] = 2
    else:
        affine[0, 3] += 1
    nib.Nifti1Image(values, affine).to_filename(tmp_path / "mask.nii.gz")
    with pytest.raises(ProcessingError, match="cannot be used"):
        hdbet2.verify(tmp_path / "mask.nii.gz", head)
