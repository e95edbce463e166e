"""A scan in the frame of its own array: there the chain works, whatever the header's order of axes, tilt and origin."""

from dataclasses import dataclass
from itertools import permutations, product
from pathlib import Path

import nibabel as nib
import numpy as np

from sadm.preprocess.intensities import Intensities
from sadm.preprocess.space import Grid, factor_for, sample, translation, world_grid
from sadm.runtime.files import load_nifti

STEP = 1e-5  # mm: voxel sizes are taken to it, since headers hold them as float32
SHEAR = 1e-4  # share of a voxel: a header whose axes are off right angles by more is kept as it is
TIE = 1e-3  # a tilt of 45 degrees fits two orders of the axes alike: the array's own order wins, however the header was rounded


def turns() -> list[np.ndarray]:
    """The 24 rotations that bring the axes onto one another, the identity first: 3 x 3 each."""
    found = []
    for order, signs in product(permutations(range(3)), product((1, -1), repeat=3)):
        matrix = np.eye(3)[list(order)] * np.array(signs)[:, None]
        if np.linalg.det(matrix) > 0:
            found.append(matrix)
    return found


@dataclass(frozen=True)
class Head:
    """A scan in the frame of its array: ``image``, and ``to_world``, the map (4 x 4, mm) from this frame to the scan's world.

    The frame has millimetres along the array's axes, named by the world's axis each lies nearest to (R, A, S), and its
    origin in the array's centre. It is the same for every order of the axes, tilt and origin of one head, so that the chain
    does the same on each. What the header says is in the map, nothing is interpolated. Its values lie in [0, 2], 0 in the
    background (`Intensities.common`), so that their scale, offset and outliers play no part either; ``background`` is the value
    that the scan's file has there, None where it is 0 or noise.
    """

    image: nib.Nifti1Image
    to_world: np.ndarray
    background: float | None = None

    @classmethod
    def load(cls, path: str | Path) -> "Head":
        """The scan in the file ``path``. Raises DataError if it cannot be used."""
        return cls.of(load_nifti(path))

    @classmethod
    def of(cls, image: nib.Nifti1Image) -> "Head":
        """The scan ``image``, with its affine to the scan's world."""
        affine = np.asarray(image.affine, dtype=float)
        spacing = np.linalg.norm(affine[:3, :3], axis=0)
        left, _, right = np.linalg.svd(affine[:3, :3] / spacing)
        axes = left @ right
        mirror = np.diag([np.linalg.det(axes), 1, 1]).round()
        fits = [(float(np.sum(axes * (turn @ mirror))), turn @ mirror) for turn in turns()]
        best = next(turn for fit, turn in fits if fit >= max(fits, key=lambda each: each[0])[0] - TIE)
        own = np.eye(4)
        own[:3, :3] = best @ np.diag(np.round(spacing / STEP) * STEP)
        own = own @ translation(-(np.array(image.shape) - 1) / 2)
        to_world = np.eye(4)
        to_world[:3, :3] = axes @ best.T
        to_world[:3, 3] = (affine @ np.linalg.inv(own))[:3, 3]
        kept = np.linalg.inv(to_world) @ affine
        if np.abs(kept - own)[:3, :3].max() > SHEAR * spacing.min():
            own = kept
        found = Intensities(np.asarray(image.dataobj, dtype=np.float32))
        return cls(nib.Nifti1Image(found.common(), own), to_world, found.odd_background)

    def to_frame(self, matrix: np.ndarray) -> np.ndarray:
        """``matrix``, which leads from some world to the scan's (4 x 4, mm), led on into the frame."""
        return np.linalg.inv(self.to_world) @ matrix

    def sample(self, grid: Grid, matrix: np.ndarray, *, points: bool = False) -> np.ndarray:
        """Values of the scan on ``grid``, float32 [X, Y, Z], interpolated once; ``matrix`` leads from its world to the scan's.

        Each is the mean over its voxel of the grid, so that no voxel of the scan is stepped over, or the value at its centre
        (``points``).
        """
        factor = 1 if points else factor_for(self.image, float(np.cbrt(grid.voxel)))
        return sample(self.image, grid, self.to_frame(matrix), factor)

    def coarse(self, spacing: float) -> "Head":
        """The same scan in voxels of ``spacing`` mm along the axes of its frame."""
        grid = world_grid(self.image, spacing)
        values = sample(self.image, grid, factor=factor_for(self.image, spacing))
        return Head(nib.Nifti1Image(values, grid.affine), self.to_world)
