"""Heads that are balls, and their lesions, as the smallest scans that the cohort check takes: 24 x 28 x 22 voxels of 8 mm."""

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

SHAPE = (24, 28, 22)
AFFINE = np.array([[8.0, 0, 0, -92], [0, 8, 0, -108], [0, 0, 8, -84], [0, 0, 0, 1]])


def radius(at: tuple[float, ...], axes: Any = (1, 1, 1)) -> np.ndarray:
    grid = np.indices(SHAPE).astype(float)
    return np.sqrt(sum(((grid[i] - at[i]) / axes[i]) ** 2 for i in range(3)))


def head(seed: int = 1) -> np.ndarray:
    """A ball of 2.4 l in black air, of other noise for each seed."""
    r = radius((11.5, 13.5, 10.5), [0.42 * n for n in SHAPE])
    noise = np.random.default_rng(seed).standard_normal(SHAPE)
    return np.where(r < 1, 600 + 200 * np.cos(5 * r) + 20 * noise, 0).clip(0).astype(np.float32)


def ball(size: float = 3) -> np.ndarray:
    return (radius((14, 14, 11)) <= size).astype(np.uint8)


def write(path: Path, data: np.ndarray, affine: np.ndarray = AFFINE, **edits: Any) -> str:
    image = nib.Nifti1Image(data, affine)
    path.parent.mkdir(parents=True, exist_ok=True)
    for name, value in edits.items():
        image.header[name] = value
    nib.save(image, path)
    return str(path)
