"""Brain mask on the SRI24 grid, by one of three methods; the fourth, HD-BET, is `sadm.preprocess.strip`'s."""

from collections.abc import Mapping

import nibabel as nib
import numpy as np

from sadm.preprocess import derivative
from sadm.preprocess.deferred import deferred
from sadm.preprocess.head import Head
from sadm.preprocess.intensities import content
from sadm.preprocess.space import Grid, carry_mask, read_transform
from sadm.runtime.errors import DataError
from sadm.runtime.files import load_nifti
from sadm.runtime.labels import load_label


def by_deepbet(head: nib.Nifti1Image, threads: int) -> np.ndarray:
    """deepbet's mask of ``head`` (Fisch et al. 2024), bool [X, Y, Z]; all False if it finds no brain."""
    import torch

    with deferred("pandas"):
        from deepbet import BrainExtraction
    torch.set_num_threads(threads)
    try:
        _, mask, _ = BrainExtraction(no_gpu=True).run(head)
    except (AssertionError, ValueError) as error:  # how deepbet says that there is nothing
        print(f"deepbet finds no brain: {error}")
        return np.zeros(head.shape, dtype=bool)
    return np.asarray(mask.dataobj) > 0


def brain(
    t1: str,
    transform: str,
    template: str,
    given: str,
    out: str,
    *,
    method: str,
    threads: int,
    raw: Mapping[str, str],
) -> None:
    """Write the brain mask of ``t1``, uint8 0/1 on the grid of ``template`` reached with ``transform``, to ``out``, and its sidecar.

    ``method``: "deepbet" on the head resampled to that grid; "given", the mask file ``given`` of the scan; "none", the voxels
    of a stripped scan that are not 0 ("hd-bet" is `strip`'s). A scan without a brain leaves an empty mask and fails its check
    by name. ``raw``: the BIDS URIs of the scan's files. Raises DataError if there is no given mask.
    """
    image, grid, matrix = load_nifti(t1), Grid.of(load_nifti(template)), read_transform(transform)
    if method == "given" and not given:
        raise DataError(
            "A scan has no brain mask.",
            file=t1,
            cause="brain: given, and its sheet names none",
            fix="choose deepbet or hd-bet",
        )
    if method == "given":
        mask = carry_mask(load_label(given), grid, matrix)
    elif method == "none":
        mask = carry_mask(nib.Nifti1Image(content(image).astype(np.uint8), image.affine), grid, matrix)
    else:
        scan = Head.of(image)
        del image  # a large scan is not to be there twice
        head = nib.Nifti1Image(scan.sample(grid, matrix), grid.affine)
        del scan
        mask = by_deepbet(head, threads)
    about = derivative.mask_of(method, raw, transform)
    derivative.save(mask.astype(np.uint8), grid.affine, out, **about)
