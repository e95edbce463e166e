"""Nothing of a scan's header, nor of its gzip header, reaches a log, a table, an image or an array."""

import gzip
import struct
import time
import zlib
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from types import SimpleNamespace

import nibabel as nib
import numpy as np
import pytest
from images import voxels

from sadm.cohort.sheet import cohort
from sadm.runtime.files import save_nifti
from sadm.runtime.job import to_log
from sadm.study.keys.preparation import Quality

FIELDS = {"data_type": 10, "db_name": 18, "descrip": 80, "aux_file": 24, "intent_name": 16}
SECRET = b"Zq9"  # begins each planted string
DATE = 0x5AC0FFEE  # the gzip header's time
SHAPE = (30, 36, 30)
GRID = {"shape": [24, 24, 20], "spacing": 4.0}


def planted(path: Path, data: np.ndarray, affine: np.ndarray) -> None:
    """Write ``data`` with a secret in every text field, in three extensions, and in the gzip header."""
    image = nib.Nifti1Image(data, affine)
    for name, size in FIELDS.items():
        image.header[name] = (SECRET + name.encode() + b"DOE^JANE 19700101" * 5)[:size]
    for code in ("comment", 2, 32):  # text, DICOM, anything
        content = SECRET + b"extension PatientName DOE^JANE"
        image.header.extensions.append(nib.nifti1.Nifti1Extension(code if code != 2 else 4, content))
    head = b"\x1f\x8b\x08" + bytes([4 | 8 | 16]) + struct.pack("<I", DATE) + b"\x00\x03"
    head += struct.pack("<H", 7) + SECRET + b"xtra" + SECRET + b"DOE_JANE.nii\0" + SECRET + b"comment\0"
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    whole = image.to_bytes()
    body = packer.compress(whole) + packer.flush()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(head + body + struct.pack("<II", zlib.crc32(whole), len(whole) & 0xFFFFFFFF))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A data set of one patient in a small SRI24 of 4 mm, and its brain."""
    folder = tmp_path_factory.mktemp("private")
    affine = np.diag([4.0, 4, 4, 1])
    affine[:3, 3] = -60, -72, -60
    x, y, z = (np.indices(SHAPE) - np.reshape(SHAPE, (3, 1, 1, 1)) / 2) / np.reshape(
        (12, 14, 12), (3, 1, 1, 1)
    )
    inside = x**2 + y**2 + z**2 < 1
    t1 = (inside * (500 + voxels(0, SHAPE) % 100)).astype(np.int16)
    name = folder / "data" / "BraTS2021_00000" / "BraTS2021_00000"
    planted(Path(f"{name}_t1.nii.gz"), t1, affine)
    lesion = np.zeros(SHAPE, np.uint8)
    lesion[12:18, 14:20, 12:18] = 1
    planted(Path(f"{name}_seg.nii.gz"), lesion, affine)
    save_nifti((inside * 600).astype(np.int16), affine, folder / "template.nii.gz")
    return SimpleNamespace(
        folder=folder,
        t1=f"{name}_t1.nii.gz",
        lesion=f"{name}_seg.nii.gz",
        template=str(folder / "template.nii.gz"),
    )


def chain(made: SimpleNamespace, out: Path) -> None:
    """Cohort check and all steps of the preprocessing, with their logs, into ``out``."""
    from sadm.preprocess.bias import bias
    from sadm.preprocess.brain import brain
    from sadm.preprocess.grid import grid
    from sadm.preprocess.pack import pack
    from sadm.preprocess.refine import refine
    from sadm.preprocess.register import register

    kind = {"space": "sri24", "stripped": True}
    limits = {f.name: f.default if f.default is not MISSING else f.default_factory() for f in fields(Quality)}  # type: ignore[misc]
    limits |= {"brain_ml": [50, 100, 3000, 4000], "overlap": [0.4, 0.5]}
    start, mask, refined, field = (
        str(out / name) for name in ("a.mat", "mask.nii.gz", "b.mat", "field.nii.gz")
    )
    files = {name: str(out / f"{name}.nii.gz") for name in ("t1", "brain", "lesion")} | {
        "qc": str(out / "qc.json"),
        "picture": str(out / "a.png"),
    }
    arrays = {name: str(out / f"{name}.npy") for name in ("t1", "brain", "lesion")}
    arrays |= {name: str(out / f"{name}.tsv") for name in ("scans", "excluded")}
    template, raw = made.template, {"t1": "bids:raw:t1.nii.gz"}
    steps = {
        "cohort": lambda: cohort("set", "brats", {"path": str(made.folder / "data")}, True, out / "sheet.tsv"),
        "register": lambda: register(made.t1, template, template, start, iterations=[1], retry_below=0.0, refine_retry_below=0.0, seed=1, grid=GRID, **kind),
        "brain": lambda: brain(made.t1, start, template, "", mask, method="none", raw=raw),
        "refine": lambda: refine(made.t1, mask, start, template, refined, refine_iterations=[1], refine_retry_below=0.0, seed=1, space="sri24"),
        "bias": lambda: bias(
            made.t1, mask, start, refined, template, field, space="sri24", grid=GRID, shrink=1, iterations=[2], tolerance=0.1
        ),
        "grid": lambda: grid(
            made.t1, mask, start, refined, field, made.lesion, template, files, dataset="set", scan="sub-1",
            space="sri24", grid=GRID | {"downsample": 2, "crop": 1}, limits=limits, raw=raw,
        ),
        "pack": lambda: pack(
            {name: {"sub-1": files[name]} for name in ("t1", "brain", "lesion")}, [files["qc"]], arrays,
            on_failure="stop", on_unusual="keep", dataset="set",
        ),
    }  # fmt: skip
    for name, step in steps.items():
        with to_log(str(out / f"{name}.log")):
            step()


def contents(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file below ``folder``, as it lies and unpacked."""
    for path in (path for path in folder.rglob("*") if path.is_file()):
        yield path, path.read_bytes()
        if path.suffix == ".gz":
            yield path, gzip.decompress(path.read_bytes())


def tells(content: bytes) -> bool:
    """Whether ``content`` has something of what was planted, in any of the usual encodings."""
    wide = SECRET.decode().encode("utf-16-le")
    needles = (SECRET.lower(), wide.lower(), b"doe^jane", b"19700101", struct.pack("<I", DATE).lower())
    return any(needle in content.lower() for needle in needles)


def test_the_search_finds_what_is_planted(made: SimpleNamespace) -> None:
    found = {path.name for path, content in contents(made.folder / "data") if tells(content)}
    assert found == {Path(made.t1).name, Path(made.lesion).name}
    header = nib.load(made.t1).header
    assert all(header[name].item().startswith(SECRET) for name in FIELDS)
    assert len(header.extensions) == 3


def test_no_output_tells_it(made: SimpleNamespace, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = dict(contents(made.folder / "data"))
    chain(made, tmp_path)
    files = {path.name for path, _ in contents(tmp_path)}
    assert {"sheet.tsv", "t1.nii.gz", "t1.npy", "field.nii.gz", "qc.json", "grid.log"} <= files
    assert [path for path, content in contents(tmp_path) if tells(content)] == []
    said = capfd.readouterr()
    assert not tells((said.out + said.err).encode())
    assert dict(contents(made.folder / "data")) == before, "the input is untouched"


def test_no_error_tells_it(made: SimpleNamespace, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    whole = bytearray(gzip.decompress(Path(made.t1).read_bytes()))
    for number, (offset, change) in enumerate(
        {70: b"\x0f\x27", 254: b"\0\0", 40: b"\x09\0", 344: b"xyz"}.items()
    ):
        damaged = bytes(whole[:offset] + change + whole[offset + len(change) :])
        path = tmp_path / f"in{number}" / "BraTS2021_00000" / "BraTS2021_00000_t1.nii.gz"
        path.parent.mkdir(parents=True)
        path.write_bytes(gzip.compress(damaged))
        with pytest.raises(SystemExit), to_log(str(tmp_path / f"{number}.log")):
            cohort("set", "brats", {"path": str(tmp_path / f"in{number}")}, False, tmp_path / "sheet.tsv")
        log = (tmp_path / f"{number}.log").read_bytes()
        assert b"DataError" in log
        assert not tells(log)
    assert not tells("".join(capfd.readouterr()).encode())


def test_derived_images_carry_no_time(tmp_path: Path) -> None:
    save_nifti(np.zeros((2, 2, 2), np.uint8), np.eye(4), tmp_path / "a.nii.gz")
    flags, when = struct.unpack("<xxxBI", (tmp_path / "a.nii.gz").read_bytes()[:8])
    assert (flags, when) == (0, 0), f"no name, no comment, no time (now {time.time():.0f})"
