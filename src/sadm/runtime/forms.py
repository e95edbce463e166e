"""Images in other forms than one NIfTI file: MGH, NRRD, MetaImage, pairs of .hdr and .img. Each becomes a NIfTI header and its voxels.

What `sadm.runtime.nifti` asks of a NIfTI header is asked of all: real numbers, three dimensions, a size that fits the memory, an
orientation. NRRD and MetaImage are in LPS (ITK turns other spaces of NRRD to it), NIfTI and MGH in RAS.
"""

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from sadm.runtime import nifti
from sadm.runtime.nifti import ORIENT, UNREADABLE, Unusable

ITK = {".nrrd": "NrrdImageIO", ".nhdr": "NrrdImageIO", ".mha": "MetaImageIO", ".mhd": "MetaImageIO"}
MAGIC = {"NrrdImageIO": b"NRRD000", "MetaImageIO": b""}
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])  # to RAS, and back
NRRD_SPACES = re.compile(
    rb"^space:\s*(?:left|right)-(?:anterior|posterior)-superior|^space:\s*[lr][ap]s\b", re.M | re.I
)
NRRD_SPACE = re.compile(rb"^space(?: dimension)?:\s*(.*?)\s*$", re.M | re.I)
TEXT = 100_000  # bytes in which a header of text ends
SINGLE = re.compile(r"\.nii(?:\.gz)?$", re.IGNORECASE)
ANALYZE = "its header is of Analyze 7.5, which does not tell left from right: taken as SPM does, x from right to left"

# Where a pair of NIfTI says that it is one.
MAGICS = {nib.Nifti1Pair: (344, b"ni1\0"), nib.Nifti2Pair: (4, b"ni2\0")}

Loaded = tuple[Any, Callable[[], np.ndarray], str]


def foreign(path: str | Path) -> bool:
    """Whether ``path`` is, by its name, an image in another form than one NIfTI file."""
    return kind(path) in READERS


def kind(path: str | Path) -> str:
    """The suffix of an image, in lower case and with .gz."""
    name = Path(path).name.lower()
    packed = ".gz" if name.endswith(".gz") else ""
    return Path(name.removesuffix(packed)).suffix + packed


def opened(path: str | Path) -> Loaded:
    """A NIfTI header with the geometry of the image at ``path``, what reads its voxels (float32), and what is to be told of it.

    Raises Unusable, or what the libraries raise for a damaged file.
    """
    with open(path, "rb") as stream:
        begin = stream.read(nifti.LONGEST)
    if not begin:
        raise Unusable(UNREADABLE, "the file is empty")
    nifti.check_stand_in(begin)
    return READERS[kind(path)](Path(path), begin)


def _header(shape: Any, dtype: np.dtype, affine: np.ndarray | None) -> Any:
    """A header of these; a shape or a type that cannot be is refused before voxels are read."""
    shape = tuple(map(int, shape))
    if len(shape) > 7 or min(shape, default=0) < 1 or max(shape) > np.iinfo(np.int16).max:
        raise Unusable("An image is not 3-D.", f"its shape is {shape}")
    made = nib.Nifti1Header()
    try:
        made.set_data_dtype(dtype)
    except nib.spatialimages.HeaderDataError:
        raise Unusable(
            "An image's voxels are no intensities.",
            f"its voxels are {dtype}",
            "store one real number a voxel",
        ) from None
    made.set_data_shape(shape)
    nifti.check_voxels(made)
    made.set_xyzt_units("mm")
    if affine is not None:
        if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) == 0:
            raise Unusable(
                "An image has no usable affine.", "its axes lie in one plane, or are no numbers", ORIENT
            )
        made.set_sform(affine, code=1)
        made.set_qform(affine, code=1)
    return made


def _mgh(path: Path, begin: bytes) -> Loaded:
    with gzip.open(path) if begin.startswith(b"\x1f\x8b") else open(path, "rb") as stream:
        flag = stream.read(30)[
            28:
        ]  # goodRASFlag: nibabel puts an orientation of its own in the place of none
    image = nib.MGHImage.from_filename(path)
    said = image.header
    if not int.from_bytes(flag, "big"):
        raise Unusable(
            "An image has no usable affine.", "its header says that it has none (goodRASFlag is 0)", ORIENT
        )
    made = _header(said["dims"], said.get_data_dtype().newbyteorder("="), np.asarray(image.affine, float))
    return made, _reader(image), ""


def _pair(path: Path, begin: bytes) -> Loaded:
    """A pair of .hdr and .img: of NIfTI, or of Analyze 7.5, whose orientation a .mat of SPM may tell."""
    with _stream(path) as stream:
        block = stream.read(nifti.LONGEST)
    files = {
        "header": nib.FileHolder(str(path), _stream(path)),
        "image": nib.FileHolder(fileobj=_stream(_voxels_of(path))),
    }
    for cls, single in ((nib.Nifti1Pair, nib.Nifti1Header()), (nib.Nifti2Pair, nib.Nifti2Header())):
        at, magic = MAGICS[cls]
        if block[at : at + 4] == magic:
            image = cls.from_file_map(files)
            for name in set(single.keys()) - {"magic", "vox_offset", "sizeof_hdr"}:
                single[name] = image.header[name]
            nifti.check_voxels(single)
            return single, _reader(image), ""
    if not nib.AnalyzeHeader.may_contain_header(block):
        raise Unusable(UNREADABLE, "it begins with no header of NIfTI or Analyze")
    mat = path.with_name(path.name[: -len(kind(path))] + ".mat")
    old = nib.Spm2AnalyzeImage.from_file_map(files | {"mat": nib.FileHolder(str(mat))})
    dtype = old.header.get_data_dtype().newbyteorder("=")
    made = _header(old.header.get_data_shape(), dtype, np.asarray(old.affine, float))
    return made, _reader(old), "" if mat.exists() else ANALYZE


def _reader(image: Any) -> Callable[[], np.ndarray]:
    return lambda: np.asarray(image.dataobj, dtype=np.float32)


def _stream(path: Path) -> Any:
    return gzip.open(path) if path.name.lower().endswith(".gz") else open(path, "rb")


def _voxels_of(header: Path) -> Path:
    """The .img beside a .hdr."""
    name = header.name[: -len(kind(header))]
    beside = {each.name.lower(): each for each in header.parent.iterdir() if each.name.startswith(f"{name}.")}
    for end in (".img", ".img.gz"):
        if found := beside.get(f"{name.lower()}{end}"):
            return found
    raise Unusable(
        UNREADABLE, f"there is no {name}.img beside it", "put the two files of a pair side by side"
    )


def _itk(path: Path, begin: bytes) -> Loaded:
    import SimpleITK as sitk

    name = ITK[kind(path)]
    if not begin.startswith(MAGIC[name]):
        raise Unusable(UNREADABLE, "it begins with no header of NRRD")
    if name == "NrrdImageIO":
        _check_nrrd(path)
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    reader = sitk.ImageFileReader()
    reader.SetImageIO(name)
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise Unusable(UNREADABLE, _itk_words(error)) from None
    if reader.GetNumberOfComponents() != 1:
        raise Unusable(
            "An image's voxels are no intensities.",
            f"it has {reader.GetNumberOfComponents()} numbers a voxel",
            "store one real number a voxel",
        )
    if len(size := reader.GetSize()) < 3:
        raise Unusable("An image is not 3-D.", f"its shape is {size}")
    dtype = np.dtype(_dtype(sitk.GetPixelIDValueAsString(reader.GetPixelID())))
    made = _header(size, dtype, _ras(reader.GetSpacing(), reader.GetDirection(), reader.GetOrigin()))

    def voxels() -> np.ndarray:
        try:
            image = reader.Execute()
        except RuntimeError as error:
            raise Unusable(UNREADABLE, _itk_words(error)) from None
        return np.ascontiguousarray(sitk.GetArrayFromImage(image).T, dtype=np.float32)

    return made, voxels, ""


def _ras(spacing: Any, direction: Any, origin: Any) -> np.ndarray:
    """Voxel to RAS of an ITK image, [4, 4]; of more dimensions the first three count."""
    n = len(spacing)
    turned = np.reshape(direction, (n, n)) @ np.diag(spacing)
    affine = np.eye(4)
    affine[:3, :3] = turned[:3, :3]
    affine[:3, 3] = origin[:3]
    return LPS @ affine


def _dtype(words: str) -> str:
    """numpy's name of one of ITK's kinds of voxels: "16-bit signed integer" is int16."""
    match = re.fullmatch(r"(\d+)-bit (signed integer|unsigned integer|float)", words)
    if not match:
        raise Unusable(
            "An image's voxels are no intensities.",
            f"its voxels are {words}",
            "store one real number a voxel",
        )
    return {"signed integer": "int", "unsigned integer": "uint", "float": "float"}[match[2]] + match[1]


def _check_nrrd(path: Path) -> None:
    """Raise Unusable for a NRRD whose header does not say where its axes lead: ITK would take any for LPS."""
    with open(path, "rb") as stream:
        text = stream.read(TEXT).replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    if not NRRD_SPACES.search(text) or not re.search(rb"^space directions:", text, re.M | re.I):
        said = NRRD_SPACE.search(text)
        cause = f"its space is {said[1].decode(errors='replace')}" if said else "its header names no space"
        fix = "write space and space directions into its header, or convert it to NIfTI"
        raise Unusable("An image has no usable affine.", f"{cause}: left and right are not known", fix)


def _itk_words(error: Exception) -> str:
    """The last line of an error of ITK, without the names of its own files."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return re.sub(r"^.*?: ", "", lines[-1]) if lines else "it is damaged"


READERS: dict[str, Callable[[Path, bytes], Loaded]] = {
    ".mgz": _mgh,
    ".mgh": _mgh,
    ".hdr": _pair,
    ".hdr.gz": _pair,
    **dict.fromkeys(ITK, _itk),
}
