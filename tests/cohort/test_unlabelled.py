"""Scans without a label: refused with the file that may be it, left out by name, or healthy volumes."""

from pathlib import Path
from typing import Any

import pytest
from balls import AFFINE, ball, head, write

from sadm.cohort.sheet import cohort
from sadm.runtime.errors import DataError
from sadm.runtime.files import read_table
from sadm.study import registry

LABEL = "label-cavity_mask.nii.gz"


def bids(root: Path) -> Path:
    write(root / "sub-01/anat/sub-01_T1w.nii.gz", head(1), AFFINE)
    write(root / f"sub-01/anat/sub-01_T1w_{LABEL}", ball(), AFFINE)
    write(root / "sub-02/anat/sub-02_T1w.nii.gz", head(2), AFFINE)
    write(root / f"sub-02/anat/sub-02_{LABEL}", ball(2.4), AFFINE)
    return root


def brats(root: Path) -> Path:
    for number, label in (("001", "BraTS20_Training_001_seg.nii"), ("355", "W39_1998.09.19_T.nii")):
        place = root / f"BraTS20_Training_{number}"
        write(place / f"{place.name}_t1.nii", head(int(number)), AFFINE)
        write(place / label, ball(3 if number == "001" else 2.4), AFFINE)
    return root


def run(
    importer: str, path: Path, annotated: bool = True, missing: str = "stop", **given: Any
) -> list[dict[str, str]]:
    options = registry.declared("data", importer)[1] | {"path": str(path)} | given
    cohort("set", importer, options, annotated, path / "sheet.tsv", missing=missing)
    return read_table(path / "sheet.tsv")


def test_a_label_of_another_name_is_named_with_the_option_that_takes_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(
        DataError,
        match=rf"sub-01_T1w_{LABEL} may be it; fix: set options.lesion(.|\n)*sub-02_{LABEL} may be it",
    ):
        run("bids", bids(tmp_path))
    assert [row["lesion"] for row in run("bids", tmp_path, annotated=False)] == ["", ""]
    said = capsys.readouterr().out
    assert f"note: sub-02 has no lesion label; {tmp_path}/sub-02/anat/sub-02_{LABEL} may be it" in said
    assert "'*label-cavity_mask'" in said
    rows = run("bids", tmp_path, lesion="*label-cavity_mask")
    assert [Path(row["lesion"]).name for row in rows] == [f"sub-01_T1w_{LABEL}", f"sub-02_{LABEL}"]


def test_the_only_other_image_of_a_patient_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        DataError,
        match=r"W39_1998\.09\.19_T\.nii may be it; fix: rename it to BraTS20_Training_355_seg\.nii",
    ):
        run("brats", brats(tmp_path))


def test_scans_without_a_label_are_left_out_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = run("brats", brats(tmp_path), missing="exclude")
    assert [row["scan"] for row in rows] == ["sub-BraTS20Training001"]
    assert (
        "1 scans have no lesion label and are left out (missing_lesions: exclude): sub-BraTS20Training355"
        in capsys.readouterr().out
    )


def test_scans_without_a_label_are_healthy_if_the_study_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = run("brats", brats(tmp_path), missing="empty")
    assert [bool(row["lesion_ml"]) for row in rows] == [True, False]
    assert "count as healthy volumes" in capsys.readouterr().out


def test_other_images_of_a_healthy_person_are_no_candidates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "sub-01/anat/sub-01_T1w.nii.gz", head(1), AFFINE)
    write(tmp_path / "sub-01/anat/sub-01_T2w.nii.gz", head(2), AFFINE)
    write(
        tmp_path / "derivatives/x/sub-01/anat/sub-01_desc-brain_mask.nii.gz",
        (head(1) > 0).astype("uint8"),
        AFFINE,
    )
    write(tmp_path / "derivatives/x/sub-01/anat/sub-01_label-GM_probseg.nii.gz", head(3), AFFINE)
    run("bids", tmp_path, annotated=False)
    assert "may be it" not in capsys.readouterr().out
    with pytest.raises(
        DataError,
        match="has no lesion label, in a data set of annotated patients; fix: add its label; or set missing_lesions",
    ):
        run("bids", tmp_path)


def test_the_empty_labels_of_the_demos_healthy_heads_are_in_nobodys_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (1, 2):
        stem = tmp_path / f"set/sub-healthy00{number}"
        write(Path(f"{stem}_T1w.nii.gz"), head(number), AFFINE)
        write(Path(f"{stem}_label-lesion_mask.nii.gz"), 0 * ball(), AFFINE)
    run("demo", tmp_path, annotated=False, count=2)
    said = capsys.readouterr().out
    assert "may be it" not in said
    assert "2 of 4 images used; 2 not: 2 empty labels of healthy heads" in said
