"""One head in many axis orders, tilts and slice thicknesses: does the same prepared volume come out?

    python benchmarks/orientations.py T1.nii.gz LABEL.nii.gz [ATLAS_FOLDER]

The head and its lesion label are written anew: in all 48 orders and directions of the axes; tilted by 20 and 45 degrees (the
header turns, as for a head that lies so); with slices of .8 to 5.5 mm, each in two axis orders. The whole chain runs on each,
but only on every eighth order; for all 48 the arrays are compared that the chain samples from them first. Prints JSON: for each
set the lowest normalised mutual information (32 bins, in the brain) and Dice of the prepared lesion between any two of its
volumes, the greatest distance in mm of their brain voxels, and whether all passed their checks.
"""

import itertools
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import chain
import nibabel as nib
import numpy as np

TILTS = (20, 45)  # degrees
SLICES = (0.8, 1.0, 2.0, 3.0, 4.0, 5.5)  # mm
ORDERS = [
    np.array([[axis, flip] for axis, flip in zip(order, flips)], dtype=float)
    for order in itertools.permutations(range(3))
    for flips in itertools.product((1, -1), repeat=3)
]

Pair = tuple[nib.Nifti1Image, nib.Nifti1Image]


def tilted(image: nib.Nifti1Image, axis: int, degrees: float) -> nib.Nifti1Image:
    """``image`` turned in the world about an axis through its middle."""
    from scipy.spatial.transform import Rotation

    middle = (image.affine @ [*(np.array(image.shape) / 2), 1])[:3]
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("xyz"[axis], degrees, degrees=True).as_matrix()
    turn[:3, 3] = middle - turn[:3, :3] @ middle
    return nib.Nifti1Image(image.dataobj, turn @ image.affine)


def sliced(image: nib.Nifti1Image, thickness: float, label: bool) -> nib.Nifti1Image:
    """``image`` with slices of ``thickness`` mm from below to above: means over the thickness, a label where it fills half."""
    from sadm.preprocess.space import Grid, factor_for, sample

    whole = nib.as_closest_canonical(image)
    spacing = np.linalg.norm(whole.affine[:3, :3], axis=0)
    step = np.diag([1, 1, thickness / spacing[2], 1.0])
    step[2, 3] = (thickness / spacing[2] - 1) / 2
    shape = (*whole.shape[:2], int(whole.shape[2] * spacing[2] / thickness))
    values = np.asarray(whole.dataobj, dtype=np.float32)
    source = nib.Nifti1Image((values > 0).astype(np.float32) if label else values, whole.affine)
    found = sample(source, Grid(shape, whole.affine @ step), factor=factor_for(source, thickness))
    return nib.Nifti1Image((found >= 0.5).astype(np.uint8) if label else found, whole.affine @ step)


def variants(t1: nib.Nifti1Image, label: nib.Nifti1Image) -> Iterator[tuple[str, str, Pair]]:
    """Set, name, and head with label, of all that is compared."""
    for number, order in enumerate(ORDERS[::8]):
        yield "orders", f"order {8 * number}", (t1.as_reoriented(order), label.as_reoriented(order))
    yield "tilts", "none", (t1, label)
    for axis, degrees in itertools.product(range(3), TILTS):
        yield (
            "tilts",
            f"{degrees} about {'xyz'[axis]}",
            (tilted(t1, axis, degrees), tilted(label, axis, degrees)),
        )
    for thickness in SLICES:
        pair = sliced(t1, thickness, False), sliced(label, thickness, True)
        yield f"slices of {thickness} mm", "as made", pair
        yield (
            f"slices of {thickness} mm",
            "turned",
            (pair[0].as_reoriented(ORDERS[29]), pair[1].as_reoriented(ORDERS[29])),
        )


def prepared(pair: Pair, folder: Path, templates: Path) -> dict[str, Any]:
    """What the chain makes of a head and its label: arrays t1, brain, lesion; transform; checks."""
    from sadm.preprocess.head import Head
    from sadm.preprocess.space import read_transform

    for image, name in zip(pair, ("t1", "label")):
        image.to_filename(folder / f"in_{name}.nii.gz")
    checks = chain.run(str(folder / "in_t1.nii.gz"), folder, templates, str(folder / "in_label.nii.gz"))
    arrays = {
        name: np.asarray(nib.load(folder / f"out_{name}.nii.gz").dataobj)
        for name in ("t1", "brain", "lesion")
    }
    # The place in the array's own millimetres: the header's turn taken out, so that tilts can be compared.
    to_array = Head.of(pair[0]).to_frame(read_transform(folder / "refined.mat"))
    return arrays | {"transform": to_array, "checks": checks}


def sampled_apart(t1: nib.Nifti1Image) -> float:
    """The greatest difference between what is sampled at 2 mm from the 48 orders, as a share of the head's range."""
    from sadm.preprocess.head import Head

    heads = map(Head.of, map(t1.as_reoriented, ORDERS))
    arrays = (np.asarray(head.coarse(2.0).image.dataobj) for head in heads)
    first = next(arrays)
    return max(float(np.abs(array - first).max()) for array in arrays) / float(np.ptp(first))


def compared(volumes: dict[str, dict[str, Any]], points: np.ndarray) -> dict[str, Any]:
    """The worst agreement between any two of ``volumes``; ``points`` (mm, homogeneous [N, 4]) lie in the SRI24 brain."""
    from sadm.preprocess.quality import dice, nmi

    pairs = list(itertools.combinations(volumes.values(), 2))
    inside = [(a["brain"] > 0) & (b["brain"] > 0) for a, b in pairs]
    apart = [
        np.linalg.norm((points @ (a["transform"] - b["transform"]).T)[:, :3], axis=1).mean() for a, b in pairs
    ]
    return {
        "volumes": len(volumes),
        "identical": len({v["t1"].tobytes() for v in volumes.values()}),
        "nmi": round(min(nmi(a["t1"][m], b["t1"][m]) for (a, b), m in zip(pairs, inside)), 4),
        "lesion_dice": round(min(dice(a["lesion"], b["lesion"]) for a, b in pairs), 4),
        "mean_mm": round(float(max(apart)), 3),
        "failed": {n: v["checks"]["reasons"] for n, v in volumes.items() if not v["checks"]["passed"]},
    }


def main(t1: str, label: str, template_folder: str | None = None) -> None:
    """Run the chain on all variants and print the worst agreements."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory() as name:
        templates = chain.template(Path(name, "template"), template_folder)
        brain = nib.load(templates / "brain.nii.gz")
        voxels = np.argwhere(np.asarray(brain.dataobj)[::4, ::4, ::4] > 0) * 4
        points = np.c_[voxels, np.ones(len(voxels))] @ brain.affine.T
        for group, variant, pair in variants(nib.load(t1), nib.load(label)):
            found.setdefault(group, {})[variant] = prepared(pair, Path(name), templates)
            print(group, variant, file=sys.stderr, flush=True)
    result = {group: compared(volumes, points) for group, volumes in found.items()}
    across = {n: v["as made"] for n, v in found.items() if n.startswith("slices")}
    result |= {"slices of all thicknesses": compared(across, points)}
    print(json.dumps({"sampled_apart": sampled_apart(nib.load(t1))} | result, indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
