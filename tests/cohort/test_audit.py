"""The audit passes clean splits, counts them, and refuses each kind of overlap by name."""

import csv
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from sadm.cohort.audit import audit
from sadm.cohort.prints import print_of
from sadm.cohort.splits import read, splits
from sadm.runtime.errors import SplitError

Edit = Callable[[list[dict[str, str]], list[dict[str, str]]], object]


def write(path: Path, rows: list[dict[str, str]]) -> None:
    with open(path, "w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Sheets and splits of a healthy and an annotated data set, 20 subjects of two sessions each."""
    for name, role in (("ixi", "healthy"), ("brats", "annotated")):
        write(
            tmp_path / f"{name}.tsv",
            [
                {"dataset": name, "subject": f"s{n:02}", "scan": f"sub-s{n:02}_ses-{k}", "t1": f"{name}/{n}_{k}.nii", "age": "",
                 "sex": "", "site": "", "sha256": f"{name}{n:02}{k}", "lesion_ml": f"{n}"}
                for n in range(20) for k in range(2)
            ],
        )  # fmt: skip
        splits(
            tmp_path / f"{name}.tsv",
            tmp_path / f"{name}_splits.tsv",
            role,
            2,
            1,
            test=5,
            val=3,
            annotated=6,
            annotated_val=2,
        )
    return tmp_path


def run(study: Path) -> None:
    splits = [study / f"{name}_splits.tsv" for name in ("brats", "ixi")]
    sheets = [study / f"{name}.tsv" for name in ("ixi", "brats")]
    audit(splits, sheets, study / "audit.tsv")


def edit(study: Path, name: str, change: Edit) -> None:
    sheet, split = read(study / f"{name}.tsv"), read(study / f"{name}_splits.tsv")
    change(sheet, split)
    write(study / f"{name}.tsv", sheet)
    write(study / f"{name}_splits.tsv", split)


def first(split: list[dict[str, str]], part: str, fold: str = "0") -> dict[str, str]:
    return next(row for row in split if row["set"] == part and row["fold"] == fold)


def test_counts(study: Path) -> None:
    run(study)
    found = {
        (row["dataset"], row["fold"], row["set"]): (row["scans"], row["subjects"])
        for row in read(study / "audit.tsv")
    }
    assert len(found) == 12
    assert found["ixi", "0", "test"] == ("10", "5")
    assert found["ixi", "1", "train"] == ("24", "12")
    assert found["brats", "1", "train"] == ("8", "4")
    assert found["brats", "0", "test"] == ("28", "14")


def test_same_subject_ids_of_two_data_sets_are_two_people(study: Path) -> None:
    run(study)


@pytest.mark.parametrize("pair", [("train", "val"), ("train", "test"), ("val", "test")])
@pytest.mark.parametrize("name", ["ixi", "brats"])
def test_image_in_two_sets(study: Path, name: str, pair: tuple[str, str]) -> None:
    def copy(sheet: list[dict[str, str]], split: list[dict[str, str]]) -> None:
        rows = {row["scan"]: row for row in sheet}
        one, other = (rows[first(split, part)["scan"]] for part in pair)
        other["sha256"] = one["sha256"]

    edit(study, name, copy)
    with pytest.raises(SplitError, match=rf"{name}: image .* is in .* of fold 0"):
        run(study)
    assert not (study / "audit.tsv").exists()


def test_subject_in_two_sets(study: Path) -> None:
    edit(study, "ixi", lambda sheet, split: first(split, "test").update(set="train"))
    with pytest.raises(
        SplitError, match=r"ixi: subject s\d\d \(sub-s.*ses-0, sub-s.*ses-1\) is in test and train of fold 0"
    ):
        run(study)


def test_test_subject_trained_on_in_another_fold(study: Path) -> None:
    def swap(sheet: list[dict[str, str]], split: list[dict[str, str]]) -> None:
        subject = first(split, "test")["subject"]
        for row in split:
            if row["subject"] == subject and row["fold"] == "1":
                row["set"] = "train"

    edit(study, "ixi", swap)
    with pytest.raises(SplitError, match="test and train of different folds"):
        run(study)


def test_image_in_two_data_sets(study: Path) -> None:
    edit(study, "brats", lambda sheet, split: sheet[7].update(sha256="ixi031"))
    with pytest.raises(SplitError, match=r"ixi/sub-s03_ses-1 \(ixi/3_1.nii\) and brats/sub-s03_ses-1"):
        run(study)


def test_all_overlaps_are_named_together_with_unknown_scans(study: Path) -> None:
    edit(study, "ixi", lambda sheet, split: first(split, "test").update(set="train"))
    edit(
        study,
        "brats",
        lambda sheet, split: (sheet[7].update(sha256="ixi031"), split.append(split[0] | {"scan": "sub-x"})),
    )
    with pytest.raises(SplitError, match="3 cases") as error:
        run(study)
    assert "brats: sub-x is in the splits, not in the sheet" in str(error.value)


@pytest.mark.parametrize("kind", ["ixi", "ixi_splits"])
def test_a_data_set_of_a_sheet_or_splits_alone(study: Path, kind: str) -> None:
    rows = read(study / f"{kind}.tsv")
    write(study / f"{kind}.tsv", [row | {"dataset": "other"} for row in rows])
    with pytest.raises(SplitError, match="other: it has a sheet or splits, not both"):
        run(study)


def test_one_head_with_scaled_values_in_two_data_sets(study: Path) -> None:
    heads = np.random.default_rng(0).random((2, 20, 20, 20)).astype(np.float32)
    made = {"ixi": (heads[0], heads[1]), "brats": (heads[1] * 1000 - 7, heads[0] ** 2)}
    for name, images in made.items():
        rows = [
            {"dataset": name, "scan": f"sub-s0{n}_ses-0", "t1": f"{name}/{n}.nii", "print": print_of(nib.Nifti1Image(data, np.eye(4)))}
            for n, data in enumerate(images)
        ]  # fmt: skip
        write(study / f"{name}_prints.tsv", rows)
    splits, sheets, prints = ([study / f"{n}{kind}.tsv" for n in made] for kind in ("_splits", "", "_prints"))
    with pytest.raises(
        SplitError,
        match=r"1 cases(.|\n)*brats/sub-s00_ses-0 \(brats/0.nii\) and ixi/sub-s01_ses-0 \(ixi/1.nii\) are one head",
    ):
        audit(splits, sheets, study / "audit.tsv", prints)
    audit(splits, sheets, study / "audit.tsv", prints[:1])
