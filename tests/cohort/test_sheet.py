"""The cohort check reports every kind of broken file, all at once, and writes a true sheet otherwise."""

import csv
import gzip
import re
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from sadm.cohort import examine
from sadm.cohort import sheet as cohort
from sadm.data.base import Scan
from sadm.runtime import files, labels
from sadm.runtime.errors import DataError

AFFINE = np.diag([2.0, 2, 2, 1])
OPTIONS = {"path": "", "table": ""}


def volume(number: int, shape: tuple[int, ...] = (16, 16, 16)) -> np.ndarray:
    return np.random.default_rng(number).integers(1, 1000, shape).astype(np.int16)


def write(path: Path, data: np.ndarray, affine: np.ndarray = AFFINE) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(data, affine), path)
    return str(path)


def label(voxels: int) -> np.ndarray:
    data = np.zeros(16**3, np.uint8)
    data[:voxels] = 4
    return data.reshape(16, 16, 16)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """An official BraTS tree of three patients, one with an empty label."""
    for number, voxels in enumerate((10, 200, 0)):
        name = f"BraTS2021_{number:05}"
        write(tmp_path / name / f"{name}_t1.nii.gz", volume(number))
        write(tmp_path / name / f"{name}_seg.nii.gz", label(voxels))
    return tmp_path


def sheet(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


@pytest.mark.parametrize("threads", [1, 2])
def test_sheet(tree: Path, threads: int, capsys: pytest.CaptureFixture[str]) -> None:
    cohort.cohort("tumour", "brats", {"path": str(tree)}, True, tree / "out.tsv", threads)
    rows = sheet(tree / "out.tsv")
    assert tuple(rows[0]) == cohort.COLUMNS
    assert [row["scan"] for row in rows] == [f"sub-BraTS20210000{n}" for n in range(3)]
    assert [row["lesion_ml"] for row in rows] == ["0.080", "1.600", "0.000"], "voxels of 8 mm3"
    assert len({row["sha256"] for row in rows}) == 3
    assert "1 lesion labels are empty: sub-BraTS202100002" in capsys.readouterr().out


def test_sheet_has_the_table_of_subjects(tmp_path: Path) -> None:
    write(tmp_path / "IXI002-Guys-0828-T1.nii.gz", volume(0))
    (tmp_path / "IXI.csv").write_text('IXI_ID,"SEX_ID (1=m, 2=f)",AGE\n2,2,35.5\n')
    cohort.cohort("ixi", "ixi", OPTIONS | {"path": str(tmp_path)}, False, tmp_path / "out.tsv")
    (row,) = sheet(tmp_path / "out.tsv")
    assert (row["subject"], row["age"], row["sex"], row["site"], row["lesion"], row["lesion_ml"]) == (
        "IXI002",
        "35.5",
        "F",
        "Guys",
        "",
        "",
    )


def broken(root: Path) -> dict[str, tuple[Scan, str]]:
    """A scan for each kind of problem: file with the problem -> scan, what the report says of it."""
    nan, flat = volume(20).astype(np.float32), np.full((16, 16, 16), 7, np.int16)
    nan[3, 3, 3] = np.nan
    shifted = AFFINE.copy()
    shifted[0, 3] = 1.0
    made: dict[str, tuple[Scan, str]] = {}

    def add(kind: str, says: str, t1: str, broken_file: str = "", **others: str) -> None:
        made[broken_file or t1] = Scan("d", kind, "", t1, **others), says

    add("missing", "no such file", str(root / "missing.nii.gz"))
    add("four", r"not 3-D.*\(16, 16, 16, 2\)", write(root / "four.nii.gz", volume(1, (16, 16, 16, 2))))
    add("slice", "not a volume", write(root / "slice.nii.gz", volume(2, (16, 16, 1))))
    add("zero", "all voxels are 0", write(root / "zero.nii.gz", np.zeros((16, 16, 16), np.int16)))
    add("flat", "all voxels are 7", write(root / "flat.nii.gz", flat))
    add("nan", "no numbers.*1 NaN", write(root / "nan.nii.gz", nan))
    add("void", "cannot be read", str(root / "void.nii.gz"))
    (root / "void.nii.gz").touch()
    add("text", "cannot be read", str(root / "text.nii"))
    (root / "text.nii").write_text("not an image" * 100)
    cut = Path(write(root / "cut.nii.gz", volume(3)))
    cut.write_bytes(cut.read_bytes()[:2000])
    add("cut", "cannot be read", str(cut))
    for kind, says, at, edit in (
        ("type", "cannot be read", 70, b"\x63\x27"),
        ("plane", "no usable affine", 312, bytes(16)),
    ):
        path = Path(write(root / f"{kind}.nii.gz", volume(at)))
        whole = gzip.decompress(path.read_bytes())  # byte 70: datatype, 312: third row of the affine
        path.write_bytes(gzip.compress(whole[:at] + edit + whole[at + len(edit) :]))
        add(kind, says, str(path))
    for kind, data, affine, says in (
        ("shape", label(9)[:8], AFFINE, r"another grid.*\(8, 16, 16\)"),
        ("affine", label(9), shifted, "another grid.*1 mm"),
        ("cutlabel", label(9), AFFINE, "cannot be read"),
    ):
        lesion = write(root / f"{kind}_lesion.nii.gz", data, affine)
        add(kind, says, write(root / f"{kind}.nii.gz", volume(100 + len(made))), lesion, lesion=lesion)
    Path(lesion).write_bytes(Path(lesion).read_bytes()[:40])
    for kind, data, affine, says in (
        ("grid", label(99), shifted, "brain mask on another grid"),
        ("empty", label(0), AFFINE, "mask is empty"),
    ):
        mask = write(root / f"{kind}_mask.nii.gz", data, affine)
        add(kind, says, write(root / f"{kind}.nii.gz", volume(100 + len(made))), mask, brain_mask=mask)
    flipped = np.ascontiguousarray(volume(50)[::-1].transpose(1, 0, 2))
    other_order = np.array([[0, -2.0, 0, 30], [2, 0, 0, 0], [0, 0, 2, 0], [0, 0, 0, 1]])
    copies = [
        write(root / "copy1.nii.gz", volume(50)),
        write(root / "copy2.nii", volume(50).astype(np.float32)),
        write(root / "copy3.nii.gz", flipped, other_order),
    ]
    for copy in copies:
        others = [Path(path).name for path in copies if path != copy]
        add(Path(copy).name[:5], f"same voxels as .*{others[0]}.*{others[1]}", copy)
    return made


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
    made = broken(tmp_path)
    good = [Scan("d", f"good{n}", "", write(tmp_path / f"good{n}.nii.gz", volume(200 + n))) for n in range(3)]
    with pytest.raises(DataError) as error:
        cohort.check([*good, *(scan for scan, _ in made.values())], threads=2)
    lines = [line.strip() for line in error.value.cause.strip().splitlines()]
    assert len(lines) == len(made), "one line a broken file, none for a good one"
    for path, (_, says) in made.items():
        (line,) = [line for line in lines if line.startswith(f"{path}: ")]
        assert re.search(says, line), line
    assert f"{len(made)} files" in error.value.what
    assert error.value.fix


def test_all_good_files_pass(tmp_path: Path) -> None:
    nearly = AFFINE.copy()
    nearly[:3, 3] += 0.01
    t1 = write(tmp_path / "t1.nii.gz", volume(1, (16, 16, 16, 1)))
    masks = {
        kind: write(tmp_path / f"{kind}.nii.gz", label(count), nearly)
        for kind, count in (("lesion", 500), ("brain_mask", 1500))
    }
    (found,) = cohort.check([Scan("d", "s", "", t1, **masks)])
    assert found.lesion_ml == pytest.approx(4.0)


def test_missing_t1_and_label_of_an_official_tree(tree: Path) -> None:
    (tree / "BraTS2021_00000/BraTS2021_00000_t1.nii.gz").unlink()
    (tree / "BraTS2021_00001/BraTS2021_00001_seg.nii.gz").unlink()
    with pytest.raises(
        DataError, match=r"00000_t1.nii.gz: .*no such file(.|\n)*00001_t1.nii.gz: has no lesion label"
    ):
        cohort.cohort("tumour", "brats", {"path": str(tree)}, True, tree / "out.tsv")
    assert not (tree / "out.tsv").exists()


def test_one_problem_names_the_file(tree: Path) -> None:
    bad = tree / "BraTS2021_00002/BraTS2021_00002_seg.nii.gz"
    write(bad, label(0)[:8])
    with pytest.raises(DataError) as error:
        cohort.cohort("tumour", "brats", {"path": str(tree)}, True, tree / "out.tsv")
    assert error.value.file == str(bad)


def test_each_file_is_read_once(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read, load = [], files.load_nifti
    for module in (examine, labels):
        monkeypatch.setattr(module, "load_nifti", lambda path: (read.append(path), load(path))[1])
    cohort.cohort("tumour", "brats", {"path": str(tree)}, True, tree / "out.tsv", 2)
    assert sorted(read) == sorted(map(str, tree.glob("*/*.nii.gz")))


def test_real_patients(shared_data: Path, tmp_path: Path) -> None:
    cohort.cohort(
        "brats",
        "brats",
        {"path": str(shared_data / "BraTS2021_Training_Data")},
        True,
        tmp_path / "out.tsv",
        2,
    )
    assert all(10 < float(row["lesion_ml"]) < 300 for row in sheet(tmp_path / "out.tsv"))
