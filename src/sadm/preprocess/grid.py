"""The prepared volume: all that the steps before found is applied to the raw scan in one interpolation (paper, Appendix A)."""

from dataclasses import dataclass
from typing import Any

import nibabel as nib
import numpy as np

from sadm.io import load_nifti, save_nifti, write_json
from sadm.preprocess.bias import evaluate
from sadm.preprocess.quality import components, dice, judge
from sadm.preprocess.space import (
    Grid,
    block_mean,
    carry_mask,
    factor_for,
    prepared_grid,
    read_transform,
    sample,
    study_grid,
)

PERCENTILES = (1, 99)


@dataclass(frozen=True)
class Target:
    """The study's grid before (``fine``) and after (``coarse``) down-sampling by ``downsample`` and cropping ``crop`` slices."""

    fine: Grid
    coarse: Grid
    downsample: int
    crop: int

    @classmethod
    def of(
        cls, brain: nib.Nifti1Image, shape: list[int], spacing: float, downsample: int, crop: int
    ) -> "Target":
        """From the config section ``grid``, placed on the SRI24 ``brain``."""
        fine = study_grid(brain, shape, spacing)
        return cls(fine, prepared_grid(fine, downsample, crop), downsample, crop)

    def reduce(self, volume: np.ndarray) -> np.ndarray:
        """Block means of ``volume`` on the fine grid, cropped: float32 on the coarse grid."""
        return block_mean(volume, self.downsample)[:, :, self.crop : self.crop + self.coarse.shape[2]]


def normalise(values: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, float, float]:
    """``values`` [X, Y, Z] scaled so that the 1st and 99th percentile in ``mask`` are 0 and 1, clipped; 0 outside the mask.

    With it the span of the two percentiles and the share of the mask that was clipped.
    """
    out = np.zeros(values.shape, dtype=np.float32)
    inside = values[mask].astype(np.float64)
    if not inside.size or not np.isfinite(inside).all():
        return out, 0.0, 0.0
    low, high = np.percentile(inside, PERCENTILES)
    if high > low:
        out[mask] = np.clip((inside - low) / (high - low), 0, 1)
    return out, float(high - low), float(np.mean((inside < low) | (inside > high)))


def keep_volume(share: np.ndarray) -> np.ndarray:
    """The mask (uint8) of as many voxels as ``share`` [X, Y, Z], the lesion's share of each voxel, has in sum.

    The voxels with the largest shares are taken: a threshold where the volume is kept, near .5 for a smooth border. Of equal
    shares those with the fuller neighbourhood (3 x 3 x 3) go first, then those earlier in the array.
    """
    from scipy import ndimage

    touched = np.flatnonzero(share > 0)
    around = ndimage.uniform_filter(share.astype(np.float64), 3, mode="constant").ravel()[touched].round(9)
    order = np.lexsort((touched, -around, -share.ravel()[touched]))
    label = np.zeros(share.size, dtype=np.uint8)
    label[touched[order[: round(float(share.sum(dtype=np.float64)))]]] = 1
    return label.reshape(share.shape)


def lesion_share(label: nib.Nifti1Image, target: Target, transform: np.ndarray) -> np.ndarray:
    """Share of each coarse voxel that the lesion (``label`` > 0) fills, float32 in [0, 1]."""
    binary = nib.Nifti1Image((np.asarray(label.dataobj) > 0).astype(np.float32), label.affine)
    fine = sample(binary, target.fine, transform, factor_for(label, float(np.cbrt(target.fine.voxel))))
    return target.reduce(fine)


def prepare(
    image: nib.Nifti1Image,
    mask: nib.Nifti1Image,
    field: nib.Nifti1Image,
    target: Target,
    start: np.ndarray,
    refined: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """T1 (float32 in [0, 1], 0 outside the brain) and brain mask (uint8) of a scan on ``target.coarse``, and their numbers.

    ``mask`` lies on the SRI24 grid reached with ``start``, the result on that reached with ``refined``; ``field`` is bias's.
    """
    fine = target.fine
    inside = carry_mask(mask, fine, np.linalg.inv(start) @ refined)
    gain = evaluate(field, fine)
    values = sample(image, fine, refined, factor_for(image, float(np.cbrt(fine.voxel)))) / gain
    t1, span, clipped = normalise(values, inside)
    brain = (target.reduce(inside) >= 0.5).astype(np.uint8)
    number, largest = components(brain)
    numbers = {
        "finite": bool(np.isfinite(values[inside]).all()),
        "brain_ml": float(np.count_nonzero(inside))
        * fine.voxel
        * abs(float(np.linalg.det(refined[:3, :3])))
        / 1000,
        "components": number,
        "largest_component": largest,
        "intensity_range": span,
        "clipped": clipped,
        "field_range": [float(gain[inside].min()), float(gain[inside].max())] if inside.any() else [1.0, 1.0],
    }
    return np.clip(target.reduce(t1), 0, 1) * brain, brain, numbers


def grid(
    t1: str,
    mask: str,
    start: str,
    refined: str,
    field: str,
    lesion: str,
    atlas: str,
    outputs: dict[str, str],
    *,
    grid: dict[str, Any],
    brain_ml: list[float],
    overlap: float,
) -> None:
    """Write the prepared volume of one scan: ``outputs`` t1 (float32 [0, 1]), brain and lesion (uint8 0/1), qc (JSON).

    ``lesion`` is the label file of the scan in its own space, "" if it has none (the label is then 0 everywhere). The scan is
    interpolated once, from its raw voxels. ``brain_ml`` and ``overlap`` are the limits of the check; a scan that fails is
    written all the same, with the reasons in qc.
    """
    template = load_nifti(atlas)
    target = Target.of(template, **grid)
    matrix = read_transform(refined)
    prepared, brain, values = prepare(
        load_nifti(t1), load_nifti(mask), load_nifti(field), target, read_transform(start), matrix
    )
    values["overlap"] = dice(brain, target.reduce(carry_mask(template, target.fine)) >= 0.5)
    label = np.zeros(target.coarse.shape, dtype=np.uint8)
    values["lesion_ml"], values["lesion_ml_prepared"] = 0.0, 0.0
    if lesion:
        source, determinant = load_nifti(lesion), abs(float(np.linalg.det(matrix[:3, :3])))
        label = keep_volume(lesion_share(source, target, matrix))
        values["lesion_ml"] = (
            float(np.count_nonzero(np.asarray(source.dataobj) > 0)) * Grid.of(source).voxel / 1000
        )
        values["lesion_ml_prepared"] = (
            float(np.count_nonzero(label)) * target.coarse.voxel * determinant / 1000
        )
    reasons = judge(values, brain_ml, overlap)
    save_nifti(np.ascontiguousarray(prepared, dtype=np.float32), target.coarse.affine, outputs["t1"])
    save_nifti(brain, target.coarse.affine, outputs["brain"])
    save_nifti(label, target.coarse.affine, outputs["lesion"])
    write_json({"passed": not reasons, "reasons": reasons, **values}, outputs["qc"])
