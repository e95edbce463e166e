"""What a NIfTI header must say before the voxels behind it are read: a few bytes of it may claim terabytes."""

import gzip
import math
import os
import sys
import zlib
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
# Codes of xyzt_units that are not mm: name, mm in one.
UNITS = {1: ("metres", 1000.0), 3: ("micrometres", 0.001)}
LEAST_FIELD = (
    30.0  # mm, the longest edge of a scan's field of view: centimetres taken for millimetres have 20
)
MAX_FIELD = 1.25e8  # mm3, of the field of view: 500 mm cubed; steps hold copies of it in voxels of 2 mm
SQUARE = 1e-3  # cosine between two axes that are at right angles
GET = "fetch the content: datalad get, or git annex get"
# How files begin that stand in for an image, in small letters: what they are, what fetches the image.
FETCH = {
    b"version https://hawser": ("a pointer of Git LFS", "fetch the content: git lfs pull"),
    b"version https://git-lfs": ("a pointer of Git LFS", "fetch the content: git lfs pull"),
    b"/annex/objects/": ("a pointer of git-annex", GET),
    b".git/annex/objects/": ("a pointer of git-annex", GET),
    b"../.git/annex/": ("a pointer of git-annex", GET),
    b"<!doctype html": (
        "a web page",
        "download the image anew: log in first, or use the link of the file itself",
    ),
    b"<html": ("a web page", "download the image anew: log in first, or use the link of the file itself"),
    b"<?xml": (
        "an XML document",
        "download the image anew: a server has answered with a message in its place",
    ),
    b"{": ("a JSON document", "download the image anew: a server has answered with a message in its place"),
}


class Unusable(Exception):
    """What is wrong with an image: ``what``, ``cause`` and ``fix`` as in a SadmError, without the file."""

    def __init__(self, what: str, cause: str, fix: str = FIX) -> None:
        super().__init__(what)
        self.what, self.cause, self.fix = what, cause, fix


def opened(path: str | Path) -> AbstractContextManager[BinaryIO]:
    """The bytes of the image at ``path``, unpacked. Raises Unusable if name and content do not go together."""
    name = Path(path).name
    with open(path, "rb") as stream:
        begin = stream.read(LONGEST)
    if not begin:
        raise Unusable(UNREADABLE, "the file is empty")
    check_stand_in(begin)
    packed = begin[:2] == b"\x1f\x8b"
    if not name.lower().endswith((".nii", ".nii.gz")):
        raise Unusable(UNREADABLE, f"its name ends in {Path(path).suffix or 'nothing'}, not .nii or .nii.gz")
    if packed != name.lower().endswith(".gz"):
        cause = f"its content is {'' if packed else 'not '}compressed"
        raise Unusable(UNREADABLE, cause, "rename or compress it: .nii.gz is gzip, .nii is not")
    return cast("AbstractContextManager[BinaryIO]", gzip.open(path) if packed else open(path, "rb"))


def check_stand_in(begin: bytes) -> None:
    """Raise Unusable for a file that stands in for an image, by its first bytes ``begin``."""
    text = begin.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for mark, (what, fix) in FETCH.items():
        if text.startswith(mark):
            raise Unusable(UNREADABLE, f"it is {what}, not the image itself", fix)


def header(stream: BinaryIO, size: int) -> Any:
    """The header at the begin of ``stream``, of a file of ``size`` bytes; its extensions are never read.

    Raises Unusable, or whatever nibabel raises for fields that cannot be.
    """
    block = stream.read(LONGEST)
    check_stand_in(block)
    kind = next((kind for kind in HEADERS if kind.may_contain_header(block)), None)
    if kind is None:
        raise Unusable(UNREADABLE, "it begins with no header of NIfTI-1 or NIfTI-2")
    said = kind(block[: kind.sizeof_hdr], check=False)
    if not said["magic"].item().startswith(b"n+"):
        raise Unusable(UNREADABLE, "it is the header of a pair (.hdr and .img)")
    _check_fields(said)
    if not said["sform_code"] and not (said["pixdim"][1:4] > 0).all():  # nibabel would put 1 mm in its place
        raise Unusable(
            "An image has no usable affine.", f"voxel sizes {said['pixdim'][1:4].tolist()}", ORIENT
        )
    made = kind(block[: kind.sizeof_hdr])
    check_voxels(made)
    _check_size(made, size, isinstance(stream, gzip.GzipFile))
    return made


def _check_fields(said: Any) -> None:
    """Raise Unusable for fields that nibabel would name in its own words."""
    code, start, least = int(said["datatype"]), float(said["vox_offset"]), said.sizeof_hdr + 4
    if code not in type(said)._data_type_codes:
        raise Unusable(UNREADABLE, f"its header's datatype is {code}, which NIfTI does not know")
    if not math.isfinite(start) or start < least:
        cause = f"its header says that the voxels begin at byte {start:g}, inside the header ({least} bytes)"
        raise Unusable(UNREADABLE, cause)


def check_voxels(made: Any) -> None:
    """Raise Unusable for an image that is not 3-D, has no real numbers, or too many of them."""
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


PADDING = 2**24  # bytes behind the last voxel of a compressed image, which are zeros


def check_end(stream: BinaryIO) -> None:
    """Raise Unusable unless ``stream`` ends here; a compressed one then has checked its sum, too."""
    packed = getattr(stream, "fileobj", None)
    # Python reads the padding of a gzip stream a byte a call, 12 MB/s.
    if packed is not None and (left := os.fstat(packed.fileno()).st_size - packed.tell()) > PADDING:
        raise Unusable(UNREADABLE, f"{left} bytes follow its last voxel", "compress it anew")
    if stream.read(1):
        raise Unusable(
            UNREADABLE,
            "bytes follow its last voxel that its header does not speak of",
            "write it anew; its header may be of another image",
        )


def unit(made: Any) -> tuple[str, float]:
    """Name and length in mm of the unit that a header's places are in; mm where it names none."""
    return UNITS.get(int(made["xyzt_units"]) & 7, ("mm", 1.0))


def affine(made: Any) -> np.ndarray:
    """Voxel to world in mm, [4, 4], whatever unit the header is in. Raises Unusable: none, not finite, impossible voxel sizes, axes that coincide."""
    what = "An image has no usable affine."
    if not (made["sform_code"] or made["qform_code"]):
        raise Unusable(what, "neither sform nor qform: left and right are not known", ORIENT)
    named, length = unit(made)
    found = np.diag([length, length, length, 1.0]) @ _best_affine(made)
    sizes = np.linalg.norm(found[:3, :3], axis=0)
    if not np.isfinite(found).all() or not ((sizes >= SIZES[0]) & (sizes <= SIZES[1])).all():
        raise Unusable(
            what,
            f"voxel sizes {_product(sizes)} mm{_by(named)}, not {SIZES[0]} to {SIZES[1]}",
            ORIENT if length == 1 else f"{ORIENT}, or the right unit: xyzt_units says {named}",
        )
    if abs(np.linalg.det(found[:3, :3])) < FLAT * sizes.prod():
        raise Unusable(what, "its axes lie in one plane", ORIENT)
    return found


def _by(named: str) -> str:
    return "" if named == "mm" else f" (the header is in {named})"


def _best_affine(made: Any) -> np.ndarray:
    try:
        return np.asarray(made.get_best_affine(), dtype=float)
    except ValueError:  # nibabel's text speaks of its own variables
        parts = ", ".join(f"{float(made[f'quatern_{axis}']):g}" for axis in "bcd")
        cause = f"the quaternion of its qform ({parts}) is no rotation, and there is no sform"
        raise Unusable("An image has no usable affine.", cause, ORIENT) from None


def _field(shape: tuple[int, ...], affine: np.ndarray) -> tuple[np.ndarray, float]:
    """Edges of the field of view in mm, and the volume in mm3 of the box that a step puts about it."""
    sizes = np.linalg.norm(affine[:3, :3], axis=0)
    edges = sizes * shape[:3]
    axes = affine[:3, :3] / sizes
    box = edges if np.abs(axes.T @ axes - np.eye(3)).max() < SQUARE else np.abs(axes) @ edges
    return edges, float(box.prod())


def check_room(shape: tuple[int, ...], affine: np.ndarray) -> None:
    """Raise Unusable for a field of view that the steps, which work on voxels of 2 mm, have no memory for."""
    edges, volume = _field(shape, affine)
    if volume > MAX_FIELD:
        cause = f"{_product(edges)} mm, a box of {volume / 1e6:.3g} l; at most {MAX_FIELD / 1e6:g} l"
        raise Unusable("An image's field of view is too large.", cause, f"{ORIENT}, or cut it to the head")


def check_field(shape: tuple[int, ...], affine: np.ndarray, named: str = "mm") -> None:
    """Raise Unusable for a field of view that is far too small for a head; ``named``: the unit that the header is in."""
    edges, _ = _field(shape, affine)
    if edges.max() < LEAST_FIELD:
        cause = f"{_product(edges)} mm{_by(named)}: no head fits"
        raise Unusable(
            "An image's field of view is too small.",
            cause,
            f"{ORIENT}; where its numbers are centimetres, multiply them by 10"
            if named == "mm"
            else f"{ORIENT}, or the right unit: xyzt_units says {named}",
        )


def _product(numbers: np.ndarray) -> str:
    return " x ".join(f"{number:.3g}" for number in numbers)


def in_words(error: Exception) -> str:
    """What an ``error`` of the libraries that read images says of the file."""
    kinds = {
        EOFError: "it is cut short: its compressed content does not end",
        gzip.BadGzipFile: "its compressed content is damaged, or followed by something else",
        zlib.error: "its compressed content is damaged",
        OSError: "it is cut short, or the disk does not read it",
    }
    said = next((words for kind, words in kinds.items() if isinstance(error, kind)), "its header cannot be")
    return f"{said} ({type(error).__name__}: {error})"


def scaling(made: Any) -> str:
    """What to add about the scaling of the voxels, "" if there is none."""
    slope, inter = made.get_slope_inter()
    return "" if slope is None or (slope, inter) == (1, 0) else f", by a scaling of {slope:g} and {inter:g}"
