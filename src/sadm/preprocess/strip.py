"""Brain masks of many heads by one tool, loaded once (paper, Appendix A); what is done stays done when the job is killed or fails."""

import hashlib
import re
import shutil
import traceback
from collections.abc import Mapping, Sized
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sadm.preprocess import derivative, strippers
from sadm.preprocess.failed_step import belongs_to_scan, reason, tell, write_reason
from sadm.preprocess.head import Head
from sadm.preprocess.space import Grid, read_transform, volume
from sadm.preprocess.strippers import Strip, Stripper
from sadm.runtime.errors import DataError, OutputError, ProcessingError
from sadm.runtime.files import TEMPLATE, atomic, digest, load_nifti, remove_leftovers, save_nifti
from sadm.runtime.progress import Progress

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


def strip_one(tool: Strip, t1: str, transform: str, grid: Grid, out: Path) -> float:
    """Write the mask of the head ``t1``, sampled on ``grid`` with ``transform``, to ``out``, uint8 0/1; its volume in ml."""
    head = Head.load(t1).sample(grid, read_transform(transform))
    mask = tool(head, grid.affine)
    save_nifti(mask.astype(np.uint8), grid.affine, out, TEMPLATE)
    return float(mask.sum() * grid.voxel / 1000)


def strip_all(
    tool: Strip,
    t1s: Mapping[str, str],
    transforms: Mapping[str, str],
    grid: Grid,
    masks: Mapping[str, Path],
) -> tuple[dict[str, str], dict[str, str]]:
    """Write ``masks``, one after the other, and remove those of before from their folders.

    Returns why a scan has no mask by its own fault, and why one failed by any other, by its name.
    """
    unusable: dict[str, str] = {}
    failed: dict[str, str] = {}
    report = Progress(len(masks))
    for done, (scan, mask) in enumerate(masks.items(), 1):
        try:
            ml = strip_one(tool, t1s[scan], transforms[scan], grid, mask)
        except OutputError:
            raise
        except Exception as error:  # whatever a tool raises on one scan: the others go on
            traceback.print_exc()
            (unusable if belongs_to_scan(error, [t1s[scan]]) else failed)[scan] = tell(error)
        else:
            print(f"{scan}: {ml:.0f} ml")
            sweep(mask)
        report(done, partial("{} done".format, scan))
    return unusable, failed


def sweep(mask: Path) -> None:
    """Remove the older masks of the scan of ``mask``, and what killed jobs left of them; all else in the folder stays."""
    for old in mask.parent.iterdir():
        if re.fullmatch(NAME, old.name) and old != mask:
            old.unlink(missing_ok=True)
    remove_leftovers(mask.parent, NAME)


def mostly(some: Sized, masks: Sized) -> bool:
    """Whether ``some`` are most of several ``masks``."""
    return len(masks) > 1 and 2 * len(some) > len(masks)


def check_volumes(masks: Mapping[str, Path], tool: Stripper) -> None:
    """Name the scans whose mask (``masks``: {scan: mask}) holds almost no brain: each fails its own check later, as a scan without a brain does.

    Raises ProcessingError if these are most of several and ``tool`` has parameters that may be wrong: then it fails, not a scan.
    """
    found = {scan: volume(load_nifti(mask)) for scan, mask in masks.items()}
    little = [f"{scan} ({ml:.0f} ml)" for scan, ml in found.items() if ml < LITTLE]
    if little:
        print(f"almost no brain in {len(little)} of {len(masks)} scans: {', '.join(little)}")
    if tool.parameters and mostly(little, masks):
        raise ProcessingError(
            f"{tool.name} finds almost no brain in {len(little)} of {len(masks)} scans.",
            file=tool.parameters,
            cause=", ".join(little),
            fix="if these are heads, put HD-BET's parameters there anew; else take them out of the data set",
        )


def strip(
    t1s: Mapping[str, str],
    transforms: Mapping[str, str],
    template: str,
    outs: Mapping[str, str],
    kept: str,
    *,
    code: str,
    raw: Mapping[str, Mapping[str, str]],
    **tool: Any,
) -> None:
    """Write the brain masks ``outs`` of the heads ``t1s``, uint8 0/1 on the grid of ``template``, and their sidecars.

    ``t1s``, ``transforms``, ``outs``: {scan: file}; ``raw``: {scan: the BIDS URIs of its files}; ``tool``: arguments of
    `sadm.preprocess.strippers.choose`. Each mask is first written to ``kept``/scan/key.nii.gz as soon as it is ready, where
    ``key`` is of all that makes it (``code``: the version of the code), and is found there by a later run. A scan that fails
    does not stop the others: by its own fault the reason takes the place of its mask, as where an earlier step failed on it.
    Raises ProcessingError that names those that failed otherwise, or if HD-BET fails on most scans, or finds almost no brain
    in them; MissingWeightsError; DataError for damaged parameters.
    """
    chosen, grid = strippers.choose(**tool), Grid.of(load_nifti(template))
    common = key(*chosen.made_of, Path(template), code)
    none = {scan: why for scan in t1s if (why := reason([transforms[scan]]))}
    masks = {
        scan: Path(kept, scan, f"{key(common, Path(t1), Path(transforms[scan]))}.nii.gz")
        for scan, t1 in t1s.items()
        if scan not in none
    }
    lacking = {scan: mask for scan, mask in masks.items() if not whole(mask, grid)}
    print(f"{len(masks) - len(lacking)} of {len(masks)} masks are there from before")
    unusable, failed = strip_all(chosen.load(), t1s, transforms, grid, lacking) if lacking else ({}, {})
    if failed or (chosen.parameters and mostly(unusable, masks)):
        failed |= unusable
        raise ProcessingError(
            f"{chosen.name} fails on {len(failed)} of {len(masks)} scans.",
            cause="; ".join(f"{scan}: {cause}" for scan, cause in failed.items()),
            fix="run again: only these are stripped anew; if one fails again, look at it, and take it out of the data set",
        )
    none |= {scan: f"the step brain failed: {why}" for scan, why in unusable.items()}
    for scan, why in none.items():
        print(f"No brain mask of {scan}: {why}")
        write_reason(why, [outs[scan], derivative.sidecar(outs[scan])])
    made = {scan: mask for scan, mask in masks.items() if scan not in none}
    check_volumes(made, chosen)
    for scan, mask in made.items():
        with atomic(outs[scan]) as tmp:
            shutil.copyfile(mask, tmp)
        about = derivative.mask_of(chosen.name, raw[scan], transforms[scan])
        derivative.describe(outs[scan], SpatialReference=derivative.SRI24, **about)
