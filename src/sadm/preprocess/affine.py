"""The affine registration of ANTs (Avants et al. 2011), reproducible: one thread, a fixed seed."""

import os
import tempfile
from collections.abc import Sequence
from typing import Any

import nibabel as nib
import numpy as np

from sadm.preprocess.deferred import deferred
from sadm.preprocess.space import read_transform
from sadm.runtime.errors import ConfigError

SPACING = 2  # mm: both images are brought to it; finer levels move the result by less than its own scatter
SHRINK = (6, 4, 2, 1)  # of the levels, in voxels of SPACING; the last ones if there are fewer
UNUSED = ("matplotlib", "mpl_toolkits", "pandas", "PIL", "requests", "scipy", "sklearn", "statsmodels")


def import_ants() -> Any:
    """The module ants, without the packages that only its plots and statistics need (.15 instead of 2.5 CPU s)."""
    with deferred(*UNUSED):
        import ants
    return ants


def to_ants(image: nib.Nifti1Image) -> Any:
    """``image`` (axes at right angles) as an ANTs image; ANTs' world is LPS."""
    spacing = np.linalg.norm(image.affine[:3, :3], axis=0)
    lps = np.diag([-1.0, -1.0, 1.0]) @ image.affine[:3]
    return import_ants().from_numpy(
        np.ascontiguousarray(image.dataobj, dtype=np.float32),
        origin=lps[:, 3].tolist(),
        spacing=spacing.tolist(),
        direction=lps[:, :3] / spacing,
    )


def affine(
    fixed: nib.Nifti1Image,
    moving: nib.Nifti1Image,
    iterations: Sequence[int],
    seed: int,
    rate: float,
    start: np.ndarray | None = None,
) -> np.ndarray:
    """The affine map (fixed world to moving world, RAS+, 4 x 4) that maximises mutual information (Mattes, 32 bins).

    ``iterations`` by level, coarse to fine (at most 4); ``rate`` the share of fixed voxels that are sampled; ``start``
    a rigid map to start from, None for the alignment of the centres of mass. Where ANTs gives up it is the start or the
    identity: the scan then fails its check by name. Raises ConfigError if no level has an iteration.
    """
    levels = [(shrink, n) for shrink, n in zip(SHRINK[-len(iterations) :], iterations) if n > 0]
    if not levels or len(iterations) > len(SHRINK):
        raise ConfigError(
            "The registration has no levels.",
            cause=f"iterations {iterations}",
            fix="give 1 to 4 numbers, one above 0",
        )
    shrinks = tuple(shrink for shrink, _ in levels)
    before = np.eye(4) if start is None else start
    moving = nib.Nifti1Image(moving.dataobj, np.linalg.inv(before) @ moving.affine)
    # The argument random_seed of antspyx 0.6.3 is accepted and ignored.
    os.environ["ANTS_RANDOM_SEED"] = str(seed)
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = import_ants().registration(
                to_ants(fixed),
                to_ants(moving),
                "Affine",
                initial_transform=None if start is None else "Identity",
                outprefix=f"{folder}/",
                aff_iterations=tuple(n for _, n in levels),
                aff_shrink_factors=shrinks,
                aff_smoothing_sigmas=tuple(shrink / 2 for shrink in shrinks),
                aff_random_sampling_rate=rate,
            )
        except RuntimeError as error:
            print(f"ANTs gives up, the images stay where they are: {error}")
            return before
        return before @ read_transform(found["fwdtransforms"][0])
