"""A step that fails on one scan: which errors are the scan's, and how the reason goes on to the end."""

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from sadm.preprocess.failed_step import attempt, belongs_to_scan, reason, tell
from sadm.preprocess.space import largest_box
from sadm.runtime.errors import (
    CodeError,
    ConfigError,
    DataError,
    MissingWeightsError,
    OutputError,
    ProcessingError,
)
from sadm.runtime.files import load_nifti, read_json


def caught(work) -> Exception:
    with pytest.raises(Exception) as error:  # noqa: PT011
        work()
    return error.value


def itk() -> None:
    image, mask = (
        sitk.GetImageFromArray(np.ones(shape, dtype=np.float32)) for shape in ((9, 9, 9), (8, 9, 9))
    )
    sitk.N4BiasFieldCorrectionImageFilter().Execute(image, sitk.Cast(mask, sitk.sitkUInt8))


def out_of_memory() -> None:
    raise RuntimeError("DefaultCPUAllocator: can't allocate memory")


def raised(error: Exception):
    def work() -> None:
        raise error

    return work


@pytest.mark.parametrize(
    ("work", "own"),
    [
        (itk, True),
        (lambda: np.linalg.inv(np.zeros((4, 4))), True),
        (raised(ProcessingError("The scan comes stripped.")), True),
        (raised(DataError("An image is damaged.", file="/elsewhere/atlas.nii.gz")), False),
        (raised(DataError("No file.")), False),
        (raised(ConfigError("levels")), False),
        (raised(MissingWeightsError("weights")), False),
        (raised(OutputError("full")), False),
        (raised(CodeError("other code")), False),
        (raised(OSError(28, "No space left on device")), False),
        (raised(MemoryError()), False),
        (raised(TypeError("a bug")), False),
        (raised(KeyError("a bug")), False),
        (raised(NotImplementedError("a bug")), False),
        (out_of_memory, False),
        (lambda: largest_box(np.zeros((3, 3, 3))), False),
    ],
)
def test_only_errors_of_the_scan_belong_to_it(work, own: bool) -> None:
    assert belongs_to_scan(caught(work), ["/data/t1.nii.gz", ""]) == own


def test_a_damaged_source_belongs_to_the_scan_and_one_that_has_gone_does_not(tmp_path) -> None:
    t1 = tmp_path / "t1.nii"
    gone = caught(lambda: load_nifti(t1))
    t1.write_text("no image")
    damaged = caught(lambda: load_nifti(t1))
    assert belongs_to_scan(damaged, [str(t1)])
    assert not belongs_to_scan(damaged, [str(tmp_path / "other.nii")]), "such as a result of an earlier step"
    t1.unlink()
    assert not belongs_to_scan(gone, [str(t1)])


def test_the_reason_takes_the_place_of_the_results_and_is_passed_on(tmp_path) -> None:
    first, second = ([tmp_path / f"{n}_mask.nii.gz", tmp_path / f"{n}_mask.json"] for n in (1, 2))
    error = ProcessingError("The scan comes stripped.", cause="1400 ml", fix="set brain: none")
    why = attempt("register", raised(error), [], [], first)
    assert why == "the step register failed: The scan comes stripped: 1400 ml, set brain: none"
    assert reason(first) == why
    assert attempt("brain", raised(AssertionError("is not reached")), [], first, second) == why
    assert reason([tmp_path / "2_mask.nii.gz"]) == why
    assert why in read_json(second[1])["Description"]
    with pytest.raises(DataError):
        load_nifti(second[0])
    with pytest.raises(nib.filebasedimages.ImageFileError):
        nib.load(second[0])


def test_work_that_succeeds_or_fails_otherwise_leaves_no_reason(tmp_path) -> None:
    out = tmp_path / "x.mat"
    assert attempt("register", lambda: out.write_bytes(bytes(5)), [], [], [out]) == ""
    assert reason([out]) == ""
    with pytest.raises(OutputError):
        attempt("register", raised(OutputError("full")), [], [], [tmp_path / "y.mat"])
    assert not (tmp_path / "y.mat").exists()


def test_an_error_of_a_library_is_told_in_a_line() -> None:
    assert tell(RuntimeError("first\nsecond")) == "RuntimeError: first"
