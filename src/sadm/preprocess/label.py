"""Lesion labels on another grid, their volume kept."""

import nibabel as nib
import numpy as np

from sadm.preprocess.space import Grid, factor_for, sample


def keep_volume(shares: np.ndarray) -> np.ndarray:
    """The mask (uint8) of as many voxels as ``shares`` [X, Y, Z], the lesion's share of each voxel, has in sum.

    The voxels with the largest shares are taken: a threshold where the volume is kept, near .5 for a smooth border. Of equal
    shares those with the fuller neighbourhood (3 x 3 x 3) go first, then those earlier in the array.
    """
    from scipy import ndimage

    touched = np.flatnonzero(shares > 0)
    around = ndimage.uniform_filter(shares.astype(np.float64), 3, mode="constant").ravel()[touched].round(9)
    order = np.lexsort((touched, -around, -shares.ravel()[touched]))
    label = np.zeros(shares.size, dtype=np.uint8)
    label[touched[order[: round(float(shares.sum(dtype=np.float64)))]]] = 1
    return label.reshape(shares.shape)


def share(label: nib.Nifti1Image, grid: Grid, transform: np.ndarray) -> np.ndarray:
    """Share of each voxel of ``grid`` that the lesion (``label`` > 0) fills, float32 in [0, 1]; ``transform`` as for `sample`."""
    binary = nib.Nifti1Image((np.asarray(label.dataobj) > 0).astype(np.uint8), label.affine)
    return sample(binary, grid, transform, factor_for(label, float(np.cbrt(grid.voxel))))
