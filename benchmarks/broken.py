"""Scans broken on purpose: what the checks measure of them.

    python benchmarks/broken.py OUT.jsonl SOURCE T1.nii.gz [T1.nii.gz ...] [--template FOLDER] [--given] [--whole]

Every kind is made of every scan and goes through the whole chain; the scan as it is goes first, alone with --whole. --given: the
scans come stripped and in SRI24 space. OUT.jsonl gets a line a volume, as each is done: what qc.json says, with source, scan, kind
and CPU seconds. `benchmarks/levels.py` makes the tables of it.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import chain
import nibabel as nib
import numpy as np

from sadm.runtime.errors import ProcessingError

Values = np.ndarray
SHIFT = 60  # mm


def moved(values: Values, spacing: np.ndarray, axis: int, mm: float) -> Values:
    """``values`` moved up along ``axis`` until the last ``mm`` of the head are out of the field of view; 0 comes in."""
    end = np.percentile(np.argwhere(values > values.mean())[:, axis], 99.9)
    by = round(values.shape[axis] - 1 - end + mm / spacing[axis])
    out = np.roll(values, by, axis)
    out[tuple(slice(0, by) if a == axis else slice(None) for a in range(3))] = 0
    return out


def half(values: Values, axis: int, upper: bool, middle: int | None = None) -> Values:
    """``values`` with 0 on one side of ``middle`` along ``axis`` (None: the median of what is not 0), the ``upper`` or the lower."""
    middle = int(np.median(np.argwhere(values > 0)[:, axis])) if middle is None else middle
    out = values.copy()
    part = slice(middle, None) if upper else slice(0, middle)
    out[tuple(part if a == axis else slice(None) for a in range(3))] = 0
    return out


def inverted(values: Values) -> Values:
    """Dark where T1 is bright, in the head: the order of the tissues in T2."""
    top = np.percentile(values, 99.5)
    return np.where(values > values.mean() / 2, np.clip(top - values, 0, None), values * 0.1)


def noise(values: Values, share: float) -> Values:
    """``share`` of noise of the head's own spread, the rest head."""
    random = np.abs(np.random.default_rng(1).normal(values.mean(), values.std(), values.shape))
    return (1 - share) * values + share * random


# kind: what becomes of the values (axes RAS+), with the voxel size in mm and the index of the middle of the brain
OF_VALUES: dict[str, Callable[[Values, np.ndarray, np.ndarray], Values]] = {
    "upside down": lambda v, s, m: v[::-1, :, ::-1],
    "back to front": lambda v, s, m: v[::-1, ::-1],
    "lying on a side": lambda v, s, m: np.rot90(v, 1, (0, 2)),
    "60 mm out of view above": lambda v, s, m: moved(v, s, 2, SHIFT),
    "60 mm out of view in front": lambda v, s, m: moved(v, s, 1, SHIFT),
    "60 mm out of view on the right": lambda v, s, m: moved(v, s, 0, SHIFT),
    "right half": lambda v, s, m: half(v, 0, False, m[0]),
    "front half": lambda v, s, m: half(v, 1, False, m[1]),
    "upper half": lambda v, s, m: half(v, 2, False, m[2]),
    "lower half": lambda v, s, m: half(v, 2, True, m[2]),
    "noise alone": lambda v, s, m: noise(v, 1.0),
    "inverted contrast": lambda v, s, m: inverted(v),
    "gradient image": lambda v, s, m: np.sqrt(sum(g**2 for g in np.gradient(v))),
}
# kind: factors of the voxel size along right-left, anterior-posterior, inferior-superior
OF_VOXELS = {
    "voxels 20 % too large": (1.2, 1.2, 1.2),
    "voxels 20 % too small": (0.8, 0.8, 0.8),
    "slices 20 % too thick": (1, 1, 1.2),
    "slices 20 % too thin": (1, 1, 0.8),
    "20 % too wide": (1.2, 1, 1),
    "20 % too narrow": (0.8, 1, 1),
}
# kind: what becomes of the mask (axes RAS+, 1 mm) after the step brain
OF_MASK: dict[str, Callable[[Values], Values]] = {
    "mask without its right half": lambda m: half(m, 0, True),
    "mask without its upper half": lambda m: half(m, 2, True),
    "mask without a fifth, from below": lambda m: without_lowest(m, 0.2),
    "mask eroded by 8 mm": lambda m: grown(m, -8),
    "mask dilated by 8 mm": lambda m: grown(m, 8),
    "mask moved by 25 mm": lambda m: np.roll(m, 25, 1),
}


def without_lowest(mask: Values, share: float) -> Values:
    """``mask`` without the lowest ``share`` of its voxels."""
    height = np.argwhere(mask > 0)[:, 2]
    out = mask.copy()
    out[:, :, : int(np.quantile(height, share))] = 0
    return out


def grown(mask: Values, mm: int) -> Values:
    """``mask`` dilated, or for ``mm`` below 0 eroded, by so many voxels of 1 mm."""
    from scipy import ndimage

    if mm > 0:
        return ndimage.distance_transform_edt(mask == 0) <= mm
    return ndimage.distance_transform_edt(mask > 0) > -mm


def middle_of(head: nib.Nifti1Image, folder: Path) -> np.ndarray:
    """Index in ``head`` of the middle of the brain whose chain is in ``folder``."""
    from sadm.preprocess.space import read_transform

    mask = nib.load(folder / "mask.nii.gz")
    centre = np.argwhere(np.asarray(mask.dataobj) > 0).mean(axis=0)
    to_head = np.linalg.inv(head.affine) @ read_transform(folder / "start.mat") @ mask.affine
    return np.round(to_head[:3, :3] @ centre + to_head[:3, 3]).astype(int)


def broken(head: nib.Nifti1Image, kind: str, middle: np.ndarray) -> nib.Nifti1Image:
    """``head`` (axes RAS+, the brain's ``middle`` at that index) broken as ``kind`` says; a kind of the mask leaves it."""
    values, spacing = np.asarray(head.dataobj, dtype=np.float32), np.asarray(head.header.get_zooms()[:3])
    if kind in OF_VALUES:
        return nib.Nifti1Image(
            np.ascontiguousarray(OF_VALUES[kind](values, spacing, middle), dtype=np.float32), head.affine
        )
    return nib.Nifti1Image(values, head.affine @ np.diag([*OF_VOXELS.get(kind, (1, 1, 1)), 1]))


def changed(mask: nib.Nifti1Image, kind: str) -> nib.Nifti1Image:
    """``mask`` broken as ``kind`` says."""
    values = OF_MASK[kind](np.asarray(mask.dataobj)).astype(np.uint8)
    return nib.Nifti1Image(np.ascontiguousarray(values), mask.affine)


def of_scan(
    path: str, folder: Path, templates: Path, how: chain.How, whole_only: bool
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each kind of break of the scan at ``path``, and what the chain says of it; the scan as it is goes first."""
    head, t1 = nib.as_closest_canonical(nib.load(path)), str(folder / "t1.nii.gz")
    head.to_filename(t1)
    yield "as it is", chain.run(t1, folder, templates, how=how)
    if whole_only:
        return
    middle, whole = middle_of(head, folder), nib.load(folder / "mask.nii.gz")
    whole = nib.Nifti1Image(np.array(whole.dataobj), whole.affine)
    for kind in OF_MASK:
        changed(whole, kind).to_filename(folder / "mask.nii.gz")
        yield kind, chain.run(t1, folder, templates, begin="refine", how=how)
    for kind in (*OF_VALUES, *OF_VOXELS):
        broken(head, kind, middle).to_filename(t1)
        try:
            yield kind, chain.run(t1, folder, templates, how=how)
        except ProcessingError as error:  # as the workflow takes it: the scan is excluded
            yield kind, {"passed": False, "reasons": [error.what], "cpu_s": {}}


def main(given: argparse.Namespace) -> None:
    """Break, run, and write what is found."""
    how = chain.How("sri24", True, "none") if given.given else chain.HEAD
    with tempfile.TemporaryDirectory() as name, open(given.out, "a", encoding="utf-8", buffering=1) as out:
        templates = chain.template(Path(name, "template"), given.template)
        for path in given.scans:
            for kind, found in of_scan(path, Path(name), templates, how, given.whole):
                about = {
                    "source": given.source,
                    "scan": Path(path).name.split(".")[0],
                    "kind": kind,
                    "given": given.given,
                }
                print(json.dumps(found | about), file=out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("source")
    parser.add_argument("scans", nargs="+")
    parser.add_argument("--template")
    parser.add_argument("--given", action="store_true")
    parser.add_argument("--whole", action="store_true")
    main(parser.parse_args())
