"""One synthetic head, from a seed: geometry, anatomy, lesion, contrast, acquisition."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sadm.demo import pathology as lesions
from sadm.demo.acquisition import acquire
from sadm.demo.anatomy import person
from sadm.demo.contrast import brain_intensity, draw_tissues, dura, head_intensity
from sadm.demo.geometry import Grid, brain_at, guides, native_grid, place, sri_grid, tissue_at, to_sri_frame
from sadm.demo.phantom import Phantom, load_phantom
from sadm.demo.population import POPULATIONS, SCANNERS, Population
from sadm.demo.random_fields import Array, sigmoid, uniform
from sadm.runtime.files import save_nifti
from sadm.runtime.seeds import seed as job_seed

_WHITE = 400.0  # stored intensity of 1
Box = tuple[slice, slice, slice]


@dataclass(frozen=True)
class SyntheticHead:
    """A made scan: ``image`` int16, ``brain`` bool (the true mask), ``lesion`` uint8, all [X, Y, Z]; affine to RAS+ mm.

    ``lesion``: zero in healthy heads; 1 in strokes; 1, 2, 4 in tumours (necrosis, oedema, core).
    """

    image: NDArray[np.int16]
    brain: NDArray[np.bool_]
    lesion: NDArray[np.uint8]
    affine: NDArray[np.float64]


def make_head(phantom: Phantom, seed: int, kind: str = "healthy", scanner: str = "alpha") -> SyntheticHead:
    """A synthetic T1 head of ``kind`` ("healthy", "tumour", "stroke") from a site; equal seeds give equal heads.

    Healthy heads and strokes have skull and neck, their own pose and the scanner's voxels (about 2 mm, RAS). Tumours
    come as BraTS does: stripped, in SRI24 space, LPS, here in blocks of 2 mm. KeyError for an unknown kind or scanner.
    """
    rng = np.random.default_rng(seed)
    population, site = POPULATIONS[kind], SCANNERS[scanner]
    grid = native_grid(site) if population.native else sri_grid(phantom)
    points, matrix = place(phantom, grid, population, rng)
    shape = None
    if kind == "tumour":
        depth, cortex = guides(phantom, points, (0, 1))
        shape = lesions.tumour_shape(grid, points, depth, cortex, rng)
        points -= np.tensordot(matrix.astype(np.float32), shape.push, 1)
    depth, cortex, *walls = guides(phantom, points, (0, 1, 2, 3, 4))
    amount = np.float32(uniform(rng, population.ventricles))
    for axis, wall in enumerate(walls):
        points[axis] -= amount * wall
    value, box = tissue_at(phantom, points), _box(depth > -4)
    mask = np.zeros_like(value)
    mask[box] = brain_at(phantom, points[(slice(None), *box)])
    image = head_intensity(value, depth, rng) if population.native else np.zeros_like(value)
    inner, lesion = _brain(population, shape, points, grid, (depth, cortex, value, mask), box, rng, kind)
    image[box] += sigmoid((mask[box] - 0.5) / 0.08) * (inner - image[box])
    image = acquire(image, population, site, rng)
    return _finish(image, mask > 0.5, lesion, grid, population)


def _box(where: NDArray[np.bool_]) -> Box:
    """The bounding box of a mask."""
    found = [np.flatnonzero(where.any(axis=tuple(a for a in range(3) if a != axis))) for axis in range(3)]
    x, y, z = (slice(int(f[0]), int(f[-1]) + 1) for f in found)
    return x, y, z


def _brain(
    population: Population,
    shape: lesions.TumourShape | None,
    points: Array,
    grid: Grid,
    maps: tuple[Array, Array, Array, Array],
    box: Box,
    rng: np.random.Generator,
    kind: str,
) -> tuple[Array, NDArray[np.uint8]]:
    """T1 intensity of the brain in its box, lesion included, and the lesion's labels on the whole grid."""
    depth, cortex, value, mask = (m[box] for m in maps)
    atrophy = population.atrophy + uniform(rng, (-0.06, 0.08))
    value, _ = person(value, depth, cortex, np.minimum(mask, 1), atrophy, rng)
    tissues = draw_tissues(population, rng)
    image = brain_intensity(value, tissues)
    lesion = np.zeros(grid.shape, np.uint8)
    if shape is not None:
        part = lesions.TumourShape(shape.radius, shape.rho[box], shape.push)
        image, lesion[box] = lesions.paint_tumour(image, value, mask, part, tissues, rng)
    elif kind == "stroke":
        inside = points[(slice(None), *box)]
        level = lesions.stroke_level(
            inside, depth, cortex, value, mask, float(np.prod(grid.voxel)) / 1000, rng
        )
        image, lesion[box] = lesions.paint_stroke(image, level, mask, tissues, rng)
    if population.dura[1] > 0:
        image = image + dura(depth, uniform(rng, population.dura), rng)
    return image, lesion


def _finish(
    image: Array, brain: NDArray[np.bool_], lesion: NDArray[np.uint8], grid: Grid, population: Population
) -> SyntheticHead:
    """Whole numbers as a scanner stores them; stripped heads go to the whole SRI24 grid."""
    stored = np.clip(np.round(image * _WHITE), 0, 32000).astype(np.int16)
    if population.native:
        return SyntheticHead(stored, brain, lesion, grid.affine)
    stored = np.where(brain, np.maximum(stored, 1), 0).astype(np.int16)
    whole, affine = to_sri_frame(stored, grid)
    return SyntheticHead(whole, to_sri_frame(brain, grid)[0], to_sri_frame(lesion, grid)[0], affine)


def write_head(
    phantom: str | Path, kind: str, site: str, study_seed: int, name: str, t1: str | Path, lesion: str | Path
) -> None:
    """Rule demo_head: make the head ``name`` and write its T1 (int16) and its lesion mask (uint8, 0 or 1)."""
    head = make_head(load_phantom(phantom), job_seed(study_seed, "demo", kind, name), kind, site)
    save_nifti(head.image, head.affine, t1)
    save_nifti((head.lesion > 0).astype(np.uint8), head.affine, lesion)
