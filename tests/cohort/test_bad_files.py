"""Covers sadm.cohort.sheet: bad files of all data sets at once, scans that are excluded by name, and the tables beside a sheet."""

import os
import time
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from sadm.cohort import examine, sheet
from sadm.runtime.errors import ConfigError, DataError
from sadm.runtime.files import read_table
from sadm.study import registry
from sadm.study.study import Study

AFFINE = np.diag([2.0, 2, 2, 1])


def scan(path: Path, seed: int, factor: float = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = np.random.default_rng(seed).integers(1, 1000, (16, 16, 16)) * factor
    nib.save(nib.Nifti1Image(data.astype(np.float32), AFFINE), path)
    return path


def said(root: Path, importer: str = "folder", **options: Any) -> dict[str, Any]:
    options = registry.declared("data", importer)[1] | {"path": str(root)} | options
    return {"importer": importer, "options": options, "annotated": False}


def table(root: Path, kind: str) -> list[dict[str, str]]:
    return read_table(sheet.beside(root / "set.tsv", kind))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three scans, one of them no image."""
    for number in range(3):
        scan(tmp_path / f"set/p{number}.nii", number)
    (tmp_path / "set/p1.nii").write_text("x" * 400)
    return tmp_path


def test_all_problems_of_all_data_sets_are_in_one_error(folder: Path) -> None:
    for name in ("b", "c"):
        (folder / name).mkdir()
    (folder / "b/broken.nii").write_text("xx")
    others = {
        "b": said(folder / "b"),
        "c": said(folder / "c"),
        "gone": said(folder / "gone"),
        "demo": said(folder / "demo", "demo"),
    }
    with pytest.raises(DataError) as error:
        sheet.cohort("set", **said(folder / "set"), out=folder / "set.tsv", others=others)
    assert "files of data sets 'b', 'c', 'gone', 'set' cannot be used" in error.value.what
    lines = error.value.cause.strip().splitlines()
    assert [line.partition(":")[0].strip() for line in lines] == [
        str(folder / name) for name in ("b/broken.nii", "c", "gone", "set/p1.nii")
    ], "of the demo's heads nothing is said: they are made"
    assert all("; fix: " in line for line in lines)
    assert "cohort: {on_bad_file: exclude}" in error.value.fix
    assert not list(folder.glob("*.tsv"))


def test_other_data_sets_are_not_read_if_this_one_is_right(folder: Path) -> None:
    (folder / "set/p1.nii").unlink()
    sheet.cohort("set", **said(folder / "set"), out=folder / "set.tsv", others={"b": said(folder / "gone")})
    assert len(read_table(folder / "set.tsv")) == 2
    assert table(folder, "excluded") == []


def test_excluded_scans_are_named_everywhere(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scan(folder / "set/p3.nii", 2, 0.5)
    sheet.cohort("set", **said(folder / "set"), out=folder / "set.tsv", on_bad_file="exclude")
    assert [row["scan"] for row in read_table(folder / "set.tsv")] == ["sub-p0"]
    left = {row["scan"]: row for row in table(folder, "excluded")}
    assert sorted(left) == ["sub-p1", "sub-p2", "sub-p3"]
    assert left["sub-p1"]["file"] == str(folder / "set/p1.nii")
    assert left["sub-p1"]["fix"]
    assert left["sub-p2"]["cause"].startswith(
        f"the same head as {folder / 'set/p3.nii'}, its values scaled or shifted"
    )
    files = {row["file"]: row for row in table(folder, "files")}
    assert files["p0.nii"]["used_as"] == "t1"
    assert files["p1.nii"]["used_as"] == ""
    assert files["p1.nii"]["why_not"].startswith("excluded: p1.nii: An image cannot be read")
    notes = [row["note"] for row in table(folder, "notes")]
    assert notes[0].startswith("1 of 4 images used; 3 not: 3 excluded")
    assert not any(str(folder) in note for note in notes)
    assert any(note.startswith("excluded: sub-p1: p1.nii") for note in notes)
    assert "excluded: sub-p1" in capsys.readouterr().out


def test_a_data_set_of_which_nothing_is_left_stops(folder: Path) -> None:
    for number in (0, 2):
        (folder / f"set/p{number}.nii").write_text("x")
    with pytest.raises(DataError, match="3 files of data set 'set'"):
        sheet.cohort("set", **said(folder / "set"), out=folder / "set.tsv", on_bad_file="exclude")


def test_a_t1_that_was_not_fetched_is_excluded_by_name(folder: Path) -> None:
    (folder / "set/p1.nii").unlink()
    (folder / "set/p1.nii").symlink_to("not/fetched")
    sheet.cohort("set", **said(folder / "set"), out=folder / "set.tsv", on_bad_file="exclude")
    (left,) = table(folder, "excluded")
    assert "leads nowhere" in left["cause"]


def test_a_mask_that_a_name_does_not_tell_is_no_t1(tmp_path: Path) -> None:
    scan(tmp_path / "set/p0.nii", 0)
    data = np.zeros((16, 16, 16), np.uint8)
    data[4:9] = 1
    nib.save(nib.Nifti1Image(data, AFFINE), tmp_path / "set/p0_x.nii")
    with pytest.raises(
        DataError, match=r"p0_x\.nii: a mask, no T1(.|\n)*options lesion and brain_mask, and narrow t1"
    ):
        sheet.cohort("set", **said(tmp_path / "set"), out=tmp_path / "set.tsv")


@pytest.mark.parametrize("ahead", [-100, 30, 3600, 2e9])
def test_a_file_from_the_future_is_named(tmp_path: Path, ahead: float) -> None:
    path = scan(tmp_path / "set/p0.nii", 0)
    os.utime(path, (time.time() + ahead,) * 2)
    if ahead <= examine.AHEAD:
        sheet.cohort("set", **said(tmp_path / "set"), out=tmp_path / "set.tsv")
        return
    with pytest.raises(
        DataError, match=r"its time lies ahead: \d{4}-\d\d-\d\d \d\d:\d\d; fix: set it to now: touch"
    ):
        sheet.cohort("set", **said(tmp_path / "set"), out=tmp_path / "set.tsv")


def test_masks_that_no_step_uses_are_not_read(tmp_path: Path) -> None:
    scan(tmp_path / "set/sub-01/anat/sub-01_T1w.nii.gz", 0)
    place = tmp_path / "set/derivatives/p/sub-01/anat"
    place.mkdir(parents=True)
    (place / "sub-01_desc-brain_mask.nii.gz").symlink_to("not/fetched")
    given = said(tmp_path / "set", "bids")
    sheet.cohort("set", **given, masks=False, out=tmp_path / "set.tsv")
    assert read_table(tmp_path / "set.tsv")[0]["brain_mask"] == ""
    assert "a link to nothing" in table(tmp_path, "notes")[0]["note"]
    with pytest.raises(DataError, match="leads nowhere"):
        sheet.cohort("set", **given, masks=True, out=tmp_path / "set.tsv")


def test_a_study_says_how_its_data_sets_are_checked(tmp_path: Path) -> None:
    paths = {name: str(scan(tmp_path / name / "p0.nii", n).parent) for n, name in enumerate("ab")}
    sets = {
        name: {"importer": "folder", "brain": brain, "options": {"path": paths[name]}}
        for name, brain in (("a", "given"), ("b", "deepbet"))
    }
    study = Study.from_config({"name": "case", "datasets": sets})
    assert [study.listed(name)["masks"] for name in "ab"] == [True, False]
    assert list(study.others("a")) == ["b"]
    before = study.sizes("a"), study.sizes("a", "sub-p0"), study.sizes("b")
    scan(tmp_path / "a/p0.nii", 5)
    os.utime(tmp_path / "a/p0.nii", (1e9, 1e9))
    assert (study.sizes("a"), study.sizes("a", "sub-p0"), study.sizes("b")) == before
    with open(tmp_path / "a/p0.nii", "ab") as stream:
        stream.write(b"more")
    assert study.sizes("a") != before[0]
    assert study.sizes("a", "sub-p0") != before[1]
    assert Study.from_config({"name": "d", "datasets": {"h": {"importer": "demo"}}}).sizes("h") == ""


def test_a_data_set_cannot_have_the_name_of_a_table_beside_a_sheet() -> None:
    sets = {name: {"importer": "demo"} for name in ("healthy", "healthy_files")}
    with pytest.raises(ConfigError, match=r"datasets\.healthy_files: the name is taken"):
        Study.from_config({"name": "case", "datasets": sets})
    Study.from_config(
        {"name": "case", "datasets": {name: {"importer": "demo"} for name in ("healthy", "ill_files")}}
    )


def test_listing_errors_of_all_data_sets_are_told_at_once(tmp_path: Path) -> None:
    sets = {name: {"importer": "folder", "options": {"path": str(tmp_path / name)}} for name in "ab"}
    with pytest.raises(
        DataError,
        match=r"2 data sets cannot be listed(.|\n)*/a: A data set is not there(.|\n)*/b: A data set",
    ):
        Study.from_config({"name": "case", "datasets": sets}).scans("a")
