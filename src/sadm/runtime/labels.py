"""Masks and labels: images of whole numbers, 0 outside. Every step reads them here."""

from pathlib import Path
from typing import TYPE_CHECKING

from sadm.runtime.files import load_nifti

if TYPE_CHECKING:
    import nibabel as nib
    import numpy as np

WHOLE = 1e-3  # how near to whole numbers a label's values are: the scaling of a header rounds


def load_label(path: str | Path) -> "nib.Nifti1Image":
    """The mask or label at ``path`` as `load_nifti` gives it, its values `whole`. Raises DataError like it."""
    import nibabel as nib

    image = load_nifti(path)
    return nib.Nifti1Image(whole(image.get_fdata(dtype="float32")), image.affine)


def whole(values: "np.ndarray") -> "np.ndarray":
    """``values`` rounded, if all of them are within WHOLE of whole numbers: a background of 1e-5 is 0.

    Fractions, of a label that was interpolated, stay as they are.
    """
    import numpy as np

    rounded = np.rint(values)
    rounded += 0.0  # no -0
    off = rounded - values
    return rounded if np.abs(off, out=off).max(initial=0) <= WHOLE else values
