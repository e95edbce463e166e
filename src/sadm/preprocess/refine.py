"""The registration refined by the brain: skull and neck no longer draw on it (Dice with the SRI24 brain .94 to .955)."""

from collections.abc import Callable, Sequence

import nibabel as nib
import numpy as np

from sadm.preprocess.affine import SPACING, affine
from sadm.preprocess.head import Head
from sadm.preprocess.restarts import agreement, search
from sadm.preprocess.space import (
    Grid,
    factor_for,
    largest_box,
    read_transform,
    sample,
    world_grid,
    write_transform,
)
from sadm.runtime.files import load_nifti

MARGIN = 6  # voxels of 2 mm around the SRI24 brain
RATE = 0.2  # share of the voxels that the mutual information samples
PASSES = 3  # at most
SETTLED = 5.0  # mm, mean over the SRI24 brain: a pass that moves it by less is the last (nine heads of ten need one)


def stripped_on(
    grid: Grid, head: Head, mask: nib.Nifti1Image, to_frame: np.ndarray, to_mask: np.ndarray
) -> nib.Nifti1Image:
    """The brain of ``head`` on ``grid``, soft at its border; the matrices map the grid's world to the head's frame and the mask's."""
    values = sample(head.image, grid, to_frame, factor_for(head.image, SPACING))
    return nib.Nifti1Image(values * sample(mask, grid, to_mask, SPACING), grid.affine)


def settled(
    fixed: nib.Nifti1Image,
    brain_by: Callable[[np.ndarray], nib.Nifti1Image],
    matrix: np.ndarray,
    iterations: Sequence[int],
    seed: int,
) -> np.ndarray:
    """``matrix`` (SRI24 to scan) bettered by registering what ``brain_by`` makes of it to ``fixed``, until it hardly moves.

    A pass has too few iterations to arrive from afar.
    """
    world = np.argwhere(np.asarray(fixed.dataobj) > 0)[::101] @ fixed.affine[:3, :3].T + fixed.affine[:3, 3]
    for _ in range(PASSES):
        step = affine(fixed, brain_by(matrix), iterations, seed, RATE, np.eye(4))
        matrix = matrix @ step
        moved = np.linalg.norm(world @ (step[:3, :3] - np.eye(3)).T + step[:3, 3], axis=1).mean()
        if moved < SETTLED:
            break
    return matrix


def refine(
    t1: str,
    mask: str,
    start: str,
    template: str,
    out: str,
    *,
    space: str,
    refine_iterations: list[int],
    refine_retry_below: float,
    seed: int,
) -> None:
    """Write the map from SRI24 to the scan ``t1``, by its brain (``mask`` on the SRI24 grid) to the SRI24 brain ``template``, to ``out``.

    It starts from ``start`` (of register), tries other starts where the brains then agree by less than ``refine_retry_below``,
    and keeps it in a ``space`` that is not "native", or where the mask is empty: the scan then fails its check by name.
    """
    first, inside = read_transform(start), load_nifti(mask)
    if space != "native" or not np.asarray(inside.dataobj).any():
        write_transform(first, out)
        return
    head, sri24 = Head.load(t1), load_nifti(template)
    first = head.to_frame(first)
    coarse = Grid.of(sri24).coarse(SPACING)
    low, high = largest_box(sample(sri24, coarse, factor=SPACING) > 0, MARGIN)
    grid = coarse.box(low, high)
    fixed = nib.Nifti1Image(sample(sri24, grid, factor=SPACING), grid.affine)
    to_mask = np.linalg.inv(first)

    def brain_by(matrix: np.ndarray, grid: Grid) -> nib.Nifti1Image:
        return stripped_on(grid, head, inside, matrix, to_mask @ matrix)

    def settle(matrix: np.ndarray) -> np.ndarray:
        return settled(fixed, lambda found: brain_by(found, grid), matrix, refine_iterations, seed)

    matrix = settle(first)
    if agreement(fixed, brain_by(matrix, grid), np.eye(4)) < refine_retry_below:
        scan = Head(brain_by(np.eye(4), world_grid(head.image, SPACING)), head.to_world)
        matrix = settle(search(matrix, fixed, scan, refine_iterations, seed, RATE))
    write_transform(head.to_world @ matrix, out)
