"""Affine registration of a scan to SRI24, by its head (paper, Appendix A)."""

from typing import Any

import nibabel as nib
import numpy as np

from sadm.preprocess.affine import SPACING, affine
from sadm.preprocess.head import Head
from sadm.preprocess.intensities import stripped_ml
from sadm.preprocess.restarts import agreement, search, upright
from sadm.preprocess.space import (
    Grid,
    block_mean,
    study_grid,
    translation,
    write_transform,
)
from sadm.runtime.errors import ProcessingError
from sadm.runtime.files import load_nifti

RATE = 0.1  # share of the voxels that the mutual information samples


def centred(image: nib.Nifti1Image, grid: Grid) -> np.ndarray:
    """The map from ``grid``'s world to ``image``'s that puts the centre of its array, axes RAS+, on the centre of the grid.

    For volumes whose header says nothing of SRI24 but whose axes and millimetres are the study's: an exact crop or pad. Of an odd
    number of voxels the released code takes (or puts) the odd one at the low end of a volume that lies LPS, and crops 160 slices
    and other numbers to its 100 at once: that is the right, the front, and the bottom where slices go away.
    """
    canonical = nib.as_closest_canonical(image)
    excess = np.subtract(canonical.shape, grid.shape)
    shift = np.r_[np.trunc(excess[:2] / 2), np.ceil(excess[2:] / 2)]
    return np.asarray(canonical.affine) @ translation(shift) @ np.linalg.inv(grid.affine)


def native(
    head: Head, template: nib.Nifti1Image, iterations: list[int], retry_below: float, seed: int
) -> np.ndarray:
    """The affine map from the world of ``template`` to that of the scan ``head``, found at 2 mm.

    It is sought in the frame of the scan's array, so that the order of its axes and the tilt of its header play no part. Where the result agrees with the template by less than ``retry_below``, other starts are tried.
    """
    coarse = Grid.of(template).coarse(SPACING)
    fixed = nib.Nifti1Image(block_mean(np.asarray(template.dataobj), SPACING), coarse.affine)
    moving = head.coarse(SPACING)
    found = affine(fixed, moving.image, iterations, seed, RATE, upright(fixed, moving))
    if agreement(fixed, moving.image, found) < retry_below:
        found = search(found, fixed, moving, iterations, seed, RATE)
    return head.to_world @ found


def refuse_stripped(t1: str, image: nib.Nifti1Image) -> None:
    """Raise ProcessingError if the scan ``image`` of the file ``t1`` comes stripped."""
    if (ml := stripped_ml(image)) is not None:
        raise ProcessingError(
            "The scan comes stripped.",
            file=t1,
            cause=f"{ml:.0f} ml on a background of one value; heads have 3000 and more, or the voxel size is wrong",
            fix="set brain: none and options.stripped: true for its data set, or give the scan with its skull",
        )


def register(
    t1: str,
    head: str,
    brain: str,
    out: str,
    *,
    space: str,
    stripped: bool,
    iterations: list[int],
    retry_below: float,
    refine_retry_below: float,
    seed: int,
    grid: dict[str, Any],
) -> None:
    """Write the map from SRI24 to the scan ``t1`` (4 x 4, as ANTs stores it) to ``out``.

    ``space`` "native": the head is registered to the SRI24 head, a ``stripped`` scan to the SRI24 brain (other starts are tried
    below ``retry_below``, brains ``refine_retry_below``). "sri24": it is there already, the identity. "study": prepared by the authors, array centre on the centre of the study's grid (``grid``: the
    config section). Raises DataError if an image cannot be used, ProcessingError if a scan comes stripped that is not said to be.
    """
    image, brains = load_nifti(t1), load_nifti(brain)
    if not stripped:
        refuse_stripped(t1, image)
    if space == "sri24":
        matrix = np.eye(4)
    elif space == "study":
        matrix = centred(image, study_grid(brains, grid["shape"], grid["spacing"]))
    else:
        scan = Head.of(image)
        del image  # a large scan is not to be there twice
        template, least = (brains, refine_retry_below) if stripped else (load_nifti(head), retry_below)
        matrix = native(scan, template, iterations, least, seed)
        if scan.background is not None:
            print(f"The background is {scan.background:g}: it counts as outside.")
    write_transform(matrix, out)
