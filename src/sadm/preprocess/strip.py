"""Brain masks of many scans by HD-BET (paper, Appendix A), its model loaded once; what is done stays done when the job is killed or fails."""

import hashlib
import re
import shutil
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sadm.preprocess import derivative, hdbet
from sadm.preprocess.head import Head
from sadm.preprocess.space import Grid, read_transform, volume
from sadm.runtime.errors import DataError, OutputError, ProcessingError
from sadm.runtime.files import TEMPLATE, atomic, digest, load_nifti, remove_leftovers, save_nifti

LITTLE = 100.0  # ml on the SRI24 grid: less is almost no brain
NAME = r"[0-9a-f]{16}\.nii\.gz"  # of a kept mask: its key


def key(*parts: str | Path) -> str:
    """Hash of ``parts``: of a path the file's content, of a text itself."""
    found = hashlib.sha256()
    for part in parts:
        own = digest(part) if isinstance(part, Path) else hashlib.sha256(part.encode()).hexdigest()
        found.update(bytes.fromhex(own))
    return found.hexdigest()[:16]


def whole(mask: Path, grid: Grid) -> bool:
    """Whether ``mask`` is there, can be read and lies on ``grid``."""
    try:
        return load_nifti(mask).shape == grid.shape
    except DataError:
        return False


def strip_one(predictor: Any, t1: str, transform: str, grid: Grid, out: Path) -> None:
    """Write HD-BET's mask of the head ``t1``, sampled on ``grid`` with ``transform``, to ``out``: uint8 0/1, verified."""
    head = Head.load(t1).sample(grid, read_transform(transform))
    with tempfile.TemporaryDirectory() as place:
        path, mask = Path(place, "head.nii.gz"), Path(place, "mask.nii.gz")
        save_nifti(head, grid.affine, path)
        hdbet.predict(predictor, path, mask)
        save_nifti((np.asarray(load_nifti(mask).dataobj) > 0).astype(np.uint8), grid.affine, out, TEMPLATE)


def sweep(mask: Path) -> None:
    """Remove the older masks of the scan of ``mask``, and what killed jobs left of them; all else in the folder stays."""
    for old in mask.parent.iterdir():
        if re.fullmatch(NAME, old.name) and old != mask:
            old.unlink(missing_ok=True)
    remove_leftovers(mask.parent, NAME)


def check_volumes(masks: Mapping[str, Path], parameters: Path) -> None:
    """Name the scans whose mask (``masks``: {scan: mask}) holds almost no brain: each fails its own check later, as a scan without a brain does.

    Raises ProcessingError if these are most of several: then HD-BET fails, not a scan.
    """
    found = {scan: volume(load_nifti(mask)) for scan, mask in masks.items()}
    little = [f"{scan} ({ml:.0f} ml)" for scan, ml in found.items() if ml < LITTLE]
    if little:
        print(f"almost no brain in {len(little)} of {len(masks)} scans: {', '.join(little)}")
    if len(masks) > 1 and 2 * len(little) > len(masks):
        raise ProcessingError(
            f"HD-BET finds almost no brain in {len(little)} of {len(masks)} scans.",
            file=parameters,
            cause=", ".join(little),
            fix="if these are heads, unpack HD-BET's parameters anew; else take them out of the data set",
        )


def strip(
    t1s: Mapping[str, str],
    transforms: Mapping[str, str],
    template: str,
    outs: Mapping[str, str],
    kept: str,
    *,
    tta: bool,
    hdbet_parameters: str | None,
    device: str,
    threads: int,
    code: str,
    raw: Mapping[str, Mapping[str, str]],
) -> None:
    """Write the brain masks ``outs`` of the heads ``t1s`` by HD-BET, uint8 0/1 on the grid of ``template``, and their sidecars.

    ``t1s``, ``transforms``, ``outs``: {scan: file}; ``raw``: {scan: the BIDS URIs of its files}. Each mask is first written to ``kept``/scan/key.nii.gz as soon as it is
    ready, where ``key`` is of all that makes it (``code``: the version of the code), and is found there by a later run. A scan
    that fails does not stop the others. Raises ProcessingError that names those that failed, or if HD-BET finds almost no
    brain in most scans; MissingWeightsError; DataError for damaged parameters.
    """
    parameters = hdbet.find_parameters(hdbet_parameters)
    grid = Grid.of(load_nifti(template))
    common = key(*(parameters / name for name in hdbet.FILES), Path(template), str(tta), code)
    masks = {
        scan: Path(kept, scan, f"{key(common, Path(t1), Path(transforms[scan]))}.nii.gz")
        for scan, t1 in t1s.items()
    }
    lacking = [scan for scan, mask in masks.items() if not whole(mask, grid)]
    print(f"{len(masks) - len(lacking)} of {len(masks)} masks are there from before")
    failed = {}
    if lacking:
        predictor = hdbet.load_predictor(parameters, hdbet.choose_device(device), tta, threads)
    for scan in lacking:
        mask = masks[scan]
        try:
            strip_one(predictor, t1s[scan], transforms[scan], grid, mask)
        except OutputError:
            raise
        except Exception as error:  # whatever nnU-Net raises on one scan: the others go on
            traceback.print_exc()
            failed[scan] = f"{type(error).__name__}: {error}".partition("\n")[0]
        else:
            print(f"{scan}: {volume(load_nifti(mask)):.0f} ml")
            sweep(mask)
    if failed:
        raise ProcessingError(
            f"HD-BET fails on {len(failed)} of {len(masks)} scans.",
            cause="; ".join(f"{scan}: {cause}" for scan, cause in failed.items()),
            fix="run again: only these are stripped anew; if one fails again, look at it, and take it out of the data set",
        )
    check_volumes(masks, parameters)
    for scan, mask in masks.items():
        with atomic(outs[scan]) as tmp:
            shutil.copyfile(mask, tmp)
        about = derivative.mask_of("HD-BET", raw[scan], transforms[scan])
        derivative.describe(outs[scan], SpatialReference=derivative.SRI24, **about)
