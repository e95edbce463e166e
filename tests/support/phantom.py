"""A head without data: brain of two tissues with ventricles, skull and scalp, on a grid like SRI24's and as a moved native scan."""

import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

os.environ.setdefault("ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS", "1")

ORIENTATIONS = [
    (order, flips)
    for order in itertools.permutations(range(3))
    for flips in itertools.product((1, -1), repeat=3)
]


@dataclass
class Phantom:
    """Head like SRI24's, brain (int16, RAS+, 1 mm) and their files."""

    head: nib.Nifti1Image
    brain: nib.Nifti1Image
    head_file: str
    brain_file: str


def head_values(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Intensity of the phantom head at world points (mm, the brain's centre at 0), and where the brain is (bool)."""
    radius = np.sqrt((x / 66) ** 2 + (y / 82) ** 2 + ((z - 0.05 * y) / 60) ** 2)
    folds = np.sin(x / 9 + 2 * np.sin(z / 13)) * np.cos(y / 10 + np.sin(x / 15)) * np.sin(z / 11 + 1)
    tissue = (
        np.where((radius < 0.75) & (folds > -0.35), 800, 550) + 60 * np.tanh(x / 40) + 40 * np.tanh(y / 50)
    )
    ventricle = ((np.abs(x) - 12) / 7) ** 2 + ((y + 5) / 30) ** 2 + ((z - 8) / 9) ** 2 < 1
    scalp = np.where(radius < 1.25, 700, 0) + 120 * np.sin(y / 17) * (radius < 1.25)
    skull = np.where(radius < 1.12, 60, scalp)
    values = np.where(radius < 1, np.where(ventricle, 200, tissue), skull)
    nose = (x / 14) ** 2 + ((y - 105) / 14) ** 2 + ((z + 25) / 22) ** 2 < 1
    return np.where(nose & (radius > 1.12), 650, values), radius < 1


def points(affine: np.ndarray, shape: tuple[int, ...]) -> list[np.ndarray]:
    """World coordinates of the voxels of a grid."""
    index = np.indices(shape, dtype=float).reshape(3, -1)
    return [row.reshape(shape) for row in affine[:3, :3] @ index + affine[:3, 3:]]


@pytest.fixture(scope="session")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> Phantom:
    """The phantom in place of SRI24: a grid of 1 mm with its centre at (3, -4, 5)."""
    affine = np.eye(4)
    affine[:3, 3] = (3 - 91, -4 - 111, 5 - 81)
    x, y, z = points(affine, (183, 224, 162))
    values, inside = head_values(x - 3, y + 4, z - 5)
    folder = tmp_path_factory.mktemp("phantom")
    head = nib.Nifti1Image(values.astype(np.int16), affine)
    brain = nib.Nifti1Image((values * inside).astype(np.int16), affine)
    head.to_filename(folder / "head.nii.gz")
    brain.to_filename(folder / "brain.nii.gz")
    return Phantom(head, brain, str(folder / "head.nii.gz"), str(folder / "brain.nii.gz"))


@pytest.fixture
def native() -> Callable[..., nib.Nifti1Image]:
    """Make the phantom as a scan that a known matrix maps SRI24's world to: voxels of ``spacing`` mm, axes PSR."""

    def make(
        transform: np.ndarray, spacing: float = 2.0, brain: bool = False, seed: int = 0
    ) -> nib.Nifti1Image:
        shape = tuple(int(n / spacing) for n in (250, 200, 200))
        affine = np.array(
            [[0, 0, spacing, -100], [-spacing, 0, 0, 125], [0, spacing, 0, -100], [0, 0, 0, 1.0]]
        )
        x, y, z = points(affine, shape)
        inverse = np.linalg.inv(transform)
        x, y, z = (
            inverse[i, 0] * x + inverse[i, 1] * y + inverse[i, 2] * z + inverse[i, 3] for i in range(3)
        )
        values, inside = head_values(x - 3, y + 4, z - 5)
        noise = np.random.default_rng(seed).normal(0, 15, shape)
        return nib.Nifti1Image(((values + noise) * (inside if brain else 1)).astype(np.float32), affine)

    return make


@pytest.fixture
def planted() -> np.ndarray:
    """A known affine: rotations of 6 and 4 degrees, scales of 4 and -5 %, a shear and a shift of 19 mm."""
    a, b = np.radians([6, -4])
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_z = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    matrix = np.eye(4)
    matrix[:3, :3] = about_x @ about_z @ np.array([[1.04, 0.02, 0], [0, 0.95, 0], [0, 0, 1.0]])
    matrix[:3, 3] = (8, -12, 12)
    return matrix


@pytest.fixture
def reoriented() -> Callable[..., nib.Nifti1Image]:
    """The same image with its axes permuted and flipped, the affine adapted: nothing moves in the world."""

    def turn(image: nib.Nifti1Image, order: tuple[int, ...], flips: tuple[int, ...]) -> nib.Nifti1Image:
        orientation = np.array([[axis, flip] for axis, flip in zip(order, flips)], dtype=float)
        return image.as_reoriented(orientation)

    return turn


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[nib.Nifti1Image, str], str]:
    """Write an image to a file of the given name; its path."""

    def save(image: nib.Nifti1Image, name: str) -> str:
        image.to_filename(tmp_path / name)
        return str(tmp_path / name)

    return save
