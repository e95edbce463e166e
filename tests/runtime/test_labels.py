"""Labels are whole numbers on a background of 0, or what they were."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from sadm.runtime.labels import load_label, whole


@pytest.mark.parametrize("noise", [0, 1e-5, -1e-5, 9e-4])
def test_all_near_whole_numbers_are_rounded(noise: float) -> None:
    values = np.array([0, 1, 2, 4, 255], np.float32)
    found = whole(values + np.float32(noise))
    np.testing.assert_array_equal(found, values)
    assert not np.signbit(found).any()


def test_fractions_stay_as_they_are() -> None:
    values = np.array([1e-5, 0.5, 1], np.float32)
    np.testing.assert_array_equal(whole(values), values)


def test_a_label_is_read_whole_at_its_place(tmp_path: Path) -> None:
    affine = np.diag([-2.0, 2, 2, 1])
    image = nib.Nifti1Image(
        (np.indices((12, 12, 12)).sum(0) > 16).astype(np.float32) + np.float32(1e-5), affine
    )
    nib.save(image, tmp_path / "label.nii")
    found = load_label(tmp_path / "label.nii")
    assert set(np.unique(found.dataobj)) == {0, 1}
    np.testing.assert_array_equal(found.affine, affine)
