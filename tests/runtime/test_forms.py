"""Each form of an image that is read says the same of every voxel as a NIfTI file of it: value and place in the world."""

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from sadm.native.native_mask import save_like
from sadm.runtime import forms
from sadm.runtime.errors import DataError
from sadm.runtime.files import load_nifti

SHAPE = (20, 24, 17)
TURN = np.array([[0.0, -0.96, 0.28], [1.0, 0.0, 0.0], [0.0, 0.28, 0.96]])  # a rotation, oblique
FORMS = (
    "x.mgz", "x.mgh", "x.MGZ", "x.hdr", "x.HDR", "x.hdr.gz", "x.nrrd", "x.NRRD", "x.nhdr", "x.mha", "x.mhd", "x.MHA",
    "x.NII", "x.Nii.Gz",
)  # fmt: skip


def image(dtype: str = "int16") -> nib.Nifti1Image:
    """An image without symmetry, oblique, of unequal voxels, in RAS mm."""
    affine = np.eye(4)
    affine[:3, :3] = TURN @ np.diag([-4.0, 3.0, 5.0])
    affine[:3, 3] = [31.5, -40.25, -22.0]
    data = np.random.default_rng(1).integers(0, 900, SHAPE).astype(dtype)
    made = nib.Nifti1Image(data, affine)
    made.set_sform(affine, 1)
    made.set_qform(affine, 1)
    return made


def write(made: nib.Nifti1Image, path: Path) -> Path:
    """``made`` in the form of the suffix of ``path``, written by nibabel or ITK."""
    kind = path.name.lower().partition(".")[2]
    plain = path.with_name(f"plain.{kind}")
    if kind in ("mgz", "mgh"):
        nib.save(nib.MGHImage(np.asarray(made.dataobj), made.affine), plain)
    elif kind.startswith("hdr"):
        packed = ".gz" if kind.endswith(".gz") else ""
        nib.save(nib.Nifti1Pair(np.asarray(made.dataobj), made.affine), path.with_name("plain.img"))
        voxels = path.with_name("plain.img").read_bytes()
        img = path.with_name("x.IMG" if "HDR" in path.name else f"x.img{packed}")
        img.write_bytes(gzip.compress(voxels) if packed else voxels)
        header = path.with_name("plain.hdr").read_bytes()
        path.write_bytes(gzip.compress(header) if packed else header)
        return path
    else:
        nifti = path.with_name("source.nii.gz")
        nib.save(made, nifti)
        if kind in ("nhdr", "mhd"):  # the header names the file of the voxels
            sitk.WriteImage(sitk.ReadImage(str(nifti)), str(path))
            return path
        sitk.WriteImage(sitk.ReadImage(str(nifti)), str(plain))
    plain.rename(path)
    return path


@pytest.mark.parametrize("name", FORMS)
def test_voxels_lie_where_the_nifti_has_them(tmp_path: Path, name: str) -> None:
    made = image()
    found = load_nifti(write(made, tmp_path / name))
    np.testing.assert_allclose(found.affine, made.affine, atol=1e-3)
    np.testing.assert_array_equal(found.get_fdata(), made.get_fdata())


@pytest.mark.parametrize(
    ("space", "sign"),
    [("right-anterior-superior", (1, 1)), ("LPS", (-1, -1)), ("left-anterior-superior", (-1, 1))],
)
def test_a_nrrd_in_another_space_than_lps(tmp_path: Path, space: str, sign: tuple[int, int]) -> None:
    data = np.arange(2 * 3 * 4, dtype="<i2").reshape(2, 3, 4, order="F")
    text = (
        f"NRRD0004\ntype: short\ndimension: 3\nspace: {space}\nsizes: 2 3 4\nspace directions: (2,0,0) (0,3,0) (0,0,4)\n"
        "endian: little\nencoding: raw\nspace origin: (10,20,30)\n\n"
    )
    (tmp_path / "x.nrrd").write_bytes(text.encode() + data.tobytes(order="F"))
    found = load_nifti(tmp_path / "x.nrrd")
    flip = np.diag([*sign, 1, 1])
    np.testing.assert_allclose(
        found.affine, flip @ [[2, 0, 0, 10], [0, 3, 0, 20], [0, 0, 4, 30], [0, 0, 0, 1]]
    )
    np.testing.assert_array_equal(found.get_fdata(), data)


def test_analyze_tells_left_from_right_by_its_convention_and_says_so(tmp_path: Path) -> None:
    data = np.random.default_rng(2).integers(0, 9, SHAPE).astype("int16")
    made = nib.AnalyzeImage(data, np.diag([-2.0, 2.0, 2.0, 1.0]))
    nib.save(made, tmp_path / "x.img")
    (tmp_path / "x.mat").unlink(missing_ok=True)
    found = load_nifti(tmp_path / "x.hdr")
    assert found.affine[0, 0] == -2
    assert "left from right" in found.extra["told"]
    np.testing.assert_array_equal(found.get_fdata(), data)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.mgz", b"", "the file is empty"),
        ("x.mgz", b"version https://git-lfs.github.com/spec/v1\n", "pointer of Git LFS"),
        ("x.nrrd", b"<!DOCTYPE html>", "a web page"),
        ("x.nrrd", b"NRRD0004\n", "names no space"),
        ("x.nrrd", b"none", "no header of NRRD"),
        ("x.mha", b"NDims = 3\n", "cannot be read"),
        ("x.hdr", b"\0" * 348, "no x.img beside it"),
        ("x.mgh", b"\0" * 400, "cannot be read"),
    ],
)
def test_what_is_no_image_is_named(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=said):
        load_nifti(tmp_path / name)


@pytest.mark.parametrize("name", ["x.mgh", "x.nrrd", "x.mha", "x.hdr"])
def test_a_file_that_is_cut_short_is_named(tmp_path: Path, name: str) -> None:
    path = write(image(), tmp_path / name)
    cut = tmp_path / "x.img" if name == "x.hdr" else path
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    with pytest.raises(DataError, match="cannot be read"):
        load_nifti(path)


def test_headers_are_judged_as_those_of_nifti(tmp_path: Path) -> None:
    vectors = sitk.Image([4, 4, 4], sitk.sitkVectorFloat32, 3)
    sitk.WriteImage(vectors, str(tmp_path / "v.mha"))
    sitk.WriteImage(sitk.Image([4, 4], sitk.sitkInt16), str(tmp_path / "flat.mha"))
    large = b"ObjectType = Image\nNDims = 3\nDimSize = 4000 4000 4000\nElementType = MET_SHORT\nElementSpacing = 1 1 1\nElementDataFile = LOCAL\n"
    (tmp_path / "large.mha").write_bytes(large)
    wide = sitk.Image([4, 4, 4], sitk.sitkInt16)
    wide.SetSpacing([300, 1, 1])
    sitk.WriteImage(wide, str(tmp_path / "wide.mha"))
    lost = nib.MGHImage(np.ones(SHAPE, "float32"), np.eye(4))
    nib.save(lost, tmp_path / "lost.mgh")
    content = bytearray((tmp_path / "lost.mgh").read_bytes())
    content[28:30] = b"\0\0"  # goodRASFlag
    (tmp_path / "lost.mgh").write_bytes(content)
    for name, said in {
        "v.mha": "3 numbers a voxel", "flat.mha": "3-D", "large.mha": "too large", "wide.mha": "voxel sizes", "lost.mgh": "goodRASFlag",
    }.items():  # fmt: skip
        with pytest.raises(DataError, match=said):
            load_nifti(tmp_path / name)


@pytest.mark.parametrize("name", ["x.mgz", "x.hdr", "x.nrrd", "x.mha"])
def test_native_results_are_nifti_in_the_source_s_frame(tmp_path: Path, name: str) -> None:
    path, made = write(image(), tmp_path / name), image()
    save_like((made.get_fdata() > 400).astype(np.uint8), path, tmp_path / "out.nii.gz")
    out = nib.load(tmp_path / "out.nii.gz")
    np.testing.assert_allclose(out.get_sform(), made.affine, atol=1e-3)
    np.testing.assert_array_equal(out.get_fdata(), made.get_fdata() > 400)


def test_which_files_are_foreign() -> None:
    assert [name for name in ("a.nii", "a.NII.GZ", "a.mgz", "a.b.HDR", "a.img", "a.mhd") if forms.foreign(name)] == [
        "a.mgz", "a.b.HDR", "a.mhd"
    ]  # fmt: skip
