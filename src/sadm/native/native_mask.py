"""Back to a scan's own space: masks and maps on the scan's voxels, by the inverse of the transforms that prepared it.

The stored transforms lead from SRI24's world to the scan's, so that a voxel of the scan is looked up at the inverse of its
world position: one interpolation, nothing is registered again.
"""

import gzip
from collections.abc import Mapping
from pathlib import Path

import nibabel as nib
import numpy as np

from sadm.preprocess import derivative
from sadm.preprocess.space import Grid, carry_mask, read_transform
from sadm.runtime import forms, nifti
from sadm.runtime.files import atomic, load_nifti

# What a header says of space; its texts (which may tell a patient's name) and the scaling of the T1 are left out.
GEOMETRY = (
    "pixdim", "xyzt_units", "qform_code", "sform_code", "quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z",
    "srow_x", "srow_y", "srow_z",
)  # fmt: skip


def save_like(values: np.ndarray, scan: str | Path, out: str | Path) -> None:
    """Write ``values`` [X, Y, Z] to ``out`` (.nii.gz) under the geometry of the T1 ``scan``: sform, qform and codes to the bit; of another form than NIfTI its own frame."""
    if forms.foreign(scan):
        said, *_ = forms.opened(scan)
    else:
        with nifti.opened(scan) as stream:
            said = nifti.header(stream, Path(scan).stat().st_size)
    header = type(said)()
    for name in GEOMETRY:
        header[name] = said[name]
    header.set_data_dtype(values.dtype)
    kind = nib.Nifti2Image if isinstance(said, nib.Nifti2Header) else nib.Nifti1Image
    content = kind(values, None, header).to_bytes()
    with (
        atomic(out) as tmp,
        open(tmp, "wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=3, mtime=0) as packed,
    ):
        packed.write(content)


def native_mask(
    t1: str,
    brain: str,
    start: str,
    lesion: str,
    refined: str,
    outputs: Mapping[str, str],
    *,
    raw: Mapping[str, str],
) -> None:
    """Write the masks of one scan on the voxels of its ``t1``: ``outputs`` brain and lesion, uint8 0/1, and their sidecars.

    ``brain`` lies on the SRI24 grid reached with the transform ``start``, ``lesion`` on the study's grid reached with
    ``refined``. A voxel belongs to a mask that fills half of it, by linear interpolation. ``raw``: the BIDS URIs of the scan's files.
    """
    own = Grid.of(load_nifti(t1))
    for name, mask, transform, what in (
        ("brain", brain, start, "Brain mask, from SRI24's grid back on the T1's voxels"),
        ("lesion", lesion, refined, "Lesion label as the study's grid holds it, back on the T1's voxels"),
    ):
        inverse = np.linalg.inv(read_transform(transform))
        save_like(carry_mask(load_nifti(mask), own, inverse).astype(np.uint8), t1, outputs[name])
        sources = [derivative.uri(mask, "prep"), derivative.uri(transform, "prep")]
        about = {"SpatialReference": raw["t1"], "Type": name.capitalize()}
        derivative.describe(outputs[name], what, sources, **about)
