"""Files in and out: atomic writes, checked NIfTI, JSON."""

import gzip
import json
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sadm.errors import DataError

if TYPE_CHECKING:
    import nibabel as nib
    import numpy as np


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Yield a path beside ``path`` with the same suffixes; on success it takes the name ``path``, else it is removed."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    tmp = path.with_name(f".tmp{os.getpid()}_{path.name}")
    try:
        yield tmp
        os.replace(tmp, path)
    finally:
        tmp.unlink(missing_ok=True)


def write_text(text: str, path: str | Path) -> None:
    """Write ``text`` (UTF-8) atomically."""
    with atomic(path) as tmp:
        tmp.write_text(text, encoding="utf-8")


def write_json(obj: Any, path: str | Path) -> None:
    """Write ``obj`` atomically as indented JSON with sorted keys, so that equal content is equal bytes."""
    write_text(json.dumps(obj, indent=1, sort_keys=True, allow_nan=False) + "\n", path)


def read_json(path: str | Path) -> Any:
    """Read a JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def load_nifti(path: str | Path) -> "nib.Nifti1Image":
    """Load a 3-D NIfTI image as float32, whole file read and checked (trailing axes of length 1 are dropped).

    Raises DataError: missing, unreadable or truncated, not 3-D, a singular affine, NaN or infinite voxels.
    """
    import nibabel as nib
    import numpy as np

    fix = "replace the file by a readable 3-D T1-weighted NIfTI image"
    if not Path(path).is_file():
        raise DataError(
            "An image is missing.", file=path, cause="no such file", fix="check the path in the config"
        )
    try:
        image = cast("nib.Nifti1Image", nib.load(path))
        data = np.asarray(image.dataobj, dtype=np.float32)
    except (
        OSError,
        EOFError,
        ValueError,
        TypeError,
        zlib.error,
        nib.filebasedimages.ImageFileError,
        nib.spatialimages.HeaderDataError,
        nib.wrapstruct.WrapStructError,
    ) as error:
        raise DataError(
            "An image cannot be read.", file=path, cause=f"{type(error).__name__}: {error}", fix=fix
        ) from error
    while data.ndim > 3 and data.shape[-1] == 1:
        data = data[..., 0]
    if data.ndim != 3:
        raise DataError("An image is not 3-D.", file=path, cause=f"its shape is {data.shape}", fix=fix)
    if not np.isfinite(data).all():
        count = int((~np.isfinite(data)).sum())
        raise DataError(
            "An image has voxels that are no numbers.", file=path, cause=f"{count} NaN or infinite", fix=fix
        )
    if (
        image.affine is None
        or not np.isfinite(image.affine).all()
        or abs(np.linalg.det(image.affine[:3, :3])) < 1e-6
    ):
        raise DataError("An image has no usable affine.", file=path, cause="singular or not finite", fix=fix)
    return nib.Nifti1Image(data, image.affine)


def save_nifti(array: "np.ndarray", affine: "np.ndarray", path: str | Path) -> None:
    """Write ``array`` [X, Y, Z] with ``affine`` (voxel to RAS+ mm) as ``.nii.gz``: atomic, equal content is equal bytes."""
    import nibabel as nib

    image = nib.Nifti1Image(array, affine)
    image.header.set_xyzt_units("mm")
    image.set_sform(affine, code=1)
    image.set_qform(affine, code=1)
    with (
        atomic(path) as tmp,
        open(tmp, "wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=3, mtime=0) as out,
    ):
        out.write(image.to_bytes())
