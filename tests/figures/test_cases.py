"""The right cases, and a frame that holds the brain."""

import numpy as np
import pandas as pd
import pytest

from sadm.figures.cases import frame, pick_cases
from sadm.runtime.errors import DataError


def scores(dice: list[float]) -> pd.DataFrame:
    lines = {"testset": "les", "scan": [f"s{k}" for k in range(len(dice))], "dice": dice, "auprc": dice}
    return pd.DataFrame(lines | {"threshold": 0.5, "empty": np.isnan(dice).astype(int)})


def test_best_median_and_worst_of_the_volumes_with_a_label():
    cases = pick_cases(scores([0.3, float("nan"), 0.9, 0.1, 0.5, 0.7]))
    assert [(case.name, case.scan) for case in cases] == [("best", "s2"), ("median", "s4"), ("worst", "s3")]


@pytest.mark.parametrize(("dice", "names"), [([0.4], ["best"]), ([0.4, 0.2], ["best", "median"])])
def test_no_case_is_shown_twice(dice: list[float], names: list[str]):
    assert [case.name for case in pick_cases(scores(dice))] == names


def test_no_label_at_all_is_an_error():
    with pytest.raises(DataError, match="No test volume has a label"):
        pick_cases(scores([float("nan")]))


def test_frame_is_square_and_holds_the_brain():
    brain = np.zeros((3, 20, 24), bool)
    brain[1, 4:9, 10:22] = True
    x, y = frame([brain])
    assert x.stop - x.start == y.stop - y.start == 16
    assert x.start <= 4 < 9 <= x.stop
    assert y.start <= 10 < 22 <= y.stop
