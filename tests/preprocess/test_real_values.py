"""Covers sadm.preprocess.intensities, register, refine: a real brain and a real head in other values are registered as the plain ones, or refused."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from sadm.preprocess.bias import bias
from sadm.preprocess.brain import brain
from sadm.preprocess.deepbet import stripper
from sadm.preprocess.grid import grid
from sadm.preprocess.refine import refine
from sadm.preprocess.register import register
from sadm.preprocess.space import Grid, read_transform
from sadm.preprocess.strip import strip_one
from sadm.runtime.errors import ProcessingError
from sadm.runtime.files import load_nifti, read_json
from sadm.study.keys.preparation import Quality, Registration

RAW = {"t1": "bids:raw:t1.nii.gz"}
PLACE = {"shape": [192, 192, 160], "spacing": 1.0}
SAID = asdict(Registration())
# Degrees; mm, mean over the brain: twice the scatter of copies that differ by rounding.
ANGLE, DISTANCE = (2.0, 2.0)
BRAIN, HEAD = (
    "BraTS2021_Training_Data/BraTS2021_00008/BraTS2021_00008_t1.nii.gz",
    "IXI-T1/IXI080-HH-1341-T1.nii.gz",
)


def within(values: np.ndarray) -> np.ndarray:
    inside = values != 0
    return np.where(inside, (values - values[inside].mean()) / values[inside].std(), 0)


def spiked(values: np.ndarray) -> np.ndarray:
    out = values.copy()
    out[tuple(np.argwhere(values > np.median(values[values > 0]))[1234])] = 1e7
    return out


OF_BRAIN: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "z-scored within": within,
    "background -1024": lambda v: np.where(v != 0, v, -1024),
    "one voxel of 1e7": spiked,
    "shifted down": lambda v: v - 1024,
}
OF_HEAD = {
    "z-scored, one voxel of 1e7": lambda v: spiked((v - v.mean()) / v.std()),
    "shifted up": lambda v: v + 5000,
}


class Chain:
    """register, brain and refine of one scan."""

    def __init__(self, file: Path, folder: Path, data: Path, stripped: bool) -> None:
        self.scan, self.folder, self.stripped = load_nifti(file), folder, stripped
        for source, name in (("t1_brats_space", "head"), ("spgr", "brain")):
            image = nib.as_closest_canonical(load_nifti(data / "sri24" / f"{source}.nii.gz"))
            image.to_filename(folder / f"{name}.nii.gz")
        self.head, self.brain = (str(folder / f"{name}.nii.gz") for name in ("head", "brain"))
        self.plain = self.of(lambda values: values)

    def of(self, change: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """The map found, with the values changed."""
        t1, start, mask, refined = (
            str(self.folder / name) for name in ("t1.nii", "0.mat", "mask.nii.gz", "1.mat")
        )
        values = change(np.asarray(self.scan.dataobj, dtype=np.float64)).astype(np.float32)
        nib.Nifti1Image(values, self.scan.affine).to_filename(t1)
        first = {key: SAID[key] for key in ("iterations", "retry_below", "refine_retry_below", "seed")}
        register(
            t1, self.head, self.brain, start, space="native", stripped=self.stripped, grid=PLACE, **first
        )
        if self.stripped:
            brain(t1, start, self.brain, "", mask, method="none", raw=RAW)
        else:
            strip_one(stripper(1), t1, start, Grid.of(load_nifti(self.brain)), Path(mask))
        second = {key: SAID[key] for key in ("refine_iterations", "refine_retry_below", "seed")}
        refine(t1, mask, start, self.brain, refined, space="native", **second)
        return read_transform(refined)

    def check(self, found: np.ndarray) -> None:
        """``found`` is the plain scan's map but for scatter."""
        step = (np.linalg.inv(self.plain) @ found)[:3, :3]
        left, _, right = np.linalg.svd(step)
        assert np.degrees(np.arccos(np.clip((np.trace(left @ right) - 1) / 2, -1, 1))) < ANGLE
        template = load_nifti(self.brain)
        index = np.argwhere(np.asarray(template.dataobj) > 0)[::501]
        world = index @ template.affine[:3, :3].T + template.affine[:3, 3]
        apart = found - self.plain
        assert np.linalg.norm(world @ apart[:3, :3].T + apart[:3, 3], axis=1).mean() < DISTANCE


@pytest.fixture(scope="module")
def of_brain(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Chain:
    return Chain(shared_data / BRAIN, tmp_path_factory.mktemp("brain"), shared_data, True)


@pytest.fixture(scope="module")
def of_head(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Chain:
    return Chain(shared_data / HEAD, tmp_path_factory.mktemp("head"), shared_data, False)


@pytest.mark.parametrize("name", OF_BRAIN)
def test_a_brain_in_other_values_is_registered_as_the_plain_one(of_brain: Chain, name: str) -> None:
    of_brain.check(of_brain.of(OF_BRAIN[name]))


@pytest.mark.parametrize("name", OF_HEAD)
def test_a_head_in_other_values_is_registered_as_the_plain_one(of_head: Chain, name: str) -> None:
    of_head.check(of_head.of(OF_HEAD[name]))


def test_a_brain_that_is_not_said_to_be_one_is_refused(of_brain: Chain) -> None:
    of_brain.stripped = False
    try:
        with pytest.raises(ProcessingError, match="comes stripped") as error:
            of_brain.of(lambda values: values - 1024)
    finally:
        of_brain.stripped = True
    assert "brain: none" in str(error.value)


@pytest.mark.parametrize(
    ("change", "moved", "words"),
    [
        (lambda v: -v, np.eye(4), "the contrast is not that of a T1"),
        (lambda v: v, np.diag([1.08, 1.1, 1.12, 1]) @ np.array([[1.0, 0, 0, 90], [0, 1, 0, 60], [0, 0, 1, -60], [0, 0, 0, 1]]), "its data set does not come in the space"),
    ],
    ids=["negated", "in another space"],
)  # fmt: skip
def test_a_brain_said_to_be_in_sri24_space_is_refused_with_the_cause(
    shared_data, of_brain, tmp_path, change, moved, words
) -> None:
    t1, start, mask, field = (
        str(tmp_path / name) for name in ("t1.nii", "0.mat", "mask.nii.gz", "field.nii.gz")
    )
    scan, template = load_nifti(shared_data / BRAIN), of_brain.brain
    nib.Nifti1Image(change(np.asarray(scan.dataobj)), moved @ scan.affine).to_filename(t1)
    first = {key: SAID[key] for key in ("iterations", "retry_below", "refine_retry_below", "seed")}
    register(t1, of_brain.head, template, start, space="sri24", stripped=True, grid=PLACE, **first)
    brain(t1, start, template, "", mask, method="none", raw=RAW)
    n4 = {"shrink": 8, "iterations": [1], "tolerance": 0.0}
    bias(t1, mask, start, start, template, field, space="sri24", grid=PLACE, **n4)
    outputs = {name: str(tmp_path / f"out_{name}.nii.gz") for name in ("t1", "brain", "lesion")}
    outputs |= {"qc": str(tmp_path / "qc.json"), "picture": str(tmp_path / "qc.png")}
    said = asdict(Quality())
    limits = {name: said.get(f"given_{name}", limit) for name, limit in said.items()}
    grid(
        t1, mask, start, start, field, "", template, outputs, dataset="set", scan="sub-1", space="sri24",
        grid=PLACE | {"downsample": 2, "crop": 15}, limits=limits, raw=RAW,
    )  # fmt: skip
    found = read_json(outputs["qc"])
    assert not found["passed"]
    assert words in found["reasons"][0]
