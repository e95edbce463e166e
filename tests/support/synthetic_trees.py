"""Official IXI, BraTS 2021 and ATLAS v2.0 trees of synthetic heads, for tests of the importers: true names, 2 mm voxels."""

from pathlib import Path

import nibabel as nib
import numpy as np
from nibabel import orientations
from numpy.typing import NDArray

from sadm.demo.phantom import Phantom
from sadm.demo.population import SCANNERS
from sadm.demo.synthetic_head import SyntheticHead, make_head
from sadm.runtime.files import save_nifti, write_text
from sadm.runtime.seeds import seed as job_seed

_IXI_SITES = {"Guys": "alpha", "HH": "beta", "IOP": "gamma"}
_CODES = tuple(SCANNERS)


def write_ixi(root: str | Path, count: int, phantom: Phantom, seed: int) -> list[Path]:
    """Write ``count`` healthy heads, PSR as IXI's, and IXI.csv (IXI_ID, SEX_ID, AGE) below ``root``; returns the T1s.

    ``root``/IXI-T1/IXI002-Guys-0828-T1.nii.gz
    """
    found, rows = [], ['IXI_ID,"SEX_ID (1=m, 2=f)",AGE']
    sites = list(_IXI_SITES)
    for number in range(count):
        subject, site = 2 + number, sites[number % len(sites)]
        head = make_head(phantom, job_seed(seed, "ixi", number), "healthy", _IXI_SITES[site])
        path = Path(root) / "IXI-T1" / f"IXI{subject:03d}-{site}-{828 + number:04d}-T1.nii.gz"
        save_nifti(*oriented(head.image, head.affine, "PSR"), path)
        rows.append(f"{subject},{1 + number % 2},{20 + job_seed(seed, 'age', number) % 66}.5")
        found.append(path)
    write_text("\n".join(rows) + "\n", Path(root) / "IXI.csv")
    return found


def write_brats(root: str | Path, count: int, phantom: Phantom, seed: int) -> list[Path]:
    """Write ``count`` stripped tumour heads in SRI24 space (LPS) with labels 1, 2, 4 below ``root``; returns the T1s.

    ``root``/BraTS2021_00000/BraTS2021_00000_t1.nii.gz and _seg.nii.gz
    """
    found = []
    for number in range(count):
        name = f"BraTS2021_{number:05d}"
        head = make_head(phantom, job_seed(seed, "brats", number), "tumour", _CODES[number % len(_CODES)])
        path = Path(root) / name / f"{name}_t1.nii.gz"
        _write_pair(head, path, path.with_name(f"{name}_seg.nii.gz"))
        found.append(path)
    return found


def write_atlas(root: str | Path, count: int, phantom: Phantom, seed: int) -> list[Path]:
    """Write ``count`` stroke heads of sites R001, R002 ... (two each) with labels below ``root``; returns the T1s.

    ``root``/Training/R001/sub-r001s001/ses-1/anat/*_T1w.nii.gz and *_label-L_desc-T1lesion_mask.nii.gz
    """
    found = []
    for number in range(count):
        site, subject = 1 + number // 2, 1 + number % 2
        name = f"sub-r{site:03d}s{subject:03d}"
        head = make_head(phantom, job_seed(seed, "atlas", number), "stroke", _CODES[number % len(_CODES)])
        stem = f"{name}_ses-1_space-MNI152NLin2009aSym"
        path = Path(root) / "Training" / f"R{site:03d}" / name / "ses-1" / "anat" / f"{stem}_T1w.nii.gz"
        _write_pair(head, path, path.with_name(f"{stem}_label-L_desc-T1lesion_mask.nii.gz"))
        found.append(path)
    return found


def oriented(
    volume: NDArray[np.generic], affine: NDArray[np.float64], codes: str
) -> tuple[NDArray[np.generic], NDArray[np.float64]]:
    """``volume`` [X, Y, Z] with its axes turned to ``codes`` ("PSR" ...), and its affine: the same world positions."""
    turn = orientations.ornt_transform(nib.io_orientation(affine), orientations.axcodes2ornt(tuple(codes)))
    turned = orientations.apply_orientation(volume, turn)
    return turned, affine @ orientations.inv_ornt_aff(turn, volume.shape)


def _write_pair(head: SyntheticHead, t1: Path, label: Path) -> None:
    save_nifti(head.image, head.affine, t1)
    save_nifti(head.lesion, head.affine, label)
