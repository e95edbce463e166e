"""Affine registration to SRI24 by ANTs (Avants et al. 2011; paper, Appendix A), reproducible: one thread, a fixed seed."""

import os
import tempfile
from typing import Any

import nibabel as nib
import numpy as np

from sadm.errors import ConfigError
from sadm.io import load_nifti
from sadm.preprocess.deferred import deferred
from sadm.preprocess.space import (
    Grid,
    block_mean,
    factor_for,
    read_transform,
    sample,
    study_grid,
    translation,
    world_grid,
    write_transform,
)

SPACING = 2  # mm: both images are brought to it; finer levels move the result by less than its own scatter
SHRINK = (6, 4, 2, 1)  # of the levels, in voxels of SPACING; the last ones if there are fewer
UNUSED = ("matplotlib", "mpl_toolkits", "pandas", "PIL", "requests", "scipy", "sklearn", "statsmodels")


def import_ants() -> Any:
    """The module ants, without the packages that only its plots and statistics need (.15 instead of 2.5 CPU s)."""
    with deferred(*UNUSED):
        import ants
    return ants


def to_ants(values: np.ndarray, grid: Grid) -> Any:
    """``values`` [X, Y, Z] on ``grid`` (axes along the world's) as an ANTs image; ANTs' world is LPS."""
    spacing = np.linalg.norm(grid.affine[:3, :3], axis=0)
    lps = np.diag([-1.0, -1.0, 1.0]) @ grid.affine[:3]
    return import_ants().from_numpy(
        np.ascontiguousarray(values, dtype=np.float32),
        origin=lps[:, 3].tolist(),
        spacing=spacing.tolist(),
        direction=lps[:, :3] / spacing,
    )


def affine(
    fixed: Any, moving: Any, iterations: list[int], seed: int, rate: float, start: str | None = None
) -> np.ndarray:
    """The affine map (fixed world to moving world, RAS+, 4 x 4) that maximises mutual information (Mattes, 32 bins).

    ``iterations`` by level, coarse to fine (at most 4); ``rate`` the share of fixed voxels that are sampled; ``start``
    "Identity", or None for the alignment of the centres of mass. Where ANTs gives up it is the identity: the scan then fails
    its check by name. Raises ConfigError if no level has an iteration.
    """
    levels = [(shrink, n) for shrink, n in zip(SHRINK[-len(iterations) :], iterations) if n > 0]
    if not levels or len(iterations) > len(SHRINK):
        raise ConfigError(
            "The registration has no levels.",
            cause=f"iterations {iterations}",
            fix="give 1 to 4 numbers, one above 0",
        )
    shrinks = tuple(shrink for shrink, _ in levels)
    # The argument random_seed of antspyx 0.6.3 is accepted and ignored.
    os.environ["ANTS_RANDOM_SEED"] = str(seed)
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = import_ants().registration(
                fixed,
                moving,
                "Affine",
                initial_transform=start,
                outprefix=f"{folder}/",
                aff_iterations=tuple(n for _, n in levels),
                aff_shrink_factors=shrinks,
                aff_smoothing_sigmas=tuple(shrink / 2 for shrink in shrinks),
                aff_random_sampling_rate=rate,
            )
        except RuntimeError as error:
            print(f"ANTs gives up, the images stay where they are: {error}")
            return np.eye(4)
        return read_transform(found["fwdtransforms"][0])


def centred(image: nib.Nifti1Image, grid: Grid) -> np.ndarray:
    """The map from ``grid``'s world to ``image``'s that puts the centre of its array, axes RAS+, on the centre of the grid.

    For volumes whose header says nothing of SRI24 but whose axes and millimetres are the study's: an exact crop or pad.
    """
    canonical = nib.as_closest_canonical(image)
    excess = np.subtract(canonical.shape, grid.shape)
    shift = np.sign(excess) * np.ceil(np.abs(excess) / 2)
    return np.asarray(canonical.affine) @ translation(shift) @ np.linalg.inv(grid.affine)


def native(image: nib.Nifti1Image, template: nib.Nifti1Image, iterations: list[int], seed: int) -> np.ndarray:
    """The affine map from the world of ``template`` to that of ``image``, found at 2 mm.

    The image is first sampled along the world's axes, so that the order and direction of its own axes play no part.
    """
    fixed = to_ants(block_mean(np.asarray(template.dataobj), SPACING), Grid.of(template).coarse(SPACING))
    grid = world_grid(image, SPACING)
    moving = to_ants(sample(image, grid, factor=factor_for(image, SPACING)), grid)
    return affine(fixed, moving, iterations, seed, rate=0.1)


def register(
    t1: str,
    head: str,
    brain: str,
    out: str,
    *,
    space: str,
    stripped: bool,
    iterations: list[int],
    seed: int,
    grid: dict[str, Any],
) -> None:
    """Write the map from SRI24 to the scan ``t1`` (4 x 4, as ANTs stores it) to ``out``.

    ``space`` "native": the head is registered to the SRI24 head, a ``stripped`` scan to the SRI24 brain. "sri24": it is there
    already, the identity. "study": prepared by the authors, array centre on the centre of the study's grid (``grid``: the
    config section). Raises DataError if an image cannot be used.
    """
    image = load_nifti(t1)
    if space == "sri24":
        matrix = np.eye(4)
    elif space == "study":
        matrix = centred(image, study_grid(load_nifti(brain), grid["shape"], grid["spacing"]))
    else:
        matrix = native(image, load_nifti(brain if stripped else head), iterations, seed)
    write_transform(matrix, out)
