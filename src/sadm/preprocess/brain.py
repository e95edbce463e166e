"""Brain mask on the SRI24 grid, by one of four methods (paper, Appendix A: HD-BET)."""

import tempfile
from pathlib import Path

import nibabel as nib
import numpy as np

from sadm.errors import DataError
from sadm.io import load_nifti, save_nifti
from sadm.preprocess import hdbet
from sadm.preprocess.deferred import deferred
from sadm.preprocess.frame import deobliqued
from sadm.preprocess.space import Grid, carry_mask, factor_for, read_transform, sample


def by_hdbet(
    head: nib.Nifti1Image, parameters: str | None, device: str, tta: bool, threads: int
) -> np.ndarray:
    """HD-BET's mask of ``head``, bool [X, Y, Z]. Raises MissingWeightsError, ProcessingError."""
    folder = hdbet.find_parameters(parameters)
    predictor = hdbet.load_predictor(folder, hdbet.choose_device(device), tta, threads)
    with tempfile.TemporaryDirectory() as place:
        path, mask = Path(place, "head.nii.gz"), Path(place, "mask.nii.gz")
        save_nifti(np.asarray(head.dataobj, dtype=np.float32), head.affine, path)
        hdbet.predict(predictor, path, mask)
        return np.asarray(load_nifti(mask).dataobj) > 0


def by_deepbet(head: nib.Nifti1Image, threads: int) -> np.ndarray:
    """deepbet's mask of ``head`` (Fisch et al. 2024), bool [X, Y, Z]; all False if it finds no brain."""
    import torch

    with deferred("pandas"):
        from deepbet import BrainExtraction
    torch.set_num_threads(threads)
    try:
        _, mask, _ = BrainExtraction(no_gpu=True).run(head)
    except (AssertionError, ValueError) as error:  # how deepbet says that there is nothing
        print(f"deepbet finds no brain: {error}")
        return np.zeros(head.shape, dtype=bool)
    return np.asarray(mask.dataobj) > 0


def by_content(image: nib.Nifti1Image) -> np.ndarray:
    """Mask of a scan that comes stripped, bool [X, Y, Z]: its largest connected part that is not 0, holes filled."""
    from scipy import ndimage

    labels, count = ndimage.label(np.asarray(image.dataobj) != 0)
    if count > 1:
        sizes = np.bincount(labels.ravel())
        sizes[0] = 0
        labels = labels == sizes.argmax()
    return np.asarray(ndimage.binary_fill_holes(labels))


def brain(
    t1: str,
    transform: str,
    atlas: str,
    given: str,
    out: str,
    *,
    method: str,
    tta: bool,
    device: str,
    hdbet_parameters: str | None,
    threads: int,
) -> None:
    """Write the brain mask of ``t1``, uint8 0/1 on the grid of ``atlas`` reached with ``transform``, to ``out``.

    ``method``: "hd-bet" or "deepbet" on the head resampled to that grid; "given", the mask file ``given`` of the scan; "none",
    the voxels of a stripped scan that are not 0. A scan without a brain leaves an empty mask and fails its check by name.
    Raises DataError if there is no given mask, MissingWeightsError without HD-BET's parameters.
    """
    image, grid, matrix = load_nifti(t1), Grid.of(load_nifti(atlas)), read_transform(transform)
    if method == "given" and not given:
        raise DataError(
            "A scan has no brain mask.",
            file=t1,
            cause="brain: given, and its sheet names none",
            fix="choose deepbet or hd-bet",
        )
    if method == "given":
        mask = carry_mask(load_nifti(given), grid, matrix)
    elif method == "none":
        mask = carry_mask(nib.Nifti1Image(by_content(image).astype(np.uint8), image.affine), grid, matrix)
    else:
        upright, to_world = deobliqued(image)
        values = sample(upright, grid, np.linalg.inv(to_world) @ matrix, factor_for(image, 1.0))
        head = nib.Nifti1Image(values, grid.affine)
        mask = (
            by_deepbet(head, threads)
            if method == "deepbet"
            else by_hdbet(head, hdbet_parameters, device, tta, threads)
        )
    save_nifti(mask.astype(np.uint8), grid.affine, out)
