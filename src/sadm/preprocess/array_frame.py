"""The axes of a scan's own array: the frame in which the chain works, whatever the header's order, tilt and origin."""

from itertools import permutations, product

import nibabel as nib
import numpy as np

from sadm.preprocess.space import translation

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


def deobliqued(image: nib.Nifti1Image) -> tuple[nib.Nifti1Image, np.ndarray]:
    """``image`` in the frame of its array, and the map (4 x 4, mm) from this frame to the image's world.

    The frame has millimetres along the array's axes, named by the world's axis each lies nearest to (R, A, S), and its
    origin in the array's centre. It is the same for every order of the axes, tilt and origin of one head, so that the chain
    does the same on each. What the header says is in the map, nothing is interpolated.
    """
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
    return nib.Nifti1Image(image.dataobj, own), to_world
