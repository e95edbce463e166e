"""Figures: the right cases, the right way round, equal bytes."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from sadm.errors import DataError
from sadm.figures import figures, frame, pick_cases, radiological

HEAD = "scan\tdice\tauprc\tthreshold\tlesion_voxels\tempty\n"


def scores(path: Path, dice: list[float]) -> Path:
    rows = [f"s{k}\t{d}\t{d}\t0.5\t9\t{int(np.isnan(d))}\n" for k, d in enumerate(dice)]
    path.write_text(HEAD + "".join(rows))
    return path


def test_best_median_and_worst_of_the_volumes_with_a_label(tmp_path: Path):
    cases = pick_cases(scores(tmp_path / "s.tsv", [0.3, float("nan"), 0.9, 0.1, 0.5, 0.7]))
    assert [(case.name, case.scan, case.index) for case in cases] == [
        ("best", "s2", 2),
        ("median", "s4", 4),
        ("worst", "s3", 3),
    ]


@pytest.mark.parametrize(("dice", "names"), [([0.4], ["best"]), ([0.4, 0.2], ["best", "median"])])
def test_no_case_is_shown_twice(tmp_path: Path, dice: list[float], names: list[str]):
    assert [case.name for case in pick_cases(scores(tmp_path / "s.tsv", dice))] == names


def test_no_label_at_all_is_an_error(tmp_path: Path):
    with pytest.raises(DataError, match="No test volume has a label"):
        pick_cases(scores(tmp_path / "s.tsv", [float("nan")]))


def test_the_patients_right_is_left_and_anterior_on_top():
    axial = np.zeros((4, 5))
    axial[3, 4] = 1  # right, anterior
    assert radiological(axial)[0, 0] == 1


def test_frame_is_square_and_holds_the_brain():
    brain = np.zeros((3, 20, 24), bool)
    brain[1, 4:9, 10:22] = True
    x, y = frame([brain])
    assert x.stop - x.start == y.stop - y.start == 16
    assert x.start <= 4 < 9 <= x.stop
    assert y.start <= 10 < 22 <= y.stop


@pytest.mark.parametrize("count", [1, 2])
def test_a_picture_is_made_and_its_bytes_repeat(tmp_path: Path, count: int):
    draw, shape = np.random.default_rng(0), (3, 6, 16, 14)
    brain, lesion = draw.random(shape) < 0.7, draw.random(shape) < 0.2
    for name, array in {"t1": draw.random(shape) * brain, "brain": brain, "lesion": lesion}.items():
        np.save(tmp_path / f"{name}.npy", array.astype(np.float16 if name == "t1" else np.uint8))
    (tmp_path / "scans.tsv").write_text("scan\ns0\ns1\ns2\n")
    np.save(tmp_path / "made.npy", draw.random((3, 2, *shape[1:])).astype(np.float16))
    maps = {f"model{k}": tmp_path / f"map{k}.npy" for k in range(count)}
    for path in maps.values():
        np.save(path, draw.random(brain.sum()).astype(np.float16))
    file = scores(tmp_path / "s.tsv", [0.3, 0.6, 0.5])
    made = tmp_path / "made.npy" if count == 2 else None
    for out in ("a.png", "b.png"):
        figures(tmp_path, None, 0, file, maps, made, 0.5, "row", "set", tmp_path / out)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert imread(tmp_path / "a.png").shape[1] > 1.5 * imread(tmp_path / "a.png").shape[0] * (count / 3)
