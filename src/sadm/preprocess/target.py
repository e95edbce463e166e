"""The study's grid, and how volumes get there: smoothed, down-sampled, cropped."""

from dataclasses import dataclass
from typing import Any

import nibabel as nib
import numpy as np
import SimpleITK as sitk

from sadm.preprocess.label import keep_volume
from sadm.preprocess.space import Grid, block_mean, prepared_grid, spline_points, study_grid

TIME_STEP = 0.125  # of the curvature flow, in voxels squared


@dataclass(frozen=True)
class Target:
    """The study's grid before (``fine``) and after (``coarse``) down-sampling by ``downsample`` and cropping ``crop`` slices.

    ``curvature_flow``, ``resampling`` and ``labels`` say how volumes get there (config section ``grid``).
    """

    fine: Grid
    coarse: Grid
    downsample: int
    crop: int
    curvature_flow: int = 0
    resampling: str = "mean"
    labels: str = "share"

    @classmethod
    def of(
        cls,
        brain: nib.Nifti1Image,
        shape: list[int],
        spacing: float,
        downsample: int,
        crop: int,
        **how: Any,
    ) -> "Target":
        """From the config section ``grid``, placed on the SRI24 ``brain``."""
        fine = study_grid(brain, shape, spacing)
        return cls(fine, prepared_grid(fine, downsample, crop), downsample, crop, **how)

    def slab(self, volume: np.ndarray) -> np.ndarray:
        """The part of ``volume`` on the fine grid that the crop leaves."""
        low = self.crop * self.downsample
        return volume[:, :, low : low + self.coarse.shape[2] * self.downsample]

    def reduce(self, volume: np.ndarray) -> np.ndarray:
        """Block means of ``volume`` on the fine grid, cropped: float32 on the coarse grid."""
        return block_mean(volume, self.downsample)[:, :, self.crop : self.crop + self.coarse.shape[2]]

    def middle(self, mask: np.ndarray) -> np.ndarray:
        """The voxel of the fine ``mask`` nearest to the centre of each block: bool on the coarse grid.

        Of two it is the one to the left, the back and the top: the released code takes odd indices, of volumes that lie LPS.
        """
        step = self.downsample
        low, high = (step - 1) // 2, step // 2
        return self.slab(mask)[low::step, low::step, high::step]

    def brain(self, inside: np.ndarray) -> np.ndarray:
        """The fine brain mask on the coarse grid, uint8."""
        chosen = self.middle(inside) if self.labels == "nearest" else self.reduce(inside) >= 0.5
        return chosen.astype(np.uint8)

    def lesion(self, part: np.ndarray) -> np.ndarray:
        """The label on the coarse grid, uint8; ``part``: share of each fine voxel that is lesion."""
        return (
            self.middle(part >= 0.5).astype(np.uint8)
            if self.labels == "nearest"
            else keep_volume(self.reduce(part))
        )

    def image(self, t1: np.ndarray, brain: np.ndarray) -> np.ndarray:
        """The fine ``t1`` in [0, 1] on the coarse grid, float32: 0 outside the coarse ``brain``, or a B-spline that overshoots."""
        if self.resampling == "bspline":
            return spline_points(self.slab(t1), self.downsample)
        return np.clip(self.reduce(t1), 0, 1) * brain


def smoothed(values: np.ndarray, mask: np.ndarray, iterations: int) -> np.ndarray:
    """``values`` [X, Y, Z], 0 outside ``mask``, after ``iterations`` of curvature flow, as the released code reads each image.

    Level lines move by their curvature (Sethian 1999), in voxel units, so that the step is stable on any grid.
    """
    image = sitk.GetImageFromArray(np.ascontiguousarray(np.where(mask, values, 0).T, dtype=np.float32))
    flown = sitk.CurvatureFlow(image, TIME_STEP, iterations)
    return np.array(sitk.GetArrayViewFromImage(flown).T)
