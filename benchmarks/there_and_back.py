"""Lesion labels to the study's grid and back to the scan's own voxels: how much of them is left?

    python benchmarks/there_and_back.py DATA [ATLAS_FOLDER] [--registered N]

DATA: a folder with BraTS2021_Training_Data and ATLAS_2_like. Each label gets an oblique header and a known affine to SRI24, both
drawn with a fixed seed; it is brought to the study's grid as the rule grid does, at 1 mm and at the paper's 2 mm (uncropped), and
back as the rule native_mask does. ``--registered``: the heads of N ATLAS scans are registered for real instead. Prints a
table: Dice of each lesion (26-connected, at least 1 ml) with itself.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import chain  # sets threads and the path to sadm
import nibabel as nib
import numpy as np

from sadm.preprocess.space import translation

SMALLEST = 1000  # mm3 of a lesion
HELD = 0.99  # share of a lesion on the grid: the drawn affine may move a lesion out of it, a registration does not
GRIDS = {"1 mm": {"downsample": 1, "crop": 0}, "2 mm": {"downsample": 2, "crop": 0}}


def drawn(rng: np.random.Generator, degrees: float, scale: float, shift: float, at: np.ndarray) -> np.ndarray:
    """4 x 4: rotations of up to ``degrees`` and stretches of up to ``scale`` about the point ``at``, a shift of up to ``shift`` mm."""
    from scipy.spatial.transform import Rotation

    matrix = np.eye(4)
    turn = Rotation.from_euler("xyz", rng.uniform(-degrees, degrees, 3), degrees=True).as_matrix()
    matrix[:3, :3] = turn @ np.diag(1 + rng.uniform(-scale, scale, 3))
    return translation(at + rng.uniform(-shift, shift, 3)) @ matrix @ translation(-at)


def middle(image: nib.Nifti1Image) -> np.ndarray:
    """World position of the middle of the array."""
    return np.asarray((image.affine @ [*((np.array(image.shape) - 1) / 2), 1])[:3])


def labels(data: Path) -> Iterator[tuple[str, str, Path, Path]]:
    """Set, name, T1 and label of each scan."""
    for label in sorted(data.glob("BraTS2021_Training_Data/*/*_seg.nii.gz")):
        yield "BraTS", label.parent.name, Path(str(label).replace("_seg.", "_t1.")), label
    for label in sorted(data.glob("ATLAS_2_like/**/*lesion_mask.nii.gz")):
        yield "ATLAS-like", label.name.split("_")[0], next(label.parent.glob("*_T1w.nii.gz")), label


def components(label: np.ndarray) -> list[np.ndarray]:
    """The 26-connected parts of ``label``, bool each."""
    from scipy import ndimage

    parts, count = ndimage.label(label, np.ones((3, 3, 3)))
    return [parts == n for n in range(1, count + 1)]


def back(
    lesion: nib.Nifti1Image, matrix: np.ndarray, template: nib.Nifti1Image, grid: dict[str, int]
) -> float:
    """Dice of ``lesion`` with itself after the study's grid, reached with ``matrix``; NaN if a part of it lies beyond the grid."""
    from sadm.preprocess.label import keep_volume, share
    from sadm.preprocess.quality import dice
    from sadm.preprocess.space import Grid, carry_mask
    from sadm.preprocess.target import Target

    target = Target.of(template, **(chain.GRID | grid))
    part = share(lesion, target.fine, matrix)
    held = float(part.sum(dtype=np.float64)) * target.fine.voxel * np.linalg.det(matrix[:3, :3])
    if held < HELD * np.count_nonzero(np.asarray(lesion.dataobj)) * Grid.of(lesion).voxel:
        return float("nan")
    there = keep_volume(target.reduce(part))
    image = nib.Nifti1Image(there, target.coarse.affine)
    return dice(carry_mask(image, Grid.of(lesion), np.linalg.inv(matrix)), np.asarray(lesion.dataobj))


def registered(t1: Path, folder: Path, templates: Path) -> np.ndarray:
    """The map from SRI24 to the head ``t1``, found by its head."""
    from sadm.preprocess.space import read_transform

    chain.register(
        str(t1), lambda name: str((templates if name in ("head.nii.gz", "brain.nii.gz") else folder) / name)
    )
    return read_transform(folder / "start.mat")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("template", nargs="?")
    parser.add_argument("--registered", type=int, default=0)
    given = parser.parse_args()
    found: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        templates = chain.template(folder / "template", given.template)
        template = nib.load(templates / "brain.nii.gz")
        rng, left = np.random.default_rng(0), given.registered
        for name, _, t1, path in labels(given.data):
            if given.registered and (name == "BraTS" or left == 0):
                continue
            left -= 1
            image = nib.load(path)
            values, centre, own = np.asarray(image.dataobj) > 0, middle(template), middle(image)
            tilt, known = drawn(rng, 25, 0, 20, own), drawn(rng, 15, 0.06, 5, centre)
            if given.registered:
                affine, matrix = image.affine, registered(t1, folder, templates)
            else:
                affine, matrix = tilt @ image.affine, tilt @ translation(own - centre) @ known
            for lesion in components(values):
                if np.count_nonzero(lesion) * abs(np.linalg.det(affine[:3, :3])) < SMALLEST:
                    continue
                one = nib.Nifti1Image(lesion.astype(np.float32), affine)
                for size, grid in GRIDS.items():
                    found.setdefault((name, size), []).append(back(one, matrix, template, grid))
    print("| labels | grid | lesions | beyond the grid | median Dice | lowest |\n|---|---|---|---|---|---|")
    for (name, size), each in sorted(found.items()):
        kept = [dice for dice in each if np.isfinite(dice)]
        print(
            f"| {name} | {size} | {len(kept)} | {len(each) - len(kept)} | {np.median(kept):.3f} | {min(kept):.3f} |"
        )


if __name__ == "__main__":
    main()
