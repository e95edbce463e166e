"""deepbet: an empty head, and masks that do not hang on the heads before."""

import numpy as np
import pytest

from sadm.preprocess.deepbet import stripper


def test_without_a_head_the_mask_is_empty(capsys):
    assert not stripper(1)(np.zeros((40, 40, 40), dtype=np.float32), np.eye(4)).any()
    assert "deepbet finds no brain" in capsys.readouterr().out


@pytest.mark.parametrize("scan", ["bids_heads/sub-01/anat/sub-01_T1w.nii.gz"])
def test_a_real_head_after_others_is_stripped_as_alone(shared_data, scan):
    from sadm.runtime.files import load_nifti

    image = load_nifti(shared_data / scan)
    head = np.asarray(image.dataobj)
    tool = stripper(1)
    first = tool(head, image.affine)
    tool(head[::-1, :, ::-1].copy(), image.affine)
    np.testing.assert_array_equal(tool(head, image.affine), first)
    assert 900 < first.sum() * abs(np.linalg.det(image.affine[:3, :3])) / 1000 < 1900
