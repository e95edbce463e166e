"""Simplex noise: octaves of OpenSimplex in two dimensions, many fields at once (AnoDDPM, Wyatt et al. 2022).

    n(y, x) = sum_k persistence^k S(x / f_k, y / f_k),   f_k = frequency / 2^k,  k = 0 ... octaves - 1

S adds, over the lattice vertices around a point, max(0, 2 - |d|^2)^4 (g . d) / 47
with d the offset from the vertex and g one of 8 directions, which a permutation of 0 ... 255 assigns to the vertex. On a fixed
pixel grid all d are constants, so a field is a constant sparse matrix times the directions at the vertices: the
matrix is made once, and a batch of fields is one product. Not normalised: standard deviation about 0.58, 0 at pixel (0, 0).
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

STRETCH = (1 / 3**0.5 - 1) / 2
SQUISH = (3**0.5 - 1) / 2
NORM = 47.0
DIRECTIONS = ((5, 2), (2, 5), (-5, 2), (-2, 5), (5, -2), (2, -5), (-5, -2), (-2, -5))
SIZE = 256


@dataclass(frozen=True)
class Lattice:
    """The constant part of the noise on a pixel grid of P pixels, with V distinct vertices.

    ``vertices`` int64 [2, V] modulo 256, columns then rows; ``index`` int64 [P, N] into the 2 V components (all x, then
    all y) of the vertices' directions; ``weight`` [P, N], padded with 0; ``directions`` [8, 2].
    """

    vertices: Tensor
    index: Tensor
    weight: Tensor
    directions: Tensor

    def to(self, device: torch.device, dtype: torch.dtype) -> "Lattice":
        """The lattice on ``device`` with weights of ``dtype``."""
        weight, directions = self.weight.to(device, dtype), self.directions.to(device, dtype)
        return Lattice(self.vertices.to(device), self.index.to(device), weight, directions)


class SimplexNoise:
    """Noise fields of the in-plane ``shape`` (H, W) in pixels; ``frequency`` is the coarsest feature size in pixels."""

    def __init__(
        self, shape: tuple[int, int], octaves: int = 6, persistence: float = 0.8, frequency: int = 64
    ) -> None:
        self.shape = shape
        self._exact = lattice(shape, [(persistence**k, frequency / 2**k) for k in range(octaves)])
        self._lattices: dict[tuple[torch.device, torch.dtype], Lattice] = {}

    def __call__(self, n: int, generator: torch.Generator, shared: bool = False) -> Tensor:
        """``n`` fields, float32 [n, 1, H, W] on the generator's device.

        ``shared``: one field n times, as the released code has it; otherwise they are independent.
        """
        drawn = torch.rand(1 if shared else n, SIZE, generator=generator, device=generator.device)
        return self.field(drawn.argsort(dim=1, stable=True)).expand(n, -1, -1, -1)

    def field(self, permutations: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        """Fields [n, 1, H, W] of ``permutations`` of 0 ... 255, int64 [n, 256], on their device."""
        key = (permutations.device, dtype)
        if key not in self._lattices:
            self._lattices[key] = self._exact.to(*key)
        grid = self._lattices[key]
        i, j = grid.vertices
        hashed = permutations.gather(1, (permutations[:, i] + j) % SIZE)
        table = grid.directions[(hashed % 16) // 2].permute(2, 1, 0).flatten(0, 1)
        pixels = embedding_bag(grid.index, table, per_sample_weights=grid.weight, mode="sum")
        return pixels.T.reshape(-1, 1, *self.shape)


def lattice(shape: tuple[int, int], octaves: list[tuple[float, float]]) -> Lattice:
    """The lattice under a grid of ``shape`` (H, W) for octaves of (amplitude, feature size in pixels), float64."""
    y, x = np.indices(shape).reshape(2, -1)
    parts = [neighbours(np.stack([x, y], 1) / size) for _, size in octaves]
    found = np.concatenate([vertices for vertices, _ in parts], 1)
    weight = np.concatenate([amplitude * w for (amplitude, _), (_, w) in zip(octaves, parts, strict=True)], 1)
    vertices, index = np.unique(found.reshape(-1, 2), axis=0, return_inverse=True)
    index = index.reshape(weight.shape[:2])
    return Lattice(
        torch.from_numpy(vertices.T % SIZE),
        torch.from_numpy(np.concatenate([index, index + len(vertices)], 1)),
        torch.from_numpy(np.concatenate([weight[..., 0], weight[..., 1]], 1)),
        torch.tensor(DIRECTIONS, dtype=torch.float64),
    )


def neighbours(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vertices [P, N, 2] that act on the ``points`` [P, 2] (x, y), and weights [P, N, 2] of their directions' x and y."""
    origin = np.floor(points + STRETCH * points.sum(1, keepdims=True)).astype(np.int64)
    around = np.stack(np.meshgrid(range(-1, 3), range(-1, 3), indexing="ij"), -1).reshape(1, -1, 2)
    vertices = origin[:, None] + around
    offset = points[:, None] - vertices - SQUISH * vertices.sum(2, keepdims=True)
    kernel = np.maximum(0, 2 - (offset**2).sum(2)) ** 4 / NORM
    most = int((kernel > 0).sum(1).max())
    order = np.argsort(-kernel, 1)[:, :most, None]
    return np.take_along_axis(vertices, order, 1), np.take_along_axis(kernel[..., None] * offset, order, 1)


def permutation(seed: int) -> np.ndarray:
    """The released permutation int64 [256] of ``seed``: shuffled with Knuth's 64-bit linear congruential generator."""
    state = seed
    for _ in range(3):
        state = step(state)
    source, shuffled = list(range(SIZE)), np.zeros(SIZE, np.int64)
    for i in reversed(range(SIZE)):
        state = step(state)
        chosen = wrapped(state + 31) % (i + 1)
        shuffled[i] = source[chosen]
        source[chosen] = source[i]
    return shuffled


def step(state: int) -> int:
    """Next state of the generator."""
    return wrapped(state * 6364136223846793005 + 1442695040888963407)


def wrapped(value: int) -> int:
    """``value`` as a signed 64-bit integer that overflowed."""
    return (value + 2**63) % 2**64 - 2**63
