"""Images of a BIDS derivative: URIs, sidecars, what a brain mask says of itself."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from sadm.preprocess.derivative import SRI24, mask_of, save, sidecar, uri
from sadm.runtime.files import read_json


def test_a_uri_begins_at_the_subjects_folder() -> None:
    place = "results/prep/d/sub-07/ses-1/anat"
    assert uri(f"{place}/sub-07_ses-1_x.mat") == "bids::sub-07/ses-1/anat/sub-07_ses-1_x.mat"
    assert uri(f"/home/sub-x/{place}/a.nii.gz", "prep") == "bids:prep:sub-07/ses-1/anat/a.nii.gz"
    assert uri("/tmp/mask.nii.gz") == "bids::mask.nii.gz"


def test_an_image_says_what_it_is_and_every_reader_places_it_alike(tmp_path: Path) -> None:
    array = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
    affine = np.array([[2.0, 0, 0, -7], [0, 2, 0, -3], [0, 0, 2, 11], [0, 0, 0, 1]])
    path = tmp_path / "sub-1_desc-x_mask.nii.gz"
    save(array, affine, path, "A box", ["bids:raw:t1.nii"], Type="Brain")
    expected = {
        "Description": "A box",
        "Sources": ["bids:raw:t1.nii"],
        "SpatialReference": SRI24,
        "Type": "Brain",
    }
    assert read_json(tmp_path / "sub-1_desc-x_mask.json") == expected
    assert sidecar(path) == tmp_path / "sub-1_desc-x_mask.json"
    assert nib.load(path).header["sform_code"] == 5
    read = sitk.ReadImage(str(path))
    assert read.GetOrigin() == (7, 3, 11)
    assert read.GetSpacing() == (2, 2, 2)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(read).T, array)


@pytest.mark.parametrize(("method", "source"), [("none", "t1"), ("deepbet", "t1"), ("given", "brain_mask")])
def test_a_brain_mask_names_what_it_was_made_of(method: str, source: str) -> None:
    raw = {name: f"bids:raw:{name}.nii" for name in ("t1", "brain_mask", "lesion")}
    assert mask_of(method, raw, "x.mat")["sources"] == [raw[source], "bids::x.mat"]
