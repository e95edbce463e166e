"""Brain masks on the SRI24 grid, from the scan's own content or from a given file."""

import nibabel as nib
import numpy as np
import pytest

from sadm.preprocess.brain import brain
from sadm.preprocess.quality import dice
from sadm.preprocess.space import write_transform
from sadm.runtime.errors import DataError
from sadm.runtime.files import load_nifti

RAW = {"t1": "bids:raw:t1.nii.gz", "brain_mask": "bids:raw:given.nii.gz"}


@pytest.fixture
def setting(phantom, native, planted, saved, tmp_path):
    write_transform(planted, tmp_path / "x.mat")
    t1 = saved(native(planted, brain=True), "t1.nii.gz")
    return t1, str(tmp_path / "x.mat"), phantom.brain_file, str(tmp_path / "mask.nii.gz")


@pytest.mark.parametrize("method", ["none", "given"])
def test_mask_reaches_the_sri24_grid_by_the_transform(setting, phantom, saved, method):
    t1, transform, template, out = setting
    binary = (np.asarray(nib.load(t1).dataobj) != 0).astype(np.uint8)
    given = saved(nib.Nifti1Image(3 * binary, nib.load(t1).affine), "given.nii.gz")
    brain(t1, transform, template, given, out, method=method, raw=RAW)
    found = load_nifti(out)
    assert set(np.unique(found.dataobj)) == {0, 1}
    np.testing.assert_allclose(found.affine, phantom.brain.affine)
    assert dice(np.asarray(found.dataobj), np.asarray(phantom.brain.dataobj)) > 0.98


def test_a_given_mask_that_is_not_there_is_named(setting):
    t1, transform, template, out = setting
    with pytest.raises(DataError, match="names none") as error:
        brain(t1, transform, template, "", out, method="given", raw=RAW)
    assert t1 in str(error.value)
