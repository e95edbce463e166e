"""Images that are none, or not what they seem; each is the T1 of the one patient of a data set (trees.py: in trees)."""

import gzip
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from kinds import kind

SHAPE = (12, 14, 16)
AFFINE = np.array([[-2.0, 0, 0, 11], [0, 2, 0, -13], [0, 0, 2, -15], [0, 0, 0, 1]])
T1 = "IXI002-Guys-0828-T1.nii.gz"
DIM, DATATYPE, PIXDIM, OFFSET, SLOPE, UNITS, QFORM, SFORM, MAGIC = 40, 70, 76, 108, 112, 123, 252, 254, 344


def voxels(seed: int = 0, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """Intensities of a scan, int16, all above 0."""
    return np.random.default_rng(seed).integers(1, 1000, shape).astype(np.int16)


def save(path: Path, data: np.ndarray, affine: Any = AFFINE, **edits: Any) -> Path:
    """Write ``data`` to ``path`` (made, with its folder); ``edits`` are header fields."""
    image = nib.Nifti1Image(data, affine)
    for name, value in edits.items():
        image.header[name] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(image, path)
    return path


def raw(
    folder: Path, *edits: tuple[int, str, Any], shape: tuple[int, ...] = SHAPE, dtype: Any = np.int16
) -> bytes:
    """The bytes of an uncompressed image after ``edits`` (offset, struct format, values)."""
    content = bytearray(nib.Nifti1Image(voxels(0, shape).astype(dtype), AFFINE).to_bytes())
    for offset, form, value in edits:
        struct.pack_into(form, content, offset, *(value if isinstance(value, tuple) else (value,)))
    return bytes(content)


def packed(folder: Path, content: bytes) -> Path:
    """``content``, gzipped, as the T1."""
    (folder / T1).write_bytes(gzip.compress(content))
    return folder


def of(data: np.ndarray, says: str, name: str, **edits: Any) -> None:
    """Register the image of ``data`` as a kind."""

    def make(folder: Path) -> Path:
        save(folder / T1, data, **edits)
        return folder

    make.__name__ = name
    kind("ixi", says)(make)


def edited(name: str, says: str, *edits: tuple[int, str, Any]) -> None:
    """Register an image with other bytes in its header as a kind."""

    def make(folder: Path) -> Path:
        return packed(folder, raw(folder, *edits))

    make.__name__ = name
    kind("ixi", says)(make)


def bytewise(says: str) -> Callable[[Callable[[bytes], bytes]], None]:
    """Register what the decorated function makes of a whole .nii.gz."""

    def register(change: Callable[[bytes], bytes]) -> None:
        def make(folder: Path) -> Path:
            (folder / T1).write_bytes(change(gzip.compress(raw(folder))))
            return folder

        make.__name__ = change.__name__
        kind("ixi", says)(make)

    return register


NUMBERS, AFFINES, UNREADABLE = (
    "DataError.*no numbers",
    "DataError.*no usable affine",
    "DataError.*cannot be read",
)
with_nan, with_inf = voxels().astype(np.float32), voxels().astype(np.float32)
with_nan[3, 4, 5], with_inf[3, 4, 5] = np.nan, np.inf
of(with_nan, f"{NUMBERS}.*1 NaN", "nan")
of(with_inf, f"{NUMBERS}.*1 NaN or infinite", "inf")
of(np.full(SHAPE, 7, np.int16), "DataError.*constant: all voxels are 7", "constant")
of(np.zeros(SHAPE, np.int16), "DataError.*empty: all voxels are 0", "all_zero")
of(voxels(0, (12, 14)), r"DataError.*not 3-D.*\(12, 14\)", "two_d")
of(voxels(0, (12, 14, 1)), r"DataError.*not a volume", "one_slice")
of(voxels(0, (12, 14, 16, 3)), r"DataError.*not 3-D.*\(12, 14, 16, 3\)", "four_d")
of(voxels(0, (6, 7, 8, 1, 3)), r"DataError.*not 3-D.*\(6, 7, 8, 1, 3\)", "five_d")
of(np.zeros(SHAPE, [("R", "u1"), ("G", "u1"), ("B", "u1")]), "DataError.*no intensities.*colours", "rgb")
of(np.ones(SHAPE, np.complex64) * 2j, "DataError.*no intensities.*complex", "complex_numbers")
edited("scl_slope_overflow", f"{NUMBERS}.*scaling of 3e\\+38", (SLOPE, "<f", 3e38))
edited(
    "absurd_dims", f"{UNREADABLE}.*speaks of|DataError.*too large", (DIM + 2, "<3h", (32767, 32767, 32767))
)
edited("negative_dim", "DataError.*not 3-D.*-12", (DIM + 2, "<h", -12))
edited("zero_dim", r"DataError.*not 3-D.*\(0,", (DIM + 2, "<h", 0))
edited("two_hundred_dims", UNREADABLE + "|DataError.*not 3-D", (DIM, "<h", 200))
edited("unknown_datatype", f"{UNREADABLE}.*datatype is 9999", (DATATYPE, "<h", 9999))
edited(
    "zero_voxel_sizes",
    f"{AFFINES}.*voxel sizes",
    (PIXDIM + 4, "<3f", (0, 0, 0)),
    (QFORM, "<h", 1),
    (SFORM, "<h", 0),
)
edited(
    "negative_voxel_sizes",
    f"{AFFINES}.*voxel sizes",
    (PIXDIM + 4, "<3f", (-2, -2, -2)),
    (QFORM, "<h", 1),
    (SFORM, "<h", 0),
)
edited(
    "nan_voxel_sizes",
    f"{AFFINES}.*voxel sizes",
    (PIXDIM + 4, "<f", float("nan")),
    (QFORM, "<h", 1),
    (SFORM, "<h", 0),
)
edited("no_sform_no_qform", f"{AFFINES}.*left and right", (QFORM, "<h", 0), (SFORM, "<h", 0))
edited("nan_in_sform", AFFINES, (280, "<f", float("nan")))
edited("sform_in_one_plane", f"{AFFINES}.*one plane", (296, "<8f", (0, 2, 2, -13, 0, 0, 0.01, -15)))
edited("sform_of_zeros", AFFINES, (280, "<12f", (0,) * 12))
edited("voxels_of_2_m", f"{AFFINES}.*2e\\+03", (280, "<12f", (2000, 0, 0, 0, 0, 2000, 0, 0, 0, 0, 2000, 0)))
edited(
    "voxels_of_2_micrometres",
    f"{AFFINES}.*0.002",
    (280, "<12f", (0.002, 0, 0, 0, 0, 0.002, 0, 0, 0, 0, 0.002, 0)),
)
edited(
    "voxels_of_2_mm_in_metres",
    f"{AFFINES}.*2e\\+03 x 2e\\+03 x 2e\\+03 mm.*metres.*xyzt_units",
    (UNITS, "B", 1),
)
edited("voxels_of_2_mm_in_micrometres", f"{AFFINES}.*micrometres.*xyzt_units", (UNITS, "B", 3))
edited(
    "field_of_view_of_2_cm",
    "DataError.*field of view is too small.*18 x 21 x 24 mm",
    (280, "<12f", (1.5, 0, 0, 0, 0, 1.5, 0, 0, 0, 0, 1.5, 0)),
)
edited(
    "field_of_view_of_2_m",
    "DataError.*field of view is too large.*1.2e\\+03",
    (280, "<12f", (100, 0, 0, 0, 0, 100, 0, 0, 0, 0, 100, 0)),
)
edited(
    "voxels_of_which_the_box_is_too_large",
    "DataError.*field of view is too large",
    (280, "<12f", (80, 50, 40, 0, 40, 80, 50, 0, 50, 40, 80, 0)),
)
edited(
    "qform_that_is_no_rotation",
    f"{AFFINES}.*quaternion",
    (QFORM, "<h", 1),
    (SFORM, "<h", 0),
    (256, "<2f", (2, 1)),
)
edited("voxels_begin_nowhere", f"{UNREADABLE}.*begin at byte nan", (OFFSET, "<f", float("nan")))
edited("voxels_begin_in_the_header", UNREADABLE, (OFFSET, "<f", 100))
edited("voxels_begin_at_1e30", f"{UNREADABLE}.*speaks of", (OFFSET, "<f", 1e30))
edited("header_of_a_pair", f"{UNREADABLE}.*pair", (MAGIC, "4s", b"ni1\0"))
edited("analyze", f"{UNREADABLE}.*no header of NIfTI", (MAGIC, "4s", bytes(4)))


@bytewise(f"{UNREADABLE}.*EOFError")
def truncated_gz(whole: bytes) -> bytes:
    return whole[: len(whole) // 2]


@bytewise(f"{UNREADABLE}.*EOFError")
def gz_without_its_checksum(whole: bytes) -> bytes:
    return whole[:-8]


@bytewise(f"{UNREADABLE}.*CRC")
def gz_with_a_wrong_checksum(whole: bytes) -> bytes:
    return whole[:-8] + bytes(4) + whole[-4:]


@bytewise(f"{UNREADABLE}.*BadGzipFile")
def gz_with_trailing_garbage(whole: bytes) -> bytes:
    return whole + b"garbage" * 9


@bytewise(f"{UNREADABLE}.*bytes follow")
def gz_of_two_images(whole: bytes) -> bytes:
    return whole + whole


@bytewise(f"{UNREADABLE}.*(OSError|expected|End)")
def image_cut_short_inside_whole_gz(whole: bytes) -> bytes:
    return gzip.compress(gzip.decompress(whole)[:-100])


@bytewise(f"{UNREADABLE}.*(CRC|error)")
def gz_with_a_flipped_byte(whole: bytes) -> bytes:
    return whole[:1000] + bytes([whole[1000] ^ 255]) + whole[1001:]


@bytewise(f"{UNREADABLE}.*no header")
def empty_gz(whole: bytes) -> bytes:
    return gzip.compress(b"")


@bytewise(f"{UNREADABLE}.*empty")
def empty_file(whole: bytes) -> bytes:
    return b""


@bytewise(f"{UNREADABLE}.*not compressed")
def nii_named_gz(whole: bytes) -> bytes:
    return gzip.decompress(whole)


@bytewise(f"{UNREADABLE}.*a web page.*download")
def login_page(whole: bytes) -> bytes:
    return b"<!DOCTYPE html><html><title>Please log in</title></html>"


@bytewise(f"{UNREADABLE}.*a web page.*download")
def packed_web_page(whole: bytes) -> bytes:
    return gzip.compress(b"\n<HTML><title>502 Bad Gateway</title></HTML>")


@bytewise(f"{UNREADABLE}.*a JSON document.*download")
def message_of_a_server(whole: bytes) -> bytes:
    return b'{"message": "Not Found"}'


@bytewise(f"{UNREADABLE}.*pointer of git-annex.*datalad get")
def git_annex_pointer(whole: bytes) -> bytes:
    return b"/annex/objects/MD5E-s7000000--d41d8cd98f00b204e9800998ecf8427e.nii.gz\n"


@bytewise(f"{UNREADABLE}.*pointer of Git LFS.*git lfs pull")
def git_lfs_pointer(whole: bytes) -> bytes:
    return b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 7000000\n"


@bytewise(f"{UNREADABLE}.*no header")
def gz_of_a_picture(whole: bytes) -> bytes:
    return gzip.compress(b"\x89PNG\r\n\x1a\n" + bytes(900))


@bytewise(f"{UNREADABLE}.*not compressed")
def dicom(whole: bytes) -> bytes:
    return bytes(128) + b"DICM" + bytes(900)


MILLIMETRE = (280, "<12f", (1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0))  # voxels of 1 mm


def zeros(folder: Path, head: bytes, count: int) -> Path:
    """``head`` and ``count`` zeros, gzipped, as the T1: a small part of their size."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    with open(folder / T1, "wb") as stream:
        stream.write(packer.compress(head))
        for _ in range(count >> 20):
            stream.write(packer.compress(bytes(1 << 20)))
        stream.write(packer.flush())
    return folder


@kind("ixi", f"{UNREADABLE}.*bytes follow")
def gzip_bomb_behind_the_image(folder: Path) -> Path:
    return zeros(folder, raw(folder), 1 << 30)


@kind("ixi", "DataError.*too large.*3000x3000x100")
def gzip_bomb_of_dims(folder: Path) -> Path:
    return zeros(
        folder, raw(folder, (DIM + 2, "<3h", (3000, 3000, 100)), (DATATYPE, "<2h", (2, 8)))[:352], 200 << 20
    )


@kind("ixi", "DataError.*too large.*begin at")
def gzip_bomb_before_the_voxels(folder: Path) -> Path:
    return zeros(folder, raw(folder, (OFFSET, "<f", float(1 << 29)))[:352], 600 << 20)


@kind("ixi", "DataError.*empty: all voxels are 0")
def largest_image_taken(folder: Path) -> Path:
    return zeros(
        folder,
        raw(folder, (DIM + 2, "<3h", (512, 512, 256)), (DATATYPE, "<2h", (16, 32)), MILLIMETRE)[:352],
        256 << 20,
    )


def plain(folder: Path, content: bytes) -> Path:
    """``content`` as an uncompressed T1."""
    (folder / T1.removesuffix(".gz")).write_bytes(content)
    return folder


@kind("ixi", f"{UNREADABLE}.*speaks of")
def truncated_nii(folder: Path) -> Path:
    return plain(folder, raw(folder)[:3000])


@kind("ixi", f"{UNREADABLE}.*bytes follow")
def nii_with_trailing_garbage(folder: Path) -> Path:
    return plain(folder, raw(folder) + b"garbage")


@kind("ixi", f"{UNREADABLE}.*content is compressed")
def gz_named_nii(folder: Path) -> Path:
    return plain(folder, gzip.compress(raw(folder)))


@kind("ixi", "DataError.*missing.*a folder, not a file")
def directory_named_nii_gz(folder: Path) -> Path:
    (folder / T1).mkdir()
    return folder


@kind("ixi", "DataError.*missing.*too many levels of symbolic links")
def symlink_loop(folder: Path) -> Path:
    (folder / T1).symlink_to(folder / T1)
    return folder


@kind("ixi", "DataError.*missing.*git-annex.*datalad get")
def content_of_git_annex_that_is_not_here(folder: Path) -> Path:
    (folder / T1).symlink_to("../.git/annex/objects/aa/bb/MD5E-s1.nii.gz")
    return folder


@kind("ixi", "DataError.*missing.*leads nowhere")
def dangling_symlink(folder: Path) -> Path:
    (folder / T1).symlink_to(folder / "gone")
    return folder


@kind("ixi", "DataError.*missing.*neither a file nor a folder")
def named_pipe(folder: Path) -> Path:
    os.mkfifo(folder / T1)
    return folder
