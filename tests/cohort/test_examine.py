"""Covers sadm.cohort.examine, sadm.cohort.plausible.

One scan's files: every odd label is refused with its advice, every right one taken, whatever the order of its axes.
"""

import re
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from balls import AFFINE, SHAPE, ball, head, radius, write

from sadm.cohort.examine import Finding, duplicates, examine, fingerprint, shared_labels
from sadm.data.base import Scan


def scan(
    folder: Path, label: np.ndarray | None = None, affine: np.ndarray = AFFINE, name: str = "p1", **files: str
) -> Scan:
    t1 = write(folder / f"{name}_T1.nii.gz", head(int(name[1:])))
    if label is not None:
        files["lesion"] = write(folder / f"{name}_seg.nii.gz", label, affine)
    return Scan("d", name, "", t1, **files)


def test_fingerprint_tells_one_voxel() -> None:
    one, other = head(), head()
    other[12, 12, 12] += 1
    prints = {
        fingerprint(nib.Nifti1Image(data, AFFINE)) for data in (one, other, one.reshape(12, 56, 22), one * 1)
    }
    assert len(prints) == 2


@pytest.mark.parametrize("change", ["mirrored", "other axes", "padded", "big endian"])
def test_a_copy_stored_another_way_has_the_same_fingerprint(change: str) -> None:
    data = head()
    copy = {
        "mirrored": data[::-1],
        "other axes": data.transpose(2, 0, 1)[:, ::-1],
        "padded": np.pad(data, 3),
        "big endian": data.astype(">f4"),
    }[change]
    assert len({fingerprint(nib.Nifti1Image(each, AFFINE)) for each in (data, copy)}) == 1


WRONG = {
    "inverted": (lambda: 1 - ball(), "background is not 0.*ml in all"),
    "of ones": (lambda: np.ones(SHAPE, np.uint8), "background is not 0: 100%"),
    "the head itself": (lambda: (head() > 0).astype(np.uint8), "more than a lesion can have"),
    "the head but the lesion": (lambda: ((head() > 0) & (ball() == 0)).astype(np.uint8), "more than a lesion can have"),
    "half of a small head": (lambda: (radius((11.5, 13.5, 10.5)) <= 6.9).astype(np.uint8), "more than a lesion can have"),
    "an image": (lambda: head(2), "is no mask: values between"),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRONG)
def test_a_label_that_is_none_is_refused(tmp_path: Path, kind: str) -> None:
    make, says = WRONG[kind]
    found = examine(scan(tmp_path, make()))
    assert found.problems
    assert all(problem.file.endswith("p1_seg.nii.gz") and problem.fix for problem in found.problems)
    assert any(re.search(says, problem.cause) for problem in found.problems), found.problems


def test_most_of_a_small_head_is_no_lesion(tmp_path: Path) -> None:
    small = np.diag([3.0, 3, 3, 1])
    t1 = write(tmp_path / "t1.nii", head(), small)
    lesion = write(
        tmp_path / "seg.nii",
        (radius((11.5, 13.5, 10.5), [0.4 * n for n in SHAPE]) < 1).astype(np.uint8),
        small,
    )
    (problem,) = examine(Scan("d", "s", "", t1, lesion=lesion)).problems
    assert "% of the head" in problem.cause


def test_the_brain_mask_is_no_lesion(tmp_path: Path) -> None:
    mask = write(tmp_path / "mask.nii.gz", ball(5))
    found = examine(scan(tmp_path, ball(5), brain_mask=mask))
    assert [p.cause.split(", ")[1] for p in found.problems] == ["the brain mask itself"]


def test_a_brain_mask_has_a_background(tmp_path: Path) -> None:
    mask = write(tmp_path / "mask.nii.gz", (head() == 0).astype(np.uint8))
    causes = [p.cause for p in examine(scan(tmp_path, brain_mask=mask)).problems]
    assert any("no brain mask: its background is not 0" in cause for cause in causes)


@pytest.mark.parametrize("intercept", [1e-5, -1e-5, 4e-4])
@pytest.mark.parametrize("value", [1, 4])
def test_a_background_of_nearly_0_is_0(tmp_path: Path, intercept: float, value: int) -> None:
    t1 = write(tmp_path / "t1.nii", head())
    path = Path(write(tmp_path / "seg.nii", ball() * value))
    content = bytearray(path.read_bytes())
    content[112:120] = np.array([1, intercept], "<f4").tobytes()
    path.write_bytes(content)
    found = examine(Scan("d", "s", "", t1, lesion=str(path)))
    assert not found.problems
    assert found.lesion_ml == pytest.approx(int(ball().sum()) * 0.512)


def test_a_background_that_is_not_0_is_refused_where_fractions_may_be(tmp_path: Path) -> None:
    t1 = write(tmp_path / "t1.nii", head())
    lesion = write(tmp_path / "seg.nii", (ball() * 0.7 + 1e-5).astype(np.float32))
    (problem,) = examine(Scan("d", "s", "", t1, lesion=lesion), fractional=True).problems
    assert "background is not 0" in problem.cause


def test_a_label_stored_along_other_axes_lies_where_it_should(tmp_path: Path) -> None:
    for number, order in enumerate(
        [[[0, -1], [1, -1], [2, 1]], [[2, 1], [0, -1], [1, 1]], [[1, -1], [2, -1], [0, 1]]]
    ):
        turned = nib.Nifti1Image(ball(), AFFINE).as_reoriented(np.array(order, float))
        found = examine(scan(tmp_path / str(number), np.asarray(turned.dataobj), turned.affine))
        assert not found.problems
        assert found.lesion_ml == pytest.approx(int(ball().sum()) * 0.512)


def test_a_label_along_the_same_axes_elsewhere_is_refused(tmp_path: Path) -> None:
    turned = nib.Nifti1Image(ball(), AFFINE).as_reoriented(np.array([[0, -1], [1, -1], [2, 1.0]]))
    affine = turned.affine.copy()
    affine[0, 3] += 8
    (problem,) = examine(scan(tmp_path, np.asarray(turned.dataobj), affine)).problems
    assert "another grid than its T1: its affine moves a corner by 8 mm" in problem.cause


def many(folder: Path, labels: list[np.ndarray], subjects: list[str] | None = None) -> list[Finding]:
    found = []
    for number, label in enumerate(labels, 1):
        made = scan(folder, label, name=f"p{number}")
        found.append(
            examine(
                made
                if subjects is None
                else Scan("d", subjects[number - 1], str(number), made.t1, lesion=made.lesion)
            )
        )
    return found


def test_one_label_for_three_patients_is_refused(tmp_path: Path) -> None:
    found = many(tmp_path, [ball(), ball() * 4, ball(), ball(2.4)])
    problems = duplicates(found)
    assert [Path(p.file).name for p in problems] == ["p1_seg.nii.gz", "p2_seg.nii.gz", "p3_seg.nii.gz"]
    assert "p2_seg.nii.gz" in problems[0].cause
    assert "p3_seg.nii.gz" in problems[0].cause


def test_one_label_for_two_patients_is_told_and_that_of_one_patient_is_not(tmp_path: Path) -> None:
    found = many(tmp_path, [ball(), ball(), ball(2.4)])
    assert not duplicates(found)
    assert [[each.scan.subject for each in group] for group in shared_labels(found)] == [["p1", "p2"]]
    sessions = many(tmp_path, [ball(), ball(), ball()], ["p1", "p1", "p1"])
    assert not duplicates(sessions)
    assert not shared_labels(sessions)


def test_tiny_and_empty_labels_may_be_equal(tmp_path: Path) -> None:
    assert not duplicates(many(tmp_path, [ball(1), ball(1), ball(1), ball() * 0, ball() * 0, ball() * 0]))


def test_one_label_file_for_two_runs_names_both(tmp_path: Path) -> None:
    one, two = scan(tmp_path, ball()), scan(tmp_path, name="p2")
    both = [examine(one), examine(Scan("d", "p1", "run2", two.t1, lesion=one.lesion))]
    (problem,) = duplicates(both)
    assert problem.file == one.lesion
    assert one.t1 in problem.cause
    assert two.t1 in problem.cause
    assert "run-1" in problem.fix


def test_each_problem_keeps_its_own_advice(tmp_path: Path) -> None:
    fixes = []
    for name, content in {
        "lfs": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        "page": b"<!DOCTYPE html><html></html>",
        "void": b"",
    }.items():
        path = tmp_path / f"{name}.nii.gz"
        path.write_bytes(content)
        (problem,) = examine(Scan("d", name, "", str(path))).problems
        fixes.append(problem.fix)
    assert "git lfs pull" in fixes[0]
    assert "download" in fixes[1]
    assert len(set(fixes)) == 3


def test_a_field_of_view_of_2_cm_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "t1.nii", head(), np.diag([0.1, 0.1, 0.1, 1]) @ AFFINE)
    (problem,) = examine(Scan("d", "s", "", path)).problems
    assert "19.2 x 22.4 x 17.6 mm" in problem.cause
    assert "centimetres" in problem.fix
