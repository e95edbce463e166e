"""Agreement of two masks of each scan."""

import numpy as np

from sadm.preprocess.mask_agreement import agreement
from sadm.runtime.files import read_table, save_nifti


def test_agreement_of_two_masks_by_scan_the_worst_first(tmp_path):
    whole = np.zeros((20, 20, 20), dtype=np.uint8)
    whole[4:14, 4:14, 4:14] = 1
    half = whole.copy()
    half[4:9] = 0
    for name, values in (("whole", whole), ("half", half)):
        save_nifti(values, np.diag([2.0, 2, 2, 1]), tmp_path / f"{name}.nii.gz")
    one, other = (str(tmp_path / f"{name}.nii.gz") for name in ("whole", "half"))
    agreement({"sub-a": one, "sub-b": one}, {"sub-b": other, "sub-a": one}, str(tmp_path / "a.tsv"))
    rows = read_table(tmp_path / "a.tsv")
    assert [(row["scan"], row["dice"]) for row in rows] == [("sub-b", "0.6667"), ("sub-a", "1.0")]
    assert (rows[0]["hdbet_ml"], rows[0]["deepbet_ml"]) == ("8.0", "4.0")
