"""Random fields, smoothing and sampling on regular grids, separable and in numpy: a process start costs no torch import."""

import functools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]  # float32 throughout
Shape = tuple[int, int, int]
Range = tuple[float, float]

_BSPLINE_STD = 0.479  # variance that one axis of a cubic B-spline field keeps, on average over the phase


def uniform(rng: np.random.Generator, bounds: Range) -> float:
    """One draw from U(bounds)."""
    return float(rng.uniform(*bounds))


def normal(rng: np.random.Generator, mean: float, std: float) -> float:
    """One draw from N(mean, std)."""
    return float(rng.normal(mean, std))


def sigmoid(x: Array) -> Array:
    """Logistic function, safe from overflow, float32 [...] in (0, 1)."""
    out = np.clip(x, -30.0, 30.0)
    np.negative(out, out=out)
    np.exp(out, out=out)
    out += 1.0
    return np.reciprocal(out, out=out)


def apply_along_axes(matrices: Sequence[Array], volume: Array) -> Array:
    """Multiply each axis of ``volume`` [I, J, K] by its matrix ([X, I], [Y, J], [Z, K]); returns [X, Y, Z]."""
    mx, my, mz = matrices
    out = np.matmul(my, volume @ mz.T)
    return (mx @ out.reshape(len(out), -1)).reshape(len(mx), len(my), len(mz))


@functools.lru_cache(maxsize=256)
def _bspline(n: int, spacing: float) -> Array:
    x = np.arange(n, dtype=np.float64)[:, None] / spacing
    knots = math.ceil((n - 1) / spacing) + 3
    t = np.abs(x + 1 - np.arange(knots)[None])
    inner, outer = 2 / 3 - t**2 + t**3 / 2, (2 - t) ** 3 / 6
    return np.where(t < 1, inner, np.where(t < 2, outer, 0.0)).astype(np.float32)


def field(shape: Shape, spacing: float, rng: np.random.Generator) -> Array:
    """A smooth random field [X, Y, Z] of zero mean and unit standard deviation.

    Cubic B-spline with independent normal coefficients ``spacing`` voxels apart (spacing >= 1).
    """
    bases = [_bspline(n, float(spacing)) for n in shape]
    weights = rng.standard_normal([b.shape[1] for b in bases], dtype=np.float32)
    return apply_along_axes(bases, weights * np.float32(_BSPLINE_STD**-1.5))


@functools.lru_cache(maxsize=64)
def _gaussian(n: int, sigma: float) -> Array:
    index = np.arange(n)
    offsets = np.arange(-max(1, int(3 * sigma + 0.5)), max(1, int(3 * sigma + 0.5)) + 1)
    kernel = np.exp(-(offsets**2) / (2 * sigma**2))
    matrix = np.zeros((n, n))
    for offset, weight in zip(offsets, kernel / kernel.sum()):
        np.add.at(matrix, (index, np.clip(index + offset, 0, n - 1)), weight)
    return matrix.astype(np.float32)


def smooth(volume: Array, sigma: float | tuple[float, float, float]) -> Array:
    """Gaussian blur of ``volume`` [X, Y, Z], sigma in voxels (one, or one an axis), border values repeated."""
    sigmas = (sigma,) * 3 if isinstance(sigma, float) else sigma
    matrices = [
        _gaussian(n, s) if s > 0.05 else np.eye(n, dtype=np.float32) for n, s in zip(volume.shape, sigmas)
    ]
    return apply_along_axes(matrices, volume)


@functools.lru_cache(maxsize=64)
def _upsampling(coarse: int, fine: int, factor: int) -> Array:
    x = np.minimum(np.arange(fine) / factor, coarse - 1)
    low = np.minimum(x.astype(int), max(coarse - 2, 0))
    matrix = np.zeros((fine, coarse))
    matrix[np.arange(fine), low] += 1 - (x - low)
    matrix[np.arange(fine), np.minimum(low + 1, coarse - 1)] += x - low
    return matrix.astype(np.float32)


def upsample(volume: Array, shape: Shape, factors: Shape) -> Array:
    """Linear interpolation of ``volume``, which holds every ``factors``-th voxel of a grid, to that grid [X, Y, Z]."""
    matrices = [_upsampling(c, f, k) for c, f, k in zip(volume.shape, shape, factors)]
    return apply_along_axes(matrices, volume)


def trilinear(volumes: Sequence[Array], points: Array) -> list[Array]:
    """Sample equally shaped ``volumes`` [X, Y, Z] at ``points`` [3, ...] (voxel coordinates): a list of [...].

    A point outside is moved to the nearest face, so that a volume with a zero border continues as zero.
    """
    shape = volumes[0].shape
    strides = (shape[1] * shape[2], shape[2], 1)
    base = np.zeros(points.shape[1:], np.intp)
    fraction = []
    for axis in range(3):
        p = np.clip(points[axis], 0, shape[axis] - 1.001)
        low = np.floor(p)
        fraction.append(p - low)
        base += low.astype(np.intp) * strides[axis]
    fx, fy, fz = fraction
    corners = [
        [base + (dx * strides[0] + dy * strides[1] + dz) for dz in (0, 1)] for dx in (0, 1) for dy in (0, 1)
    ]
    out = []
    for volume in volumes:
        flat = volume.reshape(-1)
        edges = []
        for low_z, high_z in corners:
            a = flat.take(low_z, mode="clip")
            edges.append(a + (flat.take(high_z, mode="clip") - a) * fz)
        near, far = (edges[i] + (edges[i + 1] - edges[i]) * fy for i in (0, 2))
        out.append(near + (far - near) * fx)
    return out


def rotation(angles: Sequence[float] | Array) -> NDArray[np.float64]:
    """Rotation matrix Rx Ry Rz [3, 3] of three angles in radians."""
    (cx, cy, cz), (sx, sy, sz) = np.cos(angles), np.sin(angles)
    rx = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    ry = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    rz = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return np.asarray(rx @ ry @ rz)
