"""What a NIfTI header must say before the voxels behind it are read: a few bytes of it may claim terabytes."""

import gzip
import math
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO, cast

import nibabel as nib
import numpy as np

UNREADABLE = "An image cannot be read."
FIX = "replace the file by a readable 3-D T1-weighted NIfTI image"
RESAMPLE = "resample it to voxels of 0.6 mm or more; the study's grid is coarser still"
ORIENT = "write the true orientation and voxel sizes in mm into its header (sform or qform)"
HEADERS = (nib.Nifti1Header, nib.Nifti2Header)
LONGEST = 540  # bytes of a NIfTI-2 header
MAX_VOXELS = 2**26  # 406 x 406 x 406: a head at 0.6 mm has 67 million; a step holds about 12 bytes a voxel
MAX_BYTES = 2**28  # of the voxels as stored, with what lies before them
SIZES = (0.05, 200.0)  # mm, edges of a voxel: bias fields are coarse, metres and micrometres far off
FLAT = 0.02  # a voxel's volume by that of a box of the same edges: less is no volume


class Unusable(Exception):
    """What is wrong with an image: ``what``, ``cause`` and ``fix`` as in a SadmError, without the file."""

    def __init__(self, what: str, cause: str, fix: str = FIX) -> None:
        super().__init__(what)
        self.what, self.cause, self.fix = what, cause, fix


def opened(path: str | Path) -> AbstractContextManager[BinaryIO]:
    """The bytes of the image at ``path``, unpacked. Raises Unusable if name and content do not go together."""
    name = Path(path).name
    with open(path, "rb") as stream:
        begin = stream.read(2)
    if not begin:
        raise Unusable(UNREADABLE, "the file is empty")
    packed = begin == b"\x1f\x8b"
    if not name.endswith((".nii", ".nii.gz")):
        raise Unusable(UNREADABLE, f"its name ends in {Path(path).suffix or 'nothing'}, not .nii or .nii.gz")
    if packed != name.endswith(".gz"):
        cause = f"its content is {'' if packed else 'not '}compressed"
        raise Unusable(UNREADABLE, cause, "rename or compress it: .nii.gz is gzip, .nii is not")
    return cast("AbstractContextManager[BinaryIO]", gzip.open(path) if packed else open(path, "rb"))


def header(stream: BinaryIO, size: int) -> Any:
    """The header at the begin of ``stream``, of a file of ``size`` bytes; its extensions are never read.

    Raises Unusable, or whatever nibabel raises for fields that cannot be.
    """
    block = stream.read(LONGEST)
    kind = next((kind for kind in HEADERS if kind.may_contain_header(block)), None)
    if kind is None:
        raise Unusable(UNREADABLE, "it begins with no header of NIfTI-1 or NIfTI-2")
    said = kind(block[: kind.sizeof_hdr], check=False)
    if not said["magic"].item().startswith(b"n+"):
        raise Unusable(UNREADABLE, "it is the header of a pair (.hdr and .img)")
    if not said["sform_code"] and not (said["pixdim"][1:4] > 0).all():  # nibabel would put 1 mm in its place
        raise Unusable(
            "An image has no usable affine.", f"voxel sizes {said['pixdim'][1:4].tolist()}", ORIENT
        )
    made = kind(block[: kind.sizeof_hdr])
    _check_voxels(made)
    _check_size(made, size, isinstance(stream, gzip.GzipFile))
    return made


def _check_voxels(made: Any) -> None:
    shape, dtype = made.get_data_shape(), made.get_data_dtype()
    if len(shape) < 3 or any(n != 1 for n in shape[3:]) or min(shape) < 1:
        raise Unusable("An image is not 3-D.", f"its shape is {tuple(map(int, shape))}")
    if dtype.kind not in "iuf":
        kind = "colours" if dtype.kind == "V" else "complex numbers"
        raise Unusable(
            "An image's voxels are no intensities.", f"its voxels are {kind}", "store one real number a voxel"
        )
    voxels = math.prod(map(int, shape))
    if voxels > MAX_VOXELS or voxels * dtype.itemsize > MAX_BYTES:
        cause = f"{'x'.join(map(str, shape))} voxels of {dtype.itemsize} bytes; at most {MAX_VOXELS} and {MAX_BYTES} bytes in all"
        raise Unusable("An image is too large.", cause, RESAMPLE)


def _check_size(made: Any, size: int, packed: bool) -> None:
    """Of a compressed file only reading tells whether it has all that its header speaks of: then nibabel complains."""
    start = int(made.get_data_offset())
    needs = start + math.prod(map(int, made.get_data_shape())) * made.get_data_dtype().itemsize
    if needs > (sys.maxsize if packed else size):
        raise Unusable(UNREADABLE, f"its header speaks of {needs} bytes, the file has {size}")
    if start > MAX_BYTES:
        raise Unusable(
            "An image is too large.", f"its voxels begin at byte {start}", "write it anew, without extensions"
        )


def check_end(stream: BinaryIO) -> None:
    """Raise Unusable unless ``stream`` ends here; a compressed one then has checked its sum, too."""
    if stream.read(1):
        raise Unusable(
            UNREADABLE,
            "bytes follow its last voxel that its header does not speak of",
            "write it anew; its header may be of another image",
        )


def affine(made: Any) -> np.ndarray:
    """Voxel to world in mm, [4, 4]. Raises Unusable: none, not finite, impossible voxel sizes, axes that coincide."""
    what = "An image has no usable affine."
    if not (made["sform_code"] or made["qform_code"]):
        raise Unusable(what, "neither sform nor qform: left and right are not known", ORIENT)
    found = np.asarray(made.get_best_affine(), dtype=float)
    sizes = np.linalg.norm(found[:3, :3], axis=0)
    if not np.isfinite(found).all() or not ((sizes >= SIZES[0]) & (sizes <= SIZES[1])).all():
        raise Unusable(
            what,
            f"voxel sizes {' x '.join(f'{n:.3g}' for n in sizes)} mm, not {SIZES[0]} to {SIZES[1]}",
            ORIENT,
        )
    if abs(np.linalg.det(found[:3, :3])) < FLAT * sizes.prod():
        raise Unusable(what, "its axes lie in one plane", ORIENT)
    return found


def scaling(made: Any) -> str:
    """What to add about the scaling of the voxels, "" if there is none."""
    slope, inter = made.get_slope_inter()
    return "" if slope is None or (slope, inter) == (1, 0) else f", by a scaling of {slope:g} and {inter:g}"
