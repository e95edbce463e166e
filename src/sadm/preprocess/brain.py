"""Brain mask on the SRI24 grid of a scan that brings one, or comes stripped; heads are `sadm.preprocess.strip`'s."""

from collections.abc import Mapping

import nibabel as nib
import numpy as np

from sadm.preprocess import derivative
from sadm.preprocess.intensities import content
from sadm.preprocess.space import Grid, carry_mask, read_transform
from sadm.runtime.errors import DataError
from sadm.runtime.files import load_nifti
from sadm.runtime.labels import load_label


def brain(
    t1: str, transform: str, template: str, given: str, out: str, *, method: str, raw: Mapping[str, str]
) -> None:
    """Write the brain mask of ``t1``, uint8 0/1 on the grid of ``template`` reached with ``transform``, to ``out``, and its sidecar.

    ``method``: "given", the mask file ``given`` of the scan; "none", the voxels of a stripped scan that are not 0. A scan
    without a brain leaves an empty mask and fails its check by name. ``raw``: the BIDS URIs of the scan's files. Raises
    DataError if there is no given mask.
    """
    grid, matrix = Grid.of(load_nifti(template)), read_transform(transform)
    if method == "given" and not given:
        raise DataError(
            "A scan has no brain mask.",
            file=t1,
            cause="brain: given, and its sheet names none",
            fix="choose deepbet or hd-bet",
        )
    if method == "given":
        own = load_label(given)
    else:
        image = load_nifti(t1)
        own = nib.Nifti1Image(content(image).astype(np.uint8), image.affine)
    about = derivative.mask_of(method, raw, transform)
    derivative.save(carry_mask(own, grid, matrix).astype(np.uint8), grid.affine, out, **about)
