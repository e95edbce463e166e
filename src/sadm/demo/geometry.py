"""Where each voxel of a new head lies in the phantom: grid, pose, warp and ventricle size."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sadm.demo.phantom import Phantom
from sadm.demo.population import Population, Scanner
from sadm.demo.random_fields import (
    Array,
    Shape,
    field,
    normal,
    rotation,
    sigmoid,
    trilinear,
    uniform,
    upsample,
)

T = TypeVar("T", bound=np.generic)

_GUIDE_MM = 2.0
# Std of the displacement, coarse to fine, in voxels of about 2 mm.
_WARPS = ((0.8, 1.4), (0.4, 0.75), (0.4, 0.65))
# Shares of the fine warp: outside the hull, taken from it deep in the brain. Steps: depth below the hull and width, in mm.
_OUTSIDE, _HULL = 0.15, (3.0, 2.0)
_DEEP, _CORE = 0.35, (25.0, 6.0)
_ASIDE, _MIDLINE = 0.7, 9.0  # share of the sideways warp that is taken at the midline; std (mm) across it
_COARSE = 2  # the guides are smooth: they are read at every second voxel an axis
_NATIVE_SHAPE: Shape = (100, 124, 96)
_MARGIN = 14  # mm kept about SRI24's brain box on the SRI24 grid


@dataclass(frozen=True)
class Grid:
    """The voxels of a head: shape, size in mm, 4 x 4 affine to RAS+ mm; ``first`` is voxel (0, 0, 0) in a whole SRI24 grid."""

    shape: Shape
    voxel: tuple[float, float, float]
    affine: NDArray[np.float64]
    centre: NDArray[np.float64]  # mm from voxel (0, 0, 0) that is mapped to the phantom's centre
    first: tuple[int, int, int] = (0, 0, 0)

    def axes(self) -> list[Array]:
        """Millimetres about the centre, one array an axis, shaped to broadcast to [X, Y, Z]."""
        out = []
        for axis, (n, size, centre) in enumerate(zip(self.shape, self.voxel, self.centre)):
            shape = [1, 1, 1]
            shape[axis] = n
            out.append((np.arange(n) * size - centre).astype(np.float32).reshape(shape))
        return out


def native_grid(scanner: Scanner) -> Grid:
    """A scanner's grid: 100 x 124 x 96 voxels, the world's origin in the middle."""
    extent = (np.array(_NATIVE_SHAPE) - 1) * np.array(scanner.voxel)
    affine = np.diag([*scanner.voxel, 1.0])
    affine[:3, 3] = -extent / 2
    return Grid(_NATIVE_SHAPE, scanner.voxel, affine, extent / 2)


def sri_grid(phantom: Phantom, size: float = 2.0) -> Grid:
    """The part about the brain of the SRI24 grid in blocks of ``size`` mm; its affine is that of the part."""
    low = np.maximum((phantom.box[:, 0] - _MARGIN) // size, 0).astype(int)
    high = np.minimum((phantom.box[:, 1] + _MARGIN) // size + 1, _sri_shape(size)).astype(int)
    corner = low * size + (size - 1) / 2  # SRI24 millimetres of the first block's centre
    affine = phantom.world @ np.block(
        [[np.eye(3) * size, corner[:, None]], [np.zeros((1, 3)), np.ones((1, 1))]]
    )
    x, y, z = (int(n) for n in high - low)
    return Grid(
        (x, y, z),
        (size, size, size),
        affine,
        phantom.centre - corner,
        (int(low[0]), int(low[1]), int(low[2])),
    )


def _sri_shape(size: float) -> NDArray[np.float64]:
    return np.ceil(np.array([240, 240, 155]) / size)


def to_sri_frame(volume: NDArray[T], grid: Grid) -> tuple[NDArray[T], NDArray[np.float64]]:
    """Put a part [X, Y, Z] into the whole SRI24 grid, zero elsewhere, in LPS order as BraTS; with its affine."""
    shape = tuple(int(n) for n in _sri_shape(grid.voxel[0]))
    whole = np.zeros(shape, volume.dtype)
    whole[tuple(slice(f, f + n) for f, n in zip(grid.first, volume.shape))] = volume
    affine = grid.affine.copy()
    affine[:3, 3] -= affine[:3, :3] @ np.array(grid.first)
    affine[:3, 3] += affine[:3, :3] @ np.array([shape[0] - 1, shape[1] - 1, 0])
    affine[:3, :2] *= -1
    return np.ascontiguousarray(whole[::-1, ::-1]), affine


def pose(population: Population, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Matrix [3, 3] and shift [3] in mm from a head to the phantom, about the centre."""
    common = normal(rng, 0, population.size[0])
    scale = np.diag([np.exp(-common - normal(rng, 0, population.size[1])) for _ in range(3)])
    shear = np.eye(3)
    shear[np.triu_indices(3, 1)] = rng.normal(0, 0.01, 3)
    turn = rotation([normal(rng, 0, std) for std in population.turn])
    shift = np.array([normal(rng, mean, std) for mean, std in population.shift])
    return scale @ shear @ turn, shift


def place(
    phantom: Phantom, grid: Grid, population: Population, rng: np.random.Generator
) -> tuple[Array, NDArray[np.float64]]:
    """Atlas millimetres [3, X, Y, Z] of every voxel after pose and warp, and the pose's matrix [3, 3].

    The warp is coarse everywhere and fine inside the hull only, weaker deep in the brain, and it hardly moves the midline
    sideways: more of it makes waves in skull, ventricles and midline.
    """
    matrix, shift = pose(population, rng)
    axes = grid.axes()
    points = np.empty((3, *grid.shape), np.float32)
    for i in range(3):
        terms = [np.float32(matrix[i, j]) * (axes[j] + np.float32(shift[j])) for j in range(3)]
        points[i] = terms[0] + terms[1] + terms[2] + np.float32(phantom.centre[i])
    (depth,) = guides(phantom, points, (0,))
    hull, core = (sigmoid((depth - at) / width) for at, width in (_HULL, _CORE))
    inside = (_OUTSIDE + (1 - _OUTSIDE) * hull) * (1 - _DEEP * core)
    far, middle, near = (
        np.float32(uniform(rng, bounds) * factor) for bounds, factor in zip(_WARPS, population.warp)
    )
    across = (points[0] - np.float32(phantom.centre[0])) / np.float32(_MIDLINE)
    aside = 1 - np.float32(_ASIDE) * np.exp(-0.5 * across**2)
    for i in range(3):
        fine = middle * field(grid.shape, 10, rng) + near * field(grid.shape, 5, rng)
        points[i] += far * field(grid.shape, 22, rng) + fine * inside * (aside if i == 0 else 1)
    return points, matrix


def guides(phantom: Phantom, points: Array, which: tuple[int, ...]) -> list[Array]:
    """The phantom's guides of the given numbers at ``points`` [3, X, Y, Z] (SRI24 mm): a list of [X, Y, Z]."""
    s = _COARSE
    x, y, z = points.shape[1:]
    low = trilinear([phantom.guides[i] for i in which], points[:, ::s, ::s, ::s] / np.float32(_GUIDE_MM))
    return [upsample(v, (x, y, z), (s, s, s)) for v in low]


def tissue_at(phantom: Phantom, points: Array) -> Array:
    """Tissue value of the phantom at ``points`` [3, ...] (SRI24 mm)."""
    return _sample(phantom, phantom.head, points)


def brain_at(phantom: Phantom, points: Array) -> Array:
    """Brain mask, in [0, 1], of the phantom at ``points`` [3, ...] (SRI24 mm)."""
    return _sample(phantom, phantom.brain, points)


def _sample(phantom: Phantom, volume: Array, points: Array) -> Array:
    corner = phantom.corner.astype(np.float32)[:, None, None, None]
    return trilinear([volume], (points - corner) * np.float32(1 / phantom.step))[0]
