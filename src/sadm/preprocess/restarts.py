"""Other starts for a registration that went wrong: centres of mass, principal axes, a small grid of rotations."""

from collections.abc import Sequence

import nibabel as nib
import numpy as np

from sadm.preprocess.affine import SHRINK, affine
from sadm.preprocess.head import Head, turns
from sadm.preprocess.quality import nmi
from sadm.preprocess.space import Grid, sample, translation

PITCH = (-40, -20, 20, 40)  # degrees about the right-left axis: how heads lie in a scanner
OBLIQUE = 5.0  # degrees: a smaller tilt is no obstacle to the registration
HEAD = 150  # mm from the vertex down: what is below depends on the field of view


def agreement(fixed: nib.Nifti1Image, moving: nib.Nifti1Image, matrix: np.ndarray) -> float:
    """Normalised mutual information, 0 to 1, of ``fixed`` (where it is above 0) and of ``moving`` brought to it by ``matrix``."""
    values = np.asarray(fixed.dataobj)
    inside = values > 0
    return nmi(values[inside], sample(moving, Grid.of(fixed), matrix)[inside])


def moments(image: nib.Nifti1Image, reach: float = np.inf) -> tuple[np.ndarray, np.ndarray]:
    """Centre of mass (world, mm) and principal axes (columns, the longest first) of what is brighter than the mean.

    With ``reach`` only of the uppermost so many mm of it: a head without its neck.
    """
    values = np.asarray(image.dataobj)
    bright = np.argwhere(values > values.mean())
    if len(bright) < 4:
        bright = np.argwhere(np.ones(values.shape, dtype=bool))
    world = bright @ image.affine[:3, :3].T + image.affine[:3, 3]
    top = np.percentile(world[:, 2], 99.9)
    world = world[world[:, 2] >= top - reach]
    _, axes = np.linalg.eigh(np.cov(world.T))
    return world.mean(axis=0), axes[:, ::-1]


def about_x(degrees: float) -> np.ndarray:
    """Rotation about the right-left axis, 3 x 3."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def rigid(rotation: np.ndarray, here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """The map (4 x 4) that brings the point ``here`` to ``there`` and turns by ``rotation`` about it."""
    turned = np.eye(4)
    turned[:3, :3] = rotation
    return translation(there) @ turned @ translation(-here)


def candidates(fixed: nib.Nifti1Image, moving: Head) -> list[np.ndarray]:
    """Rigid maps (fixed world to the frame of ``moving``, 4 x 4) to start from.

    The worlds as they are; head on head without the neck, turned by nothing, by the principal axes and by `PITCH`; all on
    all, turned by the other 23 of `turns`.
    """
    (here, mine), (there, theirs) = moments(fixed, HEAD), moments(moving.image, HEAD)
    signs = np.sign(np.sum(mine * theirs, axis=0))
    signs[2] *= np.linalg.det(theirs * signs @ mine.T)
    heads = [np.eye(3), theirs * signs @ mine.T, *map(about_x, PITCH)]
    centres = moments(fixed)[0], moments(moving.image)[0]
    return [
        np.linalg.inv(moving.to_world),
        *(rigid(rotation, here, there) for rotation in heads),
        *(rigid(rotation, *centres) for rotation in turns()[1:]),
    ]


def search(
    first: np.ndarray,
    fixed: nib.Nifti1Image,
    moving: Head,
    iterations: Sequence[int],
    seed: int,
    rate: float,
) -> np.ndarray:
    """The map (fixed world to the frame of ``moving``) that agrees best: ``first``, or a registration from one of the `candidates`.

    Each candidate is registered at the coarsest level alone, the best of them at all levels (``iterations``, ``seed`` and
    ``rate`` as for `affine`).
    """
    coarse = [max(iterations), *[0] * (len(SHRINK) - 1)]
    starts, scan = candidates(fixed, moving), moving.image
    scores = [agreement(fixed, scan, affine(fixed, scan, coarse, seed, rate, start)) for start in starts]
    chosen = int(np.argmax(scores))
    found = affine(fixed, scan, iterations, seed, rate, starts[chosen])
    before, after = agreement(fixed, scan, first), agreement(fixed, scan, found)
    print(f"Agreement {before:.3f} is low; start {chosen} of {len(starts)} others reaches {after:.3f}.")
    return found if after > before else first


def upright(fixed: nib.Nifti1Image, moving: Head) -> np.ndarray | None:
    """A start for a scan whose header is oblique: upright by the world, or None, upright by its own array.

    Either the head lay askew and the slices followed it, or the slices alone were tilted: what agrees better, head on head,
    tells. None too if the tilt is below `OBLIQUE`. The maps are those of `candidates`.
    """
    tilt, scan = moving.to_world[:3, :3], moving.image
    if np.degrees(np.arccos(np.clip((np.trace(tilt) - 1) / 2, -1, 1))) < OBLIQUE:
        return None
    here, there = moments(fixed, HEAD)[0], moments(scan, HEAD)[0]
    by_array, by_world = (rigid(axes, here, there) for axes in (np.eye(3), tilt.T))
    return by_world if agreement(fixed, scan, by_world) > agreement(fixed, scan, by_array) else None
