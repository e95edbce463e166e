"""Many heads by one tool: the tool's own masks, one load, and what is done stays done."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hdbet_standin import make

from sadm.preprocess import hdbet2
from sadm.preprocess.derivative import sidecar
from sadm.preprocess.failed_step import reason, write_reason
from sadm.preprocess.space import Grid, sample, translation, write_transform
from sadm.preprocess.strip import strip, strip_one
from sadm.runtime.errors import ProcessingError
from sadm.runtime.files import load_nifti, read_json, save_nifti

SCANS = ["sub-1", "sub-1_ses-2", "sub-3"]


class Chunk:
    """Three bright balls in heads at 4 mm, and the step on them; ``predicted`` counts the scans that HD-BET saw."""

    def __init__(self, folder: Path, template: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.template = folder, template
        self.parameters = make(folder / "parameters")
        self.method, self.predicted, self.loads = "hd-bet", 0, 0
        axes = np.meshgrid(*[np.arange(-24, 24.0) * 4] * 3, indexing="ij")
        for n, scan in enumerate(SCANS):
            radius = np.sqrt(sum((a - 3 * n) ** 2 for a in axes))
            save_nifti(
                (900.0 * (radius < 68) + 40 * (radius < 85)).astype(np.float32),
                np.diag([4.0, 4, 4, 1]),
                self.t1(scan),
            )
            write_transform(translation([96 + n, 90, 90]), self.transform(scan))
        load, predict = hdbet2.load_predictor, hdbet2.predict
        monkeypatch.setattr(
            hdbet2,
            "load_predictor",
            lambda *a, **k: (setattr(self, "loads", self.loads + 1), load(*a, **k))[1],
        )
        monkeypatch.setattr(hdbet2, "predict", self.count(predict))

    def count(self, predict):  # type: ignore[no-untyped-def]
        def counting(*arguments):  # type: ignore[no-untyped-def]
            self.predicted += 1
            predict(*arguments)

        return counting

    def t1(self, scan: str) -> str:
        return str(self.folder / f"{scan}.nii.gz")

    def transform(self, scan: str) -> str:
        return str(self.folder / f"{scan}.mat")

    def out(self, scan: str) -> Path:
        return self.folder / "out" / f"{scan}.nii.gz"

    def kept(self, scan: str) -> list[Path]:
        return sorted((self.folder / "kept" / scan).glob("*"))

    def run(self, tta: bool = False) -> int:
        """Strip all; how many scans HD-BET saw."""
        before = self.predicted
        strip(
            *({s: str(file(s)) for s in SCANS} for file in (self.t1, self.transform)), self.template,
            {s: str(self.out(s)) for s in SCANS}, str(self.folder / "kept"), code="0", method=self.method, weights="",
            settings={"tta": tta, "hdbet_parameters": str(self.parameters)}, device="cpu", threads=1,
            raw={s: {"t1": f"bids:raw:{s}.nii.gz"} for s in SCANS},
        )  # fmt: skip
        return self.predicted - before


@pytest.fixture
def chunk(tmp_path, phantom, saved, monkeypatch) -> Chunk:
    coarse = np.asarray(phantom.brain.dataobj)[::4, ::4, ::4]
    template = saved(nib.Nifti1Image(coarse, phantom.brain.affine @ np.diag([4, 4, 4, 1])), "template.nii.gz")
    return Chunk(tmp_path, template, monkeypatch)


def fail_on_the_second(chunk: Chunk, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """From now on the second scan ends in ``error``."""

    def failing(tool, t1, *rest):  # type: ignore[no-untyped-def]
        if t1 == chunk.t1(SCANS[1]):
            raise error
        return strip_one(tool, t1, *rest)

    monkeypatch.setattr("sadm.preprocess.strip.strip_one", failing)


def test_masks_are_hdbets_of_the_heads_on_the_sri24_grid_and_the_model_is_loaded_once(chunk, tmp_path):
    assert chunk.run(tta=True) == 3
    assert chunk.loads == 1
    predictor = hdbet2.load_predictor(chunk.parameters, "cpu", tta=True, threads=1)
    for n, scan in enumerate(SCANS):
        mask, grid = load_nifti(chunk.out(scan)), Grid.of(load_nifti(chunk.template))
        moved = sample(load_nifti(chunk.t1(scan)), grid, translation([96 + n, 90, 90]))
        save_nifti(moved, grid.affine, tmp_path / "moved.nii.gz")
        hdbet2.predict(predictor, tmp_path / "moved.nii.gz", tmp_path / "direct.nii.gz")
        wanted = np.asarray(load_nifti(tmp_path / "direct.nii.gz").dataobj)
        assert wanted.any()
        np.testing.assert_array_equal(np.asarray(mask.dataobj), wanted)
        np.testing.assert_allclose(mask.affine, grid.affine)
        said = read_json(sidecar(chunk.out(scan)))
        assert said["Sources"] == [f"bids:raw:{scan}.nii.gz", f"bids::{scan}.mat"]
        assert "HD-BET" in said["Description"]


def test_a_killed_chunk_goes_on_where_it_was(chunk, monkeypatch):
    fail_on_the_second(chunk, monkeypatch, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        chunk.run()
    assert len(chunk.kept(SCANS[0])) == 1
    monkeypatch.setattr("sadm.preprocess.strip.strip_one", strip_one)
    assert chunk.run() == 2
    assert all(chunk.out(scan).exists() for scan in SCANS)
    assert chunk.run() == 0
    assert chunk.loads == 2, "nothing to strip: no model"


def test_one_scan_that_fails_is_named_and_takes_no_other_down(chunk, monkeypatch):
    fail_on_the_second(chunk, monkeypatch, RuntimeError("nnU-Net says\nmuch"))
    chunk.run()
    assert reason([chunk.out(SCANS[1])]).endswith("the step brain failed: RuntimeError: nnU-Net says")
    assert "nnU-Net says" in read_json(sidecar(chunk.out(SCANS[1])))["Description"]
    assert [bool(reason([chunk.out(scan)])) for scan in SCANS] == [False, True, False]
    assert [len(chunk.kept(scan)) for scan in SCANS] == [1, 0, 1]
    monkeypatch.setattr("sadm.preprocess.strip.strip_one", strip_one)
    assert chunk.run() == 1


def test_what_is_not_the_scans_fault_is_an_error_after_the_others_are_done(chunk, monkeypatch):
    fail_on_the_second(chunk, monkeypatch, RuntimeError("CUDA out of memory"))
    with pytest.raises(ProcessingError, match="fails on 1 of 3 scans") as error:
        chunk.run()
    assert "sub-1_ses-2: RuntimeError: CUDA out of memory" in str(error.value)
    assert [len(chunk.kept(scan)) for scan in SCANS] == [1, 0, 1]


def test_a_scan_that_failed_before_passes_its_reason_on(chunk):
    write_reason("no head", [chunk.transform(SCANS[0])])
    assert chunk.run() == 2
    assert "no head" in reason([chunk.out(SCANS[0])])
    assert not reason([chunk.out(SCANS[1])])


def test_only_what_changed_is_stripped_anew_and_the_old_mask_goes(chunk):
    chunk.run()
    before = chunk.kept(SCANS[2])
    write_transform(translation([100, 90, 90]), chunk.transform(SCANS[2]))
    assert chunk.run() == 1
    assert len(chunk.kept(SCANS[2])) == 1
    assert chunk.kept(SCANS[2]) != before
    assert chunk.run(tta=True) == 3


def test_a_damaged_mask_is_made_anew(chunk):
    chunk.run()
    (mask,) = chunk.kept(SCANS[0])
    whole = mask.read_bytes()
    mask.write_bytes(whole[: len(whole) // 2])
    assert chunk.run() == 1
    assert mask.read_bytes() == whole


def test_a_run_that_leaves_no_mask_is_an_error(chunk, monkeypatch):
    monkeypatch.setattr(hdbet2, "predict", lambda *_: None)
    with pytest.raises(ProcessingError, match="fails on 3 of 3 scans"):
        chunk.run()


def test_almost_no_brain_in_one_scan_goes_on_to_its_check_and_in_most_is_an_error(chunk, capsys):
    save_nifti(np.full((48, 48, 48), 5, dtype=np.float32), np.diag([4.0, 4, 4, 1]), chunk.t1(SCANS[0]))
    chunk.run()
    assert "almost no brain in 1 of 3 scans: sub-1 (0 ml)" in capsys.readouterr().out
    assert not np.asarray(load_nifti(chunk.out(SCANS[0])).dataobj).any()
    save_nifti(np.full((48, 48, 48), 7, dtype=np.float32), np.diag([4.0, 4, 4, 1]), chunk.t1(SCANS[1]))
    with pytest.raises(ProcessingError, match="almost no brain in 2 of 3 scans"):
        chunk.run()


def test_deepbet_strips_a_chunk_too_and_finds_no_brain_without_an_error(chunk, monkeypatch):
    chunk.method, loads = "deepbet", []

    def tool(threads: int):  # type: ignore[no-untyped-def]
        loads.append(threads)
        return lambda head, affine: head > head.max() / 2

    monkeypatch.setattr("sadm.preprocess.deepbet.stripper", tool)
    chunk.run()
    assert loads == [1]
    mask = np.asarray(load_nifti(chunk.out(SCANS[0])).dataobj)
    assert 1000 < mask.sum() * 64 / 1000 < 1600
    assert "deepbet" in read_json(sidecar(chunk.out(SCANS[0])))["Description"]
    monkeypatch.setattr(
        "sadm.preprocess.deepbet.stripper", lambda threads: lambda head, affine: head > head.max()
    )
    write_transform(translation([100, 90, 90]), chunk.transform(SCANS[1]))
    chunk.run()
    assert [len(chunk.kept(scan)) for scan in SCANS] == [1, 1, 1]
    assert [bool(np.asarray(load_nifti(chunk.out(s)).dataobj).any()) for s in SCANS] == [True, False, True]
