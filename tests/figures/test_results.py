"""Files tell what they are of, whatever their order; what is missing is named."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_study import LAYOUT, Files, make

from sadm.figures.results import Results
from sadm.runtime.errors import DataError
from sadm.study.layout import Layout

Made = tuple[dict[str, Any], Files]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return make(tmp_path)


def test_results_do_not_depend_on_the_order_of_the_files(made: Made):
    about, files = made
    turned = Files(**{name: list(reversed(each)) for name, each in vars(files).items()})
    one, other = (Results.of(each, Layout(**LAYOUT), about, 2) for each in (files, turned))
    assert one.maps == other.maps
    assert one.made == other.made
    assert list(one.testsets) == list(other.testsets) == ["les", "draem"]
    for name in one.testsets:
        assert one.testsets[name].title == other.testsets[name].title == LAYOUT["titles"][name]
        assert np.array_equal(one.testsets[name].data.t1, other.testsets[name].data.t1)
    assert list(one.scores) == list(other.scores)
    assert all(lines.equals(other.scores[key]) for key, lines in one.scores.items())


def test_maps_are_those_of_the_row(made: Made):
    about, files = made
    found = Results.of(files, Layout(**LAYOUT), about, 2).row_maps("draem", "SADM-LES", 1)
    assert [len(maps) for maps in found] == [2, 2, 2]
    assert not np.array_equal(*found[0])


def test_a_missing_map_is_named(made: Made):
    about, files = made
    files.maps = [path for path in files.maps if "unet-les/1/draem" not in str(path)]
    with pytest.raises(DataError, match=r"draem \(test\) by unet-les, fold 1, seed 1 is wanted"):
        Results.of(files, Layout(**LAYOUT), about, 2).map("draem", "unet-les", 1)


def test_missing_scores_are_named(made: Made):
    about, files = made
    with pytest.raises(DataError, match="nothing tells random, fold 1, seed 1, test set draem"):
        Results.of(Files(**vars(files) | {"scores": files.scores[:-1]}), Layout(**LAYOUT), about, 2)
