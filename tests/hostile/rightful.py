"""Images and names that are strange, and right: each ends in the sheet, with the true voxels and the true place."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from images import AFFINE, PIXDIM, QFORM, SFORM, SLOPE, T1, packed, plain, raw, save, voxels
from kinds import KINDS, Kind, kind

from sadm.runtime.files import load_nifti

Rows = list[dict[str, str]]
ID = "IXI002-Guys-0828-T1"


def loaded(values: np.ndarray, affine: Any = AFFINE) -> Callable[[Rows], None]:
    """A check that the one scan in the sheet has ``values`` and ``affine``."""

    def check(rows: Rows) -> None:
        (row,) = rows
        image = load_nifti(row["t1"])
        np.testing.assert_allclose(image.get_fdata(), values, rtol=1e-6)
        np.testing.assert_allclose(image.affine, affine, atol=1e-5)

    return check


def same(name: str, change: Callable[[Path], Any], values: Any = None, affine: Any = AFFINE) -> None:
    """Register a change of the file that leaves ``values`` and ``affine``."""

    def make(folder: Path) -> Path:
        change(folder)
        return folder

    make.__name__ = name
    kind("ixi", right=loaded(voxels() if values is None else values, affine))(make)


def header(name: str, values: Any, affine: Any, *edits: tuple[int, str, Any]) -> None:
    """Register an edited header that means ``values`` and ``affine``."""
    same(name, lambda folder: packed(folder, raw(folder, *edits)), values, affine)


qform = AFFINE.copy()
qform[:3, 3] = 5
sheared = AFFINE @ np.array([[1, 0.2, 0, 0], [0, 1, 0.1, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
flipped = AFFINE @ np.diag([-1.0, -1, 1, 1])
units = 2 * np.arange(10)  # a few values that every type can hold


def disagreeing(folder: Path) -> None:
    image = nib.Nifti1Image(voxels(), AFFINE)
    image.set_sform(AFFINE, 1)
    image.set_qform(qform, 1)
    nib.save(image, folder / T1)


def only_qform(folder: Path) -> None:
    image = nib.Nifti1Image(voxels(), None)
    image.set_qform(qform, 1)
    image.set_sform(None, 0)
    nib.save(image, folder / T1)


def with_extension(folder: Path) -> None:
    image = nib.Nifti1Image(voxels(), AFFINE)
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"a" * 5000))
    nib.save(image, folder / T1)


same("qform_and_sform_disagree", disagreeing)
same("qform_alone", only_qform, None, qform)
same("four_d_of_one_frame", lambda f: save(f / T1, voxels()[..., None]))
same("five_d_of_one_frame", lambda f: save(f / T1, voxels()[..., None, None]))
header("scl_slope_and_inter", voxels() * 0.5 + 3, AFFINE, (SLOPE, "<2f", (0.5, 3)))
for number, (unit, times) in enumerate((("metres", 0.001), ("micrometres", 1000))):
    for form, codes in (("sform", (0, 1)), ("qform", (1, 0))):

        def in_unit(
            folder: Path, code: int = (1, 3)[number], times: float = times, codes: tuple[int, int] = codes
        ) -> None:
            image = nib.Nifti1Image(voxels(), np.diag([times, times, times, 1]) @ AFFINE)
            image.set_sform(image.affine, codes[1])
            image.set_qform(image.affine, codes[0])
            image.header["xyzt_units"] = code + 8  # with seconds
            nib.save(image, folder / T1)

        same(f"{form}_in_{unit}", in_unit)
header("scl_slope_of_0", None, AFFINE, (SLOPE, "<2f", (0, 9)))
header("scl_slope_nan", None, AFFINE, (SLOPE, "<2f", (float("nan"), float("nan"))))
header("negative_voxel_sizes_beside_an_sform", None, AFFINE, (PIXDIM + 4, "<3f", (-2, -2, -2)))
header("zero_voxel_sizes_beside_an_sform", None, AFFINE, (PIXDIM + 4, "<3f", (0, 0, 0)))
header("unknown_form_codes", None, AFFINE, (QFORM, "<h", 0), (SFORM, "<h", 4))
same("sheared_sform", lambda f: save(f / T1, voxels(), sheared), None, sheared)
same("flipped_axes", lambda f: save(f / T1, voxels(), flipped), None, flipped)
same("header_extension", with_extension)
same(
    "gz_of_two_members",
    lambda f: (f / T1).write_bytes(gzip.compress(raw(f)[:999]) + gzip.compress(raw(f)[999:])),
)
same("gz_padded_with_zeros", lambda f: (f / T1).write_bytes(gzip.compress(raw(f)) + bytes(512)))
same("uncompressed", lambda f: plain(f, raw(f)))
same("nifti_2", lambda f: nib.save(nib.Nifti2Image(voxels(), AFFINE), f / T1))
same(
    "big_endian",
    lambda f: nib.save(nib.Nifti1Image(voxels(), AFFINE, nib.Nifti1Header(endianness=">")), f / T1),
)


@kind("ixi", right=loaded(voxels()))
def symlink_to_a_file(folder: Path) -> Path:
    save(folder / "elsewhere" / "a.nii.gz", voxels())
    (folder / T1).symlink_to("elsewhere/a.nii.gz")
    return folder


@kind("ixi", right=loaded(voxels()))
def hidden_files_of_other_systems(folder: Path) -> Path:
    save(folder / T1, voxels())
    for name in (f"._{T1}", ".DS_Store", "Thumbs.db", "IXI.xls.tmp"):
        (folder / name).write_bytes(bytes(40))
    return folder


for number, dtype in enumerate(("uint8", "int8", "uint16", "int32", "uint32", "int64", "float32", "float64")):
    data = (voxels(number) % 100).astype(dtype)
    same(
        f"voxels_of_type_{dtype}",
        lambda f, data=data: nib.save(nib.Nifti1Image(data, AFFINE, dtype=data.dtype), f / T1),
        data,
    )

for name in (
    "with spaces",
    "ünïcode-脑",
    "quote'\"s",
    "$(touch ran)",
    "-rf",
    "a;b&c|d",
    "100%",
):

    def named(folder: Path, name: str = name) -> Path:
        save(folder / name / T1, voxels())
        return folder / name

    KINDS.append(Kind(f"folder named {name!r}", "ixi", named, "", loaded(voxels())))
